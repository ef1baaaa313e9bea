//! A path of Azure Resource Manager as namespace, type, scope and verb.
//!
//! `/subscriptions/S[/resourceGroups/G][/providers/NS/type/name…][/action]`, where types and names take turns and the last
//! `/providers/NS` names the namespace of what is acted upon. Cases do not matter to the server, so ids have the catalog's
//! one spelling and resources are in lower case.

use percent_encoding::percent_decode_str;

use crate::catalog::azure::{effects, spelt};
use crate::model::Scope;
use crate::model::http::Unreadable;

/// What a path addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `Microsoft.Compute`, in the catalog's spelling; else in lower case.
    pub namespace: String,
    /// `virtualMachines/extensions`; empty for what a namespace as a whole does.
    pub kind: String,
    /// `read`, `write`, `delete`, or the last word of a POST.
    pub verb: String,
    /// The path in lower case, without the word of a POST.
    pub id: String,
    /// How far a right, a policy or a lock that is set here reaches.
    pub place: Scope,
    /// The subscription that the path names.
    pub subscription: Option<String>,
    /// The path ends with a type: every one of them.
    pub collection: bool,
}

impl Target {
    /// `Microsoft.Compute/virtualMachines`: what the catalog's rows are found by.
    #[must_use]
    pub fn full_kind(&self) -> String {
        if self.kind.is_empty() { self.namespace.clone() } else { format!("{}/{}", self.namespace, self.kind) }
    }

    /// The name part of the operation's id.
    #[must_use]
    pub fn name(&self) -> String {
        if self.kind.is_empty() { self.verb.clone() } else { format!("{}.{}", self.kind, self.verb) }
    }
}

/// Paths longer than this have more than any resource.
const SEGMENTS_MAX: usize = 64;

/// Reads a path; `None` where it is none of Azure Resource Manager's.
///
/// # Errors
/// The path has more than one reading.
pub(super) fn parse(method: &str, path: &str) -> Result<Option<Target>, Unreadable> {
    let segments = segments(path)?;
    let Some(verb) = verb(method) else { return Ok(None) };
    let Some(mut walk) = walk(&segments)? else { return Ok(None) };
    let mut verb = verb.to_owned();
    let mut named = segments.len();
    if verb == "post" {
        let Some((word, taken)) = action(&mut walk) else { return Ok(None) };
        verb = word;
        named = named.saturating_sub(taken);
    }
    let collection = walk.open;
    // A resource group's own type stands below its subscription's in the path only.
    if walk.chain.len() > 1 && walk.namespace == RESOURCES && is(walk.chain.get(1), "resourcegroups") {
        walk.chain.remove(0);
    }
    let kind = walk.chain.iter().map(|word| spelling(word)).collect::<Vec<_>>().join("/");
    let id = segments.iter().take(named).map(|one| format!("/{}", one.to_lowercase())).collect::<String>();
    Ok(Some(Target {
        namespace: spelling(walk.namespace),
        kind,
        verb,
        id: if id.is_empty() { "/".to_owned() } else { id },
        place: walk.place,
        subscription: walk.subscription.map(str::to_lowercase),
        collection,
    }))
}

fn verb(method: &str) -> Option<&'static str> {
    Some(match method {
        "GET" | "HEAD" | "OPTIONS" => "read",
        "PUT" | "PATCH" => "write",
        "DELETE" => "delete",
        "POST" => "post",
        _ => return None,
    })
}

fn is(word: Option<&&str>, lower: &str) -> bool {
    word.is_some_and(|word| word.eq_ignore_ascii_case(lower))
}

/// A word as the catalog spells it, else in lower case: never two ids for one thing.
fn spelling(word: &str) -> String {
    spelt(word).map_or_else(|| word.to_lowercase(), str::to_owned)
}

/// The decoded segments. Nothing that a server in between could read in another way passes.
fn segments(path: &str) -> Result<Vec<String>, Unreadable> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(vec![]);
    }
    let mut all: Vec<String> = Vec::new();
    let mut after_namespace = false;
    for raw in path.split('/') {
        let decoded = percent_decode_str(raw).decode_utf8().map_err(|_| Unreadable::new("the path is no UTF-8"))?;
        // SDKs put an empty parent between namespace and type (`resources.delete` of azure-mgmt-resource).
        if decoded.is_empty() && after_namespace {
            continue;
        }
        let odd = |c: char| matches!(c, '/' | '\\' | '?' | '#' | '%' | ';') || c.is_control();
        if decoded.is_empty() || matches!(&*decoded, "." | "..") || decoded.chars().any(odd) {
            return Err(Unreadable::new("the path has an empty, dotted or doubly encoded segment"));
        }
        after_namespace = is(all.last().map(String::as_str).as_ref(), "providers");
        all.push(decoded.into_owned());
        if all.len() > SEGMENTS_MAX {
            return Err(Unreadable::new("the path is too deep"));
        }
    }
    Ok(all)
}

const RESOURCES: &str = "Microsoft.Resources";

/// A path, taken apart.
struct Walk<'a> {
    namespace: &'a str,
    /// Types from the last provider on.
    chain: Vec<&'a str>,
    /// Names from the last provider on: as many as types, or one less.
    names: Vec<&'a str>,
    /// The last type has no name.
    open: bool,
    place: Scope,
    subscription: Option<&'a str>,
}

/// Types and names in turn, from left to right.
fn walk(segments: &[String]) -> Result<Option<Walk<'_>>, Unreadable> {
    let mut walk = Walk {
        namespace: RESOURCES,
        chain: vec![],
        names: vec![],
        open: false,
        place: Scope::Organization,
        subscription: None,
    };
    let mut rest = segments.iter().map(String::as_str).peekable();
    let starts = ["subscriptions", "providers", "tenants", "locations", "metadata"];
    if !starts.iter().any(|start| is(rest.peek(), start)) {
        return Ok(None);
    }
    while let Some(kind) = rest.next() {
        if kind.eq_ignore_ascii_case("providers") {
            let Some(namespace) = rest.next() else {
                walk.chain = vec![kind];
                walk.open = true;
                return Ok(Some(walk));
            };
            walk.place = place(&walk);
            if rest.peek().is_none() {
                // A resource provider itself.
                (walk.namespace, walk.chain, walk.names) = (RESOURCES, vec![kind], vec![namespace]);
                return Ok(Some(walk));
            }
            (walk.namespace, walk.chain, walk.names) = (namespace, vec![], vec![]);
            continue;
        }
        walk.chain.push(kind);
        match rest.next() {
            Some(name) => {
                // A thing may be called `providers`; what follows must not look like a namespace then.
                if name.eq_ignore_ascii_case("providers") && rest.peek().is_some_and(|next| next.contains('.')) {
                    return Err(Unreadable::new("`providers` stands where a name is expected: two readings"));
                }
                if kind.eq_ignore_ascii_case("subscriptions") && walk.chain.len() == 1 && walk.namespace == RESOURCES {
                    walk.subscription = Some(name);
                }
                walk.names.push(name);
            }
            None => walk.open = true,
        }
    }
    Ok(Some(walk))
}

/// How far something set on what has been walked so far reaches.
fn place(walk: &Walk<'_>) -> Scope {
    let kind = walk.chain.as_slice();
    if walk.namespace.eq_ignore_ascii_case(RESOURCES) {
        return match kind.len() {
            0 => Scope::Organization,
            1 => Scope::Account,
            2 if is(kind.get(1), "resourcegroups") => Scope::Environment,
            _ => Scope::Resource,
        };
    }
    match walk.namespace.to_ascii_lowercase().as_str() {
        "microsoft.management" | "microsoft.billing" => Scope::Organization,
        "microsoft.subscription" => Scope::Account,
        _ => Scope::Resource,
    }
}

/// The word of a POST and how many segments it takes, which leave the chain.
///
/// Most stand alone after a name. A few stand where a name would (`networkTrace/start`) or are followed by one
/// (`createQueryKey/NAME`): these are read so only where the catalog has a row for them.
fn action(walk: &mut Walk<'_>) -> Option<(String, usize)> {
    if walk.open {
        let word = walk.chain.pop()?;
        walk.open = false;
        return Some((told(word), 1));
    }
    let full = |chain: &[&str]| format!("{}/{}", walk.namespace, chain.join("/"));
    let name = walk.names.last().copied()?;
    if !effects(&full(&walk.chain), name).is_empty() {
        return Some((told(name), 1));
    }
    let (last, before) = walk.chain.split_last()?;
    if !effects(&full(before), last).is_empty() && !before.is_empty() {
        let word = told(last);
        walk.chain.pop();
        return Some((word, 2));
    }
    Some(("post".to_owned(), 0))
}

/// An action's word as ids spell it. `POST …/delete` is not `DELETE …`.
fn told(word: &str) -> String {
    let word = spelling(word);
    if matches!(word.as_str(), "read" | "write" | "delete") { format!("{word}/action") } else { word }
}
