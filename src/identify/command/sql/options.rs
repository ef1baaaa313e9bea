//! The options of a client, as `getopt_long` takes them.

use crate::identify::command::{Invocation, Part, Word};

/// What was given.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// Options by their long name, where a synonym has one, in order.
    pub(super) options: Vec<(String, Word)>,
    /// What is no option.
    pub(super) operands: Vec<Word>,
}

/// Which options a client takes.
pub(super) struct Taken {
    /// `short=long` or `long` for options with a value, parted by blanks.
    pub(super) values: &'static str,
    /// The same for options whose value may stand only right behind (`-psecret`, `--password=secret`).
    pub(super) attached: &'static str,
    /// Long names may stand behind one dash.
    pub(super) single_dash: bool,
    /// The first operand ends the options.
    pub(super) stops: bool,
}

impl Given {
    /// The last value of an option.
    pub(super) fn value(&self, name: &str) -> Option<&Word> {
        self.options.iter().rev().find(|(one, _)| one == name).map(|(_, value)| value)
    }

    /// All values of an option.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Word> {
        self.options.iter().filter(move |(one, _)| one == name).map(|(_, value)| value)
    }

    /// Whether any of these is given.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(one, _)| names.contains(&one.as_str()))
    }
}

/// A word without its first bytes, which are known.
pub(super) fn after(word: &Word, bytes: usize) -> Word {
    let mut parts = word.parts.clone();
    if let Some(Part::Text(text)) = parts.first_mut() {
        *text = text.get(bytes..).unwrap_or_default().to_owned();
    }
    Word { parts }
}

/// Reads a client's arguments.
pub(super) fn given(one: &Invocation, taken: &Taken) -> Given {
    read(one.arguments(), taken)
}

/// Reads these arguments.
pub(super) fn read(words: &[Word], taken: &Taken) -> Given {
    let mut all = Given::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.leading();
        if text == "--" && word.text().is_some() {
            all.operands.extend(words.cloned());
            break;
        }
        if !text.starts_with('-') || text == "-" {
            all.operands.push(word.clone());
            if taken.stops {
                all.operands.extend(words.cloned());
                break;
            }
            continue;
        }
        let dashes = if text.starts_with("--") { 2 } else { 1 };
        if dashes == 2 || taken.single_dash {
            let name = text.get(dashes..).unwrap_or_default();
            let (name, inline) = match name.split_once('=') {
                Some((name, _)) => (name, Some(after(word, dashes + name.len() + 1))),
                None => (name, None),
            };
            let long = long(taken, name);
            let value = match inline {
                Some(value) => value,
                None if is_in(taken.values, &long) => words.next().cloned().unwrap_or_default(),
                None => Word::default(),
            };
            all.options.push((long, value));
        } else {
            cluster(&mut all, taken, word, &mut words);
        }
    }
    all
}

/// `-abc value`, `-hhost`.
fn cluster<'a>(all: &mut Given, taken: &Taken, word: &Word, words: &mut impl Iterator<Item = &'a Word>) {
    let text = word.leading();
    for (at, letter) in text.char_indices().skip(1) {
        let short = letter.to_string();
        let name =
            synonym(taken.values, &short).or_else(|| synonym(taken.attached, &short)).unwrap_or(&short).to_owned();
        let rest = after(word, at + letter.len_utf8());
        let has_rest = at + letter.len_utf8() < text.len() || word.parts.len() > 1;
        if is_in(taken.values, &name) {
            let value = if has_rest { rest } else { words.next().cloned().unwrap_or_default() };
            all.options.push((name, value));
            return;
        }
        if is_in(taken.attached, &name) {
            all.options.push((name, rest));
            return;
        }
        all.options.push((name, Word::default()));
    }
}

fn synonym<'a>(list: &'a str, short: &str) -> Option<&'a str> {
    list.split_whitespace().find_map(|one| match one.split_once('=') {
        Some((key, long)) => (key == short).then_some(long),
        None => (one == short).then_some(one),
    })
}

fn is_in(list: &str, name: &str) -> bool {
    names(list).any(|one| one == name)
}

/// The whole name of a long option that may be abbreviated.
fn long(taken: &Taken, name: &str) -> String {
    if taken.single_dash {
        return synonym(taken.values, name).unwrap_or(name).to_owned();
    }
    // What is a whole name is no beginning of another.
    if is_in(taken.values, name) || is_in(taken.attached, name) || name.is_empty() {
        return name.to_owned();
    }
    let mut longer: Vec<&str> = names(taken.values).filter(|long| long.len() > 1 && long.starts_with(name)).collect();
    longer.sort_unstable();
    longer.dedup();
    match longer.as_slice() {
        [one] => (*one).to_owned(),
        _ => name.to_owned(),
    }
}

/// The long names of a list.
fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split_whitespace().map(|one| one.split_once('=').map_or(one, |(_, long)| long))
}
