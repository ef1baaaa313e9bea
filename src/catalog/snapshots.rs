//! Which operations make a snapshot or a backup of a thing, and how they are called on the command line
//! (`snapshots.tsv`). What is not there is not known to make one.

use super::kinds::kind;
use crate::model::Operation;

const ROWS: &str = include_str!("snapshots.tsv");

/// The columns: kind, operation, command.
fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let rows = ROWS.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.next()?, cells.next()?))
    })
}

/// Whether an operation makes a snapshot or a backup of what it names.
#[must_use]
pub fn makes_snapshot(operation: &Operation) -> bool {
    rows().any(|(_, known, _)| known == operation.as_str())
}

/// The command that makes a snapshot of what this operation is about, where one is known.
#[must_use]
pub fn snapshot_command(of: &Operation, name: Option<&str>) -> Option<String> {
    let kind = kind(of)?;
    let (.., command) = rows().find(|(known, _, command)| *known == kind && *command != "-")?;
    let is_plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    // What would need quotes is left to whoever reads it.
    Some(name.filter(is_plain).map_or_else(|| command.to_owned(), |name| command.replace("NAME", name)))
}

#[cfg(test)]
mod tests;
