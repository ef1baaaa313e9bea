//! Forms and queries, decoded as application/x-www-form-urlencoded, and refused where two readers could differ.

use crate::catalog::aws::Member;
use crate::model::http::Unreadable;

use super::members::{Step, Values};

/// Name and value of every pair, decoded.
pub(super) type Pairs = Vec<(String, String)>;

/// Decodes the pairs: `&` separates, `+` and `%20` are blanks, names are compared only after decoding.
///
/// # Errors
/// A broken percent sequence, or text that is not UTF-8.
pub(super) fn pairs(text: &str) -> Result<Pairs, Unreadable> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name, true)?, decode(value, true)?))
        })
        .collect()
}

/// Undoes percent encoding once; in forms and queries `+` is a blank too.
///
/// # Errors
/// `%` without two hexadecimal digits, or bytes that are not UTF-8.
pub(super) fn decode(text: &str, plus: bool) -> Result<String, Unreadable> {
    if !text.contains(['%', '+']) {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' if plus => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let code = high.zip(low).and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
                code.ok_or_else(|| Unreadable::new("a percent sequence is broken"))?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| Unreadable::new("decoded text is not UTF-8"))
}

/// The value under this name.
///
/// # Errors
/// It is there twice: which of them AWS would take is not known.
pub(super) fn only<'a>(pairs: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, Unreadable> {
    let mut values = pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Unreadable::new(format!("`{name}` is there twice"))),
        (value, None) => Ok(value),
    }
}

/// Takes the members' values from a form.
///
/// # Errors
/// A name that is there twice.
pub(super) fn collect(
    pairs: &[(String, String)],
    members: &[&'static Member],
    values: &mut Values,
) -> Result<(), Unreadable> {
    let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let twice = names.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(a),
        _ => None,
    });
    if let Some(name) = twice {
        return Err(Unreadable::new(format!("`{name}` is there twice")));
    }
    for member in members {
        let steps = Step::parse(member.wire.get());
        if let Some((Step::Entry(key), before)) = steps.split_last() {
            entry(pairs, member, (before, key), values);
            continue;
        }
        let mut seen = "";
        for (name, value) in pairs {
            let parts: Vec<&str> = name.split('.').collect();
            match follow(&steps, &parts) {
                Some(0) => values.push(member, value),
                // A structure is present when any of its members is: once for each place in the list.
                Some(left) => {
                    let end = name.len() - parts.iter().rev().take(left).map(|part| part.len() + 1).sum::<usize>();
                    let place = name.get(..end).unwrap_or_default();
                    if place != seen {
                        values.push(member, "");
                        seen = place;
                    }
                }
                None => {}
            }
        }
    }
    Ok(())
}

/// How many parts are left when the steps are used up. A list step is a number, with or without the list's member name.
fn follow(steps: &[Step<'_>], parts: &[&str]) -> Option<usize> {
    let Some((step, steps)) = steps.split_first() else { return Some(parts.len()) };
    let (part, rest) = parts.split_first()?;
    match step {
        Step::Key(key) => (part == key).then(|| follow(steps, rest)).flatten(),
        Step::List | Step::AnyEntry | Step::Keys if is_number(part) => follow(steps, rest),
        Step::List | Step::AnyEntry | Step::Keys => {
            let (number, rest) = rest.split_first()?;
            is_number(number).then(|| follow(steps, rest)).flatten()
        }
        Step::Entry(_) => None,
    }
}

/// `Attribute.1.Name=Policy&Attribute.1.Value=…`, `Attribute.Name=Policy&Attribute.Value=…`, also `Attributes.entry.1.key`.
fn entry(pairs: &[(String, String)], member: &'static Member, (before, key): (&[Step<'_>], &str), values: &mut Values) {
    for (name, _) in pairs.iter().filter(|(_, value)| value == key) {
        let Some((stem, "Name" | "name" | "key" | "Key")) = name.rsplit_once('.') else { continue };
        let parts: Vec<&str> = stem.split('.').collect();
        let singular = before.iter().map(|step| match step {
            Step::Key(key) => Step::Key(key.strip_suffix('s').unwrap_or(key)),
            other => *other,
        });
        let list: Vec<Step<'_>> = singular.chain([Step::List]).collect();
        let plural: Vec<Step<'_>> = before.iter().copied().chain([Step::List]).collect();
        // Without a number it is the first entry.
        let spellings = [list.as_slice(), plural.as_slice()];
        let fits = |steps: &[Step<'_>]| {
            let single = steps.split_last().and_then(|(_, before)| follow(before, &parts));
            follow(steps, &parts) == Some(0) || single == Some(0)
        };
        if !spellings.into_iter().any(fits) {
            continue;
        }
        for (_, value) in pairs.iter().filter(|(name, _)| {
            name.rsplit_once('.').is_some_and(|(other, last)| other == stem && last.eq_ignore_ascii_case("value"))
        }) {
            values.push(member, value);
        }
    }
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}
