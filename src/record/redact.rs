//! Secrets never get into a record.
