//! Recorded decisions one after the other, each after what the log says that its session did before.
//!
//! The log holds what a gate's own memory held, and more: what happened before a gate was started counts here too.

use std::collections::HashMap;

use super::again::Again;
use crate::classify::Action;
use crate::decide::Decision;
use crate::model::{DecisionId, SessionId};
use crate::record::{DecisionEntry, OutcomeEntry, Recalled, Unsaid};
use crate::rules::{Mark, Memory, Outcomes, Past};

/// Decisions whose end is waited for.
const OPEN_MAX: usize = 65_536;

/// Takes the decisions of all sessions in the order of the log.
#[derive(Debug)]
pub(super) struct Replay<'a> {
    pub(super) again: Again<'a>,
    memory: Memory,
    open: HashMap<DecisionId, (SessionId, Vec<Mark>)>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(again: Again<'a>) -> Self {
        Self { again, memory: Memory::of(again.rules), open: HashMap::new() }
    }

    /// Whether what went before matters to any rule.
    pub(super) fn looks_back(&self) -> bool {
        !self.again.rules.horizon().is_zero()
    }

    /// Whether the end of any decision matters to any rule.
    pub(super) fn waits(&self) -> bool {
        !self.open.is_empty()
    }

    /// What would be said of it, after all that was taken before.
    ///
    /// # Errors
    /// The record does not hold everything that it depends on.
    pub(super) fn decide(&mut self, entry: &DecisionEntry, recalled: &Recalled) -> Result<Decision, Unsaid> {
        let again = self.again;
        again.decide_after(recalled, entry.posture, |actions| self.enter(entry, recalled, actions))
    }

    fn enter(&mut self, entry: &DecisionEntry, recalled: &Recalled, actions: &[Action]) -> Past {
        let marks = self.again.rules.marks_of(actions, &recalled.context, recalled.standing.as_ref()).into_iter();
        let marks = marks.map(|own| own.into_iter().map(|mark| mark.decided_by(entry.id)).collect()).collect();
        let session = entry.principal.session;
        let (past, marks) = self.memory.enter(session, entry.at, marks);
        if !marks.is_empty() {
            self.memory.settle(session, &marks, Outcomes::of(entry.disposition));
            if self.open.len() < OPEN_MAX {
                self.open.insert(entry.id, (session, marks));
            }
        }
        past
    }

    /// How a decision ended.
    pub(super) fn ended(&mut self, entry: &OutcomeEntry) {
        if let Some((session, marks)) = self.open.remove(&entry.id) {
            self.memory.settle(session, &marks, entry.outcome.may());
        }
    }
}
