//! `inventory.yaml`: what is prod, tier 1, whose.

use super::Diagnostics;

/// The checked inventory.
#[derive(Clone, Debug, Default)]
pub struct Inventory {}

impl Inventory {
    /// Parses and checks `inventory.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(_file: &str, _text: &str) -> Result<Self, Diagnostics> {
        Ok(Self {})
    }
}
