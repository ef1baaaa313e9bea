//! Which things the gate saw a snapshot made of: what the obligation `snapshot-seen` asks for.
//!
//! Only an answer of 2xx counts, and it says that the snapshot was begun. Whose session made it does not matter: a snapshot
//! is a fact about the thing. What is forgotten for want of room was not seen, so that people are bothered and nothing is
//! lost.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::catalog::{makes_snapshot, snapshot_command};
use crate::classify::Action;
use crate::decide::{Decision, visible};
use crate::model::{DecisionId, Obligation, Operation, Resource, SNAPSHOT_WITHIN_MAX, Timestamp};
use crate::record::{CheckEntry, Outcome};

/// Things that are remembered.
const THINGS_MAX: usize = 16_384;
/// What a snapshot's path may have below the thing: `…/backups/nightly`.
const BELOW_MAX: usize = 2;

/// A thing, as a hash of what identifies it.
pub(super) type Thing = u64;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Snapshots(HashMap<Thing, (Timestamp, DecisionId)>);

impl Snapshots {
    /// Snapshots of these were made.
    pub(super) fn see(&mut self, things: Vec<Thing>, id: DecisionId, at: Timestamp) {
        if self.0.len() >= THINGS_MAX {
            self.0.retain(|_, (seen, _)| at.since(*seen) <= SNAPSHOT_WITHIN_MAX);
        }
        for thing in things {
            if self.0.len() < THINGS_MAX || self.0.contains_key(&thing) {
                self.0.insert(thing, (at, id));
            }
        }
    }

    fn seen(&self, thing: Thing, now: Timestamp, within: Duration) -> Option<(Timestamp, DecisionId)> {
        self.0.get(&thing).copied().filter(|(at, _)| now.since(*at) <= within)
    }
}

/// What the gate would see a snapshot of if these actions succeed.
pub(super) fn made_by(actions: &[Action]) -> Vec<Thing> {
    let making = actions.iter().filter(|action| makes_snapshot(action.operation()));
    making.flat_map(|action| action.resources().iter().flat_map(|one| copied(action.operation(), one))).collect()
}

/// Whether an outcome says that it was made.
pub(super) const fn is_made(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Answered { status: 200..=299, .. })
}

/// An ARN with and without its place; a path, and what it stands in.
fn copied(operation: &Operation, resource: &Resource) -> Vec<Thing> {
    let id = resource.as_str();
    let provider = operation.provider();
    if let Some(placeless) = placeless(id) {
        return vec![hash(provider, id), hash(provider, &placeless)];
    }
    let above = std::iter::successors(Some(id), |path| path.rsplit_once('/').map(|(above, _)| above));
    above.take(BELOW_MAX + 1).filter(|path| !path.is_empty()).map(|path| hash(provider, path)).collect()
}

/// `rds:db:shop` of any ARN of this database.
fn placeless(arn: &str) -> Option<String> {
    let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':');
    let (_partition, service, _region, _account, name) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{service}:{name}"))
}

/// What a thing that is acted upon is looked for by: a command's text does not tell where it stands.
fn sought(operation: &Operation, resource: &Resource) -> Thing {
    let id = resource.as_str();
    let is_placed = id.split(':').nth(4).is_some_and(|account| !account.is_empty());
    let placeless = placeless(id).filter(|_| !is_placed);
    hash(operation.provider(), placeless.as_deref().unwrap_or(id))
}

fn hash(provider: &str, id: &str) -> Thing {
    let mut hasher = DefaultHasher::new();
    (provider, id).hash(&mut hasher);
    hasher.finish()
}

/// The snapshots that a decision asks for.
#[derive(Debug, Default)]
pub(super) struct Sought(Vec<Looked>);

/// One thing that was looked for.
#[derive(Debug)]
struct Looked {
    name: String,
    /// The command that makes a snapshot of it.
    command: Option<String>,
    obligation: Obligation,
    /// How long ago, and by which decision.
    seen: Option<(Duration, DecisionId)>,
}

impl Sought {
    /// Looks for all that the rules ask for which carry the decision.
    pub(super) fn of(decision: &Decision, actions: &[Action], (snapshots, now): (&Snapshots, Timestamp)) -> Self {
        let mut looked: Vec<Looked> = Vec::new();
        for finding in decision.deciding() {
            let obligations = finding.demand.iter().flat_map(|demand| &demand.obligations);
            let within = obligations.filter_map(|one| match one {
                Obligation::SnapshotSeen(within) => Some((one, *within)),
                _ => None,
            });
            let Some((obligation, within)) = within.min_by_key(|(_, within)| *within) else { continue };
            let Some(action) = actions.get(finding.action) else { continue };
            let one = |name: String, thing: Option<Thing>| {
                let last = name.rsplit(['/', ':']).next();
                let command = snapshot_command(action.operation(), last.filter(|name| *name != "*"));
                let seen = thing.and_then(|thing| snapshots.seen(thing, now, within));
                let seen = seen.map(|(at, id)| (now.since(at), id));
                Looked { command, name, obligation: obligation.clone(), seen }
            };
            match action.resources() {
                // What names nothing has no snapshot.
                [] => looked.push(one(action.operation().to_string(), None)),
                resources => looked.extend(
                    resources
                        .iter()
                        .map(|resource| one(resource.as_str().to_owned(), Some(sought(action.operation(), resource)))),
                ),
            }
        }
        Self(looked)
    }

    /// What must be done first, where anything is missing.
    pub(super) fn missing(&self) -> Option<String> {
        let mut missing = self.0.iter().filter(|one| one.seen.is_none());
        let Looked { name, command, obligation, .. } = missing.next()?;
        let others = match missing.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let how = command.as_ref().map_or_else(
            || "make a snapshot or a backup through this gate, where there is such a thing.".to_owned(),
            |command| format!("run `{command}` through this gate, and wait until it is done."),
        );
        Some(format!(
            "this takes {}, and none was seen of {}{others}: {how}",
            obligation.in_words(),
            visible(name, 120)
        ))
    }

    /// For the record.
    pub(super) fn checks(&self) -> Vec<CheckEntry> {
        let one = |looked: &Looked| {
            let said = match &looked.seen {
                Some((ago, id)) => {
                    format!("{id}, {} min earlier, of {}", ago.as_secs() / 60, visible(&looked.name, 120))
                }
                None => format!("none was seen of {}", visible(&looked.name, 120)),
            };
            CheckEntry { passed: looked.seen.is_some(), said, ..CheckEntry::failed(&looked.obligation.to_string(), "") }
        };
        self.0.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests;
