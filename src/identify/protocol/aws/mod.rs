//! AWS: every wire protocol, from the raw bytes to the operation.
//!
//! `call` reads the head (host, credential scope, protocol evidence), the body readers take the members that the catalog
//! names and nothing else, `resources` forms ARNs. What cannot be named is `unidentified`; what could be read in two ways
//! is refused. Nothing is repaired, and no signature is checked: AWS does that.

mod call;
pub(in crate::identify) mod declared;
mod dialect;
mod document;
mod form;
mod generic;
mod host;
mod members;
mod parameters;
pub(in crate::identify) mod plane;
mod resources;
mod rest;
mod scope;
mod xml;

#[cfg(test)]
mod tests;

pub use call::Candidate;
pub use members::Values;

use vec1::Vec1;

use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use crate::catalog::Manifest;
use crate::catalog::aws::{Location, Member, Operation as Row, Role, Service, WireProtocol};
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};
use crate::model::{Count, Operation, Place, Resource};

use call::Named;
use dialect::{dialect_of, dialect_of_head, dialect_of_service};
use document::Syntax;
use form::Pairs;
use parameters::{count, parameters};

/// The code behind the manifest's protocol `aws`.
pub(crate) struct Aws;

/// What the classifier needs.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The service, where the tables hold it.
    pub service: Option<&'static Service>,
    /// The operation, where the tables hold it.
    pub operation: Option<&'static Row>,
    /// Operations of the same form, of which the request may be any: the strictest counts.
    pub twins: Vec<Twin>,
    /// The values of the members that the tables name.
    pub values: Values,
    /// The account is that of the caller's access key: nothing in the request says where the resources stand.
    pub account_of_key: bool,
    /// The operation of a generic API that carries it out, with its own values: nothing is judged milder than that is.
    pub through: Option<(Twin, Values)>,
}

/// An operation with its service.
pub type Twin = (&'static Service, &'static Row);

/// A form: CloudFormation's inline template, at most 51,200 bytes, is among the longest members.
const FORM_BYTES_MAX: usize = 1 << 20;
/// DynamoDB takes 16 MB in a batch.
const DOCUMENT_BYTES_MAX: usize = 16 << 20;
/// S3's longest document, a thousand keys to delete, with room.
const XML_BYTES_MAX: usize = 4 << 20;

/// Whether a request on an unnamed host looks like one of AWS's: signed in any of the ways, or with the target of a service that
/// is known. Nothing becomes milder by it, because the host's other readings count too.
#[must_use]
pub fn has_shape(head: &Head) -> bool {
    let signs = |value: &http::HeaderValue| {
        let value = value.as_bytes();
        value.starts_with(b"AWS ") || value.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"AWS4-"))
    };
    let target = head.header("x-amz-target").and_then(|target| target.rsplit_once('.'));
    head.headers.get_all("authorization").iter().any(signs)
        || target.is_some_and(|(prefix, _)| crate::catalog::aws::by_target(prefix).next().is_some())
        || scope::is_presigned(head)
}

/// Takes away the account: on a host that nobody named, nobody checks whose key, queue or table it is.
pub(in crate::identify) fn forget_account(reading: &mut Reading) {
    let Face::Aws(seen) = &reading.face else { return };
    let of_key = seen.account_of_key;
    let Some(account) = reading.place.account.take().filter(|_| of_key) else { return };
    for resource in &mut reading.resources {
        let mut parts: Vec<&str> = resource.as_str().split(':').collect();
        if let (Some(&"arn"), Some(part)) = (parts.first().copied().as_ref(), parts.get_mut(4))
            && *part == account
        {
            *part = "";
            *resource = Resource::from(parts.join(":"));
        }
    }
}

impl Protocol for Aws {
    fn route(&self, _api: &'static Manifest, head: &Head, _known: &Known) -> Result<Routed, Unreadable> {
        let candidate = Candidate::read(head)?;
        let need = match &candidate.named {
            Named::Nothing => BodyNeed::None,
            Named::Form => BodyNeed::Whole(FORM_BYTES_MAX),
            Named::One { protocol, found, .. } => need(found.operation, *protocol),
        };
        let dialect = dialect_of(&candidate, head);
        Ok(Routed { need, dialect, partial: Partial::Aws(Box::new(candidate)) })
    }

    fn identify(
        &self,
        _api: &'static Manifest,
        partial: &Partial,
        _known: &Known,
        head: &Head,
        body: &Captured,
    ) -> Result<Vec1<Reading>, Unreadable> {
        let read;
        let candidate = match partial {
            Partial::Aws(candidate) => candidate.as_ref(),
            _ => {
                read = Candidate::read(head)?;
                &read
            }
        };
        match &candidate.named {
            Named::Nothing => Ok(Vec1::new(unidentified(candidate, head))),
            Named::Form => identify_form(candidate, head, body),
            Named::One { service, protocol, found } => {
                let mut values = Values::default();
                collect_head(found, &candidate.query, head, &mut values)?;
                if need(found.operation, *protocol) != BodyNeed::None {
                    let bytes = whole(body, head, found.operation)?;
                    collect_body(*protocol, found.operation, (bytes, head), &mut values)?;
                }
                generic::readings(candidate, head, (service, found.operation, found.twins.clone()), values)
            }
        }
    }

    fn dialect(&self, _api: &'static Manifest, head: &Head) -> Dialect {
        match Candidate::read(head) {
            Ok(candidate) => dialect_of(&candidate, head),
            Err(_) => host::Host::read(&head.authority.host)
                .and_then(|host| host.services().next())
                .map_or_else(|| dialect_of_head(head), |service| dialect_of_service(service, head)),
        }
    }
}

/// How much of the body names what is done, and to what.
fn need(operation: &Row, protocol: WireProtocol) -> BodyNeed {
    let mut inside =
        operation.members().iter().filter(|member| matches!(member.location(), Location::Body | Location::Payload));
    // A REST body that holds an upload streams, unless it holds what decides as well.
    let needed = if protocol.is_rest() && operation.holds_bytes() {
        inside.any(members::decides)
    } else {
        inside.next().is_some()
    };
    match protocol {
        _ if !needed => BodyNeed::None,
        WireProtocol::RestXml => BodyNeed::Whole(XML_BYTES_MAX),
        _ => BodyNeed::Whole(DOCUMENT_BYTES_MAX),
    }
}

/// The body, when it was read whole and its encoding is one that the operation takes.
fn whole<'a>(body: &'a Captured, head: &Head, operation: &Row) -> Result<&'a [u8], Unreadable> {
    let plain = match head.header_count("content-encoding") {
        0 => true,
        1 => matches!(head.header("content-encoding"), Some("identity" | "")),
        _ => return Err(Unreadable::new("there is more than one Content-Encoding")),
    };
    let gzip = operation.may_be_compressed() && head.header("content-encoding") == Some("gzip");
    if !plain && !gzip {
        return Err(Unreadable::status(415, "the operation takes no Content-Encoding"));
    }
    // Chunk signatures stand between the bytes, and could stand in the middle of a name.
    let chunked = |value: &http::HeaderValue| value.as_bytes().starts_with(b"STREAMING-");
    if head.headers.get_all("x-amz-content-sha256").iter().any(chunked) {
        return Err(Unreadable::status(415, "the operation takes no body in signed chunks"));
    }
    captured(body)
}

fn captured(body: &Captured) -> Result<&[u8], Unreadable> {
    match body {
        Captured::Whole(bytes) => Ok(bytes),
        Captured::Overflow | Captured::Prefix(_) => Err(Unreadable::status(413, "the body is too large to be judged")),
        Captured::Undecodable(_) => Err(Unreadable::status(415, "the body's encoding cannot be undone")),
        Captured::Unread => Err(Unreadable::new("the body was not read, but names what is done")),
    }
}

fn identify_form(candidate: &Candidate, head: &Head, body: &Captured) -> Result<Vec1<Reading>, Unreadable> {
    let bytes = captured(body)?;
    let mut pairs = candidate.query.clone();
    if !bytes.is_empty() {
        check_form(head)?;
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::new("the form is not UTF-8"))?;
        if text.contains(';') {
            return Err(Unreadable::new("the form has a `;`, which some readers take for a separator"));
        }
        let in_body = form::pairs(text)?;
        check_one_place(candidate, head, &in_body)?;
        pairs.extend(in_body);
    }
    if head.query().is_some_and(|query| query.contains(';')) {
        return Err(Unreadable::new("the query has a `;`, which some readers take for a separator"));
    }
    let Some(action) = form::only(&pairs, "Action")? else { return Ok(Vec1::new(unidentified(candidate, head))) };
    let version = form::only(&pairs, "Version")?;
    // `Version` tells services of one host apart; an older one than the tables' is still taken by AWS.
    let speaks = |service: &&&'static Service| service.protocols().any(WireProtocol::is_form);
    let forms: Vec<&'static Service> = candidate.services.iter().filter(speaks).copied().collect();
    let of_version = |service: &&'static Service| version == Some(service.version.get());
    let any = forms.iter().any(of_version);
    let mut found = forms
        .iter()
        .filter(|service| !any || of_version(service))
        .filter_map(|service| service.operation(action).map(|operation| (*service, operation)));
    let Some((service, operation)) = found.next() else { return Ok(Vec1::new(unidentified(candidate, head))) };
    let twins = found.collect();
    if head.header_count("content-encoding") > 0 && !bytes.is_empty() {
        whole(body, head, operation)?;
    }
    let mut values = Values::default();
    let wanted: Vec<&'static Member> = operation.members().iter().collect();
    form::collect(&pairs, &wanted, &mut values)?;
    queue_in_path(service, operation, head, &mut values)?;
    readings(candidate, head, (service, operation, twins), values)
}

/// What a signature puts into the query of a form: everything else belongs to the body.
const SIGNATURE_NAMES: [&str; 7] =
    ["AWSAccessKeyId", "Expires", "SecurityToken", "Signature", "SignatureMethod", "SignatureVersion", "Timestamp"];

/// Which of query and body a service reads where both are there is not known, and neither is which of two signatures.
fn check_one_place(candidate: &Candidate, head: &Head, in_body: &Pairs) -> Result<(), Unreadable> {
    let is_signature = |name: &str| name.to_ascii_lowercase().starts_with("x-amz-") || SIGNATURE_NAMES.contains(&name);
    if candidate.query.iter().any(|(name, _)| !is_signature(name)) {
        return Err(Unreadable::new("the request has parameters in its query and in its body"));
    }
    let signed = head.header_count("authorization") > 0 || form::only(&candidate.query, "X-Amz-Credential")?.is_some();
    let again = in_body.iter().any(|(name, _)| matches!(name.as_str(), "AWSAccessKeyId" | "X-Amz-Credential"));
    if signed && again { Err(Unreadable::new("the request is signed twice")) } else { Ok(()) }
}

/// SQS's form may name its queue by the path: `/ACCOUNT/QUEUE`. Where both do, they are compared.
fn queue_in_path(
    service: &Service,
    operation: &'static Row,
    head: &Head,
    values: &mut Values,
) -> Result<(), Unreadable> {
    let url = operation.members().iter().find(|member| member.name.get() == "QueueUrl");
    if let (Some(member), "sqs") = (url, service.name.get())
        && head.path().len() > 1
        && values.of("QueueUrl").next().is_none()
    {
        resources::queue(head.path())?;
        values.push(member, head.path());
    }
    Ok(())
}

fn check_form(head: &Head) -> Result<(), Unreadable> {
    let mut parts = head.header("content-type").unwrap_or("application/x-www-form-urlencoded").split(';');
    let media = parts.next().unwrap_or_default().trim();
    let utf8 = parts.all(|part| part.trim().eq_ignore_ascii_case("charset=utf-8"));
    if head.header_count("content-type") < 2 && media.eq_ignore_ascii_case("application/x-www-form-urlencoded") && utf8
    {
        return Ok(());
    }
    Err(Unreadable::status(415, "the service takes forms, and the body is none"))
}

/// Labels, query and headers.
fn collect_head(found: &rest::Match, query: &Pairs, head: &Head, values: &mut Values) -> Result<(), Unreadable> {
    for member in found.operation.members() {
        let wire = member.wire.get().split('[').next().unwrap_or_default();
        match member.location() {
            Location::Path => {
                let label = found.labels.iter().find(|(label, _)| *label == wire);
                label.into_iter().for_each(|(_, value)| values.push(member, value));
            }
            Location::Query if member.wire.get().contains('[') => {
                query.iter().filter(|(name, _)| name == wire).for_each(|(_, value)| values.push(member, value));
            }
            Location::Query => {
                form::only(query, wire)?.into_iter().for_each(|value| values.push(member, value));
            }
            Location::Header => collect_header(member, query, head, values)?,
            Location::Body | Location::Payload => {}
        }
    }
    Ok(())
}

/// A presigned URL may carry `x-amz-*` headers in its query, where S3 takes them as well. No dry run is read from there.
fn collect_header(member: &'static Member, query: &Pairs, head: &Head, values: &mut Values) -> Result<(), Unreadable> {
    let wire = member.wire.get();
    let hoisted = wire.to_ascii_lowercase().starts_with("x-amz-") && !member.roles.contains(Role::DryRun);
    let in_query = query.iter().filter(|(name, _)| hoisted && name.eq_ignore_ascii_case(wire));
    let in_head = head.headers.get_all(wire).iter().map(|value| value.to_str().unwrap_or_default());
    let mut found = in_head.chain(in_query.map(|(_, value)| value.as_str()));
    if let Some(value) = found.next() {
        values.push(member, value);
    }
    match found.next() {
        Some(_) => Err(Unreadable::new(format!("`{wire}` is there twice"))),
        None => Ok(()),
    }
}

fn collect_body(
    protocol: WireProtocol,
    operation: &'static Row,
    (bytes, head): (&[u8], &Head),
    values: &mut Values,
) -> Result<(), Unreadable> {
    for member in members::at(operation.members(), Location::Payload) {
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::new("the body is not UTF-8"))?;
        values.push(member, text);
    }
    let wanted: Vec<&'static Member> = members::at(operation.members(), Location::Body).collect();
    // Kinesis' and other SDKs send the JSON services' documents as CBOR too, and say so.
    let cbor = head.header("content-type").is_some_and(|media| media.contains("cbor"));
    match protocol {
        WireProtocol::RestXml => xml::collect(bytes, &wanted, values)?,
        WireProtocol::RestJson => document::collect(Syntax::RestJson, bytes, &wanted, values)?,
        WireProtocol::Cbor => document::collect(Syntax::Cbor, bytes, &wanted, values)?,
        _ if cbor => document::collect(Syntax::Cbor, bytes, &wanted, values)?,
        _ => document::collect(Syntax::Json, bytes, &wanted, values)?,
    }
    values.refuse_repeated()
}

/// One reading for each account that resources stand in.
fn readings(
    candidate: &Candidate,
    head: &Head,
    (service, operation, twins): (&'static Service, &'static Row, Vec<Twin>),
    values: Values,
) -> Result<Vec1<Reading>, Unreadable> {
    resources::check_queue(service, head, &values)?;
    let owner = match service.name.get() {
        "s3" if !resources::OWNER_UNREAD.contains(&operation.name.get()) => resources::bucket_owner(head, candidate)?,
        _ => resources::owner(&values),
    };
    let mut place_of = candidate.place.clone();
    if owner.is_some() && place_of.host_account.is_none() {
        place_of.key_account = owner.clone();
    }
    let groups = resources::by_account((service, operation), &values, &place_of)?;
    let (count, parameters) = (count(operation, &values), parameters(&values));
    let several = groups.len() > 1;
    let name = |(service, operation): &Twin| Operation::new("aws", service.name.get(), operation.name.get());
    let readings = groups.into_iter().map(|(account, resources)| Reading {
        operation: name(&(service, operation)),
        aliases: twins.iter().map(name).collect(),
        count: if several { Count::Exact(resources.len().max(1) as u64) } else { count },
        face: Face::Aws(Seen {
            service: Some(service),
            operation: Some(operation),
            twins: twins.clone(),
            values: values.clone(),
            account_of_key: account.is_none() && owner.is_none() && candidate.place.is_account_of_key(),
            through: None,
        }),
        place: place(candidate, head, account.or_else(|| owner.clone())),
        resources,
        parameters: parameters.clone(),
    });
    Vec1::try_from_vec(readings.collect()).map_err(|_| Unreadable::new("the request names no operation"))
}

fn place(candidate: &Candidate, head: &Head, account: Option<String>) -> Place {
    let place = &candidate.place;
    let own =
        || place.point_account.clone().or_else(|| place.host_account.clone()).or_else(|| place.key_account.clone());
    Place {
        host: Some(head.authority.host.clone()),
        account: account.or_else(own),
        region: candidate.place.region.clone(),
        loopback: head.authority.is_loopback(),
        ..Place::default()
    }
}

/// `aws:ec2:unidentified`, or `aws:unidentified:unidentified` where nothing tells the service.
fn unidentified(candidate: &Candidate, head: &Head) -> Reading {
    let service = candidate.services.first().copied().filter(|_| candidate.unnamed.is_none());
    let name =
        service.map(|service| service.name.get()).or(candidate.unnamed.as_deref()).filter(|name| !name.is_empty());
    Reading {
        operation: Operation::new("aws", name.unwrap_or("unidentified"), "unidentified"),
        aliases: vec![],
        resources: vec![Resource::from(head.path())],
        place: place(candidate, head, None),
        parameters: vec![],
        count: Count::AtLeast(1),
        face: Face::Aws(Seen {
            service,
            operation: None,
            twins: vec![],
            values: Values::default(),
            account_of_key: candidate.place.is_account_of_key(),
            through: None,
        }),
    }
}
