//! What is said over the control socket.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::approvals::{Ballot, Said, View};
use crate::enforce::Tally;
use crate::memory::{Declared, Remembered};
use crate::model::{DecisionId, Disposition, Posture, Said as Words, SessionId, Timestamp};

/// How a gate is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// A shared gate, or a private one of one `run`.
    pub kind: GateKind,
    /// Since when.
    pub since: Timestamp,
    /// How strict it is.
    pub posture: Posture,
    /// Which set of rules it goes by.
    pub revision: String,
    /// Its listeners.
    pub listeners: Vec<ListenerStatus>,
    /// Connections that are open.
    pub connections: usize,
    /// Sessions that are open.
    pub sessions: usize,
    /// Escalated calls that wait for an answer.
    pub approvals: usize,
    /// Files of the configuration that wait to be accepted.
    pub changes: usize,
    /// What is wrong: configuration that does not load, state that cannot be used.
    pub troubles: Vec<String>,
    /// The log cannot be written: every call is answered with 503.
    #[serde(default)]
    pub unwritable: bool,
    /// No new connections are taken.
    pub draining: bool,
    /// Requests since the start, by what became of them.
    pub requests: BTreeMap<Disposition, u64>,
    /// Requests that could not be read in exactly one way.
    pub rejected: u64,
    /// Where its log is.
    pub log: PathBuf,
}

/// What sort of gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// `serve`.
    Shared,
    /// `run`.
    Private,
}

/// One listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerStatus {
    /// `proxy`, `api`, or a reverse listener's name.
    pub name: String,
    /// Address and port, or `unix:` and a path.
    pub at: String,
    /// What a reverse listener leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
}

/// `run` asks for a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// The configuration folder that it would use itself: a gate with another one is not joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// The agent's program name.
    pub agent: Option<String>,
    /// The kubeconfig files whose servers the session may reach with their certificates.
    #[serde(default)]
    pub kubeconfigs: Vec<PathBuf>,
    /// The session ends with the process that asks, however that ends.
    #[serde(default)]
    pub until_exit: bool,
    /// What it is to do, and where it may change things.
    #[serde(default)]
    pub declared: Declared,
}

/// A session is put into quarantine, or released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Into it; else out of it.
    pub quarantined: bool,
    /// Why; stands in the log, and the agent is told of it.
    pub reason: String,
}

/// The session that was opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenedSession {
    /// Its id.
    pub session: SessionId,
    /// What proves it, as `SESSION:TOKEN`: user and password for the proxy.
    pub credentials: String,
    /// The proxy's address.
    pub proxy: std::net::SocketAddr,
    /// The gate's CA.
    pub ca_pem: String,
    /// The operator's extra roots, as PEM.
    pub extra_roots_pem: String,
    /// The agent's own kubeconfig.
    pub kubeconfig: Option<String>,
    /// The gate only watches.
    pub observing: bool,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// A session has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedSession {
    /// What went through it since this gate started.
    pub tally: Tally,
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStatus {
    /// Its id.
    pub session: SessionId,
    /// The agent's program name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Whom it acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// What it declared, and what is remembered of it.
    #[serde(flatten)]
    pub remembered: Remembered,
}

/// Configuration that differs from what the gate was told to go by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Names what stands in the folder now; accepting needs it, so that what is accepted is what was seen.
    pub revision: String,
    /// File by file.
    pub files: Vec<FileChange>,
    /// It does not load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
    /// Some of it takes effect only when the gate is started anew: listeners, the way out.
    #[serde(default)]
    pub needs_restart: bool,
    /// The request by which people are asked about what waits, or whose approval was just used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Box<View>>,
    /// Who could still approve it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub able: Vec<String>,
}

/// One file that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Which.
    pub file: String,
    /// `added`, `removed`, `changed`.
    pub kind: String,
    /// It only tightens, and counts already.
    pub taken: bool,
    /// The lines that differ, with `-` and `+`.
    pub lines: Vec<String>,
}

/// Accept the configuration as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accept {
    /// As [`Changes::revision`] said.
    pub revision: String,
}

/// An answer to an escalated call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// Somebody's whom `people.yaml` lists, whoever hands it in.
    Signed(Ballot),
    /// The operator's own.
    Operator(Spoken),
}

/// What the gate's own operator says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spoken {
    /// `approve`, `deny` or `withdraw`.
    pub answer: Said,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// [`crate::approvals::View::content`] of what the operator was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// A hook asks about a tool call. The answer is [`crate::doors::hook::Answer`].
#[derive(Clone, Serialize, Deserialize)]
pub struct HookQuestion {
    /// The agent's JSON, as it came.
    pub input: String,
    /// What proves its session, as `SESSION:TOKEN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// The configuration folder that the hook would use itself: a gate with another one is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
}

/// An agent says something about what it will do next, or asks what it has said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saying {
    /// What; nothing: it asks.
    #[serde(default)]
    pub said: Words,
    /// What proves its session, as `SESSION:TOKEN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// The configuration folder that it would use itself: a gate with another one is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// A decision about a call that a hook asked about: the session is that call's, where nothing else tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionId>,
}

/// What counts as said by a session now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Which.
    pub session: SessionId,
    /// What; masked.
    pub said: Words,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// For a person.
    pub error: String,
}
