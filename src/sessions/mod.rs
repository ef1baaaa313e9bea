//! Sessions: who a request belongs to. A named one is opened on purpose (`run`, or the operator of `serve`) and proves
//! itself by a token; all other requests belong to an anonymous one of their listener and client.
//!
//! A token names a session and gives no right beyond that. It is stored as its SHA-256 only, compared in constant time,
//! and never printed.

mod anonymous;
mod credentials;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{OptionalExtension as _, Row, params};

pub use anonymous::Client;
pub use credentials::{Credentials, Token};

use crate::model::{Clock, Principal, SessionId, Timestamp};
use crate::store::{Store, StoreError};

/// How long a session that was found is believed to be open: another process may have closed it meanwhile.
const BELIEVED: Duration = Duration::from_secs(2);
/// Sessions that are kept in memory.
const KEPT_MAX: usize = 4096;
/// Closed sessions are forgotten after this time; the log knows them for longer.
const FORGOTTEN: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What a session is opened with.
#[derive(Clone, Debug, Default)]
pub struct OpenSession {
    /// The agent's product name, as far as known.
    pub agent: Option<String>,
    /// The person it acts for.
    pub person: Option<String>,
    /// The program that was started, without its arguments.
    pub command: Option<String>,
    /// Its process.
    pub pid: Option<u32>,
    /// The operator's kubeconfig files, with the SHA-256 of what stood in them.
    pub kubeconfigs: Vec<(PathBuf, [u8; 32])>,
}

/// A session that was just opened. The token is told once.
#[derive(Debug)]
pub struct Opened {
    /// Its id.
    pub session: SessionId,
    /// What proves it.
    pub token: Token,
}

/// A session as the state knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The agent's product name, as far as known.
    pub agent: Option<String>,
    /// The person it acts for.
    pub person: Option<String>,
    /// The program that was started.
    pub command: Option<String>,
    /// Its process.
    pub pid: Option<u32>,
    /// The operator's kubeconfig files, with the SHA-256 of what stood in them.
    pub kubeconfigs: Vec<(PathBuf, [u8; 32])>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

impl Session {
    /// Who acts in it.
    #[must_use]
    pub fn principal(&self) -> Principal {
        Principal { session: self.id, agent: self.agent.clone(), person: self.person.clone(), anonymous: false }
    }
}

/// All sessions of this user, and the anonymous ones of this gate.
#[derive(Debug)]
pub struct Sessions {
    store: Store,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<SessionId, Known>>,
    anonymous: Mutex<anonymous::Anonymous>,
}

/// An open session in memory.
#[derive(Debug)]
struct Known {
    principal: Principal,
    token_sha256: [u8; 32],
    seen: Timestamp,
}

impl Sessions {
    /// The sessions of this state.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, known: Mutex::default(), anonymous: Mutex::default() }
    }

    /// Opens a session. It lives until it is closed, restarts of gates included.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn open(&self, open: OpenSession) -> Result<Opened, StoreError> {
        let at = self.clock.now();
        let session = SessionId::new(at, rand::random());
        let token = Token::random();
        let sha256 = token.sha256();
        let OpenSession { agent, person, command, pid, kubeconfigs } = open;
        let files = kubeconfigs_text(&kubeconfigs);
        self.store.write(|change| {
            let old = millis(at).saturating_sub(i64::try_from(FORGOTTEN.as_millis()).unwrap_or(i64::MAX));
            change.execute("DELETE FROM sessions WHERE closed_at < ?1", [old])?;
            change.execute(
                "INSERT INTO sessions (id, agent, person, command, pid, kubeconfigs, token_sha256, opened_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![session.to_string(), agent, person, command, pid, files, sha256, millis(at)],
            )
        })?;
        let principal = Principal { session, agent, person, anonymous: false };
        self.keep(session, Known { principal, token_sha256: sha256, seen: at });
        Ok(Opened { session, token })
    }

    /// Who acts with these credentials; nobody when there is no such open session or the token is not its own. A session
    /// that was found lately is answered from memory. May block for a moment: the state may have to be asked.
    ///
    /// A session that was found before is still found when the state cannot be used.
    #[must_use]
    pub fn find(&self, credentials: &Credentials) -> Option<Principal> {
        let (session, offered) = (credentials.session, credentials.token.sha256());
        let now = self.clock.now();
        let known = |all: &HashMap<SessionId, Known>, fresh: bool| {
            let known = all.get(&session).filter(|known| !fresh || now.since(known.seen) < BELIEVED)?;
            Some(is_same(&known.token_sha256, &offered).then(|| known.principal.clone()))
        };
        if let Some(answer) = known(&self.known.lock().unwrap_or_else(PoisonError::into_inner), true) {
            return answer;
        }
        match self.open_row(session) {
            Ok(Some((found, token_sha256))) => {
                let principal = found.principal();
                let answer = is_same(&token_sha256, &offered).then(|| principal.clone());
                self.keep(session, Known { principal, token_sha256, seen: now });
                answer
            }
            Ok(None) => {
                self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
                None
            }
            Err(_) => known(&self.known.lock().unwrap_or_else(PoisonError::into_inner), false).flatten(),
        }
    }

    /// Closes a session: from now on its credentials are nobody's. False when it was not open.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn close(&self, session: SessionId) -> Result<bool, StoreError> {
        let at = millis(self.clock.now());
        let close = "UPDATE sessions SET closed_at = ?2 WHERE id = ?1 AND closed_at IS NULL";
        let closed = self.store.write(|change| change.execute(close, params![session.to_string(), at]))?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
        Ok(closed > 0)
    }

    /// The open sessions, the oldest first.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn list(&self) -> Result<Vec<Session>, StoreError> {
        self.store.read(|ask| {
            let mut query = ask.prepare_cached(&format!("{SELECT} WHERE closed_at IS NULL ORDER BY opened_at, id"))?;
            query.query_map([], |row| session(row).map(|(session, _)| session))?.collect()
        })
    }

    /// A session, open or closed.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn get(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.store.read(|ask| {
            let mut query = ask.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
            query.query_row([id.to_string()], |row| session(row).map(|(session, _)| session)).optional()
        })
    }

    /// Who acts when nothing names a session: the same for the same listener and client as long as this gate lives.
    #[must_use]
    pub fn anonymous(&self, listener: &str, client: Client) -> Principal {
        let mut anonymous = self.anonymous.lock().unwrap_or_else(PoisonError::into_inner);
        let session = anonymous.session(listener, client, || SessionId::new(self.clock.now(), rand::random()));
        Principal { session, agent: None, person: None, anonymous: true }
    }

    fn open_row(&self, id: SessionId) -> Result<Option<(Session, [u8; 32])>, StoreError> {
        self.store.read(|ask| {
            let mut query = ask.prepare_cached(&format!("{SELECT} WHERE id = ?1 AND closed_at IS NULL"))?;
            query.query_row([id.to_string()], session).optional()
        })
    }

    fn keep(&self, session: SessionId, known: Known) {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT_MAX {
            all.clear();
        }
        all.insert(session, known);
    }
}

const SELECT: &str =
    "SELECT id, agent, person, command, pid, kubeconfigs, opened_at, closed_at, token_sha256 FROM sessions";

fn session(row: &Row<'_>) -> rusqlite::Result<(Session, [u8; 32])> {
    let id: String = row.get(0)?;
    let id = id
        .parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))?;
    let time = |at: i64| Timestamp::from_millis(u64::try_from(at).unwrap_or(0));
    let files: String = row.get(5)?;
    let session = Session {
        id,
        agent: row.get(1)?,
        person: row.get(2)?,
        command: row.get(3)?,
        pid: row.get(4)?,
        kubeconfigs: kubeconfigs(&files),
        opened_at: time(row.get(6)?),
        closed_at: row.get::<_, Option<i64>>(7)?.map(time),
    };
    Ok((session, row.get(8)?))
}

fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.millis()).unwrap_or(i64::MAX)
}

fn kubeconfigs_text(files: &[(PathBuf, [u8; 32])]) -> String {
    let hex = |sha256: &[u8; 32]| data_encoding::HEXLOWER.encode(sha256);
    let files: Vec<_> = files.iter().map(|(path, sha256)| (path.to_string_lossy(), hex(sha256))).collect();
    serde_json::to_string(&files).unwrap_or_default()
}

fn kubeconfigs(text: &str) -> Vec<(PathBuf, [u8; 32])> {
    let files: Vec<(PathBuf, String)> = serde_json::from_str(text).unwrap_or_default();
    let known = |(path, hex): (PathBuf, String)| {
        Some((path, data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()?))
    };
    files.into_iter().filter_map(known).collect()
}

/// In a time that does not depend on where they differ.
fn is_same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b))) == 0
}

#[cfg(test)]
mod tests;
