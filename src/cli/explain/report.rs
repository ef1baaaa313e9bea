//! One answer, for a person and for a program.

use std::io::{self, Write};

use serde::Serialize;

use crate::classify::Action;
use crate::config::Approvals;
use crate::decide::{Finding, People, Why, blast_words, refusal_text, visible};
use crate::identify::Known;
use crate::identify::command::Surroundings;
use crate::identify::tool::ToolCall;
use crate::model::http::Unreadable;
use crate::model::{
    ApprovalId, BlastRadius, Context, Door, Effect, EnvironmentKind, Evidence, Mode, Operation, Posture, Resource,
};
use crate::prove::{Bench, Command, Judged, Request, Statement};
use crate::record::redact;

/// What one request would do, and what would be said.
pub(in crate::cli) struct Report {
    pub(in crate::cli) outcome: Result<Judged, Unreadable>,
    /// How each action of a command was reached, from the outermost command to the innermost.
    trails: Vec<Vec<String>>,
    posture: Posture,
    pub(in crate::cli) context: Context,
}

/// The answer as a program reads it.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a serde_json::value::RawValue>,
    decision: Effect,
    refused: Option<Refused<'a>>,
    rules: Vec<&'a str>,
    message: &'a str,
    instead: &'a str,
    actions: Vec<ActionAnswer<'a>>,
}

#[derive(Debug, Serialize)]
struct Refused<'a> {
    status: u16,
    why: &'a str,
}

#[derive(Debug, Serialize)]
struct ActionAnswer<'a> {
    operation: &'a Operation,
    #[serde(flatten)]
    blast: &'a BlastRadius,
    environment: EnvironmentKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment_name: Option<&'a str>,
    aliases: &'a [Operation],
    resources: &'a [Resource],
    account: Option<&'a str>,
    region: Option<&'a str>,
    evidence: Evidence,
}

impl Report {
    pub(super) fn of(bench: &Bench<'_>, request: &Request<'_>, known: &Known, context: &Context) -> Self {
        let outcome = bench.judge(request, known, context);
        Self { outcome, trails: vec![], posture: bench.posture, context: context.clone() }
    }

    /// The same of a command.
    pub(super) fn of_command(bench: &Bench<'_>, asked: &Command<'_>, context: &Context) -> Self {
        let (outcome, trails) = match bench.hear(asked, context) {
            Ok((judged, trails)) => (Ok(judged), trails.into_vec()),
            Err(unreadable) => (Err(unreadable), vec![]),
        };
        Self { outcome, trails, posture: bench.posture, context: context.clone() }
    }

    /// The same of an agent's tool call.
    pub(super) fn of_tool(bench: &Bench<'_>, call: &ToolCall, around: &dyn Surroundings, context: &Context) -> Self {
        let context = Context { door: Door::Mcp, ..context.clone() };
        let (outcome, trails) = match bench.use_tool(call, around, &context) {
            Ok((judged, trails)) => (Ok(judged), trails.into_vec()),
            Err(unreadable) => (Err(unreadable), vec![]),
        };
        Self { outcome, trails, posture: bench.posture, context }
    }

    /// The same of a statement in SQL.
    pub(super) fn of_statement(bench: &Bench<'_>, asked: &Statement<'_>, context: &Context) -> Self {
        let outcome = bench.judge_statement(asked, context);
        Self { outcome, trails: vec![], posture: bench.posture, context: context.clone() }
    }

    /// For a program.
    pub(super) fn answer(&self) -> Answer<'_> {
        let judged = match &self.outcome {
            Ok(judged) => judged,
            Err(Unreadable { status, why }) => {
                return Answer {
                    id: None,
                    decision: Effect::Deny,
                    refused: Some(Refused { status: *status, why }),
                    rules: vec![],
                    message: why,
                    instead: "send the request as the API's own client sends it",
                    actions: vec![],
                };
            }
        };
        let decision = &judged.decision;
        let deciding = decision.deciding().next();
        let is_stopped = decision.effect() != Effect::Allow;
        let mut rules: Vec<&str> = Vec::new();
        for finding in decision.findings().iter().filter(|finding| finding.counts()) {
            if !rules.contains(&finding.rule.as_str()) {
                rules.push(&finding.rule);
            }
        }
        Answer {
            id: None,
            decision: decision.effect(),
            refused: None,
            rules,
            message: deciding.filter(|_| is_stopped).map_or("", |finding| &finding.message),
            instead: deciding.filter(|_| is_stopped).map_or("", |finding| &finding.instead),
            actions: judged.actions.iter().map(action_answer).collect(),
        }
    }

    /// For a person.
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let judged = match &self.outcome {
            Ok(judged) => judged,
            Err(Unreadable { status, why }) => {
                writeln!(out, "decision     deny: refused with status {status}, the request has no single reading")?;
                return writeln!(out, "why          {}", visible(why, 300));
            }
        };
        for (position, action) in judged.actions.iter().enumerate() {
            if position > 0 {
                writeln!(out)?;
            }
            print_trail(self.trails.get(position).map_or(&[], Vec::as_slice), out)?;
            print_action(action, out)?;
        }
        let decision = &judged.decision;
        writeln!(out, "decision     {} ({}, {})", decision.effect(), self.posture, decision.revision())?;
        for finding in decision.findings() {
            print_finding(finding, judged.actions.len(), out)?;
        }
        let why = match decision.effect() {
            Effect::Allow | Effect::Throttle => return Ok(()),
            Effect::Escalate => {
                // As `approvals.pending` would have it without a configuration.
                let settings = Approvals::default();
                let until = self.context.at.after(settings.pending);
                let who = decision.voters_in_words(&settings.default);
                Why::People(People::Asked { id: ApprovalId::new(self.context.at, 0), until, who })
            }
            Effect::Deny => Why::Denied,
        };
        writeln!(out, "\nwhat the agent would be told:")?;
        for line in refusal_text(decision, &judged.actions, &why).lines() {
            writeln!(out, "  {line}")?;
        }
        Ok(())
    }
}

/// From the words to the action: what was run by what.
fn print_trail(trail: &[String], out: &mut impl Write) -> io::Result<()> {
    for (depth, step) in trail.iter().enumerate() {
        let label = if depth == 0 { "command" } else { "  runs" };
        writeln!(out, "{label:12} {}", visible(&redact::mask(step), 300))?;
    }
    Ok(())
}

fn action_answer(action: &Action) -> ActionAnswer<'_> {
    let environment = action.environment();
    ActionAnswer {
        operation: action.operation(),
        blast: action.blast(),
        environment: environment.kind,
        environment_name: Some(environment.name.as_str()).filter(|name| *name != environment.kind.as_str()),
        aliases: action.aliases(),
        resources: action.resources(),
        account: action.place().account.as_deref(),
        region: action.place().region.as_deref(),
        evidence: action.evidence(),
    }
}

fn print_action(action: &Action, out: &mut impl Write) -> io::Result<()> {
    let blast = action.blast();
    writeln!(out, "operation    {}", visible(action.operation().as_str(), 200))?;
    for alias in action.aliases() {
        writeln!(out, "  or         {}", visible(alias.as_str(), 200))?;
    }
    for resource in action.resources() {
        writeln!(out, "resource     {}", visible(resource.as_str(), 300))?;
    }
    let place = action.place();
    for (name, value) in [
        ("host", &place.host),
        ("account", &place.account),
        ("project", &place.project),
        ("region", &place.region),
        ("cluster", &place.cluster),
        ("namespace", &place.namespace),
    ] {
        if let Some(value) = value {
            writeln!(out, "{name:12} {}", visible(value, 200))?;
        }
    }
    for parameter in action.parameters() {
        writeln!(out, "parameter    {} = {}", visible(&parameter.name, 100), visible(&parameter.value, 100))?;
    }
    let radius = format!("{} / {} / {} / reversible: {}", blast.impact, blast.scope, count(action), blast.reversible);
    writeln!(out, "blast radius {radius}: it {}", blast_words(action))?;
    let environment = action.environment();
    let because = environment.because.as_deref().unwrap_or("nothing says what it is");
    write!(out, "environment  {}", visible(&environment.name, 60))?;
    if environment.name != environment.kind.as_str() {
        write!(out, " (as {})", environment.kind)?;
    }
    writeln!(out, ": {}", visible(because, 200))
}

fn count(action: &Action) -> String {
    format!("{} affected", action.blast().count)
}

fn print_finding(finding: &Finding, actions: usize, out: &mut impl Write) -> io::Result<()> {
    let label = if finding.rule.starts_with("matrix:") { "  cell" } else { "  rule" };
    write!(out, "{label:12} {}: {}", finding.rule, finding.effect)?;
    if actions > 1 {
        write!(out, " (action {})", finding.action + 1)?;
    }
    if finding.mode == Mode::Shadow {
        write!(out, " (shadow: recorded, does not count)")?;
    }
    if let Some(exception) = &finding.lifted {
        write!(out, " (lifted by the exception {})", visible(exception, 200))?;
    }
    if let Some(failed) = &finding.failed {
        write!(out, " (could not be evaluated and counts: {})", visible(failed, 200))?;
    }
    writeln!(out)
}
