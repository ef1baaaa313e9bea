//! Calls that were stopped for the same reason: one rule, one operation, one environment.

use serde::Serialize;

use super::advice::{Advice, advice};
use crate::classify::environment::inventory_entry;
use crate::model::{
    BlastRadius, DecisionId, Disposition, Effect, Environment, EnvironmentKind, Impact, Posture, Scope, Timestamp,
};
use crate::record::{ActionEntry, DecisionEntry};
use crate::rules::RuleSet;

/// Resources that are named.
const RESOURCES_MAX: usize = 3;
/// Entries for the inventory that are named.
const ENTRIES_MAX: usize = 5;

/// What makes two stops the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint {
    rule: String,
    operation: String,
    environment: String,
}

impl Fingerprint {
    pub(super) fn of(entry: &DecisionEntry) -> Self {
        let action = deciding_action(entry);
        Self {
            rule: speaking(entry).to_owned(),
            operation: action.map_or_else(String::new, |action| action.operation.as_str().to_owned()),
            environment: action.map_or_else(String::new, |action| action.environment.name.clone()),
        }
    }
}

/// The limit that is used up, else the rule that decided; the matrix where no rule said as much.
fn speaking(entry: &DecisionEntry) -> &str {
    if let Some(limit) = entry.limit.as_deref().filter(|_| entry.decision < Effect::Escalate) {
        return limit;
    }
    let rule = entry.deciding().find(|finding| !finding.rule.starts_with("matrix:"));
    rule.or_else(|| entry.deciding().next()).map_or("", |finding| finding.rule.as_str())
}

/// The action that the deciding rule spoke of.
fn deciding_action(entry: &DecisionEntry) -> Option<&ActionEntry> {
    let rule = speaking(entry);
    let finding = entry.deciding().find(|finding| finding.rule == rule);
    entry.actions.get(finding.map_or(0, |finding| finding.action)).or(entry.actions.first())
}

/// Calls of one group, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Stopped.
    pub stopped: u64,
    /// Would have been stopped.
    pub observed: u64,
    /// Sent on with an approval.
    pub approved: u64,
}

/// Calls that were stopped, or would have been, for the same reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The rule, the cell of the matrix, or the limit.
    pub rule: String,
    /// Whether `rule` is a limit that was used up.
    pub is_limit: bool,
    /// Other rules and cells that said as much.
    pub others: Vec<String>,
    /// The operation.
    pub operation: String,
    /// The environment's name.
    pub environment: String,
    /// What that counts as.
    pub environment_kind: EnvironmentKind,
    /// Which entry of the inventory says so, in the latest call.
    pub because: Option<String>,
    /// The answer.
    pub effect: Effect,
    /// What it would do, in the latest call.
    pub blast: BlastRadius,
    /// All of them.
    pub count: u64,
    /// By what became of them.
    #[serde(flatten)]
    pub counts: Counts,
    /// The first.
    pub first: Timestamp,
    /// The latest.
    pub last: Timestamp,
    /// The latest, for `blastgate log show`.
    pub example: DecisionId,
    /// Some of the resources.
    pub resources: Vec<String>,
    /// Whether there are more.
    pub has_more_resources: bool,
    /// Why, in the rule's words.
    pub message: String,
    /// The safer way, in the rule's words.
    pub instead: String,
    /// Entries that would name the targets in the inventory; empty where it names them.
    pub inventory: Vec<String>,
    /// How to have it so.
    pub keep: String,
    /// How to allow it.
    pub allow: Vec<Advice>,
    #[serde(skip)]
    posture: Posture,
    /// Every rule that counted in the latest call, also those that said less.
    #[serde(skip)]
    spoke: Vec<String>,
}

impl Group {
    pub(super) fn new(fingerprint: &Fingerprint, entry: &DecisionEntry) -> Self {
        let action = deciding_action(entry);
        let environment =
            action.map_or_else(|| Environment::of(EnvironmentKind::Unknown), |action| action.environment.clone());
        let Fingerprint { rule, operation, environment: name } = fingerprint.clone();
        let is_limit = entry.limit.as_deref() == Some(&rule);
        Self {
            is_limit,
            rule,
            others: Vec::new(),
            operation,
            environment: name,
            environment_kind: environment.kind,
            because: environment.because,
            effect: if is_limit { entry.decision.max(Effect::Throttle) } else { entry.decision },
            blast: action.map_or_else(|| BlastRadius::new(Impact::Unknown, Scope::Resource), |one| one.blast),
            count: 0,
            counts: Counts::default(),
            first: entry.at,
            last: entry.at,
            example: entry.id,
            resources: Vec::new(),
            has_more_resources: false,
            message: String::new(),
            instead: String::new(),
            inventory: Vec::new(),
            keep: String::new(),
            allow: Vec::new(),
            posture: entry.posture,
            spoke: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, entry: &DecisionEntry, is_approved: bool) {
        self.count += 1;
        match entry.disposition {
            _ if is_approved => self.counts.approved += 1,
            Disposition::Observed => self.counts.observed += 1,
            _ => self.counts.stopped += 1,
        }
        self.first = self.first.min(entry.at);
        if entry.at >= self.last {
            (self.last, self.example, self.posture) = (entry.at, entry.id, entry.posture);
            self.words(entry);
        }
        self.effect = self.effect.max(entry.decision);
        let Some(action) = deciding_action(entry) else { return };
        self.blast = action.blast;
        self.because.clone_from(&action.environment.because);
        for resource in &action.resources {
            if !self.resources.iter().any(|known| known == resource.as_str()) {
                if self.resources.len() == RESOURCES_MAX {
                    self.has_more_resources = true;
                    break;
                }
                self.resources.push(resource.as_str().to_owned());
            }
        }
        if self.environment_kind == EnvironmentKind::Unknown && self.inventory.len() < ENTRIES_MAX {
            let line = inventory_entry(&action.operation, &action.place, &action.resources);
            if !self.inventory.contains(&line) {
                self.inventory.push(line);
            }
        }
    }

    /// What the latest call was told.
    fn words(&mut self, entry: &DecisionEntry) {
        if let Some(finding) = entry.findings.iter().find(|finding| finding.rule == self.rule) {
            self.message.clone_from(&finding.message);
            self.instead.clone_from(&finding.instead);
        }
        let counted = entry.findings.iter().filter(|finding| finding.counts());
        let rules = counted.map(|finding| &finding.rule).filter(|rule| !rule.starts_with("matrix:"));
        self.spoke = rules.cloned().collect();
        self.others.clear();
        for finding in entry.deciding().filter(|finding| finding.rule != self.rule && !self.is_limit) {
            if !self.others.contains(&finding.rule) {
                self.others.push(finding.rule.clone());
            }
        }
    }

    pub(super) fn advise(&mut self, rules: &RuleSet) {
        if self.is_limit
            && let Some(limit) = rules.limits().iter().find(|limit| limit.id == self.rule)
        {
            self.message.clone_from(&limit.message);
            self.instead.clone_from(&limit.instead);
        }
        (self.keep, self.allow) = advice(self, rules);
    }

    pub(super) const fn posture(&self) -> Posture {
        self.posture
    }

    pub(super) fn spoke(&self) -> impl Iterator<Item = &str> {
        self.spoke.iter().map(String::as_str)
    }
}
