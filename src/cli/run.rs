//! `blastgate run -- CMD…`

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::declared::Declaring;
use super::{Failure, gate};
use crate::app::{self, JoinedGate, Options, Places};
use crate::control::protocol::OpenSession;
use crate::enforce::Tally;
use crate::model::SessionId;
use crate::sandbox::{self, ChildError, Proxy};

/// Run a command (an agent) behind the running gate, or behind one of its own
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate run -- claude
  blastgate run --observe -- terraform apply
  blastgate run --task 'CHG-42' --boundary account=111122223333 -- claude
  blastgate run -- bash -c 'aws cloudformation describe-stacks && kubectl get pods'

The command's proxy, certificate and kubeconfig variables are set so that its
calls come through the gate. Nothing is printed while it runs. A gate of
`blastgate serve` is joined where one runs, else the command gets a private one.
Exits with the command's own code (128 + n when signal n ended it).")]
pub(crate) struct Run {
    /// Decide and record, but stop nothing
    #[arg(long)]
    observe: bool,
    /// Start a gate of its own even where a shared one runs
    #[arg(long)]
    private: bool,
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Do not print the summary at the end
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    declaring: Declaring,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// For connections that outlive the command.
const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(1);

pub(crate) fn run(args: Run) -> Result<ExitCode, Failure> {
    if let Some(outer) = sandbox::outer_gate() {
        return join(&args, outer);
    }
    let places = Places::of(args.config.as_deref(), |name| std::env::var_os(name)).map_err(Failure::usage)?;
    let declared = args.declaring.checked()?;
    let keeps = kept_back(&places);
    let directory = std::env::current_dir().map_err(Failure::fault)?;
    let loaded = app::load_for_work(places, &directory).map_err(Failure::usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::fault)?;
    if !args.observe && !args.private {
        let socket =
            app::control_socket(&loaded.setup.config.listen, &loaded.places, gate::runtime_folder().as_deref());
        let ask = OpenSession {
            config: Some(loaded.places.config.clone()),
            agent: agent(&args),
            kubeconfigs: kubeconfigs(),
            until_exit: true,
            declared: declared.clone(),
        };
        if let Some(joined) = runtime.block_on(app::join(&socket, &loaded.places, ask)).map_err(Failure::fault)? {
            return behind_shared(&args, &runtime, joined, keeps);
        }
    }
    let options = Options { observe: args.observe, command: agent(&args), kubeconfigs: kubeconfigs(), declared };
    let gate = runtime.block_on(app::start(loaded, options)).map_err(Failure::fault)?;
    let proxy = Proxy { address: gate.address, credentials: None };
    let mut variables = sandbox::variables(&proxy, &gate.trust, gate.kubeconfig.clone(), std::env::vars_os());
    variables.extend(keeps);
    let ended = runtime.block_on(sandbox::run_child(&args.command, variables));
    runtime.block_on(gate.settle());
    // What the command left running loses its connections here, and the log says so.
    runtime.shutdown_timeout(SHUTDOWN_TIME_MAX);
    let (session, warnings) = (gate.session, gate.warnings.clone());
    let tally = gate.close();
    finish(&args, ended, || tell(&tally, session, args.observe, &warnings))
}

/// A variable to set, or to remove.
type Variable = (OsString, Option<OsString>);

/// SECURITY: an SSH agent that holds a key of `people.yaml` signs answers for whoever reaches it, so what is started here
/// is not told of it. Keys in hardware ask for a touch; those stay.
fn kept_back(places: &Places) -> Option<Variable> {
    const SOCKET: &str = "SSH_AUTH_SOCK";
    let socket = std::env::var_os(SOCKET).filter(|socket| !socket.is_empty())?;
    // A file that does not load is told of by whoever needs it.
    let (_, _, people) = app::standing(places.clone()).ok().filter(|(_, _, people)| people.has_keys())?;
    let whose = match sandbox::signers(Path::new(&socket), &people) {
        Ok(names) if names.is_empty() => return None,
        Ok(names) => format!("it holds a key that answers approvals ({})", names.join(", ")),
        // What a session of long ago left in the environment.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return None,
        Err(error) => format!("it cannot be told whether it holds a key that answers approvals: {error}"),
    };
    anstream::eprintln!(
        "blastgate: {SOCKET} is not passed on: {whose}. Keep such keys in hardware, or in another agent."
    );
    Some((SOCKET.into(), None))
}

/// Runs the command in a session of the shared gate.
fn behind_shared(
    args: &Run,
    runtime: &Runtime,
    joined: JoinedGate,
    keeps: Option<Variable>,
) -> Result<ExitCode, Failure> {
    let kubeconfig = joined.kubeconfig.clone();
    let mut variables = sandbox::variables(&joined.proxy, &joined.trust, kubeconfig, std::env::vars_os());
    variables.extend(keeps);
    let ended = runtime.block_on(sandbox::run_child(&args.command, variables));
    let (session, observing, warnings) = (joined.session, joined.observing, joined.warnings.clone());
    match runtime.block_on(joined.close()) {
        Ok(tally) => finish(args, ended, || tell(&tally, session, observing, &warnings)),
        Err(error) => finish(args, ended, || {
            anstream::eprintln!("blastgate: the gate cannot say what went through it: {error}");
            anstream::eprintln!("  every call  blastgate log session:{session}");
        }),
    }
}

/// The command's name, without its arguments: they may hold secrets.
fn agent(args: &Run) -> Option<String> {
    let program = args.command.first().map(Path::new).and_then(Path::file_name);
    program.map(|name| name.to_string_lossy().into_owned())
}

fn finish(args: &Run, ended: Result<u8, ChildError>, tell: impl FnOnce()) -> Result<ExitCode, Failure> {
    match ended {
        Ok(code) => {
            if !args.quiet {
                tell();
            }
            Ok(ExitCode::from(code))
        }
        Err(error) => {
            let code = error.exit_code();
            Err(Failure { code, ..Failure::fault(error) })
        }
    }
}

fn tell(tally: &Tally, session: SessionId, observing: bool, warnings: &[String]) {
    let width = terminal_size::terminal_size_of(std::io::stderr()).map(|(width, _)| usize::from(width.0));
    anstream::eprint!("{}", app::summary(tally, session, observing, width));
    for warning in warnings {
        anstream::eprintln!("  warning: {warning}");
    }
}

/// Behind a gate already: the command runs under that one, and nothing here loosens what it decides.
fn join(args: &Run, outer: u32) -> Result<ExitCode, Failure> {
    if !args.quiet {
        anstream::eprintln!("blastgate: already behind the gate of process {outer}, which goes on deciding.");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::fault)?;
    match runtime.block_on(sandbox::run_child(&args.command, Vec::new())) {
        Ok(code) => Ok(ExitCode::from(code)),
        Err(error) => {
            let code = error.exit_code();
            Err(Failure { code, ..Failure::fault(error) })
        }
    }
}

/// The operator's kubeconfig files: `KUBECONFIG`, else the one in the home folder.
fn kubeconfigs() -> Vec<PathBuf> {
    match std::env::var_os("KUBECONFIG").filter(|list| !list.is_empty()) {
        Some(list) => std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => std::env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect(),
    }
}
