//! What went through the gate, counted for the summary at a session's end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::model::{DecisionId, Disposition, Effect, SessionId};
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

    fn add(&mut self, entry: &DecisionEntry) {
        *self.dispositions.entry(entry.disposition).or_insert(0) += 1;
        if entry.disposition == Disposition::Forwarded || self.stopped.len() >= STOPS_KEPT_MAX {
            return;
        }
        let finding = entry.findings.first();
        let action = entry.actions.get(finding.map_or(0, |finding| finding.action));
        self.stopped.push(Stopped {
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
}

/// Sessions that are counted by themselves; of more, those that began first are forgotten here.
const SESSIONS_MAX: usize = 1024;

/// Tallies that many requests count into.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<Tallies>);

#[derive(Debug, Default)]
struct Tallies {
    all: Tally,
    sessions: BTreeMap<SessionId, Tally>,
}

impl Tallies {
    fn each(&mut self, session: SessionId, count: impl Fn(&mut Tally)) {
        count(&mut self.all);
        // Ids sort by the time at which the session began.
        if self.sessions.len() >= SESSIONS_MAX && !self.sessions.contains_key(&session) {
            self.sessions.pop_first();
        }
        count(self.sessions.entry(session).or_default());
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Tallies> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn snapshot(&self) -> Tally {
        self.lock().all.clone()
    }

    pub(super) fn of(&self, session: SessionId) -> Tally {
        self.lock().sessions.get(&session).cloned().unwrap_or_default()
    }

    pub(super) fn count(&self, entry: &DecisionEntry) {
        self.lock().each(entry.principal.session, |tally| tally.add(entry));
    }

    pub(super) fn reject(&self, session: SessionId) {
        self.lock().each(session, |tally| tally.rejected += 1);
    }

    pub(super) fn distrust(&self, host: &str) {
        let tally = &mut self.lock().all;
        if tally.distrust.len() < STOPS_KEPT_MAX || tally.distrust.contains_key(host) {
            *tally.distrust.entry(host.to_owned()).or_insert(0) += 1;
        }
    }
}
