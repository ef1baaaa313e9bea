//! The words of a refusal: what, why, which rule, what to do instead, and not to try another route.
use vec1::Vec1;

use super::Decision;
use crate::classify::Action;
use crate::model::ApprovalId;

/// Why an action does not pass.
#[derive(Clone, Debug)]
pub enum Why {
    /// The decision denies.
    Denied,
    /// The decision escalates; this is the request's id.
    ApprovalNeeded(ApprovalId),
    /// A limit is used up (its id), and for how long.
    Limited(String, std::time::Duration),
}

/// The text that the agent and its person read.
#[must_use]
pub fn refusal_text(_decision: &Decision, _actions: &Vec1<Action>, _why: &Why) -> String {
    String::new()
}
