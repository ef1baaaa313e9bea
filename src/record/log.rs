//! The append-only log: the handle that the gate holds.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{Semaphore, oneshot};

use super::common::Common;
use super::disk::Disk;
use super::folder::{self, Lock};
use super::format::LogId;
use super::recover::recover;
use super::seal::{Mark, Sealed, seal};
use super::writer::{Job, Message, Shelf, TreeHead, Waiter, Writer, run};
use super::{Entry, GapCause, GapEntry, Grade, Outcome, OutcomeEntry, Receipt};
use crate::model::{DecisionId, Timestamp};

/// A handle on the log; cheap to clone. One writer thread stands behind a gate's own log; when the last handle goes, it is
/// closed. A common log ([`Ledger::common`]) has no thread, and is open only while something is written.
#[derive(Clone)]
pub struct Ledger {
    kept: Kept,
}

/// How a log is kept.
#[derive(Clone)]
enum Kept {
    /// Open, by this process alone.
    Own(Arc<Shared>),
    /// By many processes, each for a moment.
    Common(Arc<Common>),
}

/// How the log is kept.
#[derive(Clone, Debug)]
pub struct LedgerOptions {
    /// Bytes of one segment file at most. The file grows in small steps, so a short log is a small file.
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
    /// What a person should know: damage that was found and left as it is.
    pub troubles: Vec<String>,
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
    /// Another gate writes to the folder.
    #[error("another gate{} keeps its log in `{folder}`", holder(*.pid))]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The process that holds it, if it could be read.
        pid: Option<u32>,
    },
    /// The segment was removed or replaced underneath.
    #[error("the log's file `{path}` was removed or replaced")]
    Missing {
        /// The segment.
        path: PathBuf,
    },
    /// The folder was written by a later version.
    #[error("`{path}` has format version {version}, which this version cannot continue")]
    Version {
        /// The segment.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// The entry is larger than a record may be.
    #[error("an entry of {bytes} bytes is longer than a record may be")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The entry cannot be written as JSON.
    #[error("the entry cannot be written down: {why}")]
    Entry {
        /// Why not.
        why: String,
    },
    /// A name that cannot be a log's folder.
    #[error("`{name}` is not a name for a log's folder: letters, digits, `_` and `-` are")]
    Name {
        /// The name.
        name: String,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

impl LedgerError {
    /// Makes an io error one of ours.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { doing, path, why: error.to_string() }
    }
}

/// Kibibytes of entries that may wait for the writer; more must wait for room.
const QUEUE_KIB: usize = 16 * 1024;

/// Folders of dead gates that one start recovers at most; the others wait for the next start.
const ADOPTED_MAX: usize = 64;

struct Shared {
    queue: Sender<Message>,
    shelf: Arc<Shelf>,
    room: Arc<Semaphore>,
    folder: PathBuf,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("folder", &self.folder()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens (or begins) the log in its folder, cutting a torn tail.
    ///
    /// # Errors
    /// The folder cannot be used, or another gate writes to it.
    pub fn open(folder: &Path, options: LedgerOptions) -> Result<(Self, Recovered), LedgerError> {
        Self::open_on(Disk::default(), folder, options)
    }

    /// Opens a log of its own for this gate: `root/name`. Logs beside it whose gates died without closing them are
    /// recovered and closed first; what they left open is part of what is returned.
    ///
    /// `name` should sort by time (a session's id does); `at` is the time that the recovery is recorded under.
    ///
    /// # Errors
    /// The folder cannot be used, or another gate writes to it.
    pub fn open_own(
        root: &Path,
        name: &str,
        at: Timestamp,
        options: LedgerOptions,
    ) -> Result<(Self, Recovered), LedgerError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if name.is_empty() || name.len() > 100 || !name.bytes().all(plain) {
            return Err(LedgerError::Name { name: name.to_owned() });
        }
        let own = root.join(name);
        let (ledger, mut recovered) = Self::open(&own, options.clone())?;
        let logs = folder::logs(root).map_err(LedgerError::io("list", root))?;
        let unclosed = logs.iter().rev().filter(|folder| **folder != own && folder::is_unclosed(folder));
        for folder in unclosed.take(ADOPTED_MAX) {
            match adopt(folder, at, &options) {
                Ok(found) => {
                    recovered.open.extend(found.open);
                    recovered.cut_bytes += found.cut_bytes;
                    recovered.troubles.extend(found.troubles);
                }
                // Its gate lives.
                Err(LedgerError::Held { .. }) => {}
                // One folder that cannot be read must not keep the gate from starting; it stays as it is.
                Err(error) => recovered.troubles.push(error.to_string()),
            }
        }
        recovered.open.sort_unstable();
        Ok((ledger, recovered))
    }

    pub(super) fn open_on(disk: Disk, folder: &Path, options: LedgerOptions) -> Result<(Self, Recovered), LedgerError> {
        let (writer, recovered) = writer(disk, folder, options)?;
        let (queue, messages) = channel();
        let shelf = Arc::new(Shelf::new(Some(writer)));
        let theirs = Arc::clone(&shelf);
        let thread = std::thread::Builder::new().name("ledger".to_owned()).spawn(move || run(&theirs, &messages));
        let thread = thread.map_err(LedgerError::io("start a writer for", folder))?;
        let shared = Shared {
            queue,
            shelf,
            room: Arc::new(Semaphore::new(QUEUE_KIB)),
            folder: folder.to_owned(),
            writer: Mutex::new(Some(thread)),
        };
        Ok((Self { kept: Kept::Own(Arc::new(shared)) }, recovered))
    }

    /// The log that short-lived commands share: each entry is written under a lock, and nothing is kept open. Calls block
    /// for as long as that takes. Nothing is touched before the first entry.
    #[must_use]
    pub fn common(folder: &Path) -> Self {
        Self { kept: Kept::Common(Arc::new(Common::new(folder))) }
    }

    /// The folder the log is in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match &self.kept {
            Kept::Own(shared) => &shared.folder,
            Kept::Common(common) => common.folder(),
        }
    }

    /// Writes an entry; returns when it is as safe as `grade` says.
    ///
    /// If the caller goes away while it waits (its future is dropped), nothing can be sent on the entry, and an outcome
    /// `abandoned` is recorded for it.
    ///
    /// # Errors
    /// It could not be written: nothing may be forwarded on it. After an error each further call tries anew.
    pub async fn append(&self, entry: &Entry, grade: Grade) -> Result<Receipt, LedgerError> {
        let sealed = seal(entry)?;
        let shared = match &self.kept {
            Kept::Own(shared) => shared,
            Kept::Common(common) => return common.append(sealed, grade),
        };
        if grade == Grade::Written {
            let (answer, mut receipt) = oneshot::channel();
            let job = Job { sealed, waiter: Some(Waiter { grade, answer }), room: None };
            return match shared.write_now(job) {
                None => receipt.try_recv().map_err(|_| LedgerError::Stopped)?,
                Some(job) => shared.queued(job.sealed, grade).await,
            };
        }
        shared.queued(sealed, grade).await
    }

    /// The same for callers that may block; not for asynchronous tasks.
    ///
    /// # Errors
    /// It could not be written.
    pub fn append_blocking(&self, entry: &Entry, grade: Grade) -> Result<Receipt, LedgerError> {
        let sealed = seal(entry)?;
        let shared = match &self.kept {
            Kept::Own(shared) => shared,
            Kept::Common(common) => return common.append(sealed, grade),
        };
        let (answer, receipt) = oneshot::channel();
        let job = Job { sealed, waiter: Some(Waiter { grade, answer }), room: None };
        let left = if grade == Grade::Written { shared.write_now(job) } else { Some(job) };
        if let Some(Job { sealed, waiter, room }) = left {
            shared.send(sealed, waiter, room)?;
        }
        receipt.blocking_recv().map_err(|_| LedgerError::Stopped)?
    }

    /// Queues an entry without waiting (outcomes). A failure shows at the next [`Ledger::append`]; meanwhile the entry
    /// is kept in memory, within bounds, and written when that is possible again.
    pub fn note(&self, entry: &Entry) {
        let Ok(sealed) = seal(entry) else { return };
        match &self.kept {
            Kept::Own(shared) => {
                if let Some(job) = shared.write_now(Job { sealed, waiter: None, room: None }) {
                    let _ = shared.send(job.sealed, None, None);
                }
            }
            // Nobody could try again later.
            Kept::Common(common) => _ = common.append(sealed, Grade::Written),
        }
    }

    /// The size and root of the log's Merkle tree, for a checkpoint.
    ///
    /// # Errors
    /// The writer has stopped.
    pub async fn tree_head(&self) -> Result<TreeHead, LedgerError> {
        let Kept::Own(shared) = &self.kept else { return Err(LedgerError::Stopped) };
        let (answer, head) = oneshot::channel();
        shared.queue.send(Message::Head(answer)).map_err(|_| LedgerError::Stopped)?;
        head.await.map_err(|_| LedgerError::Stopped)
    }

    /// Whether the log could be written now; what could not be written before is tried again. Blocks; not for
    /// asynchronous tasks.
    ///
    /// # Errors
    /// It could not.
    pub fn check(&self) -> Result<(), LedgerError> {
        let shared = match &self.kept {
            Kept::Own(shared) => shared,
            Kept::Common(common) => return common.check(),
        };
        let (answer, found) = oneshot::channel();
        shared.queue.send(Message::Check(answer)).map_err(|_| LedgerError::Stopped)?;
        found.blocking_recv().map_err(|_| LedgerError::Stopped)?
    }

    /// Writes what is queued, syncs, and ends the writer; blocks until that is done. Idempotent.
    pub fn close(&self) {
        if let Kept::Own(shared) = &self.kept {
            shared.close();
        }
    }
}

/// Someone waits for a receipt. Dropped before it came, and the entry lets something be forwarded: it never will be.
struct Waiting<'a> {
    shared: &'a Shared,
    at: Timestamp,
    mark: Mark,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Mark::Opens(id) = self.mark {
            let outcome = Entry::Outcome(OutcomeEntry { id, at: self.at, outcome: Outcome::Abandoned });
            // Through the queue: the decision itself still stands in it.
            if let Ok(sealed) = seal(&outcome) {
                let _ = self.shared.send(sealed, None, None);
            }
        }
    }
}

impl Shared {
    /// Hands an entry to the writer's thread, and waits for its receipt.
    async fn queued(&self, sealed: Sealed, grade: Grade) -> Result<Receipt, LedgerError> {
        let kib = u32::try_from(sealed.payload.len() / 1024 + 1).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(kib).await.map_err(|_| LedgerError::Stopped)?;
        let (answer, receipt) = oneshot::channel();
        let mut waiting = Waiting { shared: self, at: sealed.at, mark: sealed.mark };
        self.send(sealed, Some(Waiter { grade, answer }), Some(room))?;
        let receipt = receipt.await;
        waiting.mark = Mark::None;
        receipt.map_err(|_| LedgerError::Stopped)?
    }

    /// Writes an entry in the caller's own thread, if nobody else writes just then; gives it back if somebody does.
    fn write_now(&self, job: Job) -> Option<Job> {
        let Ok(mut shelf) = self.shelf.try_lock() else { return Some(job) };
        let Some(writer) = shelf.as_mut() else { return Some(job) };
        let is_due = writer.write_now(job);
        drop(shelf);
        if is_due {
            let _ = self.queue.send(Message::Wake);
        }
        None
    }

    fn send(
        &self,
        sealed: Sealed,
        waiter: Option<Waiter>,
        room: Option<tokio::sync::OwnedSemaphorePermit>,
    ) -> Result<(), LedgerError> {
        self.queue.send(Message::Append(Job { sealed, waiter, room })).map_err(|_| LedgerError::Stopped)
    }

    fn close(&self) {
        let _ = self.queue.send(Message::Close);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

/// Takes the folder and makes it ready to be written to.
fn writer(disk: Disk, folder: &Path, options: LedgerOptions) -> Result<(Writer, Recovered), LedgerError> {
    folder::make(folder)?;
    let lock = Lock::take(folder)?;
    // The time names the log; nothing is decided by it.
    let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default();
    let fresh = LogId::new(Timestamp::from_millis(now), rand::random());
    let (place, recovered) = recover(folder, &disk, fresh)?;
    let begins = place.number == 0;
    let mut writer = Writer::new(folder.to_owned(), disk, options, lock, place);
    if begins {
        // Now, so that a folder that cannot be written to is found out before a request depends on it.
        writer.begin_segment(fresh.began())?;
    }
    Ok((writer, recovered))
}

/// Recovers and closes the log of a gate that died.
fn adopt(folder: &Path, at: Timestamp, options: &LedgerOptions) -> Result<Recovered, LedgerError> {
    let (mut writer, recovered) = writer(Disk::default(), folder, options.clone())?;
    let gap = GapEntry {
        at,
        since: None,
        cause: GapCause::Died,
        why: "the gate ended without closing its log".to_owned(),
        turned_away: 0,
        lost: 0,
        cut_bytes: recovered.cut_bytes,
        open: recovered.open.clone(),
    };
    let (answer, mut receipt) = oneshot::channel();
    let waiter = Some(Waiter { grade: Grade::Durable, answer });
    writer.commit(&mut vec![Job { sealed: seal(&Entry::Gap(gap))?, waiter, room: None }]);
    writer.finish();
    match receipt.try_recv() {
        Ok(Err(error)) => Err(error),
        _ => Ok(recovered),
    }
}
