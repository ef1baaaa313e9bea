//! Quarantine by the operator's hand, and what the log is told of sessions, for every kind of gate.

use super::base::person;
use super::clock::SystemClock;
use crate::control::ControlError;
use crate::control::protocol::Hold;
use crate::decide::visible;
use crate::memory::{Memory, Quarantine, Remembered};
use crate::model::{Clock as _, Principal};
use crate::record::{Entry, Ledger, SessionEntry, SessionStep, redact};

/// Of what a person says.
const CHARS_MAX: usize = 400;

/// Puts this session into quarantine, or releases it; what is remembered of it then. Blocks.
pub(super) fn hold(
    memory: &Memory,
    ledger: &Ledger,
    principal: Principal,
    hold: &Hold,
) -> Result<Remembered, ControlError> {
    let (by, at) = (person(), SystemClock.now());
    let why = redact::mask(&visible(hold.reason.trim(), CHARS_MAX)).into_owned();
    let by = Some(by.unwrap_or_else(|| "operator".to_owned()));
    let quarantine = hold.quarantined.then(|| Quarantine { at, by: by.clone(), why: why.clone() });
    let changed =
        memory.quarantine(principal.session, quarantine).map_err(|error| ControlError::Fault(error.to_string()))?;
    if !changed {
        let so = if hold.quarantined { "in quarantine already" } else { "not in quarantine" };
        return Err(ControlError::Refused(format!("`{}` is {so}", principal.session)));
    }
    let step = if hold.quarantined { SessionStep::Quarantined } else { SessionStep::Released };
    let Principal { session: id, agent, person, .. } = principal;
    let (task, boundary) = (None, String::new());
    ledger.note(&Entry::Session(Box::new(SessionEntry { id, at, step, by, agent, person, task, boundary, why })));
    Ok(memory.of(id))
}

/// What the log is told of a session that declared something.
pub(super) fn opened(memory: &Memory, ledger: &Ledger, principal: &Principal) {
    let declared = memory.of(principal.session).declared;
    if declared.task.is_none() && declared.boundary.is_empty() {
        return;
    }
    ledger.note(&Entry::Session(Box::new(SessionEntry {
        id: principal.session,
        at: SystemClock.now(),
        step: SessionStep::Opened,
        by: person(),
        agent: principal.agent.clone(),
        person: principal.person.clone(),
        task: declared.task.as_deref().map(|task| redact::mask(&visible(task, CHARS_MAX)).into_owned()),
        boundary: declared.boundary.to_string(),
        why: String::new(),
    })));
}
