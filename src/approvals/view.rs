//! A request as people and programs are shown it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::change::Subject;
use super::raw::Raw;
use super::request::Request;
use super::{Approvals, State};
use crate::model::{ApprovalId, DecisionId, Said, SessionId, Timestamp};

/// A request, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its id.
    pub id: ApprovalId,
    /// Where it stands.
    pub state: State,
    /// Until when that lasts: to be answered (pending), to be used (approved), to be told again (denied).
    pub until: Timestamp,
    /// The operation; of several actions the first, and how many more.
    pub operation: String,
    /// What would be done, whole.
    pub shown: String,
    /// What each action is, and on what; equal ones once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<About>,
    /// The calls as they came, secrets masked; of very many the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raw: Vec<Raw>,
    /// What could be done instead, by what asks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub instead: BTreeMap<String, String>,
    /// How many actions.
    pub actions: usize,
    /// How many of them were let through.
    pub used: usize,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Subject::is_call")]
    pub subject: Subject,
    /// The session that asked.
    pub session: SessionId,
    /// The person it acts for.
    pub person: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// What the agent says about it. Nobody has checked it.
    #[serde(default, skip_serializing_if = "Said::is_empty")]
    pub said: Said,
    /// The rules, cells and limits that ask.
    pub because: Vec<String>,
    /// Whose answers it takes, in words.
    pub who: String,
    /// Whether answers must be signed with a key that `people.yaml` lists.
    pub signed: bool,
    /// Who said yes and counts.
    pub voters: Vec<String>,
    /// What is missing, in words.
    pub missing: Vec<String>,
    /// Everything that was said.
    pub votes: Vec<Word>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// SHA-256 over all that an answer is about; a vote names it.
    pub content: String,
    /// Why it is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voided: Option<String>,
    /// Who let it through alone, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_glass: Option<Broken>,
    /// The decision that used it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionId>,
}

/// One action.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct About {
    /// The operation.
    pub operation: String,
    /// On what, the first of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Who.
    pub voter: String,
    /// Yes or no.
    pub approves: bool,
    /// When.
    pub at: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The key it was signed with; `None`: it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// It was taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

/// An emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// Who looked at it afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<String>,
}

impl Approvals {
    /// The request as it is shown.
    #[must_use]
    pub fn view(&self, request: &Request) -> View {
        let tally = self.count(request);
        let word = |vote: &super::Vote| Word {
            voter: vote.voter.clone(),
            approves: vote.approves,
            at: vote.at,
            reason: vote.reason.clone(),
            key: vote.proof.as_ref().map(|proof| proof.key.clone()),
            withdrawn: !vote.counts(),
        };
        let about: BTreeSet<About> = request
            .items
            .iter()
            .map(|asked| About { operation: asked.item.operation.clone(), resources: asked.item.resources.clone() })
            .collect();
        let asks = request.requirement.asks().filter(|(_, ask)| !ask.instead.is_empty());
        let instead = asks.map(|(id, ask)| (id.to_owned(), ask.instead.clone())).collect();
        View {
            id: request.id,
            state: request.state,
            until: request.until.at,
            operation: request.operation(),
            shown: request.shown(),
            about: about.into_iter().collect(),
            raw: request.raw.clone(),
            instead,
            actions: request.items.len(),
            used: request.items.iter().filter(|asked| asked.used.is_some()).count(),
            subject: request.subject.clone(),
            session: request.session,
            person: request.person.clone(),
            agent: request.agent.clone(),
            said: request.said.clone(),
            because: request.requirement.ids().map(str::to_owned).collect(),
            who: self.voters_in_words(&request.requirement),
            signed: self.people.load().has_keys(),
            voters: tally.voters,
            missing: tally.missing.into_iter().map(|(id, words)| format!("{id}: {words}")).collect(),
            votes: request.votes.iter().map(word).collect(),
            opened_at: request.opened_at,
            content: request.content(),
            voided: request.voided.clone(),
            broken_glass: request.glass.as_ref().map(|glass| Broken {
                by: glass.by.clone(),
                reason: glass.reason.clone(),
                at: glass.at,
                reviewed_by: glass.reviewed.as_ref().map(|vote| vote.voter.clone()),
            }),
            // What takes a change up is no decision.
            decision: request.decision().filter(|_| request.subject.is_call()),
        }
    }
}
