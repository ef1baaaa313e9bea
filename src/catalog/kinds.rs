//! What kind of thing an operation is about: its name without the words that say what is done (`kinds.tsv`).

use std::fmt::Write as _;

use crate::model::Operation;

const WORDS: &str = include_str!("kinds.tsv");

/// `aws:rds:db instance` of both `aws:rds:DeleteDBInstance` and `aws:rds:CreateDBInstance`; `None` where nobody could name
/// the operation. Only to be compared.
#[must_use]
pub fn kind(operation: &Operation) -> Option<String> {
    let (provider, service, name) = (operation.provider(), operation.service(), operation.name());
    if [service, name].contains(&"unidentified") {
        return None;
    }
    let mut kind = format!("{provider}:{service}:");
    for word in words(name) {
        match said(&word) {
            Some("end") if !kind.ends_with(':') => break,
            Some(_) => {}
            None => {
                let _ = write!(kind, " {}", single(&word));
            }
        }
    }
    Some(kind)
}

/// What the table says of a word.
fn said(word: &str) -> Option<&'static str> {
    let rows = WORDS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    rows.into_iter().find(|(known, _)| *known == word).map(|(_, what)| what)
}

/// `DBInstances` is `db`, `instances`; `create-for-user` and `drop_table` are what they look like. In lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(at + 1);
        let is_lower =
            |letter: Option<&char>| letter.is_some_and(|letter| letter.is_lowercase() || letter.is_ascii_digit());
        let begins = letter.is_uppercase()
            && (is_lower(before) || before.is_some_and(|before| before.is_uppercase()) && is_lower(after));
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Without the ending of the plural, roughly: both forms become the same.
fn single(word: &str) -> String {
    match (word.strip_suffix("ies"), word.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) if !stem.ends_with('s') => stem.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests;
