//! One shared gate to a state folder: two would each forget what the other was told.
//!
//! The lock belongs to the open file, so that it goes over to the next gate with the listeners, without a moment in which
//! nobody holds it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::app::base::StartError;

/// What it is called among the handed-over listeners.
pub(super) const NAME: &str = "state";
const FILE: &str = "serve.lock";

/// Held as long as a gate lives.
#[derive(Debug)]
pub(super) struct StateLock(File);

impl StateLock {
    /// Takes the lock of this state folder, or what the gate before has handed over.
    ///
    /// # Errors
    /// Another gate has it.
    pub(super) fn take(state: &Path, given: Option<OwnedFd>) -> Result<Self, StartError> {
        let io = |source| StartError::Io { doing: "lock the state folder", source };
        fs::create_dir_all(state).map_err(io)?;
        let path = state.join(FILE);
        let given = given.map(File::from).filter(|file| is_at(file, &path));
        let is_given = given.is_some();
        let mut file = match given {
            Some(file) => file,
            None => OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path)
                .map_err(io)?,
        };
        if !is_given && flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut pid = String::new();
            let _ = (&file).take(32).read_to_string(&mut pid);
            return Err(StartError::Running(format!(
                "the gate of process {} uses the state folder `{}`: stop it first, replace it (`blastgate serve \
                 --replace`, with its configuration), or give this one a `state:` of its own",
                pid.trim(),
                state.display()
            )));
        }
        // For people; a full disk must not keep the gate from starting.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self(file))
    }
}

impl AsFd for StateLock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let id = |found: std::io::Result<fs::Metadata>| found.ok().map(|found| (found.dev(), found.ino()));
    let here = id(file.metadata());
    here.is_some() && here == id(fs::metadata(path))
}
