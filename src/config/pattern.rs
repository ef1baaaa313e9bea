//! A glob, or a regular expression where one is asked for with `regex:`.

use std::fmt;

use regex::Regex;

use super::Glob;

/// What begins a regular expression.
const REGEX: &str = "regex:";
/// Longer than any that a person reads, and small enough to be compiled at once.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// What a value is compared with.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Covers the whole value.
    Glob(Glob),
    /// Is found anywhere in the value unless it is anchored; linear in the value.
    Regex(Regex),
}

impl Pattern {
    /// From its text.
    ///
    /// # Errors
    /// It is no pattern, or a regular expression that nothing can match.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(expression) = text.strip_prefix(REGEX) else { return Glob::parse(text).map(Self::Glob) };
        let parsed = regex_syntax::parse(expression).map_err(|error| {
            // The last line says it in words; the lines before draw it.
            let words = error.to_string();
            let last = words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("`{expression}` is not a regular expression: {last}")
        })?;
        if parsed.properties().minimum_len().is_none() {
            return Err(format!("the regular expression `{expression}` can never match"));
        }
        if parsed.properties().maximum_len() == Some(0) || expression.is_empty() {
            return Err(format!("the regular expression `{expression}` says nothing about the value"));
        }
        let compiled = regex::RegexBuilder::new(expression).size_limit(COMPILED_BYTES_MAX).build();
        compiled.map(Self::Regex).map_err(|_| format!("the regular expression `{expression}` is too large"))
    }

    /// Whether it speaks of this value.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Glob(glob) => glob.matches(text),
            Self::Regex(regex) => regex.is_match(text),
        }
    }

    /// The same; a glob without regard to the case of ASCII letters (an expression says that with `(?i)`).
    #[must_use]
    pub fn matches_ignoring_case(&self, text: &str) -> bool {
        match self {
            Self::Glob(glob) => glob.matches_ignoring_case(text),
            Self::Regex(regex) => regex.is_match(text),
        }
    }

    /// The glob, if it is one.
    #[must_use]
    pub const fn as_glob(&self) -> Option<&Glob> {
        match self {
            Self::Glob(glob) => Some(glob),
            Self::Regex(_) => None,
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Glob(a), Self::Glob(b)) => a == b,
            (Self::Regex(a), Self::Regex(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glob(glob) => glob.fmt(f),
            Self::Regex(regex) => write!(f, "{REGEX}{regex}"),
        }
    }
}
