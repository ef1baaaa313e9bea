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
use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed, state};
use crate::catalog::{self, Manifest};
use crate::model::http::{BodyNeed, Captured, Head, Unreadable, Upgrade};
use crate::model::{Count, Impact, Operation, Parameter, Place, Resource};

/// The code behind the manifest's protocol `rest`.
pub(crate) struct Rest;

/// What the classifier needs.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The method that the request line is judged by, and every other that an override names.
    pub methods: Vec<String>,
    /// The path word that says most: destruction, an outage, a grant.
    pub word: Option<Word>,
    /// The path or the body hides what it says: escaped without end, an encoding that cannot be undone.
    pub opaque: bool,
    /// What GraphQL asks for, where the request is GraphQL.
    pub graphql: Option<Root>,
    /// What the connection is to become: nobody reads what is said on it then.
    pub upgrade: Option<Upgrade>,
    /// What it does to a Terraform state.
    pub state: Option<state::Call>,
    /// What a table says of this method and path on this kind of host.
    pub described: Option<Described>,
}

/// What a table says of a call.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The row.
    pub row: &'static catalog::aws::Plane,
    /// The path names a collection where the row thinks of one thing.
    pub wide: bool,
    /// What body or query make of it.
    pub told: Option<Impact>,
}

/// A path word that says more than the method does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is listed.
    pub text: &'static str,
    /// What a call by such a path does.
    pub impact: Impact,
}

/// Path words that say destruction wherever they stand in a segment.
const WITHIN: &[&str] =
    &["delete", "destroy", "purge", "terminate", "truncate", "remove", "erase", "uninstall", "unpublish"];
/// Path words that say it only alone, because other words hold them (dropbox, swipe, airdrop).
const ALONE: &[&str] = &[
    "drop",
    "prune",
    "empty",
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
/// Path words that say an outage, alone.
const DISRUPTS: &[&str] = &["flush", "evict", "kill", "deactivate", "disconnect"];
/// Path words that say who may do what, alone.
const PERMITS: &[&str] = &["transfer", "leave", "protection"];
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
/// Of media only the first piece that arrives is looked at: uploads stream, and a disguised document shows at its start.
const MEDIA_MAX: usize = 0;
/// Bodies that are streams of frames: they are not read before they are sent on.
const STREAMS: &[&str] = &["application/grpc", "application/connect+"];

/// The generic reading, by method and path alone.
#[must_use]
pub(crate) fn generic(head: &Head, body: &Captured, _known: &Known) -> Reading {
    let (path, endless) = canonical(head.path());
    let method = meaning(head);
    let mut methods = vec![method.to_owned()];
    methods.extend(overrides(head, body));
    let inner = batch::read(head, body);
    if inner == batch::Inner::Deletes {
        methods.push("DELETE".to_owned());
    }
    let rewritten = ["x-original-url", "x-original-uri", "x-rewrite-url"]
        .iter()
        .flat_map(|name| head.headers.get_all(*name))
        .find_map(|value| telling_word(&canonical(&String::from_utf8_lossy(value.as_bytes())).0));
    // The stricter of both: destruction is sought first.
    let told = telling_word(spoken(&head.authority.host, &path));
    let word = [told, rewritten].into_iter().flatten().max_by_key(|word| word.impact.strictness());
    let opaque = endless || matches!(body, Captured::Undecodable(_)) || inner == batch::Inner::Unreadable;
    let observes =
        head.upgrade.is_none() && methods.iter().all(|method| matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS"));
    let state = state::read(head, body);
    let mut parameters = if observes { vec![] } else { bound(head, body, state) };
    parameters.extend(head.upgrade.map(|upgrade| Parameter::new("upgrade", upgrade.as_str())));
    let destroys =
        word.is_some_and(|word| word.impact == Impact::Destroy) || methods.iter().any(|method| method == "DELETE");
    Reading {
        operation: Operation::new("http", &host_part(&head.authority.host), head.method.as_str()),
        aliases: state.map(|call| Operation::new("terraform", "state", call.name())).into_iter().collect(),
        resources: vec![Resource::from(format!("{}{}", head.authority.host, masked(head.path())))],
        place: place(head),
        parameters,
        // Whether a path is one thing or a collection cannot be known.
        count: if destroys && !observes { Count::AtLeast(1) } else { Count::ONE },
        face: Face::Rest(Seen { methods, word, opaque, graphql: None, upgrade: head.upgrade, state, described: None }),
    }
}

/// Everything the request asks for: its root fields when it is GraphQL, else the generic reading.
pub(crate) fn readings(head: &Head, body: &Captured, known: &Known) -> Vec1<Reading> {
    let plain = generic(head, body, known);
    let endpoint = graphql::is_endpoint(head);
    if head.upgrade.is_some() && (endpoint || graphql::is_spoken(head)) {
        return vec1![graphql_stream(plain, head, graphql_id(head, "websocket"))];
    }
    graphql_roots(&plain, graphql::read(head, body, endpoint), |name| graphql_id(head, name))
}

/// The same on an endpoint of a provider's GraphQL API.
pub(super) fn graphql_readings(api: &Manifest, head: &Head, body: &Captured, known: &Known) -> Vec1<Reading> {
    let plain = generic(head, body, known);
    let id = |name: &str| Operation::new(&api.id, "graphql", name);
    if head.upgrade.is_some() {
        return vec1![graphql_stream(plain, head, id("websocket"))];
    }
    graphql_roots(&plain, graphql::read(head, body, true), id)
}

/// A message of a connection that speaks GraphQL, wherever it was opened.
pub(super) fn message_readings(head: &Head, body: &Captured, known: &Known) -> Vec1<Reading> {
    let mut plain = generic(head, body, known);
    if let Some(found) = graphql::read(head, body, true) {
        return graphql_roots(&plain, Some(found), |name| graphql_id(head, name));
    }
    plain.operation = graphql_id(head, "unidentified");
    vec1![of_root(plain, Root::Unreadable)]
}

/// A reading for each thing that is asked for; the plain one where nothing is GraphQL.
fn graphql_roots(plain: &Reading, found: Option<graphql::Found>, id: impl Fn(&str) -> Operation) -> Vec1<Reading> {
    let Some(found) = found else { return vec1![plain.clone()] };
    let certain = found.certain;
    let asked = found.asked().into_iter().map(|one| {
        let mut reading = plain.clone();
        reading.operation = id(&one.name);
        if !one.resources.is_empty() {
            reading.resources = one.resources;
        }
        reading.count = one.count;
        if certain {
            // Its documents and variables are bound, whatever their blanks.
            reading.parameters.retain(|parameter| parameter.name != "body.sha256");
        }
        reading.parameters.extend(one.parameters);
        of_root(reading, one.root)
    });
    Vec1::try_from_vec(asked.collect()).unwrap_or_else(|_| vec1![plain.clone()])
}

/// A GraphQL request that says two things at once is refused.
///
/// # Errors
/// One of the readings is such a request.
pub(super) fn refuse_two_readings(readings: &[Reading]) -> Result<(), Unreadable> {
    readings.iter().try_for_each(|reading| match &reading.face {
        Face::Rest(Seen { graphql: Some(Root::TwoReadings(why)), .. }) => Err(Unreadable::new(*why)),
        _ => Ok(()),
    })
}

fn graphql_id(head: &Head, name: &str) -> Operation {
    let host = &head.authority.host;
    match catalog::graphql_service(host) {
        Some(service) => Operation::new(service, "graphql", name),
        None => Operation::new("graphql", &host_part(host), name),
    }
}

/// GraphQL over a WebSocket: queries, mutations and subscriptions come later, in messages. Where they can be nothing else
/// each is judged before it passes, so that the opening itself does nothing; else nobody reads them.
fn graphql_stream(mut plain: Reading, head: &Head, id: Operation) -> Reading {
    // What stands in the URL may be executed by a server that takes the opening for a GET.
    let asks_nothing = graphql::read(head, &Captured::Unread, true).is_none();
    let is_read = graphql::frames::Offer::of(head).is_some() && asks_nothing;
    plain.operation = id;
    plain.count = if is_read { Count::ONE } else { Count::Unbounded };
    of_root(plain, if is_read { Root::Messages } else { Root::Unreadable })
}

fn of_root(mut reading: Reading, root: Root) -> Reading {
    if let Face::Rest(seen) = &mut reading.face {
        seen.graphql = Some(root);
    }
    reading
}

/// How much body a request to a GraphQL endpoint takes.
pub(super) fn graphql_need(head: &Head) -> BodyNeed {
    if matches!(head.method.as_str(), "GET" | "HEAD") { BodyNeed::None } else { BodyNeed::Prefix(graphql::BODY_MAX) }
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
    // A stream of frames may wait for its answer before it goes on; the rest is only passed later. A deletion is judged
    // as such whatever it carries.
    match () {
        () if head.method == http::Method::DELETE => BodyNeed::None,
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
fn bound(head: &Head, body: &Captured, state: Option<state::Call>) -> Vec<Parameter> {
    let digest = |bytes: &[u8]| HEXLOWER.encode(Sha256::digest(bytes).get(..16).unwrap_or_default());
    // Terraform adds the lock's number, another each time: the same state would never be the one that was approved.
    let varies = |pair: &&str| state.is_some() && pair.starts_with("ID=");
    let query = head.query().map(|query| query.split('&').filter(|pair| !varies(pair)).collect::<Vec<_>>().join("&"));
    let query = query.filter(|query| !query.is_empty() || state.is_none());
    let query = query.map(|query| Parameter::new("query.sha256", digest(query.as_bytes())));
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

/// The method, or the milder one that a call stands for beyond doubt.
fn meaning(head: &Head) -> &str {
    if head.method != http::Method::DELETE {
        return head.method.as_str();
    }
    let path = head.path().trim_end_matches('/');
    // The end of the caller's own MCP session (Model Context Protocol, Streamable HTTP) is a DELETE of the endpoint. The
    // header alone proves nothing, so the path must be an endpoint's.
    let endpoint =
        matches!(path, "/mcp" | "/api/mcp" | "/v1/mcp") || path.is_empty() && head.authority.host.starts_with("mcp.");
    // GitLab's Terraform backend takes the lock off a state.
    let unlocks = matches!(path.rsplit('/').collect::<Vec<_>>().as_slice(), ["lock", _, "state", "terraform", ..]);
    if endpoint && head.header_count("mcp-session-id") == 1 || unlocks { "POST" } else { "DELETE" }
}

/// The part of a path that the service itself names: elsewhere repositories, files, branches and images have the names
/// that people gave them.
fn spoken<'a>(host: &str, path: &'a str) -> &'a str {
    let skips = match host {
        "github.com" => 2,
        "api.github.com" | "uploads.github.com" => 3,
        "ghcr.io" | "quay.io" | "gcr.io" | "registry-1.docker.io" | "registry.gitlab.com" | "mcr.microsoft.com" => {
            return if path.starts_with("/v2/") && !path.contains("/../") { "" } else { path };
        }
        _ => return path,
    };
    if path.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) || path.contains(['\\', ';']) {
        return path;
    }
    if skips == 3 && !path.starts_with("/repos/") {
        return path;
    }
    let rest = path.splitn(skips + 2, '/').nth(skips + 1).unwrap_or_default();
    let named = ["contents/", "git/refs/", "git/ref/", "info/lfs/"];
    if named.iter().any(|known| rest.starts_with(known)) { "" } else { rest }
}

/// The word of the path that says most.
fn telling_word(path: &str) -> Option<Word> {
    let lower = path.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let destroys = words.iter().filter(|word| !HARMLESS.contains(word)).find_map(|word| {
        let within = WITHIN.iter().find(|known| word.contains(*known));
        within.or_else(|| ALONE.iter().find(|known| *known == word)).copied()
    });
    let alone = |list: &'static [&'static str]| list.iter().copied().find(|known| words.contains(known));
    let found = |impact| move |text| Word { text, impact };
    destroys
        .map(found(Impact::Destroy))
        .or_else(|| alone(DISRUPTS).map(found(Impact::Disrupt)))
        .or_else(|| alone(PERMITS).map(found(Impact::Permission)))
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

/// How a host that no provider knows says no: so that the client which sends requests of this shape shows it.
///
/// SECURITY: some forms have the status 200. They are for what git's own client sends only, and for JSON that is POSTed to a
/// GraphQL endpoint (where the answer asks once more whether a document was read): others would take it for a yes.
pub(super) fn dialect(head: &Head) -> Dialect {
    let media = head.header("content-type").unwrap_or_default();
    let path = head.path();
    let first = path.split('/').nth(1).unwrap_or_default();
    let asks_for_refs =
        || path.ends_with("/info/refs") && head.query().is_some_and(|text| text.starts_with("service=git-"));
    match (head.method.as_str(), media) {
        (_, media) if media.starts_with("application/grpc") => Dialect::Grpc,
        // WebDAV's LOCK has a document in XML.
        ("LOCK", media) if media.starts_with("application/json") => Dialect::StateLock,
        ("POST", media) if media.starts_with("application/json") && state::is_lock_by_post(path) => Dialect::StateLock,
        ("POST", "application/x-git-receive-pack-request") if path.ends_with("/git-receive-pack") => Dialect::GitPush,
        ("POST", "application/x-git-upload-pack-request") if path.ends_with("/git-upload-pack") => Dialect::GitFetch,
        ("GET", _) if asks_for_refs() => Dialect::GitRefs,
        _ if is_graphql_request(head) && graphql::is_endpoint(head) => Dialect::Graphql,
        _ if head.upgrade == Some(Upgrade::Tcp) => Dialect::DockerStream,
        _ if head.upgrade == Some(Upgrade::H2c) => Dialect::Docker,
        _ if first == "_ping" || is_engine_version(first) => Dialect::Docker,
        _ => Dialect::Problem,
    }
}

/// Whether the head is that of a request of GraphQL over HTTP, wherever it goes.
pub(super) fn is_graphql_request(head: &Head) -> bool {
    let media = head.header("content-type").unwrap_or_default();
    let is_json = media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json");
    is_json && head.method == http::Method::POST && head.upgrade.is_none()
}

/// `v1.43`: what the paths of the Docker Engine API begin with.
pub(super) fn is_engine_version(segment: &str) -> bool {
    let minor = segment.strip_prefix("v1.").unwrap_or_default();
    (1..=3).contains(&minor.len()) && minor.bytes().all(|byte| byte.is_ascii_digit())
}

impl Protocol for Rest {
    fn route(&self, _api: &'static Manifest, head: &Head, _known: &Known) -> Result<Routed, Unreadable> {
        let routed = super::lifeline::routed(head);
        let need = super::aws::plane::need(head).unwrap_or(routed.need);
        Ok(Routed { need, ..routed })
    }
    fn identify(
        &self,
        _api: &'static Manifest,
        _partial: &Partial,
        known: &Known,
        head: &Head,
        body: &Captured,
    ) -> Result<Vec1<Reading>, Unreadable> {
        let mut readings = super::git::all_readings(head, body, known).unwrap_or_else(|| readings(head, body, known));
        refuse_two_readings(&readings)?;
        for reading in &mut readings {
            super::aws::plane::name(reading, head, body)?;
        }
        Ok(readings)
    }
    fn dialect(&self, _api: &'static Manifest, head: &Head) -> Dialect {
        dialect(head)
    }
}
