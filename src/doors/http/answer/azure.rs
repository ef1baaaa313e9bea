//! Refusals as Azure says them. `az` prints `(CODE) MESSAGE`; no SDK repeats a 403.

use http::header::HeaderName;
use serde_json::json;

use super::{Dialect, Form, Said, Throttling, document, throttling, to_json, xml};
use crate::enforce::RefusalKind;

/// In the format of Resource Manager, Graph or Storage.
pub(super) fn form(dialect: Dialect, said: &Said<'_>) -> Form {
    let (status, code) = status(dialect, said);
    let mut headers: Vec<_> = said.retry_after(dialect).into_iter().collect();
    headers.push((HeaderName::from_static("x-ms-error-code"), code.to_owned()));
    if !said.id.is_empty() {
        headers.push((HeaderName::from_static("x-ms-request-id"), said.id.clone()));
    }
    let (media, body) = match dialect {
        Dialect::AzureStorage => (
            "application/xml",
            document(&format!("<Error><Code>{code}</Code><Message>{}</Message></Error>", xml(&said.message))),
        ),
        Dialect::Graph => {
            let inner = json!({ "request-id": said.id });
            let error = json!({ "code": code, "message": said.message, "innerError": inner });
            ("application/json", to_json(&json!({ "error": error })))
        }
        _ => ("application/json", to_json(&json!({ "error": { "code": code, "message": said.message } }))),
    };
    Form { status, media, headers, body }
}

fn status(dialect: Dialect, said: &Said<'_>) -> (u16, &'static str) {
    let by = |arm: &'static str, graph: &'static str, storage: &'static str| match dialect {
        Dialect::Graph => graph,
        Dialect::AzureStorage => storage,
        _ => arm,
    };
    match said.kind() {
        RefusalKind::Denied | RefusalKind::ApprovalNeeded(_) => {
            (403, by("RequestDisallowedByPolicy", "Authorization_RequestDenied", "AuthorizationFailure"))
        }
        RefusalKind::Throttled { retry_after } => match throttling(dialect, *retry_after) {
            Throttling::Wait | Throttling::Readable => (429, "TooManyRequests"),
            Throttling::No => (403, "TooManyRequests"),
        },
        RefusalKind::Unreadable { status } => (*status, by("BadRequest", "Request_BadRequest", "InvalidInput")),
        RefusalKind::Unavailable { status } => (*status, by("ServiceUnavailable", "serviceNotAvailable", "ServerBusy")),
    }
}
