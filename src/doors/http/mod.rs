//! The HTTP door: forward proxy with interception.

pub mod answer;
