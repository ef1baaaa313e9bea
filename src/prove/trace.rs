//! Every rule beside one request: what it asks for, what the request says, and so whether it speaks of it.
//!
//! Whether a rule matched is what the decision itself says; the comparison only tells why.

use vec1::Vec1;

use crate::classify::Action;
use crate::decide::{Decision, Facts};
use crate::model::{Context, Mode};
use crate::rules::{Checked, Rule, RuleSet, Verdict};

/// One rule beside one action.
#[derive(Clone, Debug)]
pub struct Traced<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Index of the action.
    pub action: usize,
    /// What came of it.
    pub outcome: Outcome,
    /// The exception that lifted it.
    pub lifted: Option<String>,
    /// Why it could not be told, where that made it count.
    pub failed: Option<String>,
    /// Every key.
    pub checked: Vec<Checked>,
}

/// What came of comparing a rule with an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It speaks of it.
    Matched,
    /// It would, were it not for its `unless`.
    Excused,
    /// So many of its keys do not fit.
    Missed(usize),
    /// It is in the mode `off`.
    Off,
}

/// A rule of which more keys than this do not fit is not near.
const NEAR_MAX: usize = 2;

impl Traced<'_> {
    /// Whether a person who asks would want to see it: it matched, or it speaks of such calls, and a key or two of the
    /// circumstances do not fit. What the session would have had to do before is no such key.
    #[must_use]
    pub fn is_near(&self) -> bool {
        let Outcome::Missed(misses) = self.outcome else { return self.outcome != Outcome::Off };
        let keys = || self.checked.iter().filter(|one| one.block == "match");
        let is_named = keys().any(|one| one.key == "operation");
        // A rule that names operations is about them; one that does not, about what they do.
        let is_about = |one: &Checked| match one.key.as_str() {
            "operation" | "provider" | "service" => true,
            "impact" | "hazards" => !is_named,
            _ => false,
        };
        misses <= NEAR_MAX
            && self.misses().all(|one| one.block != "after")
            && keys().any(|one| one.verdict != Verdict::No)
            && keys().all(|one| !is_about(one) || one.verdict != Verdict::No)
    }

    /// The keys that do not fit.
    pub fn misses(&self) -> impl Iterator<Item = &Checked> {
        self.checked.iter().filter(|one| is_miss(one))
    }
}

fn is_miss(one: &Checked) -> bool {
    one.block != "unless" && one.verdict == Verdict::No
}

/// Every rule beside every action of a decided request: first those that matched, then the nearest.
#[must_use]
pub fn trace<'a>(
    rules: &'a RuleSet,
    actions: &Vec1<Action>,
    context: &Context,
    facts: &Facts,
    decision: &Decision,
) -> Vec<Traced<'a>> {
    let mut traced = Vec::new();
    rules.each_view(actions, (context, facts.standing.as_ref()), &facts.past, |index, view| {
        for rule in rules.rules() {
            let finding = decision.findings().iter().find(|one| one.rule == rule.id && one.action == index);
            let checked = rule.trace(view);
            let outcome = match checked.iter().filter(|one| is_miss(one)).count() {
                _ if finding.is_some() => Outcome::Matched,
                _ if rule.mode == Mode::Off => Outcome::Off,
                0 => Outcome::Excused,
                misses => Outcome::Missed(misses),
            };
            let lifted = finding.and_then(|finding| finding.lifted.clone());
            let failed = finding.and_then(|finding| finding.failed.clone());
            traced.push(Traced { rule, action: index, outcome, lifted, failed, checked });
        }
    });
    // Of equals in the order of actions and ids: the sort is stable.
    traced.sort_by_key(|one| (one.action, one.outcome, std::cmp::Reverse(one.rule.decision)));
    traced
}
