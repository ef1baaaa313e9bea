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
use crate::rules::{LimitSpec, RuleSet};

type Limiter = RateLimiter<SessionId, Store, GovernorClock, NoOpMiddleware<Nanos>>;

/// All limits of one gate.
#[derive(Debug)]
pub struct Limits {
    rules: Arc<RuleSet>,
    /// One for each of the rules' limits, in their order.
    limits: Vec<Limit>,
    clock: GovernorClock,
    /// Several limits are checked as one: all are taken or none.
    taking: Mutex<()>,
}

#[derive(Debug)]
struct Limit {
    limiter: Limiter,
    store: Store,
    /// What one resource costs in the limiter's own measure.
    each: Duration,
}

/// A limit is used up.
#[derive(Debug)]
pub struct Exceeded<'a> {
    /// Which.
    pub limit: &'a LimitSpec,
    /// Until the same call would fit.
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
    /// Fresh limits of these rules.
    #[must_use]
    pub fn new(rules: Arc<RuleSet>, clock: Arc<dyn Clock>) -> Self {
        let clock = GovernorClock::new(clock);
        let limits = rules.limits().iter().map(|spec| Limit::new(spec, &clock)).collect();
        Self { rules, limits, clock, taking: Mutex::new(()) }
    }

    /// Takes tokens for everything that these actions touch, from every limit that speaks of them, or none at all.
    ///
    /// # Errors
    /// One of the limits is used up.
    pub fn reserve(&self, session: SessionId, actions: &Vec1<Action>) -> Result<Reservation<'_>, Exceeded<'_>> {
        let _one_at_a_time = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reservation = Reservation { taken: Vec::new() };
        for (spec, limit) in self.rules.limits().iter().zip(&self.limits) {
            let matching = actions.iter().filter(|action| spec.matches(action));
            let cost = matching.fold(0u32, |sum, action| sum.saturating_add(spec.cost(action)));
            // A request larger than the whole quantity takes all of it: its size is for the rules to judge.
            if let Some(tokens) = NonZeroU32::new(cost.min(spec.quantity)) {
                limit
                    .take(session, tokens, &self.clock)
                    .map_err(|retry_after| Exceeded { limit: spec, retry_after })?;
                reservation.taken.push((limit, session, tokens.get()));
            }
        }
        Ok(reservation)
    }
}

impl Limit {
    fn new(spec: &LimitSpec, clock: &GovernorClock) -> Self {
        let quantity = NonZeroU32::new(spec.quantity).unwrap_or(NonZeroU32::MIN);
        let each = (spec.per / quantity.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(each).unwrap_or_else(|| Quota::per_hour(quantity)).allow_burst(quantity);
        let store = Store::default();
        Self { limiter: RateLimiter::new(quota, store.clone(), clock.clone()), store, each }
    }

    /// Takes, or says how long until it would fit.
    fn take(&self, session: SessionId, tokens: NonZeroU32, clock: &GovernorClock) -> Result<(), Duration> {
        match self.limiter.check_key_n(&session, tokens) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => Err(not_until.wait_time_from(governor::clock::Clock::now(clock))),
            // Cannot be: nobody asks for more than the quantity.
            Err(_) => Err(self.each),
        }
    }
}

#[cfg(test)]
mod tests;
