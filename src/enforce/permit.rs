//! The proof that a request was decided, recorded and let through.

use std::sync::Arc;

use http::Method;
use http::uri::PathAndQuery;

use super::history::Attempt;
use super::{Refusal, RefusalKind};
use crate::approvals::Approvals;
use crate::head::request::wire_name;
use crate::identify::{Channels, Offer};
use crate::memory::Entered;
use crate::model::http::{Authority, Head, Scheme, Upgrade};
use crate::model::{ApprovalId, Clock, DecisionId};
use crate::record::{Entry, Ledger, Outcome, OutcomeEntry, Receipt};

/// Where a permitted request goes and what it asks for there. Egress takes both from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// In clear or inside TLS.
    pub scheme: Scheme,
    /// Whom.
    pub authority: Authority,
    /// How.
    pub method: Method,
    /// What.
    pub target: PathAndQuery,
    /// What the connection may become, and nothing else.
    pub upgrade: Option<Upgrade>,
    /// What is spoken then, where every message needs a permit of its own.
    pub offer: Option<Offer>,
    /// What its streams carry then, where the client is held to what it asked for.
    pub channels: Option<Channels>,
}

impl Destination {
    /// Where this head goes.
    #[must_use]
    pub fn of(head: &Head) -> Self {
        Self {
            scheme: head.scheme,
            authority: head.authority.clone(),
            method: head.method.clone(),
            target: head.target.clone(),
            upgrade: head.upgrade,
            offer: Offer::of(head),
            channels: Channels::of(head),
        }
    }

    /// A connection that is passed without being opened.
    #[must_use]
    pub fn tunnel(authority: Authority) -> Self {
        let target = PathAndQuery::from_static("/");
        let scheme = Scheme::Https;
        Self { scheme, authority, method: Method::CONNECT, target, upgrade: None, offer: None, channels: None }
    }

    /// The host, with the port only where it is not the scheme's.
    #[must_use]
    pub fn wire_authority(&self) -> String {
        wire_name(self.scheme, &self.authority)
    }

    /// For the record: method, host and port; the path and the query may hold secrets.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.method, self.authority)
    }
}

/// What a request carries beside its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// No body.
    Nothing,
    /// A body that was read whole: its SHA-256, in lower-case hex.
    Whole(String),
    /// A body that streams past.
    Unread,
}

impl Carried {
    /// For the record.
    pub(super) fn sha256(&self) -> Option<String> {
        match self {
            Self::Whole(sha256) => Some(sha256.clone()),
            Self::Nothing | Self::Unread => None,
        }
    }
}

/// Lets exactly one request through. Made only by [`super::Gate::clear`]; closed with how it ended, or by being dropped.
#[derive(Debug)]
#[must_use = "a permit that is dropped is recorded as abandoned"]
pub struct Permit {
    id: DecisionId,
    destination: Destination,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    closed: bool,
    spent: Option<Spent>,
    attempt: Option<Attempt>,
    entered: Option<Entered>,
    _receipt: Receipt,
}

/// The approval that was used up for a request. A client repeats by itself what comes to no answer; that is not a second
/// use.
#[derive(Debug)]
pub(super) struct Spent {
    id: ApprovalId,
    approvals: Arc<Approvals>,
}

impl Spent {
    pub(super) fn new(id: ApprovalId, approvals: &Arc<Approvals>) -> Self {
        Self { id, approvals: Arc::clone(approvals) }
    }

    /// Tells of the end of the call, where it was none.
    fn ended(self, decision: DecisionId, outcome: &Outcome) {
        let is_unanswered = match outcome {
            Outcome::Answered { status, .. } => *status == 429 || *status >= 500,
            Outcome::Unreachable { .. } | Outcome::Broken { .. } | Outcome::Abandoned => true,
            Outcome::Tunnelled { .. } => false,
        };
        if !is_unanswered {
            return;
        }
        // What cannot be kept is not sent again: the safe side.
        let told = move || drop(self.approvals.unanswered(self.id, decision));
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(told)),
            Err(_) => told(),
        }
    }
}

impl Permit {
    /// INVARIANT: the receipt is the proof that the decision stands in the log; without one there is no permit.
    pub(super) const fn new(
        id: DecisionId,
        receipt: Receipt,
        destination: Destination,
        ledger: Ledger,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (spent, attempt, entered) = (None, None, None);
        Self { id, destination, ledger, clock, closed: false, spent, attempt, entered, _receipt: receipt }
    }

    /// The same, for which this approval was used up.
    pub(super) fn for_approval(mut self, spent: Option<Spent>) -> Self {
        self.spent = spent;
        self
    }

    /// With its place in what the session did, for its end to be told there.
    pub(super) fn remembered(mut self, attempt: Option<Attempt>, entered: Option<Entered>) -> Self {
        (self.attempt, self.entered) = (attempt, entered);
        self
    }

    /// The decision it rests on.
    #[must_use]
    pub const fn id(&self) -> DecisionId {
        self.id
    }

    /// Where it leads, and nowhere else.
    #[must_use]
    pub const fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Records how the request ended.
    pub fn close(mut self, outcome: Outcome) {
        self.note(outcome);
    }

    /// Records that it could not be carried out, and says so to the agent.
    #[must_use]
    pub fn fail(mut self, outcome: Outcome, status: u16) -> Refusal {
        let (what, error) = match &outcome {
            Outcome::Unreachable { error } => ("did not reach", error.as_str()),
            Outcome::Broken { error, .. } => ("lost the connection to", error.as_str()),
            _ => ("could not finish with", "unknown"),
        };
        let is_forbidden = status == 403;
        let message = if is_forbidden {
            format!("blastgate stopped this call: {error}. Ask your person; another route gets the same answer.")
        } else {
            format!("blastgate let this call through, but {what} {}: {error}", self.destination.authority)
        };
        let kind = if is_forbidden { RefusalKind::Denied } else { RefusalKind::Unavailable { status } };
        let id = Some(self.id);
        self.note(outcome);
        Refusal { id, kind, message, operation: None }
    }

    fn note(&mut self, outcome: Outcome) {
        if !std::mem::replace(&mut self.closed, true) {
            if let Some(spent) = self.spent.take() {
                spent.ended(self.id, &outcome);
            }
            if let Some(attempt) = &mut self.attempt {
                attempt.ended(&outcome);
            }
            if let Some(entered) = &self.entered {
                entered.ended(has_failed(&outcome));
            }
            self.ledger.note(&Entry::Outcome(OutcomeEntry { id: self.id, at: self.clock.now(), outcome }));
        }
    }
}

/// Whether upstream said that the call came to nothing good. What never reached it, or came too often, says nothing of the
/// change itself.
const fn has_failed(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Answered { status, .. } => *status >= 400 && *status != 429,
        Outcome::Broken { .. } => true,
        Outcome::Tunnelled { .. } | Outcome::Unreachable { .. } | Outcome::Abandoned => false,
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.note(Outcome::Abandoned);
    }
}
