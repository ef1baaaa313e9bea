//! Which rules could speak of an operation: a decision looks at these few only.
//!
//! A rule stands in the bucket of each exact operation it names, else in the bucket of the service or the provider that
//! its pattern begins with, else in the bucket of everything. Inside a bucket the closed words are compared as bits, and
//! a crowd of rules that differ by resource is narrowed by one set of patterns, compiled at its first use.

use std::collections::HashMap;
use std::sync::OnceLock;

use regex::bytes::{RegexSet, RegexSetBuilder};

use super::matcher::{Facets, Matcher};
use crate::classify::Action;
use crate::config::{self, Glob};
use crate::model::{Hazards, Operation};

/// From an operation to the rules that could speak of it.
#[derive(Debug, Default)]
pub(super) struct Index {
    operations: HashMap<Box<str>, Bucket>,
    services: HashMap<Box<str>, Bucket>,
    providers: HashMap<Box<str>, Bucket>,
    any: Bucket,
}

/// Rules that could speak of the same operations.
#[derive(Debug, Default)]
struct Bucket {
    /// Rules that do not look at resources.
    plain: Vec<Candidate>,
    /// Rules that do.
    narrowed: Vec<Candidate>,
    patterns: Vec<Pattern>,
    filter: OnceLock<Option<RegexSet>>,
}

#[derive(Debug)]
struct Candidate {
    facets: Facets,
    hazards: Hazards,
    rule: usize,
}

#[derive(Debug)]
struct Pattern {
    glob: Glob,
    /// Index into [`Bucket::narrowed`].
    owner: usize,
}

/// Up to this many rules of a bucket are compared one by one: as fast as a set of patterns, and nothing to compile.
const CROWD: usize = 16;

/// Bytes that the set's automaton may take before it falls back to a slower search; 2 MiB, the default, overflow at
/// about 1,500 patterns and cost a factor of a thousand.
const AUTOMATON_BYTES_MAX: usize = 64 << 20;

impl Index {
    /// Adds a rule by its position.
    pub(super) fn add(&mut self, rule: usize, matcher: &Matcher) {
        let candidate = || Candidate { facets: matcher.facets, hazards: matcher.hazards, rule };
        if !matcher.operation.is_empty() {
            for glob in &matcher.operation {
                let bucket = if glob.is_exact() {
                    self.operations.entry(glob.as_str().into()).or_default()
                } else {
                    self.by_prefix(glob.literal_prefix())
                };
                bucket.add(candidate(), &matcher.resource);
            }
        } else if !matcher.provider.is_empty() && matcher.provider.iter().all(Glob::is_exact) {
            let by_service = !matcher.service.is_empty() && matcher.service.iter().all(Glob::is_exact);
            for provider in &matcher.provider {
                if by_service {
                    for service in &matcher.service {
                        let key = format!("{provider}:{service}").into();
                        self.services.entry(key).or_default().add(candidate(), &matcher.resource);
                    }
                } else {
                    let bucket = self.providers.entry(provider.as_str().into()).or_default();
                    bucket.add(candidate(), &matcher.resource);
                }
            }
        } else {
            self.any.add(candidate(), &matcher.resource);
        }
    }

    fn by_prefix(&mut self, prefix: &str) -> &mut Bucket {
        let mut colons = prefix.match_indices(':').map(|(at, _)| at);
        match (colons.next(), colons.next()) {
            (Some(_), Some(second)) => {
                self.services.entry(prefix.get(..second).unwrap_or_default().into()).or_default()
            }
            (Some(first), None) => self.providers.entry(prefix.get(..first).unwrap_or_default().into()).or_default(),
            _ => &mut self.any,
        }
    }

    /// Calls `found` with every rule that could speak of the action; a rule may come more than once.
    pub(super) fn candidates(&self, action: &Action, facets: Facets, mut found: impl FnMut(usize)) {
        self.of_operation(action.operation(), action, facets, &mut found);
        for alias in action.aliases() {
            self.of_operation(alias, action, facets, &mut found);
        }
        self.any.candidates(action, facets, &mut found);
    }

    fn of_operation(&self, operation: &Operation, action: &Action, facets: Facets, found: &mut impl FnMut(usize)) {
        let [id, service, provider] = steps(operation);
        let id = id.and_then(|id| self.operations.get(id));
        let service = service.and_then(|service| self.services.get(service));
        let provider = provider.and_then(|provider| self.providers.get(provider));
        for bucket in [id, service, provider].into_iter().flatten() {
            bucket.candidates(action, facets, found);
        }
    }

    /// Where rules stand, with the rules of each place: an operation, a service, a provider, or everything (``).
    #[cfg(test)]
    pub(super) fn places(&self) -> std::collections::BTreeMap<String, Vec<usize>> {
        let maps = [&self.operations, &self.services, &self.providers].into_iter().flatten();
        let any = (String::new(), &self.any);
        let all = maps.map(|(key, bucket)| (key.to_string(), bucket)).chain([any]);
        let rules = |bucket: &Bucket| {
            let mut rules: Vec<usize> = bucket.plain.iter().chain(&bucket.narrowed).map(|one| one.rule).collect();
            rules.sort_unstable();
            rules.dedup();
            rules
        };
        all.map(|(key, bucket)| (key, rules(bucket))).collect()
    }
}

/// The operation, its service and its provider, as rules are kept under them.
pub(super) fn steps(operation: &Operation) -> [Option<&str>; 3] {
    let id = operation.as_str();
    let mut colons = id.match_indices(':').map(|(at, _)| at);
    let provider = colons.next().and_then(|at| id.get(..at));
    let service = colons.next().and_then(|at| id.get(..at));
    [Some(id), service, provider]
}

impl Bucket {
    fn add(&mut self, candidate: Candidate, resources: &[config::Pattern]) {
        let globs: Option<Vec<&Glob>> = resources.iter().map(config::Pattern::as_glob).collect();
        // Expressions have settings of their own, which one automaton for all of them could not keep apart.
        let Some(globs) = globs.filter(|globs| !globs.is_empty()) else {
            self.plain.push(candidate);
            return;
        };
        let owner = self.narrowed.len();
        self.patterns.extend(globs.into_iter().map(|glob| Pattern { glob: glob.clone(), owner }));
        self.narrowed.push(candidate);
    }

    fn candidates(&self, action: &Action, facets: Facets, found: &mut impl FnMut(usize)) {
        let hazards = action.blast().hazards;
        let mut offer = |candidate: &Candidate| {
            let is_near = candidate.hazards.is_empty() || candidate.hazards.intersects(hazards);
            if is_near && candidate.facets.allows(facets) {
                found(candidate.rule);
            }
        };
        self.plain.iter().for_each(&mut offer);
        if self.narrowed.is_empty() {
            return;
        }
        let filter =
            if self.narrowed.len() > CROWD { self.filter.get_or_init(|| self.compile()).as_ref() } else { None };
        // Without resources there is nothing to narrow by; the rules themselves say what that means.
        let Some(filter) = filter.filter(|_| !action.resources().is_empty()) else {
            self.narrowed.iter().for_each(&mut offer);
            return;
        };
        for resource in action.resources() {
            for matched in filter.matches(resource.as_str().as_bytes()) {
                let owner = self.patterns.get(matched).and_then(|pattern| self.narrowed.get(pattern.owner));
                owner.into_iter().for_each(&mut offer);
            }
        }
    }

    /// One automaton for all patterns; without it (too large) the rules are compared one by one.
    fn compile(&self) -> Option<RegexSet> {
        let texts = self.patterns.iter().map(|pattern| {
            let parts: Vec<String> = pattern.glob.as_str().split('*').map(regex::escape).collect();
            format!("^(?s-u:{})$", parts.join(".*"))
        });
        RegexSetBuilder::new(texts)
            .unicode(false)
            .size_limit(4 * AUTOMATON_BYTES_MAX)
            .dfa_size_limit(AUTOMATON_BYTES_MAX)
            .build()
            .ok()
    }
}
