//! Blast radius of AWS readings: reviewed rows over nouns over verbs, then the parameters that decide.
//!
//! A name gives the base; a conditional row can only make it stricter. The one thing that makes it milder is a dry run
//! that the tables list for this operation and that is spelt exactly as AWS honours it.

mod condition;
mod name;
mod statement;

#[cfg(test)]
mod tests;

use crate::catalog::aws::{Operation, Reviewed, Role, Service};
use crate::identify::Reading;
use crate::identify::protocol::aws::{Seen, Twin, Values};
use crate::model::{BlastRadius, Count, Hazard, Hazards, Impact, Reversible, Scope};

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

/// The base row's cells stand in place of what the name said.
fn replace(blast: &mut BlastRadius, row: &Reviewed) {
    if let Ok(impact) = row.impact.get().parse::<Impact>() {
        *blast = BlastRadius::new(impact, blast.scope);
    }
    if let Ok(scope) = row.scope.get().parse() {
        blast.scope = scope;
    }
    if let Ok(reversible) = row.reversible.get().parse() {
        blast.reversible = reversible;
    }
    blast.hazards = blast.hazards.union(hazards(row.hazards.get()));
}

/// A conditional row's cells count where they are stricter.
fn tighten(blast: &mut BlastRadius, row: &Reviewed) {
    if let Ok(impact) = row.impact.get().parse::<Impact>() {
        let stricter = blast.impact.stricter(impact);
        if stricter != blast.impact {
            let usual = BlastRadius::new(stricter, blast.scope).reversible;
            blast.reversible = blast.reversible.max(row.reversible.get().parse().unwrap_or(usual));
        }
        blast.impact = stricter;
    }
    if let Ok(scope) = row.scope.get().parse::<Scope>() {
        blast.scope = blast.scope.max(scope);
    }
    if let Ok(reversible) = row.reversible.get().parse::<Reversible>() {
        blast.reversible = blast.reversible.max(reversible);
    }
    blast.hazards = blast.hazards.union(hazards(row.hazards.get()));
}

fn hazards(words: &str) -> Hazards {
    words.split(',').filter_map(|word| word.parse::<Hazard>().ok()).collect()
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
