//! What the log knows of a call before people answer it: what its session did last, and who was refused the same before.

use std::collections::VecDeque;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ReadError, Reader, Stored};
use crate::model::{DecisionId, Disposition, SessionId, Timestamp};
use crate::record::{DecisionEntry, Entry, Outcome, OutcomeEntry};

/// So many of each are told, the latest.
const TOLD_MAX: usize = 10;
/// Resources of one of them.
const RESOURCES_MAX: usize = 3;

/// What is asked about.
#[derive(Clone, Debug)]
pub struct Sought<'a> {
    /// The session.
    pub session: SessionId,
    /// The operations, each with what it is done to, masked as the log masks.
    pub operations: Vec<(&'a str, &'a [String])>,
    /// From when on the log is read.
    pub since: Timestamp,
}

/// What was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// What the session did last, the oldest first.
    pub session: VecDeque<Did>,
    /// The last refusals of the same, of any session, the oldest first.
    pub refused: VecDeque<Did>,
    /// How often the same was refused.
    pub refusals: usize,
    /// From when on the log was read.
    pub since: Timestamp,
    /// Parts of the log cannot be read; they may hold more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_gaps: bool,
}

/// One earlier call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Did {
    /// The decision.
    pub id: DecisionId,
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub agent: Option<String>,
    /// What; of several actions the first, and how many more.
    pub what: String,
    /// On what, the first of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// What became of it.
    pub disposition: Disposition,
    /// The status that upstream answered with, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// Reads it from the logs in this folder. What cannot be read is passed over, and said.
///
/// # Errors
/// The folder cannot be listed.
pub fn past(log: &Path, sought: &Sought<'_>) -> Result<Past, ReadError> {
    let (of_session, refused) = (VecDeque::new(), VecDeque::new());
    let mut past = Past { session: of_session, refused, refusals: 0, since: sought.since, has_gaps: false };
    let session = sought.session.to_string();
    for stored in Reader::open_since(log, Some(sought.since))? {
        let Ok(stored) = stored else {
            past.has_gaps = true;
            continue;
        };
        if stored.at() < sought.since {
            continue;
        }
        if stored.is("outcome") {
            past.ended(&stored);
        } else if stored.is("decision") && concerns(&stored, &session, sought) {
            match stored.entry() {
                Ok(Entry::Decision(entry)) => past.decided(&entry, sought),
                _ => past.has_gaps = true,
            }
        }
    }
    Ok(past)
}

/// Whether it may be told, without reading it whole.
fn concerns(stored: &Stored, session: &str, sought: &Sought<'_>) -> bool {
    let has = |text: &str| memchr::memmem::find(stored.payload(), text.as_bytes()).is_some();
    has(session) || sought.operations.iter().any(|(operation, _)| has(operation))
}

impl Past {
    fn decided(&mut self, entry: &DecisionEntry, sought: &Sought<'_>) {
        if entry.principal.session == sought.session {
            push(&mut self.session, did(entry));
        }
        let stopped = matches!(entry.disposition, Disposition::Refused | Disposition::Pending);
        if stopped && entry.actions.iter().any(|action| is_same(action, sought)) {
            self.refusals += 1;
            push(&mut self.refused, did(entry));
        }
    }

    fn ended(&mut self, stored: &Stored) {
        let id = stored.id().unwrap_or_default();
        // Neither holds more than ten, and most outcomes belong to neither.
        let known = |did: &&mut Did| did.id.to_string() == id;
        if let Some(did) = self.session.iter_mut().rev().find(known)
            && let Ok(Entry::Outcome(OutcomeEntry { outcome: Outcome::Answered { status, .. }, .. })) = stored.entry()
        {
            did.status = Some(status);
        }
    }
}

fn is_same(action: &crate::record::ActionEntry, sought: &Sought<'_>) -> bool {
    sought.operations.iter().any(|(operation, resources)| {
        let shares = || action.resources.iter().any(|one| resources.iter().any(|resource| one.as_str() == resource));
        action.operation.as_str() == *operation && (shares() || resources.is_empty() && action.resources.is_empty())
    })
}

fn did(entry: &DecisionEntry) -> Did {
    let first = entry.actions.first();
    let name = first.map_or("nothing", |action| action.operation.as_str());
    let what = match entry.actions.len() {
        0 | 1 => name.to_owned(),
        more => format!("{name} (+{})", more - 1),
    };
    let resources = first.map(|action| action.resources.as_slice()).unwrap_or_default();
    Did {
        id: entry.id,
        at: entry.at,
        agent: entry.principal.agent.clone(),
        what,
        on: resources.iter().take(RESOURCES_MAX).map(|one| one.as_str().to_owned()).collect(),
        disposition: entry.disposition,
        status: None,
    }
}

fn push(list: &mut VecDeque<Did>, one: Did) {
    if list.len() == TOLD_MAX {
        list.pop_front();
    }
    list.push_back(one);
}
