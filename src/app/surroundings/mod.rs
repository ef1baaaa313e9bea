//! The world around a command, looked at: its folder, the workspace, files within bounds, links and mounts.
//!
//! Nothing is run, and nothing is read before a command's words ask for it. What the agent could have put there (a file, a
//! link, a repository's own settings) only says what its commands would do; it never says what is allowed.

mod index;
mod kept;
mod process;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use process::Environment;

use crate::identify::command::{Contents, Kept, Real, RealKind, Surroundings};

/// Longer files are not read.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// A plan of Terraform's is longer than a script.
const PLAN_BYTES_MAX: u64 = 16 << 20;
/// Of a folder.
const NAMES_MAX: usize = 10_000;

/// The machine's files, with an environment that is handed in.
#[derive(Debug)]
pub struct Looked {
    directory: String,
    home: Option<String>,
    workspace: Option<String>,
    variables: BTreeMap<String, String>,
    mounts: OnceLock<Vec<PathBuf>>,
    repository: OnceLock<Option<kept::Repository>>,
}

impl Looked {
    /// Around a command that starts in `directory` with this environment. `roots`: the agent's workspace, where it says so;
    /// the first that holds the folder counts.
    #[must_use]
    pub fn new(directory: &Path, roots: &[PathBuf], variables: BTreeMap<String, String>) -> Self {
        let home = variables.get("HOME").filter(|home| home.starts_with('/')).cloned();
        let workspace = workspace(directory, roots, home.as_deref());
        Self {
            directory: directory.to_string_lossy().into_owned(),
            home,
            workspace,
            variables,
            mounts: OnceLock::new(),
            repository: OnceLock::new(),
        }
    }

    fn mounts(&self) -> &[PathBuf] {
        self.mounts.get_or_init(|| {
            let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
            text.lines().filter_map(|line| line.split(' ').nth(4).map(unescaped)).collect()
        })
    }
}

/// The repository that holds the folder, else the agent's root, else the folder itself; never a home, the settings in it, or a
/// system's folder, wherever an agent stands.
fn workspace(directory: &Path, roots: &[PathBuf], home: Option<&str>) -> Option<String> {
    let is_wide = |path: &Path| {
        path.parent().is_none() || is_system(path) || home.is_some_and(|home| is_home(path, Path::new(home)))
    };
    let named = roots.iter().find(|root| directory.starts_with(root) && !is_wide(root));
    let found = named
        .map(PathBuf::as_path)
        .or_else(|| directory.ancestors().take_while(|path| !is_wide(path)).find(|path| path.join(".git").exists()));
    let found = found.unwrap_or(directory);
    (!is_wide(found)).then(|| found.to_string_lossy().into_owned())
}

/// A home, what stands above it, and the settings in it (`.ssh`, `.config`).
fn is_home(path: &Path, home: &Path) -> bool {
    let settings = path.strip_prefix(home).ok().and_then(|inside| inside.components().next());
    home.starts_with(path) || settings.is_some_and(|first| first.as_os_str().to_string_lossy().starts_with('.'))
}

/// A folder of the system's own.
fn is_system(path: &Path) -> bool {
    const FOLDERS: &[&str] =
        &["/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/var"];
    let is_throw_away = path.starts_with("/var/tmp") || path.starts_with("/var/folders");
    FOLDERS.iter().any(|folder| path.starts_with(folder)) && !is_throw_away && !path.starts_with("/usr/src")
}

/// A path of `mountinfo`: blanks, tabs, line ends and backslashes stand as three octal digits (proc_pid_mountinfo(5)).
fn unescaped(text: &str) -> PathBuf {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        out.push_str(before);
        let code = behind.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                out.push(char::from(code));
                rest = behind.get(3..).unwrap_or_default();
            }
            None => {
                out.push('\\');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    PathBuf::from(out)
}

impl Surroundings for Looked {
    fn directory(&self) -> Option<&str> {
        Some(&self.directory)
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
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Contents::Absent,
            Err(_) => return Contents::Unknown,
        };
        // A pipe would wait for somebody to write.
        if !metadata.is_file() {
            return Contents::Unknown;
        }
        let Ok(file) = fs::File::open(path) else { return Contents::Unknown };
        let mut start = Vec::new();
        if file.take(PLAN_BYTES_MAX + 1).read_to_end(&mut start).is_err() {
            return Contents::Unknown;
        }
        let bytes = start.len() as u64;
        let is_plan = start.starts_with(b"PK\x03\x04") || start.starts_with(b"{");
        if bytes > PLAN_BYTES_MAX || bytes > FILE_BYTES_MAX && !is_plan {
            Contents::Unknown
        } else {
            Contents::Whole(start)
        }
    }

    fn real(&self, path: &str) -> Real {
        let (found, kind) = real(Path::new(path));
        let is_root = found.parent().is_none();
        let mounts = !is_root && self.mounts().iter().any(|mount| mount.starts_with(&found));
        Real { path: found.to_string_lossy().into_owned(), kind, mounts }
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        let entries = fs::read_dir(path).ok()?;
        let names: Vec<String> = entries
            .take(NAMES_MAX + 1)
            .map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
            .collect::<Option<_>>()?;
        (names.len() <= NAMES_MAX).then_some(names)
    }

    fn kept(&self, path: &str) -> Kept {
        let repository = self.repository.get_or_init(|| kept::Repository::open(Path::new(self.workspace.as_deref()?)));
        repository.as_ref().map_or(Kept::Unknown, |repository| repository.kept(Path::new(path)))
    }
}

/// The path with the links of what exists followed, and what stands there.
fn real(path: &Path) -> (PathBuf, RealKind) {
    if let Ok(found) = fs::canonicalize(path) {
        let kind = match fs::metadata(&found) {
            Ok(metadata) if metadata.is_file() => RealKind::File,
            Ok(metadata) if metadata.is_dir() => RealKind::Directory,
            Ok(_) => RealKind::Other,
            Err(_) => RealKind::Unknown,
        };
        return (found, kind);
    }
    let mut missing = Vec::new();
    let mut above = path;
    while let (Some(parent), Some(name)) = (above.parent(), above.file_name()) {
        missing.push(name);
        above = parent;
        if let Ok(mut found) = fs::canonicalize(above) {
            found.extend(missing.iter().rev());
            // A link that leads nowhere is there all the same.
            let kind = if fs::symlink_metadata(path).is_ok() { RealKind::Other } else { RealKind::Absent };
            return (found, kind);
        }
    }
    (path.to_owned(), RealKind::Unknown)
}

#[cfg(test)]
mod tests;
