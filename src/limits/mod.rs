//! Limits counted in resources touched, not in calls. governor computes the quota; the state is ours: all limits that speak
//! of a call are checked and then written as one step, what was taken can be given back when the record cannot be written,
//! and it outlives the gate.
//!
//! Nobody gets more than a limit's quantity because buckets were many, memory was short, or a gate was started anew.

mod book;
mod cell;
mod keep;
mod quota;
mod wait;

use std::cmp::Reverse;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use vec1::Vec1;

use self::book::{Draft, Home, Taken};
pub use self::keep::Buckets;
use self::quota::{Moment, Quota, moment, nanos};
use self::wait::WaitingRoom;
use crate::classify::Action;
use crate::model::{Clock, Context, Effect, Standing};
use crate::rules::{Bucket, Claim, DISTINCT_MAX, LimitSpec, Misfit, RuleSet, View, Wants};

/// All limits of one set of rules.
#[derive(Debug)]
pub struct Limits {
    rules: Arc<RuleSet>,
    /// One for each of the rules' limits, in their order.
    quotas: Vec<Quota>,
    buckets: Buckets,
    clock: Arc<dyn Clock>,
    room: Arc<WaitingRoom>,
}

/// A limit that is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Which.
    pub limit: String,
    /// What it says then: `throttle`, `escalate` or `deny`. A call that never fits is not throttled: people are asked.
    pub decision: Effect,
    /// Why there is one; of a call that never fits, also why not.
    pub message: String,
    /// The safer way.
    pub instead: String,
    /// Until the same call would fit; `None`: it never does.
    pub retry_after: Option<Duration>,
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
    fn views(&self) -> impl Iterator<Item = View<'a>> {
        let (context, standing) = (self.context, self.standing);
        self.actions.iter().map(move |action| View { action, context, standing, past: None })
    }
}

/// Tokens that were taken. Dropped uncommitted, they are given back.
#[derive(Debug)]
#[must_use = "tokens that are not committed are given back"]
pub struct Reservation {
    taken: Vec<Taken>,
    buckets: Option<Buckets>,
    clock: Arc<dyn Clock>,
}

impl Reservation {
    /// The tokens are used.
    pub fn commit(mut self) {
        let now = moment(self.clock.now());
        let taken = std::mem::take(&mut self.taken);
        if let Some(buckets) = &self.buckets {
            // Tokens were taken when they were reserved.
            for one in taken.iter().filter(|one| matches!(one, Taken::Names { .. })) {
                buckets.book.home(one.bucket()).commit(one, now);
            }
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        for one in self.taken.drain(..) {
            if let Some(buckets) = &self.buckets {
                buckets.book.home(one.bucket()).give_back(&one);
            }
        }
    }
}

/// What one limit makes of a claim.
struct Asked<'a> {
    spec: &'a LimitSpec,
    quota: &'a Quota,
    claim: Claim,
}

/// Why a claim does not fit.
enum Short {
    Wait(Duration),
    Never(Misfit),
}

impl Limits {
    /// Fresh limits of these rules.
    #[must_use]
    pub fn new(rules: Arc<RuleSet>, clock: Arc<dyn Clock>) -> Self {
        let quotas = rules.limits().iter().map(Quota::of).collect();
        let buckets = Buckets::new(Arc::clone(&clock));
        Self { rules, quotas, buckets, clock, room: Arc::default() }
    }

    /// The limits of other rules. What was taken from a limit stays taken where its id, its allowance and its keys are the
    /// same: new rules must not be a way to fresh tokens.
    #[must_use]
    pub fn succeeded_by(&self, rules: Arc<RuleSet>) -> Self {
        let quotas = rules.limits().iter().map(Quota::of).collect();
        let (buckets, clock, room) = (self.buckets.clone(), Arc::clone(&self.clock), Arc::clone(&self.room));
        Self { rules, quotas, buckets, clock, room }
    }

    /// Its buckets, which stay the same however the rules change.
    #[must_use]
    pub const fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    /// Takes tokens for everything that these actions touch, from every limit that speaks of them, or none at all.
    ///
    /// # Errors
    /// The limits that are used up: the strictest first, of those the one that lasts longest.
    pub fn reserve(&self, taking: Taking<'_>) -> Result<Reservation, Vec1<Exceeded>> {
        let mut asked = self.asked(taking);
        if asked.is_empty() {
            return Ok(Reservation { taken: Vec::new(), buckets: None, clock: Arc::clone(&self.clock) });
        }
        // What cannot be read is told by `Buckets::trouble`.
        let _ = self.buckets.recall();
        let now = moment(self.clock.now());
        let mut open = self.buckets.book.open(asked.iter().map(|one| one.claim.bucket));
        for one in &mut asked {
            let (bucket, overflow) = (one.claim.bucket, one.spec.overflow(one.claim.bucket));
            if let Some(home) = open.home(bucket) {
                one.claim.bucket = home.settled(bucket, overflow, now);
            }
        }
        let (mut drafts, mut exceeded) = (Vec::with_capacity(asked.len()), Vec::new());
        for one in joined(asked) {
            let Some(home) = open.home(one.claim.bucket) else { continue };
            match one.draft(home, now) {
                Ok(draft) => drafts.push(draft),
                Err(short) => {
                    let over = one.exceeded(short);
                    if over.decision == Effect::Escalate && taking.lifted.contains(&over.limit) {
                        drafts.extend(one.lifted(home, now));
                    } else {
                        exceeded.push(over);
                    }
                }
            }
        }
        exceeded.sort_by_key(|one| (Reverse(one.decision), Reverse(one.retry_after.unwrap_or(Duration::MAX))));
        match Vec1::try_from_vec(exceeded) {
            Ok(exceeded) => Err(exceeded),
            Err(_) => {
                let write = |draft: Draft| Some(open.home(draft.bucket())?.write(draft, now));
                let taken = drafts.into_iter().filter_map(write).collect();
                let buckets = Some(self.buckets.clone());
                Ok(Reservation { taken, buckets, clock: Arc::clone(&self.clock) })
            }
        }
    }

    /// What every limit that speaks of these actions is asked.
    fn asked(&self, taking: Taking<'_>) -> Vec<Asked<'_>> {
        let mut asked = Vec::new();
        for (spec, quota) in self.rules.limits().iter().zip(&self.quotas) {
            asked.extend(spec.claims(taking.views()).into_iter().map(|claim| Asked { spec, quota, claim }));
        }
        asked
    }

    /// The buckets that these actions take from.
    fn concerned(&self, taking: Taking<'_>) -> Vec<Bucket> {
        self.asked(taking).into_iter().map(|one| one.claim.bucket).collect()
    }
}

/// Claims that overflow into one bucket are one claim.
fn joined(asked: Vec<Asked<'_>>) -> Vec<Asked<'_>> {
    let mut out: Vec<Asked<'_>> = Vec::with_capacity(asked.len());
    for one in asked {
        match out.iter_mut().find(|other| other.claim.bucket == one.claim.bucket) {
            Some(other) => other.claim.wants.add(one.claim.wants),
            None => out.push(one),
        }
    }
    out
}

impl Asked<'_> {
    /// What is to be written when it fits.
    fn draft(&self, home: &mut Home, now: Moment) -> Result<Draft, Short> {
        if let Some(misfit) = self.spec.misfit(&self.claim.wants) {
            return Err(Short::Never(misfit));
        }
        let bucket = self.claim.bucket;
        match &self.claim.wants {
            Wants::Resources(size) => {
                let tokens = u32::try_from(*size).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX);
                let full_at = self.quota.take(home.full_at(bucket), now, tokens).map_err(Short::Wait)?;
                Ok(Draft::Tokens { bucket, full_at, cost: self.quota.cost(tokens.get()) })
            }
            Wants::Names(names) => {
                if let Some(known) = home.names(bucket) {
                    known.fit(names, self.spec.quantity, now).map_err(Short::Wait)?;
                }
                let new = home.names(bucket).map_or(names.len(), |known| known.new_of(names, now));
                if !home.holds_names(new, now) {
                    return Err(Short::Wait(self.spec.per));
                }
                Ok(Draft::Names { bucket, names: names.clone(), per: nanos(self.spec.per) })
            }
            Wants::Unbounded => Err(Short::Never(Misfit::Unbounded)),
            Wants::Unnamed => Err(Short::Never(Misfit::Unnamed)),
        }
    }

    /// People have seen it: it takes what there is.
    fn lifted(&self, home: &mut Home, now: Moment) -> Option<Draft> {
        let bucket = self.claim.bucket;
        match &self.claim.wants {
            Wants::Names(names) => {
                let known = home.names(bucket).map_or(0, cell::Names::len);
                let room = usize::try_from(DISTINCT_MAX).unwrap_or(0).saturating_sub(known);
                let names: Vec<_> = names.iter().take(room).copied().collect();
                let fits = home.holds_names(names.len(), now);
                fits.then(|| Draft::Names { bucket, names, per: nanos(self.spec.per) })
            }
            // Those that have no name cannot be remembered.
            Wants::Unnamed => None,
            Wants::Resources(_) | Wants::Unbounded => {
                let full_at = self.quota.take_all(now);
                Some(Draft::Tokens { bucket, full_at, cost: full_at - home.full_at(bucket).clamp(now, full_at) })
            }
        }
    }

    fn exceeded(&self, short: Short) -> Exceeded {
        let (retry_after, message) = match short {
            Short::Wait(wait) => (Some(wait), self.spec.message.clone()),
            Short::Never(misfit) => (None, format!("{misfit} {}", self.spec.message)),
        };
        Exceeded {
            limit: self.spec.id.clone(),
            decision: self.spec.answer(retry_after.is_none()),
            message,
            instead: self.spec.instead.clone(),
            retry_after,
        }
    }
}

#[cfg(test)]
mod tests;
