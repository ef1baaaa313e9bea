//! How to have a stop as it is, or to allow what it stopped: only ways that this version has, and what each would do.

use serde::Serialize;

use super::Group;
use crate::model::{Effect, EnvironmentKind, Posture};
use crate::rules::{Layer, Row, RuleSet};

/// One way to allow what was stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// The way: `inventory`, `approval`, `rule`, `limit`, `person`.
    pub way: &'static str,
    /// In words.
    pub text: String,
    /// Lines to be copied as they stand.
    pub lines: Vec<String>,
}

impl Advice {
    fn new(way: &'static str, text: impl Into<String>) -> Self {
        Self { way, text: text.into(), lines: Vec::new() }
    }
}

/// How to keep it, and the ways to allow it.
pub(super) fn advice(group: &Group, rules: &RuleSet) -> (String, Vec<Advice>) {
    let keep = match (group.counts.observed, group.counts.stopped + group.counts.approved) {
        (0, _) => "nothing to do: the gate stops it today",
        (_, 0) => "run without `--observe` (posture `guarded`), and the gate stops it",
        _ => "nothing to do: the gate stops it wherever it does not only watch",
    };
    let mut ways = Vec::new();
    if group.is_limit {
        ways.push(Advice::new("limit", limit_words(group, rules)));
        return (keep.to_owned(), ways);
    }
    ways.extend(by_inventory(group, rules));
    ways.extend(by_rule(group, rules));
    match group.effect {
        Effect::Escalate => {
            let lines = vec!["blastgate approvals list".to_owned()];
            ways.push(Advice { lines, ..Advice::new("approval", "one call at a time, with a person's yes to each:") });
        }
        _ => ways.push(Advice::new(
            "person",
            "no approval lifts a denial: where it must be done, a person does it outside of the agent's session",
        )),
    }
    (keep.to_owned(), ways)
}

fn limit_words(group: &Group, rules: &RuleSet) -> String {
    let Some(limit) = rules.limits().iter().find(|limit| limit.id == group.rule) else {
        return "the limit that stopped it is no longer among the rules".to_owned();
    };
    let beyond = if limit.decision == Effect::Escalate { "; beyond it a person is asked" } else { "" };
    format!("more slowly: {}{beyond}", limit.allowance_in_words())
}

/// What the target counts as decides most: name it, or correct what names it.
fn by_inventory(group: &Group, rules: &RuleSet) -> Option<Advice> {
    let kind = group.environment_kind;
    let (dev, staging) =
        (elsewhere(group, rules, EnvironmentKind::Dev), elsewhere(group, rules, EnvironmentKind::Staging));
    if !kind.counts_as_prod() || dev.0 >= group.effect && staging.0 >= group.effect {
        return None;
    }
    let would = format!("as dev it {}, as staging it {}", said(&dev), said(&staging));
    if kind == EnvironmentKind::Unknown {
        let text = format!(
            "nothing says what it is, so it counts as production. If it is not, name it in inventory.yaml under `match:` of its environment ({would}):"
        );
        let lines = group.inventory.iter().map(|entry| format!("- {entry}")).collect();
        return Some(Advice { lines, ..Advice::new("inventory", text) });
    }
    let place =
        group.because.as_deref().and_then(|because| because.split_once(": ")).map_or("inventory.yaml", |it| it.0);
    Some(Advice::new("inventory", format!("if it is not production, correct {place} ({would})")))
}

/// What would be said of the same call in another environment, and by which rule.
fn elsewhere<'g>(group: &'g Group, rules: &RuleSet, kind: EnvironmentKind) -> (Effect, Option<&'g str>) {
    let posture = match group.posture() {
        Posture::Observe => Posture::Guarded,
        other => other,
    };
    let cell = rules.matrix().cell(Row::of(&group.blast), group.blast.scope, kind, posture);
    // A rule that is gone stops nothing any more.
    let still = group.spoke().filter_map(|id| rules.rule(id).map(|rule| (rule.decision, rule, id)));
    let strictest = still.filter(|(_, rule, _)| rule.speaks_of(kind)).max_by_key(|(effect, ..)| *effect);
    match strictest {
        Some((effect, _, id)) if effect > cell => (effect, Some(id)),
        _ => (cell, None),
    }
}

fn said((effect, rule): &(Effect, Option<&str>)) -> String {
    let what = match effect {
        Effect::Allow => "passes",
        Effect::Throttle => "passes slowly",
        Effect::Escalate => "needs an approval",
        Effect::Deny => "is denied",
    };
    rule.map_or_else(|| what.to_owned(), |rule| format!("{what} by {rule}"))
}

/// Your own rules are yours to change; the built-in ones are not in this version.
fn by_rule(group: &Group, rules: &RuleSet) -> Option<Advice> {
    let rule = rules.rule(&group.rule).filter(|rule| rule.layer != Layer::BuiltIn)?;
    let text = format!("the rule is your own ({}): narrow it with `unless:`, or set `mode: shadow`", rule.file);
    Some(Advice::new("rule", text))
}
