//! Who comes through a listener, and what is theirs: which servers they may present a certificate to, and what those
//! servers are called.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use http::header::PROXY_AUTHORIZATION;
use http::{HeaderMap, HeaderName};

use super::Way;
use crate::egress::{Egress, server_key};
use crate::identify::Known;
use crate::model::Principal;
use crate::model::http::{Authority, Unreadable};

/// Names a session on reverse listeners. It ends here.
pub const SESSION: HeaderName = HeaderName::from_static("x-blastgate-session");

/// Somebody who asks, and what is theirs.
#[derive(Debug)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    /// What is theirs.
    pub reach: Arc<Reach>,
}

/// The way out for some callers. Connections upstream are never shared between different ones, since they may speak with
/// different certificates.
#[derive(Debug)]
pub struct Reach {
    /// Sends.
    pub egress: Egress,
    /// What the operator's configuration says about single targets, by `host:port`.
    pub targets: HashMap<String, Known>,
}

impl Reach {
    pub(super) fn known(&self, authority: &Authority) -> Known {
        self.targets.get(&server_key(authority)).cloned().unwrap_or_default()
    }
}

/// The other end of a connection, as the kernel tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address; none on a socket file.
    pub address: Option<IpAddr>,
    /// Whose process it is, where that can be told.
    pub uid: Option<u32>,
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
}

impl Callers {
    /// Who this is. `claim` is what the client says (see [`claim`]).
    ///
    /// # Errors
    /// What it says is not true, or it must say something and does not.
    pub(super) fn receive(&self, claim: Option<&str>, peer: Peer) -> Result<Arc<Caller>, Unreadable> {
        let _ = claim;
        match self {
            // SECURITY: the listener speaks with its owner's identity; other users of this machine get nothing.
            Self::One(caller) if peer.is_ours() => Ok(Arc::clone(caller)),
            Self::One(_) => Err(Unreadable::status(403, "this listener serves another user's session")),
        }
    }

    /// For the record of what nobody came to be known for.
    pub(super) fn nobody(&self) -> Principal {
        match self {
            Self::One(caller) => caller.principal.clone(),
        }
    }

    /// Whether this peer can be somebody at all.
    pub(super) fn knows(&self, peer: Peer) -> bool {
        match self {
            Self::One(_) => peer.is_ours(),
        }
    }
}

/// What a request says about who asks: proxy credentials on a forward proxy, a header of ours on a reverse listener.
pub(super) fn claim<'a>(headers: &'a HeaderMap, way: &Way) -> Result<Option<&'a str>, Unreadable> {
    let name = match way {
        Way::Forward => PROXY_AUTHORIZATION,
        Way::Reverse(_) => SESSION,
    };
    let mut values = headers.get_all(&name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            value.to_str().map(Some).map_err(|_| Unreadable::new(format!("a {name} header that is not ASCII")))
        }
        (Some(_), Some(_)) => Err(Unreadable::new(format!("more than one {name} header"))),
    }
}
