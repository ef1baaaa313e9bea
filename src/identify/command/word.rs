//! A word of a command as far as it can be known.

use std::fmt;

/// One word after expansion: an argument that a program would get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::identify) struct Word {
    /// From left to right; empty for an empty argument.
    pub(in crate::identify) parts: Vec<Part>,
}

/// A stretch of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identify) enum Part {
    /// Known text, quotes and escapes undone.
    Text(String),
    /// A pattern of file names that the shell will expand: `*`, `src/*.rs`, as written.
    Glob(String),
    /// Nobody knows what stands here.
    Unknown {
        /// As the text has it: `$TARGET`, `$(date)`.
        shown: String,
        /// It stands unquoted: it may become several words, or none.
        splits: bool,
    },
}

impl Word {
    /// A known word.
    pub(in crate::identify) fn known(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// A word of which nothing is known, as the text has it.
    pub(in crate::identify) fn unknown(shown: impl Into<String>, splits: bool) -> Self {
        Self { parts: vec![Part::Unknown { shown: shown.into(), splits }] }
    }

    /// The whole word, where all of it is known and nothing of it is a pattern.
    pub(in crate::identify) fn text(&self) -> Option<std::borrow::Cow<'_, str>> {
        match self.parts.as_slice() {
            [] => Some("".into()),
            [Part::Text(text)] => Some(text.as_str().into()),
            parts => parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect::<Option<String>>()
                .map(Into::into),
        }
    }

    /// Whether the word is known to be exactly this.
    pub(in crate::identify) fn is(&self, wanted: &str) -> bool {
        self.text().is_some_and(|text| text == wanted)
    }

    /// The known text that the word begins with.
    pub(in crate::identify) fn leading(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether a part of it is not known (a pattern is known, as far as that goes).
    pub(in crate::identify) fn has_unknown(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Unknown { .. }))
    }

    /// Whether a part of it is a pattern of file names.
    pub(in crate::identify) fn has_glob(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Glob(_)))
    }

    /// Whether it may become several words, or none.
    pub(in crate::identify) fn splits(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Unknown { splits: true, .. } | Part::Glob(_)))
    }
}

impl fmt::Display for Word {
    /// As a person would recognise it: known text as it is, the rest as the command has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) | Part::Glob(text) | Part::Unknown { shown: text, .. } => f.write_str(text),
        })
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::known(text)
    }
}
