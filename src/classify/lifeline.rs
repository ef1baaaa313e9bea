//! Blast radius of what an agent needs to live.
//!
//! Talking to its model, signing in and reporting to its maker change nothing that anybody else runs: they are updates of
//! scope `local`, which every posture and every environment allows. They are not called reads, because bytes do leave.

use crate::catalog::lifelines::Purpose;
use crate::identify::Reading;
use crate::identify::protocol::lifeline::Seen;
use crate::model::{BlastRadius, Impact, Scope};

/// What it would do.
pub(super) fn blast_radius(reading: &Reading, seen: &Seen) -> BlastRadius {
    let mut blast = match seen {
        Seen::Call(Purpose::Registry) => BlastRadius::new(Impact::Read, Scope::Resource),
        Seen::Call(Purpose::Model | Purpose::SignIn | Purpose::Telemetry) | Seen::Tunnel => {
            BlastRadius::new(Impact::Update, Scope::Local)
        }
        // What goes through cannot be named, so it is not a read; the operator chose not to look, so it is not unknown.
        Seen::OtherTunnel => BlastRadius::new(Impact::Update, Scope::Resource),
    };
    blast.count = reading.count;
    blast
}
