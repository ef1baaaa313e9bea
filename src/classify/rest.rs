//! Blast radius of generic readings, by method and path words.

use super::graphql;
use crate::identify::Reading;
use crate::identify::protocol::graphql::Root;
use crate::identify::protocol::rest::{Described, Seen};
use crate::identify::protocol::state::Call;
use crate::model::http::Upgrade;
use crate::model::{BlastRadius, Count, Hazard, Impact, Scope};

/// What it would do.
pub(super) fn blast_radius(reading: &Reading, seen: &Seen) -> BlastRadius {
    let plain = by_method(seen);
    if let Some(described) = &seen.described {
        return by_row(reading, seen, described, plain);
    }
    let mut blast = match &seen.graphql {
        None => match seen.state {
            // What it managed lives on, and nothing knows of it any more.
            Some(Call::Emptied | Call::Delete) => {
                BlastRadius::new(plain.stricter(Impact::Destroy), Scope::Environment).hazard(Hazard::DataLoss)
            }
            Some(Call::DeleteVersion) => BlastRadius::new(plain, Scope::Resource).hazard(Hazard::BackupLoss),
            _ => BlastRadius::new(plain, Scope::Resource),
        },
        Some(Root::Messages) if seen.word.is_none() && seen.methods.len() == 1 && !seen.opaque => {
            BlastRadius::new(Impact::Read, Scope::Resource)
        }
        Some(Root::Messages | Root::Unreadable | Root::TwoReadings(_)) => {
            BlastRadius::new(Impact::Unknown, Scope::Resource)
        }
        // A `query` member beside others does not make an ordinary POST harmless.
        Some(Root::Query { certain }) if *certain && seen.word.is_none() && seen.methods.len() == 1 => {
            BlastRadius::new(Impact::Read, Scope::Resource)
        }
        Some(Root::Query { .. }) => BlastRadius::new(plain, Scope::Resource),
        Some(Root::Mutation(asked)) => {
            let mut blast = graphql::of(reading.operation.provider(), asked);
            if seen.word.is_some() || seen.opaque || seen.methods.len() > 1 {
                blast.impact = blast.impact.stricter(plain);
                blast.reversible = blast.reversible.max(BlastRadius::new(plain, blast.scope).reversible);
            }
            blast
        }
    };
    blast.count = if blast.count == Count::Unbounded { Count::Unbounded } else { reading.count };
    blast
}

/// What the table says of the call. It may say less than the method does, unless something else names another method.
fn by_row(reading: &Reading, seen: &Seen, described: &Described, plain: Impact) -> BlastRadius {
    let row = described.row;
    let mut impact = row.impact.get().parse().unwrap_or(Impact::Unknown);
    if let Some(told) = described.told {
        impact = told;
    }
    if seen.methods.len() > 1 || seen.upgrade.is_some() || seen.opaque {
        impact = impact.stricter(plain);
    }
    let scope = if described.wide { Scope::Environment } else { row.scope.get().parse().unwrap_or(Scope::Resource) };
    let mut blast = BlastRadius { count: reading.count, ..BlastRadius::new(impact, scope) };
    blast.hazards = row.hazards.get().split(',').filter_map(|word| word.parse::<Hazard>().ok()).collect();
    if described.told == Some(Impact::Destroy) {
        blast.hazards.insert(Hazard::DataLoss);
    }
    blast
}

/// The strictest of the request line's method and of every override.
fn by_method(seen: &Seen) -> Impact {
    let one = |method: &String| match method.as_str() {
        // WebDAV, and searches whose terms do not fit into a path.
        "GET" | "HEAD" | "OPTIONS" | "PROPFIND" | "REPORT" | "SEARCH" | "QUERY" => Impact::Read,
        "DELETE" => Impact::Destroy,
        // The last two lock a Terraform state.
        "POST" | "PUT" | "PATCH" | "LOCK" | "UNLOCK" if seen.opaque => Impact::Unknown,
        "POST" | "PUT" | "PATCH" | "LOCK" | "UNLOCK" => {
            seen.word.map_or(Impact::Update, |word| Impact::Update.stricter(word.impact))
        }
        _ => Impact::Unknown,
    };
    let opened = match seen.upgrade {
        None => Impact::Read,
        // Both sides say what they like: at least what a POST is.
        Some(Upgrade::WebSocket) => Impact::Update,
        Some(Upgrade::Tcp) => Impact::Execute,
        // Many requests in one connection, on a host that is no cluster.
        Some(Upgrade::Spdy | Upgrade::H2c) => Impact::Unknown,
    };
    seen.methods.iter().map(one).fold(opened, Impact::stricter)
}
