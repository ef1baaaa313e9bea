//! What was taken outlives the gate: it is written down about once a second, and read when a gate first needs it.
//!
//! Never on a request's way: a crash forgets the last second or so, an orderly end nothing. Several gates of one user keep
//! the same buckets: each writes what it spent on top of what the others had written, and looks at theirs when it writes its
//! own. Only digests and times are written.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::book::Book;
use super::cell::{Cell, Names, Tokens, joined};
use super::quota::moment;
use crate::model::{Clock, Timestamp};
use crate::rules::{Bucket, Name};
use crate::store::{Store, StoreError};

/// How often it is written down.
const EVERY: Duration = Duration::from_secs(1);
/// In one transaction: others write the state, too.
const BUCKETS_MAX: usize = 4096;
/// Buckets that are read.
const READ_MAX: usize = 1 << 20;
/// Two gates' looks may cross.
const OVERLAP: Duration = Duration::from_secs(10);
/// After it could not be read, in milliseconds: nobody waits for it at every call.
const TRIED_AGAIN: u64 = 5_000;
const MILLI: u64 = 1_000_000;

/// The buckets of a gate, for whoever keeps them.
#[derive(Clone, Debug)]
pub struct Buckets {
    pub(super) book: Arc<Book>,
    kept: Arc<Kept>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Kept {
    store: OnceLock<Store>,
    is_read: AtomicBool,
    look: Mutex<Look>,
    /// Tells what others wrote from what this gate wrote.
    writer: i64,
}

#[derive(Debug, Default)]
struct Look {
    /// SQLite's count of what others changed.
    version: Option<i64>,
    /// When it could not be read, in milliseconds since the epoch.
    failed: Option<u64>,
    /// When, in milliseconds since the epoch.
    at: u64,
    trouble: Option<String>,
}

impl Buckets {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let writer = i64::from_ne_bytes(rand::random());
        let kept = Kept { store: OnceLock::new(), is_read: AtomicBool::new(false), look: Mutex::default(), writer };
        Self { book: Arc::default(), kept: Arc::new(kept), clock }
    }

    /// Keeps them in this state from now on. It is opened when something is first taken, or [`Buckets::recall`]ed.
    pub fn keep_in(&self, store: Store) {
        if self.kept.store.set(store).is_ok() {
            self.book.is_kept.store(true, Ordering::SeqCst);
        }
    }

    /// Reads what was written down, unless that was done. Blocks for a moment, once.
    ///
    /// # Errors
    /// The state cannot be used: nothing is known of before, and it is tried again some seconds later.
    pub fn recall(&self) -> Result<(), StoreError> {
        let Some(store) = self.kept.store.get().filter(|_| !self.kept.is_read.load(Ordering::Acquire)) else {
            return Ok(());
        };
        let mut look = self.kept.look.lock().unwrap_or_else(PoisonError::into_inner);
        if self.kept.is_read.load(Ordering::Acquire) {
            return Ok(());
        }
        let now = self.clock.now().millis();
        if look.failed.is_some_and(|failed| now.abs_diff(failed) < TRIED_AGAIN) {
            return Ok(());
        }
        look.failed = Some(now);
        let read = store.read(|ask| {
            let mut query = ask.prepare(&format!("{SELECT} WHERE ends_at > ?1 ORDER BY ends_at DESC LIMIT ?2"))?;
            query.query_map(params![signed(now), READ_MAX], row)?.collect::<rusqlite::Result<Vec<_>>>()
        });
        look.trouble = read.as_ref().err().map(|error| format!("what limits have spent is not known: {error}"));
        for (bucket, cell) in read? {
            self.book.home(bucket).absorb(bucket, &cell);
        }
        look.at = now;
        self.kept.is_read.store(true, Ordering::Release);
        Ok(())
    }

    /// Writes down what has changed, and looks at what other gates wrote. Blocks.
    ///
    /// # Errors
    /// The state cannot be used; what was to be written is written the next time.
    pub fn save(&self) -> Result<(), StoreError> {
        let Some(store) = self.kept.store.get().filter(|_| self.kept.is_read.load(Ordering::Acquire)) else {
            return Ok(());
        };
        let mut look = self.kept.look.lock().unwrap_or_else(PoisonError::into_inner);
        let saved = self.write(store).and_then(|()| self.refresh(store, &mut look));
        look.trouble = saved.as_ref().err().map(|error| format!("what limits have spent cannot be kept: {error}"));
        saved
    }

    /// Why they are not kept at the moment.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.kept.look.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.book.len()
    }

    /// Whether nothing is taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets those that are full again.
    pub fn sweep(&self) {
        let now = moment(self.clock.now());
        self.book.each().for_each(|mut home| home.sweep(now));
    }

    /// Writes down what changes, and forgets what is over, for as long as it is polled.
    pub async fn keep(self) {
        let mut rounds = 0u32;
        loop {
            tokio::time::sleep(EVERY).await;
            rounds = rounds.wrapping_add(1);
            if self.is_empty_handed() {
                continue;
            }
            let buckets = self.clone();
            let done = tokio::task::spawn_blocking(move || {
                // What fails is told by `trouble`.
                let _ = buckets.save();
                if rounds.is_multiple_of(60) {
                    buckets.sweep();
                }
            });
            if done.await.is_err() {
                return;
            }
        }
    }

    /// Nothing was ever taken.
    fn is_empty_handed(&self) -> bool {
        self.kept.store.get().is_some() && !self.kept.is_read.load(Ordering::Acquire)
    }

    fn write(&self, store: &Store) -> Result<(), StoreError> {
        loop {
            let mut out = Vec::new();
            for mut home in self.book.each() {
                out.extend(home.take_changed(BUCKETS_MAX - out.len()));
            }
            if out.is_empty() {
                return Ok(());
            }
            let now = self.clock.now();
            match store.write(|change| write(change, &out, (self.kept.writer, now))) {
                Ok(joined) => joined.iter().for_each(|(bucket, cell)| self.book.home(*bucket).absorb(*bucket, cell)),
                Err(error) => {
                    out.iter().for_each(|(bucket, cell)| self.book.home(*bucket).still_changed(*bucket, cell));
                    return Err(error);
                }
            }
        }
    }

    fn refresh(&self, store: &Store, look: &mut Look) -> Result<(), StoreError> {
        let version = store.read(|ask| ask.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0)))?;
        if look.version == Some(version) {
            return Ok(());
        }
        let now = self.clock.now().millis();
        let since = look.at.saturating_sub(u64::try_from(OVERLAP.as_millis()).unwrap_or(0));
        let theirs = store.read(|ask| {
            let mut query = ask.prepare_cached(&format!("{SELECT} WHERE written_at >= ?1 AND writer <> ?2"))?;
            let rows = query.query_map(params![signed(since), self.kept.writer], row)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        for (bucket, cell) in theirs {
            self.book.home(bucket).absorb(bucket, &cell);
        }
        (look.version, look.at) = (Some(version), now);
        Ok(())
    }
}

const SELECT: &str = "SELECT bucket, full_at, per, names FROM limit_buckets";

/// Writes what was spent on top of what is there. Gives what came of it.
fn write(
    change: &Transaction<'_>,
    out: &[(Bucket, Cell)],
    (writer, now): (i64, Timestamp),
) -> rusqlite::Result<Vec<(Bucket, Cell)>> {
    let now = signed(now.millis());
    change.execute("DELETE FROM limit_buckets WHERE ends_at < ?1", [now])?;
    let mut find = change.prepare_cached(&format!("{SELECT} WHERE bucket = ?1"))?;
    let mut put = change.prepare_cached(
        "INSERT OR REPLACE INTO limit_buckets (bucket, ends_at, full_at, per, names, writer, written_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut joined_cells = Vec::with_capacity(out.len());
    for (bucket, ours) in out {
        let theirs = find.query_row([bucket.to_bytes()], row).optional()?.map(|(_, cell)| cell);
        let cell = both(ours, theirs.as_ref());
        let ends_at = signed(cell.ends().div_ceil(MILLI));
        let bytes = bucket.to_bytes();
        match &cell {
            Cell::Tokens(tokens) => {
                put.execute(params![bytes, ends_at, signed(tokens.full_at), None::<i64>, None::<Vec<u8>>, writer, now])?
            }
            Cell::Names(names) => {
                let per = signed(names.per);
                put.execute(params![bytes, ends_at, None::<i64>, per, packed(&names.touched()), writer, now])?
            }
        };
        joined_cells.push((*bucket, cell));
    }
    Ok(joined_cells)
}

fn both(ours: &Cell, theirs: Option<&Cell>) -> Cell {
    match (ours, theirs) {
        (Cell::Tokens(ours), theirs) => {
            let theirs = theirs.map_or(0, Cell::ends);
            Cell::Tokens(Tokens::known(joined(theirs, ours.full_at, ours.spent)))
        }
        (Cell::Names(ours), theirs) => {
            // What a call may yet touch is not written before it does.
            let mut names = Names::of(ours.per);
            names.absorb(&ours.touched());
            if let Some(Cell::Names(theirs)) = theirs {
                names.absorb(&theirs.touched());
            }
            Cell::Names(Box::new(names))
        }
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<(Bucket, Cell)> {
    let bucket = Bucket::from_bytes(row.get(0)?);
    let (full_at, per): (Option<u64>, Option<u64>) = (row.get(1)?, row.get(2)?);
    let cell = match full_at {
        Some(full_at) => Cell::Tokens(Tokens::known(full_at)),
        None => {
            let mut names = Names::of(per.unwrap_or(0));
            names.absorb(&unpacked(&row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default()));
            Cell::Names(Box::new(names))
        }
    };
    Ok((bucket, cell))
}

/// Sixteen bytes of name and eight of time, each.
fn packed(touched: &[(Name, u64)]) -> Vec<u8> {
    touched.iter().flat_map(|(name, at)| name.to_be_bytes().into_iter().chain(at.to_be_bytes())).collect()
}

fn unpacked(bytes: &[u8]) -> Vec<(Name, u64)> {
    let (pairs, _) = bytes.as_chunks::<24>();
    let number = |bytes: &[u8]| bytes.iter().fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
    let one = |pair: &[u8; 24]| {
        let (name, at) = pair.split_at(16);
        (number(name), u64::try_from(number(at)).unwrap_or(0))
    };
    pairs.iter().map(one).collect()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
