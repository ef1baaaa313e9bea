//! git on this machine, and what it sends to others.

use super::face::Reader;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[];
