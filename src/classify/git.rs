//! Blast radius of git over HTTP. Why what cannot be proved is judged by the name of its branch: `docs/decisions/0010-git-push.md`.

use crate::identify::Reading;
use crate::identify::protocol::git::Seen;
use crate::model::{BlastRadius, Hazard, Impact, Reversible, Scope};

/// What it would do.
pub(super) fn blast_radius(reading: &Reading, seen: Seen) -> BlastRadius {
    let of = BlastRadius::new;
    let lost = |scope| {
        // Other clones hold the commits, and servers for some weeks.
        BlastRadius { reversible: Reversible::Partly, ..of(Impact::Destroy, scope).hazard(Hazard::DataLoss) }
    };
    let by_branch = |long_lived| if long_lived { Scope::Resource } else { Scope::Item };
    let mut blast = match seen {
        Seen::Fetch => of(Impact::Read, Scope::Resource),
        Seen::Create => of(Impact::Create, Scope::Resource),
        Seen::Forward => of(Impact::Update, Scope::Resource),
        Seen::Unproven { long_lived: false } => {
            BlastRadius { reversible: Reversible::Partly, ..of(Impact::Update, Scope::Resource) }
        }
        Seen::Unproven { long_lived: true } => lost(Scope::Item),
        Seen::Access => of(Impact::Permission, Scope::Resource),
        Seen::Rewrite { long_lived } | Seen::Delete { long_lived } => lost(by_branch(long_lived)),
        Seen::Unreadable => of(Impact::Unknown, Scope::Resource),
    };
    blast.count = reading.count;
    blast
}
