//! REST: method and path name the operation, together with the query and headers that belong to a template.
//!
//! The path is split while it is still encoded, and every segment is decoded once. The operation whose evidence holds
//! all others' evidence wins; two operations with evidence of their own (`?acl&policy`) are no single reading.

use crate::catalog::aws::{Operation, Service};
use crate::model::http::{Head, Unreadable};

use super::form;

/// What a path and its evidence name.
#[derive(Clone, Debug)]
pub(super) struct Match {
    /// The operation.
    pub operation: &'static Operation,
    /// Operations that look the same, each with its service.
    pub twins: Vec<(&'static Service, &'static Operation)>,
    /// The template's labels with their decoded values.
    pub labels: Vec<(&'static str, String)>,
}

/// The operation of this service that the head names.
///
/// # Errors
/// Two operations fit, neither more than the other; a label does not decode.
pub(super) fn find(
    service: &'static Service,
    head: &Head,
    segments: &[&str],
    query: &[(String, String)],
) -> Result<Option<Match>, Unreadable> {
    let s3 = service.name.get() == "s3";
    for band in service.by_path(segments) {
        let fits: Vec<Fit> = band
            .into_iter()
            .filter(|operation| is_method_of(service, operation, head))
            .filter_map(|operation| evidence(operation, head, query))
            .collect();
        let whole = fits.iter().any(|fit| fit.whole);
        let fits: Vec<_> = fits.into_iter().filter(|fit| fit.whole || !whole).collect();
        // A query that belongs to the template tells more than any header. In S3 both may name an operation.
        let rank = |fit: &Fit| (!s3 && !fit.operation.query.get().is_empty(), fit.marks.len());
        let Some(best) = fits.iter().max_by_key(|fit| rank(fit)) else { continue };
        // Headers that another operation requires may be the best one's own, optional there.
        let held = |mark: &String| best.marks.contains(mark) || rank(best).0 && mark.starts_with("h:");
        if !fits.iter().all(|fit| fit.marks.iter().all(held)) {
            return Err(Unreadable::new("the query or headers name two operations at once"));
        }
        let mut equal: Vec<_> = fits.iter().filter(|fit| rank(fit) == rank(best)).map(|fit| fit.operation).collect();
        equal.sort_by_key(|one| one.is_deprecated());
        let Some((operation, twins)) = equal.split_first() else { continue };
        let labels = labels(operation.path.get(), segments)?;
        return Ok(Some(Match { operation, twins: twins.iter().map(|twin| (service, *twin)).collect(), labels }));
    }
    Ok(None)
}

/// An operation whose path and method fit.
struct Fit {
    operation: &'static Operation,
    /// What of query and headers belongs to it and is there.
    marks: Vec<String>,
    /// Nothing that it requires is missing.
    whole: bool,
}

/// Clients send CloudSearch's queries by POST, everything in a form, because they could be too long for a URL.
fn is_method_of(service: &Service, operation: &Operation, head: &Head) -> bool {
    let method = operation.method.get();
    let posted = service.name.get() == "cloudsearchdomain" && method == "GET" && head.method == http::Method::POST;
    method == head.method.as_str() || posted
}

/// What belongs to the operation and is there: its static query and its required query and header members. `None` when
/// the static query is not there.
fn evidence(operation: &'static Operation, head: &Head, query: &[(String, String)]) -> Option<Fit> {
    let mut marks = vec![];
    if operation.method.get() != head.method.as_str() {
        return Some(Fit { operation, marks, whole: true });
    }
    for part in operation.query.get().split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        query.iter().find(|(key, found)| key == name && (value.is_empty() || found == value))?;
        marks.push(format!("q:{name}"));
    }
    let mut whole = true;
    for part in operation.required.get().split(',').filter(|part| !part.is_empty()) {
        let there = match part.split_once(':') {
            Some(("q", name)) => query.iter().any(|(key, _)| key == name),
            // A presigned URL carries headers in its query.
            Some((_, name)) => {
                let hoisted = |key: &str| key.starts_with("x-amz-") && key.eq_ignore_ascii_case(name);
                head.header_count(name) > 0 || query.iter().any(|(key, _)| hoisted(&key.to_ascii_lowercase()))
            }
            None => false,
        };
        whole &= there;
        if there && !marks.iter().any(|mark| mark == part) {
            marks.push(part.to_owned());
        }
    }
    Some(Fit { operation, marks, whole })
}

/// The labels' values; a greedy label takes all segments that the others leave.
fn labels(path: &'static str, segments: &[&str]) -> Result<Vec<(&'static str, String)>, Unreadable> {
    let template: Vec<&'static str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut rest = segments;
    let mut labels = vec![];
    for (at, part) in template.iter().enumerate() {
        let label = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        let greedy = label.is_some_and(|label| label.ends_with('+'));
        let after = template.len() - at - 1;
        let take = if greedy { rest.len().saturating_sub(after) } else { 1 };
        let (Some(taken), Some(left)) = (rest.get(..take), rest.get(take..)) else { break };
        if let Some(label) = label {
            labels.push((label.trim_end_matches('+'), form::decode(&taken.join("/"), false)?));
        }
        rest = left;
    }
    Ok(labels)
}

/// Whether a path has one reading only for services that normalise it: no empty or dot segments, no `;`, nothing that is
/// encoded twice. SigV4 signs a normalised path for every service but S3.
///
/// # Errors
/// It has more.
pub(super) fn check_path(path: &str) -> Result<(), Unreadable> {
    let refuse = |why: &str| Err(Unreadable::new(format!("the path {why}")));
    let decoded = path.to_ascii_lowercase().replace("%2e", ".");
    let trimmed = decoded.strip_suffix('/').unwrap_or(&decoded);
    if trimmed.split('/').skip(1).any(|segment| matches!(segment, "." | "..")) {
        return refuse("has dot segments");
    }
    if path.contains("//") {
        return refuse("has an empty segment");
    }
    if path.contains(';') {
        return refuse("has a `;`");
    }
    let twice = path
        .to_ascii_lowercase()
        .split("%25")
        .skip(1)
        .any(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()));
    if twice { refuse("is encoded twice") } else { Ok(()) }
}
