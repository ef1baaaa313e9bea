//! Blast radius of aws readings.
use crate::identify::Reading;
use crate::identify::protocol::aws::Seen;
use crate::model::{BlastRadius, Impact, Scope};

/// What it would do.
pub(super) fn blast_radius(_reading: &Reading, _seen: &Seen) -> BlastRadius {
    BlastRadius::new(Impact::Unknown, Scope::Resource)
}
