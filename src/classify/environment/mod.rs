//! Which environment a target belongs to, by what the request itself proves; never by how the agent names it.

use crate::classify::Action;
use crate::config::{Inventory, Match, MatchKey};
use crate::identify::{Reading, protocol::Face};
use crate::model::{Environment, EnvironmentKind, Operation, Place, Resource};

/// The most specific match of the inventory for each resource, the strictest of them all; without a match this machine is
/// `local` and everything else `unknown`.
#[must_use]
pub fn resolve(inventory: &Inventory, reading: &Reading) -> Environment {
    let account_of_key = matches!(&reading.face, Face::Aws(seen) if seen.account_of_key);
    strictest(inventory, (&reading.operation, account_of_key), &reading.place, &reading.resources)
}

fn strictest(
    inventory: &Inventory,
    (operation, account_of_key): (&Operation, bool),
    place: &Place,
    resources: &[Resource],
) -> Environment {
    let target = |resource| Target { operation, place, resource, account_of_key };
    if resources.is_empty() {
        return one(inventory, &target(None));
    }
    let mut found: Option<Environment> = None;
    for resource in resources {
        let next = one(inventory, &target(Some(resource)));
        found = Some(match found {
            Some(before) if !is_stricter(&next, &before) => before,
            _ => next,
        });
    }
    found.unwrap_or_else(|| Environment::of(EnvironmentKind::Unknown))
}

/// The environment of what a record tells of; `None` where the record does not tell enough: whether the account is that
/// of the caller's key, or of what the request names.
#[must_use]
pub(crate) fn resolve_told(inventory: &Inventory, action: &Action) -> Option<Environment> {
    let of =
        |account_of_key| strictest(inventory, (action.operation(), account_of_key), action.place(), action.resources());
    Some(of(false)).filter(|environment| *environment == of(true))
}

/// Completes a place by what the inventory says of the agent's own names: profiles and contexts. For parsed evidence only.
pub(super) fn stands_for(inventory: &Inventory, place: &mut Place) {
    let is = |name: &Option<String>, called: &Option<String>| name.is_some() && name == called;
    for alias in inventory.aliases() {
        if is(&alias.aws_profile, &place.profile) && place.account.is_none() {
            place.account.clone_from(&alias.account);
        }
        if is(&alias.kube_context, &place.context) && place.cluster.is_none() {
            place.cluster.clone_from(&alias.cluster);
        }
    }
}

/// The lines of `inventory.yaml` (under `environments:`) that would name this action's target. They say `prod`, which
/// is what it counts as until a person knows better.
#[must_use]
pub fn inventory_lines(action: &Action) -> String {
    let entry = inventory_entry(action.operation(), action.place(), action.resources());
    format!("- {{ name: prod, match: [ {entry} ] }}")
}

/// The entry under `match:` that would name this target.
#[must_use]
pub fn inventory_entry(operation: &Operation, place: &Place, resources: &[Resource]) -> String {
    let provider = operation.provider();
    let mut keys: Vec<(&str, &str)> = Vec::new();
    let cloud = [
        ("account", &place.account),
        ("project", &place.project),
        ("subscription", &place.subscription),
        ("cluster", &place.cluster),
        ("repository", &place.repository),
        ("database", &place.database),
        ("state", &place.state),
    ];
    if let Some((key, value)) = cloud.iter().find_map(|(key, value)| Some((*key, value.as_deref()?))) {
        keys.push(("provider", provider));
        keys.push((key, value));
    } else if provider == "aws"
        && let Some(resource) = resources.first()
    {
        // The host of a cloud's API says nothing about whose the resource is.
        keys.push(("provider", provider));
        keys.push(("resource", resource.as_str()));
    } else if let Some(host) = place.host.as_deref() {
        keys.push(("host", host));
    } else {
        keys.push(("provider", provider));
    }
    let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}: {}", quoted(value))).collect();
    format!("{{ {} }}", keys.join(", "))
}

/// As a YAML scalar: quoted unless it is a plain word.
fn quoted(value: &str) -> String {
    let is_plain = value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.');
    // JSON's strings are YAML's double-quoted scalars.
    if is_plain { value.to_owned() } else { serde_json::Value::from(value).to_string() }
}

/// One resource, where it stands.
struct Target<'a> {
    operation: &'a Operation,
    place: &'a Place,
    resource: Option<&'a Resource>,
    /// The place's account is the caller's; the resource may stand in another.
    account_of_key: bool,
}

impl Target<'_> {
    fn value(&self, key: MatchKey) -> Option<&str> {
        let place = self.place;
        match key {
            MatchKey::Provider => Some(self.operation.provider()),
            MatchKey::Account => place.account.as_deref(),
            MatchKey::Project => place.project.as_deref(),
            MatchKey::Subscription => place.subscription.as_deref(),
            MatchKey::Cluster => place.cluster.as_deref(),
            MatchKey::Namespace => place.namespace.as_deref(),
            MatchKey::Region => place.region.as_deref(),
            MatchKey::Resource => self.resource.map(Resource::as_str),
            MatchKey::Host => place.host.as_deref(),
            MatchKey::Repository => place.repository.as_deref(),
            MatchKey::Database => place.database.as_deref(),
            MatchKey::State => place.state.as_deref(),
            MatchKey::Tenant => None,
        }
    }

    /// Whether the account is a guess: the caller's own, while the resource does not say where it stands (a bucket).
    fn is_account_guessed(&self) -> bool {
        let named = self.resource.and_then(|resource| resource.as_str().strip_prefix("arn:")?.split(':').nth(3));
        self.account_of_key && named.is_none_or(str::is_empty)
    }

    fn is_covered(&self, entry: &Match) -> bool {
        entry.is_seen()
            && entry.keys.iter().all(|(key, glob)| self.value(*key).is_some_and(|value| glob.matches(value)))
    }
}

fn one(inventory: &Inventory, target: &Target<'_>) -> Environment {
    let rank = |(entry, environment): &(&Match, &Environment)| (entry.specificity(), environment.kind.strictness());
    let covered = || inventory.entries().filter(|(entry, _)| target.is_covered(entry));
    let mut best = covered().max_by_key(rank);
    if target.is_account_guessed() {
        // What names the resource or the host itself is not outdone by an account that it may not stand in.
        let has = |entry: &Match, wanted: MatchKey| entry.keys.iter().any(|(key, _)| *key == wanted);
        let named = |entry: &Match| has(entry, MatchKey::Resource) || has(entry, MatchKey::Host);
        let sure = covered().filter(|(entry, _)| named(entry) && !has(entry, MatchKey::Account)).max_by_key(rank);
        if let (Some(sure), Some(found)) = (sure, best)
            && is_stricter(sure.1, found.1)
        {
            best = Some(sure);
        }
    }
    if let Some((entry, environment)) = best {
        let keys: Vec<String> = entry.keys.iter().map(|(key, glob)| format!("{key} `{glob}`")).collect();
        return Environment { because: Some(format!("{}: {}", entry.place, keys.join(", "))), ..environment.clone() };
    }
    let (kind, because) = if target.place.loopback {
        (EnvironmentKind::Local, "the target is this machine")
    } else {
        (EnvironmentKind::Unknown, "no entry of the inventory names the target")
    };
    Environment { because: Some(because.to_owned()), ..Environment::of(kind) }
}

/// Whether `next` is to be preferred: stricter; on a tie the one that a person described, and of those the lower tier.
pub(super) fn is_stricter(next: &Environment, before: &Environment) -> bool {
    let rank = |environment: &Environment| {
        let described = environment.kind != EnvironmentKind::Unknown;
        (environment.kind.strictness(), described, std::cmp::Reverse(environment.tier.unwrap_or(u8::MAX)))
    };
    rank(next) > rank(before)
}

#[cfg(test)]
mod tests;
