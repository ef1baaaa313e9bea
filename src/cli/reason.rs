//! `blastgate reason`: what an agent says about what it will do next.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;

use super::hook::{Answering, answering, credentials};
use super::{Failure, gate};
use crate::app::{self, Places};
use crate::control::ClientError;
use crate::control::protocol::{Heard, Saying};
use crate::model::{DecisionId, Obligation, Said};
use crate::sandbox;

/// Say why, for the people who are asked about this session's next calls
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate reason 'the old stack is empty since May' --ticket CHG-42
  blastgate reason --rollback-plan 'restore snapshot snap-1; takes 20 minutes'
  blastgate reason --show                 what counts as said
  blastgate reason 'end of the trial' --for d_01KAN…

For agents: a rule may ask for a reason, a ticket or a rollback plan before it
asks people. What is said here holds for this session's calls of the next 30
minutes that say nothing themselves; what is said later takes its place, thing
by thing. People see it as the agent's words: nobody checks them, and they let
nothing pass.

The session is that of the `run` above, or of the proxy's credentials. An agent
that only asks its hook names the refused call with --for.

Exits with 1 when it cannot be told whose session this is, 2 when nothing is
said, 3 when the gate says no.")]
pub(crate) struct Reason {
    /// Why
    text: Vec<String>,
    /// The change ticket
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// How it would be undone
    #[arg(long, value_name = "TEXT")]
    rollback_plan: Option<String>,
    /// Only show what counts as said
    #[arg(long, conflicts_with_all = ["text", "ticket", "rollback_plan"])]
    show: bool,
    /// The refused call that it is about, as the refusal named it, where only a hook asks
    #[arg(long = "for", value_name = "DECISION")]
    decision: Option<DecisionId>,
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// A gate answers at once, or not at all.
const TIME_MAX: Duration = Duration::from_secs(10);

pub(crate) fn run(args: &Reason) -> Result<ExitCode, Failure> {
    let mut said = Said::default();
    said.say(&Obligation::Reason, &args.text.join(" "));
    said.say(&Obligation::Ticket, args.ticket.as_deref().unwrap_or_default());
    said.say(&Obligation::RollbackPlan, args.rollback_plan.as_deref().unwrap_or_default());
    if said.is_empty() && !args.show {
        return Err(Failure::usage(anyhow!("say something, or look at what was said with `--show`")));
    }
    // As the hook does: the agent's environment says nothing about how it is judged.
    let variable = |name: &str| if name.starts_with("BLASTGATE_") { None } else { std::env::var_os(name) };
    let places = Places::of(args.config.as_deref(), variable).map_err(Failure::usage)?;
    let saying = Saying { said, decision: args.decision, ..Saying::default() };
    let heard = heard(&places, saying)?;
    if args.json {
        anstream::println!("{}", serde_json::to_string_pretty(&heard).map_err(Failure::fault)?);
    } else {
        anstream::print!("{}", words(&heard, args.show));
    }
    Ok(ExitCode::SUCCESS)
}

fn heard(places: &Places, mut saying: Saying) -> Result<Heard, Failure> {
    let outer = sandbox::outer_gate();
    let runtime = gate::runtime()?;
    let mut other = None;
    for Answering { client, stream, run } in answering(places, outer) {
        saying.credentials = if run.is_some() { None } else { credentials() };
        saying.config = outer.is_none().then(|| places.config.clone());
        let asked = async { tokio::time::timeout(TIME_MAX, client.post_on(stream, "/v1/said", &saying)).await };
        match runtime.block_on(asked) {
            Ok(Ok(heard)) => return Ok(heard),
            // One with another configuration, perhaps: the next may know.
            Ok(Err(error)) => other = other.or(Some(error)),
            Err(_) => other = other.or(Some(ClientError::Refused("the gate does not answer in 10 s".to_owned()))),
        }
    }
    if let Some(error) = other {
        return Err(gate::failure(error));
    }
    if outer.is_some() {
        return Err(gate::failure(ClientError::Unknown("the gate of this `run` does not answer".to_owned())));
    }
    let (places, config, _) = app::standing(places.clone()).map_err(|wrong| Failure::usage(anyhow!(wrong)))?;
    app::hear_alone(&places, config, &saying).map_err(gate::refused)
}

fn words(heard: &Heard, shows: bool) -> String {
    let Said { reason, ticket, rollback_plan } = &heard.said;
    let said = [("reason", reason), ("ticket", ticket), ("rollback plan", rollback_plan)];
    let lines: Vec<String> =
        said.into_iter().filter_map(|(name, text)| Some(format!("  {name:<14} {}\n", text.as_deref()?))).collect();
    if lines.is_empty() {
        return format!("Session {} has said nothing that counts still.\n", heard.session);
    }
    let next = if shows { "" } else { "Repeat the call: people see this as your words, which nobody has checked.\n" };
    format!("Session {} says, for its calls of 30 minutes:\n{}{next}", heard.session, lines.concat())
}
