//! `inventory.yaml`: what is prod, tier 1, whose.
//!
//! It says which environment a target belongs to; `classify::environment` asks it. What nothing names is `unknown`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use super::diagnostic::{Report, Spot, nearest, parse_yaml};
use super::kind::Kind;
use super::settings::check_version;
use super::{Diagnostic, Diagnostics, Glob};
use crate::model::blast_words as words;
use crate::model::{Environment, EnvironmentKind};

words! {
    /// What an entry can match on.
    MatchKey {
        /// The first part of the operation's id.
        Provider = "provider",
        /// Cloud account id.
        Account = "account",
        /// Cloud project.
        Project = "project",
        /// Azure subscription.
        Subscription = "subscription",
        /// Kubernetes cluster.
        Cluster = "cluster",
        /// Kubernetes namespace.
        Namespace = "namespace",
        /// Cloud region.
        Region = "region",
        /// The resource's identifier.
        Resource = "resource",
        /// The target's host name.
        Host = "host",
        /// Source repository.
        Repository = "repository",
        /// Database, `host/name`: of commands that speak to one.
        Database = "database",
        /// Terraform state; nothing that this version reads names one.
        State = "state",
        /// Tenant; nothing that this version reads names one.
        Tenant = "tenant",
    }
}

impl MatchKey {
    /// Whether a request that this version reads can say anything about it.
    #[must_use]
    pub const fn is_seen(self) -> bool {
        !matches!(self, Self::Tenant)
    }
}

/// One entry: all its keys must match.
#[derive(Clone, Debug)]
pub struct Match {
    /// Key and pattern; each key at most once.
    pub keys: Vec<(MatchKey, Glob)>,
    /// Tags that must have been seen; this version sees none, so an entry with tags does not match.
    pub tags: BTreeMap<String, Glob>,
    /// Where it stands in the file, for `explain`: `inventory.yaml:7`.
    pub place: String,
    environment: usize,
}

impl Match {
    /// The more keys, and among those the more values without a star, the more specific.
    #[must_use]
    pub fn specificity(&self) -> (usize, usize) {
        (self.keys.len(), self.keys.iter().filter(|(_, glob)| glob.is_exact()).count())
    }

    /// Whether any request of this version could match it.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.tags.is_empty() && self.keys.iter().all(|(key, _)| key.is_seen())
    }
}

/// What a name that the agent uses stands for. Counts for parsed evidence only.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// A profile of the AWS command line.
    pub aws_profile: Option<String>,
    /// A context of a kubeconfig.
    pub kube_context: Option<String>,
    /// The account it stands for.
    pub account: Option<String>,
    /// The cluster it stands for.
    pub cluster: Option<String>,
}

/// The checked inventory.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    environments: Vec<Environment>,
    entries: Vec<Match>,
    aliases: Vec<Alias>,
    warnings: Vec<Diagnostic>,
}

impl Inventory {
    /// Parses and checks `inventory.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostics> {
        let raw: RawInventory = parse_yaml(file, text)?;
        let mut report = Report::new(file, text);
        check_version(&raw.version, &mut report);
        let mut inventory = Self::default();
        for environment in raw.environments {
            inventory.add(environment, file, &mut report);
        }
        inventory.warnings = report.take_warnings();
        report.finish(inventory)
    }

    /// An inventory in which everything belongs to one environment: for tests of rules.
    #[must_use]
    pub fn everything_is(kind: EnvironmentKind) -> Self {
        Self::everything_belongs_to(Environment::of(kind))
    }

    /// The same for an environment with a name, a tier, an owner.
    #[must_use]
    pub fn everything_belongs_to(environment: Environment) -> Self {
        let keys = Glob::parse("*").map(|any| vec![(MatchKey::Provider, any)]).unwrap_or_default();
        let entry = Match { keys, tags: BTreeMap::new(), place: "the test".to_owned(), environment: 0 };
        Self { environments: vec![environment], entries: vec![entry], ..Self::default() }
    }

    /// Every entry with its environment, in the file's order.
    pub fn entries(&self) -> impl Iterator<Item = (&Match, &Environment)> {
        self.entries.iter().filter_map(|entry| Some((entry, self.environments.get(entry.environment)?)))
    }

    /// The environments, in the file's order.
    #[must_use]
    pub fn environments(&self) -> &[Environment] {
        &self.environments
    }

    /// What the agent's own names stand for.
    #[must_use]
    pub fn aliases(&self) -> &[Alias] {
        &self.aliases
    }

    /// Entries that no request of this version can match: to be shown at start-up.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    fn add(&mut self, raw: RawEnvironment, file: &str, report: &mut Report<'_>) {
        let Some(kind) = kind_of(&raw, report) else { return };
        if self.environments.iter().any(|known| known.name == raw.name.value) {
            let help = "put all its `match:` entries into one list";
            report.say(&raw.name, format!("environment `{}` stands here twice", raw.name.value), Some(help.to_owned()));
        }
        if let Some(tier) = raw.tier.as_ref().filter(|tier| tier.value == 0) {
            report.say(tier, "tiers are counted from 1, the most critical", None);
        }
        let index = self.environments.len();
        for entry in raw.matches.unwrap_or_default() {
            let at = Spot::from(&entry);
            if let Some(alias) = entry.value.alias.clone() {
                self.aliases.push(alias);
            }
            let only_alias = entry.value.alias.is_some();
            let place = format!("{file}:{}", entry.referenced.line());
            let (keys, tags) = entry.value.check(at, report);
            if keys.is_empty() && tags.is_empty() {
                if !only_alias {
                    report.say(at, "an entry without keys would match everything", None);
                }
                continue;
            }
            let entry = Match { keys, tags, place, environment: index };
            if !entry.is_seen() {
                report.warn(
                    Kind::NeverMatches,
                    at,
                    "no request of this version tells a tag, database, state or tenant: it never matches",
                    None,
                );
            }
            self.entries.push(entry);
        }
        self.aliases.extend(raw.alias.unwrap_or_default());
        self.environments.push(Environment {
            name: raw.name.value,
            kind,
            tier: raw.tier.map(|tier| tier.value),
            owner: raw.owner,
            tenant: raw.tenant,
            because: None,
        });
    }
}

/// `prod`, or an own name with `like: prod`.
fn kind_of(raw: &RawEnvironment, report: &mut Report<'_>) -> Option<EnvironmentKind> {
    let own = raw.name.value.parse::<EnvironmentKind>().ok();
    let like = raw.like.as_ref().map(|like| like.value);
    let names = || EnvironmentKind::ALL.iter().map(|kind| kind.as_str());
    let name = &raw.name.value;
    match (own, like) {
        (Some(EnvironmentKind::Unknown), _) => {
            report.say(&raw.name, "`unknown` is what no entry matches: it cannot be described", None);
            None
        }
        (Some(own), Some(like)) if own != like => {
            report.say(&raw.name, format!("`{name}` cannot be like `{like}`"), Some("choose another name".to_owned()));
            None
        }
        (Some(own), _) => Some(own),
        (None, Some(EnvironmentKind::Unknown)) => {
            report.say(&raw.name, "`like` takes local, dev, staging or prod", None);
            None
        }
        (None, Some(like)) => Some(like),
        (None, None) => {
            let help =
                nearest(name, names()).unwrap_or_else(|| "an own name needs `like: prod` (or dev, staging)".to_owned());
            report.say(&raw.name, format!("`{name}` is not one of local, dev, staging, prod"), Some(help));
            None
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInventory {
    version: Spanned<u64>,
    #[serde(default)]
    environments: Vec<RawEnvironment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEnvironment {
    name: Spanned<String>,
    like: Option<Spanned<EnvironmentKind>>,
    tier: Option<Spanned<u8>>,
    owner: Option<String>,
    tenant: Option<String>,
    #[serde(rename = "match")]
    matches: Option<Vec<Spanned<RawMatch>>>,
    alias: Option<Vec<Alias>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMatch {
    provider: Option<Spanned<String>>,
    account: Option<Spanned<String>>,
    project: Option<Spanned<String>>,
    subscription: Option<Spanned<String>>,
    cluster: Option<Spanned<String>>,
    namespace: Option<Spanned<String>>,
    region: Option<Spanned<String>>,
    resource: Option<Spanned<String>>,
    host: Option<Spanned<String>>,
    repository: Option<Spanned<String>>,
    database: Option<Spanned<String>>,
    state: Option<Spanned<String>>,
    tenant: Option<Spanned<String>>,
    tag: Option<BTreeMap<String, Spanned<String>>>,
    alias: Option<Alias>,
}

/// The providers that the vocabulary names; an entry for another could never match.
const PROVIDERS: &[&str] = &[
    "aws",
    "kubernetes",
    "gcp",
    "azure",
    "github",
    "gitlab",
    "railway",
    "graphql",
    "http",
    "sql",
    "shell",
    "git",
    "mcp",
    "net",
    "terraform",
    "docker",
    "cloudflare",
];

impl RawMatch {
    fn check(self, at: Spot, report: &mut Report<'_>) -> (Vec<(MatchKey, Glob)>, BTreeMap<String, Glob>) {
        if let Some(provider) = &self.provider
            && !provider.value.contains('*')
            && !PROVIDERS.contains(&provider.value.as_str())
        {
            let help = nearest(&provider.value, PROVIDERS.iter().copied());
            report.say(provider, format!("provider `{}` is not known", provider.value), help);
        }
        let is_aws = self.provider.as_ref().is_some_and(|provider| provider.value == "aws");
        if let Some(account) = self.account.as_ref().filter(|account| is_aws && !account.value.contains('*'))
            && (account.value.len() != 12 || !account.value.bytes().all(|byte| byte.is_ascii_digit()))
        {
            let help = "quote it, so that leading zeros stay";
            report.say(
                account,
                format!("`{}` is not an AWS account id of 12 digits", account.value),
                Some(help.to_owned()),
            );
        }
        if let Some(host) = self.host.as_ref().filter(|host| host.value != host.value.to_ascii_lowercase()) {
            report.say(host, format!("host `{}` must be in lower case", host.value), None);
        }
        let mut keys = Vec::new();
        let given = [
            (MatchKey::Provider, self.provider),
            (MatchKey::Account, self.account),
            (MatchKey::Project, self.project),
            (MatchKey::Subscription, self.subscription),
            (MatchKey::Cluster, self.cluster),
            (MatchKey::Namespace, self.namespace),
            (MatchKey::Region, self.region),
            (MatchKey::Resource, self.resource),
            (MatchKey::Host, self.host),
            (MatchKey::Repository, self.repository),
            (MatchKey::Database, self.database),
            (MatchKey::State, self.state),
            (MatchKey::Tenant, self.tenant),
        ];
        for (key, value) in given {
            let Some(value) = value else { continue };
            match Glob::parse(&value.value) {
                Ok(glob) => keys.push((key, glob)),
                Err(message) => report.say(&value, message, None),
            }
        }
        let mut tags = BTreeMap::new();
        for (name, value) in self.tag.unwrap_or_default() {
            match Glob::parse(&value.value) {
                Ok(glob) => {
                    tags.insert(name, glob);
                }
                Err(message) => report.say(at, message, None),
            }
        }
        (keys, tags)
    }
}
