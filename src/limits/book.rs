//! All buckets: in sixty-four homes, each under its own lock.
//!
//! What a session takes from buckets of its own stands in one home: checking all its limits and writing them is one step
//! under one lock. Buckets of a person, an environment or the like have homes of their own; whoever needs several locks
//! them in their order, so that nobody waits in a circle.
//!
//! There is room for so many buckets. One that is full again says nothing more than one that is not there, and is forgotten.
//! While every one is live, whoever is new takes from the *overflow* bucket of the limit and the home, with all others that
//! are new: nothing that was taken is forgotten, and nobody gets more than the quantity. As long as something is taken from
//! it, those without a bucket stay there.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cell::{Cell, Names, Tokens};
use super::quota::Moment;
use crate::rules::{Bucket, HOMES, Name};

/// Buckets in one home: a million in all.
pub(super) const CELLS_MAX: usize = (1 << 20) / HOMES;
/// Resources in the sets of one home.
const NAMES_MAX: usize = 1 << 16;
/// Fewer are not worth a look.
const SWEEP_FROM: usize = 256;

/// A bucket is already a digest.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Digested(u64);

impl Hasher for Digested {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, digest: u128) {
        self.0 = u64::try_from(digest & u128::from(u64::MAX)).unwrap_or(0);
    }
}

type ByDigest = BuildHasherDefault<Digested>;

/// The buckets.
#[derive(Debug)]
pub(super) struct Book {
    homes: [Mutex<Home>; HOMES],
    /// Changes are noted, for whoever writes them down.
    pub(super) is_kept: AtomicBool,
}

/// Buckets under one lock.
#[derive(Debug, Default)]
pub(super) struct Home {
    cells: HashMap<Bucket, Cell, ByDigest>,
    /// Resources in all sets.
    names: usize,
    changed: HashSet<Bucket, ByDigest>,
    is_kept: bool,
    /// No bucket ends before.
    next_end: Moment,
    sweep_from: usize,
}

/// What is to be written when everything fits.
#[derive(Debug)]
pub(super) enum Draft {
    Tokens { bucket: Bucket, full_at: Moment, cost: u64 },
    Names { bucket: Bucket, names: Vec<Name>, per: u64 },
}

/// What was written, to be given back.
#[derive(Debug)]
pub(super) enum Taken {
    Tokens { bucket: Bucket, cost: u64, at: Moment },
    Names { bucket: Bucket, names: Vec<Name> },
}

impl Draft {
    pub(super) const fn bucket(&self) -> Bucket {
        match self {
            Self::Tokens { bucket, .. } | Self::Names { bucket, .. } => *bucket,
        }
    }
}

impl Taken {
    pub(super) const fn bucket(&self) -> Bucket {
        match self {
            Self::Tokens { bucket, .. } | Self::Names { bucket, .. } => *bucket,
        }
    }
}

impl Default for Book {
    fn default() -> Self {
        Self { homes: std::array::from_fn(|_| Mutex::default()), is_kept: AtomicBool::new(false) }
    }
}

impl Book {
    /// The home of a bucket.
    pub(super) fn home(&self, bucket: Bucket) -> MutexGuard<'_, Home> {
        let [first, ..] = &self.homes;
        let mut home = self.homes.get(bucket.home()).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner);
        home.is_kept = self.is_kept.load(Ordering::Relaxed);
        home
    }

    /// The homes of these buckets, in the one order in which they are locked.
    pub(super) fn open(&self, buckets: impl Iterator<Item = Bucket>) -> Open<'_> {
        let mut buckets: Vec<Bucket> = buckets.collect();
        buckets.sort_unstable_by_key(|bucket| bucket.home());
        buckets.dedup_by_key(|bucket| bucket.home());
        Open(buckets.into_iter().map(|bucket| (bucket.home(), self.home(bucket))).collect())
    }

    /// One home after the other.
    pub(super) fn each(&self) -> impl Iterator<Item = MutexGuard<'_, Home>> {
        self.homes.iter().map(|home| home.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Buckets of which something is taken, or was lately.
    pub(super) fn len(&self) -> usize {
        self.each().map(|home| home.cells.len()).sum()
    }
}

/// Locked homes.
pub(super) struct Open<'a>(Vec<(usize, MutexGuard<'a, Home>)>);

impl Open<'_> {
    /// The home of a bucket that was asked for.
    pub(super) fn home(&mut self, bucket: Bucket) -> Option<&mut Home> {
        self.0.iter_mut().find(|(number, _)| *number == bucket.home()).map(|(_, home)| &mut **home)
    }
}

impl Home {
    /// The bucket that stands for this one: itself, or the overflow.
    pub(super) fn settled(&mut self, bucket: Bucket, overflow: Bucket, now: Moment) -> Bucket {
        if self.cells.contains_key(&bucket) {
            return bucket;
        }
        let is_over = self.cells.get(&overflow).is_some_and(|cell| cell.ends() > now);
        if !is_over && self.has_room(now) { bucket } else { overflow }
    }

    fn has_room(&mut self, now: Moment) -> bool {
        let (count, sweep_from) = (self.cells.len(), self.sweep_from.clamp(SWEEP_FROM, CELLS_MAX));
        if count >= sweep_from && now >= self.next_end {
            self.sweep(now);
            self.sweep_from = self.cells.len() * 2;
        }
        self.cells.len() < CELLS_MAX
    }

    /// When this bucket of tokens is full.
    pub(super) fn full_at(&self, bucket: Bucket) -> Moment {
        match self.cells.get(&bucket) {
            Some(Cell::Tokens(tokens)) => tokens.full_at,
            _ => 0,
        }
    }

    /// The resources in this bucket.
    pub(super) fn names(&self, bucket: Bucket) -> Option<&Names> {
        match self.cells.get(&bucket) {
            Some(Cell::Names(names)) => Some(names),
            _ => None,
        }
    }

    /// Whether so many more resources can be kept.
    pub(super) fn holds_names(&mut self, more: usize, now: Moment) -> bool {
        if self.names + more > NAMES_MAX && now >= self.next_end {
            self.sweep(now);
        }
        self.names + more <= NAMES_MAX
    }

    pub(super) fn write(&mut self, draft: Draft, now: Moment) -> Taken {
        match draft {
            Draft::Tokens { bucket, full_at, cost } => {
                let empty = Cell::Tokens(Tokens::default());
                if let Cell::Tokens(tokens) = self.cells.entry(bucket).or_insert(empty) {
                    tokens.take(full_at, cost, now);
                }
                self.changed(bucket, full_at);
                Taken::Tokens { bucket, cost, at: now }
            }
            Draft::Names { bucket, names, per } => {
                let empty = || Cell::Names(Box::new(Names::of(per)));
                let mut more = 0;
                if let Cell::Names(known) = self.cells.entry(bucket).or_insert_with(empty) {
                    let before = known.len();
                    known.hold(&names);
                    more = known.len() - before;
                }
                self.names += more;
                Taken::Names { bucket, names }
            }
        }
    }

    /// The call goes on: what it touches counts from now.
    pub(super) fn commit(&mut self, taken: &Taken, now: Moment) {
        if let Taken::Names { bucket, names } = taken {
            self.settle(*bucket, names, Some(now));
        }
    }

    /// The call does not go on.
    pub(super) fn give_back(&mut self, taken: &Taken) {
        match taken {
            Taken::Tokens { bucket, cost, at } => {
                let mut end = None;
                if let Some(Cell::Tokens(tokens)) = self.cells.get_mut(bucket) {
                    tokens.give_back(*cost, *at);
                    end = Some(tokens.full_at);
                }
                if let Some(end) = end {
                    self.changed(*bucket, end);
                }
            }
            Taken::Names { bucket, names } => self.settle(*bucket, names, None),
        }
    }

    fn settle(&mut self, bucket: Bucket, names: &[Name], touched: Option<Moment>) {
        let Some(Cell::Names(known)) = self.cells.get_mut(&bucket) else { return };
        let before = known.len();
        known.settle(names, touched);
        let (gone, end) = (before - known.len(), touched.map_or(Moment::MAX, |at| at.saturating_add(known.per)));
        self.names = self.names.saturating_sub(gone);
        self.changed(bucket, end);
    }

    fn changed(&mut self, bucket: Bucket, end: Moment) {
        self.next_end = self.next_end.min(end);
        if self.is_kept {
            self.changed.insert(bucket);
        }
    }

    /// Forgets buckets that are full again, and resources that no longer count.
    pub(super) fn sweep(&mut self, now: Moment) {
        self.names = 0;
        self.next_end = Moment::MAX;
        let (names, next_end) = (&mut self.names, &mut self.next_end);
        self.cells.retain(|_, cell| {
            if let Cell::Names(known) = cell {
                known.sweep(now);
                *names += known.len();
            }
            let ends = cell.ends();
            if ends > now {
                *next_end = (*next_end).min(ends);
            }
            ends > now
        });
        if self.cells.len() < self.cells.capacity() / 4 {
            self.cells.shrink_to_fit();
        }
    }

    /// What has changed since it was asked last, as long as there is something: at most so many.
    pub(super) fn take_changed(&mut self, at_most: usize) -> Vec<(Bucket, Cell)> {
        let buckets: Vec<Bucket> = self.changed.iter().take(at_most).copied().collect();
        let mut out = Vec::with_capacity(buckets.len());
        for bucket in buckets {
            self.changed.remove(&bucket);
            if let Some(cell) = self.cells.get_mut(&bucket) {
                out.push((bucket, cell.clone()));
                if let Cell::Tokens(tokens) = cell {
                    tokens.spent = 0;
                }
            }
        }
        out
    }

    /// It could not be written down.
    pub(super) fn still_changed(&mut self, bucket: Bucket, before: &Cell) {
        if let (Some(Cell::Tokens(tokens)), Cell::Tokens(before)) = (self.cells.get_mut(&bucket), before) {
            tokens.spent = tokens.spent.saturating_add(before.spent);
        }
        self.changed.insert(bucket);
    }

    /// What others wrote down.
    pub(super) fn absorb(&mut self, bucket: Bucket, theirs: &Cell) {
        match (self.cells.get_mut(&bucket), theirs) {
            (Some(Cell::Tokens(ours)), Cell::Tokens(theirs)) => ours.absorb(theirs.full_at),
            (Some(Cell::Names(ours)), Cell::Names(theirs)) => {
                let before = ours.len();
                ours.absorb(&theirs.touched());
                self.names += ours.len() - before;
            }
            (Some(_), _) => {}
            (None, theirs) => {
                if let Cell::Names(names) = theirs {
                    self.names += names.len();
                }
                self.cells.insert(bucket, theirs.clone());
            }
        }
        self.next_end = self.next_end.min(theirs.ends());
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Every bucket of which something is taken, to compare.
    #[cfg(test)]
    pub(super) fn shown(&self) -> Vec<String> {
        self.cells.iter().map(|(bucket, cell)| format!("{bucket:?} {cell:?}")).collect()
    }
}
