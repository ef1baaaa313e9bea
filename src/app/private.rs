//! A private gate: one session, one listener on a free port, in this process.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;

use super::clock::SystemClock;
use super::files::{LoadError, Loaded, read_pem_certificates};
use super::setup::Setup;
use super::trust::{self, RunFolder};
use crate::approvals::Approvals;
use crate::catalog::lifelines;
use crate::doors::http::{HttpDoor, proxy};
use crate::egress::{AddressRules, Dialer, Egress, Registration, Servers, server_key};
use crate::enforce::{Gate, GateParts, Tally};
use crate::head::authority;
use crate::identify::Known;
use crate::model::http::{Authority, Scheme};
use crate::model::{Clock, Posture, Principal, SessionId};
use crate::record::{Entry, Grade, Ledger, LedgerError, LedgerOptions, Recovered, StartEntry};
use crate::sandbox::{KubeconfigError, Rewritten, Server, Trust, rewrite};
use crate::store::Store;
use crate::wire::ca::{CaError, CertificateAuthority};
use crate::wire::intake::Intake;
use crate::wire::leaf::Leaves;

/// A private gate cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log.
    #[error("the log cannot be kept, so nothing could be let through: {0}")]
    Ledger(#[from] LedgerError),
    /// The certificate authority.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// A certificate that the operator named.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The kubeconfig.
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigError),
    /// The listener or a file.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        source: io::Error,
    },
}

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
    folder: RunFolder,
}

/// What a private gate needs to know beside the configuration.
#[derive(Debug, Default)]
pub struct Options {
    /// Decide, record, and stop nothing.
    pub observe: bool,
    /// The child's program name.
    pub command: Option<String>,
    /// The operator's kubeconfig files.
    pub kubeconfigs: Vec<PathBuf>,
}

/// Starts a private gate. Reads everything once: what the agent changes later changes nothing here.
///
/// # Errors
/// Something it cannot be safe without is missing.
pub async fn start(loaded: Loaded, options: Options) -> Result<PrivateGate, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let io = |doing: &'static str| move |source| StartError::Io { doing, source };
    let session = SessionId::new(clock.now(), rand::random());
    let Loaded { places, setup: Setup { config, inventory, rules } } = loaded;
    let ca =
        CertificateAuthority::load_or_create(&places.state.join("ca"), lifelines::unopened_patterns(), clock.now())?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(io("listen on 127.0.0.1"))?;
    let address = listener.local_addr().map_err(io("listen on 127.0.0.1"))?;
    let folder =
        RunFolder::create(&places.state.join("run"), &session.to_string()).map_err(io("make a folder for this run"))?;

    let mut extra = Vec::new();
    for path in &config.egress.extra_ca {
        extra.extend(read_pem_certificates(&places.config.join(path))?);
    }
    let trust = trust::write(&folder, &extra, ca.pem()).map_err(io("write the certificate bundle"))?;
    let rewritten = rewrite(&options.kubeconfigs, &format!("http://{address}"), ca.pem())?;
    let kubeconfig = match &rewritten {
        Some(rewritten) => {
            Some(folder.write("kubeconfig", rewritten.text.as_bytes()).map_err(io("write the kubeconfig"))?)
        }
        None => None,
    };
    let mut servers = Servers::new(extra);
    let Rewritten { servers: listed, mut warnings, .. } = rewritten.unwrap_or_default();
    let targets = register(&mut servers, &listed, &mut warnings);

    let posture = if options.observe { Posture::Observe } else { config.posture };
    let (ledger, recovered) =
        Ledger::open_own(&places.log(), &session.to_string(), clock.now(), LedgerOptions::default())?;
    warnings.extend(recovered.troubles.iter().cloned());
    begin(&ledger, &*clock, (session, posture, &options), rules.revision(), recovered).await?;
    let address_rules = AddressRules {
        resolve: config.egress.resolve.clone(),
        allow: config.egress.allow_addresses.clone(),
        own: vec![address],
        strict: posture == Posture::Strict,
    };
    let approvals = Approvals::new(Store::at(&places.state), ledger.clone(), Arc::clone(&clock), config.approvals);
    let gate = Arc::new(Gate::new(GateParts {
        rules: Arc::new(rules),
        inventory,
        ledger: ledger.clone(),
        posture,
        clock,
        approvals: Arc::new(approvals),
        limit_hold: config.limit_hold,
    }));
    let door = HttpDoor {
        gate: Arc::clone(&gate),
        egress: Egress::new(Dialer::new(address_rules, servers)),
        intake: Intake::new(config.bodies),
        leaves: Leaves::new(ca)?,
        targets,
        principal: Principal { session, agent: options.command, person: person(), anonymous: false },
    };
    let serving = tokio::spawn(proxy::listen(Arc::new(door), listener));
    Ok(PrivateGate { session, address, trust, kubeconfig, warnings, gate, ledger, serving, folder })
}

/// The operating system's name of whoever started the gate.
fn person() -> Option<String> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

/// The first entry: that a gate began, and what an earlier one left open.
async fn begin(
    ledger: &Ledger,
    clock: &dyn Clock,
    (session, posture, options): (SessionId, Posture, &Options),
    revision: &str,
    recovered: Recovered,
) -> Result<(), LedgerError> {
    let entry = Entry::Start(StartEntry {
        at: clock.now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        posture,
        revision: revision.to_owned(),
        session: Some(session),
        command: options.command.clone(),
        open: recovered.open,
        cut_bytes: recovered.cut_bytes,
    });
    ledger.append(&entry, Grade::Durable).await.map(drop)
}

/// Tells the gate about the kubeconfig's servers: what to trust, what to present, what they are called.
fn register(servers: &mut Servers, listed: &[Server], warnings: &mut Vec<String>) -> HashMap<String, Known> {
    let mut targets = HashMap::new();
    for server in listed {
        let Some(authority) = server_authority(&server.url) else { continue };
        let key = server_key(&authority);
        // Two names for one server: the first stands, as the environment must not depend on which one the agent uses.
        if targets.contains_key(&key) {
            continue;
        }
        let certificates = |pem: &[u8]| CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect::<Vec<_>>();
        let roots = server.ca_pem.as_deref().map(certificates).filter(|roots| !roots.is_empty());
        let identity = server
            .identity
            .as_ref()
            .and_then(|(chain, key)| PrivateKeyDer::from_pem_slice(key).ok().map(|key| (certificates(chain), key)));
        let name = server.server_name.clone();
        let plain = Registration { roots: roots.clone(), identity: None, name: name.clone() };
        if let Err(error) = servers.register(&authority, Registration { roots, identity, name }) {
            warnings.push(format!("`{}` in the kubeconfig: {error}", server.cluster));
            // Without the certificate the server itself will say what is missing.
            let _ = servers.register(&authority, plain);
        }
        let known = Known { provider: Some("kubernetes".to_owned()), cluster: Some(server.cluster.clone()) };
        targets.insert(key, known);
    }
    targets
}

fn server_authority(url: &str) -> Option<Authority> {
    let (scheme, rest) = match url.split_once("://")? {
        ("https", rest) => (Scheme::Https, rest),
        ("http", rest) => (Scheme::Http, rest),
        _ => return None,
    };
    authority::parse(rest.split('/').next()?, scheme).ok()
}

impl PrivateGate {
    /// What went through so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.gate.tally()
    }

    /// Ends the log in good order and removes the run's files. What is still under way when the runtime has been shut
    /// down before is recorded as abandoned; call this after that. Blocks until the log is synced.
    pub fn close(self) -> Tally {
        self.serving.abort();
        let at = self.gate.clock().now();
        self.ledger.note(&Entry::Stop { at, session: Some(self.session) });
        let tally = self.gate.tally();
        self.ledger.close();
        drop(self.folder);
        tally
    }
}
