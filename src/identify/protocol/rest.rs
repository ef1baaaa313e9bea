//! The generic reading of a host that no provider knows: method and path words, and the GraphQL floor.
//!
//! Ids are `http:HOST:METHOD`, `graphql:HOST:FIELD`, `NAME:graphql:FIELD` for services with a name. Words are sought in the
//! path decoded to a fixed point and without regard to case, so that no spelling of a path is milder than another.

use data_encoding::HEXLOWER;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use vec1::{Vec1, vec1};

use super::batch;
use super::graphql::{self, Root};
use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use crate::catalog::{self, Manifest};
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};
use crate::model::{Count, Operation, Parameter, Place, Resource};

/// The code behind the manifest's protocol `rest`.
pub(crate) struct Rest;

/// What the classifier needs.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The method that the request line is judged by, and every other that an override names.
    pub methods: Vec<String>,
    /// A path word that says destruction.
    pub word: Option<&'static str>,
    /// The path or the body hides what it says: escaped without end, an encoding that cannot be undone.
    pub opaque: bool,
    /// What GraphQL asks for, where the request is GraphQL.
    pub graphql: Option<Root>,
}

/// Path words that say destruction wherever they stand in a segment.
const WITHIN: &[&str] =
    &["delete", "destroy", "purge", "terminate", "truncate", "remove", "erase", "uninstall", "unpublish"];
/// Path words that say it only alone, because other words hold them (dropbox, swipe, airdrop).
const ALONE: &[&str] = &[
    "drop",
    "wipe",
    "nuke",
    "obliterate",
    "teardown",
    "deprovision",
    "decommission",
    "flushall",
    "flushdb",
    "droptable",
    "dropdatabase",
    "dropindex",
    "dropcollection",
    "dropschema",
];
/// Segments' words that hold one of the above and mean something else.
const HARMLESS: &[&str] =
    &["undelete", "undeleted", "deleted", "removed", "terminated", "removebg", "undestroy", "unremove"];

/// Bodies that say to be media or archives: their beginning shows whether they are.
const MEDIA: &[&str] = &[
    "image/",
    "video/",
    "audio/",
    "font/",
    "application/octet-stream",
    "application/zip",
    "application/gzip",
    "application/x-gzip",
    "application/x-tar",
    "application/pdf",
];
/// So much of them.
const MEDIA_MAX: usize = 64 * 1024;
/// Bodies that are streams of frames: they are not read before they are sent on.
const STREAMS: &[&str] = &["application/grpc", "application/connect+"];

/// The generic reading, by method and path alone.
#[must_use]
pub(crate) fn generic(head: &Head, body: &Captured, _known: &Known) -> Reading {
    let (path, endless) = canonical(head.path());
    // The end of the caller's own MCP session (Model Context Protocol, Streamable HTTP) is a DELETE of the endpoint. The
    // header alone proves nothing, so the path must be an endpoint's.
    let ends_session = matches!(head.target.as_str(), "/mcp" | "/api/mcp" | "/v1/mcp")
        && head.method == http::Method::DELETE
        && head.header_count("mcp-session-id") == 1;
    let method = if ends_session { "POST" } else { head.method.as_str() };
    let mut methods = vec![method.to_owned()];
    methods.extend(overrides(head, body));
    let inner = batch::read(head, body);
    if inner == batch::Inner::Deletes {
        methods.push("DELETE".to_owned());
    }
    let rewritten = ["x-original-url", "x-original-uri", "x-rewrite-url"]
        .iter()
        .flat_map(|name| head.headers.get_all(*name))
        .find_map(|value| destroying_word(&canonical(&String::from_utf8_lossy(value.as_bytes())).0));
    let word = destroying_word(&path).or(rewritten);
    let opaque = endless || matches!(body, Captured::Undecodable(_)) || inner == batch::Inner::Unreadable;
    let observes = methods.iter().all(|method| matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS"));
    let destroys = word.is_some() || methods.iter().any(|method| method == "DELETE");
    Reading {
        operation: Operation::new("http", &host_part(&head.authority.host), head.method.as_str()),
        aliases: vec![],
        resources: vec![Resource::from(format!("{}{}", head.authority.host, masked(head.path())))],
        place: place(head),
        parameters: if observes { vec![] } else { bound(head, body) },
        // Whether a path is one thing or a collection cannot be known.
        count: if destroys && !observes { Count::AtLeast(1) } else { Count::ONE },
        face: Face::Rest(Seen { methods, word, opaque, graphql: None }),
    }
}

/// Everything the request asks for: its root fields when it is GraphQL, else the generic reading.
pub(crate) fn readings(head: &Head, body: &Captured, known: &Known) -> Vec1<Reading> {
    let plain = generic(head, body, known);
    let Some(found) = graphql::read(head, body) else { return vec1![plain] };
    let mut all = Vec::new();
    let host = &head.authority.host;
    let reading = |name: &str, root: Root, count: Count, ids: Vec<Resource>| {
        let mut one = plain.clone();
        one.operation = match catalog::graphql_service(host) {
            Some(service) => Operation::new(service, "graphql", name),
            None => Operation::new("graphql", &host_part(host), name),
        };
        if !ids.is_empty() {
            one.resources = ids;
        }
        one.count = count;
        one.parameters.push(Parameter::new("document.sha256", &*found.digest));
        if let Face::Rest(seen) = &mut one.face {
            seen.graphql = Some(root);
        }
        one
    };
    for (field, (count, ids)) in &found.mutations {
        let ids = ids.iter().map(|id| Resource::from(id.as_str())).collect();
        all.push(reading(field, Root::Mutation { field: field.clone() }, Count::Exact(*count), ids));
    }
    if found.unreadable {
        all.push(reading("unidentified", Root::Unreadable, Count::Unbounded, vec![]));
    }
    if found.query || all.is_empty() {
        all.push(reading("query", Root::Query { certain: found.certain }, Count::ONE, vec![]));
    }
    Vec1::try_from_vec(all).unwrap_or_else(|_| vec1![plain])
}

/// How much body it takes: the beginning of what could be GraphQL.
pub(super) fn need(head: &Head) -> BodyNeed {
    if matches!(head.method.as_str(), "GET" | "HEAD") {
        return BodyNeed::None;
    }
    let media = head.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let starts = |kinds: &[&str]| kinds.iter().any(|kind| media.starts_with(kind));
    if graphql::is_endpoint(head) {
        return BodyNeed::Prefix(graphql::BODY_MAX);
    }
    // A stream of frames may wait for its answer before it goes on; the rest is only passed later.
    match () {
        () if starts(STREAMS) => BodyNeed::None,
        () if starts(MEDIA) => BodyNeed::Prefix(MEDIA_MAX),
        () => BodyNeed::Prefix(graphql::BODY_MAX),
    }
}

/// Where the target stands, as far as a host tells.
pub(super) fn place(head: &Head) -> Place {
    Place { host: Some(head.authority.host.clone()), loopback: head.authority.is_loopback(), ..Place::default() }
}

/// A host as a part of an id: an IPv6 address with dashes for its colons.
pub(super) fn host_part(host: &str) -> String {
    host.replace(':', "-")
}

/// Methods that headers, the query or a form name beside the request line's own.
fn overrides(head: &Head, body: &Captured) -> Vec<String> {
    let headers = ["x-http-method-override", "x-http-method", "x-method-override"];
    let named = headers.iter().flat_map(|name| head.headers.get_all(*name));
    let mut all: Vec<String> =
        named.map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_uppercase()).collect();
    all.extend(form_methods(head.query().unwrap_or_default()));
    let (Captured::Whole(bytes) | Captured::Prefix(bytes)) = body else { return all };
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let lower = text.to_ascii_lowercase();
    if !OVERRIDING.iter().any(|name| lower.contains(name)) && !lower.contains(['%', '\\']) {
        return all;
    }
    let known = |method: &String| matches!(method.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE");
    if text.starts_with('{') {
        let members = graphql::members(text).unwrap_or_default();
        let named = members.iter().filter(|(name, _)| is_overriding(name)).filter_map(|(_, value)| value.as_str());
        all.extend(named.map(|value| value.trim().to_uppercase()).filter(known));
    } else if text.starts_with("--") {
        let fields = graphql::multipart(text).into_iter().filter(|(name, _)| is_overriding(name));
        all.extend(fields.map(|(_, value)| value.trim().to_uppercase()));
    } else {
        all.extend(form_methods(text));
    }
    all
}

/// Names of parameters and form fields that name another method (Rails, Laravel, Symfony, Express' `method-override`).
const OVERRIDING: &[&str] = &["_method", "x-http-method-override", "x-http-method", "x-method-override"];

fn is_overriding(name: &str) -> bool {
    OVERRIDING.contains(&canonical(name).0.to_ascii_lowercase().as_str())
}

fn form_methods(pairs: &str) -> Vec<String> {
    let pairs = pairs.split(['&', ';']).filter_map(|pair| pair.split_once('='));
    let named = pairs.filter(|(name, _)| name.len() < 128 && is_overriding(name.trim()));
    named.map(|(_, value)| canonical(value).0.trim().to_uppercase()).collect()
}

/// Whether a query names another method.
pub(super) fn names_a_method(query: &str) -> bool {
    !form_methods(query).is_empty()
}

/// What an approval is bound to: query and body of a call whose effect may lie in either, as digests.
fn bound(head: &Head, body: &Captured) -> Vec<Parameter> {
    let digest = |bytes: &[u8]| HEXLOWER.encode(Sha256::digest(bytes).get(..16).unwrap_or_default());
    let query = head.query().map(|query| Parameter::new("query.sha256", digest(query.as_bytes())));
    let body = body.whole().filter(|bytes| !bytes.is_empty()).map(|bytes| Parameter::new("body.sha256", digest(bytes)));
    query.into_iter().chain(body).collect()
}

/// The text decoded to a fixed point; the flag says that there was none within reason.
pub(super) fn canonical(text: &str) -> (String, bool) {
    let mut text = text.to_owned();
    for _ in 0..6 {
        let next = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if next == text {
            return (text, false);
        }
        text = next;
    }
    (text, true)
}

/// A word of the path that says destruction.
fn destroying_word(path: &str) -> Option<&'static str> {
    let lower = path.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.find_map(|word| {
        if HARMLESS.contains(&word) {
            return None;
        }
        let within = WITHIN.iter().find(|known| word.contains(*known));
        within.or_else(|| ALONE.iter().find(|known| **known == word)).copied()
    })
}

/// A path with what looks like a secret left out: `…` and eight digits of its digest, so that two stay distinct.
#[must_use]
pub(super) fn masked(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        if looks_secret(segment) {
            let digest = HEXLOWER.encode(Sha256::digest(segment.as_bytes()).get(..4).unwrap_or_default());
            format!("…{digest}")
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A run of twenty letters and digits mixed, or sixteen in mixed case: webhook keys, bot tokens, bearer texts. A UUID has
/// no such run.
fn looks_secret(segment: &str) -> bool {
    segment.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| {
        let has = |test: fn(&char) -> bool| run.chars().any(|c| test(&c));
        let digits = has(char::is_ascii_digit);
        let mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
        run.len() >= 20 && digits && has(char::is_ascii_alphabetic) || run.len() >= 16 && digits && mixed
    })
}

impl Protocol for Rest {
    fn route(&self, _api: &'static Manifest, head: &Head, _known: &Known) -> Result<Routed, Unreadable> {
        Ok(super::lifeline::routed(head))
    }
    fn identify(
        &self,
        _api: &'static Manifest,
        _partial: &Partial,
        known: &Known,
        head: &Head,
        body: &Captured,
    ) -> Result<Vec1<Reading>, Unreadable> {
        Ok(super::lifeline::git_readings(head, body, known).unwrap_or_else(|| readings(head, body, known)))
    }
    fn dialect(&self, _head: &Head) -> Dialect {
        Dialect::Problem
    }
}
