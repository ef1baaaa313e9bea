//! What stands in the log. One JSON object per record; the field `kind` names it.
//!
//! No secret may get here: texts are built from operations, resource identifiers and rule messages, never from headers
//! or bodies, and pass `redact` on their way in.

mod approval;
mod session;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use approval::{ApprovalEntry, ApprovalStep};
pub use session::{SessionEntry, SessionStep};

use crate::classify::Action;
use crate::decide::Finding;
use crate::model::{
    ApprovalId, BlastRadius, DecisionId, Disposition, Door, Effect, Environment, Evidence, Operation, Parameter, Place,
    Posture, Principal, Resource, SessionId, Standing, Timestamp,
};
use crate::rules::Outcomes;

/// One record of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A gate began.
    Start(StartEntry),
    /// A request was judged; written before a byte of it is forwarded.
    Decision(Box<DecisionEntry>),
    /// A request that could not be read in exactly one way.
    Rejected(RejectedEntry),
    /// How a forwarded request ended.
    Outcome(OutcomeEntry),
    /// A step in the life of an approval request.
    Approval(Box<ApprovalEntry>),
    /// The configuration of a running gate changed, or the operator accepted a change.
    Configuration(Box<ConfigurationEntry>),
    /// A session was opened, put into quarantine or released.
    Session(Box<SessionEntry>),
    /// A gate ended in good order.
    Stop {
        /// When.
        at: Timestamp,
        /// The session it served, for a private gate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
    },
    /// A time in which the log could not be kept, or a part of it that was lost. Written by the ledger itself.
    Gap(GapEntry),
}

impl Entry {
    /// When it happened.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Start(entry) => entry.at,
            Self::Decision(entry) => entry.at,
            Self::Rejected(entry) => entry.at,
            Self::Outcome(entry) => entry.at,
            Self::Approval(entry) => entry.at,
            Self::Configuration(entry) => entry.at,
            Self::Session(entry) => entry.at,
            Self::Stop { at, .. } => *at,
            Self::Gap(entry) => entry.at,
        }
    }
}

/// The configuration of a running gate changed, or the operator accepted a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationEntry {
    /// What stands in the folder now, and what was accepted when it was: `c_…`, as `changes` names it.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub step: ConfigurationStep,
    /// Who accepted it; nobody where the gate took it up by itself because people had approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The files that differ from what was accepted before, each with what happened to it: `/etc/b/rules/a.yaml added`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// What stood in the folder before; what had been accepted before, when this was.
    pub before: String,
    /// Which set of rules counted before (`r_…`).
    pub rules_before: String,
    /// Which counts now; decisions name the same.
    pub rules_after: String,
    /// How strict the gate is now.
    pub posture: Posture,
    /// Why it cannot be used, for `wrong`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What lets it count, for `accepted`; for `started` where it counts from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Ground>,
}

/// What lets configuration count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// People approved exactly this change.
    Approval {
        /// The request, used up by it.
        id: ApprovalId,
        /// Who said yes and counted.
        voters: Vec<String>,
    },
    /// The operator's word alone: `people.yaml` listed nobody's key.
    Operator,
    /// The operator's word alone, at a start with `--accept`.
    Start,
    /// Nothing had been accepted in this state folder before.
    First,
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approval { id, voters } => write!(f, "approved by {} ({id})", voters.join(", ")),
            Self::Operator => f.write_str("the operator's word alone: people.yaml listed nobody's key"),
            Self::Start => f.write_str("the operator's word alone: `serve --accept`"),
            Self::First => f.write_str("nothing had been accepted before"),
        }
    }
}

/// What can become of configuration that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigurationStep {
    /// It only tightens, and counts at once.
    TakenUp,
    /// It waits for the operator, all or some of it.
    Waiting,
    /// It does not load; nothing of it counts.
    Wrong,
    /// The operator accepted it, or people approved it.
    Accepted,
    /// A shared gate began to go by it; what differs from it waits.
    Started,
}

impl ConfigurationStep {
    /// The word for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TakenUp => "taken up",
            Self::Waiting => "waiting",
            Self::Wrong => "wrong",
            Self::Accepted => "accepted",
            Self::Started => "started",
        }
    }
}

/// What is missing from the log, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapEntry {
    /// When it was over: the time of the next entry that stands.
    pub at: Timestamp,
    /// The time of the first entry that was turned away, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What happened.
    pub cause: GapCause,
    /// For a person: the error, the place.
    pub why: String,
    /// Entries whose writers were answered with the error: nothing was forwarded on them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub turned_away: u64,
    /// Entries that nobody waited for (outcomes) and that did not fit into memory meanwhile.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// Bytes of a torn tail that were cut.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut_bytes: u64,
    /// Decisions without an outcome: each may have reached upstream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<DecisionId>,
}

/// Why something is missing from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapCause {
    /// The file system refused to write or to sync.
    Unwritable,
    /// A segment was removed or replaced underneath the gate.
    Missing,
    /// Records inside a segment cannot be read.
    Damaged,
    /// The gate of this folder ended without closing its log; a later gate wrote this entry.
    Died,
}

/// A gate began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartEntry {
    /// When.
    pub at: Timestamp,
    /// The program's version.
    pub version: String,
    /// The posture it runs under.
    pub posture: Posture,
    /// Which set of rules.
    pub revision: String,
    /// The session it serves, for a private gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The child's program name (never its arguments: they may hold secrets).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Decisions of an earlier gate in this folder that have no outcome: each may have reached upstream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<DecisionId>,
    /// Bytes of a torn tail that were cut.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut_bytes: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A request was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionEntry {
    /// Its id; the outcome carries the same.
    pub id: DecisionId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub principal: Principal,
    /// What `people.yaml` said of the person then; nothing where it said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// Through which door.
    pub door: Door,
    /// The method and the target's host and port: `POST cloudformation.us-east-1.amazonaws.com:443`. Paths and queries
    /// may hold secrets and are not here; what they said is in the actions.
    pub request: String,
    /// What the request asks for.
    pub actions: Vec<ActionEntry>,
    /// The answer.
    pub decision: Effect,
    /// What happens to it.
    pub disposition: Disposition,
    /// What took part in the answer.
    pub findings: Vec<Finding>,
    /// Which set of rules.
    pub revision: String,
    /// The posture it was decided under.
    pub posture: Posture,
    /// The approval that was used, when `forwarded`; else the request that the refusal named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalId>,
    /// The limit that was used up, when `throttled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// SHA-256 of the body as received, where it was read whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<String>,
    /// What the hook said, at that door. Such an entry has no outcome: the agent, not the gate, carries the call out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<HookEntry>,
    /// What the operator's checks said, where rules ask for some and people had approved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckEntry>,
}

/// What a check of the operator's said to a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckEntry {
    /// Which.
    pub name: String,
    /// Yes or no.
    pub passed: bool,
    /// In its words, or why it said nothing; masked and bounded.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub took_ms: u64,
}

impl CheckEntry {
    /// It said no, or nothing.
    #[must_use]
    pub fn failed(name: &str, why: &str) -> Self {
        Self { name: name.to_owned(), passed: false, said: why.to_owned(), took_ms: 0 }
    }
}

/// Where a tool call came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookEntry {
    /// Whose hook.
    pub agent: String,
    /// The tool, as the agent calls it; never its input.
    pub tool: String,
    /// The agent's own name for its session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_session: Option<String>,
    /// The agent below it that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_agent: Option<String>,
    /// No gate answered: the hook decided by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
}

impl DecisionEntry {
    /// The findings that carry the decision.
    pub fn deciding(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.effect == self.decision && finding.counts())
    }
}

/// One action of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionEntry {
    /// What.
    pub operation: Operation,
    /// Twins on the wire.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Operation>,
    /// On what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// Where.
    pub place: Place,
    /// What decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// What it would do.
    #[serde(flatten)]
    pub blast: BlastRadius,
    /// What it belongs to.
    pub environment: Environment,
    /// How we know.
    pub evidence: Evidence,
    /// What only the session's past showed of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Lower-case hex of [`Action::digest`].
    pub digest: String,
}

impl From<&Action> for ActionEntry {
    fn from(action: &Action) -> Self {
        Self {
            operation: action.operation().clone(),
            aliases: action.aliases().to_vec(),
            resources: action.resources().to_vec(),
            place: action.place().clone(),
            parameters: action.parameters().to_vec(),
            blast: *action.blast(),
            environment: action.environment().clone(),
            evidence: action.evidence(),
            notes: action.notes().to_vec(),
            digest: data_encoding::HEXLOWER.encode(&action.digest()),
        }
    }
}

/// A request that could not be read in exactly one way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RejectedEntry {
    /// Its id.
    pub id: DecisionId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub principal: Principal,
    /// Through which door.
    pub door: Door,
    /// The host and port it was for, as far as that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The status it was answered with.
    pub status: u16,
    /// What could be read in two ways.
    pub why: String,
}

/// How a forwarded request ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeEntry {
    /// The decision it belongs to.
    pub id: DecisionId,
    /// When.
    pub at: Timestamp,
    /// How.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How an act ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Upstream answered, and the answer was passed on to its end.
    Answered {
        /// The upstream's status.
        status: u16,
        /// Bytes of request body that were sent.
        sent_bytes: u64,
        /// Bytes of response body that were passed on.
        received_bytes: u64,
    },
    /// A tunnel that was not opened, or a connection that had become another protocol, ended.
    Tunnelled {
        /// Bytes from the agent.
        sent_bytes: u64,
        /// Bytes to the agent.
        received_bytes: u64,
        /// What the agent sent, where the streams inside were followed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        streamed: Option<Streamed>,
        /// What broke, where neither side had said goodbye.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        broken: Option<String>,
    },
    /// Upstream could not be reached: not a byte of the request was sent.
    Unreachable {
        /// Why.
        error: String,
    },
    /// Something broke after bytes may have been sent.
    Broken {
        /// The upstream's status, if it had answered.
        status: Option<u16>,
        /// What broke.
        error: String,
    },
    /// The permit was dropped before its end was known (the agent went away).
    Abandoned,
}

impl Outcome {
    /// What may have become of the call. An answer of 5xx, or none, says nothing of whether it had its effect.
    #[must_use]
    pub const fn may(&self) -> Outcomes {
        match self {
            Self::Answered { status: 400..=499, .. } | Self::Unreachable { .. } => Outcomes::FAILED,
            Self::Answered { status: 500.., .. } | Self::Broken { .. } | Self::Abandoned => Outcomes::BROKEN,
            Self::Answered { .. } | Self::Tunnelled { .. } => Outcomes::SENT,
        }
    }
}

/// What an agent sent inside a connection whose streams were followed: how much and where to, never what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streamed {
    /// Bytes of each kind of stream: `stdin`, `resize`, `data`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<String, u64>,
    /// The ports that were asked for, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
    /// Why the gate ended the connection, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
}
