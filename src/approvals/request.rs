//! One approval request: what it asks, where it stands, and every change that it can go through.
//!
//! Pure: a change takes the time and gives the next state; [`super::Approvals`] keeps it. What a change may do is decided
//! here and nowhere else, so that whatever races is settled by the store's one writer.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::change::Subject;
use super::question::{Item, Question, Requirement};
use super::raw::Raw;
use super::{Now, State};
use crate::config::Approvals as Settings;
use crate::model::{ApprovalId, DecisionId, Said, SessionId, Timestamp, Uptime};

/// Calls of a session that are refused within this time are one request.
const GATHERED_WITHIN: Duration = Duration::from_secs(60);
/// Actions of one request; further ones open another.
const ITEMS_MAX: usize = 500;
/// Calls of one request that are kept as they came.
const RAW_MAX: usize = 20;
/// A call that got no answer is the same call when it comes again within this time,
const AGAIN_WITHIN: Duration = Duration::from_secs(60);
/// and so often, the first time included.
const SENDS_MAX: u32 = 3;

/// One action of a request, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What it would do.
    #[serde(flatten)]
    pub item: Item,
    /// Its use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Use>,
}

/// That an action was let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The decision that let it through; of several the last.
    pub decision: DecisionId,
    /// When.
    pub at: Timestamp,
    /// How often it was sent: more than once only where nothing came back.
    pub sends: u32,
    /// When it ended without an answer (or with 429 or 5xx), which a client repeats by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered_at: Option<Timestamp>,
    /// The same on the machine's uptime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered_uptime: Option<Lapse>,
}

/// A moment on the machine's uptime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lapse {
    /// Which start of the machine.
    pub boot: u64,
    /// Milliseconds since then.
    pub millis: u64,
}

impl Lapse {
    pub(super) fn of(uptime: Option<Uptime>) -> Option<Self> {
        uptime.map(|Uptime { boot, millis }| Self { boot, millis })
    }

    fn after(self, by: Duration) -> Self {
        Self { millis: self.millis.saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)), ..self }
    }
}

/// What somebody said to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who.
    pub voter: String,
    /// Yes or no.
    pub approves: bool,
    /// When.
    pub at: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What proves it; `None`: the gate's own operator said it at the control socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Timestamp>,
}

impl Vote {
    /// Whether it stands.
    #[must_use]
    pub const fn counts(&self) -> bool {
        self.withdrawn_at.is_none()
    }
}

/// A signed statement, as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The key's fingerprint, as `ssh-keygen -l` prints it.
    pub key: String,
    /// Whether the key lives in hardware.
    pub hardware: bool,
    /// What was signed.
    pub statement: String,
    /// The signature, armoured.
    pub signature: String,
}

/// Let through by one person in an emergency, without the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glass {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// What proves it.
    pub proof: Proof,
    /// Who looked at it afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<Vote>,
}

/// The end of a state, on the wall clock and on the machine's uptime where that is known: whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// On the wall clock.
    pub at: Timestamp,
    /// On the uptime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<Lapse>,
}

impl Deadline {
    pub(super) fn new(now: Now, lasts: Duration) -> Self {
        Self { at: now.wall.after(lasts), uptime: Lapse::of(now.uptime).map(|uptime| uptime.after(lasts)) }
    }

    fn is_over(self, now: Now) -> bool {
        let by_uptime = match (self.uptime, Lapse::of(now.uptime)) {
            (Some(end), Some(now)) => end.boot == now.boot && end.millis <= now.millis,
            _ => false,
        };
        self.at <= now.wall || by_uptime
    }
}

/// An approval request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its id.
    pub id: ApprovalId,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Subject::is_call")]
    pub subject: Subject,
    /// The session that asked.
    pub session: SessionId,
    /// The person it acts for.
    pub person: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// What it would be done to; of several environments the strictest of the first call.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub environment: String,
    /// What would be done.
    pub items: Vec<Asked>,
    /// The calls as they came, the first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raw: Vec<Raw>,
    /// What asked for it.
    pub requirement: Requirement,
    /// Whose answers do not count, beside the person's: who wrote an exception that took part.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub excluded: BTreeSet<String>,
    /// What the agent says about it. Nobody has checked it.
    #[serde(default, skip_serializing_if = "Said::is_empty")]
    pub said: Said,
    /// Which set of rules asked.
    pub revision: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Until when it can be answered.
    pub answerable: Deadline,
    /// Where it stands.
    pub state: State,
    /// Until when that lasts: to be answered (pending), to be used (approved), to be told again (denied).
    pub until: Deadline,
    /// What people said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// An emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glass: Option<Glass>,
    /// Why it is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voided: Option<String>,
    /// When it ended: used up, denied, expired or void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// How a request covers a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    /// It asks for all of it, and nothing of it was used.
    Unused,
    /// All of it was sent and came to no answer, just now.
    Again,
}

impl Request {
    pub(super) fn open(id: ApprovalId, question: &Question, now: Now, lasts: Duration) -> Self {
        let Question { principal, subject, items, requirement, excluded, said, revision, environment, raw } =
            question.clone();
        let deadline = Deadline::new(now, lasts);
        Self {
            id,
            subject,
            session: principal.session,
            person: principal.person,
            agent: principal.agent,
            environment,
            items: items.into_iter().map(|item| Asked { item, used: None }).collect(),
            raw: Some(raw).filter(|raw| !raw.is_empty()).into_iter().collect(),
            requirement,
            excluded,
            said,
            revision,
            opened_at: now.wall,
            answerable: deadline,
            state: State::Pending,
            until: deadline,
            votes: Vec::new(),
            glass: None,
            voided: None,
            ended_at: None,
        }
    }

    /// The operation; of several actions the first, and how many more.
    #[must_use]
    pub fn operation(&self) -> String {
        let first = self.items.first().map_or("nothing", |asked| asked.item.operation.as_str());
        match self.items.len() {
            0 | 1 => first.to_owned(),
            more => format!("{first} (+{})", more - 1),
        }
    }

    /// What would be done, whole, equal actions counted.
    #[must_use]
    pub fn shown(&self) -> String {
        Self::shown_of(&self.items)
    }

    /// The same of some of them.
    pub(super) fn shown_of(items: &[Asked]) -> String {
        let mut text = String::new();
        let mut told: Vec<(&str, usize)> = Vec::new();
        for asked in items {
            match told.iter_mut().find(|(shown, _)| *shown == asked.item.shown) {
                Some((_, times)) => *times += 1,
                None => told.push((&asked.item.shown, 1)),
            }
        }
        for (shown, times) in told {
            text.push_str(shown);
            if times > 1 {
                let _ = writeln!(text, "  {times} times");
            }
        }
        text
    }

    /// SHA-256 over everything that an answer is about, lower-case hex: what is done, what asks for it, for whom, what the
    /// agent says, until when. An answer to other content does not count.
    #[must_use]
    pub fn content(&self) -> String {
        let items: Vec<&Item> = self.items.iter().map(|asked| &asked.item).collect();
        let about = (
            ("blastgate request 1", self.id, &self.subject, self.session, &self.person, &self.agent),
            (items, &self.raw, &self.requirement, &self.excluded, &self.said),
            (self.opened_at, self.answerable.at),
        );
        HEXLOWER.encode(&Sha256::digest(serde_json::to_vec(&about).unwrap_or_default()))
    }

    /// Who said no, and why.
    #[must_use]
    pub fn refusal(&self) -> Option<&Vote> {
        self.votes.iter().rev().find(|vote| !vote.approves && vote.counts())
    }

    /// Whether it can still change.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.state, State::Pending | State::Approved)
    }

    /// Whether it was let through in an emergency and nobody else has looked at that.
    #[must_use]
    pub fn is_unreviewed(&self) -> bool {
        self.glass.as_ref().is_some_and(|glass| glass.reviewed.is_none())
    }

    /// Marks it where its time is over.
    pub(super) fn expire(&mut self, now: Now) -> bool {
        let is_over = self.is_live() && self.until.is_over(now);
        if is_over {
            self.end(State::Expired, now);
        }
        is_over
    }

    pub(super) fn void(&mut self, why: &str, now: Now) {
        self.voided = Some(why.to_owned());
        self.end(State::Void, now);
    }

    fn end(&mut self, state: State, now: Now) {
        self.state = state;
        self.ended_at = Some(now.wall);
    }

    /// Whether both are about the same thing, for the same session and person.
    fn is_of(&self, question: &Question) -> bool {
        let Question { principal, subject, .. } = question;
        self.subject == *subject && self.session == principal.session && self.person == principal.person
    }

    /// Whether this request asks for this call.
    pub(super) fn cover(&self, question: &Question, now: Now) -> Option<Cover> {
        if !self.is_of(question) {
            return None;
        }
        let can_use = self.is_live();
        if can_use && self.pick(question, |asked| asked.used.is_none()).is_some() {
            return Some(Cover::Unused);
        }
        let is_held = matches!(self.state, State::Approved | State::Used) && !self.until.is_over(now);
        let again = |asked: &Asked| asked.used.as_ref().is_some_and(|used| used.is_unanswered(now));
        (is_held && self.pick(question, again).is_some()).then_some(Cover::Again)
    }

    /// For each action of the call one of ours, each at most once.
    fn pick(&self, question: &Question, fits: impl Fn(&Asked) -> bool) -> Option<Vec<usize>> {
        let mut taken = vec![false; self.items.len()];
        let mut picked = Vec::with_capacity(question.items.len());
        for wanted in &question.items {
            let free = self.items.iter().enumerate().position(|(at, asked)| {
                asked.item.digest == wanted.digest && !taken.get(at).copied().unwrap_or(true) && fits(asked)
            })?;
            if let Some(one) = taken.get_mut(free) {
                *one = true;
            }
            picked.push(free);
        }
        Some(picked)
    }

    /// Whether somebody said no to a part of this call.
    pub(super) fn denies(&self, question: &Question, now: Now) -> bool {
        let asked = |wanted: &Item| self.items.iter().any(|asked| asked.item.digest == wanted.digest);
        self.is_of(question)
            && self.state == State::Denied
            && !self.until.is_over(now)
            && question.items.iter().any(asked)
    }

    /// Adds a call that was refused shortly after the first, and says how many actions that are; `None` where it must be a
    /// request of its own.
    pub(super) fn gather(&mut self, question: &Question, now: Now) -> Option<usize> {
        let is_open = self.state == State::Pending && self.votes.is_empty() && self.glass.is_none();
        let is_fresh = !Deadline { at: self.opened_at.after(GATHERED_WITHIN), uptime: None }.is_over(now);
        let fits = self.items.len() + question.items.len() <= ITEMS_MAX;
        if !(self.is_of(question) && is_open && is_fresh && fits && self.said == question.said) {
            return None;
        }
        let mut missing: Vec<Item> = question.items.clone();
        for asked in &self.items {
            if let Some(at) = missing.iter().position(|item| item.digest == asked.item.digest) {
                missing.remove(at);
            }
        }
        let added = missing.len();
        if added > 0 && self.raw.len() < RAW_MAX && !question.raw.is_empty() {
            self.raw.push(question.raw.clone());
        }
        self.items.extend(missing.into_iter().map(|item| Asked { item, used: None }));
        self.requirement.unite(&question.requirement);
        self.excluded.extend(question.excluded.iter().cloned());
        self.revision.clone_from(&question.revision);
        Some(added)
    }

    /// Takes up what the session says now, while nobody has answered what it said before; true where that changes it.
    pub(super) fn hear(&mut self, said: &Said) -> bool {
        let told = said.clone().or(&self.said);
        let changes =
            self.state == State::Pending && self.votes.is_empty() && self.glass.is_none() && told != self.said;
        if changes {
            self.said = told;
        }
        changes
    }

    /// Enough people have said yes.
    pub(super) fn approve(&mut self, now: Now, settings: &Settings) {
        let own = self.requirement.asks().flat_map(|(_, ask)| &ask.demand.approvals).filter_map(|one| one.expires_ms);
        let lasts = own.map(Duration::from_millis).chain([settings.use_within]).min().unwrap_or(settings.use_within);
        self.state = State::Approved;
        self.until = Deadline::new(now, lasts);
    }

    /// Enough people have said no, for a while.
    pub(super) fn deny(&mut self, now: Now, lasts: Duration) {
        self.until = Deadline::new(now, lasts);
        self.end(State::Denied, now);
    }

    /// Votes are missing again.
    pub(super) fn reopen(&mut self) {
        self.state = State::Pending;
        self.until = self.answerable;
    }

    /// Lets it through without the others.
    pub(super) fn break_glass(&mut self, glass: Glass, now: Now, lasts: Duration) {
        self.glass = Some(glass);
        self.state = State::Approved;
        self.until = Deadline::new(now, lasts);
    }

    /// Marks this call as let through; false where that was done already. INVARIANT: called inside the store's one
    /// transaction, after [`Request::expire`], with an answer that counts.
    pub(super) fn spend(&mut self, question: &Question, decision: DecisionId, now: Now) -> bool {
        let Some(cover) = self.cover(question, now) else { return false };
        let fits = |asked: &Asked| match cover {
            Cover::Unused => asked.used.is_none(),
            Cover::Again => asked.used.as_ref().is_some_and(|used| used.is_unanswered(now)),
        };
        let may = matches!((&cover, self.state), (_, State::Approved) | (Cover::Again, State::Used));
        let Some(picked) = self.pick(question, fits).filter(|_| may) else { return false };
        for at in picked {
            if let Some(asked) = self.items.get_mut(at) {
                let sends = asked.used.as_ref().map_or(0, |used| used.sends).saturating_add(1);
                asked.used = Some(Use { decision, at: now.wall, sends, unanswered_at: None, unanswered_uptime: None });
            }
        }
        if self.state == State::Approved && self.items.iter().all(|asked| asked.used.is_some()) {
            self.end(State::Used, now);
        }
        true
    }

    /// The call of this decision ended without an answer; false where there is none.
    pub(super) fn unanswered(&mut self, decision: DecisionId, now: Now) -> bool {
        let mut found = false;
        for used in self.items.iter_mut().filter_map(|asked| asked.used.as_mut()) {
            if used.decision == decision {
                used.unanswered_at = Some(now.wall);
                used.unanswered_uptime = Lapse::of(now.uptime);
                found = true;
            }
        }
        found
    }

    /// The decision that used it last.
    #[must_use]
    pub fn decision(&self) -> Option<DecisionId> {
        let uses = self.items.iter().filter_map(|asked| asked.used.as_ref());
        uses.max_by_key(|used| used.at).map(|used| used.decision)
    }
}

impl Use {
    fn is_unanswered(&self, now: Now) -> bool {
        let Some(at) = self.unanswered_at else { return false };
        let uptime = self.unanswered_uptime.map(|uptime| uptime.after(AGAIN_WITHIN));
        let end = Deadline { at: at.after(AGAIN_WITHIN), uptime };
        self.sends < SENDS_MAX && !end.is_over(now)
    }
}
