//! What an agent needs to live, as data: model APIs, sign-in, package registries, telemetry.
//!
//! A lifeline is never a licence for a host. `unopened` hosts carry conversations with a model and nothing else that an
//! agent could hurt; on every opened host only the listed calls are lifelines, matched on the raw path, and everything
//! else on that host is read as on any other host.

use std::sync::LazyLock;

use serde::Deserialize;

use super::hosts::Hosts;

/// What a lifeline call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A conversation with a model.
    Model,
    /// Signing in, exchanging or refreshing the caller's own token.
    SignIn,
    /// A question to a package registry that is asked by POST.
    Registry,
    /// Telemetry, crash reports, feature flags of the agent's own maker.
    Telemetry,
}

/// One file of lifelines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Hosts that are passed without being opened.
    #[serde(default)]
    unopened: Vec<String>,
    /// Calls on opened hosts.
    #[serde(default)]
    opened: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    purpose: Purpose,
    hosts: Vec<String>,
    /// `METHOD /path`; `*` stands for characters inside one segment, a last segment `**` for one or more segments.
    calls: Vec<String>,
}

/// A call on an opened host.
#[derive(Clone, Debug)]
struct Call {
    purpose: Purpose,
    method: String,
    path: Vec<String>,
}

#[derive(Debug, Default)]
struct Lifelines {
    patterns: Vec<String>,
    unopened: Hosts<()>,
    opened: Hosts<Vec<Call>>,
}

static LIFELINES: LazyLock<Lifelines> = LazyLock::new(|| {
    let mut all = Lifelines::default();
    for text in [
        include_str!("models.yaml"),
        include_str!("signin.yaml"),
        include_str!("registries.yaml"),
        include_str!("telemetry.yaml"),
    ] {
        all.add(super::parse(text));
    }
    all
});

impl Lifelines {
    fn add(&mut self, file: File) {
        for host in &file.unopened {
            self.unopened.insert(host, ());
            self.patterns.push(host.clone());
        }
        for entry in file.opened {
            let calls: Vec<Call> = entry.calls.iter().filter_map(|call| Call::parse(entry.purpose, call)).collect();
            for host in &entry.hosts {
                self.opened.insert(host, Vec::new());
                if let Some(known) = self.opened.entry(host) {
                    known.extend(calls.iter().cloned());
                }
            }
        }
    }
}

impl Call {
    /// A call that is not `METHOD /path` is left out; a test asks that every one of them parses.
    fn parse(purpose: Purpose, text: &str) -> Option<Self> {
        let (method, path) = text.split_once(' ')?;
        let path = path.strip_prefix('/')?.split('/').map(str::to_owned).collect();
        Some(Self { purpose, method: method.to_owned(), path })
    }

    fn covers(&self, method: &str, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else { return false };
        if self.method != method {
            return false;
        }
        let mut given = path.split('/');
        for pattern in &self.path {
            let Some(segment) = given.next() else { return false };
            if pattern == "**" {
                return std::iter::once(segment).chain(given).all(is_plain);
            }
            // An empty segment stands only where the pattern ends in a slash.
            let matches = if pattern.is_empty() {
                segment.is_empty()
            } else {
                is_plain(segment) && segment_matches(pattern, segment)
            };
            if !matches {
                return false;
            }
        }
        given.next().is_none()
    }
}

/// A segment with one reading: not empty, no dots only, no escapes, no path parameters.
fn is_plain(segment: &str) -> bool {
    !segment.is_empty() && segment != "." && segment != ".." && !segment.contains(['%', ';', '\\'])
}

/// `*` stands for any characters; there is at most one in a segment's pattern.
fn segment_matches(pattern: &str, segment: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == segment,
        Some((before, after)) => {
            segment.len() >= before.len() + after.len() && segment.starts_with(before) && segment.ends_with(after)
        }
    }
}

/// Whether connections to this host (lower case, no port) are passed without being opened.
#[must_use]
pub fn unopened(host: &str) -> bool {
    LIFELINES.unopened.get(host).is_some()
}

/// The host patterns that are never opened: the gate's CA may not even sign for them.
#[must_use]
pub fn unopened_patterns() -> &'static [String] {
    &LIFELINES.patterns
}

/// Whether some calls on this host are lifelines.
#[must_use]
pub fn opened(host: &str) -> bool {
    LIFELINES.opened.get(host).is_some()
}

/// What this call is for, if it is a lifeline: the host's list must hold its method and its path as received.
#[must_use]
pub fn purpose(host: &str, method: &str, path: &str) -> Option<Purpose> {
    let calls = LIFELINES.opened.get(host)?;
    calls.iter().find(|call| call.covers(method, path)).map(|call| call.purpose)
}

#[cfg(test)]
mod tests;
