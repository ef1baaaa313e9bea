//! Makefiles and package.json: targets that stand for commands.

use super::face::Reader;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[];
