//! What an agent needs to live: model APIs, sign-in, package registries, telemetry.
//!
//! Only calls that the catalog lists are lifelines; everything else on the same host gets the generic reading.

use vec1::{Vec1, vec1};

use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use super::{git, rest};
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
}

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
    let need = git::need(head).unwrap_or_else(|| rest::need(head));
    Routed { need, dialect: rest::dialect(head), partial: Partial::None }
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
        if let Some(readings) = git::all_readings(head, body, known) {
            rest::refuse_two_readings(&readings)?;
            return Ok(readings);
        }
        let Some(purpose) = listed(head) else {
            let readings = rest::readings(head, body, known);
            rest::refuse_two_readings(&readings)?;
            return Ok(readings);
        };
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
