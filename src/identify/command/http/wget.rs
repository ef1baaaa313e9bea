//! wget: one request for each URL.
//!
//! Options: GNU Wget 1.21 and Wget2 (their manuals); `getopt_long` takes unambiguous beginnings of names.

use super::{
    Body, Grammar, Invocation, Item, Request, Scene, Word, after, file, items, known_text, request, stand_in, url,
};
use crate::identify::command::{Effect, Written, files};
use crate::model::{Impact, Scope};

const GRAMMAR: Grammar = Grammar {
    valued: &[
        "execute",
        "output-file",
        "append-output",
        "report-speed",
        "input-file",
        "base",
        "config",
        "rejected-log",
        "tries",
        "retry-on-http-error",
        "output-document",
        "start-pos",
        "progress",
        "timeout",
        "dns-timeout",
        "connect-timeout",
        "read-timeout",
        "wait",
        "waitretry",
        "quota",
        "bind-address",
        "limit-rate",
        "restrict-file-names",
        "prefer-family",
        "user",
        "password",
        "use-askpass",
        "local-encoding",
        "remote-encoding",
        "directory-prefix",
        "cut-dirs",
        "http-user",
        "http-password",
        "http-passwd",
        "default-page",
        "header",
        "compression",
        "max-redirect",
        "proxy-user",
        "proxy-password",
        "referer",
        "user-agent",
        "load-cookies",
        "save-cookies",
        "post-data",
        "post-file",
        "method",
        "body-data",
        "body-file",
        "secure-protocol",
        "certificate",
        "certificate-type",
        "private-key",
        "private-key-type",
        "ca-certificate",
        "ca-directory",
        "crl-file",
        "pinnedpubkey",
        "random-file",
        "egd-file",
        "ciphers",
        "hsts-file",
        "ftp-user",
        "ftp-password",
        "warc-file",
        "warc-header",
        "warc-max-size",
        "warc-dedup",
        "warc-tempdir",
        "level",
        "backups",
        "accept",
        "reject",
        "accept-regex",
        "reject-regex",
        "regex-type",
        "domains",
        "exclude-domains",
        "follow-tags",
        "ignore-tags",
        "include-directories",
        "exclude-directories",
        "dns-servers",
        "bind-dns-address",
    ],
    plain: &[
        "version",
        "help",
        "background",
        "debug",
        "quiet",
        "verbose",
        "no-verbose",
        "force-html",
        "no-config",
        "retry-connrefused",
        "no-clobber",
        "no-netrc",
        "continue",
        "show-progress",
        "timestamping",
        "no-if-modified-since",
        "no-use-server-timestamps",
        "server-response",
        "spider",
        "random-wait",
        "no-proxy",
        "no-dns-cache",
        "ignore-case",
        "inet4-only",
        "inet6-only",
        "ask-password",
        "no-iri",
        "unlink",
        "xattr",
        "no-directories",
        "force-directories",
        "no-host-directories",
        "protocol-directories",
        "no-cache",
        "adjust-extension",
        "ignore-length",
        "save-headers",
        "no-http-keep-alive",
        "no-cookies",
        "keep-session-cookies",
        "content-disposition",
        "content-on-error",
        "auth-no-challenge",
        "https-only",
        "no-check-certificate",
        "no-hsts",
        "no-remove-listing",
        "no-glob",
        "no-passive-ftp",
        "preserve-permissions",
        "retr-symlinks",
        "ftps-implicit",
        "ftps-resume-ssl",
        "ftps-clear-data-connection",
        "ftps-fallback-to-ftp",
        "warc-cdx",
        "no-warc-compression",
        "no-warc-digests",
        "no-warc-keep-log",
        "recursive",
        "delete-after",
        "convert-links",
        "convert-file-only",
        "backup-converted",
        "mirror",
        "page-requisites",
        "strict-comments",
        "follow-ftp",
        "span-hosts",
        "relative",
        "trust-server-names",
        "no-parent",
    ],
    short: &[
        ('e', "execute"),
        ('o', "output-file"),
        ('a', "append-output"),
        ('i', "input-file"),
        ('B', "base"),
        ('t', "tries"),
        ('O', "output-document"),
        ('T', "timeout"),
        ('w', "wait"),
        ('Q', "quota"),
        ('P', "directory-prefix"),
        ('U', "user-agent"),
        ('l', "level"),
        ('A', "accept"),
        ('R', "reject"),
        ('D', "domains"),
        ('I', "include-directories"),
        ('X', "exclude-directories"),
        ('n', "n"),
    ],
    flags: &[('V', "version"), ('h', "help")],
    equals: true,
    abbreviates: true,
    ends: true,
};

/// Everything that a call of wget says.
#[derive(Default)]
struct Asked {
    urls: Vec<Word>,
    method: Option<Word>,
    body: Option<Body>,
    posts: bool,
    spider: bool,
    headers: Vec<(String, Word)>,
    output: Option<Word>,
    folder: Option<Word>,
    logs: Vec<(Word, bool)>,
    prints: bool,
}

/// Reads a call of wget.
pub(super) fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let mut asked = Asked::default();
    for item in items(one.arguments(), &GRAMMAR) {
        match item {
            Item::Operand(word) => asked.urls.push(word),
            Item::Option(name, value) => asked.take(&name, value, one, scene),
        }
    }
    if asked.prints || asked.urls.is_empty() {
        return scene.effect(one, Effect::new("shell:exec:wget", Impact::Read, Scope::Local));
    }
    asked.write(one, scene);
    let body = asked.body.clone().unwrap_or_default();
    let plain = match (asked.spider, asked.posts) {
        (true, _) => "HEAD",
        (_, true) => "POST",
        _ => "GET",
    };
    let method = asked.method.clone().unwrap_or_else(|| Word::known(plain));
    if asked.body.is_some() && !asked.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        asked.headers.push(("content-type".to_owned(), Word::known("application/x-www-form-urlencoded")));
    }
    for address in &asked.urls {
        let (method, url, headers, body) = (method.clone(), address.clone(), asked.headers.clone(), body.clone());
        request(&Request { method, url, headers, body, ..Request::default() }, one, scene);
    }
}

impl Asked {
    fn take(&mut self, name: &str, value: Option<Word>, one: &Invocation, scene: &Scene<'_>) {
        let Some(value) = value else {
            match name {
                "spider" => self.spider = true,
                "help" | "version" => self.prints = true,
                _ => {}
            }
            return;
        };
        match name {
            "method" => self.method = Some(upper(&value)),
            "post-data" | "body-data" => {
                self.body = Some(Body::word(&value));
                self.posts |= name == "post-data";
            }
            "post-file" | "body-file" => {
                self.body = Some(file(&value, one, scene));
                self.posts |= name == "post-file";
            }
            "header" => {
                let leading = value.leading();
                if let Some(at) = leading.find(':') {
                    let blanks = leading.get(at + 1..).map_or(0, |rest| rest.len() - rest.trim_start().len());
                    self.headers
                        .push((leading.get(..at).unwrap_or_default().to_owned(), after(&value, at + 1 + blanks)));
                }
            }
            "output-document" => self.output = Some(value),
            "directory-prefix" => self.folder = Some(value),
            "output-file" | "append-output" => self.logs.push((value, name == "append-output")),
            "save-cookies" | "rejected-log" | "warc-file" => self.logs.push((value, false)),
            "input-file" => {
                let listed = file(&value, one, scene);
                let text = String::from_utf8_lossy(&listed.bytes).into_owned();
                self.urls.extend(text.lines().map(str::trim).filter(|line| line.contains("://")).map(Word::known));
                if !listed.known {
                    self.urls.push(Word::unknown(value.to_string(), false));
                }
            }
            "execute" => self.command(&value, one, scene),
            _ => {}
        }
    }

    /// `-e name=value`: a line of its file of settings; dashes, underscores and case of the name do not count.
    fn command(&mut self, line: &Word, one: &Invocation, scene: &Scene<'_>) {
        let Some((name, value)) = stand_in(line).split_once('=').map(|(n, v)| (n.to_owned(), v.trim().to_owned()))
        else {
            return;
        };
        let name: String = name.to_ascii_lowercase().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let value = if line.has_unknown() { Word::unknown(value, false) } else { Word::known(value) };
        let option = match name.as_str() {
            "method" => "method",
            "postdata" => "post-data",
            "postfile" => "post-file",
            "bodydata" => "body-data",
            "bodyfile" => "body-file",
            "header" => "header",
            "input" => "input-file",
            "outputdocument" => "output-document",
            _ => return,
        };
        self.take(option, Some(value), one, scene);
    }

    /// The files that it writes: what it fetches, under its name or the one that it is given.
    fn write(&self, one: &Invocation, scene: &mut Scene<'_>) {
        for (path, appends) in &self.logs {
            files::written(one, &Written { path: path.clone(), appends: *appends }, scene);
        }
        let named: Vec<Word> = match &self.output {
            Some(path) if path.is("-") => vec![],
            Some(path) => vec![path.clone()],
            None if self.spider => vec![],
            None => self.urls.iter().map(|url| self.placed(&url::file_name(url))).collect(),
        };
        for path in named {
            files::written(one, &Written { path, appends: false }, scene);
        }
    }

    fn placed(&self, name: &Word) -> Word {
        match self.folder.as_ref().and_then(known_text) {
            Some(folder) => Word::known(format!("{}/{}", folder.trim_end_matches('/'), stand_in(name))),
            None => match &self.folder {
                Some(folder) => folder.clone(),
                None => name.clone(),
            },
        }
    }
}

fn upper(word: &Word) -> Word {
    word.text().map_or_else(|| word.clone(), |text| Word::known(text.to_ascii_uppercase()))
}
