//! Rules that are read when they are first asked for.

use std::fmt;
use std::sync::OnceLock;

use super::{File, KEYS, RULES, sets};
use crate::classify::Action;
use crate::model::{EnvironmentKind, Hazard, Impact};
use crate::rules::case::Cases;
use crate::rules::index::steps;
use crate::rules::lint::Proof;
use crate::rules::matcher::holds_scope;
use crate::rules::rule::{Rule, Tests, untested};
use crate::rules::{Layer, Mode};

/// One rule of the packs.
pub(in crate::rules) struct Unread {
    id: &'static str,
    file: &'static File,
    pub(super) near: Near,
    rule: OnceLock<Box<Rule>>,
    tests: OnceLock<Box<Cases>>,
}

/// The closed words of its `match:`, as written; without words any will do.
#[derive(Debug)]
pub(super) struct Near {
    pub(super) impact: &'static [&'static str],
    pub(super) scope: &'static [&'static str],
    pub(super) environment: &'static [&'static str],
    pub(super) hazards: &'static [&'static str],
}

impl Near {
    /// Whether the rule could speak of the action. The rule itself says the rest.
    pub(super) fn admits(&self, action: &Action) -> bool {
        let blast = action.blast();
        let kind = action.environment().kind;
        let has = |words: &[&str], word: &str| words.is_empty() || words.contains(&word);
        // What nobody knows is judged as the worst.
        let is_worst = blast.impact == Impact::Unknown && self.impact.contains(&Impact::Destroy.as_str());
        let is_prod = kind == EnvironmentKind::Unknown && self.environment.contains(&EnvironmentKind::Prod.as_str());
        let is_hazard = |word: &&str| word.parse::<Hazard>().is_ok_and(|hazard| blast.hazards.contains(hazard));
        (is_worst || has(self.impact, blast.impact.as_str()))
            && (is_prod || has(self.environment, kind.as_str()))
            && (self.scope.is_empty() || self.scope.iter().any(|text| holds_scope(text, blast.scope)))
            && (self.hazards.is_empty() || self.hazards.iter().any(is_hazard))
    }
}

impl Unread {
    pub(super) const fn new(id: &'static str, file: &'static File, near: Near) -> Self {
        Self { id, file, near, rule: OnceLock::new(), tests: OnceLock::new() }
    }

    #[cfg(test)]
    pub(super) const fn id(&self) -> &'static str {
        self.id
    }

    fn rule(&'static self) -> &'static Rule {
        self.rule.get_or_init(|| Box::new(self.read()))
    }

    /// Without its tests, which nobody needs to judge by it: most of its text.
    fn read(&'static self) -> Rule {
        let File { path, text, .. } = self.file;
        match Rule::parse(path, untested(text).unwrap_or(text), (Layer::BuiltIn, Proof::Elsewhere), sets()) {
            Ok(rule) => Rule { tests: Tests::Within(self), ..rule },
            Err(wrong) => Rule::unreadable(self.id, path, &wrong.to_string()),
        }
    }

    /// The tests in its file.
    pub(in crate::rules) fn tests(&self) -> &Cases {
        self.tests.get_or_init(|| {
            let File { path, text, .. } = self.file;
            let whole = Rule::parse(path, text, (Layer::BuiltIn, Proof::Needed), sets());
            Box::new(whole.map(Rule::into_tests).unwrap_or_default())
        })
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// Calls `found` with the position of every rule that could speak of the action; a rule may come more than once.
pub(in crate::rules) fn candidates(action: &Action, mut found: impl FnMut(usize)) {
    let mut offer = |key: &str| {
        let Ok(at) = KEYS.binary_search_by(|(known, _)| (*known).cmp(key)) else { return };
        for position in KEYS.get(at).map_or(&[][..], |(_, positions)| positions) {
            if RULES.get(*position).is_some_and(|rule| rule.near.admits(action)) {
                found(*position);
            }
        }
    };
    for operation in std::iter::once(action.operation()).chain(action.aliases()) {
        steps(operation).into_iter().flatten().for_each(&mut offer);
    }
    offer("");
}

/// The rule at a position, where it counts.
pub(in crate::rules) fn rule(position: usize) -> Option<&'static Rule> {
    RULES.get(position).map(Unread::rule).filter(|rule| rule.mode != Mode::Off)
}

/// All rules, by id.
pub(in crate::rules) fn rules<'a>() -> impl Iterator<Item = &'a Rule> {
    RULES.iter().map(|rule| rule.rule())
}

/// Their ids, in order; nothing is read.
pub(in crate::rules) fn ids<'a>() -> impl Iterator<Item = &'a str> {
    RULES.iter().map(|rule| rule.id)
}

/// The rule of this id.
pub(in crate::rules) fn named(id: &str) -> Option<&'static Rule> {
    place(id).map(Unread::rule)
}

/// The file of the rule of this id; nothing is read.
pub(in crate::rules) fn file_of(id: &str) -> Option<&'static str> {
    place(id).map(|rule| rule.file.path)
}

fn place(id: &str) -> Option<&'static Unread> {
    RULES.binary_search_by(|rule| rule.id.cmp(id)).ok().and_then(|at| RULES.get(at))
}
