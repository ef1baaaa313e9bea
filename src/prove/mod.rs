//! Runs the tests inside packs, and judges a single request from text: what `explain` shows is what the gate does.

mod capture;
pub mod gameday;
pub mod import;
mod trace;
mod what_if;

use vec1::Vec1;

pub use capture::capture;
pub use trace::{Outcome, Traced, trace};
pub use what_if::{Alternative, WhatIf};

use crate::classify::{Action, classify};
use crate::config::{Bodies, Diagnostic, Inventory};
use crate::decide::{Decision, Facts, decide};
use crate::head::text::head_from_parts;
use crate::identify::command::{Heard, Shell, Surroundings, command};
use crate::identify::tool::{ToolCall, tool};
use crate::identify::{Known, identify, route, statement};
use crate::model::http::Unreadable;
use crate::model::{Context, Door, Effect, Evidence, Posture, Principal, SessionId, Timestamp};
use crate::rules::{Attempt, Case, RuleSet, View};

/// A request as text.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The whole URL.
    pub url: &'a str,
    /// The headers.
    pub headers: &'a [(String, String)],
    /// The body, as it would go over the wire.
    pub body: &'a [u8],
}

/// A command line, or a whole script.
#[derive(Clone, Copy)]
pub struct Command<'a> {
    /// The text.
    pub text: &'a str,
    /// Its language.
    pub shell: Shell,
    /// Where it would run.
    pub around: &'a dyn Surroundings,
}

/// A text in SQL, and where it would run.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// The dialect: `postgres`, `mysql`, …
    pub dialect: &'a str,
    /// One statement or several.
    pub text: &'a str,
    /// `host/database`, as far as it is known.
    pub target: Option<&'a str>,
}

/// How each action of a command was reached.
pub type Trails = Vec1<Vec<String>>;

/// What a request is judged with.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// What is prod, and whose.
    pub inventory: &'a Inventory,
    /// How much of a body is read.
    pub bodies: &'a Bodies,
    /// How strict.
    pub posture: Posture,
}

/// What a request asks for, and the answer.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What it asks for.
    pub actions: Vec1<Action>,
    /// The answer.
    pub decision: Decision,
}

impl Bench<'_> {
    /// Route, identify, classify, decide: exactly what the gate does, without its memory.
    ///
    /// # Errors
    /// The request has more than one reading: the gate would refuse it.
    pub fn judge(&self, request: &Request<'_>, known: &Known, context: &Context) -> Result<Judged, Unreadable> {
        let actions = self.read(request, known)?;
        let decision = decide(&actions, context, self.rules, &Facts::default(), self.posture);
        Ok(Judged { actions, decision })
    }

    /// The same for a command line, or a script.
    ///
    /// # Errors
    /// It has more than one reading: the gate would refuse it.
    pub fn hear(&self, asked: &Command<'_>, context: &Context) -> Result<(Judged, Trails), Unreadable> {
        let Heard { identified, trail } = command(asked.text, asked.shell, asked.around)?;
        let actions = classify(identified, self.inventory, Evidence::Parsed);
        let decision = decide(&actions, context, self.rules, &Facts::default(), self.posture);
        Ok((Judged { actions, decision }, trail))
    }

    /// The same for an agent's tool call.
    ///
    /// # Errors
    /// It has more than one reading: the gate would refuse it.
    pub fn use_tool(
        &self,
        call: &ToolCall,
        around: &dyn Surroundings,
        context: &Context,
    ) -> Result<(Judged, Trails), Unreadable> {
        let Heard { identified, trail } = tool(std::slice::from_ref(call), around)?;
        let actions = classify(identified, self.inventory, Evidence::Parsed);
        let decision = decide(&actions, context, self.rules, &Facts::default(), self.posture);
        Ok((Judged { actions, decision }, trail))
    }

    /// The same for a statement in SQL.
    ///
    /// # Errors
    /// It has more than one reading.
    pub fn judge_statement(&self, asked: &Statement<'_>, context: &Context) -> Result<Judged, Unreadable> {
        let identified = statement(asked.dialect, asked.text, asked.target)?;
        let actions = classify(identified, self.inventory, Evidence::Parsed);
        let decision = decide(&actions, context, self.rules, &Facts::default(), self.posture);
        Ok(Judged { actions, decision })
    }

    fn read(&self, request: &Request<'_>, known: &Known) -> Result<Vec1<Action>, Unreadable> {
        let head = head_from_parts(request.method, request.url, request.headers)?;
        let route = route(&head, known)?;
        let body = capture(&head, request.body, route.need(), self.bodies);
        Ok(classify(identify(&route, &head, &body)?, self.inventory, Evidence::Observed))
    }
}

/// A context for requests that nobody sends: of `explain` and of tests.
#[must_use]
pub fn nobody(at: Timestamp) -> Context {
    let principal = Principal { session: SessionId::new(at, 0), agent: None, person: None, anonymous: false };
    Context { principal, door: Door::Http, at }
}

/// Runs the tests of every rule; what comes back is what failed, with its place.
#[must_use]
pub fn run(rules: &RuleSet) -> Vec<Diagnostic> {
    let mut failed = Vec::new();
    for rule in rules.rules() {
        let groups = [
            (&rule.tests.matches, Expected::Match),
            (&rule.tests.not_match, Expected::NoMatch),
            (&rule.tests.passes, Expected::Allowed),
        ];
        for (cases, expected) in groups {
            for case in cases {
                if let Err(message) = run_one(rules, &rule.id, case, expected) {
                    let mut diagnostic = Diagnostic::new(&rule.file, format!("{}: {message}", rule.id));
                    (diagnostic.line, diagnostic.column) = (case.line, case.column);
                    failed.push(diagnostic);
                }
            }
        }
    }
    failed
}

/// How many tests the rules have.
#[must_use]
pub fn count(rules: &RuleSet) -> usize {
    let cases = rules.rules().iter().map(|rule| &rule.tests);
    cases.map(|tests| tests.matches.len() + tests.not_match.len() + tests.passes.len()).sum()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Match,
    NoMatch,
    Allowed,
}

fn run_one(rules: &RuleSet, id: &str, case: &Case, expected: Expected) -> Result<(), String> {
    let inventory = case.environment.map(Inventory::everything_is).unwrap_or_default();
    let bench = Bench { rules, inventory: &inventory, bodies: &Bodies::default(), posture: Posture::Guarded };
    let context = nobody(Timestamp::from_millis(0));
    let actions = match &case.attempt {
        Attempt::Declared(action) => Vec1::new((**action).clone()),
        Attempt::Http(http) => {
            let known = Known { provider: case.provider.clone(), cluster: case.cluster.clone() };
            let body = http.body.as_bytes();
            let request = Request { method: &http.method, url: &http.url, headers: &http.headers, body };
            bench.read(&request, &known).map_err(|unreadable| format!("the request cannot be read: {unreadable}"))?
        }
        Attempt::Command { text, around } => {
            let asked = Command { text, shell: Shell::Posix, around };
            let heard = bench.hear(&asked, &context);
            heard.map_err(|unreadable| format!("the command cannot be read: {unreadable}"))?.0.actions
        }
    };
    if let Some(wanted) = &case.operation
        && !actions.iter().any(|action| action.operation().as_str() == wanted)
    {
        return Err(format!("expected the operation `{wanted}`, found {}", described(&actions)));
    }
    let matched = |action: &Action| {
        let mut found = false;
        // A rule that could not be evaluated counts, and still proves nothing.
        let view = View { action, context: &context, standing: None };
        rules.hits(view, |hit| found |= hit.rule.id == id && hit.failed.is_none());
        found
    };
    match expected {
        Expected::Match if !actions.iter().any(matched) => {
            Err(format!("the rule should match this test and does not: it is {}", described(&actions)))
        }
        Expected::NoMatch if actions.iter().any(matched) => {
            Err(format!("the rule should not match this test and does: it is {}", described(&actions)))
        }
        Expected::Allowed => {
            let decision = decide(&actions, &context, rules, &Facts::default(), bench.posture);
            let by = decision.deciding().next().map(|finding| finding.rule.clone()).unwrap_or_default();
            // What a built-in rule suggests an organisation may forbid on purpose: a region, a service.
            let layer = |id: &str| rules.rule(id).map(|rule| rule.layer);
            let is_later = |other: &str| layer(other).is_some_and(|other| layer(id).is_some_and(|own| other > own));
            match decision.effect() {
                Effect::Allow => Ok(()),
                _ if decision.deciding().all(|finding| is_later(&finding.rule)) => Ok(()),
                effect => Err(format!(
                    "what is suggested should pass and `{by}` says {effect}: it is {}",
                    described(&actions)
                )),
            }
        }
        _ => Ok(()),
    }
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

#[cfg(test)]
mod tests;
