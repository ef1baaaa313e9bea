//! Checks of the operator's: something that must say yes to a call before an approval is used for it.

use serde_json::{Value, json};

use crate::approvals::Question;
use crate::model::{ApprovalId, DecisionId};
use crate::record::CheckEntry;

/// Asks the operator's checks.
pub trait Checks: std::fmt::Debug + Send + Sync {
    /// What the check of this name says to a call. What cannot be asked, or does not answer in time, says no. Blocks.
    fn check(&self, name: &str, about: &Value) -> CheckEntry;
}

/// There are none: every one that is asked for says no.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoChecks;

impl Checks for NoChecks {
    fn check(&self, name: &str, _: &Value) -> CheckEntry {
        CheckEntry::failed(name, "no check of this name stands in the settings")
    }
}

/// What a check is told of a call: no bodies, no headers; secrets are masked.
pub(super) fn about(question: &Question, approval: ApprovalId, decision: DecisionId) -> Value {
    let operations: Vec<&str> = question.operations().collect();
    let digests: Vec<&str> = question.digests().collect();
    json!({
        "version": 1,
        "approval": approval,
        "decision": decision,
        "session": question.principal().session,
        "person": question.principal().person,
        "agent": question.principal().agent,
        "operations": operations,
        "digests": digests,
        "rules": question.requirement().ids().collect::<Vec<_>>(),
        "said": question.said(),
    })
}
