//! Terraform and its relatives, and the plans that they would carry out.
//!
//! An `apply` is judged by its plan where that can be read; without one whatever stands in the state may change. Nothing here
//! runs Terraform or asks a provider.

mod arguments;
mod change;
mod command;
mod configuration;
mod plan;
mod relatives;
mod state;
#[cfg(test)]
mod tests;

use super::face::Reader;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[
    ("terraform", command::read),
    ("tofu", command::read),
    ("terragrunt", relatives::terragrunt),
    ("atmos", relatives::atmos),
    ("terramate", relatives::terramate),
];
