//! `blastgate sessions`: who comes through the shared gate.

use std::path::PathBuf;
use std::process::ExitCode;

use super::declared::Declaring;
use super::{Failure, gate};
use crate::control::protocol::{Hold, OpenSession, OpenedSession, SessionStatus};
use crate::memory::Remembered;

/// List, open and close sessions of the running gate
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate sessions                        who is there
  blastgate sessions open --agent ci        prints the variables that bring a
                                            client to the gate
  blastgate sessions open --agent ci --task 'CHG-42: new checkout' \\
      --boundary account=111122223333 --boundary region=eu-west-1
  blastgate sessions quarantine s_… --reason 'looks at it: ada'
  blastgate sessions release s_… --reason 'was the migration of CHG-42'
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
        #[command(flatten)]
        declaring: Declaring,
    },
    /// Let a session read and nothing else, until it is released: whatever it would change waits for people
    Quarantine {
        /// Its id
        session: String,
        /// Why; stands in the log, and the agent is told
        #[arg(long)]
        reason: String,
    },
    /// Let a session out of quarantine
    Release {
        /// Its id
        session: String,
        /// Why; stands in the log
        #[arg(long)]
        reason: String,
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
                    anstream::print!("{}", told(&one.remembered));
                }
            }
        }
        Some(Command::Quarantine { session, reason }) => held(args, session, (true, reason))?,
        Some(Command::Release { session, reason }) => held(args, session, (false, reason))?,
        Some(Command::Open { agent, declaring }) => {
            let (agent, declared) = (agent.clone(), declaring.checked()?);
            let ask = OpenSession { config: None, agent, kubeconfigs: Vec::new(), until_exit: false, declared };
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

/// Puts a session into quarantine or releases it, at whichever gate it goes through.
fn held(args: &SessionsArgs, session: &str, (quarantined, reason): (bool, &str)) -> Result<(), Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::usage(anyhow::anyhow!("say why, with `--reason`")));
    }
    let path = format!("/v1/sessions/{session}/quarantine");
    let hold = Hold { quarantined, reason: reason.trim().to_owned() };
    let remembered: Remembered =
        gate::ask_each(args.config.as_deref(), async |client| client.post(&path, &hold).await)?;
    if args.json {
        anstream::println!("{}", serde_json::to_string_pretty(&remembered).map_err(Failure::fault)?);
    } else if quarantined {
        anstream::println!(
            "{session} may only read from now on; `blastgate sessions release {session} --reason …` ends that"
        );
    } else {
        anstream::println!("{session} is released");
    }
    Ok(())
}

/// What is remembered of a session, below its line.
fn told(remembered: &Remembered) -> String {
    let Remembered { declared, landed, quarantine } = remembered;
    let boundary = declared.boundary.to_string();
    let lines = [
        ("task", declared.task.clone().unwrap_or_default()),
        ("stays within", boundary.clone()),
        ("changed so far in", if boundary.is_empty() { landed.clone() } else { String::new() }),
        ("QUARANTINE", quarantine.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    let told = lines.into_iter().filter(|(_, text)| !text.is_empty());
    told.map(|(name, text)| format!("    {name}: {}\n", crate::decide::visible(&text, 400))).collect()
}
