//! Makefiles and package.json: targets that stand for commands.

use super::face::Reader;
use super::{Invocation, Scene};

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[];

/// Reads a script of the package by its name; `false` when it is not known.
pub(in crate::identify) fn script(_name: &str, _at: &Invocation, _scene: &mut Scene<'_>) -> bool {
    false
}
