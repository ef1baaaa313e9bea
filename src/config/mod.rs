//! Configuration as checked values. Takes text, reads no files (`app` does).

mod diagnostic;
mod inventory;
mod settings;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use inventory::Inventory;
pub use settings::{AddressRange, Bodies, Config, Egress};
