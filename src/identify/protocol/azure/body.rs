//! The body of a call: strict JSON, or what `az deployment` sends in its place.

use http::Method;
use serde_json::Value;

use crate::identify::protocol::kubernetes::json;
use crate::model::http::{Captured, Head, Unreadable};

/// What was read of a body.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Written {
    /// There is none.
    #[default]
    None,
    /// A document.
    Json(Value),
    /// No document: a script, a policy in XML, an archive. It may say anything.
    Opaque,
}

/// Reads the body of a writing call. `lenient` where clients are known to send what only resembles JSON.
///
/// # Errors
/// It is too large, cannot be decoded, or is JSON with no or two readings.
pub(super) fn read(head: &Head, body: &Captured, lenient: bool) -> Result<Written, Unreadable> {
    let bytes = match body {
        Captured::Unread => return Ok(Written::None),
        Captured::Whole(bytes) => bytes,
        Captured::Prefix(_) | Captured::Overflow => {
            return Err(Unreadable::status(413, "the body is larger than what Azure Resource Manager takes"));
        }
        Captured::Undecodable(why) => return Err(Unreadable::status(415, format!("the body cannot be read: {why}"))),
    };
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(Written::None);
    }
    let why = match json::parse(text) {
        Ok(value) => return Ok(Written::Json(value)),
        Err(why) => why,
    };
    let media = head.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    if lenient {
        return loosely(text).map(Written::Json);
    }
    // What calls itself something else and does not begin like a document is none.
    if !media.is_empty() && !media.contains("json") && !matches!(first, Some(b'{' | b'[')) {
        return Ok(Written::Opaque);
    }
    if head.method == Method::DELETE {
        return Ok(Written::Opaque);
    }
    Err(Unreadable::new(format!("the body is not JSON with one reading: {why}")))
}

/// JSON with names without quotes, comments, line breaks in texts and trailing commas, as templates are written and as
/// `az deployment … create` passes them on.
fn loosely(bytes: &[u8]) -> Result<Value, Unreadable> {
    let bad = || Unreadable::new("the template cannot be read in one way");
    let text = std::str::from_utf8(bytes).map_err(|_| bad())?;
    let mut strict = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => quoted(&mut rest, &mut strict).ok_or_else(bad)?,
            '/' => match rest.next() {
                Some('/') => while rest.next_if(|c| !matches!(c, '\n' | '\r')).is_some() {},
                Some('*') => {
                    let mut before = ' ';
                    loop {
                        let next = rest.next().ok_or_else(bad)?;
                        if before == '*' && next == '/' {
                            break;
                        }
                        before = next;
                    }
                }
                _ => return Err(bad()),
            },
            '}' | ']' => {
                if strict.trim_end().ends_with(',') {
                    strict.truncate(strict.trim_end().len().saturating_sub(1));
                }
                strict.push(c);
            }
            c if c.is_alphabetic() || matches!(c, '_' | '$') => {
                let mut word = String::from(c);
                while let Some(next) = rest.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '$')) {
                    word.push(next);
                }
                let inside = strict.trim_end().chars().next_back().is_some_and(|c| c.is_ascii_digit() || c == '.');
                if matches!(word.as_str(), "true" | "false" | "null") || inside {
                    strict.push_str(&word);
                } else {
                    strict.push_str(&Value::from(word).to_string());
                }
            }
            c => strict.push(c),
        }
    }
    json::parse(strict.as_bytes()).map_err(|why| Unreadable::new(format!("the template: {why}")))
}

/// A text in double quotes, with its line breaks escaped.
fn quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, strict: &mut String) -> Option<()> {
    strict.push('"');
    loop {
        match rest.next()? {
            '"' => break,
            '\\' => {
                strict.push('\\');
                strict.push(rest.next()?);
            }
            '\n' => strict.push_str("\\n"),
            '\r' => strict.push_str("\\r"),
            '\t' => strict.push_str("\\t"),
            c => strict.push(c),
        }
    }
    strict.push('"');
    Some(())
}

/// The values of a member, at any element of lists. Names are compared without regard to case; `*` is any member of a map.
#[must_use]
pub fn values<'a>(root: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![];
    collect(root, path, &mut found);
    found
}

fn collect<'a>(value: &'a Value, path: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, found)),
        _ if path.is_empty() => found.push(value),
        Value::Object(members) => {
            for (name, value) in members {
                // A name may hold dots itself (`members@odata.bind`).
                if name.eq_ignore_ascii_case(path) {
                    collect(value, "", found);
                } else if let Some((first, rest)) = path.split_once('.')
                    && (first == "*" || name.eq_ignore_ascii_case(first))
                {
                    collect(value, rest, found);
                }
            }
        }
        _ => {}
    }
}
