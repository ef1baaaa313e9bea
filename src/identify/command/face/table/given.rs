//! A command's words, parted into options and operands as its program would.

use crate::catalog::commands::{Condition, Flag, Style, Table, Takes, Test};
use crate::identify::command::{Input, Invocation, Part, Word};

/// Options and operands.
#[derive(Clone, Debug, Default)]
pub(super) struct Given<'t> {
    /// Options with their values, in order.
    pub(super) options: Vec<(&'t str, Option<Word>)>,
    /// Options that the table does not hold, by their spelling.
    pub(super) unlisted: Vec<String>,
    /// Everything else, in order.
    pub(super) operands: Vec<Word>,
    /// It only prints its help.
    pub(super) is_help: bool,
}

/// What can be said of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    Maybe,
}

impl Truth {
    const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    const fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
        }
    }

    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }
}

impl<'t> Given<'t> {
    /// Parts the words.
    pub(super) fn read(table: &'t Table, one: &Invocation) -> Self {
        let mut given = Self::default();
        let mut words = one.arguments().iter();
        let mut command: Vec<String> = Vec::new();
        while let Some(word) = words.next() {
            let spelling = word.leading();
            if word.is("--") {
                given.operands.extend(words.cloned());
                break;
            }
            if spelling.len() < 2 || !spelling.starts_with('-') || is_number(spelling) {
                if given.operands.is_empty() && word.text().is_some_and(|text| table.help.contains(&text.as_ref())) {
                    given.is_help = true;
                }
                if let Some(text) = word.text() {
                    command.push(text.into_owned());
                }
                given.operands.push(word.clone());
                continue;
            }
            given.option(table, word, &command, &mut words);
        }
        given
    }

    fn option<'w>(
        &mut self,
        table: &'t Table,
        word: &Word,
        command: &[String],
        words: &mut impl Iterator<Item = &'w Word>,
    ) {
        let spelling = word.leading();
        let (name, attached) = match spelling.split_once('=') {
            Some((name, _)) => (name, Some(after(word, name.len() + 1))),
            None => (spelling, None),
        };
        if let Some(flag) = table.flag(name, command) {
            let value = match (flag.takes, attached) {
                (_, Some(value)) => Some(value),
                (Takes::Value, None) => words.next().cloned(),
                _ => None,
            };
            self.take(table, flag, name, value);
            return;
        }
        if table.help.contains(&name) {
            self.is_help = true;
            return;
        }
        let is_cluster = table.style != Style::Go && !name.starts_with("--") && name.len() > 2;
        if !is_cluster || !self.cluster(table, word, command, words) {
            self.unlisted.push(name.to_owned());
        }
    }

    /// `-abc`: each letter an option, until one takes the rest for its value. `false` when the first letter is none.
    fn cluster<'w>(
        &mut self,
        table: &'t Table,
        word: &Word,
        command: &[String],
        words: &mut impl Iterator<Item = &'w Word>,
    ) -> bool {
        let text = word.leading();
        for (place, letter) in text.char_indices().skip(1) {
            let name = format!("-{letter}");
            let Some(flag) = table.flag(&name, command) else {
                if table.help.contains(&name.as_str()) {
                    self.is_help = true;
                } else if place == 1 {
                    return false;
                } else {
                    self.unlisted.push(name);
                }
                continue;
            };
            let next = place + letter.len_utf8();
            let value = (flag.takes == Takes::Value).then(|| {
                let rest = after(word, next);
                if rest.parts.is_empty() { words.next().cloned() } else { Some(rest) }
            });
            let takes_rest = value.is_some();
            self.take(table, flag, &name, value.flatten());
            if takes_rest {
                break;
            }
        }
        true
    }

    fn take(&mut self, table: &Table, flag: &'t Flag, name: &str, value: Option<Word>) {
        let is_false = value.as_ref().is_some_and(|value| value.is("false") || value.is("0") || value.is("False"));
        if flag.takes == Takes::Nothing && is_false {
            self.options.retain(|(key, _)| *key != flag.key);
            return;
        }
        if table.help.contains(&name) {
            self.is_help = true;
        }
        self.options.push((flag.key, value));
    }

    /// The same without the command's own words.
    pub(super) fn without_words(mut self, words: usize) -> Self {
        self.operands.drain(..words.min(self.operands.len()));
        self
    }

    /// The last value of this option.
    pub(super) fn value(&self, key: &str) -> Option<&Word> {
        self.options.iter().rev().find(|(name, _)| *name == key).and_then(|(_, value)| value.as_ref())
    }

    /// Whether all of these hold.
    pub(super) fn holds(&self, conditions: &[Condition], one: &Invocation) -> Truth {
        conditions.iter().fold(Truth::Yes, |so_far, condition| so_far.and(self.one(condition, one)))
    }

    fn one(&self, condition: &Condition, one: &Invocation) -> Truth {
        let found = match condition.subject {
            "args" => self.counted(&condition.test),
            "stdin" => Truth::of(one.input != Input::Inherited),
            subject => match subject.strip_prefix("arg").and_then(|number| number.parse::<usize>().ok()) {
                Some(number) => tested(self.operands.get(number.wrapping_sub(1)), &condition.test),
                None => {
                    let mut named = self.options.iter().rev().filter(|(key, _)| *key == subject);
                    match (named.next(), &condition.test) {
                        (None, _) => {
                            Truth::of(self.unlisted.iter().any(|name| name.trim_start_matches('-') == subject))
                        }
                        (Some(_), Test::Given) => Truth::Yes,
                        (Some((_, value)), test) => tested(value.as_ref(), test),
                    }
                }
            },
        };
        if condition.negated { found.not() } else { found }
    }

    fn counted(&self, test: &Test) -> Truth {
        let unsure = self.operands.iter().any(Word::splits);
        let count = self.operands.len();
        match test {
            Test::More(n) if count > *n && !unsure => Truth::Yes,
            Test::Fewer(n) if count < *n && !unsure => Truth::Yes,
            Test::Given => Truth::of(count > 0),
            _ if unsure => Truth::Maybe,
            _ => Truth::No,
        }
    }
}

fn tested(word: Option<&Word>, test: &Test) -> Truth {
    let Some(word) = word else { return Truth::No };
    let Some(text) = word.text() else {
        let leading = word.leading();
        return match test {
            Test::Given => Truth::Yes,
            Test::Begins(all) if all.iter().any(|one| leading.starts_with(one)) => Truth::Yes,
            Test::Holds(all) if all.iter().any(|one| leading.contains(one)) => Truth::Yes,
            _ => Truth::Maybe,
        };
    };
    match test {
        Test::Given => Truth::Yes,
        Test::Is(all) => Truth::of(all.iter().any(|one| *one == text)),
        Test::Begins(all) => Truth::of(all.iter().any(|one| text.starts_with(one))),
        Test::Holds(all) => Truth::of(all.iter().any(|one| text.contains(one))),
        Test::More(n) => Truth::of(text.parse::<usize>().is_ok_and(|value| value > *n)),
        Test::Fewer(n) => Truth::of(text.parse::<usize>().is_ok_and(|value| value < *n)),
    }
}

fn is_number(text: &str) -> bool {
    text.chars().skip(1).all(|letter| letter.is_ascii_digit())
}

/// What stands in the word behind its first so many bytes, which are known text.
fn after(word: &Word, bytes: usize) -> Word {
    let mut parts = word.parts.iter();
    let first = match parts.next() {
        Some(Part::Text(text)) => text.get(bytes..).unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let first = (!first.is_empty()).then_some(Part::Text(first));
    Word { parts: first.into_iter().chain(parts.cloned()).collect() }
}
