//! HTTPie and xh: `[METHOD] URL [ITEM…]`.
//!
//! Grammar: HTTPie 3's manual ("Request items", "HTTP method"); a first word of letters alone is a method where a second
//! one follows, fields make it a POST.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::{
    Body, Grammar, Invocation, Item, PLACEHOLDER, Request, Scene, Word, after, file, items, request, stand_in,
};
use crate::identify::command::{Effect, Input, Part, Written, files};
use crate::model::{Impact, Scope};

const GRAMMAR: Grammar = Grammar {
    valued: &[
        "raw",
        "boundary",
        "pretty",
        "style",
        "print",
        "response-charset",
        "response-mime",
        "format-options",
        "output",
        "session",
        "session-read-only",
        "auth",
        "auth-type",
        "bearer",
        "proxy",
        "max-redirects",
        "max-headers",
        "timeout",
        "verify",
        "ssl",
        "ciphers",
        "cert",
        "cert-key",
        "cert-key-pass",
        "default-scheme",
        "history-print",
        "http-version",
        "resolve",
        "interface",
        "unix-socket",
        "method",
    ],
    plain: &[
        "json",
        "form",
        "multipart",
        "compress",
        "unsorted",
        "sorted",
        "headers",
        "meta",
        "body",
        "verbose",
        "all",
        "stream",
        "download",
        "continue",
        "quiet",
        "offline",
        "follow",
        "path-as-is",
        "chunked",
        "check-status",
        "ignore-stdin",
        "ignore-netrc",
        "help",
        "manual",
        "version",
        "traceback",
        "debug",
        "no-check-status",
        "curl",
        "curl-long",
        "https",
        "native-tls",
    ],
    short: &[
        ('p', "print"),
        ('s', "style"),
        ('o', "output"),
        ('a', "auth"),
        ('A', "auth-type"),
        ('P', "history-print"),
    ],
    flags: &[('j', "json"), ('f', "form"), ('h', "headers"), ('I', "ignore-stdin"), ('d', "download"), ('F', "follow")],
    equals: true,
    abbreviates: true,
    ends: true,
};
/// The signs of items, the longest first.
const SIGNS: [&str; 10] = [":=@", ":@", ":=", "==@", "==", "=@", "=", "@", ";", ":"];

/// What the options say.
#[derive(Default)]
struct Options {
    words: Vec<Word>,
    form: bool,
    multipart: bool,
    ignores_input: bool,
    raw: Option<Word>,
    scheme: Option<Word>,
    method: Option<Word>,
    output: Option<Word>,
    only_prints: bool,
}

/// Reads a call.
pub(super) fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let mut options = Options::default();
    for item in items(one.arguments(), &GRAMMAR) {
        match item {
            Item::Operand(word) => options.words.push(word),
            Item::Option(name, value) => options.take(&name, value),
        }
    }
    if options.only_prints {
        return scene.effect(one, Effect::new("shell:exec:http", Impact::Read, Scope::Local));
    }
    if let Some(path) = &options.output {
        files::written(one, &Written { path: path.clone(), appends: false }, scene);
    }
    let Some(mut asked) = asked(&options, one, scene) else {
        return scene.effect(one, Effect::new("shell:exec:http", Impact::Read, Scope::Local));
    };
    if let Some(method) = options.method {
        asked.method = method;
    }
    let secure = matches!(one.program().as_deref(), Some("https" | "xhs"));
    let scheme = options.scheme.as_ref().map_or(if secure { "https" } else { "http" }.to_owned(), stand_in);
    asked.url = with_scheme(&asked.url, &scheme);
    request(&asked, one, scene);
}

/// The operands alone, as curlie takes them.
pub(super) fn operands(words: &[Word], one: &Invocation, scene: &Scene<'_>) -> Option<Request> {
    let options = Options { words: words.to_vec(), ignores_input: true, ..Options::default() };
    let mut asked = asked(&options, one, scene)?;
    asked.url = with_scheme(&asked.url, "http");
    Some(asked)
}

impl Options {
    fn take(&mut self, name: &str, value: Option<Word>) {
        match name {
            "form" => self.form = true,
            "multipart" => self.multipart = true,
            "ignore-stdin" => self.ignores_input = true,
            "raw" => self.raw = value,
            "default-scheme" => self.scheme = value,
            "https" => self.scheme = Some(Word::known("https")),
            "method" => self.method = value,
            "output" => self.output = value,
            "offline" | "help" | "manual" | "version" | "curl" | "curl-long" => self.only_prints = true,
            _ => {}
        }
    }
}

/// `:3000/x` and `:/x` are this machine's.
fn with_scheme(url: &Word, scheme: &str) -> Word {
    let leading = url.leading();
    if leading.contains("://") && !leading.starts_with("://") {
        return url.clone();
    }
    let (prefix, skipped) = match leading {
        text if text.starts_with("://") => (format!("{scheme}://"), 3),
        text if text.starts_with(":/") => (format!("{scheme}://localhost"), 1),
        text if text.starts_with(':') => (format!("{scheme}://localhost"), 0),
        "" => return url.clone(),
        _ => (format!("{scheme}://"), 0),
    };
    let mut parts = vec![Part::Text(prefix)];
    parts.extend(after(url, skipped).parts);
    // One known text at the front, so that it is read as one.
    match parts.as_slice() {
        [Part::Text(a), Part::Text(b), rest @ ..] => {
            let mut joined = vec![Part::Text(format!("{a}{b}"))];
            joined.extend(rest.iter().cloned());
            Word { parts: joined }
        }
        _ => Word { parts },
    }
}

fn asked(options: &Options, one: &Invocation, scene: &Scene<'_>) -> Option<Request> {
    let is_method = |word: &Word| {
        word.has_unknown()
            || word.text().is_some_and(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic()))
    };
    let (method, url, rest) = match options.words.as_slice() {
        [] => return None,
        [method, url, rest @ ..] if is_method(method) && !looks_like_item(url) => (Some(method), url, rest),
        [url, rest @ ..] => (None, url, rest),
    };
    let mut sent = Fields::default();
    for item in rest {
        sent.take(item, one, scene);
    }
    let mut body = sent.body(options);
    if let Some(raw) = &options.raw {
        body = Some(Body::word(raw));
    } else if body.is_none() && !options.ignores_input && !matches!(one.input, Input::Inherited) {
        body = Some(super::body::input(one, scene));
    }
    let posts = body.is_some();
    let method = match method {
        Some(method) => method.text().map_or_else(|| method.clone(), |text| Word::known(text.to_ascii_uppercase())),
        None => Word::known(if posts { "POST" } else { "GET" }),
    };
    let mut headers = sent.headers;
    if posts && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        let media = if options.form { "application/x-www-form-urlencoded" } else { "application/json" };
        headers.push(("content-type".to_owned(), Word::known(media)));
    }
    let url = sent.query.iter().fold(url.clone(), |url, query| super::url::with_query(&url, query));
    Some(Request { method, url, headers, body: body.unwrap_or_default(), ..Request::default() })
}

/// `http localhost a=b`: the second word is an item, so that the first one is the URL.
fn looks_like_item(word: &Word) -> bool {
    let text = stand_in(word);
    let Some(at) = text.find([':', '=', '@', ';']) else { return false };
    let name = text.get(..at).unwrap_or_default();
    let rest = text.get(at..).unwrap_or_default();
    let is_url = rest.starts_with("://") || name.is_empty() || name.contains(['.', '/']);
    let is_port = rest.strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    !is_url && !is_port
}

/// What the items say.
#[derive(Default)]
struct Fields {
    members: Map<String, Value>,
    uploads: bool,
    unknown: bool,
    raw: Option<Body>,
    headers: Vec<(String, Word)>,
    query: Vec<String>,
}

impl Fields {
    fn take(&mut self, item: &Word, one: &Invocation, scene: &Scene<'_>) {
        let leading = item.leading();
        let found = leading.char_indices().find_map(|(at, _)| {
            let rest = leading.get(at..)?;
            SIGNS.iter().find(|sign| rest.starts_with(**sign)).map(|sign| (at, *sign))
        });
        let Some((at, sign)) = found else {
            self.unknown |= item.has_unknown();
            return;
        };
        let name = leading.get(..at).unwrap_or_default().to_owned();
        let value = after(item, at + sign.len());
        let text = || Value::String(stand_in(&value));
        match sign {
            ":" | ";" => self.headers.push((name, value)),
            ":@" => {}
            "==" => self.query.push(format!("{name}={}", stand_in(&value))),
            "==@" => self.query.push(format!("{name}={PLACEHOLDER}")),
            "@" if name.is_empty() => self.raw = Some(file(&value, one, scene)),
            "@" => self.uploads = true,
            ":=" => {
                self.unknown |= value.has_unknown();
                let json = serde_json::from_str(&stand_in(&value)).unwrap_or_else(|_| text());
                self.insert(name, json);
            }
            "=@" | ":=@" => {
                let body = file(&value, one, scene);
                self.unknown |= !body.known;
                let held = String::from_utf8_lossy(&body.bytes).into_owned();
                let json = if sign == "=@" { None } else { serde_json::from_str(&held).ok() };
                self.insert(name, json.unwrap_or(Value::String(held)));
            }
            _ => {
                self.unknown |= value.has_unknown();
                self.insert(name, text());
            }
        }
    }

    /// `a[b]=c` is a member of a member.
    fn insert(&mut self, name: String, value: Value) {
        let mut keys = name.split('[').map(|key| key.trim_end_matches(']'));
        let first = keys.next().unwrap_or_default().to_owned();
        let rest: Vec<&str> = keys.collect();
        let value =
            rest.iter().rev().fold(value, |value, key| Value::Object(Map::from_iter([((*key).to_owned(), value)])));
        match (self.members.get_mut(&first), value) {
            (Some(Value::Object(held)), Value::Object(more)) => held.extend(more),
            (_, value) => {
                self.members.insert(first, value);
            }
        }
    }

    fn body(&self, options: &Options) -> Option<Body> {
        if self.raw.is_some() {
            return self.raw.clone();
        }
        if self.members.is_empty() && !self.uploads {
            return self.unknown.then(Body::unknown);
        }
        let bytes = if options.form || options.multipart {
            encoded(&self.members).into_bytes()
        } else {
            serde_json::to_vec(&self.members).unwrap_or_default()
        };
        Some(Body { bytes, known: !self.unknown && !self.uploads })
    }
}

/// A form's fields as `application/x-www-form-urlencoded`.
fn encoded(members: &Map<String, Value>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pair = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        format!("{}={}", encode(name), encode(&text))
    };
    members.iter().map(pair).collect::<Vec<_>>().join("&")
}
