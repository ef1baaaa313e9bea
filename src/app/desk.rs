//! What the operator says to escalated calls, for every kind of gate.

use super::base::person;
use crate::approvals::{Approvals, Filter, Request, State, VoteError};
use crate::control::ControlError;
use crate::control::protocol::Answer;
use crate::model::ApprovalId;

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
