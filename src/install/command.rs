//! The command line that agents start the hook with: written so that their shell takes it as it is, and known again.

use std::path::{Path, PathBuf};

/// A path that no configuration file can name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` cannot be written into a configuration file: move blastgate to a path of ordinary characters")]
pub struct NotSayable(String);

/// The words of the command.
pub(super) fn words(binary: &Path, config: Option<&Path>, agent: &str) -> Result<Vec<String>, NotSayable> {
    let say = |path: &Path| match path.to_str() {
        Some(text) if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err(NotSayable(path.display().to_string())),
    };
    let mut words = vec![say(binary)?, "hook".to_owned(), agent.to_owned()];
    if let Some(config) = config {
        words.extend(["--config".to_owned(), say(config)?]);
    }
    Ok(words)
}

/// The words as one line for a POSIX shell.
pub(super) fn line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Whether a command line is one of ours, also of an older path or with something around it.
pub(super) fn is_ours(line: &str) -> bool {
    let mut words = line.split_whitespace().map(|word| word.trim_matches(['\'', '"', ';', '\\'])).peekable();
    while let Some(word) = words.next() {
        let name = word.rsplit('/').next().unwrap_or(word);
        if matches!(name, "blastgate" | "blastgate.exe") && words.peek() == Some(&"hook") {
            return true;
        }
    }
    false
}

/// How this program is best named: by where `PATH` finds it, which outlives an update, else by its own path.
#[must_use]
pub fn own_binary(own: &Path, path: Option<&std::ffi::OsStr>) -> PathBuf {
    let real = own.canonicalize().unwrap_or_else(|_| own.to_owned());
    let folders = path.into_iter().flat_map(std::env::split_paths).filter(|folder| folder.is_absolute());
    let mut candidates = folders.map(|folder| folder.join("blastgate"));
    candidates.find(|candidate| candidate.canonicalize().is_ok_and(|found| found == real)).unwrap_or(real)
}
