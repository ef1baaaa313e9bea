//! The append-only log.
use std::path::{Path, PathBuf};

use super::{Entry, Grade, Receipt};
use crate::model::DecisionId;

/// A handle on the log; cheap to clone. One writer thread stands behind it.
#[derive(Clone, Debug)]
pub struct Ledger {}

/// How the log is kept.
#[derive(Clone, Debug)]
pub struct LedgerOptions {
    /// Bytes of one segment file (preallocated).
    pub segment_bytes: u64,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        Self { segment_bytes: 16 * 1024 * 1024 }
    }
}

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Decisions that were forwarded and have no outcome.
    pub open: Vec<DecisionId>,
    /// Bytes of a torn tail that were cut.
    pub cut_bytes: u64,
    /// Entries that stand.
    pub entries: u64,
}

/// The log cannot be kept. The request is answered with 503.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file system refused.
    #[error("cannot {doing} `{path}`: {why}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The writer has stopped.
    #[error("the log's writer has stopped")]
    Stopped,
}

impl Ledger {
    /// Opens (or begins) the log in its folder, cutting a torn tail.
    ///
    /// # Errors
    /// The folder cannot be used, or another gate writes to it.
    pub fn open(_folder: &Path, _options: LedgerOptions) -> Result<(Self, Recovered), LedgerError> {
        Err(LedgerError::Stopped)
    }

    /// Writes an entry; returns when it is as safe as `grade` says.
    ///
    /// # Errors
    /// It could not be written: nothing may be forwarded on it.
    pub async fn append(&self, _entry: &Entry, _grade: Grade) -> Result<Receipt, LedgerError> {
        Err(LedgerError::Stopped)
    }

    /// Queues an entry without waiting (outcomes). A failure shows at the next [`Ledger::append`].
    pub fn note(&self, _entry: &Entry) {}

    /// Writes what is queued, syncs, and ends the writer. Idempotent.
    pub fn close(&self) {}
}
