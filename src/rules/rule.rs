//! One rule, checked.

use serde::{Deserialize, Serialize};

use super::after::{self, Grounds, Step};
use super::builtin::Unread;
use super::case::Cases;
use super::demand;
use super::lint::{self, Proof};
use super::matcher::{Block, Checked, Facets, Matcher, Reading, Verdict};
use super::moment::{Edge, Span, checked};
use super::sets::Sets;
use super::text::{RawMatch, RawRule};
use super::when::When;
use super::{Layer, View};
use crate::config::{Diagnostics, Kind, Report, Spot, parse_yaml};
use crate::model::blast_words as words;
use crate::model::{Demand, Effect, EnvironmentKind, Mode, Timestamp};

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
    /// What it asks for beyond an answer.
    pub demand: Demand,
    /// Whose it is.
    pub layer: Layer,
    /// The file it came from.
    pub file: String,
    /// Where its `match:` stands.
    pub(super) at: Spot,
    /// It came from `freezes.yaml`.
    pub(super) is_freeze: bool,
    /// Its tests, or where they are.
    pub(super) tests: Tests,
    /// When it counts.
    pub(super) span: Span,
    pub(super) matches: Matcher,
    pub(super) unless: Option<Matcher>,
    pub(super) when: Option<When>,
    /// What the session must have done before, in the order of time.
    pub(super) after: Vec<Step>,
}

/// Where a rule's tests are.
#[derive(Debug)]
pub(super) enum Tests {
    /// Read with the rule.
    Here(Cases),
    /// In the file of a built-in rule.
    Within(&'static Unread),
}

impl Rule {
    /// Its tests. Those of a built-in rule are read when they are first asked for.
    #[must_use]
    pub fn tests(&self) -> &Cases {
        match &self.tests {
            Tests::Here(cases) => cases,
            Tests::Within(file) => file.tests(),
        }
    }

    /// Its tests alone.
    pub(super) fn into_tests(self) -> Cases {
        match self.tests {
            Tests::Here(cases) => cases,
            Tests::Within(_) => Cases::default(),
        }
    }

    /// The more keys its `match:` and `unless:` have, the more specific its message.
    #[must_use]
    pub fn specificity(&self) -> usize {
        let named = if self.matches.operation.is_empty() { 0 } else { 100 };
        let asks = usize::from(self.when.is_some());
        named + self.matches.keys() + self.unless.as_ref().map_or(0, Matcher::keys) + asks + self.after.len()
    }

    /// Whether the rule can speak of anything in this environment. Of an action whose other values are as before, that is
    /// whether the rule would still speak of it there.
    #[must_use]
    pub fn speaks_of(&self, environment: EnvironmentKind) -> bool {
        self.matches.facets.has_environment(environment)
    }

    /// Until when it counts, if that is said.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        self.span.until
    }

    /// Whether nothing but its `match:` decides whether it speaks.
    pub(super) fn is_always_on(&self) -> bool {
        let has_conditions = self.unless.is_some() || self.when.is_some() || !self.after.is_empty();
        self.mode == Mode::Enforce && !has_conditions && self.span == Span::default()
    }

    /// Whether the rule speaks of the action.
    pub(super) fn covers(&self, view: View<'_>, facets: Facets) -> Verdict {
        if !self.matches.facets.allows(facets) || !self.span.contains(view.context.at) {
            return Verdict::No;
        }
        match self.matches.covers(view) {
            Verdict::No => Verdict::No,
            _ if self.unless.as_ref().is_some_and(|unless| unless.excuses(view)) => Verdict::No,
            verdict => self.follows(view, verdict),
        }
    }

    /// What `after` makes of a rule that speaks of the action otherwise.
    fn follows(&self, view: View<'_>, verdict: Verdict) -> Verdict {
        if self.after.is_empty() {
            return self.asks(view, verdict);
        }
        match after::happened(&self.after, view) {
            Verdict::No => Verdict::No,
            Verdict::Unsure(why) if verdict == Verdict::Yes => self.asks(view, Verdict::Unsure(why)),
            _ => self.asks(view, verdict),
        }
    }

    /// The earlier calls that a rule which speaks of the action rests on.
    pub(crate) fn rests_on(&self, view: View<'_>) -> Grounds {
        after::grounds(&self.after, view)
    }

    /// What `when` makes of a rule that speaks of the action otherwise.
    fn asks(&self, view: View<'_>, verdict: Verdict) -> Verdict {
        match self.when.as_ref().map(|when| when.holds(&view)) {
            Some(Ok(false)) => Verdict::No,
            Some(Err(why)) if verdict == Verdict::Yes => Verdict::Unsure(why),
            _ => verdict,
        }
    }

    /// Why the rule speaks of the action, or does not: every key with what it asks for and what the action says.
    pub(crate) fn trace(&self, view: View<'_>) -> Vec<Checked> {
        let mut checked = self.matches.show("match", view);
        checked.extend(self.unless.iter().flat_map(|unless| unless.show("unless", view)));
        for (key, edge, holds) in [
            ("from", self.span.from, self.span.from.is_none_or(|from| view.context.at >= from)),
            ("until", self.span.until, self.span.until.is_none_or(|until| view.context.at < until)),
        ] {
            if let Some(edge) = edge {
                let verdict = if holds { Verdict::Yes } else { Verdict::No };
                let (wanted, found) = (edge.to_string(), view.context.at.to_string());
                checked.push(Checked { block: "rule", key: key.to_owned(), wanted, found, verdict });
            }
        }
        checked.extend(after::show(&self.after, view));
        if let Some(when) = &self.when {
            let values: Vec<String> =
                when.trace(&view).iter().map(|(path, value)| format!("{path} = {value}")).collect();
            let verdict = match when.holds(&view) {
                Ok(true) => Verdict::Yes,
                Ok(false) => Verdict::No,
                Err(why) => Verdict::Unsure(why),
            };
            let (wanted, found) = (when.text().to_owned(), values.join(", "));
            checked.push(Checked { block: "rule", key: "when".to_owned(), wanted, found, verdict });
        }
        checked
    }

    /// What stands for a built-in rule that cannot be read: it denies all that the rule could have spoken of. A test reads
    /// every one of them.
    pub(super) fn unreadable(id: &str, file: &str, why: &str) -> Self {
        let (mut report, sets) = (Report::new(file, ""), Sets::default());
        let mut reading = Reading { report: &mut report, sets: &sets };
        Self {
            id: id.to_owned(),
            owner: "@blastgate".to_owned(),
            severity: Severity::Critical,
            mode: Mode::Enforce,
            decision: Effect::Deny,
            message: one_line(&format!("this built-in rule cannot be read: {why}")),
            instead: "Tell your person: this version of blastgate is broken.".to_owned(),
            runbook: None,
            references: Vec::new(),
            demand: Demand::default(),
            layer: Layer::BuiltIn,
            file: file.to_owned(),
            at: Spot::default(),
            is_freeze: false,
            tests: Tests::Here(Cases::default()),
            span: Span::default(),
            matches: RawMatch::default().compile(Spot::default(), Block::Match, &mut reading),
            unless: None,
            when: None,
            after: Vec::new(),
        }
    }

    /// Parses and checks one file.
    pub(super) fn parse(
        file: &str,
        text: &str,
        (layer, proof): (Layer, Proof),
        sets: &Sets,
    ) -> Result<Self, Diagnostics> {
        let raw: RawRule = parse_yaml(file, text)?;
        let mut report = Report::new(file, text);
        lint::path(&raw.id, file, &mut report);
        let rule = Self::check(raw, (file, layer, proof), &mut Reading { report: &mut report, sets });
        report.finish(rule)
    }

    /// Checks one rule.
    pub(super) fn check(
        raw: RawRule,
        (file, layer, proof): (&str, Layer, Proof),
        reading: &mut Reading<'_, '_>,
    ) -> Self {
        lint::rule(&raw, (layer, proof), reading.report);
        let demand = demand::check(&raw, reading.report);
        let at = Spot::from(&raw.matches);
        let matches = raw.matches.value.compile(at, Block::Match, reading);
        let unless = raw.unless.map(|unless| {
            let at = Spot::from(&unless);
            let unless = unless.value.compile(at, Block::Unless, reading);
            if unless.swallows(&matches) {
                reading.report.say_as(
                    Kind::NeverMatches,
                    at,
                    "`unless` covers all that `match` does: the rule can never match",
                    None,
                );
            }
            unless
        });
        lint::matcher(&matches, at, reading.report);
        let after = Step::check_all(raw.after, &matches, reading);
        let until = raw.until.as_ref().and_then(|text| checked(text, Edge::End, reading.report));
        let when = raw.when.and_then(|text| When::check(&text.value, Spot::from(&text), reading.report));
        Self {
            id: raw.id.value,
            owner: raw.owner,
            severity: raw.severity,
            mode: raw.mode.unwrap_or(Mode::Enforce),
            decision: raw.decision.value,
            message: one_line(&raw.message.value),
            instead: raw.instead.map(|instead| one_line(&instead.value)).unwrap_or_default(),
            runbook: raw.runbook,
            references: raw.references.unwrap_or_default(),
            demand,
            tests: Tests::Here(raw.tests.map(|tests| Cases::check(tests.value, reading.report)).unwrap_or_default()),
            layer,
            file: file.to_owned(),
            at,
            is_freeze: false,
            span: Span { from: None, until },
            matches,
            unless,
            when,
            after,
        }
    }
}

/// The text before the tests, where they come last.
pub(super) fn untested(text: &str) -> Option<&str> {
    let (before, tests) = text.split_once("\ntests:\n")?;
    tests.lines().all(|line| line.is_empty() || line.starts_with([' ', '#'])).then_some(before)
}

/// Folded YAML texts end with a line break and may hold others.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
