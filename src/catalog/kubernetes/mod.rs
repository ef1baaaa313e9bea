//! What is known of Kubernetes kinds and annotations beyond the grammar: `kinds.tsv` and `annotations.tsv`.
//!
//! The tables are sorted text that lies in the program as it is: a look-up bisects it, nothing is built at start. A kind
//! without a row is judged by its verb alone. Must not know of requests.

use crate::model::{Hazard, Hazards, Impact, Scope};

const KINDS: &str = include_str!("kinds.tsv");
const ANNOTATIONS: &str = include_str!("annotations.tsv");

/// What a row of `kinds.tsv` says.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    cells: [&'static str; 4],
}

impl Kind {
    /// How far a write reaches, where it is not one resource.
    #[must_use]
    pub fn scope(self) -> Option<Scope> {
        self.cells[0].parse().ok()
    }

    /// The impact of a verb of the Kubernetes API on this kind, where it is not the verb's own.
    #[must_use]
    pub fn impact(self, verb: &str) -> Option<Impact> {
        let rows = || self.cells[1].split(',').filter_map(|cell| cell.split_once(':'));
        let named = rows().find(|(name, _)| *name == verb);
        let written = || rows().find(|(name, _)| *name == "write" && verb != "deletecollection");
        named.or_else(written).and_then(|(_, impact)| impact.parse().ok())
    }

    /// Hazards of losing an object of this kind.
    #[must_use]
    pub fn destroyed(self) -> Hazards {
        hazards(self.cells[2])
    }

    /// Hazards of any write but a creation.
    #[must_use]
    pub fn changed(self) -> Hazards {
        hazards(self.cells[3])
    }
}

fn hazards(cell: &str) -> Hazards {
    cell.split(',').filter_map(|word| word.parse::<Hazard>().ok()).collect()
}

/// The row of a kind: its own, its group's, or that of the longest ending of its group's name. The empty group is `core`.
#[must_use]
pub fn kind(group: &str, plural: &str) -> Option<Kind> {
    let group = if group.is_empty() { "core" } else { group };
    let exact = |group: &str, plural: &str| {
        let mut cells = find(KINDS, &[group, plural])?.split('\t').skip(2);
        let mut cell = || cells.next();
        Some(Kind { cells: [cell()?, cell()?, cell()?, cell()?] })
    };
    exact(group, plural).or_else(|| exact(group, "*")).or_else(|| {
        let endings = group.match_indices('.').filter_map(|(at, _)| group.get(at..));
        endings.filter(|ending| ending.len() < group.len()).find_map(|ending| exact(ending, "*"))
    })
}

/// Whether objects of this group are custom resources, which the API server itself keeps: an aggregated server may do with
/// a request what it likes. OpenShift's and Calico's own servers are aggregated.
#[must_use]
pub fn is_custom(group: &str) -> bool {
    let listed = || {
        let next = KINDS.get(lower_bound(KINDS, &[group, ""])..).and_then(|rest| rest.split('\t').next());
        next == Some(group)
    };
    let aggregated = group.ends_with(".openshift.io") || group == "projectcalico.org";
    group.contains('.') && !group.ends_with(".k8s.io") && !aggregated && (kind(group, "*").is_some() || listed())
}

/// What an annotation with this value says of what happens: a word that the reader of bodies knows.
#[must_use]
pub fn annotation(name: &str, value: &str) -> Option<&'static str> {
    let mut cells = find(ANNOTATIONS, &[name])?.split('\t').skip(1);
    let (expected, fact) = (cells.next()?, cells.next()?);
    (expected == "*" || expected.eq_ignore_ascii_case(value)).then_some(fact)
}

/// The row that begins with these cells.
fn find(table: &'static str, key: &[&str]) -> Option<&'static str> {
    let row = table.get(lower_bound(table, key)..)?.lines().next()?;
    row.split('\t').zip(key).all(|(cell, key)| cell == *key).then_some(row)
}

/// Where the first row begins whose cells are not before `key`. Comments stand at the top and `#` is before every key.
fn lower_bound(table: &str, key: &[&str]) -> usize {
    let (mut low, mut high) = (0, table.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let line = table.get(..middle).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1).max(low);
        let row = table.get(line..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        if row.split('\t').take(key.len()).lt(key.iter().copied()) {
            low = line + row.len() + 1;
        } else {
            high = line;
        }
    }
    low
}

#[cfg(test)]
mod tests;
