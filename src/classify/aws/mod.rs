//! Blast radius of AWS readings: reviewed rows over nouns over verbs, then the parameters that decide.
//!
//! A name gives the base; a conditional row can only make it stricter. The one thing that makes it milder is a dry run
//! that the tables list for this operation and that is spelt exactly as AWS honours it.

mod name;

#[cfg(test)]
mod tests;

use super::condition;
use super::effect::{replace, tighten};
use crate::catalog::aws::{Operation, Reviewed, Role, Service};
use crate::identify::Reading;
use crate::identify::protocol::aws::{Seen, Twin, Values};
use crate::model::{BlastRadius, Count, Hazard, Impact, Scope};

/// From this many resources on, an action is `bulk`.
const BULK_FROM: u64 = 10;

/// What it would do; through a generic API at least what that API's own operation says.
pub(super) fn blast_radius(reading: &Reading, seen: &Seen) -> BlastRadius {
    let mut blast = own(reading, seen);
    if let Some((through, values)) = &seen.through {
        let floor = judged(*through, values);
        super::merge(&mut blast, &BlastRadius { count: reading.count, ..floor }, false);
    }
    blast
}

fn own(reading: &Reading, seen: &Seen) -> BlastRadius {
    let (Some(service), Some(operation)) = (seen.service, seen.operation) else {
        return BlastRadius { count: reading.count, ..BlastRadius::new(Impact::Unknown, Scope::Resource) };
    };
    let mut blast = judged((service, operation), &seen.values);
    for (service, twin) in &seen.twins {
        // An older name of the same operation says nothing more.
        if !twin.is_deprecated() {
            let other = judged((service, twin), &seen.values);
            blast.impact = blast.impact.stricter(other.impact);
            blast.scope = blast.scope.max(other.scope);
            blast.reversible = blast.reversible.max(other.reversible);
            blast.hazards = blast.hazards.union(other.hazards);
        }
    }
    blast.count = reading.count;
    if is_dry_run(&seen.values) {
        return BlastRadius { count: reading.count, ..BlastRadius::new(Impact::Read, blast.scope) };
    }
    let many = blast.count == Count::Unbounded || blast.count.floor().is_some_and(|count| count >= BULK_FROM);
    if many && !matches!(blast.impact, Impact::Read | Impact::Create) {
        blast.hazards.insert(Hazard::Bulk);
    }
    blast
}

/// What an operation does as far as its name tells: no parameter is looked at.
#[must_use]
pub fn by_name(service: &Service, operation: &Operation) -> BlastRadius {
    base(service, operation)
}

/// The same with every parameter against it: all conditions together.
#[must_use]
pub fn at_most(service: &Service, operation: &Operation) -> BlastRadius {
    let mut blast = base(service, operation);
    operation.reviewed().iter().filter(|row| !row.when.get().is_empty()).for_each(|row| tighten(&mut blast, row));
    blast
}

/// Name, base row and the conditions that hold.
fn judged((service, operation): Twin, values: &Values) -> BlastRadius {
    let mut blast = base(service, operation);
    for row in operation.reviewed().iter().filter(|row| !row.when.get().is_empty()) {
        if condition::holds(row.when.get(), values) {
            tighten(&mut blast, row);
        }
    }
    blast
}

/// Name and base row.
fn base(service: &Service, operation: &Operation) -> BlastRadius {
    let mut blast = name::blast_radius(service.judged_as.get(), operation);
    let is_base = |row: &&Reviewed| row.when.get().is_empty();
    let base = operation.reviewed().iter().find(is_base).or_else(|| service.reviewed().iter().find(is_base));
    if let Some(row) = base {
        replace(&mut blast, row);
    }
    blast
}

/// Only spellings that AWS honours for certain: `true`, and Lambda's `DryRun`.
fn is_dry_run(values: &Values) -> bool {
    let mut dry = values.iter().filter(|(member, _)| member.roles.contains(Role::DryRun));
    match (dry.next(), dry.next()) {
        (Some((member, value)), None) if member.name.get() == "InvocationType" => value == "DryRun",
        (Some((_, value)), None) => value == "true",
        _ => false,
    }
}
