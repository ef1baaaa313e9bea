//! Advice: what the gate says of a call that somebody else will carry out. No permit is made here.
//!
//! Where the same call will come through an inline door too, nothing is used up: what is asked of people is looked at, and
//! the door that holds the bytes takes the tokens and uses the approval. Else this is the only time that the gate is asked,
//! and it takes what the decision needs.

use vec1::Vec1;

use super::admit::{Admission, Stop, asked, limited, owing_words, question, said_no, stopped_by, taking, unchecked};
use super::checks::about;
use super::gate::{Decided, Gate, Request, entry, obstacle, unrecorded};
use super::mode::disposition;
use super::refusal::{Refusal, RefusalKind};
use crate::approvals::{Answer, OPEN_MAX, Received};
use crate::catalog;
use crate::classify::Action;
use crate::decide::{People, Why, refusal_text};
use crate::limits::Exceeded;
use crate::memory::Entered;
use crate::model::http::Unreadable;
use crate::model::{DecisionId, Disposition, Door, Effect, Impact, Obligation, Posture, Principal, Said};
use crate::record::{Entry, Grade, HookEntry, redact};

/// Whether the session also has a door that the call itself will come through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Nobody else will judge it.
    Only,
    /// Its requests come through the gate.
    Inline,
}

/// A call that somebody asks about.
#[derive(Debug)]
pub struct Advised {
    /// What it asks for.
    pub request: Request,
    /// What the log calls it: the agent and its tool, nothing of the call's input.
    pub label: String,
    /// Where it came from.
    pub hook: HookEntry,
    /// Who else judges it.
    pub passage: Passage,
    /// What an approval covers beside the actions: this very input.
    pub facts: Vec<String>,
    /// An escalation is left to the person at the agent.
    pub asks_there: bool,
    /// As the agent asked it.
    pub received: Received,
    /// What the agent calls it for whoever reads along: a reason where the agent gave none.
    pub described: Option<String>,
}

/// What is said of it.
#[derive(Debug)]
pub struct Advice {
    /// Its entry in the log.
    pub id: DecisionId,
    /// What becomes of it, as far as the gate is heeded.
    pub disposition: Disposition,
    /// Why it should not go on.
    pub refusal: Option<Refusal>,
}

impl Gate {
    /// Decides, takes what the decision needs, records, and says what it would do. Blocks; not for asynchronous tasks.
    ///
    /// # Errors
    /// The record cannot be written: then there is no advice but no.
    pub fn advise(&self, advised: Advised) -> Result<Advice, Refusal> {
        let Advised { request, label, hook, passage, facts, asks_there, received, described } = advised;
        let mut decided = Decided { described, ..self.decide(request) }.received(received);
        let id = decided.id;
        if decided.actions.iter().any(|action| action.operation().provider() != "aws") {
            decided.bound = facts;
        }
        let peeks = passage == Passage::Inline && decided.deciding_actions().all(comes_inline);
        // What a rule asks of named people, nobody at the agent's terminal can give.
        let is_simple = decided.decision.effect() == Effect::Escalate
            && decided.decision.deciding().all(|finding| finding.demand.is_none());
        let waits_there = asks_there && is_simple;
        let Admission { stop, reservation, approval, checks, .. } = match waits_there {
            true => Admission::stopped(Why::Denied, RefusalKind::Denied),
            false => self.advised(&decided, id, peeks),
        };
        let mut entry = entry(&decided, label, None);
        entry.hook = Some(hook);
        entry.approval = approval;
        entry.checks.extend(checks);
        entry.disposition = disposition(obstacle(stop.as_ref()), decided.snapshot.posture);
        if waits_there && entry.disposition == Disposition::Refused {
            entry.disposition = Disposition::Pending;
        }
        if let Some(Stop { why: Why::Limited(used), .. }) = &stop {
            entry.limit = Some(used.limit.clone());
        }
        let disposition = entry.disposition;
        // What passes is counted where it is carried out.
        if disposition != Disposition::Forwarded {
            self.tally.count(&entry);
        }
        let only_reads = entry.actions.iter().all(|action| action.blast.impact == Impact::Read);
        let grade = if only_reads { Grade::Written } else { Grade::Durable };
        let receipt = self.ledger.append_blocking(&Entry::Decision(Box::new(entry)), grade);
        let _receipt = receipt.map_err(|error| unrecorded(&error))?;
        if let Some(reservation) = reservation {
            reservation.commit();
        }
        if let Some(attempt) = &mut decided.attempt {
            match disposition {
                Disposition::Forwarded | Disposition::Observed if peeks => attempt.comes_inline(),
                disposition => attempt.disposed(disposition),
            }
        }
        // What comes through an inline door too is remembered there.
        if disposition == Disposition::Forwarded && !peeks && decided.entered.as_mut().is_some_and(Entered::let_through)
        {
            let _ = self.memory.flush();
        }
        let refusal = stop.filter(|_| disposition != Disposition::Observed).map(|Stop { why, kind }| {
            let message = redact::mask(&refusal_text(&decided.decision, &decided.actions, &why)).into_owned();
            let action = decided.decision.findings().first().map_or(0, |finding| finding.action);
            let operation = decided.actions.get(action).map(|action| action.operation().clone());
            Refusal { id: Some(id), kind, message, operation }
        });
        Ok(Advice { id, disposition, refusal })
    }

    /// [`Gate::reject`] for callers that may block; not for asynchronous tasks.
    pub fn reject_blocking(
        &self,
        unreadable: &Unreadable,
        target: Option<String>,
        principal: &Principal,
        door: Door,
    ) -> Refusal {
        let (refusal, entry) = self.rejected(unreadable, target, principal, door);
        match self.ledger.append_blocking(&entry, Grade::Written) {
            Ok(_receipt) => self.tally.reject(principal.session),
            Err(error) => return unrecorded(&error),
        }
        refusal
    }

    fn advised(&self, decided: &Decided, id: DecisionId, peeks: bool) -> Admission {
        let take = |lifted: &[String]| decided.snapshot.limits.reserve(taking(decided, lifted));
        match decided.decision.effect() {
            Effect::Deny => Admission::stopped(Why::Denied, RefusalKind::Denied),
            // Watching asks nobody.
            Effect::Escalate if decided.snapshot.posture == Posture::Observe => {
                Admission::stopped(Why::Denied, RefusalKind::Denied)
            }
            Effect::Escalate => self.consult(decided, id, take(&[]).err(), peeks),
            Effect::Allow | Effect::Throttle => match take(&[]) {
                // Dropped, they are given back: the inline door takes them.
                Ok(_) if peeks => Admission::passing(None),
                Ok(reservation) => Admission::passing(Some(reservation)),
                Err(exceeded) if exceeded.first().decision == Effect::Escalate => {
                    self.consult(decided, id, Some(exceeded), peeks)
                }
                Err(exceeded) => limited(&exceeded, None),
            },
        }
    }

    /// What the agent says about it: here, else before in its session, else in what it calls it.
    fn said(&self, decided: &Decided) -> Said {
        let mut said = decided.said.clone();
        if let Some(text) = decided.described.as_deref().filter(|_| said.reason.is_none()) {
            let before = self.desk.approvals.heard(decided.context.principal.session).unwrap_or_default();
            match before.reason {
                Some(reason) => said.reason = Some(reason),
                None => said.say(&Obligation::Reason, text),
            }
        }
        said
    }

    /// Asks people, and uses their answer up where nobody else will.
    fn consult(&self, decided: &Decided, id: DecisionId, exceeded: Option<Vec1<Exceeded>>, peeks: bool) -> Admission {
        if let Some(denied) = exceeded.as_ref().filter(|exceeded| exceeded.first().decision == Effect::Deny) {
            return limited(denied, None);
        }
        let approvals = &self.desk.approvals;
        let stop = |people| stopped_by(people, exceeded.as_ref(), decided);
        if let Some(what) = decided.snapshots.missing() {
            return stop(People::Unseen { what });
        }
        let question = question(decided, exceeded.as_ref()).saying(&self.said(decided));
        let request = match approvals.ask(&question) {
            Err(_) => return stop(People::Unreachable),
            Ok(Answer::Anonymous) => return stop(People::Anonymous),
            Ok(Answer::Crowded) => return stop(People::Crowded { open: OPEN_MAX }),
            Ok(Answer::Owing(owing)) => return stop(owing_words(&owing)),
            Ok(Answer::Denied(request)) => return stop(said_no(&request)),
            Ok(Answer::Waiting(request)) => return stop(asked(approvals, &request)),
            Ok(Answer::Approved(request)) => request,
        };
        let approval = Some(request.id);
        if peeks {
            return Admission { approval, ..Admission::passing(None) };
        }
        let lifted: Vec<String> = request.requirement.ids().map(str::to_owned).collect();
        let reservation = match decided.snapshot.limits.reserve(taking(decided, &lifted)) {
            Ok(reservation) => Some(reservation),
            Err(exceeded) => return limited(&exceeded, None),
        };
        let mut checks = Vec::new();
        if request.glass.is_none() {
            let about = about(&question, request.id, id);
            checks.extend(question.checks().into_iter().map(|name| self.desk.checks.check(name, &about)));
            if checks.iter().any(|check| !check.passed) {
                return Admission { checks: checks.clone(), ..stop(unchecked(request.id, &checks)) };
            }
        }
        match approvals.use_up(request.id, &question, id) {
            Ok(true) => Admission { approval, has_spent: true, checks, ..Admission::passing(reservation) },
            // A twin took it, or whether it was used is not known: then it was.
            Ok(false) | Err(_) => stop(People::Unreachable),
        }
    }
}

impl Decided {
    /// The actions that carry the decision; all of them where no rule does.
    fn deciding_actions(&self) -> impl Iterator<Item = &Action> {
        let mut carries = vec![false; self.actions.len()];
        for finding in self.decision.deciding() {
            if let Some(one) = carries.get_mut(finding.action) {
                *one = true;
            }
        }
        let all = !carries.contains(&true);
        self.actions.iter().zip(carries).filter(move |(_, carries)| all || *carries).map(|(action, _)| action)
    }
}

/// Whether the action is a request that the gate's clients send through it: not what happens on this machine, nor what
/// travels by other ways (`ssh`, a database's own protocol).
fn comes_inline(action: &Action) -> bool {
    catalog::is_provider(action.operation().provider()) && !action.place().loopback
}
