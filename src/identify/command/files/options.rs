//! Options as GNU's `getopt_long` and git read them: clusters, `--name=value`, unique abbreviations, `--`, and the last
//! one that is given counts.

use super::super::Word;

/// What a program's arguments say.
#[derive(Clone, Debug, Default)]
pub(in crate::identify::command) struct Given {
    /// Options in their order by their canonical names, with their values.
    pub(in crate::identify::command) options: Vec<(String, Option<Word>)>,
    /// Everything else.
    pub(in crate::identify::command) operands: Vec<Word>,
    /// Of the operands, those from here on stand after `--`.
    pub(in crate::identify::command) after: Option<usize>,
    /// A word that may be an option is not known.
    pub(in crate::identify::command) open: bool,
}

impl Given {
    /// Whether the option is given and not taken back by a later `--no-…`.
    pub(in crate::identify::command) fn has(&self, name: &str) -> bool {
        let no = format!("no-{name}");
        self.options
            .iter()
            .rev()
            .find(|(given, _)| given == name || *given == no)
            .is_some_and(|(given, _)| given == name)
    }

    /// Whether one of them is given.
    pub(in crate::identify::command) fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// The last value of the option.
    pub(in crate::identify::command) fn value(&self, name: &str) -> Option<&Word> {
        self.options.iter().rev().filter(|(given, _)| given == name).find_map(|(_, value)| value.as_ref())
    }

    /// Every value of the option.
    pub(in crate::identify::command) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Word> {
        self.options.iter().filter(move |(given, _)| given == name).filter_map(|(_, value)| value.as_ref())
    }
}

/// How an option takes its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    /// The next word, or what is joined to it.
    Value,
    /// Only what is joined to it.
    Joined,
}

/// The options that a program knows.
struct Known {
    /// Spelling, canonical name, value.
    all: Vec<(&'static str, &'static str, Takes)>,
}

impl Known {
    /// From words such as `r/R/recursive`, `t/target-directory=`, `interactive=?`: the last spelling is the name.
    fn of(spec: &'static str) -> Self {
        let mut all = Vec::new();
        for word in spec.split_whitespace() {
            let (spellings, takes) = match (word.strip_suffix("=?"), word.strip_suffix('=')) {
                (Some(word), _) => (word, Takes::Joined),
                (None, Some(word)) => (word, Takes::Value),
                (None, None) => (word, Takes::Nothing),
            };
            let name = spellings.rsplit('/').next().unwrap_or(spellings);
            all.extend(spellings.split('/').map(|spelling| (spelling, name, takes)));
        }
        Self { all }
    }

    fn short(&self, letter: char) -> Option<(&'static str, Takes)> {
        let is = |spelling: &str| spelling.chars().eq([letter]);
        self.all.iter().find(|(spelling, ..)| is(spelling)).map(|(_, name, takes)| (*name, *takes))
    }

    /// The option that is spelled so, or whose only possible beginning it is.
    fn long(&self, text: &str) -> Option<(String, Takes)> {
        let long = || self.all.iter().filter(|(spelling, ..)| spelling.len() > 1);
        if let Some((_, name, takes)) = long().find(|(spelling, ..)| *spelling == text) {
            return Some(((*name).to_owned(), *takes));
        }
        let mut meant =
            long().filter(|(spelling, ..)| spelling.starts_with(text)).map(|(_, name, takes)| (*name, *takes));
        if let Some((name, takes)) = meant.next() {
            return meant.all(|(other, _)| other == name).then(|| (name.to_owned(), takes));
        }
        // git: `--no-` before any of them takes it back.
        let (name, _) = self.long(text.strip_prefix("no-").filter(|bare| !bare.is_empty())?)?;
        Some((format!("no-{name}"), Takes::Nothing))
    }
}

/// Reads arguments; operands and options may stand in any order.
pub(in crate::identify::command) fn options(arguments: &[Word], spec: &'static str) -> Given {
    let known = Known::of(spec);
    let mut given = Given::default();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let lead = word.leading();
        if word.is("--") {
            given.after = Some(given.operands.len());
            given.operands.extend(rest.cloned());
            break;
        }
        if let Some(long) = lead.strip_prefix("--") {
            let (name, joined) = match long.split_once('=') {
                Some((name, _)) => (name, Some(without(word, "--=".len() + name.len()))),
                None if word.text().is_none() => {
                    given.open = true;
                    continue;
                }
                None => (long, None),
            };
            let (name, takes) = known.long(name).unwrap_or_else(|| (name.to_owned(), Takes::Nothing));
            let value = match (joined, takes) {
                (Some(value), _) => Some(value),
                (None, Takes::Value) => rest.next().cloned(),
                (None, _) => None,
            };
            given.options.push((name, value));
        } else if lead.len() > 1 && lead.starts_with('-') {
            cluster(word, &known, &mut rest, &mut given);
        } else {
            // An unquoted unknown may be options, or nothing; a pattern is names.
            given.open |= lead.is_empty() && word.has_unknown() && word.splits();
            given.operands.push(word.clone());
        }
    }
    given
}

/// `-rf`, `-oFILE`, `-o FILE`.
fn cluster<'a>(word: &Word, known: &Known, rest: &mut impl Iterator<Item = &'a Word>, given: &mut Given) {
    let lead = word.leading().to_owned();
    let mut at = 1;
    for letter in lead.chars().skip(1) {
        at += letter.len_utf8();
        let (name, takes) = known.short(letter).unwrap_or(("", Takes::Nothing));
        let name = if name.is_empty() { letter.to_string() } else { name.to_owned() };
        let whole = at == lead.len() && word.parts.len() <= 1;
        let value = match takes {
            Takes::Nothing => None,
            Takes::Value if whole => rest.next().cloned(),
            Takes::Joined if whole => None,
            _ => Some(without(word, at)),
        };
        let ends = takes != Takes::Nothing;
        given.options.push((name, value));
        if ends {
            return;
        }
    }
    given.open |= word.has_unknown();
}

/// The word without its first bytes, which are known text.
pub(in crate::identify::command) fn without(word: &Word, bytes: usize) -> Word {
    let mut word = word.clone();
    if let Some(super::super::Part::Text(text)) = word.parts.first_mut() {
        *text = text.get(bytes..).unwrap_or_default().to_owned();
        if text.is_empty() && word.parts.len() > 1 {
            word.parts.remove(0);
        }
    }
    word
}
