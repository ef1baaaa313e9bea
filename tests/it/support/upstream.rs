//! An upstream that takes everything, answers 200, and remembers what it saw.
//!
//! Paths with a meaning: `/early` answers before it reads the body, `/answer?bytes=n` answers with n bytes, `/zeros?bytes=n` with n bytes that stream,
//! `/endless` begins an answer and never ends it, `/odd` answers with headers that a proxy may be tempted to touch, `/trailers` ends its answer with some, `/pieces?count=n` answers in n pieces, `/status?code=n` with that status.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use sha2::{Digest, Sha256};

use super::ca::TestCa;
use super::server::{self, Answer, Peer, answer, json, streaming};

/// One request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) host: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) headers: Vec<(String, String)>,
    /// Bytes of body; `None` while they are being read.
    pub(crate) body_bytes: Option<u64>,
    pub(crate) body_sha256: String,
    pub(crate) client_certificate: bool,
}

impl Seen {
    /// What the head says; the body is not read yet.
    pub(crate) fn of(request: &Request<Incoming>, peer: &Peer) -> Self {
        let host = request
            .uri()
            .authority()
            .map(ToString::to_string)
            .or_else(|| request.headers().get("host").and_then(|value| value.to_str().ok()).map(str::to_owned));
        Self {
            method: request.method().to_string(),
            host: host.unwrap_or_default(),
            target: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            version: format!("{:?}", request.version()),
            headers: request
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
            client_certificate: peer.certificate.is_some(),
            ..Self::default()
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What a server saw, shared with the test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Arc<Mutex<Vec<Seen>>>);

impl Record {
    /// Remembers a request; gives its place.
    pub(crate) fn push(&self, seen: Seen) -> usize {
        let mut all = self.0.lock().unwrap();
        all.push(seen);
        all.len() - 1
    }

    pub(crate) fn body(&self, index: usize, bytes: u64, sha256: String) {
        if let Some(seen) = self.0.lock().unwrap().get_mut(index) {
            seen.body_bytes = Some(bytes);
            seen.body_sha256 = sha256;
        }
    }

    /// Trailers stand among the headers, as `trailer: name`.
    fn trailers(&self, index: usize, trailers: &http::HeaderMap) {
        if let Some(seen) = self.0.lock().unwrap().get_mut(index) {
            let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
            seen.headers.extend(trailers.iter().map(|(name, value)| (format!("trailer: {name}"), text(value))));
        }
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// The recording upstream.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) record: Record,
}

impl Upstream {
    /// Behind TLS for these names, over HTTP/2 and HTTP/1.1.
    pub(crate) fn start(ca: &TestCa, names: &[&str]) -> Self {
        Self::with(Some(ca.server(names, &["h2", "http/1.1"])))
    }

    /// HTTP/1.1 only.
    pub(crate) fn start_http1(ca: &TestCa, names: &[&str]) -> Self {
        Self::with(Some(ca.server(names, &["http/1.1"])))
    }

    /// In clear.
    pub(crate) fn start_clear() -> Self {
        Self::with(None)
    }

    fn with(tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let record = Record::default();
        let seen = record.clone();
        let handler: server::Handler = Arc::new(move |request, peer| Box::pin(take(seen.clone(), request, peer)));
        Self { address: server::serve(tls, handler), record }
    }
}

fn bodiless(answer: Answer) -> Answer {
    let length = http_body::Body::size_hint(answer.body()).exact().unwrap_or(0);
    let mut answer = answer.map(|_| http_body_util::Empty::new().map_err(|never| match never {}).boxed());
    answer.headers_mut().insert("content-length", http::HeaderValue::from(length));
    answer
}

async fn take(record: Record, request: Request<Incoming>, peer: Peer) -> Answer {
    let index = record.push(Seen::of(&request, &peer));
    let (parts, mut body) = request.into_parts();
    let number = || {
        let (_, number) = parts.uri.query()?.split_once('=')?;
        number.parse::<usize>().ok()
    };
    if parts.uri.path() == "/early" {
        return answer(403, "text/plain", "not wanted");
    }
    let (mut bytes, mut digest) = (0, Sha256::new());
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return answer(400, "text/plain", "the body broke") };
        if let Some(data) = frame.data_ref() {
            bytes += data.len() as u64;
            digest.update(data);
        } else if let Ok(trailers) = frame.into_trailers() {
            record.trailers(index, &trailers);
        }
    }
    let sha256 = data_encoding::HEXLOWER.encode(&digest.finalize());
    record.body(index, bytes, sha256.clone());
    match (parts.uri.path(), number()) {
        ("/answer", Some(length)) => answer(200, "application/octet-stream", vec![b'x'; length]),
        ("/zeros", Some(length)) => {
            let (sender, answer) = streaming("application/octet-stream");
            tokio::spawn(async move {
                let piece = Bytes::from(vec![0; 64 * 1024]);
                let mut left = length;
                while left > 0 {
                    let here = left.min(piece.len());
                    if sender.send(piece.slice(..here)).await.is_err() {
                        return;
                    }
                    left -= here;
                }
            });
            let mut answer = answer;
            answer.headers_mut().insert("content-length", http::HeaderValue::from(length));
            answer
        }
        ("/status", Some(code)) => answer(u16::try_from(code).unwrap_or(500), "text/plain", "as asked"),
        ("/endless", _) => {
            let (sender, answer) = streaming("text/event-stream");
            tokio::spawn(async move {
                let _ = sender.send(Bytes::from_static(b"data: first\n\n")).await;
                sender.closed().await;
            });
            answer
        }
        ("/odd", _) => {
            let mut odd = answer(418, "text/plain", "not really gzip");
            let lines = [
                ("set-cookie", "a=1"),
                ("set-cookie", "b=2"),
                ("content-encoding", "gzip"),
                ("alt-svc", "h3=\":443\""),
            ];
            for (name, value) in lines {
                odd.headers_mut().append(name, http::HeaderValue::from_static(value));
            }
            odd
        }
        ("/trailers", _) => {
            let trailers = http::HeaderMap::from_iter([(
                http::HeaderName::from_static("grpc-status"),
                http::HeaderValue::from_static("0"),
            )]);
            answer(200, "application/grpc", "answer")
                .map(|body| body.with_trailers(async { Some(Ok(trailers)) }).boxed())
        }
        ("/pieces", Some(count)) => {
            let (sender, answer) = streaming("text/event-stream");
            tokio::spawn(async move {
                for n in 0..count {
                    if sender.send(Bytes::from(format!("data: {n}\n\n"))).await.is_err() {
                        return;
                    }
                }
            });
            answer
        }
        _ => {
            let said = serde_json::json!({
                "method": parts.method.as_str(), "path": parts.uri.path(), "bytes": bytes, "sha256": sha256,
            });
            let answer = json(200, &said);
            // The library leaves the body of an answer to HEAD out over HTTP/1 only.
            if parts.method == http::Method::HEAD && parts.version == http::Version::HTTP_2 {
                bodiless(answer)
            } else {
                answer
            }
        }
    }
}
