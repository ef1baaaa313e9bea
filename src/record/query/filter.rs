//! What a reviewer types: `decision:deny env:prod op:aws:cloudformation:* since:7d "free text"`.
//!
//! Words with different keys must all hold; of words with the same key, or values behind one key with commas between
//! them, one is enough. `*` stands for any text. Case does not matter. What cannot be understood is an error.

use std::fmt::Write as _;

use crate::model::{Disposition, Door, Effect, EnvironmentKind, Evidence, Hazard, Impact, Scope, Timestamp};
use crate::record::{
    ActionEntry, ApprovalEntry, ConfigurationEntry, DecisionEntry, Entry, Ground, Outcome, RejectedEntry, SessionEntry,
};

/// Which decisions are wanted. The empty filter wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    terms: Vec<Term>,
}

/// A word of a filter that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// There is no such key.
    #[error("there is no key `{key}`{}", suggestion)]
    Key {
        /// What was typed.
        key: String,
        /// What may have been meant, as the end of the sentence.
        suggestion: String,
    },
    /// The key knows no such value.
    #[error("`{value}` is not a value of `{key}`{}", suggestion)]
    Value {
        /// The key.
        key: &'static str,
        /// What was typed.
        value: String,
        /// What may have been meant, as the end of the sentence.
        suggestion: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    key: Key,
    /// Lower case; one is enough.
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Decision,
    Disposition,
    Impact,
    Scope,
    Hazard,
    Evidence,
    Door,
    Outcome,
    Environment,
    Agent,
    Person,
    Session,
    Operation,
    Rule,
    Resource,
    Account,
    Region,
    Cluster,
    Host,
    Id,
    Text,
}

/// The keys as they are typed; the first of a key's names is the one that help shows.
const KEYS: &[(&str, Key)] = &[
    ("decision", Key::Decision),
    ("disposition", Key::Disposition),
    ("impact", Key::Impact),
    ("scope", Key::Scope),
    ("hazard", Key::Hazard),
    ("evidence", Key::Evidence),
    ("door", Key::Door),
    ("outcome", Key::Outcome),
    ("env", Key::Environment),
    ("environment", Key::Environment),
    ("agent", Key::Agent),
    ("person", Key::Person),
    ("session", Key::Session),
    ("op", Key::Operation),
    ("operation", Key::Operation),
    ("rule", Key::Rule),
    ("resource", Key::Resource),
    ("account", Key::Account),
    ("region", Key::Region),
    ("cluster", Key::Cluster),
    ("host", Key::Host),
    ("id", Key::Id),
    ("text", Key::Text),
];

/// What `outcome:` knows. `none` is a decision that let something through and has no outcome yet.
const OUTCOMES: &[&str] = &["answered", "tunnelled", "unreachable", "broken", "abandoned", "none"];

impl Filter {
    /// Reads the words of a filter. Times such as `7d` count back from `now`.
    ///
    /// # Errors
    /// A key or a value is not known.
    pub fn parse<S: AsRef<str>>(words: &[S], now: Timestamp) -> Result<Self, FilterError> {
        let mut filter = Self::default();
        for word in words.iter().map(AsRef::as_ref).filter(|word| !word.trim().is_empty()) {
            filter.add(word, now)?;
        }
        Ok(filter)
    }

    /// The earliest time that is wanted.
    #[must_use]
    pub const fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Narrows the filter to what came at this time or later.
    pub fn set_since(&mut self, since: Timestamp) {
        self.since = self.since.max(Some(since));
    }

    /// Whether every decision is wanted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.since.is_none() && self.until.is_none() && self.terms.is_empty()
    }

    /// Whether everything from its earliest time on is wanted.
    #[must_use]
    pub const fn is_only_since(&self) -> bool {
        self.until.is_none() && self.terms.is_empty()
    }

    /// Whether it may be wanted, whatever its outcome will be.
    #[must_use]
    pub fn may_want(&self, entry: &Entry) -> bool {
        self.fits(entry, |term, decision| term.key == Key::Outcome || decision_has(term, decision, None))
    }

    /// Whether a decision or a rejected request is wanted. `outcome` is how it ended, as far as that is known.
    #[must_use]
    pub fn wants(&self, entry: &Entry, outcome: Option<&Outcome>) -> bool {
        self.fits(entry, |term, decision| decision_has(term, decision, outcome))
    }

    fn fits(&self, entry: &Entry, has: impl Fn(&Term, &DecisionEntry) -> bool) -> bool {
        let at = entry.at();
        if self.since.is_some_and(|since| at < since) || self.until.is_some_and(|until| at >= until) {
            return false;
        }
        match entry {
            Entry::Decision(decision) => self.terms.iter().all(|term| has(term, decision)),
            Entry::Rejected(rejected) => self.terms.iter().all(|term| rejected_has(term, rejected)),
            Entry::Approval(step) => self.terms.iter().all(|term| step_has(term, step)),
            Entry::Configuration(change) => self.terms.iter().all(|term| change_has(term, change)),
            Entry::Session(session) => self.terms.iter().all(|term| session_has(term, session)),
            _ => false,
        }
    }

    /// Whether the answer depends on how a request ended.
    #[must_use]
    pub fn asks_for_outcome(&self) -> bool {
        self.terms.iter().any(|term| term.key == Key::Outcome)
    }

    fn add(&mut self, word: &str, now: Timestamp) -> Result<(), FilterError> {
        let quoted = word.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest));
        if let Some(text) = quoted {
            self.put(Key::Text, vec![text.to_lowercase()]);
            return Ok(());
        }
        let Some((name, value)) = word.split_once(':').filter(|(name, _)| !name.contains(char::is_whitespace)) else {
            let key = if ["d_", "a_", "c_"].iter().any(|kind| word.starts_with(kind)) {
                Key::Id
            } else if word.starts_with("s_") {
                Key::Session
            } else {
                Key::Text
            };
            self.put(key, vec![word.to_lowercase()]);
            return Ok(());
        };
        let name = name.to_lowercase();
        match name.as_str() {
            "since" => self.since = self.since.max(Some(time("since", value, now)?)),
            "until" => {
                let until = time("until", value, now)?;
                self.until = Some(self.until.map_or(until, |before| before.min(until)));
            }
            _ => {
                let Some((name, key)) = KEYS.iter().find(|(known, _)| *known == name) else {
                    return Err(unknown_key(&name, word));
                };
                self.put(*key, values(name, *key, value)?);
            }
        }
        Ok(())
    }

    fn put(&mut self, key: Key, values: Vec<String>) {
        // Two free texts must both be found; of two environments one is enough.
        match self.terms.iter_mut().find(|term| term.key == key && key != Key::Text) {
            Some(term) => term.values.extend(values),
            None => self.terms.push(Term { key, values }),
        }
    }
}

/// Reads a time: `30m`, `2h`, `7d`, `2w` back from `now`, or a date, or a date with a time (UTC unless it says otherwise).
#[must_use]
pub fn parse_time(text: &str, now: Timestamp) -> Option<Timestamp> {
    let back = text.char_indices().next_back().and_then(|(at, unit)| {
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        text.get(..at)?.parse::<u64>().ok()?.checked_mul(seconds)?.checked_mul(1_000)
    });
    if let Some(millis) = back {
        return Some(Timestamp::from_millis(now.millis().saturating_sub(millis)));
    }
    let utc = |time: jiff::civil::DateTime| time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let time = text
        .parse::<jiff::Timestamp>()
        .ok()
        .or_else(|| text.parse::<jiff::civil::DateTime>().ok().and_then(utc))
        .or_else(|| {
            text.parse::<jiff::civil::Date>().ok().and_then(|date| utc(date.to_datetime(jiff::civil::Time::midnight())))
        })?;
    u64::try_from(time.as_millisecond()).ok().map(Timestamp::from_millis)
}

fn time(key: &'static str, text: &str, now: Timestamp) -> Result<Timestamp, FilterError> {
    parse_time(text, now).ok_or_else(|| FilterError::Value {
        key,
        value: text.to_owned(),
        suggestion: ": `30m`, `7d`, `2026-11-22` and `2026-11-22T06:00` are".to_owned(),
    })
}

/// The words a key knows; `None` when any text may stand there.
fn closed(key: Key) -> Option<Vec<&'static str>> {
    macro_rules! all {
        ($words:ty) => {
            Some(<$words>::ALL.iter().map(|word| word.as_str()).collect())
        };
    }
    match key {
        Key::Decision => {
            let mut words: Vec<_> = Effect::ALL.iter().map(|word| word.as_str()).collect();
            words.push("rejected");
            Some(words)
        }
        Key::Disposition => all!(Disposition),
        Key::Impact => all!(Impact),
        Key::Scope => all!(Scope),
        Key::Hazard => all!(Hazard),
        Key::Evidence => all!(Evidence),
        Key::Door => all!(Door),
        Key::Outcome => Some(OUTCOMES.to_vec()),
        _ => None,
    }
}

fn values(name: &'static str, key: Key, text: &str) -> Result<Vec<String>, FilterError> {
    let known = closed(key);
    // Free text may hold commas.
    let parts: Vec<&str> = if key == Key::Text { vec![text] } else { text.split(',').collect() };
    let mut values = Vec::with_capacity(parts.len());
    for part in parts {
        let value = part.to_lowercase();
        let fits = known.as_ref().is_none_or(|known| known.contains(&value.as_str()));
        if value.is_empty() || !fits {
            let suggestion = suggest(&value, &known.unwrap_or_default());
            return Err(FilterError::Value { key: name, value: part.to_owned(), suggestion });
        }
        values.push(value);
    }
    Ok(values)
}

fn unknown_key(name: &str, word: &str) -> FilterError {
    let providers = ["aws", "kubernetes", "gcp", "azure", "github", "http", "net", "sql", "shell", "git", "mcp"];
    let suggestion = if name == "arn" {
        format!("; for a resource type `resource:{word}`")
    } else if providers.contains(&name) {
        format!("; for an operation type `op:{word}`")
    } else {
        let mut names: Vec<_> = KEYS.iter().map(|(name, _)| *name).collect();
        names.extend(["since", "until"]);
        suggest(name, &names)
    };
    FilterError::Key { key: name.to_owned(), suggestion }
}

/// The nearest known word, else all of them.
fn suggest(word: &str, known: &[&str]) -> String {
    let near = known.iter().map(|known| (strsim::damerau_levenshtein(word, known), *known)).min();
    match near {
        Some((distance, near)) if distance <= 2 && distance < near.len() => format!("; did you mean `{near}`?"),
        Some(_) => {
            let mut text = String::from("; there are ");
            for (index, known) in known.iter().enumerate() {
                let _ = write!(text, "{}{known}", if index == 0 { "" } else { ", " });
            }
            text
        }
        None => String::new(),
    }
}

fn decision_has(term: &Term, entry: &DecisionEntry, outcome: Option<&Outcome>) -> bool {
    let actions = |get: fn(&ActionEntry) -> &str| entry.actions.iter().any(|action| term.fits(get(action)));
    let places = |get: fn(&ActionEntry) -> Option<&String>| {
        entry.actions.iter().any(|action| get(action).is_some_and(|value| term.fits(value)))
    };
    match term.key {
        Key::Decision => term.fits(entry.decision.as_str()),
        Key::Disposition => term.fits(entry.disposition.as_str()),
        Key::Impact => actions(|action| action.blast.impact.as_str()),
        Key::Scope => actions(|action| action.blast.scope.as_str()),
        Key::Evidence => actions(|action| action.evidence.as_str()),
        Key::Hazard => {
            entry.actions.iter().any(|action| action.blast.hazards.iter().any(|hazard| term.fits(hazard.as_str())))
        }
        Key::Door => term.fits(entry.door.as_str()),
        Key::Outcome => term.fits(outcome_word(entry, outcome)),
        Key::Environment => {
            let kind = |kind: EnvironmentKind| term.fits(kind.as_str());
            entry.actions.iter().any(|action| term.fits(&action.environment.name) || kind(action.environment.kind))
        }
        Key::Agent => entry.principal.agent.as_ref().is_some_and(|agent| term.fits(agent)),
        Key::Person => entry.principal.person.as_ref().is_some_and(|person| term.fits(person)),
        Key::Session => term.fits(&entry.principal.session.to_string()),
        Key::Operation => entry.actions.iter().any(|action| {
            std::iter::once(&action.operation).chain(&action.aliases).any(|operation| term.fits(operation.as_str()))
        }),
        Key::Rule => entry.findings.iter().any(|finding| term.fits(&finding.rule)),
        Key::Resource => {
            entry.actions.iter().any(|action| action.resources.iter().any(|resource| term.fits(resource.as_str())))
        }
        Key::Account => places(|action| action.place.account.as_ref()),
        Key::Region => places(|action| action.place.region.as_ref()),
        Key::Cluster => places(|action| action.place.cluster.as_ref()),
        Key::Host => places(|action| action.place.host.as_ref()),
        Key::Id => term.fits(&entry.id.to_string()) || entry.approval.is_some_and(|id| term.fits(&id.to_string())),
        Key::Text => decision_texts(entry).any(|text| term.is_in(text)),
    }
}

fn decision_texts(entry: &DecisionEntry) -> impl Iterator<Item = &str> {
    let actions = entry.actions.iter().flat_map(|action| {
        let parameters =
            action.parameters.iter().flat_map(|parameter| [parameter.name.as_str(), parameter.value.as_str()]);
        let resources = action.resources.iter().map(|resource| resource.as_str());
        [action.operation.as_str(), action.environment.name.as_str()].into_iter().chain(resources).chain(parameters)
    });
    let findings = entry.findings.iter().flat_map(|finding| [finding.rule.as_str(), finding.message.as_str()]);
    let people = [entry.principal.agent.as_deref(), entry.principal.person.as_deref(), Some(entry.request.as_str())];
    actions.chain(findings).chain(people.into_iter().flatten())
}

fn rejected_has(term: &Term, entry: &RejectedEntry) -> bool {
    match term.key {
        Key::Decision => term.fits("rejected"),
        Key::Door => term.fits(entry.door.as_str()),
        Key::Agent => entry.principal.agent.as_ref().is_some_and(|agent| term.fits(agent)),
        Key::Person => entry.principal.person.as_ref().is_some_and(|person| term.fits(person)),
        Key::Session => term.fits(&entry.principal.session.to_string()),
        Key::Host => entry.target.as_ref().is_some_and(|target| term.fits(target)),
        Key::Id => term.fits(&entry.id.to_string()),
        Key::Text => term.is_in(&entry.why) || entry.target.as_ref().is_some_and(|target| term.is_in(target)),
        _ => false,
    }
}

fn step_has(term: &Term, entry: &ApprovalEntry) -> bool {
    match term.key {
        Key::Person => entry.person.iter().chain(&entry.by).any(|person| term.fits(person)),
        Key::Session => term.fits(&entry.session.to_string()),
        Key::Operation => term.fits(&entry.operation),
        Key::Rule => entry.requirement.iter().any(|rule| term.fits(rule)),
        Key::Id => term.fits(&entry.id.to_string()) || entry.decision.is_some_and(|id| term.fits(&id.to_string())),
        Key::Text => {
            let texts = entry.by.iter().chain(&entry.reason).chain([&entry.operation, &entry.shown]);
            texts.into_iter().any(|text| term.is_in(text))
        }
        _ => false,
    }
}

fn session_has(term: &Term, entry: &SessionEntry) -> bool {
    match term.key {
        Key::Person => entry.person.iter().chain(&entry.by).any(|person| term.fits(person)),
        Key::Agent => entry.agent.iter().any(|agent| term.fits(agent)),
        Key::Session | Key::Id => term.fits(&entry.id.to_string()),
        Key::Text => {
            let texts = entry.by.iter().chain(&entry.task).chain([&entry.boundary, &entry.why]);
            texts.into_iter().any(|text| term.is_in(text)) || term.is_in(entry.step.as_str())
        }
        _ => false,
    }
}

fn change_has(term: &Term, entry: &ConfigurationEntry) -> bool {
    match term.key {
        Key::Id => {
            let approval = match &entry.ground {
                Some(Ground::Approval { id, .. }) => Some(id.to_string()),
                _ => None,
            };
            term.fits(&entry.id) || approval.is_some_and(|id| term.fits(&id))
        }
        Key::Person => {
            let voters = match &entry.ground {
                Some(Ground::Approval { voters, .. }) => voters.as_slice(),
                _ => &[],
            };
            entry.by.iter().chain(voters).any(|person| term.fits(person))
        }
        Key::Text => {
            let revisions = [&entry.before, &entry.id, &entry.rules_before, &entry.rules_after];
            let told =
                [entry.step.as_str().to_owned(), entry.ground.as_ref().map(ToString::to_string).unwrap_or_default()];
            let texts = entry.by.iter().chain(&entry.files).chain(&entry.why).chain(revisions).chain(&told);
            texts.into_iter().any(|text| term.is_in(text)) || term.is_in("configuration")
        }
        _ => false,
    }
}

fn outcome_word(entry: &DecisionEntry, outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Answered { .. }) => "answered",
        Some(Outcome::Tunnelled { .. }) => "tunnelled",
        Some(Outcome::Unreachable { .. }) => "unreachable",
        Some(Outcome::Broken { .. }) => "broken",
        Some(Outcome::Abandoned) => "abandoned",
        None if matches!(entry.disposition, Disposition::Forwarded | Disposition::Observed) => "none",
        None => "",
    }
}

impl Term {
    /// Whether one of the values is this text, with `*` for any text.
    fn fits(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.values.iter().any(|pattern| glob(pattern, &text))
    }

    /// Whether one of the values stands somewhere in the text.
    fn is_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.values.iter().any(|value| text.contains(value.as_str()))
    }
}

/// Matches `*` in linear passes: the first part at the beginning, the last at the end, the others in order.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, behind)) = text.split_once(part) else { return false };
        text = behind;
    }
    text.ends_with(last)
}
