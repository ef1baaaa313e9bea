//! Approval requests: a call that needs people is refused with a request's id; once somebody has approved it, exactly
//! that call passes once.
//!
//! A request is bound to what would be done (the digests of its actions), to the session and its person, and to what
//! asked for it; not to the door, not to bytes. Every change of its state is one conditional statement, so whatever
//! races, processes included, one wins:
//!
//! ```text
//! pending ─▶ approved ─▶ used          used once; a crash after it leaves it used and nothing sent
//!    │          ├──────▶ denied         by a person, also after approving
//!    │          ├──────▶ expired        on the wall clock or the machine's uptime, whichever comes first
//!    └──────────┴──────▶ void           more is needed now than was asked about
//! ```
//! Nothing here decides whether a call needs people, and nothing here lets one pass: [`crate::enforce::Gate`] does.

mod question;
mod rows;
pub mod signature;
pub mod statement;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

pub use question::{Question, Requirement};
pub use signature::{SignatureError, Signed};
pub use statement::{Statement, StatementError};

use crate::config::Approvals as Times;
use crate::model::{ApprovalId, Clock, DecisionId, SessionId, Timestamp, Uptime};
use crate::record::{ApprovalEntry, ApprovalStep, Entry, Ledger};
use crate::store::{Store, StoreError};

/// Open requests of one session; more are refused without one.
pub const OPEN_MAX: u32 = 5;
/// Identical calls are answered with a denial for this long.
const DENIED_FOR: Duration = Duration::from_secs(60 * 60);
/// How often a held call looks for the answer of another process.
const POLL: Duration = Duration::from_millis(500);

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for people.
    Pending,
    /// May be used once.
    Approved,
    /// Was used.
    Used,
    /// Somebody said no.
    Denied,
    /// Not answered or not used in time.
    Expired,
    /// More was needed than had been asked about.
    Void,
}

impl State {
    /// The word as the state and the machine interfaces spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Used => "used",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Void => "void",
        }
    }

    const ALL: [Self; 6] = [Self::Pending, Self::Approved, Self::Used, Self::Denied, Self::Expired, Self::Void];
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An approval request.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Request {
    /// Its id.
    pub id: ApprovalId,
    /// The session that asked.
    pub session: SessionId,
    /// The person it acts for.
    pub person: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// The operation; with several actions the first of them, and how many more.
    pub operation: String,
    /// What it would do, for people: every field that the digests cover, nothing that could move a cursor or hide.
    pub shown: String,
    /// The digest of every action, lower-case hex, sorted.
    pub digests: Vec<String>,
    /// What asked for it.
    pub requirement: Requirement,
    /// Which set of rules asked.
    pub revision: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub state: State,
    /// Until when that lasts: to be answered (pending), to be used (approved), to be told again (denied).
    pub until: Timestamp,
    /// Who answered.
    pub voter: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// The decision that used it.
    pub decision: Option<DecisionId>,
}

/// What [`Approvals::ask`] answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// An approval covers the call: [`Approvals::use_up`] it.
    Approved(Box<Request>),
    /// The request waits for people; it may have been opened just now, or by an earlier identical call.
    Waiting(Box<Request>),
    /// Somebody said no to an identical call.
    Denied(Box<Request>),
    /// The session has too many open requests.
    Crowded,
    /// Anonymous sessions have no approvals.
    Anonymous,
}

/// Which requests [`Approvals::list`] gives.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this state; else of any.
    pub state: Option<State>,
    /// Only of this session.
    pub session: Option<SessionId>,
    /// At most so many, the newest; 0: all.
    pub last: u32,
}

/// Why a vote does not count.
#[derive(Debug, thiserror::Error)]
pub enum VoteError {
    /// There is no such request.
    #[error("there is no approval request `{0}`")]
    Unknown(ApprovalId),
    /// It is not open any more.
    #[error("`{id}` is {state} and cannot be answered any more")]
    Closed {
        /// Which.
        id: ApprovalId,
        /// Where it stands.
        state: State,
    },
    /// The state cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The time, on every clock there is.
#[derive(Clone, Copy, Debug)]
struct Now {
    wall: Timestamp,
    uptime: Option<Uptime>,
}

/// All approval requests of this user.
#[derive(Debug)]
pub struct Approvals {
    store: Store,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    times: Times,
    answered: Notify,
}

impl Approvals {
    /// The approvals of this state. Every step goes into the log.
    #[must_use]
    pub fn new(store: Store, ledger: Ledger, clock: Arc<dyn Clock>, times: Times) -> Self {
        Self { store, ledger, clock, times, answered: Notify::new() }
    }

    /// How long a call may be held open for an answer.
    #[must_use]
    pub const fn hold(&self) -> Duration {
        self.times.hold
    }

    /// Asks for a call that needs people: joins the open request of an identical call, or opens one. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn ask(&self, question: &Question) -> Result<Answer, StoreError> {
        if question.principal.anonymous {
            return Ok(Answer::Anonymous);
        }
        let now = self.now();
        self.change(now, |change| {
            if let Some(live) = change.live(&question.binding)? {
                if live.requirement.covers(&question.requirement) {
                    let live = Box::new(live);
                    let is_approved = live.state == State::Approved;
                    return Ok(if is_approved { Answer::Approved(live) } else { Answer::Waiting(live) });
                }
                change.void(live.id, "more is needed now than was asked about")?;
            } else if let Some(denied) = change.denied(&question.binding)? {
                return Ok(Answer::Denied(Box::new(denied)));
            }
            if change.open_of(question.principal.session)? >= OPEN_MAX {
                return Ok(Answer::Crowded);
            }
            let id = ApprovalId::new(now.wall, rand::random());
            change.open(id, question, self.times.pending).map(|request| Answer::Waiting(Box::new(request)))
        })
    }

    /// Uses an approval up for this call: true exactly once, and only while it is live. Durable when it returns. Blocks.
    ///
    /// # Errors
    /// The state cannot be used; whether it was used is then not known, and the call must not pass.
    pub fn use_up(&self, id: ApprovalId, question: &Question, decision: DecisionId) -> Result<bool, StoreError> {
        self.change(self.now(), |change| change.use_up(id, &question.binding, decision))
    }

    /// Lets the call of this request pass once, within `approvals.use_within`. Blocks.
    ///
    /// # Errors
    /// There is no such request, or it is not pending.
    pub fn approve(&self, id: ApprovalId, voter: &str, reason: Option<&str>) -> Result<Request, VoteError> {
        self.vote(id, State::Approved, voter, reason)
    }

    /// Says no: to a pending request, or to an approved one that was not used. Identical calls are answered so for an
    /// hour. Blocks.
    ///
    /// # Errors
    /// There is no such request, or it is closed.
    pub fn deny(&self, id: ApprovalId, voter: &str, reason: Option<&str>) -> Result<Request, VoteError> {
        self.vote(id, State::Denied, voter, reason)
    }

    /// A session has ended: what it asked for cannot be used any more, and nobody need be asked. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn end_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.change(self.now(), |change| {
            for request in change.list(&Filter { session: Some(session), ..Filter::default() })? {
                if matches!(request.state, State::Pending | State::Approved) {
                    change.void(request.id, "its session has ended")?;
                }
            }
            Ok(())
        })
    }

    /// One request. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn show(&self, id: ApprovalId) -> Result<Option<Request>, StoreError> {
        self.change(self.now(), |change| change.get(id))
    }

    /// Requests, the oldest first. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn list(&self, filter: &Filter) -> Result<Vec<Request>, StoreError> {
        self.change(self.now(), |change| change.list(filter))
    }

    /// Waits until the request is not pending any more, or the time is over: true when it is not. Votes in this process
    /// are noticed at once, those of others within half a second.
    pub async fn wait(self: &Arc<Self>, id: ApprovalId, hold: Duration) -> bool {
        let deadline = Instant::now() + hold;
        loop {
            let mut answered = std::pin::pin!(self.answered.notified());
            // Before the look, so that a vote between the look and the wait is not missed.
            answered.as_mut().enable();
            let approvals = Arc::clone(self);
            let state = tokio::task::spawn_blocking(move || approvals.show(id)).await;
            match state {
                Ok(Ok(Some(request))) if request.state == State::Pending => {}
                _ => return true,
            }
            if Instant::now() >= deadline {
                return false;
            }
            let _ = timeout_at(deadline.min(Instant::now() + POLL), answered).await;
        }
    }

    fn vote(&self, id: ApprovalId, to: State, voter: &str, reason: Option<&str>) -> Result<Request, VoteError> {
        let now = self.now();
        let lasts = if to == State::Approved { self.times.use_within } else { DENIED_FOR };
        let voted = self.change(now, |change| {
            let counted = change.vote(id, to, (voter, reason), lasts)?;
            Ok((counted, change.get(id)?))
        })?;
        self.answered.notify_waiters();
        match voted {
            (true, Some(request)) => Ok(request),
            (_, Some(request)) => Err(VoteError::Closed { id, state: request.state }),
            (_, None) => Err(VoteError::Unknown(id)),
        }
    }

    /// Runs a change in one transaction, after what is overdue was marked as such, and then tells the log of its steps.
    fn change<T>(
        &self,
        now: Now,
        run: impl FnOnce(&mut rows::Change<'_, '_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let (answer, steps) = self.store.write(|transaction| {
            let mut change = rows::Change::new(transaction, now);
            change.expire()?;
            let answer = run(&mut change)?;
            Ok((answer, change.into_steps()))
        })?;
        for step in steps {
            self.ledger.note(&Entry::Approval(Box::new(step)));
        }
        Ok(answer)
    }

    fn now(&self) -> Now {
        Now { wall: self.clock.now(), uptime: self.clock.uptime() }
    }
}

#[cfg(test)]
mod tests;
