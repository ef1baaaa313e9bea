//! Deletions of other providers' types as the request that their API takes for one.

use std::sync::LazyLock;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::head::text::head_from_parts;
use crate::identify::Known;
use crate::identify::command::terraform::command::Call;
use crate::identify::command::terraform::plan::Change;
use crate::identify::command::{Scene, Sent};

/// What an id may hold in a path as it stands.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b':');

static TYPES: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    include_str!("types.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .collect()
});

/// Adds the request that deletes the object; `false` when it cannot be told.
pub(super) fn delete(change: &Change, call: &Call<'_>, scene: &mut Scene<'_>) -> bool {
    let is_its = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => change.kind.starts_with(start),
        None => change.kind == pattern,
    };
    let Some((_, template)) = TYPES.iter().find(|(pattern, _)| is_its(pattern)) else { return false };
    let Some(url) = filled(template, &change.before) else { return false };
    let (url, known) = match url.strip_prefix("kubernetes:") {
        // Which cluster the provider is bound to the plan does not tell.
        Some(path) => (
            format!("https://kubernetes.default.svc{path}"),
            Known { provider: Some("kubernetes".to_owned()), cluster: None },
        ),
        None => (url, Known::default()),
    };
    if head_from_parts("DELETE", &url, &[]).is_err() {
        return false;
    }
    let method = "DELETE".to_owned();
    scene.sends(call.one, Sent { method, url, headers: vec![], body: Some(vec![]), known });
    true
}

fn filled(template: &str, object: &Value) -> Option<String> {
    let metadata = object.pointer("/metadata/0");
    let text = |name: &str| {
        let value = object.get(name).or_else(|| metadata.and_then(|metadata| metadata.get(name)))?;
        value.as_str().filter(|text| !text.is_empty())
    };
    if template == "{self_link}" {
        let link = text("self_link")?;
        let is_google =
            link.starts_with("https://www.googleapis.com/") || link.starts_with("https://compute.googleapis.com/");
        return is_google.then(|| link.to_owned());
    }
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        out.push_str(before);
        out.extend(utf8_percent_encode(text(name)?, KEPT));
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
