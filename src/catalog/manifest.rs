//! A provider's manifest: `provider.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What a provider is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `aws`, `kubernetes`, `http` …: the first part of its operations' ids.
    pub id: String,
    /// Its folder: what listeners and inventories call it, and where its tables lie.
    #[serde(skip)]
    pub folder: &'static str,
    /// Which code reads its requests.
    pub protocol: ProtocolName,
    /// Host patterns: a lower-case name, or `*.suffix` for any name below the suffix (on a label boundary).
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Where its API is described.
    #[serde(default)]
    pub docs: String,
    /// What stands before the tables' paths: `/client/v4`. Without any, nothing does; `""` beside others says that it may
    /// be missing; `/v1.*` is any segment that begins so.
    #[serde(default)]
    pub bases: Vec<String>,
    /// Whether the tables hold every operation. If not, a GET that they do not hold is a read by its method.
    #[serde(default)]
    pub complete: bool,
    /// Which labels of the paths say where something stands; `owner/repo` joins two.
    #[serde(default)]
    pub place: BTreeMap<PlaceKey, Vec<String>>,
    /// Paths that take GraphQL.
    #[serde(default)]
    pub graphql: Vec<String>,
    /// How it says no.
    #[serde(default)]
    pub refusal: Option<RefusalForm>,
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
    /// Tables of methods and paths.
    Described,
    /// Google: the same, and batches, uploads and gRPC.
    Gcp,
    /// Method and path words.
    Rest,
}

/// A part of a [`crate::model::Place`] that a path may tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words are those of `Place`")]
pub enum PlaceKey {
    Account,
    Project,
    Subscription,
    Region,
    Repository,
    Cluster,
    Namespace,
}

/// How an API says no, so that its clients show it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalForm {
    /// The document. Texts in it: `$message`, `$id` (the decision's), `$code` (see `codes`), `$status` (the number) and
    /// `$status_text` (the number as a text).
    pub body: serde_json::Value,
    /// Its media type.
    #[serde(default = "json_media")]
    pub media: String,
    /// Headers beside.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The API's own words.
    #[serde(default)]
    pub codes: RefusalCodes,
    /// What its clients make of being told to wait.
    pub throttled: Throttled,
}

fn json_media() -> String {
    "application/json".to_owned()
}

/// What `$code` stands for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RefusalCodes {
    /// Denied, or waiting for people (403).
    pub denied: String,
    /// Too many calls (429).
    pub throttled: String,
    /// It has no single reading (400, 413, 415).
    pub unreadable: String,
    /// It cannot be forwarded now (502, 503, 504).
    pub unavailable: String,
}

impl Default for RefusalCodes {
    fn default() -> Self {
        let [denied, throttled, unreadable, unavailable] =
            ["forbidden", "rate_limited", "bad_request", "unavailable"].map(str::to_owned);
        Self { denied, throttled, unreadable, unavailable }
    }
}

/// What an API's clients do when they are told to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Throttled {
    /// They wait for `Retry-After` and call again. A wait of minutes is told with a 403: some would repeat a 429 for as long.
    Wait,
    /// They show a 429 without that header and stop.
    Readable,
    /// They would call again for minutes, so a 403 tells them.
    No,
}
