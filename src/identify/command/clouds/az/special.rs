//! Commands of az's that are more, or other, than one request of the table, and bodies that take more than options.

use serde_json::{Value, json};

use super::super::line::{Line, file};
use super::super::words::local;
use super::table::Row;
use super::{fill, send, written};
use crate::identify::Known;
use crate::identify::command::{Invocation, Machine, Scene, Sent, Shell};
use crate::model::Impact;

/// Reads such a command; `false` where the table is to.
pub(super) fn read(words: &[String], line: &Line, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let at = |place: usize| words.get(place).map(String::as_str).unwrap_or_default();
    match (at(0), at(1), at(2)) {
        ("rest", ..) => rest(line, one, scene),
        ("account", "set", _) => {
            let set = line
                .value("subscription")
                .or_else(|| line.value("name"))
                .and_then(|word| Some(word.text()?.into_owned()));
            let set = set.map_or_else(|| "unknown".to_owned(), |name| fill::by_name(&name, scene).unwrap_or(name));
            scene.remember("az", "subscription", set);
            local("az:local:account-set", Impact::Update, one, scene);
        }
        ("aks", "command", "invoke") => {
            let cluster = line.value("name").map(ToString::to_string);
            let machine = Machine::Pod { cluster, namespace: None, pod: "command".to_owned() };
            let inner = Invocation {
                machine,
                words: vec![],
                variables: vec![],
                writes: vec![],
                directory: None,
                ..one.clone()
            };
            match line.value("command") {
                Some(command) => {
                    let text = scene.veiled(command);
                    scene.script(&text, Shell::Posix, &inner);
                }
                None => scene.unknown(one, "what it runs is not known"),
            }
        }
        ("aks", "command", "result") => local("az:local:aks-command-result", Impact::Read, one, scene),
        ("ad", "sp", "create-for-rbac") => principal(line, one, scene),
        ("storage", "blob" | "file", "upload-batch" | "download-batch") if line.has("dryrun") => {
            local("az:local:dryrun", Impact::Read, one, scene);
        }
        ("backup", "protection", "disable")
            if line.value("delete-backup-data").is_some_and(|value| !value.is("false")) =>
        {
            let mut line = line.clone();
            line.options.retain(|(name, _)| name != "delete-backup-data");
            let mut words = words.to_vec();
            if let Some(verb) = words.get_mut(2) {
                *verb = "undelete".to_owned();
            }
            if let Some(row) = super::table::find(&words) {
                for filled in fill::filled(row, "delete", &line, (one, scene)) {
                    send("DELETE", format!("{}?api-version=2024-01-01", filled.url), vec![], one, scene);
                }
            }
        }
        ("deployment", "group" | "sub" | "mg" | "tenant", "create") if line.has("what-if") => {
            let mut words = words.to_vec();
            if let Some(verb) = words.get_mut(2) {
                *verb = "what-if".to_owned();
            }
            if let Some(row) = super::table::find(&words) {
                super::listed(row, &words, line, one, scene);
            }
        }
        _ => return false,
    }
    true
}

/// An application, its principal, and the rights that it is given.
fn principal(line: &Line, one: &Invocation, scene: &mut Scene<'_>) {
    send("POST", "https://graph.microsoft.com/v1.0/applications".to_owned(), b"{}".to_vec(), one, scene);
    send("POST", "https://graph.microsoft.com/v1.0/servicePrincipals".to_owned(), b"{}".to_vec(), one, scene);
    if line.value("role").is_some() || line.value("scopes").is_some() {
        for scope in line.values("scopes") {
            let path = scope.to_string().split('/').map(super::super::google::encoded).collect::<Vec<_>>().join("/");
            assignment(&path, one, scene);
        }
        if line.values("scopes").is_empty() {
            assignment("/subscriptions/unknown", one, scene);
        }
    }
}

fn assignment(scope: &str, one: &Invocation, scene: &mut Scene<'_>) {
    let url = format!(
        "https://management.azure.com{scope}/providers/Microsoft.Authorization/roleAssignments/new?api-version=2022-04-01"
    );
    send("PUT", url, b"{}".to_vec(), one, scene);
}

/// `az rest`: exactly that request.
fn rest(line: &Line, one: &Invocation, scene: &mut Scene<'_>) {
    let method = line.value("method").map_or_else(|| "GET".to_owned(), |word| word.to_string().to_ascii_uppercase());
    if line.value("method").is_some_and(|word| word.text().is_none()) {
        return scene.unknown(one, "the request's method is not known");
    }
    let Some(url) = line.value("url") else {
        return local("az:local:help", Impact::Read, one, scene);
    };
    if url.leading().is_empty() && url.text().is_none() {
        return scene.unknown(one, "where the request goes is not known");
    }
    let shown = url.to_string().replace("{subscriptionId}", &fill::subscription(line, one, scene));
    let url = if shown.starts_with('/') { format!("https://management.azure.com{shown}") } else { shown };
    let url: String = url.chars().map(|letter| if letter == ' ' || letter == '"' { '_' } else { letter }).collect();
    let mut headers: Vec<(String, String)> = vec![];
    for header in line.values("headers") {
        let text = header.to_string();
        if let Some((name, value)) = text.split_once('=') {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }
    let body = match line.value("body") {
        None => Some(vec![]),
        Some(word) => word.text().and_then(|text| match text.strip_prefix('@') {
            Some(path) => file(path, one.directory.as_deref(), scene),
            None => Some(text.into_owned().into_bytes()),
        }),
    };
    if body.is_none() && method != "GET" {
        return scene.unknown(one, "the request's body is not known");
    }
    let has_type = headers.iter().any(|(name, _)| name == "content-type");
    if !has_type && body.as_ref().is_some_and(|body| !body.is_empty()) {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    scene.sends(one, Sent { method, url, headers, body, known: Known::default() });
}

/// A request's body: of options, and of the template that a deployment names.
pub(super) fn body(row: &Row, words: &[String], line: &Line, (one, scene): (&Invocation, &Scene<'_>)) -> Value {
    if words.first().is_none_or(|word| word != "deployment" && word != "stack") {
        return written(row, line);
    }
    let mut properties =
        json!({ "mode": line.value("mode").map_or_else(|| "Incremental".to_owned(), ToString::to_string) });
    let unmanage = line.value("action-on-unmanage").map(ToString::to_string).unwrap_or_default();
    if let Some(members) = properties.as_object_mut() {
        if let Some(template) = line.value("template-file").and_then(|word| template(&word.text()?, one, scene)) {
            members.insert("template".to_owned(), template);
        }
        if words.first().is_some_and(|word| word == "stack") {
            let action = |wide: &str| if unmanage == wide || unmanage == "deleteAll" { "delete" } else { "detach" };
            members.remove("mode");
            members.insert(
                "actionOnUnmanage".to_owned(),
                json!({ "resources": action("deleteResources"), "resourceGroups": action("deleteAll") }),
            );
        }
    }
    json!({ "properties": properties })
}

/// The template of a file: JSON as it is, of Bicep the types of its resources.
fn template(path: &str, one: &Invocation, scene: &Scene<'_>) -> Option<Value> {
    let text = String::from_utf8(file(path, one.directory.as_deref(), scene)?).ok()?;
    if let Ok(value) = serde_json::from_str(&text) {
        return Some(value);
    }
    let types: Vec<Value> = text
        .lines()
        .filter_map(|row| {
            let rest = row.trim_start().strip_prefix("resource ")?;
            let kind = rest.split('\'').nth(1)?;
            Some(json!({ "type": kind.split('@').next().unwrap_or(kind) }))
        })
        .collect();
    Some(json!({ "resources": types }))
}
