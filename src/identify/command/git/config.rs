//! git's configuration, as far as it says what a command does: aliases, remotes, the current branch.

use super::super::{Contents, Invocation, Scene};

/// The settings that hold for a command, the most specific last.
pub(super) struct Config {
    entries: Vec<(String, String)>,
    /// The folder that keeps the repository, where it is known.
    folder: Option<String>,
}

impl Config {
    /// What holds for a command that runs there; `given` are its `-c` options.
    pub(super) fn of(at: &Invocation, given: &[(String, String)], scene: &Scene<'_>) -> Self {
        let around = scene.around();
        let text = |path: &str| match around.read(path) {
            Contents::Whole(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        };
        let mut entries = vec![];
        if let Some(home) = around.home() {
            entries.extend(parsed(&text(&format!("{home}/.config/git/config"))));
            entries.extend(parsed(&text(&format!("{home}/.gitconfig"))));
        }
        let folder = folder(at, scene);
        if let Some(folder) = &folder {
            // Of a worktree: the common folder is two above.
            let common = folder.split_once("/worktrees/").map_or(folder.as_str(), |(common, _)| common);
            entries.extend(parsed(&text(&format!("{common}/config"))));
        }
        let before: Vec<_> = scene.recalled("git").map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        entries.extend(before.into_iter().rev());
        entries.extend(given.iter().cloned());
        Self { entries, folder }
    }

    /// The last value of a setting. Section and key are in lower case.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.entries.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Every value of a setting.
    pub(super) fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.entries.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The branch that is checked out; `None` when nobody knows, or none is.
    pub(super) fn branch(&self, scene: &Scene<'_>) -> Option<String> {
        let Contents::Whole(head) = scene.contents(&format!("{}/HEAD", self.folder.as_deref()?)) else {
            return None;
        };
        let head = String::from_utf8_lossy(&head);
        head.trim().strip_prefix("ref:")?.trim().strip_prefix("refs/heads/").map(ToOwned::to_owned)
    }
}

/// The folder that keeps the repository: `.git` here or above.
fn folder(at: &Invocation, scene: &Scene<'_>) -> Option<String> {
    let around = scene.around();
    let mut here = at.directory.as_deref()?;
    loop {
        let git = format!("{}/.git", here.trim_end_matches('/'));
        // In a worktree and a submodule it is a file that says where.
        if let Contents::Whole(bytes) = around.read(&git)
            && let Some(to) = String::from_utf8_lossy(&bytes).trim().strip_prefix("gitdir:")
        {
            let to = to.trim();
            return Some(if to.starts_with('/') { to.to_owned() } else { format!("{here}/{to}") });
        }
        let is = |name: &str| matches!(around.read(&format!("{git}/{name}")), Contents::Whole(_));
        if is("HEAD") || is("config") {
            return Some(git);
        }
        here = match here.rsplit_once('/') {
            Some((above, _)) if !above.is_empty() => above,
            _ => return None,
        };
    }
}

/// `section.subsection.key` and value of each line (git-config(1), "Syntax").
fn parsed(text: &str) -> Vec<(String, String)> {
    let mut all = vec![];
    let mut section = String::new();
    let joined = text.replace("\\\r\n", "").replace("\\\n", "");
    for line in joined.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.split_once(']')).map(|(header, _)| header) {
            section = match header.split_once('"') {
                Some((name, rest)) => {
                    format!(
                        "{}.{}",
                        name.trim().to_lowercase(),
                        rest.trim_end().trim_end_matches('"').replace("\\\"", "\"")
                    )
                }
                None => header.trim().to_lowercase(),
            };
            continue;
        }
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, "true"));
        all.push((format!("{section}.{}", key.trim().to_lowercase()), unquoted(value.trim())));
    }
    all
}

/// A value without its quotes and comments.
fn unquoted(value: &str) -> String {
    let mut text = String::new();
    let mut letters = value.chars();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted = !quoted,
            '\\' => match letters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => {}
            },
            '#' | ';' if !quoted => break,
            other => text.push(other),
        }
    }
    text.trim_end().to_owned()
}
