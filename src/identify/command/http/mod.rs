//! curl, wget and HTTPie: the requests that they would send.

use super::face::Reader;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[];
