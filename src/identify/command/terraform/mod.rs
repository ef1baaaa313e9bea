//! Terraform and its relatives, and the plans that they would carry out.

use super::face::Reader;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[];
