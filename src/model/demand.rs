//! What a rule asks for beyond an answer: how many people, which ones, and what must be brought or checked.
//!
//! Plain data: rules write it, decisions and requests carry it, and what counts the votes reads it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Level;

/// Who may answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Voter {
    /// Whoever has the role.
    Role(String),
    /// Whoever has this level or a higher one.
    Level(Level),
    /// One person, by name.
    Person(String),
    /// Whoever belongs to this team.
    Team(String),
    /// Whoever belongs to the team that owns what would be changed, by the inventory.
    Owner,
}

impl fmt::Display for Voter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "role:{role}"),
            Self::Level(level) => write!(f, "level:{level}"),
            Self::Person(name) => write!(f, "person:{name}"),
            Self::Team(team) => write!(f, "team:{team}"),
            Self::Owner => f.write_str("owner"),
        }
    }
}

/// It names no voters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not `owner`, `role:…`, `level:…`, `team:…` or `person:…`")]
pub struct ParseVoterError;

impl FromStr for Voter {
    type Err = ParseVoterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_role = |role: &str| {
            !role.is_empty()
                && role.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if text == "owner" {
            return Ok(Self::Owner);
        }
        match text.split_once(':').ok_or(ParseVoterError)? {
            ("role", role) if is_role(role) => Ok(Self::Role(role.to_owned())),
            ("level", level) => level.parse().map(Self::Level).map_err(|_| ParseVoterError),
            ("team", team) if !team.is_empty() => Ok(Self::Team(team.to_owned())),
            ("person", name) if !name.is_empty() => Ok(Self::Person(name.to_owned())),
            _ => Err(ParseVoterError),
        }
    }
}

impl TryFrom<String> for Voter {
    type Error = ParseVoterError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Voter> for String {
    fn from(voter: Voter) -> Self {
        voter.to_string()
    }
}

/// How many of whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Part {
    /// How many different people; at least one.
    pub quorum: u32,
    /// Whose answers count; empty: anybody's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Voter>,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.quorum)?;
        for (at, voter) in self.from.iter().enumerate() {
            write!(f, "{}{voter}", if at == 0 { " of " } else { " or " })?;
        }
        Ok(())
    }
}

/// Whose answers an escalation needs. The person that the session acts for is never one of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Approval {
    /// How many of whom.
    #[serde(flatten)]
    pub part: Part,
    /// Of these same people so many must be such ones too: two seniors, *one of them* of the owning team.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub including: Vec<Part>,
    /// For how many milliseconds the answer may be used, where that is shorter than the gate's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
}

impl Approval {
    /// One answer, of anybody who may vote.
    #[must_use]
    pub const fn of_anybody() -> Self {
        Self { part: Part { quorum: 1, from: Vec::new() }, including: Vec::new(), expires_ms: None }
    }
}

impl fmt::Display for Approval {
    /// `2 approvals of role:sre or level:senior (1 of owner among them)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.part.quorum == 1 { "approval" } else { "approvals" };
        write!(f, "{} {noun}", self.part.quorum)?;
        for (at, voter) in self.part.from.iter().enumerate() {
            write!(f, "{}{voter}", if at == 0 { " of " } else { " or " })?;
        }
        for part in &self.including {
            write!(f, " ({part} among them)")?;
        }
        Ok(())
    }
}

/// A snapshot that was made before counts for no longer.
pub const SNAPSHOT_WITHIN_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What must be brought, or checked, before a call passes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Obligation {
    /// The agent says why it wants to do this.
    Reason,
    /// The agent names the change ticket.
    Ticket,
    /// The agent says how it would be undone.
    RollbackPlan,
    /// A check of the operator's, by its name in the settings, must pass for this very call.
    Check(String),
    /// The gate saw that a snapshot or a backup of what is acted upon was made, no longer ago than this.
    SnapshotSeen(Duration),
}

impl Obligation {
    /// Those that an agent brings in words.
    pub const BROUGHT: [Self; 3] = [Self::Reason, Self::Ticket, Self::RollbackPlan];

    /// `a reason`, for a sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Reason => "a reason".to_owned(),
            Self::Ticket => "a ticket".to_owned(),
            Self::RollbackPlan => "a rollback plan".to_owned(),
            Self::Check(name) => format!("the check `{name}`"),
            Self::SnapshotSeen(within) => format!("a snapshot made through this gate within {}", span(*within)),
        }
    }
}

impl fmt::Display for Obligation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reason => f.write_str("reason"),
            Self::Ticket => f.write_str("ticket"),
            Self::RollbackPlan => f.write_str("rollback-plan"),
            Self::Check(name) => write!(f, "check:{name}"),
            Self::SnapshotSeen(within) => write!(f, "snapshot-seen:{}", span(*within)),
        }
    }
}

/// It names no obligation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not `reason`, `ticket`, `rollback-plan`, `check:NAME` or `snapshot-seen:24h`")]
pub struct ParseObligationError;

impl FromStr for Obligation {
    type Err = ParseObligationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "reason" => Ok(Self::Reason),
            "ticket" => Ok(Self::Ticket),
            "rollback-plan" => Ok(Self::RollbackPlan),
            _ => match text.split_once(':') {
                Some(("check", name)) if is_check(name) => Ok(Self::Check(name.to_owned())),
                Some(("snapshot-seen", within)) => {
                    within_of(within).map(Self::SnapshotSeen).ok_or(ParseObligationError)
                }
                _ => Err(ParseObligationError),
            },
        }
    }
}

impl TryFrom<String> for Obligation {
    type Error = ParseObligationError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Obligation> for String {
    fn from(obligation: Obligation) -> Self {
        obligation.to_string()
    }
}

/// `24h`, `90m`: at most a day, which is how long a gate remembers.
fn within_of(text: &str) -> Option<Duration> {
    let number = text.trim_end_matches(['m', 'h']);
    let seconds: u64 = match text.get(number.len()..)? {
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let within = Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?);
    (!within.is_zero() && within <= SNAPSHOT_WITHIN_MAX).then_some(within)
}

fn span(time: Duration) -> String {
    match time.as_secs() / 60 {
        minutes if minutes % 60 == 0 => format!("{}h", minutes / 60),
        minutes => format!("{minutes}m"),
    }
}

/// Lower case, digits, hyphens: how a check may be called.
#[must_use]
pub fn is_check(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Everything of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Demand {
    /// Whose answers. Several take different people; none: whatever the gate's settings ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// What the agent brings, and what is checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<Obligation>,
}

impl Demand {
    /// Whether it asks for nothing of its own.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.approvals.is_empty() && self.obligations.is_empty()
    }

    /// In words, where there is anything: `2 approvals of role:sre, a reason, a rollback plan`.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let brought = self.obligations.iter().map(Obligation::in_words);
        let parts: Vec<String> = self.approvals.iter().map(ToString::to_string).chain(brought).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Whose answers all of these take, in words, each once: `2 approvals of role:sre; 1 approval of owner`. What asks for
    /// nobody in particular takes the `default`.
    pub fn voters_in_words<'a>(all: impl IntoIterator<Item = &'a Self>, default: &Approval) -> String {
        let mut words: Vec<String> = Vec::new();
        for demand in all {
            let own = demand.approvals.as_slice();
            let asked = if own.is_empty() { std::slice::from_ref(default) } else { own };
            let asked = asked.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
            if !words.contains(&asked) {
                words.push(asked);
            }
        }
        // Anybody's one approval is part of every other.
        if words.len() > 1 {
            let least = Approval::of_anybody().to_string();
            words.retain(|one| *one != least);
        }
        words.join("; ")
    }

    /// Whether all that `other` asks for is asked for here.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.approvals.is_empty() == other.approvals.is_empty()
            && other.approvals.iter().all(|one| self.approvals.contains(one))
            && other.obligations.iter().all(|one| self.obligations.contains(one))
    }
}

/// Texts that an agent brings; nobody checks that they are true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Said {
    /// Why it wants to do this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The change ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// How it would be undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_plan: Option<String>,
}

impl Said {
    /// Characters that are kept of one text.
    pub const CHARS_MAX: usize = 2000;

    /// What was said to this; `None` for what no agent brings.
    #[must_use]
    pub fn to(&self, obligation: &Obligation) -> Option<&str> {
        match obligation {
            Obligation::Reason => self.reason.as_deref(),
            Obligation::Ticket => self.ticket.as_deref(),
            Obligation::RollbackPlan => self.rollback_plan.as_deref(),
            Obligation::Check(_) | Obligation::SnapshotSeen(_) => None,
        }
    }

    /// Says something to this obligation. Blank text says nothing; of a long one the beginning counts.
    pub fn say(&mut self, obligation: &Obligation, text: &str) {
        let text = text.trim();
        let text = (!text.is_empty()).then(|| text.chars().take(Self::CHARS_MAX).collect());
        match obligation {
            Obligation::Reason => self.reason = text,
            Obligation::Ticket => self.ticket = text,
            Obligation::RollbackPlan => self.rollback_plan = text,
            Obligation::Check(_) | Obligation::SnapshotSeen(_) => {}
        }
    }

    /// What is said here, else what was said before.
    #[must_use]
    pub fn or(self, before: &Self) -> Self {
        Self {
            reason: self.reason.or_else(|| before.reason.clone()),
            ticket: self.ticket.or_else(|| before.ticket.clone()),
            rollback_plan: self.rollback_plan.or_else(|| before.rollback_plan.clone()),
        }
    }

    /// Whether nothing was said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reason.is_none() && self.ticket.is_none() && self.rollback_plan.is_none()
    }
}
