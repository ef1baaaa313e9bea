//! The generic reading of a host that no provider knows: method and path words.
use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use crate::catalog::Manifest;
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};
use crate::model::{Count, Operation, Place, Resource};
use vec1::{Vec1, vec1};

/// The code behind the manifest's protocol `rest`.
pub(crate) struct Rest;

/// What the classifier needs.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// A path word that says destruction.
    pub word: Option<String>,
}

/// The generic reading.
#[must_use]
pub(crate) fn generic(head: &Head, _body: &Captured, _known: &Known) -> Reading {
    Reading {
        operation: Operation::new("http", &head.authority.host, head.method.as_str()),
        aliases: vec![],
        resources: vec![Resource::from(head.path())],
        place: Place {
            host: Some(head.authority.host.clone()),
            loopback: head.authority.is_loopback(),
            ..Place::default()
        },
        parameters: vec![],
        count: Count::ONE,
        face: Face::Rest(Seen { method: head.method.to_string(), word: None }),
    }
}

impl Protocol for Rest {
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
        Ok(vec1![generic(head, body, known)])
    }
    fn dialect(&self, _head: &Head) -> Dialect {
        Dialect::Problem
    }
}
