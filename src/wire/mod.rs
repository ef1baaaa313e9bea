//! Downstream bytes: the stream that holds every request to the strict check, TLS with a CA of our own, and the one
//! place where bodies are read.
//!
//! A request that can be read in two ways does not get past here. Nothing is repaired.

pub mod ca;
pub mod chunked;
pub mod intake;
pub mod leaf;
pub mod peer;
pub mod presence;
pub mod sentry;
pub mod socket;
pub mod spdy;
pub mod websocket;
