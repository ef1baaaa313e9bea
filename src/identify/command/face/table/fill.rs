//! Templates of rows: what stands in braces is taken from the command's words.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::given::Given;
use crate::identify::Known;
use crate::identify::command::{Invocation, Scene, Sent};

/// What does not stand as it is in a segment of a path or a value of a query.
const RESERVED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// The value of an option, of an operand (`arg1`), or of a `$VARIABLE`.
pub(super) fn lookup(source: &str, given: &Given<'_>, (one, scene): (&Invocation, &Scene<'_>)) -> Option<String> {
    if let Some(name) = source.strip_prefix('$') {
        return scene
            .variable(one, name)
            .and_then(|word| Some(word.text()?.into_owned()))
            .filter(|text| !text.is_empty());
    }
    if let Some(number) = source.strip_prefix("arg").and_then(|number| number.parse::<usize>().ok()) {
        return given.operands.get(number.wrapping_sub(1)).map(ToString::to_string);
    }
    given.value(source).map(ToString::to_string)
}

/// The text with all braces filled; `None` when something that it needs is not there.
pub(super) fn fill(template: &str, given: &Given<'_>, at: (&Invocation, &Scene<'_>)) -> Option<String> {
    filled(template, given, at, |text| text)
}

fn filled(
    template: &str,
    given: &Given<'_>,
    at: (&Invocation, &Scene<'_>),
    encode: impl Fn(String) -> String,
) -> Option<String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}').filter(|(name, _)| is_name(name)) else {
            // A brace of the text itself.
            out.push_str(before);
            out.push('{');
            rest = behind;
            continue;
        };
        out.push_str(before);
        let (name, default) = name.split_once('|').map_or((name, None), |(name, default)| (name, Some(default)));
        let value = if name == "args" {
            Some(given.operands.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        } else {
            lookup(name, given, at)
        };
        out.push_str(&encode(value.or_else(|| default.map(ToOwned::to_owned))?));
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '$')
        && text.chars().all(|one| one.is_ascii_alphanumeric() || "-_$|./".contains(one))
}

/// The request that a row stands for: `= METHOD URL [BODY]`.
pub(super) fn request(row: &str, given: &Given<'_>, at: (&Invocation, &Scene<'_>)) -> Option<Sent> {
    let mut parts = row.strip_prefix("= ")?.splitn(3, ' ');
    let (method, url, body) = (parts.next()?, parts.next()?, parts.next());
    let url = filled(url, given, at, |text| utf8_percent_encode(&text, RESERVED).to_string())?;
    let quoted = |text: String| {
        let quoted = serde_json::Value::from(text).to_string();
        quoted.trim_matches('"').to_owned()
    };
    let body = match body {
        Some(template) => filled(template, given, at, quoted)?,
        None => String::new(),
    };
    let mut headers = Vec::new();
    if !body.is_empty() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    let known = Known::default();
    Some(Sent { method: method.to_owned(), url, headers, body: Some(body.into_bytes()), known })
}
