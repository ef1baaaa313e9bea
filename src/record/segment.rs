//! The segment that is being written: its preallocated file, and the way back after a fault.
//!
//! A file that failed once is not believed: the bytes since the last good sync are kept in memory and written again, and
//! whatever a failed write may have left behind them is overwritten with zeros, before anything new is appended.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::LedgerError;
use super::disk::Disk;
use super::folder::segment_path;
use super::format::Header;

/// The file grows by its own size, but by no less and no more than this: a gate that lives for ten requests takes
/// little room, a busy one is seldom kept waiting. Overwriting zeros needs no new block when it is synced.
const GROWTH: (u64, u64) = (64 * 1024, 1024 * 1024);
/// Zeros are written in pieces of this size.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

#[derive(Debug)]
pub(super) struct Segment {
    disk: Disk,
    file: File,
    path: PathBuf,
    /// Where the next record goes.
    end: u64,
    /// The file's length.
    filled: u64,
    /// Where a failed write may have got to.
    dirty: u64,
    /// The bytes before `end` that no sync has covered yet.
    unsynced: Vec<u8>,
}

impl Segment {
    /// Makes a new segment. It gets its name only when its header is on the device.
    pub(super) fn create(disk: Disk, folder: &Path, header: &Header) -> Result<Self, LedgerError> {
        let path = segment_path(folder, header.segment);
        let unfinished = path.with_extension("new");
        let _ = std::fs::remove_file(&unfinished);
        let file = disk.create(&unfinished).map_err(LedgerError::io("make", &unfinished))?;
        let bytes = header.encode();
        disk.write(&file, &bytes, 0).map_err(LedgerError::io("write", &unfinished))?;
        disk.sync(&file).map_err(LedgerError::io("sync", &unfinished))?;
        std::fs::rename(&unfinished, &path).map_err(LedgerError::io("name", &path))?;
        disk.sync_folder(folder).map_err(LedgerError::io("sync", folder))?;
        let end = bytes.len() as u64;
        Ok(Self { disk, file, path, end, filled: end, dirty: end, unsynced: Vec::new() })
    }

    /// Goes on with a segment whose last record ends at `end`; what stands behind is cut.
    pub(super) fn resume(disk: Disk, path: &Path, end: u64) -> Result<Self, LedgerError> {
        let file = disk.open(path).map_err(LedgerError::io("open", path))?;
        file.set_len(end).map_err(LedgerError::io("cut", path))?;
        disk.sync(&file).map_err(LedgerError::io("sync", path))?;
        Ok(Self { disk, file, path: path.to_owned(), end, filled: end, dirty: end, unsynced: Vec::new() })
    }

    /// Goes on with a segment of a log that nobody keeps open: what was preallocated is used, and nothing is synced
    /// unless a torn tail must be cut first.
    pub(super) fn go_on(disk: Disk, path: &Path, end: u64, torn: u64) -> Result<Self, LedgerError> {
        if torn > 0 {
            return Self::resume(disk, path, end);
        }
        let file = disk.open(path).map_err(LedgerError::io("open", path))?;
        let filled = file.metadata().map_err(LedgerError::io("look at", path))?.len();
        Ok(Self { disk, file, path: path.to_owned(), end, filled, dirty: end, unsynced: Vec::new() })
    }

    /// Where the next record goes.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// How many bytes no sync has covered yet.
    pub(super) const fn unsynced_bytes(&self) -> usize {
        self.unsynced.len()
    }

    /// Appends whole records with one write. After an error nothing of them counts, and [`Segment::mend`] comes first.
    pub(super) fn write(&mut self, records: &[u8]) -> Result<(), LedgerError> {
        self.check_place()?;
        let end = self.end + records.len() as u64;
        if end > self.filled {
            let step = self.end.clamp(GROWTH.0, GROWTH.1);
            let goal = end.max(self.filled + step);
            self.fill(self.filled, goal)?;
            self.filled = goal;
        }
        self.dirty = self.dirty.max(end);
        self.disk.write(&self.file, records, self.end).map_err(LedgerError::io("write", &self.path))?;
        self.end = end;
        self.unsynced.extend_from_slice(records);
        Ok(())
    }

    /// Waits until the device has everything up to the end.
    pub(super) fn sync(&mut self) -> Result<(), LedgerError> {
        self.disk.sync(&self.file).map_err(LedgerError::io("sync", &self.path))?;
        self.unsynced.clear();
        Ok(())
    }

    /// Whether the file still stands under its name.
    pub(super) fn stands(&self) -> Result<bool, LedgerError> {
        self.disk.stands(&self.file, &self.path).map_err(LedgerError::io("look at", &self.path))
    }

    /// Brings the file back to what it should hold: after a failed write or sync nothing that is not synced is believed.
    pub(super) fn mend(&mut self) -> Result<(), LedgerError> {
        self.check_place()?;
        // A sync that failed may have dropped the pages and marked them clean: only writing them again makes the next
        // sync mean something.
        let synced = self.end - self.unsynced.len() as u64;
        self.disk.write(&self.file, &self.unsynced, synced).map_err(LedgerError::io("write", &self.path))?;
        if self.dirty > self.end {
            self.fill(self.end, self.dirty)?;
            self.filled = self.filled.max(self.dirty);
        }
        self.sync()?;
        self.dirty = self.end;
        Ok(())
    }

    /// Gives back what was preallocated and not used.
    pub(super) fn finish(self) -> Result<(), LedgerError> {
        self.file.set_len(self.end).map_err(LedgerError::io("cut", &self.path))?;
        self.disk.sync(&self.file).map_err(LedgerError::io("sync", &self.path))
    }

    fn check_place(&self) -> Result<(), LedgerError> {
        if self.stands()? { Ok(()) } else { Err(LedgerError::Missing { path: self.path.clone() }) }
    }

    fn fill(&self, from: u64, to: u64) -> Result<(), LedgerError> {
        let mut at = from;
        while at < to {
            let piece = usize::try_from(to - at).unwrap_or(usize::MAX).min(ZEROS.len());
            let zeros = ZEROS.get(..piece).unwrap_or(&ZEROS);
            self.disk.write(&self.file, zeros, at).map_err(LedgerError::io("extend", &self.path))?;
            at += piece as u64;
        }
        Ok(())
    }
}
