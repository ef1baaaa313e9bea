//! Limits counted in resources touched, not in calls. governor computes the quota; the state is ours, so that what was
//! taken can be given back when the record cannot be written.

mod clock;
mod store;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::{Quota, RateLimiter};
use vec1::Vec1;

use self::clock::GovernorClock;
use self::store::Store;
use crate::classify::Action;
use crate::model::{Clock, SessionId};
use crate::rules::LimitSpec;

type Limiter = RateLimiter<SessionId, Store, GovernorClock, NoOpMiddleware<Nanos>>;

/// All limits of one gate.
#[derive(Debug)]
pub struct Limits {
    limits: Vec<Limit>,
    clock: GovernorClock,
    /// Several limits are checked as one: all are taken or none.
    taking: Mutex<()>,
}

#[derive(Debug)]
struct Limit {
    spec: LimitSpec,
    limiter: Limiter,
    store: Store,
    /// What one resource costs in the limiter's own measure.
    each: Duration,
}

/// A limit is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Which.
    pub limit: String,
    /// Until the same call would fit; the limit's whole period when it never does.
    pub retry_after: Duration,
}

/// Tokens that were taken. Dropped uncommitted, they are given back.
#[derive(Debug)]
#[must_use = "tokens that are not committed are given back"]
pub struct Reservation<'a> {
    taken: Vec<(&'a Limit, SessionId, u32)>,
}

impl Reservation<'_> {
    /// The tokens are used.
    pub fn commit(mut self) {
        self.taken.clear();
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        for (limit, session, tokens) in self.taken.drain(..) {
            limit.store.give_back(session, limit.each.saturating_mul(tokens));
        }
    }
}

impl Limits {
    /// Fresh limits of these kinds.
    #[must_use]
    pub fn new(specs: &[LimitSpec], clock: Arc<dyn Clock>) -> Self {
        let clock = GovernorClock::new(clock);
        let limits = specs.iter().map(|spec| Limit::new(spec.clone(), &clock)).collect();
        Self { limits, clock, taking: Mutex::new(()) }
    }

    /// Takes tokens for everything that these actions touch, from every limit that speaks of them, or none at all.
    ///
    /// # Errors
    /// One of the limits is used up.
    pub fn reserve(&self, session: SessionId, actions: &Vec1<Action>) -> Result<Reservation<'_>, Exceeded> {
        let _one_at_a_time = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reservation = Reservation { taken: Vec::new() };
        for limit in &self.limits {
            if let Some(tokens) = limit.weight(actions) {
                limit.take(session, tokens, &self.clock)?;
                reservation.taken.push((limit, session, tokens.map_or(0, NonZeroU32::get)));
            }
        }
        Ok(reservation)
    }
}

impl Limit {
    fn new(spec: LimitSpec, clock: &GovernorClock) -> Self {
        let quantity = spec.quantity.get();
        let each = spec.per / quantity;
        let quota = Quota::with_period(each.max(Duration::from_nanos(1)))
            .unwrap_or_else(|| Quota::per_hour(spec.quantity))
            .allow_burst(spec.quantity);
        let store = Store::default();
        Self { spec, limiter: RateLimiter::new(quota, store.clone(), clock.clone()), store, each }
    }

    /// How many tokens these actions cost; `None`: this limit does not speak of them; `Some(None)`: more than any quota.
    fn weight(&self, actions: &Vec1<Action>) -> Option<Option<NonZeroU32>> {
        let mut matching = actions.iter().filter(|action| self.spec.matches(action)).peekable();
        matching.peek()?;
        let sum = matching.try_fold(0u64, |sum, action| Some(sum.saturating_add(action.blast().count.floor()?)));
        Some(sum.and_then(|sum| u32::try_from(sum.max(1)).ok()).and_then(NonZeroU32::new))
    }

    fn take(&self, session: SessionId, tokens: Option<NonZeroU32>, clock: &GovernorClock) -> Result<(), Exceeded> {
        let never = || Exceeded { limit: self.spec.id.clone(), retry_after: self.spec.per };
        let tokens = tokens.ok_or_else(never)?;
        match self.limiter.check_key_n(&session, tokens) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => {
                let retry_after = not_until.wait_time_from(governor::clock::Clock::now(clock));
                Err(Exceeded { limit: self.spec.id.clone(), retry_after })
            }
            Err(_) => Err(never()),
        }
    }
}

#[cfg(test)]
mod tests;
