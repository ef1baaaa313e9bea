//! What a session's end says: a few lines, readable at a glance, with the commands that say more.

use std::fmt::Write as _;

use crate::decide::visible;
use crate::enforce::{Stopped, Tally};
use crate::model::{Disposition, Effect, SessionId};

/// Kinds of stops that are listed; `report` has them all.
const LISTED_MAX: usize = 10;
/// Without a terminal to fit.
const WIDTH: usize = 100;
const WIDTH_MIN: usize = 40;
/// Where the words of a stop begin.
const INDENT: usize = 18;
/// The end of a decision's id that `log show` finds it by.
const ID_CHARS: usize = 8;

/// The summary; one line when nothing went through the gate and nothing went wrong. `width` is the terminal's.
#[must_use]
pub fn summary(tally: &Tally, session: SessionId, observing: bool, width: Option<usize>) -> String {
    if tally.total() == 0 && tally.distrust.is_empty() {
        return "blastgate: no calls went through the gate.\n".to_owned();
    }
    let room = width.unwrap_or(WIDTH).max(WIDTH_MIN).saturating_sub(INDENT);
    let mut out = String::new();
    for line in
        textwrap::wrap(&headline(tally, observing), textwrap::Options::new(room + INDENT).subsequent_indent("  "))
    {
        let _ = writeln!(out, "{line}");
    }
    let kinds = folded(&tally.stopped);
    for kind in kinds.iter().take(LISTED_MAX) {
        kind.write(&mut out, observing, room);
    }
    let listed: usize = kinds.iter().take(LISTED_MAX).map(|kind| kind.stops.len()).sum();
    let more = usize::try_from(stops(tally)).unwrap_or(usize::MAX).saturating_sub(listed);
    if more > 0 {
        let _ = writeln!(out, "  … and {more} more");
    }
    for (host, times) in &tally.distrust {
        let _ = writeln!(
            out,
            "  {}: a client did not accept the gate's certificate ({}); it reads none of the variables that were set",
            visible(host, 100),
            count(*times, "time")
        );
    }
    if stops(tally) > 0 {
        line(&mut out, "why, what to do", &format!("blastgate report session:{session}"));
    }
    if tally.rejected > 0 {
        line(&mut out, "unreadable", &format!("blastgate log decision:rejected session:{session}"));
    }
    line(&mut out, "every call", &format!("blastgate log session:{session}"));
    out
}

/// Everything that did not simply pass.
fn stops(tally: &Tally) -> u64 {
    [Disposition::Refused, Disposition::Throttled, Disposition::Pending, Disposition::Observed]
        .into_iter()
        .map(|disposition| tally.of(disposition))
        .sum()
}

fn headline(tally: &Tally, observing: bool) -> String {
    let calls = count(tally.total(), "call");
    let observed = tally.of(Disposition::Observed);
    let mut parts = vec![calls];
    if observing {
        parts.push(format!("{} passed", tally.of(Disposition::Forwarded) + observed));
        parts.push(match observed {
            0 => "observing, nothing would have been stopped".to_owned(),
            n => format!("observing, {n} would have been stopped, none was"),
        });
    } else {
        parts.push(format!("{} passed", tally.of(Disposition::Forwarded)));
        let stopped = tally.of(Disposition::Refused) + tally.of(Disposition::Pending);
        let throttled = tally.of(Disposition::Throttled);
        if stopped > 0 || throttled == 0 {
            parts.push(format!("{stopped} stopped"));
        }
        if throttled > 0 {
            parts.push(format!("{throttled} over a limit"));
        }
    }
    if tally.rejected > 0 {
        parts.push(format!("{} unreadable{}", tally.rejected, if observing { " (refused)" } else { "" }));
    }
    format!("blastgate: {}", parts.join(" · "))
}

/// Stops of the same kind: answer, operation and rule.
struct Kind<'a> {
    first: &'a Stopped,
    stops: Vec<&'a Stopped>,
}

fn folded(stopped: &[Stopped]) -> Vec<Kind<'_>> {
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for stop in stopped {
        let same = |kind: &&mut Kind<'_>| {
            let first = kind.first;
            (first.decision, first.disposition, &first.operation, &first.rule)
                == (stop.decision, stop.disposition, &stop.operation, &stop.rule)
        };
        match kinds.iter_mut().find(same) {
            Some(kind) => kind.stops.push(stop),
            None => kinds.push(Kind { first: stop, stops: vec![stop] }),
        }
    }
    kinds
}

impl Kind<'_> {
    fn write(&self, out: &mut String, observing: bool, room: usize) {
        let stop = self.first;
        // What is observed was not stopped: the words must not say so.
        let verb = match (stop.decision, observing) {
            (Effect::Allow | Effect::Throttle, _) => "over limit",
            (Effect::Escalate, false) => "needs approval",
            (Effect::Escalate, true) => "would ask",
            (Effect::Deny, false) => "denied",
            (Effect::Deny, true) => "would deny",
        };
        let times = if self.stops.len() > 1 { format!("  ×{}", self.stops.len()) } else { String::new() };
        let operation = visible(&stop.operation, room.saturating_sub(times.chars().count()));
        line(out, verb, &format!("{operation}{times}"));
        let mut resources: Vec<&str> = self.stops.iter().map(|stop| stop.resource.as_str()).collect();
        resources.retain(|resource| !resource.is_empty());
        resources.sort_unstable();
        resources.dedup();
        if let Some(first) = resources.first() {
            let more = if resources.len() > 1 { format!(" and {} more", resources.len() - 1) } else { String::new() };
            line(out, "", &format!("{}{more}", visible(first, room.saturating_sub(more.len()))));
        }
        let id = stop.id.to_string();
        let id = id.get(id.len().saturating_sub(ID_CHARS)..).unwrap_or(&id);
        let show = format!("blastgate log show {id}");
        let rule = visible(&stop.rule, room.max(20));
        if rule.chars().count() + show.len() + 3 <= room {
            line(out, "", &format!("{rule} · {show}"));
        } else {
            line(out, "", &rule);
            line(out, "", &show);
        }
    }
}

fn line(out: &mut String, label: &str, text: &str) {
    let _ = writeln!(out, "  {label:<width$}{text}", width = INDENT - 2);
}

fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

#[cfg(test)]
mod tests;
