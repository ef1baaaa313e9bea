//! The parts of a request that conditions look at: `query.size`, `path.label`, `header.x-name`, `body.a.b`.
//!
//! Only what the operation's conditions name is taken. Members are found as lenient servers find them: without regard to
//! case as Go's JSON folds it (`encoding/json`, "fold.go"), and `retention_days` is `retentionDays` (the JSON mapping of
//! Protocol Buffers takes both); lists are passed through.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::catalog::Condition;
use crate::catalog::described::Operation;
use crate::identify::protocol::kubernetes::json;
use crate::model::http::{Captured, Head, Unreadable};

/// What an operation's conditions are asked of.
#[derive(Clone, Debug, Default)]
pub struct Members {
    found: Vec<(&'static str, String)>,
    /// The body is in no format that is read here: whatever is asked of it holds.
    opaque: bool,
}

impl Members {
    /// The values of this member.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.found.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Every value, with its member.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.found.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Whether what the body says is not known.
    #[must_use]
    pub const fn is_opaque(&self) -> bool {
        self.opaque
    }
}

/// The members that any of these operations' conditions name.
fn names(operations: &[&'static Operation]) -> Vec<&'static str> {
    let conditions = operations.iter().flat_map(|operation| operation.conditions());
    let mut names: Vec<&'static str> = conditions.flat_map(|row| Condition::members(row.when.get())).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether what is in the body decides.
pub(super) fn asks_for_body(operations: &[&'static Operation]) -> bool {
    names(operations).iter().any(|name| *name == "body" || name.starts_with("body."))
}

/// Takes what the conditions name.
///
/// # Errors
/// The body is needed and too large, cannot be decoded, or is JSON with two readings.
pub(super) fn read(
    operations: &[&'static Operation],
    labels: &[(&'static str, String)],
    head: &Head,
    body: &Captured,
) -> Result<Members, Unreadable> {
    let mut members = Members::default();
    let query = pairs(head.query().unwrap_or_default());
    let masks = masks(&query);
    let mut document = None;
    for name in names(operations) {
        match name.split_once('.') {
            Some(("query", key)) => {
                let key = folded(key);
                let named = query.iter().filter(|(known, _)| folded(known) == key);
                members.found.extend(named.map(|(_, value)| (name, value.clone())));
            }
            Some(("path", key)) => {
                let named = labels.iter().filter(|(known, _)| *known == key);
                members.found.extend(named.map(|(_, value)| (name, value.clone())));
            }
            Some(("header", key)) => {
                let values = head.headers.get_all(key).iter();
                members
                    .found
                    .extend(values.map(|value| (name, String::from_utf8_lossy(value.as_bytes()).trim().to_owned())));
            }
            _ if name == "body" || name.starts_with("body.") => {
                let read = match document.take() {
                    Some(read) => read,
                    None => Document::read(head, body)?,
                };
                members.opaque |= matches!(read, Document::Opaque);
                let before = members.found.len();
                read.values(name, &mut members.found);
                if members.found.len() == before && is_masked(name, &masks) {
                    members.found.push((name, Condition::UNSET.to_owned()));
                }
                document = Some(read);
            }
            _ => {}
        }
    }
    Ok(members)
}

/// A body.
enum Document {
    None,
    Json(Value),
    Form(Vec<(String, String)>),
    /// XML and other texts: only asked for words.
    Text(String),
    Opaque,
}

impl Document {
    fn read(head: &Head, body: &Captured) -> Result<Self, Unreadable> {
        let bytes = match body {
            Captured::Whole(bytes) => bytes,
            Captured::Undecodable(why) => {
                return Err(Unreadable::status(415, format!("the body cannot be decoded: {why}")));
            }
            Captured::Overflow | Captured::Prefix(_) => {
                return Err(Unreadable::status(413, "the body is too large to be judged"));
            }
            Captured::Unread => return Ok(Self::None),
        };
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::None);
        }
        let media = head.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let starts = bytes.trim_ascii_start().first().copied();
        if media.contains("json") || matches!(starts, Some(b'{' | b'[')) {
            let value = json::parse(bytes).map_err(|why| Unreadable::new(format!("the body is not read: {why}")))?;
            return Ok(Self::Json(value));
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return Ok(Self::Opaque) };
        Ok(match media.as_str() {
            media if media.contains("x-www-form-urlencoded") => Self::Form(pairs(text)),
            media if media.contains("xml") || media.starts_with("text/") => Self::Text(text.to_owned()),
            _ => Self::Opaque,
        })
    }

    fn values(&self, name: &'static str, found: &mut Vec<(&'static str, String)>) {
        let path = folded(name.strip_prefix("body").and_then(|rest| rest.strip_prefix('.')).unwrap_or_default());
        match self {
            Self::Json(value) if path.is_empty() => found.push((name, value.to_string())),
            Self::Json(value) => collect(value, &path, &mut |value| found.push((name, value))),
            Self::Form(pairs) => {
                let named = pairs.iter().filter(|(key, _)| is_field(key, &path));
                found.extend(named.map(|(_, value)| (name, value.clone())));
            }
            Self::Text(text) if path.is_empty() => found.push((name, text.clone())),
            Self::None | Self::Text(_) | Self::Opaque => {}
        }
    }
}

/// A name as lenient servers compare it: `HostConfig`, `host_config` and `HoſtConfig` are one.
fn folded(name: &str) -> String {
    let fold = |c: char| match c {
        '_' => None,
        '\u{17f}' => Some('s'),
        '\u{212a}' => Some('k'),
        c => Some(c.to_ascii_lowercase()),
    };
    name.chars().filter_map(fold).collect()
}

/// Whether a form's field stands for this path: `updates[][type]` and `updates[0][type]` for `updates.type`, as Rack, PHP and
/// Express' `qs` unfold them.
fn is_field(key: &str, path: &str) -> bool {
    let key = key.replace(']', "");
    let is_index = |part: &&str| part.is_empty() || part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<String> = key.split(['[', '.']).filter(|part| !is_index(part)).map(folded).collect();
    let wanted: Vec<&str> = path.split('.').collect();
    parts.len() == wanted.len() && wanted.iter().zip(&parts).all(|(wanted, part)| *wanted == "*" || wanted == part)
}

/// What an update is limited to (AIP-134): a field that is named there and missing from the body is set back.
fn masks(query: &[(String, String)]) -> Vec<String> {
    let named = query.iter().filter(|(name, _)| matches!(folded(name).as_str(), "updatemask" | "fieldmask" | "mask"));
    let paths = named.flat_map(|(_, value)| value.split(','));
    paths.map(|path| folded(path.trim())).filter(|path| !path.is_empty()).collect()
}

fn is_masked(name: &str, masks: &[String]) -> bool {
    let path = format!(".{}.", folded(name));
    masks.iter().any(|mask| mask == "*" || path.contains(&format!(".{mask}.")))
}

/// The values under a dotted path. Names may hold dots themselves (`@odata.id`); `*` is any member.
fn collect(value: &Value, path: &str, take: &mut impl FnMut(String)) {
    match value {
        Value::Array(items) if items.is_empty() && path.is_empty() => take("[]".to_owned()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, take)),
        Value::Object(members) if !path.is_empty() => {
            for (key, value) in members {
                let rest = path.strip_prefix(folded(key).as_str()).or_else(|| path.strip_prefix('*'));
                match rest {
                    Some("") => collect(value, "", take),
                    Some(rest) if rest.starts_with('.') => collect(value, rest.trim_start_matches('.'), take),
                    _ => {}
                }
            }
        }
        _ if !path.is_empty() => {}
        Value::String(text) => take(text.clone()),
        other => take(other.to_string()),
    }
}

/// Decoded pairs of a query or form.
pub(in crate::identify) fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (decode(k), decode(v))).collect()
}
