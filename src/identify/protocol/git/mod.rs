//! git over HTTP (`gitprotocol-http`): fetches, pushes with the refs that they create, move and delete, and git LFS.
//!
//! A push says which refs go from where to where; whether commits are lost on the way stands in the pack that follows
//! ([`pack`]). What is lost where nobody can tell is judged by the ref ([`Seen::Unproven`], `docs/decisions/0010-git-push.md`).

mod commands;
mod lfs;
mod pack;

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use vec1::Vec1;

use super::{Face, Known, Reading, rest};
use crate::model::http::{BodyNeed, Captured, Head};
use crate::model::{Count, Operation, Parameter, Place, Resource};

use commands::{Command, Push};
use pack::{History, Pack};

/// What a git request does to a ref, or asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// `git fetch`, `git clone`, `git lfs pull`, asking for LFS locks.
    Fetch,
    /// New refs, reviews for Gerrit, LFS objects.
    Create,
    /// A ref goes forward: its old commit is an ancestor of the new one. Or nothing is moved at all.
    Forward,
    /// A ref moves, and nothing tells whether it goes forward. Long-lived: releases, production, the main branch.
    Unproven {
        /// Others build on it.
        long_lived: bool,
    },
    /// Who may do what in the repository (`refs/meta/config` of Gerrit).
    Access,
    /// A tag moves, or a branch goes to a history that does not hold its old commit.
    Rewrite {
        /// Others build on it.
        long_lived: bool,
    },
    /// A branch or tag goes away.
    Delete {
        /// Others build on it.
        long_lived: bool,
    },
    /// A push whose commands cannot be read.
    Unreadable,
}

/// Some thousand commits: they stand before everything else in a pack. A push waits at the gate until so much of it is there.
const PUSH_PREFIX: usize = 512 * 1024;
/// Updates that stand in the record one by one.
const UPDATES_MAX: usize = 32;

/// How much of a request's body it takes; `None` where it is not git's.
pub(super) fn need(head: &Head) -> Option<BodyNeed> {
    Some(match service(head)? {
        "git-receive-pack" => BodyNeed::Prefix(PUSH_PREFIX),
        _ => BodyNeed::None,
    })
}

/// The smart HTTP service that a request speaks to: the last path segment of a POST. A server may decode the path before it
/// looks and takes a push under any content type; a fetch is harmless only under git's own.
fn service(head: &Head) -> Option<&'static str> {
    let path = path(head);
    let (repository, service) = path.rsplit_once('/')?;
    let known = ["git-upload-pack", "git-receive-pack"].into_iter().find(|known| *known == service)?;
    let media = head.header("content-type").unwrap_or_default();
    let typed = media.strip_prefix("application/x-").and_then(|rest| rest.strip_suffix("-request")) == Some(known);
    let serves = typed || known == "git-receive-pack";
    (head.method == http::Method::POST && serves && repository.len() > 1).then_some(known)
}

/// The path, decoded as often as any server may.
fn path(head: &Head) -> String {
    rest::canonical(head.path()).0.trim_end_matches('/').to_owned()
}

/// What a git request asks for, and what its other readings add: a method override, a GraphQL document. Words in the
/// repository's name say nothing.
pub(super) fn all_readings(head: &Head, body: &Captured, known: &Known) -> Option<Vec1<Reading>> {
    let mut all = Vec1::try_from_vec(readings(head, body)).ok()?;
    let adds = |reading: &Reading| match &reading.face {
        Face::Rest(seen) => seen.methods.len() > 1 || seen.graphql.as_ref().is_some_and(|root| !root.reads()),
        _ => false,
    };
    all.extend(rest::readings(head, body, known).into_iter().filter(adds));
    Some(all)
}

/// The readings of a git request, one for each thing that it does; none for everything else. Asking which refs there are
/// (`info/refs`) is a GET like any other.
pub(crate) fn readings(head: &Head, body: &Captured) -> Vec<Reading> {
    match service(head) {
        Some("git-receive-pack") => push(head, body),
        Some(_) => vec![Spoken::of(head, "/git-upload-pack").reading("fetch", Seen::Fetch, Count::ONE)],
        None => lfs::read(head, body).into_iter().collect(),
    }
}

/// Whom a request speaks to.
struct Spoken {
    /// Host and repository, as resources begin.
    base: String,
    place: Place,
}

impl Spoken {
    /// The repository is the path before `end`.
    fn of(head: &Head, end: &str) -> Self {
        let path = path(head);
        let repository = path.split_once(end).map_or(path.as_str(), |(repository, _)| repository);
        let repository = repository.trim_end_matches(".git");
        let mut place = rest::place(head);
        place.repository = Some(repository.trim_matches('/').to_owned());
        Self { base: format!("{}{}", head.authority.host, rest::masked(repository)), place }
    }

    fn reading(&self, name: &str, seen: Seen, count: Count) -> Reading {
        Reading {
            operation: Operation::new("git", "remote", name),
            aliases: vec![],
            resources: vec![Resource::from(self.base.clone())],
            place: self.place.clone(),
            parameters: vec![],
            count,
            face: Face::Git(seen),
        }
    }
}

/// The readings of a push as a command tells it, which names refs but not their commits: one for each thing that it does, as
/// of the request that carries it out. `base` is host and repository, as resources begin.
pub(in crate::identify) fn told(place: &Place, base: &str, updates: &[(String, Seen)]) -> Vec<Reading> {
    let repository = base.split_once('/').map_or("", |(_, repository)| repository);
    let place = Place { repository: Some(repository.to_owned()).filter(|name| !name.is_empty()), ..place.clone() };
    let spoken = Spoken { base: base.to_owned(), place };
    let mut kinds: BTreeMap<(&str, Seen), Vec<&str>> = BTreeMap::new();
    for (name, seen) in updates {
        kinds.entry((operation(*seen), *seen)).or_default().push(name);
    }
    let readings = kinds.into_iter().map(|((name, seen), refs)| {
        let many = refs.iter().any(|name| name.contains('*'));
        let count = if many { Count::Unbounded } else { Count::Exact(refs.len() as u64) };
        let mut reading = spoken.reading(name, seen, count);
        reading.resources = refs.iter().map(|name| Resource::from(format!("{base}#{name}"))).collect();
        reading
    });
    readings.collect()
}

fn push(head: &Head, body: &Captured) -> Vec<Reading> {
    let spoken = Spoken::of(head, "/git-receive-pack");
    let read = match body {
        Captured::Whole(bytes) | Captured::Prefix(bytes) => commands::read(bytes),
        _ => None,
    };
    let Some(push) = read else { return vec![spoken.reading("push", Seen::Unreadable, Count::Unbounded)] };
    let bound = bound(&push);
    if push.commands.is_empty() {
        // git asks like this whether it may push, before it sends a large pack.
        return vec![Reading { parameters: bound, ..spoken.reading("push", Seen::Forward, Count::Exact(0)) }];
    }
    let pack = push.pack.map(Pack::read).unwrap_or_default();
    let mut kinds: BTreeMap<(&str, Seen), Vec<(&Command, History)>> = BTreeMap::new();
    for command in &push.commands {
        let (seen, history) = judged(command, &pack);
        kinds.entry((operation(seen), seen)).or_default().push((command, history));
    }
    let readings = kinds.into_iter().map(|((name, seen), updates)| {
        let mut reading = spoken.reading(name, seen, Count::Exact(updates.len() as u64));
        reading.resources =
            updates.iter().map(|(command, _)| Resource::from(format!("{}#{}", spoken.base, command.name))).collect();
        for (command, history) in updates.iter().take(UPDATES_MAX) {
            let (old, new) = (short(&command.old), short(&command.new));
            reading.parameters.push(Parameter::new(format!("update {}", command.name), format!("{old}..{new}")));
            if command.moves() {
                let parameter = Parameter::new("fast_forward", history.as_str());
                if !reading.parameters.contains(&parameter) {
                    reading.parameters.push(parameter);
                }
            }
        }
        reading.parameters.extend(bound.iter().cloned());
        reading
    });
    readings.collect()
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// What an approval is bound to: every command and option; options by name, because values may be secrets.
fn bound(push: &Push<'_>) -> Vec<Parameter> {
    let mut digest = Sha256::new();
    for command in &push.commands {
        digest.update(format!("{} {} {}\n", command.old, command.new, command.name).as_bytes());
    }
    push.options.iter().for_each(|option| digest.update(format!("option {}:{option}\n", option.len()).as_bytes()));
    let digest = HEXLOWER.encode(digest.finalize().get(..16).unwrap_or_default());
    let mut all = vec![Parameter::new("commands.sha256", digest)];
    for option in push.options.iter().take(UPDATES_MAX) {
        all.push(Parameter::new("push_option", rest::masked(option.split('=').next().unwrap_or_default())));
    }
    all
}

/// What a command does to its ref, and what the pack says of it.
fn judged(command: &Command, pack: &Pack) -> (Seen, History) {
    let long_lived = is_long_lived(&command.name);
    let name = command.name.as_str();
    if command.deletes() {
        return (Seen::Delete { long_lived }, History::Unproven);
    }
    // Gerrit makes a review of it and moves no branch.
    let reviews = ["refs/for/", "refs/drafts/"].iter().any(|start| name.starts_with(start));
    if name == "refs/meta/config" {
        return (Seen::Access, History::Unproven);
    }
    if reviews || command.creates() {
        return (Seen::Create, History::Unproven);
    }
    if command.old == command.new {
        return (Seen::Forward, History::Forward);
    }
    // A tag is where its name was promised to be.
    if name.starts_with("refs/tags/") {
        return (Seen::Rewrite { long_lived }, History::Unproven);
    }
    let history = pack.history(&command.old, &command.new);
    let seen = match history {
        History::Forward => Seen::Forward,
        History::Elsewhere => Seen::Rewrite { long_lived },
        History::Unproven => Seen::Unproven { long_lived },
    };
    (seen, history)
}

const fn operation(seen: Seen) -> &'static str {
    match seen {
        Seen::Rewrite { .. } | Seen::Unproven { long_lived: true } => "push_force",
        Seen::Delete { .. } => "delete_ref",
        _ => "push",
    }
}

/// Branches that others build on, deploy or are built from, by the names that people give them. A name that no server takes
/// is one of them.
pub(in crate::identify) fn is_long_lived(name: &str) -> bool {
    const BRANCHES: &[&str] = &[
        "main",
        "master",
        "trunk",
        "develop",
        "mainline",
        "default",
        "production",
        "prod",
        "staging",
        "stable",
        "live",
        "release",
        "releases",
        "deploy",
    ];
    const FOLDERS: &[&str] =
        &["release", "releases", "stable", "production", "prod", "support", "maintenance", "env", "deploy"];
    let Some(branch) = name.strip_prefix("refs/heads/") else { return !name.starts_with("refs/") };
    let lower = branch.to_lowercase();
    let first = lower.split(['/', '-']).next().unwrap_or_default();
    BRANCHES.contains(&lower.as_str()) || first.len() < lower.len() && FOLDERS.contains(&first) || lower.contains("..")
}

#[cfg(test)]
mod tests;
