//! What sessions did, as far as rules with `after:` ask: the memory itself, its time, and what became of each request.
//!
//! A request enters the memory before it is decided, so that of two at once one sees the other. The memory is the process's;
//! a gate that starts reads it anew from the log (`recall`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::snapshots::{self, Snapshots, Sought, Thing};
use crate::classify::Action;
use crate::decide::Decision;
use crate::model::{Clock, Context, DecisionId, Disposition, Effect, Posture, SessionId, Standing, Timestamp, Uptime};
use crate::record::Outcome;
use crate::rules::{Mark, Memory, Outcomes, Past, RuleSet};

/// What all sessions of a gate did.
#[derive(Clone, Debug)]
pub(super) struct History {
    memory: Arc<Mutex<Memory>>,
    snapshots: Arc<Mutex<Snapshots>>,
    clock: Arc<dyn Clock>,
    began: (Timestamp, Option<Uptime>),
}

impl History {
    pub(super) fn new(rules: &RuleSet, clock: Arc<dyn Clock>) -> Self {
        let began = (clock.now(), clock.uptime());
        let (memory, snapshots) = (Arc::new(Mutex::new(Memory::of(rules))), Arc::default());
        Self { memory, snapshots, clock, began }
    }

    /// What the session did before, and this request as one that may go on.
    pub(super) fn enter(
        &self,
        rules: &RuleSet,
        id: DecisionId,
        (actions, context, standing): (&[Action], &Context, Option<&Standing>),
    ) -> (Past, Option<Attempt>) {
        let made = snapshots::made_by(actions);
        if rules.horizon().is_zero() && made.is_empty() {
            return (Past::default(), None);
        }
        let marks = rules.marks_of(actions, context, standing).into_iter();
        let marks = marks.map(|own| own.into_iter().map(|mark| mark.decided_by(id)).collect()).collect();
        let session = context.principal.session;
        let (past, marks) = self.lock().enter(session, self.now(), marks);
        let (memory, snapshots) = (Arc::clone(&self.memory), Arc::clone(&self.snapshots));
        let made = (!made.is_empty()).then(|| Making { snapshots, id, at: self.now(), things: made });
        let attempt =
            (!marks.is_empty() || made.is_some()).then(|| Attempt { memory, session, marks, made, may: None });
        (past, attempt)
    }

    /// The snapshots that a decision asks for, and whether they were seen.
    pub(super) fn snapshots(&self, decision: &Decision, actions: &[Action]) -> Sought {
        Sought::of(decision, actions, (&lock(&self.snapshots), self.now()))
    }

    /// A decision of before this gate began, as the log tells it.
    pub(super) fn recalled(
        &self,
        (session, id, at): (SessionId, DecisionId, Timestamp),
        marks: Vec<Vec<Mark>>,
        may: Outcomes,
    ) -> Vec<Mark> {
        let marks = marks.into_iter().map(|own| own.into_iter().map(|mark| mark.decided_by(id)).collect()).collect();
        let mut memory = self.lock();
        // What the clock said then may lie ahead of what it says now.
        let (_, marks) = memory.enter(session, at.min(self.began.0), marks);
        memory.settle(session, &marks, may);
        marks
    }

    /// How it ended.
    pub(super) fn ended(
        &self,
        (session, id, at): (SessionId, DecisionId, Timestamp),
        marks: &[Mark],
        (made, outcome): (Vec<Thing>, &Outcome),
    ) {
        self.lock().settle(session, marks, outcome.may());
        if snapshots::is_made(outcome) {
            lock(&self.snapshots).see(made, id, at.min(self.began.0));
        }
    }

    /// Other rules decide from now on: what they do not ask for is forgotten.
    pub(super) fn keep_for(&self, rules: &RuleSet) {
        self.lock().keep_for(rules);
    }

    /// Time that nobody can set, where the machine has such.
    fn now(&self) -> Timestamp {
        let (began, started) = self.began;
        match (self.clock.uptime(), started) {
            (Some(up), Some(started)) if up.boot == started.boot => {
                began.after(std::time::Duration::from_millis(up.millis.saturating_sub(started.millis)))
            }
            _ => self.clock.now(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        lock(&self.memory)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Snapshots that a request would make.
#[derive(Debug)]
struct Making {
    snapshots: Arc<Mutex<Snapshots>>,
    id: DecisionId,
    at: Timestamp,
    things: Vec<Thing>,
}

/// A request in the memory, until it is known what became of it. Dropped, it is left at what may have become of it.
#[derive(Debug)]
pub(super) struct Attempt {
    memory: Arc<Mutex<Memory>>,
    session: SessionId,
    marks: Vec<Mark>,
    made: Option<Making>,
    /// What may become of it if nobody says more; `None`: that was said.
    may: Option<Outcomes>,
}

impl Attempt {
    /// What the decision lets become of it.
    pub(super) const fn decided(&mut self, effect: Effect, posture: Posture) {
        self.may = match (effect, posture) {
            (_, Posture::Observe) => Some(Outcomes::SENT),
            (Effect::Deny, _) => Some(Outcomes::REFUSED),
            (Effect::Escalate, _) => Some(Outcomes::UNCLEAR),
            (Effect::Allow | Effect::Throttle, _) => Some(Outcomes::SENT),
        };
    }

    /// What the gate did with it.
    pub(super) fn disposed(&mut self, disposition: Disposition) {
        self.settle(Outcomes::of(disposition));
    }

    /// The call itself will come through the gate: then it is remembered, and not as two.
    pub(super) fn comes_inline(&mut self) {
        self.settle(Outcomes::NOTHING);
    }

    /// How it ended upstream.
    pub(super) fn ended(&mut self, outcome: &Outcome) {
        self.settle(outcome.may());
        if let Some(Making { snapshots, id, at, things }) = self.made.take().filter(|_| snapshots::is_made(outcome)) {
            lock(&snapshots).see(things, id, at);
        }
    }

    fn settle(&mut self, may: Outcomes) {
        self.may = None;
        lock(&self.memory).settle(self.session, &self.marks, may);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(may) = self.may {
            self.settle(may);
        }
    }
}
