//! `blastgate approvals`: what people say to escalated calls.

mod page;
mod say;
mod show;
mod sign;
mod wait;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Failure, gate};
use crate::app::{self, Places, StandingDesk};
use crate::approvals::{Filter, Said, State, View};
use crate::config::duration;
use crate::control::ControlError;

/// List and answer calls that need people
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate approvals                       calls that wait
  blastgate approvals show a_…              what exactly it would do, and who asks
  blastgate approvals approve a_… --reason 'migration CHG-42'
  blastgate approvals deny a_… --reason 'wrong account'
  blastgate approvals withdraw a_…          take an answer back, before it is used
  blastgate approvals wait a_… --for 10m    until people have answered

On another machine than the gate's, sign there and hand it in here:
  blastgate approvals statement a_… --as ada@shop.example > vote
  ssh-keygen -Y sign -n blastgate-vote@blastgate.dev -f ~/.ssh/id_ed25519_sk vote
  blastgate approvals cast a_… --statement vote --signature vote.sig

An approval lets exactly what was shown pass, each action once, for the session
that asked, and only for a while. Where people.yaml lists keys, answers are
signed with one of them; whoever the session acts for cannot approve. Nobody
answers from behind the gate. Exits with 1 when there is no such request (or
`wait` ended without an approval), 3 when the gate says no.")]
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

/// How somebody says something.
#[derive(Debug, clap::Args)]
struct Saying {
    /// The request's id, as the refusal named it
    id: String,
    /// Why; stands in the log, and the agent is told of a no
    #[arg(long, default_value = "")]
    reason: String,
    /// Whose answer it is [default: whom people.yaml names by your login]
    #[arg(long = "as", value_name = "NAME")]
    voter: Option<String>,
    /// The key to sign with [default: the first in ~/.ssh that people.yaml lists for you]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Do not ask on a terminal
    #[arg(short, long)]
    yes: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show calls that wait (the default)
    List {
        /// Answered, used and expired ones too
        #[arg(long, conflicts_with = "unreviewed")]
        all: bool,
        /// Only what was let through in an emergency and nobody else has looked at
        #[arg(long)]
        unreviewed: bool,
    },
    /// Show one, whole
    Show {
        /// Its id, as the refusal named it
        id: String,
    },
    /// Let the call pass, once
    Approve(Saying),
    /// Say no
    Deny(Saying),
    /// Take your answer back, before it is used
    Withdraw(Saying),
    /// Let the call pass alone, in an emergency; somebody else must review it
    BreakGlass(Saying),
    /// Say that you have looked at what was let through in an emergency
    Review(Saying),
    /// Wait until people have answered; 0: approved, 1: not
    Wait {
        /// The request's id, as the refusal named it
        id: String,
        /// At most so long
        #[arg(long = "for", value_name = "TIME", default_value = "8h", value_parser = duration)]
        lasts: std::time::Duration,
    },
    /// Print the text that a vote signs
    Statement {
        /// The request's id, as the refusal named it
        id: String,
        /// What it says
        #[arg(long, default_value = "approve")]
        answer: Said,
        /// Whose answer it is [default: whom people.yaml names by your login]
        #[arg(long = "as", value_name = "NAME")]
        voter: Option<String>,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Hand in a vote that was signed elsewhere
    Cast {
        /// The request's id, as the refusal named it
        id: String,
        /// The signed text
        #[arg(long, value_name = "FILE")]
        statement: PathBuf,
        /// Its signature, as `ssh-keygen -Y sign` wrote it
        #[arg(long, value_name = "FILE")]
        signature: PathBuf,
    },
}

pub(crate) fn run(args: &ApprovalsArgs) -> Result<ExitCode, Failure> {
    let desk = Desk { config: args.config.as_deref(), json: args.json };
    match &args.command {
        None => desk.list(&waiting(), "/v1/approvals"),
        Some(Command::List { all: true, .. }) => desk.list(&Filter::default(), "/v1/approvals/all"),
        Some(Command::List { unreviewed: true, .. }) => {
            desk.list(&Filter { unreviewed: true, ..Filter::default() }, "/v1/approvals/unreviewed")
        }
        Some(Command::List { .. }) => desk.list(&waiting(), "/v1/approvals"),
        Some(Command::Show { id }) => {
            let page = desk.page(id)?;
            desk.print(&page, || page::whole(&page))
        }
        Some(Command::Approve(saying)) => say::say(&desk, Said::Approve, saying),
        Some(Command::Deny(saying)) => say::say(&desk, Said::Deny, saying),
        Some(Command::Withdraw(saying)) => say::say(&desk, Said::Withdraw, saying),
        Some(Command::BreakGlass(saying)) => say::say(&desk, Said::BreakGlass, saying),
        Some(Command::Review(saying)) => say::say(&desk, Said::Review, saying),
        Some(Command::Wait { id, lasts }) => wait::wait(&desk, id, *lasts),
        Some(Command::Statement { id, answer, voter, reason }) => {
            say::statement(&desk, id, *answer, (voter.as_deref(), reason))
        }
        Some(Command::Cast { id, statement, signature }) => say::cast(&desk, id, statement, signature),
    }
}

fn waiting() -> Filter {
    Filter { state: Some(State::Pending), ..Filter::default() }
}

/// Where requests are asked for: the running gate; without one, the state that hooks keep by themselves.
struct Desk<'a> {
    config: Option<&'a Path>,
    json: bool,
}

impl Desk<'_> {
    fn show(&self, id: &str) -> Result<View, Failure> {
        let path = format!("/v1/approvals/{id}");
        gate::ask_or(
            self.config,
            async |client| client.get(&path).await,
            || Some(self.alone()?.and_then(|desk| desk.show(id))),
        )
    }

    fn list(&self, filter: &Filter, path: &str) -> Result<ExitCode, Failure> {
        let alone = || Some(self.alone()?.and_then(|desk| desk.list(filter)));
        let views: Vec<View> = gate::ask_or(self.config, async |client| client.get(path).await, alone)?;
        self.print(&views, || show::list(&views))
    }

    /// For what hooks asked about while no gate was running.
    fn alone(&self) -> Option<Result<StandingDesk, ControlError>> {
        let places = Places::of(self.config, |name| std::env::var_os(name)).ok()?;
        match app::standing(places) {
            Ok((places, config, people)) => StandingDesk::open(&places, config, people).map(Ok),
            Err(wrong) => Some(Err(ControlError::Fault(wrong))),
        }
    }

    fn print(&self, value: &impl serde::Serialize, words: impl FnOnce() -> String) -> Result<ExitCode, Failure> {
        if self.json {
            anstream::println!("{}", serde_json::to_string_pretty(value).map_err(Failure::fault)?);
        } else {
            anstream::print!("{}", words());
        }
        Ok(ExitCode::SUCCESS)
    }
}
