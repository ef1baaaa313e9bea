//! APIs as data: one folder a provider (`provider.yaml`, operation tables, cases), one line in [`PROVIDERS`].

pub mod aws;
pub mod azure;
pub mod commands;
mod condition;
pub mod described;
pub mod hosts;
mod kinds;
pub mod kubernetes;
pub mod lifelines;
mod lookup;
mod manifest;
mod names;
mod packed;
mod snapshots;

use std::sync::{LazyLock, OnceLock};

pub use condition::Condition;
pub use hosts::host_matches;
pub use kinds::kind;
pub use lookup::{lists_any, nearest_operation};
pub use manifest::{Manifest, PlaceKey, ProtocolName, RefusalCodes, RefusalForm, Throttled};
pub use names::{graphql_service, operation_exists};
pub use packed::{Reviewed, Text};
pub use snapshots::{makes_snapshot, snapshot_command};

use hosts::Hosts;

macro_rules! provider {
    ($folder:literal) => {
        Provider::new($folder, include_str!(concat!($folder, "/provider.yaml")))
    };
}

/// One manifest: its text, which is read only when its API is asked for.
struct Provider {
    folder: &'static str,
    text: &'static str,
    manifest: OnceLock<Manifest>,
}

impl Provider {
    const fn new(folder: &'static str, text: &'static str) -> Self {
        Self { folder, text, manifest: OnceLock::new() }
    }

    fn manifest(&'static self) -> &'static Manifest {
        self.manifest.get_or_init(|| Manifest { folder: self.folder, ..parse(self.text) })
    }

    /// Its id, without reading the rest. A test compares.
    fn id(&self) -> &'static str {
        self.text.lines().find_map(|line| line.strip_prefix("id:")).map_or("", |id| bare(id))
    }

    /// Its host patterns, without reading the rest. A test compares.
    fn hosts(&self) -> Vec<&'static str> {
        let mut lines = self.text.lines().skip_while(|line| !line.starts_with("hosts:"));
        let first = lines.next().and_then(|line| line.strip_prefix("hosts:")).unwrap_or_default().trim();
        if let Some(list) = first.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            return list.split(',').map(bare).filter(|host| !host.is_empty()).collect();
        }
        let below = lines.take_while(|line| line.starts_with([' ', '#']));
        below.filter_map(|line| line.trim_start().strip_prefix("- ")).map(bare).collect()
    }
}

/// A plain scalar, or one in quotes, without the comment behind it.
fn bare(text: &'static str) -> &'static str {
    let text = text.split(" #").next().unwrap_or(text).trim();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// Every provider. Where two patterns cover a host the exact name wins, then the longest suffix. The calls that an agent
/// needs to live are looked for before, and are no patterns of hosts.
static PROVIDERS: [Provider; 32] = [
    provider!("lifelines"),
    provider!("aws"),
    provider!("azure"),
    provider!("gcp"),
    provider!("github"),
    provider!("kubernetes"),
    provider!("azure-appconfig"),
    provider!("azure-blob"),
    provider!("azure-cosmos"),
    provider!("azure-dfs"),
    provider!("azure-file"),
    provider!("azure-keyvault"),
    provider!("azure-kudu"),
    provider!("azure-monitor"),
    provider!("azure-queue"),
    provider!("azure-registry"),
    provider!("azure-servicebus"),
    provider!("azure-table"),
    provider!("cloudflare"),
    provider!("datadog"),
    provider!("digitalocean"),
    provider!("docker"),
    provider!("fly"),
    provider!("heroku"),
    provider!("linear"),
    provider!("netlify"),
    provider!("pagerduty"),
    provider!("railway"),
    provider!("supabase"),
    provider!("terraform-cloud"),
    provider!("vercel"),
    provider!("generic"),
];

/// Host patterns of all manifests.
static HOSTS: LazyLock<Hosts<&'static Provider>> = LazyLock::new(|| {
    let mut hosts = Hosts::default();
    for provider in &PROVIDERS {
        for pattern in provider.hosts() {
            hosts.insert(pattern, provider);
        }
    }
    hosts
});

#[allow(clippy::panic, reason = "the text is part of the program; a test loads every one of them")]
fn parse<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("a built-in manifest does not parse: {error}"))
}

/// Every provider.
pub fn providers() -> impl Iterator<Item = &'static Manifest> {
    PROVIDERS.iter().map(Provider::manifest)
}

/// The providers of this id; the others are not read.
pub fn providers_of(id: &str) -> impl Iterator<Item = &'static Manifest> {
    PROVIDERS.iter().filter(move |provider| provider.id() == id).map(Provider::manifest)
}

/// Whether there is a provider of this id.
#[must_use]
pub fn is_provider(id: &str) -> bool {
    PROVIDERS.iter().any(|provider| provider.id() == id)
}

/// The provider of this name: its folder's, else its id.
#[must_use]
pub fn provider(name: &str) -> Option<&'static Manifest> {
    let found = PROVIDERS.iter().find(|provider| provider.folder == name);
    found.map(Provider::manifest).or_else(|| providers_of(name).next())
}

/// What the tables say of a mutation of this provider's GraphQL API.
#[must_use]
pub fn mutation(provider: &str, field: &str) -> Option<&'static described::Mutation> {
    providers_of(provider).filter_map(|manifest| described::book(manifest.folder)).find_map(|book| book.mutation(field))
}

/// The provider whose host patterns cover this host (lower case, no port). Time does not grow with the catalog.
#[must_use]
pub fn by_host(host: &str) -> Option<&'static Manifest> {
    let found = HOSTS.get(host).map(|provider| provider.manifest());
    found.or_else(|| lifelines::opened(host).then(lifeline))
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
