//! `gcloud`: the words of a command lead to a call of one of Google's APIs.
//!
//! The table names APIs and collections; a word such as `delete` names the method. What the table does not hold is tried
//! by its words as they are, and else judged by its verb.

use std::sync::LazyLock;

use serde_json::Value;

use super::body::{fields, written};
use super::google::{self, Call, encoded, project, row};
use super::line::{Line, Takes};
use super::words::{camel, impact, local, unlisted};
use super::{google::UNKNOWN, storage};
use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::model::{Impact, Place};

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let text = include_str!("../../../catalog/commands/clouds/gcloud.tsv");
    text.lines().filter(|line| !line.starts_with('#')).filter_map(Row::parse).collect()
});

/// A row of the table.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) words: Vec<&'static str>,
    pub(super) service: &'static str,
    pub(super) names: &'static str,
    pub(super) body: &'static str,
    pub(super) query: &'static str,
}

impl Row {
    fn parse(line: &'static str) -> Option<Self> {
        let mut cells = line.split('\t');
        Some(Self {
            words: cells.next()?.split(' ').collect(),
            service: cells.next()?,
            names: cells.next()?,
            body: cells.next().filter(|cell| *cell != "-").unwrap_or_default(),
            query: cells.next().filter(|cell| *cell != "-").unwrap_or_default(),
        })
    }

    fn fits(&self, words: &[String]) -> bool {
        self.words.len() <= words.len()
            && self.words.iter().zip(words).all(|(wanted, word)| wanted.split('|').any(|one| one == word))
    }
}

/// Every row, for tests.
#[cfg(test)]
pub(super) fn rows() -> &'static [Row] {
    &TABLE
}

/// Options that stand alone, beside `--no-…`, `--enable-…`, `--clear-…` and the like.
const FLAGS: &[&str] = &[
    "quiet",
    "q",
    "async",
    "force",
    "recursive",
    "r",
    "R",
    "all",
    "all-users",
    "gen2",
    "no-gen2",
    "global",
    "allow-unauthenticated",
    "dry-run",
    "validate-only",
    "preemptible",
    "spot",
    "internal-ip",
    "tunnel-through-iap",
    "plain",
    "immediate",
    "deletion-protection",
    "backup",
    "to-latest",
    "promote",
    "public",
    "private",
    "continue-on-error",
    "uri",
    "enabled",
    "available",
    "log-http",
    "user-output-enabled",
    "delete-protection",
    "versioning",
    "uniform-bucket-level-access",
    "public-access-prevention",
    "all-versions",
    "a",
    "i",
    "I",
    "read-paths-from-stdin",
    "n",
    "no-clobber",
    "L",
    "l",
    "long",
    "delete-unmatched-destination-objects",
    "skip-unsupported",
    "preserve-posix",
    "P",
    "p",
    "e",
    "json",
    "full",
    "buckets",
    "stdin",
    "v",
    "version",
    "auto-delete",
    "remove-all",
    "s",
    "readable-sizes",
    "c",
    "verbose",
    "local",
    "show-deleted",
    "include-deleted",
    "soft-deleted",
    "ignore-errors",
    "zonal",
    "shielded-vm",
    "assign-ip",
    "no-traffic",
    "wait",
    "stream",
    "auto-ack",
    "discard-local-ssd",
    "disabled",
    "master",
    "include-ips",
    "shielded-secure-boot",
    "update-kubeconfig",
    "auto-upgrade",
];
/// Beginnings of options that stand alone.
const FLAG_STARTS: &[&str] =
    &["no-", "enable-", "disable-", "clear-", "require-", "ignore-", "skip-", "allow-un", "auto-", "can-"];

fn takes(name: &str, _operands: &[Word]) -> (String, Takes) {
    let alone = FLAGS.contains(&name) || FLAG_STARTS.iter().any(|start| name.starts_with(start));
    let valued = matches!(name, "enable-display-device" | "auto-delete-on") || name.starts_with("auto-scaling-");
    (name.to_owned(), if alone && !valued { Takes::Nothing } else { Takes::One })
}

/// Reads one command.
pub(super) fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let mut line = Line::read(one.arguments(), takes);
    let release = |word: &Word| ["alpha", "beta", "preview"].iter().any(|release| word.is(release));
    line.operands.drain(..line.operands.iter().take_while(|word| release(word)).count());
    let first = line.operands.first();
    if line.is_help || line.has("version") || line.has("v") || first.is_none_or(|word| word.is("help")) {
        return local("gcloud:local:help", Impact::Read, one, scene);
    }
    let words = line.words();
    if words.is_empty() {
        return scene.unknown(one, "which of gcloud's commands it is, is not known");
    }
    if special(&words, &line, one, scene) {
        return;
    }
    let fitting = TABLE.iter().filter(|row| row.fits(&words)).max_by_key(|row| row.words.len());
    match fitting {
        Some(row) if row.service == "=" => effect(row, &words, &line, one, scene),
        Some(row) => listed(row, &words, &line, one, scene),
        None => by_words(&words, &line, one, scene),
    }
}

/// Commands that are no single call.
fn special(words: &[String], line: &Line, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let at = |place: usize| words.get(place).map(String::as_str).unwrap_or_default();
    match (at(0), at(1), at(2)) {
        ("storage", ..) => storage::gcloud(line, one, scene),
        ("compute", "ssh", _) => {
            let mut inner: Vec<Word> = vec!["ssh".into()];
            inner.extend(line.operands.get(2).cloned());
            inner.extend(line.value("command").cloned());
            inner.extend(line.behind.iter().cloned());
            scene.invocation(&one.with_words(inner));
        }
        ("compute", "scp", _) => {
            let mut inner: Vec<Word> = vec!["scp".into()];
            inner.extend(line.operands.iter().skip(2).cloned());
            scene.invocation(&one.with_words(inner));
        }
        ("compute", "start-iap-tunnel", _) | ("compute", "connect-to-serial-port", _) => {
            local("gcloud:local:tunnel", Impact::Read, one, scene);
        }
        ("sql", "connect", _) => {
            let mut call = Call { service: "sql", target: target(line, 2), ..Call::default() };
            call.body = match one.input.text() {
                Some(text) => serde_json::json!({ "sqlStatement": text }),
                None => serde_json::json!({}),
            };
            if let Some(row) = row("sql", &["instances.executeSql".to_owned()]) {
                google::send(row, &call, line, (one, scene));
            }
        }
        ("config", "set", "project") => {
            let set = line
                .operands
                .get(3)
                .and_then(|word| word.text())
                .map_or_else(|| UNKNOWN.to_owned(), |text| text.into_owned());
            scene.remember("gcloud", "project", set);
            local("gcloud:local:config-set", Impact::Update, one, scene);
        }
        ("config", "unset" | "configurations", _) => {
            let reads = matches!(at(2), "list" | "describe");
            if !reads {
                scene.remember("gcloud", "project", UNKNOWN);
            }
            local("gcloud:local:config", if reads { Impact::Read } else { Impact::Update }, one, scene);
        }
        _ => return false,
    }
    true
}

fn target(line: &Line, place: usize) -> Option<String> {
    line.operands.get(place).map(ToString::to_string)
}

fn effect(row: &Row, words: &[String], line: &Line, one: &Invocation, scene: &mut Scene<'_>) {
    let last = words.get(row.words.len().saturating_sub(1)).map(String::as_str).unwrap_or_default();
    let mut cells = row.names.split(' ');
    let id = cells.next().unwrap_or_default().replace("{verb}", last);
    let impact = cells.next().and_then(|word| word.parse().ok()).unwrap_or(Impact::Unknown);
    let scope = cells.next().and_then(|word| word.parse().ok()).unwrap_or(crate::model::Scope::Resource);
    let mut effect = Effect::new(&id, impact, scope);
    for hazard in cells.next().unwrap_or_default().split(',').filter_map(|word| word.parse().ok()) {
        effect = effect.hazard(hazard);
    }
    if id.starts_with("gcp:") {
        effect = effect.at(place(line, one, scene)).on(target(line, row.words.len()).unwrap_or_default());
    }
    scene.effect(one, effect);
}

fn place(line: &Line, one: &Invocation, scene: &Scene<'_>) -> Place {
    Place { project: Some(project(line, one, scene)), ..Place::default() }
}

/// A command that the table holds.
fn listed(row: &Row, words: &[String], line: &Line, one: &Invocation, scene: &mut Scene<'_>) {
    let is_group = row.names.contains('*');
    let last = row.words.len().saturating_sub(usize::from(!is_group));
    let Some(verb) = line.operands.get(last) else {
        return local("gcloud:local:help", Impact::Read, one, scene);
    };
    let Some(verb) = verb.text() else {
        return scene.unknown(one, "which of gcloud's commands it is, is not known");
    };
    let mut names = vec![];
    for name in row.names.split('|') {
        for name in scoped(row.service, name, line) {
            names.extend(methods(&verb).into_iter().map(|method| named(&name, &verb, &method)));
        }
    }
    // A group may hold further groups.
    if google::row(row.service, &names).is_none()
        && impact(&verb).is_none()
        && line.operands.len() > last + 1
        && is_group
    {
        return by_words(words, line, one, scene);
    }
    call((row.service, &names, &verb), (row.body, row.query), (line, last + 1), (one, scene));
}

/// `projects.*` and `delete`: `projects.delete`. Names of gRPC have the method before the noun: `Memorystore.*Instance`.
fn named(name: &str, verb: &str, method: &str) -> String {
    let Some((owner, noun)) = name.split_once(".*").filter(|(_, noun)| !noun.is_empty()) else {
        return name.replace('*', method).replace("{verb}", &camel(verb)).replace("{method}", method);
    };
    let method = match verb {
        "describe" => "Get",
        "list" => "List",
        "create" => "Create",
        "delete" => "Delete",
        "update" => "Update",
        other => return format!("{owner}.{}", capital(&camel(other))),
    };
    format!("{owner}.{method}{noun}{}", if verb == "list" { "s" } else { "" })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// The names of the same collection where options say in what it stands.
fn scoped(service: &str, name: &str, line: &Line) -> Vec<String> {
    let mut out = vec![];
    if service == "compute" {
        let (collection, _) = name.split_once('.').unwrap_or((name, ""));
        let of = |prefix: &str| {
            format!("{prefix}{}{}", capital(collection), name.get(collection.len()..).unwrap_or_default())
        };
        if line.has("global") {
            out.push(of("global"));
        }
        if line.value("region").is_some() {
            out.push(of("region"));
        }
        out.push(name.to_owned());
        out.extend([of("global"), of("region")]);
        return out;
    }
    for (option, owner) in
        [("organization", "organizations."), ("folder", "folders."), ("billing-account", "billingAccounts.")]
    {
        if let Some(rest) = name.strip_prefix("projects.").filter(|_| line.value(option).is_some()) {
            out.push(format!("{owner}{rest}"));
        }
    }
    out.push(name.to_owned());
    out
}

/// The methods that a verb may be.
fn methods(verb: &str) -> Vec<String> {
    let all: &[&str] = match verb {
        "describe" => &["get"],
        "list" => &["list", "aggregatedList"],
        "create" | "add" => &["insert", "create"],
        "remove" => &["delete"],
        "update" | "edit" => &["patch", "update"],
        "patch" => &["patch", "update"],
        "add-iam-policy-binding" | "remove-iam-policy-binding" | "set-iam-policy" => &["setIamPolicy"],
        "add-labels" | "remove-labels" | "update-labels" => &["setLabels"],
        "import" => &["import", "patch"],
        "delete" => &["delete", "dropDatabase"],
        _ => &[],
    };
    let mut all: Vec<String> = all.iter().map(|method| (*method).to_owned()).collect();
    all.push(camel(verb));
    all
}

/// APIs whose first word is another than theirs.
const SERVICES: &[(&str, &str)] = &[
    ("functions", "cloudfunctions"),
    ("secrets", "secretmanager"),
    ("kms", "cloudkms"),
    ("app", "appengine"),
    ("services", "serviceusage"),
    ("artifacts", "artifactregistry"),
    ("builds", "cloudbuild"),
    ("filestore", "file"),
    ("scheduler", "cloudscheduler"),
    ("tasks", "cloudtasks"),
    ("bigtable", "bigtableadmin"),
    ("deploy", "clouddeploy"),
    ("certificate-manager", "certificatemanager"),
    ("ai", "aiplatform"),
    ("scc", "securitycenter"),
    ("asset", "cloudasset"),
    ("org-policies", "orgpolicy"),
    ("access-context-manager", "accesscontextmanager"),
    ("network-security", "networksecurity"),
    ("network-services", "networkservices"),
    ("network-connectivity", "networkconnectivity"),
    ("essential-contacts", "essentialcontacts"),
    ("binary-authorization", "binaryauthorization"),
    ("service-directory", "servicedirectory"),
    ("api-gateway", "apigateway"),
    ("resource-manager", "cloudresourcemanager"),
    ("container", "container"),
    ("bq", "bigquery"),
    ("metastore", "metastore"),
    ("iap", "iap"),
    ("ids", "ids"),
    ("active-directory", "managedidentities"),
    ("assured", "assuredworkloads"),
];

/// A command that the table does not hold: its words as they are.
fn by_words(words: &[String], line: &Line, one: &Invocation, scene: &mut Scene<'_>) {
    let first = words.first().map(String::as_str).unwrap_or_default();
    let service = SERVICES.iter().find(|(word, _)| *word == first).map_or(first, |(_, service)| service);
    let is_verb = |word: &&String| {
        impact(word).is_some() || methods(word).len() > 1 || word.starts_with("set-") || word.starts_with("add-")
    };
    let place = words.iter().skip(1).position(|word| is_verb(&word)).map(|at| at + 1);
    // A verb that stands in no list is the last word before what nobody knows, or the last of all.
    let Some(at) = place else {
        if line.operands.len() > words.len() || words.len() > 1 {
            let place = self::place(line, one, scene);
            let verb = words.last().map(String::as_str).unwrap_or_default();
            unlisted(&format!("gcp:{service}"), verb, one.shown(), (one, scene), place);
        } else {
            local("gcloud:local:help", Impact::Read, one, scene);
        }
        return;
    };
    let verb = words.get(at).cloned().unwrap_or_default();
    let collection: Vec<String> = words.iter().take(at).skip(1).map(|word| camel(word)).collect();
    let collection = collection.iter().map(|word| format!("{word}.")).collect::<String>();
    let mut names = vec![];
    for owner in [
        "projects.locations.",
        "projects.",
        "",
        "projects.locations.global.",
        "organizations.locations.",
        "organizations.",
        "folders.",
    ] {
        for name in scoped(service, &format!("{owner}{collection}"), line) {
            names.extend(methods(&verb).into_iter().map(|method| format!("{name}{method}")));
        }
    }
    call((service, &names, &verb), ("", ""), (line, at + 1), (one, scene));
}

/// Verbs that take several names, each a call of its own.
const EACH: &[&str] = &[
    "delete", "stop", "start", "reset", "suspend", "resume", "describe", "destroy", "disable", "enable", "cancel",
    "purge", "undelete",
];

/// Sends the first of these calls that the catalog has, for each of what the command names.
fn call(
    (service, names, verb): (&str, &[String], &str),
    (body, query): (&str, &str),
    (line, from): (&Line, usize),
    (one, scene): (&Invocation, &mut Scene<'_>),
) {
    let Some(row) = row(service, names) else {
        let on = line.operands.iter().skip(from).map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let place = place(line, one, scene);
        return unlisted(&format!("gcp:{service}"), verb, on, (one, scene), place);
    };
    let query = fields(query, line).into_iter().map(|(name, value)| (name, text(&value))).collect();
    let reads = row.impact.get() == "read";
    let body = if reads && body.is_empty() { serde_json::json!({}) } else { written(body, verb, line, !reads) };
    let mut call = Call { service, target: None, query, body };
    let operands: Vec<String> = line.operands.iter().skip(from).map(ToString::to_string).collect();
    if operands.is_empty() {
        call.target = line.shown("name").filter(|_| google::names_target(row));
        return google::send(row, &call, line, (one, scene));
    }
    let several = if EACH.contains(&verb) { operands.len() } else { 1 };
    for operand in operands.iter().take(several) {
        call.target = Some(operand.clone());
        if !google::names_target(row)
            && let Some(members) = call.body.as_object_mut()
        {
            members.insert("name".to_owned(), Value::from(operand.as_str()));
        }
        google::send(row, &call, line, (one, scene));
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    encoded(if text.is_empty() { UNKNOWN } else { text })
}
