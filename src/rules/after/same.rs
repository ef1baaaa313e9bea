//! What an earlier step and the action must have in common.
//!
//! Values are kept as hashes: they are compared and never shown, and a memory of them is small. What an action does not tell
//! counts as equal; what neither of the two has (a namespace, of two calls to AWS) is equal.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::catalog;
use crate::classify::Action;
use crate::model::{EnvironmentKind, Operation};
use crate::rules::matcher::Key;

/// Hashes of one facet's values, of which one in common is enough; without any: there is none; `None`: the action does not
/// tell, or tells too many.
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
    Key::Kind,
    Key::Name,
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
        Key::Kind => kind(action),
        Key::Name => {
            // Where all identifiers of a provider are written in one way, names are told apart by what they stand in.
            let is_whole = matches!(action.operation().provider(), "kubernetes" | "gcp" | "azure");
            let ids = action.resources().iter().map(crate::model::Resource::as_str);
            let whole = ids.clone().filter(|_| is_whole);
            all(whole.chain(ids.filter(|_| !is_whole).flat_map(names_of)))
        }
        place => match place.place(action.place()) {
            None if !place.must_be_known(action.operation(), action.place()) => Some(Box::default()),
            value => one(value),
        },
    }
}

/// What an action says of a facet that must be another. Here a name that nobody knows is a name.
pub(super) fn distinct(key: Key, action: &Action) -> Value {
    match key {
        Key::Operation => all(std::iter::once(action.operation()).chain(action.aliases()).map(Operation::as_str)),
        key => value(key, action),
    }
}

/// What is done to a thing says what kind of thing it is. Where only the path does, that is the path's collection: an item's
/// is the one above it, a collection's is itself, and which of the two it is nothing tells.
fn kind(action: &Action) -> Value {
    if action.operation().provider() == "http" {
        let paths = action.resources().iter().map(|one| one.as_str().trim_end_matches('/'));
        return all(paths.flat_map(|path| [Some(path), path.rsplit_once('/').map(|(above, _)| above)]).flatten());
    }
    let mut kinds = std::iter::once(action.operation()).chain(action.aliases()).map(catalog::kind);
    let told: Option<Vec<String>> = kinds.by_ref().collect();
    all(told.as_deref()?.iter().map(String::as_str))
}

/// What a thing is called, by the end of its identifier: ARNs, paths and addresses end with the name. One that the provider
/// gave it (of a stack that was there) stands behind.
fn names_of(id: &str) -> impl Iterator<Item = &str> {
    let masked = Some(id).filter(|id| id.contains(MASKED));
    let mut parts = id.rsplit(['/', ':']).filter(|part| !part.is_empty());
    let last = parts.next().filter(|last| !last.contains('*'));
    let before = last.filter(|last| is_given(last)).and_then(|_| parts.next());
    // As it stands in the log: not a name.
    masked.map_or([last, before], |masked| [Some(masked), None]).into_iter().flatten()
}

/// The name that people gave it.
pub(super) fn name_of(id: &str) -> Option<&str> {
    names_of(id).last()
}

/// `0a1b2c3d-0000-1111-2222-333344445555`.
fn is_given(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Whether two values have something in common; `None`: one of them is not told.
pub(super) fn compare(one: &Value, other: &Value) -> Option<bool> {
    let (one, other) = (one.as_ref()?, other.as_ref()?);
    if one.is_empty() != other.is_empty() {
        return None;
    }
    Some(one.is_empty() || one.iter().any(|value| other.contains(value)))
}

fn one(text: Option<&str>) -> Value {
    all(text)
}

fn all<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    let mut hashes: Vec<u64> = Vec::new();
    for text in texts.into_iter().take(VALUES_MAX + 1) {
        // As a log tells it again: what it was is not known.
        if text.contains(MASKED) {
            return None;
        }
        hashes.push(hash(text));
    }
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

/// How a masked value begins in the log.
const MASKED: &str = "[masked:";
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
