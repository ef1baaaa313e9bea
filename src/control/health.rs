//! Health and metrics, for load balancers and monitoring: over TCP, read only, and without anything that concerns a single
//! request.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::net::TcpListener;

use super::protocol::{HookQuestion, Saying, Status};
use super::server::{Asker, Backend, ControlError, QUESTION_BYTES_MAX, SAID};
use crate::doors::hook::Agent;

/// Answers until the task is dropped.
///
/// # Errors
/// The socket cannot be used any more.
pub async fn serve(listener: TcpListener, backend: Arc<dyn Backend>) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/v1/hook/{agent}", post(hook).layer(DefaultBodyLimit::max(QUESTION_BYTES_MAX)))
        .route(SAID, post(hear))
        .with_state(backend);
    axum::serve(listener, routes).await
}

async fn status(backend: Arc<dyn Backend>) -> Option<Status> {
    tokio::task::spawn_blocking(move || backend.status()).await.ok()
}

/// Ready: the gate takes connections and nothing is wrong with it.
async fn ready(State(backend): State<Arc<dyn Backend>>) -> Response {
    match status(backend).await {
        Some(status) if status.draining => (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response(),
        Some(status) if status.unwritable => {
            (StatusCode::SERVICE_UNAVAILABLE, "the log cannot be written\n").into_response()
        }
        Some(_) => "ready\n".into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "no answer\n").into_response(),
    }
}

/// A hook, or a plugin, that asks over HTTP: the agent's JSON in, its answer out. The session's credentials come as
/// `Authorization: Bearer SESSION:TOKEN`, or as user and password.
async fn hook(
    State(backend): State<Arc<dyn Backend>>,
    Path(agent): Path<String>,
    headers: HeaderMap,
    input: String,
) -> Response {
    let agent: Agent = match agent.parse() {
        Ok(agent) => agent,
        Err(error) => return ControlError::Unknown(error).into_response(),
    };
    let question = HookQuestion { input, credentials: credentials(&headers), config: None };
    let asked = tokio::task::spawn_blocking(move || backend.hook(agent, question, Asker::Anybody)).await;
    match asked {
        Ok(Ok(answer)) => ([(header::CONTENT_TYPE, "application/json")], answer.body()).into_response(),
        Ok(Err(error)) => error.into_response(),
        Err(error) => ControlError::Fault(error.to_string()).into_response(),
    }
}

/// What an agent says about its next calls, over HTTP: the session is proven as a hook's is.
async fn hear(State(backend): State<Arc<dyn Backend>>, headers: HeaderMap, Json(saying): Json<Saying>) -> Response {
    let saying = Saying { credentials: credentials(&headers), config: None, decision: None, ..saying };
    match tokio::task::spawn_blocking(move || backend.hear(saying, Asker::Anybody)).await {
        Ok(Ok(heard)) => Json(heard).into_response(),
        Ok(Err(error)) => error.into_response(),
        Err(error) => ControlError::Fault(error.to_string()).into_response(),
    }
}

fn credentials(headers: &HeaderMap) -> Option<String> {
    let (scheme, value) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(value.trim().to_owned()),
        "basic" => String::from_utf8(data_encoding::BASE64.decode(value.trim().as_bytes()).ok()?).ok(),
        _ => None,
    }
}

/// Prometheus' text format, version 0.0.4.
async fn metrics(State(backend): State<Arc<dyn Backend>>) -> Response {
    let Some(status) = status(backend).await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], exposition(&status)).into_response()
}

fn exposition(status: &Status) -> String {
    let mut out = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, u64)]| {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(out, "{name}{labels} {value}");
        }
    };
    let one = |value: usize| vec![(String::new(), u64::try_from(value).unwrap_or(u64::MAX))];
    let info =
        format!("{{version=\"{}\",posture=\"{}\",revision=\"{}\"}}", status.version, status.posture, status.revision);
    family("blastgate_info", "gauge", "What runs.", &[(info, 1)]);
    let mut requests: Vec<(String, u64)> = status
        .requests
        .iter()
        .map(|(disposition, count)| (format!("{{disposition=\"{disposition}\"}}"), *count))
        .collect();
    requests.push(("{disposition=\"unreadable\"}".to_owned(), status.rejected));
    family("blastgate_requests_total", "counter", "Requests by what became of them.", &requests);
    family("blastgate_connections", "gauge", "Connections that are open.", &one(status.connections));
    family("blastgate_sessions", "gauge", "Sessions that are open.", &one(status.sessions));
    family("blastgate_approvals_waiting", "gauge", "Escalated calls that wait.", &one(status.approvals));
    family("blastgate_changes_waiting", "gauge", "Configuration files that wait.", &one(status.changes));
    family("blastgate_log_writable", "gauge", "1 when the log can be written.", &one(usize::from(!status.unwritable)));
    family("blastgate_troubles", "gauge", "What is wrong with the gate.", &one(status.troubles.len()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::protocol::GateKind;
    use crate::model::{Disposition, Posture, Timestamp};

    #[test]
    fn metrics_are_prometheus_text() {
        let status = Status {
            version: "1.2.3".into(),
            pid: 1,
            kind: GateKind::Shared,
            since: Timestamp::from_millis(0),
            posture: Posture::Guarded,
            revision: "r_1".into(),
            listeners: vec![],
            connections: 3,
            sessions: 2,
            approvals: 1,
            changes: 0,
            troubles: vec!["x".into()],
            unwritable: false,
            draining: false,
            requests: [(Disposition::Forwarded, 7)].into(),
            rejected: 4,
            log: "/log".into(),
        };
        let text = exposition(&status);
        for line in [
            "blastgate_info{version=\"1.2.3\",posture=\"guarded\",revision=\"r_1\"} 1",
            "# TYPE blastgate_requests_total counter",
            "blastgate_requests_total{disposition=\"forwarded\"} 7",
            "blastgate_requests_total{disposition=\"unreadable\"} 4",
            "blastgate_connections 3",
            "blastgate_troubles 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
