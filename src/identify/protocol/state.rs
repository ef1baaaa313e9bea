//! Terraform's states behind its `http` backend, and GitLab's of the same kind: on any host, known by what is sent.
//!
//! The generic reading stays what it is; this adds a second name (`terraform:state:…`) and what the document itself says.
//! Only a state that holds nothing any more can be told from one that holds less.
//! (Backend: `LOCK`, `UNLOCK`, `GET`, `POST`, `DELETE`, `internal/backend/remote-state/http` of Terraform; format version 4.)

use serde_json::Value;

use super::rest::canonical;
use crate::model::http::{Captured, Head};

/// What a call does to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Somebody holds it.
    Lock,
    /// Nobody does any more.
    Unlock,
    /// Another document in its place.
    Update,
    /// The same, with nothing in it: whatever it managed is forgotten.
    Emptied,
    /// It is gone.
    Delete,
    /// One of its older versions is.
    DeleteVersion,
}

impl Call {
    /// The last part of the operation's id.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Update | Self::Emptied => "update",
            Self::Delete | Self::DeleteVersion => "delete",
        }
    }
}

/// What the request does to a state, if it is one about a state.
pub(super) fn read(head: &Head, body: &Captured) -> Option<Call> {
    let (path, _) = canonical(head.path());
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let stored = after_gitlab(&parts);
    match (head.method.as_str(), stored) {
        ("LOCK", _) if is_lock(body) => Some(Call::Lock),
        ("UNLOCK", _) if is_lock(body) => Some(Call::Unlock),
        ("POST", Some([_, "lock"])) => Some(Call::Lock),
        ("DELETE", Some([_, "lock"])) => Some(Call::Unlock),
        ("DELETE", Some([_, "versions", _])) => Some(Call::DeleteVersion),
        ("DELETE", Some([_])) => Some(Call::Delete),
        ("DELETE", _) if parts.last().is_some_and(|last| is_file(last)) => Some(Call::Delete),
        ("POST" | "PUT" | "PATCH", _) => document(body),
        _ => None,
    }
}

/// Whether this is how GitLab takes a lock: the client shows what a `LOCK` would.
pub(super) fn is_lock_by_post(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    matches!(after_gitlab(&parts), Some([_, "lock"]))
}

/// What follows `/api/v4/projects/ID/terraform/state/`.
fn after_gitlab<'a, 'b>(parts: &'b [&'a str]) -> Option<&'b [&'a str]> {
    let at = parts.windows(2).position(|pair| pair == ["terraform", "state"])?;
    parts.get(at + 2..)
}

fn is_file(name: &str) -> bool {
    name.to_ascii_lowercase().split('.').any(|part| part == "tfstate")
}

/// Terraform's `LockInfo`.
fn is_lock(body: &Captured) -> bool {
    let members = object(body);
    let has = |name: &str| members.as_ref().is_some_and(|members| members.contains_key(name));
    has("ID") && has("Operation")
}

/// A state's document; one that is too large to be read whole is not empty.
fn document(body: &Captured) -> Option<Call> {
    let members = object(body)?;
    if !members.contains_key("lineage") || !members.contains_key("serial") {
        return None;
    }
    let is_empty = |value: Option<&Value>| match value {
        None | Some(Value::Null) => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(items)) => items.is_empty(),
        Some(_) => false,
    };
    // Up to version 3 the resources lay in modules.
    let modules = members.get("modules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let emptied = is_empty(members.get("resources")) && modules.iter().all(|module| is_empty(module.get("resources")));
    Some(if emptied { Call::Emptied } else { Call::Update })
}

fn object(body: &Captured) -> Option<serde_json::Map<String, Value>> {
    match serde_json::from_slice(body.whole()?).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
