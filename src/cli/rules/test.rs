//! `rules test`: the tests inside rules, one by one, each with what it was read as.

use std::io::{self, Write};
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use clap::Args;

use super::findings;
use super::loaded::{Loaded, complain_of_missing};
use crate::cli::count;
use crate::cli::table::visible;
use crate::config::{Glob, nearest};
use crate::prove::{Trial, trials};
use crate::rules::{Rule, RuleSet};

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// Run the tests inside the rules, and say what each was read as.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 all hold, 1 one does not or a file does not load, 2 the arguments are wrong.

Examples:
  blastgate rules test rules/                     the tests of your rules
  blastgate rules test -v rules/acme/no-drop.yaml what each of them is read as
  blastgate rules test --rule 'aws/*' -v          those of the built-in packs")]
pub(super) struct Test {
    /// Files or folders of rules; only their tests are run.
    paths: Vec<PathBuf>,
    /// Only the tests of this rule; `*` is any text; may be given again.
    #[arg(long = "rule", value_name = "ID")]
    rules: Vec<String>,
    /// A configuration folder whose rules take part.
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Show the tests that hold too.
    #[arg(short, long)]
    verbose: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Test, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    if complain_of_missing(&args.paths, err)? {
        return Ok(2);
    }
    let loaded = Loaded::of(&args.paths, args.config.as_deref());
    let Some(rules) = &loaded.rules else {
        let found = loaded.quoted(loaded.found.iter().cloned());
        if args.json {
            writeln!(out, "{}", serde_json::json!({ "ok": false, "problems": found }))?;
        } else {
            findings::write(&found, out)?;
            writeln!(out, "nothing was loaded: {}", findings::summary(&found))?;
        }
        return Ok(1);
    };
    let mut globs = Vec::new();
    for text in &args.rules {
        match Glob::parse(text) {
            Ok(glob) if rules.rules().iter().any(|rule| glob.matches(&rule.id)) => globs.push(glob),
            Ok(_) => return unknown(text, rules, err),
            Err(wrong) => {
                writeln!(err, "`{text}`: {wrong}")?;
                return Ok(2);
            }
        }
    }
    let is_wanted = |rule: &Rule| {
        let is_named = args.paths.is_empty() || loaded.named.contains(&rule.file);
        is_named && (globs.is_empty() || globs.iter().any(|glob| glob.matches(&rule.id)))
    };
    let wanted: Vec<&Rule> = rules.rules().into_iter().filter(|rule| is_wanted(rule)).collect();
    let done = trials(rules, is_wanted);
    let failed = done.iter().filter(|trial| trial.fault.is_some()).count();
    if args.json {
        let report = serde_json::json!({
            "ok": failed == 0, "rules": wanted.len(), "tests": done.len(), "failed": failed, "trials": done,
        });
        writeln!(out, "{report}")?;
    } else {
        page(&wanted, &done, args.verbose, out)?;
    }
    Ok(u8::from(failed > 0))
}

fn unknown(text: &str, rules: &RuleSet, err: &mut impl Write) -> io::Result<u8> {
    let help = nearest(text, rules.rules().iter().map(|rule| rule.id.as_str()));
    let help = help.unwrap_or_else(|| "`blastgate rules list` names them all".to_owned());
    writeln!(err, "there is no rule `{text}`\n  help: {help}")?;
    Ok(2)
}

fn page(wanted: &[&Rule], done: &[Trial], verbose: bool, out: &mut impl Write) -> io::Result<()> {
    let mut untested = Vec::new();
    for rule in wanted {
        let of_rule: Vec<&Trial> = done.iter().filter(|trial| trial.rule == rule.id).collect();
        if of_rule.is_empty() {
            untested.push(rule.id.as_str());
        }
        let shown: Vec<&&Trial> = of_rule.iter().filter(|trial| verbose || trial.fault.is_some()).collect();
        if shown.is_empty() {
            continue;
        }
        writeln!(out, "{BOLD}{}{BOLD:#}", rule.id)?;
        for trial in shown {
            one(trial, out)?;
        }
        writeln!(out)?;
    }
    for id in &untested {
        writeln!(out, "{id} has no tests")?;
    }
    let failed = done.iter().filter(|trial| trial.fault.is_some()).count();
    let counted = format!("{} of {}", count(done.len() as u64, "test"), count(wanted.len() as u64, "rule"));
    match failed {
        0 if done.is_empty() => writeln!(out, "{counted}"),
        0 => writeln!(out, "{counted}: all hold"),
        failed => writeln!(out, "{counted}: {failed} failed"),
    }
}

/// Where the second line of a test begins.
const INDENT: &str = "                   ";

fn one(trial: &Trial, out: &mut impl Write) -> io::Result<()> {
    let (style, mark) = if trial.fault.is_some() { (RED, "FAILED") } else { (GREEN, "holds ") };
    writeln!(out, "  {style}{mark}{style:#}  {:9}  {}", trial.expected, visible(&trial.name))?;
    for reading in &trial.read {
        writeln!(out, "{INDENT}  {DIM}{}{DIM:#}", visible(&reading.to_string()))?;
    }
    if let Some(fault) = &trial.fault {
        writeln!(out, "{INDENT}  {}", visible(fault))?;
        writeln!(out, "{INDENT}  {}:{}:{}", visible(&trial.file), trial.line, trial.column)?;
    }
    Ok(())
}
