//! What can be known beside the text of a command: where it runs, and what files hold.

use std::collections::BTreeMap;

/// The world that a command would run in, as far as it may be looked at. Every answer may be "unknown", and nothing becomes
/// milder by that.
pub trait Surroundings {
    /// Where the command starts, absolute.
    fn directory(&self) -> Option<&str>;
    /// The folder of whoever runs it.
    fn home(&self) -> Option<&str>;
    /// The agent's workspace, absolute: the repository's root, or the folder that the agent was started in.
    fn workspace(&self) -> Option<&str>;
    /// A variable of the environment that the command would inherit.
    fn variable(&self, name: &str) -> Option<String>;
    /// What a file holds; `path` is absolute.
    fn read(&self, path: &str) -> Contents;
    /// What a path leads to when links are followed; `path` is absolute.
    fn real(&self, path: &str) -> Real;
    /// The names in a folder; `None` when nobody knows.
    fn list(&self, path: &str) -> Option<Vec<String>>;
    /// Whether what stands at this path could be had back.
    fn kept(&self, path: &str) -> Kept;
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// There is no such file.
    Absent,
    /// All of it.
    Whole(Vec<u8>),
    /// Nobody knows, or it is too long to be read.
    Unknown,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Real {
    /// The path with links followed as far as they are known.
    pub path: String,
    /// What stands there.
    pub kind: RealKind,
    /// Another file system is mounted at or below it.
    pub mounts: bool,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RealKind {
    /// Nothing.
    Absent,
    /// A file.
    File,
    /// A folder.
    Directory,
    /// Something else: a device, a socket.
    Other,
    /// Nobody knows.
    Unknown,
}

/// Whether what stands at a path could be had back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The repository holds it as it stands.
    Committed,
    /// The repository holds an earlier state of it.
    Modified,
    /// The repository does not hold it, nor is it told to ignore it.
    Untracked,
    /// The repository is told to ignore it: output, dependencies, local settings.
    Ignored,
    /// Nobody knows, or there is no repository.
    Unknown,
}

/// Surroundings that are told, not looked at: of `explain` and of tests.
#[derive(Clone, Debug, Default)]
pub struct Stated {
    /// Where the command starts.
    pub directory: Option<String>,
    /// The folder of whoever runs it.
    pub home: Option<String>,
    /// The agent's workspace.
    pub workspace: Option<String>,
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// Files by their absolute paths.
    pub files: BTreeMap<String, String>,
    /// Where other file systems are mounted, by absolute paths.
    pub mounts: Vec<String>,
}

impl Stated {
    /// A workspace, the folder that commands start in, of the owner of `/home/dev`; nothing else is known.
    #[must_use]
    pub fn in_workspace(path: &str) -> Self {
        let pairs = [("HOME", "/home/dev"), ("USER", "dev"), ("PWD", path), ("PATH", "/usr/local/bin:/usr/bin:/bin")];
        Self {
            directory: Some(path.to_owned()),
            home: Some("/home/dev".to_owned()),
            workspace: Some(path.to_owned()),
            variables: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            files: BTreeMap::new(),
            mounts: Vec::new(),
        }
    }
}

impl Surroundings for Stated {
    fn directory(&self) -> Option<&str> {
        self.directory.as_deref()
    }

    fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }

    fn workspace(&self) -> Option<&str> {
        self.workspace.as_deref()
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn read(&self, path: &str) -> Contents {
        self.files.get(path).map_or(Contents::Unknown, |text| Contents::Whole(text.clone().into_bytes()))
    }

    fn real(&self, path: &str) -> Real {
        let kind = if self.files.contains_key(path) { RealKind::File } else { RealKind::Unknown };
        let is_below = |mount: &String| {
            mount.strip_prefix(path.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        Real { path: path.to_owned(), kind, mounts: self.mounts.iter().any(is_below) }
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        let below = format!("{}/", path.trim_end_matches('/'));
        let names: Vec<String> = self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(&below)?.split('/').next().map(ToOwned::to_owned))
            .collect();
        (!names.is_empty()).then_some(names)
    }

    fn kept(&self, _path: &str) -> Kept {
        Kept::Unknown
    }
}
