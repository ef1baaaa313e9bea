//! Identifiers. All sort by time: a ULID (48 bits of milliseconds, 80 random bits) behind a one-letter prefix.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::Timestamp;

/// A text that is not an identifier of the expected kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct ParseIdError {
    text: String,
    expected: &'static str,
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal, $what:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// A new id that sorts at `at`; `random` makes it unique (the low 80 bits count).
            #[must_use]
            pub const fn new(at: Timestamp, random: u128) -> Self {
                Self(Ulid::from_parts(at.millis(), random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut buffer = [0; ulid::ULID_LEN];
                write!(f, concat!($prefix, "_{}"), self.0.array_to_str(&mut buffer))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| Ulid::from_string(rest).ok())
                    .map(Self)
                    .ok_or_else(|| ParseIdError { text: text.to_owned(), expected: $what })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// One decision: `d_…`. Every entry of the ledger about one request carries it.
    DecisionId, "d", "a decision id (d_…)"
);
id!(
    /// One approval request: `a_…`.
    ApprovalId, "a", "an approval request id (a_…)"
);

/// One run of an agent: `s_` and 20 base32 characters (100 bits, of which the first 48 are the start in milliseconds).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u128);

/// Crockford's alphabet, lower case, as ULID uses it.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SESSION_CHARS: u32 = 20;

impl SessionId {
    /// A new id that sorts at `at`; `random` makes it unique (the low 52 bits count).
    #[must_use]
    pub const fn new(at: Timestamp, random: u128) -> Self {
        Self((at.millis() as u128 & ((1 << 48) - 1)) << 52 | random & ((1 << 52) - 1))
    }
}

impl SessionId {
    /// The id of a session that has a name of its own elsewhere, from a digest of that name: the same name has the same
    /// id, whoever asks. It does not sort by time.
    #[must_use]
    pub const fn named(digest: u128) -> Self {
        Self(digest & ((1 << 100) - 1))
    }

    /// Its bits; of sessions that were opened the last ones are random.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("s_")?;
        for position in (0..SESSION_CHARS).rev() {
            let digit = usize::try_from(self.0 >> (5 * position) & 31).unwrap_or(0);
            write!(f, "{}", char::from(*BASE32.get(digit).unwrap_or(&b'0')))?;
        }
        Ok(())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SessionId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let bad = || ParseIdError { text: text.to_owned(), expected: "a session id (s_…)" };
        let digits = text.strip_prefix("s_").filter(|rest| rest.len() == SESSION_CHARS as usize).ok_or_else(bad)?;
        digits
            .bytes()
            .try_fold(0u128, |value, byte| {
                let digit = BASE32.iter().position(|known| *known == byte).ok_or_else(bad)?;
                Ok(value << 5 | digit as u128)
            })
            .map(Self)
    }
}

impl Serialize for SessionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
