//! Merkle tree hashing (RFC 6962, section 2.1).

/// A SHA-256 hash.
pub type Hash = [u8; 32];
