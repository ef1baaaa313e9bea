//! What the log holds of approval requests.

use serde::{Deserialize, Serialize};

use crate::model::{ApprovalId, DecisionId, Said, SessionId, Timestamp};

/// A step in the life of an approval request. What was asked for stands in its first entry, `opened`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalEntry {
    /// The request.
    pub id: ApprovalId,
    /// When.
    pub at: Timestamp,
    /// What happened to it.
    pub step: ApprovalStep,
    /// The session that asked.
    pub session: SessionId,
    /// The person it acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The operation asked for; with several actions the first of them, and how many more.
    pub operation: String,
    /// Until when the new state lasts: to be answered, to be used, to be told again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why, in their words; of `voided`, in ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The decision that used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionId>,
    /// What the people were shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shown: String,
    /// [`super::ActionEntry::digest`] of every action, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<String>,
    /// The rules, cells and limits that asked for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirement: Vec<String>,
    /// Which set of rules asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub revision: String,
    /// What the agent said about it; nobody has checked it.
    #[serde(default, skip_serializing_if = "Said::is_empty")]
    pub said: Said,
    /// The key of whoever answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What they signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// Their signature of it (`ssh-keygen -Y verify` takes both).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// What can happen to an approval request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStep {
    /// A call needed people.
    Opened,
    /// Another call that the session was refused shortly after is part of it.
    Joined,
    /// Somebody answered, and more answers are needed.
    Voted,
    /// Somebody took an answer back.
    Withdrawn,
    /// An answer that did not count: by an agent, by somebody whose it was not, after the end.
    Refused,
    /// With this answer they were enough: it may pass once.
    Approved,
    /// One person let it pass in an emergency.
    BrokenGlass,
    /// Somebody else looked at that.
    Reviewed,
    /// Somebody said no.
    Denied,
    /// Nobody answered, or nobody used the answer, in time. Noticed when the request is next touched.
    Expired,
    /// The call was let through; it cannot be used again.
    Used,
    /// More was needed at its use than had been approved.
    Voided,
}

impl ApprovalStep {
    /// The word as the record spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Joined => "joined",
            Self::Voted => "voted",
            Self::Withdrawn => "withdrawn",
            Self::Refused => "refused",
            Self::Approved => "approved",
            Self::BrokenGlass => "broken glass",
            Self::Reviewed => "reviewed",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Used => "used",
            Self::Voided => "voided",
        }
    }
}
