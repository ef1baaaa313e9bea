//! `blastgate sessions`: who comes through the shared gate.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failure, gate};
use crate::control::protocol::{OpenSession, OpenedSession, SessionStatus};

/// List, open and close sessions of the running gate
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate sessions                        who is there
  blastgate sessions open --agent ci        prints the variables that bring a
                                            client to the gate
  blastgate sessions close s_…

A session's token names it, and gives no right to approve anything.")]
pub(crate) struct SessionsArgs {
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
    /// Show open sessions (the default)
    List,
    /// Open a session for an agent that `run` does not start
    Open {
        /// The agent's name in the log
        #[arg(long, value_name = "NAME")]
        agent: Option<String>,
    },
    /// End a session: its credentials are nobody's from now on
    Close {
        /// Its id
        session: String,
    },
}

pub(crate) fn run(args: &SessionsArgs) -> Result<ExitCode, Failure> {
    let config = args.config.as_deref();
    match &args.command {
        None | Some(Command::List) => {
            let sessions: Vec<SessionStatus> =
                gate::ask_shared(config, async |client| client.get("/v1/sessions").await)?;
            if args.json {
                anstream::println!("{}", serde_json::to_string_pretty(&sessions).map_err(Failure::fault)?);
            } else if sessions.is_empty() {
                anstream::println!("No session is open.");
            } else {
                for one in sessions {
                    let (agent, person) = (one.agent.unwrap_or_default(), one.person.unwrap_or_default());
                    anstream::println!("{}  {}  {agent:<16} {person}", one.session, super::moment(one.since));
                }
            }
        }
        Some(Command::Open { agent }) => {
            let ask = OpenSession { config: None, agent: agent.clone(), kubeconfigs: Vec::new(), until_exit: false };
            let opened: OpenedSession =
                gate::ask_shared(config, async |client| client.post("/v1/sessions", &ask).await)?;
            if args.json {
                anstream::println!("{}", serde_json::to_string_pretty(&opened).map_err(Failure::fault)?);
            } else {
                anstream::println!("# session {}: give these to the agent, and to nobody else", opened.session);
                anstream::println!("export HTTPS_PROXY=http://{}@{}", opened.credentials, opened.proxy);
                anstream::println!("export HTTP_PROXY=$HTTPS_PROXY https_proxy=$HTTPS_PROXY http_proxy=$HTTPS_PROXY");
                anstream::println!("unset NO_PROXY no_proxy");
                let ca = gate::state(config)?.join("ca/ca.pem");
                anstream::println!("# its clients must trust {} beside their own roots,", ca.display());
                anstream::println!("# curl for one: --cacert FILE; `blastgate run -- CMD` sets all of this by itself");
            }
        }
        Some(Command::Close { session }) => {
            let path = format!("/v1/sessions/{session}/close");
            let empty = serde_json::json!({});
            let _: serde_json::Value = gate::ask_shared(config, async |client| client.post(&path, &empty).await)?;
            anstream::println!("closed {session}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
