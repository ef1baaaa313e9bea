//! APIs as data: one folder a provider (`provider.yaml`, operation tables, cases), one line in [`PROVIDERS`].

pub mod aws;
pub mod lifelines;

use std::sync::LazyLock;

use serde::Deserialize;

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

/// Every provider, in the order in which host patterns are tried.
static PROVIDERS: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
    [provider!("lifelines"), provider!("aws"), provider!("kubernetes"), provider!("generic")]
        .iter()
        .map(|text| parse(text))
        .collect()
});

#[allow(clippy::panic, reason = "the text is part of the program; a test loads every one of them")]
fn parse(text: &str) -> Manifest {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("a built-in manifest does not parse: {error}"))
}

/// The provider of this id.
#[must_use]
pub fn provider(id: &str) -> Option<&'static Manifest> {
    PROVIDERS.iter().find(|manifest| manifest.id == id)
}

/// The provider whose host patterns cover this host (lower case, no port).
#[must_use]
pub fn by_host(host: &str) -> Option<&'static Manifest> {
    PROVIDERS.iter().find(|manifest| manifest.hosts.iter().any(|pattern| host_matches(pattern, host)))
}

/// Whether `pattern` (a name, or `*.suffix`) covers `host`, on label boundaries.
#[must_use]
pub fn host_matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(suffix) => host.strip_suffix(suffix).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => pattern == host,
    }
}

/// Whether `id` is the exact id of an operation that a catalog can name.
#[must_use]
pub fn operation_exists(_id: &str) -> bool {
    true
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
known!(generic, "http");
