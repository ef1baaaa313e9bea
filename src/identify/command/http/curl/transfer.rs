//! One of curl's transfers: what stands between two `--next`.

use super::data::{self, Piece};
use super::writes;
use crate::identify::Known;
use crate::identify::command::http::{
    Body, Item, PLACEHOLDER, Request, after, file, httpie, known_text, request, stand_in, url,
};
use crate::identify::command::{Invocation, Part, Scene, Word};

/// Options of one transfer. Where an option may be given once, the last one counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Transfer {
    urls: Vec<Word>,
    method: Option<Word>,
    head: bool,
    get: bool,
    as_is: bool,
    globoff: bool,
    json: bool,
    remote_names: usize,
    data: Vec<Piece>,
    form: Vec<(Word, bool)>,
    uploads: Vec<Word>,
    headers: Vec<Word>,
    query: Vec<Piece>,
    outputs: Vec<Word>,
    files: Vec<Word>,
    directory: Option<Word>,
    socket: Option<Word>,
    routes: Vec<Word>,
    proxy: Option<Word>,
    signs: Option<Word>,
    target: Option<Word>,
    scheme: Option<Word>,
    quotes: bool,
}

impl Transfer {
    /// Takes one option or URL.
    pub(super) fn take(&mut self, item: Item) {
        let (name, value) = match item {
            Item::Operand(word) => return self.urls.push(word),
            Item::Option(name, value) => (name, value),
        };
        let Some(value) = value else { return self.switch(&name) };
        match name.as_str() {
            "url" => self.urls.push(value),
            "request" => self.method = Some(value),
            "data" | "data-ascii" => self.data.push(Piece::Lines(value)),
            "data-binary" => self.data.push(Piece::Bytes(value)),
            "data-raw" => self.data.push(Piece::Raw(value)),
            "data-urlencode" => self.data.push(Piece::Encoded(value)),
            "json" => {
                self.json = true;
                self.data.push(Piece::Bytes(value));
            }
            "form" | "form-string" => self.form.push((value, name == "form-string")),
            "upload-file" => self.uploads.push(value),
            "header" => self.headers.push(value),
            "url-query" => self.query.push(match value.leading().starts_with('+') {
                true => Piece::Raw(after(&value, 1)),
                false => Piece::Encoded(value),
            }),
            "output" => self.outputs.push(value),
            "dump-header" | "cookie-jar" | "trace" | "trace-ascii" | "stderr" | "libcurl" | "etag-save" | "hsts"
            | "alt-svc" => self.files.push(value),
            "output-dir" => self.directory = Some(value),
            "unix-socket" | "abstract-unix-socket" => self.socket = Some(value),
            "resolve" | "connect-to" => self.routes.push(value),
            "proxy" | "preproxy" | "proxy1.0" | "socks4" | "socks4a" | "socks5" | "socks5-hostname" => {
                self.proxy = Some(value);
            }
            "aws-sigv4" => self.signs = Some(value),
            "request-target" => self.target = Some(value),
            "proto-default" => self.scheme = Some(value),
            "quote" => self.quotes = true,
            _ => {}
        }
    }

    fn switch(&mut self, name: &str) {
        let (name, on) = name.strip_prefix("no-").map_or((name, true), |name| (name, false));
        match name {
            "head" => self.head = on,
            "get" => self.get = on,
            "globoff" => self.globoff = on,
            "path-as-is" => self.as_is = on,
            "remote-name" | "remote-name-all" if on => self.remote_names += 1,
            _ => {}
        }
    }

    /// Adds what the transfer asks for; `false` where it has no URL.
    pub(super) fn carry_out(mut self, is_curlie: bool, one: &Invocation, scene: &mut Scene<'_>) -> bool {
        if is_curlie && let Some(asked) = httpie::operands(&self.urls, one, scene) {
            self.take_asked(asked);
        }
        if self.urls.is_empty() {
            return false;
        }
        for path in self.files.iter().chain(&self.outputs) {
            let path = self.placed(path);
            writes(&path, one, scene);
        }
        if self.quotes {
            scene.unknown(one, "commands to a file server");
        }
        for (at, word) in self.urls.iter().enumerate() {
            if at >= self.outputs.len() && self.remote_names > 0 {
                writes(&self.placed(&url::file_name(word)), one, scene);
            }
            let all = if self.globoff { vec![word.clone()] } else { url::globbed(word) };
            for address in all {
                let asked = self.request(&address, self.uploads.get(at), one, scene);
                request(&asked, one, scene);
            }
        }
        true
    }

    fn take_asked(&mut self, asked: Request) {
        self.urls = vec![asked.url];
        if asked.body != Body::default() {
            self.json = true;
            self.data.push(Piece::Raw(url::unmarked(&String::from_utf8_lossy(&asked.body.bytes))));
        }
        if self.method.is_none() {
            self.method = Some(asked.method);
        }
        self.headers.extend(
            asked.headers.into_iter().map(|(name, value)| Word::known(format!("{name}: {}", stand_in(&value)))),
        );
    }

    fn placed(&self, path: &Word) -> Word {
        let Some(directory) = &self.directory else { return path.clone() };
        if path.is("-") || path.leading().starts_with('/') {
            return path.clone();
        }
        let mut parts = directory.parts.clone();
        parts.push(Part::Text("/".to_owned()));
        parts.extend(path.parts.iter().cloned());
        Word { parts }
    }

    fn request(&self, address: &Word, upload: Option<&Word>, one: &Invocation, scene: &Scene<'_>) -> Request {
        let mut headers = data::headers(&self.headers, one, scene);
        let mut target = self.address(address);
        let mut body = Body::default();
        let mut method = "GET";
        if let Some(upload) = upload {
            (method, body) = ("PUT", file(upload, one, scene));
            target = url::with_name(&target, &stand_in(upload));
        } else if !self.form.is_empty() {
            (method, body) = ("POST", data::form(&self.form, one, scene));
            add(&mut headers, "content-type", &format!("multipart/form-data; boundary={}", data::BOUNDARY));
        } else if !self.data.is_empty() {
            let data = data::joined(&self.data, if self.json { "" } else { "&" }, one, scene);
            if self.get {
                target = url::with_query(&target, &String::from_utf8_lossy(&data.bytes));
            } else {
                (method, body) = ("POST", data);
                let media = if self.json { "application/json" } else { "application/x-www-form-urlencoded" };
                add(&mut headers, "content-type", media);
            }
        }
        if !self.query.is_empty() {
            let query = data::joined(&self.query, "&", one, scene);
            target = url::with_query(&target, &String::from_utf8_lossy(&query.bytes));
        }
        if self.head {
            method = "HEAD";
        }
        if let Some(signs) = &self.signs {
            sign(&mut headers, &stand_in(signs));
        }
        let method = self.method.clone().unwrap_or_else(|| Word::known(method));
        Request { method, url: target, headers, body, known: self.known() }
    }

    /// Where the connection goes to, where that is not what the URL says.
    fn address(&self, address: &Word) -> Word {
        let mut target = match &self.scheme {
            Some(scheme) if !stand_in(address).contains("://") => {
                let mut parts = scheme.parts.clone();
                parts.push(Part::Text("://".to_owned()));
                parts.extend(address.parts.iter().cloned());
                Word { parts }
            }
            _ => address.clone(),
        };
        if let Some(path) = &self.target {
            target = url::with_path(&target, &stand_in(path));
        }
        if self.known().provider.is_some() {
            return moved(&target, "localhost").unwrap_or(target);
        }
        // What a name that means this machine is sent to decides, where the command says so.
        if url::host_of(&target).is_some_and(|host| url::is_loopback(&host)) {
            let elsewhere = self.routes.iter().map(route_end).chain(self.proxy.iter().map(url::host_of));
            if let Some(host) = elsewhere.flatten().find(|host| !url::is_loopback(host)) {
                return moved(&target, &host).unwrap_or(target);
            }
        }
        target
    }

    fn known(&self) -> Known {
        let socket = self.socket.as_ref().and_then(known_text).unwrap_or_default();
        let engine = socket.contains("docker") || socket.contains("podman");
        Known { provider: engine.then(|| "docker".to_owned()), cluster: None }
    }
}

fn moved(target: &Word, host: &str) -> Option<Word> {
    let text = stand_in(target);
    let whole = if text.contains("://") { text } else { format!("http://{text}") };
    url::with_host(&whole, host).map(Word::known)
}

/// `HOST:PORT:ADDRESS[,…]` and `HOST:PORT:HOST:PORT`: the third piece.
fn route_end(word: &Word) -> Option<String> {
    let text = stand_in(word);
    let end = text.splitn(3, ':').nth(2)?;
    let end = end.split(',').next()?;
    let host = url::bare(end);
    (!host.is_empty()).then(|| host.to_owned())
}

fn add(headers: &mut Vec<(String, Word)>, name: &str, value: &str) {
    if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
        headers.push((name.to_owned(), Word::known(value)));
    }
}

/// The signature that `--aws-sigv4 PROVIDER:PROVIDER:REGION:SERVICE` adds: its scope says which service is called.
fn sign(headers: &mut Vec<(String, Word)>, signs: &str) {
    let mut parts = signs.split(':').skip(2);
    let region = parts.next().filter(|part| !part.is_empty()).unwrap_or("us-east-1");
    let Some(service) = parts.next().filter(|part| !part.is_empty() && *part != PLACEHOLDER) else { return };
    let mut signed: Vec<String> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    signed.extend(["host".to_owned(), "x-amz-date".to_owned()]);
    signed.sort();
    signed.dedup();
    headers.push(("x-amz-date".to_owned(), Word::known("20260101T000000Z")));
    let signed = signed.join(";");
    let text = format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/{region}/{service}/aws4_request, \
         SignedHeaders={signed}, Signature={:064}",
        0
    );
    headers.push(("authorization".to_owned(), Word::known(text)));
}
