//! What a body says that its path does not: a dry run, a scale to zero, a cordon, a forced end of deletion.
//!
//! JSON, YAML (server-side apply) and protobuf give the same facts. Anything that cannot be read in exactly one way is an
//! error: the API server may read it otherwise.

use bytes::Bytes;
use serde_json::Value;

use super::fact::{Fact, Facts};
use super::patch::Form;
use super::path::{Object, Verb};
use super::{facts, json, patch, protobuf};
use crate::model::Parameter;
use crate::model::http::{Captured, Head, Unreadable};

/// What a body adds to a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// `metadata.name`, or `metadata.generateName` followed by `*`.
    pub name: Option<String>,
    /// DeleteOptions say `dryRun: ["All"]`.
    pub dry_run: bool,
    /// The body is there, so that a DELETE's query does not count.
    pub present: bool,
    /// What it says that decides.
    pub facts: Facts,
    /// What else decides.
    pub parameters: Vec<Parameter>,
}

/// Larger than any body that an API server takes (3 MiB).
pub(super) const WRITE_MAX: usize = 4 * 1024 * 1024;
/// DeleteOptions are small.
pub(super) const DELETE_MAX: usize = 64 * 1024;

/// Reads a captured body.
///
/// # Errors
/// 413 when it is too large, 415 for an encoding that cannot be read here, 400 when it has no single reading.
pub(super) fn read(object: &Object, head: &Head, body: &Captured) -> Result<Written, Unreadable> {
    let bytes = match body {
        Captured::Whole(bytes) => bytes,
        Captured::Undecodable(why) => {
            return Err(Unreadable::status(415, format!("the body cannot be decoded: {why}")));
        }
        Captured::Overflow | Captured::Prefix(_) => {
            return Err(Unreadable::status(413, "the body is larger than an API server accepts"));
        }
        Captured::Unread => return Err(Unreadable::new("the body was not read")),
    };
    if bytes.is_empty() {
        return Ok(Written::default());
    }
    let media = media_type(head)?;
    let mut written = Written { present: true, ..Written::default() };
    let patch = (object.verb == Verb::Patch).then(|| Form::of_patch(&media));
    if patch == Some(Form::Json) {
        for write in patch::read(&parse_json(bytes)?)? {
            facts::read(object, write.form, &write.value, &mut written);
            for (holds, fact) in [
                (write.unguards, Fact::Unguarded),
                (write.empties, Fact::Emptied),
                (write.replaces_template, Fact::RolledBack),
            ] {
                if holds {
                    written.facts.insert(fact);
                }
            }
        }
    } else {
        let value = parse(object, &media, bytes)?;
        facts::read(object, patch.unwrap_or(Form::Whole), &value, &mut written);
    }
    // A Scale without `spec.replicas` is a Scale to zero: the member is left out when it is 0.
    if object.sub.as_deref() == Some("scale") && object.verb == Verb::Update && !written.has("replicas") {
        written.facts.insert(Fact::ScaledToZero);
        written.parameters.push(Parameter::new("replicas", "0"));
    }
    Ok(written)
}

fn media_type(head: &Head) -> Result<String, Unreadable> {
    if head.header_count("content-type") > 1 {
        return Err(Unreadable::new("the header `Content-Type` is there more than once"));
    }
    let value = head.header("content-type").unwrap_or_default();
    Ok(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn parse(object: &Object, media: &str, bytes: &Bytes) -> Result<Value, Unreadable> {
    let protobuf = bytes.starts_with(protobuf::MAGIC);
    if protobuf != (media == "application/vnd.kubernetes.protobuf") {
        return Err(Unreadable::new("the body and its Content-Type disagree about protobuf"));
    }
    if protobuf {
        return protobuf::parse(object, bytes).map_err(Unreadable::new);
    }
    if media.contains("cbor") {
        return Err(Unreadable::status(415, "CBOR bodies are not read here; clients fall back to JSON or protobuf"));
    }
    if media.contains("yaml") { parse_yaml(bytes) } else { parse_json(bytes) }
}

fn parse_json(bytes: &Bytes) -> Result<Value, Unreadable> {
    json::parse(bytes).map_err(|why| {
        let status = if why == json::EXCESSIVE { 413 } else { 400 };
        Unreadable::status(status, format!("the body is not read: {why}"))
    })
}

/// YAML is JSON to most clients that send it. Merge keys and anchors are read differently by different parsers.
fn parse_yaml(bytes: &Bytes) -> Result<Value, Unreadable> {
    let bad = || Unreadable::new("the body is not one YAML document with one reading");
    if let Ok(value) = json::parse(bytes) {
        return Ok(value);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| bad())?;
    if text.contains("<<") {
        return Err(Unreadable::new("the YAML body has a merge key"));
    }
    serde_saphyr::from_str(text).map_err(|_| bad())
}

impl Written {
    /// Whether a parameter of this name was read.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == name)
    }
}
