//! Which described operation a method and a path name.
//!
//! The path is split while it is still encoded and every segment is decoded once. A path that a server could split
//! differently (an escaped slash that makes another operation of it, an empty or dot segment) has no reading here.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::members::pairs;
use crate::catalog::Manifest;
use crate::catalog::described::{Book, Operation};
use crate::model::http::{Head, Unreadable};

/// What a method and a path name.
#[derive(Clone, Debug)]
pub(super) struct Match {
    /// The operations, which look the same; at least one, the plainest first.
    pub(super) operations: Vec<&'static Operation>,
    /// The first one's labels with their decoded values.
    pub(super) labels: Vec<(&'static str, String)>,
}

/// The path's segments, decoded once.
///
/// # Errors
/// It has more than one reading.
pub(super) fn segments(path: &str) -> Result<Vec<String>, Unreadable> {
    let refuse = |why: &str| Unreadable::new(format!("the path {why}"));
    let path = path.strip_prefix('/').ok_or_else(|| refuse("does not begin with a slash"))?;
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(vec![]);
    }
    path.split('/')
        .map(|raw| {
            let decoded =
                percent_decode_str(raw).decode_utf8().map_err(|_| refuse("has an escape that is not UTF-8"))?;
            match &*decoded {
                "" => Err(refuse("has an empty segment")),
                "." | ".." => Err(refuse("has dot segments")),
                text if raw.contains(';') || text.contains('\\') || text.contains(char::is_control) => {
                    Err(refuse("has a character that servers read differently"))
                }
                _ => Ok(decoded.into_owned()),
            }
        })
        .collect()
}

/// The operation that the head names; `None` where the tables hold none.
///
/// # Errors
/// The path has more than one reading.
pub(super) fn find(api: &'static Manifest, book: &'static Book, head: &Head) -> Result<Option<Match>, Unreadable> {
    let segments = segments(head.path())?;
    let mut found = find_segments(api, book, head, &segments);
    if head.path().contains('%') {
        // What a server sees that decodes before it splits, or more than once.
        let (whole, _) = super::super::rest::canonical(head.path());
        let other: Vec<String> = whole.split(['/', '\\']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let second = if other == segments { None } else { find_segments(api, book, head, &other) };
        match (&mut found, second) {
            (_, None) => {}
            // Conditions are asked of both spellings of a label.
            (Some(first), Some(second)) if is_same(first, &second) => first.labels.extend(second.labels),
            _ => {
                return Err(Unreadable::new(
                    "the path's escapes make another operation of it, depending on who decodes them",
                ));
            }
        }
    }
    Ok(found)
}

fn is_same(one: &Match, other: &Match) -> bool {
    let id = |found: &Match| found.operations.first().map(|row| (row.service.get(), row.name.get()));
    id(one) == id(other)
}

/// Whether the tables hold an operation of these segments.
pub(super) fn is_listed(api: &'static Manifest, book: &'static Book, head: &Head, segments: &[String]) -> bool {
    find_segments(api, book, head, segments).is_some()
}

fn find_segments(api: &'static Manifest, book: &'static Book, head: &Head, segments: &[String]) -> Option<Match> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let query = pairs(head.query().unwrap_or_default());
    bases(api).find_map(|base| {
        let rest = segments.get(length_of(base, &segments)?..)?;
        let mut operations = vec![];
        for service in book.services(&head.authority.host) {
            operations.extend(in_service(book, service, head, (rest, &query)));
        }
        let labels = operations.first().map(|row| labels(row.path.get(), rest))?;
        Some(Match { operations, labels })
    })
}

/// What may stand before the tables' paths, the longest first.
pub(super) fn bases(api: &'static Manifest) -> impl Iterator<Item = &'static str> {
    let mut bases: Vec<&str> = api.bases.iter().map(String::as_str).collect();
    if bases.is_empty() {
        bases.push("");
    }
    bases.sort_by_key(|base| std::cmp::Reverse(base.len()));
    bases.into_iter()
}

/// How many of these segments are the base; `None` when they do not begin with it. `v1.*` is any segment that begins so.
pub(super) fn length_of(base: &str, segments: &[&str]) -> Option<usize> {
    let base: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    let covers = |(part, segment): (&&str, &&str)| match part.strip_suffix('*') {
        Some(start) => segment.len() > start.len() && segment.starts_with(start),
        None => part == segment,
    };
    (segments.len() >= base.len() && base.iter().zip(segments).all(covers)).then_some(base.len())
}

/// The operations of one service that fit best, all of one template.
fn in_service(
    book: &'static Book,
    service: &str,
    head: &Head,
    (segments, query): (&[&str], &[(String, String)]),
) -> Vec<&'static Operation> {
    let split = with_verb(segments);
    let mut bands = split.map(|split| book.by_path(service, &split)).unwrap_or_default();
    bands.extend(book.by_path(service, segments));
    let method = if head.method == http::Method::HEAD { "GET" } else { head.method.as_str() };
    for band in bands {
        let own = |row: &&'static Operation| row.method.get() == method || row.method.get() == head.method.as_str();
        let fits: Vec<(usize, &'static Operation)> = band
            .into_iter()
            .filter(own)
            .filter_map(|row| evidence(row.query.get(), query).map(|marks| (marks, row)))
            .collect();
        let Some(most) = fits.iter().map(|(marks, _)| *marks).max() else { continue };
        let mut best: Vec<_> = fits.into_iter().filter(|(marks, _)| *marks == most).map(|(_, row)| row).collect();
        best.sort_by_key(|row| row.is_deprecated());
        return best;
    }
    vec![]
}

/// `5:stop` as two segments.
fn with_verb<'a>(segments: &[&'a str]) -> Option<Vec<&'a str>> {
    let (last, before) = segments.split_last()?;
    let at = last.rfind(':')?;
    let (name, verb) = last.split_at_checked(at)?;
    (!name.is_empty()).then(|| before.iter().copied().chain([name, verb]).collect())
}

/// How much of the query belongs to the template; `None` when something is missing.
fn evidence(template: &str, query: &[(String, String)]) -> Option<usize> {
    let mut marks = 0;
    for part in template.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let fits = |(key, found): &&(String, String)| {
            key.eq_ignore_ascii_case(name) && (value.is_empty() || found.eq_ignore_ascii_case(value))
        };
        query.iter().find(fits)?;
        marks += 1;
    }
    Some(marks)
}

/// The labels' values; a greedy label takes all segments that the others leave.
fn labels(path: &'static str, segments: &[&str]) -> Vec<(&'static str, String)> {
    let mut template: Vec<Cow<'static, str>> = path.split('/').filter(|part| !part.is_empty()).map(Cow::from).collect();
    let verb =
        template.last().and_then(|last| last.rsplit_once(':').map(|(before, verb)| (before.to_owned(), verb.len())));
    let mut segments: Vec<&str> = segments.to_vec();
    if let Some((before, length)) = verb.filter(|(before, _)| !before.contains('{') || before.ends_with('}')) {
        _ = template.pop();
        template.push(Cow::from(before));
        if let Some(last) = segments.last_mut() {
            *last = last.split_at_checked(last.len().saturating_sub(length + 1)).map_or(*last, |(name, _)| name);
        }
    }
    let mut rest = segments.as_slice();
    let mut labels = vec![];
    for (at, part) in template.iter().enumerate() {
        let greedy = part.ends_with("+}");
        let take = if greedy { rest.len().saturating_sub(template.len() - at - 1) } else { 1 };
        let (Some(taken), Some(left)) = (rest.get(..take), rest.get(take..)) else { break };
        if let Some(label) = name_of(path, part).filter(|name| !name.contains('|')) {
            labels.push((label, taken.join("/")));
        }
        rest = left;
    }
    labels
}

/// The label's name, as a part of the template.
fn name_of(path: &'static str, part: &str) -> Option<&'static str> {
    let name = part.strip_prefix('{')?.strip_suffix('}')?.trim_end_matches('+');
    let at = path.find(&format!("{{{name}"))? + 1;
    path.get(at..at + name.len())
}
