//! What the operator says to escalated calls, for every kind of gate.

use std::sync::Arc;

use super::base::person;
use super::clock::SystemClock;
use super::files::Places;
use crate::approvals::{Approvals, Filter, Request, State, VoteError};
use crate::config::Config;
use crate::control::ControlError;
use crate::control::protocol::Answer;
use crate::model::ApprovalId;
use crate::record::Ledger;
use crate::store::Store;

fn fault(error: impl std::fmt::Display) -> ControlError {
    ControlError::Fault(error.to_string())
}

/// The open requests, or all that are known.
pub(super) fn list(approvals: &Approvals, all: bool) -> Result<Vec<Request>, ControlError> {
    let state = if all { None } else { Some(State::Pending) };
    approvals.list(&Filter { state, ..Filter::default() }).map_err(fault)
}

/// One request.
pub(super) fn show(approvals: &Approvals, id: ApprovalId) -> Result<Request, ControlError> {
    let found = approvals.show(id).map_err(fault)?;
    found.ok_or_else(|| ControlError::Unknown(format!("there is no approval request `{id}`")))
}

/// Answers one request, in the name of the gate's own user.
pub(super) fn answer(approvals: &Approvals, id: ApprovalId, answer: &Answer) -> Result<Request, ControlError> {
    let voter = person().unwrap_or_else(|| "operator".to_owned());
    let reason = Some(answer.reason.trim()).filter(|reason| !reason.is_empty());
    let voted = if answer.approve { approvals.approve(id, &voter, reason) } else { approvals.deny(id, &voter, reason) };
    voted.map_err(|error| match error {
        VoteError::Unknown(_) => ControlError::Unknown(error.to_string()),
        VoteError::Closed { .. } => ControlError::Refused(error.to_string()),
        VoteError::Store(_) => fault(error),
    })
}

/// What the operator says while no gate runs, to calls that hooks asked about by themselves.
#[derive(Debug)]
pub struct StandingDesk(Approvals);

impl StandingDesk {
    /// The desk of this state; `None` where no hook ever decided alone, so that nobody could have asked.
    #[must_use]
    pub fn open(places: &Places, config: &Config) -> Option<Self> {
        let log = places.log().join(super::advise::COMMON_LOG);
        let times = config.approvals;
        let desk = |log| Approvals::new(Store::at(&places.state), Ledger::common(log), Arc::new(SystemClock), times);
        log.is_dir().then(|| Self(desk(&log)))
    }

    /// The open requests, or all that are known.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn list(&self, all: bool) -> Result<Vec<Request>, ControlError> {
        list(&self.0, all)
    }

    /// One request.
    ///
    /// # Errors
    /// There is none.
    pub fn show(&self, id: &str) -> Result<Request, ControlError> {
        show(&self.0, named(id)?)
    }

    /// Answers one request.
    ///
    /// # Errors
    /// There is none, or it cannot be answered any more.
    pub fn answer(&self, id: &str, said: &Answer) -> Result<Request, ControlError> {
        answer(&self.0, named(id)?, said)
    }
}

fn named(id: &str) -> Result<ApprovalId, ControlError> {
    id.parse().map_err(|_| ControlError::Unknown(format!("`{id}` is not an approval request's id")))
}
