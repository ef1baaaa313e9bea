//! The default for every impact × scope × environment.

/// The matrix.
#[derive(Clone, Debug)]
pub struct Matrix {}
