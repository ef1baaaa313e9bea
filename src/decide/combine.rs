//! Strictest wins.
use vec1::Vec1;

use super::{Decision, Facts};
use crate::classify::Action;
use crate::model::{Context, Effect, Posture};
use crate::rules::RuleSet;

pub(super) fn combine(
    _actions: &Vec1<Action>,
    _context: &Context,
    rules: &RuleSet,
    _facts: &Facts,
    posture: Posture,
) -> Decision {
    Decision { effect: Effect::Deny, findings: vec![], revision: rules.revision().to_owned(), posture }
}
