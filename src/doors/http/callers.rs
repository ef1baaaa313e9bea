//! Who comes through a listener, and what is theirs: which servers they may present a certificate to, and what those
//! servers are called.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::PROXY_AUTHORIZATION;
use http::{HeaderMap, HeaderName};

use super::Way;
use crate::egress::{Egress, server_key};
use crate::identify::Known;
use crate::model::Principal;
use crate::model::http::{Authority, Unreadable};
use crate::sessions::{Client, Credentials, Sessions};

/// Names a session on reverse listeners. It ends here.
pub const SESSION: HeaderName = HeaderName::from_static("x-blastgate-session");

/// Somebody who asks, and what is theirs.
#[derive(Debug)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    /// What is theirs.
    pub reach: Arc<Reach>,
    /// Their session was closed: connections that it opened are served no more.
    closed: AtomicBool,
}

impl Caller {
    /// Somebody, until [`Caller::close`].
    #[must_use]
    pub const fn new(principal: Principal, reach: Arc<Reach>) -> Self {
        Self { principal, reach, closed: AtomicBool::new(false) }
    }

    /// From now on nobody.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

/// The way out for some callers. Connections upstream are never shared between different ones, since they may speak with
/// different certificates.
#[derive(Debug)]
pub struct Reach {
    /// Sends.
    pub egress: Egress,
    /// What the operator's configuration says about single targets, by [`target_key`].
    pub targets: HashMap<String, Known>,
}

/// How a target is named in [`Reach::targets`]. This machine has one name: a tunnel to a cluster is that cluster's under
/// each of them.
#[must_use]
pub fn target_key(authority: &Authority) -> String {
    if authority.is_loopback() { format!("localhost:{}", authority.port) } else { server_key(authority) }
}

impl Reach {
    pub(super) fn known(&self, authority: &Authority) -> Known {
        self.targets.get(&target_key(authority)).cloned().unwrap_or_default()
    }
}

/// The other end of a connection, as the kernel tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address; none on a socket file.
    pub address: Option<IpAddr>,
    /// Whose process it is, where that can be told.
    pub uid: Option<u32>,
    /// The number of its socket, for TCP.
    pub socket: Option<u64>,
    /// Its process, on a socket file.
    pub process: Option<u32>,
}

impl Peer {
    /// Whether it is a process of the gate's own user, or of root.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.uid.is_some_and(|uid| uid == 0 || uid == rustix::process::getuid().as_raw())
    }
}

/// How a listener knows its callers.
#[derive(Debug)]
pub enum Callers {
    /// Whoever comes is this one: a private gate's listener.
    One(Arc<Caller>),
    /// Each says which session it belongs to.
    Sessions(Lobby),
}

/// A listener of a shared gate.
#[derive(Debug)]
pub struct Lobby {
    /// The listener's name: anonymous sessions are told apart by it.
    pub listener: String,
    /// Who there is.
    pub sessions: Arc<Sessions>,
    /// Who names no session is not served.
    pub required: bool,
    /// What is theirs.
    pub reaches: Arc<dyn Reaches>,
}

/// Finds what belongs to a session.
pub trait Reaches: Send + Sync + std::fmt::Debug {
    /// The way out for this one. May read files the first time.
    fn of(&self, principal: &Principal) -> Arc<Caller>;

    /// The session that a process of ours belongs to although it names none. May read files the first time.
    fn behind(&self, peer: Peer) -> Option<Principal>;
}

impl Callers {
    /// Who this is. `claim` is what the client says (see [`claim`]).
    ///
    /// # Errors
    /// What it says is not true, or it must say something and does not.
    pub(super) fn receive(&self, claim: Option<Claim>, peer: Peer) -> Result<Arc<Caller>, Unreadable> {
        match self {
            // SECURITY: the listener speaks with its owner's identity; other users of this machine get nothing.
            Self::One(caller) if peer.is_ours() => Ok(Arc::clone(caller)),
            Self::One(_) => Err(Unreadable::status(403, "this listener serves another user's session")),
            Self::Sessions(lobby) => lobby.receive(claim, peer),
        }
    }

    /// For the record of what nobody came to be known for.
    pub(super) fn nobody(&self, peer: Peer) -> Principal {
        match self {
            Self::One(caller) => caller.principal.clone(),
            Self::Sessions(lobby) => lobby.anonymous(peer),
        }
    }

    /// Whether this peer can be somebody at all.
    pub(super) fn knows(&self, peer: Peer) -> bool {
        match self {
            Self::One(_) => peer.is_ours(),
            Self::Sessions(_) => true,
        }
    }
}

impl Lobby {
    fn receive(&self, claim: Option<Claim>, peer: Peer) -> Result<Arc<Caller>, Unreadable> {
        let how = "start it with `blastgate run -- CMD`, or ask your person for a session (`blastgate sessions open`)";
        let principal = match claim {
            Some(Claim(Some(credentials))) => self.sessions.find(&credentials),
            Some(Claim(None)) => None,
            None => match peer.is_ours().then(|| self.reaches.behind(peer)).flatten() {
                Some(principal) => Some(principal),
                // Another user of the machine must prove to be somebody.
                None if self.required || !peer.is_ours() => {
                    return Err(Unreadable::status(407, format!("this gate serves named sessions only: {how}")));
                }
                None => Some(self.anonymous(peer)),
            },
        };
        let unknown = || Unreadable::status(407, format!("these credentials are no open session's: {how}"));
        Ok(self.reaches.of(&principal.ok_or_else(unknown)?))
    }

    fn anonymous(&self, peer: Peer) -> Principal {
        let client = match (peer.address, peer.uid) {
            (Some(address), _) => Client::Address(address),
            (None, uid) => Client::User(uid.unwrap_or(u32::MAX)),
        };
        self.sessions.anonymous(&self.listener, client)
    }
}

/// What a client says it is; `None` when that is not of the form that a session's credentials have.
#[derive(Debug)]
pub(super) struct Claim(Option<Credentials>);

/// Proxy credentials, as they stand in the head of a CONNECT.
pub(super) fn claimed(value: Option<&str>) -> Option<Claim> {
    value.map(|value| Claim(Credentials::from_basic(value)))
}

/// What a request says about who asks: proxy credentials on a forward proxy, a header of ours on a reverse listener.
pub(super) fn claim(headers: &HeaderMap, way: &Way) -> Result<Option<Claim>, Unreadable> {
    let name = match way {
        Way::Forward => PROXY_AUTHORIZATION,
        Way::Reverse(_) => SESSION,
    };
    let mut values = headers.get_all(&name).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().unwrap_or_default(),
        (Some(_), Some(_)) => return Err(Unreadable::new(format!("more than one {name} header"))),
    };
    Ok(Some(Claim(match way {
        Way::Forward => Credentials::from_basic(value),
        Way::Reverse(_) => Credentials::parse(value),
    })))
}
