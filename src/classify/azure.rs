//! Blast radius of Azure's calls: the catalog's row for type and verb, and the conditions that query and body meet.
//!
//! A condition only makes an effect stricter. What is no document may say anything: it meets every condition of its type.

use serde_json::Value;

use crate::catalog::azure::Effect;
use crate::identify::Reading;
use crate::identify::protocol::azure::{Seen, Target, Written, values};
use crate::model::{BlastRadius, Count, Hazard, Hazards, Impact, Reversible, Scope};

/// From this many resources on, an action is `bulk`.
const BULK_FROM: u64 = 10;

/// What it would do.
pub(super) fn blast_radius(reading: &Reading, seen: &Seen) -> BlastRadius {
    let mut blast = base(seen);
    for row in seen.conditions().filter(|row| holds(row, seen)) {
        tighten(&mut blast, row, seen);
    }
    blast.count = reading.count;
    if blast.count == Count::Unbounded && blast.impact.strictness() > Impact::Update.strictness() {
        blast.scope = blast.scope.max(Scope::Environment);
    }
    let many = blast.count == Count::Unbounded || blast.count.floor().is_some_and(|count| count >= BULK_FROM);
    if many && !matches!(blast.impact, Impact::Read | Impact::Create) {
        blast.hazards.insert(Hazard::Bulk);
    }
    blast
}

/// The row's own cells.
fn base(seen: &Seen) -> BlastRadius {
    let Some(row) = seen.base() else {
        // A method that only reads stays a read, whatever it reads.
        let reads = matches!(seen.call.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        return BlastRadius::new(if reads { Impact::Read } else { Impact::Unknown }, Scope::Resource);
    };
    let mut blast = BlastRadius::new(row.impact.parse().unwrap_or(Impact::Unknown), scope(row, seen));
    if let Ok(reversible) = row.reversible.parse() {
        blast.reversible = reversible;
    }
    blast.hazards = hazards(row);
    blast
}

fn scope(row: &Effect, seen: &Seen) -> Scope {
    match (row.scope, &seen.target) {
        ("where", Target::Arm(target)) => target.place,
        (scope, _) => scope.parse().unwrap_or(Scope::Resource),
    }
}

fn hazards(row: &Effect) -> Hazards {
    row.hazards.split(',').filter_map(|word| word.parse::<Hazard>().ok()).collect()
}

/// A conditional row's cells count where they are stricter.
fn tighten(blast: &mut BlastRadius, row: &Effect, seen: &Seen) {
    let stricter = blast.impact.stricter(row.impact.parse().unwrap_or(Impact::Unknown));
    if stricter != blast.impact {
        let usual = BlastRadius::new(stricter, blast.scope).reversible;
        blast.reversible = blast.reversible.max(row.reversible.parse::<Reversible>().unwrap_or(usual));
    }
    blast.impact = stricter;
    blast.scope = blast.scope.max(scope(row, seen));
    blast.hazards = blast.hazards.union(hazards(row));
}

/// Whether all parts of a row's condition hold.
fn holds(row: &Effect, seen: &Seen) -> bool {
    match &seen.call.written {
        // What holds for every type holds for documents only: scripts and archives are sent everywhere.
        Written::Opaque if row.kind == "*" && row.when.contains("body.") => false,
        Written::Opaque if row.when.contains("body.") => true,
        _ => row.when.split(" & ").all(|part| part_holds(part, seen)),
    }
}

fn part_holds(part: &str, seen: &Seen) -> bool {
    if let Some(member) = part.strip_prefix('!') {
        return texts(seen, member).is_empty();
    }
    if let Some(rest) = part.strip_prefix("only ") {
        let Some((member, expected)) = rest.split_once('=') else { return true };
        let found = texts(seen, member);
        return !found.is_empty() && found.iter().all(|value| value.eq_ignore_ascii_case(expected));
    }
    if let Some(member) = part.strip_suffix(" opens") {
        let Written::Json(document) = &seen.call.written else { return false };
        return values(document, member.strip_prefix("body.").unwrap_or(member)).into_iter().any(opens);
    }
    let end = part.find(['=', '!', '<', '>', '~']).unwrap_or(part.len());
    let (member, rest) = part.split_at(end);
    let found = texts(seen, member);
    let (sign, expected) = ["!=", "=", "<", ">", "~"]
        .iter()
        .find_map(|sign| rest.strip_prefix(sign).map(|expected| (*sign, expected)))
        .unwrap_or(("", ""));
    let one_of = |fits: &dyn Fn(&str) -> bool| expected.split('|').any(fits);
    found.iter().any(|value| match sign {
        "" => true,
        "=" => one_of(&|expected| equals(value, expected)),
        "!=" => !one_of(&|expected| equals(value, expected)),
        "~" => one_of(&|expected| value.to_ascii_lowercase().contains(&expected.to_ascii_lowercase())),
        _ => match (value.trim().parse::<f64>(), expected.parse::<f64>()) {
            (Ok(value), Ok(bound)) if sign == "<" => value < bound,
            (Ok(value), Ok(bound)) => value > bound,
            // A template's expression may be anything.
            _ => true,
        },
    })
}

/// `00` is `0`; no case is milder than another.
fn equals(value: &str, expected: &str) -> bool {
    match (value.trim().parse::<f64>(), expected.parse::<f64>()) {
        (Ok(value), Ok(expected)) => value == expected,
        _ => value.trim().eq_ignore_ascii_case(expected),
    }
}

/// The values of a member as texts. What is null is not there; a list or map is its presence.
fn texts(seen: &Seen, member: &str) -> Vec<String> {
    if member == "method" {
        return vec![seen.call.method.clone()];
    }
    if let Some(name) = member.strip_prefix("query.") {
        let named = seen.call.query.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        return named.map(|(_, value)| value.clone()).collect();
    }
    let (Written::Json(document), Some(path)) = (&seen.call.written, member.strip_prefix("body.")) else {
        return vec![];
    };
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    };
    values(document, path).into_iter().filter_map(text).collect()
}

/// A network rule that lets the whole internet in.
fn opens(rule: &Value) -> bool {
    let says = |member: &str, words: &[&str]| {
        let found = values(rule, member);
        found
            .iter()
            .filter_map(|value| value.as_str())
            .any(|value| words.iter().any(|word| value.eq_ignore_ascii_case(word)))
    };
    let everybody = ["*", "0.0.0.0/0", "::/0", "internet", "any", "0.0.0.0"];
    let allows = !says("access", &["Deny"]);
    let inbound = !says("direction", &["Outbound"]);
    allows && inbound && (says("sourceAddressPrefix", &everybody) || says("sourceAddressPrefixes", &everybody))
}
