//! Tests of the shell's reading.
