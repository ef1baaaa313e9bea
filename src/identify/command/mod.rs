//! From a command line to the operations it asks for.
//!
//! A text in a shell's language becomes simple commands (`shell`), wrappers such as `sudo` and `xargs` give way to what
//! they run (`wrapper`), and each program's face says what its words mean: as the HTTP request that it would send, where it
//! sends one, so that the same effect has the same name and the same verdict at every door; else as an operation of its own.
//!
//! Nothing here looks at files or the environment by itself: what can be known beside the text comes from
//! [`Surroundings`]. What stays unknown is a reading called `unidentified`, never an error.

mod aws;
mod clouds;
mod containers;
mod face;
mod files;
mod git;
mod guard;
mod http;
mod interpreter;
mod invocation;
mod kubernetes;
mod platforms;
mod recipe;
mod scene;
mod shell;
mod sql;
mod surroundings;
mod terraform;
mod word;
mod wrapper;

use vec1::Vec1;

use super::{Identified, Reading};
use crate::model::BlastRadius;
use crate::model::http::Unreadable;

pub use surroundings::{Contents, Kept, Real, RealKind, Stated, Surroundings};

pub(in crate::identify) use aws::used as used_aws;
pub(in crate::identify) use invocation::{Input, Invocation, Machine, Written};
pub(in crate::identify) use scene::{Effect, Scene, Sent, is_veiled, place_of};
pub(in crate::identify) use word::{Part, Word};

/// In whose language a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shell {
    /// bash, and what POSIX shells share with it.
    Posix,
    /// `PowerShell`.
    PowerShell,
    /// `cmd.exe`.
    Cmd,
}

/// What the classifier needs of a command that sends no request: the face's table or code says what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it would do.
    pub blast: BlastRadius,
}

/// What a command asks for.
#[derive(Debug)]
pub struct Heard {
    /// Every operation, in the order of the text.
    pub identified: Vec1<Identified>,
    /// For a person, how each of them was reached: one list of steps an operation.
    pub trail: Vec1<Vec<String>>,
}

/// The longest text that is read; a longer one is refused.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;

/// Names what a command line, or a whole script, asks for.
///
/// # Errors
/// The text cannot be read in exactly one way, or is too long to be read.
pub fn command(text: &str, shell: Shell, around: &dyn Surroundings) -> Result<Heard, Unreadable> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Unreadable::status(413, "the command is too long to be judged"));
    }
    let mut scene = Scene::new(around);
    scene.script(text, shell, &Invocation::bare(around));
    scene.finish()
}

/// A reading by itself, as what a tool call or a command asks for.
pub(in crate::identify) fn alone(reading: Reading) -> Identified {
    Identified { reading, others: vec![], by_shape: false }
}

#[cfg(test)]
pub(in crate::identify) mod tests;
