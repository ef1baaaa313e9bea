//! `blastgate approvals`: the operator's answer to escalated calls.

#[cfg_attr(not(test), expect(dead_code, reason = "answers that are signed come with the votes"))]
mod sign;

use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Failure, gate};
use crate::app::{self, Places, StandingDesk};
use crate::approvals::{Request, State};
use crate::control::ControlError;
use crate::control::protocol::Answer;
use crate::sandbox::{self, Above};

/// List and answer calls that need a person
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate approvals                       calls that wait
  blastgate approvals show a_…              what exactly it would do
  blastgate approvals approve a_… --reason 'migration CHG-42'
  blastgate approvals deny a_… --reason 'wrong account'

An approval lets exactly that call pass, once, for the session that asked, and
only for a while. It cannot be given from behind the gate. Exits with 1 when
there is no such request, 3 when the gate says no.")]
pub(crate) struct ApprovalsArgs {
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH", global = true)]
    config: Option<PathBuf>,
    /// JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show calls that wait (the default)
    List {
        /// Answered, used and expired ones too
        #[arg(long)]
        all: bool,
    },
    /// Show one, whole
    Show {
        /// Its id, as the refusal named it
        id: String,
    },
    /// Let the call pass, once
    Approve {
        /// Its id, as the refusal named it
        id: String,
        /// Why; stands in the log
        #[arg(long, default_value = "")]
        reason: String,
        /// Do not ask on a terminal
        #[arg(short, long)]
        yes: bool,
    },
    /// Say no
    Deny {
        /// Its id, as the refusal named it
        id: String,
        /// Why; the agent is told
        #[arg(long, default_value = "")]
        reason: String,
    },
}

pub(crate) fn run(args: &ApprovalsArgs) -> Result<ExitCode, Failure> {
    let config = args.config.as_deref();
    let show = |id: &str| -> Result<Request, Failure> {
        let path = format!("/v1/approvals/{id}");
        gate::ask_or(config, async |client| client.get(&path).await, || Some(desk(config)?.show(id)))
    };
    let answer = |id: &str, answer: Answer| -> Result<Request, Failure> {
        let path = format!("/v1/approvals/{id}");
        let alone = || {
            let desk = desk(config)?;
            Some(may_answer().and_then(|()| desk.answer(id, &answer)))
        };
        gate::ask_or(config, async |client| client.post(&path, &answer).await, alone)
    };
    let request = match &args.command {
        None => return list(args, false),
        Some(Command::List { all }) => return list(args, *all),
        Some(Command::Show { id }) => show(id)?,
        Some(Command::Approve { id, reason, yes }) => {
            let found = show(id)?;
            if !yes && std::io::stdin().is_terminal() && found.state == State::Pending && !confirmed(&found)? {
                anstream::println!("nothing was approved");
                return Ok(ExitCode::from(1));
            }
            answer(id, Answer { approve: true, reason: reason.clone() })?
        }
        Some(Command::Deny { id, reason }) => answer(id, Answer { approve: false, reason: reason.clone() })?,
    };
    if args.json {
        anstream::println!("{}", serde_json::to_string_pretty(&request).map_err(Failure::fault)?);
        return Ok(ExitCode::SUCCESS);
    }
    match &args.command {
        Some(Command::Approve { .. }) => anstream::println!(
            "{} approved: this call passes once, until {}.\nTell the agent to repeat it.",
            request.id,
            super::moment(request.until)
        ),
        Some(Command::Deny { .. }) => anstream::println!("{} denied", request.id),
        _ => anstream::print!("{}", whole(&request)),
    }
    Ok(ExitCode::SUCCESS)
}

/// For what hooks asked about while no gate was running.
fn desk(config: Option<&Path>) -> Option<StandingDesk> {
    let places = Places::of(config, |name| std::env::var_os(name)).ok()?;
    let (places, config) = app::settings(places);
    StandingDesk::open(&places, &config)
}

/// SECURITY: nobody answers for themselves. What stands below a `run` is an agent's, also when its gate has gone.
fn may_answer() -> Result<(), ControlError> {
    match sandbox::above(std::process::id()) {
        Above::Nobody => Ok(()),
        Above::Gate(_) | Above::Unknown => Err(ControlError::Refused(
            "this command was started behind the gate (`run`): an agent cannot do this for itself; do it in a terminal \
             of your own"
                .to_owned(),
        )),
    }
}

/// Shows what would be done, and asks.
fn confirmed(request: &Request) -> Result<bool, Failure> {
    anstream::print!("{}", whole(request));
    anstream::print!("Let this call pass once? [y/N] ");
    std::io::stdout().flush().map_err(Failure::fault)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(Failure::fault)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn list(args: &ApprovalsArgs, all: bool) -> Result<ExitCode, Failure> {
    let path = if all { "/v1/approvals/all" } else { "/v1/approvals" };
    let requests: Vec<Request> = {
        let config = args.config.as_deref();
        gate::ask_or(config, async |client| client.get(path).await, || Some(desk(config)?.list(all)))?
    };
    if args.json {
        anstream::println!("{}", serde_json::to_string_pretty(&requests).map_err(Failure::fault)?);
    } else if requests.is_empty() {
        anstream::println!("Nothing waits for an answer.");
    } else {
        for one in &requests {
            let who = one.agent.as_deref().unwrap_or("-");
            anstream::println!("{}  {:<8}  {who:<12}  {}", one.id, one.state.as_str(), one.operation);
            anstream::println!("    {}", shortened(&gist(one)));
        }
        anstream::println!("→ blastgate approvals show|approve|deny ID");
    }
    Ok(ExitCode::SUCCESS)
}

/// On what, and what it would do: the operation stands in the line above.
fn gist(request: &Request) -> String {
    let mut lines = request.shown.lines();
    let first = lines.next().unwrap_or_default();
    let does = first.strip_prefix(request.operation.as_str()).unwrap_or(first).trim();
    match lines.find_map(|line| line.trim().strip_prefix("on: ")) {
        Some(on) => format!("{on} · {does}"),
        None => does.to_owned(),
    }
}

/// As much of a line as fits beside its indent on the narrowest terminal.
fn shortened(line: &str) -> String {
    const CHARS_MAX: usize = 75;
    match line.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(line).trim_end()),
        None => line.to_owned(),
    }
}

fn whole(request: &Request) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    let _ = writeln!(out, "{}  {} until {}", request.id, request.state, super::moment(request.until));
    for line in request.shown.lines() {
        let _ = writeln!(out, "  {line}");
    }
    let person = request.person.as_deref().map(|person| format!(" for {person}")).unwrap_or_default();
    let agent = request.agent.as_deref().unwrap_or("an agent");
    let _ = writeln!(out, "  asked by   {agent}{person}, session {}", request.session);
    let _ = writeln!(out, "  asked at   {}", super::moment(request.opened_at));
    let because: Vec<&str> = request.requirement.ids().collect();
    let _ = writeln!(out, "  because of {}", because.join(", "));
    if let Some(voter) = &request.voter {
        let reason = request.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let _ = writeln!(out, "  answered   {voter}{reason}");
    }
    if let Some(decision) = &request.decision {
        let _ = writeln!(out, "  used by    {decision}");
    }
    out
}
