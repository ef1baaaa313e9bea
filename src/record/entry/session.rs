//! What the log holds of sessions as such.

use serde::{Deserialize, Serialize};

use crate::model::{SessionId, Timestamp};

/// A session was opened, put into quarantine or released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEntry {
    /// Which.
    pub id: SessionId,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub step: SessionStep,
    /// Who did it; nobody: the gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The person it acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What it is to do, in the words of whoever opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Where it may change things, as it was declared; nothing: where its first change lands.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub boundary: String,
    /// Why, with every number that led there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// What can become of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStep {
    /// It was opened.
    Opened,
    /// It may only read from now on.
    Quarantined,
    /// It may do again what its rules let it.
    Released,
}

impl SessionStep {
    /// The word as the record spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Quarantined => "quarantined",
            Self::Released => "released",
        }
    }
}
