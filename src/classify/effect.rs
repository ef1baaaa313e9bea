//! The cells of effect tables, applied to a blast radius.

use crate::catalog::Reviewed;
use crate::model::{BlastRadius, Hazard, Hazards, Impact, Reversible, Scope};

/// The base row's cells stand in place of what the name said.
pub(super) fn replace(blast: &mut BlastRadius, row: &Reviewed) {
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
pub(super) fn tighten(blast: &mut BlastRadius, row: &Reviewed) {
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

/// The hazards that a cell names.
pub(super) fn hazards(words: &str) -> Hazards {
    words.split(',').filter_map(|word| word.parse::<Hazard>().ok()).collect()
}
