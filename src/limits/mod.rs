//! Limits counted in resources touched, not in calls. governor computes the quota; the state is ours, so that what was
//! taken can be given back when the record cannot be written.

mod clock;
mod store;
mod wait;

use std::cmp::Reverse;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::{Quota, RateLimiter};
use vec1::Vec1;

use self::clock::GovernorClock;
use self::store::Store;
use self::wait::WaitingRoom;
use crate::classify::Action;
use crate::model::{Clock, Context, Effect, SessionId, Standing};
use crate::rules::{LimitSpec, RuleSet, View};

type Limiter = RateLimiter<SessionId, Store, GovernorClock, NoOpMiddleware<Nanos>>;

/// All limits of one set of rules.
#[derive(Debug)]
pub struct Limits {
    rules: Arc<RuleSet>,
    /// One for each of the rules' limits, in their order.
    limits: Vec<Arc<Limit>>,
    clock: GovernorClock,
    /// Several limits are checked as one: all are taken or none.
    taking: Arc<Mutex<()>>,
    room: Arc<WaitingRoom>,
}

#[derive(Debug)]
struct Limit {
    limiter: Limiter,
    store: Store,
    /// What one resource costs in the limiter's own measure.
    each: Duration,
}

/// A limit that is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Which.
    pub limit: String,
    /// What it says then: `throttle`, `escalate` or `deny`.
    pub decision: Effect,
    /// Why there is one.
    pub message: String,
    /// The safer way.
    pub instead: String,
    /// Until the same call would fit.
    pub retry_after: Duration,
}

/// Who takes tokens, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Taking<'a> {
    /// Whose tokens, and when.
    pub context: &'a Context,
    /// What is known of the person that the session acts for.
    pub standing: Option<&'a Standing>,
    /// Everything that they touch is paid for.
    pub actions: &'a Vec1<Action>,
    /// Limits that people have lifted for this call: escalating ones take what there is and do not stop it.
    pub lifted: &'a [String],
}

impl<'a> Taking<'a> {
    fn session(&self) -> SessionId {
        self.context.principal.session
    }

    fn views(&self) -> impl Iterator<Item = View<'a>> {
        let (context, standing) = (self.context, self.standing);
        self.actions.iter().map(move |action| View { action, context, standing, past: None })
    }
}

/// Tokens that were taken. Dropped uncommitted, they are given back.
#[derive(Debug)]
#[must_use = "tokens that are not committed are given back"]
pub struct Reservation {
    taken: Vec<(Arc<Limit>, SessionId, u32)>,
}

impl Reservation {
    /// The tokens are used.
    pub fn commit(mut self) {
        self.taken.clear();
    }
}

impl Drop for Reservation {
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
        let limits = rules.limits().iter().map(|spec| Arc::new(Limit::new(spec, &clock))).collect();
        Self { rules, limits, clock, taking: Arc::default(), room: Arc::default() }
    }

    /// The limits of other rules. What was taken from a limit stays taken where its id and its allowance are the same:
    /// new rules must not be a way to fresh tokens.
    #[must_use]
    pub fn succeeded_by(&self, rules: Arc<RuleSet>) -> Self {
        let old = |spec: &LimitSpec| {
            let mut known = self.rules.limits().iter().zip(&self.limits);
            known.find(|(old, _)| (&old.id, old.quantity, old.per) == (&spec.id, spec.quantity, spec.per))
        };
        let limit = |spec| match old(spec) {
            Some((_, limit)) => Arc::clone(limit),
            None => Arc::new(Limit::new(spec, &self.clock)),
        };
        let limits = rules.limits().iter().map(limit).collect();
        let (clock, taking, room) = (self.clock.clone(), Arc::clone(&self.taking), Arc::clone(&self.room));
        Self { rules, limits, clock, taking, room }
    }

    /// Takes tokens for everything that these actions touch, from every limit that speaks of them, or none at all.
    ///
    /// # Errors
    /// The limits that are used up: the strictest first, of those the one that lasts longest.
    pub fn reserve(&self, taking: Taking<'_>) -> Result<Reservation, Vec1<Exceeded>> {
        let _one_at_a_time = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        let (session, lifted) = (taking.session(), taking.lifted);
        let mut reservation = Reservation { taken: Vec::new() };
        let mut exceeded = Vec::new();
        for (spec, limit) in self.rules.limits().iter().zip(&self.limits) {
            let matching = taking.views().filter(|view| spec.matches(*view));
            let cost = matching.fold(0u32, |sum, view| sum.saturating_add(spec.cost(view.action)));
            // A request larger than the whole quantity takes all of it: its size is for the rules to judge.
            let Some(tokens) = NonZeroU32::new(cost.min(spec.quantity)) else { continue };
            match limit.take(session, tokens, &self.clock) {
                Ok(()) => reservation.taken.push((Arc::clone(limit), session, tokens.get())),
                Err(_) if spec.decision == Effect::Escalate && lifted.contains(&spec.id) => {}
                Err(retry_after) => exceeded.push(Exceeded {
                    limit: spec.id.clone(),
                    decision: spec.decision,
                    message: spec.message.clone(),
                    instead: spec.instead.clone(),
                    retry_after,
                }),
            }
        }
        exceeded.sort_by_key(|one| (Reverse(one.decision), Reverse(one.retry_after)));
        match Vec1::try_from_vec(exceeded) {
            Ok(exceeded) => Err(exceeded),
            Err(_) => Ok(reservation),
        }
    }

    /// The ids of the limits that speak of these actions.
    fn concerned(&self, taking: Taking<'_>) -> Vec<String> {
        let limits = self.rules.limits().iter().filter(|spec| taking.views().any(|view| spec.matches(view)));
        limits.map(|spec| spec.id.clone()).collect()
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
