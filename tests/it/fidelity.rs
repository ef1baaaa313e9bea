//! What is forwarded arrives as it was sent: generated requests and answers between a raw client and a raw server.
//!
//! Not kept, and so not compared: where a chunked body is cut into chunks, hop-by-hop headers, and the order of headers
//! *between* repetitions of a name (they are sent together, in their order, where the first one stood). Trailers over
//! HTTP/1 pass when `Trailer` announces them, and in answers when the request says `TE: trailers`; others are left out.
//! `Content-Length: 0` may move to the end of the head.
//!
//! `BLASTGATE_SOAK=1` makes 1,000 exchanges of the 150.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rand::RngExt;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::ca::TestCa;
use crate::support::gate::read_head;
use crate::support::random::{below, seeded};
use crate::support::stage::Stage;
use crate::support::{PATIENCE, block_on, runtime};

const HOST: &str = "api.dev.example";

/// One message, as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Message {
    start: String,
    /// Names as spelled, values without the spaces around them.
    headers: Vec<(String, Vec<u8>)>,
    framing: Framing,
    body: String,
    trailers: Vec<(String, Vec<u8>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    None,
    Length,
    Chunked,
}

fn digest(body: &[u8]) -> String {
    format!("{} {}", body.len(), data_encoding::HEXLOWER.encode(&Sha256::digest(body)))
}

/// What is generated: the bytes to send, and what is to arrive.
struct Made {
    bytes: Vec<u8>,
    message: Message,
}

fn pick<'a>(random: &mut StdRng, from: &[&'a str]) -> &'a str {
    from[usize::try_from(below(random, from.len() as u64)).unwrap()]
}

fn text(random: &mut StdRng, alphabet: &[u8], length: u64) -> String {
    let length = below(random, length);
    (0..length).map(|_| char::from(alphabet[usize::try_from(below(random, alphabet.len() as u64)).unwrap()])).collect()
}

/// Letters that make no word the gate would know.
const PATH: &[u8] = b"xyzXYZ0123456789-_~!$&'()*+,;=:@";

fn target(random: &mut StdRng) -> String {
    let mut target = String::new();
    for _ in 0..=below(random, 4) {
        target.push('/');
        target.push_str(&text(random, PATH, 12));
        if below(random, 4) == 0 {
            target.push_str(pick(random, &["%20", "%c3%A9", "%2F", "%7e"]));
        }
    }
    if below(random, 2) == 0 {
        target.push('?');
        for _ in 0..below(random, 4) {
            target.push_str(&text(random, PATH, 8));
            target.push_str(pick(random, &["=", "&", "?", "/", "%2B", "+", "[]", "&&", "{}"]));
        }
    }
    target
}

fn headers(random: &mut StdRng, own: &[(&str, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
    let mut headers: Vec<(String, Vec<u8>)> =
        own.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    for _ in 0..below(random, 14) {
        let name = match below(random, 3) {
            0 => pick(random, &["X-Same", "x-same", "X-SAME", "Accept", "accept-LANGUAGE", "ETag", "X_Under", "via"])
                .to_owned(),
            _ => format!("X-{}", text(random, b"abcdeABCDE-_.!#$%&'*+^`|~0189", 12)),
        };
        let mut value: Vec<u8> = (0..below(random, 40))
            .map(|_| match below(random, 30) {
                0 => u8::try_from(0x80 + below(random, 0x80)).unwrap(),
                1 => b'\t',
                2 => b',',
                _ => u8::try_from(0x20 + below(random, 0x5f)).unwrap(),
            })
            .collect();
        let end = value.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |at| at + 1);
        value.truncate(end);
        let start = value.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(0);
        headers.push((name, value.split_off(start)));
    }
    // Anywhere among the others.
    for at in (1..headers.len()).rev() {
        headers.swap(at, usize::try_from(below(random, at as u64 + 1)).unwrap());
    }
    headers
}

fn body(random: &mut StdRng) -> Vec<u8> {
    let length = match below(random, 4) {
        0 => below(random, 16),
        1 | 2 => below(random, 4 * 1024),
        _ => below(random, 200 * 1024),
    };
    let mut body = vec![0; usize::try_from(length).unwrap()];
    random.fill(&mut body[..]);
    body
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

/// A content type, perhaps a coding, and a body that fits them.
fn content(random: &mut StdRng) -> (Vec<(&'static str, Vec<u8>)>, Vec<u8>) {
    match below(random, 4) {
        0 => {
            let json = format!("{{\"x\":\"{}\"}}", text(random, b"xyz019 ", 3000));
            (vec![("Content-Type", b"application/json; charset=utf-8".to_vec())], json.into_bytes())
        }
        1 => {
            let packed = gzip(format!("{{\"x\":\"{}\"}}", text(random, b"xyz019 ", 3000)).as_bytes());
            let kind = vec![("content-type", b"application/json".to_vec()), ("Content-Encoding", b"gzip".to_vec())];
            (kind, packed)
        }
        _ => (vec![("CONTENT-TYPE", b"application/octet-stream".to_vec())], body(random)),
    }
}

/// Puts a message together. `has_body`: whether its kind may have one; `bare`: its length is told, its body left out.
fn assemble(random: &mut StdRng, start: String, mut own: Vec<(&str, Vec<u8>)>, has_body: bool, bare: bool) -> Made {
    let (mut sent, mut framing, mut trails) = (Vec::new(), Framing::None, false);
    if has_body {
        let (kind, body) = content(random);
        own.extend(kind);
        sent = body;
        framing = if below(random, 2) == 0 { Framing::Length } else { Framing::Chunked };
        match framing {
            Framing::Chunked if !bare => {
                own.push(("Transfer-Encoding", b"chunked".to_vec()));
                trails = below(random, 3) == 0;
                if trails {
                    own.push(("Trailer", b"x-checksum-test".to_vec()));
                }
            }
            _ => {
                framing = Framing::Length;
                let name = pick(random, &["Content-Length", "content-length", "CONTENT-LENGTH"]);
                own.push((name, sent.len().to_string().into_bytes()));
            }
        }
    }
    if bare {
        sent.clear();
    }
    let headers = headers(random, &own);
    let mut bytes = format!("{start}\r\n").into_bytes();
    for (name, value) in &headers {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(pick(random, &[": ", ":", ":  "]).as_bytes());
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    let mut trailers = Vec::new();
    if framing == Framing::Chunked {
        let mut rest = &sent[..];
        while !rest.is_empty() {
            let here = usize::try_from(1 + below(random, 50_000)).unwrap().min(rest.len());
            bytes.extend_from_slice(format!("{here:x}\r\n").as_bytes());
            bytes.extend_from_slice(&rest[..here]);
            bytes.extend_from_slice(b"\r\n");
            rest = &rest[here..];
        }
        bytes.extend_from_slice(b"0\r\n");
        if trails {
            trailers.push(("x-checksum-test".to_owned(), b"abc=".to_vec()));
            bytes.extend_from_slice(b"x-checksum-test: abc=\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
    } else {
        bytes.extend_from_slice(&sent);
    }
    let message = Message { start, headers: grouped(&headers), framing, body: digest(&sent), trailers };
    Made { bytes, message }
}

/// Repeated names together, where the first stood; what belongs to one connection left out.
fn grouped(headers: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
    let mut out: Vec<(String, Vec<u8>)> = Vec::new();
    for (index, (name, _)) in headers.iter().enumerate() {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        if is("transfer-encoding") || is("connection") || headers[..index].iter().any(|(before, _)| is(before)) {
            continue;
        }
        out.extend(headers.iter().filter(|(other, _)| is(other)).cloned());
    }
    // The library writes the length of nothing last.
    out.sort_by_key(|(name, value)| name.eq_ignore_ascii_case("content-length") && value == b"0");
    out
}

/// Reads one message off the wire. `bare`: it has no body whatever its headers say.
async fn read(stream: &mut (impl AsyncRead + Unpin), bare: bool) -> Option<Message> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let mut lines =
        head[..head.len() - 4].split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let start = String::from_utf8_lossy(lines.next()?).into_owned();
    let headers: Vec<_> = lines.map(field).collect();
    let value = |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let (mut body, mut trailers, mut framing) = (Vec::new(), Vec::new(), Framing::None);
    if let Some(length) = value("content-length") {
        framing = Framing::Length;
        let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
        body = vec![0; if bare { 0 } else { length }];
        stream.read_exact(&mut body).await.ok()?;
    } else if value("transfer-encoding").is_some() && !bare {
        framing = Framing::Chunked;
        loop {
            let size = usize::from_str_radix(&line(stream).await?, 16).ok()?;
            if size == 0 {
                break;
            }
            let start = body.len();
            body.resize(start + size, 0);
            stream.read_exact(&mut body[start..]).await.ok()?;
            line(stream).await?;
        }
        loop {
            let line = line(stream).await?;
            if line.is_empty() {
                break;
            }
            trailers.push(field(line.as_bytes()));
        }
    }
    Some(Message { start, headers: grouped(&headers), framing, body: digest(&body), trailers })
}

fn field(line: &[u8]) -> (String, Vec<u8>) {
    let at = line.iter().position(|byte| *byte == b':').expect("a header");
    (String::from_utf8_lossy(&line[..at]).into_owned(), line[at + 1..].trim_ascii().to_vec())
}

async fn line(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&line[..line.len() - 2]).into_owned())
}

/// A server that reads messages raw and answers with the bytes it is given.
#[derive(Clone, Default)]
struct Raw {
    answers: Arc<Mutex<VecDeque<Vec<u8>>>>,
    seen: Arc<Mutex<Vec<Message>>>,
}

impl Raw {
    fn start(&self, ca: &TestCa) -> SocketAddr {
        let acceptor = tokio_rustls::TlsAcceptor::from(ca.server(&[HOST], &["http/1.1"]));
        let raw = self.clone();
        runtime().block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let _ = stream.set_nodelay(true);
                    let (raw, acceptor) = (raw.clone(), acceptor.clone());
                    tokio::spawn(async move {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        let mut stream = tokio::io::BufReader::new(stream);
                        while let Some(message) = read(&mut stream, false).await {
                            raw.seen.lock().unwrap().push(message);
                            let answer = raw.answers.lock().unwrap().pop_front().expect("an answer");
                            if stream.write_all(&answer).await.is_err() || stream.flush().await.is_err() {
                                return;
                            }
                        }
                    });
                }
            });
            address
        })
    }
}

fn request(random: &mut StdRng) -> (Made, bool) {
    let method = pick(random, &["GET", "GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS", "QUERY"]);
    let start = format!("{method} {} HTTP/1.1", target(random));
    let has_body = matches!(method, "POST" | "PUT" | "PATCH" | "QUERY");
    let name = pick(random, &["Host", "host", "HOST"]);
    (
        assemble(random, start, vec![(name, HOST.as_bytes().to_vec()), ("TE", b"trailers".to_vec())], has_body, false),
        method == "HEAD",
    )
}

fn answer(random: &mut StdRng, to_head: bool) -> Made {
    let (status, reason) = match below(random, 8) {
        0..=3 => ("200", "OK"),
        4 => ("204", "No Content"),
        5 => ("304", "Not Modified"),
        6 => (pick(random, &["201", "299", "307", "404", "418", "429", "503"]), "As We Say It"),
        _ => ("500", "Internal Server Error"),
    };
    let has_body = !matches!(status, "204" | "304");
    assemble(random, format!("HTTP/1.1 {status} {reason}"), vec![], has_body, to_head)
}

#[test]
fn what_is_forwarded_arrives_unchanged() {
    let is_soak = std::env::var_os("BLASTGATE_SOAK").is_some_and(|value| !value.is_empty() && value != "0");
    let mut random = seeded("what_is_forwarded_arrives_unchanged");
    let mut stage = Stage::new();
    let raw = Raw::default();
    stage.resolve(HOST, raw.start(&stage.ca));
    let gate = stage.gate();
    block_on(async {
        let mut stream = tokio::io::BufReader::new(gate.tls(&format!("{HOST}:443"), &["http/1.1"]).await);
        for round in 0..if is_soak { 1000 } else { 150 } {
            let (sent, to_head) = request(&mut random);
            let replied = answer(&mut random, to_head);
            raw.answers.lock().unwrap().push_back(replied.bytes);
            stream.write_all(&sent.bytes).await.unwrap();
            stream.flush().await.unwrap();
            let bare = to_head || !matches!(replied.message.framing, Framing::Length | Framing::Chunked);
            let arrived = tokio::time::timeout(PATIENCE, read(&mut stream, bare)).await.expect("an answer in time");
            let arrived = arrived.expect("a whole answer");
            let seen = raw.seen.lock().unwrap().pop();
            assert_eq!(seen.as_ref(), Some(&sent.message), "request {round}; its answer was {arrived:?}");
            assert_eq!(arrived, replied.message, "answer {round} to {}", sent.message.start);
        }
    });
    gate.stop();
    stage.log().is_undisturbed();
}

#[test]
fn an_answer_without_a_length_ends_with_its_connection_and_is_whole() {
    let mut stage = Stage::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    stage.resolve("plain.dev.example:80", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.0 200 Fine\r\nX-Kept: yes\r\n\r\nall of it").unwrap();
    });
    let gate = stage.gate();
    block_on(async {
        let mut stream = gate.connect().await;
        let head = "GET http://plain.dev.example/ HTTP/1.1\r\nHost: plain.dev.example\r\nConnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        let body = crate::support::gate::read_all(&mut stream).await;
        assert!(
            head.contains("200 Fine") && head.contains("X-Kept: yes") && body.contains("all of it"),
            "{head}{body}"
        );
    });
    gate.stop();
}
