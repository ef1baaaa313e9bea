//! Options as programs in Go read them: pflag for what an option is, cobra for which word is the command.
//!
//! `--name value`, `--name=value`, `-nvalue`, `-n=value`, `-n value`; switches take a value only behind `=`; the last one of
//! a name counts; `--` ends them. Source: `spf13/pflag` `flag.go`, `spf13/cobra` `command.go` (`stripFlags`, `innerfind`).

use crate::identify::command::{Part, Word};

/// What was given to one command.
#[derive(Clone, Debug, Default)]
pub(in crate::identify::command) struct Given {
    values: Vec<(String, Option<Word>)>,
    /// What is no option.
    pub(in crate::identify::command) operands: Vec<Word>,
    /// How many operands stood before `--`; `None` without it.
    pub(in crate::identify::command) before_dashes: Option<usize>,
    /// `--help`, as the program itself would take it.
    pub(in crate::identify::command) help: bool,
}

/// One option: `namespace/n=` takes a value, `dry-run=?client` takes one only behind `=` and stands for `client` without, a bare
/// name is a switch. The long name comes first.
struct Flag<'a> {
    long: &'a str,
    shape: Shape<'a>,
}

#[derive(Clone, Copy)]
enum Shape<'a> {
    Value,
    Optional(&'a str),
    Switch,
}

fn flag<'a>(specs: &[&'a str], wanted: &str) -> Option<Flag<'a>> {
    specs.iter().flat_map(|spec| spec.split_whitespace()).find_map(|item| {
        let (names, shape) = match item.split_once('=') {
            Some((names, "")) => (names, Shape::Value),
            Some((names, default)) => (names, Shape::Optional(default.trim_start_matches('?'))),
            None => (item, Shape::Switch),
        };
        let long = names.split('/').next().unwrap_or(names);
        names.split('/').any(|name| name == wanted).then_some(Flag { long, shape })
    })
}

/// The word without its first bytes, which are known text.
pub(in crate::identify::command) fn behind(word: &Word, bytes: usize) -> Word {
    let mut parts = word.parts.clone();
    if let Some(Part::Text(text)) = parts.first_mut() {
        *text = text.get(bytes..).unwrap_or_default().to_owned();
    }
    Word { parts }
}

/// Reads the words behind the command. Where options and operands do not mix (`mixes` is false), everything from the first
/// operand on is an operand.
pub(in crate::identify::command) fn parse(words: &[Word], specs: &[&str], mixes: bool) -> Given {
    let mut given = Given::default();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let lead = word.leading();
        if word.is("--") {
            given.before_dashes = Some(given.operands.len());
            given.operands.extend(rest.by_ref().cloned());
        } else if let Some(name) = lead.strip_prefix("--") {
            long(&mut given, word, name, specs, &mut rest);
        } else if lead.len() > 1 && lead.starts_with('-') {
            short(&mut given, word, specs, &mut rest);
        } else {
            given.operands.push(word.clone());
            if !mixes {
                given.operands.extend(rest.by_ref().cloned());
            }
        }
    }
    given
}

fn long<'w>(given: &mut Given, word: &Word, name: &str, specs: &[&str], rest: &mut impl Iterator<Item = &'w Word>) {
    let (name, value) = match name.split_once('=') {
        Some((name, _)) => (name, Some(behind(word, name.len() + 3))),
        None => (name, None),
    };
    // `cliflag.WordSepNormalizeFunc` of Kubernetes; other programs know no name with an underscore.
    let name = name.replace('_', "-");
    match flag(specs, &name) {
        Some(flag) => given.add(&flag, value, rest),
        None if name == "help" => given.help = value.is_none_or(|value| is_true(&value)),
        None => given.values.push((name, value)),
    }
}

fn short<'w>(given: &mut Given, word: &Word, specs: &[&str], rest: &mut impl Iterator<Item = &'w Word>) {
    let lead = word.leading().to_owned();
    for (at, letter) in lead.char_indices().skip(1) {
        let end = at + letter.len_utf8();
        let more = lead.get(end..).unwrap_or_default();
        let known = flag(specs, letter.encode_utf8(&mut [0; 4]));
        let attached = !more.is_empty() || word.parts.len() > 1;
        if more.starts_with('=') {
            match known {
                Some(flag) => given.add(&flag, Some(behind(word, end + 1)), rest),
                None => given.values.push((letter.to_string(), Some(behind(word, end + 1)))),
            }
            return;
        }
        match known {
            Some(flag) if matches!(flag.shape, Shape::Value) => {
                return given.add(&flag, attached.then(|| behind(word, end)), rest);
            }
            Some(flag) => given.add(&flag, None, rest),
            None if letter == 'h' => given.help = true,
            None => given.values.push((letter.to_string(), None)),
        }
    }
}

fn is_true(word: &Word) -> bool {
    matches!(word.text().as_deref(), Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
}

fn is_false(word: &Word) -> bool {
    matches!(word.text().as_deref(), Some("0" | "f" | "F" | "false" | "FALSE" | "False"))
}

impl Given {
    fn add<'w>(&mut self, flag: &Flag<'_>, value: Option<Word>, rest: &mut impl Iterator<Item = &'w Word>) {
        let value = match (flag.shape, value) {
            (_, Some(value)) => Some(value),
            (Shape::Value, None) => Some(rest.next().cloned().unwrap_or_default()),
            (Shape::Optional(default), None) => Some(Word::known(default)),
            (Shape::Switch, None) => None,
        };
        self.values.push((flag.long.to_owned(), value));
    }

    /// The last value of this option.
    pub(in crate::identify::command) fn word(&self, long: &str) -> Option<&Word> {
        self.values.iter().rev().find(|(name, _)| name == long).and_then(|(_, value)| value.as_ref())
    }

    /// The same, where it is known.
    pub(in crate::identify::command) fn text(&self, long: &str) -> Option<String> {
        self.word(long)?.text().map(std::borrow::Cow::into_owned)
    }

    /// Every value of this option, in order.
    pub(in crate::identify::command) fn all<'a>(&'a self, long: &'a str) -> impl Iterator<Item = &'a Word> {
        self.values.iter().filter(move |(name, _)| name == long).filter_map(|(_, value)| value.as_ref())
    }

    /// Whether it is there at all.
    pub(in crate::identify::command) fn has(&self, long: &str) -> bool {
        self.values.iter().any(|(name, _)| name == long)
    }

    /// Whether a switch may be on.
    pub(in crate::identify::command) fn on(&self, long: &str) -> bool {
        let last = self.values.iter().rev().find(|(name, _)| name == long);
        last.is_some_and(|(_, value)| value.as_ref().is_none_or(|value| !is_false(value)))
    }

    /// Whether a switch is certainly on.
    pub(in crate::identify::command) fn surely(&self, long: &str) -> bool {
        let last = self.values.iter().rev().find(|(name, _)| name == long);
        last.is_some_and(|(_, value)| value.as_ref().is_none_or(is_true))
    }

    /// The operand at this place, as a person would recognise it.
    pub(in crate::identify::command) fn operand(&self, at: usize) -> Option<String> {
        self.operands.get(at).map(ToString::to_string)
    }
}

/// The command among these words, and the words without it; `None` where there is none.
pub(in crate::identify::command) fn command(words: &[Word], specs: &[&str]) -> Option<(Word, Vec<Word>)> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let lead = word.leading();
        if word.is("--") {
            return None;
        }
        let bare = lead.starts_with('-') && !lead.contains('=') && word.parts.len() == 1;
        let name = lead.trim_start_matches('-').replace('_', "-");
        let takes = || {
            flag(specs, &name).is_none_or(|flag| matches!(flag.shape, Shape::Value)) && name != "help" && name != "h"
        };
        if bare && (lead.starts_with("--") || lead.len() == 2) && takes() {
            at += 2;
        } else if lead.starts_with('-') || word.parts.is_empty() {
            at += 1;
        } else {
            let rest =
                words.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, word)| word.clone()).collect();
            return Some((word.clone(), rest));
        }
    }
    None
}
