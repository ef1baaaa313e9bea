//! What a resource belongs to, resolved from the target and never from how the agent names it.

use super::blast::words;
use serde::{Deserialize, Serialize};

words! {
    /// The kinds of environment that the matrix knows. `unknown` is treated as `prod`.
    Kind {
        /// This machine, a throw-away cluster.
        Local = "local",
        /// Development.
        Dev = "dev",
        /// Staging.
        Staging = "staging",
        /// Production.
        Prod = "prod",
        /// Nothing says what it is: treated as production.
        Unknown = "unknown",
    }
}

impl Kind {
    /// local < dev < staging < prod = unknown: ties between equally specific matches go to the stricter.
    #[must_use]
    pub const fn strictness(self) -> u8 {
        match self {
            Self::Local => 0,
            Self::Dev => 1,
            Self::Staging => 2,
            Self::Prod | Self::Unknown => 3,
        }
    }

    /// Whether the matrix's column P (prod and unknown) applies.
    #[must_use]
    pub const fn counts_as_prod(self) -> bool {
        matches!(self, Self::Prod | Self::Unknown)
    }
}

/// An environment of the inventory, as it stands on an action.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Environment {
    /// The inventory's own name for it, or the kind's word.
    pub name: String,
    /// What the matrix treats it as.
    pub kind: Kind,
    /// 1 is the most critical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// The team that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The tenant it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Why we think so: which entry of the inventory named the target, or that nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl Environment {
    /// An environment that is only a kind.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self { name: kind.as_str().to_owned(), kind, tier: None, owner: None, tenant: None, because: None }
    }
}
