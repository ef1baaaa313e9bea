//! One earlier step, what is remembered of an action that satisfied it, and the comparison of the two.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::same::{Value, compare, distinct, value};
use crate::classify::Action;
use crate::model::blast_words as words;
use crate::model::{DecisionId, Disposition, Operation, Timestamp};
use crate::rules::View;
use crate::rules::matcher::{Facets, Key, Matcher, Verdict};

words! {
    /// What became of an earlier action, as a rule asks for it.
    StepOutcome {
        /// Whatever became of it; an attempt is one, too.
        Any = "any",
        /// The gate let it pass, and nothing says that it had no effect.
        Sent = "sent",
        /// The gate stopped it.
        Refused = "refused",
        /// The gate let it pass, and it was answered with an error or not at all.
        Failed = "failed",
    }
}

/// What may have become of an action: one thing once it is known, several until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcomes(u8);

impl Outcomes {
    /// The gate let it pass.
    pub const SENT: Self = Self(1);
    /// The gate stopped it.
    pub const REFUSED: Self = Self(2);
    /// It was answered with an error that says that nothing was done.
    pub const FAILED: Self = Self(4);
    /// It broke, or upstream did: it may have had its effect or not.
    pub const BROKEN: Self = Self(1 | 4);
    /// It is known by another way; here it was nothing.
    pub const NOTHING: Self = Self(0);
    /// People may have let it pass or not.
    pub const UNCLEAR: Self = Self(1 | 2);
    const ANY: Self = Self(1 | 2 | 4);

    /// What the gate did with it.
    #[must_use]
    pub const fn of(disposition: Disposition) -> Self {
        match disposition {
            Disposition::Forwarded | Disposition::Observed => Self::SENT,
            Disposition::Throttled | Disposition::Pending | Disposition::Refused => Self::REFUSED,
        }
    }

    /// Whether anything is in both.
    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn wanted(words: impl IntoIterator<Item = StepOutcome>) -> Self {
        let bits = words.into_iter().map(|word| match word {
            StepOutcome::Any => Self::ANY.0,
            StepOutcome::Sent => Self::SENT.0,
            StepOutcome::Refused => Self::REFUSED.0,
            StepOutcome::Failed => Self::FAILED.0,
        });
        Self(bits.fold(0, |all, one| all | one))
    }

    fn words(self) -> String {
        let all = [(Self::SENT, "sent"), (Self::REFUSED, "refused"), (Self::FAILED, "failed")];
        let said: Vec<&str> = all.iter().filter(|(one, _)| self.meets(*one)).map(|(_, word)| *word).collect();
        said.join(" or ")
    }
}

/// What a step asks for, as a number: its text decides, not the rule that it stands in, so that what is remembered outlives
/// a reload that does not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::rules) struct StepId(u64);

/// One earlier step of a rule.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Step {
    pub(in crate::rules) id: StepId,
    pub(in crate::rules) matches: Matcher,
    pub(super) unless: Option<Matcher>,
    /// How long ago at most.
    pub(in crate::rules) within: Duration,
    /// What must be equal in it and in the action.
    pub(in crate::rules) same: Vec<Key>,
    /// What must not be equal.
    pub(super) other: Vec<Key>,
    /// How often it must have happened, at least.
    pub(super) times: usize,
    pub(super) outcomes: Outcomes,
    /// As it was written, in words.
    pub(super) words: String,
}

/// That an action satisfied a step.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(super) step: StepId,
    /// What the step asks for.
    pub(super) wanted: Outcomes,
    pub(super) operation: Operation,
    /// What it was done to, the first of it by its name; for people.
    pub(super) on: Option<Arc<str>>,
    /// The decision about it, where there was one.
    pub(super) decision: Option<DecisionId>,
    /// The very same call has the same, however often it comes.
    pub(super) call: u64,
    /// In the memory's own time.
    pub(super) at: Timestamp,
    /// Its place among everything that is remembered.
    pub(super) turn: u64,
    pub(super) may: Outcomes,
    /// One for each facet that must be the same.
    pub(super) values: Arc<[Value]>,
    /// Why it is not certain that the action satisfied the step.
    pub(super) unsure: Option<Arc<str>>,
}

impl Step {
    /// The number of what it asks for.
    pub(super) fn identified(self) -> Self {
        let Self { matches, unless, same, other, outcomes, .. } = &self;
        // Every checked value, with what stands behind the names of sets.
        let text = format!("{matches:?}\0{unless:?}\0{same:?}\0{other:?}\0{outcomes:?}");
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(text));
        Self { id: StepId(u64::from_be_bytes([a, b, c, d, e, f, g, h])), ..self }
    }

    pub(super) const fn unidentified() -> StepId {
        StepId(0)
    }

    /// What is to be remembered of an action, if it satisfies the step.
    pub(super) fn mark(&self, view: View<'_>, facets: Facets) -> Option<Mark> {
        if !self.matches.facets.allows(facets) {
            return None;
        }
        let unsure = match self.matches.covers(view) {
            Verdict::No => return None,
            Verdict::Yes => None,
            Verdict::Unsure(why) => Some(why.into()),
        };
        if self.unless.as_ref().is_some_and(|unless| unless.excuses(view)) {
            return None;
        }
        Some(Mark {
            step: self.id,
            wanted: self.outcomes,
            operation: view.action.operation().clone(),
            on: view.action.resources().first().and_then(|one| shown(one.as_str())),
            decision: None,
            call: call(view.action),
            at: Timestamp::from_millis(0),
            turn: 0,
            may: Outcomes::SENT,
            values: self.values(view.action).into(),
            unsure,
        })
    }

    pub(super) fn values(&self, action: &Action) -> Vec<Value> {
        let same = self.same.iter().map(|key| value(*key, action));
        same.chain(self.other.iter().map(|key| distinct(*key, action))).collect()
    }

    /// Whether a mark of this step stands for it, beside an action with these values.
    pub(super) fn fits(&self, mark: &Mark, now: Timestamp, own: &[Value]) -> Verdict {
        if now.since(mark.at) > self.within || !mark.counts() {
            return Verdict::No;
        }
        let mut verdict = mark.unsure.as_ref().map_or(Verdict::Yes, |why| Verdict::Unsure(why.to_string()));
        for ((key, own), other) in self.same.iter().zip(own).zip(mark.values.iter()) {
            match compare(own, other) {
                Some(true) => {}
                Some(false) => return Verdict::No,
                None if verdict == Verdict::Yes => {
                    verdict = Verdict::Unsure(format!("nothing tells whether it has the same {key}"));
                }
                None => {}
            }
        }
        let rest = own.iter().zip(mark.values.iter()).skip(self.same.len());
        for (key, (own, other)) in self.other.iter().zip(rest) {
            match compare(own, other) {
                Some(false) => {}
                Some(true) => return Verdict::No,
                None if verdict == Verdict::Yes => {
                    verdict = Verdict::Unsure(format!("nothing tells whether it has another {key}"));
                }
                None => {}
            }
        }
        verdict
    }

    /// Why nothing that is remembered stands for the step: by the latest that could.
    pub(super) fn missing(&self, view: View<'_>) -> String {
        let Some(past) = view.past.filter(|past| past.is_known() || !past.marks().is_empty()) else {
            return "what the session did before is not known here".to_owned();
        };
        let own = self.values(view.action);
        let marks = past.marks().iter().filter(|mark| mark.step == self.id);
        let Some(mark) = marks.max_by_key(|mark| mark.turn) else { return "nothing like it is remembered".to_owned() };
        let why = if now_since(past.now(), mark) > self.within {
            "longer ago"
        } else if !mark.counts() {
            "not what became of it"
        } else if self.fits(mark, past.now(), &own) == Verdict::No {
            "of another target"
        } else if self.times > 1 {
            "not often enough"
        } else {
            "not in this order"
        };
        format!("{}: {why}", mark.told(past.now()))
    }
}

impl Mark {
    /// Whether what may have become of it is what the step asks for.
    pub(super) const fn counts(&self) -> bool {
        self.may.meets(self.wanted)
    }

    /// The same, of this decision.
    pub(crate) fn decided_by(self, decision: DecisionId) -> Self {
        Self { decision: Some(decision), ..self }
    }

    /// `aws:rds:DeleteDBSnapshot nightly, 4 min earlier, refused`.
    pub(super) fn told(&self, now: Timestamp) -> String {
        let on = self.on.as_deref().map_or_else(String::new, |on| format!(" {on}"));
        format!("{}{on}, {} earlier, {}", self.operation, lapse(now_since(now, self)), self.may.words())
    }
}

fn call(action: &Action) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = action.digest();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// The name at the end of an identifier, where it is short enough to be read.
fn shown(id: &str) -> Option<Arc<str>> {
    const CHARS_MAX: usize = 60;
    super::same::name_of(id).filter(|name| name.chars().count() <= CHARS_MAX).map(Arc::from)
}

const fn now_since(now: Timestamp, mark: &Mark) -> Duration {
    now.since(mark.at)
}

fn lapse(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}
