//! A gate of `blastgate serve`, the operator's commands beside it, and an agent's shell behind it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;

use super::child::{self, Ended};
use super::stage::Stage;
use super::{PATIENCE, eventually};

/// A port that nobody listens on now, below those that the system gives to outgoing connections.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Several test processes may run at once: each begins elsewhere.
    let base = u16::try_from(std::process::id() % 110).unwrap() * 100;
    (0..12_000)
        .map(|_| 20_000 + (base + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// Credentials of a session that the operator opened.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) session: String,
    /// `SESSION:TOKEN`.
    pub(crate) credentials: String,
    /// The proxy's URL with them.
    pub(crate) proxy: String,
}

/// A running `blastgate serve`.
pub(crate) struct SharedGate {
    process: Child,
    pub(crate) proxy: SocketAddr,
    pub(crate) api: SocketAddr,
}

/// Where a stage's shared gate listens.
pub(crate) struct Ports {
    pub(crate) proxy: SocketAddr,
    pub(crate) api: SocketAddr,
}

/// Gives the stage a shared gate's listeners; `more` are further lines below `listen:`.
pub(crate) fn listen(stage: &mut Stage, more: &str) -> Ports {
    let at = || SocketAddr::from(([127, 0, 0, 1], free_port()));
    let (proxy, api) = (at(), at());
    std::fs::create_dir_all(stage.path("runtime")).unwrap();
    let runtime = stage.path("runtime").display().to_string();
    stage.variable("XDG_RUNTIME_DIR", runtime);
    stage.setting(&format!("listen:\n  proxy: {proxy}\n  api: {api}\n{more}"));
    Ports { proxy, api }
}

impl SharedGate {
    /// Starts one on free ports and waits until it answers.
    #[track_caller]
    pub(crate) fn on(stage: &mut Stage) -> Self {
        let ports = listen(stage, "");
        Self::start(stage, &ports, &[])
    }

    /// `blastgate serve ARGS…`, until it answers.
    #[track_caller]
    pub(crate) fn start(stage: &Stage, ports: &Ports, arguments: &[&str]) -> Self {
        let mut gate = Self::begin(stage, ports, arguments);
        eventually("the gate", || {
            if let Some(status) = gate.process.try_wait().unwrap() {
                panic!("the gate ended with {status}: {}", gate.said());
            }
            (status(stage)?["pid"] == gate.process.id()).then_some(())
        });
        gate
    }

    /// The same without waiting.
    pub(crate) fn begin(stage: &Stage, ports: &Ports, arguments: &[&str]) -> Self {
        // A file that may not grow is an error and no signal, as on a full disk.
        let mut command = stage.command("sh").into_std();
        command.env("BLASTGATE_CONFIG", stage.path("config"));
        command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_blastgate"), "serve"]);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let process = command.spawn().expect("the gate");
        Self { process, proxy: ports.proxy, api: ports.api }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn said(&mut self) -> String {
        let mut said = String::new();
        if let Some(mut stderr) = self.process.stderr.take() {
            stderr.read_to_string(&mut said).unwrap();
        }
        said
    }

    /// Waits for its end; gives its exit code and what it said.
    #[track_caller]
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let status = eventually("the gate's end", || self.process.try_wait().unwrap());
        (status.code(), self.said())
    }

    /// Ends it in good order; gives what it said.
    #[track_caller]
    pub(crate) fn stop(self) -> String {
        self.signal(Signal::TERM);
        let (code, said) = self.ended();
        assert_eq!(code, Some(0), "{said}");
        said
    }

    /// Kills it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Roots that its clients need.
    pub(crate) fn roots(stage: &Stage) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        let pem = std::fs::read(stage.path("state/ca/ca.pem")).expect("the gate's certificate");
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
        Arc::new(roots)
    }

    /// Asks a path of the health listener: status and body.
    pub(crate) fn health(&self, path: &str) -> (String, String) {
        let mut stream = std::net::TcpStream::connect(self.api).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].to_owned(), body.to_owned())
    }
}

impl Drop for SharedGate {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `blastgate ARGS…` in the operator's terminal.
#[track_caller]
pub(crate) fn operator(stage: &Stage, arguments: &[&str]) -> Ended {
    child::run(stage.blastgate(arguments), PATIENCE)
}

/// What a `--json` command says.
#[track_caller]
pub(crate) fn json(stage: &Stage, arguments: &[&str]) -> Value {
    let ended = operator(stage, &[arguments, &["--json"]].concat());
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:#?}"))
}

/// What `blastgate status` says, when a gate answers.
pub(crate) fn status(stage: &Stage) -> Option<Value> {
    serde_json::from_str(&operator(stage, &["status", "--json"]).stdout).ok()
}

#[track_caller]
pub(crate) fn open_session(stage: &Stage, agent: &str) -> Opened {
    let opened = json(stage, &["sessions", "open", "--agent", agent]);
    let text = |name: &str| opened[name].as_str().unwrap_or_else(|| panic!("{opened:#}")).to_owned();
    let proxy = format!("http://{}@{}", text("credentials"), text("proxy"));
    Opened { session: text("session"), credentials: text("credentials"), proxy }
}

/// The id of an approval request that a text names.
#[track_caller]
pub(crate) fn approval_in(text: &str) -> String {
    let at = text.find("a_").unwrap_or_else(|| panic!("no approval request in: {text}"));
    text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// A shell in the place of an agent, behind `blastgate run`, that does one thing after the other.
pub(crate) struct Agent {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What comes after each command's output.
const MARK: &str = "-- done:";

impl Agent {
    /// `blastgate run ARGS… -- sh`.
    pub(crate) fn start(stage: &Stage, arguments: &[&str], variables: &[(&str, String)]) -> Self {
        let mut command = stage.blastgate(["run"]).into_std();
        command.args(arguments).args(["--", "sh"]).envs(variables.iter().map(|(name, value)| (name, value)));
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the run");
        let (input, output) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, input, output }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    /// Runs a command; gives its exit code and all that it wrote.
    #[track_caller]
    pub(crate) fn does(&mut self, command: &str) -> (i32, String) {
        writeln!(self.input, "{{ {command}\n}} 2>&1 </dev/null; echo; echo '{MARK}' $?").unwrap();
        let mut said = String::new();
        loop {
            let before = said.len();
            assert!(self.output.read_line(&mut said).unwrap() > 0, "the run ended: {said}");
            if let Some(code) = said[before..].strip_prefix(MARK) {
                let code = code.trim().parse().unwrap();
                said.truncate(before);
                return (code, said.trim_end().to_owned());
            }
        }
    }

    /// Ends the shell; gives the exit code and what `run` said.
    #[track_caller]
    pub(crate) fn ends(mut self) -> (Option<i32>, String) {
        drop(self.input);
        let status = eventually("the end of the run", || self.process.try_wait().unwrap());
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status.code(), said)
    }

    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
