//! The texts that a GraphQL request may be written in: JSON, forms, multipart, and what only looks like one of them.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// The members of a JSON object in order, the repeated ones too; `None` for everything else and for excessive ones.
pub(in crate::identify) fn members(text: &str) -> Option<Vec<(String, Value)>> {
    if !text.starts_with('{') || !within_bounds(text) {
        return None;
    }
    let Members(all) = serde_json::from_str(text).ok()?;
    all.into_iter().map(|(name, raw)| Some((name, serde_json::from_str(raw.get()).ok()?))).collect()
}

/// The elements of a JSON list of objects; `None` for everything else and for excessive ones.
pub(super) fn list(text: &str) -> Option<Vec<Members>> {
    if text.starts_with('[') && within_bounds(text) { serde_json::from_str(text).ok() } else { None }
}

/// One JSON object; `None` for everything else and for excessive ones.
pub(super) fn object(text: &str) -> Option<Members> {
    if text.starts_with('{') && within_bounds(text) { serde_json::from_str(text).ok() } else { None }
}

/// A JSON object's members in order, the repeated ones too, each as it is written.
#[derive(Debug)]
pub(super) struct Members(pub(super) Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = members.next_entry()? {
                    all.push(entry);
                }
                Ok(Members(all))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// Begins as a mutation does, or as a document that holds one.
pub(super) fn hints_at_mutation(text: &str) -> bool {
    let mut text = text;
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '\u{feff}'));
        let Some(comment) = text.strip_prefix('#') else { break };
        text = comment.split_once(['\n', '\r']).map_or("", |(_, rest)| rest);
    }
    let begins = |word: &str| {
        text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    };
    let later = || text.contains("mutation") && ["fragment", "query", "subscription"].into_iter().any(begins);
    text.contains('{') && (begins("mutation") || later())
}

/// JSON in UTF-16 or UTF-32, or behind NUL bytes.
pub(super) fn in_wide_characters(bytes: &[u8]) -> bool {
    let odd = |byte: &u8| matches!(byte, 0 | 0xfe | 0xff);
    let start = bytes.get(..16.min(bytes.len())).unwrap_or_default();
    let first = start.iter().find(|byte| !odd(byte) && !byte.is_ascii_whitespace());
    let before = start.iter().take_while(|byte| !matches!(byte, b'{' | b'[')).any(odd);
    let after = start.windows(2).any(|pair| matches!(pair, [b'{' | b'[', 0]));
    matches!(first, Some(b'{' | b'[')) && (before || after)
}

/// The most values that a JSON text may hold before it is built in memory.
const NODES_MAX: usize = 200_000;

/// Whether a JSON text holds no more values than are built; what stands in texts does not count.
fn within_bounds(text: &str) -> bool {
    let (mut nodes, mut quoted, mut escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' | b'[' | b'{' if !quoted => nodes += 1,
            _ => {}
        }
    }
    nodes <= NODES_MAX
}

/// The fields of a multipart form by their names in lower case.
pub(in crate::identify) fn multipart(text: &str) -> Vec<(String, String)> {
    let boundary = text.lines().next().unwrap_or_default().trim_end();
    if boundary.len() < 3 {
        return Vec::new();
    }
    let part = |part: &str| {
        let (head, value) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n"))?;
        let lower = head.to_ascii_lowercase();
        let (_, name) = lower.replace(' ', "").split_once(";name=").map(|(a, b)| (a.to_owned(), b.to_owned()))?;
        let name = name.split([';', '\r', '\n']).next().unwrap_or_default().trim_matches('"').to_owned();
        Some((name, value.trim_end_matches(['\r', '\n']).to_owned()))
    };
    text.split(boundary).filter_map(part).collect()
}

/// JSON that breaks off or is not strict, but has a member `query` whose text begins as a document does.
pub(super) fn hints_at_document(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("\"operationname\"")
        || lower.match_indices("\"query\"").any(|(at, found)| {
            let rest = lower.get(at + found.len()..).unwrap_or_default().trim_start();
            let value = rest.strip_prefix(':').map(str::trim_start).and_then(|rest| rest.strip_prefix('"'));
            value.is_some_and(begins_a_document)
        })
}

/// Whether a JSON text's value begins as a document does. It is read as far as its blanks go and no further, so that a
/// text full of such members is not read again for each.
fn begins_a_document(value: &str) -> bool {
    let mut start = value;
    loop {
        let next = start.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let escapes = ["\\n", "\\r", "\\t"].iter();
        let next = escapes.filter_map(|escape| next.strip_prefix(*escape)).next().unwrap_or(next);
        if next.len() == start.len() {
            break;
        }
        start = next;
    }
    ["mutation", "query", "subscription", "fragment", "{", "#"].iter().any(|word| start.starts_with(word))
}

/// The pairs of a form or a query, decoded.
pub(super) fn form_pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}
