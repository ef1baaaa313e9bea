//! Kubernetes: a request's path, query and body as one API call.
//!
//! Ids are `kubernetes:GROUP:RESOURCE[/SUB].VERB` with `core` for the empty group; non-resource paths are
//! `kubernetes:server:WHAT.get`. Exec, attach, portforward and proxy have the one verb `connect`, because clients send the
//! same effect as GET (WebSocket) or POST (SPDY); what RBAC calls it (`create`, `get`) stands in the aliases.
//! A dry run counts only where it is certain to be honoured.

mod body;
pub mod channels;
mod fact;
mod facts;
pub(in crate::identify) mod json;
mod patch;
mod path;
mod pod;
mod protobuf;

use http::Method;
use percent_encoding::percent_decode_str;
use vec1::{Vec1, vec1};

use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use crate::catalog::{Manifest, kubernetes as catalog};
use crate::model::http::{BodyNeed, Captured, Head, Unreadable, Upgrade};
use crate::model::{Count, Operation, Parameter, Place, Resource, Scope};

pub use body::Written;
pub use fact::{Fact, Facts};
pub use path::{Object, Target, Verb};

/// The code behind the manifest's protocol `kubernetes`.
pub(crate) struct Kubernetes;

/// A parsed API call.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is addressed.
    pub target: Target,
    /// Nothing will be changed: the server is certain to honour the request's dry run.
    pub dry_run: bool,
    /// A server-side apply: creates what is absent.
    pub apply: bool,
    /// Acts under another identity (`Impersonate-*`).
    pub impersonates: bool,
    /// Every form of answer that the client takes leaves out what objects hold: names, labels, table rows.
    pub metadata_only: bool,
    /// What the body says.
    pub written: Written,
}

/// Headers that tell some servers another method or path than the request line does.
pub(super) const OVERRIDES: &[&str] = &[
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "x-forwarded-uri",
];

/// Whether the path of a host that nobody named is one of the Kubernetes API beyond doubt.
#[must_use]
pub fn has_shape(head: &Head) -> bool {
    path::has_shape(&head.method, head.path())
}

impl Protocol for Kubernetes {
    fn route(&self, _api: &'static Manifest, head: &Head, _known: &Known) -> Result<Routed, Unreadable> {
        if let Some(name) = OVERRIDES.iter().find(|name| head.header_count(name) > 0) {
            return Err(Unreadable::new(format!(
                "the header `{name}` can name another call than the request line does"
            )));
        }
        let query = query(head);
        let watching = value(&query, "watch").is_some_and(|on| !matches!(on, "0" | "false"));
        let target = opened(path::parse(&head.method, head.path(), watching)?, head)?;
        let need = need(&head.method, &target);
        let call = Call {
            dry_run: query_dry_run(head, &query),
            apply: head.header("content-type").is_some_and(|media| media.contains("apply-patch")),
            impersonates: head.headers.keys().any(|name| name.as_str().starts_with("impersonate-")),
            metadata_only: metadata_only(head, &query),
            written: Written::default(),
            target,
        };
        Ok(Routed { need, dialect: Dialect::Kubernetes, partial: Partial::Kubernetes(Box::new(call)) })
    }

    fn identify(
        &self,
        _api: &'static Manifest,
        partial: &Partial,
        known: &Known,
        head: &Head,
        body: &Captured,
    ) -> Result<Vec1<Reading>, Unreadable> {
        let Partial::Kubernetes(call) = partial else {
            return Err(Unreadable::new("the request was routed to another API"));
        };
        let mut call = call.clone();
        if let Target::Object(object) = &call.target
            && need(&head.method, &call.target) != BodyNeed::None
        {
            call.written = body::read(object, head, body)?;
        }
        call.dry_run = honoured(&call);
        Ok(vec1![reading(*call, head, known)])
    }

    fn dialect(&self, _api: &'static Manifest, _head: &Head) -> Dialect {
        Dialect::Kubernetes
    }
}

/// The target, once it is known what the connection is to become.
///
/// The API server opens WebSockets for watches and logs too, in which only it speaks. Beside those and the connections
/// proper, only subresources of aggregated APIs (KubeVirt) become anything else than an answer.
///
/// # Errors
/// An upgrade that no API server carries out: it has another reading than the call has without it.
fn opened(mut target: Target, head: &Head) -> Result<Target, Unreadable> {
    let Some(upgrade) = head.upgrade else { return Ok(target) };
    let odd = || Unreadable::status(501, "an upgrade on a call that opens no connection in the Kubernetes API");
    if matches!(upgrade, Upgrade::Tcp | Upgrade::H2c) {
        return Err(odd());
    }
    match &mut target {
        Target::Unidentified => {}
        Target::Server(_) => return Err(odd()),
        Target::Object(object) => {
            let is_log = object.plural == "pods" && object.group.is_empty() && object.sub.as_deref() == Some("log");
            let only_listens = upgrade == Upgrade::WebSocket && (object.verb == Verb::Watch || is_log);
            match object.verb {
                Verb::Connect => {}
                verb if verb.reads() && only_listens => {}
                Verb::Get if object.sub.is_some() => object.verb = Verb::Connect,
                _ => return Err(odd()),
            }
        }
    }
    Ok(target)
}

/// A write is read whole: its body says what it is called and whether it scales to zero. Reviews and tokens only observe
/// or are judged by their path.
fn need(method: &Method, target: &Target) -> BodyNeed {
    match target {
        Target::Object(object) if object.verb.reads() || object.verb == Verb::Connect => BodyNeed::None,
        Target::Object(object) if is_review(object) => BodyNeed::None,
        Target::Object(_) if method == Method::DELETE => BodyNeed::Whole(body::DELETE_MAX),
        Target::Object(_) => BodyNeed::Whole(body::WRITE_MAX),
        Target::Server(_) | Target::Unidentified => BodyNeed::None,
    }
}

/// `SubjectAccessReview` and its kin: a question asked by POST.
#[must_use]
pub fn is_review(object: &Object) -> bool {
    object.verb == Verb::Create
        && object.sub.is_none()
        && object.plural.ends_with("reviews")
        && matches!(
            object.group.as_str(),
            "authorization.k8s.io" | "authentication.k8s.io" | "authorization.openshift.io"
        )
}

/// The query as decoded pairs.
fn query(head: &Head) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = head.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, text)| (decode(name), decode(text)))
        .collect()
}

/// The value of a name that is there exactly once.
fn value<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Whether the client takes nothing but tables and partial objects. A table may be asked to hold whole objects.
fn metadata_only(head: &Head, query: &[(String, String)]) -> bool {
    let bare = |media: &str| {
        let kinds: Vec<&str> = media.split(';').filter_map(|part| part.trim().strip_prefix("as=")).collect();
        matches!(kinds[..], ["Table" | "PartialObjectMetadata" | "PartialObjectMetadataList"])
    };
    let whole = query.iter().any(|(name, value)| name == "includeObject" && value == "Object");
    head.header_count("accept") == 1 && !whole && head.header("accept").is_some_and(|all| all.split(',').all(bare))
}

/// `dryRun=All`, once and in plain spelling. Anything else is live.
fn query_dry_run(head: &Head, query: &[(String, String)]) -> bool {
    let literal = head.query().is_some_and(|text| text.split('&').any(|pair| pair == "dryRun=All"));
    literal && value(query, "dryRun") == Some("All")
}

/// Whether the server is certain to change nothing.
///
/// Aggregated API servers may ignore a dry run, and so does a token request; custom resources are the API server's own, but
/// only of groups that are known as such. A DELETE with a body has its options there and its query is ignored
/// (`k8s.io/apiserver/pkg/endpoints/handlers/delete.go`).
fn honoured(call: &Call) -> bool {
    let Target::Object(object) = &call.target else { return false };
    let group = object.group.as_str();
    let built_in = !group.contains('.') || group.ends_with(".k8s.io") || catalog::is_custom(group);
    let sub = matches!(
        object.sub.as_deref(),
        None | Some("scale" | "status" | "eviction" | "approval" | "binding" | "ephemeralcontainers" | "resize")
    );
    if !built_in || !sub || object.verb.reads() || object.verb == Verb::Connect {
        return false;
    }
    match object.verb {
        Verb::Delete | Verb::DeleteCollection if call.written.present => call.written.dry_run,
        _ if object.sub.as_deref() == Some("eviction") => call.dry_run || call.written.dry_run,
        _ => call.dry_run,
    }
}

fn reading(call: Call, head: &Head, known: &Known) -> Reading {
    let mut place = Place {
        host: Some(head.authority.host.clone()),
        cluster: known.cluster.clone(),
        loopback: head.authority.is_loopback() && known.cluster.is_none(),
        ..Place::default()
    };
    let (operation, aliases, resources, count, mut parameters) = match &call.target {
        Target::Server(what) => {
            (Operation::new("kubernetes", "server", &format!("{what}.get")), vec![], vec![], Count::ONE, vec![])
        }
        Target::Unidentified => {
            let path = Resource::from(super::rest::masked(head.path()));
            (Operation::from_id("kubernetes:unidentified"), vec![], vec![path], Count::Unbounded, vec![])
        }
        Target::Object(object) => {
            place.namespace.clone_from(&object.namespace);
            let count = match object.verb {
                Verb::List | Verb::Watch | Verb::DeleteCollection => Count::Unbounded,
                Verb::Delete if stands_for_many(object) => Count::AtLeast(1),
                _ => Count::ONE,
            };
            let name = object.name.as_deref().or(call.written.name.as_deref()).unwrap_or("*");
            let id = Resource::from(resource_id(object, name));
            (id_of(object, object.verb.as_str()), aliases(object), vec![id], count, parameters(&call, object, head))
        }
    };
    for (name, value) in head.headers.iter().filter(|(name, _)| name.as_str().starts_with("impersonate-")) {
        parameters.push(Parameter::new(name.as_str(), String::from_utf8_lossy(value.as_bytes())));
    }
    Reading { operation, aliases, resources, place, parameters, count, face: Face::Kubernetes(Box::new(call)) }
}

/// Whether other objects go with one of this kind.
fn stands_for_many(object: &Object) -> bool {
    let scope = catalog::kind(&object.group, &object.plural).and_then(catalog::Kind::scope);
    scope == Some(Scope::Environment) || object.plural == "customresourcedefinitions"
}

fn id_of(object: &Object, verb: &str) -> Operation {
    let group = if object.group.is_empty() { "core" } else { &object.group };
    let sub = object.sub.as_ref().map(|sub| format!("/{sub}")).unwrap_or_default();
    Operation::new("kubernetes", group, &format!("{}{sub}.{verb}", object.plural))
}

/// A connection under the names that RBAC gives it.
fn aliases(object: &Object) -> Vec<Operation> {
    match object.verb {
        Verb::Connect => ["create", "get"].map(|verb| id_of(object, verb)).to_vec(),
        _ => vec![],
    }
}

/// `namespace/plural.group/name`; what is in no namespace has no first part.
fn resource_id(object: &Object, name: &str) -> String {
    let dot = if object.group.is_empty() { "" } else { "." };
    let kind = format!("{}{dot}{}", object.plural, object.group);
    match &object.namespace {
        Some(namespace) if object.plural != "namespaces" => format!("{namespace}/{kind}/{name}"),
        _ => format!("{kind}/{name}"),
    }
}

fn parameters(call: &Call, object: &Object, head: &Head) -> Vec<Parameter> {
    let mut all = call.written.parameters.clone();
    if object.verb.reads() {
        return all;
    }
    if call.dry_run {
        all.push(Parameter::new("dryRun", "All"));
    }
    let pairs = query(head);
    // DeleteOptions stand in the query too, where a DELETE has no body.
    let deciding = [
        "command",
        "container",
        // What is not asked for here cannot be sent later (`channels`).
        "stdin",
        "ports",
        "labelSelector",
        "fieldSelector",
        "propagationPolicy",
        "gracePeriodSeconds",
        "orphanDependents",
        "path",
        // Of an apply: takes over what others manage.
        "force",
    ];
    for (name, value) in pairs.into_iter().filter(|(name, _)| deciding.contains(&name.as_str())) {
        all.push(Parameter { name, value });
    }
    if object.sub.as_deref() == Some("proxy") {
        let behind = head.path().split_once("/proxy/").map_or("", |(_, behind)| behind);
        all.push(Parameter::new("proxy", format!("{} /{}", head.method, super::rest::masked(behind))));
    }
    all
}

#[cfg(test)]
mod tests;
