//! APIs as data: one folder a provider (`provider.yaml`, operation tables, cases), one line in [`PROVIDERS`].

pub mod aws;
pub mod azure;
pub mod commands;
mod condition;
pub mod described;
pub mod hosts;
pub mod kubernetes;
pub mod lifelines;
mod manifest;
mod names;
mod packed;

use std::sync::LazyLock;

pub use condition::Condition;
pub use hosts::host_matches;
pub use manifest::{Manifest, PlaceKey, ProtocolName, RefusalCodes, RefusalForm, Throttled};
pub use names::{graphql_service, operation_exists};
pub use packed::{Reviewed, Text};

use hosts::Hosts;

macro_rules! provider {
    ($folder:literal) => {
        ($folder, include_str!(concat!($folder, "/provider.yaml")))
    };
}

/// Every provider. Where two patterns cover a host the exact name wins, then the longest suffix. The calls that an agent
/// needs to live are looked for before, and are no patterns of hosts.
static PROVIDERS: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
    let all = [
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
    all.into_iter().map(|(folder, text)| Manifest { folder, ..parse(text) }).collect()
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

/// Every provider.
#[must_use]
pub fn providers() -> &'static [Manifest] {
    &PROVIDERS
}

/// The provider of this name: its folder's, else its id.
#[must_use]
pub fn provider(name: &str) -> Option<&'static Manifest> {
    PROVIDERS.iter().find(|manifest| manifest.folder == name).or_else(|| PROVIDERS.iter().find(|one| one.id == name))
}

/// What the tables say of a mutation of this provider's GraphQL API.
#[must_use]
pub fn mutation(provider: &str, field: &str) -> Option<&'static described::Mutation> {
    let of = PROVIDERS.iter().filter(|manifest| manifest.id == provider);
    of.filter_map(|manifest| described::book(manifest.folder)).find_map(|book| book.mutation(field))
}

/// The provider whose host patterns cover this host (lower case, no port). Time does not grow with the catalog.
#[must_use]
pub fn by_host(host: &str) -> Option<&'static Manifest> {
    let found = HOSTS.get(host).and_then(|index| PROVIDERS.get(*index));
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
