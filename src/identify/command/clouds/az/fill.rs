//! The URLs that a row's path stands for.

use super::super::google::{UNKNOWN, encoded};
use super::super::line::Line;
use super::table::Row;
use crate::identify::command::{Contents, Invocation, Scene, Word};
use crate::model::Place;

const ARM: &str = "https://management.azure.com";

/// One URL.
pub(super) struct Filled {
    pub(super) url: String,
    /// It is Resource Manager's, which wants a version.
    pub(super) is_arm: bool,
}

/// The URLs of a row: one for each of `--ids`, else the one that options name.
pub(super) fn filled(row: &Row, verb: &str, line: &Line, (one, scene): (&Invocation, &Scene<'_>)) -> Vec<Filled> {
    let arm = |path: String| Filled { url: format!("{ARM}{path}"), is_arm: true };
    let path = row.path.replace("{verb}", verb);
    if path.starts_with("https://") {
        return vec![Filled { url: template(&path, line, one, scene), is_arm: false }];
    }
    let ids = line.values("ids");
    let is_resource = !path.starts_with('~') && !path.starts_with('/') && !path.starts_with("@lock");
    if !ids.is_empty() && is_resource {
        // Actions stand behind the resource's own path.
        let action =
            path.rsplit_once("}/").map(|(_, rest)| rest).filter(|rest| !rest.contains('{') && row.method == "POST");
        let behind = action.map(|action| format!("/{action}")).unwrap_or_default();
        return ids
            .iter()
            .map(|id| arm(format!("{}{}", named(id, &path, line, one, scene), template(&behind, line, one, scene))))
            .collect();
    }
    if path.starts_with("@ids") {
        let kind = line.value("resource-type").map_or_else(|| UNKNOWN.to_owned(), ToString::to_string);
        let kind = if kind.contains('/') { kind } else { format!("Microsoft.Unknown/{kind}") };
        let group = below_group(&format!("{kind}/{{name}}"), line, one, scene);
        return vec![arm(group)];
    }
    if let Some(rest) = path.strip_prefix("@lock") {
        let own = match line.value("resource").filter(|id| id.leading().starts_with('/')) {
            Some(id) => segments(&id.to_string()),
            None if line.value("resource-group").is_some() || line.value("resource").is_some() => {
                template("/subscriptions/{subscription}/resourceGroups/{resource-group}", line, one, scene)
            }
            None => template("/subscriptions/{subscription}", line, one, scene),
        };
        return vec![arm(format!(
            "{own}/providers/Microsoft.Authorization/locks/{}",
            template(rest, line, one, scene)
        ))];
    }
    if let Some(label) = path.strip_prefix("{resource}").or_else(|| path.strip_prefix("{scope|$SCOPE}")) {
        let own = line.first(&["resource", "scope"]).map(ToString::to_string).unwrap_or_default();
        let own = if own.starts_with('/') {
            segments(&own)
        } else {
            template("/subscriptions/{subscription}", line, one, scene)
        };
        let group = line.value("resource-group").filter(|_| own.matches('/').count() == 2);
        let own = group.map_or(own.clone(), |group| format!("{own}/resourceGroups/{}", known(group)));
        return vec![arm(format!("{}{}", own.trim_end_matches('/'), template(label, line, one, scene)))];
    }
    if let Some(rest) = path.strip_prefix('~') {
        return vec![arm(template(&format!("/subscriptions/{{subscription}}/{rest}"), line, one, scene))];
    }
    if path.starts_with('/') {
        return vec![arm(template(&path, line, one, scene))];
    }
    vec![arm(below_group(&path, line, one, scene))]
}

fn below_group(path: &str, line: &Line, one: &Invocation, scene: &Scene<'_>) -> String {
    template(
        &format!("/subscriptions/{{subscription}}/resourceGroups/{{resource-group}}/providers/{path}"),
        line,
        one,
        scene,
    )
}

/// An id as it is; one that is not known by the row's own path.
fn named(id: &Word, path: &str, line: &Line, one: &Invocation, scene: &Scene<'_>) -> String {
    let shown = id.to_string();
    if shown.starts_with("/subscriptions/") || shown.starts_with("/providers/") {
        return segments(&shown);
    }
    let path = if path.starts_with('@') { "Microsoft.Resources/unknown/{name}" } else { path };
    below_group(path, line, one, scene)
}

/// A path with what must be encoded encoded.
fn segments(path: &str) -> String {
    path.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

fn known(word: &Word) -> String {
    encoded(&word.to_string())
}

/// Fills `{a|b}` by the first option of these that is given.
fn template(path: &str, line: &Line, one: &Invocation, scene: &Scene<'_>) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, (label, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        out.push_str(before);
        out.push_str(&encoded(&value(label, line, one, scene)));
        rest = after;
    }
    out + rest
}

fn value(label: &str, line: &Line, one: &Invocation, scene: &Scene<'_>) -> String {
    if label == "subscription" {
        return subscription(line, one, scene);
    }
    let variable = |name: &str| {
        scene.variable(one, name).and_then(|word| Some(word.text()?.into_owned())).filter(|text| !text.is_empty())
    };
    for name in label.split('|') {
        let found = match name.strip_prefix('$') {
            Some(name) => variable(name),
            None => line.value(name).map(ToString::to_string),
        };
        if let Some(found) = found.filter(|text| !text.is_empty()) {
            // A host's first label is one.
            return found;
        }
    }
    let default = match label {
        "resource-group" => variable("AZURE_DEFAULTS_GROUP"),
        "location" => variable("AZURE_DEFAULTS_LOCATION"),
        _ => None,
    };
    default.unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The subscription that the command speaks of, where it is known.
pub(super) fn subscription(line: &Line, one: &Invocation, scene: &Scene<'_>) -> String {
    let own = |word: &Word| word.text().map(|text| text.into_owned()).filter(|text| !text.is_empty());
    if let Some(word) = line.value("subscription") {
        return own(word).map_or_else(|| UNKNOWN.to_owned(), |name| by_name(&name, scene).unwrap_or(name));
    }
    if let Some(id) = line.value("ids").or_else(|| line.value("scope")).and_then(own)
        && let Some(id) = id.strip_prefix("/subscriptions/").and_then(|rest| rest.split('/').next())
    {
        return id.to_owned();
    }
    if let Some((_, set)) = scene.recalled("az").find(|(name, _)| *name == "subscription") {
        return set.to_owned();
    }
    if let Some(id) = scene.variable(one, "AZURE_SUBSCRIPTION_ID").as_ref().and_then(own) {
        return id;
    }
    profile(scene)
        .and_then(|profile| each(&profile).find(|entry| entry.get("isDefault") == Some(&true.into())).and_then(id))
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The id of a subscription that the profile knows by this name.
pub(super) fn by_name(name: &str, scene: &Scene<'_>) -> Option<String> {
    let profile = profile(scene)?;
    each(&profile)
        .find(|entry| {
            entry.get("name").and_then(|known| known.as_str()).is_some_and(|known| known.eq_ignore_ascii_case(name))
        })
        .and_then(id)
}

fn each(profile: &serde_json::Value) -> impl Iterator<Item = &serde_json::Value> {
    profile.get("subscriptions").and_then(|all| all.as_array()).into_iter().flatten()
}

fn id(entry: &serde_json::Value) -> Option<String> {
    Some(entry.get("id")?.as_str()?.to_owned())
}

fn profile(scene: &Scene<'_>) -> Option<serde_json::Value> {
    let path = format!("{}/.azure/azureProfile.json", scene.around().home()?);
    match scene.contents(&path) {
        Contents::Whole(bytes) => serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)).ok(),
        _ => None,
    }
}

/// The host of a storage account.
pub(super) fn account(line: &Line, one: &Invocation, scene: &Scene<'_>) -> Place {
    let host = format!("{}.blob.core.windows.net", value("account-name|$AZURE_STORAGE_ACCOUNT", line, one, scene));
    Place { host: Some(host), ..Place::default() }
}
