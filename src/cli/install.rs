//! `blastgate install`: agents' hook configuration, shown before it is written.

use std::collections::HashSet;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser};
use serde_json::{Value, json};

use super::Failure;
use super::table::visible;
use crate::app::SystemClock;
use crate::install::{self, AGENTS, Facts, File, Ground, HOOKLESS, Plan, Scope, State, WALL, Wish, Written};
use crate::model::Clock as _;
use crate::sandbox;

/// Write agents' hook configuration, so that they ask before each tool call
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate install                       the agents that are here: show, ask, write
  blastgate install claude-code --dry-run show only
  blastgate install codex --project --yes in this project, asking nothing
  blastgate install --check               is it all as it would be written?
  blastgate install --uninstall           take ours out again

What else stands in a file stays as it is; a file that does not parse is not
touched. What stood is kept beside it as NAME.blastgate-backup-TIME.

Hooks are early warning: agents skip them in places. The wall is
`blastgate run -- AGENT`, which judges what goes over the network.

Exits with 1 when --check finds something, or something could not be done.")]
pub(crate) struct Install {
    /// Which agents [default: those that are here]
    #[arg(value_name = "AGENT", value_parser = names())]
    agents: Vec<String>,
    /// In this project's files (the folder of its .git, or this one)
    #[arg(long, conflicts_with = "user")]
    project: bool,
    /// In your own files (the default)
    #[arg(long)]
    user: bool,
    /// Write nothing; exit with 1 when anything is not as it would be written
    #[arg(long, conflicts_with_all = ["uninstall", "dry_run"])]
    check: bool,
    /// Take out what is ours, and nothing else
    #[arg(long)]
    uninstall: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// JSON
    #[arg(long)]
    json: bool,
    /// Configuration that the hooks shall use, when it is not your own
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

/// Exit code: refused by the gate.
const EXIT_REFUSED: u8 = 3;

/// Exit code: something is not as it should be.
const EXIT_NO: u8 = 1;

/// An agent with what tells of it and what would be done.
struct Found {
    facts: &'static Facts,
    traces: Vec<String>,
    plan: Plan,
}

pub(crate) fn run(args: &Install) -> Result<ExitCode, Failure> {
    let is_reading = args.check || args.dry_run;
    if let Some(outer) = sandbox::outer_gate().filter(|_| !is_reading) {
        let error = anyhow::anyhow!(
            "this runs behind the gate of process {outer}: agents' hooks are written by the operator, outside of `run`"
        );
        return Err(Failure { error, code: EXIT_REFUSED });
    }
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = variable("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let home = home.ok_or_else(|| Failure::usage(anyhow::anyhow!("there is no home directory; set HOME")))?;
    let here = std::env::current_dir().map_err(Failure::usage)?;
    let own = std::env::current_exe().map_err(Failure::fault)?;
    let config = args.config.as_deref().map(std::path::absolute).transpose().map_err(Failure::usage)?;
    let ground = Ground {
        home: &home,
        project: project(&here),
        scope: if args.project { Scope::Project } else { Scope::User },
        binary: &install::own_binary(&own, variable("PATH").as_deref()),
        config: config.as_deref(),
        variable: &variable,
    };
    let wish = if args.uninstall { Wish::Uninstall } else { Wish::Install };
    let found = wanted(args, &ground, wish)?;
    if args.json { as_json(args, &ground, &found) } else { as_text(args, &ground, &found, wish) }
}

/// The folder of the repository that this stands in, or this one.
fn project(here: &Path) -> &Path {
    here.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(here)
}

/// The named agents, or those that are there; of what is to be taken out, all.
fn wanted(args: &Install, ground: &Ground<'_>, wish: Wish) -> Result<Vec<Found>, Failure> {
    let mut chosen: Vec<&'static Facts> = vec![];
    for name in &args.agents {
        let name = if name == "kiro" { "kiro-cli" } else { name };
        match AGENTS.iter().find(|facts| facts.agent == name) {
            Some(facts) => chosen.push(facts),
            None => {
                let why = format!("{name} has no hooks: nothing asks before its calls. Use `blastgate run -- {name}`");
                return Err(Failure::usage(anyhow::anyhow!(why)));
            }
        }
    }
    let is_any = args.agents.is_empty();
    let mut found = vec![];
    for facts in AGENTS {
        let traces = install::found(facts.programs, facts.traces, ground);
        if is_any && (facts.programs.is_empty() || (traces.is_empty() && wish == Wish::Install))
            || !is_any && !chosen.iter().any(|one| one.agent == facts.agent)
        {
            continue;
        }
        let plan = install::plan(facts, ground, wish).map_err(Failure::usage)?;
        if is_any && wish == Wish::Uninstall && plan.state == State::Missing {
            continue;
        }
        found.push(Found { facts, traces, plan });
    }
    Ok(found)
}

/// What may be named; those without hooks too, to be told so.
fn names() -> PossibleValuesParser {
    let known = AGENTS.iter().map(|facts| PossibleValue::new(facts.agent));
    let hidden = HOOKLESS.iter().map(|one| one.agent).chain(["kiro"]).map(|name| PossibleValue::new(name).hide(true));
    PossibleValuesParser::from(known.chain(hidden).collect::<Vec<_>>())
}

/// The files to write, each once: agents may share one.
fn changes(found: &[Found]) -> Vec<&File> {
    let mut seen = HashSet::new();
    let files = found.iter().flat_map(|one| &one.plan.files).filter(|file| file.changes());
    files.filter(|file| seen.insert(&file.path)).collect()
}

/// Whether anything is not as it would be written, or cannot be.
fn is_lacking(found: &[Found]) -> bool {
    found.iter().any(|one| one.plan.state != State::Installed)
}

/// Whether something that was asked for cannot be done.
fn is_refused(found: &[Found]) -> bool {
    found.iter().any(|one| one.plan.refusal.is_some() || one.plan.files.iter().any(|file| file.by_hand.is_some()))
}

fn as_text(args: &Install, ground: &Ground<'_>, found: &[Found], wish: Wish) -> Result<ExitCode, Failure> {
    let out = &mut super::out();
    let shown = show(args, ground, found, wish, out).and_then(|()| out.flush());
    if shown.is_err() {
        return super::finish(shown.map(|()| 0));
    }
    if args.check {
        return Ok(ExitCode::from(if is_lacking(found) { EXIT_NO } else { 0 }));
    }
    let files = changes(found);
    let code = if is_refused(found) && !args.agents.is_empty() { EXIT_NO } else { 0 };
    if files.is_empty() || args.dry_run {
        return Ok(ExitCode::from(code));
    }
    if !args.yes && !confirmed(files.len())? {
        anstream::println!("nothing was written");
        return Ok(ExitCode::from(EXIT_NO));
    }
    let mut code = code;
    for (file, done) in carry_out(&files) {
        let path = shortened(&file.path, ground);
        match done {
            Ok(written) => {
                let verb = if file.after.is_some() { "wrote" } else { "removed" };
                anstream::println!("{verb:<8} {path}");
                if let Some(backup) = written.backup {
                    anstream::println!("         what stood: {}", shortened(&backup, ground));
                }
            }
            Err(error) => {
                code = EXIT_NO;
                anstream::eprintln!("cannot write {path}: {error}");
            }
        }
    }
    if wish == Wish::Install && code == 0 {
        anstream::println!("\n→ blastgate install --check{}", if args.project { " --project" } else { "" });
    }
    Ok(ExitCode::from(code))
}

fn carry_out<'a>(files: &[&'a File]) -> Vec<(&'a File, io::Result<Written>)> {
    let now = SystemClock.now().to_string();
    let stamp: String = now.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    files.iter().map(|file| (*file, install::write(file, &stamp))).collect()
}

/// Asks on a terminal; elsewhere nobody can answer.
fn confirmed(count: usize) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(anyhow::anyhow!("nobody can be asked here: say --yes to write this")));
    }
    anstream::print!("Write {}? [y/N] ", if count == 1 { "this file" } else { "these files" });
    io::stdout().flush().map_err(Failure::fault)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Failure::fault)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn show(args: &Install, ground: &Ground<'_>, found: &[Found], wish: Wish, out: &mut dyn Write) -> io::Result<()> {
    if found.is_empty() {
        let what =
            if wish == Wish::Install { "No agent with hooks was found here." } else { "Nothing of ours is there." };
        writeln!(out, "{what}")?;
    }
    for one in found {
        show_agent(args, ground, one, wish, out)?;
    }
    if args.agents.is_empty() && wish == Wish::Install {
        for one in HOOKLESS {
            let traces = install::found(&[one.program], one.traces, ground);
            if let Some(trace) = traces.first() {
                let (agent, trace) = (one.agent, visible(trace));
                writeln!(out, "{agent:<18} no hooks       {trace}: use `blastgate run -- {agent}`")?;
            }
        }
    }
    if !args.check {
        for file in changes(found) {
            writeln!(out)?;
            for line in install::diff(file).lines() {
                let style = match line.chars().next() {
                    Some('+') => anstyle::AnsiColor::Green.on_default(),
                    Some('-') => anstyle::AnsiColor::Red.on_default(),
                    _ => anstyle::Style::new(),
                };
                writeln!(out, "{style}{}{style:#}", visible(line))?;
            }
        }
    }
    if wish == Wish::Install && !found.is_empty() {
        writeln!(out)?;
        for line in wrapped(WALL, "") {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn show_agent(args: &Install, ground: &Ground<'_>, one: &Found, wish: Wish, out: &mut dyn Write) -> io::Result<()> {
    let (agent, plan) = (one.facts.agent, &one.plan);
    let mut label = agent;
    for file in &plan.files {
        let path = shortened(&file.path, ground);
        let state = file.state.as_str();
        match &file.why {
            Some(why) if args.check || file.state > State::Missing => {
                writeln!(out, "{label:<18} {state:<14} {path}:{}: {}", file.line, visible(why))?;
            }
            _ => writeln!(out, "{label:<18} {state:<14} {path}")?,
        }
        for line in file.by_hand.iter().flat_map(|lines| lines.lines()) {
            writeln!(out, "      {}", visible(line))?;
        }
        label = "";
    }
    if let Some(refusal) = &plan.refusal {
        let mut lines = refusal.lines();
        writeln!(out, "{label:<18} {}", plan.state.as_str())?;
        for line in wrapped(lines.next().unwrap_or_default(), "    ") {
            writeln!(out, "{line}")?;
        }
        for line in lines {
            writeln!(out, "      {}", visible(line))?;
        }
    }
    if !args.check && wish == Wish::Install && plan.refusal.is_none() {
        for note in &plan.notes {
            for line in wrapped(note, "    · ") {
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(())
}

/// In lines that fit a narrow terminal, the first after `mark`.
fn wrapped(text: &str, mark: &str) -> Vec<String> {
    let rest = " ".repeat(mark.chars().count());
    let options = textwrap::Options::new(80).initial_indent(mark).subsequent_indent(&rest);
    textwrap::wrap(&visible(text), options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// `~/.claude/settings.json`.
fn shortened(path: &Path, ground: &Ground<'_>) -> String {
    let shown = match path.strip_prefix(ground.home) {
        Ok(rest) => format!("~/{}", rest.display()),
        Err(_) => path.display().to_string(),
    };
    visible(&shown).into_owned()
}

fn as_json(args: &Install, ground: &Ground<'_>, found: &[Found]) -> Result<ExitCode, Failure> {
    let files = changes(found);
    let is_writing = args.yes && !args.check && !args.dry_run;
    let done = if is_writing { carry_out(&files) } else { vec![] };
    let is_failed = done.iter().any(|(_, done)| done.is_err());
    let written: Vec<Value> = done
        .into_iter()
        .map(|(file, done)| match done {
            Ok(written) => json!({"path": file.path, "backup": written.backup, "removed": file.after.is_none()}),
            Err(error) => json!({"path": file.path, "error": error.to_string()}),
        })
        .collect();
    let agents: Vec<Value> =
        found.iter().map(|one| json!({"plan": one.plan, "title": one.facts.title, "found": one.traces})).collect();
    let diffs: Vec<String> = files.into_iter().map(install::diff).collect();
    let said = json!({
        "binary": ground.binary, "scope": ground.scope, "agents": agents, "diffs": diffs, "written": written, "note": WALL,
    });
    anstream::println!("{}", serde_json::to_string_pretty(&said).map_err(Failure::fault)?);
    let is_no = is_failed || args.check && is_lacking(found) || !args.agents.is_empty() && is_refused(found);
    Ok(ExitCode::from(if is_no { EXIT_NO } else { 0 }))
}
