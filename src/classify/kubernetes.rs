//! Blast radius of kubernetes readings.
use crate::identify::Reading;
use crate::identify::protocol::kubernetes::Call;
use crate::model::{BlastRadius, Impact, Scope};

/// What it would do.
pub(super) fn blast_radius(_reading: &Reading, _seen: &Call) -> BlastRadius {
    BlastRadius::new(Impact::Unknown, Scope::Resource)
}
