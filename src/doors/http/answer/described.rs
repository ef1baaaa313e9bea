//! Refusals as a manifest writes them.

use http::header::HeaderName;
use serde_json::Value;

use super::{Form, RefusalKind, Said, Throttling, problem, throttling, to_json};
use crate::catalog::{self, RefusalForm};
use crate::identify::Dialect;

/// The refusal in the format of the provider of this folder.
pub(super) fn form(folder: &'static str, said: &Said<'_>) -> Form {
    let Some(form) = catalog::provider(folder).and_then(|manifest| manifest.refusal.as_ref()) else {
        return problem(said);
    };
    let dialect = Dialect::Described(folder);
    let codes = &form.codes;
    let (status, code) = match said.kind() {
        RefusalKind::Denied | RefusalKind::ApprovalNeeded(_) => (403, &codes.denied),
        RefusalKind::Throttled { retry_after } => match throttling(dialect, *retry_after) {
            Throttling::Wait | Throttling::Readable => (429, &codes.throttled),
            Throttling::No => (403, &codes.denied),
        },
        RefusalKind::Unreadable { status } => (*status, &codes.unreadable),
        RefusalKind::Unavailable { status } => (*status, &codes.unavailable),
    };
    let mut headers: Vec<(HeaderName, String)> = said.retry_after(dialect).into_iter().collect();
    for (name, value) in &form.headers {
        if let Ok(name) = HeaderName::try_from(name.as_str()) {
            headers.push((name, value.replace("$code", code)));
        }
    }
    let body = if form.media.contains("xml") {
        text(form, &said.message, code).into_bytes()
    } else {
        to_json(&filled(&form.body, said, (status, code)))
    };
    Form { status, media: &form.media, headers, body }
}

/// The document with its places filled in.
fn filled(value: &Value, said: &Said<'_>, (status, code): (u16, &str)) -> Value {
    match value {
        Value::String(text) => match text.as_str() {
            "$message" => Value::from(said.message.as_str()),
            "$code" => Value::from(code),
            "$id" => Value::from(said.id.as_str()),
            "$status" => Value::from(status),
            "$status_text" => Value::from(status.to_string()),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, said, (status, code))).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, item)| (name.clone(), filled(item, said, (status, code)))).collect()
        }
        other => other.clone(),
    }
}

/// A document in XML stands in the manifest as one text.
fn text(form: &RefusalForm, message: &str, code: &str) -> String {
    let template = form.body.as_str().unwrap_or_default();
    template.replace("$code", &super::xml(code)).replace("$message", &super::xml(message))
}
