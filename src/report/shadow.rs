//! What rules that do not count yet would have done: those in the mode `shadow`, and all of them while the gate only
//! watches.
//!
//! Every recorded decision is made again by the rules as they stand now, so a rule that was written or changed a minute ago
//! is told of the whole period too.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::again::{Again, speaking};
use super::replay::Replay;
use crate::decide::{Decision, Finding};
use crate::model::{DecisionId, Disposition, Effect, Mode, Timestamp};
use crate::record::query::{Filter, Stored};
use crate::record::{DecisionEntry, Entry, Unsaid};
use crate::rules::RuleSet;

/// Examples of each rule: the latest.
const EXAMPLES_MAX: usize = 5;
/// Operations, people and environments that are told apart.
const KINDS_MAX: usize = 1_000;
/// Rules that are told apart.
const RULES_MAX: usize = 10_000;

/// What rules would have done. Its JSON form is stable.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ShadowReport {
    /// From when on; `None` is from the beginning.
    pub since: Option<Timestamp>,
    /// The first decision that counts.
    pub first: Option<Timestamp>,
    /// The last one.
    pub last: Option<Timestamp>,
    /// Which set of rules.
    pub revision: String,
    /// All decisions of the period.
    pub decisions: u64,
    /// Decisions that could not be made again.
    pub unsaid: u64,
    /// The rules in the mode `shadow`, or the one that was asked for: those that would stop most first.
    pub rules: Vec<Shadow>,
    /// Calls that went on although they would have been stopped: the gate only watched.
    pub observed: u64,
    /// What would have stopped them, the most frequent first.
    pub observing: Vec<Shadow>,
    /// Places of the log that cannot be read, and records of a form that this version does not know.
    pub damaged: u64,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shadow {
    /// Its id.
    pub rule: String,
    /// Where it stands; nothing for a cell of the matrix.
    pub file: String,
    /// Who answers for it.
    pub owner: String,
    /// What it says.
    pub decision: Effect,
    /// Whether it counts.
    pub mode: Mode,
    /// Decisions that it speaks of.
    pub matched: u64,
    /// Decisions of which the log itself says so, from the time when it was decided.
    pub recorded: u64,
    /// Of `matched`, those of which it only could not be excluded.
    pub unsure: u64,
    /// Of `matched`, those in which an exception lifts it.
    pub lifted: u64,
    /// Of `matched`, those that are stricter because of it, or would be.
    pub stricter: u64,
    /// Of `stricter`, those that went on.
    pub went_on: u64,
    /// Why it could not be told whether it matches, the first time.
    pub why_unsure: Option<String>,
    /// What says as much already, where it would change nothing.
    pub already: Vec<Kind>,
    /// `stricter` by operation.
    pub operations: Vec<Kind>,
    /// `stricter` by person.
    pub people: Vec<Kind>,
    /// `stricter` by environment.
    pub environments: Vec<Kind>,
    /// The first decision that it speaks of.
    pub first: Option<Timestamp>,
    /// The last one.
    pub last: Option<Timestamp>,
    /// The latest decisions that would be stricter; else the latest that it speaks of.
    pub examples: Vec<DecisionId>,
    /// Whether it can be enforced.
    pub promotion: Promotion,
}

/// One value, and how often it was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// The value.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// Whether a rule can be enforced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Promotion {
    /// It matched nothing: perhaps it cannot.
    #[default]
    Inert,
    /// It matched, and could be told to match only by what the requests do not say.
    Unsure,
    /// Enforced, it would change nothing: others say as much.
    Harmless,
    /// It would stop what went on: somebody must look.
    Stops,
    /// It counts already.
    Enforced,
}

/// Counts of one rule while records are taken.
#[derive(Debug, Default)]
struct Tally {
    matched: u64,
    recorded: u64,
    unsure: u64,
    lifted: u64,
    stricter: u64,
    went_on: u64,
    why_unsure: Option<String>,
    already: Counter,
    operations: Counter,
    people: Counter,
    environments: Counter,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    matches: Latest,
    stricter_ones: Latest,
    effect: Option<Effect>,
}

#[derive(Debug, Default)]
struct Counter(BTreeMap<String, u64>);

impl Counter {
    fn add(&mut self, name: &str) {
        if let Some(count) = self.0.get_mut(name) {
            *count += 1;
        } else if self.0.len() < KINDS_MAX {
            self.0.insert(name.to_owned(), 1);
        }
    }

    fn finish(self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self.0.into_iter().map(|(name, count)| Kind { name, count }).collect();
        // By name where the count is the same: the sort is stable.
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        kinds
    }
}

/// The latest few, the latest first.
#[derive(Debug, Default)]
struct Latest(std::collections::VecDeque<DecisionId>);

impl Latest {
    fn add(&mut self, id: DecisionId) {
        self.0.push_front(id);
        self.0.truncate(EXAMPLES_MAX);
    }
}

/// Takes records one by one.
#[derive(Debug)]
pub struct ShadowCollector<'a> {
    filter: &'a Filter,
    rules: &'a RuleSet,
    replay: Replay<'a>,
    only: Option<&'a str>,
    report: ShadowReport,
    shadows: HashMap<String, Tally>,
    observing: HashMap<String, Tally>,
}

impl<'a> ShadowCollector<'a> {
    /// For the decisions that the filter wants; `only` one rule, whatever its mode.
    #[must_use]
    pub fn new(filter: &'a Filter, rules: &'a RuleSet, only: Option<&'a str>) -> Self {
        let report =
            ShadowReport { since: filter.since(), revision: rules.revision().to_owned(), ..ShadowReport::default() };
        let replay = Replay::new(Again { rules, posture: None, inventory: None });
        Self { filter, rules, replay, only, report, shadows: HashMap::new(), observing: HashMap::new() }
    }

    /// A place of the log could not be read.
    pub fn damage(&mut self) {
        self.report.damaged += 1;
    }

    /// One record, in the order of the log.
    pub fn take(&mut self, stored: &Stored) {
        let is_end = stored.is("outcome") && self.replay.waits();
        if !stored.is("decision") && !is_end {
            return;
        }
        match stored.entry() {
            Ok(Entry::Outcome(entry)) => self.replay.ended(&entry),
            Ok(entry) if !self.filter.may_want(&entry) => self.pass_by(&entry),
            Ok(Entry::Decision(entry)) => self.decision(&entry),
            Ok(_) => {}
            Err(_) => self.damage(),
        }
    }

    /// A decision that nobody asks about is part of what its session did before others.
    fn pass_by(&mut self, entry: &Entry) {
        if let Entry::Decision(entry) = entry
            && self.replay.looks_back()
            && let Ok(recalled) = entry.recall()
        {
            // What it does not tell is missing from what later ones follow.
            let _ = self.replay.decide(entry, &recalled);
        }
    }

    fn decision(&mut self, entry: &DecisionEntry) {
        self.report.decisions += 1;
        self.report.first = Some(self.report.first.map_or(entry.at, |first| first.min(entry.at)));
        self.report.last = self.report.last.max(Some(entry.at));
        let recorded = ids(entry.findings.iter().filter(|finding| self.is_wanted(&finding.rule, finding.mode)));
        for rule in recorded {
            if let Some(tally) = tally(&mut self.shadows, rule) {
                tally.recorded += 1;
            }
        }
        match entry.recall().and_then(|recalled| self.replay.decide(entry, &recalled)) {
            Ok(decision) => self.decided(entry, &decision),
            Err(Unsaid::Masked | Unsaid::Unfit | Unsaid::Empty | Unsaid::Account) => self.report.unsaid += 1,
        }
    }

    fn is_wanted(&self, rule: &str, mode: Mode) -> bool {
        self.only.map_or(mode == Mode::Shadow, |only| only == rule)
    }

    fn decided(&mut self, entry: &DecisionEntry, decision: &Decision) {
        let findings = || decision.findings().iter();
        for rule in ids(findings().filter(|finding| self.is_wanted(&finding.rule, finding.mode))) {
            if let Some(tally) = tally(&mut self.shadows, rule) {
                tally.count(entry, findings().filter(|finding| finding.rule == rule), decision);
            }
        }
        if entry.disposition != Disposition::Observed || self.only.is_some() {
            return;
        }
        self.report.observed += 1;
        for rule in speaking(decision.deciding().filter(|finding| finding.effect >= Effect::Escalate)) {
            if let Some(tally) = tally(&mut self.observing, &rule) {
                tally.count(entry, findings().filter(|finding| finding.rule == rule), decision);
            }
        }
    }

    /// What the rules would have done. A rule that is asked for and not among them has no row.
    #[must_use]
    pub fn finish(mut self) -> ShadowReport {
        let mut report = self.report;
        let is_wanted = |id: &str, mode| self.only.map_or(mode == Mode::Shadow, |only| only == id);
        for rule in self.rules.rules().iter().filter(|rule| is_wanted(&rule.id, rule.mode)) {
            let tally = self.shadows.remove(&rule.id).unwrap_or_default();
            report.rules.push(tally.finish(&rule.id, self.rules));
        }
        report.observing = self.observing.into_iter().map(|(id, tally)| tally.finish(&id, self.rules)).collect();
        for rows in [&mut report.rules, &mut report.observing] {
            rows.sort_by(|a, b| {
                let rank = |row: &Shadow| std::cmp::Reverse((row.went_on, row.stricter, row.matched));
                rank(a).cmp(&rank(b)).then_with(|| a.rule.cmp(&b.rule))
            });
        }
        report
    }
}

/// Each rule once.
fn ids<'e>(findings: impl Iterator<Item = &'e Finding>) -> Vec<&'e str> {
    let mut ids: Vec<&str> = findings.map(|finding| finding.rule.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn tally<'t>(tallies: &'t mut HashMap<String, Tally>, rule: &str) -> Option<&'t mut Tally> {
    if !tallies.contains_key(rule) {
        if tallies.len() >= RULES_MAX {
            return None;
        }
        tallies.insert(rule.to_owned(), Tally::default());
    }
    tallies.get_mut(rule)
}

impl Tally {
    fn count<'d>(
        &mut self,
        entry: &DecisionEntry,
        own: impl Iterator<Item = &'d Finding> + Clone,
        decision: &Decision,
    ) {
        let all = || own.clone();
        let is_lifted = all().all(|other| other.lifted.is_some());
        // Of several actions one that it is not lifted of.
        let Some(finding) = all().find(|other| other.lifted.is_none()).or_else(|| all().next()) else { return };
        self.matched += 1;
        self.effect = self.effect.max(Some(finding.effect));
        self.first = Some(self.first.map_or(entry.at, |first| first.min(entry.at)));
        self.last = self.last.max(Some(entry.at));
        self.matches.add(entry.id);
        if let Some(why) = finding.failed.as_ref().filter(|_| all().all(|other| other.failed.is_some())) {
            self.unsure += 1;
            self.why_unsure.get_or_insert_with(|| why.clone());
        }
        if is_lifted {
            self.lifted += 1;
            return;
        }
        let counting = || decision.findings().iter().filter(|other| other.counts());
        let others = || counting().filter(|other| other.rule != finding.rule);
        let without = others().map(|other| other.effect).max().unwrap_or(Effect::Allow);
        if finding.effect <= without {
            for rule in speaking(others().filter(|other| other.effect == without)) {
                self.already.add(&rule);
            }
            return;
        }
        self.stricter += 1;
        self.stricter_ones.add(entry.id);
        if matches!(entry.disposition, Disposition::Forwarded | Disposition::Observed) {
            self.went_on += 1;
        }
        if let Some(action) = entry.actions.get(finding.action) {
            self.operations.add(action.operation.as_str());
            self.environments.add(&action.environment.name);
        }
        self.people.add(entry.principal.person.as_deref().unwrap_or("nobody known"));
    }

    fn finish(self, id: &str, rules: &RuleSet) -> Shadow {
        let rule = rules.rule(id);
        let mode = rule.map_or(Mode::Enforce, |rule| rule.mode);
        let promotion = match self {
            _ if self.matched == 0 => Promotion::Inert,
            _ if mode == Mode::Enforce => Promotion::Enforced,
            _ if self.unsure == self.matched => Promotion::Unsure,
            _ if self.stricter == 0 => Promotion::Harmless,
            _ => Promotion::Stops,
        };
        let examples = if self.stricter > 0 { self.stricter_ones } else { self.matches };
        Shadow {
            rule: id.to_owned(),
            file: rule.map(|rule| rule.file.clone()).unwrap_or_default(),
            owner: rule.map(|rule| rule.owner.clone()).unwrap_or_default(),
            decision: rule.map(|rule| rule.decision).or(self.effect).unwrap_or(Effect::Allow),
            mode,
            matched: self.matched,
            recorded: self.recorded,
            unsure: self.unsure,
            lifted: self.lifted,
            stricter: self.stricter,
            went_on: self.went_on,
            why_unsure: self.why_unsure,
            already: self.already.finish(),
            operations: self.operations.finish(),
            people: self.people.finish(),
            environments: self.environments.finish(),
            first: self.first,
            last: self.last,
            examples: examples.0.into(),
            promotion,
        }
    }
}
