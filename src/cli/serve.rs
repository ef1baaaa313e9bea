//! `blastgate serve` and `blastgate status`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::{Failure, gate};
use crate::app::{self, Ended, Places, ServeOptions, SharedGate};
use crate::control::protocol::{GateKind, Status};
use crate::sandbox;

/// Run a gate that several agents share
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate serve                     listen where config.yaml says (default:
                                      127.0.0.1:7878)
  blastgate serve --replace           take over from the gate that runs, without
                                      refusing a connection
  blastgate run -- claude             joins the gate that runs

Signals: TERM and INT end it when its connections have ended (a second one ends
it at once); HUP looks at the configuration. What only tightens (a new rule, a
stricter posture) is taken up by itself; everything else waits for `blastgate
changes accept`.")]
pub(crate) struct Serve {
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Take over the listeners of the gate that runs
    #[arg(long)]
    replace: bool,
    /// Go by the configuration as it stands, whatever was accepted before
    #[arg(long)]
    accept: bool,
    /// How long open connections may go on after the end was asked for
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = crate::config::duration)]
    drain: Duration,
}

/// For tasks that outlive their connections.
const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(1);

pub(crate) fn run(args: &Serve) -> Result<ExitCode, Failure> {
    if let Some(outer) = sandbox::outer_gate() {
        let why = anyhow::anyhow!("this runs behind the gate of process {outer}, which goes on deciding");
        return Err(Failure { error: why, code: 3 });
    }
    let places = Places::of(args.config.as_deref(), |name| std::env::var_os(name)).map_err(Failure::usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::fault)?;
    sandbox::raise_file_limit();
    let options = ServeOptions { replace: args.replace, accept: args.accept, drain: args.drain };
    let gate = runtime.block_on(app::serve(places, gate::runtime_folder(), options)).map_err(start_failure)?;
    for listener in &gate.listeners {
        let upstream = listener.upstream.as_ref().map(|upstream| format!(" → {upstream}")).unwrap_or_default();
        anstream::eprintln!("blastgate: {} on {}{upstream}", listener.name, listener.at);
    }
    for warning in &gate.warnings {
        anstream::eprintln!("blastgate: warning: {warning}");
    }
    if gate.changes > 0 {
        anstream::eprintln!(
            "blastgate: {} changed since it was accepted, and waits: `blastgate changes`",
            super::count(gate.changes as u64, "configuration file")
        );
    }
    let closing = gate.closing();
    let ended = runtime.block_on(gate.until_end());
    runtime.shutdown_timeout(SHUTDOWN_TIME_MAX);
    SharedGate::close(closing);
    match ended.map_err(Failure::fault)? {
        Ended::Stopped => anstream::eprintln!("blastgate: stopped"),
        Ended::Replaced => anstream::eprintln!("blastgate: replaced by another gate"),
    }
    Ok(ExitCode::SUCCESS)
}

/// A configuration that does not load, and a listener that is taken, are for the operator to mend.
fn start_failure(error: app::StartError) -> Failure {
    match error {
        app::StartError::Load(_) | app::StartError::Running(_) | app::StartError::Socket(_) => Failure::usage(error),
        other => Failure::fault(other),
    }
}

/// Show how the running gate is
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate status
  blastgate status --json | jq .approvals

Exits with 0 when a gate answers and nothing is wrong with it, 1 when something
is, 2 when none answers.")]
pub(crate) struct StatusArgs {
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn status(args: &StatusArgs) -> Result<ExitCode, Failure> {
    let status: Status = gate::ask(args.config.as_deref(), async |client| client.get("/v1/status").await)?;
    if args.json {
        anstream::println!("{}", serde_json::to_string_pretty(&status).map_err(Failure::fault)?);
    } else {
        anstream::print!("{}", told(&status));
    }
    Ok(ExitCode::from(u8::from(!status.troubles.is_empty())))
}

fn told(status: &Status) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    let kind = match status.kind {
        GateKind::Shared => "shared gate",
        GateKind::Private => "private gate of a run",
    };
    let draining = if status.draining { " · draining" } else { "" };
    let _ = writeln!(
        out,
        "blastgate {} · {kind} · process {} · since {}{draining}",
        status.version,
        status.pid,
        super::moment(status.since)
    );
    let _ = writeln!(out, "  posture    {} · rules {}", status.posture, status.revision);
    let width = status.listeners.iter().map(|one| one.name.len()).max().unwrap_or(0);
    for (index, one) in status.listeners.iter().enumerate() {
        let label = if index == 0 { "listeners" } else { "" };
        let upstream = one.upstream.as_ref().map(|upstream| format!(" → {upstream}")).unwrap_or_default();
        let _ = writeln!(out, "  {label:<10} {:<width$}  {}{upstream}", one.name, one.at);
    }
    let _ = writeln!(
        out,
        "  now        {} · {} · {} waiting · {} waiting",
        super::count(status.connections as u64, "connection"),
        super::count(status.sessions as u64, "session"),
        super::count(status.approvals as u64, "approval"),
        super::count(status.changes as u64, "change"),
    );
    let total: u64 = status.requests.values().sum::<u64>() + status.rejected;
    let mut parts: Vec<String> = status.requests.iter().map(|(what, n)| format!("{n} {what}")).collect();
    if status.rejected > 0 {
        parts.push(format!("{} unreadable", status.rejected));
    }
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let _ = writeln!(out, "  requests   {total}{parts}");
    let _ = writeln!(out, "  log        {}", status.log.display());
    for trouble in &status.troubles {
        let _ = writeln!(out, "  trouble    {}", trouble.replace('\n', "\n             "));
    }
    if status.approvals > 0 {
        let _ = writeln!(out, "  → blastgate approvals");
    }
    if status.changes > 0 {
        let _ = writeln!(out, "  → blastgate changes");
    }
    out
}
