//! governor computes what fits; it is told the state, and what comes of it is written by us, or not.
//!
//! The state of a bucket is one number: when it will be full again (GCRA's theoretical arrival time), in nanoseconds of the
//! wall clock. So it says the same after a restart. governor is told it relative to now.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::RateLimiter;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};

use crate::model::Timestamp;
use crate::rules::LimitSpec;

/// Nanoseconds since the Unix epoch.
pub(super) type Moment = u64;

pub(super) fn moment(at: Timestamp) -> Moment {
    at.millis().saturating_mul(1_000_000)
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// How fast a limit's buckets fill, and how much they hold.
#[derive(Debug)]
pub(super) struct Quota {
    quota: governor::Quota,
    each: u64,
    /// How long an empty bucket takes to be full.
    window: u64,
}

impl Quota {
    pub(super) fn of(spec: &LimitSpec) -> Self {
        let quantity = NonZeroU32::new(spec.quantity).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(spec.burst).unwrap_or(NonZeroU32::MIN);
        let each = (spec.per / quantity.get()).max(Duration::from_nanos(1));
        let quota = governor::Quota::with_period(each).unwrap_or_else(|| governor::Quota::per_hour(quantity));
        let each = nanos(each);
        Self { quota: quota.allow_burst(burst), each, window: each.saturating_mul(u64::from(burst.get())) }
    }

    /// What so many tokens cost in time.
    pub(super) const fn cost(&self, tokens: u32) -> u64 {
        self.each.saturating_mul(tokens as u64)
    }

    /// When the bucket will be full after so many tokens were taken; else how long until they would be there. Of more than
    /// a bucket holds nobody asks.
    pub(super) fn take(&self, full_at: Moment, now: Moment, tokens: NonZeroU32) -> Result<Moment, Duration> {
        let debt = self.debt(full_at, now);
        let staged = Staged { before: (debt > 0).then(|| Nanos::new(debt)), after: Cell::new(None) };
        let limiter: RateLimiter<NotKeyed, _, _, NoOpMiddleware<Nanos>> = RateLimiter::new(self.quota, staged, Now);
        let answer = limiter.check_n(tokens);
        match answer {
            Ok(Ok(())) => {
                let after = limiter.into_state_store().after.get().map_or(0, Nanos::as_u64);
                Ok(now.saturating_add(after))
            }
            Ok(Err(not_until)) => Err(not_until.wait_time_from(Nanos::new(0))),
            Err(_) => Err(Duration::from_nanos(self.window)),
        }
    }

    /// When the bucket will be full after all that there is was taken.
    pub(super) const fn take_all(&self, now: Moment) -> Moment {
        now.saturating_add(self.window)
    }

    /// How long until it is full. Never more than an empty bucket takes: somebody may have set the clock back.
    fn debt(&self, full_at: Moment, now: Moment) -> u64 {
        full_at.saturating_sub(now).min(self.window)
    }
}

/// A bucket's state for one question. What governor would replace it with is not written here: other limits may refuse.
struct Staged {
    before: Option<Nanos>,
    after: Cell<Option<Nanos>>,
}

impl StateStore for Staged {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (answer, after) = decide(self.before)?;
        self.after.set(Some(after));
        Ok(answer)
    }
}

/// It is always now.
#[derive(Clone, Debug)]
struct Now;

impl governor::clock::Clock for Now {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(0)
    }
}
