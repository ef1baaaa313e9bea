//! How much a request takes from a bucket, in resources.

use std::fmt;

use super::bucket::Digester;
use super::{Bucket, LimitSpec};
use crate::classify::Action;
use crate::model::{Count, Resource};

/// A resource that is told apart from others: a digest of its name and of where it stands.
pub type Name = u128;

/// What a request takes from one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The bucket.
    pub bucket: Bucket,
    /// How much.
    pub wants: Wants,
}

/// How much, in resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    /// So many.
    Resources(u64),
    /// Nobody can say how many.
    Unbounded,
    /// These, each once, sorted.
    Names(Vec<Name>),
    /// Different ones are counted, and nobody can say which they are.
    Unnamed,
}

impl Wants {
    pub(crate) fn add(&mut self, other: Self) {
        let both = match (std::mem::replace(self, Self::Unbounded), other) {
            (Self::Resources(one), Self::Resources(two)) => Self::Resources(one.saturating_add(two)),
            (Self::Names(mut names), Self::Names(more)) => {
                names.extend(more);
                names.sort_unstable();
                names.dedup();
                Self::Names(names)
            }
            (Self::Names(_) | Self::Unnamed, _) => Self::Unnamed,
            _ => Self::Unbounded,
        };
        *self = both;
    }
}

/// Why a call can never fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It has no bound.
    Unbounded,
    /// It does not name what it touches.
    Unnamed,
    /// It is larger than all that there ever is.
    Larger {
        /// What it touches.
        size: u64,
        /// What fits at most.
        whole: u32,
    },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unbounded => f.write_str("Nothing bounds how many resources this call touches, so it fits no limit."),
            Self::Unnamed => {
                f.write_str("This call does not name every resource that it touches, so it fits no limit.")
            }
            Self::Larger { size, whole } => write!(f, "This call alone touches {size}, and {whole} fit at once."),
        }
    }
}

impl LimitSpec {
    pub(super) fn wants(&self, action: &Action) -> Wants {
        if self.distinct {
            return names(action).map_or(Wants::Unnamed, Wants::Names);
        }
        match action.blast().count {
            Count::Exact(n) | Count::AtLeast(n) => Wants::Resources(n.max(1)),
            Count::Unbounded => self.unbounded.map_or(Wants::Unbounded, |n| Wants::Resources(u64::from(n))),
        }
    }

    /// Why as much as this never fits; `None`: it fits a full bucket.
    #[must_use]
    pub fn misfit(&self, wants: &Wants) -> Option<Misfit> {
        let larger = |size: u64, whole: u32| (size > u64::from(whole)).then_some(Misfit::Larger { size, whole });
        match wants {
            Wants::Resources(size) => larger(*size, self.burst),
            Wants::Unbounded => Some(Misfit::Unbounded),
            Wants::Names(names) => larger(names.len() as u64, self.quantity),
            Wants::Unnamed => Some(Misfit::Unnamed),
        }
    }
}

/// The resources of an action, where it names as many as it touches for certain.
fn names(action: &Action) -> Option<Vec<Name>> {
    let (resources, count) = (action.resources(), action.blast().count.floor()?);
    if resources.is_empty() || resources.iter().any(|one| one.as_str().is_empty()) {
        return None;
    }
    if count <= 1 {
        // However many words its name has, it is one.
        return Some(vec![name(action, resources)]);
    }
    if count > resources.len() as u64 {
        return None;
    }
    let mut names: Vec<Name> = resources.chunks(1).map(|one| name(action, one)).collect();
    names.sort_unstable();
    names.dedup();
    Some(names)
}

/// Two clusters may each have a `shop`.
fn name(action: &Action, resources: &[Resource]) -> Name {
    let (operation, place) = (action.operation(), action.place());
    let mut digest = Digester::of(2);
    for part in [operation.provider(), operation.service(), &action.environment().name] {
        digest.text(Some(part));
    }
    let places = [&place.account, &place.region, &place.cluster, &place.namespace, &place.project, &place.subscription];
    for place in places.into_iter().chain([&place.repository, &place.database, &place.state]) {
        digest.text(place.as_deref());
    }
    for resource in resources {
        digest.text(Some(resource.as_str()));
    }
    digest.end()
}
