//! Kubernetes: the path grammar.
use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use crate::catalog::Manifest;
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};
use crate::model::{Count, Operation, Place};
use vec1::{Vec1, vec1};

/// The code behind the manifest's protocol `kubernetes`.
pub(crate) struct Kubernetes;

/// A parsed API path.
#[derive(Clone, Debug)]
pub struct Call {}

/// Whether the path is one of the Kubernetes API.
#[must_use]
pub fn has_shape(head: &Head) -> bool {
    head.path().starts_with("/api/v1/") || head.path().starts_with("/apis/")
}

impl Protocol for Kubernetes {
    fn route(&self, _api: &'static Manifest, head: &Head, _known: &Known) -> Result<Routed, Unreadable> {
        Ok(Routed { need: BodyNeed::None, dialect: self.dialect(head), partial: Partial::None })
    }
    fn identify(
        &self,
        _api: &'static Manifest,
        _partial: &Partial,
        _known: &Known,
        _head: &Head,
        _body: &Captured,
    ) -> Result<Vec1<Reading>, Unreadable> {
        Ok(vec1![Reading {
            operation: Operation::from_id("kubernetes:unidentified"),
            aliases: vec![],
            resources: vec![],
            place: Place::default(),
            parameters: vec![],
            count: Count::Unbounded,
            face: Face::Kubernetes(Box::new(Call {}))
        }])
    }
    fn dialect(&self, _head: &Head) -> Dialect {
        Dialect::Kubernetes
    }
}
