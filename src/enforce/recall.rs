//! What sessions did before this gate began, read anew from the log: a restart is no way to be forgotten.
//!
//! What the log tells is what the gate knew, but for values that stand masked there: they count as not told. A record that
//! cannot be read is passed over, and said.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use super::gate::Gate;
use super::history::History;
use super::snapshots;
use crate::model::{DecisionId, SNAPSHOT_WITHIN_MAX, SessionId, Timestamp};
use crate::record::query::{ReadError, Reader, Stored};
use crate::record::{DecisionEntry, Entry, OutcomeEntry};
use crate::rules::{Mark, Outcomes, RuleSet};

/// Decisions whose end is waited for.
const OPEN_MAX: usize = 65_536;
/// Segments of the log of hooks that a hook without a gate reads, from the end: a quarter of a mebibyte each.
const SEGMENTS_MAX: usize = 2;

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// Decisions that were looked at.
    pub decisions: usize,
    /// Parts of the log could not be read.
    pub has_gaps: bool,
}

impl Gate {
    /// Remembers what all sessions did, from the logs in this folder, as far back as rules ask. Blocks; before the first
    /// request.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn remember(&self, log: &Path) -> Result<Remembered, ReadError> {
        let (rules, now) = (self.rules(), self.clock.now());
        let since = before(now, rules.horizon().max(SNAPSHOT_WITHIN_MAX));
        let reader = Reader::open_since(log, Some(since))?;
        let reads_since = before(now, rules.reads_horizon());
        let matters = |stored: &Stored| {
            stored.at() >= since && (stored.at() >= reads_since || !stored.is("decision") || !is_read(stored))
        };
        Ok(Recalling::of(&self.history, &rules).all(reader, matters))
    }

    /// Remembers what this session asked of hooks without a gate, but for reads, from the end of their common log. Blocks.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn remember_session(&self, log: &Path, session: SessionId) -> Result<Remembered, ReadError> {
        let (rules, now) = (self.rules(), self.clock.now());
        if rules.horizon().is_zero() || !log.is_dir() {
            return Ok(Remembered::default());
        }
        let (since, session) = (before(now, rules.horizon()), session.to_string());
        let has = |stored: &Stored| memchr::memmem::find(stored.payload(), session.as_bytes()).is_some();
        let reader = Reader::open_tail(log, SEGMENTS_MAX)?;
        // Somebody waits for the hook, and most of what an agent does are reads.
        let matters = |stored: &Stored| stored.at() >= since && has(stored) && !is_read(stored);
        Ok(Recalling::of(&self.history, &rules).all(reader, matters))
    }
}

fn before(now: Timestamp, time: Duration) -> Timestamp {
    Timestamp::from_millis(now.millis().saturating_sub(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
}

/// Whether a decision was about reads only, without reading it whole.
fn is_read(stored: &Stored) -> bool {
    let count = |text: &[u8]| memchr::memmem::find_iter(stored.payload(), text).count();
    count(br#""impact":""#) == count(br#""impact":"read""#)
}

struct Recalling<'a> {
    history: &'a History,
    rules: &'a RuleSet,
    open: HashMap<DecisionId, (SessionId, Vec<Mark>, Vec<snapshots::Thing>, Timestamp)>,
    remembered: Remembered,
}

impl<'a> Recalling<'a> {
    fn of(history: &'a History, rules: &'a RuleSet) -> Self {
        Self { history, rules, open: HashMap::new(), remembered: Remembered::default() }
    }

    fn all(
        mut self,
        reader: impl Iterator<Item = Result<Stored, ReadError>>,
        matters: impl Fn(&Stored) -> bool,
    ) -> Remembered {
        for stored in reader {
            let Ok(stored) = stored else {
                self.remembered.has_gaps = true;
                continue;
            };
            let is_decision = stored.is("decision");
            if !(is_decision || stored.is("outcome") && !self.open.is_empty()) || !matters(&stored) {
                continue;
            }
            match stored.entry() {
                Ok(Entry::Decision(entry)) => self.decided(&entry),
                Ok(Entry::Outcome(entry)) => self.ended(&entry),
                _ => self.remembered.has_gaps = true,
            }
        }
        self.remembered
    }

    fn decided(&mut self, entry: &DecisionEntry) {
        self.remembered.decisions += 1;
        let Ok(recalled) = entry.recall() else {
            self.remembered.has_gaps = true;
            return;
        };
        let (actions, session) = (&recalled.actions, entry.principal.session);
        let marks = self.rules.marks_of(actions, &recalled.context, recalled.standing.as_ref());
        let may = Outcomes::of(entry.disposition);
        let marks = self.history.recalled((session, entry.id, entry.at), marks, may);
        let made = snapshots::made_by(actions);
        if (!marks.is_empty() || !made.is_empty()) && self.open.len() < OPEN_MAX {
            self.open.insert(entry.id, (session, marks, made, entry.at));
        }
    }

    fn ended(&mut self, entry: &OutcomeEntry) {
        if let Some((session, marks, made, at)) = self.open.remove(&entry.id) {
            self.history.ended((session, entry.id, at), &marks, (made, &entry.outcome));
        }
    }
}
