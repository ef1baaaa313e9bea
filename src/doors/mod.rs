//! Doors decode, ask the gate, and answer. No door imports another.

pub mod hook;
pub mod http;
