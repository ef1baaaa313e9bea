//! What is remembered of sessions beyond their calls one by one: where they may change things, in which places the same
//! change went before, how much they change, and whether they are in quarantine.
//!
//! It only ever adds a hazard to an action, with the reason in words; rules say what follows (`rules/base/outside-boundary.yaml`
//! and its neighbours). What it learns, it learns from what was let through. Boundaries, quarantines and rollouts survive a
//! restart: they are kept in the state as one document a session; rates of the last minutes are written with them.

mod boundary;
mod kept;
mod rates;
mod rollout;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use vec1::Vec1;

use boundary::Landed;
pub use boundary::{Axis, Boundary, BoundaryError};
use kept::Shelf;
use rates::{Habits, Kind, Rates, weight};
pub use rollout::BAKE;
use rollout::Rollouts;

use crate::classify::Action;
use crate::model::{Clock, EnvironmentKind, Hazard, Impact, Principal, SessionId, Timestamp};
use crate::store::{Store, StoreError};

/// Sessions in memory; of more, those that were not asked for longest are read from the state again.
const SESSIONS_MAX: usize = 10_000;
/// Agents whose habits are known.
const KINDS_MAX: usize = 256;

/// What a session declares when it is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// What it is to do, in the words of whoever opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Where it may change things.
    #[serde(default, skip_serializing_if = "Boundary::is_empty")]
    pub boundary: Boundary,
}

/// That a session may only read until a person releases it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Since when.
    pub at: Timestamp,
    /// Who put it there; nobody: the gate, for what `why` tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why, with every number that led there.
    pub why: String,
}

/// What is remembered of one session, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// What it declared.
    #[serde(flatten)]
    pub declared: Declared,
    /// Where its first changes landed, where it declared no boundary.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub landed: String,
    /// That it may only read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantine>,
}

/// One session's document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    declared: Declared,
    #[serde(default, skip_serializing_if = "Landed::is_empty")]
    landed: Landed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quarantine: Option<Quarantine>,
    #[serde(default)]
    rollouts: Rollouts,
    #[serde(default)]
    rates: Rates,
}

/// What all sessions of a gate did.
#[derive(Debug)]
pub struct Memory {
    clock: Arc<dyn Clock>,
    shelf: Shelf,
    /// One writes at a time, and nobody who decides waits for that.
    writing: Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sessions: HashMap<SessionId, Known>,
    habits: HashMap<String, Habits>,
    turn: u64,
}

#[derive(Debug, Default)]
struct Known {
    kept: Kept,
    /// When it was last asked for.
    turn: u64,
    /// How often it has changed, and at which of these it was written: what differs is not in the state yet.
    changed: u64,
    written: u64,
    /// Why what is in the state cannot be read: it may hold a boundary or a quarantine.
    unread: Option<String>,
}

/// A request in the memory, until it is known what became of it. Dropped, it counts as not let through.
#[derive(Debug)]
pub struct Entered {
    memory: Arc<Memory>,
    session: SessionId,
    actions: Vec<Action>,
    counted: Vec<(Kind, u64)>,
    went: bool,
    /// The quarantine that it led to.
    burst: Option<Quarantine>,
}

impl Memory {
    /// Of the sessions in this state.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { clock, shelf: Shelf(store), writing: Mutex::default(), state: Mutex::default() }
    }

    /// Adds to each action the hazards that only the session's past shows. Reads are never marked.
    pub fn mark(self: &Arc<Self>, principal: &Principal, actions: &mut Vec1<Action>) -> Option<Entered> {
        if !actions.iter().any(counts) {
            return None;
        }
        let now = self.clock.now();
        let session = principal.session;
        let mut state = self.lock();
        let State { sessions, habits, turn } = &mut *state;
        *turn += 1;
        let known = known(sessions, session, *turn, &self.shelf);
        let habits = of_kind(habits, principal.agent.as_deref());
        let (mut counted, mut led_to) = (Vec::new(), None);
        for action in actions.iter().filter(|action| counts(action)) {
            let Some(kind) = Kind::of(action.blast().impact) else { continue };
            let count = weight(action);
            counted.push((kind, count));
            let burst = known.kept.rates.add((kind, count), (habits, principal.agent.as_deref()), now);
            if let Some(burst) = burst.filter(|_| known.kept.quarantine.is_none()) {
                led_to = Some(Quarantine { at: now, by: None, why: burst.to_string() });
                known.kept.quarantine.clone_from(&led_to);
                known.changed += 1;
            }
        }
        for action in actions.iter_mut().filter(|action| counts(action)) {
            known.kept.mark(action, now);
            if let Some(error) = &known.unread {
                let why = format!("what the session declared cannot be read ({error})");
                action.note(Hazard::OutsideBoundary, why);
            }
        }
        let actions = actions.iter().filter(|action| counts(action)).cloned().collect();
        Some(Entered { memory: Arc::clone(self), session, actions, counted, went: false, burst: led_to })
    }

    /// What is remembered of a session. Blocks.
    #[must_use]
    pub fn of(&self, session: SessionId) -> Remembered {
        let mut state = self.lock();
        let State { sessions, turn, .. } = &mut *state;
        let Kept { declared, landed, quarantine, .. } = &known(sessions, session, *turn, &self.shelf).kept;
        Remembered { declared: declared.clone(), landed: landed.to_string(), quarantine: quarantine.clone() }
    }

    /// What a session declares. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn declare(&self, session: SessionId, declared: Declared) -> Result<(), StoreError> {
        self.change(session, |kept| kept.declared = declared)
    }

    /// Puts a session into quarantine, or releases it (`None`). False where that is so already. Blocks.
    ///
    /// # Errors
    /// The state cannot be used; it counts for this gate all the same.
    pub fn quarantine(&self, session: SessionId, quarantine: Option<Quarantine>) -> Result<bool, StoreError> {
        let mut changed = false;
        self.change(session, |kept| {
            changed = kept.quarantine.is_some() != quarantine.is_some();
            if changed {
                if quarantine.is_none() {
                    // What was a burst is not held against it again.
                    kept.rates = Rates::default();
                }
                kept.quarantine = quarantine;
            }
        })?;
        Ok(changed)
    }

    /// Writes what is not in the state yet. Blocks.
    ///
    /// # Errors
    /// The state cannot be used; it is tried again at the next call.
    pub fn flush(&self) -> Result<(), StoreError> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (turns, waiting): (Vec<u64>, Vec<(SessionId, String)>) = self
            .lock()
            .sessions
            .iter()
            .filter(|(_, known)| known.is_new() && known.unread.is_none())
            .map(|(session, known)| (known.changed, (*session, serde_json::to_string(&known.kept).unwrap_or_default())))
            .unzip();
        if waiting.is_empty() {
            return Ok(());
        }
        self.shelf.write(&waiting, self.clock.now())?;
        let mut state = self.lock();
        for (turn, (session, _)) in turns.into_iter().zip(waiting) {
            if let Some(known) = state.sessions.get_mut(&session) {
                known.written = turn;
            }
        }
        Ok(())
    }

    fn change(&self, session: SessionId, change: impl FnOnce(&mut Kept)) -> Result<(), StoreError> {
        {
            let mut state = self.lock();
            let State { sessions, turn, .. } = &mut *state;
            let known = known(sessions, session, *turn, &self.shelf);
            change(&mut known.kept);
            known.changed += 1;
        }
        self.flush()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the memory speaks of this action: a change, of something beyond this machine.
fn counts(action: &Action) -> bool {
    action.blast().impact != Impact::Read
        && !action.place().loopback
        && Axis::ALL.iter().any(|axis| axis.of(action).is_some())
}

/// What is known of a session, read from the state where it is not at hand.
fn known<'a>(
    sessions: &'a mut HashMap<SessionId, Known>,
    session: SessionId,
    turn: u64,
    shelf: &Shelf,
) -> &'a mut Known {
    if sessions.len() >= SESSIONS_MAX && !sessions.contains_key(&session) {
        // What is not written yet stays: forgetting it would loosen.
        let oldest = sessions.iter().filter(|(_, known)| !known.is_new()).min_by_key(|(_, known)| known.turn);
        if let Some(oldest) = oldest.map(|(session, _)| *session) {
            sessions.remove(&oldest);
        }
    }
    let known = sessions.entry(session).or_insert_with(|| Known { unread: Some(String::new()), ..Known::default() });
    if known.unread.is_some() {
        match shelf.read(session) {
            Ok(kept) => (known.kept, known.unread) = (kept, None),
            Err(error) => known.unread = Some(error),
        }
    }
    known.turn = turn;
    known
}

fn of_kind<'a>(habits: &'a mut HashMap<String, Habits>, agent: Option<&str>) -> &'a mut Habits {
    let agent = agent.unwrap_or_default();
    // The names of agents are their own: more of them than there can be are one.
    let agent = if habits.len() < KINDS_MAX || habits.contains_key(agent) { agent } else { "" };
    habits.entry(agent.to_owned()).or_default()
}

impl Known {
    const fn is_new(&self) -> bool {
        self.changed != self.written
    }
}

impl Kept {
    fn mark(&self, action: &mut Action, now: Timestamp) {
        if let Some(quarantine) = &self.quarantine {
            action.note(Hazard::Quarantine, quarantine.to_string());
        }
        let left = match self.declared.boundary.is_empty() {
            false => self.declared.boundary.left_by(action),
            true => self.landed.left_by(action).filter(|_| action.environment().kind != EnvironmentKind::Local),
        };
        if let Some(left) = left {
            action.note(Hazard::OutsideBoundary, left);
        }
        if let Some(held) = self.rollouts.held(action, now).filter(|_| !is_play(action)) {
            action.note(Hazard::Rollout, held);
        }
    }
}

/// Where a change may go everywhere at once.
fn is_play(action: &Action) -> bool {
    matches!(action.environment().kind, EnvironmentKind::Local | EnvironmentKind::Dev)
}

impl fmt::Display for Quarantine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by {
            Some(by) => write!(f, "{by} put the session into quarantine: {}", self.why),
            None => write!(f, "the session is in quarantine: {}", self.why),
        }
    }
}

impl Entered {
    /// It was let through. True where something was learned that must not be lost with the process: [`Memory::flush`] it
    /// before the call goes on.
    #[must_use]
    pub fn let_through(&mut self) -> bool {
        self.went = true;
        let now = self.memory.clock.now();
        let mut is_new = false;
        {
            let mut state = self.memory.lock();
            let State { sessions, turn, .. } = &mut *state;
            let known = known(sessions, self.session, *turn, &self.memory.shelf);
            for action in &self.actions {
                is_new |= known.kept.declared.boundary.is_empty() && known.kept.landed.learn(action);
                known.kept.rollouts.went(action, now);
            }
            known.changed += 1;
        }
        is_new
    }

    /// The quarantine that it led to, to be told in the log.
    #[must_use]
    pub const fn led_to(&self) -> Option<&Quarantine> {
        self.burst.as_ref()
    }

    /// How it ended upstream.
    pub fn ended(&self, failed: bool) {
        let mut state = self.memory.lock();
        let State { sessions, turn, .. } = &mut *state;
        let known = known(sessions, self.session, *turn, &self.memory.shelf);
        for action in &self.actions {
            known.changed += u64::from(known.kept.rollouts.ended(action, failed));
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if self.went {
            return;
        }
        let mut state = self.memory.lock();
        if let Some(known) = state.sessions.get_mut(&self.session) {
            for (kind, count) in self.counted.drain(..) {
                known.kept.rates.take_back(kind, count);
            }
        }
    }
}

#[cfg(test)]
mod tests;
