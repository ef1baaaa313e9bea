//! What is acted upon, and where it stands.

use serde::{Deserialize, Serialize};

/// A resource with the provider's own identifier: an ARN, `namespace/kind/name`, a URL path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Resource(pub String);

impl Resource {
    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Resource {
    fn from(id: T) -> Self {
        Self(id.into())
    }
}

/// A parameter whose value decides what an operation does (`SkipFinalSnapshot=true`, `replicas=0`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parameter {
    /// The member's name in the provider's own spelling, dotted where nested.
    pub name: String,
    /// Its value as text.
    pub value: String,
}

impl Parameter {
    /// A parameter of this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// Where a resource stands, as the request itself proves it (ARN, host label, path, listener, access-key id).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The host that will be spoken to, without port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Cloud account id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Cloud region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Kubernetes cluster, by the name the operator's kubeconfig, inventory or listener gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Kubernetes namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Cloud project (Google Cloud, PaaS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Cloud subscription (Azure).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// Source repository, `owner/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Database, `host/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Terraform's state: where it is kept, and its workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The AWS command line's profile. A name of the agent's own: only the inventory says what it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The kubeconfig's context; a name like `profile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// True when the target is this machine (loopback) and nothing says that it is more than that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub loopback: bool,
}
