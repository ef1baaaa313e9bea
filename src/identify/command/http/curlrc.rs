//! curl's files of options: the user's own, and those that `-K` names.

use super::curl::GRAMMAR;
use super::{Body, Grammar, Item, file, items, known_text};
use crate::identify::command::{Contents, Invocation, Scene, Word};

/// How deep files may name files.
const DEPTH_MAX: usize = 4;

/// The options of the user's own file, which curl reads first.
pub(super) fn own(one: &Invocation, scene: &Scene<'_>) -> Vec<Item> {
    let folder = |name: &str| scene.variable(one, name).and_then(|word| known_text(&word));
    let home = scene.around().home().map(ToOwned::to_owned);
    let candidates = [
        folder("CURL_HOME").map(|folder| format!("{folder}/.curlrc")),
        folder("XDG_CONFIG_HOME").map(|folder| format!("{folder}/curlrc")),
        folder("HOME").map(|folder| format!("{folder}/.curlrc")),
        home.as_ref().map(|home| format!("{home}/.curlrc")),
        home.as_ref().map(|home| format!("{home}/.config/curlrc")),
    ];
    let mut found = candidates.into_iter().flatten().filter_map(|path| match scene.contents(&path) {
        Contents::Whole(bytes) => Some(options(&String::from_utf8_lossy(&bytes))),
        _ => None,
    });
    found.next().unwrap_or_default()
}

/// The same with every file of options replaced by what it holds; `None` where one is not known.
pub(super) fn filled(asked: Vec<Item>, one: &Invocation, scene: &Scene<'_>, depth: usize) -> Option<Vec<Item>> {
    let mut whole = vec![];
    for item in asked {
        match item {
            Item::Option(name, Some(path)) if name == "config" => {
                let Body { bytes, known } = file(&path, one, scene);
                if !known || depth >= DEPTH_MAX {
                    return None;
                }
                whole.extend(filled(options(&String::from_utf8_lossy(&bytes)), one, scene, depth + 1)?);
            }
            Item::Option(name, _) if name.strip_prefix("expand-").is_some() => return None,
            item => whole.push(item),
        }
    }
    Some(whole)
}

/// `name = value`, `name: value`, `--name value`, `-X value`, `# …`; quotes keep blanks and escapes together.
pub(super) fn options(text: &str) -> Vec<Item> {
    let mut words = vec![];
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let end = line.find([' ', '\t', '=', ':']).unwrap_or(line.len());
        let (name, rest) = line.split_at_checked(end).unwrap_or((line, ""));
        let value = rest.trim_start_matches([' ', '\t', '=', ':']);
        // The cluster `-X` keeps its letter; a bare name is a long one.
        let name = if name.starts_with('-') { name.to_owned() } else { format!("--{name}") };
        words.push(Word::known(name));
        if !value.is_empty() {
            words.push(Word::known(unquoted(value)));
        }
    }
    items(&words, &Grammar { ends: false, ..GRAMMAR })
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else {
        return value.split([' ', '\t']).next().unwrap_or(value).to_owned();
    };
    let mut out = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => out.extend(letters.next().map(|letter| match letter {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                other => other,
            })),
            other => out.push(other),
        }
    }
    out
}
