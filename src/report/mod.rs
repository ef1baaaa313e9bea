//! What happened in a time, by what it is: the calls that were stopped (or would have been) in groups, each with the rule
//! that stops it and how to keep it so or to allow it.
//!
//! Reads records one by one and keeps counts, one example of each group, and no more: memory does not grow with the log.
//! Nothing here decides or changes anything.

mod advice;
mod again;
mod diff;
mod group;
mod replay;
mod shadow;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

pub use advice::Advice;
pub use again::Again;
pub use diff::{Diff, DiffCollector, Flip, FlipGroup, Unsayable};
pub use group::{Counts, Group};
pub use shadow::{Kind, Promotion, Shadow, ShadowCollector, ShadowReport};

use crate::decide::Finding;
use crate::model::{DecisionId, Disposition, Effect, Mode, SessionId, Timestamp};
use crate::record::query::{Filter, Stored};
use crate::record::{DecisionEntry, Entry, RejectedEntry};
use crate::rules::RuleSet;
use group::Fingerprint;

/// Groups that are kept; what belongs to further ones is only counted.
const GROUPS_MAX: usize = 1_000;
/// Rules that are counted one by one.
const RULES_MAX: usize = 2_000;
/// Sessions that are told apart; beyond, they are not counted.
const SESSIONS_MAX: usize = 200_000;

/// What happened in a time. Its JSON form is stable.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// From when on; `None` is from the beginning.
    pub since: Option<Timestamp>,
    /// The first call that counts.
    pub first: Option<Timestamp>,
    /// The last one.
    pub last: Option<Timestamp>,
    /// All calls, by what became of them.
    pub totals: Totals,
    /// What was stopped or would have been: the strictest first, then the most frequent.
    pub groups: Vec<Group>,
    /// Stops that belong to no kept group.
    pub ungrouped: u64,
    /// Requests that could not be read in exactly one way, by why.
    pub unreadable: Vec<Unreadable>,
    /// Rules, cells and limits that stopped something or would have, the most frequent first.
    pub rules: Vec<RuleCount>,
    /// The sessions.
    pub sessions: Sessions,
    /// Places of the log that cannot be read, and records of a form that this version does not know.
    pub damaged: u64,
}

/// Calls by what became of them; they add up to `calls`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All of them.
    pub calls: u64,
    /// Sent on, because nothing spoke against it.
    pub passed: u64,
    /// Sent on with an approval.
    pub approved: u64,
    /// Sent on although it would have been stopped: the gate only watched.
    pub observed: u64,
    /// Stopped: refused, or waiting for people.
    pub stopped: u64,
    /// Stopped because a limit was used up.
    pub throttled: u64,
    /// Refused because they could not be read in exactly one way.
    pub unreadable: u64,
}

/// How often a rule, a cell or a limit spoke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleCount {
    /// Which.
    pub rule: String,
    /// What it said; of several answers the strictest.
    pub effect: Effect,
    /// Calls that it stopped, or helped to.
    pub stopped: u64,
    /// Calls that it would have stopped (the gate only watched).
    pub observed: u64,
    /// Calls that it would have stopped, were it not in the mode `shadow`.
    pub shadow: u64,
}

/// Requests that could not be read, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The reason.
    pub why: String,
    /// The status they were answered with.
    pub status: u16,
    /// How many.
    pub count: u64,
    /// The latest of them.
    pub example: DecisionId,
    /// Its target, as far as that could be read.
    pub target: Option<String>,
}

/// Sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sessions {
    /// Sessions with at least one call.
    pub total: u64,
    /// Of these, sessions in which nothing was stopped or would have been.
    pub undisturbed: u64,
}

/// Takes records one by one.
#[derive(Debug)]
pub struct Collector<'a> {
    filter: &'a Filter,
    report: Report,
    groups: HashMap<Fingerprint, Group>,
    unreadable: BTreeMap<(u16, String), Unreadable>,
    rules: HashMap<String, RuleCount>,
    /// Whether something was stopped in it.
    sessions: HashMap<SessionId, bool>,
}

/// The part of a decision that says whether the rest matters.
#[derive(Deserialize)]
struct Glance {
    at: Timestamp,
    principal: Who,
    decision: Effect,
    disposition: Disposition,
}

#[derive(Deserialize)]
struct Who {
    session: SessionId,
}

impl<'a> Collector<'a> {
    /// For the records that the filter wants.
    #[must_use]
    pub fn new(filter: &'a Filter) -> Self {
        Self {
            filter,
            report: Report { since: filter.since(), ..Report::default() },
            groups: HashMap::new(),
            unreadable: BTreeMap::new(),
            rules: HashMap::new(),
            sessions: HashMap::new(),
        }
    }

    /// A place of the log could not be read.
    pub fn damage(&mut self) {
        self.report.damaged += 1;
    }

    /// One record, in the order of the log.
    pub fn take(&mut self, stored: &Stored) {
        let is_decision = stored.is("decision");
        if !is_decision && !stored.is("rejected") || is_decision && self.at_a_glance(stored) {
            return;
        }
        match stored.entry() {
            Ok(entry) if !self.filter.may_want(&entry) => {}
            Ok(Entry::Decision(entry)) => self.decision(&entry),
            Ok(Entry::Rejected(entry)) => self.rejected(entry),
            Ok(_) => {}
            Err(_) => self.damage(),
        }
    }

    /// Most calls pass, and of those nothing more is needed: whether this was one.
    fn at_a_glance(&mut self, stored: &Stored) -> bool {
        if !self.filter.is_only_since() {
            return false;
        }
        let is_shadowed = || std::str::from_utf8(stored.payload()).is_ok_and(|text| text.contains("\"shadow\""));
        match serde_json::from_slice::<Glance>(stored.payload()) {
            Ok(glance) if glance.disposition == Disposition::Forwarded && glance.decision < Effect::Escalate => {
                if self.filter.since().is_some_and(|since| glance.at < since) {
                    return true;
                }
                if is_shadowed() {
                    return false;
                }
                self.call(glance.at, glance.principal.session, false);
                self.report.totals.passed += 1;
                true
            }
            _ => false,
        }
    }

    fn call(&mut self, at: Timestamp, session: SessionId, is_stop: bool) {
        self.report.totals.calls += 1;
        self.report.first = Some(self.report.first.map_or(at, |first| first.min(at)));
        self.report.last = self.report.last.max(Some(at));
        if self.sessions.len() < SESSIONS_MAX || self.sessions.contains_key(&session) {
            *self.sessions.entry(session).or_insert(false) |= is_stop;
        }
    }

    fn decision(&mut self, entry: &DecisionEntry) {
        // Nothing but an approval sends an escalated call on while the gate enforces.
        let is_approved = entry.disposition == Disposition::Forwarded && entry.decision >= Effect::Escalate;
        let is_stop = entry.disposition != Disposition::Forwarded;
        self.call(entry.at, entry.principal.session, is_stop);
        let totals = &mut self.report.totals;
        match entry.disposition {
            Disposition::Forwarded if is_approved => totals.approved += 1,
            Disposition::Forwarded => totals.passed += 1,
            Disposition::Observed => totals.observed += 1,
            Disposition::Throttled => totals.throttled += 1,
            Disposition::Refused | Disposition::Pending => totals.stopped += 1,
        }
        self.count_rules(entry, is_stop);
        if !is_stop && !is_approved {
            return;
        }
        let fingerprint = Fingerprint::of(entry);
        let is_full = self.groups.len() >= GROUPS_MAX;
        match self.groups.get_mut(&fingerprint) {
            Some(group) => group.add(entry, is_approved),
            None if !is_full => {
                let mut group = Group::new(&fingerprint, entry);
                group.add(entry, is_approved);
                self.groups.insert(fingerprint, group);
            }
            None => self.report.ungrouped += 1,
        }
    }

    fn count_rules(&mut self, entry: &DecisionEntry, is_stop: bool) {
        let limit = entry.limit.as_deref().filter(|_| is_stop && entry.decision < Effect::Escalate);
        if let Some(limit) = limit {
            self.count_rule(limit, Effect::Throttle, entry.disposition, Mode::Enforce);
        } else if is_stop {
            each_rule(entry.deciding(), |rule, effect| self.count_rule(rule, effect, entry.disposition, Mode::Enforce));
        }
        let shadow = entry.findings.iter().filter(|finding| finding.mode == Mode::Shadow);
        each_rule(shadow, |rule, effect| self.count_rule(rule, effect, entry.disposition, Mode::Shadow));
    }

    fn count_rule(&mut self, rule: &str, effect: Effect, disposition: Disposition, mode: Mode) {
        if !self.rules.contains_key(rule) {
            if self.rules.len() >= RULES_MAX {
                return;
            }
            let new = RuleCount { rule: rule.to_owned(), effect, stopped: 0, observed: 0, shadow: 0 };
            self.rules.insert(rule.to_owned(), new);
        }
        let Some(count) = self.rules.get_mut(rule) else { return };
        count.effect = count.effect.max(effect);
        match (mode, disposition) {
            (Mode::Shadow, _) => count.shadow += 1,
            (_, Disposition::Observed) => count.observed += 1,
            _ => count.stopped += 1,
        }
    }

    fn rejected(&mut self, entry: RejectedEntry) {
        self.call(entry.at, entry.principal.session, true);
        self.report.totals.unreadable += 1;
        let key = (entry.status, entry.why);
        if let Some(known) = self.unreadable.get_mut(&key) {
            (known.count, known.example, known.target) = (known.count + 1, entry.id, entry.target);
        } else if self.unreadable.len() < GROUPS_MAX {
            let (status, why) = key.clone();
            let new = Unreadable { why, status, count: 1, example: entry.id, target: entry.target };
            self.unreadable.insert(key, new);
        } else {
            self.report.ungrouped += 1;
        }
    }

    /// The report. `rules` are those of now: they say what would become of a call elsewhere, and whose a rule is.
    #[must_use]
    pub fn finish(self, rules: &RuleSet) -> Report {
        let mut report = self.report;
        report.groups = self.groups.into_values().collect();
        for group in &mut report.groups {
            group.advise(rules);
        }
        report.groups.sort_by(|a, b| group_rank(a).cmp(&group_rank(b)));
        report.unreadable = self.unreadable.into_values().collect();
        report.unreadable.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.why.cmp(&b.why)));
        report.rules = self.rules.into_values().collect();
        report.rules.sort_by(|a, b| rule_rank(a).cmp(&rule_rank(b)));
        report.sessions = Sessions {
            total: self.sessions.len() as u64,
            undisturbed: self.sessions.values().filter(|is_stopped| !**is_stopped).count() as u64,
        };
        report
    }
}

/// Each rule once, however many actions of the request it spoke of; cells only where no rule said as much.
fn each_rule<'e>(findings: impl Iterator<Item = &'e Finding>, mut take: impl FnMut(&str, Effect)) {
    let findings: Vec<&Finding> = findings.collect();
    let has_rule = findings.iter().any(|finding| !finding.rule.starts_with("matrix:"));
    for (index, finding) in findings.iter().enumerate() {
        let is_new = findings.iter().take(index).all(|before| before.rule != finding.rule);
        if is_new && !(has_rule && finding.rule.starts_with("matrix:")) {
            take(&finding.rule, finding.effect);
        }
    }
}

type Rank<'g> = (std::cmp::Reverse<Effect>, std::cmp::Reverse<u64>, &'g str, &'g str, &'g str);

fn group_rank(group: &Group) -> Rank<'_> {
    let (effect, count) = (std::cmp::Reverse(group.effect), std::cmp::Reverse(group.count));
    (effect, count, &group.operation, &group.environment, &group.rule)
}

fn rule_rank(rule: &RuleCount) -> (std::cmp::Reverse<u64>, std::cmp::Reverse<u64>, &str) {
    (std::cmp::Reverse(rule.stopped + rule.observed), std::cmp::Reverse(rule.shadow), &rule.rule)
}
