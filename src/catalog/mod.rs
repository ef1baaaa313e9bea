//! APIs as data: one folder a provider (`provider.yaml`, operation tables, cases), one line in [`PROVIDERS`].

pub mod aws;
pub mod azure;
pub mod hosts;
pub mod lifelines;
mod names;

use std::sync::LazyLock;

use serde::Deserialize;

pub use hosts::host_matches;
pub use names::{graphql_service, operation_exists};

use hosts::Hosts;

/// A provider's manifest.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `aws`, `kubernetes`, `http` …: the first part of its operations' ids.
    pub id: String,
    /// Which code reads its requests.
    pub protocol: ProtocolName,
    /// Host patterns: a lower-case name, or `*.suffix` for any name below the suffix (on a label boundary).
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Where its API is described.
    #[serde(default)]
    pub docs: String,
}

/// The protocols that manifests may name; `identify::protocol::of` maps each to its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProtocolName {
    /// All of AWS's wire protocols.
    Aws,
    /// Azure Resource Manager and Microsoft Graph.
    Azure,
    /// The Kubernetes API.
    Kubernetes,
    /// What agents need to live.
    Lifeline,
    /// Method and path words.
    Rest,
}

macro_rules! provider {
    ($folder:literal) => {
        include_str!(concat!($folder, "/provider.yaml"))
    };
}

/// Every provider. Where two patterns cover a host the exact name wins, then the longest suffix; the lifelines' own
/// lists are asked first, because they hold exact names that lie below other providers' suffixes.
static PROVIDERS: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
    [provider!("lifelines"), provider!("aws"), provider!("azure"), provider!("kubernetes"), provider!("generic")]
        .iter()
        .map(|text| parse(text))
        .collect()
});

/// Host patterns of all manifests: the value is an index into [`PROVIDERS`].
static HOSTS: LazyLock<Hosts<usize>> = LazyLock::new(|| {
    let mut hosts = Hosts::default();
    for (index, manifest) in PROVIDERS.iter().enumerate() {
        for pattern in &manifest.hosts {
            hosts.insert(pattern, index);
        }
    }
    hosts
});

#[allow(clippy::panic, reason = "the text is part of the program; a test loads every one of them")]
fn parse<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("a built-in manifest does not parse: {error}"))
}

/// The provider of this id.
#[must_use]
pub fn provider(id: &str) -> Option<&'static Manifest> {
    PROVIDERS.iter().find(|manifest| manifest.id == id)
}

/// The provider whose host patterns cover this host (lower case, no port). Time does not grow with the catalog.
#[must_use]
pub fn by_host(host: &str) -> Option<&'static Manifest> {
    if lifelines::opened(host) {
        return Some(lifeline());
    }
    HOSTS.get(host).and_then(|index| PROVIDERS.get(*index))
}

macro_rules! known {
    ($name:ident, $id:literal) => {
        #[doc = concat!("The `", $id, "` manifest.")]
        #[must_use]
        #[allow(clippy::expect_used, reason = "the list above holds it; a test asks for it")]
        pub fn $name() -> &'static Manifest {
            provider($id).expect("a built-in provider")
        }
    };
}
known!(aws, "aws");
known!(kubernetes, "kubernetes");
known!(lifeline, "lifeline");
known!(generic, "http");

#[cfg(test)]
mod tests;
