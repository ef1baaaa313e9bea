//! The language of bash and of POSIX shells: from a text to the simple commands that it would run.

use super::{Invocation, Scene};

/// Reads a text.
pub(super) fn read(_text: &str, at: &Invocation, scene: &mut Scene<'_>) {
    scene.unknown(at, "a script");
}
