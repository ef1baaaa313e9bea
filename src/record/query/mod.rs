//! Reading the log: the records of one folder, or of all gates' folders merged by time.
//!
//! Reading never writes and never takes a lock; a gate may be writing meanwhile. Then the reader ends at the last whole
//! record, and [`Reader::refresh`] goes on from there. Damage is an item of its own, and reading goes on behind it.

mod filter;
mod logs;
mod past;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

pub use filter::{Filter, FilterError, parse_time};
use logs::LogCursor;
pub use past::{Did, Past, Sought, past};

use super::scan::{Damage, Trouble};
use super::{Entry, LogId, folder};
use crate::model::Timestamp;

/// A record as it stands in a log. Its entry is read only when asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    log: LogId,
    sequence: u64,
    at: Timestamp,
    path: PathBuf,
    payload: Vec<u8>,
}

impl Stored {
    /// The log it stands in.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.log
    }

    /// Its position there, counted from 0.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The time it carries.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Its bytes: one JSON object, as they were hashed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Whether it is of this kind (`decision`, `outcome` …), without reading it.
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        let rest = self.payload.strip_prefix(br#"{"kind":""#).and_then(|rest| rest.strip_prefix(kind.as_bytes()));
        rest.is_some_and(|rest| rest.starts_with(b"\""))
    }

    /// The decision or the approval request it is about, without reading the rest.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        const KEY: &[u8] = br#""id":""#;
        // Decisions, rejected requests, outcomes and steps of approval requests have an id, right behind the kind.
        let rest = self.payload.get(..80).unwrap_or(&self.payload).strip_prefix(br#"{"kind":""#)?;
        let kind = rest.iter().position(|byte| *byte == b'"')?;
        let id = rest.get(kind + 2..)?.strip_prefix(KEY)?;
        std::str::from_utf8(id.get(..id.iter().position(|byte| *byte == b'"')?)?).ok()
    }

    /// What it says.
    ///
    /// # Errors
    /// It has a form that this version does not know.
    pub fn entry(&self) -> Result<Entry, Damage> {
        serde_json::from_slice(&self.payload).map_err(|error| Damage {
            path: self.path.clone(),
            offset: 0,
            trouble: Trouble::Unknown { sequence: self.sequence, why: error.to_string() },
        })
    }
}

/// What a reader meets.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Something of the log is lost; reading goes on behind it.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The file system refused.
    #[error("cannot read `{path}`")]
    Io {
        /// What.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Written by a later version.
    #[error("`{path}` has format version {version}, which this version cannot read")]
    Version {
        /// The segment.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
}

/// Goes through logs, oldest record first. An iterator that may be asked again after its end: see [`Reader::refresh`].
#[derive(Debug)]
pub struct Reader {
    root: PathBuf,
    since: Option<Timestamp>,
    /// Segments that are read of each log, the last; all of them where nothing is said.
    segments: Option<usize>,
    sources: Vec<Source>,
    known: HashSet<PathBuf>,
    /// The sources that may have something, by the time of what they have.
    next: BinaryHeap<Reverse<(Timestamp, usize)>>,
}

#[derive(Debug)]
struct Source {
    cursor: LogCursor,
    head: Option<Stored>,
    /// Records come in the order they were written, whatever their clock said.
    floor: Timestamp,
}

impl Reader {
    /// Reads the log in `root`, and those in the folders directly below it.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn open(root: &Path) -> Result<Self, ReadError> {
        Self::open_since(root, None)
    }

    /// The same, but whole segments that are older than `since` may be passed over.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn open_since(root: &Path, since: Option<Timestamp>) -> Result<Self, ReadError> {
        Self::open_part(root, since, None)
    }

    /// The same, but only the last segments of each log.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn open_tail(root: &Path, segments: usize) -> Result<Self, ReadError> {
        Self::open_part(root, None, Some(segments))
    }

    fn open_part(root: &Path, since: Option<Timestamp>, segments: Option<usize>) -> Result<Self, ReadError> {
        let (sources, known, next) = (Vec::new(), HashSet::new(), BinaryHeap::new());
        let mut reader = Self { root: root.to_owned(), since, segments, sources, known, next };
        reader.refresh()?;
        Ok(reader)
    }

    /// Looks for what was written since the iterator ended: in the logs it knows, and in new ones.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn refresh(&mut self) -> Result<(), ReadError> {
        let logs = folder::logs(&self.root).map_err(|source| ReadError::Io { path: self.root.clone(), source })?;
        self.next.clear();
        for folder in logs {
            if self.known.insert(folder.clone()) {
                let cursor = LogCursor::new(folder, self.since).last(self.segments);
                let floor = cursor.began();
                self.sources.push(Source { cursor, head: None, floor });
            }
        }
        for (index, source) in self.sources.iter().enumerate() {
            if source.head.is_some() || !source.cursor.is_done() {
                self.next.push(Reverse((source.floor, index)));
            }
        }
        Ok(())
    }
}

impl Iterator for Reader {
    type Item = Result<Stored, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Reverse((_, index)) = self.next.pop()?;
            let source = self.sources.get_mut(index)?;
            if let Some(stored) = source.head.take() {
                self.next.push(Reverse((source.floor, index)));
                return Some(Ok(stored));
            }
            match source.cursor.next() {
                Some(Ok(stored)) => {
                    source.floor = source.floor.max(stored.at);
                    source.head = Some(stored);
                    self.next.push(Reverse((source.floor, index)));
                }
                Some(Err(error)) => {
                    // After a refusal of the file system this source waits for the next refresh.
                    if matches!(error, ReadError::Damage(_)) {
                        self.next.push(Reverse((source.floor, index)));
                    }
                    return Some(Err(error));
                }
                None => {}
            }
        }
    }
}
