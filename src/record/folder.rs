//! A log's folder: its segment files, and the lock that keeps a second writer out.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::LedgerError;

/// The name of the lock file. It is there while a gate writes, and after a gate that died.
const LOCK: &str = "lock";

/// The lock file of a log that nobody keeps open; it stays, and says nothing by being there.
const COMMON_LOCK: &str = "shared";

/// How often a lock that somebody has is tried again.
const LOOK_EVERY: Duration = Duration::from_micros(500);

/// Makes the folder and its parents, for this user only.
pub(super) fn make(folder: &Path) -> Result<(), LedgerError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(LedgerError::io("make", folder))
}

/// Where a segment stands.
pub(super) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.seg"))
}

/// The numbers of the segments, in order.
pub(super) fn segments(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for item in fs::read_dir(folder)? {
        let name = item?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".seg")).filter(|digits| digits.len() == 10);
        numbers.extend(number.and_then(|digits| digits.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Removes segments whose making was not finished.
pub(super) fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for item in fs::read_dir(folder)? {
        let path = item?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// The folders of logs in `root`: itself, and those directly below it, by name.
pub(super) fn logs(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    if !segments(root)?.is_empty() {
        folders.push(root.to_owned());
    }
    let mut below = Vec::new();
    for item in fs::read_dir(root)? {
        let item = item?;
        if item.file_type()?.is_dir() {
            below.push(item.path());
        }
    }
    below.sort_unstable();
    // A folder may vanish, or be somebody else's: that must not hide the others.
    folders.extend(below.into_iter().filter(|folder| segments(folder).is_ok_and(|numbers| !numbers.is_empty())));
    Ok(folders)
}

/// Whether a gate writes here, or died doing so.
pub(super) fn is_unclosed(folder: &Path) -> bool {
    folder.join(LOCK).exists()
}

/// The right to write to a folder. While it lives, nobody else has it.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock.
    pub(super) fn take(folder: &Path) -> Result<Self, LedgerError> {
        let path = folder.join(LOCK);
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
            let mut file = file.map_err(LedgerError::io("open", &path))?;
            if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
                if error != rustix::io::Errno::WOULDBLOCK {
                    return Err(LedgerError::io("lock", &path)(error.into()));
                }
                let mut text = String::new();
                let _ = file.take(32).read_to_string(&mut text);
                return Err(LedgerError::Held { folder: folder.to_owned(), pid: text.trim().parse().ok() });
            }
            // Its holder may have removed the file between our open and our lock.
            if !same_file(&file, &path) {
                continue;
            }
            let pid = format!("{}\n", std::process::id());
            let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(pid.as_bytes()));
            // The pid is for people; a full disk must not keep the lock from being taken.
            let _ = written;
            return Ok(Self { file, path });
        }
    }

    /// Takes the lock of a log that nobody keeps open; waits for whoever has it.
    pub(super) fn wait(folder: &Path, patience: Duration) -> Result<Self, LedgerError> {
        let path = folder.join(COMMON_LOCK);
        let mut waited = Duration::ZERO;
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
            let file = file.map_err(LedgerError::io("open", &path))?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) if same_file(&file, &path) => return Ok(Self { file, path }),
                Ok(()) => {}
                Err(error) if error != rustix::io::Errno::WOULDBLOCK => {
                    return Err(LedgerError::io("lock", &path)(error.into()));
                }
                Err(_) if waited >= patience => {
                    return Err(LedgerError::Held { folder: folder.to_owned(), pid: None });
                }
                Err(_) => {
                    std::thread::sleep(LOOK_EVERY);
                    waited += LOOK_EVERY;
                }
            }
        }
    }

    /// Whether the lock file still stands under its name.
    pub(super) fn stands(&self) -> bool {
        same_file(&self.file, &self.path)
    }

    /// Gives the lock back after a clean close: nothing is left to recover.
    pub(super) fn release(self) {
        if self.stands() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn same_file(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}
