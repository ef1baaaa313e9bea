//! The log of a stage, read with the product's own reader.

use std::path::Path;

use blastgate::model::{Disposition, Effect};
use blastgate::record::query::Reader;
use blastgate::record::{DecisionEntry, Entry, OutcomeEntry, RejectedEntry};

/// All entries, oldest first.
#[derive(Debug)]
pub(crate) struct Log(Vec<Entry>);

impl Log {
    #[track_caller]
    pub(crate) fn read(folder: &Path) -> Self {
        let reader = Reader::open(folder).expect("the log's folder");
        Self(reader.map(|stored| stored.expect("an undamaged log").entry().expect("a known entry")).collect())
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0
    }

    pub(crate) fn decisions(&self) -> Vec<&DecisionEntry> {
        self.0.iter().filter_map(|entry| if let Entry::Decision(one) = entry { Some(&**one) } else { None }).collect()
    }

    pub(crate) fn rejected(&self) -> Vec<&RejectedEntry> {
        self.0.iter().filter_map(|entry| if let Entry::Rejected(one) = entry { Some(one) } else { None }).collect()
    }

    pub(crate) fn outcomes(&self) -> Vec<&OutcomeEntry> {
        self.0.iter().filter_map(|entry| if let Entry::Outcome(one) = entry { Some(one) } else { None }).collect()
    }

    /// Decisions on one operation.
    pub(crate) fn of(&self, operation: &str) -> Vec<&DecisionEntry> {
        let is = |one: &&DecisionEntry| one.actions.iter().any(|action| action.operation.to_string() == operation);
        self.decisions().into_iter().filter(is).collect()
    }

    /// Decisions that did not let the request through, as `operation decision`.
    pub(crate) fn stopped(&self) -> Vec<String> {
        let stopped = self.decisions().into_iter().filter(|one| one.disposition != Disposition::Forwarded);
        stopped.map(describe).collect()
    }

    /// Nothing was stopped and nothing was unreadable.
    #[track_caller]
    pub(crate) fn is_undisturbed(&self) {
        assert_eq!(self.stopped(), Vec::<String>::new(), "harmless work was stopped");
        assert!(self.rejected().is_empty(), "harmless work was unreadable: {:#?}", self.rejected());
    }
}

pub(crate) fn describe(one: &DecisionEntry) -> String {
    let operations: Vec<String> = one.actions.iter().map(|action| action.operation.to_string()).collect();
    format!("{} {}", operations.join("+"), one.decision)
}

/// Whether it was let through.
pub(crate) fn passed(one: &DecisionEntry) -> bool {
    one.disposition == Disposition::Forwarded && matches!(one.decision, Effect::Allow | Effect::Throttle)
}
