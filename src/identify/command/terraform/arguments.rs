//! Words as Go's `flag` parts them: `-name` and `--name` alike, `=value` or the next word, truth values only behind `=`, and no
//! option after the first operand. (Source: Go's package `flag`; the commands' options: `terraform COMMAND -help`, 1.11.)

use crate::identify::command::{Part, Word};

/// Options that take a value, of any command. Every other one is a truth value.
const VALUES: &[&str] = &[
    "backend-config",
    "backup",
    "config",
    "exclude",
    "exclude-file",
    "filter",
    "from-module",
    "fs-mirror",
    "generate-config-out",
    "id",
    "invoke",
    "junit-xml",
    "lock-timeout",
    "lockfile",
    "max-parallel",
    "module-depth",
    "net-mirror",
    "out",
    "parallelism",
    "plan",
    "platform",
    "plugin-dir",
    "replace",
    "state",
    "state-out",
    "target",
    "target-file",
    "test-directory",
    "type",
    "var",
    "var-file",
];

/// One truth value of many spellings (`strconv.ParseBool`).
const FALSE: [&str; 6] = ["0", "f", "F", "false", "FALSE", "False"];

/// A command's words behind its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    flags: Vec<(String, Option<Word>)>,
    /// What is no option.
    pub(super) operands: Vec<Word>,
    /// A word that nobody knows may be any option.
    pub(super) is_open: bool,
}

impl Arguments {
    /// Parts the words.
    pub(super) fn read<'a>(words: impl IntoIterator<Item = &'a Word>) -> Self {
        let mut found = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word.is("--") {
                found.operands.extend(words.cloned());
                break;
            }
            let leading = word.leading();
            if leading.len() < 2 || !leading.starts_with('-') {
                // An option may stand behind an operand for wrappers that sort their words; Terraform refuses it. Either way it
                // counts.
                found.is_open |= leading.is_empty() && word.has_unknown();
                found.operands.push(word.clone());
                continue;
            }
            let name = leading.trim_start_matches('-');
            match name.split_once('=') {
                Some((name, _)) => {
                    let value = after(word, leading.find('=').map_or(leading.len(), |at| at + 1));
                    found.flags.push((name.to_owned(), Some(value)));
                }
                None if word.has_unknown() => found.is_open = true,
                None if VALUES.contains(&name) => found.flags.push((name.to_owned(), words.next().cloned())),
                None => found.flags.push((name.to_owned(), None)),
            }
        }
        found
    }

    /// Every value of this option.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &Word> {
        self.flags.iter().filter(move |(given, _)| given == name).filter_map(|(_, value)| value.as_ref())
    }

    /// The value that counts: the last one.
    pub(super) fn value(&self, name: &str) -> Option<&Word> {
        self.values(name).last()
    }

    /// Whether the option is there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|(given, _)| given == name)
    }

    /// Whether a truth value may be set: it is, or nobody knows.
    pub(super) fn may(&self, name: &str) -> bool {
        self.is_open || self.last(name).is_some_and(|set| set != Some(false))
    }

    /// Whether a truth value is certainly set.
    pub(super) fn is_sure(&self, name: &str) -> bool {
        !self.is_open && self.last(name) == Some(Some(true))
    }

    /// `None`: not given; `Some(None)`: given, nobody knows as what.
    fn last(&self, name: &str) -> Option<Option<bool>> {
        let (_, value) = self.flags.iter().rev().find(|(given, _)| given == name)?;
        Some(match value {
            None => Some(true),
            Some(word) => word.text().map(|text| !FALSE.contains(&text.as_ref())),
        })
    }
}

/// What stands in the word behind its first so many bytes, which are known text.
pub(super) fn after(word: &Word, bytes: usize) -> Word {
    let mut parts = word.parts.iter();
    let first = match parts.next() {
        Some(Part::Text(text)) => text.get(bytes..).unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let first = (!first.is_empty()).then_some(Part::Text(first));
    Word { parts: first.into_iter().chain(parts.cloned()).collect() }
}
