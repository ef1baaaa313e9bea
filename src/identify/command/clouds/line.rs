//! A command's words, parted into options and operands.

use crate::identify::command::files::without;
use crate::identify::command::{Scene, Word};

/// Options and operands, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// Options by their names without dashes, with their values.
    pub(super) options: Vec<(String, Vec<Word>)>,
    /// Everything else.
    pub(super) operands: Vec<Word>,
    /// What stands behind `--`.
    pub(super) behind: Vec<Word>,
    /// It only prints its help.
    pub(super) is_help: bool,
}

/// How many of the next words an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    One,
    /// All up to the next option.
    Many,
}

impl Line {
    /// Parts the words; `takes` says what an option (without dashes, `-x` as `x`) takes, after the operands so far, and
    /// how it is spelt in full.
    pub(super) fn read(words: &[Word], takes: impl Fn(&str, &[Word]) -> (String, Takes)) -> Self {
        let mut line = Self::default();
        let mut rest = words.iter().peekable();
        while let Some(word) = rest.next() {
            let lead = word.leading();
            if word.is("--") {
                line.behind.extend(rest.cloned());
                break;
            }
            let Some(name) = lead.strip_prefix('-').filter(|name| !name.is_empty() && !is_number(name)) else {
                line.operands.push(word.clone());
                continue;
            };
            let (is_long, name) = name.strip_prefix('-').map_or((false, name), |name| (true, name));
            let (name, joined) = match name.split_once('=') {
                Some((name, _)) => {
                    let dashes = if is_long { 2 } else { 1 };
                    (name, Some(without(word, dashes + name.len() + 1)))
                }
                // `-nVALUE`
                None if !is_long && name.chars().nth(1).is_some() && short(name, &line, &takes) => {
                    let first = name.chars().next().map_or(1, char::len_utf8);
                    (name.get(..first).unwrap_or(name), Some(without(word, 1 + first)))
                }
                None => (name, None),
            };
            let is_short = name == "h" && !is_long && takes(name, &line.operands).0 == "h";
            if name == "help" || is_short {
                line.is_help = true;
                continue;
            }
            let (name, takes) = takes(name, &line.operands);
            let mut values: Vec<Word> = joined.into_iter().collect();
            let is_value =
                |next: &&Word| !next.leading().starts_with('-') || is_number(next.leading().trim_start_matches('-'));
            if values.is_empty() && takes != Takes::Nothing {
                values.extend(rest.next_if(is_value).cloned());
            }
            if takes == Takes::Many {
                while let Some(next) = rest.next_if(is_value) {
                    values.push(next.clone());
                }
            }
            line.options.push((name, values));
        }
        line
    }

    /// Whether it is given, and not as `=false`.
    pub(super) fn has(&self, name: &str) -> bool {
        let last = self.options.iter().rev().find(|(given, _)| given == name);
        last.is_some_and(|(_, values)| !values.last().is_some_and(|value| value.is("false") || value.is("False")))
    }

    /// The last value of an option.
    pub(super) fn value(&self, name: &str) -> Option<&Word> {
        self.options.iter().rev().find(|(given, _)| given == name).and_then(|(_, values)| values.last())
    }

    /// The last value of the first of these that is given.
    pub(super) fn first(&self, names: &[&str]) -> Option<&Word> {
        names.iter().find_map(|name| self.value(name))
    }

    /// Every value of an option.
    pub(super) fn values(&self, name: &str) -> Vec<&Word> {
        self.options.iter().filter(|(given, _)| given == name).flat_map(|(_, values)| values).collect()
    }

    /// Its value as a text that a person recognises.
    pub(super) fn shown(&self, name: &str) -> Option<String> {
        self.value(name).map(ToString::to_string)
    }

    /// The known words that the operands begin with.
    pub(super) fn words(&self) -> Vec<String> {
        self.operands.iter().map_while(|word| Some(word.text()?.into_owned())).collect()
    }
}

fn short(name: &str, line: &Line, takes: &impl Fn(&str, &[Word]) -> (String, Takes)) -> bool {
    let first = name.chars().next().map(|first| first.to_string()).unwrap_or_default();
    takes(name, &line.operands).1 == Takes::Nothing && takes(&first, &line.operands).1 != Takes::Nothing
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit() || letter == '.')
}

/// What `@FILE` or a path in a value holds, where it is known.
pub(super) fn file(path: &str, directory: Option<&str>, scene: &Scene<'_>) -> Option<Vec<u8>> {
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{}/{}", directory?, path.trim_start_matches("./"))
    };
    match scene.contents(&path) {
        crate::identify::command::Contents::Whole(bytes) => Some(bytes),
        _ => None,
    }
}
