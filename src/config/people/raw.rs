//! `people.yaml` as it is written.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::model::Level;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPeople {
    pub(super) version: Spanned<u64>,
    #[serde(default)]
    pub(super) people: Vec<RawPerson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPerson {
    pub(super) name: Spanned<String>,
    pub(super) os_user: Option<Spanned<String>>,
    pub(super) level: Option<Level>,
    #[serde(default)]
    pub(super) roles: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) teams: Vec<Spanned<String>>,
    pub(super) email: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) keys: Vec<Spanned<RawKey>>,
}

/// The line of a `.pub` file, alone or with options.
pub(super) enum RawKey {
    Line(String),
    Options(RawOptions),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOptions {
    pub(super) key: Spanned<String>,
    pub(super) verify_required: Option<Spanned<bool>>,
    pub(super) expires: Option<Spanned<String>>,
}

impl<'de> Deserialize<'de> for RawKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl<'de> Visitor<'de> for Seen {
            type Value = RawKey;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the line of a `.pub` file, or a map with `key:`")
            }
            fn visit_str<E>(self, line: &str) -> Result<RawKey, E> {
                Ok(RawKey::Line(line.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawKey, A::Error> {
                RawOptions::deserialize(MapAccessDeserializer::new(map)).map(RawKey::Options)
            }
        }
        deserializer.deserialize_any(Seen)
    }
}
