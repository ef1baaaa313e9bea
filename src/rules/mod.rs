//! Rules: pack text (YAML) → typed, indexed [`RuleSet`] and its revision.

use crate::config::Diagnostics;

/// One file of rules as it was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file as a person would name it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Who wrote it.
    pub layer: Layer,
}

/// Whose rules these are; a later layer can only tighten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Compiled in.
    BuiltIn,
    /// The organisation's.
    Organisation,
}

/// An immutable, checked set of rules.
#[derive(Debug, Default)]
pub struct RuleSet {}

impl RuleSet {
    /// Loads and checks.
    ///
    /// # Errors
    /// Everything that is wrong with any of the files: nothing is half-applied.
    pub fn load(_sources: &[Source]) -> Result<Self, Diagnostics> {
        Ok(Self {})
    }

    /// The limits, for `limits` to keep.
    #[must_use]
    pub fn limits(&self) -> &[LimitSpec] {
        &[]
    }

    /// The content hash of the whole set.
    #[must_use]
    pub fn revision(&self) -> &str {
        "stub"
    }
}

/// One limit.
#[derive(Clone, Debug)]
pub struct LimitSpec {
    /// Its id.
    pub id: String,
    /// Resources.
    pub quantity: std::num::NonZeroU32,
    /// In this time.
    pub per: std::time::Duration,
}

impl LimitSpec {
    /// Whether it speaks of this action.
    #[must_use]
    pub fn matches(&self, _action: &crate::classify::Action) -> bool {
        false
    }
}
