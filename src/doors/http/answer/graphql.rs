//! Refusals as GraphQL's clients show them.
//!
//! They read `errors` of an answer with status 200; of any other status `gh` prints the raw body, and most SDKs the number.
//!
//! SECURITY: a 200 is a yes to everybody else. So it is said only where the body was read as a GraphQL document that asks
//! for the refused mutation, on an endpoint, in JSON: what could not be read, and what the gate itself cannot do, is
//! answered as problem details with its own status. `data` is null: no client takes such an answer for a result.

use serde_json::{Value, json};

use super::{Form, RefusalKind, Said, problem, seconds, to_json};
use crate::identify::Subprotocol;

/// The names of what is no field.
const NAMELESS: &[&str] = &["unidentified", "websocket"];

/// `{"data":null,"errors":[…]}`, or problem details where the request is not GraphQL beyond doubt.
pub(super) fn errors(said: &Said<'_>) -> Form {
    let (code, kind) = match said.kind() {
        RefusalKind::Denied | RefusalKind::ApprovalNeeded(_) => ("FORBIDDEN", "forbidden"),
        // The text says how long; a 429 is repeated by some clients for minutes.
        RefusalKind::Throttled { .. } => ("RATE_LIMITED", "ratelimited"),
        RefusalKind::Unreadable { .. } | RefusalKind::Unavailable { .. } => return problem(said),
    };
    let Some(field) = field(said) else { return problem(said) };
    let extensions = extensions(said, code, kind);
    let body = to_json(&json!({
        "data": null,
        "errors": [{ "type": code, "path": [field], "locations": [], "message": said.message, "extensions": extensions }],
    }));
    Form { status: 200, media: "application/json; charset=utf-8", headers: vec![], body }
}

/// The error that a connection's subprotocol answers a request with: nothing more comes for it. Nobody takes it for a yes,
/// so every kind of refusal has this form.
pub(super) fn message(subprotocol: Subprotocol, is_wrapped: bool, id: &str, said: &Said<'_>) -> Value {
    let (code, kind) = match said.kind() {
        RefusalKind::Denied | RefusalKind::ApprovalNeeded(_) => ("FORBIDDEN", "forbidden"),
        RefusalKind::Throttled { .. } => ("RATE_LIMITED", "ratelimited"),
        RefusalKind::Unreadable { .. } => ("BAD_REQUEST", "badrequest"),
        RefusalKind::Unavailable { .. } => ("SERVICE_UNAVAILABLE", "unavailable"),
    };
    let mut extensions = extensions(said, code, kind);
    if let (Some(wait), Some(members)) = (said.wait, extensions.as_object_mut()) {
        members.insert("retryAfter".into(), Value::from(seconds(wait)));
    }
    let error = json!({ "message": said.message, "extensions": extensions });
    let payload = match subprotocol {
        _ if is_wrapped => json!({ "errors": [{ "errorType": code, "message": said.message }] }),
        Subprotocol::Transport => json!([error]),
        Subprotocol::Legacy => error,
    };
    json!({ "type": "error", "id": id, "payload": payload })
}

/// What programs read: `code` is Apollo's, `type` and `userPresentableMessage` Linear's.
fn extensions(said: &Said<'_>, code: &str, kind: &str) -> Value {
    let mut extensions = json!({ "code": code, "type": kind, "userPresentableMessage": sentence(&said.message) });
    if let Some(members) = extensions.as_object_mut() {
        if !said.id.is_empty() {
            members.insert("decision".into(), Value::from(said.id.as_str()));
        }
        if let RefusalKind::ApprovalNeeded(approval) = said.kind() {
            members.insert("approval".into(), Value::from(approval.to_string()));
        }
    }
    extensions
}

/// The text with a capital, as Linear's client writes the error's `message`: what differs from it is shown beside it.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The root field that was refused.
fn field<'a>(said: &'a Said<'_>) -> Option<&'a str> {
    let operation = said.refusal.operation.as_ref()?;
    let is_graphql = operation.provider() == "graphql" || operation.service() == "graphql";
    Some(operation.name()).filter(|name| is_graphql && !name.is_empty() && !NAMELESS.contains(name))
}
