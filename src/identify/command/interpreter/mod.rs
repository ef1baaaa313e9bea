//! Programs in other languages, given on the command line or on standard input.

use super::face::Reader;
use super::{Invocation, Scene};

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[];

/// Reads a text in `PowerShell`'s language.
pub(super) fn powershell(_text: &str, at: &Invocation, scene: &mut Scene<'_>) {
    scene.unknown(at, "a script in PowerShell's language");
}

/// Reads a text in the language of `cmd.exe`.
pub(super) fn cmd(_text: &str, at: &Invocation, scene: &mut Scene<'_>) {
    scene.unknown(at, "a script in the language of cmd.exe");
}
