//! What every gate begins with, shared or private: its certificate authority, its log, its state, its ways out.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::certificates::CertificateError;
use super::checks::OperatorChecks;
use super::clock::SystemClock;
use super::files::{LoadError, Loaded, Places};
use super::network::Network;
use super::setup::Setup;
use crate::approvals::Approvals;
use crate::catalog::lifelines;
use crate::config::Config;
use crate::decide::visible;
use crate::doors::http::HttpDoor;
use crate::egress::ProxyError;
use crate::enforce::{Gate, GateParts};
use crate::memory::Memory;
use crate::model::{Clock, Posture, SessionId};
use crate::notify::Spool;
use crate::record::{Entry, Grade, Ledger, LedgerError, LedgerOptions, StartEntry};
use crate::sandbox::KubeconfigError;
use crate::sessions::Sessions;
use crate::store::Store;
use crate::wire::ca::{CaError, CertificateAuthority};
use crate::wire::intake::Intake;
use crate::wire::leaf::Leaves;

/// A gate cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log.
    #[error("the log cannot be kept, so nothing could be let through: {0}")]
    Ledger(#[from] LedgerError),
    /// The certificate authority.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// The configuration.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The kubeconfig.
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigError),
    /// A client certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The gate's own proxy.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// A listener.
    #[error(transparent)]
    Socket(#[from] super::serve::SocketError),
    /// The running gate.
    #[error("{0}")]
    Running(String),
    /// A file, or the system.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        source: io::Error,
    },
}

/// Of an agent's name.
const AGENT_CHARS_MAX: usize = 64;

/// What a gate is to be.
#[derive(Debug)]
pub(super) struct Begin {
    /// The name of its log's folder.
    pub(super) log: String,
    /// The session it serves, for a private gate.
    pub(super) session: Option<SessionId>,
    /// The child's program name, for a private gate.
    pub(super) command: Option<String>,
    /// How strict.
    pub(super) posture: Posture,
    /// The gate's own listeners: nobody is connected to them through it.
    pub(super) own: Vec<SocketAddr>,
}

/// The long-lived values of a gate.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) places: Places,
    pub(super) config: Config,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ledger: Ledger,
    pub(super) gate: Arc<Gate>,
    pub(super) door: Arc<HttpDoor>,
    pub(super) network: Network,
    pub(super) sessions: Arc<Sessions>,
    pub(super) approvals: Arc<Approvals>,
    pub(super) notices: Spool,
    pub(super) ca_pem: String,
    pub(super) warnings: Vec<String>,
}

/// Opens everything, and records that a gate began.
///
/// # Errors
/// Something it cannot be safe without is missing.
pub(super) async fn begin(loaded: Loaded, begin: Begin) -> Result<Base, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let Loaded { places, setup: Setup { config, inventory, people, rules } } = loaded;
    let ca =
        CertificateAuthority::load_or_create(&places.state.join("ca"), lifelines::unopened_patterns(), clock.now())?;
    let ca_pem = ca.pem().to_owned();
    let network = Network::new(&config, &places, begin.posture, begin.own)?;
    let (ledger, recovered) = Ledger::open_own(&places.log(), &begin.log, clock.now(), LedgerOptions::default())?;
    let mut warnings = recovered.troubles.clone();
    let entry = Entry::Start(StartEntry {
        at: clock.now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        posture: begin.posture,
        revision: rules.revision().to_owned(),
        session: begin.session,
        command: begin.command,
        open: recovered.open,
        cut_bytes: recovered.cut_bytes,
    });
    ledger.append(&entry, Grade::Durable).await.map(drop)?;
    let store = Store::at(&places.state);
    let memory = store.clone();
    let notices = super::notices::spool(&places, &config, store.clone(), Arc::clone(&clock))?;
    let sessions = Arc::new(Sessions::new(store.clone(), Arc::clone(&clock)));
    let approvals = Arc::new(
        Approvals::new(store, ledger.clone(), Arc::clone(&clock), config.approvals.clone()).telling(notices.clone()),
    );
    let gate = Arc::new(Gate::new(GateParts {
        rules: Arc::new(rules),
        inventory,
        people,
        ledger: ledger.clone(),
        posture: begin.posture,
        clock: Arc::clone(&clock),
        approvals: Arc::clone(&approvals),
        checks: Arc::new(OperatorChecks::over(&network, &config)),
        memory: Arc::new(Memory::new(memory, Arc::clone(&clock))),
        limit_hold: config.limit_hold,
    }));
    // A connection of its own: whoever asks for a session does not wait for what is written down.
    gate.buckets().keep_in(Store::at(&places.state));
    // A private gate's session begins now.
    if begin.session.is_none() {
        let remembered = gate.remember(&places.log());
        if !remembered.is_ok_and(|remembered| !remembered.has_gaps) {
            warnings
                .push("not all of the log of the last day can be read: what sessions did may be forgotten".to_owned());
        }
    }
    let door = HttpDoor {
        gate: Arc::clone(&gate),
        intake: Intake::new(config.bodies),
        leaves: Leaves::new(ca)?,
        unopened: config.egress.unopened.clone(),
    };
    let door = Arc::new(door);
    Ok(Base { places, config, clock, ledger, gate, door, network, sessions, approvals, notices, ca_pem, warnings })
}

/// An agent's name as it may stand in logs and questions: whoever chose it could have chosen line breaks.
pub(super) fn agent_name(name: &str) -> String {
    visible(name, AGENT_CHARS_MAX)
}

/// The operating system's name of whoever started the gate.
#[must_use]
pub fn person() -> Option<String> {
    login(rustix::process::getuid().as_raw())
}

/// The login of a user id.
pub(super) fn login(uid: u32) -> Option<String> {
    let uid = uid.to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}
