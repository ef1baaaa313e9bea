//! Limits: how much of something a session, a person, an environment may do or suffer in a while before people are asked.
//!
//! Said here: what a limit counts, and in which bucket. Who keeps the buckets is `limits`. Nothing here makes another limit
//! or rule milder: every limit has buckets of its own.

mod allowance;
mod bucket;
mod size;

use std::time::Duration;

pub(crate) use self::allowance::DISTINCT_MAX;
pub use self::bucket::{Bucket, By, HOMES};
pub use self::size::{Claim, Misfit, Name, Wants};

use super::matcher::{Block, Facets, Matcher, Reading, Verdict};
use super::rule::one_line;
use super::sets::Sets;
use super::text::{RawLimit, RawLimits};
use super::{Layer, View, lint};
use crate::config::{Diagnostics, Report, Spot, parse_yaml};
use crate::model::Effect;

/// One limit, for the governor to keep.
#[derive(Debug)]
pub struct LimitSpec {
    /// Its path: `base/destroy-burst`.
    pub id: String,
    /// How many resources within [`LimitSpec::per`]; different ones where it is [`LimitSpec::distinct`].
    pub quantity: u32,
    /// The time in which the whole quantity comes back.
    pub per: Duration,
    /// How many of them at once; never more than the quantity.
    pub burst: u32,
    /// Different resources are counted, each once.
    pub distinct: bool,
    /// What is counted apart.
    pub by: Vec<By>,
    /// What it says when it is used up: `throttle`, `escalate` or `deny`.
    pub decision: Effect,
    /// Why, for the agent and its person.
    pub message: String,
    /// The safer way.
    pub instead: String,
    /// Whose it is.
    pub layer: Layer,
    /// What a collection without bound counts as; without it, it never fits.
    unbounded: Option<u32>,
    /// Tells its buckets from those of other limits: other words, other buckets.
    print: u128,
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

    /// What these actions, which are one request, take: from which buckets, and how much from each.
    pub(crate) fn claims<'a>(&self, views: impl Iterator<Item = View<'a>>) -> Vec<Claim> {
        let mut claims: Vec<Claim> = Vec::new();
        for view in views.filter(|view| self.matches(*view)) {
            let (bucket, wants) = (self.bucket(view), self.wants(view.action));
            match claims.iter_mut().find(|claim| claim.bucket == bucket) {
                Some(claim) => claim.wants.add(wants),
                None => claims.push(Claim { bucket, wants }),
            }
        }
        claims
    }

    /// What it says of a call that can never fit, and else: nobody is made to wait for what does not come, people are asked.
    #[must_use]
    pub fn answer(&self, never_fits: bool) -> Effect {
        if never_fits { self.decision.max(Effect::Escalate) } else { self.decision }
    }

    /// In words: `10 per 10m`, and what else tells how much that is.
    #[must_use]
    pub fn allowance_in_words(&self) -> String {
        allowance::in_words(self)
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
        let allowance = allowance::check(limit, reading.report);
        let by = bucket::check(limit, reading.report);
        Self {
            id: limit.id.value.clone(),
            quantity: allowance.quantity,
            per: allowance.per,
            burst: allowance.burst,
            unbounded: allowance.unbounded,
            distinct: limit.distinct,
            print: bucket::print(&limit.id.value, &allowance, limit.distinct, &by),
            by,
            decision: limit.decision.value,
            message: one_line(&limit.message.value),
            instead: limit.instead.as_ref().map(|instead| one_line(&instead.value)).unwrap_or_default(),
            layer,
            matcher,
            unless,
        }
    }
}
