//! A call that is told instead of sent: service, operation and a document of parameters, as a command line or a tool call
//! has them. It becomes the reading that the same call would have as a request, by the same members, ARNs and generic code.
//!
//! Names in the document are those of the model (`Delete.Objects[].Key`), whatever protocol the service speaks. What nobody
//! knows of a parameter is not guessed: whatever the tables ask of it holds, and a dry run that is not certain is none.

use serde_json::Value;
use vec1::Vec1;

use super::call::{Candidate, Named};
use super::members::{Step, decides};
use super::resources::Where;
use super::{Reading, Row, Service, Twin, Values, forget_account, generic, host, scope, unidentified};
use crate::catalog::Condition;
use crate::catalog::aws::{self as catalog, Location, Member, Role, WireProtocol};
use crate::head::text::head_from_parts;
use crate::model::http::{Head, Unreadable};
use crate::model::{Count, Parameter, Resource};

/// Where a told call goes.
#[derive(Clone, Debug, Default)]
pub(in crate::identify) struct Target {
    /// The region, where it is known.
    pub(in crate::identify) region: Option<String>,
    /// The account of the caller's credentials: the resources' own, where they name none.
    pub(in crate::identify) account: Option<String>,
    /// The profile of the AWS command line that says whose credentials are used.
    pub(in crate::identify) profile: Option<String>,
    /// `http://localhost:4566`: another endpoint than AWS' own.
    pub(in crate::identify) endpoint: Option<String>,
}

/// What is known of a call's parameters.
#[derive(Clone, Debug, Default)]
pub(in crate::identify) struct Parameters {
    /// An object by the members' names.
    pub(in crate::identify) document: serde_json::Map<String, Value>,
    /// Top-level members whose value nobody knows, with what stands there instead: `$ID`.
    pub(in crate::identify) unknown: Vec<(String, String)>,
    /// Any member may be set beside those.
    pub(in crate::identify) open: bool,
}

/// The readings of a told call.
///
/// # Errors
/// What is told has no single reading.
pub(in crate::identify) fn readings(
    (service, operation): Twin,
    parameters: &Parameters,
    target: &Target,
) -> Result<Vec1<Reading>, Unreadable> {
    let values = collect((service, operation), parameters);
    let (candidate, head) = stand_in(service, Some(operation), target, &values, &parameters.document)?;
    let told = (service, operation, twins(service, operation));
    let least = parameters.open || is_least(operation, parameters);
    let (service, operation, twins) = called(told);
    let mut readings = generic::readings(&candidate, &head, (service, operation, twins), values)?;
    for reading in &mut readings {
        place(reading, target, &head);
        if let (true, Count::Exact(count)) = (least, reading.count) {
            reading.count = Count::AtLeast(count.max(1));
        }
        hide_unset(&mut reading.parameters);
        name_unset(&mut reading.resources, parameters);
    }
    Ok(readings)
}

/// A call to an operation of this service that the tables do not hold.
///
/// # Errors
/// The endpoint is none.
pub(in crate::identify) fn unnamed(service: &'static Service, target: &Target) -> Result<Reading, Unreadable> {
    let (candidate, head) = stand_in(service, None, target, &Values::default(), &serde_json::Map::new())?;
    let mut reading = unidentified(&candidate, &head);
    place(&mut reading, target, &head);
    Ok(reading)
}

/// The account that an access key's id tells.
#[must_use]
pub(in crate::identify) fn account_of_key(key: &str) -> Option<String> {
    scope::account_of_key(key)
}

/// Whether this is an account's number.
#[must_use]
pub(in crate::identify) fn is_account(text: &str) -> bool {
    host::is_account(text)
}

/// Whether a host is one of AWS' own.
#[must_use]
pub(in crate::identify) fn is_host(name: &str) -> bool {
    host::Host::read(name).is_some()
}

/// What nobody knows stands as such in records.
fn hide_unset(parameters: &mut [Parameter]) {
    for parameter in parameters {
        if parameter.value == Condition::UNSET {
            "(not known)".clone_into(&mut parameter.value);
        }
    }
}

/// A resource whose name nobody knows is called as the command has it; one that may not even be there is left out.
fn name_unset(resources: &mut Vec<Resource>, parameters: &Parameters) {
    let shown = parameters.unknown.first().map(|(_, shown)| shown.as_str());
    resources.retain_mut(|resource| {
        if !resource.as_str().contains(Condition::UNSET) {
            return true;
        }
        if let Some(shown) = shown {
            *resource = Resource::from(resource.as_str().replace(Condition::UNSET, shown));
        }
        shown.is_some()
    });
}

/// Where nobody checks whose account it is, none is named.
fn place(reading: &mut Reading, target: &Target, head: &Head) {
    if target.endpoint.is_some() && !is_host(&head.authority.host) {
        forget_account(reading);
        return;
    }
    reading.place.profile.clone_from(&target.profile);
}

/// Candidate and head as they would be of the request that stands for the call.
fn stand_in(
    service: &'static Service,
    operation: Option<&'static Row>,
    target: &Target,
    values: &Values,
    document: &serde_json::Map<String, Value>,
) -> Result<(Candidate, Head), Unreadable> {
    let region = region_of(service, target.region.as_deref());
    let partition = region.as_deref().map_or("aws", host::partition_of_region);
    let named = values.first("AccountId").filter(|value| host::is_account(value));
    let in_host = operation.is_some_and(|operation| operation.host_prefix.get() == "{AccountId}.");
    let url = match &target.endpoint {
        Some(endpoint) => endpoint.clone(),
        None => format!("https://{}/", host_of(service, region.as_deref(), partition)),
    };
    let owner = document.get("ExpectedBucketOwner").and_then(Value::as_str);
    let headers: Vec<(String, String)> =
        owner.map(|owner| ("x-amz-expected-bucket-owner".to_owned(), owner.to_owned())).into_iter().collect();
    let head = head_from_parts("POST", &url, &headers)?;
    // Bedrock's calls carry a bearer's token only where one is set.
    let is_unsigned = operation.is_some_and(|operation| operation.is_unsigned());
    let is_anonymous = is_unsigned && !service.name.get().starts_with("bedrock");
    let place = Where {
        partition,
        region,
        point_account: None,
        host_account: named.filter(|_| in_host).map(str::to_owned),
        key_account: target.account.clone().filter(|_| !is_anonymous),
    };
    let candidate = Candidate {
        services: vec![service],
        unnamed: None,
        named: Named::Nothing,
        place,
        query: vec![],
        signed: vec![],
        presigned: false,
    };
    Ok((candidate, head))
}

/// Services of one endpoint, whose requests are signed for this region. Source: botocore's `endpoints.json`
/// (`isRegionalized: false`).
const GLOBAL: [&str; 7] = ["budgets", "ce", "cloudfront", "iam", "organizations", "route53", "waf"];

fn region_of(service: &Service, region: Option<&str>) -> Option<String> {
    let is_plain = region.is_none_or(|region| host::partition_of_region(region) == "aws");
    if GLOBAL.contains(&service.name.get()) && is_plain {
        return Some("us-east-1".to_owned());
    }
    region.filter(|region| host::is_region(region)).map(str::to_owned)
}

/// The service's host, by the label that the tables have for it.
fn host_of(service: &'static Service, region: Option<&str>, partition: &str) -> String {
    let is_its = |label: &&str| catalog::by_host(label).any(|one| std::ptr::eq(one, service));
    let mut labels = [service.name.get(), service.judged_as.get()].into_iter().chain(service.signing_names());
    let label = labels.find(is_its).unwrap_or(service.name.get());
    let of = catalog::partitions().iter().find(|one| one.name.get() == partition);
    let suffix = of.map_or("amazonaws.com", |one| one.suffix.get());
    match region {
        Some(region) => format!("{label}.{region}.{suffix}"),
        None => format!("{label}.{suffix}"),
    }
}

/// What a request of this form may be beside, and by whose name it goes at the HTTP door: of services that share a host and
/// a version, or a target, the one that the others are twins of.
fn twins(service: &'static Service, operation: &'static Row) -> Vec<Twin> {
    let (name, version) = (operation.name.get(), service.version.get());
    let shares = |other: &Service| {
        let forms = |one: &Service| one.protocols().any(WireProtocol::is_form);
        other.version.get() == version && forms(service) && forms(other)
    };
    let mut found: Vec<Twin> = vec![];
    for signing in service.signing_names() {
        for other in catalog::by_signing(signing).filter(|other| !std::ptr::eq(*other, service) && shares(other)) {
            let is_new = !found.iter().any(|(one, _)| std::ptr::eq(*one, other));
            found.extend(other.operation(name).filter(|_| is_new).map(|operation| (other, operation)));
        }
    }
    found
}

/// The one that the others are twins of gives its name.
fn called(
    (service, operation, mut twins): (&'static Service, &'static Row, Vec<Twin>),
) -> (&'static Service, &'static Row, Vec<Twin>) {
    let first = service.judged_as.get();
    match twins.iter_mut().find(|(other, _)| first != service.name.get() && other.name.get() == first) {
        Some(twin) => {
            let (named, row) = std::mem::replace(twin, (service, operation));
            (named, row, twins)
        }
        None => (service, operation, twins),
    }
}

/// The top-level name of a member.
fn top(member: &Member) -> &'static str {
    let path = member.path.get();
    path.split(['.', '[', '{']).next().unwrap_or(path)
}

fn is_least(operation: &Row, parameters: &Parameters) -> bool {
    let counts = |member: &&Member| {
        member.path.get().contains(['[', '{'])
            && (member.roles.contains(Role::Resource) || member.roles.contains(Role::Counting))
    };
    operation.members().iter().filter(counts).any(|member| is_unknown(member, parameters))
}

fn is_unknown(member: &Member, parameters: &Parameters) -> bool {
    parameters.unknown.iter().any(|(name, _)| name == top(member))
}

/// The values of the members that the tables name, those outside the body first, as a request's are found.
fn collect((service, operation): Twin, parameters: &Parameters) -> Values {
    let in_document =
        |one: WireProtocol| matches!(one, WireProtocol::Json | WireProtocol::RestJson | WireProtocol::Cbor);
    let is_document = service.protocols().next().is_some_and(in_document);
    let mut values = Values::default();
    let in_body = |member: &&'static Member| member.location() == Location::Body;
    let (body, before): (Vec<_>, Vec<_>) = operation.members().iter().partition(in_body);
    for member in before.into_iter().chain(body) {
        let shown = parameters.unknown.iter().find(|(name, _)| name == top(member)).map(|(_, shown)| shown.as_str());
        if shown.is_some() || parameters.open && !parameters.document.contains_key(top(member)) {
            unknown(member, shown, &mut values);
            continue;
        }
        let steps = Step::parse(member.path.get());
        if let Some((Step::Key(name), rest)) = steps.split_first()
            && let Some(value) = parameters.document.get(*name)
        {
            // A dry run that a word nobody knows may take back is none.
            if !(parameters.open && member.roles.contains(Role::DryRun)) {
                let is_quoted = is_document && member.location() == Location::Body;
                follow(&Found { member, is_quoted }, rest, value, &mut values);
            }
        }
    }
    values
}

/// Whatever is asked of it holds, but that it is a dry run.
fn unknown(member: &'static Member, shown: Option<&str>, values: &mut Values) {
    match shown {
        _ if member.roles.contains(Role::DryRun) => {}
        // Many by itself would be a guess; see `is_least`.
        _ if member.roles.contains(Role::Wide) && shown.is_none() => {}
        _ if decides(member) && (!member.roles.contains(Role::Counting) || member.roles.contains(Role::Deciding)) => {
            values.push(member, Condition::UNSET);
        }
        Some(shown) if member.roles.contains(Role::Resource) => values.push(member, shown),
        _ => {}
    }
}

/// A member whose values are looked for.
struct Found {
    member: &'static Member,
    /// Its texts stand in a document of JSON.
    is_quoted: bool,
}

/// The values below, as [`super::document`] finds them in a body. One value stands for a list of one: the command line takes
/// `Values=a` for it.
fn follow(found: &Found, steps: &[Step<'_>], value: &Value, values: &mut Values) {
    let Some((step, rest)) = steps.split_first() else {
        if let Some(text) = leaf(value, found.is_quoted) {
            values.push(found.member, text);
        }
        return;
    };
    match (step, value) {
        (Step::List, Value::Array(items)) => items.iter().for_each(|item| follow(found, rest, item, values)),
        (Step::List, Value::Null) => {}
        (Step::List, one) => follow(found, rest, one, values),
        (Step::Key(name) | Step::Entry(name), Value::Object(entries)) => {
            entries.get(*name).into_iter().for_each(|inner| follow(found, rest, inner, values));
        }
        (Step::AnyEntry, Value::Object(entries)) => {
            entries.values().for_each(|inner| follow(found, rest, inner, values));
        }
        (Step::Keys, Value::Object(entries)) => entries.keys().for_each(|key| values.push(found.member, key.as_str())),
        _ => {}
    }
}

/// A scalar as text; a structure or a list is only there. A text that spells a truth value keeps its quotes where it would
/// have them in the body, and equals neither.
fn leaf(value: &Value, is_quoted: bool) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (None, None, Some(float)) => float.to_string(),
            _ => number.to_string(),
        },
        Value::String(text) if is_quoted && matches!(text.as_str(), "true" | "false") => format!("\"{text}\""),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => String::new(),
    })
}
