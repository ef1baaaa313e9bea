//! The commands. Each has its arguments as a clap type and a `run` that takes its input and output as values and returns
//! the exit code.

pub mod explain;
pub mod rules;
pub mod setup;
