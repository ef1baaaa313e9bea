//! What somebody says to a request, and why it may not count.

use super::quorum::Electorate;
use super::request::{Glass, Proof, Request, Vote};
use super::signature::{SignatureError, verify};
use super::statement::{Answer, Statement, StatementError};
use super::{DENIED_FOR, Now, State};
use crate::config::{Approvals as Settings, Person};
use crate::model::{ApprovalId, Timestamp};
use crate::record::ApprovalStep;
use crate::store::StoreError;

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
    /// What is asked is not what the voter saw.
    #[error("`{0}` has changed since it was shown: look at it again, then answer")]
    Changed(ApprovalId),
    /// The person's own call.
    #[error("`{voter}` is who asks, or whom the session acts for: somebody else must approve")]
    Requester {
        /// Who.
        voter: String,
    },
    /// Who wrote an exception that took part.
    #[error("`{voter}` wrote an exception that takes part in it: somebody else must approve")]
    Author {
        /// Who.
        voter: String,
    },
    /// The same person again.
    #[error("`{voter}` has answered already; `withdraw` takes it back")]
    Twice {
        /// Who.
        voter: String,
    },
    /// There is nothing to withdraw, or to review.
    #[error("there is nothing of `{voter}`'s to {what} in `{id}`")]
    Nothing {
        /// Which.
        id: ApprovalId,
        /// Who.
        voter: String,
        /// `withdraw`, `review`.
        what: &'static str,
    },
    /// Not by this person, or not in this way.
    #[error("{0}")]
    NotYours(String),
    /// The text is not a statement.
    #[error("this is not a vote: {0}")]
    Statement(#[from] StatementError),
    /// The signature does not make it one.
    #[error("this vote does not count: {0}")]
    Signature(#[from] SignatureError),
    /// The state cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A signed vote as it is handed in.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Ballot {
    /// The statement's text, exactly as it was signed.
    pub statement: String,
    /// The armoured signature of it.
    pub signature: String,
}

/// Somebody's word, after it was checked whose it is.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) request: ApprovalId,
    pub(super) answer: Answer,
    pub(super) voter: String,
    pub(super) at: Timestamp,
    pub(super) reason: Option<String>,
    /// What the voter saw; `None`: the operator did not say.
    pub(super) content: Option<String>,
    pub(super) proof: Option<Proof>,
}

impl Word {
    /// Reads and verifies a signed vote.
    pub(super) fn signed(ballot: &Ballot, electorate: Electorate<'_>, now: Timestamp) -> Result<Self, VoteError> {
        let statement = Statement::parse(&ballot.statement)?;
        let signed = verify(&statement, &ballot.signature, electorate.people, now)?;
        let proof = Proof {
            key: signed.fingerprint,
            hardware: signed.hardware,
            statement: ballot.statement.clone(),
            signature: ballot.signature.clone(),
        };
        let Statement { request, content, answer, voter: _, at, reason } = statement;
        let content = Some(data_encoding::HEXLOWER.encode(&content));
        Ok(Self { request, answer, voter: signed.person, at, reason, content, proof: Some(proof) })
    }
}

/// What votes are counted by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) electorate: Electorate<'a>,
    pub(super) settings: &'a Settings,
}

/// Applies a word to a request; the step is what the log is told.
pub(super) fn apply(request: &mut Request, word: Word, rules: Rules<'_>, now: Now) -> Result<ApprovalStep, VoteError> {
    if word.content.as_ref().is_some_and(|seen| *seen != request.content()) {
        return Err(VoteError::Changed(request.id));
    }
    // An earlier word of the same person, signed again by nobody: replayed.
    let said = request.votes.iter().filter(|vote| vote.voter == word.voter);
    let last = said.map(|vote| vote.withdrawn_at.unwrap_or(vote.at)).max();
    if word.proof.is_some() && last.is_some_and(|last| word.at <= last) {
        return Err(VoteError::Twice { voter: word.voter });
    }
    match word.answer {
        Answer::Approve => approve(request, word, rules, now),
        Answer::Deny => deny(request, word, rules, now),
        Answer::Withdraw => withdraw(request, word, rules, now),
        Answer::BreakGlass => break_glass(request, word, rules, now),
        Answer::Review => review(request, word, rules, now),
    }
}

fn open(request: &Request) -> Result<(), VoteError> {
    match request.is_live() {
        true => Ok(()),
        false => Err(VoteError::Closed { id: request.id, state: request.state }),
    }
}

fn has_answered(request: &Request, voter: &str) -> bool {
    request.votes.iter().any(|vote| vote.voter == voter && vote.counts())
}

fn approve(request: &mut Request, word: Word, rules: Rules<'_>, now: Now) -> Result<ApprovalStep, VoteError> {
    if request.state != State::Pending {
        return Err(VoteError::Closed { id: request.id, state: request.state });
    }
    let voter = word.voter.clone();
    let Rules { electorate, settings } = rules;
    if word.proof.is_some() {
        let person = listed(&word, electorate)?;
        if request.person.as_deref().is_some_and(|asks| electorate.is(asks, &person.name)) {
            return Err(VoteError::Requester { voter });
        }
        if electorate.is_excluded(request, &person.name) {
            return Err(VoteError::Author { voter });
        }
        if !electorate.is_asked(request, person) {
            let asked = request.requirement.voters_in_words(electorate.default);
            return Err(VoteError::NotYours(format!("`{voter}` is not asked here: it takes {asked}")));
        }
    } else if electorate.signs() {
        return Err(VoteError::NotYours(
            "people.yaml lists keys: an approval must be signed with one of them".to_owned(),
        ));
    } else if request.requirement.names_voters() || *electorate.default != crate::model::Approval::of_anybody() {
        let asked = request.requirement.voters_in_words(electorate.default);
        return Err(VoteError::NotYours(format!(
            "it takes {asked}, and people.yaml lists nobody's key: add people with keys to people.yaml"
        )));
    }
    if has_answered(request, &word.voter) {
        return Err(VoteError::Twice { voter });
    }
    request.votes.push(vote(word, true, now));
    if electorate.count(request, now.wall).is_met() {
        request.approve(now, settings);
        return Ok(ApprovalStep::Approved);
    }
    Ok(ApprovalStep::Voted)
}

fn deny(request: &mut Request, word: Word, rules: Rules<'_>, now: Now) -> Result<ApprovalStep, VoteError> {
    open(request)?;
    let voter = word.voter.clone();
    if word.proof.is_none() && rules.electorate.signs() {
        return Err(VoteError::NotYours(
            "people.yaml lists keys: an answer must be signed with one of them".to_owned(),
        ));
    }
    if request.votes.iter().any(|vote| vote.voter == voter && vote.counts() && !vote.approves) {
        return Err(VoteError::Twice { voter });
    }
    // A no takes the same person's yes back.
    for earlier in request.votes.iter_mut().filter(|vote| vote.voter == voter && vote.counts()) {
        earlier.withdrawn_at = Some(word.at);
    }
    request.votes.push(vote(word, false, now));
    let denials = request.votes.iter().filter(|vote| !vote.approves && vote.counts()).count();
    if denials >= rules.settings.denials as usize {
        request.deny(now, DENIED_FOR);
        return Ok(ApprovalStep::Denied);
    }
    recount(request, rules, now);
    Ok(ApprovalStep::Voted)
}

fn withdraw(request: &mut Request, word: Word, rules: Rules<'_>, now: Now) -> Result<ApprovalStep, VoteError> {
    open(request)?;
    let mut found = false;
    for earlier in request.votes.iter_mut().filter(|vote| vote.voter == word.voter && vote.counts()) {
        earlier.withdrawn_at = Some(word.at);
        found = true;
    }
    if !found {
        return Err(VoteError::Nothing { id: request.id, voter: word.voter, what: "withdraw" });
    }
    recount(request, rules, now);
    Ok(ApprovalStep::Withdrawn)
}

/// After a yes was taken back.
fn recount(request: &mut Request, rules: Rules<'_>, now: Now) {
    let is_broken = request.glass.is_some();
    if request.state == State::Approved && !is_broken && !rules.electorate.count(request, now.wall).is_met() {
        request.reopen();
        request.expire(now);
    }
}

fn break_glass(request: &mut Request, word: Word, rules: Rules<'_>, now: Now) -> Result<ApprovalStep, VoteError> {
    open(request)?;
    if !request.subject.is_call() {
        return Err(VoteError::NotYours(
            "an emergency lets one call through, and turns nothing down: a change of the gate itself needs its quorum"
                .to_owned(),
        ));
    }
    let Rules { electorate, settings } = rules;
    let Some(glass) = &settings.break_glass else {
        return Err(VoteError::NotYours(
            "nobody may break the glass here: the settings name no role for it".to_owned(),
        ));
    };
    let person = listed(&word, electorate)?;
    if !person.standing.roles.contains(&glass.role) {
        return Err(VoteError::NotYours(format!("`{}` does not have the role `{}`", person.name, glass.role)));
    }
    let (Some(reason), Some(proof)) = (word.reason.clone(), word.proof.clone()) else {
        return Err(VoteError::NotYours("breaking the glass needs a reason".to_owned()));
    };
    if request.glass.is_some() {
        return Err(VoteError::Twice { voter: word.voter });
    }
    let broken = Glass { by: person.name.clone(), reason, at: now.wall, proof, reviewed: None };
    request.break_glass(broken, now, glass.expires);
    Ok(ApprovalStep::BrokenGlass)
}

/// By somebody who neither broke it nor asked for the call.
fn review(request: &mut Request, word: Word, rules: Rules<'_>, now: Now) -> Result<ApprovalStep, VoteError> {
    let nothing = VoteError::Nothing { id: request.id, voter: word.voter.clone(), what: "review" };
    let person = listed(&word, rules.electorate)?;
    let own = request.person.as_deref().is_some_and(|asks| rules.electorate.is(asks, &person.name));
    let Some(glass) = request.glass.as_mut().filter(|glass| glass.reviewed.is_none()) else { return Err(nothing) };
    if glass.by == person.name || own {
        let message =
            format!("`{}` broke the glass, or it was done for them: somebody else must review it", person.name);
        return Err(VoteError::NotYours(message));
    }
    glass.reviewed = Some(vote(word, true, now));
    Ok(ApprovalStep::Reviewed)
}

fn listed<'a>(word: &Word, electorate: Electorate<'a>) -> Result<&'a Person, VoteError> {
    let found = electorate.people.named(&word.voter).filter(|_| word.proof.is_some());
    found.ok_or_else(|| VoteError::NotYours("it must be signed with a key that people.yaml lists".to_owned()))
}

fn vote(word: Word, approves: bool, now: Now) -> Vote {
    // The voter's clock orders the voter's own words; ours says when it came.
    let at = if word.proof.is_some() { word.at } else { now.wall };
    Vote { voter: word.voter, approves, at, reason: word.reason, proof: word.proof, withdrawn_at: None }
}
