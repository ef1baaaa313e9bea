//! Texts that programs make out of known texts: decoding, translating, parts of paths, numbers.

use data_encoding::{BASE32, BASE64_MIME, HEXLOWER_PERMISSIVE};

use super::super::is_veiled;

/// More numbers are not listed.
const NUMBERS_MAX: i64 = 300;

/// What the program makes of what it reads.
pub(super) fn decoded(program: &str, texts: &[&str], input: &str) -> Option<String> {
    if input.contains(is_veiled) && program != "tr" {
        return None;
    }
    let short =
        |flag: char| texts.iter().any(|text| text.starts_with('-') && !text.starts_with("--") && text.contains(flag));
    match program {
        "tr" => translated(texts, input),
        "base64" if short('d') || short('D') || has_prefix(texts, "--d", "--decode") => base64(input),
        "base64" => Some(data_encoding::BASE64.encode(input.as_bytes()) + "\n"),
        "base32" if short('d') || has_prefix(texts, "--d", "--decode") => {
            let plain: String = input.split_whitespace().collect();
            String::from_utf8(BASE32.decode(plain.as_bytes()).ok()?).ok()
        }
        "xxd" if short('r') && short('p') => {
            let plain: String = input.split_whitespace().collect();
            String::from_utf8(HEXLOWER_PERMISSIVE.decode(plain.as_bytes()).ok()?).ok()
        }
        "openssl" => {
            let is_base64 = texts.iter().any(|text| matches!(*text, "base64" | "-base64" | "-a"));
            let decodes = texts.contains(&"-d");
            let plain = texts.iter().all(|text| matches!(*text, "base64" | "enc" | "-base64" | "-a" | "-d" | "-A"));
            if is_base64 && decodes && plain { base64(input) } else { None }
        }
        _ => None,
    }
}

fn has_prefix(texts: &[&str], shortest: &str, whole: &str) -> bool {
    texts.iter().any(|text| text.starts_with(shortest) && whole.starts_with(text))
}

fn base64(input: &str) -> Option<String> {
    let mut plain: String = input.split_whitespace().collect();
    // What misses its padding is still decoded, with a complaint.
    while !plain.len().is_multiple_of(4) {
        plain.push('=');
    }
    String::from_utf8(BASE64_MIME.decode(plain.as_bytes()).ok()?).ok()
}

/// What `tr` makes of it.
fn translated(texts: &[&str], input: &str) -> Option<String> {
    match texts {
        ["-d", set] => {
            let set = letters(set)?;
            Some(input.chars().filter(|one| !set.contains(one)).collect())
        }
        [from, to] if !from.starts_with('-') => {
            let (from, mut to) = (letters(from)?, letters(to)?);
            let last = *to.last()?;
            while to.len() < from.len() {
                to.push(last);
            }
            // Of a letter that stands there twice, the last one counts.
            let change = |one: char| from.iter().rposition(|known| *known == one).and_then(|at| to.get(at)).copied();
            Some(input.chars().map(|one| change(one).unwrap_or(one)).collect())
        }
        _ => None,
    }
}

fn letters(set: &str) -> Option<Vec<char>> {
    let set = set
        .replace("[:upper:]", "A-Z")
        .replace("[:lower:]", "a-z")
        .replace("[:digit:]", "0-9")
        .replace("[:alpha:]", "A-Za-z")
        .replace("[:alnum:]", "0-9A-Za-z")
        .replace("[:space:]", " \\t\\n\\r");
    if set.contains("[:") || set.contains("[=") || set.contains('*') {
        return None;
    }
    let set: Vec<char> = super::expand::ansi(&set, false).chars().collect();
    let mut all = vec![];
    let mut at = 0;
    while let Some(one) = set.get(at) {
        match (set.get(at + 1), set.get(at + 2)) {
            (Some('-'), Some(end)) if one <= end => {
                all.extend(*one..=*end);
                at += 3;
            }
            _ => {
                all.push(*one);
                at += 1;
            }
        }
        if all.len() > 4096 {
            return None;
        }
    }
    Some(all)
}

/// The last part of a path, without an ending if one is given.
pub(super) fn basename(texts: &[&str]) -> Option<String> {
    let (path, ending) = match texts {
        [path] => (path, ""),
        [path, ending] if !path.starts_with('-') => (path, *ending),
        ["-s", ending, path] => (path, *ending),
        _ => return None,
    };
    let trimmed = path.trim_end_matches('/');
    let name = trimmed.rsplit('/').next().unwrap_or(trimmed);
    if name.is_empty() {
        return Some("/\n".to_owned());
    }
    let name = name.strip_suffix(ending).filter(|stem| !stem.is_empty()).unwrap_or(name);
    Some(format!("{name}\n"))
}

/// The path without its last part.
pub(super) fn dirname(texts: &[&str]) -> Option<String> {
    let path = match texts {
        [path] | ["--", path] => *path,
        _ => return None,
    };
    // Of a path whose end nobody knows, nobody knows the rest.
    if path.chars().next_back().is_some_and(is_veiled) {
        return None;
    }
    let trimmed = path.trim_end_matches('/');
    let folder = match trimmed.rsplit_once('/') {
        Some((folder, _)) => match folder.trim_end_matches('/') {
            "" => "/",
            folder => folder,
        },
        None if trimmed.is_empty() && path.starts_with('/') => "/",
        None => ".",
    };
    Some(format!("{folder}\n"))
}

/// What `seq` prints.
pub(super) fn sequence(texts: &[&str]) -> Option<String> {
    let numbers: Vec<i64> = texts.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?;
    let (first, step, last) = match numbers.as_slice() {
        [last] => (1, 1, *last),
        [first, last] => (*first, 1, *last),
        [first, step, last] if *step != 0 => (*first, *step, *last),
        _ => return None,
    };
    let mut out = String::new();
    let mut number = first;
    for _ in 0..NUMBERS_MAX {
        if step > 0 && number > last || step < 0 && number < last {
            return Some(out);
        }
        out.push_str(&format!("{number}\n"));
        number = number.checked_add(step)?;
    }
    None
}
