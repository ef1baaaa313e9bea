//! The head of a call: host, credential scope and protocol evidence, and what they name together.
//!
//! Host and scope say which service, the evidence of one protocol says which operation. All of it must agree: a signature
//! proves who sent a request, not that its parts are honest with each other, and AWS and the gate must not read
//! different operations from the same bytes.

use crate::catalog::aws::{self as catalog, Operation, Service, WireProtocol};
use crate::model::http::{Head, Unreadable};

use super::form::{self, Pairs};
use super::host::{self, Host};
use super::resources::Where;
use super::rest::{self, Match};
use super::scope::Scope;

/// What the head of a call says.
#[derive(Debug)]
pub struct Candidate {
    /// The services that host and scope leave.
    pub(super) services: Vec<&'static Service>,
    /// What an unnamed call is called: a service that the tables do not hold, or nobody's.
    pub(super) unnamed: Option<String>,
    /// What the protocol's evidence names.
    pub(super) named: Named,
    /// Where the call goes.
    pub(super) place: Where,
    /// The decoded query.
    pub(super) query: Pairs,
    /// The names of the signed headers, lower case.
    pub(super) signed: Vec<String>,
    /// The fourth version's signature stands in the query.
    pub(super) presigned: bool,
}

/// What the protocol's evidence names.
#[derive(Debug)]
pub(super) enum Named {
    /// One operation, told by the head.
    One { service: &'static Service, protocol: WireProtocol, found: Match },
    /// A form: its `Action` names the operation.
    Form,
    /// Nothing.
    Nothing,
}

const FORM: &str = "x-www-form-urlencoded";
const OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// Headers that carry meaning: where a request is signed at all, they are signed. No client leaves them out.
const MUST_BE_SIGNED: [&str; 4] = ["x-amz-target", "x-amz-copy-source", "content-encoding", "x-amz-invocation-type"];

impl Candidate {
    /// Reads a head.
    ///
    /// # Errors
    /// It has more than one reading.
    pub fn read(head: &Head) -> Result<Self, Unreadable> {
        for name in OVERRIDES {
            if head.header_count(name) > 0 && head.header(name) != Some(head.method.as_str()) {
                return Err(Unreadable::new(format!("`{name}` names another method")));
            }
        }
        let query = form::pairs(head.query().unwrap_or_default())?;
        let scope = Scope::read(head, &query)?;
        if let Some(scope) = &scope {
            check_signed(head, scope)?;
        }
        let host = Host::read(&head.authority.host);
        let (mut services, unnamed) = candidates(host.as_ref(), scope.as_ref(), head)?;
        // Of twins the one that the host is called by names the operation, else the one that the others are twins of.
        services.sort_by_key(|service| {
            let name = service.name.get();
            let other = |found: Option<&String>| found.is_none_or(|found| found != name);
            let (host, scope) = (host.as_ref().map(|host| &host.service), scope.as_ref().map(|scope| &scope.service));
            (other(host), service.judged_as.get() != name, other(scope))
        });
        let place = place(host.as_ref(), scope.as_ref())?;
        let named = named(head, host.as_ref(), &services, &query)?;
        let presigned = query.iter().any(|(name, _)| name == "X-Amz-Signature");
        let signed = scope.map_or(vec![], |scope| scope.signed);
        Ok(Self { services, unnamed, named, place, query, signed, presigned })
    }
}

fn check_signed(head: &Head, scope: &Scope) -> Result<(), Unreadable> {
    // For S3 the encoding is something to keep with the object; it asks for a signature on its own headers only.
    let kept = |name: &str| name == "content-encoding" && scope.service.starts_with("s3");
    let unsigned = MUST_BE_SIGNED
        .iter()
        .find(|name| head.header_count(name) > 0 && !kept(name) && !scope.signed.iter().any(|one| one == *name));
    match unsigned {
        Some(name) => Err(Unreadable::new(format!("`{name}` is not signed, although the request is"))),
        None => Ok(()),
    }
}

/// The services that host and scope allow together.
fn candidates(
    host: Option<&Host>,
    scope: Option<&Scope>,
    head: &Head,
) -> Result<(Vec<&'static Service>, Option<String>), Unreadable> {
    let by_scope: Vec<&'static Service> = scope.map_or(vec![], |scope| catalog::by_signing(&scope.service).collect());
    let Some(host) = host else {
        // A custom endpoint: the scope speaks alone; without one the target, and else only what is sent unsigned.
        if !by_scope.is_empty() {
            return Ok((by_scope, None));
        }
        let target = head.header("x-amz-target").and_then(|target| target.rsplit_once('.'));
        return Ok(match (scope, target) {
            (Some(scope), _) => (vec![], Some(name_of(&scope.service))),
            (None, Some((prefix, _))) => (catalog::by_target(prefix).collect(), None),
            // The second version of signatures names no service; of those that take it only S3 is served elsewhere.
            (None, None) if is_second(head) => (catalog::service("s3").into_iter().collect(), None),
            (None, None) => (catalog::by_signing("").collect(), Some("unidentified".to_owned())),
        });
    };
    let by_host: Vec<&'static Service> = host.services().collect();
    if by_host.is_empty() {
        return Ok((vec![], Some(name_of(&host.service))));
    }
    let Some(scope) = scope else { return Ok((by_host, None)) };
    let both = host.signing_as(&scope.service);
    if both.is_empty() {
        return Err(Unreadable::new(format!(
            "the host is `{}`'s, the credential scope says `{}`",
            host.service, scope.service
        )));
    }
    Ok((both, None))
}

/// Signed as S3 was before 2014: a header that begins with `AWS `, or the query of a URL.
fn is_second(head: &Head) -> bool {
    head.header("authorization").is_some_and(|value| value.starts_with("AWS "))
        || head.query().is_some_and(|query| query.contains("AWSAccessKeyId="))
}

/// A host's label or a scope's service as a part of an operation's id: no colons, nothing but what a label may hold.
fn name_of(label: &str) -> String {
    label.chars().map(|one| if one.is_ascii_alphanumeric() || one == '-' { one } else { '-' }).collect()
}

fn place(host: Option<&Host>, scope: Option<&Scope>) -> Result<Where, Unreadable> {
    let by_host = host.and_then(|host| host.region.clone());
    let by_scope = scope.and_then(|scope| scope.region.clone());
    // AWS Health in China answers in one region and is signed for another (botocore's endpoint rules).
    let apart = [by_host.as_deref(), by_scope.as_deref()] == [Some("cn-north-1"), Some("cn-northwest-1")]
        && host.is_some_and(|host| host.service == "health");
    if let (Some(host), Some(scope)) = (&by_host, &by_scope)
        && host != scope
        && !apart
    {
        return Err(Unreadable::new(format!("the host is in `{host}`, the credential scope in `{scope}`")));
    }
    let region = by_host.or(by_scope);
    let partition = match (host, region.as_deref()) {
        (Some(host), Some(region)) if host.partition == "aws" => host::partition_of_region(region),
        (Some(host), _) => host.partition,
        (None, Some(region)) => host::partition_of_region(region),
        (None, None) => "aws",
    };
    if let (Some(host), Some(region)) = (host, region.as_deref())
        && host.region.is_none()
        && host.partition != "aws"
        && host::partition_of_region(region) != host.partition
    {
        return Err(Unreadable::new("host and credential scope name different partitions"));
    }
    Ok(Where {
        partition,
        region,
        point_account: host.and_then(Host::point_account).map(str::to_owned),
        host_account: host.and_then(Host::account).map(str::to_owned),
        key_account: scope.and_then(Scope::account),
    })
}

fn named(
    head: &Head,
    host: Option<&Host>,
    services: &[&'static Service],
    query: &[(String, String)],
) -> Result<Named, Unreadable> {
    let s3 = services.iter().any(|service| service.name.get() == "s3");
    if !s3 {
        rest::check_path(head.path())?;
    }
    let action = form::only(query, "Action")?.is_some();
    let version = form::only(query, "Version")?.is_some();
    let target = head.header_count("x-amz-target") > 0;
    let is_form =
        |media: &http::HeaderValue| media.to_str().is_ok_and(|media| media.to_ascii_lowercase().contains(FORM));
    let form = head.headers.get_all("content-type").iter().any(is_form);
    if form && (target || head.header_count("smithy-protocol") > 0) {
        return Err(Unreadable::new("the request speaks two protocols: its body says it is a form"));
    }
    if head.header_count("smithy-protocol") > 0 {
        if target || action {
            return Err(Unreadable::new("the request speaks two protocols"));
        }
        return cbor(head, services);
    }
    if target {
        if action {
            return Err(Unreadable::new("the request has an X-Amz-Target and an Action"));
        }
        return by_target(head, services);
    }
    let forms = services.iter().any(|service| service.protocols().any(WireProtocol::is_form));
    let rest: Vec<&'static Service> =
        services.iter().copied().filter(|service| service.protocols().any(WireProtocol::is_rest)).collect();
    if forms && rest.is_empty() {
        return Ok(Named::Form);
    }
    // Several services answer on the host: forms go to its root, and nothing else does.
    let root = matches!(head.path(), "/" | "");
    if forms && root && (action || form) {
        return Ok(Named::Form);
    }
    let found = by_path(head, host, &rest, query)?;
    // CloudSearch's queries are forms by themselves.
    let own_form = matches!(&found, Named::One { service, .. } if service.name.get() == "cloudsearchdomain");
    if !rest.is_empty() && (action && (version || forms) || form && forms && !own_form) {
        return Err(Unreadable::new("the request names an operation by its Action and one by its path"));
    }
    Ok(found)
}

/// `/service/TARGET/operation/NAME`, possibly below a prefix.
fn cbor(head: &Head, services: &[&'static Service]) -> Result<Named, Unreadable> {
    if head.header("smithy-protocol") != Some("rpc-v2-cbor") {
        return Err(Unreadable::new("the protocol is not one that AWS publishes"));
    }
    let parts: Vec<&str> = head.path().trim_end_matches('/').rsplitn(5, '/').collect();
    let [name, "operation", target, "service", ..] = parts.as_slice() else {
        return Err(Unreadable::new("the path does not name an operation"));
    };
    let speaks = |service: &&'static Service| service.speaks(WireProtocol::Cbor) && service.has_target(target);
    one(services.iter().copied().filter(speaks), name, WireProtocol::Cbor, head)
}

fn by_target(head: &Head, services: &[&'static Service]) -> Result<Named, Unreadable> {
    let Some(target) = head.header("x-amz-target") else {
        return Err(Unreadable::new("there is more than one X-Amz-Target"));
    };
    if !services.is_empty() && !services.iter().any(|service| service.speaks(WireProtocol::Json)) {
        return Err(Unreadable::new("the service takes no X-Amz-Target"));
    }
    let Some((prefix, name)) = target.rsplit_once('.') else { return Ok(Named::Nothing) };
    let speaks = |service: &&'static Service| service.speaks(WireProtocol::Json) && service.has_target(prefix);
    one(services.iter().copied().filter(speaks), name, WireProtocol::Json, head)
}

/// The operation of this name; the services that have it too are twins.
fn one(
    services: impl Iterator<Item = &'static Service>,
    name: &str,
    protocol: WireProtocol,
    head: &Head,
) -> Result<Named, Unreadable> {
    if head.method != http::Method::POST {
        return Err(Unreadable::new("the service takes POST only"));
    }
    let mut found = services.filter_map(|service| Some((service, service.operation(name)?)));
    let Some((service, operation)) = found.next() else { return Ok(Named::Nothing) };
    Ok(Named::One { service, protocol, found: Match { operation, twins: found.collect(), labels: vec![] } })
}

fn by_path(
    head: &Head,
    host: Option<&Host>,
    services: &[&'static Service],
    query: &[(String, String)],
) -> Result<Named, Unreadable> {
    let mut matches = vec![];
    for service in services {
        let segments = segments(head, host, service);
        if let Some(found) = rest::find(service, head, &segments, query)? {
            let path = found.operation.path.get();
            let literals = path.split('/').filter(|part| !part.is_empty() && !part.starts_with('{')).count();
            matches.push((literals, service, found));
        }
    }
    // S3 takes any path; what another service's template spells out is that service's.
    matches.sort_by_key(|(literals, _, _)| std::cmp::Reverse(*literals));
    let mut matches = matches.into_iter();
    let Some((literals, service, mut found)) = matches.next() else { return Ok(Named::Nothing) };
    for (other, service, twin) in matches {
        if other == literals {
            found.twins.push((service, twin.operation));
        }
    }
    if let Some(hint) = form::only(query, "x-id")? {
        let named = |one: &'static Operation| one.name.get() == hint;
        if !named(found.operation) && !found.twins.iter().any(|(_, twin)| named(twin)) {
            return Err(Unreadable::new("`x-id` names another operation than the path"));
        }
    }
    let protocol = service.protocols().find(|protocol| protocol.is_rest()).unwrap_or(WireProtocol::RestJson);
    Ok(Named::One { service, protocol, found })
}

/// The path's segments, still encoded. A virtual host's bucket is the first of them.
fn segments<'a>(head: &'a Head, host: Option<&'a Host>, service: &Service) -> Vec<&'a str> {
    let path = head.path().strip_prefix('/').unwrap_or(head.path());
    let mut segments: Vec<&str> = path.split('/').collect();
    let s3 = service.name.get() == "s3";
    // An object lambda answers on its request's host, which holds no bucket.
    let answers = host.is_some_and(|host| host.service == "s3-object-lambda") && path == "WriteGetObjectResponse";
    if let Some(bucket) = host.and_then(Host::bucket).filter(|_| s3 && !answers) {
        segments.insert(0, bucket);
    }
    // A trailing slash belongs to an S3 key, and to nothing else.
    let is_key = s3 && segments.len() > 2;
    if !is_key && segments.last().is_some_and(|last| last.is_empty()) {
        segments.pop();
    }
    segments
}
