//! The options that every command of the AWS command line takes, wherever they stand, and what is left without them.
//! Source: awscli's `data/cli.json` of the versions 1 and 2, and Python's `argparse`, which takes unique beginnings of names.

use crate::identify::command::Word;

/// Options with a value.
const VALUES: [&str; 12] = [
    "ca-bundle",
    "cli-binary-format",
    "cli-connect-timeout",
    "cli-error-format",
    "cli-read-timeout",
    "color",
    "endpoint-url",
    "output",
    "profile",
    "query",
    "region",
    "cli-pager",
];
/// Options without one.
const FLAGS: [&str; 9] = [
    "cli-auto-prompt",
    "debug",
    "no-cli-auto-prompt",
    "no-cli-pager",
    "no-paginate",
    "no-sign-request",
    "no-verify-ssl",
    "v2-debug",
    "version",
];

/// What the global options say; the last of a name counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Globals {
    pub(super) profile: Option<Word>,
    pub(super) region: Option<Word>,
    pub(super) endpoint: Option<Word>,
    /// It prints its version and does nothing else.
    pub(super) version: bool,
    /// It leaves the request unsigned: whose it is nobody knows.
    pub(super) unsigned: bool,
    /// Everything else, in its order.
    pub(super) rest: Vec<Word>,
}

/// One word as `argparse` sees it.
#[derive(Clone, Debug)]
pub(super) enum Token {
    /// An option's name without its hyphens, and the value behind `=`.
    Option(String, Option<Word>),
    /// A value.
    Value(Word),
    /// It may be an option, or several words.
    Open(Word),
}

/// What a word is.
pub(super) fn token(word: &Word) -> Token {
    use crate::identify::command::Part;
    let Some(text) = word.text() else {
        let leading = word.leading();
        let Some(name) = leading.strip_prefix("--") else {
            let first_is_known = matches!(word.parts.first(), Some(Part::Text(text)) if !text.is_empty());
            return if first_is_known { Token::Value(word.clone()) } else { Token::Open(word.clone()) };
        };
        return match name.split_once('=') {
            Some((name, value)) => {
                let mut parts = word.parts.clone();
                if let Some(first) = parts.first_mut() {
                    *first = Part::Text(value.to_owned());
                }
                Token::Option(name.to_owned(), Some(Word { parts }))
            }
            None => Token::Open(word.clone()),
        };
    };
    let is_name = |name: &str| !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control());
    match text.strip_prefix("--") {
        Some(name) if !name.is_empty() => match name.split_once('=') {
            Some((name, value)) if is_name(name) => Token::Option(name.to_owned(), Some(Word::known(value))),
            None if is_name(name) => Token::Option(name.to_owned(), None),
            // With a blank in its name it is none.
            _ => Token::Value(word.clone()),
        },
        _ => Token::Value(word.clone()),
    }
}

/// The one of these names that this is, or begins.
pub(super) fn one_of<'a>(names: impl Iterator<Item = &'a str> + Clone, given: &str) -> Option<&'a str> {
    let exact = names.clone().find(|name| *name == given);
    exact.or_else(|| {
        let mut begins = names.filter(|name| !given.is_empty() && name.starts_with(given));
        begins.next().filter(|_| begins.next().is_none())
    })
}

/// Takes the global options out.
pub(super) fn split(words: &[Word]) -> Globals {
    let mut found = Globals::default();
    let mut left = words.iter();
    while let Some(word) = left.next() {
        if word.is("--") {
            found.rest.push(word.clone());
            found.rest.extend(left.by_ref().cloned());
            break;
        }
        let Token::Option(given, value) = token(word) else {
            found.rest.push(word.clone());
            continue;
        };
        match one_of(VALUES.into_iter().chain(FLAGS), &given) {
            Some(name) if VALUES.contains(&name) => {
                let Some(value) = value.or_else(|| left.next().cloned()) else { continue };
                match name {
                    "profile" => found.profile = Some(value),
                    "region" => found.region = Some(value),
                    "endpoint-url" => found.endpoint = Some(value),
                    _ => {}
                }
            }
            Some("version") if value.is_none() => found.version = true,
            Some("no-sign-request") => found.unsigned = true,
            Some(_) => {}
            None => found.rest.push(word.clone()),
        }
    }
    found
}
