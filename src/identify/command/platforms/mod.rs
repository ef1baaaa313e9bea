//! Command lines of hosting platforms and code forges whose calls are requests to an API that the catalog describes.

use super::{Invocation, Scene};

/// Reads the invocation where the program is one of a platform's; `false` when it is not.
pub(super) fn read(_program: &str, _one: &Invocation, _scene: &mut Scene<'_>) -> bool {
    false
}
