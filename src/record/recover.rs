//! What opening a folder finds: where to go on, what was torn, and which decisions have no outcome.
//!
//! Only the last segment is read. Its header carries the tree and the open decisions of everything before it, so the
//! work is bounded by the size of one segment, however long the log is.

use std::collections::BTreeSet;
use std::path::Path;

use super::disk::Disk;
use super::folder::{self, segment_path};
use super::format::LogId;
use super::scan::{Cursor, Found, OpenError};
use super::seal::Mark;
use super::segment::Segment;
use super::tree::Tree;
use super::{GapCause, GapEntry, LedgerError, Recovered};
use crate::model::{DecisionId, Timestamp};

/// Where the writer goes on.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) log: LogId,
    /// The segment to append to; `None` when a new one must begin.
    pub(super) segment: Option<Segment>,
    /// The number of the next segment.
    pub(super) number: u64,
    /// The sequence of the next record.
    pub(super) sequence: u64,
    /// The sequence at which the tree begins.
    pub(super) base: u64,
    pub(super) tree: Tree,
    pub(super) open: BTreeSet<DecisionId>,
    /// What must be recorded before anything else.
    pub(super) gap: Option<GapEntry>,
}

impl Place {
    /// The beginning of a new log.
    fn new(log: LogId) -> Self {
        Self {
            log,
            segment: None,
            number: 0,
            sequence: 0,
            base: 0,
            tree: Tree::default(),
            open: BTreeSet::new(),
            gap: None,
        }
    }

    /// Takes note of a record that stands.
    pub(super) fn note(&mut self, leaf: super::tree::Hash, mark: Mark) {
        self.tree.push(leaf);
        self.sequence += 1;
        self.mark(mark);
    }

    fn mark(&mut self, mark: Mark) {
        match mark {
            Mark::Opens(id) => _ = self.open.insert(id),
            Mark::Closes(id) => _ = self.open.remove(&id),
            Mark::Names => self.open.clear(),
            Mark::None => {}
        }
    }
}

/// Takes a segment up again at the end of its last record.
pub(super) type Resume = fn(Disk, &Path, u64, u64) -> Result<Segment, LedgerError>;

/// Reads the folder's last segment, and cuts its torn tail.
pub(super) fn recover(folder: &Path, disk: &Disk, fresh: LogId) -> Result<(Place, Recovered), LedgerError> {
    recover_with(folder, disk, fresh, |disk, path, end, _torn| Segment::resume(disk, path, end))
}

/// The same, with another way to take the segment up.
pub(super) fn recover_with(
    folder: &Path,
    disk: &Disk,
    fresh: LogId,
    resume: Resume,
) -> Result<(Place, Recovered), LedgerError> {
    folder::remove_unfinished(folder).map_err(LedgerError::io("clean", folder))?;
    let numbers = folder::segments(folder).map_err(LedgerError::io("list", folder))?;
    let Some((last, earlier)) = numbers.split_last() else {
        return Ok((Place::new(fresh), Recovered::default()));
    };
    let mut walk = Walk { place: Place::new(fresh), damage: Vec::new(), torn: 0 };
    let mut cursor = walk.open(folder, *last)?;
    if cursor.header().is_none() {
        // Without its header only the segment before says which log this is and where it stood.
        walk.damage.push(format!("the header of `{}` is unreadable", cursor.path().display()));
        if let Some(before) = earlier.last() {
            let mut before = walk.open(folder, *before)?;
            walk.go(&mut before)?;
            cursor = walk.open(folder, *last)?;
        }
    }
    walk.go(&mut cursor)?;
    walk.finish(&cursor, |path, end, torn| resume(disk.clone(), path, end, torn), *last)
}

struct Walk {
    place: Place,
    damage: Vec<String>,
    torn: u64,
}

impl Walk {
    fn open(&mut self, folder: &Path, number: u64) -> Result<Cursor, LedgerError> {
        let path = segment_path(folder, number);
        let cursor = Cursor::open(&path, self.place.sequence).map_err(|error| match error {
            OpenError::Io(error) => LedgerError::io("read", &path)(error),
            OpenError::Version(version) => LedgerError::Version { path: path.clone(), version },
        })?;
        if let Some(header) = cursor.header() {
            self.place.log = header.log;
            self.place.sequence = header.first;
            self.place.base = header.base;
            self.place.tree = header.tree.clone();
            self.place.open = header.open.iter().copied().collect();
        }
        Ok(cursor)
    }

    fn go(&mut self, cursor: &mut Cursor) -> Result<(), LedgerError> {
        loop {
            match cursor.next().map_err(LedgerError::io("read", cursor.path()))? {
                Found::Record(record) => {
                    self.place.sequence = record.sequence;
                    self.place.note(record.leaf, Mark::read(&record.payload));
                }
                Found::Damage(damage) => self.damage.push(damage.to_string()),
                Found::End { torn } => {
                    self.torn = torn;
                    self.place.sequence = cursor.expected();
                    return Ok(());
                }
            }
        }
    }

    fn finish(
        mut self,
        cursor: &Cursor,
        resume: impl FnOnce(&Path, u64, u64) -> Result<Segment, LedgerError>,
        last: u64,
    ) -> Result<(Place, Recovered), LedgerError> {
        self.place.number = last + 1;
        let mut recovered = Recovered {
            open: self.place.open.iter().copied().collect(),
            entries: self.place.sequence,
            ..Recovered::default()
        };
        if self.damage.is_empty() {
            self.place.segment = Some(resume(cursor.path(), cursor.offset(), self.torn)?);
            recovered.cut_bytes = self.torn;
        } else {
            // INVARIANT: nothing is appended behind damage, and nothing of it is cut: it is evidence.
            self.place.base = self.place.sequence;
            self.place.tree = Tree::default();
            self.place.gap = Some(GapEntry {
                at: Timestamp::from_millis(0),
                since: None,
                cause: GapCause::Damaged,
                why: first_few(&self.damage),
                turned_away: 0,
                lost: 0,
                cut_bytes: 0,
                open: Vec::new(),
            });
            recovered.troubles = self.damage;
        }
        Ok((self.place, recovered))
    }
}

fn first_few(troubles: &[String]) -> String {
    const FEW: usize = 8;
    let mut text = troubles.iter().take(FEW).cloned().collect::<Vec<_>>().join("; ");
    if let Some(more) = troubles.len().checked_sub(FEW).filter(|more| *more > 0) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}
