//! An expected "no": shown to the agent, in the API's own format by the door.

use std::time::Duration;

use crate::model::{ApprovalId, DecisionId, Operation};

/// Why a request does not go on. Not an error of ours.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The entry in the log that records it; `None` only when the log could not be written.
    pub id: Option<DecisionId>,
    /// What kind of no.
    pub kind: RefusalKind,
    /// The text for the agent and its person: what, why, which rule, what to do instead.
    pub message: String,
    /// The operation that was stopped, where it was named.
    pub operation: Option<Operation>,
}

/// The kinds of no; each door maps each of them to its own format, exhaustively.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The request has more than one reading, or is too large to read: the status says which.
    Unreadable {
        /// 400, 413, 415, 501.
        status: u16,
    },
    /// No approval lifts it.
    Denied,
    /// It needs people.
    ApprovalNeeded(ApprovalId),
    /// A limit is used up.
    Throttled {
        /// Until there are tokens again.
        retry_after: Duration,
    },
    /// The gate itself cannot do it now: no record, no service (503); upstream out of reach (502, 504).
    Unavailable {
        /// 502, 503, 504.
        status: u16,
    },
}
