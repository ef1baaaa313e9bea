//! Blast radius of GraphQL mutations: a provider's table where it has a row, else the words of the field's name.
//!
//! Names come verb-first (`deleteVolume`), noun-first (`volumeDelete`), with underscores (`volume_delete`,
//! `delete_users_by_pk`) and inside namespaces (`project { delete(id: 1) }`). The strictest word counts wherever it stands,
//! but for what is known to mean something else; a name that says nothing is an update.

use super::condition;
use super::effect::tighten;
use crate::catalog::{self, Condition};
use crate::identify::protocol::graphql::Mutation;
use crate::model::{BlastRadius, Hazard, Impact, Reversible};

mod lists;
mod words;

use words::Name;

/// What a mutation of this provider would do: as its table says, arguments against it included.
pub(super) fn of(provider: &str, asked: &Mutation) -> BlastRadius {
    let Some(row) = catalog::mutation(provider, &asked.field) else { return by_words(asked) };
    let (mut blast, _) = super::described::of_mutation(row);
    for one in row.conditions().iter().filter(|one| !Condition::is_silent(one.when.get())) {
        if asked.is_cut() || condition::holds(one.when.get(), asked) {
            tighten(&mut blast, one);
        }
    }
    blast
}

/// What its words say. The count is the reading's.
#[must_use]
pub fn by_words(asked: &Mutation) -> BlastRadius {
    let mut blast = by_name(&Name::of(&asked.field));
    for inner in &asked.inner {
        let name = Name::of(inner);
        // Below the root stand the names of what is asked back: only a verb in front says that something is done.
        if !name.begins_with_a_verb() {
            continue;
        }
        let other = by_name(&name);
        if other.impact.strictness() > blast.impact.strictness() {
            blast = BlastRadius { scope: other.scope.max(Name::of(&asked.field).scope(other.impact)), ..other };
        }
    }
    blast
}

/// What the words of a name say.
fn by_name(name: &Name) -> BlastRadius {
    let impact = name.impact();
    let mut blast = BlastRadius::new(impact, name.scope(impact));
    if impact == Impact::Destroy {
        for (nouns, hazard) in [(lists::HOLD_DATA, Hazard::DataLoss), (lists::BACKUPS, Hazard::BackupLoss)] {
            if name.has(nouns) {
                blast = blast.hazard(hazard);
            }
        }
        if name.is_soft() {
            blast.reversible = Reversible::Yes;
        } else if name.restores_over() {
            blast.reversible = Reversible::Partly;
        }
    }
    if name.moves_money() {
        blast = blast.hazard(Hazard::Cost);
        blast.reversible = Reversible::No;
    }
    if impact == Impact::Permission && name.has(&["public"]) {
        blast = blast.hazard(Hazard::Exposure);
    }
    blast
}

#[cfg(test)]
mod tests;
