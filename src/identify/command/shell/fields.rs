//! From the pieces of an expanded word to the arguments that it becomes.

use super::super::{Part, Scene, Word, is_veiled};

/// A piece of a word after its parameters are expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    /// Stands as it is, even where it is empty.
    Quoted(String),
    /// As the text has it, outside quotes: may be a pattern of file names.
    Literal(String),
    /// Came from an expansion outside quotes: is split at blanks, and may be a pattern.
    Loose(String),
    /// Here one argument ends and another begins.
    Break,
}

/// The atoms as one text: nothing is split, no pattern is one.
pub(super) fn joined(atoms: &[Atom]) -> String {
    atoms
        .iter()
        .map(|atom| match atom {
            Atom::Quoted(text) | Atom::Literal(text) | Atom::Loose(text) => text.as_str(),
            Atom::Break => " ",
        })
        .collect()
}

/// The atoms as the arguments that a command gets.
pub(super) fn arguments(atoms: &[Atom], separators: &str, scene: &mut Scene<'_>) -> Vec<Word> {
    let mut fields: Vec<Vec<(String, bool)>> = vec![];
    let mut open: Option<Vec<(String, bool)>> = None;
    for atom in atoms {
        match atom {
            Atom::Break => fields.extend(open.take()),
            Atom::Quoted(text) => open.get_or_insert_default().push((text.clone(), true)),
            Atom::Literal(text) => {
                if !text.is_empty() {
                    open.get_or_insert_default().push((text.clone(), false));
                }
            }
            Atom::Loose(text) => split(text, separators, &mut open, &mut fields),
        }
    }
    fields.extend(open);
    fields.iter().map(|field| word(field, scene)).collect()
}

/// Splits at the separators: blanks of them in a row are one, any other of them stands for itself.
fn split(text: &str, separators: &str, open: &mut Option<Vec<(String, bool)>>, fields: &mut Vec<Vec<(String, bool)>>) {
    let mut current = String::new();
    let mut separated = false;
    for character in text.chars() {
        if !separators.contains(character) {
            current.push(character);
            separated = false;
            continue;
        }
        let blank = character.is_ascii_whitespace();
        if !current.is_empty() {
            open.get_or_insert_default().push((std::mem::take(&mut current), false));
        }
        match open.take() {
            Some(field) => fields.push(field),
            None if !blank && !separated => fields.push(vec![]),
            None => {}
        }
        separated = blank || separated;
    }
    if !current.is_empty() {
        open.get_or_insert_default().push((current, false));
    }
}

fn word(field: &[(String, bool)], scene: &Scene<'_>) -> Word {
    let whole: String = field.iter().map(|(text, _)| text.as_str()).collect();
    // A pattern that matches nothing stands for itself, and no file is named like an address.
    let may_be_pattern = !whole.contains("://") && field.iter().any(|(text, quoted)| !quoted && is_pattern(text));
    let mut parts: Vec<Part> = vec![];
    for (text, quoted) in field {
        for part in scene.unveil(text, !quoted).parts {
            match (part, parts.last_mut()) {
                (Part::Text(text), _) if !quoted && may_be_pattern && is_pattern(&text) => {
                    parts.push(Part::Glob(text));
                }
                (Part::Text(text), Some(Part::Text(before))) => before.push_str(&text),
                (part, _) => parts.push(part),
            }
        }
    }
    Word { parts }
}

/// Whether an unquoted text is a pattern of file names.
pub(super) fn is_pattern(text: &str) -> bool {
    if text.contains(['*', '?']) {
        return true;
    }
    // `[` alone is a command, and `[]` is no set.
    text.split_once('[').is_some_and(|(_, rest)| rest.find(']').is_some_and(|end| end > 0))
}

/// Whether something in the text is not known.
pub(super) fn is_known(text: &str) -> bool {
    !text.contains(is_veiled)
}
