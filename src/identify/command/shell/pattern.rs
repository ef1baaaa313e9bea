//! Patterns of the shell, matched against known texts.

use brush_parser::pattern::pattern_to_regex_str;
use regex::Regex;

use super::super::is_veiled;

/// A longer pattern, or text, is not matched.
const BYTES_MAX: usize = 4096;

/// The regular expression of a pattern, anchored as asked.
pub(super) fn regex(pattern: &str, start: bool, end: bool) -> Option<Regex> {
    if pattern.len() > BYTES_MAX || pattern.contains(is_veiled) {
        return None;
    }
    let body = pattern_to_regex_str(pattern, true).ok()?;
    let text = format!("(?s){}(?:{body}){}", if start { "^" } else { "" }, if end { "$" } else { "" });
    Regex::new(&text).ok()
}

/// Whether the whole text matches; `None` when nobody knows.
pub(super) fn matches(pattern: &str, text: &str) -> Option<bool> {
    if pattern == "*" {
        return Some(true);
    }
    if text.len() > BYTES_MAX || text.contains(is_veiled) {
        return None;
    }
    Some(regex(pattern, true, true)?.is_match(text))
}
