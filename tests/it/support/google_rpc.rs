//! What a stand-in for Google takes of gRPC: an rpc that is published for its host, in a request as gRPC describes it, with a
//! message of the published kind.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt;
use serde_json::json;

use super::clients;
use super::examiner::Examiner;
use super::server::{self, Answer};
use super::upstream::Seen;

/// gRPC's statuses.
pub(crate) const INVALID_ARGUMENT: u8 = 3;
pub(crate) const UNIMPLEMENTED: u8 = 12;
pub(crate) const INTERNAL: u8 = 13;

/// The published rpcs.
pub(crate) struct Rpcs {
    /// By path (`/google.pubsub.v1.Publisher/Publish`): the hosts that have it.
    known: HashMap<String, Vec<Rpc>>,
    messages: Examiner,
}

struct Rpc {
    /// `*`: every host has it.
    host: String,
    /// The caller sends as many messages as it likes, not one.
    is_stream: bool,
}

impl Rpcs {
    /// Names and hosts are those of the .proto files that npm's google-proto-files holds; messages those of Google's
    /// libraries for Python.
    pub(crate) fn published() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog/gcp/rpc.tsv");
        let text = fs::read_to_string(file).unwrap();
        let mut known = HashMap::<String, Vec<Rpc>>::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let rpc = Rpc { host: cells[3].to_owned(), is_stream: cells[4] == "stream" };
            known.entry(format!("/{}", cells[0])).or_default().push(rpc);
        }
        let python = clients::google_cloud().join("bin/python");
        Self { known, messages: Examiner::start(&python, include_str!("grpc_examiner.py"), &[]) }
    }

    /// What is wrong with a request, and the status that says so.
    pub(crate) fn flaw(&self, seen: &Seen, body: &[u8]) -> Option<(u8, String)> {
        if let Some(flaw) = head_flaw(seen) {
            return Some((INTERNAL, flaw));
        }
        let host = seen.host.trim_end_matches(":443");
        let mut known = self.known.get(&seen.target).into_iter().flatten();
        let Some(rpc) = known.find(|rpc| rpc.host == "*" || rpc.host == host) else {
            return Some((UNIMPLEMENTED, "no such method".to_owned()));
        };
        let all = match messages(body) {
            Err(flaw) => return Some((INTERNAL, flaw.to_owned())),
            Ok(all) if !rpc.is_stream && all.len() != 1 => {
                return Some((INTERNAL, format!("{} messages where one belongs", all.len())));
            }
            Ok(all) => all,
        };
        all.into_iter().find_map(|message| {
            let message = data_encoding::HEXLOWER.encode(message);
            let flaw = self.messages.flaw(&json!({ "path": seen.target, "message": message }))?;
            Some((INVALID_ARGUMENT, flaw))
        })
    }
}

/// What is wrong with the head of a request (grpc/grpc, doc/PROTOCOL-HTTP2.md).
fn head_flaw(seen: &Seen) -> Option<String> {
    let media = seen.header("content-type").unwrap_or_default();
    let wanted = [
        ("version", seen.version == "HTTP/2.0"),
        ("method", seen.method == "POST"),
        ("content-type", ["application/grpc", "application/grpc+proto"].contains(&media)),
        ("te", seen.header("te") == Some("trailers")),
    ];
    wanted.into_iter().find(|(_, holds)| !holds).map(|(what, _)| format!("not gRPC's {what}"))
}

/// The messages of a body: each has a byte that says whether it is compressed, and its length in four.
fn messages(mut body: &[u8]) -> Result<Vec<&[u8]>, &'static str> {
    let mut all = vec![];
    while !body.is_empty() {
        let (head, rest) = body.split_first_chunk::<5>().ok_or("a message's head is cut off")?;
        let [compressed, length @ ..] = *head;
        if compressed != 0 {
            return Err("a compressed message, and no encoding was agreed on");
        }
        let length = usize::try_from(u32::from_be_bytes(length)).expect("at least 32 bits");
        let (message, rest) = rest.split_at_checked(length).ok_or("a message is cut off")?;
        all.push(message);
        body = rest;
    }
    Ok(all)
}

/// The smallest answer.
pub(crate) fn answer(path: &str) -> Answer {
    let trailers = HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))]);
    // Not compressed, and its length. Who publishes wants an id for every message (field 1 of the answer).
    let message: &[u8] = if path.ends_with("/Publish") { b"\0\0\0\0\x03\x0a\x011" } else { &[0; 5] };
    let said = server::answer(200, "application/grpc", message.to_vec());
    said.map(|body| body.with_trailers(async { Some(Ok(trailers)) }).boxed())
}

/// An answer that is nothing but a status.
pub(crate) fn refusal(code: u8, flaw: &str) -> Answer {
    let mut answer = server::answer(200, "application/grpc", "");
    answer.headers_mut().insert("grpc-status", HeaderValue::from(u16::from(code)));
    let text: String = flaw.chars().filter(|one| (' '..='~').contains(one) && *one != '%').collect();
    answer.headers_mut().insert("grpc-message", HeaderValue::from_str(&text).expect("printable"));
    answer
}
