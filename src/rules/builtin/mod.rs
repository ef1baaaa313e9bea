//! The packs of `rules/`, compiled in, with what the build found out about them (`build/rules.rs`): the digest of every
//! file, and which operations each rule could concern. So a start reads none of the rules, and a request only those that
//! could speak of it; what was read once is kept for all sets of this process.
//!
//! Tests compare the table with the rules as they are read, and what it lets be read with what all rules say.

mod unread;

use std::sync::LazyLock;

#[cfg(test)]
use super::RuleSet;
use super::sets::Sets;
use super::{Layer, Pack, Source};

pub(super) use unread::{Unread, candidates, file_of, ids, named, rule, rules};

use unread::Near;

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// One file.
#[derive(Debug)]
struct File {
    /// From the folder above `rules/`.
    path: &'static str,
    text: &'static str,
    /// As [`super::digest`] makes it.
    digest: [u8; 32],
}

impl File {
    fn source(&self, layer: Layer) -> Source {
        Source { file: self.path.to_owned(), text: self.text.to_owned(), layer }
    }

    fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// The packs that take part only once they are exported, as an organisation would have them.
#[must_use]
pub fn optional_sources() -> Vec<Source> {
    OPTIONAL.iter().map(|file| file.source(Layer::Organisation)).collect()
}

/// The built-in packs as sources; `rules export` writes them out.
#[must_use]
pub fn builtin_sources() -> Vec<Source> {
    FILES.iter().map(|file| file.source(Layer::BuiltIn)).collect()
}

/// What every set needs: the files that are no rules (the matrix, limits, sets), and the rules that look back, because what
/// they ask of earlier requests must be known when those come.
pub(super) fn common_sources() -> Vec<Source> {
    const COMMON: &[&str] = &["matrix.yaml", "limits.yaml", "exceptions.yaml", "freezes.yaml", "sets.yaml"];
    let common = FILES.iter().filter(|file| COMMON.contains(&file.name()));
    let looking_back = LOOKING_BACK.iter().filter_map(|at| FILES.get(*at));
    common.chain(looking_back).map(|file| file.source(Layer::BuiltIn)).collect()
}

/// The digest of every file.
pub(super) fn digests() -> impl Iterator<Item = [u8; 32]> {
    FILES.iter().map(|file| file.digest)
}

/// The packs that describe themselves.
pub(super) fn packs() -> &'static [Pack] {
    static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| {
        let files = FILES.iter().filter(|file| file.name() == "pack.yaml");
        // A test loads every one of them.
        files.filter_map(|file| super::pack(file.path, file.text).ok()).collect()
    });
    &PACKS
}

/// The sets that built-in rules can name.
fn sets() -> &'static Sets {
    static SETS: LazyLock<Sets> = LazyLock::new(|| {
        let mut sets = Sets::default();
        for file in FILES.iter().filter(|file| file.name() == super::SETS) {
            let _ = sets.read(file.path, file.text);
        }
        sets
    });
    &SETS
}

/// All of it, read and checked as any other files would be, tests included.
#[cfg(test)]
pub(super) fn read_whole() -> RuleSet {
    RuleSet::only(&builtin_sources()).unwrap_or_else(|wrong| panic!("{wrong}"))
}

#[cfg(test)]
mod tests;
