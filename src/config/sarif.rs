//! Findings in the form that code scanners read: SARIF 2.1.0 (OASIS standard, 27 March 2020).

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::Diagnostic;
use super::kind::{Gravity, Kind};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// What may not stand in the path of a URI as it is.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// One log with one run: every kind of finding as a rule, every finding as a result.
///
/// Files are named as in the findings: a relative path stays relative, so that a scanner finds it in its checkout.
#[must_use]
pub fn sarif(found: &[Diagnostic]) -> Value {
    let rules: Vec<Value> = Kind::ALL.iter().map(|kind| rule(*kind)).collect();
    let results: Vec<Value> = found.iter().map(result).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "blastgate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(kind: Kind) -> Value {
    let level = match kind {
        Kind::WideException | Kind::Idle | Kind::Unproved | Kind::UnreachableQuorum => Gravity::Warning,
        _ => Gravity::Error,
    };
    json!({
        "id": kind,
        "shortDescription": { "text": kind.about() },
        "help": { "text": kind.help() },
        "defaultConfiguration": { "level": level },
    })
}

fn result(found: &Diagnostic) -> Value {
    let text = match &found.suggestion {
        Some(suggestion) => format!("{}\nhelp: {suggestion}", found.message),
        None => found.message.clone(),
    };
    let result = json!({
        "ruleId": found.kind,
        "ruleIndex": Kind::ALL.iter().position(|kind| *kind == found.kind),
        "level": found.gravity,
        "message": { "text": text },
    });
    if found.file.is_empty() {
        return result;
    }
    let mut place = json!({ "artifactLocation": { "uri": uri(&found.file) } });
    if found.line > 0 {
        let mut region = json!({ "startLine": found.line });
        if found.column > 0 {
            region = with(region, "startColumn", found.column.into());
        }
        if let Some(snippet) = &found.snippet {
            region = with(region, "snippet", json!({ "text": snippet }));
        }
        place = with(place, "region", region);
    }
    with(result, "locations", json!([{ "physicalLocation": place }]))
}

/// The object with one more member.
fn with(mut object: Value, key: &str, value: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
    object
}

fn uri(file: &str) -> String {
    let path = file.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let encoded = utf8_percent_encode(path, PATH).to_string();
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}
