//! What a `match:` says, in words.

use serde_json::{Map, Value};

/// The keys in the order in which they are told, each with what stands before its values.
const KEYS: &[(&str, &str)] = &[
    ("operation", "the operation is"),
    ("provider", "the provider is"),
    ("service", "the service is"),
    ("impact", "the impact is"),
    ("scope", "the scope is"),
    ("environment", "the environment is"),
    ("tier", "the tier is"),
    ("owner", "the environment belongs to"),
    ("tenant", "the tenant is"),
    ("hazards", "a hazard is"),
    ("resource", "a resource is"),
    ("account", "the account is"),
    ("region", "the region is"),
    ("namespace", "the namespace is"),
    ("cluster", "the cluster is"),
    ("project", "the project is"),
    ("subscription", "the subscription is"),
    ("repository", "the repository is"),
    ("host", "the host is"),
    ("database", "the database is"),
    ("state", "the state is"),
    ("count", "the number of resources is"),
    ("reversible", "that it can be undone is:"),
    ("evidence", "what is known of it is"),
    ("door", "it comes in by"),
    ("session", "the session is"),
];

/// Keys whose values are patterns, which are shown as they are written.
const WORDS: &[&str] = &["impact", "environment", "hazards", "reversible", "evidence", "door"];

/// Every key of a `match:` or an `unless:` as a phrase.
pub(super) fn block(block: &Value, is_unless: bool) -> Vec<String> {
    let Value::Object(keys) = block else { return Vec::new() };
    let mut phrases = Vec::new();
    for (key, before) in KEYS {
        if let Some(value) = keys.get(*key) {
            let before = if is_unless && *key == "resource" { "every resource is" } else { before };
            phrases.push(format!("{before} {}", values(key, value, is_unless)));
        }
    }
    if let Some(Value::Object(parameters)) = keys.get("parameter") {
        let one = |(name, value): (&String, &Value)| format!("the parameter {} is {}", code(name), any(&coded(value)));
        phrases.extend(parameters.iter().map(one));
    }
    if let Some(Value::Object(principal)) = keys.get("principal") {
        phrases.extend(who(principal));
    }
    if let Some(time) = keys.get("time") {
        phrases.push(format!("the time is {}", windows(time)));
    }
    phrases
}

fn values(key: &str, value: &Value, is_unless: bool) -> String {
    let said: Vec<String> = texts(value);
    match key {
        "scope" => any(&said.iter().map(|text| compared(text)).collect::<Vec<_>>()),
        "count" => said.first().map_or_else(String::new, |text| number(text)),
        // What nobody knows is judged as the worst, in `match:` only.
        "environment" if !is_unless && said.iter().any(|one| one == "prod") => with_unknown(said),
        "impact" if !is_unless && said.iter().any(|one| one == "destroy") => with_unknown(said),
        key if WORDS.contains(&key) => any(&said),
        _ => any(&coded(value)),
    }
}

fn with_unknown(mut said: Vec<String>) -> String {
    if !said.iter().any(|one| one == "unknown") {
        said.push("unknown".to_owned());
    }
    any(&said)
}

/// `>= environment` as `environment or wider`.
fn compared(text: &str) -> String {
    match text.split_once(' ') {
        Some((">=", scope)) => format!("{scope} or wider"),
        Some((">", scope)) => format!("wider than {scope}"),
        Some(("<=", scope)) => format!("{scope} or narrower"),
        Some(("<", scope)) => format!("narrower than {scope}"),
        _ => text.to_owned(),
    }
}

/// `> 10` as `more than 10`.
fn number(text: &str) -> String {
    match text.split_once(' ') {
        Some((">", number)) => format!("more than {number}, or without bound"),
        Some((">=", number)) => format!("{number} or more, or without bound"),
        Some(("<", number)) => format!("less than {number}"),
        Some(("<=", number)) => format!("{number} or less"),
        Some(("=", number)) => number.to_owned(),
        _ => "without bound".to_owned(),
    }
}

fn who(keys: &Map<String, Value>) -> Vec<String> {
    let told = [
        ("person", "the person is"),
        ("agent", "the agent is"),
        ("level", "the person's level is"),
        ("role", "a role of the person is"),
    ];
    let phrase = |(key, before): (&str, &str)| keys.get(key).map(|value| format!("{before} {}", any(&coded(value))));
    told.into_iter().filter_map(phrase).collect()
}

fn windows(value: &Value) -> String {
    let one = |window: &Value| {
        let part = |key: &str| window.get(key).map(texts).unwrap_or_default().join(", ");
        let zone = window.get("zone").map_or_else(|| "UTC".to_owned(), |_| part("zone"));
        format!("{} ({zone})", [part("days"), part("hours")].join(" ").trim())
    };
    match value {
        Value::Array(all) => any(&all.iter().map(one).collect::<Vec<_>>()),
        window => one(window),
    }
}

/// `after:`: one phrase for each step.
pub(super) fn steps(steps: &[Value]) -> Vec<String> {
    let phrase = |step: &Value| {
        let of = |key: &str, is_unless: bool| step.get(key).map(|it| block(it, is_unless)).unwrap_or_default();
        let mut said = of("match", false).join(", ");
        let unless = of("unless", true);
        if !unless.is_empty() {
            said.push_str(&format!(", except when {}", unless.join(", ")));
        }
        if let Some(same) = step.get("same").map(texts) {
            said.push_str(&format!("; with the same {}", same.join(", ")));
        }
        if let Some(other) = step.get("other").map(texts) {
            said.push_str(&format!("; with another {}", other.join(", ")));
        }
        if let Some(times) = step.get("times").and_then(Value::as_u64) {
            said.push_str(&format!("; at least {times} times"));
        }
        let outcomes = step.get("outcome").map(texts).unwrap_or_default();
        if !outcomes.is_empty() && !outcomes.iter().any(|word| word == "any") {
            said.push_str(&format!("; it was {}", any(&outcomes)));
        }
        if let Some(within) = step.get("within").and_then(Value::as_str) {
            said.push_str(&format!("; no longer ago than {within}"));
        }
        said
    };
    steps.iter().map(phrase).collect()
}

/// `approval:` as phrases.
pub(super) fn approval(value: &Value) -> Vec<String> {
    if let Value::Array(all) = value {
        return all.iter().flat_map(approval).collect();
    }
    let part = |value: &Value| {
        let count = value.get("quorum").and_then(Value::as_u64).unwrap_or(1);
        let people = if count == 1 { "one person".to_owned() } else { format!("{count} people") };
        let from = value.get("from").map(|from| format!(" from {}", any(&coded(from))));
        people + &from.unwrap_or_default()
    };
    let mut phrases = vec![part(value)];
    match value.get("including") {
        Some(Value::Array(all)) => phrases.extend(all.iter().map(|one| format!("{} among them", part(one)))),
        Some(one) => phrases.push(format!("{} among them", part(one))),
        None => {}
    }
    phrases.extend(value.get("expires").and_then(Value::as_str).map(|time| format!("to be used within {time}")));
    phrases
}

/// One value or a list of values.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Null | Value::Object(_) => Vec::new(),
        other => vec![other.to_string()],
    }
}

fn coded(value: &Value) -> Vec<String> {
    texts(value).iter().map(|text| code(text)).collect()
}

/// `a, b or c`.
fn any(all: &[String]) -> String {
    match all {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// A code span; backticks in it are kept.
pub(super) fn code(text: &str) -> String {
    let text = text.replace('\n', " ");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// Text that Markdown shows as it is written, in a table too; code spans in it stay code.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_code = false;
    for one in text.chars() {
        is_code ^= one == '`';
        if one == '|' || (!is_code && matches!(one, '<' | '*' | '_' | '[' | ']')) {
            out.push('\\');
        }
        out.push(one);
    }
    out
}
