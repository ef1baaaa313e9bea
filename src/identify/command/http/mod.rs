//! curl, wget and HTTPie: the requests that they would send.
//!
//! A command that sends a request is judged as that request, by the same reading as at the HTTP door. What the command
//! leaves open is filled with a stand-in only where it cannot decide what the call does: a piece of a path or of a header,
//! a body that the operation does not hang on. A body that decides stays unknown, and so does a call to an unknown host that
//! is more than looking.

mod body;
mod curl;
mod curlrc;
mod httpie;
mod options;
mod url;
mod wget;

#[cfg(test)]
mod tests;

use super::face::Reader;
use super::{Effect, Invocation, Machine, Scene, Sent, Word};
use crate::head::text::head_from_parts;
use crate::identify::{Known, identify, route};
use crate::model::http::{BodyNeed, Captured};
use crate::model::{Impact, Place, Scope};

pub(in crate::identify) use body::{Body, absolute, file, known_text, stand_in};
pub(in crate::identify) use options::{Grammar, Item, after, items};
pub(in crate::identify) use url::Target;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[
    ("curl", curl::read),
    ("wget", wget::read),
    ("wget2", wget::read),
    ("http", httpie::read),
    ("https", httpie::read),
    ("xh", httpie::read),
    ("xhs", httpie::read),
    ("curlie", curl::read),
];

/// What stands for a piece that nobody knows, where it cannot decide.
pub(in crate::identify) const PLACEHOLDER: &str = "unknown";
/// Headers that say nothing of what a call does, and that the client writes by itself.
const OWN: [&str; 4] = ["host", "content-length", "transfer-encoding", "expect"];

/// A request as a command asks for it.
#[derive(Clone, Debug, Default)]
pub(in crate::identify) struct Request {
    /// The method.
    pub(in crate::identify) method: Word,
    /// The URL as the command has it; without a scheme it is http.
    pub(in crate::identify) url: Word,
    /// Its headers.
    pub(in crate::identify) headers: Vec<(String, Word)>,
    /// Its body.
    pub(in crate::identify) body: Body,
    /// Who takes it, where the command says so beside the URL (the Docker daemon's socket).
    pub(in crate::identify) known: Known,
}

/// Adds what a request asks for that the command sends.
pub(in crate::identify) fn request(request: &Request, at: &Invocation, scene: &mut Scene<'_>) {
    let method = request.method.text();
    let looks = matches!(method.as_deref(), Some("GET" | "HEAD" | "OPTIONS"));
    let target = match url::read(&request.url) {
        Target::Http { scheme, authority, rest } => Some(on_machine(at, scheme, authority, rest)),
        Target::Unknown => None,
        Target::File(path) => return read_file(&path, at, scene),
        Target::Other(scheme) => return other(&scheme, request, at, scene),
    };
    let Some((url, loopback)) = target else {
        return unnamed(looks, method.as_deref(), at, scene);
    };
    let method = match method {
        Some(method) => method.into_owned(),
        // On the agent's own server every method is its own business.
        None if loopback => "DELETE".to_owned(),
        None => return scene.unknown(at, "the method is not known"),
    };
    let mut headers = told(&request.headers);
    let body = decide_body(&method, &url, &headers, request);
    if let Some(bytes) = body.as_ref().filter(|bytes| !bytes.is_empty()) {
        headers.push(("content-length".to_owned(), bytes.len().to_string()));
    }
    let other_host = named_host(request).filter(|_| !loopback);
    if let Some(url) = other_host.and_then(|host| url::with_host(&url, &host)) {
        let (headers, body) = (headers.clone(), body.clone());
        scene.sends(at, Sent { method: method.clone(), url, headers, body, known: request.known.clone() });
    }
    let sent = Sent { method, url, headers, body, known: request.known.clone() };
    if sent.body.is_none() && !is_readable(&sent) {
        return scene.unknown(at, "the body is not known, and decides what is done");
    }
    scene.sends(at, sent);
}

/// Whether a request whose body nobody knows can be named at all.
fn is_readable(sent: &Sent) -> bool {
    let body = Captured::Undecodable("nobody knows what the body will be");
    let read = || {
        let head = head_from_parts(&sent.method, &sent.url, &sent.headers)?;
        identify(&route(&head, &sent.known)?, &head, &body)
    };
    read().is_ok()
}

/// The whole URL, and whether it stays on the agent's machine. What is local to another machine is that machine.
fn on_machine(at: &Invocation, scheme: String, authority: String, rest: String) -> (String, bool) {
    let local = url::is_loopback(&authority);
    let authority = match &at.machine {
        Machine::Remote(host) if local => host.rsplit('@').next().unwrap_or(host).to_owned(),
        Machine::Pod { .. } if local => PLACEHOLDER.to_owned(),
        _ => authority,
    };
    let stays = url::is_loopback(&authority);
    (format!("{scheme}://{authority}{rest}"), stays)
}

/// A call to a host that nobody knows.
fn unnamed(looks: bool, method: Option<&str>, at: &Invocation, scene: &mut Scene<'_>) {
    match method {
        Some(method) if looks => {
            let place = Place { host: Some(PLACEHOLDER.to_owned()), ..Place::default() };
            let effect = Effect::new(&format!("http:{PLACEHOLDER}:{method}"), Impact::Read, Scope::Resource);
            scene.effect(at, effect.at(place));
        }
        _ => scene.unknown(at, "the host that it sends to is not known"),
    }
}

fn read_file(path: &str, at: &Invocation, scene: &mut Scene<'_>) {
    scene.effect(at, Effect::new("shell:fs:read", Impact::Read, Scope::Local).on(path));
}

/// Schemes that are not HTTP: files are fetched and put; the rest carries whatever the command says.
fn other(scheme: &str, request: &Request, at: &Invocation, scene: &mut Scene<'_>) {
    let looks = matches!(request.method.text().as_deref(), Some("GET" | "HEAD"));
    let host = url::host_of(&request.url).unwrap_or_else(|| PLACEHOLDER.to_owned());
    let loopback = url::is_loopback(&host);
    let place = Place { host: Some(host), loopback, ..Place::default() };
    let impact = match scheme {
        "ftp" | "ftps" | "sftp" | "scp" | "tftp" | "smb" | "smbs" => {
            if looks {
                Impact::Read
            } else {
                Impact::Update
            }
        }
        "ldap" | "ldaps" | "rtsp" | "pop3" | "pop3s" | "imap" | "imaps" if looks => Impact::Read,
        "smtp" | "smtps" | "mqtt" => Impact::Execute,
        _ => return scene.unknown(at, "a protocol that is not read"),
    };
    scene.effect(at, Effect::new(&format!("{scheme}:file:transfer"), impact, Scope::Item).at(place));
}

/// The headers that take part, with stand-ins for what is not known.
fn told(headers: &[(String, Word)]) -> Vec<(String, String)> {
    let fits = |text: &str| !text.bytes().any(|byte| byte < 0x20 && byte != b'\t' || byte == 0x7f);
    headers
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.to_ascii_lowercase().as_str()) && fits(name) && !name.is_empty())
        .map(|(name, value)| (name.clone(), stand_in(value)))
        .filter(|(_, value)| fits(value))
        .collect()
}

/// The host that a `Host` header names beside the URL's.
fn named_host(request: &Request) -> Option<String> {
    let (_, value) = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"))?;
    value.text().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The body as it takes part: a stand-in only where the operation does not hang on it.
fn decide_body(method: &str, url: &str, headers: &[(String, String)], request: &Request) -> Option<Vec<u8>> {
    let body = &request.body;
    if body.known {
        return Some(body.bytes.clone());
    }
    let path = url.to_ascii_lowercase();
    let speaks = ["graphql", "gql", "batch", "rpc"].iter().any(|word| path.contains(word));
    let text = String::from_utf8_lossy(&body.bytes);
    if speaks || text.contains("\"query\"") || text.contains("mutation") {
        return None;
    }
    let head = head_from_parts(method, url, headers).ok()?;
    let routed = route(&head, &request.known).ok()?;
    let decides = routed.provider() != "http" && matches!(routed.need(), BodyNeed::Whole(_));
    (!decides).then(|| body.bytes.clone())
}
