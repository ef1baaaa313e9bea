//! The few things that the ledger asks of a file system, in one place so that tests can make each of them fail.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The file system under a ledger.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    #[cfg(test)]
    pub(super) faults: std::sync::Arc<std::sync::Mutex<Faults>>,
}

/// What is to fail.
#[cfg(test)]
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Writes fail with this code once `room` bytes are used up.
    pub(super) write: Option<io::ErrorKind>,
    /// Bytes that may still be written.
    pub(super) room: usize,
    /// Syncs fail with this code.
    pub(super) sync: Option<io::ErrorKind>,
    /// New files cannot be made.
    pub(super) create: Option<io::ErrorKind>,
}

/// Modes: the log names people, resources and what was done to them.
const FILE_MODE: u32 = 0o600;

impl Disk {
    /// Makes a new file; fails when there is one.
    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        #[cfg(test)]
        if let Some(kind) = self.faults.lock().unwrap().create {
            return Err(kind.into());
        }
        OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(path)
    }

    /// Opens a file to go on writing it.
    pub(super) fn open(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(path)
    }

    /// Writes all of it at a place.
    pub(super) fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        #[cfg(test)]
        {
            let mut faults = self.faults.lock().unwrap();
            if let Some(kind) = faults.write {
                let part = bytes.len().min(faults.room);
                faults.room -= part;
                file.write_all_at(&bytes[..part], offset)?;
                return if part < bytes.len() { Err(kind.into()) } else { Ok(()) };
            }
        }
        file.write_all_at(bytes, offset)
    }

    /// Waits until the device has the file's bytes (and its length, where that changed).
    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        #[cfg(test)]
        if let Some(kind) = self.faults.lock().unwrap().sync {
            return Err(kind.into());
        }
        file.sync_data()
    }

    /// Waits until the device has a folder's names.
    pub(super) fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.sync(&File::open(folder)?)
    }

    /// Whether the file at `path` is the one that is open.
    pub(super) fn stands(&self, file: &File, path: &Path) -> io::Result<bool> {
        let (open, named) = (file.metadata()?, std::fs::metadata(path));
        Ok(named.is_ok_and(|named| (named.dev(), named.ino()) == (open.dev(), open.ino())))
    }
}
