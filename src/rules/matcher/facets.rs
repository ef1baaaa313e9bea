//! The closed words of an action as bits: most rules are told apart by one comparison.

use super::Key;
use crate::classify::Action;
use crate::model::{Door, EnvironmentKind, Impact};

/// The values of all closed words of an action, one bit each; for a matcher, the values it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facets(pub(in crate::rules) u64);

pub(super) const IMPACT: u32 = 0;
pub(super) const SCOPE: u32 = 8;
pub(super) const ENVIRONMENT: u32 = 16;
pub(super) const REVERSIBLE: u32 = 24;
pub(super) const EVIDENCE: u32 = 32;
pub(super) const DOOR: u32 = 40;

pub(super) const fn bit(group: u32, value: u32) -> u64 {
    1 << (group + value)
}

impl Facets {
    /// Of an action that came through `door`.
    pub(crate) const fn of(action: &Action, door: Door) -> Self {
        let blast = action.blast();
        Self(
            bit(IMPACT, blast.impact as u32)
                | bit(SCOPE, blast.scope as u32)
                | bit(ENVIRONMENT, action.environment().kind as u32)
                | bit(REVERSIBLE, blast.reversible as u32)
                | bit(EVIDENCE, action.evidence() as u32)
                | bit(DOOR, door as u32),
        )
    }

    /// Whether every value of `action` is allowed.
    pub(crate) const fn allows(self, action: Self) -> bool {
        action.0 & !self.0 == 0
    }

    /// Whether the value of one word is allowed.
    pub(super) const fn allow_group(self, key: Key, action: Self) -> bool {
        let group = match key {
            Key::Impact => IMPACT,
            Key::Scope => SCOPE,
            Key::Environment => ENVIRONMENT,
            Key::Reversible => REVERSIBLE,
            Key::Evidence => EVIDENCE,
            _ => DOOR,
        };
        action.0 & !self.0 & 0xff << group == 0
    }

    /// Whether an action of this environment is allowed.
    pub(in crate::rules) const fn has_environment(self, environment: EnvironmentKind) -> bool {
        self.0 & bit(ENVIRONMENT, environment as u32) != 0
    }

    /// Whether an action of this impact is allowed.
    pub(in crate::rules) const fn has_impact(self, impact: Impact) -> bool {
        self.0 & bit(IMPACT, impact as u32) != 0
    }

    /// Without reads.
    pub(in crate::rules) const fn without_reads(self) -> Self {
        Self(self.0 & !bit(IMPACT, Impact::Read as u32))
    }

    pub(super) const fn cover(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}
