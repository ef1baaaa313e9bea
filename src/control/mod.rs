//! The operator's own way in: a socket file that only the gate's user can open, speaking HTTP and JSON, and the health
//! listener beside it.
//!
//! [`protocol`] is what is said, [`server`] answers it for any [`Backend`], [`client`] asks. Nothing that changes anything
//! is done for a process that descends from a `run`: that would be the agent.

pub mod client;
pub mod health;
pub mod protocol;
pub mod server;

pub use client::{Client, ClientError};
pub use server::{Asker, Backend, ControlError};
