//! What agents say about what they will do next (`blastgate reason`): whose session that is, and where it is kept.
//!
//! SECURITY: what is said decides nothing and is shown to people as nobody's but the agent's; so an agent that names another
//! one's refused call can put words into its mouth, and no more.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::clock::SystemClock;
use super::files::Places;
use crate::approvals::Approvals;
use crate::config::Config;
use crate::control::ControlError;
use crate::control::protocol::{Heard, Saying};
use crate::model::{Clock as _, DecisionId, Said, SessionId, Timestamp};
use crate::record::query::Reader;
use crate::record::{DecisionEntry, Entry, Ledger};
use crate::store::Store;

/// An entry's time may lie this much before its id's, and a segment's before its entry's.
const SLACK: Duration = Duration::from_secs(60 * 60);
/// Who asked its hook within this time may be who speaks.
const RECENT: Duration = Duration::from_secs(30 * 60);

/// Hears it for this session; what counts then. Blocks.
pub(super) fn hear(approvals: &Approvals, session: SessionId, said: &Said) -> Result<Heard, ControlError> {
    let fault = |error: crate::store::StoreError| ControlError::Fault(error.to_string());
    if !said.is_empty() {
        approvals.hear(session, said).map_err(fault)?;
    }
    Ok(Heard { session, said: approvals.heard(session).map_err(fault)? })
}

/// Nothing tells the session.
pub(super) fn nobody() -> ControlError {
    ControlError::Unknown(
        "it cannot be told whose session this is: say it behind `blastgate run`, with a session's proxy credentials, or \
         name the refused call (`--for d_…`)"
            .to_owned(),
    )
}

/// The session of the call that a hook asked about.
pub(super) fn hooked(log: &Path, decision: DecisionId) -> Result<SessionId, ControlError> {
    let name = decision.to_string();
    let began = name.strip_prefix("d_").and_then(|id| ulid::Ulid::from_string(id).ok());
    let began = began.map_or(0, |id| id.timestamp_ms());
    let found = decisions(log, Timestamp::from_millis(began), Some(&name))?.next();
    let entry = found.ok_or_else(|| ControlError::Unknown(format!("there is no decision `{name}` in the log")))?;
    match entry.hook {
        Some(_) => Ok(entry.principal.session),
        None => Err(ControlError::Refused(format!(
            "`{name}` is no call that a hook asked about: its session speaks for itself, by its proxy credentials"
        ))),
    }
}

/// The one session whose agent asked its hook just now, while no gate was running.
fn latest(log: &Path, now: Timestamp) -> Result<SessionId, ControlError> {
    let since = Timestamp::from_millis(now.millis().saturating_sub(u64::try_from(RECENT.as_millis()).unwrap_or(0)));
    let alone = |entry: &DecisionEntry| entry.at >= since && entry.hook.as_ref().is_some_and(|hook| hook.alone);
    let mut sessions: Vec<SessionId> =
        decisions(log, since, None)?.filter(alone).map(|one| one.principal.session).collect();
    sessions.sort_unstable();
    sessions.dedup();
    match *sessions {
        [session] => Ok(session),
        [] => Err(ControlError::Unknown(
            "no gate is running, and no hook has asked about a call within the last 30 minutes: it cannot be told whose \
             session this is; make the call first, then name it (`--for d_…`)"
                .to_owned(),
        )),
        _ => Err(ControlError::Unknown(
            "no gate is running, and several agents have asked their hooks: name the refused call (`--for d_…`)".to_owned(),
        )),
    }
}

fn decisions(
    log: &Path,
    since: Timestamp,
    id: Option<&str>,
) -> Result<impl Iterator<Item = DecisionEntry>, ControlError> {
    let since = since.millis().saturating_sub(u64::try_from(SLACK.as_millis()).unwrap_or(0));
    let reader = Reader::open_since(log, Some(Timestamp::from_millis(since)));
    let reader = reader.map_err(|error| ControlError::Fault(format!("the log cannot be read: {error}")))?;
    let read = reader.filter_map(move |stored| {
        let stored = stored.ok().filter(|one| one.is("decision") && id.is_none_or(|id| one.id() == Some(id)))?;
        match stored.entry().ok()? {
            Entry::Decision(entry) => Some(*entry),
            _ => None,
        }
    });
    Ok(read)
}

/// Hears it without a gate: for an agent whose hook decides alone. Blocks.
///
/// # Errors
/// It cannot be told whose session that is, or the state cannot be used.
pub fn hear_alone(places: &Places, config: Config, saying: &Saying) -> Result<Heard, ControlError> {
    let log = places.log().join(super::advise::COMMON_LOG);
    if !log.is_dir() {
        return Err(ControlError::Unknown(
            "no gate is running, and no hook has asked anything here: nobody would hear it".to_owned(),
        ));
    }
    let session = match saying.decision {
        Some(decision) => hooked(&places.log(), decision)?,
        None => latest(&log, SystemClock.now())?,
    };
    let (store, ledger) = (Store::at(&places.state), Ledger::common(&log));
    hear(&Approvals::new(store, ledger, Arc::new(SystemClock), config.approvals), session, &saying.said)
}
