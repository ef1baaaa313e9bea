//! Files of this machine: what is deleted, moved, overwritten, and whether it could be had back.
//!
//! Inside the workspace agents work freely: what the repository holds can be had back. What is not held there, what stands
//! outside, and what guards the agent is told apart by its path ([`standing`]) and named so that rules can stop it
//! (`rules/shell`). The matrix lets everything on this machine pass.

mod change;
mod delete;
mod disk;
mod edit;
mod find;
mod guard;
mod into;
mod machine;
mod options;
mod patches;
mod path;
mod readers;
mod standing;
mod transfer;

use super::face::Reader;
use super::{Invocation, Part, Scene, Word, Written};

pub(super) use change::{Writing, write};
pub(super) use delete::guards;
pub(super) use machine::FACES as MACHINE;
pub(super) use options::{Given, options, without};
pub(super) use patches::patch_guards;
pub(super) use readers::FACES as READERS;
pub(super) use standing::{Where, place};

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[
    ("rm", delete::rm),
    ("rmdir", delete::rmdir),
    ("unlink", delete::unlink),
    ("shred", delete::shred),
    ("srm", delete::rm),
    ("trash", delete::rm),
    ("trash-put", delete::rm),
    ("truncate", delete::truncate),
    ("mv", change::mv),
    ("cp", change::cp),
    ("ln", change::ln),
    ("install", change::install),
    ("touch", change::makes),
    ("mkdir", change::makes),
    ("mktemp", change::makes),
    ("mkfifo", change::makes),
    ("tee", change::tee),
    ("split", change::split),
    ("csplit", change::split),
    ("chmod", change::chmod),
    ("chown", change::chown),
    ("chgrp", change::chown),
    ("chattr", change::chattr),
    ("setfacl", change::setfacl),
    ("xattr", change::chattr),
    ("dd", edit::dd),
    ("sed", edit::sed),
    ("gsed", edit::sed),
    ("awk", edit::awk),
    ("gawk", edit::awk),
    ("mawk", edit::awk),
    ("nawk", edit::awk),
    ("ed", edit::editor),
    ("ex", edit::editor),
    ("vi", edit::editor),
    ("vim", edit::editor),
    ("nvim", edit::editor),
    ("nano", edit::editor),
    ("emacs", edit::editor),
    ("patch", edit::patch),
    ("apply_patch", patches::apply_patch),
    ("sponge", change::tee),
    ("find", find::find),
    ("gfind", find::find),
    ("fd", find::fd),
    ("fdfind", find::fd),
    ("rsync", transfer::rsync),
    ("scp", transfer::scp),
    ("sftp", transfer::sftp),
    ("tar", transfer::tar),
    ("gtar", transfer::tar),
    ("bsdtar", transfer::tar),
    ("unzip", transfer::unzip),
    ("zip", transfer::zip),
    ("7z", transfer::seven),
    ("gzip", transfer::compress),
    ("gunzip", transfer::compress),
    ("bzip2", transfer::compress),
    ("bunzip2", transfer::compress),
    ("xz", transfer::compress),
    ("unxz", transfer::compress),
    ("zstd", transfer::compress),
    ("unzstd", transfer::compress),
];

/// A file that a redirection writes.
pub(super) fn written(at: &Invocation, written: &Written, scene: &mut Scene<'_>) {
    let empties = at.words.is_empty() || matches!(at.program().as_deref(), Some(":" | "true"));
    let how = match (written.appends, empties) {
        (true, _) => Writing::Append,
        (false, true) => Writing::Empty,
        (false, false) => Writing::Replace,
    };
    // A pattern of which one file fits is expanded (bash).
    if let Some(text) = written.path.text().filter(|text| text.contains(['*', '?', '['])) {
        let pattern = Word { parts: vec![Part::Glob(text.into_owned())] };
        if delete::guards(&pattern, false, at, scene) {
            return into::tampered(pattern, at, scene);
        }
    }
    change::write(&written.path, how, at, scene);
}

#[cfg(test)]
mod tests;
