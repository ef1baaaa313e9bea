//! `az`: the words of a command lead to a request of Azure Resource Manager's, of Microsoft Graph's, or of a service's
//! own.

mod fill;
mod special;
mod table;

use serde_json::Value;

use super::body::{fields, put};
use super::line::{Line, Takes};
use super::words::{camel, impact, local, unlisted};
use crate::identify::Known;
use crate::identify::command::{Effect, Invocation, Scene, Sent, Word};
use crate::model::{Count, Impact, Place, Scope};
use fill::{Filled, filled, subscription};
use table::Row;

/// Options that stand alone, and those that take one value wherever they stand.
const FLAGS: &[&str] = &[
    "yes",
    "y",
    "no-wait",
    "debug",
    "verbose",
    "only-show-errors",
    "dryrun",
    "what-if",
    "w",
    "confirm-with-what-if",
    "overwrite",
    "recursive",
    "r",
    "details",
    "d",
    "show-details",
    "force",
    "skip-shutdown",
    "all",
    "no-prompt",
    "admin",
    "a",
    "overwrite-existing",
    "include-inherited",
    "use-device-code",
    "no-self-perms",
    "created",
    "deleted",
    "exists",
    "updated",
];
/// Long options, so that unique beginnings of theirs are understood.
const LONG: &[&str] = &[
    "account-name",
    "all",
    "body",
    "command",
    "container-name",
    "debug",
    "delete-destination",
    "delete-backup-data",
    "delete-existing-files",
    "dryrun",
    "force",
    "headers",
    "help",
    "ids",
    "item-name",
    "location",
    "method",
    "mode",
    "name",
    "no-wait",
    "only-show-errors",
    "output",
    "parameters",
    "query",
    "recursive",
    "resource",
    "resource-group",
    "resource-type",
    "role",
    "scope",
    "scripts",
    "server",
    "server-name",
    "subscription",
    "template-file",
    "template-uri",
    "uri",
    "url",
    "vault-name",
    "verbose",
    "what-if",
    "confirm-with-what-if",
    "yes",
    "zone-name",
    "assignee",
    "namespace",
    "settings",
    "tags",
    "new-capacity",
    "node-count",
    "start-ip-address",
    "end-ip-address",
];

fn takes(name: &str, operands: &[Word]) -> (String, Takes) {
    let first = operands.first().map(ToString::to_string).unwrap_or_default();
    let second = operands.get(1).map(ToString::to_string).unwrap_or_default();
    let full = match (name, first.as_str(), second.as_str()) {
        ("n", ..) => "name",
        ("g", ..) => "resource-group",
        ("o", ..) => "output",
        ("l", ..) => "location",
        ("y", ..) => "yes",
        ("u" | "uri", "rest", _) => "url",
        ("m", "rest", _) => "method",
        ("b", "rest", _) => "body",
        ("c", "rest" | "storage", _) => "container-name",
        ("c", "backup", _) => "container-name",
        ("c", "aks", _) => "command",
        ("s", "storage", _) | ("source", "storage", _) => "source",
        ("d", "storage", _) => "destination",
        ("s", "sql", _) => "server",
        ("s", "mysql" | "postgres" | "mariadb", _) => "server-name",
        ("s", "webapp" | "functionapp", _) => "slot",
        ("d", "mysql" | "postgres" | "mariadb", _) => "database-name",
        ("a", "cosmosdb", _) => "account-name",
        ("d", "cosmosdb", _) => "database-name",
        ("v", "backup" | "dataprotection", _) => "vault-name",
        ("i", "backup", _) => "item-name",
        ("z", "network", _) => "zone-name",
        ("s", "storage-share", _) => "share-name",
        ("f", "deployment" | "stack", _) => "template-file",
        ("u", "deployment" | "stack", _) => "template-uri",
        ("p", "deployment" | "stack", _) => "parameters",
        ("w", "deployment", _) => "what-if",
        ("c", "deployment", _) => "confirm-with-what-if",
        ("i", "account", _) => "ids",
        ("t", "acr", _) => "image",
        ("r", "acr", _) => "registry",
        ("account", "storage", _) => "account-name",
        ("container", "storage", _) => "container-name",
        ("q", "graph", _) => "graph-query",
        ("analytics-query", ..) => "analytics-query",
        (other, ..) if other.len() > 3 && !LONG.contains(&other) => {
            let mut longer = LONG.iter().filter(|long| long.starts_with(other));
            match (longer.next(), longer.next()) {
                (Some(long), None) => long,
                _ => other,
            }
        }
        (other, ..) => other,
    };
    let alone = FLAGS.contains(&full) && !(full == "all" && first == "vmss");
    let one = matches!(full, "output" | "query" | "subscription");
    (
        full.to_owned(),
        if alone {
            Takes::Nothing
        } else if one || operands.is_empty() {
            Takes::One
        } else {
            Takes::Many
        },
    )
}

/// Reads one command.
pub(super) fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let line = Line::read(one.arguments(), takes);
    if line.is_help || line.operands.first().is_none_or(|word| word.is("help")) {
        return local("az:local:help", Impact::Read, one, scene);
    }
    let words = line.words();
    if words.len() < line.operands.len() && words.len() < 4 {
        // A word of the command's may be any.
        return scene.unknown(one, "which of az's commands it is, is not known");
    }
    if special::read(&words, &line, one, scene) {
        return;
    }
    match table::find(&words) {
        Some(row) if row.method == "=" => effect(row, &words, &line, one, scene),
        Some(row) => listed(row, &words, &line, one, scene),
        None => {
            let group = words.first().map(String::as_str).unwrap_or_default();
            let verb = words.iter().skip(1).find(|word| impact(word).is_some()).or_else(|| words.last());
            let verb = verb.map(String::as_str).unwrap_or_default();
            if words.len() == 1 && impact(verb).is_none() {
                return local("az:local:help", Impact::Read, one, scene);
            }
            let place = place(&line, one, scene);
            unlisted(&format!("azure:{group}"), verb, one.shown(), (one, scene), place);
        }
    }
}

fn place(line: &Line, one: &Invocation, scene: &Scene<'_>) -> Place {
    Place { subscription: Some(subscription(line, one, scene)), ..Place::default() }
}

/// A row that is an effect of its own.
fn effect(row: &Row, words: &[String], line: &Line, one: &Invocation, scene: &mut Scene<'_>) {
    let last = words.get(row.words.len().saturating_sub(1)).map(String::as_str).unwrap_or_default();
    let mut cells = row.path.split(' ');
    let id = cells.next().unwrap_or_default().replace("{verb}", last);
    let impact = cells.next().and_then(|word| word.parse().ok()).unwrap_or(Impact::Unknown);
    let scope = cells.next().and_then(|word| word.parse().ok()).unwrap_or(Scope::Resource);
    let mut effect = Effect::new(&id, impact, scope);
    for hazard in cells.next().unwrap_or_default().split(',').filter_map(|word| word.parse().ok()) {
        effect = effect.hazard(hazard);
    }
    if cells.next() == Some("unbounded") {
        effect = effect.count(Count::Unbounded);
    }
    let deletes = line.value("delete-destination").is_some_and(|value| !value.is("false"));
    if id.ends_with(":Blob_Put") && deletes {
        effect = Effect::new("azure:blob:Blob_Delete", Impact::Destroy, Scope::Resource).count(Count::Unbounded);
        effect = effect.hazard(crate::model::Hazard::DataLoss);
    }
    if line.has("dryrun") && (id.starts_with("azure:blob:") || id.starts_with("azure:file:")) {
        effect = Effect::new("azure:blob:Container_ListBlobs", Impact::Read, Scope::Resource);
    }
    if id.starts_with("azure") {
        let place = if id.starts_with("azure:blob:") || id.starts_with("azure:file:") {
            fill::account(line, one, scene)
        } else {
            place(line, one, scene)
        };
        effect = effect
            .at(place)
            .on(line.first(&["name", "source", "destination"]).map(ToString::to_string).unwrap_or_default());
    }
    scene.effect(one, effect);
}

/// The method of a word, and whether it asks for all of a kind.
fn method(verb: &str) -> (&'static str, bool) {
    match verb {
        "list" => ("GET", true),
        "create" | "set" | "add" | "import" => ("PUT", false),
        "update" => ("PATCH", false),
        "delete" | "remove" => ("DELETE", false),
        "wait" | "exists" => ("GET", false),
        verb if verb.starts_with("show") || verb.starts_with("get-") || verb.starts_with("check-") => ("GET", false),
        verb if verb.starts_with("list-")
            && !verb.contains("key")
            && !verb.contains("connection")
            && !verb.contains("secret") =>
        {
            ("GET", true)
        }
        _ => ("POST", false),
    }
}

/// A row that is a request.
fn listed(row: &Row, words: &[String], line: &Line, one: &Invocation, scene: &mut Scene<'_>) {
    let is_group = row.method == "*";
    let verb = words.get(if is_group { row.words.len() } else { row.words.len().saturating_sub(1) });
    let Some(verb) = verb.map(String::as_str) else {
        return local("az:local:help", Impact::Read, one, scene);
    };
    let (method, lists) = if is_group { method(verb) } else { (row.method, false) };
    // A group's group: what it does is not said by its first word.
    if is_group && method == "POST" && words.len() > row.words.len() + 1 {
        let last = words.last().map(String::as_str).unwrap_or_default();
        let group = words.first().map(String::as_str).unwrap_or_default();
        let place = place(line, one, scene);
        return unlisted(&format!("azure:{group}"), last, one.shown(), (one, scene), place);
    }
    let action = (is_group && method == "POST").then(|| camel(verb));
    let paths = filled(row, verb, line, (one, scene));
    for Filled { url, is_arm } in paths {
        let mut url = url;
        if lists && let Some((above, _)) = url.rsplit_once('/') {
            url = above.to_owned();
        }
        if let Some(action) = &action {
            url = format!("{url}/{action}");
        }
        let mut query: Vec<(String, Value)> = fields(row.query, line);
        if is_arm {
            query.insert(0, ("api-version".to_owned(), Value::from("2024-01-01")));
        }
        for (place, (name, value)) in query.iter().enumerate() {
            let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            url.push(if place == 0 { '?' } else { '&' });
            url.push_str(&format!("{name}={}", super::google::encoded(&value)));
        }
        let reads = matches!(method, "GET" | "HEAD" | "DELETE");
        let body = if reads { vec![] } else { special::body(row, words, line, (one, scene)).to_string().into_bytes() };
        send(method, url, body, one, scene);
    }
}

fn send(method: &str, url: String, body: Vec<u8>, one: &Invocation, scene: &mut Scene<'_>) {
    let headers =
        if body.is_empty() { vec![] } else { vec![("content-type".to_owned(), "application/json".to_owned())] };
    scene.sends(one, Sent { method: method.to_owned(), url, headers, body: Some(body), known: Known::default() });
}

/// Options as members of `properties`, and what the row says of them.
fn written(row: &Row, line: &Line) -> Value {
    const CONTROL: &[&str] = &[
        "name",
        "resource-group",
        "output",
        "query",
        "subscription",
        "yes",
        "no-wait",
        "location",
        "ids",
        "tags",
        "sku",
        "mode",
        "settings",
    ];
    let mut body = serde_json::json!({});
    for (name, values) in line.options.iter().filter(|(name, _)| !CONTROL.contains(&name.as_str())) {
        let value = values.last().map_or(Value::Bool(true), |value| match value.to_string() {
            text if text.eq_ignore_ascii_case("true") => Value::Bool(true),
            text if text.eq_ignore_ascii_case("false") => Value::Bool(false),
            text => Value::from(text),
        });
        put(&mut body, &format!("properties.{}", camel(name)), value);
    }
    for (path, value) in fields(row.body, line) {
        put(&mut body, &path, value);
    }
    body
}
