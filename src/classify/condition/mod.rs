//! The conditions of the reviewed table. When a value cannot be understood, the condition holds: a parameter makes an
//! action milder only where that is certain.

pub(super) mod statement;

use crate::catalog::Condition;
use crate::identify::protocol::{aws, described, graphql};

/// What conditions are asked of: the values under a member's name.
pub(super) trait Values {
    /// Whether a number may stand for a word (the JSON mapping of Protocol Buffers).
    const NUMBERED: bool = false;

    /// The values of this member, as conditions spell it.
    fn of<'a>(&'a self, member: &'a str) -> impl Iterator<Item = &'a str>;
}

impl Values for aws::Values {
    fn of<'a>(&'a self, member: &'a str) -> impl Iterator<Item = &'a str> {
        self.of(member)
    }
}

impl Values for described::Members {
    const NUMBERED: bool = true;

    fn of<'a>(&'a self, member: &'a str) -> impl Iterator<Item = &'a str> {
        self.of(member)
    }
}

impl Values for graphql::Mutation {
    fn of<'a>(&'a self, member: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(member)
    }
}

/// Whether all parts of a condition hold. `count`, `wide`, `dry` and `resource` rows say nothing about the effect.
pub(super) fn holds(when: &str, values: &impl Values) -> bool {
    !Condition::is_silent(when) && when.split(" & ").all(|part| part_holds(part, values))
}

fn part_holds<V: Values>(part: &str, values: &V) -> bool {
    let condition = Condition::parse(part);
    let mut found = values.of(condition.member);
    let one_of = |fits: &dyn Fn(&str) -> bool| condition.expected.split('|').any(fits);
    match condition.sign {
        "!" => return found.all(|value| value == Condition::UNSET),
        "" => return found.next().is_some(),
        _ => {}
    }
    found.any(|value| match condition.sign {
        _ if value == Condition::UNSET => true,
        "public" => is_public(value),
        "calls" => statement::calls(value),
        "several" => statement::is_several(value),
        "=" => {
            one_of(&|expected| equals(value, expected) || V::NUMBERED && is_enumerated(expected) && is_number(value))
        }
        "!=" => !one_of(&|expected| value == expected),
        "^=" => {
            let excepted = |expected: &str| expected.strip_prefix('!').is_some_and(|start| starts(value, start));
            one_of(&|expected| !expected.starts_with('!') && starts(value, expected)) && !one_of(&excepted)
        }
        "^" => one_of(&|expected| statement::begins(value, expected)),
        "!$" => !one_of(&|expected| value.ends_with(expected)),
        "!^" => !one_of(&|expected| statement::begins(value, expected)),
        // No case is milder than another.
        "~" => {
            let lower = value.to_ascii_lowercase();
            one_of(&|expected| holds_text(value, &lower, &expected.to_ascii_lowercase()))
        }
        "<" | ">" => match (value.trim().parse::<f64>(), condition.expected.parse::<f64>()) {
            (Ok(value), Ok(bound)) if condition.sign == "<" => value < bound,
            (Ok(value), Ok(bound)) => value > bound,
            _ => true,
        },
        // A sign that nobody knows cannot make anything milder.
        _ => true,
    })
}

/// Whether a value begins with these letters; `*` is a run of any others than `/` and `:`.
fn starts(value: &str, start: &str) -> bool {
    let Some((before, after)) = start.split_once('*') else { return value.starts_with(start) };
    let Some(rest) = value.strip_prefix(before) else { return false };
    let end = rest.find(['/', ':']).unwrap_or(rest.len());
    rest.split_at(end).1.starts_with(after)
}

/// Where several words are expected, blanks of all kinds and comments may stand between those of a statement.
fn holds_text(value: &str, lower: &str, expected: &str) -> bool {
    let spaced = || statement::spaced(value).is_some_and(|spaced| spaced.contains(expected));
    lower.contains(expected) || expected.contains(' ') && spaced()
}

/// `00` is `0`; what should be a whole number and is none may be anything.
fn equals(value: &str, expected: &str) -> bool {
    match expected.parse::<f64>() {
        Ok(expected) => value.trim().parse::<f64>().map_or(true, |value| value == expected || value.fract() != 0.0),
        Err(_) => value == expected,
    }
}

/// `DISABLED`, `WRITE_TRUNCATE`: the JSON mapping of Protocol Buffers takes the number of such a word as well, and which one
/// that is only its description tells.
fn is_enumerated(word: &str) -> bool {
    word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a policy lets anybody in: an `Allow` for the principal `*` (a condition may narrow it; that is not judged).
/// A text that is no policy may be anything.
fn is_public(policy: &str) -> bool {
    let Ok(document) = serde_json::from_str::<serde_json::Value>(policy) else { return true };
    let statements = match document.get("Statement") {
        Some(serde_json::Value::Array(list)) => list.iter().collect::<Vec<_>>(),
        Some(one) => vec![one],
        None => return true,
    };
    statements.into_iter().any(|statement| {
        let allows = statement.get("Effect").and_then(serde_json::Value::as_str) != Some("Deny");
        let inverted = statement.get("NotPrincipal").is_some();
        allows && (inverted || statement.get("Principal").is_some_and(is_anybody))
    })
}

fn is_anybody(principal: &serde_json::Value) -> bool {
    match principal {
        serde_json::Value::String(text) => text == "*",
        serde_json::Value::Array(list) => list.iter().any(is_anybody),
        serde_json::Value::Object(kinds) => kinds.values().any(is_anybody),
        _ => false,
    }
}
