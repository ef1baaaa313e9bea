//! What the operator says to escalated calls, for every kind of gate.

use std::sync::Arc;

use super::base::person;
use super::clock::SystemClock;
use super::files::Places;
use crate::approvals::{Approvals, Filter, View, VoteError};
use crate::config::{Config, People};
use crate::control::ControlError;
use crate::control::protocol::{Answer, Spoken};
use crate::model::ApprovalId;
use crate::record::Ledger;
use crate::store::Store;

fn fault(error: impl std::fmt::Display) -> ControlError {
    ControlError::Fault(error.to_string())
}

/// Requests, the oldest first.
pub(super) fn list(approvals: &Approvals, filter: &Filter) -> Result<Vec<View>, ControlError> {
    let found = approvals.list(filter).map_err(fault)?;
    Ok(found.iter().map(|request| approvals.view(request)).collect())
}

/// One request.
pub(super) fn show(approvals: &Approvals, id: ApprovalId) -> Result<View, ControlError> {
    let found = approvals.show(id).map_err(fault)?;
    let found = found.ok_or_else(|| ControlError::Unknown(format!("there is no approval request `{id}`")))?;
    Ok(approvals.view(&found))
}

/// Answers one request: in the name of the gate's own user, or of whoever signed.
pub(super) fn answer(approvals: &Approvals, id: ApprovalId, answer: &Answer) -> Result<View, ControlError> {
    let said = match answer {
        Answer::Signed(ballot) => approvals.cast(id, ballot),
        Answer::Operator(Spoken { answer, reason, content }) => {
            let voter = person().unwrap_or_else(|| "operator".to_owned());
            let reason = Some(reason.trim()).filter(|reason| !reason.is_empty());
            approvals.answer(id, *answer, (&voter, reason), content.as_deref())
        }
    };
    let said = said.map_err(|error| match error {
        VoteError::Unknown(_) => ControlError::Unknown(error.to_string()),
        VoteError::Store(_) => fault(error),
        _ => ControlError::Refused(error.to_string()),
    })?;
    Ok(approvals.view(&said))
}

/// What the operator says while no gate runs, to calls that hooks asked about by themselves.
#[derive(Debug)]
pub struct StandingDesk(Approvals);

impl StandingDesk {
    /// The desk of this state; `None` where no hook ever decided alone, so that nobody could have asked.
    #[must_use]
    pub fn open(places: &Places, config: Config, people: People) -> Option<Self> {
        let log = places.log().join(super::advise::COMMON_LOG);
        let store = Store::at(&places.state);
        log.is_dir().then(|| {
            let approvals = Approvals::new(store, Ledger::common(&log), Arc::new(SystemClock), config.approvals);
            approvals.know(people);
            Self(approvals)
        })
    }

    /// Requests, the oldest first.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn list(&self, filter: &Filter) -> Result<Vec<View>, ControlError> {
        list(&self.0, filter)
    }

    /// One request.
    ///
    /// # Errors
    /// There is none.
    pub fn show(&self, id: &str) -> Result<View, ControlError> {
        show(&self.0, named(id)?)
    }

    /// Answers one request.
    ///
    /// # Errors
    /// There is none, or it cannot be answered any more.
    pub fn answer(&self, id: &str, said: &Answer) -> Result<View, ControlError> {
        answer(&self.0, named(id)?, said)
    }
}

fn named(id: &str) -> Result<ApprovalId, ControlError> {
    id.parse().map_err(|_| ControlError::Unknown(format!("`{id}` is not an approval request's id")))
}
