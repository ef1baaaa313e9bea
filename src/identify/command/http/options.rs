//! Words of a command as options with their values, and operands.

use crate::identify::command::word::{Part, Word};

/// How a program's options are written.
#[derive(Clone, Copy, Debug)]
pub(in crate::identify) struct Grammar {
    /// Long options that take a value.
    pub(in crate::identify) valued: &'static [&'static str],
    /// Long options that take none, where abbreviations must be told apart from them.
    pub(in crate::identify) plain: &'static [&'static str],
    /// Short options that take a value, and the long ones they stand for.
    pub(in crate::identify) short: &'static [(char, &'static str)],
    /// Short options that take none.
    pub(in crate::identify) flags: &'static [(char, &'static str)],
    /// A long option's value may follow an equals sign.
    pub(in crate::identify) equals: bool,
    /// An unambiguous beginning stands for a long option.
    pub(in crate::identify) abbreviates: bool,
    /// Nothing behind `--` is an option.
    pub(in crate::identify) ends: bool,
}

/// An option or an operand, in the command's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identify) enum Item {
    /// By its long name, or its letter where it has none; with its value.
    Option(String, Option<Word>),
    /// Anything else.
    Operand(Word),
}

/// Reads the words. A word of which the beginning is not known is an operand.
pub(in crate::identify) fn items(words: &[Word], grammar: &Grammar) -> Vec<Item> {
    let mut found = vec![];
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let leading = word.leading();
        if grammar.ends && word.is("--") {
            found.extend(rest.by_ref().cloned().map(Item::Operand));
        } else if let Some(name) = leading.strip_prefix("--").filter(|name| !name.is_empty()) {
            found.push(long(word, name, grammar, || rest.next().cloned()));
        } else if leading.len() > 1 && leading.starts_with('-') {
            cluster(word, grammar, &mut found, || rest.next().cloned());
        } else {
            found.push(Item::Operand(word.clone()));
        }
    }
    found
}

fn long(word: &Word, name: &str, grammar: &Grammar, next: impl FnOnce() -> Option<Word>) -> Item {
    if let Some((name, _)) = name.split_once('=').filter(|_| grammar.equals) {
        let name = full(name, grammar);
        let skipped = word.leading().find('=').map_or(0, |at| at + 1);
        return Item::Option(name, Some(after(word, skipped)));
    }
    let name = full(name, grammar);
    let value = if grammar.valued.contains(&name.as_str()) { next() } else { None };
    Item::Option(name, value)
}

/// The option that a beginning stands for; an ambiguous one has a question mark before it.
fn full(name: &str, grammar: &Grammar) -> String {
    let known = || grammar.valued.iter().chain(grammar.plain);
    if !grammar.abbreviates || known().any(|option| *option == name) {
        return name.to_owned();
    }
    let mut candidates = known().filter(|option| option.starts_with(name));
    match (candidates.next(), candidates.next()) {
        (Some(only), None) => (*only).to_owned(),
        (None, _) => name.to_owned(),
        _ => format!("?{name}"),
    }
}

fn cluster(word: &Word, grammar: &Grammar, found: &mut Vec<Item>, next: impl FnOnce() -> Option<Word>) {
    let leading = word.leading();
    for (at, letter) in leading.char_indices().skip(1) {
        if let Some((_, name)) = grammar.short.iter().find(|(known, _)| *known == letter) {
            let rest = after(word, at + letter.len_utf8());
            let value = if rest.parts.is_empty() { next() } else { Some(rest) };
            found.push(Item::Option((*name).to_owned(), value));
            return;
        }
        let name = grammar.flags.iter().find(|(known, _)| *known == letter);
        found.push(Item::Option(name.map_or_else(|| letter.to_string(), |(_, name)| (*name).to_owned()), None));
    }
}

/// The word without so many bytes of its beginning, which is known.
pub(in crate::identify) fn after(word: &Word, bytes: usize) -> Word {
    let mut parts = word.parts.clone();
    if let Some(Part::Text(text)) = parts.first_mut() {
        *text = text.get(bytes..).unwrap_or_default().to_owned();
        if text.is_empty() {
            parts.remove(0);
        }
    }
    Word { parts }
}
