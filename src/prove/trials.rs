//! The tests inside rules, run one by one.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vec1::Vec1;

use super::{Bench, Command, Request};
use crate::classify::Action;
use crate::config::{Bodies, Diagnostic, Inventory, Kind};
use crate::decide::{Facts, decide};
use crate::identify::Known;
use crate::identify::command::Shell;
use crate::model::blast_words as words;
use crate::model::{Effect, EnvironmentKind, Impact, Posture, Scope, Timestamp};
use crate::rules::{Attempt, Case, Memory, Past, Rule, RuleSet};

words! {
    /// What a test expects.
    Expected {
        /// The rule matches.
        Match = "match",
        /// It does not.
        NoMatch = "not_match",
        /// All rules together allow it.
        Passes = "passes",
    }
}

/// What one action of a test was read as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// The operation's id.
    pub operation: String,
    /// What it does.
    pub impact: Impact,
    /// How far it reaches.
    pub scope: Scope,
    /// Where.
    pub environment: EnvironmentKind,
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}/{}/{})", self.operation, self.impact, self.scope, self.environment)
    }
}

/// One test that was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// The rule.
    pub rule: String,
    /// Its file.
    pub file: String,
    /// The test's line.
    pub line: usize,
    /// Its column.
    pub column: usize,
    /// What it expects.
    pub expected: Expected,
    /// What is attempted, in one line.
    pub name: String,
    /// What that was read as; empty when it could not be read.
    pub read: Vec<Reading>,
    /// What did not hold, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// Runs the tests of every rule that is `wanted`, in the order of rules and of their files.
#[must_use]
pub fn trials(rules: &RuleSet, mut wanted: impl FnMut(&Rule) -> bool) -> Vec<Trial> {
    let mut done = Vec::new();
    for rule in rules.rules().into_iter().filter(|rule| wanted(rule)) {
        for (cases, expected) in groups(rule) {
            for case in cases {
                let (read, fault) = match attempt(rules, case) {
                    Ok(actions) => (readings(&actions), judge(rules, rule, &actions, (case, expected)).err()),
                    Err(fault) => (Vec::new(), Some(fault)),
                };
                let (line, column) = (case.line, case.column);
                let (rule, file) = (rule.id.clone(), rule.file.clone());
                done.push(Trial { rule, file, line, column, expected, name: case.attempt.to_string(), read, fault });
            }
        }
    }
    done
}

/// Runs the tests of every rule; what comes back is what failed, with its place.
#[must_use]
pub fn run(rules: &RuleSet) -> Vec<Diagnostic> {
    let failed = |trial: Trial| {
        let message = format!("{}: {}", trial.rule, trial.fault?);
        let found = Diagnostic::new(trial.file, message).kind(Kind::FailedTest);
        Some(Diagnostic { line: trial.line, column: trial.column, ..found })
    };
    trials(rules, |_| true).into_iter().filter_map(failed).collect()
}

/// How many tests the rules have.
#[must_use]
pub fn count(rules: &RuleSet) -> usize {
    rules.rules().into_iter().flat_map(groups).map(|(cases, _)| cases.len()).sum()
}

fn groups(rule: &Rule) -> [(&[Case], Expected); 3] {
    let tests = rule.tests();
    [(&tests.matches, Expected::Match), (&tests.not_match, Expected::NoMatch), (&tests.passes, Expected::Passes)]
}

/// Everything in a test belongs to its environment.
fn inventory(case: &Case) -> Inventory {
    case.environment.clone().map(Inventory::everything_belongs_to).unwrap_or_default()
}

pub(super) fn attempt(rules: &RuleSet, case: &Case) -> Result<Vec1<Action>, String> {
    let inventory = inventory(case);
    let bench = Bench { rules, inventory: &inventory, bodies: &Bodies::default(), posture: Posture::Guarded };
    match &case.attempt {
        Attempt::Declared(action) => Ok(Vec1::new((**action).clone())),
        Attempt::Http(http) => {
            let known = Known { provider: case.provider.clone(), cluster: case.cluster.clone() };
            let body = http.body.as_bytes();
            let request = Request { method: &http.method, url: &http.url, headers: &http.headers, body };
            bench.read(&request, &known).map_err(|unreadable| format!("the request cannot be read: {unreadable}"))
        }
        Attempt::Command { text, around } => {
            let asked = Command { text, shell: Shell::Posix, around };
            let heard = bench.hear(&asked, &case.context);
            let (judged, _) = heard.map_err(|unreadable| format!("the command cannot be read: {unreadable}"))?;
            Ok(judged.actions)
        }
    }
}

/// What the session of a test did before: read, and remembered as the gate would.
fn past(rules: &RuleSet, case: &Case) -> Result<Past, String> {
    let mut memory = Memory::of(rules);
    let session = case.context.principal.session;
    // The beginning of 1970 has no time before it: the memory's own time begins where there is enough.
    let now = Timestamp::from_millis(0).after(case.after.first().map_or(Duration::ZERO, |first| first.ago));
    for earlier in &case.after {
        let actions = attempt(rules, &earlier.case).map_err(|fault| format!("of an earlier call: {fault}"))?;
        if let Some(wanted) = &earlier.case.operation
            && !actions.iter().any(|action| action.operation().as_str() == wanted)
        {
            return Err(format!(
                "of an earlier call: expected the operation `{wanted}`, found {}",
                described(&actions)
            ));
        }
        let marks = rules.marks_of(&actions, &case.context, case.standing.as_ref());
        let at = Timestamp::from_millis(0).after(now.since(Timestamp::from_millis(0)).saturating_sub(earlier.ago));
        let (_, marks) = memory.enter(session, at, marks);
        memory.settle(session, &marks, earlier.outcome);
    }
    Ok(memory.enter(session, now, Vec::new()).0)
}

fn judge(
    rules: &RuleSet,
    rule: &Rule,
    actions: &Vec1<Action>,
    (case, expected): (&Case, Expected),
) -> Result<(), String> {
    let facts = Facts { standing: case.standing.clone(), past: past(rules, case)? };
    if let Some(wanted) = &case.operation
        && !actions.iter().any(|action| action.operation().as_str() == wanted)
    {
        return Err(format!("expected the operation `{wanted}`, found {}", described(actions)));
    }
    let mut is_matched = false;
    // A rule that could not be evaluated counts, and still proves nothing.
    rules.each_view(actions, (&case.context, facts.standing.as_ref()), &facts.past, |_, view| {
        rules.hits(view, |hit| is_matched |= hit.rule.id == rule.id && hit.failed.is_none());
    });
    match expected {
        Expected::Match if !is_matched => {
            Err(format!("the rule should match this test and does not: it is {}", described(actions)))
        }
        Expected::NoMatch if is_matched => {
            Err(format!("the rule should not match this test and does: it is {}", described(actions)))
        }
        Expected::Passes => {
            let decision = decide(actions, &case.context, rules, &facts, Posture::Guarded);
            let by = decision.deciding().next().map(|finding| finding.rule.clone()).unwrap_or_default();
            // What a built-in rule suggests an organisation may forbid on purpose: a region, a service.
            let is_later = |id: &str| rules.rule(id).is_some_and(|other| other.layer > rule.layer);
            match decision.effect() {
                Effect::Allow => Ok(()),
                _ if decision.deciding().all(|finding| is_later(&finding.rule)) => Ok(()),
                effect => {
                    let is = described(actions);
                    Err(format!("what is suggested should pass and `{by}` says {effect}: it is {is}"))
                }
            }
        }
        _ => Ok(()),
    }
}

fn readings(actions: &Vec1<Action>) -> Vec<Reading> {
    let one = |action: &Action| Reading {
        operation: action.operation().to_string(),
        impact: action.blast().impact,
        scope: action.blast().scope,
        environment: action.environment().kind,
    };
    actions.iter().map(one).collect()
}

fn described(actions: &Vec1<Action>) -> String {
    let one = |action: &Action| {
        let blast = action.blast();
        let hazards: Vec<&str> = blast.hazards.iter().map(|hazard| hazard.as_str()).collect();
        let parameters: Vec<String> =
            action.parameters().iter().map(|parameter| format!("{}={}", parameter.name, parameter.value)).collect();
        format!(
            "`{}` ({}/{}/{}, {} resources, hazards [{}], parameters [{}])",
            action.operation(),
            blast.impact,
            blast.scope,
            action.environment().kind,
            blast.count,
            hazards.join(", "),
            parameters.join(", ")
        )
    };
    actions.iter().map(one).collect::<Vec<_>>().join("; ")
}
