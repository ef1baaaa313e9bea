//! A rule to be, and its YAML.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::model::{Effect, Mode};
use crate::rules::Severity;

use super::{Fit, Note, Origin};

/// `match:` or `unless:`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Keys with lists of patterns, in the order in which they are written.
    pub keys: BTreeMap<&'static str, Vec<String>>,
    /// `parameter:`.
    pub parameters: BTreeMap<String, Vec<String>>,
}

impl Block {
    /// Whether it has no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.parameters.is_empty()
    }

    /// The patterns of a key.
    #[must_use]
    pub fn of(&self, key: &str) -> &[String] {
        self.keys.get(key).map_or(&[], Vec::as_slice)
    }

    /// Sets a key; doubled patterns count once.
    pub fn set(&mut self, key: &'static str, patterns: impl IntoIterator<Item = String>) {
        let mut list: Vec<String> = vec![];
        for pattern in patterns {
            if !list.contains(&pattern) {
                list.push(pattern);
            }
        }
        self.keys.insert(key, list);
    }
}

/// Something that the rule would speak of: what its tests are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The operation's id.
    pub operation: String,
    /// The command that asks for it, where there is one.
    pub command: Option<String>,
}

/// A rule without its tests.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is made of.
    pub origin: Origin,
    /// The last part of its id.
    pub name: String,
    /// How bad.
    pub severity: Severity,
    /// `deny` or `escalate`.
    pub decision: Effect,
    /// `match:`.
    pub matches: Block,
    /// `unless:`.
    pub unless: Block,
    /// Why, for a blocked agent.
    pub message: String,
    /// The other way.
    pub instead: String,
    /// Where the original stands.
    pub references: Vec<String>,
    /// How it differs from the original.
    pub notes: Vec<Note>,
    /// What it speaks of.
    pub samples: Vec<Sample>,
    /// Near misses: operations that it does not speak of.
    pub misses: Vec<Sample>,
}

/// What a written rule needs beside its draft.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The whole id.
    pub id: &'a str,
    /// Who answers for it.
    pub owner: &'a str,
    /// Whether it counts.
    pub mode: Mode,
    /// The tests: YAML of one case each.
    pub tests: (&'a [String], &'a [String]),
}

impl Draft {
    /// `shadow` where the rule stops more than its original does; what is as narrow as the original is enforced.
    #[must_use]
    pub fn mode(&self) -> Mode {
        let is_wider = self.notes.iter().any(|note| note.fit == Fit::Wider);
        if is_wider { Mode::Shadow } else { Mode::Enforce }
    }

    /// The rule's file.
    #[must_use]
    pub fn yaml(&self, written: &Written<'_>) -> String {
        let mut text = String::new();
        for note in &self.notes {
            let direction = match note.fit {
                Fit::Wider => "wider than the original: ",
                Fit::Narrower => "narrower than the original: ",
                Fit::Same => "",
            };
            push(&mut text, format_args!("# {direction}{}\n", plain(&note.text)));
        }
        let Written { id, owner, mode, tests } = written;
        push(
            &mut text,
            format_args!("id: {id}\nowner: {}\nseverity: {}\nmode: {mode}\n", quoted(owner), self.severity),
        );
        text.push_str("match:\n");
        block(&mut text, &self.matches);
        if !self.unless.is_empty() {
            text.push_str("unless:\n");
            block(&mut text, &self.unless);
        }
        push(&mut text, format_args!("decision: {}\n", self.decision));
        push(&mut text, format_args!("message: {}\n", quoted(&short(&self.message))));
        push(&mut text, format_args!("instead: {}\n", quoted(&short(&self.instead))));
        if !self.references.is_empty() {
            text.push_str("references:\n");
            self.references.iter().for_each(|one| push(&mut text, format_args!("  - {}\n", quoted(one))));
        }
        let (matching, missing) = tests;
        if !matching.is_empty() || !missing.is_empty() {
            text.push_str("tests:\n");
        }
        for (key, cases) in [("match", matching), ("not_match", missing)] {
            if cases.is_empty() {
                continue;
            }
            push(&mut text, format_args!("  {key}:\n"));
            cases.iter().for_each(|case| push(&mut text, format_args!("    - {case}\n")));
        }
        text
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(arguments);
}

fn block(text: &mut String, block: &Block) {
    for (key, patterns) in &block.keys {
        push(text, format_args!("  {key}: {}\n", list(patterns, 4)));
    }
    if !block.parameters.is_empty() {
        text.push_str("  parameter:\n");
        for (name, patterns) in &block.parameters {
            push(text, format_args!("    {}: {}\n", quoted(name), list(patterns, 6)));
        }
    }
}

/// A width at which a list goes on in the next line.
const WIDTH: usize = 120;

fn list(patterns: &[String], indent: usize) -> String {
    let whole: Vec<String> = patterns.iter().map(|pattern| quoted(pattern)).collect();
    let line = whole.join(", ");
    if line.len() < WIDTH {
        return format!("[{line}]");
    }
    let pad = " ".repeat(indent);
    let mut text = "[".to_owned();
    let mut column = WIDTH;
    for one in whole {
        if column + one.len() + 2 > WIDTH {
            push(&mut text, format_args!("\n{pad}{one},"));
            column = indent + one.len() + 1;
        } else {
            push(&mut text, format_args!(" {one},"));
            column += one.len() + 2;
        }
    }
    let outer = " ".repeat(indent.saturating_sub(2));
    push(&mut text, format_args!("\n{outer}]"));
    text
}

/// Two double quotes around a JSON text are a YAML text too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// One line for a comment.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The longest message that a rule may have.
const MESSAGE_CHARS_MAX: usize = 300;

fn short(text: &str) -> String {
    let text = plain(text);
    if text.chars().count() <= MESSAGE_CHARS_MAX {
        return text;
    }
    let kept: String = text.chars().take(MESSAGE_CHARS_MAX - 2).collect();
    format!("{} …", kept.trim_end())
}

/// A part of an id: lower case, digits, hyphens. `DenyS3Delete` becomes `deny-s3-delete`.
pub(crate) fn slug(name: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let is_start = c.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_alphanumeric() && rest.peek().is_some_and(char::is_ascii_lowercase));
        if (is_start || !c.is_ascii_alphanumeric()) && !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    let kept: String = out.chars().take(60).collect();
    kept.trim_matches('-').to_owned()
}
