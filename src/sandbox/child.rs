//! Runs the agent's command: its terminal, its signals, its exit code.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The command could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// There is no such program.
    #[error("`{program}` was not found")]
    NotFound {
        /// As it was asked for.
        program: String,
    },
    /// It may not be run.
    #[error("`{program}` cannot be run: {source}")]
    Start {
        /// As it was asked for.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// The system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ChildError {
    /// What a shell would exit with.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NotFound { .. } => 127,
            Self::Start { .. } => 126,
            Self::Io(_) => 4,
        }
    }
}

/// Runs `command` to its end and answers its exit code; 128 + n for signal n.
///
/// The terminal's own signals (interrupt, quit) reach the child by themselves, since it shares our process group; we only
/// must not die of them before it does. Termination and hang-up are handed on.
///
/// # Errors
/// It cannot be started.
pub async fn run_child(command: &[OsString], variables: Vec<(OsString, Option<OsString>)>) -> Result<u8, ChildError> {
    let (program, arguments) = command.split_first().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut child = Command::new(program);
    child.args(arguments);
    for (name, value) in variables {
        match value {
            Some(value) => child.env(name, value),
            None => child.env_remove(name),
        };
    }
    let mut signals = Signals::new()?;
    // SECURITY: what the command leaves behind (a double fork, `setsid`, `nohup`) stays below us and is known as ours.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let mut ended = signal(SignalKind::child())?;
    let name = program.to_string_lossy().into_owned();
    let mut child = child.spawn().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ChildError::NotFound { program: name },
        _ => ChildError::Start { program: name, source },
    })?;
    // A gate holds two sockets for each of its clients'. Raised only now, so that the command keeps the limit it had.
    raise_file_limit();
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            signal = signals.next() => hand_on(&child, signal),
            _ = ended.recv() => reap_others(child.id()),
        }
    };
    Ok(code(status))
}

/// Takes note of the end of processes that the command left behind; the command itself is waited for elsewhere.
fn reap_others(command: Option<u32>) {
    let own = super::own::own();
    let children = super::nested::children_of(std::process::id());
    for pid in children.into_iter().filter(|pid| Some(*pid) != command && !own.contains(pid)) {
        let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
        let _ = rustix::process::waitpid(pid, rustix::process::WaitOptions::NOHANG);
    }
}

/// Handlers for the signals that are not ignored: `nohup` and `trap ''` hold for the child too.
struct Signals {
    interrupt: Option<Signal>,
    quit: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let ignored = ignored_signals();
        let handler = |kind: SignalKind| {
            let bit = u32::try_from(kind.as_raw_value() - 1).unwrap_or(63);
            if ignored & (1 << bit) == 0 { signal(kind).map(Some) } else { Ok(None) }
        };
        Ok(Self {
            interrupt: handler(SignalKind::interrupt())?,
            quit: handler(SignalKind::quit())?,
            terminate: handler(SignalKind::terminate())?,
            hangup: handler(SignalKind::hangup())?,
        })
    }

    /// The next signal that the child does not get by itself.
    async fn next(&mut self) -> rustix::process::Signal {
        loop {
            tokio::select! {
                () = received(&mut self.interrupt) => {}
                () = received(&mut self.quit) => {}
                () = received(&mut self.terminate) => return rustix::process::Signal::TERM,
                () = received(&mut self.hangup) => return rustix::process::Signal::HUP,
            }
        }
    }
}

/// Raises our own limit of open files as far as it goes.
pub fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// The mask of signals that whoever started us had ignored (`SigIgn` in proc(5), status).
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn hand_on(child: &Child, signal: rustix::process::Signal) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(255)
}
