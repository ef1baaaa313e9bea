//! A log that several short-lived processes write to, each for a moment: commands that judge without a gate.
//!
//! Nobody keeps it open. Whoever has an entry takes the lock, finds the end, writes, and lets go; a process that dies in
//! between leaves at most a torn tail, which the next one cuts. The lock's file stays, and has another name than a gate's:
//! that one would say that a gate writes here, or died doing so.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;

use super::disk::Disk;
use super::folder::{self, Lock};
use super::format::LogId;
use super::recover::recover_with;
use super::seal::Sealed;
use super::segment::Segment;
use super::writer::{Job, Waiter, Writer};
use super::{Grade, LedgerError, LedgerOptions, Receipt};
use crate::model::Timestamp;

/// How long the lock is waited for: it is held for about as long as one write.
const PATIENCE: Duration = Duration::from_secs(1);
/// Finding the end means reading the last segment.
const SEGMENT_BYTES: u64 = 256 * 1024;

/// See the module.
#[derive(Debug)]
pub(super) struct Common {
    folder: PathBuf,
}

impl Common {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes one entry. Blocks.
    pub(super) fn append(&self, sealed: Sealed, grade: Grade) -> Result<Receipt, LedgerError> {
        let mut writer = self.writer(sealed.at)?;
        let (answer, mut receipt) = oneshot::channel();
        writer.commit(&mut vec![Job { sealed, waiter: Some(Waiter { grade, answer }), room: None }]);
        receipt.try_recv().map_err(|_| LedgerError::Stopped)?
    }

    /// Whether an entry could be written now. Blocks.
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        self.writer(Timestamp::from_millis(0))?.check()
    }

    /// Dropped without being finished: the unused space at the end is the next one's.
    fn writer(&self, at: Timestamp) -> Result<Writer, LedgerError> {
        folder::make(&self.folder)?;
        let lock = Lock::wait(&self.folder, PATIENCE)?;
        let disk = Disk::default();
        let (place, _) = recover_with(&self.folder, &disk, LogId::new(at, rand::random()), Segment::go_on)?;
        let options = LedgerOptions { segment_bytes: SEGMENT_BYTES };
        Ok(Writer::new(self.folder.clone(), disk, options, lock, place))
    }
}
