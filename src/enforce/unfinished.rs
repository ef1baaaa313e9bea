//! A request that waits before its entry is written. If its client goes away meanwhile, the log says so all the same.

use std::sync::Arc;

use super::tally::Shared;
use crate::model::{ApprovalId, Disposition};
use crate::record::{DecisionEntry, Entry, Ledger};

#[derive(Debug)]
pub(super) struct Unfinished<'a> {
    entry: &'a DecisionEntry,
    /// What it waits for.
    waits: Option<(Disposition, Option<ApprovalId>)>,
    ledger: &'a Ledger,
    tally: &'a Arc<Shared>,
}

impl<'a> Unfinished<'a> {
    /// Of a request that does not wait yet.
    pub(super) const fn new(entry: &'a DecisionEntry, ledger: &'a Ledger, tally: &'a Arc<Shared>) -> Self {
        Self { entry, waits: None, ledger, tally }
    }

    /// From here on the client may go away; then this is what became of the request.
    pub(super) const fn may_wait(&mut self, becomes: Disposition, approval: Option<ApprovalId>) {
        self.waits = Some((becomes, approval));
    }

    pub(super) const fn waits_no_more(&mut self) {
        self.waits = None;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        let Some((disposition, approval)) = self.waits else { return };
        let entry = DecisionEntry { disposition, approval, ..self.entry.clone() };
        self.tally.count(&entry);
        self.ledger.note(&Entry::Decision(Box::new(entry)));
    }
}
