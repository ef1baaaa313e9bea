//! `blastgate log`: what was asked of the gate, what it answered, and how that ended.

mod list;
mod session;
mod show;
#[cfg(test)]
mod tests;

pub(super) use show::find;

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::model::Timestamp;
use crate::record::query::{Filter, FilterError, parse_time};

/// Show what was decided
#[derive(Args, Clone, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Filters (all keys must hold; of values behind one key, one is enough; `*` is any text):
  decision:deny,escalate  disposition:refused  impact:destroy  scope:environment  hazard:data-loss
  env:prod  op:aws:cloudformation:*  rule:aws/*  resource:*shop*  account:  region:  cluster:  host:
  agent:claude  person:  session:s_…  door:http  evidence:observed  outcome:broken,none  id:d_…
  since:7d  until:2026-11-22T06:00  \"any text\"

Examples:
  blastgate log                                  the last decisions
  blastgate log decision:deny env:prod since:7d  what was denied in production this week
  blastgate log outcome:none                     let through, with no outcome on record
  blastgate log -f impact:destroy                watch what would destroy something
  blastgate log --all --json > decisions.jsonl   everything, for other programs
  blastgate log show d_01KAN…                    one decision in full

Times are UTC."
)]
pub(super) struct Log {
    #[command(subcommand)]
    command: Option<LogCommand>,
    /// Which decisions: `key:value`, or any text
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    /// Only what came since then: 30m, 2h, 7d, a date, a date with a time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most so many, the latest
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50, conflicts_with = "all")]
    last: usize,
    /// All of them
    #[arg(long)]
    all: bool,
    /// One JSON object a line: the record as it stands, with its log, its sequence and its outcome
    #[arg(long)]
    json: bool,
    /// Go on with what comes
    #[arg(short, long)]
    follow: bool,
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH")]
    pub config: Option<std::path::PathBuf>,
}

#[derive(Subcommand, Clone, Debug)]
enum LogCommand {
    /// Show one decision in full
    Show {
        /// Its id, d_…, or the end of it
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// What the output is for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Screen {
    /// Columns of a terminal; `None` for a file or a pipe, where nothing is shortened.
    pub width: Option<usize>,
    /// Whether colours may be used.
    pub colour: bool,
}

impl Screen {
    /// The standard output, as it is.
    #[must_use]
    pub(super) fn stdout() -> Self {
        let width = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
        Self { width, colour: anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never }
    }

    /// A writer that takes styled text and leaves the styles out where there is no colour.
    fn writer<'a>(self, out: &'a mut dyn Write) -> Box<dyn Write + 'a> {
        if self.colour { Box::new(out) } else { Box::new(Plain(anstream::adapter::StripBytes::new(), out)) }
    }
}

/// Leaves escape sequences out.
struct Plain<'a>(anstream::adapter::StripBytes, &'a mut dyn Write);

impl Write for Plain<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for part in self.0.strip_next(bytes) {
            self.1.write_all(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.1.flush()
    }
}

/// Runs the command on the logs in `folder`; the exit code: 0 done, 1 no such decision or damage found, 2 a filter that
/// cannot be understood (said on standard error).
///
/// # Errors
/// The log cannot be read, or the output not be written.
pub(super) fn run(
    args: &Log,
    folder: &Path,
    now: Timestamp,
    out: &mut dyn Write,
    screen: Screen,
) -> anyhow::Result<u8> {
    if !folder.exists() {
        writeln!(out, "there is no log in `{}` yet", folder.display())?;
        return Ok(u8::from(args.command.is_some()));
    }
    let mut styled = screen.writer(out);
    if let Some(LogCommand::Show { id, json }) = &args.command {
        return show::show(id, folder, *json, &mut styled);
    }
    let filter = match args.filter(now) {
        Ok(filter) => filter,
        Err(error) => {
            anstream::eprintln!("error: {error}\n\n`blastgate log --help` lists the keys");
            return Ok(2);
        }
    };
    let listed = list::list(args, &filter, folder, &mut styled, screen);
    match listed {
        // Whoever reads has seen enough (`| head`).
        Err(error) if is_broken_pipe(&error) => Ok(0),
        other => other.context("the log cannot be shown"),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

impl Log {
    fn filter(&self, now: Timestamp) -> Result<Filter, FilterError> {
        let mut filter = Filter::parse(&self.filter, now)?;
        if let Some(since) = &self.since {
            filter.set_since(parse_time(since, now).ok_or_else(|| FilterError::Value {
                key: "--since",
                value: since.clone(),
                suggestion: ": `30m`, `7d`, `2026-11-22` and `2026-11-22T06:00` are".to_owned(),
            })?);
        }
        Ok(filter)
    }
}
