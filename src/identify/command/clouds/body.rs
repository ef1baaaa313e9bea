//! Bodies and queries of calls: what a table's cell says of a command's options.

use serde_json::Value;

use super::line::Line;
use super::words::camel;

/// Options that say nothing of a call's body.
const CONTROL: &[&str] = &[
    "project",
    "account",
    "configuration",
    "quiet",
    "q",
    "format",
    "zone",
    "region",
    "location",
    "async",
    "instance",
    "verbosity",
    "filter",
    "limit",
    "page-size",
    "sort-by",
    "flatten",
    "impersonate-service-account",
    "billing-project",
    "trace-token",
    "no-user-output-enabled",
    "source",
    "image",
    "memory",
    "cpu",
    "global",
    "platform",
    "cluster",
    "keyring",
    "key",
    "secret",
    "database",
];

/// The body: what the table says of the options, a binding of a policy, and the other options by their own names.
pub(super) fn written(spec: &str, verb: &str, line: &Line, generic: bool) -> Value {
    let mut body = Value::Object(serde_json::Map::new());
    if generic {
        for (name, values) in line.options.iter().filter(|(name, _)| !CONTROL.contains(&name.as_str())) {
            let (name, value) = match (name.strip_prefix("no-"), values.last()) {
                (Some(bare), None) => (camel(bare), Value::from(false)),
                (_, Some(value)) => (camel(name), Value::from(value.to_string())),
                (_, None) => (camel(name), Value::from(true)),
            };
            put(&mut body, &name, value);
        }
    }
    if verb.ends_with("-iam-policy-binding") {
        let shown = |name: &str| line.shown(name).unwrap_or_default();
        let bindings = serde_json::json!([{ "role": shown("role"), "members": [shown("member")] }]);
        put(&mut body, "policy", serde_json::json!({ "bindings": bindings }));
        put(&mut body, "bindings", bindings);
    }
    for (path, value) in fields(spec, line) {
        put(&mut body, &path, value);
    }
    body
}

/// The fields that a row's cell gives: their paths and values.
pub(super) fn fields(spec: &str, line: &Line) -> Vec<(String, Value)> {
    let mut out = vec![];
    for entry in spec.split(' ').filter(|entry| !entry.is_empty()) {
        let Some((option, path)) = entry.split_once('>') else { continue };
        let (path, value) = path.split_once('=').map_or((path, None), |(path, value)| (path, Some(value)));
        let (option, is_list) = option.strip_suffix("[]").map_or((option, false), |option| (option, true));
        if option == "@metadata" {
            out.push((path.to_owned(), metadata(line)));
            continue;
        }
        // `option=value>`: only where it has that value.
        let (option, wanted) = option.split_once('=').map_or((option, None), |(option, wanted)| (option, Some(wanted)));
        if !option.is_empty() && !line.has(option)
            || wanted.is_some_and(|wanted| !line.value(option).is_some_and(|word| word.is(wanted)))
        {
            continue;
        }
        let given = line.shown(option).unwrap_or_default();
        let value = match value {
            Some(template) => {
                let quoted = Value::from(given.as_str()).to_string();
                let filled = template.replace("{}", if template == "{}" { "{}" } else { quoted.trim_matches('"') });
                serde_json::from_str(&filled).unwrap_or(Value::from(filled))
            }
            None if is_list => given.split(',').map(Value::from).collect(),
            None => given.parse::<i64>().map_or_else(|_| Value::from(given), Value::from),
        };
        out.push((path.to_owned(), value));
    }
    out
}

/// The keys of `--metadata`, `--metadata-from-file` and `--keys` as items.
fn metadata(line: &Line) -> Value {
    let given =
        ["metadata", "metadata-from-file", "keys"].iter().flat_map(|name| line.values(name)).map(ToString::to_string);
    let keys = given.flat_map(|text| {
        text.split(',').map(|pair| pair.split('=').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    });
    keys.map(|key| serde_json::json!({ "key": key })).collect()
}

/// Sets a member by its path.
pub(super) fn put(root: &mut Value, path: &str, value: Value) {
    let mut at = root;
    let mut steps = path.split('.').peekable();
    while let Some(step) = steps.next() {
        if !at.is_object() {
            *at = Value::Object(serde_json::Map::new());
        }
        let Some(members) = at.as_object_mut() else { return };
        if steps.peek().is_none() {
            members.insert(step.to_owned(), value);
            return;
        }
        at = members.entry(step).or_insert_with(|| Value::Object(serde_json::Map::new()));
    }
}
