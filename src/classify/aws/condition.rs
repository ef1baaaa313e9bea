//! The conditions of the reviewed table. When a value cannot be understood, the condition holds: a parameter makes an
//! action milder only where that is certain.

use crate::identify::protocol::aws::Values;

use super::statement;

/// Whether all parts of a condition hold. `count`, `wide`, `dry` and `resource` rows say nothing about the effect.
pub(super) fn holds(when: &str, values: &Values) -> bool {
    let silent = ["count ", "wide ", "dry ", "resource "].iter().any(|word| when.starts_with(word));
    !silent && when.split(" & ").all(|part| part_holds(part, values))
}

fn part_holds(part: &str, values: &Values) -> bool {
    if let Some(member) = part.strip_prefix('!') {
        return values.of(member).next().is_none();
    }
    if let Some(member) = part.strip_suffix(" public") {
        return values.of(member).any(is_public);
    }
    if let Some(member) = part.strip_suffix(" calls") {
        return values.of(member).any(statement::calls);
    }
    if let Some(member) = part.strip_suffix(" several") {
        return values.of(member).any(statement::is_several);
    }
    let end = part.find(['=', '!', '<', '>', '^', '~']).unwrap_or(part.len());
    let (member, rest) = part.split_at(end);
    let mut found = values.of(member);
    if rest.is_empty() {
        return found.next().is_some();
    }
    let (sign, expected) = ["!=", "!^", "!$", "=", "<", ">", "^", "~"]
        .iter()
        .find_map(|sign| rest.strip_prefix(sign).map(|expected| (*sign, expected)))
        .unwrap_or(("", ""));
    let one_of = |fits: &dyn Fn(&str) -> bool| expected.split('|').any(fits);
    found.any(|value| match sign {
        "=" => one_of(&|expected| equals(value, expected)),
        "!=" => !one_of(&|expected| value == expected),
        "^" => one_of(&|expected| statement::begins(value, expected)),
        "!$" => !one_of(&|expected| value.ends_with(expected)),
        "!^" => !one_of(&|expected| statement::begins(value, expected)),
        // No case is milder than another.
        "~" => {
            let value = value.to_ascii_lowercase();
            one_of(&|expected| value.contains(&expected.to_ascii_lowercase()))
        }
        "<" | ">" => match (value.trim().parse::<f64>(), expected.parse::<f64>()) {
            (Ok(value), Ok(bound)) if sign == "<" => value < bound,
            (Ok(value), Ok(bound)) => value > bound,
            _ => true,
        },
        // A sign that nobody knows cannot make anything milder.
        _ => true,
    })
}

/// `00` is `0`; what should be a whole number and is none may be anything.
fn equals(value: &str, expected: &str) -> bool {
    match expected.parse::<f64>() {
        Ok(expected) => value.trim().parse::<f64>().map_or(true, |value| value == expected || value.fract() != 0.0),
        Err(_) => value == expected,
    }
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
