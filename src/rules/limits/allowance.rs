//! How much a limit allows: `allow`, `burst`, `distinct`, `unbounded`.

use std::time::Duration;

use super::super::text::RawLimit;
use super::LimitSpec;
use crate::config::{Report, duration};

/// Longer is nobody's memory, and would leave the numbers that buckets are kept in.
const PER_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Each of them is kept.
pub(crate) const DISTINCT_MAX: u32 = 10_000;

/// The checked form.
pub(super) struct Allowance {
    pub(super) quantity: u32,
    pub(super) per: Duration,
    pub(super) burst: u32,
    pub(super) unbounded: Option<u32>,
}

/// Checks what belongs together. What is wrong is said, and stands for the least.
pub(super) fn check(limit: &RawLimit, report: &mut Report<'_>) -> Allowance {
    let (quantity, per) = allowance(&limit.allow.value).unwrap_or_else(|message| {
        report.say(&limit.allow, message, Some("write it as `10 per 10m`".to_owned()));
        (1, Duration::from_secs(1))
    });
    if per > PER_MAX {
        report.say(&limit.allow, "a limit looks back for 366 days at most", None);
    }
    if limit.distinct && quantity > DISTINCT_MAX {
        let help = "without `distinct` every touch counts, and the quantity may be larger";
        let message = format!("a limit keeps {DISTINCT_MAX} different resources at most");
        report.say(&limit.allow, message, Some(help.to_owned()));
    }
    let mut burst = quantity;
    if let Some(written) = &limit.burst {
        if limit.distinct {
            report.say(written, "a set of different resources has no burst", Some("leave it out".to_owned()));
        } else if written.value == 0 || written.value > quantity {
            let help = format!("write a number from 1 to {quantity}, the quantity of `allow`");
            report.say(written, format!("a burst of {} is not part of `allow`", written.value), Some(help));
        } else {
            burst = written.value;
        }
    }
    if let Some(written) = &limit.unbounded {
        if limit.distinct {
            let help = "leave it out: without names it never fits";
            report.say(written, "a collection without bound names no resources to tell apart", Some(help.to_owned()));
        } else if written.value == 0 || written.value > burst {
            let help = format!("write a number from 1 to {burst}, or leave it out: then it never fits");
            report.say(written, format!("a collection that counts as {} could never fit", written.value), Some(help));
        }
    }
    let unbounded = limit.unbounded.as_ref().map(|written| written.value);
    Allowance { quantity, per, burst, unbounded }
}

/// Reads `10 per 10m`.
fn allowance(text: &str) -> Result<(u32, Duration), String> {
    let bad = || format!("`{text}` is not an allowance");
    let (quantity, per) = text.split_once(" per ").ok_or_else(bad)?;
    let quantity: u32 = quantity.trim().parse().ok().filter(|quantity| *quantity > 0).ok_or_else(bad)?;
    let per = duration(per.trim()).ok().filter(|per| !per.is_zero()).ok_or_else(bad)?;
    Ok((quantity, per))
}

/// `10 different resources within 10 min, for each person and environment`.
pub(super) fn in_words(limit: &LimitSpec) -> String {
    let what = if limit.distinct { " different resources" } else { "" };
    let mut text = format!("{}{what} within {}", limit.quantity, time(limit.per));
    if limit.burst < limit.quantity {
        text = format!("{text}, {} at once", limit.burst);
    }
    let by: Vec<&str> = limit.by.iter().map(|by| by.as_str()).collect();
    format!("{text}, for each {}", by.join(" and "))
}

fn time(per: Duration) -> String {
    let seconds = per.as_secs();
    match seconds {
        0 => format!("{} ms", per.as_millis()),
        1..60 => format!("{seconds} s"),
        60..7200 => format!("{} min", seconds.div_ceil(60)),
        7200..172_800 => format!("{} h", seconds.div_ceil(3600)),
        _ => format!("{} days", seconds.div_ceil(86_400)),
    }
}
