//! What a request carries, as far as it is known.

use super::PLACEHOLDER;
use crate::identify::command::word::{Part, Word};
use crate::identify::command::{Contents, Input, Invocation, Scene};

/// A body with stand-ins for what nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identify) struct Body {
    /// Its bytes.
    pub(in crate::identify) bytes: Vec<u8>,
    /// All of them are known.
    pub(in crate::identify) known: bool,
}

impl Default for Body {
    fn default() -> Self {
        Self { bytes: vec![], known: true }
    }
}

impl Body {
    /// Known bytes.
    pub(in crate::identify) fn of(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), known: true }
    }

    /// Nobody knows.
    pub(in crate::identify) fn unknown() -> Self {
        Self { bytes: PLACEHOLDER.as_bytes().to_vec(), known: false }
    }

    /// The text of a word.
    pub(in crate::identify) fn word(word: &Word) -> Self {
        Self { bytes: stand_in(word).into_bytes(), known: !word.has_unknown() }
    }

    /// Both, one behind the other.
    pub(in crate::identify) fn then(mut self, other: &Self) -> Self {
        self.bytes.extend_from_slice(&other.bytes);
        self.known &= other.known;
        self
    }

    /// The same, changed where it is known.
    pub(in crate::identify) fn map(self, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Self {
        Self { bytes: change(self.bytes), known: self.known }
    }
}

/// The word's text with stand-ins for what is not known; a pattern is its own text.
pub(in crate::identify) fn stand_in(word: &Word) -> String {
    word.parts
        .iter()
        .map(|part| match part {
            Part::Text(text) | Part::Glob(text) => text.as_str(),
            Part::Unknown { .. } => PLACEHOLDER,
        })
        .collect()
}

/// The word's text where no part of it is unknown; a pattern is its own text.
pub(in crate::identify) fn known_text(word: &Word) -> Option<String> {
    (!word.has_unknown()).then(|| stand_in(word))
}

/// What a file holds that the command reads; `-` is what it is given.
pub(in crate::identify) fn file(path: &Word, at: &Invocation, scene: &Scene<'_>) -> Body {
    let Some(name) = known_text(path) else { return Body::unknown() };
    if matches!(name.as_str(), "-" | "/dev/stdin") {
        return input(at, scene);
    }
    match absolute(at, &name).map(|path| scene.contents(&path)) {
        Some(Contents::Whole(bytes)) => Body::of(bytes),
        _ => Body::unknown(),
    }
}

/// What the command is given on its standard input.
pub(super) fn input(at: &Invocation, scene: &Scene<'_>) -> Body {
    match &at.input {
        Input::Text(text) => Body::of(text.as_bytes()),
        Input::File(path) => match known_text(path).and_then(|path| absolute(at, &path)) {
            Some(path) => match scene.contents(&path) {
                Contents::Whole(bytes) => Body::of(bytes),
                _ => Body::unknown(),
            },
            None => Body::unknown(),
        },
        Input::Inherited | Input::Unknown(_) => Body::unknown(),
    }
}

/// A path seen from where the command runs; `None` when nobody knows where that is.
pub(in crate::identify) fn absolute(at: &Invocation, path: &str) -> Option<String> {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", at.directory.as_deref()?) };
    let mut parts: Vec<&str> = vec![];
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}
