//! What is remembered of sessions: bounded in every direction, and never flushed by what an agent does.
//!
//! Time is the memory's own and never runs backwards. Where there is no room, the step in question counts as having happened
//! until that is too long ago for every rule.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::step::{Mark, Outcomes, StepId};
use crate::model::{SessionId, Timestamp};
use crate::rules::RuleSet;

/// Marks of one step that a session keeps.
const OF_STEP_MAX: usize = 32;
/// Marks of all sessions together, each some hundred bytes.
const ALL_MAX: usize = 65_536;
/// A full memory is looked through no more often.
const SWEEP_APART: Duration = Duration::from_secs(1);

/// What is remembered of one session.
#[derive(Clone, Debug, Default)]
struct Kept {
    marks: Vec<Mark>,
    /// Up to when marks of a step were dropped for want of room.
    lost: Vec<(StepId, Timestamp)>,
}

impl Kept {
    /// Adds a mark; the oldest of its step goes where there are too many.
    fn keep(&mut self, mark: Mark) {
        let of_step = |one: &&Mark| one.step == mark.step;
        if self.marks.iter().filter(of_step).count() >= OF_STEP_MAX
            && let Some(oldest) = self.marks.iter().filter(of_step).map(|one| one.turn).min()
            && let Some(position) = self.marks.iter().position(|one| one.turn == oldest && one.step == mark.step)
        {
            let dropped = self.marks.remove(position);
            self.lose(&dropped);
        }
        self.marks.push(mark);
    }

    fn lose(&mut self, mark: &Mark) {
        match self.lost.iter_mut().find(|(step, _)| *step == mark.step) {
            Some((_, until)) => *until = mark.at.max(*until),
            None => self.lost.push((mark.step, mark.at)),
        }
    }

    fn retain(&mut self, keep: impl Fn(StepId, Timestamp) -> bool) {
        self.marks.retain(|mark| keep(mark.step, mark.at));
        self.lost.retain(|(step, until)| keep(*step, *until));
    }

    const fn is_empty(&self) -> bool {
        self.marks.is_empty() && self.lost.is_empty()
    }
}

/// What a session did before a moment, as far as rules ask. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Past {
    now: Timestamp,
    is_known: bool,
    kept: Option<Arc<Kept>>,
    /// Up to when marks of any session may be missing.
    all_lost: Option<Timestamp>,
}

impl Default for Past {
    /// Nothing is known of it.
    fn default() -> Self {
        Self { now: Timestamp::from_millis(0), is_known: false, kept: None, all_lost: None }
    }
}

impl Past {
    /// The moment, in the memory's own time.
    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) const fn is_known(&self) -> bool {
        self.is_known
    }

    pub(super) fn marks(&self) -> &[Mark] {
        self.kept.as_ref().map_or(&[], |kept| &kept.marks)
    }

    /// Whether the step may have happened without being remembered.
    pub(super) fn has_lost(&self, step: StepId, within: Duration) -> bool {
        let is_near = |until: Timestamp| self.now.since(until) <= within;
        let lost = self.kept.as_ref().and_then(|kept| kept.lost.iter().find(|(known, _)| *known == step));
        self.all_lost.is_some_and(is_near) || lost.is_some_and(|(_, until)| is_near(*until))
    }

    /// What stands before an action in its own request.
    pub(super) fn also(&mut self, marks: Vec<Mark>) {
        let turn = self.marks().iter().map(|mark| mark.turn).max().map_or(0, |turn| turn + 1);
        let now = self.now;
        let kept = Arc::make_mut(self.kept.get_or_insert_with(Arc::default));
        for mark in marks {
            // Nothing else became of it yet: this is one request, which goes on as a whole or not at all.
            if mark.may.meets(Outcomes::SENT) && mark.counts() {
                kept.keep(Mark { at: now, turn, ..mark });
            }
        }
    }
}

/// What is remembered of all sessions. No clock: it is told the time.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    sessions: HashMap<SessionId, Arc<Kept>>,
    count: usize,
    turn: u64,
    now: Timestamp,
    swept: Timestamp,
    horizon: Duration,
    all_lost: Option<Timestamp>,
}

impl Default for Memory {
    fn default() -> Self {
        let zero = Timestamp::from_millis(0);
        Self {
            sessions: HashMap::new(),
            count: 0,
            turn: 0,
            now: zero,
            swept: zero,
            horizon: Duration::ZERO,
            all_lost: None,
        }
    }
}

impl Memory {
    /// For the rules that ask.
    pub(crate) fn of(rules: &RuleSet) -> Self {
        Self { horizon: rules.horizon(), ..Self::default() }
    }

    /// What the session did before, and from now on also this request: one list of marks for each of its actions. The marks
    /// come back as they stand in the memory, to be settled once it is known what became of them.
    pub(crate) fn enter(&mut self, session: SessionId, at: Timestamp, actions: Vec<Vec<Mark>>) -> (Past, Vec<Mark>) {
        self.now = self.now.max(at);
        let now = self.now;
        let kept = self.sessions.get(&session).cloned();
        let past = Past { now, is_known: true, kept, all_lost: self.all_lost };
        let mut entered = Vec::new();
        for marks in actions {
            self.turn += 1;
            let turn = self.turn;
            entered.extend(marks.into_iter().map(|mark| Mark { at: now, turn, ..mark }));
        }
        if !entered.is_empty() {
            self.settle(session, &entered, Outcomes::SENT);
            self.sweep();
        }
        (past, entered)
    }

    /// What may have become of marks that were entered. Those that no step asks for, as things stand, take no room.
    ///
    /// A call that was stopped and then, the very same, went on was not stopped after all.
    pub(crate) fn settle(&mut self, session: SessionId, marks: &[Mark], may: Outcomes) {
        if may == Outcomes::SENT {
            self.forget_stops(session, marks);
        }
        for mark in marks {
            let mark = Mark { may, ..mark.clone() };
            let is_it = |one: &Mark| one.turn == mark.turn && one.step == mark.step;
            let known = self.sessions.get(&session).and_then(|kept| kept.marks.iter().position(is_it));
            match (known, mark.counts()) {
                (None, false) => {}
                (None, true) => self.keep(session, mark),
                (Some(position), counts) => {
                    let Some(kept) = self.sessions.get_mut(&session).map(Arc::make_mut) else { continue };
                    if counts {
                        kept.marks.extend(std::iter::once(mark));
                        kept.marks.swap_remove(position);
                    } else {
                        kept.marks.remove(position);
                        self.count = self.count.saturating_sub(1);
                    }
                }
            }
        }
    }

    fn forget_stops(&mut self, session: SessionId, marks: &[Mark]) {
        let Some(kept) = self.sessions.get_mut(&session) else { return };
        let is_over = |one: &Mark| {
            one.may == Outcomes::REFUSED
                && marks.iter().any(|mark| mark.step == one.step && mark.call == one.call && mark.turn > one.turn)
        };
        if kept.marks.iter().any(is_over) {
            let kept = Arc::make_mut(kept);
            let before = kept.marks.len();
            kept.marks.retain(|one| !is_over(one));
            self.count = self.count.saturating_sub(before - kept.marks.len());
        }
    }

    fn keep(&mut self, session: SessionId, mark: Mark) {
        // Not at every call: who fills the memory must not make it slow, too.
        if self.count >= ALL_MAX && self.now.since(self.swept) > SWEEP_APART {
            self.forget_old();
        }
        if self.count >= ALL_MAX {
            self.all_lost = self.all_lost.max(Some(mark.at));
            return;
        }
        let kept = Arc::make_mut(self.sessions.entry(session).or_default());
        let before = kept.marks.len();
        kept.keep(mark);
        self.count += kept.marks.len() - before;
    }

    /// Another set of rules: what none of its steps asks for is forgotten, all else stays.
    pub(crate) fn keep_for(&mut self, rules: &RuleSet) {
        self.horizon = rules.horizon();
        let known: std::collections::HashSet<StepId> = rules.step_ids().collect();
        self.retain(|step, _| known.contains(&step));
    }

    /// Now and then; what is too old counts for nobody in any case.
    fn sweep(&mut self) {
        if self.now.since(self.swept) > self.horizon / 4 {
            self.forget_old();
        }
    }

    fn forget_old(&mut self) {
        self.swept = self.now;
        let (now, horizon) = (self.now, self.horizon);
        self.retain(|_, at| now.since(at) <= horizon);
        self.all_lost = self.all_lost.filter(|until| now.since(*until) <= horizon);
    }

    fn retain(&mut self, keep: impl Fn(StepId, Timestamp) -> bool) {
        self.sessions.retain(|_, kept| {
            if kept.marks.iter().any(|mark| !keep(mark.step, mark.at))
                || kept.lost.iter().any(|(step, until)| !keep(*step, *until))
            {
                Arc::make_mut(kept).retain(&keep);
            }
            !kept.is_empty()
        });
        self.count = self.sessions.values().map(|kept| kept.marks.len()).sum();
    }

    /// How many marks there are.
    #[cfg(test)]
    pub(crate) const fn len(&self) -> usize {
        self.count
    }
}
