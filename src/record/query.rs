//! Reading the log.
