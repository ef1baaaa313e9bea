//! Blast radius of described calls: the row of the tables, then the parameters that decide.
//!
//! A conditional row can only make it stricter. The one thing that makes it milder is a dry run that the tables list for
//! the operation, said once and exactly as the API honours it.

use super::condition;
use super::effect::{hazards, tighten};
use crate::catalog::Condition;
use crate::catalog::described::{Mutation, Operation as Row};
use crate::identify::Reading;
use crate::identify::protocol::described::{Call, Members, Seen};
use crate::model::http::Upgrade;
use crate::model::{BlastRadius, Count, Hazard, Impact, Scope};

/// From this many resources on, an action is `bulk`.
const BULK_FROM: u64 = 10;

/// What it would do.
pub(super) fn blast_radius(reading: &Reading, seen: &Seen) -> BlastRadius {
    let mut blast = match &seen.call {
        Call::Listed(rows) => {
            let mut rows = rows.iter().map(|row| judged(row, &seen.members));
            let first = rows.next().unwrap_or_else(|| BlastRadius::new(Impact::Unknown, Scope::Environment));
            rows.fold(first, |mut blast, other| {
                super::merge(&mut blast, &other, false);
                blast
            })
        }
        Call::ByMethod => BlastRadius::new(Impact::Read, Scope::Resource),
        Call::Unlisted => BlastRadius::new(Impact::Unknown, Scope::Environment),
    };
    let opens = matches!(&seen.call, Call::Listed(rows) if rows.iter().all(|row| row.opens()));
    blast.impact = blast.impact.stricter(match seen.upgrade.filter(|_| !opens) {
        None => Impact::Read,
        // Both sides say what they like: at least what a POST is.
        Some(Upgrade::WebSocket) => Impact::Update,
        Some(Upgrade::Tcp) => Impact::Execute,
        Some(Upgrade::Spdy | Upgrade::H2c) => Impact::Unknown,
    });
    blast.count = reading.count;
    let many = blast.count == Count::Unbounded || blast.count.floor().is_some_and(|count| count >= BULK_FROM);
    if many && !matches!(blast.impact, Impact::Read | Impact::Create | Impact::Unknown) {
        blast.hazards.insert(Hazard::Bulk);
    }
    blast
}

/// What an operation does as far as its row tells: no parameter is looked at.
#[must_use]
pub fn by_row(row: &Row) -> BlastRadius {
    of_cells(row.impact.get(), row.scope.get(), (row.count.get(), row.reversible.get(), row.hazards.get()))
}

/// The same with every parameter against it: all conditions together.
#[must_use]
pub fn at_most(row: &Row) -> BlastRadius {
    let mut blast = by_row(row);
    row.conditions().filter(|one| !Condition::is_silent(one.when.get())).for_each(|one| tighten(&mut blast, one));
    blast
}

/// What a mutation does as its row tells, and with every argument against it.
#[must_use]
pub fn of_mutation(row: &Mutation) -> (BlastRadius, BlastRadius) {
    let blast = of_cells(row.impact.get(), row.scope.get(), (row.count.get(), row.reversible.get(), row.hazards.get()));
    let mut most = blast;
    row.conditions().iter().filter(|one| !Condition::is_silent(one.when.get())).for_each(|one| tighten(&mut most, one));
    (blast, most)
}

fn of_cells(impact: &str, scope: &str, (count, reversible, words): (&str, &str, &str)) -> BlastRadius {
    let impact = impact.parse().unwrap_or(Impact::Unknown);
    let mut blast = BlastRadius::new(impact, scope.parse().unwrap_or(Scope::Environment));
    if let Ok(reversible) = reversible.parse() {
        blast.reversible = reversible;
    }
    blast.hazards = hazards(words);
    blast.count = match count {
        "unbounded" => Count::Unbounded,
        "least" => Count::AtLeast(1),
        _ => Count::ONE,
    };
    blast
}

fn judged(row: &Row, members: &Members) -> BlastRadius {
    let mut blast = by_row(row);
    for one in row.conditions().filter(|one| !Condition::is_silent(one.when.get())) {
        let asks_body = || Condition::members(one.when.get()).any(|name| name == "body" || name.starts_with("body."));
        if condition::holds(one.when.get(), members) || members.is_opaque() && asks_body() {
            tighten(&mut blast, one);
        }
    }
    if is_dry_run(row, members) {
        return BlastRadius::new(Impact::Read, blast.scope);
    }
    blast
}

/// Only where the tables say so, and only where it is said once.
fn is_dry_run(row: &Row, members: &Members) -> bool {
    row.conditions().filter_map(|one| Condition::silent(one.when.get())).filter(|(word, _)| *word == "dry").any(
        |(_, dry)| {
            let mut values = members.of(dry.member);
            let first = values.next();
            values.next().is_none() && first.is_some_and(|value| dry.expected.split('|').any(|known| known == value))
        },
    )
}
