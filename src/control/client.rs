//! Asks a gate over its control socket.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use super::protocol::Problem;

/// A gate answers at once, or not at all.
const TIME_MAX: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The gate did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no gate answers at `{path}`: {source}")]
    Absent {
        /// The socket.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The conversation failed.
    #[error("the gate at `{path}` does not answer properly: {why}")]
    Broken {
        /// The socket.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The gate says no.
    #[error("{0}")]
    Refused(String),
    /// It knows nothing of the sort.
    #[error("{0}")]
    Unknown(String),
}

/// One gate's control socket.
#[derive(Clone, Debug)]
pub struct Client {
    path: PathBuf,
}

impl Client {
    /// Of the gate whose socket this is.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The socket.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A connection, without a runtime: for who needs to know who answers before anything is said.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn connect(&self) -> io::Result<std::os::unix::net::UnixStream> {
        std::os::unix::net::UnixStream::connect(&self.path)
    }

    /// Asks for something.
    ///
    /// # Errors
    /// There is no gate, or it says no.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    /// Asks for something to be done.
    ///
    /// # Errors
    /// There is no gate, or it says no.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| self.broken(error))?;
        self.ask(Method::POST, path, body.into()).await
    }

    /// The same over a connection that was made already.
    ///
    /// # Errors
    /// The gate says no, or does not answer properly.
    pub async fn post_on<T: DeserializeOwned>(
        &self,
        stream: std::os::unix::net::UnixStream,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| self.broken(error))?;
        stream.set_nonblocking(true).map_err(|error| self.broken(error))?;
        let stream = UnixStream::from_std(stream).map_err(|error| self.broken(error))?;
        self.answered(self.exchange_on(stream, Method::POST, path, body.into()).await?)
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, ClientError> {
        let answered = tokio::time::timeout(TIME_MAX, self.exchange(method, path, body)).await;
        self.answered(answered.map_err(|_| self.broken("no answer in 10 s"))??)
    }

    fn answered<T: DeserializeOwned>(&self, (status, body): (StatusCode, Bytes)) -> Result<T, ClientError> {
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| self.broken(error));
        }
        let said = serde_json::from_slice::<Problem>(&body).map_or_else(|_| status.to_string(), |said| said.error);
        Err(if status == StatusCode::NOT_FOUND { ClientError::Unknown(said) } else { ClientError::Refused(said) })
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<(StatusCode, Bytes), ClientError> {
        let absent = |source| ClientError::Absent { path: self.path.clone(), source };
        let stream = UnixStream::connect(&self.path).await.map_err(absent)?;
        self.exchange_on(stream, method, path, body).await
    }

    async fn exchange_on(
        &self,
        stream: UnixStream,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| self.broken(error))?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "gate")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| self.broken(error))?;
        let answer = sender.send_request(request).await.map_err(|error| self.broken(error))?;
        let status = answer.status();
        #[allow(clippy::disallowed_methods, reason = "bounded, and from the gate itself")]
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| self.broken(error))?.to_bytes();
        connection.abort();
        Ok((status, body))
    }

    fn broken(&self, why: impl ToString) -> ClientError {
        ClientError::Broken { path: self.path.clone(), why: why.to_string() }
    }
}
