//! What people are asked: rendered from the very actions that the approval is bound to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vec1::Vec1;

use super::change::Subject;
use super::raw::Raw;
use crate::classify::Action;
use crate::decide::{Decision, blast_words, visible};
use crate::model::{Approval, Demand, Effect, Obligation, Principal, Said};
use crate::record::redact;

/// Resources and parameters that are shown of one action.
const PARTS_SHOWN_MAX: usize = 50;
const CHARS_MAX: usize = 400;
/// Resources of one action that are kept by themselves.
const RESOURCES_MAX: usize = 10;
/// Of what a rule says to do instead.
const WORDS_CHARS_MAX: usize = 1000;

/// What one rule, cell or limit asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// A digest of what it says to people: an approval given under other words does not count.
    pub words: String,
    /// What to do instead, in its words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instead: String,
    /// Whose answers and what else; nothing of its own: what the settings ask for.
    #[serde(default, skip_serializing_if = "Demand::is_empty")]
    pub demand: Demand,
    /// To whom belongs what it speaks of, by the inventory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
}

/// What asks for approval: rules, cells and limits, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Requirement(BTreeMap<String, Ask>);

impl Requirement {
    /// The findings that carry an escalation; nothing where the decision is another.
    #[must_use]
    pub fn of(decision: &Decision, actions: &Vec1<Action>) -> Self {
        let mut requirement = Self::default();
        if decision.effect() == Effect::Escalate {
            for finding in decision.deciding() {
                let demand = finding.demand.clone().unwrap_or_default();
                requirement.add(&finding.rule, (&finding.message, &finding.instead), demand);
                let owner = actions.get(finding.action).and_then(|action| action.environment().owner.clone());
                requirement.owned(&finding.rule, owner);
            }
        }
        requirement
    }

    /// Adds a rule, cell or limit that says this, and this instead.
    pub fn add(&mut self, id: &str, (message, instead): (&str, &str), demand: Demand) {
        let digest = HEXLOWER.encode(&Sha256::digest(format!("{message}\0{instead}")));
        let ask = self.0.entry(id.to_owned()).or_default();
        ask.words = digest.get(..16).unwrap_or_default().to_owned();
        ask.instead = redact::mask(&visible(instead, WORDS_CHARS_MAX)).into_owned();
        ask.demand = demand;
    }

    /// What this one speaks of belongs to this team or person.
    fn owned(&mut self, id: &str, owner: Option<String>) {
        if let (Some(ask), Some(owner)) = (self.0.get_mut(id), owner)
            && !ask.owners.contains(&owner)
        {
            ask.owners.push(owner);
            ask.owners.sort_unstable();
        }
    }

    /// Whether everything that is needed `now` was asked about, of the same people.
    #[must_use]
    pub fn covers(&self, now: &Self) -> bool {
        now.0.iter().all(|(id, ask)| {
            self.0.get(id).is_some_and(|asked| {
                asked.words == ask.words
                    && asked.demand.covers(&ask.demand)
                    && ask.owners.iter().all(|owner| asked.owners.contains(owner))
            })
        })
    }

    /// All of both. What one of them says in other words counts as the other says it now.
    pub fn unite(&mut self, other: &Self) {
        for (id, ask) in &other.0 {
            let mut owners = self.0.get(id).map(|known| known.owners.clone()).unwrap_or_default();
            owners.extend(ask.owners.iter().cloned());
            owners.sort_unstable();
            owners.dedup();
            self.0.insert(id.clone(), Ask { owners, ..ask.clone() });
        }
    }

    /// The ids.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a rule, cell or limit of this id takes part.
    #[must_use]
    pub fn names(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// What each asks for.
    pub fn asks(&self) -> impl Iterator<Item = (&str, &Ask)> {
        self.0.iter().map(|(id, ask)| (id.as_str(), ask))
    }

    /// What must be brought or checked, each once.
    #[must_use]
    pub fn obligations(&self) -> BTreeSet<&Obligation> {
        self.0.values().flat_map(|ask| &ask.demand.obligations).collect()
    }

    /// Whether a rule says whose answers it takes.
    #[must_use]
    pub fn names_voters(&self) -> bool {
        self.0.values().any(|ask| !ask.demand.approvals.is_empty())
    }

    /// Whose answers, in words, each once: `2 approvals of role:sre; 1 approval`.
    #[must_use]
    pub fn voters_in_words(&self, default: &Approval) -> String {
        Demand::voters_in_words(self.0.values().map(|ask| &ask.demand), default)
    }
}

/// One action that people are asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// SHA-256 of what it does and of what else it is bound to, lower-case hex.
    pub digest: String,
    /// The operation.
    pub operation: String,
    /// On what, the first of it: what a person is reminded of is looked for by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// What it would do, for people: every field that the digest covers, nothing that could move a cursor or hide.
    pub shown: String,
}

/// A call that needs people.
#[derive(Clone, Debug)]
pub struct Question {
    pub(super) principal: Principal,
    pub(super) subject: Subject,
    pub(super) items: Vec<Item>,
    pub(super) requirement: Requirement,
    pub(super) excluded: BTreeSet<String>,
    pub(super) said: Said,
    pub(super) revision: String,
    /// The strictest of what the actions belong to.
    pub(super) environment: String,
    /// The call as it came.
    pub(super) raw: Raw,
}

impl Question {
    /// Asks for these actions.
    #[must_use]
    pub fn new(principal: &Principal, actions: &Vec1<Action>, requirement: Requirement, revision: &str) -> Self {
        let mut items: Vec<Item> = actions
            .iter()
            .map(|action| Item {
                digest: HEXLOWER.encode(&action.digest()),
                operation: visible(action.operation().as_str(), CHARS_MAX),
                resources: resources(action).take(RESOURCES_MAX).collect(),
                shown: redact::mask(&shown(action)).into_owned(),
            })
            .collect();
        // A multiset: the order of a batch does not matter, how often a thing is done does.
        items.sort_by(|a, b| a.digest.cmp(&b.digest));
        let (excluded, said, raw) = (BTreeSet::new(), Said::default(), Raw::default());
        let environment = actions.iter().map(Action::environment).max_by_key(|one| one.kind);
        let environment = environment.map_or_else(String::new, |one| visible(&one.name, CHARS_MAX));
        let (principal, revision) = (principal.clone(), revision.to_owned());
        Self { principal, subject: Subject::Call, items, requirement, excluded, said, revision, environment, raw }
    }

    /// The same, for nothing but what carries these facts too: where it goes, what it brings.
    #[must_use]
    pub fn bound_to(mut self, facts: &[String]) -> Self {
        if facts.is_empty() {
            return self;
        }
        for item in &mut self.items {
            let bound = (&item.digest, facts);
            item.digest = HEXLOWER.encode(&Sha256::digest(serde_json::to_vec(&bound).unwrap_or_default()));
            list(
                &mut item.shown,
                "only",
                facts.iter().map(|fact| redact::mask(&visible(fact, CHARS_MAX)).into_owned()),
            );
        }
        self.items.sort_by(|a, b| a.digest.cmp(&b.digest));
        self
    }

    /// The same, with answers of these people not counting: who wrote an exception that took part.
    #[must_use]
    pub fn without(mut self, people: impl IntoIterator<Item = String>) -> Self {
        self.excluded.extend(people);
        self
    }

    /// The same, which came like this.
    #[must_use]
    pub fn received(mut self, raw: Raw) -> Self {
        self.raw = raw;
        self
    }

    /// The same, with what the agent says about it.
    #[must_use]
    pub fn saying(mut self, said: &Said) -> Self {
        self.said = masked(said);
        self
    }

    /// The same, with what the session said before where the call itself says nothing.
    pub(super) fn having_said(mut self, before: &Said) -> Self {
        self.said = self.said.or(before);
        self
    }

    /// What asks for it.
    #[must_use]
    pub const fn requirement(&self) -> &Requirement {
        &self.requirement
    }

    /// Who asks.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What the agent says about it.
    #[must_use]
    pub const fn said(&self) -> &Said {
        &self.said
    }

    /// The operation of every action.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| item.operation.as_str())
    }

    /// What the agent must still say before people are asked.
    #[must_use]
    pub fn owing(&self) -> Vec<Obligation> {
        let obligations = self.requirement.obligations();
        let brought = obligations.into_iter().filter(|one| Obligation::BROUGHT.contains(one));
        brought.filter(|one| self.said.to(one).is_none()).cloned().collect()
    }

    /// The checks that must pass when it is used.
    #[must_use]
    pub fn checks(&self) -> Vec<&str> {
        let names = self.requirement.obligations().into_iter().filter_map(|one| match one {
            Obligation::Check(name) => Some(name.as_str()),
            _ => None,
        });
        names.collect()
    }

    /// The digest of every action, lower-case hex, sorted.
    pub fn digests(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| item.digest.as_str())
    }
}

/// Without what could be a secret, could move a cursor or hide.
pub(super) fn masked(said: &Said) -> Said {
    let told = |text: &Option<String>| Some(redact::mask(&visible(text.as_deref()?, Said::CHARS_MAX)).into_owned());
    Said { reason: told(&said.reason), ticket: told(&said.ticket), rollback_plan: told(&said.rollback_plan) }
}

fn resources(action: &Action) -> impl ExactSizeIterator<Item = String> {
    action.resources().iter().map(|one| redact::mask(&visible(one.as_str(), CHARS_MAX)).into_owned())
}

/// Every field that the digest covers.
fn shown(action: &Action) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{} {}", visible(action.operation().as_str(), CHARS_MAX), blast_words(action));
    list(&mut text, "on", resources(action));
    let parameter = |name: &str, value: &str| {
        let value = if redact::is_secret_name(name) { "[masked]".to_owned() } else { visible(value, CHARS_MAX) };
        format!("{} = {value}", visible(name, CHARS_MAX))
    };
    list(&mut text, "with", action.parameters().iter().map(|one| parameter(&one.name, &one.value)));
    let place = action.place();
    let stands = [
        ("account", &place.account),
        ("subscription", &place.subscription),
        ("project", &place.project),
        ("region", &place.region),
        ("cluster", &place.cluster),
        ("namespace", &place.namespace),
        ("repository", &place.repository),
        ("host", &place.host),
    ];
    let mut stands: Vec<String> = stands
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", visible(value.as_deref()?, CHARS_MAX))))
        .collect();
    if place.loopback {
        stands.push("this machine".to_owned());
    }
    list(&mut text, "in", (!stands.is_empty()).then(|| stands.join(", ")).into_iter());
    let environment = action.environment();
    let mut name = visible(&environment.name, CHARS_MAX);
    if environment.name != environment.kind.as_str() {
        let _ = write!(name, ", counts as {}", environment.kind);
    }
    if let Some(because) = &environment.because {
        let _ = write!(name, " ({})", visible(because, CHARS_MAX));
    }
    list(&mut text, "environment", std::iter::once(name));
    list(&mut text, "so far", action.notes().iter().map(|note| redact::mask(&visible(note, CHARS_MAX)).into_owned()));
    text
}

fn list(text: &mut String, label: &str, lines: impl ExactSizeIterator<Item = String>) {
    let more = lines.len().saturating_sub(PARTS_SHOWN_MAX);
    for line in lines.take(PARTS_SHOWN_MAX) {
        let _ = writeln!(text, "  {label}: {line}");
    }
    if more > 0 {
        let _ = writeln!(text, "  {label}: and {more} more");
    }
}
