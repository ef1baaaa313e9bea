//! What would close a gap, or end a false alarm: found by judging the same attempt again with one thing changed.

use super::play::stops;
use super::{Attempt, Expect, Step};
use crate::classify::{Action, environment};
use crate::config::Inventory;
use crate::decide::{Decision, Finding, visible};
use crate::model::{Effect, EnvironmentKind, Mode, Posture, Timestamp};
use crate::prove::{Bench, Judged};

/// Lines for people; the surest first.
pub(super) fn advise(bench: &Bench<'_>, attempt: &Attempt, judged: &Judged, step: &Step, at: Timestamp) -> Vec<String> {
    match step.expect {
        Expect::Stop => closes(bench, attempt, judged, (step.environment.is_some(), at)),
        Expect::Pass => calms(judged),
    }
}

/// What would stop it. Where the incident says which environment it is, no inventory changes that.
fn closes(bench: &Bench<'_>, attempt: &Attempt, judged: &Judged, (is_stated, at): (bool, Timestamp)) -> Vec<String> {
    let mut lines = Vec::new();
    let shadowed = judged.decision.findings().iter().filter(|finding| is_shadow(finding));
    for finding in shadowed {
        let Finding { rule, effect, .. } = finding;
        lines.push(format!(
            "rule `{rule}` says {effect} and does not count: `mode: enforce` in its file closes the gap"
        ));
    }
    let again = |bench: Bench<'_>| bench.attempt(attempt, at).ok().filter(|judged| stops(&judged.decision));
    let prod = Inventory::everything_is(EnvironmentKind::Prod);
    let milder = judged.actions.iter().find(|action| !action.environment().kind.counts_as_prod());
    if let Some(action) = milder.filter(|_| !is_stated)
        && let Some(stopped) = again(Bench { inventory: &prod, ..*bench })
    {
        let environment = action.environment();
        let because = environment.because.as_deref().unwrap_or("nothing says why");
        let (name, by) = (visible(&environment.name, 60), by(&stopped.decision));
        lines.push(format!("it counts as `{name}` ({}); if it were prod, {by} would stop it", visible(because, 160)));
        let entry = environment::inventory_entry(action.operation(), action.place(), action.resources());
        lines.push(format!("in inventory.yaml, under `match:` of your prod environment: - {entry}"));
        return lines;
    }
    if bench.posture != Posture::Strict
        && let Some(stopped) = again(Bench { posture: Posture::Strict, ..*bench })
    {
        lines.push(format!("`posture: strict` in config.yaml would stop it ({})", by(&stopped.decision)));
    }
    lines.push(format!("a rule of your own would stop it: {}", rule(&judged.actions)));
    lines
}

const fn is_shadow(finding: &Finding) -> bool {
    matches!(finding.mode, Mode::Shadow) && matches!(finding.effect, Effect::Escalate | Effect::Deny)
}

/// What decides.
fn by(decision: &Decision) -> String {
    let rule = decision.deciding().next().map_or("", |finding| finding.rule.as_str());
    if rule.starts_with("matrix:") { format!("the cell `{rule}`") } else { format!("rule `{rule}`") }
}

/// The heart of a rule that would match the strictest of what passed.
fn rule(actions: &[Action]) -> String {
    let strictest = actions.iter().max_by_key(|action| (action.blast().impact.strictness(), action.blast().scope));
    let Some(action) = strictest else { return String::new() };
    // JSON's strings are YAML's double-quoted scalars.
    let operation = serde_json::Value::from(action.operation().as_str());
    let kind = action.environment().kind;
    let kind = if kind.counts_as_prod() { "prod" } else { kind.as_str() };
    format!("match: {{ operation: [{operation}], environment: [{kind}] }}, decision: escalate (docs/writing-rules.md)")
}

/// What would let it pass.
fn calms(judged: &Judged) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in judged.decision.deciding().take(3) {
        let Some(action) = judged.actions.get(finding.action) else { continue };
        let is_cell = finding.rule.starts_with("matrix:");
        if action.environment().kind == EnvironmentKind::Unknown {
            let entry = environment::inventory_entry(action.operation(), action.place(), action.resources());
            lines.push(format!(
                "if the target is not production, say so in inventory.yaml, under `match:` of your dev environment: - {entry}"
            ));
        } else if !is_cell {
            lines.push(format!(
                "rule `{}` says so: `unless:` in its file lifts it where it must not speak",
                finding.rule
            ));
        }
    }
    lines.dedup();
    lines
}
