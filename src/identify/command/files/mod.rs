//! Files of this machine: what is deleted, moved, overwritten, and whether it could be had back.

use super::face::Reader;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[];

/// A file that a redirection writes.
pub(super) fn written(_at: &super::Invocation, _written: &super::Written, _scene: &mut super::Scene<'_>) {}
