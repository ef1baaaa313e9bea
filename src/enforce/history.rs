//! What sessions did, as far as rules with `after:` ask: the memory itself, its time, and what became of each request.
//!
//! A request enters the memory before it is decided, so that of two at once one sees the other. It lives as long as the
//! process: a gate that starts begins without a past.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::classify::Action;
use crate::model::{Clock, Context, Disposition, Effect, Posture, SessionId, Standing, Timestamp, Uptime};
use crate::record::Outcome;
use crate::rules::{Mark, Memory, Outcomes, Past, RuleSet};

/// What all sessions of a gate did.
#[derive(Clone, Debug)]
pub(super) struct History {
    memory: Arc<Mutex<Memory>>,
    clock: Arc<dyn Clock>,
    began: (Timestamp, Option<Uptime>),
}

impl History {
    pub(super) fn new(rules: &RuleSet, clock: Arc<dyn Clock>) -> Self {
        let began = (clock.now(), clock.uptime());
        Self { memory: Arc::new(Mutex::new(Memory::of(rules))), clock, began }
    }

    /// What the session did before, and this request as one that may go on.
    pub(super) fn enter(
        &self,
        rules: &RuleSet,
        (actions, context, standing): (&[Action], &Context, Option<&Standing>),
    ) -> (Past, Option<Attempt>) {
        if rules.horizon().is_zero() {
            return (Past::default(), None);
        }
        let marks = rules.marks_of(actions, context, standing);
        let session = context.principal.session;
        let (past, marks) = self.lock().enter(session, self.now(), marks);
        let memory = Arc::clone(&self.memory);
        let attempt = (!marks.is_empty()).then(|| Attempt { memory, session, marks, may: None });
        (past, attempt)
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
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in the memory, until it is known what became of it. Dropped, it is left at what may have become of it.
#[derive(Debug)]
pub(super) struct Attempt {
    memory: Arc<Mutex<Memory>>,
    session: SessionId,
    marks: Vec<Mark>,
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

    /// How it ended upstream.
    pub(super) fn ended(&mut self, outcome: &Outcome) {
        self.settle(outcome.may());
    }

    fn settle(&mut self, may: Outcomes) {
        self.may = None;
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).settle(self.session, &self.marks, may);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(may) = self.may {
            self.settle(may);
        }
    }
}
