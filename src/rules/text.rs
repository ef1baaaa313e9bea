//! The YAML form of rules, limits and packs, as serde reads it. Nothing here is checked beyond its shape.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::Severity;
use super::after::StepOutcome;
use super::limits::By;
use super::matcher::Key;
use crate::config::Spot;
use crate::model::{Count, Door, Effect, EnvironmentKind, Evidence, Hazard, Impact, Level, Mode, Reversible, Scope};

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

/// A tier, or a comparison with one.
#[derive(Clone, Debug)]
pub(super) struct Tier(pub(super) String);

impl<'de> Deserialize<'de> for Tier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl Visitor<'_> for Seen {
            type Value = Tier;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a comparison such as `<= 2`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Tier, E> {
                Ok(Tier(text.to_owned()))
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Tier, E> {
                Ok(Tier(number.to_string()))
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
    /// Until when it counts: a date (to its end, UTC) or a moment.
    pub(super) until: Option<Spanned<String>>,
    pub(super) runbook: Option<String>,
    pub(super) references: Option<Vec<String>>,
    pub(super) tests: Option<Spanned<RawTests>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) when: Option<Spanned<String>>,
    pub(super) approval: Option<Spanned<OneOrMore<RawApproval>>>,
    pub(super) obligations: Option<Spanned<List<Text>>>,
    pub(super) after: Option<Spanned<Vec<Spanned<RawStep>>>>,
}

/// What the same session must have done before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    #[serde(rename = "match")]
    pub(super) matches: Spanned<RawMatch>,
    pub(super) unless: Option<Spanned<RawMatch>>,
    pub(super) within: Spanned<String>,
    pub(super) same: Option<Spanned<List<Key>>>,
    pub(super) other: Option<Spanned<List<Key>>>,
    pub(super) times: Option<Spanned<u32>>,
    pub(super) outcome: Option<Spanned<List<StepOutcome>>>,
}

/// Whose answers an escalation needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawApproval {
    pub(super) quorum: Option<Spanned<u32>>,
    pub(super) from: Option<Spanned<List<Text>>>,
    pub(super) including: Option<Spanned<OneOrMore<RawPart>>>,
    pub(super) exclude_requester: Option<Spanned<bool>>,
    pub(super) expires: Option<Spanned<String>>,
}

/// How many of whom.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPart {
    pub(super) quorum: Option<Spanned<u32>>,
    pub(super) from: Option<Spanned<List<Text>>>,
}

/// What a rule speaks of: every key must match, any value of a key does.
#[derive(Clone, Debug, Default, Deserialize)]
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
    pub(super) tier: Option<Spanned<List<Tier>>>,
    pub(super) owner: Option<Spanned<List<Text>>>,
    pub(super) tenant: Option<Spanned<List<Text>>>,
    pub(super) project: Option<Spanned<List<Text>>>,
    pub(super) subscription: Option<Spanned<List<Text>>>,
    pub(super) repository: Option<Spanned<List<Text>>>,
    pub(super) host: Option<Spanned<List<Text>>>,
    pub(super) database: Option<Spanned<List<Text>>>,
    pub(super) state: Option<Spanned<List<Text>>>,
    pub(super) principal: Option<Spanned<RawWho>>,
    pub(super) session: Option<Spanned<List<Text>>>,
    pub(super) time: Option<Spanned<OneOrMore<RawWindow>>>,
}

/// Who acts; every key must match.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWho {
    pub(super) person: Option<Spanned<List<Text>>>,
    pub(super) agent: Option<Spanned<List<Text>>>,
    pub(super) level: Option<Spanned<List<Text>>>,
    pub(super) role: Option<Spanned<List<Text>>>,
}

/// A time of the week.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWindow {
    pub(super) days: Option<Spanned<List<Day>>>,
    pub(super) hours: Option<Spanned<String>>,
    pub(super) zone: Option<Spanned<String>>,
}

/// One map, or a list of them.
#[derive(Clone, Debug)]
pub(super) struct OneOrMore<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Seen<T> {
            type Value = OneOrMore<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map or a list of maps")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMore<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMore(vec![one]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<OneOrMore<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = sequence.next_element()? {
                    items.push(item);
                }
                Ok(OneOrMore(items))
            }
        }
        deserializer.deserialize_any(Seen(PhantomData))
    }
}

impl<T> OneOrMore<T> {
    pub(super) fn as_slice(&self) -> &[T] {
        &self.0
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// `sets.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSets {
    pub(super) sets: BTreeMap<String, Spanned<List<Text>>>,
}

/// `exceptions.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExceptions {
    pub(super) exceptions: Vec<RawException>,
}

/// One exception.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawException {
    pub(super) id: Spanned<String>,
    pub(super) rule: Spanned<List<Text>>,
    #[serde(rename = "match")]
    pub(super) matches: Spanned<RawMatch>,
    pub(super) reason: Spanned<String>,
    pub(super) owner: Spanned<String>,
    pub(super) approved_by: Spanned<List<Text>>,
    pub(super) expires: Option<Spanned<String>>,
}

/// `freezes.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFreezes {
    pub(super) freezes: Vec<RawFreeze>,
}

/// One freeze.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFreeze {
    pub(super) id: Spanned<String>,
    pub(super) owner: String,
    pub(super) severity: Option<Severity>,
    pub(super) mode: Option<Mode>,
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<String>,
    #[serde(rename = "match")]
    pub(super) matches: Spanned<RawMatch>,
    pub(super) unless: Option<Spanned<RawMatch>>,
    pub(super) decision: Spanned<Effect>,
    pub(super) message: Spanned<String>,
    pub(super) instead: Option<Spanned<String>>,
    pub(super) runbook: Option<String>,
    pub(super) references: Option<Vec<String>>,
}

/// `.blastgate.yaml`: what a repository adds. Whatever could loosen is no key of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRepository {
    pub(super) version: Spanned<u64>,
    #[serde(default)]
    pub(super) rules: Vec<RawRule>,
    #[serde(default)]
    pub(super) limits: Vec<RawLimit>,
    #[serde(default)]
    pub(super) freezes: Vec<RawFreeze>,
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
    /// Of that environment.
    pub(super) tier: Option<u8>,
    pub(super) owner: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) provider: Option<String>,
    pub(super) cluster: Option<String>,
    /// Who asks; without it nobody is known.
    pub(super) principal: Option<RawPrincipal>,
    /// When; without it the beginning of 1970.
    pub(super) at: Option<Spanned<String>>,
    /// What the same session did before, in the order of time.
    #[serde(default)]
    pub(super) after: Vec<Spanned<RawCase>>,
    /// What became of an earlier call; without it, it was sent.
    pub(super) outcome: Option<Spanned<StepOutcome>>,
    /// How long before the case an earlier call was.
    pub(super) ago: Option<Spanned<String>>,
}

/// Who asks, in a test.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPrincipal {
    pub(super) person: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) level: Option<Level>,
    pub(super) roles: Option<Vec<String>>,
    #[serde(default)]
    pub(super) anonymous: bool,
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
pub(crate) struct RawHttp {
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
    /// `key` is the older word.
    #[serde(alias = "key")]
    pub(super) by: Option<Spanned<Vec<By>>>,
    pub(super) allow: Spanned<String>,
    pub(super) burst: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) distinct: bool,
    pub(super) unbounded: Option<Spanned<u32>>,
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
