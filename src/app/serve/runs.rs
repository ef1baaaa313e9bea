//! The `run`s whose sessions a shared gate knows, for connections that name no session.
//!
//! Some clients show no credentials to a proxy that does not ask for them (Java), and none can on a socket file. What
//! descends from a `run` belongs to its session all the same: else its calls would be nobody's, could not be approved, and
//! would be counted apart.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::doors::http::callers::Peer;
use crate::model::{Principal, SessionId};
use crate::sandbox::{self, Above};

/// Connections that are remembered; each is looked up once.
const FOUND_MAX: usize = 4096;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Runs(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    live: Vec<(Principal, u32)>,
    /// By the socket's number, which no two open sockets share.
    found: HashMap<u64, Option<Principal>>,
}

impl Runs {
    /// A session of the `run` with this process.
    pub(super) fn add(&self, principal: Principal, pid: u32) {
        let mut known = self.lock();
        known.live.push((principal, pid));
        known.found.clear();
    }

    pub(super) fn remove(&self, session: SessionId) {
        let mut known = self.lock();
        known.live.retain(|(principal, _)| principal.session != session);
        known.found.clear();
    }

    /// These and no others.
    pub(super) fn replace(&self, live: Vec<(Principal, u32)>) {
        let mut known = self.lock();
        if known.live != live {
            *known = Known { live, found: HashMap::new() };
        }
    }

    /// Whose descendant is at the other end. Reads `/proc` the first time.
    pub(super) fn behind(&self, peer: Peer) -> Option<Principal> {
        let live = {
            let known = self.lock();
            if known.live.is_empty() {
                return None;
            }
            if let Some(found) = peer.socket.and_then(|socket| known.found.get(&socket)) {
                return found.clone();
            }
            known.live.clone()
        };
        let of = |(principal, pid): &(Principal, u32)| match (peer.process, peer.socket) {
            (Some(process), _) => (sandbox::above(process) == Above::Gate(*pid)).then(|| principal.clone()),
            (None, Some(socket)) => sandbox::holds_socket(*pid, socket).then(|| principal.clone()),
            (None, None) => None,
        };
        let found = live.iter().find_map(of);
        if let Some(socket) = peer.socket {
            let mut known = self.lock();
            if known.found.len() >= FOUND_MAX {
                known.found.clear();
            }
            known.found.insert(socket, found.clone());
        }
        found
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
