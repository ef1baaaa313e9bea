//! What is wrong with a file a person wrote: file:line:column, the words, a suggestion, the line itself.
//!
//! [`parse_yaml`] is the one way from text to a typed value; whatever the parser says becomes a [`Diagnostic`] here.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_saphyr::{Location, Spanned};

use super::kind::{Gravity, Kind};
use super::scalar;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The file as the person named it.
    pub file: String,
    /// From 1; 0 when it concerns the file as a whole.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// Lower case, no full stop, input in backticks.
    pub message: String,
    /// "did you mean `…`?", or what to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// The line itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<String>,
    /// Whether it fails a check.
    #[serde(rename = "level")]
    pub gravity: Gravity,
    /// What kind of finding it is.
    pub kind: Kind,
}

impl Diagnostic {
    /// An error about the file as a whole.
    pub fn new(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: 0,
            column: 0,
            message: message.into(),
            suggestion: None,
            snippet: None,
            gravity: Gravity::Error,
            kind: Kind::WrongValue,
        }
    }

    /// The same as another kind.
    #[must_use]
    pub fn kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(snippet) = &self.snippet {
            let gutter = self.line.to_string();
            let indent = " ".repeat(gutter.len());
            let caret = " ".repeat(self.column.saturating_sub(1));
            write!(f, "\n  {gutter} | {snippet}\n  {indent} | {caret}^")?;
        }
        if let Some(suggestion) = &self.suggestion {
            write!(f, "\n  help: {suggestion}")?;
        }
        Ok(())
    }
}

/// Everything that is wrong with what was loaded; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{one}")?;
        }
        Ok(())
    }
}

/// A place in a file; (0, 0) is the file as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spot {
    line: usize,
    column: usize,
}

impl Spot {
    /// From 1; 0 for the file as a whole.
    pub(crate) const fn line(self) -> usize {
        self.line
    }

    /// From 1, in characters.
    pub(crate) const fn column(self) -> usize {
        self.column
    }
}

impl From<(usize, usize)> for Spot {
    fn from((line, column): (usize, usize)) -> Self {
        Self { line, column }
    }
}

impl From<Location> for Spot {
    fn from(location: Location) -> Self {
        let number = |n: u64| usize::try_from(n).unwrap_or(0);
        Self { line: number(location.line()), column: number(location.column()) }
    }
}

impl<T> From<&Spanned<T>> for Spot {
    fn from(spanned: &Spanned<T>) -> Self {
        spanned.referenced.into()
    }
}

/// Collects what is wrong with one file.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    pub(crate) const fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, found: Vec::new(), warnings: Vec::new() }
    }

    /// Adds an error of the kind [`Kind::WrongValue`].
    pub(crate) fn say(&mut self, at: impl Into<Spot>, message: impl Into<String>, suggestion: Option<String>) {
        self.say_as(Kind::WrongValue, at, message, suggestion);
    }

    /// Adds an error.
    pub(crate) fn say_as(
        &mut self,
        kind: Kind,
        at: impl Into<Spot>,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        let found = self.finding(at.into(), message.into());
        self.found.push(Diagnostic { suggestion, kind, ..found });
    }

    /// Adds what works and is probably not what was meant.
    pub(crate) fn warn(
        &mut self,
        kind: Kind,
        at: impl Into<Spot>,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        let found = self.finding(at.into(), message.into());
        self.warnings.push(Diagnostic { suggestion, kind, gravity: Gravity::Warning, ..found });
    }

    /// Adds an error without the line itself, which may hold a secret.
    pub(crate) fn say_veiled(&mut self, at: impl Into<Spot>, message: impl Into<String>, suggestion: Option<String>) {
        let found = self.finding(at.into(), message.into());
        self.found.push(Diagnostic { suggestion, snippet: None, ..found });
    }

    fn finding(&self, Spot { line, column }: Spot, message: String) -> Diagnostic {
        let snippet = line.checked_sub(1).and_then(|index| self.text.lines().nth(index)).map(str::to_owned);
        Diagnostic { line, column, snippet, ..Diagnostic::new(self.file, message) }
    }

    /// Adds a finding about the character at byte `offset` of a scalar, which is given by its beginning and its value. It is
    /// told at that character where it can be found again in the file, else at the scalar's beginning.
    pub(crate) fn say_inside(
        &mut self,
        (at, value): (Spot, &str),
        offset: usize,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        let inside = scalar::place(self.text, at, value, offset);
        self.say(inside.unwrap_or(at), message, suggestion);
    }

    /// Adds what the parser said.
    fn say_parser(&mut self, error: &serde_saphyr::Error) {
        let (message, suggestion) = words(error);
        self.say_as(kind(error), error.location().map(Spot::from).unwrap_or_default(), message, suggestion);
    }

    /// The warnings, which do not fail anything; taken out.
    pub(crate) fn take_warnings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings)
    }

    /// What was found.
    pub(crate) fn into_found(self) -> Vec<Diagnostic> {
        self.found
    }

    /// The value, if nothing was found.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Diagnostics> {
        if self.found.is_empty() { Ok(value) } else { Err(Diagnostics(self.found)) }
    }
}

/// Parses one YAML document: unknown and duplicate keys, wrong types and wrong words are errors with their place.
///
/// # Errors
/// What the parser says, as a [`Diagnostic`].
pub(crate) fn parse_yaml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Diagnostics> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        emit_comments: false,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let mut report = Report::new(file, text);
        report.say_parser(error.without_snippet());
        Diagnostics(report.into_found())
    })
}

const fn kind(error: &serde_saphyr::Error) -> Kind {
    use serde_saphyr::Error;
    match error {
        Error::SerdeUnknownField { .. } => Kind::UnknownKey,
        Error::SerdeUnknownVariant { .. } => Kind::UnknownWord,
        Error::SerdeMissingField { .. } => Kind::MissingKey,
        Error::DuplicateMappingKey { .. } => Kind::DoubledKey,
        Error::SerdeInvalidType { .. } | Error::SerdeInvalidValue { .. } => Kind::WrongType,
        Error::Message { .. } => Kind::WrongValue,
        _ => Kind::Syntax,
    }
}

/// The parser's error in our words.
fn words(error: &serde_saphyr::Error) -> (String, Option<String>) {
    use serde_saphyr::Error;
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            (format!("unknown key `{field}`"), Some(one_of(field, expected)))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("unknown word `{variant}`"), Some(one_of(variant, expected)))
        }
        Error::SerdeMissingField { field, .. } => (format!("key `{field}` is missing"), None),
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().map_or_else(String::new, |key| format!(" `{key}`"));
            (format!("key{key} stands here a second time"), Some("keep one of them".to_owned()))
        }
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            (format!("expected {expected}, found {unexpected}"), None)
        }
        Error::Message { msg, .. } => match msg.split_once("; help: ") {
            Some((message, help)) => (message.to_owned(), Some(help.to_owned())),
            None => (msg.clone(), None),
        },
        other => {
            let text = other.to_string();
            let first = text.lines().next().unwrap_or_default();
            // The place is told by the diagnostic itself.
            let message = first.strip_prefix("error: ").unwrap_or(first);
            let message = match message.split_once(": ") {
                Some((place, rest)) if place.starts_with("line ") => rest,
                _ => message,
            };
            let message = message.split(" at line ").next().unwrap_or(message);
            (message.to_owned(), None)
        }
    }
}

/// "did you mean `x`?", or the words there are.
fn one_of(given: &str, known: &[&str]) -> String {
    nearest(given, known.iter().copied()).unwrap_or_else(|| format!("one of {}", known.join(", ")))
}

/// "did you mean `x`?" for the nearest known word, when one is near.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(given, word), word))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| format!("did you mean `{word}`?"))
}
