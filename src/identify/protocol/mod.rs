//! Protocols are code and few; providers are data and many. A provider's manifest names its protocol here.

pub mod aws;
pub mod azure;
mod batch;
pub mod described;
pub mod gcp;
pub mod git;
pub mod graphql;
pub mod kubernetes;
pub mod lifeline;
pub mod rest;
pub mod state;

use vec1::Vec1;

use super::{Dialect, Known, Reading};
use crate::catalog::{self, Manifest, ProtocolName};
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};

/// Reads one wire format. Total: what cannot be named is a reading called `unidentified`, never an error; an error is a
/// request that can be read in two ways.
pub(crate) trait Protocol: Sync {
    /// From the head alone: how much body is needed to name the operation.
    fn route(&self, api: &'static Manifest, head: &Head, known: &Known) -> Result<Routed, Unreadable>;

    /// Names the operations.
    fn identify(
        &self,
        api: &'static Manifest,
        partial: &Partial,
        known: &Known,
        head: &Head,
        body: &Captured,
    ) -> Result<Vec1<Reading>, Unreadable>;

    /// How this API says no to a request that could not be routed.
    fn dialect(&self, api: &'static Manifest, head: &Head) -> Dialect;
}

/// What [`Protocol::route`] found.
#[derive(Debug)]
pub(crate) struct Routed {
    /// How much body is needed.
    pub(crate) need: BodyNeed,
    /// How the API says no.
    pub(crate) dialect: Dialect,
    /// What the head already told, so that it is not read twice.
    pub(crate) partial: Partial,
}

/// What a protocol keeps between its two steps.
#[derive(Debug)]
pub enum Partial {
    /// Nothing.
    None,
    /// AWS: the candidates that host, credential scope and head leave.
    Aws(Box<aws::Candidate>),
    /// Kubernetes: the parsed path.
    Kubernetes(Box<kubernetes::Call>),
}

/// What a provider's classifier needs beside the operation's name.
#[derive(Clone, Debug)]
pub enum Face {
    /// AWS.
    Aws(aws::Seen),
    /// Kubernetes.
    Kubernetes(Box<kubernetes::Call>),
    /// An API whose calls are described by tables.
    Described(described::Seen),
    /// Azure Resource Manager and Microsoft Graph.
    Azure(Box<azure::Seen>),
    /// A host that no provider knows, read by method and path words.
    Rest(rest::Seen),
    /// git over HTTP.
    Git(git::Seen),
    /// Something an agent needs to live: a model API, sign-in, a package registry, telemetry.
    Lifeline(lifeline::Seen),
    /// A command that sends no request: its own table or code says what it does.
    Command(crate::identify::command::Seen),
}

/// The one place where a manifest's protocol name becomes code.
pub(crate) fn of(name: ProtocolName) -> &'static dyn Protocol {
    match name {
        ProtocolName::Aws => &aws::Aws,
        ProtocolName::Azure => &azure::Azure,
        ProtocolName::Kubernetes => &kubernetes::Kubernetes,
        ProtocolName::Lifeline => &lifeline::Lifeline,
        ProtocolName::Described => &described::Described,
        ProtocolName::Gcp => &gcp::Gcp,
        ProtocolName::Rest => &rest::Rest,
    }
}

/// Which API is this host? First that applies: what is known of the target, the manifests' host patterns, the request's
/// shape, and last the generic reading. The flag says that only the shape spoke.
pub(crate) fn api_of(head: &Head, known: &Known) -> (&'static Manifest, bool) {
    if let Some(api) = known.provider.as_deref().and_then(catalog::provider) {
        return (api, false);
    }
    if aws::plane::of(&head.authority.host).is_some() || aws::plane::is_public(head) {
        return (catalog::generic(), false);
    }
    if lifeline::is_listed(head) {
        return (catalog::lifeline(), false);
    }
    if let Some(api) = catalog::by_host(&head.authority.host) {
        return (api, false);
    }
    // The path is what any server follows; a credential scope is a text that the client adds.
    if kubernetes::has_shape(head) {
        return (catalog::kubernetes(), true);
    }
    if aws::has_shape(head) {
        return (catalog::aws(), true);
    }
    if let Some(api) = described::shape::of(head) {
        return (api, true);
    }
    (catalog::generic(), false)
}

/// What a message of a connection that speaks GraphQL asks for, as the POST that it stands for.
///
/// # Errors
/// It has more than one reading.
pub(super) fn message(posted: &Head, body: &Captured, known: &Known) -> Result<Vec1<Reading>, Unreadable> {
    let (api, by_shape) = api_of(posted, known);
    let mut readings = match described::message(api, posted, body, known).filter(|_| !by_shape) {
        Some(readings) => readings,
        None => rest::message_readings(posted, body, known),
    };
    rest::refuse_two_readings(&readings)?;
    for reading in &mut readings {
        aws::plane::name(reading, posted, body)?;
    }
    Ok(readings)
}

/// The other API whose shape a request has that `first` was recognised by.
pub(crate) fn second_shape(first: &Manifest, head: &Head) -> Option<&'static Manifest> {
    match first.protocol {
        ProtocolName::Kubernetes => aws::has_shape(head).then(catalog::aws),
        // A credential scope that the client adds takes nothing away from what the path says.
        ProtocolName::Aws => described::shape::of(head),
        _ => None,
    }
}
