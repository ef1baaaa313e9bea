//! Limits: how much of something a session may do in a while before people are asked.

use std::time::Duration;

use super::matcher::{Block, Facets, Matcher, Reading, Verdict};
use super::rule::one_line;
use super::sets::Sets;
use super::text::{RawLimit, RawLimits};
use super::{Layer, View, lint};
use crate::classify::Action;
use crate::config::{Diagnostics, Report, Spot, duration, parse_yaml};
use crate::model::{Count, Effect};

/// One limit, for the governor to keep.
#[derive(Debug)]
pub struct LimitSpec {
    /// Its path: `base/destroy-burst`.
    pub id: String,
    /// How many resources within [`LimitSpec::per`]; also the burst.
    pub quantity: u32,
    /// The time in which the whole quantity comes back.
    pub per: Duration,
    /// What it says when it is used up: `throttle`, `escalate` or `deny`.
    pub decision: Effect,
    /// Why, for the agent and its person.
    pub message: String,
    /// The safer way.
    pub instead: String,
    /// Whose it is.
    pub layer: Layer,
    matcher: Matcher,
    unless: Option<Matcher>,
}

impl LimitSpec {
    /// Whether the limit counts this action. What cannot be said counts.
    pub(crate) fn matches(&self, view: View<'_>) -> bool {
        // Limits cannot name doors.
        self.matcher.facets.allows(Facets::of(view.action, view.context.door))
            && self.matcher.covers(view) != Verdict::No
            && !self.unless.as_ref().is_some_and(|unless| unless.excuses(view))
    }

    /// How many tokens the action takes: one for each resource, all of them for a collection without bound. Never more
    /// than there are, so that a large act is judged by its rules and not refused for ever.
    #[must_use]
    pub fn cost(&self, action: &Action) -> u32 {
        match action.blast().count {
            Count::Exact(n) | Count::AtLeast(n) => u32::try_from(n).unwrap_or(u32::MAX).clamp(1, self.quantity),
            Count::Unbounded => self.quantity,
        }
    }

    /// Parses and checks one file.
    pub(super) fn parse(file: &str, text: &str, layer: Layer, sets: &Sets) -> Result<Vec<Self>, Diagnostics> {
        let raw: RawLimits = parse_yaml(file, text)?;
        let mut report = Report::new(file, text);
        for limit in &raw.limits {
            lint::folder(&limit.id, file, &mut report);
        }
        let mut reading = Reading { report: &mut report, sets };
        let specs = raw.limits.iter().map(|limit| Self::check(limit, layer, &mut reading)).collect();
        report.finish(specs)
    }

    /// Checks one limit.
    pub(super) fn check(limit: &RawLimit, layer: Layer, reading: &mut Reading<'_, '_>) -> Self {
        lint::limit(limit, reading.report);
        let at = Spot::from(&limit.matches);
        let matcher = limit.matches.value.compile(at, Block::Match, reading);
        lint::matcher(&matcher, at, reading.report);
        let unless = limit.unless.as_ref().map(|unless| unless.value.compile(unless.into(), Block::Unless, reading));
        let (quantity, per) = allowance(&limit.allow.value).unwrap_or_else(|message| {
            let help = "write it as `10 per 10m`";
            reading.report.say(&limit.allow, message, Some(help.to_owned()));
            (1, Duration::from_secs(1))
        });
        Self {
            id: limit.id.value.clone(),
            quantity,
            per,
            decision: limit.decision.value,
            message: one_line(&limit.message.value),
            instead: limit.instead.as_ref().map(|instead| one_line(&instead.value)).unwrap_or_default(),
            layer,
            matcher,
            unless,
        }
    }
}

/// Reads `10 per 10m`.
fn allowance(text: &str) -> Result<(u32, Duration), String> {
    let bad = || format!("`{text}` is not an allowance");
    let (quantity, per) = text.split_once(" per ").ok_or_else(bad)?;
    let quantity: u32 = quantity.trim().parse().ok().filter(|quantity| *quantity > 0).ok_or_else(bad)?;
    let per = duration(per.trim()).ok().filter(|per| !per.is_zero()).ok_or_else(bad)?;
    Ok((quantity, per))
}
