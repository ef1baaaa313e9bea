//! `rules explain`: every rule beside one action, why it matches or not, value by value, and what would have passed.

mod rehearse;
mod text;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use vec1::Vec1;

use super::period::ended;
use crate::app::{self, Places, Setup, SystemClock};
use crate::classify::Action;
use crate::cli::explain::{ExplainArgs, judge};
use crate::cli::log::{Screen, find};
use crate::cli::sheet::Sheet;
use crate::decide::{Decision, Facts};
use crate::model::{Clock as _, Context, Effect, Mode, Operation, Standing, Timestamp};
use crate::prove::{Alternative, Outcome, Traced, WhatIf, trace};
use crate::record::{DecisionEntry, Entry};
use crate::report::Again;
use crate::rules::Verdict;
use rehearse::{Rehearsal, rehearse};

/// Say of every rule why it matches one action or not, value by value, and what would have passed.
#[derive(Args, Clone, Debug)]
#[command(mut_arg("jsonl", |arg| arg.hide(true)))]
// What is changed is put behind the others: the positions are said again.
#[command(mut_arg("command", |arg| arg.index(2)))]
#[command(mut_arg("url", |arg| arg.index(1).value_name("URL|ID").help("The whole URL; or the id of a recorded decision, d_…")))]
#[command(after_help = "\
By default: the rules that match, and those that nearly do (they speak of the operation, and a key or two do
not fit). What would have passed was decided like the action itself, with that one thing otherwise.

Examples:
  blastgate rules explain -- kubectl delete namespace payments
  blastgate rules explain -X DELETE https://api.github.com/repos/acme/shop
  blastgate rules explain --sql 'drop table orders' --dialect postgres --target db.example/shop
  blastgate rules explain d_01KAN…                a decision of the log, by the present rules
  blastgate rules explain --rule acme/freeze -- terraform apply")]
pub(super) struct Explain {
    #[command(flatten)]
    asked: ExplainArgs,
    /// Every rule, also those that have nothing to do with it.
    #[arg(long)]
    all: bool,
    /// Only this rule; may be given again.
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    /// Another folder of logs than that of the configuration, for an id.
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,
}

/// What is explained.
struct Asked {
    actions: Vec1<Action>,
    context: Context,
    standing: Option<Standing>,
    decision: Decision,
    /// What was decided at the time, for a recorded decision.
    recorded: Option<Box<DecisionEntry>>,
    rehearsals: Vec<Rehearsal>,
}

pub(super) fn run(args: &Explain, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    let result = explain(args, out);
    ended(result, err)
}

fn explain(args: &Explain, out: &mut impl Write) -> anyhow::Result<u8> {
    anyhow::ensure!(!args.asked.jsonl, "`--jsonl` belongs to `blastgate explain`");
    let config = args.asked.config.clone().or_else(crate::cli::own_configuration);
    let id = args.asked.url.as_deref().filter(|id| id.starts_with("d_"));
    let setup = match std::env::current_dir() {
        // What is done here is judged by what the repository adds, too; what was done, was done elsewhere.
        Ok(directory) if id.is_none() => Setup::for_work(config.as_deref(), &directory)?,
        _ => config.as_deref().map_or_else(|| Ok(Setup::default()), Setup::read)?,
    };
    for id in &args.rule {
        super::shadow::look_up(&setup.rules, id)?;
    }
    let at = SystemClock.now();
    let asked = match id {
        Some(id) => recorded(id, args, &setup)?,
        None => judged(&args.asked, &setup, at)?,
    };
    let standing = asked.standing.as_ref();
    let rules = &setup.rules;
    let facts = Facts { standing: asked.standing.clone(), ..Facts::default() };
    let mut traced = trace(rules, &asked.actions, &asked.context, &facts, &asked.decision);
    let is_named = |one: &Traced<'_>| args.rule.contains(&one.rule.id);
    traced.retain(|one| if args.rule.is_empty() { args.all || one.is_near() } else { is_named(one) });
    let posture = asked.decision.posture();
    let what_if = WhatIf { rules, actions: &asked.actions, context: &asked.context, standing, posture };
    let milder = what_if.milder();
    if args.asked.json {
        serde_json::to_writer_pretty(&mut *out, &answer(&asked, &traced, &milder))?;
        writeln!(out)?;
    } else {
        let sheet = Sheet { width: Screen::stdout().width };
        let total = rules.rules().len();
        text::Page { asked: &asked, traced: &traced, milder: &milder, total, sheet }.write(out)?;
    }
    Ok(0)
}

/// What the arguments say.
fn judged(args: &ExplainArgs, setup: &Setup, at: Timestamp) -> anyhow::Result<Asked> {
    let report = judge(args, setup, at, &mut io::stdin().lock())?;
    let judged = report.outcome.map_err(|unreadable| {
        anyhow::anyhow!(
            "it is refused before any rule is asked, because it cannot be read in exactly one way: {}",
            unreadable.why
        )
    })?;
    let rehearsals = match judged.decision.effect() {
        Effect::Allow => Vec::new(),
        effect => rehearse(args, setup, at, effect),
    };
    let (actions, decision) = (judged.actions, judged.decision);
    Ok(Asked { actions, context: report.context, standing: None, decision, recorded: None, rehearsals })
}

/// What the log tells, by the present rules.
fn recorded(id: &str, args: &Explain, setup: &Setup) -> anyhow::Result<Asked> {
    let places = Places::of(args.asked.config.as_deref(), |name| std::env::var_os(name))?;
    let log = match &args.log {
        Some(log) => log.clone(),
        None => app::located(places)?.log(),
    };
    let entry = in_log(id, &log)?;
    let again = Again { rules: &setup.rules, posture: None, inventory: None };
    let cannot = || format!("{} cannot be decided again", entry.id);
    let recalled = entry.recall().with_context(cannot)?;
    let decision = again.decide(&entry).with_context(cannot)?;
    let (actions, context, standing) = (recalled.actions, recalled.context, recalled.standing);
    Ok(Asked { actions, context, standing, decision, recorded: Some(entry), rehearsals: Vec::new() })
}

fn in_log(id: &str, log: &Path) -> anyhow::Result<Box<DecisionEntry>> {
    let found = if log.exists() { find(id, log)?.context("the id is too short")? } else { Vec::new() };
    match &found[..] {
        [] => anyhow::bail!("there is no decision `{id}` in the log"),
        [line] => match line.stored.entry()? {
            Entry::Decision(entry) => Ok(entry),
            Entry::Rejected(entry) => anyhow::bail!(
                "{id} was refused before any rule was asked, because it could not be read in exactly one way: {}",
                entry.why
            ),
            _ => anyhow::bail!("`{id}` is no decision"),
        },
        _ => anyhow::bail!("`{id}` is the end of several ids"),
    }
}

/// The answer as a program reads it. Its form is stable.
#[derive(Serialize)]
struct Answer<'a> {
    decision: Effect,
    revision: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<RecordedAnswer<'a>>,
    actions: Vec<&'a Operation>,
    rules: Vec<RuleAnswer<'a>>,
    would_pass: Vec<OtherwiseAnswer<'a>>,
    would_need_less: Vec<OtherwiseAnswer<'a>>,
}

#[derive(Serialize)]
struct RecordedAnswer<'a> {
    decision: Effect,
    revision: &'a str,
}

#[derive(Serialize)]
struct RuleAnswer<'a> {
    rule: &'a str,
    action: usize,
    decision: Effect,
    mode: Mode,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifted: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<&'a str>,
    keys: Vec<KeyAnswer<'a>>,
}

#[derive(Serialize)]
struct KeyAnswer<'a> {
    block: &'static str,
    key: &'a str,
    wanted: &'a str,
    found: std::borrow::Cow<'a, str>,
    fits: &'static str,
}

#[derive(Serialize)]
struct OtherwiseAnswer<'a> {
    key: &'a str,
    value: &'a str,
    decision: Effect,
}

fn answer<'a>(asked: &'a Asked, traced: &'a [Traced<'a>], milder: &'a [Alternative]) -> Answer<'a> {
    let rehearsed = asked.rehearsals.iter().map(|one| ("dry_run", one.text.as_str(), one.effect));
    let others = milder.iter().map(|one| (one.key, one.value.as_str(), one.effect));
    let otherwise: Vec<_> = others.chain(rehearsed).collect();
    let of = |passes: bool| {
        let these = otherwise.iter().filter(|(.., effect)| (*effect < Effect::Escalate) == passes);
        these.map(|(key, value, decision)| OtherwiseAnswer { key, value, decision: *decision }).collect()
    };
    Answer {
        decision: asked.decision.effect(),
        revision: asked.decision.revision(),
        recorded: asked
            .recorded
            .as_ref()
            .map(|entry| RecordedAnswer { decision: entry.decision, revision: &entry.revision }),
        actions: asked.actions.iter().map(Action::operation).collect(),
        rules: traced.iter().map(rule_answer).collect(),
        would_pass: of(true),
        would_need_less: of(false),
    }
}

fn rule_answer<'a>(one: &'a Traced<'a>) -> RuleAnswer<'a> {
    let key = |checked: &'a crate::rules::Checked| KeyAnswer {
        block: checked.block,
        key: &checked.key,
        wanted: &checked.wanted,
        found: crate::record::redact::mask(&checked.found),
        fits: match checked.verdict {
            Verdict::Yes => "yes",
            Verdict::No => "no",
            Verdict::Unsure(_) => "unsure",
        },
    };
    RuleAnswer {
        rule: &one.rule.id,
        action: one.action,
        decision: one.rule.decision,
        mode: one.rule.mode,
        outcome: match one.outcome {
            Outcome::Matched => "matched",
            Outcome::Excused => "excused",
            Outcome::Missed(_) => "missed",
            Outcome::Off => "off",
        },
        lifted: one.lifted.as_deref(),
        failed: one.failed.as_deref(),
        keys: one.checked.iter().map(key).collect(),
    }
}

#[cfg(test)]
mod tests;
