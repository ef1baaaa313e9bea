//! Whether the repository could give back what stands at a path.

use std::collections::HashMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::index::{self, Entry};
use crate::identify::command::Kept;

/// Of a folder so much is looked at; one with more is not known.
const ENTRIES_MAX: usize = 20_000;
/// A larger index is not read.
const INDEX_BYTES_MAX: u64 = 64 << 20;

/// A work tree and what its index holds.
#[derive(Debug)]
pub(super) struct Repository {
    root: PathBuf,
    entries: HashMap<Vec<u8>, Entry>,
    ignored: Gitignore,
}

impl Repository {
    /// The repository whose work tree begins here; `None` when there is none that can be read.
    pub(super) fn open(root: &Path) -> Option<Self> {
        let dot = root.join(".git");
        let folder = match fs::read_to_string(&dot) {
            // A further work tree, or a submodule: a file that says where.
            Ok(text) => root.join(text.strip_prefix("gitdir:")?.trim()),
            Err(_) => dot,
        };
        let path = folder.join("index");
        let entries = match fs::metadata(&path) {
            Ok(metadata) if metadata.len() <= INDEX_BYTES_MAX => index::parse(&fs::read(&path).ok()?)?,
            Ok(_) => return None,
            // Nothing was ever added.
            Err(_) => HashMap::new(),
        };
        let mut builder = GitignoreBuilder::new(root);
        builder.add(root.join(".gitignore"));
        builder.add(folder.join("info/exclude"));
        let ignored = builder.build().ok()?;
        Some(Self { root: root.to_owned(), entries, ignored })
    }

    pub(super) fn kept(&self, path: &Path) -> Kept {
        let mut left = ENTRIES_MAX;
        self.worst(path, &mut left)
    }

    fn worst(&self, path: &Path, left: &mut usize) -> Kept {
        let Some(rest) = left.checked_sub(1) else { return Kept::Unknown };
        *left = rest;
        let Ok(metadata) = fs::symlink_metadata(path) else { return Kept::Committed };
        let Ok(inside) = path.strip_prefix(&self.root) else { return Kept::Unknown };
        if !metadata.is_dir() {
            return self.file(inside, path, &metadata);
        }
        if inside.starts_with(".git") {
            return Kept::Unknown;
        }
        if self.is_ignored(path, true) && !self.holds_below(inside) {
            return Kept::Ignored;
        }
        // A repository of its own: this one does not hold its files.
        if path != self.root && path.join(".git").exists() {
            return Kept::Untracked;
        }
        let Ok(entries) = fs::read_dir(path) else { return Kept::Unknown };
        let mut worst = Kept::Committed;
        for entry in entries.flatten() {
            if path == self.root && entry.file_name() == ".git" {
                continue;
            }
            worst = worse(worst, self.worst(&entry.path(), left));
            if *left == 0 {
                return Kept::Unknown;
            }
        }
        worst
    }

    fn file(&self, inside: &Path, path: &Path, metadata: &fs::Metadata) -> Kept {
        match self.entries.get(inside.as_os_str().as_bytes()) {
            Some(entry) if is_same(entry, metadata) => Kept::Committed,
            Some(_) => Kept::Modified,
            None if self.is_ignored(path, false) => Kept::Ignored,
            None => Kept::Untracked,
        }
    }

    fn is_ignored(&self, path: &Path, is_folder: bool) -> bool {
        path != self.root && self.ignored.matched_path_or_any_parents(path, is_folder).is_ignore()
    }

    fn holds_below(&self, inside: &Path) -> bool {
        let mut prefix = inside.as_os_str().as_bytes().to_vec();
        prefix.push(b'/');
        self.entries.keys().any(|path| path.starts_with(&prefix))
    }
}

/// As git itself asks before it compares contents.
fn is_same(entry: &Entry, metadata: &fs::Metadata) -> bool {
    let low = |number: i64| u32::try_from(number & 0xffff_ffff).unwrap_or(0);
    entry.seconds == low(metadata.mtime())
        && (entry.nanoseconds == 0 || entry.nanoseconds == low(metadata.mtime_nsec()))
        && u64::from(entry.bytes) == metadata.len() & 0xffff_ffff
}

/// What would be lost for good counts before what an earlier state is kept of; what is told to be ignored comes last.
const fn worse(one: Kept, other: Kept) -> Kept {
    const fn rank(kept: Kept) -> u8 {
        match kept {
            Kept::Committed => 0,
            Kept::Ignored => 1,
            Kept::Modified => 2,
            Kept::Untracked => 3,
            Kept::Unknown => 4,
        }
    }
    if rank(other) > rank(one) { other } else { one }
}
