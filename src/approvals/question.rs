//! What people are asked: rendered from the very actions that the approval is bound to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use vec1::Vec1;

use crate::classify::Action;
use crate::decide::{Decision, blast_words, visible};
use crate::model::{Effect, Principal};
use crate::record::redact;

/// Actions that are shown in full; of a larger request the rest is counted.
const ACTIONS_SHOWN_MAX: usize = 50;
/// Resources and parameters that are shown of one action.
const PARTS_SHOWN_MAX: usize = 50;
const CHARS_MAX: usize = 400;

/// What asks for approval: the rules, cells and limits by id, each with a digest of what it says. An approval given under
/// other words does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Requirement(BTreeMap<String, String>);

impl Requirement {
    /// The findings that carry an escalation; nothing where the decision is another.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        let mut requirement = Self::default();
        if decision.effect() == Effect::Escalate {
            for finding in decision.deciding() {
                requirement.add(&finding.rule, &[&finding.message, &finding.instead]);
            }
        }
        requirement
    }

    /// Adds a rule, cell or limit that says these words.
    pub fn add(&mut self, id: &str, words: &[&str]) {
        let digest = HEXLOWER.encode(&Sha256::digest(words.join("\0")));
        self.0.insert(id.to_owned(), digest.get(..16).unwrap_or_default().to_owned());
    }

    /// Whether everything that is needed `now` was asked about.
    #[must_use]
    pub fn covers(&self, now: &Self) -> bool {
        now.0.iter().all(|(id, words)| self.0.get(id) == Some(words))
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
}

/// A call that needs people.
#[derive(Clone, Debug)]
pub struct Question {
    pub(super) principal: Principal,
    /// SHA-256 over session, person and the digests: what one approval is for.
    pub(super) binding: String,
    pub(super) digests: Vec<String>,
    pub(super) operation: String,
    pub(super) shown: String,
    pub(super) requirement: Requirement,
    pub(super) revision: String,
}

impl Question {
    /// Asks for these actions.
    #[must_use]
    pub fn new(principal: &Principal, actions: &Vec1<Action>, requirement: Requirement, revision: &str) -> Self {
        let mut digests: Vec<String> = actions.iter().map(|action| HEXLOWER.encode(&action.digest())).collect();
        // A multiset: the order of a batch does not matter, how often a thing is done does.
        digests.sort_unstable();
        let bound = (1u8, principal.session, &principal.person, &digests);
        let binding = HEXLOWER.encode(&Sha256::digest(serde_json::to_vec(&bound).unwrap_or_default()));
        let mut operation = visible(actions.first().operation().as_str(), CHARS_MAX);
        if actions.len() > 1 {
            let _ = write!(operation, " (+{})", actions.len() - 1);
        }
        let shown = redact::mask(&shown(actions)).into_owned();
        let revision = revision.to_owned();
        Self { principal: principal.clone(), binding, digests, operation, shown, requirement, revision }
    }

    /// The same, for nothing but what carries these facts too: where it goes, what it brings.
    #[must_use]
    pub fn bound_to(mut self, facts: &[String]) -> Self {
        if !facts.is_empty() {
            let bound = (&self.binding, facts);
            self.binding = HEXLOWER.encode(&Sha256::digest(serde_json::to_vec(&bound).unwrap_or_default()));
            list(&mut self.shown, "only", facts.iter().map(|fact| visible(fact, CHARS_MAX)));
        }
        self
    }

    /// What asks for it.
    #[must_use]
    pub const fn requirement(&self) -> &Requirement {
        &self.requirement
    }
}

/// Every field that the digest covers.
fn shown(actions: &Vec1<Action>) -> String {
    let mut text = String::new();
    for action in actions.iter().take(ACTIONS_SHOWN_MAX) {
        let _ = writeln!(text, "{} {}", visible(action.operation().as_str(), CHARS_MAX), blast_words(action));
        list(&mut text, "on", action.resources().iter().map(|one| visible(one.as_str(), CHARS_MAX)));
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
        list(&mut text, "environment", std::iter::once(name));
    }
    if actions.len() > ACTIONS_SHOWN_MAX {
        let _ = writeln!(text, "and {} more actions", actions.len() - ACTIONS_SHOWN_MAX);
    }
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
