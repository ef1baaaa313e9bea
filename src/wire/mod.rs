//! Downstream bytes: the strict head check that stands in front of the HTTP library, TLS with a CA of our own, and the
//! one place where bodies are read.
//!
//! A request that can be read in two ways does not get past here. Nothing is repaired.

pub mod authority;
pub mod ca;
pub mod chunked;
pub mod head;
pub mod intake;
pub mod leaf;
pub mod request;
pub mod sentry;
