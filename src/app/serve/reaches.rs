//! What belongs to each session of a shared gate.
//!
//! A session that `run` opened may reach the servers of its operator's kubeconfig with their certificates, as behind a
//! private gate. The files are read when the session is opened; after a restart of the gate they are read again, and count
//! only if they still say the same: they lie where the agent may write.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::runs::Runs;
use crate::app::base::Base;
use crate::app::network::Network;
use crate::approvals::Approvals;
use crate::doors::http::callers::{Caller, Peer, Reach, Reaches};
use crate::model::{Principal, SessionId};
use crate::sandbox::{Server, is_run, rewrite};
use crate::sessions::Sessions;

/// Callers that are kept; more than ever run at once.
const KEPT_MAX: usize = 8192;

/// The ways out of all sessions that come through the forward proxy.
#[derive(Debug)]
pub(super) struct SessionReaches {
    pub(super) network: Network,
    pub(super) sessions: Arc<Sessions>,
    /// What they asked people for.
    pub(super) approvals: Arc<Approvals>,
    /// For whoever has nothing of their own.
    pub(super) common: Arc<Reach>,
    pub(super) callers: Mutex<HashMap<SessionId, Arc<Caller>>>,
    pub(super) runs: Arc<Runs>,
}

impl SessionReaches {
    pub(super) fn new(base: &Base, common: Reach) -> Self {
        Self {
            network: base.network.clone(),
            sessions: Arc::clone(&base.sessions),
            approvals: Arc::clone(&base.approvals),
            common: Arc::new(common),
            callers: Mutex::default(),
            runs: Arc::default(),
        }
    }

    /// Remembers what belongs to a session that was just opened.
    pub(super) fn keep(&self, principal: Principal, listed: &[Server], warnings: &mut Vec<String>) {
        let reach = self.made(listed, warnings);
        self.insert(Arc::new(Caller::new(principal, reach)));
    }

    pub(super) fn forget(&self, session: SessionId) {
        self.runs.remove(session);
        if let Some(caller) = self.lock().remove(&session) {
            caller.close();
        }
    }

    /// Ends the sessions whose `run` is gone without having said so.
    pub(super) fn close_abandoned(&self) {
        let Ok(open) = self.sessions.list() else { return };
        let (live, gone): (Vec<_>, Vec<_>) =
            open.iter().filter_map(|one| Some((one, one.pid?))).partition(|(_, pid)| is_run(*pid));
        self.runs.replace(live.into_iter().map(|(session, pid)| (session.principal(), pid)).collect());
        for (session, _) in gone {
            // What cannot be closed now is found again.
            if self.sessions.close(session.id).is_ok() {
                let _ = self.approvals.end_session(session.id);
                self.forget(session.id);
            }
        }
    }

    fn made(&self, listed: &[Server], warnings: &mut Vec<String>) -> Arc<Reach> {
        if listed.is_empty() {
            return Arc::clone(&self.common);
        }
        match self.network.reach(listed, warnings) {
            Ok(reach) => Arc::new(reach),
            Err(error) => {
                warnings.push(error.to_string());
                Arc::clone(&self.common)
            }
        }
    }

    fn insert(&self, caller: Arc<Caller>) -> Arc<Caller> {
        let mut callers = self.lock();
        if callers.len() >= KEPT_MAX {
            callers.clear();
        }
        Arc::clone(callers.entry(caller.principal.session).or_insert(caller))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Arc<Caller>>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The servers of a session that an earlier gate opened.
    fn listed(&self, session: SessionId) -> Vec<Server> {
        let Ok(Some(known)) = self.sessions.get(session) else { return Vec::new() };
        let (paths, digests): (Vec<PathBuf>, Vec<[u8; 32]>) = known.kubeconfigs.into_iter().unzip();
        let same = paths.iter().zip(&digests).all(|(path, digest)| digest_of(path).as_ref() == Some(digest));
        if paths.is_empty() || !same {
            return Vec::new();
        }
        rewrite(&paths, "http://127.0.0.1", "").ok().flatten().map(|made| made.servers).unwrap_or_default()
    }
}

impl Reaches for SessionReaches {
    fn of(&self, principal: &Principal) -> Arc<Caller> {
        if let Some(caller) = self.lock().get(&principal.session) {
            return Arc::clone(caller);
        }
        let listed = if principal.anonymous { Vec::new() } else { self.listed(principal.session) };
        let reach = self.made(&listed, &mut Vec::new());
        self.insert(Arc::new(Caller::new(principal.clone(), reach)))
    }

    fn behind(&self, peer: Peer) -> Option<Principal> {
        self.runs.behind(peer)
    }
}

/// What stands in a file; none when it is not there.
pub(super) fn digest_of(path: &std::path::Path) -> Option<[u8; 32]> {
    std::fs::read(path).ok().map(|bytes| Sha256::digest(bytes).into())
}

/// A reverse listener's way out: the same for everybody.
#[derive(Debug)]
pub(super) struct OneReach {
    pub(super) reach: Arc<Reach>,
    pub(super) runs: Arc<Runs>,
}

impl Reaches for OneReach {
    fn of(&self, principal: &Principal) -> Arc<Caller> {
        Arc::new(Caller::new(principal.clone(), Arc::clone(&self.reach)))
    }

    fn behind(&self, peer: Peer) -> Option<Principal> {
        self.runs.behind(peer)
    }
}
