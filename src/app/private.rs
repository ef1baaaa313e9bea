//! A private gate: one session, one listener on a free port, in this process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::advise::{Advisor, Asking};
use super::base::{Base, Begin, StartError, agent_name, begin, person};
use super::clock::SystemClock;
use super::files::Loaded;
use super::surroundings::Environment;
use super::trust::{self, RunFolder};
use super::{desk, held, said};
use crate::approvals::{Approvals, Filter, State, View};
use crate::control::protocol::{
    Answer, Changes, ClosedSession, GateKind, Heard, Hold, HookQuestion, ListenerStatus, OpenSession, OpenedSession,
    Saying, SessionStatus, Status,
};
use crate::control::{self, Asker, Backend, ControlError};
use crate::doors::hook::{self, Agent};
use crate::doors::http::callers::{Caller, Callers};
use crate::doors::http::listen::{Closer, Listener, listen};
use crate::doors::http::{Entrance, Way};
use crate::enforce::{Gate, Tally};
use crate::memory::{Declared, Remembered};
use crate::model::{ApprovalId, Clock, Posture, Principal, SessionId, Timestamp};
use crate::notify::Spool;
use crate::record::{Entry, Ledger};
use crate::sandbox::{Rewritten, Trust, rewrite};

/// A running private gate.
#[derive(Debug)]
pub struct PrivateGate {
    /// Its session.
    pub session: SessionId,
    /// Where its listener is.
    pub address: SocketAddr,
    /// The files for the agent's clients.
    pub trust: Trust,
    /// The agent's own kubeconfig, when the operator has one.
    pub kubeconfig: Option<PathBuf>,
    /// What the operator should know: stale entries of their kubeconfig, damage in the log.
    pub warnings: Vec<String>,
    gate: Arc<Gate>,
    ledger: Ledger,
    serving: tokio::task::JoinHandle<()>,
    closer: Closer,
    control: Option<tokio::task::JoinHandle<()>>,
    folder: RunFolder,
}

/// The control socket of a private gate, in the folder of its run.
pub const PRIVATE_SOCKET: &str = "control.sock";

/// For connections whose client has ended.
const SETTLE_TIME_MAX: std::time::Duration = std::time::Duration::from_millis(250);

/// What a private gate needs to know beside the configuration.
#[derive(Debug, Default)]
pub struct Options {
    /// Decide, record, and stop nothing.
    pub observe: bool,
    /// The child's program name.
    pub command: Option<String>,
    /// The operator's kubeconfig files.
    pub kubeconfigs: Vec<PathBuf>,
    /// What the session is to do, and where it may change things.
    pub declared: Declared,
}

/// Starts a private gate. Reads everything once: what the agent changes later changes nothing here.
///
/// # Errors
/// Something it cannot be safe without is missing.
pub async fn start(loaded: Loaded, options: Options) -> Result<PrivateGate, StartError> {
    let io = |doing: &'static str| move |source| StartError::Io { doing, source };
    let session = SessionId::new(SystemClock.now(), rand::random());
    let agent = options.command.as_deref().map(agent_name);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(io("listen on 127.0.0.1"))?;
    let address = listener.local_addr().map_err(io("listen on 127.0.0.1"))?;
    let posture = if options.observe { Posture::Observe } else { loaded.setup.config.posture };
    let hooks_ask = loaded.setup.config.hooks_ask;
    let base = begin(
        loaded,
        Begin { log: session.to_string(), session: Some(session), command: agent.clone(), posture, own: vec![address] },
    )
    .await?;
    let Base { places, ledger, gate, door, network, ca_pem, approvals, notices, clock, mut warnings, .. } = base;
    let folder =
        RunFolder::create(&places.state.join("run"), &session.to_string()).map_err(io("make a folder for this run"))?;
    let trust = trust::write(&folder, network.extra_roots(), &ca_pem).map_err(io("write the certificate bundle"))?;
    let rewritten = rewrite(&options.kubeconfigs, &format!("http://{address}"), &ca_pem)?;
    let kubeconfig = match &rewritten {
        Some(rewritten) => {
            Some(folder.write("kubeconfig", rewritten.text.as_bytes()).map_err(io("write the kubeconfig"))?)
        }
        None => None,
    };
    let Rewritten { servers: listed, warnings: stale, .. } = rewritten.unwrap_or_default();
    warnings.extend(stale);
    let reach = network.reach(&listed, &mut warnings)?;
    let principal = Principal { session, agent, person: person(), anonymous: false };
    if let Err(error) = gate.memory().declare(session, options.declared) {
        warnings.push(format!("what the session declared holds, but is not kept: {error}"));
    }
    held::opened(gate.memory(), &ledger, &principal);
    let advisor = Advisor::of(Arc::clone(&gate), hooks_ask);
    let (closer, ending) = Closer::new();
    let entrance = Entrance {
        door,
        callers: Callers::One(Arc::new(Caller::new(principal.clone(), Arc::new(reach)))),
        way: Way::Forward,
        ending,
    };
    let serving = tokio::spawn(listen(Arc::new(entrance), Listener::Tcp(listener)));
    drop(tokio::spawn(super::notices::send(&notices)));
    drop(tokio::spawn(gate.buckets().keep()));
    let operator = PrivateOperator {
        gate: Arc::clone(&gate),
        approvals,
        notices,
        address,
        log: places.log(),
        since: clock.now(),
        principal: principal.clone(),
        advisor,
    };
    // Without it everything else works: escalated calls then wait for an answer that nobody can give here.
    let control = match tokio::net::UnixListener::bind(folder.path().join(PRIVATE_SOCKET)) {
        Ok(listener) => Some(tokio::spawn(async move {
            drop(control::server::serve(listener, Arc::new(operator)).await);
        })),
        Err(error) => {
            warnings.push(format!("escalated calls cannot be approved: no control socket: {error}"));
            None
        }
    };
    Ok(PrivateGate { session, address, trust, kubeconfig, warnings, gate, ledger, serving, closer, control, folder })
}

/// A private gate, for its operator in another terminal.
#[derive(Debug)]
struct PrivateOperator {
    gate: Arc<Gate>,
    approvals: Arc<Approvals>,
    notices: Spool,
    address: SocketAddr,
    log: PathBuf,
    since: Timestamp,
    principal: Principal,
    advisor: Advisor,
}

fn not_here<T>() -> Result<T, ControlError> {
    Err(ControlError::Refused(
        "this is the private gate of one `run`; that is for a gate of `blastgate serve`".to_owned(),
    ))
}

impl Backend for PrivateOperator {
    fn status(&self) -> Status {
        let tally = self.gate.tally();
        let (waiting, mut troubles) =
            match desk::list(&self.approvals, &Filter { state: Some(State::Pending), ..Filter::default() }) {
                Ok(requests) => (requests.len(), Vec::new()),
                Err(error) => (0, vec![error.to_string()]),
            };
        let unwritable = self.gate.unwritable();
        troubles.extend(unwritable.clone());
        troubles.extend(self.notices.trouble());
        troubles.extend(self.gate.buckets().trouble());
        let proxy = ListenerStatus { name: "proxy".to_owned(), at: self.address.to_string(), upstream: None };
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            kind: GateKind::Private,
            since: self.since,
            posture: self.gate.posture(),
            revision: self.gate.rules().revision().to_owned(),
            listeners: vec![proxy],
            connections: 0,
            sessions: 1,
            approvals: waiting,
            changes: 0,
            troubles,
            unwritable: unwritable.is_some(),
            draining: false,
            requests: tally.dispositions.clone(),
            rejected: tally.rejected,
            log: self.log.clone(),
        }
    }

    fn open_session(&self, _: OpenSession, _: Option<u32>) -> Result<OpenedSession, ControlError> {
        not_here()
    }

    fn close_session(&self, _: SessionId) -> Result<ClosedSession, ControlError> {
        not_here()
    }

    fn quarantine(&self, session: SessionId, hold: Hold) -> Result<Remembered, ControlError> {
        if session != self.principal.session {
            return Err(ControlError::Unknown(format!("`{session}` is no session of this gate")));
        }
        held::hold(self.gate.memory(), self.gate.ledger(), self.principal.clone(), &hold)
    }

    fn sessions(&self) -> Result<Vec<SessionStatus>, ControlError> {
        not_here()
    }

    fn approvals(&self, filter: &Filter) -> Result<Vec<View>, ControlError> {
        desk::list(&self.approvals, filter)
    }

    fn approval(&self, id: ApprovalId) -> Result<View, ControlError> {
        desk::show(&self.approvals, id)
    }

    fn refused(&self, id: ApprovalId, why: &str) {
        self.approvals.refused(id, None, why);
    }

    fn answer(&self, id: ApprovalId, answer: Answer) -> Result<View, ControlError> {
        desk::answer(&self.approvals, id, &answer)
    }

    fn hook(&self, agent: Agent, question: HookQuestion, by: Asker) -> Result<hook::Answer, ControlError> {
        // Only what it started finds its socket, and all of that belongs to its one session.
        let Asker::Process(process) = by else { return not_here() };
        let environment = process.map_or(Environment::Unknown, Environment::Of);
        let asking = Asking { principal: Some(self.principal.clone()), environment };
        Ok(self.advisor.answer(agent, &question.input, asking))
    }

    fn hear(&self, saying: Saying, by: Asker) -> Result<Heard, ControlError> {
        let Asker::Process(_) = by else { return not_here() };
        said::hear(&self.approvals, self.principal.session, &saying.said)
    }

    fn changes(&self) -> Result<Changes, ControlError> {
        not_here()
    }

    fn accept(&self, _: &str) -> Result<Changes, ControlError> {
        not_here()
    }
}

impl PrivateGate {
    /// What went through so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.gate.tally()
    }

    /// Lets what the command has just said arrive: its last words on a connection (that it does not trust the gate, for one)
    /// may still be on their way when it has ended. A moment at most, and none where nothing is open.
    pub async fn settle(&self) {
        self.closer.drain();
        let _ = tokio::time::timeout(SETTLE_TIME_MAX, self.closer.drained()).await;
    }

    /// Ends the log in good order and removes the run's files. What is still under way when the runtime has been shut
    /// down before is recorded as abandoned; call this after that. Blocks until the log is synced.
    pub fn close(self) -> Tally {
        self.serving.abort();
        if let Some(control) = &self.control {
            control.abort();
        }
        let tally = self.gate.tally();
        // Most runs ask for nothing, and need no state opened for it.
        if !tally.stopped.is_empty() {
            let _ = self.gate.approvals().end_session(self.session);
        }
        // What cannot be written is lost with this gate; its log tells all of it.
        let _ = self.gate.buckets().save();
        let at = self.gate.clock().now();
        self.ledger.note(&Entry::Stop { at, session: Some(self.session) });
        self.ledger.close();
        drop(self.folder);
        tally
    }
}
