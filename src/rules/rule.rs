//! One rule, checked.

use serde::{Deserialize, Serialize};

use super::case::Cases;
use super::lint::{self, Proof};
use super::matcher::{Block, Facets, Matcher, Verdict};
use super::text::RawRule;
use super::when::When;
use super::{Layer, View};
use crate::config::{Diagnostics, Report, Spot, parse_yaml};
use crate::model::blast_words as words;
use crate::model::{Effect, EnvironmentKind, Mode};

words! {
    /// How bad it is when the rule is right; for people and reports, it decides nothing.
    Severity {
        /// Worth knowing.
        Low = "low",
        /// Worth a look.
        Medium = "medium",
        /// An incident.
        High = "high",
        /// An incident that makes the news.
        Critical = "critical",
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its path: `aws/delete-stack`.
    pub id: String,
    /// Who answers for it.
    pub owner: String,
    /// How bad.
    pub severity: Severity,
    /// Whether it counts.
    pub mode: Mode,
    /// `throttle`, `escalate` or `deny`.
    pub decision: Effect,
    /// Why, for the agent and its person.
    pub message: String,
    /// The safer way.
    pub instead: String,
    /// What people read who answer the request.
    pub runbook: Option<String>,
    /// Where the danger is described.
    pub references: Vec<String>,
    /// Its tests.
    pub tests: Cases,
    /// Whose it is.
    pub layer: Layer,
    /// The file it came from.
    pub file: String,
    pub(super) matches: Matcher,
    pub(super) unless: Option<Matcher>,
    pub(super) when: Option<When>,
}

impl Rule {
    /// The more keys its `match:` and `unless:` have, the more specific its message.
    #[must_use]
    pub fn specificity(&self) -> usize {
        let named = if self.matches.operation.is_empty() { 0 } else { 100 };
        let asks = usize::from(self.when.is_some());
        named + self.matches.keys + self.unless.as_ref().map_or(0, |unless| unless.keys) + asks
    }

    /// Whether the rule can speak of anything in this environment. Of an action whose other values are as before, that is
    /// whether the rule would still speak of it there.
    #[must_use]
    pub fn speaks_of(&self, environment: EnvironmentKind) -> bool {
        self.matches.facets.has_environment(environment)
    }

    /// Whether the rule speaks of the action.
    pub(crate) fn covers(&self, view: View<'_>, facets: Facets) -> Verdict {
        if !self.matches.facets.allows(facets) {
            return Verdict::No;
        }
        match self.matches.covers(view.action) {
            Verdict::No => Verdict::No,
            _ if self.unless.as_ref().is_some_and(|unless| unless.excuses(view.action, facets)) => Verdict::No,
            verdict => self.asks(view, verdict),
        }
    }

    /// What `when` makes of a rule that speaks of the action otherwise.
    fn asks(&self, view: View<'_>, verdict: Verdict) -> Verdict {
        match self.when.as_ref().map(|when| when.holds(&view)) {
            Some(Ok(false)) => Verdict::No,
            Some(Err(why)) if verdict == Verdict::Yes => Verdict::Unsure(why),
            _ => verdict,
        }
    }

    /// Parses and checks one file.
    pub(super) fn parse(file: &str, text: &str, layer: Layer, proof: Proof) -> Result<Self, Diagnostics> {
        let raw: RawRule = parse_yaml(file, text)?;
        let mut report = Report::new(file, text);
        lint::rule(&raw, (layer, proof), file, &mut report);
        let at = Spot::from(&raw.matches);
        let matches = raw.matches.value.compile(at, Block::Match, &mut report);
        let unless = raw.unless.map(|unless| {
            let at = Spot::from(&unless);
            let unless = unless.value.compile(at, Block::Unless, &mut report);
            if unless.swallows(&matches) {
                report.say(at, "`unless` covers all that `match` does: the rule can never match", None);
            }
            unless
        });
        lint::matcher(&matches, at, &mut report);
        let when = raw.when.and_then(|text| When::check(&text.value, Spot::from(&text), &mut report));
        let rule = Self {
            id: raw.id.value,
            owner: raw.owner,
            severity: raw.severity,
            mode: raw.mode.unwrap_or(Mode::Enforce),
            decision: raw.decision.value,
            message: one_line(&raw.message.value),
            instead: raw.instead.map(|instead| one_line(&instead.value)).unwrap_or_default(),
            runbook: raw.runbook,
            references: raw.references.unwrap_or_default(),
            tests: raw.tests.map(|tests| Cases::check(tests.value, &mut report)).unwrap_or_default(),
            layer,
            file: file.to_owned(),
            matches,
            unless,
            when,
        };
        report.finish(rule)
    }
}

/// Folded YAML texts end with a line break and may hold others.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
