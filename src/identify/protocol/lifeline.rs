//! What an agent needs to live.
use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use crate::catalog::Manifest;
use crate::model::http::{Authority, BodyNeed, Captured, Head, Unreadable};
use crate::model::{Count, Operation, Place, Resource};
use vec1::{Vec1, vec1};

/// The code behind the manifest's protocol `lifeline`.
pub(crate) struct Lifeline;

/// What the classifier needs.
#[derive(Clone, Debug)]
pub struct Seen {}

/// A connection passed without being opened.
#[must_use]
pub(crate) fn tunnel(authority: &Authority) -> Reading {
    Reading {
        operation: Operation::from_id("net:tunnel:Open"),
        aliases: vec![],
        resources: vec![Resource::from(authority.to_string())],
        place: Place { host: Some(authority.host.clone()), loopback: authority.is_loopback(), ..Place::default() },
        parameters: vec![],
        count: Count::ONE,
        face: Face::Lifeline(Seen {}),
    }
}

impl Protocol for Lifeline {
    fn route(&self, _api: &'static Manifest, head: &Head, _known: &Known) -> Result<Routed, Unreadable> {
        Ok(Routed { need: BodyNeed::None, dialect: self.dialect(head), partial: Partial::None })
    }
    fn identify(
        &self,
        _api: &'static Manifest,
        _partial: &Partial,
        known: &Known,
        head: &Head,
        body: &Captured,
    ) -> Result<Vec1<Reading>, Unreadable> {
        Ok(vec1![super::rest::generic(head, body, known)])
    }
    fn dialect(&self, _head: &Head) -> Dialect {
        Dialect::Problem
    }
}
