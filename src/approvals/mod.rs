//! Approval requests: a call that needs people is refused with a request's id; once enough of them have approved it,
//! exactly that call passes once.
//!
//! A request is bound to what would be done (the digests of its actions, each usable once), to the session and its
//! person, and to what asked for it; not to the door, not to bytes. Every change is made by [`request`], a pure machine,
//! inside one immediate transaction of the store, so whatever races, processes included, one wins:
//!
//! ```text
//! pending ─▶ approved ─▶ used          each action once; a crash after it leaves it used and nothing sent
//!    │  ◀──────┘ │                     a yes was taken back
//!    │          ├──────▶ denied         by a person, also after approving
//!    │          ├──────▶ expired        on the wall clock or the machine's uptime, whichever comes first
//!    └──────────┴──────▶ void           more is needed now than was asked about
//! ```
//! Nothing here decides whether a call needs people, and nothing here lets one pass: [`crate::enforce::Gate`] does.

mod change;
mod heard;
mod notices;
mod question;
mod quorum;
mod raw;
mod request;
mod signature;
mod statement;
mod steps;
mod table;
mod view;
mod votes;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

pub use change::{Adoption, Proposal, Subject, no_session};
pub use question::{Ask, Item, Question, Requirement};
pub use quorum::{Electorate, Tally};
pub use raw::{Raw, Received};
pub use request::{Asked, Deadline, Glass, Proof, Request, Use, Vote};
pub use signature::{NAMESPACE, SignatureError, Signed, verify};
pub use statement::{Answer as Said, REASON_BYTES_MAX, Statement, StatementError};
pub use view::{About, Broken, View, Word as Voted};
pub use votes::{Ballot, VoteError};

use crate::config::{Approvals as Settings, People};
use crate::decide::visible;
use crate::model::{ApprovalId, Clock, DecisionId, Obligation, Said as Words, SessionId, Timestamp, Uptime};
use crate::notify::Spool;
use crate::record::{ApprovalEntry, ApprovalStep, Entry, Ledger};
use crate::store::{Store, StoreError};
use steps::{Change, entry};
use table::Table;
use votes::{Rules, Word};

/// Open requests of one session; more are refused without one.
pub const OPEN_MAX: u32 = 5;
/// Open requests of one agent over all its sessions.
const OPEN_OF_AGENT_MAX: u32 = 20;
/// Identical calls are answered with a denial for this long.
const DENIED_FOR: Duration = Duration::from_secs(60 * 60);
/// Of why an answer did not count, in the log.
const REFUSAL_CHARS_MAX: usize = 400;
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
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
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
    /// The session, or its agent over all sessions, has too many open requests.
    Crowded,
    /// The agent must say something first.
    Owing(Vec<Obligation>),
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
    /// Only what was let through in an emergency and waits for somebody else's look.
    pub unreviewed: bool,
    /// At most so many, the newest; 0: all.
    pub last: u32,
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
    settings: Settings,
    people: ArcSwap<People>,
    answered: Notify,
    notices: Option<Spool>,
}

impl Approvals {
    /// The approvals of this state. Every step goes into the log.
    #[must_use]
    pub fn new(store: Store, ledger: Ledger, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        Self { store, ledger, clock, settings, people: ArcSwap::default(), answered: Notify::new(), notices: None }
    }

    /// The same, which tells people of every step through this spool.
    #[must_use]
    pub fn telling(mut self, notices: Spool) -> Self {
        self.notices = Some(notices);
        self
    }

    /// Counts votes by these people from now on: at the next vote, and again at every use.
    pub fn know(&self, people: People) {
        self.people.store(Arc::new(people));
    }

    /// How long a call may be held open for an answer.
    #[must_use]
    pub const fn hold(&self) -> Duration {
        self.settings.hold
    }

    /// Whose answers these take, in words.
    #[must_use]
    pub fn voters_in_words(&self, requirement: &Requirement) -> String {
        requirement.voters_in_words(&self.settings.default)
    }

    /// How far a request is.
    #[must_use]
    pub fn count(&self, request: &Request) -> Tally {
        let people = self.people.load();
        Electorate { people: &people, default: &self.settings.default }.count(request, self.clock.now())
    }

    /// Asks for a call that needs people: joins the open request of an identical call, or one that the session opened
    /// just now, or opens one. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn ask(&self, question: &Question) -> Result<Answer, StoreError> {
        if question.principal.anonymous {
            return Ok(Answer::Anonymous);
        }
        self.change(|change| {
            let now = change.now;
            let mut known = change.table.of_session(question.principal.session, now)?;
            if let Some(answer) = self.known(question, &mut known, change)? {
                return Ok(answer);
            }
            if let Some(denied) = known.iter().find(|one| one.denies(question, now)) {
                return Ok(Answer::Denied(Box::new(denied.clone())));
            }
            let heard = change.table.heard(question.principal.session, now)?;
            let question = &question.clone().having_said(&heard);
            let owing = question.owing();
            if !owing.is_empty() {
                return Ok(Answer::Owing(owing));
            }
            for open in &mut known {
                if let Some(added) = open.gather(question, now) {
                    change.keep_joined(open, added)?;
                    return Ok(Answer::Waiting(Box::new(open.clone())));
                }
            }
            let pending = known.iter().filter(|one| one.state == State::Pending).count();
            let of_agent = change.table.pending_of(question.principal.agent.as_deref())?;
            if pending >= OPEN_MAX as usize || of_agent >= OPEN_OF_AGENT_MAX {
                return Ok(Answer::Crowded);
            }
            change.table.forget(now)?;
            let id = ApprovalId::new(now.wall, rand::random());
            let request = Request::open(id, question, now, self.settings.pending);
            change.keep(&request, ApprovalStep::Opened)?;
            Ok(Answer::Waiting(Box::new(request)))
        })
    }

    /// The answer of a request that covers the call. One that asked for less than is needed now is void.
    fn known(
        &self,
        question: &Question,
        known: &mut [Request],
        change: &mut Change<'_, '_>,
    ) -> rusqlite::Result<Option<Answer>> {
        let now = change.now;
        let mut waiting = None;
        for one in known.iter_mut() {
            if one.cover(question, now).is_none() {
                continue;
            }
            if !one.requirement.covers(&question.requirement) {
                if one.is_live() {
                    one.void("more is needed now than was asked about", now);
                    change.keep(one, ApprovalStep::Voided)?;
                }
            } else if one.state == State::Pending {
                waiting.get_or_insert_with(|| one.clone());
            } else if self.is_enough(one, now) {
                return Ok(Some(Answer::Approved(Box::new(one.clone()))));
            } else {
                one.void("an answer that it rests on does not count any more", now);
                change.keep(one, ApprovalStep::Voided)?;
            }
        }
        Ok(waiting.map(|one| Answer::Waiting(Box::new(one))))
    }

    /// Whether the people who are listed *now* have said enough.
    fn is_enough(&self, request: &Request, now: Now) -> bool {
        let people = self.people.load();
        let electorate = Electorate { people: &people, default: &self.settings.default };
        request.glass.is_some() || electorate.count(request, now.wall).is_met()
    }

    /// Uses an approval up for this call: true exactly once for each of its actions, and only while it is live and its
    /// quorum stands. Durable when it returns. Blocks.
    ///
    /// # Errors
    /// The state cannot be used; whether it was used is then not known, and the call must not pass.
    pub fn use_up(&self, id: ApprovalId, question: &Question, decision: DecisionId) -> Result<bool, StoreError> {
        self.change(|change| {
            let now = change.now;
            let Some(mut request) = change.table.get(id)? else { return Ok(false) };
            let may = request.requirement.covers(&question.requirement) && self.is_enough(&request, now);
            if !may || !request.spend(question, decision, now) {
                return Ok(false);
            }
            change.keep_used(&request, decision)?;
            Ok(true)
        })
    }

    /// The call of this decision, for which an approval was used, came to no answer (or to 429 or 5xx): its client may
    /// send it again, a few times within a minute. Blocks.
    ///
    /// # Errors
    /// The state cannot be used; then it cannot be sent again.
    pub fn unanswered(&self, id: ApprovalId, decision: DecisionId) -> Result<(), StoreError> {
        self.change(|change| {
            let now = change.now;
            let Some(mut request) = change.table.get(id)? else { return Ok(()) };
            if request.unanswered(decision, now) {
                change.table.put(&request)?;
            }
            Ok(())
        })
    }

    /// What a session says about what it does: for the calls of the next half hour that do not say it themselves, and for
    /// what waits already and nobody has answered yet. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn hear(&self, session: SessionId, said: &Words) -> Result<(), StoreError> {
        self.change(|change| {
            let before = change.table.heard(session, change.now)?;
            let said = question::masked(said).or(&before);
            change.table.hear(session, &said, change.now)?;
            for mut waiting in change.table.of_session(session, change.now)? {
                if waiting.hear(&said) {
                    change.keep_joined(&waiting, 0)?;
                }
            }
            Ok(())
        })
    }

    /// A signed vote. Blocks.
    ///
    /// # Errors
    /// It is not one, or does not count.
    pub fn cast(&self, id: ApprovalId, ballot: &Ballot) -> Result<Request, VoteError> {
        let people = self.people.load_full();
        let electorate = Electorate { people: &people, default: &self.settings.default };
        let voted = Word::signed(ballot, electorate, self.clock.now()).and_then(|word| match word.request == id {
            true => self.say(word),
            false => Err(VoteError::NotYours(format!("it is a vote for `{}`", word.request))),
        });
        if let Err(error) = &voted {
            let voter = Statement::parse(&ballot.statement).ok().map(|statement| statement.voter);
            self.refused(id, voter, &error.to_string());
        }
        voted
    }

    /// The operator's own word, at the control socket: it counts where `people.yaml` lists no keys and nothing says whose
    /// answers it takes. `content` is what the operator saw. Blocks.
    ///
    /// # Errors
    /// There is no such request, or the word does not count.
    pub fn answer(
        &self,
        id: ApprovalId,
        answer: Said,
        (voter, reason): (&str, Option<&str>),
        content: Option<&str>,
    ) -> Result<Request, VoteError> {
        let at = self.clock.now();
        self.say(Word {
            request: id,
            answer,
            voter: voter.to_owned(),
            at,
            reason: reason.map(str::to_owned),
            content: content.map(str::to_owned),
            proof: None,
        })
    }

    /// Tells the log of an answer that did not count, and why: somebody's whose it was not, an agent's own. Blocks.
    pub fn refused(&self, id: ApprovalId, by: Option<String>, why: &str) {
        let Ok(Some(request)) = self.show(id) else { return };
        let why = visible(why, REFUSAL_CHARS_MAX);
        let step = entry(&request, ApprovalStep::Refused, self.clock.now());
        let step = ApprovalEntry { by: by.map(|by| visible(&by, 100)), reason: Some(why), until: None, ..step };
        self.ledger.note(&Entry::Approval(Box::new(step)));
    }

    fn say(&self, word: Word) -> Result<Request, VoteError> {
        let people = self.people.load_full();
        let electorate = Electorate { people: &people, default: &self.settings.default };
        let rules = Rules { electorate, settings: &self.settings };
        let id = word.request;
        let said = self.change(|change| {
            let now = change.now;
            let Some(mut request) = change.table.get(id)? else { return Ok(Err(VoteError::Unknown(id))) };
            let (by, reason) = (word.voter.clone(), word.reason.clone());
            match votes::apply(&mut request, word, rules, now) {
                Ok(step) => {
                    change.keep_said(&request, step, by, reason)?;
                    Ok(Ok(request))
                }
                Err(error) => Ok(Err(error)),
            }
        })?;
        self.answered.notify_waiters();
        said
    }

    /// A session has ended: what it asked for cannot be used any more, and nobody need be asked. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn end_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.change(|change| {
            let now = change.now;
            for mut request in change.table.list(&Filter { session: Some(session), ..Filter::default() })? {
                if request.is_live() {
                    request.void("its session has ended", now);
                    change.keep(&request, ApprovalStep::Voided)?;
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
        self.change(|change| change.table.get(id))
    }

    /// Requests, the oldest first. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn list(&self, filter: &Filter) -> Result<Vec<Request>, StoreError> {
        self.change(|change| change.table.list(filter))
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

    /// Runs a change in one transaction, after what is overdue was marked as such, and then tells the log of its steps.
    fn change<T>(&self, run: impl FnOnce(&mut Change<'_, '_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let now = Now { wall: self.clock.now(), uptime: self.clock.uptime() };
        let (answer, steps) = self.store.write(|transaction| {
            let table = Table::new(transaction);
            let now = table.forward(now)?;
            let default = self.notices.is_some().then_some(&self.settings.default);
            let mut change = Change { table, now, steps: Vec::new(), notices: Vec::new(), default };
            for mut request in change.table.overdue(now)? {
                if request.expire(now) {
                    change.keep(&request, ApprovalStep::Expired)?;
                }
            }
            let answer = run(&mut change)?;
            if let Some(spool) = &self.notices {
                change.notices.iter().for_each(|notice| spool.put_within(transaction, notice));
            }
            Ok((answer, change.steps))
        })?;
        for step in steps {
            self.ledger.note(&Entry::Approval(Box::new(step)));
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests;
