//! Host patterns, found in time that grows with the labels of the host and not with the number of patterns.

use std::collections::HashMap;

/// Values under host patterns: an exact lower-case name, or `*.suffix` for any name below the suffix.
#[derive(Clone, Debug)]
pub struct Hosts<T> {
    exact: HashMap<String, T>,
    below: HashMap<String, T>,
}

impl<T> Default for Hosts<T> {
    fn default() -> Self {
        Self { exact: HashMap::new(), below: HashMap::new() }
    }
}

impl<T> Hosts<T> {
    /// Adds a pattern; the first value of a pattern stays.
    pub fn insert(&mut self, pattern: &str, value: T) {
        let (map, key) = match pattern.strip_prefix("*.") {
            Some(suffix) => (&mut self.below, suffix),
            None => (&mut self.exact, pattern),
        };
        map.entry(key.to_owned()).or_insert(value);
    }

    /// The value of a pattern, as it was inserted.
    pub fn entry(&mut self, pattern: &str) -> Option<&mut T> {
        match pattern.strip_prefix("*.") {
            Some(suffix) => self.below.get_mut(suffix),
            None => self.exact.get_mut(pattern),
        }
    }

    /// The value for a host: an exact name wins, then the longest suffix.
    #[must_use]
    pub fn get(&self, host: &str) -> Option<&T> {
        if let Some(value) = self.exact.get(host) {
            return Some(value);
        }
        let mut rest = host;
        while let Some((_, suffix)) = rest.split_once('.') {
            if let Some(value) = self.below.get(suffix) {
                return Some(value);
            }
            rest = suffix;
        }
        None
    }
}

/// Whether `pattern` (a name, or `*.suffix`) covers `host`, on label boundaries.
#[must_use]
pub fn host_matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(suffix) => host.strip_suffix(suffix).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => pattern == host,
    }
}
