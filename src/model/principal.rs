//! Who acts, and through which door.

use serde::{Deserialize, Serialize};

use super::blast::words;
use super::{SessionId, Timestamp};

/// Who acts: the agent's session, the agent product, and the person it acts for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The session; every request belongs to one.
    pub session: SessionId,
    /// Product name as far as known: `claude`, `aws`, the command given to `run`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The person the session acts for, as the operating system or the session's token names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// No session was named: it belongs to the listener and the client's address, and its escalations cannot be
    /// approved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
}

words! {
    /// How far a person's own hand reaches, as `people.yaml` says. Declared in order.
    Level {
        /// Works under others' eyes.
        Junior = "junior",
        /// Works alone.
        Mid = "mid",
        /// Answers for others.
        Senior = "senior",
    }
}

/// What `people.yaml` says about the person that a session acts for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// How far the person's own hand reaches; `None`: nothing says it, and every rule counts it as the lowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

words! {
    /// The way an action came in.
    Door {
        /// Forward or reverse HTTP proxy.
        Http = "http",
        /// A Model Context Protocol tool call.
        Mcp = "mcp",
        /// An agent's pre-tool hook.
        Hook = "hook",
        /// The decision API, and `explain`.
        Api = "api",
    }
}

words! {
    /// How we know what the action is.
    Evidence {
        /// We hold the bytes that will be sent.
        Observed = "observed",
        /// Read from a command or tool call that something else will carry out.
        Parsed = "parsed",
        /// A caller told us.
        Declared = "declared",
    }
}

/// The circumstances of one request: everything about it that is not what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Who acts.
    pub principal: Principal,
    /// The door it came through.
    pub door: Door,
    /// When it was judged.
    pub at: Timestamp,
}
