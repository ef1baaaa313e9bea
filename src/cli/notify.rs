//! `blastgate notify`: whether people are told.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::{Failure, gate, moment};
use crate::app::{self, Places, SystemClock};
use crate::notify::{ChannelStatus, Letter, Spool};
use crate::sandbox::{self, Above};

/// Show how telling people goes, and try it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate notify                          what was sent, what waits, what is
                                            disabled
  blastgate notify test                     send a test on every channel
  blastgate notify test slack

Channels stand under `notify:` in config.yaml. `test` exits with 1 when a test
did not arrive.")]
pub(crate) struct NotifyArgs {
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
    /// Show the last deliveries, what waits, and what is disabled (the default)
    Status,
    /// Send a test
    Test {
        /// Only on this one
        #[arg(value_parser = ["webhook", "slack", "email", "desktop"])]
        channel: Option<String>,
    },
}

/// What became of one test.
#[derive(Debug, Serialize)]
struct Tested {
    channel: String,
    arrived: bool,
    said: String,
}

pub(crate) fn run(args: &NotifyArgs) -> Result<ExitCode, Failure> {
    let places = Places::of(args.config.as_deref(), |name| std::env::var_os(name)).map_err(Failure::usage)?;
    let spool = app::notices(places).map_err(Failure::usage)?;
    let runtime = gate::runtime()?;
    match &args.command {
        None | Some(Command::Status) => {
            let status = runtime.block_on(spool.status()).map_err(Failure::fault)?;
            if args.json {
                anstream::println!("{}", serde_json::to_string_pretty(&status).map_err(Failure::fault)?);
            } else if status.channels.is_empty() {
                anstream::println!("Nobody is told: there is no channel under `notify:` in the settings.");
            } else {
                status.channels.iter().for_each(|channel| anstream::print!("{}", lines(channel)));
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Test { channel }) => {
            may_test()?;
            let tested = runtime.block_on(test(&spool, channel.as_deref()))?;
            if args.json {
                anstream::println!("{}", serde_json::to_string_pretty(&tested).map_err(Failure::fault)?);
            } else {
                for one in &tested {
                    let word = if one.arrived { "arrived" } else { "FAILED" };
                    anstream::println!("{:<8}  {word:<8}  {}", one.channel, one.said);
                }
            }
            Ok(ExitCode::from(u8::from(tested.iter().any(|one| !one.arrived))))
        }
    }
}

/// What stands below a `run` is an agent's: it has nothing to tell people here.
fn may_test() -> Result<(), Failure> {
    match sandbox::above(std::process::id()) {
        Above::Nobody => Ok(()),
        Above::Gate(_) | Above::Unknown => {
            let said = "this command was started behind the gate (`run`); do it in a terminal of your own";
            Err(Failure { error: anyhow::anyhow!(said), code: 3 })
        }
    }
}

async fn test(spool: &Spool, only: Option<&str>) -> Result<Vec<Tested>, Failure> {
    let names: Vec<&str> = spool.channels().names().filter(|name| only.is_none_or(|only| only == *name)).collect();
    if names.is_empty() {
        let which = only.map_or_else(|| "a channel".to_owned(), |only| format!("`{only}`"));
        return Err(Failure::usage(anyhow::anyhow!("the settings do not name {which} under `notify:`")));
    }
    let letter = Letter::test(&SystemClock);
    let mut tested = Vec::new();
    for name in names {
        let sent = spool.channels().send(name, &letter).await;
        if sent.is_ok() {
            spool.enable(name).map_err(Failure::fault)?;
        }
        let arrived = sent.is_ok();
        let said = sent.map_or_else(|failure| failure.said, |sent| sent.said);
        tested.push(Tested { channel: name.to_owned(), arrived, said });
    }
    Ok(tested)
}

fn lines(status: &ChannelStatus) -> String {
    let mut out = String::new();
    let ChannelStatus { channel, sent, waiting, failed, .. } = status;
    let _ = writeln!(out, "{channel:<8}  {sent} sent, {waiting} waiting, {failed} failed");
    if let Some(why) = &status.disabled {
        let since = status.disabled_at.map(|at| format!(" since {}", moment(at))).unwrap_or_default();
        let _ = writeln!(out, "  DISABLED{since}: {why}");
        let _ = writeln!(out, "  until its setting changes, or `blastgate notify test {channel}` arrives");
    }
    for one in &status.last {
        let _ = writeln!(out, "  {}  {:<7}  {}", moment(one.made_at), one.state, one.summary);
        if let Some(error) = &one.error {
            let next = one.due_at.map(|at| format!(", next at {}", moment(at))).unwrap_or_default();
            let _ = writeln!(out, "      attempt {}{next}: {error}", one.attempts);
        }
    }
    out
}
