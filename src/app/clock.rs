//! The machine's clocks.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest, Sha256};

use crate::model::{Clock, Timestamp, Uptime};

/// The machine's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }
    fn uptime(&self) -> Option<Uptime> {
        // Two processes agree on the number only when the kernel names the same boot.
        static BOOT: LazyLock<Option<u64>> = LazyLock::new(|| {
            let id = std::fs::read("/proc/sys/kernel/random/boot_id").ok()?;
            let [a, b, c, d, e, f, g, _, ..] = <[u8; 32]>::from(Sha256::digest(id));
            // Fits into SQLite's signed integers.
            Some(u64::from_be_bytes([0, a, b, c, d, e, f, g]))
        });
        let since_boot = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(since_boot.tv_sec).ok()?;
        let millis = u64::try_from(since_boot.tv_nsec).ok()? / 1_000_000;
        Some(Uptime { boot: (*BOOT)?, millis: seconds.saturating_mul(1000).saturating_add(millis) })
    }
}
