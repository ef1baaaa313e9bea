//! What the cases beside the tables cannot say.
