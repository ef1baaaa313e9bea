//! Every region but some, as patterns: `unless` has room for one exception, and a policy's region is often its second.

use std::collections::BTreeSet;

/// Second words of the names of regions.
const COMPASS: [&str; 9] =
    ["central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"];

/// Patterns that cover every region's name that none of `allowed` (names, or beginnings with a `*` behind) covers, also those
/// that do not exist yet. `None` when `allowed` holds a `*` elsewhere.
pub(super) fn others(allowed: &[String]) -> Option<Vec<String>> {
    let is_plain = |text: &String| {
        let body = text.strip_suffix('*').unwrap_or(text);
        !body.contains(['*', '?']) && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if allowed.is_empty() || !allowed.iter().all(is_plain) {
        return None;
    }
    let mut found = BTreeSet::new();
    below("", allowed, &mut found);
    Some(found.into_iter().collect())
}

/// What stands below a beginning, one character further.
fn below(beginning: &str, allowed: &[String], found: &mut BTreeSet<String>) {
    let open = |text: &String| text.strip_suffix('*').is_some_and(|body| beginning.starts_with(body));
    if allowed.iter().any(open) {
        return;
    }
    let next: BTreeSet<char> = allowed.iter().filter_map(|text| text.strip_prefix(beginning)?.chars().next()).collect();
    let is_end = allowed.iter().any(|text| text == beginning);
    let words = beginning.split('-').count();
    let starts = beginning.is_empty() || beginning.ends_with('-');
    let alphabet: Vec<char> = match (words, starts) {
        // The geography may be any word; what begins a later word may be any character.
        (1, _) => ('a'..='z').chain((!beginning.is_empty()).then_some('-')).collect(),
        (_, true) if next.iter().all(char::is_ascii_digit) => ('0'..='9').collect(),
        (_, true) => ('a'..='z').chain('0'..='9').collect(),
        _ if is_end => ('0'..='9').collect(),
        _ => vec![],
    };
    for one in alphabet.iter().filter(|one| !next.contains(one)) {
        found.insert(format!("{beginning}{one}*"));
    }
    if words > 1 && starts && next.iter().any(char::is_ascii_lowercase) {
        let taken: Vec<&str> =
            allowed.iter().filter_map(|text| text.strip_prefix(beginning)?.split(['-', '*']).next()).collect();
        let alike = |word: &&&str| word.chars().next().is_some_and(|first| next.contains(&first));
        for word in COMPASS.iter().filter(alike).filter(|word| !taken.contains(*word)) {
            found.insert(format!("{beginning}{word}-*"));
        }
    }
    for one in next.iter().filter(|one| **one != '*') {
        below(&format!("{beginning}{one}"), allowed, found);
    }
}
