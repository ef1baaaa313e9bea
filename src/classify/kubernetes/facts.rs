//! What the facts of a body make of a call.

use crate::identify::protocol::kubernetes::{Call, Fact};
use crate::model::{Hazard, Hazards, Impact};

/// Every fact with the impact that it brings at least, and its hazards.
const EFFECTS: &[(Fact, Impact, &[Hazard])] = &[
    (Fact::ScaledToZero, Impact::Disrupt, &[]),
    (Fact::Restarted, Impact::Disrupt, &[]),
    (Fact::RolledBack, Impact::Disrupt, &[]),
    (Fact::Suspended, Impact::Disrupt, &[]),
    (Fact::Drained, Impact::Disrupt, &[]),
    (Fact::Withdrawn, Impact::Disrupt, &[]),
    (Fact::Unguarded, Impact::Destroy, &[]),
    (Fact::Emptied, Impact::Destroy, &[]),
    (Fact::Disowned, Impact::Destroy, &[]),
    (Fact::Discarded, Impact::Destroy, &[Hazard::DataLoss]),
    (Fact::Recreated, Impact::Disrupt, &[Hazard::Replace]),
    (Fact::Reclaimed, Impact::Disrupt, &[]),
    (Fact::Detached, Impact::Disrupt, &[]),
    (Fact::HostAccess, Impact::Execute, &[Hazard::Privilege]),
    (Fact::PodSecurity, Impact::Permission, &[]),
    (Fact::Opened, Impact::Permission, &[Hazard::Exposure]),
    (Fact::Published, Impact::Permission, &[Hazard::Exposure]),
    (Fact::Anybody, Impact::Permission, &[Hazard::Exposure]),
    (Fact::Token, Impact::Permission, &[]),
    (Fact::Identity, Impact::Permission, &[Hazard::Privilege]),
];

fn effects(call: &Call) -> impl Iterator<Item = &'static (Fact, Impact, &'static [Hazard])> {
    let facts = call.written.facts;
    EFFECTS.iter().filter(move |(fact, _, _)| facts.contains(*fact))
}

/// The impact, or a stricter one that the body brings.
pub(super) fn impact(call: &Call, base: Impact) -> Impact {
    effects(call).fold(base, |impact, (_, other, _)| impact.stricter(*other))
}

/// The hazards that the body brings.
pub(super) fn hazards(call: &Call) -> Hazards {
    effects(call).flat_map(|(_, _, hazards)| hazards.iter().copied()).collect()
}
