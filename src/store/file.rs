//! The database's folder and file: ours, not others', and what they seem to be.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

use super::{FILE, StoreError};

/// Makes and checks the folder and the file. Gives the file's path and a lock: processes that start together prepare
/// the database one after the other. It ends with the value.
pub(super) fn prepare(folder: &Path) -> Result<(PathBuf, File), StoreError> {
    let refused = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Io { path, source }
    };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(refused(folder))?;
    let about = fs::symlink_metadata(folder).map_err(refused(folder))?;
    // Those who can only look into the folder see names; those who can write put another file there.
    ours_alone(folder, &about, 0o022, 0o700)?;
    // SQLite refuses links in any part of the path; those above our folder are the operator's business.
    let folder = fs::canonicalize(folder).map_err(refused(folder))?;
    let lock_path = folder.join("state.lock");
    let lock = open(&lock_path)?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|errno| refused(&lock_path)(errno.into()))?;
    let path = folder.join(FILE);
    let file = open(&path)?;
    ours_alone(&path, &file.metadata().map_err(refused(&path))?, 0o077, 0o600)?;
    Ok((path, lock))
}

/// Opens a file, makes it where it is not there; never through a link.
fn open(path: &Path) -> Result<File, StoreError> {
    let nofollow = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let opened = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(nofollow)
        .open(path);
    opened.map_err(|source| {
        if source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
            StoreError::Strange { path: path.to_owned(), what: "a symbolic link" }
        } else {
            StoreError::Io { path: path.to_owned(), source: io::Error::from(source.kind()) }
        }
    })
}

/// SECURITY: whoever can write the state can approve. `forbidden` are the permission bits that others must not have.
fn ours_alone(path: &Path, about: &fs::Metadata, forbidden: u32, wanted: u32) -> Result<(), StoreError> {
    if about.file_type().is_symlink() {
        return Err(StoreError::Strange { path: path.to_owned(), what: "a symbolic link" });
    }
    if !about.is_file() && !about.is_dir() {
        return Err(StoreError::Strange { path: path.to_owned(), what: "neither a file nor a folder" });
    }
    let mode = about.permissions().mode() & 0o7777;
    if mode & forbidden != 0 || about.uid() != rustix::process::geteuid().as_raw() {
        return Err(StoreError::Exposed { path: path.to_owned(), mode, wanted });
    }
    Ok(())
}
