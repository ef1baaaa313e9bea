//! `blastgate run -- CMD…`

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::Failure;
use crate::app::{self, Options, Places};
use crate::sandbox;

/// Run a command (an agent) behind a private gate
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate run -- claude
  blastgate run --observe -- terraform apply
  blastgate run -- bash -c 'aws cloudformation describe-stacks && kubectl get pods'

The command's proxy, certificate and kubeconfig variables are set so that its calls come through the gate. Nothing is
printed while it runs. Exits with the command's own code (128 + n when signal n ended it).")]
pub(crate) struct Run {
    /// Decide and record, but stop nothing
    #[arg(long)]
    observe: bool,
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Do not print the summary at the end
    #[arg(short, long)]
    quiet: bool,
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
    let loaded = app::load(places).map_err(Failure::usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::fault)?;
    let program = args.command.first().map(Path::new).and_then(Path::file_name);
    let options = Options {
        observe: args.observe,
        command: program.map(|name| name.to_string_lossy().into_owned()),
        kubeconfigs: kubeconfigs(),
    };
    let gate = runtime.block_on(app::start(loaded, options)).map_err(Failure::fault)?;
    let variables = sandbox::variables(gate.address.port(), &gate.trust, gate.kubeconfig.clone(), std::env::vars_os());
    let ended = runtime.block_on(sandbox::run_child(&args.command, variables));
    // What the command left running loses its connections here, and the log says so.
    runtime.shutdown_timeout(SHUTDOWN_TIME_MAX);
    let (session, mut warnings) = (gate.session, gate.warnings.clone());
    if has_own_proxy() {
        warnings.push("HTTPS_PROXY was set, and is not used: the gate connects directly".to_owned());
    }
    let tally = gate.close();
    match ended {
        Ok(code) => {
            if !args.quiet {
                let width = terminal_size::terminal_size_of(std::io::stderr()).map(|(width, _)| usize::from(width.0));
                anstream::eprint!("{}", app::summary(&tally, session, args.observe, width));
                for warning in warnings {
                    anstream::eprintln!("  warning: {warning}");
                }
            }
            Ok(ExitCode::from(code))
        }
        Err(error) => {
            let code = error.exit_code();
            Err(Failure { code, ..Failure::fault(error) })
        }
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

/// Whether the operator's own environment names a proxy.
fn has_own_proxy() -> bool {
    ["HTTPS_PROXY", "https_proxy"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The operator's kubeconfig files: `KUBECONFIG`, else the one in the home folder.
fn kubeconfigs() -> Vec<PathBuf> {
    match std::env::var_os("KUBECONFIG").filter(|list| !list.is_empty()) {
        Some(list) => std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => std::env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect(),
    }
}
