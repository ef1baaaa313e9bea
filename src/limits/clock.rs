//! governor's clock over ours.

use std::sync::Arc;

use governor::nanos::Nanos;

use crate::model::Clock;

/// Milliseconds of our clock as governor's nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct GovernorClock(Arc<dyn Clock>);

impl GovernorClock {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self(clock)
    }
}

impl governor::clock::Clock for GovernorClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.now().millis().saturating_mul(1_000_000))
    }
}
