//! The command line. Reads arguments, calls the layers below, maps what they say to exit codes.

mod approvals;
mod changes;
mod declared;
mod demo;
mod explain;
mod gameday;
mod gate;
mod hook;
mod init;
mod install;
mod log;
mod man;
mod notify;
mod operations;
mod reason;
mod report;
mod rules;
mod run;
mod serve;
mod sessions;
mod sheet;
mod table;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::app::{self, Places, SystemClock};
use crate::model::Clock;

/// Exit code: usage or configuration error.
pub const EXIT_USAGE: u8 = 2;
/// Exit code: our own fault.
pub const EXIT_FAULT: u8 = 4;

/// A gate between coding agents and infrastructure: reads and ordinary changes pass, calls that would hurt are stopped.
#[derive(Debug, Parser)]
#[command(name = "blastgate", version, propagate_version = true, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Examples:
  blastgate demo                      see what it does, in a minute, without any
                                      account
  blastgate run -- claude             run an agent behind a gate of its own
  blastgate run -- aws s3 ls          or any command
  blastgate init                      write a configuration with every setting
                                      in it
  blastgate report                    what was stopped, and how to keep or allow
                                      it
  blastgate log decision:deny         one by one")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See what it does: a story in a minute, without any account or network
    Demo(demo::Demo),
    /// Run a command (an agent) behind the running gate, or behind one of its own
    Run(run::Run),
    /// Run a gate that several agents share
    Serve(serve::Serve),
    /// Judge an agent's tool call: what its hook is started with
    Hook(hook::Hook),
    /// Say why: for agents, before people are asked about a call of theirs
    Reason(reason::Reason),
    /// Write agents' hook configuration, so that they ask before each tool call
    Install(install::Install),
    /// Show how the running gate is
    Status(serve::StatusArgs),
    /// List and answer calls that need a person
    Approvals(approvals::ApprovalsArgs),
    /// Show whether people are told about calls that wait, and try it
    Notify(notify::NotifyArgs),
    /// List, open and close sessions of the running gate
    Sessions(sessions::SessionsArgs),
    /// Show and accept changes of the configuration that the running gate has not taken up
    Changes(changes::ChangesArgs),
    /// Write a first configuration, with every setting and its default
    Init(init::Init),
    /// Search and follow the log
    Log(log::Log),
    /// Say what was stopped or would have been, by what it is, and how to keep or allow it
    Report(report::ReportArgs),
    /// Say what a request would do and what would be decided; nothing is sent
    Explain(explain::ExplainArgs),
    /// List operations of AWS with what they do, by id, AWS CLI command, CloudFormation or Terraform type
    Operations(operations::OperationsArgs),
    /// Play what agents have done to others against your rules and inventory; nothing is sent
    Gameday(gameday::Gameday),
    /// Write, check, test and look at rules
    Rules(rules::RulesArgs),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write the pages of all commands
    Man(man::Man),
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    // An agent waits for each of its hooks, and the description of all commands costs more than the answer.
    if let Some(hook) = hook::Hook::plain(std::env::args_os().skip(1)) {
        return ended(hook::run(&hook));
    }
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Demo(demo) => demo::run(&demo),
        Command::Run(run) => run::run(run),
        Command::Serve(args) => serve::run(&args),
        Command::Hook(args) => hook::run(&args),
        Command::Reason(args) => reason::run(&args),
        Command::Install(args) => install::run(&args),
        Command::Status(args) => serve::status(&args),
        Command::Approvals(args) => approvals::run(&args),
        Command::Notify(args) => notify::run(&args),
        Command::Sessions(args) => sessions::run(&args),
        Command::Changes(args) => changes::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Log(args) => show_log(&args),
        Command::Report(args) => report::run(&args),
        Command::Man(args) => finish(man::run(&args, Cli::command(), &mut out())),
        Command::Explain(mut args) => {
            let at = SystemClock.now();
            args.default_config(own_configuration);
            finish(explain::run(&args, at, io::stdin().lock(), &mut out(), &mut anstream::stderr()))
        }
        Command::Operations(args) => {
            finish(operations::run(&args, log::Screen::stdout().width, &mut out(), &mut anstream::stderr()))
        }
        Command::Gameday(mut args) => {
            args.default_config(own_configuration);
            let (at, width) = (SystemClock.now(), log::Screen::stdout().width);
            finish(gameday::run(&args, at, width, &mut out(), &mut anstream::stderr()))
        }
        Command::Rules(args) => finish(rules::run(&args, &mut out(), &mut anstream::stderr())),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "blastgate", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    };
    ended(result)
}

fn ended(result: Result<ExitCode, Failure>) -> ExitCode {
    result.unwrap_or_else(|failure| {
        anstream::eprintln!("{}error:{} {}", RED.render(), RED.render_reset(), said(&failure.error));
        ExitCode::from(failure.code)
    })
}

/// Standard output: colours only on a terminal, buffered.
fn out() -> io::BufWriter<anstream::AutoStream<io::StdoutLock<'static>>> {
    io::BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()))
}

/// The operator's own configuration folder, if there is one.
fn own_configuration() -> Option<std::path::PathBuf> {
    Places::of(None, |name| std::env::var_os(name)).ok().map(|places| places.file).filter(|path| path.exists())
}

fn show_log(args: &log::Log) -> Result<ExitCode, Failure> {
    let places = Places::of(args.config.as_deref(), |name| std::env::var_os(name)).map_err(Failure::usage)?;
    let places = app::located(places).map_err(Failure::usage)?;
    let now = SystemClock.now();
    log::run(args, &places.log(), now, &mut out(), log::Screen::stdout()).map_or_else(
        |error| match error.downcast::<io::Error>() {
            Ok(error) => finish(Err(error)),
            Err(error) => Err(Failure::usage(error)),
        },
        |code| Ok(ExitCode::from(code)),
    )
}

/// An error and its causes, each said once: most of ours name their cause themselves.
fn said(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        match (text.is_empty(), text.contains(&cause)) {
            (true, _) => cause,
            (false, true) => text,
            (false, false) => format!("{text}: {cause}"),
        }
    })
}

/// A reader that went away (`| head`) is no fault of ours.
fn finish(result: io::Result<u8>) -> Result<ExitCode, Failure> {
    match result {
        Ok(code) => Ok(ExitCode::from(code)),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Failure::fault(error)),
    }
}

/// `1 session`, `2 sessions`.
pub(crate) fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// A time for people: `2026-11-22 17:20:05 UTC`.
pub(crate) fn moment(at: crate::model::Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(..19).unwrap_or(&text).replace('T', " "))
}

const RED: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();

/// Why a command ended early, and the exit code that says so.
#[derive(Debug)]
pub(crate) struct Failure {
    error: anyhow::Error,
    code: u8,
}

impl Failure {
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { error: error.into(), code: EXIT_USAGE }
    }

    pub(crate) fn fault(error: impl Into<anyhow::Error>) -> Self {
        Self { error: error.into(), code: EXIT_FAULT }
    }
}
