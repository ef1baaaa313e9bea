//! What an earlier step and the action must have in common.
//!
//! Values are kept as hashes: they are compared and never shown, and a memory of them is small. What an action does not tell
//! counts as equal.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::classify::Action;
use crate::model::{EnvironmentKind, Operation};
use crate::rules::matcher::Key;

/// Hashes of one facet's values, of which one in common is enough; `None`: the action does not tell, or tells too many.
pub(super) type Value = Option<Box<[u64]>>;

/// More are not kept; then anything could be among them.
const VALUES_MAX: usize = 64;

/// The facets that can be compared.
pub(in crate::rules) const COMPARABLE: &[Key] = &[
    Key::Resource,
    Key::Operation,
    Key::Provider,
    Key::Service,
    Key::Environment,
    Key::Owner,
    Key::Tenant,
    Key::Account,
    Key::Region,
    Key::Namespace,
    Key::Cluster,
    Key::Project,
    Key::Subscription,
    Key::Repository,
    Key::Host,
    Key::Database,
    Key::State,
];

/// What an action says of a facet.
pub(super) fn value(key: Key, action: &Action) -> Value {
    let environment = action.environment();
    let of_environment = |text: Option<&str>| match environment.kind {
        EnvironmentKind::Unknown => None,
        _ => one(text),
    };
    let operations = || std::iter::once(action.operation()).chain(action.aliases());
    match key {
        Key::Resource => all(action.resources().iter().map(crate::model::Resource::as_str)),
        Key::Operation => named(operations(), |operation| operation.name(), Operation::as_str),
        Key::Provider => all(operations().map(Operation::provider)),
        // `provider:service`: two providers may have services of one name.
        Key::Service => named(operations(), |operation| operation.service(), first_two),
        Key::Environment => of_environment(Some(&environment.name)),
        Key::Owner => of_environment(environment.owner.as_deref()),
        Key::Tenant => of_environment(environment.tenant.as_deref()),
        place => one(place.place(action.place())),
    }
}

/// Whether two values have something in common; `None`: one of them is not told.
pub(super) fn compare(one: &Value, other: &Value) -> Option<bool> {
    let (one, other) = (one.as_ref()?, other.as_ref()?);
    Some(one.iter().any(|value| other.contains(value)))
}

fn one(text: Option<&str>) -> Value {
    all(text)
}

fn all<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    let mut hashes: Vec<u64> = texts.into_iter().take(VALUES_MAX + 1).map(hash).collect();
    hashes.dedup();
    (!hashes.is_empty() && hashes.len() <= VALUES_MAX).then(|| hashes.into())
}

/// A part of an operation that nobody could name says nothing.
fn named<'a>(
    operations: impl Iterator<Item = &'a Operation> + Clone,
    part: impl Fn(&'a Operation) -> &'a str,
    text: impl Fn(&'a Operation) -> &'a str,
) -> Value {
    let is_named = operations.clone().all(|operation| part(operation) != UNIDENTIFIED);
    is_named.then(|| all(operations.map(text))).flatten()
}

const UNIDENTIFIED: &str = "unidentified";

fn first_two(operation: &Operation) -> &str {
    let id = operation.as_str();
    let end = id.match_indices(':').nth(1).map_or(id.len(), |(at, _)| at);
    id.get(..end).unwrap_or(id)
}

fn hash(text: &str) -> u64 {
    // Always the same keys. Who finds two texts of one hash makes a rule speak more often.
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
