//! The rules that a command is about: the built-in packs, a configuration's, and the files that were named.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::app::{Setup, rule_sources};
use crate::config::{Diagnostic, Diagnostics, People};
use crate::rules::{RuleSet, Source, builtin_sources};

/// What was loaded, or what is wrong.
pub(super) struct Loaded {
    /// The set, if it could be loaded.
    pub(super) rules: Option<RuleSet>,
    /// What is wrong, and the warnings.
    pub(super) found: Vec<Diagnostic>,
    /// All files of the set.
    pub(super) sources: Vec<Source>,
    /// The rules' files that were named, as the set knows them.
    pub(super) named: BTreeSet<String>,
    /// Who there is, by the configuration.
    pub(super) people: People,
}

impl Loaded {
    /// Reads and loads.
    pub(super) fn of(paths: &[PathBuf], config: Option<&Path>) -> Self {
        let mut found = Vec::new();
        let mut read = |result: Result<Vec<Source>, Diagnostics>| match result {
            Ok(sources) => sources,
            Err(Diagnostics(wrong)) => {
                found.extend(wrong);
                Vec::new()
            }
        };
        let mut sources = config.map(|path| read(Setup::sources(path))).unwrap_or_default();
        let setup = config.map_or_else(|| Ok(Setup::default()), Setup::read);
        let given: Vec<Source> = paths.iter().flat_map(|path| read(rule_sources(path))).collect();
        let builtin = builtin_sources();
        // A file that is named and belongs to the configuration too, or is named twice, is one file.
        let real = |source: &Source| Path::new(&source.file).canonicalize().ok();
        let mut seen: BTreeSet<PathBuf> = sources.iter().filter_map(real).collect();
        let mut named: BTreeSet<String> = BTreeSet::new();
        for source in given {
            named.insert(copied(&source, &builtin).unwrap_or(&source).file.clone());
            if real(&source).is_none_or(|path| seen.insert(path)) {
                sources.push(source);
            }
        }
        // An exported pack that nobody changed is the built-in one; it would only collide with itself.
        sources.retain(|source| copied(source, &builtin).is_none());
        let mut loaded = Self { rules: None, found, sources, named, people: People::default() };
        if loaded.found.is_empty() {
            match RuleSet::load(&loaded.sources) {
                Ok(rules) => loaded.rules = Some(rules),
                Err(Diagnostics(wrong)) => loaded.found = wrong,
            }
        }
        match setup {
            Ok(setup) => loaded.people = setup.people,
            // Settings, inventory and people belong to what is checked; the rules among it were told above.
            Err(Diagnostics(wrong)) => {
                loaded.rules = None;
                let new: Vec<Diagnostic> = wrong.into_iter().filter(|one| !loaded.found.contains(one)).collect();
                loaded.found.extend(new);
            }
        }
        loaded.sources.extend(builtin);
        loaded
    }

    /// Gives findings without one the line that they are about.
    pub(super) fn quoted(&self, found: impl IntoIterator<Item = Diagnostic>) -> Vec<Diagnostic> {
        let quoted = |mut one: Diagnostic| {
            if one.snippet.is_none() && one.line > 0 {
                let source = self.sources.iter().find(|source| source.file == one.file);
                let line = source.and_then(|source| source.text.lines().nth(one.line - 1));
                one.snippet = line.map(str::to_owned);
            }
            one
        };
        found.into_iter().map(quoted).collect()
    }
}

/// The built-in file that this one is a copy of: exported, and not changed.
pub(super) fn copied<'a>(source: &Source, builtin: &'a [Source]) -> Option<&'a Source> {
    let file = source.file.replace('\\', "/");
    builtin.iter().find(|known| source.text == known.text && file.ends_with(known.file.trim_start_matches("rules/")))
}

/// Says which of the paths are not there, if any: that is a mistake in the arguments.
pub(super) fn complain_of_missing(paths: &[PathBuf], err: &mut impl Write) -> io::Result<bool> {
    let mut is_missing = false;
    for path in paths.iter().filter(|path| !path.exists()) {
        writeln!(err, "there is no file or folder `{}`", path.display())?;
        is_missing = true;
    }
    Ok(is_missing)
}
