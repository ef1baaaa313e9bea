//! `bodies:`: how much of a request body is read, and for how long.

use std::time::Duration;

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::config::diagnostic::{Report, Spot};
use crate::config::quantity::{Lapse, Size};

/// How much of a body is read, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bodies {
    /// Bytes read of one body at most.
    pub capture_bytes_max: usize,
    /// Bytes that one body may become under Content-Encoding.
    pub decoded_bytes_max: usize,
    /// Bytes held over all requests.
    pub total_bytes_max: usize,
    /// Longest pause within a body that is being read.
    pub idle: Duration,
    /// Longest time for a body that is being read.
    pub total: Duration,
}

impl Default for Bodies {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            capture_bytes_max: 16 * MIB,
            decoded_bytes_max: 16 * MIB,
            total_bytes_max: 256 * MIB,
            idle: Duration::from_secs(10),
            total: Duration::from_secs(120),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBodies {
    capture_max: Option<Spanned<Size>>,
    decoded_max: Option<Spanned<Size>>,
    total_max: Option<Spanned<Size>>,
    idle: Option<Spanned<Lapse>>,
    total: Option<Spanned<Lapse>>,
}

impl RawBodies {
    pub(super) fn check(self, report: &mut Report<'_>) -> Bodies {
        let defaults = Bodies::default();
        let mut bytes = |size: Option<Spanned<Size>>, default: usize| match size {
            None => default,
            Some(size) => match usize::try_from(size.value.0) {
                Ok(bytes) if bytes > 0 => bytes,
                _ => {
                    report.say(&size, "the size must be more than nothing", None);
                    default
                }
            },
        };
        let capture_bytes_max = bytes(self.capture_max, defaults.capture_bytes_max);
        let decoded_bytes_max = bytes(self.decoded_max, defaults.decoded_bytes_max);
        let total_bytes_max = bytes(self.total_max.clone(), defaults.total_bytes_max);
        if total_bytes_max < capture_bytes_max {
            let at = self.total_max.as_ref().map(Spot::from).unwrap_or_default();
            report.say(at, "`bodies.total_max` is less than `bodies.capture_max`: no body could be read whole", None);
        }
        let mut time = |lapse: Option<Spanned<Lapse>>, default: Duration| match lapse {
            None => default,
            Some(lapse) if lapse.value.0.is_zero() => {
                report.say(&lapse, "the time must be more than nothing", None);
                default
            }
            Some(lapse) => lapse.value.0,
        };
        let idle = time(self.idle, defaults.idle);
        let total = time(self.total, defaults.total);
        Bodies { capture_bytes_max, decoded_bytes_max, total_bytes_max, idle, total }
    }
}
