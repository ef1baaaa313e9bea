//! A shared gate: it listens where the configuration says until it is told to stop, and hands its listeners over to the
//! next one without refusing a connection.

mod accept;
mod handover;
mod keeper;
mod lock;
mod operator;
mod reaches;
mod runs;
mod sockets;

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use self::handover::Waiting;
use self::keeper::{Keeper, Serving};
use self::lock::StateLock;
use self::operator::Operator;
use self::reaches::{OneReach, SessionReaches};
pub use self::sockets::SocketError;
use self::sockets::{Given, Socket};
use super::advise::Advisor;
use super::base::{Base, Begin, StartError, begin};
use super::clock::SystemClock;
use super::files::{Loaded, Places};
use crate::config::{Endpoint, Listen, Upstream};
use crate::control::protocol::ListenerStatus;
use crate::control::{self, Backend};
use crate::doors::http::callers::{Callers, Lobby};
use crate::doors::http::listen::{Closer, Ending, Listener, listen};
use crate::doors::http::{Entrance, Way};
use crate::model::{Clock, SessionId};
use crate::record::Entry;
use crate::sandbox;

/// How often the configuration folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often it is asked whether the processes that sessions belong to live.
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// How a shared gate is started.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Take the listeners over from the gate that runs.
    pub replace: bool,
    /// Go by the configuration as it stands, whatever was accepted before.
    pub accept: bool,
    /// How long connections may go on after the end was asked for.
    pub drain: Duration,
}

/// A shared gate that listens.
#[derive(Debug)]
pub struct SharedGate {
    /// Its listeners, for people.
    pub listeners: Vec<ListenerStatus>,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// Files of the configuration that wait to be accepted.
    pub changes: usize,
    base: Base,
    closer: Arc<Closer>,
    draining: Arc<OnceLock<()>>,
    sockets: Arc<Vec<(String, Socket)>>,
    lock: Arc<StateLock>,
    reaches: Arc<SessionReaches>,
    keeper: Arc<Keeper>,
    tasks: JoinSet<()>,
    drain: Duration,
}

/// Why a shared gate ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Stopped,
    /// Another one took over.
    Replaced,
}

/// Where the control socket is: in the run-time folder, else in the state folder.
#[must_use]
pub fn control_socket(listen: &Listen, places: &Places, runtime: Option<&Path>) -> PathBuf {
    match &listen.control {
        Some(path) => places.config.join(path),
        None => match runtime.filter(|path| path.is_absolute()) {
            Some(runtime) => runtime.join("blastgate/control.sock"),
            None => places.state.join("control.sock"),
        },
    }
}

/// Beside the control socket: where listeners are handed over.
fn handover_socket(control: &Path) -> PathBuf {
    control.with_extension("handover")
}

/// Starts a shared gate.
///
/// # Errors
/// Something it cannot be safe without is missing, or a listener cannot be had.
pub async fn serve(places: Places, runtime: Option<PathBuf>, options: ServeOptions) -> Result<SharedGate, StartError> {
    let (keeper, loaded) = Keeper::begin(places, options.accept)?;
    let Loaded { places, setup } = &loaded;
    let control = control_socket(&setup.config.listen, places, runtime.as_deref());
    // One that is there is its owner's business: the socket itself is for one user only.
    if let Some(folder) = control.parent().filter(|folder| !folder.exists()) {
        crate::wire::ca::private_folder(folder).map_err(StartError::Ca)?;
    }
    let (mut given, waiting) = given(&control, &places.config, &options)?;
    let state = given.take(lock::NAME);
    let sockets = sockets(&setup.config.listen, &control, &mut given)?;
    // After the control socket, which says it better when both belong to the same gate.
    let lock = StateLock::take(&places.state, state)?;
    let own = sockets.iter().filter_map(|(_, socket)| match socket.endpoint()? {
        Endpoint::Tcp(at) => Some(at),
        Endpoint::Unix(_) => None,
    });
    let log = SessionId::new(SystemClock.now(), rand::random()).to_string().replacen("s_", "g_", 1);
    let posture = setup.config.posture;
    let begin_with = Begin { log, session: None, command: None, posture, own: own.collect() };
    let mut base = begin(loaded, begin_with).await?;
    let (gate, ledger, approvals) = (Arc::clone(&base.gate), base.ledger.clone(), Arc::clone(&base.approvals));
    if let Err(error) = gate.buckets().recall() {
        base.warnings.push(format!("what limits have spent is not known: {error}"));
    }
    keeper.serve(Serving { gate, ledger, approvals })?;
    let common = base.network.reach(&[], &mut base.warnings)?;
    let reaches = Arc::new(SessionReaches::new(&base, common));
    let (closer, ending) = Closer::new();
    let mut gate = SharedGate {
        listeners: statuses(&base.config.listen, &sockets),
        warnings: std::mem::take(&mut base.warnings),
        changes: keeper.waiting().0,
        base,
        closer: Arc::new(closer),
        draining: Arc::default(),
        sockets: Arc::new(sockets),
        lock: Arc::new(lock),
        reaches,
        keeper: Arc::new(keeper),
        tasks: JoinSet::new(),
        drain: options.drain,
    };
    gate.open(&ending)?;
    if let Some(waiting) = waiting {
        waiting.serving().map_err(|source| StartError::Io { doing: "take over from the running gate", source })?;
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready, sd_notify::NotifyState::MainPid(std::process::id())]);
    Ok(gate)
}

/// The sockets that somebody has opened for us.
fn given(control: &Path, config: &Path, options: &ServeOptions) -> Result<(Given, Option<Waiting>), StartError> {
    if !options.replace {
        return Ok((Given::by_systemd(), None));
    }
    match handover::take(&handover_socket(control), config) {
        Ok((sockets, waiting)) => Ok((Given::new(sockets), Some(waiting))),
        Err(error) => {
            let why = format!("there is no gate to replace at `{}`: {error}", control.display());
            Err(StartError::Running(why))
        }
    }
}

/// All listening sockets, by name.
fn sockets(listen: &Listen, control: &Path, given: &mut Given) -> Result<Vec<(String, Socket)>, StartError> {
    let mut wanted = vec![
        // First: if a gate runs already, this is what says so.
        ("control".to_owned(), Endpoint::Unix(control.to_owned())),
        ("handover".to_owned(), Endpoint::Unix(handover_socket(control))),
        ("proxy".to_owned(), Endpoint::Tcp(listen.proxy)),
        ("api".to_owned(), Endpoint::Tcp(listen.api)),
    ];
    wanted.extend(listen.reverse.iter().map(|one| (format!("reverse-{}", one.name), one.listen.clone())));
    if wanted.len() > handover::SOCKETS_MAX {
        return Err(StartError::Running(format!("more than {} listeners", handover::SOCKETS_MAX)));
    }
    wanted
        .into_iter()
        .map(|(name, at)| match given.or_bind(&name, &at) {
            Ok(socket) => Ok((name, socket)),
            Err(SocketError::Taken { .. }) if name == "control" => Err(StartError::Running(format!(
                "a gate runs already (`{}` answers): `blastgate status` shows it, `blastgate serve --replace` takes \
                 over from it",
                control.display()
            ))),
            Err(error) => Err(error.into()),
        })
        .collect()
}

fn statuses(listen: &Listen, sockets: &[(String, Socket)]) -> Vec<ListenerStatus> {
    let upstream = |name: &str| {
        let one = listen.reverse.iter().find(|one| Some(one.name.as_str()) == name.strip_prefix("reverse-"))?;
        Some(match &one.upstream {
            Upstream::Server { scheme, authority } => format!("{}://{authority}", scheme.as_str()),
            Upstream::Unix(path) => format!("unix:{}", path.display()),
        })
    };
    let told = |(name, socket): &(String, Socket)| {
        let at = sockets::written(&socket.endpoint()?);
        Some(ListenerStatus { name: name.clone(), at, upstream: upstream(name) })
    };
    sockets.iter().filter(|(name, _)| name != "handover").filter_map(told).collect()
}

impl SharedGate {
    /// Begins to take connections on every listener.
    fn open(&mut self, ending: &Ending) -> Result<(), StartError> {
        let io = |source| StartError::Io { doing: "use a listening socket", source };
        let reaches = Arc::clone(&self.reaches);
        let proxy = self.proxy_address();
        let operator = Operator {
            since: self.base.clock.now(),
            gate: Arc::clone(&self.base.gate),
            sessions: Arc::clone(&self.base.sessions),
            approvals: Arc::clone(&self.base.approvals),
            notices: self.base.notices.clone(),
            reaches: Arc::clone(&reaches),
            keeper: Arc::clone(&self.keeper),
            closer: Arc::clone(&self.closer),
            listeners: self.listeners.clone(),
            proxy,
            ca_pem: self.base.ca_pem.clone(),
            log: self.base.places.log(),
            config: self.base.places.config.clone(),
            draining: Arc::clone(&self.draining),
            advisor: Advisor::of(Arc::clone(&self.base.gate), self.base.config.hooks_ask),
        };
        let operator: Arc<dyn Backend> = Arc::new(operator);
        self.tasks.spawn(super::notices::send(&self.base.notices));
        // Not among the tasks: what still goes on after another gate took over is written down, too.
        drop(tokio::spawn(self.base.gate.buckets().keep()));
        for (name, socket) in self.sockets.iter() {
            let listener = listener(socket.try_clone().map_err(io)?).map_err(io)?;
            match (name.as_str(), listener) {
                ("handover", _) => {}
                ("control", Listener::Unix(listener)) => {
                    let operator = Arc::clone(&operator);
                    self.tasks.spawn(async move { drop(control::server::serve(listener, operator).await) });
                }
                ("api", Listener::Tcp(listener)) => {
                    let operator = Arc::clone(&operator);
                    self.tasks.spawn(async move { drop(control::health::serve(listener, operator).await) });
                }
                (name, listener) => {
                    let entrance = self.entrance(name, &reaches, ending)?;
                    tokio::spawn(listen(Arc::new(entrance), listener));
                }
            }
        }
        Ok(())
    }

    fn entrance(&self, name: &str, reaches: &Arc<SessionReaches>, ending: &Ending) -> Result<Entrance, StartError> {
        let reverse = name.strip_prefix("reverse-");
        let reverse = self.base.config.listen.reverse.iter().find(|one| Some(one.name.as_str()) == reverse);
        let mut lobby = Lobby {
            listener: name.to_owned(),
            sessions: Arc::clone(&self.base.sessions),
            required: self.base.config.sessions_required,
            reaches: Arc::clone(reaches) as Arc<dyn crate::doors::http::callers::Reaches>,
        };
        let way = match reverse {
            None => Way::Forward,
            Some(listener) => {
                let (reach, origin) = self.base.network.reverse(listener)?;
                lobby.reaches = Arc::new(OneReach { reach: Arc::new(reach), runs: Arc::clone(&reaches.runs) });
                Way::Reverse(Arc::new(origin))
            }
        };
        let door = Arc::clone(&self.base.door);
        Ok(Entrance { door, callers: Callers::Sessions(lobby), way, ending: ending.clone() })
    }

    fn proxy_address(&self) -> SocketAddr {
        let proxy = self.sockets.iter().find(|(name, _)| name == "proxy").and_then(|(_, socket)| socket.endpoint());
        match proxy {
            Some(Endpoint::Tcp(at)) => at,
            _ => self.base.config.listen.proxy,
        }
    }

    /// Serves until it is told to stop, or until another gate has taken over; then lets the connections end.
    ///
    /// # Errors
    /// The system refuses to tell about signals.
    pub async fn until_end(mut self) -> Result<Ended, StartError> {
        let io = |source| StartError::Io { doing: "listen to signals", source };
        let mut terminate = signal(SignalKind::terminate()).map_err(io)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(io)?;
        let mut reload = signal(SignalKind::hangup()).map_err(io)?;
        let mut replaced = self.hand_over();
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut count = tokio::time::interval(COUNT_EVERY);
        count.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let ended = loop {
            tokio::select! {
                _ = terminate.recv() => break Ended::Stopped,
                _ = interrupt.recv() => break Ended::Stopped,
                () = &mut replaced => break Ended::Replaced,
                _ = reload.recv() => self.look().await,
                _ = look.tick() => self.look().await,
                _ = count.tick() => self.close_abandoned().await,
            }
        };
        let _ = self.draining.set(());
        if ended == Ended::Stopped {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
            self.remove_files();
        }
        // Who comes now is not left waiting for an answer that nobody gives; another gate, or systemd, has handles of its own.
        drop(replaced);
        self.sockets = Arc::default();
        self.closer.drain();
        if ended == Ended::Replaced {
            // The new gate answers the operator now.
            self.tasks.abort_all();
        }
        tokio::select! {
            () = self.closer.drained() => {}
            () = tokio::time::sleep(self.drain) => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        let gate = Arc::clone(&self.base.gate);
        let _ = tokio::task::spawn_blocking(move || gate.memory().flush()).await;
        Ok(ended)
    }

    async fn look(&self) {
        let (keeper, gate) = (Arc::clone(&self.keeper), Arc::clone(&self.base.gate));
        let look = move || {
            keeper.look();
            // What cannot be written now is written the next time; until then it is in memory.
            let _ = gate.memory().flush();
        };
        let _ = tokio::task::spawn_blocking(look).await;
    }

    async fn close_abandoned(&self) {
        let reaches = Arc::clone(&self.reaches);
        let _ = tokio::task::spawn_blocking(move || reaches.close_abandoned()).await;
    }

    /// Hands the listeners over to whoever asks and then serves; ends when one does.
    fn hand_over(&self) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        let (sockets, lock) = (Arc::clone(&self.sockets), Arc::clone(&self.lock));
        let config = self.base.places.config.clone();
        Box::pin(async move {
            let Some((_, socket)) = sockets.iter().find(|(name, _)| name == "handover") else {
                return std::future::pending().await;
            };
            let Ok(Listener::Unix(asked)) = socket.try_clone().and_then(listener) else {
                return std::future::pending().await;
            };
            loop {
                let Ok((stream, _)) = asked.accept().await else {
                    // Out of file descriptors, as a rule: give them time to come back.
                    tokio::time::sleep(LOOK_EVERY).await;
                    continue;
                };
                if !is_operator(&stream) {
                    continue;
                }
                let (sockets, lock, config) = (Arc::clone(&sockets), Arc::clone(&lock), config.clone());
                let given = tokio::task::spawn_blocking(move || {
                    let stream = stream.into_std()?;
                    stream.set_nonblocking(false)?;
                    let mut named: Vec<_> = sockets.iter().map(|(name, one)| (name.clone(), one.as_fd())).collect();
                    named.push((lock::NAME.to_owned(), lock.as_fd()));
                    handover::give(&stream, &config, &named)
                });
                if matches!(given.await, Ok(Ok(()))) {
                    return;
                }
            }
        })
    }

    /// A gate that nobody replaces leaves no socket files behind.
    fn remove_files(&self) {
        for (_, socket) in self.sockets.iter() {
            if let Some(Endpoint::Unix(path)) = socket.endpoint() {
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// Ends the log in good order. Call it after the runtime has been shut down.
    pub fn close(base: Closing) {
        // What cannot be written was told by `status`.
        let _ = base.buckets.save();
        let at = base.clock.now();
        base.ledger.note(&Entry::Stop { at, session: None });
        base.ledger.close();
    }

    /// What is needed to close the log when the runtime is gone.
    #[must_use]
    pub fn closing(&self) -> Closing {
        let (ledger, clock) = (self.base.ledger.clone(), Arc::clone(&self.base.clock));
        Closing { ledger, clock, buckets: self.base.gate.buckets() }
    }
}

/// What is left of a gate that ended.
#[derive(Debug)]
pub struct Closing {
    ledger: crate::record::Ledger,
    clock: Arc<dyn Clock>,
    buckets: crate::limits::Buckets,
}

/// SECURITY: listeners are given to the operator's own processes only, and not to those below a `run`.
fn is_operator(stream: &tokio::net::UnixStream) -> bool {
    let Ok(peer) = stream.peer_cred() else { return false };
    let own = rustix::process::getuid().as_raw();
    let pid = peer.pid().and_then(|pid| u32::try_from(pid).ok());
    (peer.uid() == own || peer.uid() == 0) && pid.is_some_and(|pid| sandbox::above(pid) == sandbox::Above::Nobody)
}

/// A socket as the runtime serves it.
fn listener(socket: Socket) -> std::io::Result<Listener> {
    Ok(match socket {
        Socket::Tcp(listener) => {
            listener.set_nonblocking(true)?;
            Listener::Tcp(tokio::net::TcpListener::from_std(listener)?)
        }
        Socket::Unix(listener, _) => {
            listener.set_nonblocking(true)?;
            Listener::Unix(tokio::net::UnixListener::from_std(listener)?)
        }
    })
}
