//! AWS: every wire protocol.
use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use crate::catalog::Manifest;
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};
use crate::model::{Count, Operation, Place};
use vec1::{Vec1, vec1};

/// The code behind the manifest's protocol `aws`.
pub(crate) struct Aws;

/// What the head leaves to choose from.
#[derive(Debug)]
pub struct Candidate {}

/// What the classifier needs.
#[derive(Clone, Debug)]
pub struct Seen {}

/// Whether a request on an unnamed host is signed for AWS.
#[must_use]
pub fn has_shape(head: &Head) -> bool {
    head.header("authorization").is_some_and(|value| value.starts_with("AWS4-"))
}

impl Protocol for Aws {
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
            operation: Operation::from_id("aws:unidentified:unidentified"),
            aliases: vec![],
            resources: vec![],
            place: Place::default(),
            parameters: vec![],
            count: Count::Unbounded,
            face: Face::Aws(Seen {})
        }])
    }
    fn dialect(&self, _head: &Head) -> Dialect {
        Dialect::AwsQuery
    }
}
