//! Refusals in each API's own format, with a status that its real client shows and does not repeat.
//!
//! Denials and missing approvals are 403 everywhere that shows its text (gRPC: status 7; git, GraphQL and Terraform's lock: in
//! their own protocol): 401 makes clients log in again, 5xx makes them repeat. Throttling follows [`throttling`]. Our own faults are 5xx, which SDKs may repeat. The text is the refusal's message without characters that a format or a terminal cannot carry.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, PROXY_AUTHENTICATE, RETRY_AFTER};
use http::{Method, Response, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use serde_json::{Value, json};

use crate::catalog::{self, Throttled};
use crate::enforce::{Refusal, RefusalKind};
use crate::identify::{Dialect, Subprotocol};

mod described;
mod git;
mod graphql;

const DECISION: HeaderName = HeaderName::from_static("x-blastgate-decision");

/// The answer to a refused request. An answer to HEAD has the length of the body that it leaves out.
#[must_use]
pub fn answer(dialect: Dialect, method: &Method, refusal: &Refusal) -> Response<Bytes> {
    let said = Said::new(refusal);
    let form = form(dialect, &said);
    let length = form.body.len();
    let mut response = Response::new(if method == Method::HEAD { Bytes::new() } else { Bytes::from(form.body) });
    *response.status_mut() = StatusCode::from_u16(form.status).unwrap_or(StatusCode::FORBIDDEN);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.media));
    // gRPC's answer is its head: what has no body is not measured.
    if dialect != Dialect::Grpc {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    for (name, value) in form.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        // RFC 9110, section 15.5.8; some clients show their credentials only when they are asked like this.
        let realm = HeaderValue::from_static("Basic realm=\"blastgate\"");
        response.headers_mut().insert(PROXY_AUTHENTICATE, realm);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(&said.id)
        && !said.id.is_empty()
    {
        headers.insert(DECISION, id);
    }
    response
}

/// The refusal of one message of a connection that speaks GraphQL. `is_wrapped`: as AppSync's clients ask.
#[must_use]
pub fn message(subprotocol: Subprotocol, is_wrapped: bool, id: &str, refusal: &Refusal) -> Vec<u8> {
    to_json(&graphql::message(subprotocol, is_wrapped, id, &Said::new(refusal)))
}

/// What is to be said, in no format yet.
struct Said<'a> {
    refusal: &'a Refusal,
    /// The decision's id, or nothing.
    id: String,
    /// Without control characters but line breaks and tabs: it ends in terminals.
    message: String,
    /// Until there are tokens again.
    wait: Option<Duration>,
}

/// A wait that a client may spend in silence. A longer one is for the agent to read.
const SILENT_WAIT_MAX: Duration = Duration::from_secs(10);

/// What a client is told when a limit is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Throttling {
    /// The API's own throttling answer, with the time after which to come back: `Retry-After`.
    Wait,
    /// The same without the time.
    Readable,
    /// An ordinary 403.
    No,
}

/// The one table of who is told to wait, as the real clients were seen to act:
///
/// | who | short wait | long wait |
/// |---|---|---|
/// | AWS | their code, which botocore repeats (twice by default) and then shows | the same |
/// | Kubernetes | 429 with `Retry-After`: kubectl and its like wait it out, up to ten times | 429 without: shown at once |
/// | gRPC | `RESOURCE_EXHAUSTED`, which few repeat, at their own pace | `PERMISSION_DENIED`: Pub/Sub's publishers would repeat the other for ten minutes |
/// | Docker | 429, shown at once | the same |
/// | GraphQL | an error `RATE_LIMITED`, shown at once | the same |
/// | git, Terraform's lock | as a denial: neither knows of waiting | the same |
/// | described APIs, `wait` | 429 with `Retry-After`: their clients come back by themselves | 403: PagerDuty's client repeats a 429 for ever, others some times |
/// | described APIs, `readable` | 429 without `Retry-After`, shown at once | the same |
/// | described APIs, `no` | 403 | the same |
/// | others | 429 with `Retry-After`: most clients wait once or three times | 403: some would repeat a 429 for minutes |
fn throttling(dialect: Dialect, wait: Duration) -> Throttling {
    let is_short = wait <= SILENT_WAIT_MAX;
    match dialect {
        Dialect::Kubernetes if is_short => Throttling::Wait,
        Dialect::Grpc if !is_short => Throttling::No,
        Dialect::Kubernetes | Dialect::Grpc | Dialect::Docker | Dialect::DockerStream => Throttling::Readable,
        Dialect::Graphql => Throttling::Readable,
        Dialect::StateLock | Dialect::GitRefs | Dialect::GitFetch | Dialect::GitPush => Throttling::No,
        Dialect::Described(folder) => {
            let said =
                catalog::provider(folder).and_then(|manifest| manifest.refusal.as_ref()).map(|form| form.throttled);
            match said {
                Some(Throttled::Wait) if is_short => Throttling::Wait,
                Some(Throttled::Readable) => Throttling::Readable,
                Some(Throttled::Wait | Throttled::No) | None => Throttling::No,
            }
        }
        Dialect::Problem if is_short => Throttling::Wait,
        Dialect::Problem => Throttling::No,
        Dialect::AwsQuery
        | Dialect::AwsEc2
        | Dialect::AwsJson
        | Dialect::AwsRestJson
        | Dialect::AwsRestXml
        | Dialect::S3
        | Dialect::AwsCbor => Throttling::Wait,
    }
}

/// Whole seconds, at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl<'a> Said<'a> {
    fn new(refusal: &'a Refusal) -> Self {
        let wait = match &refusal.kind {
            RefusalKind::Throttled { retry_after } => Some(*retry_after),
            _ => None,
        };
        let id = refusal.id.map(|id| id.to_string()).unwrap_or_default();
        let shown = |c: &char| matches!(c, '\n' | '\t') || !c.is_control();
        Self { refusal, id, message: refusal.message.chars().filter(shown).collect(), wait }
    }

    /// `Retry-After` for those who are told to wait.
    fn retry_after(&self, dialect: Dialect) -> Option<(HeaderName, String)> {
        let wait = self.wait.filter(|wait| throttling(dialect, *wait) == Throttling::Wait)?;
        Some((RETRY_AFTER, seconds(wait).to_string()))
    }

    const fn kind(&self) -> &RefusalKind {
        &self.refusal.kind
    }
}

/// An answer in one format.
struct Form {
    status: u16,
    media: &'static str,
    headers: Vec<(HeaderName, String)>,
    body: Vec<u8>,
}

fn form(dialect: Dialect, said: &Said<'_>) -> Form {
    match dialect {
        Dialect::Kubernetes => kubernetes(said),
        Dialect::Problem => problem(said),
        Dialect::Described(folder) => described::form(folder, said),
        Dialect::Grpc => grpc(said),
        Dialect::Docker => docker(said),
        Dialect::DockerStream => docker_stream(said),
        Dialect::StateLock => state_lock(said),
        Dialect::Graphql => graphql::errors(said),
        Dialect::GitRefs => git::refs(said),
        Dialect::GitFetch => git::fetch(said),
        Dialect::GitPush => git::push(said),
        Dialect::AwsQuery
        | Dialect::AwsEc2
        | Dialect::AwsJson
        | Dialect::AwsRestJson
        | Dialect::AwsRestXml
        | Dialect::S3
        | Dialect::AwsCbor => aws(dialect, said),
    }
}

/// Status and error code as AWS would say it, by protocol family. The codes for throttling are those that every SDK
/// repeats with a back-off, those for a denial are those that none repeats (`botocore/data/_retry.json`).
fn aws_code(dialect: Dialect, kind: &RefusalKind) -> (u16, &'static str) {
    let by = |query: &'static str, ec2: &'static str, json: &'static str, s3: &'static str| match dialect {
        Dialect::AwsEc2 => ec2,
        Dialect::S3 => s3,
        Dialect::AwsJson | Dialect::AwsRestJson | Dialect::AwsCbor => json,
        _ => query,
    };
    match kind {
        RefusalKind::Denied | RefusalKind::ApprovalNeeded(_) => {
            (403, by("AccessDenied", "UnauthorizedOperation", "AccessDeniedException", "AccessDenied"))
        }
        RefusalKind::Throttled { .. } => {
            let status = match dialect {
                Dialect::S3 | Dialect::AwsEc2 => 503,
                Dialect::AwsRestJson | Dialect::AwsCbor => 429,
                _ => 400,
            };
            (status, by("Throttling", "RequestLimitExceeded", "ThrottlingException", "SlowDown"))
        }
        RefusalKind::Unreadable { status } => {
            (*status, by("ValidationError", "InvalidRequest", "ValidationException", "InvalidRequest"))
        }
        RefusalKind::Unavailable { status } => {
            (*status, by("ServiceUnavailable", "Unavailable", "ServiceUnavailableException", "ServiceUnavailable"))
        }
    }
}

fn aws(dialect: Dialect, said: &Said<'_>) -> Form {
    let (status, code) = aws_code(dialect, said.kind());
    let fault = if status >= 500 { "Receiver" } else { "Sender" };
    let (message, id) = (xml(&said.message), xml(&said.id));
    let mut headers = vec![(HeaderName::from_static("x-amzn-requestid"), said.id.clone())];
    if let Some(wait) = said.wait {
        // In milliseconds. botocore's modes `standard` (the default of 1.44) and `adaptive` wait for it, at most 5 s longer
        // than they would anyhow; `legacy` has its own back-off only (`botocore/retries/standard.py`, `retryhandler.py`).
        // `Retry-After` is read by none of them.
        headers.push((HeaderName::from_static("x-amz-retry-after"), wait.as_millis().max(1).to_string()));
    }
    let (media, body) = match dialect {
        Dialect::AwsEc2 => (
            "text/xml;charset=UTF-8",
            document(&format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
                 <RequestID>{id}</RequestID></Response>"
            )),
        ),
        Dialect::S3 => {
            headers.push((HeaderName::from_static("x-amz-request-id"), said.id.clone()));
            (
                "application/xml",
                document(&format!(
                    "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{id}</RequestId>\
                     <HostId>blastgate</HostId></Error>"
                )),
            )
        }
        Dialect::AwsJson | Dialect::AwsRestJson => {
            headers.push((HeaderName::from_static("x-amzn-errortype"), code.to_owned()));
            let media =
                if matches!(dialect, Dialect::AwsJson) { "application/x-amz-json-1.1" } else { "application/json" };
            // Older SDKs look for one spelling, newer ones for the other.
            (media, to_json(&json!({ "__type": code, "message": said.message, "Message": said.message })))
        }
        Dialect::AwsCbor => {
            headers.push((HeaderName::from_static("smithy-protocol"), "rpc-v2-cbor".to_owned()));
            headers.push((HeaderName::from_static("x-amzn-errortype"), code.to_owned()));
            ("application/cbor", cbor_map(&[("__type", code), ("message", &said.message)]))
        }
        _ => (
            "text/xml",
            document(&format!(
                "<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>{id}</RequestId></ErrorResponse>"
            )),
        ),
    };
    if said.id.is_empty() {
        headers.retain(|(_, value)| !value.is_empty());
    }
    Form { status, media, headers, body }
}

/// A `Status`, whose message kubectl prints after `Error from server (REASON):`.
fn kubernetes(said: &Said<'_>) -> Form {
    let (status, reason) = match said.kind() {
        RefusalKind::Denied | RefusalKind::ApprovalNeeded(_) => (403, "Forbidden"),
        RefusalKind::Throttled { .. } => (429, "TooManyRequests"),
        RefusalKind::Unreadable { status } | RefusalKind::Unavailable { status } => (
            *status,
            match status {
                400 => "BadRequest",
                405 => "MethodNotAllowed",
                413 => "RequestEntityTooLarge",
                415 => "UnsupportedMediaType",
                503 => "ServiceUnavailable",
                504 => "Timeout",
                _ => "InternalError",
            },
        ),
    };
    let mut details = serde_json::Map::new();
    if let Some(operation) = &said.refusal.operation
        && operation.provider() == "kubernetes"
        && let Some((kind, _)) = operation.name().rsplit_once('.')
    {
        if !matches!(operation.service(), "core" | "server") {
            details.insert("group".into(), Value::from(operation.service()));
        }
        details.insert("kind".into(), Value::from(kind.split('/').next().unwrap_or(kind)));
    }
    let headers: Vec<_> = said.retry_after(Dialect::Kubernetes).into_iter().collect();
    if let Some(wait) = said.wait {
        details.insert("retryAfterSeconds".into(), Value::from(seconds(wait)));
    }
    let body = to_json(&json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": said.message,
        "reason": reason,
        "details": details,
        "code": status,
    }));
    Form { status, media: "application/json", headers, body }
}

/// The Engine API's error: the command line prints `Error response from daemon: ` and the message, once.
fn docker(said: &Said<'_>) -> Form {
    let status = match said.kind() {
        RefusalKind::Denied | RefusalKind::ApprovalNeeded(_) => 403,
        RefusalKind::Throttled { .. } => 429,
        RefusalKind::Unreadable { status } | RefusalKind::Unavailable { status } => *status,
    };
    let body = to_json(&json!({ "message": said.message }));
    Form { status, media: "application/json", headers: vec![], body }
}

/// The same where the connection was to become a stream. Clients until version 20.10 do not look at the status: they read
/// frames (a byte for the stream, three of nothing, four of length). A frame of stream 3 is an error of the daemon's: they
/// print it and fail. Newer clients print the status only.
fn docker_stream(said: &Said<'_>) -> Form {
    const SYSTEM_ERROR: u8 = 3;
    let text = &said.message;
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let body = [&[SYSTEM_ERROR, 0, 0, 0], &length[..], text.as_bytes()].concat();
    Form { media: "application/vnd.docker.raw-stream", body, ..docker(said) }
}

/// Terraform shows of a refused lock only the `ID` of whoever holds it, and only with 423; of a 403 nothing. Where
/// `-lock-timeout` is set it asks again until that is over.
fn state_lock(said: &Said<'_>) -> Form {
    let status = match said.kind() {
        RefusalKind::Denied | RefusalKind::ApprovalNeeded(_) | RefusalKind::Throttled { .. } => 423,
        RefusalKind::Unreadable { status } | RefusalKind::Unavailable { status } => *status,
    };
    let body = to_json(&json!({ "ID": said.message, "Who": "blastgate", "Info": said.id }));
    Form { status, media: "application/json", headers: vec![], body }
}

/// RFC 9457.
fn problem(said: &Said<'_>) -> Form {
    let (status, title) = match said.kind() {
        RefusalKind::Denied => (403, "Denied by blastgate"),
        RefusalKind::ApprovalNeeded(_) => (403, "Approval needed"),
        RefusalKind::Throttled { retry_after } => match throttling(Dialect::Problem, *retry_after) {
            Throttling::Wait | Throttling::Readable => (429, "Too many calls"),
            Throttling::No => (403, "Too many calls"),
        },
        RefusalKind::Unreadable { status: 407 } => (407, "A session's credentials are needed"),
        RefusalKind::Unreadable { status: 403 } => (403, "Refused by blastgate"),
        RefusalKind::Unreadable { status } => (*status, "The request cannot be read in exactly one way"),
        RefusalKind::Unavailable { status } => (*status, "blastgate cannot forward this now"),
    };
    let mut members = json!({ "type": "about:blank", "title": title, "status": status, "detail": said.message });
    if let Some(members) = members.as_object_mut() {
        if !said.id.is_empty() {
            members.insert("decision".into(), Value::from(said.id.as_str()));
        }
        if let Some(operation) = &said.refusal.operation {
            members.insert("operation".into(), Value::from(operation.as_str()));
        }
        if let RefusalKind::ApprovalNeeded(approval) = said.kind() {
            members.insert("approval".into(), Value::from(approval.to_string()));
        }
    }
    let headers = said.retry_after(Dialect::Problem).into_iter().collect();
    Form { status, media: "application/problem+json", headers, body: to_json(&members) }
}

/// Trailers only: the status stands in the head of an answer without a body. UNAVAILABLE makes clients call again and
/// again, so only what a second call may mend is called that.
fn grpc(said: &Said<'_>) -> Form {
    const INVALID_ARGUMENT: u8 = 3;
    const PERMISSION_DENIED: u8 = 7;
    const RESOURCE_EXHAUSTED: u8 = 8;
    const INTERNAL: u8 = 13;
    const UNAVAILABLE: u8 = 14;
    let status = match said.kind() {
        RefusalKind::Denied | RefusalKind::ApprovalNeeded(_) => PERMISSION_DENIED,
        RefusalKind::Throttled { retry_after } if throttling(Dialect::Grpc, *retry_after) == Throttling::No => {
            PERMISSION_DENIED
        }
        RefusalKind::Throttled { .. } => RESOURCE_EXHAUSTED,
        RefusalKind::Unreadable { .. } => INVALID_ARGUMENT,
        RefusalKind::Unavailable { status: 502 | 504 } => UNAVAILABLE,
        RefusalKind::Unavailable { .. } => INTERNAL,
    };
    let headers = vec![
        (HeaderName::from_static("grpc-status"), status.to_string()),
        (HeaderName::from_static("grpc-message"), percent_encode(said.message.as_bytes(), GRPC_MESSAGE).to_string()),
    ];
    Form { status: 200, media: "application/grpc", headers, body: vec![] }
}

/// gRPC over HTTP/2, "Responses": everything but visible ASCII and the space, and the percent sign itself.
const GRPC_MESSAGE: &AsciiSet = &CONTROLS.add(b'%');

fn to_json(value: &Value) -> Vec<u8> {
    // Serialising a value that is already JSON cannot fail.
    serde_json::to_vec(value).unwrap_or_default()
}

fn document(root: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{root}").into_bytes()
}

/// Text as XML 1.0 can carry it: escaped, and without the characters that no escape makes legal.
fn xml(text: &str) -> String {
    let legal =
        |c: &char| matches!(c, '\n' | '\t' | '\r') || (!c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'));
    quick_xml::escape::escape(text.chars().filter(legal).collect::<String>()).into_owned()
}

/// A CBOR map of text to text (RFC 8949, definite lengths).
fn cbor_map(members: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    cbor_head(&mut bytes, 5, members.len());
    for text in members.iter().flat_map(|(name, value)| [name, value]) {
        cbor_head(&mut bytes, 3, text.len());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// Major type and length, in the shortest form.
fn cbor_head(bytes: &mut Vec<u8>, major: u8, length: usize) {
    let [a, b, c, d, e, f, g, h] = u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes();
    let major = major << 5;
    match length {
        0..=23 => bytes.push(major | h),
        24..=0xff => bytes.extend([major | 24, h]),
        0x100..=0xffff => bytes.extend([major | 25, g, h]),
        0x1_0000..=0xffff_ffff => bytes.extend([major | 26, e, f, g, h]),
        _ => bytes.extend([major | 27, a, b, c, d, e, f, g, h]),
    }
}

#[cfg(test)]
mod tests;
