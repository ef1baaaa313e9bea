//! `az`.
use crate::identify::command::{Invocation, Scene};
pub(super) fn read(_one: &Invocation, _scene: &mut Scene<'_>) {}
