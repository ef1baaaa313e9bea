//! A change of requests under way: what is kept, and what the log and people are told of it.

use super::Now;
use super::notices;
use super::request::{Proof, Request};
use super::table::Table;
use crate::model::{Approval, DecisionId, Said, Timestamp};
use crate::notify::Notice;
use crate::record::{ApprovalEntry, ApprovalStep};

/// A change under way, and the steps that the log must be told of when it stands.
pub(super) struct Change<'a, 'c> {
    pub(super) table: Table<'a, 'c>,
    pub(super) now: Now,
    pub(super) steps: Vec<ApprovalEntry>,
    pub(super) notices: Vec<Notice>,
    /// What is asked for where nothing says it; `None`: nobody is told.
    pub(super) default: Option<&'a Approval>,
}

impl Change<'_, '_> {
    pub(super) fn keep(&mut self, request: &Request, step: ApprovalStep) -> rusqlite::Result<()> {
        self.table.put(request)?;
        self.tell(request, entry(request, step, self.now.wall));
        Ok(())
    }

    /// What was asked before stands in the log already: told again with each of many calls, it would grow without end.
    pub(super) fn keep_joined(&mut self, request: &Request, added: usize) -> rusqlite::Result<()> {
        self.table.put(request)?;
        let new = request.items.get(request.items.len().saturating_sub(added)..).unwrap_or_default();
        let shown = Request::shown_of(new);
        let digests = new.iter().map(|asked| asked.item.digest.clone()).collect();
        let entry = entry(request, ApprovalStep::Joined, self.now.wall);
        self.tell(request, ApprovalEntry { shown, digests, ..entry });
        Ok(())
    }

    fn tell(&mut self, request: &Request, step: ApprovalEntry) {
        self.notices.extend(self.default.and_then(|default| notices::notice(request, &step, default)));
        self.steps.push(step);
    }

    pub(super) fn keep_used(&mut self, request: &Request, decision: DecisionId) -> rusqlite::Result<()> {
        self.table.put(request)?;
        let entry = ApprovalEntry { decision: Some(decision), ..entry(request, ApprovalStep::Used, self.now.wall) };
        self.steps.push(entry);
        Ok(())
    }

    pub(super) fn keep_said(
        &mut self,
        request: &Request,
        step: ApprovalStep,
        by: String,
        reason: Option<String>,
    ) -> rusqlite::Result<()> {
        self.table.put(request)?;
        let proof = match step {
            ApprovalStep::BrokenGlass => request.glass.as_ref().map(|glass| &glass.proof),
            ApprovalStep::Reviewed => {
                request.glass.as_ref().and_then(|glass| glass.reviewed.as_ref()).and_then(|vote| vote.proof.as_ref())
            }
            ApprovalStep::Withdrawn => None,
            _ => request.votes.last().and_then(|vote| vote.proof.as_ref()),
        };
        let (key, statement, signature) = match proof {
            Some(Proof { key, statement, signature, .. }) => {
                (Some(key.clone()), Some(statement.clone()), Some(signature.clone()))
            }
            None => (None, None, None),
        };
        let entry = entry(request, step, self.now.wall);
        self.tell(request, ApprovalEntry { by: Some(by), reason, key, statement, signature, ..entry });
        Ok(())
    }
}

/// What the log is told; what was asked for stands in the steps that ask.
pub(super) fn entry(request: &Request, step: ApprovalStep, at: Timestamp) -> ApprovalEntry {
    let opens = step == ApprovalStep::Opened;
    let asks = opens || step == ApprovalStep::Joined;
    let lasts = asks || request.is_live() || step == ApprovalStep::Denied;
    ApprovalEntry {
        id: request.id,
        at,
        step,
        session: request.session,
        person: request.person.clone(),
        operation: request.operation(),
        until: lasts.then_some(request.until.at),
        by: None,
        reason: request.voided.clone().filter(|_| step == ApprovalStep::Voided),
        decision: None,
        shown: if opens { request.shown() } else { String::new() },
        digests: if opens { request.items.iter().map(|asked| asked.item.digest.clone()).collect() } else { Vec::new() },
        requirement: if asks { request.requirement.ids().map(str::to_owned).collect() } else { Vec::new() },
        revision: if asks { request.revision.clone() } else { String::new() },
        said: if asks { request.said.clone() } else { Said::default() },
        key: None,
        statement: None,
        signature: None,
    }
}
