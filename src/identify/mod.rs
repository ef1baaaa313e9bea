//! From the bytes of a request to the operations it asks for.
//!
//! Pure: value in, value out. What cannot be named is a *value* (`aws:ec2:unidentified`, judged as `destroy`); what
//! cannot be read in exactly one way is [`Unreadable`] and is refused. Nothing here decides whether anything is allowed.

pub mod protocol;

use vec1::{Vec1, vec1};

use crate::catalog::Manifest;
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};
use crate::model::{Count, Operation, Parameter, Place, Resource};

pub use protocol::{Face, Partial};

/// What is known about the target beside the request itself: from the listener, the operator's kubeconfig, the inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The provider that a listener, an inventory entry or the kubeconfig names for this host.
    pub provider: Option<String>,
    /// The cluster's name, where the kubeconfig, the inventory or a listener gives one.
    pub cluster: Option<String>,
}

/// The format in which an API says no, so that its real client shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// AWS query protocol: XML `<ErrorResponse>`.
    AwsQuery,
    /// EC2 query protocol: XML `<Response><Errors>`.
    AwsEc2,
    /// AWS JSON 1.0 or 1.1: `__type`.
    AwsJson,
    /// AWS REST-JSON: `x-amzn-ErrorType` and `message`.
    AwsRestJson,
    /// AWS REST-XML as CloudFront, Route 53 and S3 Control speak it.
    AwsRestXml,
    /// S3: XML `<Error>`.
    S3,
    /// Smithy RPC v2 CBOR.
    AwsCbor,
    /// Kubernetes `Status`.
    Kubernetes,
    /// RFC 9457 problem details, and a plain text for browsers and tools.
    Problem,
}

/// The first reading, from the head alone: which API this is and how much body it takes to name the operation.
#[derive(Debug)]
pub struct Route {
    pub(in crate::identify) api: &'static Manifest,
    pub(in crate::identify) partial: Partial,
    need: BodyNeed,
    dialect: Dialect,
    known: Known,
    /// The API was recognised by shape on a host that nobody named: the generic reading takes part too.
    by_shape: bool,
}

impl Route {
    /// How much body must be read.
    #[must_use]
    pub const fn need(&self) -> BodyNeed {
        self.need
    }

    /// How this API says no.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The provider's id: `aws`, `kubernetes`, `http`.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.api.id
    }
}

/// One operation that a request asks for. Made only by [`identify`].
#[derive(Clone, Debug)]
pub struct Identified {
    reading: Reading,
    generic: Option<Reading>,
}

impl Identified {
    /// What was read.
    #[must_use]
    pub const fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The generic reading of the same request, where the API was recognised by shape only: the stricter impact counts.
    #[must_use]
    pub const fn generic(&self) -> Option<&Reading> {
        self.generic.as_ref()
    }
}

/// What a protocol's code read from a request. Plain data; only [`identify`] turns it into [`Identified`].
#[derive(Clone, Debug)]
pub struct Reading {
    /// The operation's id.
    pub operation: Operation,
    /// Operations that look the same on the wire and have the same effect.
    pub aliases: Vec<Operation>,
    /// What is acted upon, in the provider's own spelling.
    pub resources: Vec<Resource>,
    /// Where it stands.
    pub place: Place,
    /// The parameters that decide what the operation does, or to what.
    pub parameters: Vec<Parameter>,
    /// How many resources.
    pub count: Count,
    /// What the provider's classifier needs beside.
    pub face: Face,
}

/// Which API is this, and how much of the body does it take to name the operation?
///
/// # Errors
/// The head has more than one reading (conflicting, duplicated or unsigned evidence).
pub fn route(head: &Head, known: &Known) -> Result<Route, Unreadable> {
    let (api, by_shape) = protocol::api_of(head, known);
    let routed = protocol::of(api.protocol).route(api, head, known)?;
    Ok(Route {
        api,
        partial: routed.partial,
        need: routed.need,
        dialect: routed.dialect,
        known: known.clone(),
        by_shape,
    })
}

/// The dialect for a request whose [`route`] failed.
#[must_use]
pub fn dialect(head: &Head, known: &Known) -> Dialect {
    let (api, _) = protocol::api_of(head, known);
    protocol::of(api.protocol).dialect(head)
}

/// Names every operation that the request asks for.
///
/// # Errors
/// The request has more than one reading.
pub fn identify(route: &Route, head: &Head, body: &Captured) -> Result<Vec1<Identified>, Unreadable> {
    let readings = protocol::of(route.api.protocol).identify(route.api, &route.partial, &route.known, head, body)?;
    let readings = readings.mapped(|mut reading| {
        if route.by_shape {
            protocol::aws::forget_key(&mut reading);
        }
        reading
    });
    let generic = route.by_shape.then(|| protocol::rest::generic(head, body, &route.known));
    Ok(readings.mapped(|reading| Identified { reading, generic: generic.clone() }))
}

/// A connection that is passed without being opened: an operation too (`net:tunnel:Open`).
#[must_use]
pub fn tunnel(authority: &crate::model::http::Authority) -> Vec1<Identified> {
    vec1![Identified { reading: protocol::lifeline::tunnel(authority), generic: None }]
}

#[cfg(test)]
mod tests;
