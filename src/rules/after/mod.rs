//! `after:` — what the same session did before: steps, in the order of time, that must have happened for the rule to speak.
//!
//! Pure. What is remembered of an action is not the action: at its decision it is noted which steps it satisfies, as
//! [`Mark`]s, and only as long and as many as is bounded. What was forgotten for want of room counts as having happened: a
//! memory that can be flushed would be none.

mod check;
mod memory;
mod same;
mod step;

pub(crate) use memory::Memory;
pub use memory::Past;
pub(super) use same::COMPARABLE;
pub(crate) use step::Mark;
pub use step::{Outcomes, StepOutcome};
pub(super) use step::{Step, StepId};

use std::time::Duration;

use super::index::Index;
use super::matcher::{Checked, Facets, Verdict};
use super::{Rule, RuleSet, View};
use crate::classify::Action;
use crate::model::{Context, DecisionId, Impact, Mode, Standing, Timestamp};

/// The steps of all rules, each once, and how long any of them looks back.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// Rule and step.
    places: Vec<(usize, usize)>,
    index: Index,
    horizon: Duration,
    reads_horizon: Duration,
}

impl Steps {
    pub(super) fn of(rules: &[Rule]) -> Self {
        let mut steps = Self::default();
        let mut known: Vec<StepId> = Vec::new();
        for (rule, one) in rules.iter().enumerate().filter(|(_, rule)| rule.mode != Mode::Off) {
            for (position, step) in one.after.iter().enumerate() {
                steps.horizon = steps.horizon.max(step.within);
                if step.matches.facets.has_impact(Impact::Read) {
                    steps.reads_horizon = steps.reads_horizon.max(step.within);
                }
                if !known.contains(&step.id) {
                    known.push(step.id);
                    steps.index.add(steps.places.len(), &step.matches);
                    steps.places.push((rule, position));
                }
            }
        }
        steps
    }
}

impl RuleSet {
    /// How long any rule looks back; zero: none does.
    #[must_use]
    pub const fn horizon(&self) -> Duration {
        self.steps.horizon
    }

    /// How long any rule looks back at reads.
    #[must_use]
    pub const fn reads_horizon(&self) -> Duration {
        self.steps.reads_horizon
    }

    /// The steps that any rule asks for.
    pub(super) fn step_ids(&self) -> impl Iterator<Item = StepId> {
        self.steps.places.iter().filter_map(|place| Some(self.step(*place)?.id))
    }

    fn step(&self, (rule, step): (usize, usize)) -> Option<&Step> {
        self.rules.get(rule)?.after.get(step)
    }

    /// What must be remembered of an action.
    pub(crate) fn marks(&self, view: View<'_>) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        if self.steps.places.is_empty() {
            return marks;
        }
        let facets = Facets::of(view.action, view.context.door);
        self.steps.index.candidates(view.action, facets, |position| {
            let step = self.steps.places.get(position).and_then(|place| self.step(*place));
            if let Some(step) = step.filter(|step| !marks.iter().any(|mark| mark.step == step.id)) {
                marks.extend(step.mark(view, facets));
            }
        });
        marks
    }

    /// What must be remembered of a request, in the order of its actions: one list for each.
    pub(crate) fn marks_of(
        &self,
        actions: &[Action],
        context: &Context,
        standing: Option<&Standing>,
    ) -> Vec<Vec<Mark>> {
        if self.steps.places.is_empty() {
            return Vec::new();
        }
        actions.iter().map(|action| self.marks(View { action, context, standing, past: None })).collect()
    }

    /// Every action of a request as rules see it: beside the session's past, also what stands before it in the request.
    pub(crate) fn each_view<'a>(
        &self,
        actions: &'a [Action],
        (context, standing): (&'a Context, Option<&'a Standing>),
        past: &Past,
        mut see: impl FnMut(usize, View<'_>),
    ) {
        let mut own: Option<Past> = None;
        for (index, action) in actions.iter().enumerate() {
            let view = View { action, context, standing, past: Some(own.as_ref().unwrap_or(past)) };
            see(index, view);
            if index + 1 < actions.len() {
                let marks = self.marks(view);
                if !marks.is_empty() {
                    own.get_or_insert_with(|| past.clone()).also(marks);
                }
            }
        }
    }
}

/// What became of looking for one step.
#[derive(Debug)]
enum Found<'p> {
    /// These were it, the latest first; and why that is not certain, if so.
    It(Vec<&'p Mark>, Option<String>),
    /// More happened than is remembered.
    Lost,
    Nothing,
}

impl Found<'_> {
    fn verdict(&self) -> Verdict {
        match self {
            Self::It(_, None) => Verdict::Yes,
            Self::It(_, Some(why)) => Verdict::Unsure(why.clone()),
            Self::Lost => Verdict::Unsure("more happened than is remembered".to_owned()),
            Self::Nothing => Verdict::No,
        }
    }

    /// In words, where there is anything.
    fn told(&self, now: Timestamp) -> Option<String> {
        match self {
            Self::It(marks, _) => {
                let latest = marks.first()?.told(now);
                Some(if marks.len() > 1 { format!("{} calls like {latest}", marks.len()) } else { latest })
            }
            Self::Lost => Some("more than is remembered".to_owned()),
            Self::Nothing => None,
        }
    }
}

/// Whether all steps happened, in their order, before the action.
pub(super) fn happened(steps: &[Step], view: View<'_>) -> Verdict {
    let mut verdict = Verdict::Yes;
    for found in chain(steps, view) {
        match found.verdict() {
            Verdict::No => return Verdict::No,
            Verdict::Yes => {}
            unsure if verdict == Verdict::Yes => verdict = unsure,
            Verdict::Unsure(_) => {}
        }
    }
    verdict
}

/// What each step rests on: first what is certain, else whatever cannot be excluded.
fn chain<'p>(steps: &[Step], view: View<'p>) -> Vec<Found<'p>> {
    let certain = backwards(steps, view, true);
    if certain.iter().all(|found| matches!(found, Found::It(..))) { certain } else { backwards(steps, view, false) }
}

/// From the last step to the first, each time the latest that fit: nothing earlier could leave more room before it.
fn backwards<'p>(steps: &[Step], view: View<'p>, is_certain: bool) -> Vec<Found<'p>> {
    let mut before = u64::MAX;
    let mut found: Vec<Found<'p>> = steps
        .iter()
        .rev()
        .map(|step| {
            let Some(past) = view.past else { return Found::Nothing };
            let own = step.values(view.action);
            let earlier = past.marks().iter().filter(|mark| mark.step == step.id && mark.turn < before);
            let mut fitting: Vec<(&Mark, Option<String>)> = earlier
                .filter_map(|mark| match step.fits(mark, past.now(), &own) {
                    Verdict::No => None,
                    Verdict::Yes => Some((mark, None)),
                    Verdict::Unsure(_) if is_certain => None,
                    Verdict::Unsure(why) => Some((mark, Some(why))),
                })
                .collect();
            fitting.sort_by_key(|(mark, _)| std::cmp::Reverse(mark.turn));
            fitting.truncate(step.times);
            match fitting.last() {
                Some((first, _)) if fitting.len() == step.times => {
                    before = first.turn;
                    let why = fitting.iter().find_map(|(_, why)| why.clone());
                    Found::It(fitting.into_iter().map(|(mark, _)| mark).collect(), why)
                }
                // It may have been at any time.
                _ if !is_certain && past.has_lost(step.id, step.within) => Found::Lost,
                _ => Found::Nothing,
            }
        })
        .collect();
    found.reverse();
    found
}

/// Every step of a rule beside what is remembered.
pub(super) fn show(steps: &[Step], view: View<'_>) -> Vec<Checked> {
    let now = now(view);
    let shown = |(index, (step, found)): (usize, (&Step, Found<'_>))| Checked {
        block: "after",
        key: format!("step {}", index + 1),
        wanted: step.words.clone(),
        found: found.told(now).unwrap_or_else(|| step.missing(view)),
        verdict: found.verdict(),
    };
    steps.iter().zip(chain(steps, view)).enumerate().map(shown).collect()
}

/// What a rule that speaks rests on: in one line, and the decisions about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grounds {
    /// In words; nothing for a rule that does not look back.
    pub(crate) told: Option<String>,
    /// The earlier decisions, the oldest first; not those of the request itself.
    pub(crate) decisions: Vec<DecisionId>,
}

/// What a rule that speaks rests on.
pub(super) fn grounds(steps: &[Step], view: View<'_>) -> Grounds {
    if steps.is_empty() {
        return Grounds::default();
    }
    let (now, chain) = (now(view), chain(steps, view));
    let told = chain.iter().map(|found| found.told(now).unwrap_or_else(|| "more than is remembered".to_owned()));
    let told = told.collect::<Vec<_>>().join(", then ");
    let marks = chain.iter().flat_map(|found| match found {
        Found::It(marks, _) => marks.as_slice(),
        Found::Lost | Found::Nothing => &[],
    });
    let mut decisions: Vec<DecisionId> = marks.filter_map(|mark| mark.decision).collect();
    // Ids sort by time.
    decisions.sort_unstable();
    decisions.dedup();
    Grounds { told: Some(told), decisions }
}

fn now(view: View<'_>) -> Timestamp {
    view.past.map_or(Timestamp::from_millis(0), Past::now)
}

#[cfg(test)]
mod tests;
