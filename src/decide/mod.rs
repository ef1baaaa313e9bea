//! The decision point: a pure function from actions, rules and facts to a [`Decision`].
//!
//! The matrix cell always takes part; the answer is the strictest of the cell and every matching rule; order never matters.

mod combine;
mod explain;
mod matrix;

pub(crate) use explain::visible;
pub use explain::{People, Used, Why, blast_words, refusal_text};

pub use matrix::Matrix;

use serde::{Deserialize, Serialize};
use vec1::Vec1;

use crate::classify::Action;
use crate::model::{Approval, Context, DecisionId, Demand, Effect, Mode, Posture, Standing};
use crate::rules::{Past, RuleSet};

/// What is known beside the request, as a snapshot: filled by the stages that know and remember, read by rules. Nothing is
/// used up here.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What `people.yaml` says about the person that the session acts for; `None`: nothing.
    pub standing: Option<Standing>,
    /// What the session did before.
    pub past: Past,
}

/// The answer to one request. Made only by [`decide`].
#[derive(Clone, Debug)]
pub struct Decision {
    effect: Effect,
    findings: Vec<Finding>,
    revision: String,
    posture: Posture,
}

/// One thing that took part in a decision: a matrix cell or a rule, and what it said about which action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `matrix:destroy/environment/prod`, or the rule's id (`aws/delete-stack`).
    pub rule: String,
    /// What it says.
    pub effect: Effect,
    /// `shadow` findings are recorded and do not count.
    pub mode: Mode,
    /// Index of the action it speaks of.
    pub action: usize,
    /// Why, for a person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The safer way.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instead: String,
    /// A rule that could not be evaluated counts as a match; this says why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// The exception that lifted it: it is recorded and does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<String>,
    /// What it asks for beyond an answer: whose, and what the agent must bring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<Demand>,
    /// The earlier calls of the session that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The decisions about those calls, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<DecisionId>,
}

impl Finding {
    /// Whether it counts: it is enforced, and no exception lifted it.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.mode == Mode::Enforce && self.lifted.is_none()
    }
}

impl Decision {
    /// The strictest of all findings that count.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// Everything that took part: first the findings that carry the effect, strictest first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings that carry the decision's effect.
    pub fn deciding(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.effect == self.effect && finding.counts())
    }

    /// Whose answers an escalation takes, in words; `default` where nothing says it.
    #[must_use]
    pub fn voters_in_words(&self, default: &Approval) -> String {
        let nothing = Demand::default();
        Demand::voters_in_words(self.deciding().map(|finding| finding.demand.as_ref().unwrap_or(&nothing)), default)
    }

    /// Which set of rules decided.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The posture under which it was decided.
    #[must_use]
    pub const fn posture(&self) -> Posture {
        self.posture
    }
}

/// Decides. Total and deterministic: the same actions, rules and facts give the same answer.
#[must_use]
pub fn decide(actions: &Vec1<Action>, context: &Context, rules: &RuleSet, facts: &Facts, posture: Posture) -> Decision {
    combine::combine(actions, context, rules, facts, posture)
}

#[cfg(test)]
mod tests;
