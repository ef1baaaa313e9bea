//! Agents' hook configuration: what each agent's files must say so that it asks `blastgate hook` before a tool call, and
//! the change that makes them say it.
//!
//! Other people's files: what else stands in them stays as it is, letter for letter; what does not parse, or could be read
//! in two ways, is not touched. Which files, in which form, is data (`agents`). This module decides nothing about calls,
//! and never says that an agent is covered where its hooks cannot do it.

mod agents;
mod change;
mod command;
mod detect;
mod entries;
mod json;
mod plan;
mod toml;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use agents::{AGENTS, Facts, HOOKLESS, Hookless, WALL};
pub use change::{Written, diff, write};
pub use command::{NotSayable, own_binary};
pub use detect::found;
pub use plan::plan;

/// Whose agents are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All that this person starts.
    #[default]
    User,
    /// Those that work in this project.
    Project,
}

/// What is wanted of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// They call our hook.
    Install,
    /// They do not any more.
    Uninstall,
}

/// Where the files are, and what is written into them.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The person's home.
    pub home: &'a Path,
    /// The project's folder.
    pub project: &'a Path,
    /// Whose files.
    pub scope: Scope,
    /// The absolute path of this program.
    pub binary: &'a Path,
    /// The configuration that the hook shall use, when it is not the person's own; absolute.
    pub config: Option<&'a Path>,
    /// The environment: some agents' folders can be moved by it.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it would be written.
    Installed,
    /// Nothing of ours is there.
    Missing,
    /// Something of ours is there, and not as it would be written.
    Differs,
    /// It is there, and the agent is told to run no hooks.
    Off,
    /// It must be done by hand.
    Manual,
    /// It would be a lie.
    Unsupported,
}

impl State {
    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Missing => "missing",
            Self::Differs => "differs",
            Self::Off => "off",
            Self::Manual => "by hand",
            Self::Unsupported => "not supported",
        }
    }
}

/// One agent's files.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Which agent.
    pub agent: &'static str,
    /// The worst of its files.
    pub state: State,
    /// Why nothing can be done, where that is so.
    pub refusal: Option<String>,
    /// Its files.
    pub files: Vec<File>,
    /// What its person must know.
    pub notes: Vec<String>,
}

/// One file, as it is and as it will be.
#[derive(Clone, Debug, Serialize)]
pub struct File {
    /// As the agent finds it.
    pub path: PathBuf,
    /// How it stands.
    pub state: State,
    /// Where in it, counted from 1.
    pub line: usize,
    /// What is not as it should be.
    pub why: Option<String>,
    /// What to add by hand.
    pub by_hand: Option<String>,
    /// What it holds; `None`: there is no such file.
    #[serde(skip)]
    pub before: Option<String>,
    /// What it will hold; `None`: it goes.
    #[serde(skip)]
    pub after: Option<String>,
    /// It is a program.
    #[serde(skip)]
    pub executable: bool,
}

impl File {
    /// Whether anything is to be written.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.by_hand.is_none() && (self.before != self.after || (self.executable && self.state == State::Differs))
    }
}

#[cfg(test)]
mod tests;
