//! docker, podman and compose.

use super::face::Reader;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[];

/// The program that an image starts with, where its arguments are that program's.
pub(super) fn entrypoint(_image: &str) -> Option<&'static str> {
    None
}
