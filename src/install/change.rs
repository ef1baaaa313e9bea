//! Showing a change, and making it: a copy of what stood, then the new file in one step.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::File;

/// What was done to a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Where what stood is kept.
    pub backup: Option<PathBuf>,
}

/// What would change, as a unified diff.
#[must_use]
pub fn diff(file: &File) -> String {
    let (before, after) = (file.before.as_deref().unwrap_or_default(), file.after.as_deref().unwrap_or_default());
    let name = file.path.display().to_string();
    let old = if file.before.is_some() { &name } else { "/dev/null" };
    let new = if file.after.is_some() { &name } else { "/dev/null" };
    similar::TextDiff::from_lines(before, after).unified_diff().context_radius(3).header(old, new).to_string()
}

/// Writes one file. `stamp` is the time, as it may stand in a file's name.
///
/// # Errors
/// The file system refuses, the file has become another since it was read, or it has several names.
pub fn write(file: &File, stamp: &str) -> io::Result<Written> {
    // A link stays one: what it leads to is written.
    let path = match fs::canonicalize(&file.path) {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => file.path.clone(),
        Err(error) => return Err(error),
    };
    let stands = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if stands != file.before {
        return Err(io::Error::other("it has changed since it was read; run this again"));
    }
    let meta = stands.is_some().then(|| fs::metadata(&path)).transpose()?;
    if meta.as_ref().is_some_and(|meta| meta.nlink() > 1) {
        return Err(io::Error::other("it has several names (hard links), and writing would part them"));
    }
    let backup = match &stands {
        Some(text) => Some(keep(&path, text, stamp, meta.as_ref())?),
        None => None,
    };
    match &file.after {
        Some(text) => replace(&path, text, file.executable, meta.as_ref())?,
        None => fs::remove_file(&file.path)?,
    }
    Ok(Written { backup })
}

/// `settings.json.blastgate-backup-20261122T181500.000Z`: no agent reads a file that ends so.
fn keep(path: &Path, text: &str, stamp: &str, meta: Option<&fs::Metadata>) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".blastgate-backup-{stamp}"));
    let backup = path.with_file_name(name);
    create(&backup, text, mode(meta, false) & 0o666, meta)?;
    Ok(backup)
}

fn replace(path: &Path, text: &str, executable: bool, meta: Option<&fs::Metadata>) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".blastgate-{}", std::process::id()));
    let fresh = path.with_file_name(name);
    let _ = fs::remove_file(&fresh);
    let written = create(&fresh, text, mode(meta, executable), meta).and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written?;
    fs::File::open(folder)?.sync_all()
}

/// That of the file that stands; a new one is readable by its owner alone: settings may hold keys.
fn mode(meta: Option<&fs::Metadata>, executable: bool) -> u32 {
    let mode = meta.map_or(0o600, |meta| meta.permissions().mode() & 0o777);
    if executable { mode | 0o700 } else { mode }
}

fn create(path: &Path, text: &str, mode: u32, like: Option<&fs::Metadata>) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    let own = file.metadata()?;
    if let Some(like) = like.filter(|like| (like.uid(), like.gid()) != (own.uid(), own.gid())) {
        std::os::unix::fs::fchown(&file, Some(like.uid()), Some(like.gid()))?;
    }
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.sync_all()
}
