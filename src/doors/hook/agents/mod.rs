//! One file for each family of forms; [`tools`] is what their tools' names mean.

pub(super) mod antigravity;
pub(super) mod claude;
pub(super) mod cline;
pub(super) mod cursor;
pub(super) mod opencode;
mod patch;
pub(super) mod tools;
pub(super) mod windsurf;
