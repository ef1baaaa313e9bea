//! Which recorded decisions would be others under other rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::again::{Again, is_as_recorded, speaking};
use super::replay::Replay;
use crate::decide::{Decision, Finding};
use crate::model::{DecisionId, Demand, Door, Effect, Timestamp};
use crate::record::query::{Filter, Stored};
use crate::record::{ActionEntry, DecisionEntry, Entry, Unsaid};

/// Flips that are told one by one; further ones are counted.
const FLIPS_MAX: usize = 20_000;
/// Examples of what cannot be said.
const EXAMPLES_MAX: usize = 5;

/// What would be otherwise. Its JSON form is stable.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diff {
    /// From when on; `None` is from the beginning.
    pub since: Option<Timestamp>,
    /// The first decision that counts.
    pub first: Option<Timestamp>,
    /// The last one.
    pub last: Option<Timestamp>,
    /// Which set of rules is the present one.
    pub before: String,
    /// Which is the other.
    pub after: String,
    /// All decisions of the period.
    pub decisions: u64,
    /// Those that would be others.
    pub flips: u64,
    /// Of these, to something stricter.
    pub stricter: u64,
    /// Of these, to something milder.
    pub milder: u64,
    /// Those that stay an escalation and ask for something else: of other people, or with other obligations.
    pub asks_otherwise: u64,
    /// Those of which it cannot be said, by why.
    pub unsaid: Vec<Unsayable>,
    /// Decided by the present rules then too, and not reproduced: what is said of others is in doubt.
    pub unlike_record: Vec<DecisionId>,
    /// Requests that could not be read in exactly one way: refused under any rules.
    pub unreadable: u64,
    /// The flips, alike ones together: the strictest new answer first, then the most frequent.
    pub groups: Vec<FlipGroup>,
    /// Flips that stand in no group, because there are too many.
    pub untold: u64,
    /// Places of the log that cannot be read, and records of a form that this version does not know.
    pub damaged: u64,
}

/// Decisions of which nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unsayable {
    /// Why.
    pub why: String,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<DecisionId>,
}

/// Flips from one answer to another, by the same rules, of one operation in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlipGroup {
    /// What the present rules say.
    pub from: Effect,
    /// What the others say.
    pub to: Effect,
    /// Whose the stricter of both answers is.
    pub by: Vec<String>,
    /// Why, in the words of the first of them.
    pub message: String,
    /// The operation.
    pub operation: String,
    /// The environment.
    pub environment: String,
    /// How many.
    pub count: u64,
    /// One by one, in the order of the log.
    pub flips: Vec<Flip>,
}

/// One decision that would be another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flip {
    /// Which.
    pub id: DecisionId,
    /// When.
    pub at: Timestamp,
    /// For whom.
    pub person: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// The way it came in.
    pub door: Door,
    /// The first resource.
    pub resource: Option<String>,
    /// How many more.
    pub more_resources: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Fingerprint {
    from: Effect,
    to: Effect,
    by: Vec<String>,
    operation: String,
    environment: String,
}

/// Takes records one by one.
#[derive(Debug)]
pub struct DiffCollector<'a> {
    filter: &'a Filter,
    before: Replay<'a>,
    after: Replay<'a>,
    /// The present rules on what was recorded, where the present ones are asked otherwise.
    then: Option<Replay<'a>>,
    diff: Diff,
    told: usize,
    groups: HashMap<Fingerprint, FlipGroup>,
    unsaid: BTreeMap<Unsaid, Unsayable>,
}

impl<'a> DiffCollector<'a> {
    /// For the decisions that the filter wants.
    #[must_use]
    pub fn new(filter: &'a Filter, before: Again<'a>, after: Again<'a>) -> Self {
        let diff = Diff {
            since: filter.since(),
            before: before.rules.revision().to_owned(),
            after: after.rules.revision().to_owned(),
            ..Diff::default()
        };
        let is_then = before.posture.is_none() && before.inventory.is_none();
        let then = (!is_then).then(|| Replay::new(Again { posture: None, inventory: None, ..before }));
        let (before, after) = (Replay::new(before), Replay::new(after));
        Self { filter, before, after, then, diff, told: 0, groups: HashMap::new(), unsaid: BTreeMap::new() }
    }

    /// A place of the log could not be read.
    pub fn damage(&mut self) {
        self.diff.damaged += 1;
    }

    /// One record, in the order of the log.
    pub fn take(&mut self, stored: &Stored) {
        let is_end = stored.is("outcome") && self.replays().any(|replay| replay.waits());
        if !stored.is("decision") && !stored.is("rejected") && !is_end {
            return;
        }
        match stored.entry() {
            Ok(Entry::Outcome(entry)) => self.replays().for_each(|replay| replay.ended(&entry)),
            Ok(entry) if !self.filter.may_want(&entry) => self.pass_by(&entry),
            Ok(Entry::Decision(entry)) => self.decision(&entry),
            Ok(Entry::Rejected(_)) => self.diff.unreadable += 1,
            Ok(_) => {}
            Err(_) => self.damage(),
        }
    }

    fn replays(&mut self) -> impl Iterator<Item = &mut Replay<'a>> {
        [&mut self.before, &mut self.after].into_iter().chain(&mut self.then)
    }

    /// A decision that nobody asks about is part of what its session did before others.
    fn pass_by(&mut self, entry: &Entry) {
        if let Entry::Decision(entry) = entry
            && self.replays().any(|replay| replay.looks_back())
            && let Ok(recalled) = entry.recall()
        {
            for replay in self.replays() {
                // What it does not tell is missing from what later ones follow.
                let _ = replay.decide(entry, &recalled);
            }
        }
    }

    fn decision(&mut self, entry: &DecisionEntry) {
        self.diff.decisions += 1;
        self.diff.first = Some(self.diff.first.map_or(entry.at, |first| first.min(entry.at)));
        self.diff.last = self.diff.last.max(Some(entry.at));
        let decided = entry.recall().and_then(|recalled| {
            let (before, after) = (self.before.decide(entry, &recalled), self.after.decide(entry, &recalled));
            let then = self.then.as_mut().map(|then| then.decide(entry, &recalled));
            Ok((after?, before?, then))
        });
        match decided {
            Ok((after, before, then)) => {
                self.check(entry, then.as_ref().map_or(Some(&before), |then| then.as_ref().ok()));
                if before.effect() != after.effect() {
                    self.flip(entry, &before, &after);
                } else if demands(&before) != demands(&after) {
                    self.diff.asks_otherwise += 1;
                }
            }
            Err(why) => self.cannot_say(entry.id, why),
        }
    }

    /// What was decided by the very same rules must come out the same.
    fn check(&mut self, entry: &DecisionEntry, then: Option<&Decision>) {
        if entry.revision != self.before.again.rules.revision() {
            return;
        }
        let is_same = then.is_some_and(|then| is_as_recorded(entry, then));
        if !is_same && self.diff.unlike_record.len() < EXAMPLES_MAX {
            self.diff.unlike_record.push(entry.id);
        }
    }

    fn cannot_say(&mut self, id: DecisionId, why: Unsaid) {
        let new = || Unsayable { why: why.to_string(), count: 0, examples: Vec::new() };
        let unsayable = self.unsaid.entry(why).or_insert_with(new);
        unsayable.count += 1;
        if unsayable.examples.len() < EXAMPLES_MAX {
            unsayable.examples.push(id);
        }
    }

    fn flip(&mut self, entry: &DecisionEntry, before: &Decision, after: &Decision) {
        let is_stricter = after.effect() > before.effect();
        self.diff.flips += 1;
        *(if is_stricter { &mut self.diff.stricter } else { &mut self.diff.milder }) += 1;
        if self.told >= FLIPS_MAX {
            self.diff.untold += 1;
            return;
        }
        self.told += 1;
        let stricter = if is_stricter { after } else { before };
        let by = speaking(stricter.deciding());
        let finding = stricter.deciding().find(|finding| by.first() == Some(&finding.rule));
        let action = entry.actions.get(finding.map_or(0, |finding| finding.action)).or(entry.actions.first());
        let fingerprint = Fingerprint {
            from: before.effect(),
            to: after.effect(),
            by,
            operation: action.map_or_else(String::new, |action| action.operation.as_str().to_owned()),
            environment: action.map_or_else(String::new, |action| action.environment.name.clone()),
        };
        let group = self.groups.entry(fingerprint).or_insert_with_key(|key| group(key, finding));
        group.count += 1;
        group.flips.push(flip(entry, action));
    }

    /// What would be otherwise.
    #[must_use]
    pub fn finish(self) -> Diff {
        let mut diff = self.diff;
        diff.unsaid = self.unsaid.into_values().collect();
        diff.groups = self.groups.into_values().collect();
        diff.groups.sort_by(|a, b| {
            let rank = |one: &FlipGroup| (std::cmp::Reverse(one.to), one.from, std::cmp::Reverse(one.count));
            let name = |one: &FlipGroup| (one.by.clone(), one.operation.clone(), one.environment.clone());
            rank(a).cmp(&rank(b)).then_with(|| name(a).cmp(&name(b)))
        });
        diff
    }
}

/// What is asked for beyond an answer, by whatever rules.
fn demands(decision: &Decision) -> BTreeSet<&Demand> {
    decision.deciding().filter_map(|finding| finding.demand.as_ref()).collect()
}

fn group(key: &Fingerprint, finding: Option<&Finding>) -> FlipGroup {
    let Fingerprint { from, to, by, operation, environment } = key.clone();
    let message = finding.map(|finding| finding.message.clone()).unwrap_or_default();
    FlipGroup { from, to, by, message, operation, environment, count: 0, flips: Vec::new() }
}

fn flip(entry: &DecisionEntry, action: Option<&ActionEntry>) -> Flip {
    let resources = action.map_or(&[][..], |action| &action.resources);
    Flip {
        id: entry.id,
        at: entry.at,
        person: entry.principal.person.clone(),
        agent: entry.principal.agent.clone(),
        door: entry.door,
        resource: resources.first().map(|resource| resource.as_str().to_owned()),
        more_resources: resources.len().saturating_sub(1),
    }
}
