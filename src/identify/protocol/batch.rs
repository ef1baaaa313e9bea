//! Requests that hold other requests: OData `$batch`, Google's `/batch`, JSON lists of calls, Elasticsearch `_bulk`.
//!
//! Only whether one of them deletes is asked. A batch that was not read whole may hold anything.

use serde_json::Value;

use crate::model::http::{Captured, Head};

/// What the inner requests do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inner {
    /// Not a batch, or nothing in it deletes.
    Nothing,
    /// One of them deletes.
    Deletes,
    /// It cannot be told.
    Unreadable,
}

/// Reads a request as a batch.
pub(super) fn read(head: &Head, body: &Captured) -> Inner {
    if matches!(head.method.as_str(), "GET" | "HEAD" | "OPTIONS") || !is_batch(head.path()) {
        return Inner::Nothing;
    }
    let Captured::Whole(bytes) = body else { return Inner::Unreadable };
    let text = String::from_utf8_lossy(bytes);
    let part = |line: &str| {
        let (method, target) = line.trim_start().split_once(' ').unwrap_or_default();
        method.eq_ignore_ascii_case("delete") && target.trim_start().starts_with(['/', 'h'])
    };
    if text.lines().any(part) {
        return Inner::Deletes;
    }
    let whole = super::kubernetes::json::parse(text.trim().as_bytes());
    let deletes = match whole {
        Ok(value) => holds(&value),
        // One value a line; what is no JSON at all has been searched above.
        Err(_) if text.trim_start().starts_with(['{', '[']) => {
            let mut lines = text.lines().filter(|line| !line.trim().is_empty());
            let mut broken = false;
            let found = lines.any(|line| match super::kubernetes::json::parse(line.as_bytes()) {
                Ok(value) => holds(&value),
                Err(_) => {
                    broken = true;
                    false
                }
            });
            if broken && !found {
                return Inner::Unreadable;
            }
            found
        }
        Err(_) => false,
    };
    if deletes { Inner::Deletes } else { Inner::Nothing }
}

/// The last word of the path says so, or its first segment.
fn is_batch(path: &str) -> bool {
    let lower = super::rest::canonical(path).0.to_lowercase();
    let mut segments = lower.split('/').filter(|segment| !segment.is_empty());
    let first = segments.clone().next();
    let last = segments.next_back().unwrap_or_default();
    first == Some("batch")
        || last == "_bulk"
        || last.split(|c: char| !c.is_alphanumeric()).rfind(|word| !word.is_empty()) == Some("batch")
}

/// A member `method` that says DELETE, or an action line `{"delete": {…}}`.
fn holds(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds),
        Value::Object(members) => {
            let names =
                |name: &str| matches!(name.to_ascii_lowercase().as_str(), "method" | "httpmethod" | "http_method");
            let deletes = |value: &Value| value.as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case("delete"));
            members.iter().any(|(name, value)| {
                names(name) && deletes(value) || name == "delete" && value.is_object() || holds(value)
            })
        }
        _ => false,
    }
}
