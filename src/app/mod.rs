//! The composition root: reads files, builds the long-lived values, starts and stops. No decisions are made here.

mod clock;
mod files;
pub mod init;
mod private;
mod setup;
mod summary;
mod trust;

pub use clock::SystemClock;
pub use files::{LoadError, Loaded, Places, load, read_pem_certificates};
pub use private::{Options, PrivateGate, StartError, start};
pub use setup::{Setup, rule_sources};
pub use summary::summary;
