//! What a process hands down to what it starts: its variables and its folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Whose environment a command inherits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// This process's own.
    Own,
    /// That of another process of the same user.
    Of(u32),
    /// Nobody knows.
    Unknown,
}

impl Environment {
    /// Its variables; of those that are not text, none.
    #[must_use]
    pub fn variables(self) -> BTreeMap<String, String> {
        match self {
            Self::Own => std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            Self::Of(process) => {
                let bytes = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
                let one = |one: &[u8]| {
                    let (name, value) = std::str::from_utf8(one).ok()?.split_once('=')?;
                    Some((name.to_owned(), value.to_owned()))
                };
                bytes.split(|byte| *byte == 0).filter_map(one).collect()
            }
            Self::Unknown => BTreeMap::new(),
        }
    }

    /// Its folder; that of the system, which is nobody's workspace, where it cannot be told.
    #[must_use]
    pub fn directory(self) -> PathBuf {
        let found = match self {
            Self::Own => std::env::current_dir(),
            Self::Of(process) => std::fs::read_link(format!("/proc/{process}/cwd")),
            Self::Unknown => return PathBuf::from("/"),
        };
        found.unwrap_or_else(|_| PathBuf::from("/"))
    }
}
