//! Answers the control socket.

use std::sync::Arc;

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::IncomingStream;
use axum::{Json, Router};
use serde::Serialize;
use tokio::net::UnixListener;

use super::protocol::{
    Accept, Answer, Changes, ClosedSession, Heard, Hold, HookQuestion, OpenSession, OpenedSession, Problem, Saying,
    SessionStatus, Status,
};
use crate::approvals::{Filter, State as Stands, View};
use crate::doors::hook::{self, Agent};
use crate::memory::Remembered;
use crate::model::{ApprovalId, SessionId};
use crate::sandbox::{self, Above};

/// The gate says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// This one must not, or not now.
    #[error("{0}")]
    Refused(String),
    /// There is no such thing.
    #[error("{0}")]
    Unknown(String),
    /// Our own fault.
    #[error("{0}")]
    Fault(String),
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Refused(_) => StatusCode::FORBIDDEN,
            Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(Problem { error: self.to_string() })).into_response()
    }
}

/// A gate as its operator sees it. All of it may block.
pub trait Backend: Send + Sync + 'static {
    /// How it is.
    fn status(&self) -> Status;

    /// Opens a session for the process `by`.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open_session(&self, ask: OpenSession, by: Option<u32>) -> Result<OpenedSession, ControlError>;

    /// Ends a session.
    ///
    /// # Errors
    /// There is none.
    fn close_session(&self, session: SessionId) -> Result<ClosedSession, ControlError>;

    /// Puts a session into quarantine, or releases it.
    ///
    /// # Errors
    /// There is none, or it is so already.
    fn quarantine(&self, session: SessionId, hold: Hold) -> Result<Remembered, ControlError>;

    /// Sessions that are open.
    ///
    /// # Errors
    /// They cannot be listed.
    fn sessions(&self) -> Result<Vec<SessionStatus>, ControlError>;

    /// Approval requests, the oldest first.
    ///
    /// # Errors
    /// They cannot be listed.
    fn approvals(&self, filter: &Filter) -> Result<Vec<View>, ControlError>;

    /// One approval request.
    ///
    /// # Errors
    /// There is none.
    fn approval(&self, id: ApprovalId) -> Result<View, ControlError>;

    /// Answers an approval request.
    ///
    /// # Errors
    /// There is none, or it cannot be answered any more.
    fn answer(&self, id: ApprovalId, answer: Answer) -> Result<View, ControlError>;

    /// Somebody who may not has tried to answer an approval request.
    fn refused(&self, id: ApprovalId, why: &str);

    /// Says what it thinks of an agent's tool call.
    ///
    /// # Errors
    /// It does not know who asks, or goes by another configuration.
    fn hook(&self, agent: Agent, question: HookQuestion, by: Asker) -> Result<hook::Answer, ControlError>;

    /// Hears what an agent says about its next calls.
    ///
    /// # Errors
    /// It cannot be told whose session that is, or the gate goes by another configuration.
    fn hear(&self, saying: Saying, by: Asker) -> Result<Heard, ControlError>;

    /// What differs from the configuration that the gate goes by.
    ///
    /// # Errors
    /// It cannot be said.
    fn changes(&self) -> Result<Changes, ControlError>;

    /// Goes by the configuration as it stands, if it is still that which was seen.
    ///
    /// # Errors
    /// It is not, or it does not load.
    fn accept(&self, revision: &str) -> Result<Changes, ControlError>;
}

/// Who asks about a tool call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A process of the gate's own user, over the control socket.
    Process(Option<u32>),
    /// Somebody who must prove a session.
    Anybody,
}

/// The process at the other end.
#[derive(Clone, Copy, Debug)]
struct Caller {
    uid: Option<u32>,
    pid: Option<i32>,
}

impl Caller {
    fn process(self) -> Option<u32> {
        self.pid.and_then(|pid| u32::try_from(pid).ok())
    }
}

impl Connected<IncomingStream<'_, UnixListener>> for Caller {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        let credentials = stream.io().peer_cred().ok();
        Self { uid: credentials.as_ref().map(|one| one.uid()), pid: credentials.and_then(|one| one.pid()) }
    }
}

type Shared = Arc<dyn Backend>;

/// Answers until the task is dropped.
///
/// # Errors
/// The socket cannot be used any more.
pub async fn serve(listener: UnixListener, backend: Shared) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/v1/status", get(status))
        .route("/v1/sessions", get(sessions).post(open_session))
        .route("/v1/sessions/{id}/close", post(close_session))
        .route("/v1/sessions/{id}/quarantine", post(quarantine))
        .route("/v1/approvals", get(waiting))
        .route("/v1/approvals/all", get(every_approval))
        .route("/v1/approvals/unreviewed", get(unreviewed))
        .route("/v1/approvals/{id}", get(approval).post(answer))
        .route("/v1/hook/{agent}", post(hook).layer(DefaultBodyLimit::max(QUESTION_BYTES_MAX)))
        .route(SAID, post(hear))
        .route("/v1/changes", get(changes))
        .route("/v1/changes/accept", post(accept))
        .layer(middleware::from_fn_with_state(Arc::clone(&backend), operator_only))
        .with_state(backend);
    axum::serve(listener, routes.into_make_service_with_connect_info::<Caller>()).await
}

/// SECURITY: the socket file is its owner's alone; of the owner's processes those that stand below a `run` are the
/// agent's, and may look but not touch.
async fn operator_only(
    State(backend): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let own = rustix::process::getuid().as_raw();
    if caller.uid.is_none_or(|uid| uid != own && uid != 0) {
        return ControlError::Refused("the control socket is for the gate's own user".to_owned()).into_response();
    }
    // An agent's hook stands below its `run`, and only asks. What an agent says about its calls is for people to weigh.
    let path = request.uri().path();
    if request.method() != Method::GET && !path.starts_with(HOOKS) && path != SAID {
        let why = match caller.process().map_or(Above::Unknown, sandbox::above) {
            Above::Nobody => None,
            Above::Gate(gate) => Some(format!(
                "this command was started behind the gate (`run`, process {gate}): an agent cannot do this for itself; do \
                 it in a terminal of your own"
            )),
            Above::Unknown => Some("it cannot be told which process asks".to_owned()),
        };
        if let Some(why) = why {
            // That somebody tried is worth more to a reviewer than that it failed.
            if let Some(Ok(id)) = request.uri().path().strip_prefix(APPROVALS).map(str::parse::<ApprovalId>) {
                let why = why.clone();
                let _ = tokio::task::spawn_blocking(move || backend.refused(id, &why)).await;
            }
            return ControlError::Refused(why).into_response();
        }
    }
    next.run(request).await
}

/// Of a hook's question: its input, escaped once more.
pub(super) const QUESTION_BYTES_MAX: usize = 3 * hook::INPUT_BYTES_MAX;
/// Where requests are answered.
const APPROVALS: &str = "/v1/approvals/";
/// Where hooks ask.
const HOOKS: &str = "/v1/hook/";
/// Where agents say something.
pub(super) const SAID: &str = "/v1/said";

/// Runs what may block where it may.
async fn blocking<T: Serialize + Send + 'static>(
    backend: Shared,
    what: impl FnOnce(&dyn Backend) -> Result<T, ControlError> + Send + 'static,
) -> Result<Json<T>, ControlError> {
    tokio::task::spawn_blocking(move || what(&*backend))
        .await
        .map_err(|error| ControlError::Fault(error.to_string()))?
        .map(Json)
}

async fn status(State(backend): State<Shared>) -> Result<Json<Status>, ControlError> {
    blocking(backend, |backend| Ok(backend.status())).await
}

async fn sessions(State(backend): State<Shared>) -> Result<Json<Vec<SessionStatus>>, ControlError> {
    blocking(backend, |backend| backend.sessions()).await
}

async fn open_session(
    State(backend): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    Json(ask): Json<OpenSession>,
) -> Result<Json<OpenedSession>, ControlError> {
    blocking(backend, move |backend| backend.open_session(ask, caller.process())).await
}

fn session_id(text: &str) -> Result<SessionId, ControlError> {
    text.parse().map_err(|_| ControlError::Unknown(format!("`{text}` is not a session's id")))
}

async fn close_session(
    State(backend): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<ClosedSession>, ControlError> {
    let id = session_id(&id)?;
    blocking(backend, move |backend| backend.close_session(id)).await
}

async fn quarantine(
    State(backend): State<Shared>,
    Path(id): Path<String>,
    Json(hold): Json<Hold>,
) -> Result<Json<Remembered>, ControlError> {
    let id = session_id(&id)?;
    blocking(backend, move |backend| backend.quarantine(id, hold)).await
}

async fn waiting(State(backend): State<Shared>) -> Result<Json<Vec<View>>, ControlError> {
    blocking(backend, |backend| backend.approvals(&Filter { state: Some(Stands::Pending), ..Filter::default() })).await
}

async fn every_approval(State(backend): State<Shared>) -> Result<Json<Vec<View>>, ControlError> {
    blocking(backend, |backend| backend.approvals(&Filter::default())).await
}

async fn unreviewed(State(backend): State<Shared>) -> Result<Json<Vec<View>>, ControlError> {
    blocking(backend, |backend| backend.approvals(&Filter { unreviewed: true, ..Filter::default() })).await
}

fn approval_id(text: &str) -> Result<ApprovalId, ControlError> {
    text.parse().map_err(|_| ControlError::Unknown(format!("`{text}` is not an approval request's id")))
}

async fn approval(State(backend): State<Shared>, Path(id): Path<String>) -> Result<Json<View>, ControlError> {
    let id = approval_id(&id)?;
    blocking(backend, move |backend| backend.approval(id)).await
}

async fn answer(
    State(backend): State<Shared>,
    Path(id): Path<String>,
    Json(answer): Json<Answer>,
) -> Result<Json<View>, ControlError> {
    let id = approval_id(&id)?;
    blocking(backend, move |backend| backend.answer(id, answer)).await
}

async fn hook(
    State(backend): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    Path(agent): Path<String>,
    Json(question): Json<HookQuestion>,
) -> Result<Json<hook::Answer>, ControlError> {
    let agent: Agent = agent.parse().map_err(ControlError::Unknown)?;
    blocking(backend, move |backend| backend.hook(agent, question, Asker::Process(caller.process()))).await
}

async fn hear(
    State(backend): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    Json(saying): Json<Saying>,
) -> Result<Json<Heard>, ControlError> {
    blocking(backend, move |backend| backend.hear(saying, Asker::Process(caller.process()))).await
}

async fn changes(State(backend): State<Shared>) -> Result<Json<Changes>, ControlError> {
    blocking(backend, |backend| backend.changes()).await
}

async fn accept(State(backend): State<Shared>, Json(accept): Json<Accept>) -> Result<Json<Changes>, ControlError> {
    blocking(backend, move |backend| backend.accept(&accept.revision)).await
}
