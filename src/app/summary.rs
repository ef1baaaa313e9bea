//! What a session's end says: a few lines, readable at a glance.

use std::fmt::Write;

use crate::enforce::Tally;
use crate::model::{Disposition, Effect, SessionId};

/// Stops that are listed; the log has them all.
const LISTED_MAX: usize = 10;

/// The summary; empty when nothing went through the gate and nothing went wrong.
#[must_use]
pub fn summary(tally: &Tally, session: SessionId, observing: bool) -> String {
    let mut out = String::new();
    let stopped = tally.of(Disposition::Refused) + tally.of(Disposition::Throttled) + tally.of(Disposition::Pending);
    let observed = tally.of(Disposition::Observed);
    if tally.total() == 0 && tally.distrust.is_empty() {
        return "blastgate: no calls went through the gate.\n".to_owned();
    }
    let _ = write!(
        out,
        "blastgate: {} · {} passed",
        count(tally.total(), "call"),
        tally.of(Disposition::Forwarded) + observed
    );
    if observing {
        let _ = write!(out, " · {observed} would have been stopped");
    } else {
        let _ = write!(out, " · {stopped} stopped");
    }
    if tally.rejected > 0 {
        let _ = write!(out, " · {} unreadable", tally.rejected);
    }
    out.push('\n');
    for stop in tally.stopped.iter().take(LISTED_MAX) {
        let verb = match (stop.disposition, stop.decision) {
            (Disposition::Throttled, _) => "over limit",
            (_, Effect::Escalate) => "needs approval",
            _ => "denied",
        };
        let _ = writeln!(out, "  {verb:<14} {}  {}  ({})", stop.operation, visible(&stop.resource), stop.rule);
    }
    let more =
        usize::try_from(stopped + observed).unwrap_or(usize::MAX).saturating_sub(tally.stopped.len().min(LISTED_MAX));
    if more > 0 {
        let _ = writeln!(out, "  … and {more} more");
    }
    for (host, times) in &tally.distrust {
        let _ = writeln!(
            out,
            "  {host}: a client did not accept the gate's certificate ({}); it reads none of the variables that were set",
            count(*times, "time")
        );
    }
    let _ = writeln!(out, "  log: blastgate log session:{session}");
    out
}

fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// A resource as a terminal may show it.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
