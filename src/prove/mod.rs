//! Runs the tests inside packs.
