//! From the bytes of a request to the operations it asks for.
//!
//! Pure: value in, value out. What cannot be named is a *value* (`aws:ec2:unidentified`, judged as `destroy`); what
//! cannot be read in exactly one way is [`Unreadable`] and is refused. Nothing here decides whether anything is allowed.

pub mod command;
mod message;
pub mod protocol;
mod statement;
pub mod tool;

use vec1::{Vec1, vec1};

use crate::catalog::{Manifest, ProtocolName};
use crate::model::http::{BodyNeed, Captured, Head, Unreadable, Upgrade};
use crate::model::{Count, Operation, Parameter, Place, Resource};

pub(crate) use protocol::kubernetes::json::parse as strict_json;

pub use message::{Asked, Said, message, posted};
pub use protocol::graphql::frames::{Offer, Subprotocol};
pub use protocol::kubernetes::channels::{self, Channels, Framing, Purpose};
pub use protocol::{Face, Partial};
pub use statement::{SqlDialect, statement};

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
    /// gRPC: `grpc-status` and `grpc-message` in the head of an answer without a body.
    Grpc,
    /// The Docker Engine API: `{"message"}`.
    Docker,
    /// The Docker Engine API where a call was to become a raw stream.
    DockerStream,
    /// The lock of Terraform's HTTP state backend.
    StateLock,
    /// git's smart HTTP: asking which refs there are.
    GitRefs,
    /// git's smart HTTP: a fetch.
    GitFetch,
    /// git's smart HTTP: a push.
    GitPush,
    /// As the manifest of this folder of the catalog says.
    Described(&'static str),
    /// GraphQL: `errors` with status 200, where a document was read.
    Graphql,
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
    /// The API was recognised by shape on a host that nobody named: the request's other readings take part too.
    by_shape: bool,
    /// The same of the second API whose shape the request has.
    second: Option<(&'static Manifest, Partial)>,
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
    others: Vec<Reading>,
    by_shape: bool,
}

impl Identified {
    /// What was read.
    #[must_use]
    pub const fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Whether only the request's shape says whose API it is: the caller's to choose, so that nothing in it tells where
    /// the target stands.
    #[must_use]
    pub const fn is_by_shape(&self) -> bool {
        self.by_shape
    }

    /// Completes every reading's place by what is known of the names in it.
    pub(crate) fn each_place(&mut self, complete: impl Fn(&mut Place)) {
        std::iter::once(&mut self.reading).chain(&mut self.others).for_each(|reading| complete(&mut reading.place));
    }

    /// Every other reading of the same request, where the API was recognised by shape only: the host may follow any of
    /// them, so the strictest counts.
    #[must_use]
    pub fn others(&self) -> &[Reading] {
        &self.others
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
    let mut need = routed.need;
    let mut second = None;
    if by_shape {
        need = more(need, protocol::lifeline::routed(head).need);
        if let Some(api) = protocol::second_shape(api, head) {
            let other = protocol::of(api.protocol).route(api, head, known)?;
            need = more(need, other.need);
            second = Some((api, other.partial));
        }
    }
    if head.upgrade.is_some() {
        // The opening's message is sent whole before what it opens.
        need = more(need, BodyNeed::Whole(Upgrade::BODY_BYTES_MAX));
    }
    let dialect = spoken(routed.dialect, known);
    Ok(Route { api, partial: routed.partial, need, dialect, known: known.clone(), by_shape, second })
}

/// As much of the body as both readings take. A part never makes up for the whole that the other one asks for.
fn more(one: BodyNeed, other: BodyNeed) -> BodyNeed {
    match (one, other) {
        (BodyNeed::None, need) | (need, BodyNeed::None) => need,
        (BodyNeed::Whole(a), BodyNeed::Whole(b)) => BodyNeed::Whole(a.max(b)),
        (BodyNeed::Whole(need), BodyNeed::Prefix(_)) | (BodyNeed::Prefix(_), BodyNeed::Whole(need)) => {
            BodyNeed::Whole(need)
        }
        (BodyNeed::Prefix(a), BodyNeed::Prefix(b)) => BodyNeed::Prefix(a.max(b)),
    }
}

/// The dialect for a request whose [`route`] failed.
#[must_use]
pub fn dialect(head: &Head, known: &Known) -> Dialect {
    let (api, _) = protocol::api_of(head, known);
    spoken(protocol::of(api.protocol).dialect(api, head), known)
}

/// The dialect for what cannot even be read as a request.
#[must_use]
pub fn dialect_of_target(known: &Known) -> Dialect {
    match known.provider.as_deref() {
        Some("kubernetes") => Dialect::Kubernetes,
        _ => spoken(Dialect::Problem, known),
    }
}

/// What a listener's `provider` says, where the request's shape says nothing.
fn spoken(dialect: Dialect, known: &Known) -> Dialect {
    match (dialect, known.provider.as_deref()) {
        (Dialect::Problem, Some("docker")) => Dialect::Docker,
        (dialect, _) => dialect,
    }
}

/// Names every operation that the request asks for.
///
/// # Errors
/// The request has more than one reading.
pub fn identify(route: &Route, head: &Head, body: &Captured) -> Result<Vec1<Identified>, Unreadable> {
    let read = |api: &'static Manifest, partial: &Partial| {
        protocol::of(api.protocol).identify(api, partial, &route.known, head, body)
    };
    let mut readings = read(route.api, &route.partial)?;
    if route.by_shape {
        // A shape is the caller's to choose: what it says of an account tells nothing about whose an unnamed host is.
        readings.iter_mut().for_each(protocol::aws::forget_account);
    }
    let mut others = Vec::new();
    // What AWS' own operations say holds for an answer, not for what a connection becomes.
    if route.by_shape || head.upgrade.is_some() && route.api.protocol == ProtocolName::Aws {
        others.extend(protocol::rest::readings(head, body, &route.known));
        others.extend(protocol::git::readings(head, body));
    }
    if let Some((api, partial)) = &route.second {
        others.extend(read(api, partial)?.mapped(|mut reading| {
            protocol::aws::forget_account(&mut reading);
            reading
        }));
    }
    Ok(readings.mapped(|reading| Identified { reading, others: others.clone(), by_shape: route.by_shape }))
}

/// A connection that is passed without being opened: an operation too (`net:tunnel:Open`).
#[must_use]
pub fn tunnel(authority: &crate::model::http::Authority) -> Vec1<Identified> {
    vec1![Identified { reading: protocol::lifeline::tunnel(authority), others: vec![], by_shape: false }]
}

#[cfg(test)]
mod tests;
