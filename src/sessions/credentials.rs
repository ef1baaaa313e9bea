//! The text form of a session's proof: `SESSION:TOKEN`, as proxy credentials (RFC 7617) or in a header of our own.

use std::fmt;

use data_encoding::{BASE32_NOPAD, BASE64};
use sha2::{Digest, Sha256};

use crate::model::SessionId;

/// Tokens longer than this are nobody's.
const TOKEN_CHARS_MAX: usize = 256;

/// What proves a session: 32 random bytes as lower-case base32. Does not show in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub(super) fn random() -> Self {
        let bytes: [u8; 32] = rand::random();
        Self(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    }

    /// The text, for the environment of the session's own process and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What a client shows to say which session it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Which session.
    pub session: SessionId,
    /// The proof.
    pub token: Token,
}

impl Credentials {
    /// Reads `SESSION:TOKEN`, the value of `X-Blastgate-Session`. `None`: it is not of that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (session, token) = text.trim().split_once(':')?;
        let is_token =
            !token.is_empty() && token.len() <= TOKEN_CHARS_MAX && token.bytes().all(|b| b.is_ascii_graphic());
        Some(Self { session: session.parse().ok()?, token: is_token.then(|| Token(token.to_owned()))? })
    }

    /// Reads the value of `Proxy-Authorization` or `Authorization`: `Basic` and the base64 of `SESSION:TOKEN`.
    #[must_use]
    pub fn from_basic(value: &str) -> Option<Self> {
        let (scheme, encoded) = value.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = BASE64.decode(encoded.trim().as_bytes()).ok()?;
        Self::parse(std::str::from_utf8(&decoded).ok()?)
    }
}
