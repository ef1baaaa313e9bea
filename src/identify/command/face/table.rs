//! Programs whose words are described by tables.

use crate::identify::command::{Invocation, Scene};

/// Whether there is a table for this program.
pub(super) fn is_listed(_program: &str) -> bool {
    false
}

/// Reads the invocation by the program's table; `false` when there is none.
pub(super) fn read(_program: &str, _one: &Invocation, _scene: &mut Scene<'_>) -> bool {
    false
}
