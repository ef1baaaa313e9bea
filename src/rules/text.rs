//! The YAML form of rules, limits and packs, as serde reads it. Nothing here is checked beyond its shape.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{IgnoredAny, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::Severity;
use crate::config::Spot;
use crate::model::{Count, Door, Effect, EnvironmentKind, Evidence, Hazard, Impact, Mode, Reversible, Scope};

/// One value or a list of values; each knows its place where the parser tells it.
#[derive(Clone, Debug)]
pub(super) struct List<T>(pub(super) Vec<(T, Option<Spot>)>);

/// A text in a list of patterns: `true` and `false` are texts too, a number must be quoted (leading zeros count).
#[derive(Clone, Debug)]
pub(super) struct Text(pub(super) String);

const NUMBER: &str = "a number stands where a text belongs; help: put it in quotes";

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl Visitor<'_> for Seen {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
            fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Text, E> {
                Err(E::custom(NUMBER))
            }
            fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Text, E> {
                Err(E::custom(NUMBER))
            }
            fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Text, E> {
                Err(E::custom(NUMBER))
            }
        }
        deserializer.deserialize_any(Seen)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Seen<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word or a list of words")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<List<T>, E> {
                T::deserialize(text.into_deserializer()).map(|value| List(vec![(value, None)]))
            }
            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<List<T>, E> {
                T::deserialize(value.into_deserializer()).map(|value| List(vec![(value, None)]))
            }
            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<List<T>, E> {
                T::deserialize(value.into_deserializer()).map(|value| List(vec![(value, None)]))
            }
            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<List<T>, E> {
                T::deserialize(value.into_deserializer()).map(|value| List(vec![(value, None)]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<List<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = sequence.next_element::<Spanned<T>>()? {
                    let spot = Spot::from(&item);
                    items.push((item.value, Some(spot)));
                }
                Ok(List(items))
            }
        }
        deserializer.deserialize_any(Seen(PhantomData))
    }
}

/// A key that the full language has and this version does not act on.
pub(super) type Unbuilt = Option<Spanned<IgnoredAny>>;

/// A key that is written without a value is not the same as no key.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// One rule, one file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) id: Spanned<String>,
    pub(super) owner: String,
    pub(super) severity: Severity,
    pub(super) mode: Option<Mode>,
    #[serde(rename = "match")]
    pub(super) matches: Spanned<RawMatch>,
    pub(super) unless: Option<Spanned<RawMatch>>,
    pub(super) decision: Spanned<Effect>,
    pub(super) message: Spanned<String>,
    pub(super) instead: Option<Spanned<String>>,
    pub(super) runbook: Option<String>,
    pub(super) references: Option<Vec<String>>,
    pub(super) tests: Option<Spanned<RawTests>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) when: Option<Spanned<String>>,
    pub(super) approval: Unbuilt,
    pub(super) obligations: Unbuilt,
}

/// What a rule speaks of: every key must match, any value of a key does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMatch {
    pub(super) operation: Option<Spanned<List<Text>>>,
    pub(super) provider: Option<Spanned<List<Text>>>,
    pub(super) service: Option<Spanned<List<Text>>>,
    pub(super) impact: Option<Spanned<List<Impact>>>,
    pub(super) scope: Option<Spanned<List<Text>>>,
    pub(super) environment: Option<Spanned<List<EnvironmentKind>>>,
    pub(super) hazards: Option<Spanned<List<Hazard>>>,
    pub(super) resource: Option<Spanned<List<Text>>>,
    pub(super) account: Option<Spanned<List<Text>>>,
    pub(super) region: Option<Spanned<List<Text>>>,
    pub(super) namespace: Option<Spanned<List<Text>>>,
    pub(super) cluster: Option<Spanned<List<Text>>>,
    pub(super) count: Option<Spanned<String>>,
    pub(super) reversible: Option<Spanned<List<Reversible>>>,
    pub(super) parameter: Option<Spanned<BTreeMap<String, List<Text>>>>,
    pub(super) evidence: Option<Spanned<List<Evidence>>>,
    pub(super) door: Option<Spanned<List<Door>>>,
}

/// The tests inside a rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTests {
    #[serde(rename = "match", default)]
    pub(super) matches: Vec<Spanned<RawCase>>,
    #[serde(default)]
    pub(super) not_match: Vec<Spanned<RawCase>>,
    #[serde(default)]
    pub(super) passes: Vec<Spanned<RawCase>>,
}

/// One request, and what is known of its target.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCase {
    pub(super) http: Option<RawHttp>,
    pub(super) action: Option<RawAction>,
    /// A command line, or a script.
    pub(super) command: Option<String>,
    /// Files that it may read, by absolute path; the workspace is `/repo`.
    #[serde(default)]
    pub(super) files: BTreeMap<String, String>,
    pub(super) operation: Option<String>,
    pub(super) environment: Option<EnvironmentKind>,
    pub(super) provider: Option<String>,
    pub(super) cluster: Option<String>,
}

/// An action as a caller would declare it: for what no door of this version reads.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAction {
    pub(super) operation: String,
    pub(super) impact: Impact,
    pub(super) scope: Scope,
    pub(super) environment: EnvironmentKind,
    #[serde(default)]
    pub(super) hazards: Vec<Hazard>,
    #[serde(default)]
    pub(super) resources: Vec<String>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) cluster: Option<String>,
    pub(super) namespace: Option<String>,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) count: Option<Count>,
    pub(super) reversible: Option<Reversible>,
}

/// An HTTP request as a person writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHttp {
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<String>,
    pub(super) form: Option<BTreeMap<String, String>>,
    pub(super) json: Option<serde_json::Value>,
    pub(super) aws: Option<RawSigner>,
}

/// Signs a test's request for AWS, with a key that encodes the account and a signature that is none.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSigner {
    pub(super) service: String,
    pub(super) region: String,
    pub(super) account: Option<String>,
}

/// A file of limits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) limits: Vec<RawLimit>,
}

/// One limit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimit {
    pub(super) id: Spanned<String>,
    pub(super) owner: Option<String>,
    #[serde(rename = "match")]
    pub(super) matches: Spanned<RawMatch>,
    pub(super) unless: Option<Spanned<RawMatch>>,
    pub(super) key: Spanned<Vec<String>>,
    pub(super) allow: Spanned<String>,
    pub(super) decision: Spanned<Effect>,
    pub(super) message: Spanned<String>,
    pub(super) instead: Option<Spanned<String>>,
}

/// `pack.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPack {
    pub(super) id: Spanned<String>,
    pub(super) version: u64,
    pub(super) maturity: Maturity,
    pub(super) owner: String,
    pub(super) description: Option<String>,
}

/// How settled a pack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Maturity {
    /// Its ids and its meaning stay.
    Stable,
    /// Both may change.
    Preview,
}
