//! What went through the gate, counted for the summary at a session's end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::model::{DecisionId, Disposition, Effect};
use crate::record::{DecisionEntry, redact};

/// Stops that are kept in full; more are only counted.
const STOPS_KEPT_MAX: usize = 100;

/// Counts of one gate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Requests by what became of them.
    pub dispositions: BTreeMap<Disposition, u64>,
    /// Requests that had more than one reading.
    pub rejected: u64,
    /// What was stopped (or would have been), in order; at most 100.
    pub stopped: Vec<Stopped>,
    /// Clients that refused the gate's certificate, by host.
    pub distrust: BTreeMap<String, u64>,
}

/// One stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Its entry in the log.
    pub id: DecisionId,
    /// The answer.
    pub decision: Effect,
    /// What became of it.
    pub disposition: Disposition,
    /// The operation that carries the answer.
    pub operation: String,
    /// The first resource, or empty.
    pub resource: String,
    /// The rule or cell.
    pub rule: String,
}

impl Tally {
    /// All requests.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.dispositions.values().sum::<u64>() + self.rejected
    }

    /// Requests of one disposition.
    #[must_use]
    pub fn of(&self, disposition: Disposition) -> u64 {
        self.dispositions.get(&disposition).copied().unwrap_or(0)
    }
}

/// A tally that many requests count into.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<Tally>);

impl Shared {
    pub(super) fn snapshot(&self) -> Tally {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn count(&self, entry: &DecisionEntry) {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *tally.dispositions.entry(entry.disposition).or_insert(0) += 1;
        if entry.disposition == Disposition::Forwarded || tally.stopped.len() >= STOPS_KEPT_MAX {
            return;
        }
        let finding = entry.findings.first();
        let action = entry.actions.get(finding.map_or(0, |finding| finding.action));
        tally.stopped.push(Stopped {
            id: entry.id,
            decision: entry.decision,
            disposition: entry.disposition,
            operation: action.map_or_else(String::new, |action| action.operation.to_string()),
            resource: action
                .and_then(|action| action.resources.first())
                .map_or_else(String::new, |one| redact::mask(one.as_str()).into_owned()),
            rule: entry.limit.clone().or_else(|| finding.map(|one| one.rule.clone())).unwrap_or_default(),
        });
    }

    pub(super) fn reject(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rejected += 1;
    }

    pub(super) fn distrust(&self, host: &str) {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tally.distrust.len() < STOPS_KEPT_MAX || tally.distrust.contains_key(host) {
            *tally.distrust.entry(host.to_owned()).or_insert(0) += 1;
        }
    }
}
