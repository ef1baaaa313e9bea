//! What writes a log. One thread takes everything that waits, writes it with one write, answers those who asked for
//! [`Grade::Written`], syncs once when somebody asked for [`Grade::Durable`], and answers those. An entry that needs no
//! sync is written by its caller where nobody else writes just then: that costs a system call, and handing it to another
//! thread costs two switches of context.
//!
//! INVARIANT: a receipt is given only for bytes that stand in the file (and, when durable, that a sync has covered).
//! After any error every entry is turned away until the file has been brought back to what it should hold.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::disk::Disk;
use super::folder::{self, Lock};
use super::format::{Header, frame};
use super::recover::Place;
use super::seal::{Mark, Sealed, seal};
use super::segment::Segment;
use super::tree::Hash;
use super::{Entry, GapCause, GapEntry, Grade, LedgerError, LedgerOptions, Outcome, OutcomeEntry, Receipt};
use crate::model::Timestamp;

/// A batch ends at this many bytes.
const BATCH_BYTES: usize = 1 << 20;
/// Unsynced bytes are kept in memory, so they are synced at this many even if nobody waits for it.
const UNSYNCED_BYTES_MAX: usize = 1 << 20;
/// What was only written is synced when nothing has come for this long.
const IDLE: Duration = Duration::from_secs(1);
/// With less free space than this the log counts as full when it is looked at.
const ROOM_BYTES_MIN: u64 = 256 * 1024;
/// Entries that nobody waits for and that cannot be written are kept up to this many bytes.
const HELD_BYTES_MAX: usize = 4 << 20;

/// What the writer is asked.
#[derive(Debug)]
pub(super) enum Message {
    /// Write this.
    Append(Job),
    /// Something was written beside the queue, and is not synced.
    Wake,
    /// How many records there are, and the Merkle root over them.
    Head(oneshot::Sender<TreeHead>),
    /// Whether it could write now.
    Check(oneshot::Sender<Result<(), LedgerError>>),
    /// End in good order.
    Close,
}

/// The state of the log's Merkle tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// The sequence of the tree's first leaf: 0, unless damage was found and the tree began anew behind it.
    pub base: u64,
    /// The number of leaves.
    pub size: u64,
    /// The root over them (RFC 6962, section 2.1).
    pub root: Hash,
}

/// One entry on its way.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) sealed: Sealed,
    /// Who waits for it, and for what.
    pub(super) waiter: Option<Waiter>,
    /// Its place in the queue; given back when the job is done.
    pub(super) room: Option<OwnedSemaphorePermit>,
}

#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) grade: Grade,
    pub(super) answer: oneshot::Sender<Result<Receipt, LedgerError>>,
}

/// The writer's state.
#[derive(Debug)]
pub(super) struct Writer {
    folder: PathBuf,
    disk: Disk,
    options: LedgerOptions,
    lock: Lock,
    place: Place,
    /// The file failed and has not been mended.
    broken: bool,
    /// Entries nobody waits for that could not be written yet.
    held: VecDeque<Sealed>,
    held_bytes: usize,
    frames: Vec<u8>,
}

/// The writer where its thread and its callers find it; taken out when the log ends.
pub(super) type Shelf = Mutex<Option<Writer>>;

/// Serves the queue until it is closed.
pub(super) fn run(shelf: &Shelf, queue: &Receiver<Message>) {
    let lock = || shelf.lock().unwrap_or_else(PoisonError::into_inner);
    let unsynced = || lock().as_ref().map_or(0, Writer::unsynced_bytes);
    let mut jobs = Vec::new();
    let mut open = true;
    while open {
        let message = match unsynced() {
            0 => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            _ => queue.recv_timeout(IDLE),
        };
        let mut shelf = lock();
        let Some(writer) = shelf.as_mut() else { return };
        match message {
            Ok(message) => open = writer.take(message, &mut jobs),
            Err(RecvTimeoutError::Timeout) => writer.sync_idle(),
            Err(RecvTimeoutError::Disconnected) => open = false,
        }
        let mut bytes = 0;
        while open && bytes < BATCH_BYTES {
            let Ok(message) = queue.try_recv() else { break };
            open = writer.take(message, &mut jobs);
            bytes += jobs.last().map_or(0, |job| job.sealed.payload.len());
        }
        writer.commit(&mut jobs);
    }
    let writer = lock().take();
    if let Some(writer) = writer {
        writer.finish();
    }
}

impl Writer {
    pub(super) fn new(folder: PathBuf, disk: Disk, options: LedgerOptions, lock: Lock, place: Place) -> Self {
        let (held, frames) = (VecDeque::new(), Vec::new());
        Self { folder, disk, options, lock, place, broken: false, held, held_bytes: 0, frames }
    }

    /// `false` when it is the end.
    fn take(&mut self, message: Message, jobs: &mut Vec<Job>) -> bool {
        match message {
            Message::Append(job) => jobs.push(job),
            Message::Head(answer) => {
                self.commit(jobs);
                let tree = &self.place.tree;
                let _ = answer.send(TreeHead { base: self.place.base, size: tree.size(), root: tree.root() });
            }
            Message::Wake => {}
            Message::Check(answer) => {
                self.commit(jobs);
                let _ = answer.send(self.check());
            }
            Message::Close => return false,
        }
        true
    }

    /// Writes one entry that needs no sync, and answers who waits for it. True when the thread must look after what is
    /// not synced.
    pub(super) fn write_now(&mut self, job: Job) -> bool {
        let was_synced = self.unsynced_bytes() == 0;
        let mut jobs = vec![job];
        match self.put(&jobs) {
            Ok(sequence) => {
                for Job { sealed, waiter, .. } in jobs {
                    let receipt = Receipt { sequence, leaf: sealed.leaf };
                    // Whoever went away needs no answer.
                    let _ = waiter.map(|waiter| waiter.answer.send(Ok(receipt)));
                }
            }
            Err(error) => self.turn_away(&mut jobs, &error),
        }
        was_synced || self.unsynced_bytes() >= UNSYNCED_BYTES_MAX
    }

    /// Writes the jobs and answers those who wait; `jobs` is empty afterwards.
    pub(super) fn commit(&mut self, jobs: &mut Vec<Job>) {
        if jobs.is_empty() {
            if self.unsynced_bytes() >= UNSYNCED_BYTES_MAX {
                self.sync_idle();
            }
            return;
        }
        let first = match self.put(jobs) {
            Ok(first) => first,
            Err(error) => return self.turn_away(jobs, &error),
        };
        let mut durable = Vec::new();
        for (sequence, job) in (first..).zip(jobs.drain(..)) {
            let Job { sealed, waiter, room } = job;
            match waiter {
                Some(Waiter { grade: Grade::Durable, answer }) => durable.push((sequence, sealed, answer, room)),
                Some(Waiter { grade: Grade::Written, answer }) => {
                    // Whoever went away needs no answer.
                    let _ = answer.send(Ok(Receipt { sequence, leaf: sealed.leaf }));
                }
                None => {}
            }
        }
        if durable.is_empty() && self.unsynced_bytes() < UNSYNCED_BYTES_MAX {
            return;
        }
        match self.sync() {
            Ok(()) => {
                for (sequence, sealed, answer, _room) in durable {
                    let _ = answer.send(Ok(Receipt { sequence, leaf: sealed.leaf }));
                }
            }
            Err(error) => {
                let at = durable.first().map(|(_, sealed, ..)| sealed.at);
                self.fault(&error, at, durable.len() as u64);
                for (_, sealed, answer, _room) in durable {
                    self.hold_unsent(&sealed, &error);
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// Writes what could not be written before, and looks for room for more.
    pub(super) fn check(&mut self) -> Result<(), LedgerError> {
        if self.broken || self.place.gap.is_some() {
            let tried = self.put(&[]).and_then(|_| self.sync());
            tried.inspect_err(|error| self.turn_away(&mut Vec::new(), error))?;
        }
        let io = LedgerError::io("look for room for", &self.folder);
        let found = rustix::fs::statvfs(&self.folder).map_err(|error| io(error.into()))?;
        if found.f_bavail.saturating_mul(found.f_frsize) < ROOM_BYTES_MIN {
            return Err(LedgerError::io("write into", &self.folder)(std::io::ErrorKind::StorageFull.into()));
        }
        Ok(())
    }

    /// Writes what is held and the jobs, all or nothing; the sequence of the first job.
    fn put(&mut self, jobs: &[Job]) -> Result<u64, LedgerError> {
        let times = self.held.iter().chain(jobs.iter().map(|job| &job.sealed)).map(|sealed| sealed.at);
        let Some(at) = times.max().or_else(|| self.place.gap.as_ref().and_then(|gap| gap.since)) else {
            return self.mend(None).map(|()| self.place.sequence);
        };
        self.mend(Some(at))?;
        let gap = self.place.gap.as_ref().map(|gap| seal(&Entry::Gap(GapEntry { at, ..gap.clone() }))).transpose()?;
        let held = std::mem::take(&mut self.held);
        let all = || gap.iter().chain(&held).chain(jobs.iter().map(|job| &job.sealed));
        let mut frames = std::mem::take(&mut self.frames);
        frames.clear();
        for (sequence, sealed) in (self.place.sequence..).zip(all()) {
            frame(&mut frames, sequence, &sealed.leaf, &sealed.payload);
        }
        let written = self.write(&frames, at);
        self.frames = frames;
        if let Err(error) = written {
            self.held = held;
            return Err(error);
        }
        for sealed in all() {
            self.place.note(sealed.leaf, sealed.mark);
        }
        self.place.gap = None;
        self.held_bytes = 0;
        Ok(self.place.sequence - jobs.len() as u64)
    }

    fn write(&mut self, frames: &[u8], at: Timestamp) -> Result<(), LedgerError> {
        let full = |segment: &Segment| segment.end() + frames.len() as u64 > self.options.segment_bytes;
        if self.place.segment.as_ref().is_none_or(full) {
            self.begin_segment(at)?;
        }
        let Some(segment) = &mut self.place.segment else { return Err(LedgerError::Stopped) };
        segment.write(frames).inspect_err(|_| self.broken = true)
    }

    /// Begins the next segment. The one before is synced first, so that a sync of the new one covers all.
    pub(super) fn begin_segment(&mut self, at: Timestamp) -> Result<(), LedgerError> {
        self.sync().inspect_err(|_| self.broken = true)?;
        folder::make(&self.folder)?;
        if !self.lock.stands() {
            self.lock = Lock::take(&self.folder)?;
        }
        let place = &self.place;
        let header = Header {
            log: place.log,
            segment: place.number,
            first: place.sequence,
            at,
            base: place.base,
            tree: place.tree.clone(),
            open: place.open.iter().copied().collect(),
        };
        let segment = Segment::create(self.disk.clone(), &self.folder, &header)?;
        self.place.number += 1;
        if let Some(before) = self.place.segment.replace(segment) {
            // Only unused space is at stake.
            let _ = before.finish();
        }
        Ok(())
    }

    fn unsynced_bytes(&self) -> usize {
        self.place.segment.as_ref().map_or(0, Segment::unsynced_bytes)
    }

    fn sync(&mut self) -> Result<(), LedgerError> {
        match &mut self.place.segment {
            Some(segment) if segment.unsynced_bytes() > 0 => segment.sync(),
            _ => Ok(()),
        }
    }

    fn sync_idle(&mut self) {
        if self.broken {
            return;
        }
        if let Err(error) = self.sync() {
            self.fault(&error, None, 0);
        }
    }

    /// Brings a file that failed back into order.
    fn mend(&mut self, at: Option<Timestamp>) -> Result<(), LedgerError> {
        if !self.broken {
            return Ok(());
        }
        if let Some(segment) = &mut self.place.segment {
            match segment.mend() {
                // What stood there is gone; the reader will name it, and the next segment goes on.
                Err(LedgerError::Missing { path }) => {
                    self.place.segment = None;
                    let why = format!("`{}` was removed or replaced", path.display());
                    let gap = self.gap(GapCause::Missing, at, why);
                    gap.cause = GapCause::Missing;
                }
                other => other?,
            }
        }
        self.broken = false;
        Ok(())
    }

    fn gap(&mut self, cause: GapCause, since: Option<Timestamp>, why: String) -> &mut GapEntry {
        self.place.gap.get_or_insert_with(|| GapEntry {
            at: since.unwrap_or(Timestamp::from_millis(0)),
            since,
            cause,
            why,
            turned_away: 0,
            lost: 0,
            cut_bytes: 0,
            open: Vec::new(),
        })
    }

    /// Takes note of an error.
    fn fault(&mut self, error: &LedgerError, since: Option<Timestamp>, turned_away: u64) {
        self.broken = true;
        let gap = self.gap(GapCause::Unwritable, since, error.to_string());
        gap.since = gap.since.or(since);
        gap.turned_away += turned_away;
    }

    fn turn_away(&mut self, jobs: &mut Vec<Job>, error: &LedgerError) {
        let since = jobs.first().map(|job| job.sealed.at);
        let waiting = jobs.iter().filter(|job| job.waiter.is_some()).count();
        self.fault(error, since, waiting as u64);
        for job in jobs.drain(..) {
            match job.waiter {
                Some(waiter) => _ = waiter.answer.send(Err(error.clone())),
                None => self.hold(job.sealed),
            }
        }
    }

    /// Keeps an entry that nobody waits for until it can be written.
    fn hold(&mut self, sealed: Sealed) {
        if self.held_bytes + sealed.payload.len() > HELD_BYTES_MAX {
            if let Some(gap) = &mut self.place.gap {
                gap.lost += 1;
            }
            return;
        }
        self.held_bytes += sealed.payload.len();
        self.held.push_back(sealed);
    }

    /// An entry was written, but not made durable: nothing was sent on it, and the log will say so.
    fn hold_unsent(&mut self, sealed: &Sealed, error: &LedgerError) {
        if let Mark::Opens(id) = sealed.mark {
            let outcome = Outcome::Unreachable { error: format!("the record was not durable: {error}") };
            if let Ok(sealed) = seal(&Entry::Outcome(OutcomeEntry { id, at: sealed.at, outcome })) {
                self.hold(sealed);
            }
        }
    }

    /// Ends in good order. If that cannot be, the lock file stays behind and says that there is something to recover.
    pub(super) fn finish(mut self) {
        let pending = !self.held.is_empty() || self.broken;
        let clean = !pending || self.put(&[]).is_ok();
        if !clean || self.sync().is_err() {
            return;
        }
        if self.place.segment.take().is_none_or(|segment| segment.finish().is_ok()) {
            self.lock.release();
        }
    }
}
