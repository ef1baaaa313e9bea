//! The packed tables that the build script writes, as slices of rows. They lie in the program as they are: a look-up reads
//! them in place, and nothing is built when the program starts.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// Functions that give packed tables: `name: Row = "file";`.
macro_rules! tables {
    ($($name:ident: $row:ty = $file:literal;)*) => {
        $(pub(super) fn $name() -> &'static [$row] {
            $crate::catalog::packed::rows(include_bytes!(concat!(env!("OUT_DIR"), "/catalog/", $file)))
        })*

        /// How many rows every table holds; none where its bytes are no whole rows.
        #[cfg(test)]
        pub(super) fn lengths() -> Vec<(&'static str, usize)> {
            vec![$((stringify!($name), $name().len()),)*]
        }
    };
}
pub(super) use tables;

mod steps {
    super::tables! {
        edges: super::Entry = "edges";
        leaves: zerocopy::little_endian::U32 = "leaves";
        nodes: super::Node = "nodes";
    }
}

static TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/catalog/text"));

/// The rows of a table; none where the bytes are no whole rows, which a test excludes.
pub(super) fn rows<T: FromBytes + KnownLayout + Immutable + Unaligned>(bytes: &'static [u8]) -> &'static [T] {
    <[T]>::ref_from_bytes(bytes).unwrap_or_default()
}

/// A text of the tables: where it begins in the one string, and its length in bytes.
#[derive(Clone, Copy, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Text {
    at: U32,
    length: U16,
}

impl Text {
    /// The text.
    #[must_use]
    pub fn get(self) -> &'static str {
        let at = self.at.get() as usize;
        TEXT.get(at..at + usize::from(self.length.get())).unwrap_or_default()
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.get())
    }
}

/// First row and number of rows in another table.
#[derive(Clone, Copy, Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Range {
    first: U32,
    count: U32,
}

impl Range {
    /// The rows.
    pub(super) fn of<T>(self, table: &'static [T]) -> &'static [T] {
        let first = self.first.get() as usize;
        table.get(first..first + self.count.get() as usize).unwrap_or_default()
    }
}

/// A word and the row of another table that it leads to.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct Entry {
    pub(super) word: Text,
    row: U32,
}

impl Entry {
    /// The row's number.
    pub(super) const fn row(&self) -> usize {
        self.row.get() as usize
    }
}

/// A reviewed effect; empty cells say nothing.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Reviewed {
    /// Empty for the base row, else the condition.
    pub when: Text,
    /// Impact.
    pub impact: Text,
    /// Scope.
    pub scope: Text,
    /// Reversibility.
    pub reversible: Text,
    /// Hazards, comma-separated.
    pub hazards: Text,
}

/// One step of the path templates.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct Node {
    literals: Range,
    label: U32,
    greedy: U32,
    leaves: Range,
}

impl Node {
    /// The node after a label. Node 0 is a root, which nothing leads to.
    fn label(&self) -> Option<usize> {
        Some(self.label.get() as usize).filter(|next| *next != 0)
    }

    /// The node after a greedy label.
    fn greedy(&self) -> Option<usize> {
        Some(self.greedy.get() as usize).filter(|next| *next != 0)
    }

    fn literal(&self, word: &str) -> Option<usize> {
        let edges = self.literals.of(steps::edges());
        edges.get(edges.binary_search_by(|edge| edge.word.get().cmp(word)).ok()?).map(Entry::row)
    }
}

/// The rows whose path template matches, in bands of falling specificity: a band is the rows of one template; literals
/// come before labels, labels before greedy labels.
///
/// Depth is bounded by the templates; a greedy label tries every length, and no template holds more than one.
pub(super) fn by_path(root: usize, segments: &[&str]) -> Vec<Vec<usize>> {
    let mut bands = vec![];
    descend(root, segments, &mut bands);
    bands
}

fn descend(at: usize, segments: &[&str], bands: &mut Vec<Vec<usize>>) {
    let Some(node) = steps::nodes().get(at) else { return };
    let Some((first, rest)) = segments.split_first() else {
        let leaves = node.leaves.of(steps::leaves());
        if !leaves.is_empty() {
            bands.push(leaves.iter().map(|leaf| leaf.get() as usize).collect());
        }
        return;
    };
    if let Some(next) = node.literal(first) {
        descend(next, rest, bands);
    }
    if let Some(next) = node.label().filter(|_| !first.is_empty()) {
        descend(next, rest, bands);
    }
    if let Some(next) = node.greedy() {
        for taken in 1..=segments.len() {
            if let Some(left) = segments.get(taken..) {
                descend_after_greedy(next, left, bands);
            }
        }
    }
}

/// After a greedy label only its own literals may follow, so that the search stays linear.
fn descend_after_greedy(at: usize, left: &[&str], bands: &mut Vec<Vec<usize>>) {
    let Some(node) = steps::nodes().get(at) else { return };
    if left.first().is_none_or(|word| node.literal(word).is_some()) {
        descend(at, left, bands);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_whole_rows() {
        for (name, rows) in steps::lengths() {
            assert!(rows > 0, "{name}");
        }
    }
}
