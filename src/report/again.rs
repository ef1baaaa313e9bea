//! Decides recorded decisions again, by whatever rules: exactly what the gate would have said then.
//!
//! Who, when, on what and in which environment is what the record tells; limits, which depend on what went before, take no
//! part. What a session did before is what the log tells, where the whole of it is read (`replay`).

use crate::classify::Action;
use crate::classify::environment::resolve_told;
use crate::config::Inventory;
use crate::decide::{Decision, Facts, Finding, decide};
use crate::model::{Effect, Mode, Posture};
use crate::record::{DecisionEntry, Masked, Recalled, Unsaid};
use crate::rules::{Checked, Past, RuleSet, Verdict, View};

/// What recorded decisions are decided by.
#[derive(Clone, Copy, Debug)]
pub struct Again<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// How strict; `None`: as it was then.
    pub posture: Option<Posture>,
    /// Which environment a target belongs to; `None`: the one that was recorded.
    pub inventory: Option<&'a Inventory>,
}

impl Again<'_> {
    /// What would be said of it by itself: what its session did before is not known here.
    ///
    /// # Errors
    /// The record does not hold everything that it depends on.
    pub fn decide(&self, entry: &DecisionEntry) -> Result<Decision, Unsaid> {
        self.decide_after(&entry.recall()?, entry.posture, |_| Past::default())
    }

    /// The same of what was recalled before; `past` says what the session had done when it asked for these actions.
    pub(super) fn decide_after(
        &self,
        recalled: &Recalled,
        posture: Posture,
        past: impl FnOnce(&[Action]) -> Past,
    ) -> Result<Decision, Unsaid> {
        let Recalled { actions, context, standing, masked } = recalled;
        let facts = |actions: &[Action]| Facts { standing: standing.clone(), past: past(actions) };
        let posture = self.posture.unwrap_or(posture);
        let Some(inventory) = self.inventory else {
            let facts = facts(actions);
            let decision = decide(actions, context, self.rules, &facts, posture);
            let mut known = actions.iter().zip(masked).filter(|(_, masked)| !masked.is_empty());
            let depends = known.any(|(action, masked)| {
                let (standing, past) = (standing.as_ref(), Some(&facts.past));
                self.depends(View { action, context, standing, past }, masked)
            });
            return if depends { Err(Unsaid::Masked) } else { Ok(decision) };
        };
        if masked.iter().any(|masked| !masked.is_empty()) {
            return Err(Unsaid::Masked);
        }
        let resolved = actions.clone().try_mapped(|action| {
            resolve_told(inventory, &action).map(|environment| action.if_in(environment)).ok_or(Unsaid::Account)
        })?;
        let facts = facts(&resolved);
        Ok(decide(&resolved, context, self.rules, &facts, posture))
    }

    /// Whether what is said of the action may depend on what is masked of it.
    fn depends(&self, view: View<'_>, masked: &Masked) -> bool {
        let looks_at = |one: &Checked| match one.key.as_str() {
            "resource" => masked.resources,
            "parameter" => masked.parameters.iter().any(|name| one.wanted.contains(name)),
            "when" => {
                masked.resources && one.wanted.contains("resource")
                    || !masked.parameters.is_empty() && one.wanted.contains("parameter")
            }
            _ => false,
        };
        // What exceptions look at is not told.
        !self.rules.exceptions().is_empty()
            || self.rules.rules().iter().filter(|rule| rule.mode != Mode::Off).any(|rule| {
                let checked = rule.trace(view);
                let is_out = |one: &Checked| one.block != "unless" && one.verdict == Verdict::No && !looks_at(one);
                checked.iter().any(looks_at) && !checked.iter().any(is_out)
            })
    }
}

/// The rules that carry an answer, each once; cells only where no rule says as much.
pub(super) fn speaking<'d>(findings: impl Iterator<Item = &'d Finding>) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    super::each_rule(findings, |rule, _| rules.push(rule.to_owned()));
    rules
}

/// Whether the present answer is what was recorded: the same effect by the same findings.
pub(super) fn is_as_recorded(entry: &DecisionEntry, decision: &Decision) -> bool {
    entry.decision == decision.effect() && said(&entry.findings) == said(decision.findings())
}

fn said(findings: &[Finding]) -> Vec<(&str, Effect, usize)> {
    findings.iter().map(|finding| (finding.rule.as_str(), finding.effect, finding.action)).collect()
}
