//! The limiter's state, kept by us.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::nanos::Nanos;
use governor::state::StateStore;

use crate::model::SessionId;

/// Per session, the theoretical arrival time of the next token (GCRA).
#[derive(Clone, Debug, Default)]
pub(super) struct Store(Arc<Mutex<HashMap<SessionId, Nanos>>>);

impl Store {
    /// Undoes a taking: the arrival time moves back by what the tokens cost.
    pub(super) fn give_back(&self, session: SessionId, cost: Duration) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = states.get_mut(&session) {
            *state = state.saturating_sub(Nanos::from(cost));
        }
    }
}

impl StateStore for Store {
    type Key = SessionId;

    fn measure_and_replace<T, F, E>(&self, session: &SessionId, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, state) = decide(states.get(session).copied())?;
        states.insert(*session, state);
        Ok(answer)
    }
}
