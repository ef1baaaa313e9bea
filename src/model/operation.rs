//! The stable id of an API verb: `provider:service:Name`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An operation id such as `aws:cloudformation:DeleteStack`: the same whichever door the call came through.
///
/// Three parts; the third may itself hold colons only in the provider's own spelling. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Operation(std::sync::Arc<str>);

impl Operation {
    /// From its parts.
    #[must_use]
    pub fn new(provider: &str, service: &str, name: &str) -> Self {
        Self(format!("{provider}:{service}:{name}").into())
    }

    /// From a whole id, as catalogs and tests hold it.
    #[must_use]
    pub fn from_id(id: &str) -> Self {
        Self(id.into())
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first colon: `aws`, `kubernetes`, `http`.
    #[must_use]
    pub fn provider(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// The part between the first and the second colon.
    #[must_use]
    pub fn service(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// Everything after the second colon.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.splitn(3, ':').nth(2).unwrap_or_default()
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}
