//! JSON with one reading: no member twice, no more than 64 levels, nothing after the value.
//!
//! Parsers disagree about which of two equal members counts; a body that relies on it is not guessed at.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

const DEPTH_MAX: u8 = 64;
/// More values than any API's request holds; each takes many times its text in memory.
const NODES_MAX: u32 = 200_000;
/// What the error of a text with more values begins with.
pub(crate) const EXCESSIVE: &str = "too many values";

/// Reads a JSON text strictly.
///
/// # Errors
/// For a person: where it stops being JSON with one reading. Holds no values.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict(0, &Cell::new(0)).deserialize(&mut deserializer).map_err(|error| describe(&error))?;
    deserializer.end().map_err(|error| describe(&error))?;
    Ok(value)
}

fn describe(error: &serde_json::Error) -> String {
    if error.to_string().starts_with(EXCESSIVE) {
        return EXCESSIVE.to_owned();
    }
    let what = if error.to_string().contains("is there twice") { "a member is there twice" } else { "not valid JSON" };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// Builds a value, `self.0` levels down; `self.1` counts them all.
struct Strict<'a>(u8, &'a Cell<u32>);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.0 > DEPTH_MAX {
            return Err(D::Error::custom("too deep"));
        }
        self.1.set(self.1.get() + 1);
        if self.1.get() > NODES_MAX {
            return Err(D::Error::custom(EXCESSIVE));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(Self(self.0 + 1, self.1))? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Self(self.0 + 1, self.1))?;
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(Value::Object(all))
    }
}
