//! What a rule asks for beyond an answer: how many people, which ones, and what the agent must bring.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use super::text::{List, RawApproval, RawRule};
use crate::config::{People, Person, Report, Spot, duration, is_role};
use crate::model::blast_words as words;
use crate::model::{Effect, Level};

words! {
    /// What the agent must bring before people are asked.
    Obligation {
        /// Why it wants to do this.
        Reason = "reason",
        /// The change ticket.
        Ticket = "ticket",
        /// How it would be undone.
        RollbackPlan = "rollback-plan",
    }
}

/// Who may answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voter {
    /// Whoever has the role.
    Role(String),
    /// Whoever has this level or a higher one.
    Level(Level),
    /// One person, by name.
    Person(String),
}

impl Voter {
    fn is(&self, person: &Person) -> bool {
        match self {
            Self::Role(role) => person.standing.roles.contains(role),
            Self::Level(level) => person.standing.level.is_some_and(|one| one >= *level),
            Self::Person(name) => person.name == *name,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("role", role) if is_role(role) => Some(Self::Role(role.to_owned())),
            ("level", level) => level.parse().ok().map(Self::Level),
            ("person", name) if !name.is_empty() => Some(Self::Person(name.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Voter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "role:{role}"),
            Self::Level(level) => write!(f, "level:{level}"),
            Self::Person(name) => write!(f, "person:{name}"),
        }
    }
}

/// Whose answers an escalation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// How many different people.
    pub quorum: u32,
    /// Whose; empty: anybody's.
    pub from: Vec<Voter>,
    /// Whether the person that the session acts for is left out.
    pub exclude_requester: bool,
    /// How long an answer may be used.
    pub expires: Option<Duration>,
}

impl Approval {
    /// How many of these people may answer.
    #[must_use]
    pub fn reachable(&self, people: &People) -> usize {
        let may = |person: &&Person| self.from.is_empty() || self.from.iter().any(|voter| voter.is(person));
        people.all().iter().filter(may).count()
    }
}

impl fmt::Display for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.quorum == 1 { "approval" } else { "approvals" };
        write!(f, "{} {noun}", self.quorum)?;
        for (at, voter) in self.from.iter().enumerate() {
            write!(f, "{}{voter}", if at == 0 { " of " } else { " or " })?;
        }
        Ok(())
    }
}

/// Everything of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Whose answers.
    pub approval: Option<Approval>,
    /// What the agent brings.
    pub obligations: Vec<Obligation>,
}

impl Demand {
    /// In words, where there is anything: `2 approvals of role:sre, a reason, a rollback plan`.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let brought = self.obligations.iter().map(|one| match one {
            Obligation::Reason => "a reason".to_owned(),
            Obligation::Ticket => "a ticket".to_owned(),
            Obligation::RollbackPlan => "a rollback plan".to_owned(),
        });
        let parts: Vec<String> = self.approval.iter().map(ToString::to_string).chain(brought).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Checks both keys of a rule.
    pub(super) fn check(raw: &RawRule, report: &mut Report<'_>) -> Self {
        let places = [raw.approval.as_ref().map(Spot::from), raw.obligations.as_ref().map(Spot::from)];
        if raw.decision.value != Effect::Escalate
            && let Some(at) = places.into_iter().flatten().next()
        {
            let help = "write `decision: escalate`: only what people can let pass needs their answers".to_owned();
            report.say(at, format!("a rule that says `{}` asks nobody", raw.decision.value), Some(help));
        }
        let obligations: Vec<Obligation> = raw
            .obligations
            .iter()
            .flat_map(|list: &Spanned<List<Obligation>>| &list.value.0)
            .map(|(one, _)| *one)
            .collect();
        if let Some(list) = raw.obligations.as_ref().filter(|list| list.value.0.is_empty()) {
            report.say(list, "an empty list asks for nothing", Some("remove the key or name one".to_owned()));
        }
        Self { approval: raw.approval.as_ref().map(|raw| approval(&raw.value, raw.into(), report)), obligations }
    }
}

fn approval(raw: &RawApproval, at: Spot, report: &mut Report<'_>) -> Approval {
    let quorum = raw.quorum.as_ref().map_or(1, |quorum| quorum.value);
    if quorum == 0 {
        report.say(at, "a quorum of nobody is none", Some("write `quorum: 1` or more".to_owned()));
    }
    let mut from = Vec::new();
    for (text, spot) in raw.from.iter().flat_map(|list| &list.value.0) {
        match Voter::parse(&text.0) {
            Some(voter) => from.push(voter),
            None => {
                let help = "write `role:sre`, `level:senior` or `person:ada@shop.example`".to_owned();
                report.say(spot.unwrap_or(at), format!("`{}` names no approvers", text.0), Some(help));
            }
        }
    }
    let named = from.iter().filter(|voter| matches!(voter, Voter::Person(_))).count();
    if named == from.len() && !from.is_empty() && (named as u64) < u64::from(quorum) {
        report.say(at, format!("{named} people cannot make a quorum of {quorum}"), None);
    }
    let expires = raw.expires.as_ref().and_then(|text| {
        let parsed = duration(&text.value).ok().filter(|lasts| !lasts.is_zero());
        if parsed.is_none() {
            report.say(text, format!("`{}` is not a time", text.value), Some("write `15m` or `2h`".to_owned()));
        }
        parsed
    });
    Approval { quorum, from, exclude_requester: raw.exclude_requester.unwrap_or(true), expires }
}
