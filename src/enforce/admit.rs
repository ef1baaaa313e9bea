//! From a decision to whether it passes now: takes tokens, asks people, uses an approval up.
//!
//! The order is load-bearing. Tokens come first, because they can be given back; an approval is used up last, because it
//! cannot: a crash after it leaves it used and nothing sent.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use vec1::Vec1;

use super::checks::{Checks, about};
use super::gate::Decided;
use super::refusal::RefusalKind;
use super::unfinished::Unfinished;
use crate::approvals::{Answer, Approvals, OPEN_MAX, Question, Received, Request, Requirement};
use crate::decide::{People, Used, Why};
use crate::limits::{Exceeded, Reservation, Taking};
use crate::model::{ApprovalId, DecisionId, Demand, Disposition, Effect, Obligation, Posture};
use crate::record::CheckEntry;
use crate::store::StoreError;

/// Calls that are held for an answer at once; more are refused without waiting.
const HELD_MAX: usize = 64;
/// An approval may be taken by a twin, or not suffice, between two looks; then it is asked for anew.
const LOOKS_MAX: usize = 4;

/// What stops a request.
pub(super) struct Stop {
    pub(super) why: Why,
    pub(super) kind: RefusalKind,
}

/// Whether a request passes.
pub(super) struct Admission {
    pub(super) stop: Option<Stop>,
    pub(super) reservation: Option<Reservation>,
    /// The approval that was used, or that a refusal names.
    pub(super) approval: Option<ApprovalId>,
    /// An approval was used up for it.
    pub(super) has_spent: bool,
    /// What the operator's checks answered.
    pub(super) checks: Vec<CheckEntry>,
}

impl Admission {
    pub(super) const fn passing(reservation: Option<Reservation>) -> Self {
        Self { stop: None, reservation, approval: None, has_spent: false, checks: Vec::new() }
    }

    pub(super) fn stopped(why: Why, kind: RefusalKind) -> Self {
        let people = match &why {
            Why::People(people) => Some(people),
            Why::Limited(used) => used.people.as_ref(),
            Why::Denied => None,
        };
        let approval = people.and_then(People::id);
        Self { stop: Some(Stop { why, kind }), approval, ..Self::passing(None) }
    }
}

/// Takes what a decision needs.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) approvals: Arc<Approvals>,
    pub(super) checks: Arc<dyn Checks>,
    limit_hold: Duration,
    held: Semaphore,
}

/// A request at the desk.
struct Case<'a> {
    id: DecisionId,
    decided: &'a Decided,
    unfinished: Unfinished<'a>,
    /// It was held for an answer already.
    was_held: bool,
}

impl Desk {
    pub(super) fn new(approvals: Arc<Approvals>, checks: Arc<dyn Checks>, limit_hold: Duration) -> Self {
        Self { approvals, checks, limit_hold, held: Semaphore::new(HELD_MAX) }
    }

    /// Whether this request passes. `unfinished` is told when it may have to wait.
    pub(super) async fn admit(&self, id: DecisionId, decided: &Decided, unfinished: Unfinished<'_>) -> Admission {
        let case = Case { id, decided, unfinished, was_held: false };
        match decided.decision.effect() {
            Effect::Deny => Admission::stopped(Why::Denied, RefusalKind::Denied),
            // Watching asks nobody and makes nobody wait.
            Effect::Escalate if decided.snapshot.posture == Posture::Observe => {
                Admission::stopped(Why::Denied, RefusalKind::Denied)
            }
            Effect::Escalate => {
                // What else would stop it is asked about in the same breath; nothing is taken yet.
                let peek = decided.snapshot.limits.reserve(taking(decided, &[])).err();
                self.ask(case, peek).await
            }
            Effect::Allow | Effect::Throttle => match self.take(&case, &[], Duration::ZERO).await {
                Ok(reservation) => Admission::passing(Some(reservation)),
                Err(_) if decided.snapshot.posture != Posture::Observe => self.wait_or_ask(case).await,
                Err(exceeded) => limited(&exceeded, None),
            },
        }
    }

    /// A limit is used up: waits for it if that is short, else it is what the limit says.
    async fn wait_or_ask(&self, mut case: Case<'_>) -> Admission {
        case.unfinished.may_wait(Disposition::Throttled, None);
        let taken = self.take(&case, &[], self.limit_hold).await;
        case.unfinished.waits_no_more();
        match taken {
            Ok(reservation) => Admission::passing(Some(reservation)),
            Err(exceeded) if exceeded.first().decision == Effect::Escalate => self.ask(case, Some(exceeded)).await,
            Err(exceeded) => limited(&exceeded, None),
        }
    }

    /// Asks people, and lets the call pass when they have said yes to exactly this.
    async fn ask(&self, mut case: Case<'_>, mut exceeded: Option<Vec1<Exceeded>>) -> Admission {
        for _ in 0..LOOKS_MAX {
            if let Some(denied) = exceeded.as_ref().filter(|exceeded| exceeded.first().decision == Effect::Deny) {
                return limited(denied, None);
            }
            let stop = |people| stopped_by(people, exceeded.as_ref(), case.decided);
            if let Some(what) = case.decided.snapshots.missing() {
                return stop(People::Unseen { what });
            }
            let question = Arc::new(question(case.decided, exceeded.as_ref()));
            match self.asked(&question).await {
                Err(_) => return stop(People::Unreachable),
                Ok(Answer::Anonymous) => return stop(People::Anonymous),
                Ok(Answer::Crowded) => return stop(People::Crowded { open: OPEN_MAX }),
                Ok(Answer::Denied(request)) => return stop(said_no(&request)),
                Ok(Answer::Owing(owing)) => return stop(owing_words(&owing)),
                Ok(Answer::Waiting(request)) => {
                    if !self.is_answered(&mut case, &request).await {
                        return stop(asked(&self.approvals, &request));
                    }
                }
                Ok(Answer::Approved(request)) => match self.pass(&mut case, &question, &request).await {
                    Passing::Passed(reservation, checks) => {
                        let (approval, has_spent) = (Some(request.id), true);
                        return Admission { approval, has_spent, checks, ..Admission::passing(Some(reservation)) };
                    }
                    Passing::Unchecked(checks) => {
                        return Admission { checks: checks.clone(), ..stop(unchecked(request.id, &checks)) };
                    }
                    Passing::Exceeded(more) if more.first().decision == Effect::Throttle => {
                        return limited(&more, None);
                    }
                    Passing::Exceeded(more) => exceeded = Some(more),
                    Passing::Unreachable => return stop(People::Unreachable),
                    Passing::Taken => {}
                },
            }
        }
        // Twins without end took every approval.
        stopped_by(People::Unreachable, exceeded.as_ref(), case.decided)
    }

    /// Takes the tokens and uses the approval up.
    async fn pass(&self, case: &mut Case<'_>, question: &Arc<Question>, request: &Request) -> Passing {
        let lifted: Vec<String> = request.requirement.ids().map(str::to_owned).collect();
        case.unfinished.may_wait(Disposition::Throttled, Some(request.id));
        let taken = self.take(case, &lifted, self.limit_hold).await;
        case.unfinished.waits_no_more();
        let reservation = match taken {
            Ok(reservation) => reservation,
            Err(exceeded) => return Passing::Exceeded(exceeded),
        };
        // A check may take its time: it comes before anything is used up that cannot be given back.
        let mut checks = Vec::new();
        if request.glass.is_none() && !question.checks().is_empty() {
            case.unfinished.may_wait(Disposition::Pending, Some(request.id));
            checks = self.checked(question, request.id, case.id).await;
            case.unfinished.waits_no_more();
            if checks.iter().any(|check| !check.passed) {
                return Passing::Unchecked(checks);
            }
        }
        let (approvals, question) = (Arc::clone(&self.approvals), Arc::clone(question));
        let (id, decision) = (request.id, case.id);
        let used = tokio::task::spawn_blocking(move || approvals.use_up(id, &question, decision)).await;
        match used {
            Ok(Ok(true)) => Passing::Passed(reservation, checks),
            Ok(Ok(false)) => Passing::Taken,
            // Whether it was used is not known: then it was.
            Ok(Err(_)) | Err(_) => Passing::Unreachable,
        }
    }

    /// What the operator's checks say to this call.
    async fn checked(&self, question: &Arc<Question>, id: ApprovalId, decision: DecisionId) -> Vec<CheckEntry> {
        let (checks, question) = (Arc::clone(&self.checks), Arc::clone(question));
        let asked = Arc::clone(&question);
        let answers = tokio::task::spawn_blocking(move || {
            let about = about(&asked, id, decision);
            asked.checks().into_iter().map(|name| checks.check(name, &about)).collect()
        });
        let failed = |_| question.checks().into_iter().map(|name| CheckEntry::failed(name, "it broke off")).collect();
        answers.await.unwrap_or_else(failed)
    }

    async fn asked(&self, question: &Arc<Question>) -> Result<Answer, Option<StoreError>> {
        let (approvals, question) = (Arc::clone(&self.approvals), Arc::clone(question));
        match tokio::task::spawn_blocking(move || approvals.ask(&question)).await {
            Ok(answer) => answer.map_err(Some),
            Err(_) => Err(None),
        }
    }

    /// Holds the call for an answer, once; true when there is one that may count.
    async fn is_answered(&self, case: &mut Case<'_>, request: &Request) -> bool {
        let hold = self.approvals.hold();
        if hold.is_zero() || std::mem::replace(&mut case.was_held, true) {
            return false;
        }
        let Ok(_place) = self.held.try_acquire() else { return false };
        case.unfinished.may_wait(Disposition::Pending, Some(request.id));
        let is_answered = self.approvals.wait(request.id, hold).await;
        case.unfinished.waits_no_more();
        is_answered
    }

    async fn take(&self, case: &Case<'_>, lifted: &[String], hold: Duration) -> Result<Reservation, Vec1<Exceeded>> {
        case.decided.snapshot.limits.reserve_within(taking(case.decided, lifted), hold).await
    }
}

/// What became of an approval.
enum Passing {
    Passed(Reservation, Vec<CheckEntry>),
    /// A check of the operator's says no.
    Unchecked(Vec<CheckEntry>),
    /// More stands in the way than people were asked about.
    Exceeded(Vec1<Exceeded>),
    /// An identical call was faster, or it was taken back.
    Taken,
    Unreachable,
}

pub(super) const fn taking<'a>(decided: &'a Decided, lifted: &'a [String]) -> Taking<'a> {
    let standing = decided.facts.standing.as_ref();
    Taking { context: &decided.context, standing, actions: &decided.actions, lifted }
}

/// Everything that asks for people now: rules and cells that escalate, and escalating limits that are used up.
pub(super) fn question(decided: &Decided, exceeded: Option<&Vec1<Exceeded>>) -> Question {
    let mut requirement = Requirement::of(&decided.decision, &decided.actions);
    for one in exceeded.into_iter().flatten().filter(|one| one.decision == Effect::Escalate) {
        requirement.add(&one.limit, (&one.message, &one.instead), Demand::default());
    }
    // Who wrote an exception cannot also answer for what it lets through.
    let lifted = decided.decision.findings().iter().filter_map(|finding| finding.lifted.as_deref());
    let exceptions = decided.snapshot.rules.exceptions();
    let authors = lifted.filter_map(|id| exceptions.iter().find(|exception| exception.id == id));
    let authors: Vec<String> = authors.map(|exception| exception.owner.clone()).collect();
    let question =
        Question::new(&decided.context.principal, &decided.actions, requirement, decided.decision.revision());
    let raw = decided.received.as_ref().map(Received::raw).unwrap_or_default();
    question.bound_to(&decided.bound).without(authors).saying(&decided.said).received(raw)
}

pub(super) fn asked(approvals: &Approvals, request: &Request) -> People {
    People::Asked { id: request.id, until: request.until.at, who: approvals.voters_in_words(&request.requirement) }
}

pub(super) fn owing_words(owing: &[Obligation]) -> People {
    People::Owing { what: owing.iter().map(Obligation::in_words).collect::<Vec<_>>().join(", ") }
}

pub(super) fn unchecked(id: ApprovalId, checks: &[CheckEntry]) -> People {
    let failed = checks.iter().find(|check| !check.passed);
    let (check, said) = failed.map(|check| (check.name.clone(), check.said.clone())).unwrap_or_default();
    People::Unchecked { id, check, said }
}

pub(super) fn said_no(request: &Request) -> People {
    let vote = request.refusal();
    People::SaidNo {
        id: request.id,
        voter: vote.map_or_else(|| "somebody".to_owned(), |vote| vote.voter.clone()),
        reason: vote.and_then(|vote| vote.reason.clone()),
        until: request.until.at,
    }
}

/// Stopped for want of an approval.
pub(super) fn stopped_by(people: People, exceeded: Option<&Vec1<Exceeded>>, decided: &Decided) -> Admission {
    match exceeded {
        // The decision itself is the better reason where it escalates.
        Some(exceeded) if decided.decision.effect() != Effect::Escalate => limited(exceeded, Some(people)),
        _ => {
            let kind = kind(&people);
            Admission::stopped(Why::People(people), kind)
        }
    }
}

const fn kind(people: &People) -> RefusalKind {
    match people {
        People::Asked { id, .. } => RefusalKind::ApprovalNeeded(*id),
        People::Unreachable => RefusalKind::Unavailable { status: 503 },
        People::SaidNo { .. }
        | People::Crowded { .. }
        | People::Anonymous
        | People::Owing { .. }
        | People::Unseen { .. }
        | People::Unchecked { .. } => RefusalKind::Denied,
    }
}

/// Stopped by a used-up limit: it says wait, ask people, or no.
pub(super) fn limited(exceeded: &Vec1<Exceeded>, people: Option<People>) -> Admission {
    let Exceeded { limit, decision, message, instead, retry_after } = exceeded.first().clone();
    let kind = match (&people, decision) {
        (Some(people), _) => kind(people),
        (None, Effect::Throttle) => match retry_after {
            Some(retry_after) => RefusalKind::Throttled { retry_after },
            // Cannot be: what never fits is not throttled.
            None => RefusalKind::Denied,
        },
        (None, _) => RefusalKind::Denied,
    };
    Admission::stopped(Why::Limited(Used { limit, message, instead, wait: retry_after, people }), kind)
}
