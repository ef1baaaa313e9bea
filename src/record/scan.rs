//! Going through one segment, record by record: for recovery and for reading alike. Never writes, and holds no more than
//! a window of the file, but for the rest of a segment that turns out not to be whole.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::format::{Header, HeaderFault, PREFIX, Step, resync, step};
use super::tree::Hash;

/// Bytes that are read at once.
const WINDOW: usize = 256 * 1024;
/// Bytes of a header that are read at first; most are one unit long.
const HEADER_READ: usize = 4096;

/// A place in the log that cannot be read, or is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` at byte {offset}: {}", .trouble)]
pub struct Damage {
    /// The segment.
    pub path: PathBuf,
    /// Where in it.
    pub offset: u64,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What is wrong at a place of damage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Records are unreadable or gone.
    #[error("record {first} {} unreadable or gone", rest(*.first, *.next))]
    Lost {
        /// The first of them.
        first: u64,
        /// The next one that stands; `None` when none does.
        next: Option<u64>,
    },
    /// The segment's header; the records may stand.
    #[error("the header before record {first} is unreadable")]
    Header {
        /// The sequence that was expected first.
        first: u64,
    },
    /// A record stands where another one belongs.
    #[error("record {sequence} stands where record {expected} belongs")]
    Order {
        /// What stands there.
        sequence: u64,
        /// What belongs there.
        expected: u64,
    },
    /// A record is whole, but this version does not know what it says.
    #[error("record {sequence} has no known form: {why}")]
    Unknown {
        /// Which.
        sequence: u64,
        /// What the parser said.
        why: String,
    },
}

fn rest(first: u64, next: Option<u64>) -> String {
    match next {
        Some(next) if next == first + 1 => "is".to_owned(),
        Some(next) => format!("to {} are", next.saturating_sub(1)),
        None => "and what followed it are".to_owned(),
    }
}

/// A record, taken out of its segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) sequence: u64,
    pub(super) leaf: Hash,
    pub(super) payload: Vec<u8>,
}

/// What comes next in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Record(Record),
    Damage(Damage),
    /// Nothing more, for now; `torn` bytes behind the last record are the beginning of one that was never finished.
    End {
        torn: u64,
    },
}

/// A place in a segment, moving forward.
#[derive(Debug)]
pub(super) struct Cursor {
    file: File,
    path: PathBuf,
    /// `None` when it cannot be read.
    header: Option<Header>,
    offset: u64,
    expected: u64,
    window: Vec<u8>,
    /// The file offset of the window's first byte.
    base: u64,
}

/// Why a segment cannot be gone through.
#[derive(Debug)]
pub(super) enum OpenError {
    Io(io::Error),
    Version(u32),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Cursor {
    /// Opens a segment. One with an unreadable header is gone through from its first sound record of sequence `floor`
    /// or later.
    pub(super) fn open(path: &Path, floor: u64) -> Result<Self, OpenError> {
        let file = File::open(path)?;
        let mut bytes = read(&file, 0, HEADER_READ)?;
        let mut decoded = Header::decode(&bytes);
        if decoded == Err(HeaderFault::Damaged) {
            // It may be a longer one: its length can only be believed when its CRC is right.
            bytes = read(&file, 0, 1 << 20)?;
            decoded = Header::decode(&bytes);
        }
        let (header, offset, expected) = match decoded {
            Ok((header, length)) => (Some(header.clone()), length as u64, header.first),
            Err(HeaderFault::Damaged) => (None, 0, floor),
            Err(HeaderFault::Version(version)) => return Err(OpenError::Version(version)),
        };
        Ok(Self { file, path: path.to_owned(), header, offset, expected, window: Vec::new(), base: 0 })
    }

    /// The segment's header, if it is sound.
    pub(super) const fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Where the next record begins.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The sequence that comes next.
    pub(super) const fn expected(&self) -> u64 {
        self.expected
    }

    /// The segment's file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What comes next. After `End` it may be asked again: more may have been written.
    pub(super) fn next(&mut self) -> io::Result<Found> {
        loop {
            if let Some(found) = self.sound()? {
                return Ok(found);
            }
            if let Some(found) = self.unsound()? {
                return Ok(found);
            }
        }
    }

    /// A place where something is wrong here.
    pub(super) fn damage(&self, trouble: Trouble) -> Damage {
        Damage { path: self.path.clone(), offset: self.offset, trouble }
    }

    fn sound(&mut self) -> io::Result<Option<Found>> {
        let mut need = PREFIX;
        loop {
            let (offset, expected) = (self.offset, self.expected);
            let bytes = self.ahead(need)?;
            let framed = match step(bytes) {
                Step::Record(framed) => framed,
                Step::More(more) if more > need => {
                    need = more;
                    continue;
                }
                Step::More(_) | Step::Nothing => return Ok(None),
            };
            let (sequence, next) = (framed.sequence, offset + framed.bytes() as u64);
            if sequence > expected {
                self.expected = sequence;
                return Ok(Some(Found::Damage(self.damage(Trouble::Lost { first: expected, next: Some(sequence) }))));
            }
            if sequence < expected {
                let damage = self.damage(Trouble::Order { sequence, expected });
                self.offset = next;
                return Ok(Some(Found::Damage(damage)));
            }
            let record = Record { sequence, leaf: *framed.leaf, payload: framed.payload.to_vec() };
            self.offset = next;
            self.expected = sequence + 1;
            return Ok(Some(Found::Record(record)));
        }
    }

    /// There is no sound record here: the end, a torn tail, or damage with something sound behind it. `None`: it was
    /// only being written, look again.
    fn unsound(&mut self) -> io::Result<Option<Found>> {
        let rest = self.rest()?;
        if matches!(step(&rest), Step::Record(_)) {
            self.use_window(rest);
            return Ok(None);
        }
        let torn = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
        let Some((skip, sequence)) = (if torn == 0 { None } else { resync(&rest, self.expected) }) else {
            return Ok(Some(Found::End { torn }));
        };
        // A gate may have been writing this very place while we read: what stands before a record was written before
        // it, so a second look decides.
        let again = self.rest()?;
        if matches!(step(&again), Step::Record(_)) {
            self.use_window(again);
            return Ok(None);
        }
        let trouble = if self.offset == 0 && sequence == self.expected {
            Trouble::Header { first: sequence }
        } else {
            Trouble::Lost { first: self.expected, next: Some(sequence) }
        };
        let damage = self.damage(trouble);
        self.offset += skip as u64;
        self.expected = sequence;
        Ok(Some(Found::Damage(damage)))
    }

    fn use_window(&mut self, bytes: Vec<u8>) {
        self.window = bytes;
        self.base = self.offset;
    }

    fn rest(&self) -> io::Result<Vec<u8>> {
        let length = self.file.metadata()?.len().saturating_sub(self.offset);
        read(&self.file, self.offset, usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// The bytes from here on: at least `need` of them, unless the file ends before.
    fn ahead(&mut self, need: usize) -> io::Result<&[u8]> {
        let place = |cursor: &Self| usize::try_from(cursor.offset.saturating_sub(cursor.base)).unwrap_or(usize::MAX);
        if self.window.len().saturating_sub(place(self)) < need {
            let bytes = read(&self.file, self.offset, need.max(WINDOW))?;
            self.use_window(bytes);
        }
        Ok(self.window.get(place(self)..).unwrap_or_default())
    }
}

fn read(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while let Some(empty) = bytes.get_mut(filled..).filter(|empty| !empty.is_empty()) {
        match file.read_at(empty, offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
