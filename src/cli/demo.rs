//! `blastgate demo`

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use crate::demo::screen::Screen;
use crate::demo::{DemoError, Scratch, Told, play};

/// See what it does: a story in a minute, without any account or network
#[derive(Debug, clap::Args)]
#[command(after_help = "A small cloud, an agent and the gate run in this process, on loopback. The gate, its rules and
its log are the real ones; nothing is left behind. Exits with 0 when every call was judged as the story says, else 1.")]
pub(crate) struct Demo {
    /// Do not pause for reading
    #[arg(long)]
    fast: bool,
}

/// For a pipe, and for a terminal that does not tell.
const WIDTH_DEFAULT: u16 = 80;

pub(crate) fn run(args: &Demo) -> Result<ExitCode, Failure> {
    let width = terminal_size::terminal_size_of(io::stdout()).map_or(WIDTH_DEFAULT, |(width, _)| width.0);
    let paced = io::stdout().is_terminal() && !args.fast;
    let mut screen = Screen::new(anstream::stdout(), width.into(), paced);
    let scratch = Scratch::create()
        .with_context(|| format!("cannot make a folder in `{}`", std::env::temp_dir().display()))
        .map_err(Failure::fault)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(Failure::fault)?;
    let ended = runtime.block_on(async {
        tokio::select! {
            told = play(&mut screen, scratch.path()) => told.map(Ok),
            code = interrupted() => code.map(Err).map_err(DemoError::Io),
        }
    });
    // The folder goes last: nothing may still write to it.
    runtime.shutdown_timeout(Duration::from_secs(2));
    drop(scratch);
    match ended {
        Ok(Ok(Told { surprises, .. })) => Ok(if surprises.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }),
        Ok(Err(code)) => Ok(ExitCode::from(code)),
        // Whoever read along has seen enough.
        Err(DemoError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Failure::fault(error)),
    }
}

/// Waits for a signal that ends the demo; gives its exit code.
async fn interrupted() -> io::Result<u8> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(tokio::select! {
        _ = interrupt.recv() => 128 + 2,
        _ = terminate.recv() => 128 + 15,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::Cli;
    use crate::demo::NEXT;

    #[test]
    fn what_it_recommends_exists() {
        for (command, _) in NEXT {
            if let Err(error) = Cli::try_parse_from(command.split(' ')) {
                assert_eq!(error.kind(), clap::error::ErrorKind::DisplayHelp, "{command}: {error}");
            }
        }
    }
}
