//! What an agent needs to live: model APIs, sign-in, package registries, telemetry, and git over HTTP.
//!
//! Only calls that the catalog lists are lifelines; everything else on the same host gets the generic reading.

use vec1::{Vec1, vec1};

use super::rest;
use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use crate::catalog::Manifest;
use crate::catalog::lifelines::{self, Purpose};
use crate::model::http::{Authority, BodyNeed, Captured, Head, Unreadable};
use crate::model::{Count, Operation, Place, Resource};

/// The code behind the manifest's protocol `lifeline`.
pub(crate) struct Lifeline;

/// What the classifier needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A listed call.
    Call(Purpose),
    /// A tunnel to a host that the catalog passes unopened.
    Tunnel,
    /// A tunnel to a host that only the operator's settings pass unopened: what goes through it cannot be named.
    OtherTunnel,
    /// `git fetch`, `git clone`.
    GitFetch,
    /// `git push` of commits and tags.
    GitPush,
    /// `git push --delete`: a branch or tag goes away.
    GitDelete,
    /// A push whose commands cannot be read.
    GitUnreadable,
}

/// Room for some hundred ref updates before the pack begins.
const PUSH_PREFIX: usize = 64 * 1024;

/// A connection passed without being opened.
#[must_use]
pub(crate) fn tunnel(authority: &Authority) -> Reading {
    let seen = if lifelines::unopened(&authority.host) { Seen::Tunnel } else { Seen::OtherTunnel };
    Reading {
        operation: Operation::from_id("net:tunnel:Open"),
        aliases: vec![],
        resources: vec![Resource::from(authority.to_string())],
        place: Place { host: Some(authority.host.clone()), loopback: authority.is_loopback(), ..Place::default() },
        parameters: vec![],
        count: Count::ONE,
        face: Face::Lifeline(seen),
    }
}

/// The first reading of any host that is not a known provider's.
pub(crate) fn routed(head: &Head) -> Routed {
    let need = match git_service(head) {
        Some("git-receive-pack") if head.method == http::Method::POST => BodyNeed::Prefix(PUSH_PREFIX),
        Some(_) => BodyNeed::None,
        None => rest::need(head),
    };
    Routed { need, dialect: rest::dialect(head), partial: Partial::None }
}

/// The smart HTTP service that a request speaks to (`gitprotocol-http`): the last path segment of a POST. A server may
/// decode the path before it looks and takes a push under any content type; a fetch is harmless only under git's own.
fn git_service(head: &Head) -> Option<&'static str> {
    let path = git_path(head);
    let (repository, service) = path.rsplit_once('/')?;
    let known = ["git-upload-pack", "git-receive-pack"].into_iter().find(|known| *known == service)?;
    let media = head.header("content-type").unwrap_or_default();
    let typed = media.strip_prefix("application/x-").and_then(|rest| rest.strip_suffix("-request")) == Some(known);
    let serves = typed || known == "git-receive-pack";
    (head.method == http::Method::POST && serves && repository.len() > 1).then_some(known)
}

/// Whether this is a request of git's smart HTTP.
pub(super) fn is_git(head: &Head) -> bool {
    git_service(head).is_some()
}

/// The path, decoded as often as any server may.
fn git_path(head: &Head) -> String {
    rest::canonical(head.path()).0.trim_end_matches('/').to_owned()
}

/// What a git request asks for, and what its other readings add: a method override, a GraphQL document. Words in the
/// repository's name say nothing.
pub(super) fn git_readings(head: &Head, body: &Captured, known: &Known) -> Option<Vec1<Reading>> {
    let mut all = vec1![git(head, body)?];
    let adds = |reading: &Reading| match &reading.face {
        Face::Rest(seen) => seen.methods.len() > 1 || seen.graphql.as_ref().is_some_and(|root| !root.reads()),
        _ => false,
    };
    all.extend(rest::readings(head, body, known).into_iter().filter(adds));
    Some(all)
}

/// The reading of a git request; `None` for everything else. Asking which refs there are (`info/refs`) is a GET like any
/// other.
pub(crate) fn git(head: &Head, body: &Captured) -> Option<Reading> {
    let service = git_service(head)?;
    let (name, seen, refs, count) = match service {
        "git-upload-pack" => ("fetch", Seen::GitFetch, vec![], Count::ONE),
        _ => push(body),
    };
    let path = git_path(head);
    let repository = path.rsplit_once('/').map_or("", |(repository, _)| repository);
    let base = format!("{}{}", head.authority.host, rest::masked(repository.trim_end_matches(".git")));
    let resources = match refs.as_slice() {
        [] => vec![Resource::from(base.clone())],
        refs => refs.iter().map(|name| Resource::from(format!("{base}#{name}"))).collect(),
    };
    let mut place = rest::place(head);
    place.repository = Some(repository.trim_matches('/').trim_end_matches(".git").to_owned());
    Some(Reading {
        operation: Operation::new("git", "remote", name),
        aliases: vec![],
        resources,
        place,
        parameters: vec![],
        count,
        face: Face::Lifeline(seen),
    })
}

/// The commands of a push: pkt-lines `OLD NEW REF` up to a flush; a new id of zeros deletes.
fn push(body: &Captured) -> (&'static str, Seen, Vec<String>, Count) {
    let bytes = match body {
        Captured::Whole(bytes) | Captured::Prefix(bytes) => bytes,
        _ => return ("push", Seen::GitUnreadable, vec![], Count::Unbounded),
    };
    let mut rest: &[u8] = bytes;
    let mut refs = Vec::new();
    let mut deletes = false;
    loop {
        let length = rest.get(..4).and_then(|hex| std::str::from_utf8(hex).ok());
        match length.and_then(|hex| usize::from_str_radix(hex, 16).ok()) {
            Some(0) => break,
            Some(length) if length > 4 => {
                let Some(line) = rest.get(4..length) else {
                    return ("push", Seen::GitUnreadable, refs, Count::Unbounded);
                };
                let line = line.split(|byte| *byte == 0 || *byte == b'\n').next().unwrap_or_default();
                let text = String::from_utf8_lossy(line);
                let mut parts = text.splitn(3, ' ');
                if let (Some(_), Some(new), Some(name)) = (parts.next(), parts.next(), parts.next()) {
                    deletes |= !new.is_empty() && new.bytes().all(|byte| byte == b'0');
                    refs.push(name.to_owned());
                }
                rest = rest.get(length..).unwrap_or_default();
            }
            _ => return ("push", Seen::GitUnreadable, refs, Count::Unbounded),
        }
    }
    let count = Count::Exact(refs.len() as u64);
    if deletes { ("delete_ref", Seen::GitDelete, refs, count) } else { ("push", Seen::GitPush, refs, count) }
}

impl Protocol for Lifeline {
    fn route(&self, _api: &'static Manifest, head: &Head, _known: &Known) -> Result<Routed, Unreadable> {
        let mut routed = routed(head);
        if listed(head).is_some() {
            routed.need = BodyNeed::None;
        }
        Ok(routed)
    }
    fn identify(
        &self,
        _api: &'static Manifest,
        _partial: &Partial,
        known: &Known,
        head: &Head,
        body: &Captured,
    ) -> Result<Vec1<Reading>, Unreadable> {
        if let Some(readings) = git_readings(head, body, known) {
            return Ok(readings);
        }
        let Some(purpose) = listed(head) else { return Ok(rest::readings(head, body, known)) };
        let mut reading = rest::generic(head, body, known);
        reading.parameters.clear();
        reading.face = Face::Lifeline(Seen::Call(purpose));
        Ok(vec1![reading])
    }
    fn dialect(&self, _api: &'static Manifest, head: &Head) -> Dialect {
        rest::dialect(head)
    }
}

/// Whether this call is one that an agent needs to live.
pub(super) fn is_listed(head: &Head) -> bool {
    listed(head).is_some()
}

/// What a listed call is for. One that names another method or path in a header is not listed.
fn listed(head: &Head) -> Option<Purpose> {
    let overridden = super::kubernetes::OVERRIDES.iter().any(|name| head.header_count(name) > 0);
    let in_query = head.query().is_some_and(rest::names_a_method);
    if overridden || in_query {
        return None;
    }
    let purpose = lifelines::purpose(&head.authority.host, head.method.as_str(), head.path())?;
    // Models are talked to over WebSockets too; nothing else here is.
    (head.upgrade.is_none() || purpose == Purpose::Model).then_some(purpose)
}
