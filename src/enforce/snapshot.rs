//! What a request is judged by: one set, taken once for each request, replaced as a whole.

use std::sync::Arc;

use crate::config::{Inventory, People};
use crate::limits::Limits;
use crate::model::Posture;
use crate::rules::RuleSet;

#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) rules: Arc<RuleSet>,
    pub(super) inventory: Inventory,
    pub(super) people: People,
    pub(super) posture: Posture,
    pub(super) limits: Limits,
}
