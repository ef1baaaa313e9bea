//! APIs whose calls are described by tables: a method and a path name the operation, and what its conditions name is read.
//!
//! Ids are `PROVIDER:service:name`. A call that the tables do not hold is `PROVIDER:unidentified`; only where they do not
//! claim to hold all of the API, a GET is `PROVIDER:http:GET`, a read by its method. Nothing here holds a provider's name:
//! what differs stands in its folder of the catalog.

mod members;
mod path;
pub(in crate::identify) mod shape;

#[cfg(test)]
mod tests;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use vec1::{Vec1, vec1};

use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use super::{git, kubernetes, rest};
use crate::catalog::described::{Operation as Row, book};
use crate::catalog::{Condition, Manifest, PlaceKey};
use crate::model::http::{BodyNeed, Captured, Head, Unreadable, Upgrade};
use crate::model::{Count, Operation, Parameter, Place, Resource};

pub use members::Members;
pub(in crate::identify) use members::pairs;

/// The code behind the manifest's protocol `described`.
pub(crate) struct Described;

/// What the classifier needs.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What the call is.
    pub call: Call,
    /// What its conditions are asked of.
    pub members: Members,
    /// What the connection is to become.
    pub upgrade: Option<Upgrade>,
}

/// What a call is.
#[derive(Clone, Debug)]
pub enum Call {
    /// In the tables: these operations, which look the same.
    Listed(Vec1<&'static Row>),
    /// Not in the tables, which do not claim to hold all: by its method it observes.
    ByMethod,
    /// Nobody knows.
    Unlisted,
}

/// Bodies that decide are read whole up to here.
const DECIDING_MAX: usize = 8 * 1024 * 1024;
/// As much of another write's body is read so that an approval is bound to it.
const BOUND_MAX: usize = 1024 * 1024;
/// A longer parameter stands in the record by its digest.
const PARAMETER_BYTES_MAX: usize = 120;
/// Words in the names of what may be a secret.
const SECRETS: [&str; 6] = ["password", "secret", "token", "credential", "privatekey", "private_key"];

impl Protocol for Described {
    fn route(&self, api: &'static Manifest, head: &Head, _known: &Known) -> Result<Routed, Unreadable> {
        route(api, head)
    }

    fn identify(
        &self,
        api: &'static Manifest,
        _partial: &Partial,
        known: &Known,
        head: &Head,
        body: &Captured,
    ) -> Result<Vec1<Reading>, Unreadable> {
        identify(api, known, head, body)
    }

    fn dialect(&self, api: &'static Manifest, head: &Head) -> Dialect {
        dialect(api, head)
    }
}

/// How the API says no.
pub(in crate::identify) fn dialect(api: &'static Manifest, head: &Head) -> Dialect {
    match rest::dialect(head) {
        _ if is_graphql(api, head) && rest::is_graphql_request(head) => Dialect::Graphql,
        // On any other path of a host that has GraphQL too, it is the API's own way.
        Dialect::Problem | Dialect::Graphql if api.refusal.is_some() => Dialect::Described(api.folder),
        other => other,
    }
}

/// How much body it takes.
///
/// # Errors
/// The head has more than one reading.
pub(in crate::identify) fn route(api: &'static Manifest, head: &Head) -> Result<Routed, Unreadable> {
    refuse_overrides(head)?;
    let routed = |need| Routed { need, dialect: dialect(api, head), partial: Partial::None };
    if let Some(need) = git::need(head) {
        return Ok(routed(need));
    }
    if is_graphql(api, head) {
        return Ok(routed(rest::graphql_need(head)));
    }
    let Some(found) = book(api.folder).map(|book| path::find(api, book, head)).transpose()?.flatten() else {
        return Ok(routed(BodyNeed::None));
    };
    Ok(routed(need(&found, head)))
}

/// A header that names another method or path than the request line does: servers follow either.
fn refuse_overrides(head: &Head) -> Result<(), Unreadable> {
    let differs = |name: &&&str| {
        head.header_count(name) > 0 && head.header(name).is_none_or(|value| value.trim() != head.method.as_str())
    };
    match kubernetes::OVERRIDES.iter().find(differs) {
        Some(name) => {
            Err(Unreadable::new(format!("the header `{name}` can name another call than the request line does")))
        }
        None => Ok(()),
    }
}

fn need(found: &path::Match, head: &Head) -> BodyNeed {
    let decides = members::asks_for_body(&found.operations);
    match () {
        () if matches!(head.method.as_str(), "GET" | "HEAD") => BodyNeed::None,
        () if decides => BodyNeed::Whole(DECIDING_MAX),
        () if found.operations.iter().any(|row| row.holds_bytes()) => BodyNeed::None,
        () => BodyNeed::Prefix(BOUND_MAX),
    }
}

/// Whether the path is one of the API's GraphQL endpoints.
fn is_graphql(api: &'static Manifest, head: &Head) -> bool {
    let path = rest::canonical(head.path()).0;
    api.graphql.iter().any(|known| path.trim_end_matches('/').eq_ignore_ascii_case(known))
}

/// Names what the request asks for.
///
/// # Errors
/// It has more than one reading.
pub(in crate::identify) fn identify(
    api: &'static Manifest,
    known: &Known,
    head: &Head,
    body: &Captured,
) -> Result<Vec1<Reading>, Unreadable> {
    if let Some(readings) = git::all_readings(head, body, known) {
        return Ok(readings);
    }
    if is_graphql(api, head) {
        let readings = rest::graphql_readings(api, head, body, known);
        rest::refuse_two_readings(&readings)?;
        return Ok(readings.mapped(|reading| graphql(api, head, reading)));
    }
    let found = book(api.folder).map(|book| path::find(api, book, head)).transpose()?.flatten();
    Ok(vec1![match found.and_then(|found| Some((Vec1::try_from_vec(found.operations).ok()?, found.labels))) {
        Some((operations, labels)) => listed(api, operations, labels, (head, body))?,
        None => unlisted(api, head),
    }])
}

/// A message of a connection to the API's GraphQL; `None` where the path is none of its endpoints.
pub(in crate::identify) fn message(
    api: &'static Manifest,
    posted: &Head,
    body: &Captured,
    known: &Known,
) -> Option<Vec1<Reading>> {
    let readings = || rest::graphql_readings(api, posted, body, known).mapped(|reading| graphql(api, posted, reading));
    is_graphql(api, posted).then(readings)
}

/// A reading of the API's own GraphQL; what is none is not listed.
fn graphql(api: &'static Manifest, head: &Head, reading: Reading) -> Reading {
    match &reading.face {
        Face::Rest(seen) if seen.graphql.is_some() => reading,
        _ => unlisted(api, head),
    }
}

fn listed(
    api: &'static Manifest,
    operations: Vec1<&'static Row>,
    labels: Vec<(&'static str, String)>,
    (head, body): (&Head, &Captured),
) -> Result<Reading, Unreadable> {
    let members = members::read(&operations, &labels, head, body)?;
    let row = *operations.first();
    let id = |row: &Row| Operation::new(&api.id, row.service.get(), row.name.get());
    let operation = id(row);
    let mut aliases: Vec<Operation> = operations.iter().skip(1).map(|row| id(row)).collect();
    aliases.sort();
    aliases.dedup();
    aliases.retain(|alias| *alias != operation);
    let mut parameters = parameters(&members);
    if row.impact.get() != "read"
        && let Some(query) = head.query().filter(|query| !query.is_empty())
    {
        let digest = HEXLOWER.encode(Sha256::digest(query).get(..16).unwrap_or_default());
        parameters.push(Parameter::new("query.sha256", digest));
    }
    Ok(Reading {
        operation,
        aliases,
        resources: resources(api, row, &labels, &members, head),
        place: place(api, &labels, head),
        parameters,
        count: count(row, &members),
        face: Face::Described(Seen { call: Call::Listed(operations), members, upgrade: head.upgrade }),
    })
}

fn unlisted(api: &'static Manifest, head: &Head) -> Reading {
    let observes = matches!(head.method.as_str(), "GET" | "HEAD" | "OPTIONS") && head.upgrade.is_none();
    // A preflight asks a server what a browser may do; no API acts on it.
    let is_read = observes && (!api.complete || head.method == http::Method::OPTIONS);
    let (operation, call, count) = if is_read {
        (Operation::new(&api.id, "http", head.method.as_str()), Call::ByMethod, Count::ONE)
    } else {
        (Operation::from_id(&format!("{}:unidentified", api.id)), Call::Unlisted, Count::Unbounded)
    };
    Reading {
        operation,
        aliases: vec![],
        resources: vec![Resource::from(rest::masked(head.path()))],
        place: rest::place(head),
        parameters: vec![],
        count,
        face: Face::Described(Seen { call, members: Members::default(), upgrade: head.upgrade }),
    }
}

/// Where it stands, as far as the path's labels tell.
fn place(api: &'static Manifest, labels: &[(&'static str, String)], head: &Head) -> Place {
    let mut place = rest::place(head);
    let value = |label: &str| labels.iter().find(|(known, _)| *known == label).map(|(_, value)| value.as_str());
    let joined = |label: &String| label.split('/').map(value).collect::<Option<Vec<_>>>().map(|all| all.join("/"));
    for (key, candidates) in &api.place {
        let cell = match key {
            PlaceKey::Account => &mut place.account,
            PlaceKey::Project => &mut place.project,
            PlaceKey::Subscription => &mut place.subscription,
            PlaceKey::Region => &mut place.region,
            PlaceKey::Repository => &mut place.repository,
            PlaceKey::Cluster => &mut place.cluster,
            PlaceKey::Namespace => &mut place.namespace,
        };
        // A wildcard names no one place.
        *cell = candidates.iter().find_map(joined).filter(|value| value != "-");
    }
    place
}

/// What is acted upon: the row's template, else the path below the base; then what members name.
fn resources(
    api: &'static Manifest,
    row: &Row,
    labels: &[(&'static str, String)],
    members: &Members,
    head: &Head,
) -> Vec<Resource> {
    let own = match row.resource.get() {
        "" => below_base(api, head, row),
        template => template
            .split('/')
            .map(|part| {
                let label =
                    part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).map(|l| l.trim_end_matches('+'));
                let value = labels.iter().find(|(known, _)| Some(*known) == label).map(|(_, value)| value.as_str());
                value.unwrap_or(part)
            })
            .collect::<Vec<_>>()
            .join("/"),
    };
    let naming =
        row.conditions().filter_map(|row| Condition::silent(row.when.get())).filter(|(word, _)| *word == "resource");
    let named: Vec<&str> = naming.flat_map(|(_, condition)| members.of(condition.member)).collect();
    match named.as_slice() {
        [] => vec![Resource::from(rest::masked(&own))],
        named => named.iter().map(|name| Resource::from(rest::masked(&format!("{own}/{name}")))).collect(),
    }
}

fn below_base(api: &'static Manifest, head: &Head, row: &Row) -> String {
    let segments: Vec<&str> = head.path().split('/').filter(|part| !part.is_empty()).collect();
    let below = path::bases(api).find_map(|base| segments.get(path::length_of(base, &segments)?..));
    let rest = below.unwrap_or(&segments).join("/");
    let verb = row.path.get().rsplit_once(':').map(|(_, verb)| verb).filter(|verb| !verb.contains('}'));
    verb.and_then(|verb| rest.strip_suffix(verb)?.strip_suffix(':')).map(str::to_owned).unwrap_or(rest)
}

/// How many: what the row says, or as many as a member names.
fn count(row: &Row, members: &Members) -> Count {
    let silent = || row.conditions().filter_map(|row| Condition::silent(row.when.get()));
    let wide =
        silent().any(|(word, one)| word == "wide" && (members.of(one.member).next().is_some() || members.is_opaque()));
    let counted: usize =
        silent().filter(|(word, _)| *word == "count").map(|(_, one)| members.of(one.member).count()).sum();
    match row.count.get() {
        _ if wide => Count::Unbounded,
        "unbounded" => Count::Unbounded,
        _ if counted > 0 => Count::Exact(counted as u64),
        "least" => Count::AtLeast(1),
        _ => Count::ONE,
    }
}

/// What conditions look at, for rules, records and approvals. What may be a secret, or is long, stands by its digest.
fn parameters(members: &Members) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = vec![];
    for (name, value) in members.iter() {
        let lower = name.to_ascii_lowercase();
        let secret = SECRETS.iter().any(|word| lower.contains(word)) && !matches!(value, "true" | "false" | "null");
        let shown = if value.len() > PARAMETER_BYTES_MAX || secret {
            format!("sha256:{} ({} bytes)", HEXLOWER.encode(&Sha256::digest(value)), value.len())
        } else {
            rest::masked(value)
        };
        let parameter = Parameter::new(name, shown);
        if !parameters.contains(&parameter) {
            parameters.push(parameter);
        }
    }
    parameters
}
