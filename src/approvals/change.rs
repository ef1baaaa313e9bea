//! Requests about a change of the gate itself: of its settings, inventory, people and rules.
//!
//! They are answered and counted like those about calls. But one belongs to no session; it is bound to the whole content
//! before and after the change and to who wrote it, so that nothing else can be taken up under it; there is at most one
//! open request of a configuration folder; and no emergency lets it through: an emergency is one call.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::question::{Item, Question, Requirement};
use super::quorum::Electorate;
use super::raw::Raw;
use super::request::Request;
use super::{Answer, Approvals, Change, State};
use crate::model::{Approval, ApprovalId, DecisionId, Demand, Principal, Said, SessionId, Timestamp};
use crate::record::ApprovalStep;
use crate::store::StoreError;

/// What asks: the setting.
const ASKS: &str = "approvals.changes";
/// What is done.
const OPERATION: &str = "blastgate:configuration:Change";

/// What a request is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Calls of a session.
    #[default]
    Call,
    /// A change of the gate itself: the folder of its configuration. The session is then [`no_session`].
    Change(String),
}

impl Subject {
    /// Whether it is about calls.
    #[must_use]
    pub const fn is_call(&self) -> bool {
        matches!(self, Self::Call)
    }
}

/// What stands in the place of a session where none asks.
#[must_use]
pub const fn no_session() -> SessionId {
    SessionId::new(Timestamp::from_millis(0), 0)
}

/// A change of the gate itself, for people to answer.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The folder of the configuration.
    pub folder: String,
    /// SHA-256 of what counts, and of what would count: names for people, and whole.
    pub before: (String, String),
    /// The same of what would count.
    pub after: (String, String),
    /// Who wrote it, by login; their answers do not count. Not empty.
    pub authors: BTreeSet<String>,
    /// What it changes, file by file.
    pub shown: String,
    /// Whose answers it takes, by what counts now.
    pub asks: Approval,
}

impl Question {
    /// Asks for a change of the gate itself.
    #[must_use]
    pub fn of_change(proposal: Proposal) -> Self {
        let Proposal { folder, before, after, authors, shown, asks } = proposal;
        let bound = ("blastgate change 1", &folder, &before.1, &after.1, &authors);
        let digest = HEXLOWER.encode(&Sha256::digest(serde_json::to_vec(&bound).unwrap_or_default()));
        let shown = format!("{OPERATION} {} → {}\n{shown}", before.0, after.0);
        let mut requirement = Requirement::default();
        requirement.add(ASKS, ("", ""), Demand { approvals: vec![asks], obligations: Vec::new() });
        let person = authors.first().cloned();
        Self {
            principal: Principal { session: no_session(), agent: None, person, anonymous: false },
            subject: Subject::Change(folder),
            items: vec![Item { digest, operation: OPERATION.to_owned(), resources: Vec::new(), shown }],
            requirement,
            excluded: authors.into_iter().skip(1).collect(),
            said: Said::default(),
            revision: before.0,
            environment: String::new(),
            raw: Raw::default(),
        }
    }
}

/// Where a change stands.
#[derive(Clone, Debug)]
pub enum Adoption {
    /// Nobody is asked about it.
    Unasked,
    /// People are asked.
    Waiting(ApprovalId),
    /// It was approved, and the approval was used up just now: it must be taken up.
    Due(Box<Request>),
}

impl Approvals {
    /// Whether answers are signed: whether anybody's key is listed.
    #[must_use]
    pub fn signs(&self) -> bool {
        self.people.load().has_keys()
    }

    /// Asks people about a change of the gate itself, or joins the request that does. What was asked about other content
    /// of the same folder is void. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn propose(&self, question: &Question) -> Result<Answer, StoreError> {
        self.change(|change| {
            let now = change.now;
            let mut known = change.only(question)?;
            if let Some(answer) = self.known(question, &mut known, change)? {
                return Ok(answer);
            }
            if let Some(denied) = known.iter().find(|one| one.denies(question, now)) {
                return Ok(Answer::Denied(Box::new(denied.clone())));
            }
            change.table.forget(now)?;
            let id = ApprovalId::new(now.wall, rand::random());
            let request = Request::open(id, question, now, self.settings.pending);
            change.keep(&request, ApprovalStep::Opened)?;
            Ok(Answer::Waiting(Box::new(request)))
        })
    }

    /// Uses the approval of exactly this change up: [`Adoption::Due`] once, and only while its quorum stands by the people
    /// who count now. Durable when it returns. Blocks.
    ///
    /// # Errors
    /// The state cannot be used; whether it was used is then not known, and the change must not be taken up.
    pub fn adopt(&self, question: &Question) -> Result<Adoption, StoreError> {
        self.change(|change| {
            let now = change.now;
            let mut known = change.only(question)?;
            match self.known(question, &mut known, change)? {
                Some(Answer::Approved(mut request)) => {
                    // No decision lets it through: the id only marks the use.
                    if !request.spend(question, DecisionId::new(now.wall, rand::random()), now) {
                        return Ok(Adoption::Unasked);
                    }
                    change.keep(&request, ApprovalStep::Used)?;
                    Ok(Adoption::Due(request))
                }
                Some(Answer::Waiting(request)) => Ok(Adoption::Waiting(request.id)),
                _ => Ok(Adoption::Unasked),
            }
        })
    }

    /// Nothing of this folder waits any more: nobody need be asked. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn forgo(&self, folder: &str) -> Result<(), StoreError> {
        self.change(|change| change.void_all(&Subject::Change(folder.to_owned()), None).map(drop))
    }

    /// Who could still say yes and count: not who wrote it, not who is not asked, not who has no key that is live.
    #[must_use]
    pub fn able(&self, request: &Request) -> Vec<String> {
        let (people, at) = (self.people.load(), self.clock.now());
        let electorate = Electorate { people: &people, default: &self.settings.default };
        let may = people.all().iter().filter(|person| {
            person.keys.iter().any(|key| key.is_live(at))
                && !electorate.is_excluded(request, &person.name)
                && electorate.is_asked(request, person)
        });
        may.map(|person| person.name.clone()).collect()
    }
}

impl Change<'_, '_> {
    /// What is known of this change; what was asked about other content of the same folder is void.
    fn only(&mut self, question: &Question) -> rusqlite::Result<Vec<Request>> {
        self.void_all(&question.subject, question.digests().next())
    }

    fn void_all(&mut self, subject: &Subject, but: Option<&str>) -> rusqlite::Result<Vec<Request>> {
        let now = self.now;
        let mut kept = Vec::new();
        for mut one in self.table.of_session(no_session(), now)? {
            if one.subject != *subject {
                continue;
            }
            let is_this = but.is_some_and(|digest| one.items.iter().all(|asked| asked.item.digest == digest));
            if is_this {
                kept.push(one);
            } else if matches!(one.state, State::Pending | State::Approved) {
                one.void("the files, or who wrote them, have changed since it was asked", now);
                self.keep(&one, ApprovalStep::Voided)?;
            }
        }
        Ok(kept)
    }
}
