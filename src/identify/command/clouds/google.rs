//! Calls of Google's APIs by their names in the catalog: the request that a client would send.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::line::Line;
use super::words::kebab;
use crate::catalog::described::{self, Operation};
use crate::identify::Known;
use crate::identify::command::{Contents, Invocation, Scene, Sent, Word};

/// What stands as it is in a path.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// What nobody knows.
pub(super) const UNKNOWN: &str = "unknown";

/// A text in a path or a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// A call of an API.
#[derive(Clone, Debug, Default)]
pub(super) struct Call<'a> {
    /// The API's name in the catalog.
    pub(super) service: &'a str,
    /// What it acts on, as the command names it.
    pub(super) target: Option<String>,
    /// Its query.
    pub(super) query: Vec<(String, String)>,
    /// Its body.
    pub(super) body: Value,
}

/// The first of these names that the catalog has, and its best row.
pub(super) fn row(service: &str, names: &[String]) -> Option<&'static Operation> {
    let book = described::book("gcp")?;
    names.iter().find_map(|name| {
        let rows = book.named(service, name);
        let rest = rows.iter().filter(|row| !is_rpc(row));
        rest.min_by_key(|row| row.path.get().len()).or_else(|| rows.first())
    })
}

fn is_rpc(row: &Operation) -> bool {
    row.path.get().trim_start_matches('/').split('/').next().is_some_and(|first| first.contains('.'))
}

/// Whether the row's last label is what it acts on, not what it stands in.
pub(super) fn names_target(row: &Operation) -> bool {
    let name = row.name.get().rsplit('.').next().unwrap_or_default();
    let grows = ["insert", "create", "list", "aggregatedList", "bulkInsert"].contains(&name)
        || name.starts_with("Create")
        || name.starts_with("List");
    !grows || row.path.get().ends_with('}')
}

/// Sends the call of this row.
pub(super) fn send(row: &'static Operation, call: &Call<'_>, line: &Line, (at, scene): (&Invocation, &mut Scene<'_>)) {
    let project = project(line, at, scene);
    let host = match call.service {
        "sql" => "sqladmin",
        other => other,
    };
    let target = call.target.as_deref().unwrap_or_default();
    let mut headers = vec![];
    let (path, body) = if is_rpc(row) {
        let location = location(line).unwrap_or_else(|| UNKNOWN.to_owned());
        let name =
            format!("projects/{project}/locations/{location}/{}", if target.is_empty() { UNKNOWN } else { target });
        headers.push(("content-type".to_owned(), "application/grpc".to_owned()));
        headers.push(("x-goog-request-params".to_owned(), format!("name={}", encoded(&name))));
        (first_versions(row.path.get()), Some(vec![0; 5]))
    } else {
        let reads = matches!(row.method.get(), "GET" | "DELETE");
        if !reads {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let body = if reads { vec![] } else { call.body.to_string().into_bytes() };
        (filled(row, target, line, &project), Some(body))
    };
    let mut url = format!("https://{host}.googleapis.com{path}");
    for (place, (name, value)) in call.query.iter().enumerate() {
        url.push(if place == 0 { '?' } else { '&' });
        url.push_str(&format!("{}={}", encoded(name), encoded(value)));
    }
    scene.sends(at, Sent { method: row.method.get().to_owned(), url, headers, body, known: Known::default() });
}

/// `{v1|v2}` as `v1`, in whatever stands around it.
fn first_versions(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, (label, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        out.push_str(before);
        out.push_str(label.split('|').next().unwrap_or(label));
        rest = after;
    }
    out + rest
}

/// The row's path with every label filled: the last one by what the call acts on, the others by options.
fn filled(row: &Operation, target: &str, line: &Line, project: &str) -> String {
    // `{v1|v2}` is a choice, `{name}` a label.
    let pieces: Vec<(&str, Option<&str>)> = row
        .path
        .get()
        .split('{')
        .enumerate()
        .filter_map(|(place, piece)| {
            if place == 0 {
                Some((piece, None))
            } else {
                piece.split_once('}').map(|(label, after)| (after, Some(label)))
            }
        })
        .collect();
    let labels: Vec<&str> =
        pieces.iter().filter_map(|(_, label)| *label).filter(|label| !label.contains('|')).collect();
    let named = names_target(row);
    let stated = spelt_out(target);
    let last = target.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let mut out = String::new();
    let mut at = 0;
    let mut collection = "";
    for (after, label) in &pieces {
        if let Some(label) = label {
            if label.contains('|') {
                out.push_str(label.split('|').next().unwrap_or_default());
            } else {
                let is_last = at + 1 == labels.len();
                let next = labels.get(at + 1).copied().unwrap_or_default();
                let before = at.checked_sub(1).and_then(|at| labels.get(at)).copied().unwrap_or_default();
                let value = if *next == *format!("{label}Id") {
                    "projects".to_owned()
                } else if *label == format!("{before}Id") && !before.is_empty() {
                    project.to_owned()
                } else if is_last && named && !last.is_empty() {
                    last.to_owned()
                } else {
                    stated
                        .iter()
                        .find(|(kind, _)| *kind == collection)
                        .map_or_else(|| of_label(label, line, project), |(_, name)| name.clone())
                };
                out.push_str(&encoded(if value.is_empty() { UNKNOWN } else { &value }));
                at += 1;
            }
        }
        collection = after.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        out.push_str(after);
    }
    out
}

/// `projects/p/zones/z/instances/i`, also behind `https://…/v1/`, as pairs.
fn spelt_out(target: &str) -> Vec<(String, String)> {
    let from = target.find("projects/").and_then(|at| target.get(at..)).unwrap_or_default();
    let words: Vec<&str> = from.split('/').collect();
    words.chunks_exact(2).filter_map(|pair| Some(((*pair.first()?).to_owned(), (*pair.get(1)?).to_owned()))).collect()
}

fn location(line: &Line) -> Option<String> {
    line.first(&["location", "region", "zone"]).map(ToString::to_string)
}

/// What an option says of a label: `--instance` of `{instancesId}`.
fn of_label(label: &str, line: &Line, project: &str) -> String {
    let bare = label.trim_end_matches('+').trim_end_matches("Id");
    let singular = match bare {
        "keyRings" => "keyring".to_owned(),
        "cryptoKeys" => "key".to_owned(),
        "managedZone" => "zone".to_owned(),
        "organizations" => "organization".to_owned(),
        "serviceAccounts" => "iam-account".to_owned(),
        "applications" | "apps" => return project.to_owned(),
        "databases" if line.value("database").is_none() && line.value("instance").is_none() => {
            return "(default)".to_owned();
        }
        bare => kebab(
            bare.strip_suffix("ies")
                .map(|stem| format!("{stem}y"))
                .as_deref()
                .unwrap_or_else(|| bare.strip_suffix('s').unwrap_or(bare)),
        ),
    };
    match singular.as_str() {
        "project" | "namespace" | "project-id" => project.to_owned(),
        "location" | "region" | "zone" if bare != "managedZone" => location(line).unwrap_or_else(|| "-".to_owned()),
        name => line.first(&[name, "name"]).map_or_else(|| UNKNOWN.to_owned(), ToString::to_string),
    }
}

/// The project that the command speaks of, where it is known.
pub(super) fn project(line: &Line, at: &Invocation, scene: &Scene<'_>) -> String {
    let known = |word: &Word| word.text().map(|text| text.into_owned());
    if let Some(word) = line.first(&["project", "project_id"]) {
        return known(word).filter(|text| !text.is_empty()).unwrap_or_else(|| UNKNOWN.to_owned());
    }
    if let Some(word) = scene.variable(at, "CLOUDSDK_CORE_PROJECT") {
        return known(&word).filter(|text| !text.is_empty()).unwrap_or_else(|| UNKNOWN.to_owned());
    }
    if let Some((_, set)) = scene.recalled("gcloud").find(|(name, _)| *name == "project") {
        return set.to_owned();
    }
    configured(line, at, scene).unwrap_or_else(|| UNKNOWN.to_owned())
}

/// `project` in the active configuration's file.
fn configured(line: &Line, at: &Invocation, scene: &Scene<'_>) -> Option<String> {
    if scene.recalled("gcloud").next().is_some() {
        return None;
    }
    let folder = match scene.variable(at, "CLOUDSDK_CONFIG") {
        Some(folder) => folder.text()?.into_owned(),
        None => format!("{}/.config/gcloud", scene.around().home()?),
    };
    let text = |path: &str| match scene.contents(path) {
        Contents::Whole(bytes) => String::from_utf8(bytes).ok(),
        _ => None,
    };
    let named = line.value("configuration").cloned().or_else(|| scene.variable(at, "CLOUDSDK_ACTIVE_CONFIG_NAME"));
    let name = match named {
        Some(word) => word.text()?.into_owned(),
        None => {
            text(&format!("{folder}/active_config")).map_or_else(|| "default".to_owned(), |name| name.trim().to_owned())
        }
    };
    let file = text(&format!("{folder}/configurations/config_{name}"))?;
    let mut section = "";
    let mut found = None;
    for row in file.lines().map(str::trim) {
        if let Some(name) = row.strip_prefix('[').and_then(|row| row.strip_suffix(']')) {
            section = name;
        } else if let Some((key, value)) = row.split_once('=')
            && section == "core"
            && key.trim() == "project"
        {
            found = Some(value.trim().to_owned());
        }
    }
    found.filter(|name| !name.is_empty())
}
