//! Azure Resource Manager and Microsoft Graph, by the grammar of their paths.
//!
//! Ids are `azure:Microsoft.X:type/type.VERB` with the verb `read`, `write`, `delete` or the last word of a POST, and
//! `azure:graph:words.VERB`. What a call does is the catalog's to say; here it is only named, and its body read for the
//! members that may decide. A batch is read as the calls that it holds.

mod batch;
mod body;
mod graph;
mod path;

use data_encoding::HEXLOWER;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use vec1::{Vec1, vec1};

use super::kubernetes::OVERRIDES;
use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use crate::catalog::Manifest;
use crate::catalog::azure::{Effect, effects, graph_effects};
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};
use crate::model::{Count, Operation, Parameter, Place, Resource};

pub use body::{Written, values};
pub use graph::Target as GraphTarget;
pub use path::Target as ArmTarget;

/// The code behind the manifest's protocol `azure`.
pub(crate) struct Azure;

/// What the classifier needs.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What is addressed.
    pub target: Target,
    /// The call.
    pub call: Call,
}

/// What a call addresses.
#[derive(Clone, Debug)]
pub enum Target {
    /// Something of Resource Manager's.
    Arm(path::Target),
    /// Something of Graph's.
    Graph(graph::Target),
    /// Neither could be read from it.
    Unidentified,
}

/// One call: the request itself, or a part of a batch.
#[derive(Clone, Debug)]
pub struct Call {
    /// In capitals.
    pub method: String,
    /// As sent.
    pub path: String,
    /// Decoded.
    pub query: Vec<(String, String)>,
    /// What the body says.
    pub written: Written,
}

impl Seen {
    /// The catalog's row that says what the call does; none where it cannot be named.
    #[must_use]
    pub fn base(&self) -> Option<&'static Effect> {
        let base = |rows: &'static [Effect]| rows.first().filter(|row| row.when == "-");
        match &self.target {
            Target::Arm(target) => {
                base(effects(&target.full_kind(), &target.verb)).or_else(|| base(effects("*", &target.verb)))
            }
            Target::Graph(target) => {
                target.words.as_ref().and_then(|words| base(graph_effects(words, &target.verb, true)))
            }
            Target::Unidentified => None,
        }
    }

    /// The conditional rows that may make it stricter.
    pub fn conditions(&self) -> impl Iterator<Item = &'static Effect> {
        let more = match &self.target {
            Target::Arm(target) => [effects(&target.full_kind(), &target.verb), effects("*", &target.verb)],
            Target::Graph(target) => {
                let words = target.words.as_deref().unwrap_or_default();
                [graph_effects(words, &target.verb, false), &[]]
            }
            Target::Unidentified => [&[][..], &[]],
        };
        more.into_iter().flatten().filter(|row| row.when != "-")
    }
}

/// The largest body: templates have up to 4 MiB.
const MAX: usize = 4 * 1024 * 1024 + 64 * 1024;

impl Protocol for Azure {
    fn route(&self, api: &'static Manifest, head: &Head, _known: &Known) -> Result<Routed, Unreadable> {
        if let Some(name) = OVERRIDES.iter().find(|name| head.header_count(name) > 0) {
            return Err(Unreadable::new(format!(
                "the header `{name}` can name another call than the request line does"
            )));
        }
        if head.upgrade.is_some() {
            return Err(Unreadable::status(501, "an upgrade on a call that opens no connection"));
        }
        let reads = matches!(head.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        let need = if reads || is_upload(head) { BodyNeed::None } else { BodyNeed::Whole(MAX) };
        Ok(Routed { need, dialect: self.dialect(api, head), partial: Partial::None })
    }

    fn identify(
        &self,
        _api: &'static Manifest,
        _partial: &Partial,
        _known: &Known,
        head: &Head,
        body: &Captured,
    ) -> Result<Vec1<Reading>, Unreadable> {
        let lenient = head.path().to_ascii_lowercase().contains("/microsoft.resources/deployments/");
        let written = body::read(head, body, lenient)?;
        if batch::is_batch(head.method.as_str(), head.path()) {
            let calls = batch::parts(head, &written)?;
            let readings = calls.into_iter().map(|call| reading(call, head, body)).collect::<Result<Vec<_>, _>>()?;
            return Vec1::try_from_vec(readings).map_err(|_| Unreadable::new("the batch has no requests"));
        }
        let call = Call {
            method: head.method.as_str().to_owned(),
            path: head.path().to_owned(),
            query: pairs(head.query().unwrap_or_default()),
            written,
        };
        Ok(vec1![reading(call, head, body)?])
    }

    fn dialect(&self, api: &'static Manifest, _head: &Head) -> Dialect {
        Dialect::Described(api.folder)
    }
}

/// Whether a path is one of Graph's: the host tells, or, behind a listener, the version that it begins with.
fn is_graph(head: &Head, path: &str) -> bool {
    let host = &head.authority.host;
    host.contains("graph") || !host.starts_with("management.") && path.split('/').nth(1).is_some_and(graph::is_version)
}

/// A file's or a photo's bytes, which go to Graph by PUT.
fn is_upload(head: &Head) -> bool {
    let path = head.path();
    head.method == http::Method::PUT
        && is_graph(head, path)
        && (path.ends_with("/content") || path.ends_with("/$value"))
}

/// A query as decoded pairs.
fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn reading(call: Call, head: &Head, body: &Captured) -> Result<Reading, Unreadable> {
    let target = if is_graph(head, &call.path) {
        let mut segments = call.path.splitn(3, '/');
        match (segments.next(), segments.next(), segments.next()) {
            (Some(""), Some(version), Some(rest)) if graph::is_version(version) => {
                Target::Graph(graph::parse(&call.method, rest)?)
            }
            _ => Target::Unidentified,
        }
    } else {
        path::parse(&call.method, &call.path)?.map_or(Target::Unidentified, Target::Arm)
    };
    let mut place =
        Place { host: Some(head.authority.host.clone()), loopback: head.authority.is_loopback(), ..Place::default() };
    let (operation, id, collection) = match &target {
        Target::Arm(arm) => {
            place.subscription.clone_from(&arm.subscription);
            (Operation::new("azure", &arm.namespace, &arm.name()), arm.id.clone(), arm.collection)
        }
        Target::Graph(graph) => (Operation::new("azure", "graph", &graph.name()), graph.id.clone(), graph.collection),
        Target::Unidentified => (Operation::from_id("azure:unidentified"), super::rest::masked(&call.path), true),
    };
    let seen = Seen { target, call };
    let count = count(&seen, collection);
    let parameters = parameters(&seen, body);
    Ok(Reading {
        operation,
        aliases: vec![],
        resources: vec![Resource::from(id)],
        place,
        parameters,
        count,
        face: Face::Azure(Box::new(seen)),
    })
}

/// How many: a collection has no bound, a group at least itself.
fn count(seen: &Seen, collection: bool) -> Count {
    if let Target::Arm(target) = &seen.target {
        let many = |member: &str| match &seen.call.written {
            Written::Json(value) => u64::try_from(values(value, member).len()).unwrap_or(u64::MAX),
            _ => 0,
        };
        let counted = match target.verb.to_ascii_lowercase().as_str() {
            "moveresources" => many("resources"),
            // Machines of a scale set, nodes of a pool.
            "delete/action" | "deletemachines" | "reimage" | "deallocate" | "poweroff" | "restart" => {
                many("instanceIds").max(many("machineNames"))
            }
            _ => 0,
        };
        if counted > 0 {
            return Count::Exact(counted);
        }
    }
    let writes = !matches!(seen.call.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "POST");
    match () {
        () if collection && writes => Count::Unbounded,
        () if seen
            .base()
            .is_some_and(|row| row.impact == "destroy" && row.scope != "item" && row.scope != "resource") =>
        {
            Count::AtLeast(1)
        }
        () => Count::ONE,
    }
}

/// What an approval is bound to: everything that decides, and digests of the rest.
fn parameters(seen: &Seen, body: &Captured) -> Vec<Parameter> {
    if matches!(seen.call.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
        return vec![];
    }
    let mut all: Vec<Parameter> = seen
        .call
        .query
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("api-version"))
        .map(|(name, value)| Parameter::new(name.as_str(), value.as_str()))
        .collect();
    if let Written::Json(document) = &seen.call.written {
        let named =
            seen.conditions().flat_map(|row| row.when.split(" & ")).filter_map(|part| part.split("body.").nth(1));
        for member in named {
            let member = member.split(['=', '!', '<', '>', '~', ' ']).next().unwrap_or_default();
            let short = |value: &serde_json::Value| match value {
                serde_json::Value::String(text) => Some(text.clone()),
                serde_json::Value::Bool(_) | serde_json::Value::Number(_) => Some(value.to_string()),
                _ => None,
            };
            for value in values(document, member).into_iter().filter_map(short).filter(|text| text.len() < 200).take(20)
            {
                let parameter = Parameter::new(member, value);
                if !all.contains(&parameter) {
                    all.push(parameter);
                }
            }
        }
    }
    if let Some(bytes) = body.whole().filter(|bytes| !bytes.is_empty()) {
        let digest = HEXLOWER.encode(Sha256::digest(bytes).get(..16).unwrap_or_default());
        all.push(Parameter::new("body.sha256", digest));
    }
    all
}

#[cfg(test)]
mod tests;
