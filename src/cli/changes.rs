//! `blastgate changes`: configuration that a running gate has not taken up.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failure, gate, moment};
use crate::approvals::{State, View};
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
shown: what is accepted is what was seen.

Where the people.yaml that counts lists keys, accepting asks people: it names a
request (a_…) that they answer with `blastgate approvals`. Once enough of them
have approved, the gate goes by exactly these files, by itself. Whoever wrote
them cannot approve. Exits with 1 while people are waited for.")]
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
    /// Go by the configuration as it stands, or ask people to approve that
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
    } else if accepted && waits(&changes) {
        anstream::print!("{}", asked(&changes));
    } else if accepted {
        anstream::println!("accepted: the gate goes by {} now", changes.revision);
        if let Some(request) = &changes.approval {
            anstream::println!("approved by {} ({})", request.voters.join(", "), request.id);
        }
        if changes.needs_restart {
            anstream::println!(
                "some of it takes effect when the gate is started anew: `blastgate serve --replace` takes over without \
                 refusing a connection"
            );
        }
    } else {
        anstream::print!("{}", told(&changes));
    }
    let is_wrong = changes.wrong.is_some() || accepted && waits(&changes);
    Ok(ExitCode::from(u8::from(is_wrong)))
}

fn waits(changes: &Changes) -> bool {
    changes.files.iter().any(|file| !file.taken)
}

/// Whom it waits for, and how they answer.
fn asked(changes: &Changes) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    let Some(request) = &changes.approval else { return out };
    let View { id, who, state, voters, missing, until, .. } = &**request;
    if *state != State::Pending {
        let _ = writeln!(out, "{id} is {state}: look again with `blastgate changes`");
        return out;
    }
    let _ = writeln!(out, "{id} waits until {} for {who}", moment(*until));
    if !voters.is_empty() {
        let _ = writeln!(out, "  approved by {}; still needed: {}", voters.join(", "), missing.join("; "));
    }
    match changes.able.is_empty() {
        true => {
            let _ = writeln!(
                out,
                "  nobody can: whoever wrote it does not count, and nobody else whom people.yaml lists has the key and the\n  \
                 role; see \"Changes of the gate itself\" in docs/approvals.md"
            );
        }
        false => {
            let _ = writeln!(out, "  who can: {}", changes.able.join(", "));
        }
    }
    let _ = writeln!(
        out,
        "  the gate then goes by it by itself; if the files change meanwhile, it must be asked again\n\
         → blastgate approvals show|approve|deny {id}"
    );
    out
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
            let _ = match &changes.approval {
                Some(_) => write!(out, "\n{}", asked(changes)),
                None => writeln!(out, "\nTo go by it: blastgate changes accept {}", changes.revision),
            };
        }
        None => {}
    }
    out
}
