//! cli

pub mod log;
mod table;
