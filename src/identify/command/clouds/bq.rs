//! `bq`: BigQuery's datasets, tables and jobs.

use serde_json::{Value, json};

use super::gcloud::segment;
use super::google::project;
use super::line::{Line, Takes, file};
use super::words::{camel, local, unlisted};
use crate::identify::Known;
use crate::identify::command::{Input, Invocation, Scene, Sent, Word};
use crate::model::{Impact, Place};

/// Options (as absl reads them: one dash or two, `--noNAME`) that stand alone.
const FLAGS: &[&str] = &[
    "r",
    "recursive",
    "f",
    "force",
    "d",
    "dataset",
    "t",
    "table",
    "m",
    "model",
    "j",
    "job",
    "k",
    "n_",
    "q",
    "quiet",
    "use_legacy_sql",
    "dry_run",
    "replace",
    "append_table",
    "a",
    "no_clobber",
    "headless",
    "sync",
    "synchronous_mode",
    "nosync",
    "view",
    "schema",
    "use_cache",
    "batch",
    "allow_large_results",
    "flatten_results",
    "autodetect",
    "transfer_config",
    "reservation",
    "connection",
    "routine",
    "rpc",
    "debug_mode",
    "snapshot",
    "clone",
    "restore",
    "capacity_commitment",
    "reservation_assignment",
    "row_access_policies",
    "materialized_view",
    "require_partition_filter",
    "continuous",
    "ignore_unknown_values",
    "allow_jagged_rows",
    "allow_quoted_newlines",
    "print_header",
    "encryption_service_account",
];

fn takes(name: &str, operands: &[Word]) -> (String, Takes) {
    let bare = name.strip_prefix("no").filter(|bare| FLAGS.contains(bare) && *bare != "_clobber" && !bare.is_empty());
    if let Some(bare) = bare {
        return (format!("no-{bare}"), Takes::Nothing);
    }
    // `-n` is a number of rows, of `cp` the refusal to overwrite.
    let copies = operands.first().is_some_and(|word| word.is("cp"));
    let alone = FLAGS.contains(&name) || copies && name == "n";
    (name.to_owned(), if alone { Takes::Nothing } else { Takes::One })
}

/// Whether a flag holds: the last of `--x`, `--nox` and `--x=false` counts.
fn on(line: &Line, names: &[&str]) -> bool {
    let last = line.options.iter().rev().find_map(|(name, values)| {
        let given = names.iter().any(|one| name == one);
        let taken = names.iter().any(|one| name.strip_prefix("no-") == Some(one));
        let off =
            values.last().is_some_and(|value| ["false", "False", "0", "f", "no", "n"].iter().any(|off| value.is(off)));
        if given { Some(!off) } else { taken.then_some(false) }
    });
    last.unwrap_or(false)
}

/// Reads one command.
pub(super) fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let line = Line::read(one.arguments(), takes);
    let Some(command) = line.operands.first() else {
        return local("bq:local:help", Impact::Read, one, scene);
    };
    let Some(command) = command.text().map(|text| text.into_owned()) else {
        return scene.unknown(one, "which of bq's commands it is, is not known");
    };
    if line.is_help || matches!(command.as_str(), "help" | "version" | "init" | "shell" | "info") {
        return local(&format!("bq:local:{command}"), Impact::Read, one, scene);
    }
    let named: Vec<String> = line.operands.iter().skip(1).map(ToString::to_string).collect();
    let at = |place: usize| named.get(place).map(String::as_str).unwrap_or_default();
    let own = project(&line, one, scene);
    match command.as_str() {
        "rm" => remove(at(0), &line, &own, (one, scene)),
        "query" => query(&named, &line, &own, (one, scene)),
        "mk" => make(at(0), &line, &own, (one, scene)),
        "cp" => {
            let keeps = on(&line, &["no_clobber", "n"]);
            let adds = on(&line, &["append_table", "a"]);
            let way = if adds {
                "WRITE_APPEND"
            } else if keeps {
                "WRITE_EMPTY"
            } else {
                "WRITE_TRUNCATE"
            };
            job(json!({ "copy": { "writeDisposition": way } }), &line, &own, (one, scene));
        }
        "load" => {
            let way = if on(&line, &["replace"]) { "WRITE_TRUNCATE" } else { "WRITE_APPEND" };
            job(json!({ "load": { "writeDisposition": way } }), &line, &own, (one, scene));
        }
        "extract" => job(json!({ "extract": {} }), &line, &own, (one, scene)),
        "insert" => scene.sends(
            one,
            sent("POST", format!("{}/insertAll", thing(at(0), &own).path()), "", Some(json!({ "rows": [] }))),
        ),
        "cancel" => scene.sends(
            one,
            sent(
                "POST",
                format!("/bigquery/v2/projects/{}/jobs/{}/cancel", segment(&own), segment(at(0))),
                "",
                Some(json!({})),
            ),
        ),
        "undelete" => {
            scene.sends(one, sent("POST", format!("{}:undelete", thing(at(0), &own).path()), "", Some(json!({}))))
        }
        "truncate" => query(&[format!("TRUNCATE TABLE `{}`", at(0))], &line, &own, (one, scene)),
        "update" => update(at(0), &line, &own, (one, scene)),
        "ls" | "show" | "head" | "get-iam-policy" | "wait" | "partition" if command != "partition" => {
            scene.sends(one, sent("GET", thing(at(0), &own).path(), "", None));
        }
        "set-iam-policy" | "add-iam-policy-binding" | "remove-iam-policy-binding" => {
            policy(at(0), &line, &own, (one, scene));
        }
        other => {
            let place = Place { project: Some(own), ..Place::default() };
            unlisted("gcp:bigquery", other, one.shown(), (one, scene), place);
        }
    }
}

fn policy(name: &str, line: &Line, own: &str, (one, scene): (&Invocation, &mut Scene<'_>)) {
    let thing = thing(name, own);
    let member = line.shown("member").unwrap_or_default();
    let policy = json!({ "policy": { "bindings": [{ "members": [member] }] } });
    let sent = if thing.table.is_some() {
        sent("POST", format!("{}:setIamPolicy", thing.path()), "", Some(policy))
    } else {
        sent("PATCH", thing.path(), "", Some(json!({ "access": [{ "iamMember": line.shown("member") }] })))
    };
    scene.sends(one, sent);
}

/// What `project:dataset.table` names.
struct Thing {
    project: String,
    dataset: Option<String>,
    table: Option<String>,
}

fn thing(text: &str, own: &str) -> Thing {
    let (project, rest) = text.split_once(':').map_or((own, text), |(project, rest)| (project, rest));
    let mut parts: Vec<&str> = rest.split('.').filter(|part| !part.is_empty()).collect();
    // `project.dataset.table` is understood too.
    let project = if parts.len() > 2 { parts.remove(0) } else { project };
    let part = |place: usize| parts.get(place).map(|part| (*part).to_owned());
    Thing { project: project.to_owned(), dataset: part(0), table: part(1) }
}

impl Thing {
    fn path(&self) -> String {
        let mut path = format!("/bigquery/v2/projects/{}/datasets", segment(&self.project));
        if let Some(dataset) = &self.dataset {
            path.push_str(&format!("/{}", segment(dataset)));
        }
        if let Some(table) = &self.table {
            path.push_str(&format!("/tables/{}", segment(table)));
        }
        path
    }
}

fn remove(name: &str, line: &Line, own: &str, (one, scene): (&Invocation, &mut Scene<'_>)) {
    let mut thing = thing(name, own);
    if on(line, &["j", "job"]) {
        let path = format!("/bigquery/v2/projects/{}/jobs/{}/delete", segment(own), segment(name));
        return scene.sends(one, sent("DELETE", path, "", None));
    }
    for (options, collection) in [(&["m", "model"][..], "models"), (&["routine"][..], "routines")] {
        if on(line, options) {
            let name = thing.table.take().unwrap_or_default();
            return scene
                .sends(one, sent("DELETE", format!("{}/{collection}/{}", thing.path(), segment(&name)), "", None));
        }
    }
    if thing.dataset.is_none() {
        thing.dataset = Some(super::google::UNKNOWN.to_owned());
    }
    let query = if thing.table.is_none() && on(line, &["r", "recursive"]) { "deleteContents=true" } else { "" };
    scene.sends(one, sent("DELETE", thing.path(), query, None));
}

fn make(name: &str, line: &Line, own: &str, (one, scene): (&Invocation, &mut Scene<'_>)) {
    let thing = thing(name, own);
    let sent = match (&thing.dataset, &thing.table) {
        (Some(_), Some(_)) => {
            let datasets = Thing { table: None, project: thing.project.clone(), dataset: thing.dataset.clone() };
            sent("POST", format!("{}/tables", datasets.path()), "", Some(json!({})))
        }
        (Some(_), None) if ["t", "table", "view"].iter().any(|option| line.has(option)) => {
            sent("POST", format!("{}/tables", thing.path()), "", Some(json!({})))
        }
        _ => sent("POST", format!("/bigquery/v2/projects/{}/datasets", segment(&thing.project)), "", Some(json!({}))),
    };
    scene.sends(one, sent);
}

fn update(name: &str, line: &Line, own: &str, (one, scene): (&Invocation, &mut Scene<'_>)) {
    let mut body = json!({});
    let members = body.as_object_mut();
    if let Some(members) = members {
        for (option, values) in &line.options {
            let value = values.last().map_or(Value::Bool(true), |value| Value::from(value.to_string()));
            let member = match option.as_str() {
                "expiration" => "expirationTime".to_owned(),
                "default_table_expiration" => "defaultTableExpirationMs".to_owned(),
                "default_partition_expiration" => "defaultPartitionExpirationMs".to_owned(),
                "time_partitioning_expiration" => {
                    members.insert("timePartitioning".to_owned(), json!({ "expirationMs": value }));
                    continue;
                }
                // Its file may give rights to anybody.
                "source" => "access".to_owned(),
                other => camel(other),
            };
            members.insert(member, value);
        }
    }
    scene.sends(one, sent("PATCH", thing(name, own).path(), "", Some(body)));
}

/// A job of this configuration.
fn job(configuration: Value, line: &Line, own: &str, (one, scene): (&Invocation, &mut Scene<'_>)) {
    let mut configuration = configuration;
    if let Some(members) = configuration.as_object_mut()
        && on(line, &["dry_run"])
    {
        members.insert("dryRun".to_owned(), Value::Bool(true));
    }
    let path = format!("/bigquery/v2/projects/{}/jobs", segment(own));
    scene.sends(one, sent("POST", path, "", Some(json!({ "configuration": configuration }))));
}

/// SQL: the words, what a file holds that is read in, or what nobody knows.
fn query(named: &[String], line: &Line, own: &str, (one, scene): (&Invocation, &mut Scene<'_>)) {
    let operand = line.operands.get(1);
    let known = match operand {
        Some(word) => word
            .text()
            .map(|text| text.into_owned())
            .or_else(|| named.first().filter(|text| text.starts_with("TRUNCATE")).cloned()),
        None => match &one.input {
            Input::Text(text) => Some(text.clone()),
            Input::File(path) => path.text().and_then(|path| {
                let bytes = file(&path, one.directory.as_deref(), scene)?;
                String::from_utf8(bytes).ok()
            }),
            _ => None,
        },
    };
    let known = if named.first().is_some_and(|text| text.starts_with("TRUNCATE TABLE `")) {
        named.first().cloned()
    } else {
        known
    };
    let Some(text) = known else {
        return scene.unknown(one, "the statement is not known");
    };
    let mut query = json!({ "query": text });
    if let Some(members) = query.as_object_mut() {
        if let Some(table) = line.value("destination_table") {
            members.insert("destinationTable".to_owned(), json!({ "tableId": table.to_string() }));
        }
        if on(line, &["replace"]) {
            members.insert("writeDisposition".to_owned(), json!("WRITE_TRUNCATE"));
        }
    }
    job(json!({ "query": query }), line, own, (one, scene));
}

fn sent(method: &str, path: String, query: &str, body: Option<Value>) -> Sent {
    let mark = if query.is_empty() { "" } else { "?" };
    let headers = body.iter().map(|_| ("content-type".to_owned(), "application/json".to_owned())).collect();
    let body = Some(body.map(|body| body.to_string().into_bytes()).unwrap_or_default());
    let url = format!("https://bigquery.googleapis.com{path}{mark}{query}");
    Sent { method: method.to_owned(), url, headers, body, known: Known::default() }
}
