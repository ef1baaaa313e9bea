//! Strictest wins: the matrix cell and every matching rule, for every action of the request.

use std::cmp::Reverse;

use vec1::Vec1;

use super::{Decision, Facts, Finding, matrix};
use crate::classify::Action;
use crate::model::{Context, Effect, Mode, Posture};
use crate::rules::{RuleSet, View};

/// A finding with what its place in the list depends on.
struct Ranked {
    finding: Finding,
    /// 0 for a cell, so that a rule's better words come first.
    specificity: usize,
}

pub(super) fn combine(
    actions: &Vec1<Action>,
    context: &Context,
    rules: &RuleSet,
    facts: &Facts,
    posture: Posture,
) -> Decision {
    let mut ranked: Vec<Ranked> = Vec::with_capacity(actions.len() + 2);
    let who = (context, facts.standing.as_ref());
    rules.each_view(actions, who, &facts.past, |index, view| {
        let mut cell = matrix::finding(rules.matrix(), view.action, index, posture);
        cell.lifted = lifted(rules, &cell.rule, cell.effect, view);
        ranked.push(Ranked { finding: cell, specificity: 0 });
        rules.hits(view, |hit| {
            let grounds = hit.rule.rests_on(view);
            let finding = Finding {
                rule: hit.rule.id.clone(),
                effect: hit.rule.decision,
                mode: hit.rule.mode,
                action: index,
                message: hit.rule.message.clone(),
                instead: hit.rule.instead.clone(),
                failed: hit.failed,
                lifted: lifted(rules, &hit.rule.id, hit.rule.decision, view),
                demand: (!hit.rule.demand.is_empty()).then(|| hit.rule.demand.clone()),
                after: grounds.told,
                follows: grounds.decisions,
            };
            ranked.push(Ranked { finding, specificity: hit.rule.specificity() });
        });
    });
    // Total order: nothing depends on the order in which rules were found.
    ranked.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let findings: Vec<Finding> = ranked.into_iter().map(|ranked| ranked.finding).collect();
    // INVARIANT: every action has its cell, so there is always a finding that takes part. One that is lifted says nothing.
    let taking_part = findings.iter().filter(|finding| finding.mode == Mode::Enforce);
    let said = taking_part.map(|finding| if finding.counts() { finding.effect } else { Effect::Allow });
    let effect = said.max().unwrap_or(Effect::Deny);
    Decision { effect, findings, revision: rules.revision().to_owned(), posture }
}

/// The exception that lifts it. What lets pass needs none.
fn lifted(rules: &RuleSet, id: &str, effect: Effect, view: View<'_>) -> Option<String> {
    if effect == Effect::Allow {
        return None;
    }
    rules.lifted(id, view).map(|exception| exception.id.clone())
}

/// What counts before what does not, the strictest first, rules before cells, the most specific words first.
fn rank(ranked: &Ranked) -> (bool, Reverse<Effect>, Reverse<usize>, &str, usize) {
    let Ranked { finding, specificity } = ranked;
    let is_silent = !finding.counts();
    (is_silent, Reverse(finding.effect), Reverse(*specificity), finding.rule.as_str(), finding.action)
}
