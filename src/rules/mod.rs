//! Rules: pack text (YAML) → typed, indexed [`RuleSet`] and its revision.
//!
//! A rule can only tighten: it says throttle, escalate or deny, and the strictest answer stands. Nothing is half-applied:
//! a file with anything wrong in it fails the whole load.

mod after;
mod builtin;
mod case;
mod demand;
pub mod docs;
mod exception;
pub mod format;
mod freeze;
pub mod import;
mod index;
mod limits;
mod lint;
mod matcher;
mod matrix;
mod moment;
mod repository;
mod review;
mod rule;
pub mod schema;
mod sets;
mod text;
mod when;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use after::{Mark, Memory};
pub use after::{Outcomes, Past, StepOutcome};
pub use builtin::{builtin_sources, optional_sources};
pub use case::{Attempt, Case, Cases, Earlier, Request};
pub(crate) use case::{filled_json, request};
pub use exception::Exception;
pub(crate) use limits::DISTINCT_MAX;
pub use limits::{Bucket, By, Claim, HOMES, LimitSpec, Misfit, Name, Wants};
pub use matcher::{Checked, Key, Verdict};
pub use matrix::{Matrix, Row};
pub use rule::{Rule, Severity};
pub use text::Maturity;
pub(crate) use text::RawHttp;

use crate::classify::Action;
use crate::config::{Diagnostic, Diagnostics, Kind, Report, nearest, parse_yaml};
use crate::model::{Context, Mode, Standing};
use after::Steps;
use index::Index;
use lint::Proof;
use matcher::Facets;
use sets::Sets;
use text::RawPack;

/// One file of rules as it was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file as a person would name it. Its last two parts are the rule's id; `pack.yaml`, `matrix.yaml`, `limits.yaml`,
    /// `exceptions.yaml`, `freezes.yaml` and `sets.yaml` are what their names say.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Who wrote it.
    pub layer: Layer,
}

/// Whose rules these are; a later layer can only tighten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// Compiled in.
    BuiltIn,
    /// The organisation's.
    Organisation,
    /// A team's: it can only tighten.
    Team,
    /// A repository's `.blastgate.yaml`, which the agent can write: it can only tighten.
    Repository,
}

impl Layer {
    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Organisation => "organisation",
            Self::Team => "team",
            Self::Repository => "repository",
        }
    }
}

/// A pack: a folder of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Its folder's name.
    pub id: String,
    /// Counted up with every change of meaning.
    pub version: u64,
    /// How settled it is.
    pub maturity: Maturity,
    /// Who answers for it.
    pub owner: String,
    /// What it is about.
    pub description: String,
}

/// An immutable, checked set of rules.
#[derive(Debug)]
pub struct RuleSet {
    /// By id; the built-in ones stand apart, see [`builtin`].
    rules: Vec<Rule>,
    /// Whether the built-in rules take part.
    is_whole: bool,
    limits: Vec<LimitSpec>,
    exceptions: Vec<Exception>,
    packs: Vec<Pack>,
    matrix: Matrix,
    index: Index,
    steps: Steps,
    revision: String,
}

/// How much of a rule's file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// All of it.
    Whole,
    /// What it is judged by: without the tests inside it.
    Judged,
}

/// All that a rule may look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// The action.
    pub(crate) action: &'a Action,
    /// Who, through which door, when.
    pub(crate) context: &'a Context,
    /// What is known of the person that the session acts for.
    pub(crate) standing: Option<&'a Standing>,
    /// What the session did before; `None`: nobody asks.
    pub(crate) past: Option<&'a Past>,
}

/// A rule that speaks of an action.
#[derive(Debug)]
pub(crate) struct Hit<'a> {
    /// The rule.
    pub(crate) rule: &'a Rule,
    /// Why it could not be evaluated, if so.
    pub(crate) failed: Option<String>,
}

impl Default for RuleSet {
    fn default() -> Self {
        Self::builtin()
    }
}

impl RuleSet {
    /// Loads and checks these files; the built-in packs, which always take part, are read as far as requests ask for them.
    ///
    /// # Errors
    /// Everything that is wrong with any of the files: nothing is half-applied.
    pub fn load(sources: &[Source]) -> Result<Self, Diagnostics> {
        Self::upon_builtin(sources, Extent::Whole)
    }

    /// The same, to judge by only: the tests inside rules are not read, and so not checked. Whatever else there is to find
    /// is found, and the revision is the same.
    ///
    /// # Errors
    /// As [`RuleSet::load`].
    pub fn judging(sources: &[Source]) -> Result<Self, Diagnostics> {
        Self::upon_builtin(sources, Extent::Judged)
    }

    /// The built-in packs alone.
    #[must_use]
    #[allow(clippy::panic, reason = "the text is part of the program; a test loads every file of it")]
    pub fn builtin() -> Self {
        Self::load(&[]).unwrap_or_else(|error| panic!("a built-in file does not load:\n{error}"))
    }

    /// Exactly these files. Without a matrix among them everything is denied.
    ///
    /// # Errors
    /// As [`RuleSet::load`].
    pub(crate) fn only(sources: &[Source]) -> Result<Self, Diagnostics> {
        let revision = revision(sources.iter().map(digest));
        Self::empty(revision, false).read_all(&sources.iter().collect::<Vec<_>>(), Extent::Whole)
    }

    fn upon_builtin(sources: &[Source], extent: Extent) -> Result<Self, Diagnostics> {
        let own = || sources.iter().filter(|source| source.layer != Layer::BuiltIn);
        let revision = revision(builtin::digests().chain(own().map(digest)));
        let common = builtin::common_sources();
        Self::empty(revision, true).read_all(&common.iter().chain(own()).collect::<Vec<_>>(), extent)
    }

    fn empty(revision: String, is_whole: bool) -> Self {
        Self {
            rules: Vec::new(),
            is_whole,
            limits: Vec::new(),
            exceptions: Vec::new(),
            packs: Vec::new(),
            matrix: Matrix::default(),
            index: Index::default(),
            steps: Steps::default(),
            revision,
        }
    }

    fn read_all(mut self, sources: &[&Source], extent: Extent) -> Result<Self, Diagnostics> {
        let mut wrong: Vec<Diagnostic> = Vec::new();
        let mut sets = Sets::default();
        // First what the others name.
        for source in sources.iter().filter(|source| name(source) == SETS) {
            if let Err(Diagnostics(found)) = sets.read(&source.file, &source.text) {
                wrong.extend(found);
            }
        }
        for source in sources.iter().filter(|source| name(source) != SETS) {
            if let Err(Diagnostics(found)) = self.read(source, extent, &sets) {
                wrong.extend(found);
            }
        }
        self.find_twins(&mut wrong);
        // Findings and lists come in one order, whatever order the files came in.
        self.rules.sort_by(|a, b| a.id.cmp(&b.id));
        self.limits.sort_by(|a, b| a.id.cmp(&b.id));
        self.exceptions.sort_by(|a, b| a.id.cmp(&b.id));
        self.find_targets(sources, &mut wrong);
        for (position, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.mode != Mode::Off) {
            self.index.add(position, &rule.matches);
        }
        self.steps = Steps::of(&self.rules);
        if wrong.is_empty() { Ok(self) } else { Err(Diagnostics(wrong)) }
    }

    fn read(&mut self, source: &Source, extent: Extent, sets: &Sets) -> Result<(), Diagnostics> {
        let Source { file, text, layer } = source;
        match name(source) {
            "pack.yaml" => self.packs.push(pack(file, text)?),
            "matrix.yaml" if *layer == Layer::BuiltIn => self.matrix = Matrix::parse(file, text)?,
            "matrix.yaml" => {
                let mut wrong = Diagnostic::new(file, "the matrix cannot be replaced");
                wrong.suggestion =
                    Some("to tighten, write rules; to loosen a cell, an exception that names it".to_owned());
                return Err(Diagnostics(vec![wrong]));
            }
            "limits.yaml" => self.limits.extend(LimitSpec::parse(file, text, *layer, sets)?),
            "exceptions.yaml" => self.exceptions.extend(Exception::parse(file, text, *layer, sets)?),
            "freezes.yaml" => self.rules.extend(freeze::parse(file, text, *layer, sets)?),
            repository::FILE => {
                let (rules, limits) = repository::parse(file, text, sets)?;
                self.rules.extend(rules);
                self.limits.extend(limits);
            }
            _ => self.rules.push(rule_of(source, extent, sets)?),
        }
        Ok(())
    }

    fn find_twins(&self, wrong: &mut Vec<Diagnostic>) {
        let rules = self.rules.iter().map(|rule| (rule.id.as_str(), rule.file.as_str()));
        let limits = self.limits.iter().map(|limit| (limit.id.as_str(), "limits.yaml"));
        let exceptions = self.exceptions.iter().map(|one| (one.id.as_str(), one.file.as_str()));
        let mut seen: HashMap<&str, &str> = HashMap::new();
        let builtin = |id: &str| if self.is_whole { builtin::file_of(id) } else { None };
        for (id, file) in rules.chain(limits).chain(exceptions) {
            if let Some(other) = seen.insert(id, file).or_else(|| builtin(id)) {
                let twin = Diagnostic::new(file, format!("id `{id}` is already taken by `{other}`"));
                let mut twin = twin.kind(Kind::Id);
                twin.suggestion = Some("choose another name for the file and the id".to_owned());
                wrong.push(twin);
            }
        }
    }

    /// An exception that names what is not there would lift nothing, and nobody would know.
    fn find_targets(&self, sources: &[&Source], wrong: &mut Vec<Diagnostic>) {
        for exception in &self.exceptions {
            let is_there = |id: &str| self.own(id).is_some() || self.is_whole && builtin::file_of(id).is_some();
            let mut missing =
                exception.lifts.iter().filter(|id| !id.starts_with("matrix:") && !is_there(id)).peekable();
            if missing.peek().is_none() {
                continue;
            }
            let text = sources.iter().find(|source| source.file == exception.file).map_or("", |source| &source.text);
            let mut report = Report::new(&exception.file, text);
            for rule in missing {
                let builtin = builtin::ids().filter(|_| self.is_whole);
                let help = nearest(rule, self.rules.iter().map(|rule| rule.id.as_str()).chain(builtin));
                let is_limit = self.limits.iter().any(|limit| limit.id == *rule);
                let message = if is_limit {
                    format!("`{rule}` is a limit: exceptions lift rules and cells")
                } else {
                    format!("there is no rule `{rule}`")
                };
                report.say(exception.at, message, help.filter(|_| !is_limit));
            }
            wrong.extend(report.into_found());
        }
    }

    /// The content hash of the whole set: `r_` and 16 hexadecimal digits. The order of files and their folders' place on
    /// disk do not matter.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// All rules, by id. Those that no request asked for yet are read now.
    #[must_use]
    pub fn rules(&self) -> Vec<&Rule> {
        let builtin = self.is_whole.then(builtin::rules).into_iter().flatten();
        let mut rules: Vec<&Rule> = self.rules.iter().chain(builtin).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        rules
    }

    /// The rule of this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.own(id).or_else(|| if self.is_whole { builtin::named(id) } else { None })
    }

    fn own(&self, id: &str) -> Option<&Rule> {
        let at = self.rules.binary_search_by(|rule| rule.id.as_str().cmp(id)).ok()?;
        self.rules.get(at)
    }

    /// All limits, by id.
    #[must_use]
    pub fn limits(&self) -> &[LimitSpec] {
        &self.limits
    }

    /// All exceptions, by id.
    #[must_use]
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// The exception that lifts what this rule or cell says about the action.
    pub(crate) fn lifted(&self, id: &str, view: View<'_>) -> Option<&Exception> {
        self.exceptions.iter().find(|exception| exception.lifts(id, view))
    }

    /// All packs that describe themselves.
    #[must_use]
    pub fn packs(&self) -> Vec<&Pack> {
        let builtin = self.is_whole.then(builtin::packs).into_iter().flatten();
        builtin.chain(&self.packs).collect()
    }

    /// The matrix.
    #[must_use]
    pub const fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// Calls `found` once with every rule that speaks of the action.
    pub(crate) fn hits<'a>(&'a self, view: View<'_>, mut found: impl FnMut(Hit<'a>)) {
        let View { action, context, .. } = view;
        let facets = Facets::of(action, context.door);
        let mut seen: Vec<usize> = Vec::new();
        let mut look = |position: usize, rule: &'a Rule| {
            let failed = match rule.covers(view, facets) {
                Verdict::No => return,
                Verdict::Yes => None,
                Verdict::Unsure(why) => Some(why),
            };
            if !seen.contains(&position) {
                seen.push(position);
                found(Hit { rule, failed });
            }
        };
        self.index.candidates(action, facets, |position| {
            if let Some(rule) = self.rules.get(position) {
                look(position, rule);
            }
        });
        if self.is_whole {
            builtin::candidates(action, |position| {
                if let Some(rule) = builtin::rule(position) {
                    look(self.rules.len() + position, rule);
                }
            });
        }
    }
}

const SETS: &str = "sets.yaml";

/// What a file's name says it is.
fn name(source: &Source) -> &str {
    source.file.rsplit(['/', '\\']).next().unwrap_or_default()
}

fn pack(file: &str, text: &str) -> Result<Pack, Diagnostics> {
    let raw: RawPack = parse_yaml(file, text)?;
    let mut report = Report::new(file, text);
    let folder = file.rsplit(['/', '\\']).nth(1);
    if let Some(folder) = folder.filter(|folder| *folder != raw.id.value) {
        let message = format!("pack `{}` stands in the folder `{folder}`", raw.id.value);
        report.say(&raw.id, message, Some(format!("write `id: {folder}`")));
    }
    let RawPack { id, version, maturity, owner, description } = raw;
    report.finish(Pack { id: id.value, version, maturity, owner, description: description.unwrap_or_default() })
}

fn rule_of(source: &Source, extent: Extent, sets: &Sets) -> Result<Rule, Diagnostics> {
    let Source { file, text, layer } = source;
    let judged = rule::untested(text).filter(|_| extent == Extent::Judged);
    let judged = judged.and_then(|judged| Rule::parse(file, judged, (*layer, Proof::Elsewhere), sets).ok());
    // What is wrong is told of the whole text.
    judged.map_or_else(|| Rule::parse(file, text, (*layer, Proof::Needed), sets), Ok)
}

/// SHA-256 over a text and its layer.
fn digest(source: &Source) -> [u8; 32] {
    Sha256::new().chain_update([source.layer as u8]).chain_update(source.text.as_bytes()).finalize().into()
}

/// SHA-256 over the sorted digests of all texts.
fn revision(digests: impl Iterator<Item = [u8; 32]>) -> String {
    let mut digests: Vec<[u8; 32]> = digests.collect();
    digests.sort_unstable();
    let whole: [u8; 32] = Sha256::digest(digests.concat()).into();
    let hex = data_encoding::HEXLOWER.encode(&whole);
    format!("r_{}", hex.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests;
