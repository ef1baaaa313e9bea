//! Clients and what they would send.
