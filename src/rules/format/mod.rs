//! The canonical form of a rule file: keys in one order, one manner of quoting, spacing and lists; every comment stays
//! with its key.
//!
//! The meaning never changes: what is written is parsed again and compared with what was read, and a file that cannot be
//! put in form with certainty is refused, not guessed at.

use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions, Quotes};
use serde_json::Value;

use crate::config::{Diagnostic, Diagnostics, Kind, parse_yaml};

/// Lines are broken where their author broke them.
const WIDTH: usize = 1 << 20;

/// Keys in the order in which a reader asks for them, by the file's name; a rule's file has any other name.
const ORDERS: &[(&str, &[&str])] = &[
    ("pack.yaml", &["id", "version", "maturity", "owner", "description"]),
    ("limits.yaml", &["limits"]),
    ("exceptions.yaml", &["exceptions"]),
    ("freezes.yaml", &["freezes"]),
    ("sets.yaml", &["sets"]),
    ("matrix.yaml", &["guarded", "strict"]),
    (".blastgate.yaml", &["version", "rules", "limits", "freezes"]),
    ("inventory.yaml", &["version", "environments"]),
    ("people.yaml", &["version", "people"]),
    ("config.yaml", &["version"]),
];

/// The order of a rule's keys; its tests come last.
pub(crate) const RULE: &[&str] = &[
    "id",
    "owner",
    "severity",
    "mode",
    "until",
    "match",
    "unless",
    "when",
    "after",
    "decision",
    "approval",
    "obligations",
    "message",
    "instead",
    "runbook",
    "references",
    "tests",
];

/// The file in its canonical form.
///
/// # Errors
/// It is not YAML, or it is written in a way that cannot be put in form without risk: the finding says where.
pub fn format(file: &str, text: &str) -> Result<String, Diagnostic> {
    let value = parsed(file, text)?;
    let plain = text.replace("\r\n", "\n");
    let once = arranged(file, &plain)?;
    let unsafe_to = |what: &str| refusal(file, 0, &format!("cannot be put in form: {what}; the file is left as it is"));
    if parsed(file, &once).ok() != Some(value) {
        return Err(unsafe_to("its meaning would change"));
    }
    if comments(&once) != comments(&plain) {
        return Err(unsafe_to("a comment would be lost"));
    }
    match arranged(file, &once) {
        Ok(twice) if twice == once => Ok(once),
        _ => Err(unsafe_to("there is no one form of it")),
    }
}

fn parsed(file: &str, text: &str) -> Result<Value, Diagnostic> {
    parse_yaml(file, text).map_err(|Diagnostics(found)| {
        found.into_iter().next().unwrap_or_else(|| Diagnostic::new(file, "cannot be read").kind(Kind::Syntax))
    })
}

fn refusal(file: &str, line: usize, message: &str) -> Diagnostic {
    let found = Diagnostic::new(file, message).kind(Kind::Format);
    Diagnostic { line, column: usize::from(line > 0), ..found }
}

/// Every line that is nothing but a comment, and how many `#` there are in all: none may go, wherever it moves.
fn comments(text: &str) -> (Vec<&str>, usize) {
    let mut lines: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with('#')).collect();
    lines.sort_unstable();
    (lines, text.matches('#').count())
}

/// One key at the top, with its value and what stands above it.
struct Entry<'a> {
    key: &'a str,
    /// Comments and blank lines above the key.
    above: Vec<&'a str>,
    lines: Vec<&'a str>,
}

/// The file, cut at its top keys.
struct Cut<'a> {
    /// What stands above the first key: it speaks of the file.
    head: Vec<&'a str>,
    entries: Vec<Entry<'a>>,
    foot: Vec<&'a str>,
}

fn arranged(file: &str, text: &str) -> Result<String, Diagnostic> {
    let Cut { head, mut entries, foot } = cut(file, text)?;
    let order = order(file);
    // Keys without a place of their own keep theirs, after the others and before the tests.
    let place = |key: &str| match key {
        "tests" => usize::MAX,
        key => order.iter().position(|known| *known == key).unwrap_or(order.len()),
    };
    entries.sort_by_key(|entry| place(entry.key));
    let mut out = String::with_capacity(text.len() + 64);
    lines(&head, &mut out);
    for entry in &entries {
        lines(&entry.above, &mut out);
        let body = entry.lines.join("\n");
        let body = pretty_yaml::format_text(&body, &options())
            .map_err(|error| refusal(file, 0, &format!("`{}` cannot be put in form: {error}", entry.key)))?;
        out.push_str(body.trim_end_matches('\n'));
        out.push('\n');
    }
    lines(&foot, &mut out);
    let trimmed = out.trim_start_matches('\n').trim_end();
    Ok(format!("{trimmed}\n"))
}

fn options() -> FormatOptions {
    FormatOptions {
        layout: LayoutOptions { print_width: WIDTH, ..LayoutOptions::default() },
        language: LanguageOptions {
            quotes: Quotes::PreferDouble,
            trailing_comma: false,
            trim_trailing_whitespaces: false,
            ..LanguageOptions::default()
        },
    }
}

fn order(file: &str) -> &'static [&'static str] {
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    ORDERS.iter().find(|(known, _)| *known == name).map_or(RULE, |(_, keys)| keys)
}

/// Appends lines of comments and blanks, never two blank ones together.
fn lines(all: &[&str], out: &mut String) {
    for line in all {
        let line = line.trim_end();
        if line.is_empty() && (out.is_empty() || out.ends_with("\n\n")) {
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
}

fn cut<'a>(file: &str, text: &'a str) -> Result<Cut<'a>, Diagnostic> {
    let mut cut = Cut { head: Vec::new(), entries: Vec::new(), foot: Vec::new() };
    // Comments and blank lines whose owner is not known yet.
    let mut loose: Vec<&str> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let strange = |what: &str| {
            let message = format!("cannot be put in form: {what}; the file is left as it is");
            Diagnostic { snippet: Some(line.to_owned()), ..refusal(file, number + 1, &message) }
        };
        if line.trim().is_empty() || line.starts_with('#') {
            loose.push(line);
        } else if let Some(key) = key(line) {
            let above = std::mem::take(&mut loose);
            if cut.entries.is_empty() {
                cut.head = above;
                cut.entries.push(Entry { key, above: Vec::new(), lines: vec![line] });
            } else {
                cut.entries.push(Entry { key, above, lines: vec![line] });
            }
        } else if line.starts_with([' ', '}', ']']) || line == "-" || line.starts_with("- ") {
            let entry = cut.entries.last_mut().ok_or_else(|| strange("no key stands before this line"))?;
            entry.lines.append(&mut loose);
            entry.lines.push(line);
        } else {
            return Err(strange("a key of letters, digits, `-` and `_` was expected at the line's beginning"));
        }
    }
    cut.foot = loose;
    Ok(cut)
}

/// The key that begins at the line's beginning.
fn key(line: &str) -> Option<&str> {
    let (key, rest) = line.split_once(':')?;
    let is_word = |key: &str| key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let is_key =
        !key.is_empty() && !key.starts_with('-') && is_word(key) && (rest.is_empty() || rest.starts_with([' ', '\t']));
    is_key.then_some(key)
}

#[cfg(test)]
mod tests;
