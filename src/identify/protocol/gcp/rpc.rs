//! gRPC: a message is read as far as its resource name and the few fields that decide.
//!
//! SECURITY: a message that is not here whole, is compressed, or of which no field numbers are known, is opaque: every
//! condition on it counts as met. Headers that repeat what it says (`x-goog-request-params`) name a resource, no place: the
//! caller writes them, and a server follows the message.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::described::{self, Call};
use crate::catalog::{Condition, Manifest};
use crate::identify::{Face, Known, Reading};
use crate::model::Resource;
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};
use percent_encoding::percent_decode_str;
use vec1::Vec1;

/// Messages are read up to here; names and statements stand at their beginning.
const BYTES_MAX: usize = 64 * 1024;
/// How deep messages lie in each other where fields are looked for.
const NAMES_FIELDS: u32 = 8;

/// How a field shows in a document.
#[derive(Clone, Copy)]
enum Kind {
    /// A text, or a message that is only asked whether it is there.
    Text,
    /// A number, which is not sent when it is 0.
    Number,
    /// A truth value, which is not sent when it is false.
    Truth,
}

/// A member that conditions name, and the numbers of the fields that lead to it.
type Field = (&'static str, &'static [u32], Kind);

/// The fields of an operation's message, by the end of its name. Source: the .proto files of googleapis.
const FIELDS: &[(&str, &str, &[Field])] = &[
    (
        "bigtable",
        "Bigtable.CheckAndMutateRow",
        &[
            ("trueMutations.deleteFromColumn", &[4, 2], Kind::Text),
            ("trueMutations.deleteFromFamily", &[4, 3], Kind::Text),
            ("trueMutations.deleteFromRow", &[4, 4], Kind::Text),
            ("falseMutations.deleteFromColumn", &[5, 2], Kind::Text),
            ("falseMutations.deleteFromFamily", &[5, 3], Kind::Text),
            ("falseMutations.deleteFromRow", &[5, 4], Kind::Text),
        ],
    ),
    (
        "bigtable",
        "Bigtable.MutateRow",
        &[
            ("mutations.deleteFromColumn", &[3, 2], Kind::Text),
            ("mutations.deleteFromFamily", &[3, 3], Kind::Text),
            ("mutations.deleteFromRow", &[3, 4], Kind::Text),
        ],
    ),
    (
        "bigtable",
        "Bigtable.MutateRows",
        &[
            ("entries.mutations.deleteFromColumn", &[2, 2, 2], Kind::Text),
            ("entries.mutations.deleteFromFamily", &[2, 2, 3], Kind::Text),
            ("entries.mutations.deleteFromRow", &[2, 2, 4], Kind::Text),
        ],
    ),
    ("container", "clusters.legacyAbac", &[("enabled", &[4], Kind::Truth)]),
    ("container", "clusters.setLegacyAbac", &[("enabled", &[4], Kind::Truth)]),
    ("container", "nodePools.setSize", &[("nodeCount", &[5], Kind::Number)]),
    ("datastore", "projects.commit", &[("mutations", &[6], Kind::Text), ("mutations.delete", &[6, 7], Kind::Text)]),
    ("firestore", "documents.batchWrite", &[("writes", &[2], Kind::Text), ("writes.delete", &[2, 2], Kind::Text)]),
    ("firestore", "documents.commit", &[("writes", &[2], Kind::Text), ("writes.delete", &[2, 2], Kind::Text)]),
    ("pubsub", "topics.publish", &[("messages", &[2], Kind::Text)]),
    ("spanner", "databases.updateDdl", &[("statements", &[2], Kind::Text)]),
    ("spanner", "sessions.batchWrite", &[("mutationGroups.mutations.delete", &[4, 1, 5], Kind::Text)]),
    (
        "spanner",
        "sessions.commit",
        &[("mutations.delete", &[4, 5], Kind::Text), ("mutations.delete.keySet.all", &[4, 5, 2, 3], Kind::Truth)],
    ),
    ("spanner", "sessions.executeBatchDml", &[("statements.sql", &[3, 1], Kind::Text)]),
    ("spanner", "sessions.executeSql", &[("sql", &[3], Kind::Text)]),
    ("spanner", "sessions.executeStreamingSql", &[("sql", &[3], Kind::Text)]),
    (
        "storage",
        "Storage.CreateBucket",
        &[
            ("bucket.acl", &[2, 8], Kind::Text),
            ("bucket.defaultObjectAcl", &[2, 9], Kind::Text),
            ("predefinedAcl", &[6], Kind::Text),
            ("predefinedDefaultObjectAcl", &[7], Kind::Text),
        ],
    ),
    (
        "storage",
        "Storage.RewriteObject",
        &[("destination.acl", &[1, 10], Kind::Text), ("destinationPredefinedAcl", &[28], Kind::Text)],
    ),
    (
        "storage",
        "Storage.StartResumableWrite",
        &[
            ("writeObjectSpec.predefinedAcl", &[1, 7], Kind::Text),
            ("writeObjectSpec.resource.acl", &[1, 1, 10], Kind::Text),
        ],
    ),
    (
        "",
        "setIamPolicy",
        &[
            ("policy.auditConfigs", &[2, 6], Kind::Text),
            ("policy.bindings", &[2, 4], Kind::Text),
            ("policy.bindings.members", &[2, 4, 2], Kind::Text),
            ("updateMask", &[3, 1], Kind::Text),
        ],
    ),
];

/// How much body it takes, where the tables would take `plain`: streams of messages are flagged and not held back.
pub(super) fn need(plain: BodyNeed) -> BodyNeed {
    match plain {
        BodyNeed::None => BodyNeed::None,
        BodyNeed::Prefix(_) | BodyNeed::Whole(_) => BodyNeed::Prefix(BYTES_MAX),
    }
}

/// The operations, with the resources and the place that the message names.
pub(super) fn identify(
    api: &'static Manifest,
    known: &Known,
    head: &Head,
    body: &Captured,
) -> Result<Vec1<Reading>, Unreadable> {
    let plain = described::identify(api, known, head, &Captured::Unread)?;
    let message = message(body);
    let readings = match deciding(&plain) {
        None => plain,
        Some((service, name, members)) => {
            let told = message.and_then(|message| document(&service, &name, &members, message));
            let (head, body) = match told {
                Some(told) => (super::upload::as_json(head.clone()), Bytes::from(told.to_string())),
                // No text: read as nothing that could be told.
                None => (head.clone(), Bytes::from_static(b"\xff")),
            };
            described::identify(api, known, &head, &Captured::Whole(body))?
        }
    };
    let names: Vec<String> = message.map(names).unwrap_or_default();
    let said = if names.is_empty() { said(head) } else { vec![] };
    Ok(readings.mapped(|mut reading| {
        reading.place.project = project(&names);
        let all = if names.is_empty() { &said } else { &names };
        if !all.is_empty() {
            reading.resources = all.iter().map(|name| Resource::from(name.as_str())).collect();
        }
        reading
    }))
}

/// The operation, where parts of the message decide, and which.
fn deciding(readings: &Vec1<Reading>) -> Option<(String, String, Vec<&'static str>)> {
    let Face::Described(seen) = &readings.first().face else { return None };
    let Call::Listed(rows) = &seen.call else { return None };
    let row = rows.first();
    let members: Vec<&str> = row
        .conditions()
        .flat_map(|one| Condition::members(one.when.get()))
        .filter_map(|name| name.strip_prefix("body."))
        .collect();
    (!members.is_empty()).then(|| (row.service.get().to_owned(), row.name.get().to_owned(), members))
}

/// The one message of a call that is here whole.
fn message(body: &Captured) -> Option<&[u8]> {
    let Captured::Whole(bytes) = body else { return None };
    let (head, message) = bytes.split_at_checked(5)?;
    let length = u32::from_be_bytes(head.get(1..)?.try_into().ok()?);
    (head.first() == Some(&0) && length as usize == message.len()).then_some(message)
}

/// A field's value.
#[derive(Clone, Copy)]
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The message's fields; `None` where it is none.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u32, Wire<'_>)>> {
    let mut found = vec![];
    while !bytes.is_empty() {
        let (key, rest) = varint(bytes)?;
        let number = u32::try_from(key >> 3).ok().filter(|number| *number > 0)?;
        let (value, rest) = match key & 7 {
            0 => varint(rest).map(|(value, rest)| (Wire::Number(value), rest))?,
            1 => (Wire::Fixed, rest.get(8..)?),
            2 => {
                let (length, rest) = varint(rest)?;
                let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (Wire::Bytes(value), rest)
            }
            5 => (Wire::Fixed, rest.get(4..)?),
            _ => return None,
        };
        found.push((number, value));
        bytes = rest;
    }
    Some(found)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(at).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

/// The members that conditions name, as the document that REST would send; `None` where one of them is not known.
fn document(service: &str, name: &str, members: &[&str], message: &[u8]) -> Option<Value> {
    let ends = |end: &str| name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let (_, _, known) = FIELDS.iter().find(|(of, end, _)| (of.is_empty() || *of == service) && ends(end))?;
    let mut document = Map::new();
    for member in members {
        // What REST alone has is not there.
        let Some((_, path, kind)) = known.iter().find(|(name, _, _)| name == member) else {
            if *member == "bindings.members" {
                continue;
            }
            return None;
        };
        let mut values = vec![];
        collect(message, path, *kind, &mut values)?;
        if values.is_empty() && matches!(kind, Kind::Number) {
            values.push(json!(0));
        }
        if !values.is_empty() {
            insert(&mut document, member, Value::Array(values));
        }
    }
    Some(Value::Object(document))
}

fn insert(document: &mut Map<String, Value>, member: &str, value: Value) {
    // Members of one name that lie in each other stay apart: the engine looks for dotted names too.
    _ = document.insert(member.to_owned(), value);
}

fn collect(message: &[u8], path: &[u32], kind: Kind, values: &mut Vec<Value>) -> Option<()> {
    let (first, rest) = path.split_first()?;
    for (number, value) in fields(message)? {
        match value {
            _ if number != *first => {}
            Wire::Bytes(inner) if !rest.is_empty() => collect(inner, rest, kind, values)?,
            Wire::Bytes(text) => values.push(std::str::from_utf8(text).map_or_else(|_| json!("…"), |text| json!(text))),
            Wire::Number(number) if rest.is_empty() => values.push(match kind {
                Kind::Truth => json!(number != 0),
                _ => json!(number),
            }),
            _ => return None,
        }
    }
    Some(())
}

/// The resource names in a message: texts like `projects/p/...` in its first fields.
fn names(message: &[u8]) -> Vec<String> {
    let Some(fields) = fields(message) else { return vec![] };
    let texts = fields.into_iter().filter(|(number, _)| *number <= NAMES_FIELDS).filter_map(|(_, value)| match value {
        Wire::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    });
    texts.filter(|text| is_name(text)).map(str::to_owned).collect()
}

fn is_name(text: &str) -> bool {
    let begins =
        ["projects/", "folders/", "organizations/", "billingAccounts/"].iter().any(|word| text.starts_with(word));
    begins && text.len() < 1024 && !text.contains(char::is_whitespace) && !text.contains(char::is_control)
}

/// The project of all names, where it is one.
fn project(names: &[String]) -> Option<String> {
    let mut all = names.iter().map(|name| name.strip_prefix("projects/").and_then(|rest| rest.split('/').next()));
    let first = all.next()??;
    (first != "-" && all.all(|other| other == Some(first))).then(|| first.to_owned())
}

/// What the caller says that the message names.
fn said(head: &Head) -> Vec<String> {
    let text = head.header("x-goog-request-params").unwrap_or_default();
    let values = text.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
    let decoded = values.map(|value| percent_decode_str(value).decode_utf8_lossy().into_owned());
    decoded.filter(|name| is_name(name)).collect()
}
