//! `blastgate changes`: configuration that a running gate has not taken up.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failure, gate};
use crate::control::protocol::{Accept, Changes, FileChange};

/// Show and accept changes of the configuration that the running gate has not taken up
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate changes                        what differs from what the gate goes
                                           by
  blastgate changes accept c_0123456789abcdef

A running gate takes up by itself only what tightens: a rule file that was not
there, a stricter posture. Everything else waits, so that an agent that can
write the files cannot loosen its gate. Accepting needs the revision that was
shown: what is accepted is what was seen.")]
pub(crate) struct ChangesArgs {
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH", global = true)]
    config: Option<PathBuf>,
    /// One JSON object
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show what waits (the default)
    Show,
    /// Go by the configuration as it stands
    Accept {
        /// The revision that `changes show` named
        revision: String,
    },
}

pub(crate) fn run(args: &ChangesArgs) -> Result<ExitCode, Failure> {
    let config = args.config.as_deref();
    let accepted = matches!(args.command, Some(Command::Accept { .. }));
    let changes: Changes = match &args.command {
        None | Some(Command::Show) => gate::ask_shared(config, async |client| client.get("/v1/changes").await)?,
        Some(Command::Accept { revision }) => {
            let accept = Accept { revision: revision.clone() };
            gate::ask_shared(config, async |client| client.post("/v1/changes/accept", &accept).await)?
        }
    };
    if args.json {
        anstream::println!("{}", serde_json::to_string_pretty(&changes).map_err(Failure::fault)?);
    } else if accepted {
        anstream::println!("accepted: the gate goes by {} now", changes.revision);
        if changes.needs_restart {
            anstream::println!(
                "some of it takes effect when the gate is started anew: `blastgate serve --replace` takes over without \
                 refusing a connection"
            );
        }
    } else {
        anstream::print!("{}", told(&changes));
    }
    let is_wrong = changes.wrong.is_some();
    Ok(ExitCode::from(u8::from(is_wrong)))
}

/// Lines of a file that are shown; a person who wants more looks at the file.
const LINES_MAX: usize = 40;

fn told(changes: &Changes) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    if changes.files.is_empty() && changes.wrong.is_none() {
        return "Nothing waits: the gate goes by the configuration as it stands.\n".to_owned();
    }
    for FileChange { file, kind, taken, lines } in &changes.files {
        let state = match (taken, &changes.wrong) {
            (true, _) => "taken up: it only tightens",
            (false, None) => "waits",
            (false, Some(_)) => "does not count",
        };
        let _ = writeln!(out, "{file}  {kind}, {state}");
        for line in lines.iter().take(LINES_MAX) {
            let visible: String = line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            let _ = writeln!(out, "    {visible}");
        }
        if lines.len() > LINES_MAX {
            let _ = writeln!(out, "    … and {} more lines", lines.len() - LINES_MAX);
        }
    }
    match &changes.wrong {
        Some(wrong) => {
            let _ = writeln!(out, "\nIt does not load, so nothing of it counts:\n{wrong}");
        }
        None if changes.files.iter().any(|file| !file.taken) => {
            let _ = writeln!(out, "\nTo go by it: blastgate changes accept {}", changes.revision);
        }
        None => {}
    }
    out
}
