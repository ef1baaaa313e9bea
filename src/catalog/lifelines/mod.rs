//! What an agent needs to live, as data.
