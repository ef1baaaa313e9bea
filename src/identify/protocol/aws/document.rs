//! JSON and CBOR bodies: only the named members are kept, everything else is skipped without being built.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::catalog::aws::Member;
use crate::model::http::Unreadable;

use super::members::{Step, Values};

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// JSON; keys are the members' own names or, in REST services, their wire names.
    Json,
    /// JSON of a REST service.
    RestJson,
    /// CBOR.
    Cbor,
}

/// Takes the members' values from a document.
///
/// # Errors
/// It does not parse, goes on after its end, or a key on the way to a member is there twice.
pub(super) fn collect(
    syntax: Syntax,
    body: &[u8],
    members: &[&'static Member],
    values: &mut Values,
) -> Result<(), Unreadable> {
    if body.is_empty() || members.is_empty() {
        return Ok(());
    }
    let spelling = |member: &'static Member| match syntax {
        Syntax::RestJson => member.wire.get(),
        Syntax::Json | Syntax::Cbor => member.path.get(),
    };
    let paths: Vec<(usize, Vec<Step<'static>>)> =
        members.iter().enumerate().map(|(at, member)| (at, Step::parse(spelling(member)))).collect();
    let active = paths.iter().map(|(at, steps)| (*at, steps.as_slice())).collect();
    let mut found: Vec<(usize, String)> = vec![];
    let walk = Walk { active, found: &mut found };
    match syntax {
        Syntax::Json | Syntax::RestJson => {
            let mut reader = serde_json::Deserializer::from_slice(body);
            walk.deserialize(&mut reader).and_then(|()| reader.end()).map_err(|error| refuse(&error))?;
        }
        Syntax::Cbor => {
            let mut reader = minicbor_serde::Deserializer::new(body);
            walk.deserialize(&mut reader).map_err(|error| refuse(&error))?;
            if reader.decoder().position() != body.len() {
                return Err(refuse(&"bytes follow the document"));
            }
        }
    }
    for (at, value) in found {
        if let Some(member) = members.get(at) {
            values.push(member, value);
        }
    }
    Ok(())
}

/// The reader's own message may quote the body, which may hold secrets: only its place is kept.
fn refuse(error: &dyn fmt::Display) -> Unreadable {
    let text = error.to_string();
    let why = match text.split_once(TWICE) {
        Some(_) => "a key is there twice",
        None => "it does not parse",
    };
    Unreadable::new(format!("the body has no single reading: {why}"))
}

const TWICE: &str = "a key is there twice";

struct Walk<'a, 'b> {
    active: Vec<(usize, &'b [Step<'static>])>,
    found: &'a mut Vec<(usize, String)>,
}

impl Walk<'_, '_> {
    fn leaf(self, value: &str) {
        for (at, steps) in self.active {
            if steps.is_empty() {
                self.found.push((at, value.to_owned()));
            }
        }
    }

    /// Marks that a structure or list stands where a member ends.
    fn present(&mut self) {
        for (at, steps) in &self.active {
            if steps.is_empty() {
                self.found.push((*at, String::new()));
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.leaf(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.leaf(&value.to_string());
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.leaf(&value.to_string());
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.leaf(&value.to_string());
        Ok(())
    }

    /// Whether AWS takes a text for the truth value it spells is not known: it keeps its quotes, and equals neither.
    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        match value {
            "true" | "false" => self.leaf(&format!("\"{value}\"")),
            _ => self.leaf(value),
        }
        Ok(())
    }

    fn visit_bytes<E: Error>(mut self, _: &[u8]) -> Result<(), E> {
        self.present();
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.present();
        let inside: Vec<_> = self
            .active
            .iter()
            .filter_map(|(at, steps)| match steps.split_first() {
                Some((Step::List, rest)) => Some((*at, rest)),
                _ => None,
            })
            .collect();
        if inside.is_empty() {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        while items.next_element_seed(Walk { active: inside.clone(), found: self.found })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        self.present();
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            let mut inside = vec![];
            for (at, steps) in &self.active {
                match steps.split_first() {
                    Some((Step::Key(name) | Step::Entry(name), rest)) if *name == key => inside.push((*at, rest)),
                    Some((Step::AnyEntry, rest)) => inside.push((*at, rest)),
                    Some((Step::Keys, _)) => self.found.push((*at, key.clone())),
                    _ => {}
                }
            }
            if inside.is_empty() {
                entries.next_value::<IgnoredAny>()?;
            } else {
                entries.next_value_seed(Walk { active: inside, found: self.found })?;
            }
            if !keys.insert(key) {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(())
    }
}
