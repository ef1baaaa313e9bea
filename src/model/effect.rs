//! The answer's words.

use super::blast::words;
use serde::{Deserialize, Serialize};

words! {
    /// What a decision says, in order of strictness: the strictest of all matching rules and the matrix cell stands.
    Effect {
        /// Passes.
        Allow = "allow",
        /// Passes while tokens last.
        Throttle = "throttle",
        /// Passes with a live approval.
        Escalate = "escalate",
        /// Never passes; no approval lifts it.
        Deny = "deny",
    }
}

words! {
    /// What happened to an action.
    Disposition {
        /// Sent on to the API.
        Forwarded = "forwarded",
        /// Stopped because a limit was used up.
        Throttled = "throttled",
        /// Waits for people.
        Pending = "pending",
        /// Stopped.
        Refused = "refused",
        /// Would have been stopped; sent on, because the gate only watches.
        Observed = "observed",
    }
}

words! {
    /// Whether a rule counts.
    Mode {
        /// Decided and enforced.
        Enforce = "enforce",
        /// Decided and recorded, not enforced.
        Shadow = "shadow",
        /// Not evaluated.
        Off = "off",
    }
}

words! {
    /// How strict the whole gate is.
    Posture {
        /// Decides as `guarded`, stops nothing.
        Observe = "observe",
        /// The default.
        Guarded = "guarded",
        /// Creates and updates in production escalate too; region and wider are denied.
        Strict = "strict",
    }
}
