//! Many calls in one: `POST /batch` of Resource Manager, `POST /v1.0/$batch` of Graph. Every part is a call of its own.

use serde_json::{Map, Value};

use super::super::kubernetes;
use super::body::Written;
use super::{Call, MAX};
use crate::model::http::{Head, Unreadable};

/// More parts than either API takes.
const PARTS_MAX: usize = 500;

/// Whether a path is a batch's.
pub(super) fn is_batch(method: &str, path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path).to_ascii_lowercase();
    method == "POST"
        && matches!(path.as_str(), "/batch" | "/v1.0/$batch" | "/beta/$batch" | "/v1.0/%24batch" | "/beta/%24batch")
}

/// The calls that a batch holds.
///
/// # Errors
/// A part cannot be read in exactly one way.
pub(super) fn parts(head: &Head, written: &Written) -> Result<Vec<Call>, Unreadable> {
    let Written::Json(document) = written else { return Err(Unreadable::new("the batch is no JSON document")) };
    let document = document.as_object().ok_or_else(|| Unreadable::new("the batch is no JSON object"))?;
    let parts = member(document, &["requests"])?.and_then(Value::as_array);
    let parts = parts.ok_or_else(|| Unreadable::new("the batch has no list of requests"))?;
    if parts.is_empty() || parts.len() > PARTS_MAX {
        return Err(Unreadable::new("the batch has no requests, or too many"));
    }
    let version = head.path().split('/').nth(1).filter(|first| super::graph::is_version(first));
    parts.iter().map(|part| one(part, head, version)).collect()
}

fn one(part: &Value, head: &Head, version: Option<&str>) -> Result<Call, Unreadable> {
    let bad = || Unreadable::new("a part of the batch has no method or no address");
    let part = part.as_object().ok_or_else(bad)?;
    let method = member(part, &["httpMethod", "method"])?.and_then(Value::as_str).ok_or_else(bad)?;
    let url = member(part, &["url", "relativeUrl"])?.and_then(Value::as_str).ok_or_else(bad)?;
    let target = match url.split_once("://") {
        None => url,
        Some((_, rest)) => {
            let (host, target) = rest.split_at(rest.find('/').ok_or_else(bad)?);
            if !host.eq_ignore_ascii_case(&head.authority.host) {
                return Err(Unreadable::new("a part of the batch is for another host"));
            }
            target
        }
    };
    if target.contains('#') || target.len() > MAX {
        return Err(bad());
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let slash = if path.starts_with('/') { "" } else { "/" };
    let path = match version {
        // Addresses in a batch of Graph's are relative to its version.
        Some(version) if !path.trim_start_matches('/').split('/').next().is_some_and(super::graph::is_version) => {
            format!("/{version}{slash}{path}")
        }
        _ => format!("{slash}{path}"),
    };
    if is_batch("POST", &path) {
        return Err(Unreadable::new("a batch in a batch"));
    }
    let headers = member(part, &["headers", "requestHeaderDetails"])?;
    let overrides = |name: &String| kubernetes::OVERRIDES.iter().any(|known| known.eq_ignore_ascii_case(name));
    if headers.and_then(Value::as_object).is_some_and(|headers| headers.keys().any(overrides)) {
        return Err(Unreadable::new("a part of the batch has a header that can name another call"));
    }
    let written = match member(part, &["body", "content"])? {
        None | Some(Value::Null) => Written::None,
        Some(Value::String(text)) if text.is_empty() => Written::None,
        Some(Value::String(_)) => Written::Opaque,
        Some(value) => Written::Json(value.clone()),
    };
    Ok(Call { method: method.trim().to_ascii_uppercase(), path, query: super::pairs(query), written })
}

/// A member under any of its names, whatever its case; there must be no two.
fn member<'a>(part: &'a Map<String, Value>, names: &[&str]) -> Result<Option<&'a Value>, Unreadable> {
    let mut found = part.iter().filter(|(name, _)| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
    match (found.next(), found.next()) {
        (found, None) => Ok(found.map(|(_, value)| value)),
        (_, Some(_)) => Err(Unreadable::new("a part of the batch names something twice")),
    }
}
