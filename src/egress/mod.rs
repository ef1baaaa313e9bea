//! The only module that dials for an agent: resolve, check the address, connect, verify, send.
//!
//! Where a request goes and what it asks for come from its [`Permit`], never from the caller: a permit for one thing
//! cannot send another.
//!
//! Without a permit nothing is sent:
//! ```compile_fail,E0061
//! # async fn no_permit(egress: &blastgate::egress::Egress, head: http::HeaderMap, body: blastgate::wire::intake::OutBody) {
//! egress.send(head, body).await;
//! # }
//! ```
//! and a permit sends once:
//! ```compile_fail,E0382
//! # async fn twice(egress: &blastgate::egress::Egress, permit: blastgate::enforce::Permit, head: http::HeaderMap,
//! #   a: blastgate::wire::intake::OutBody, b: blastgate::wire::intake::OutBody) {
//! egress.send(permit, head.clone(), a).await;
//! egress.send(permit, head, b).await;
//! # }
//! ```

mod address;
mod answer;
mod dial;
mod tls;

pub use address::AddressRules;
pub use answer::AnswerBody;
pub use dial::{DialError, Dialer};
pub use tls::{Servers, TlsError, server_key};

use std::time::Duration;

use http::{HeaderMap, Request, Response, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::enforce::{Permit, Refusal};
use crate::record::Outcome;
use crate::wire::intake::OutBody;

/// An unused upstream connection is kept this long: shorter than what servers commonly allow (60–75 s).
const IDLE_TIME_MAX: Duration = Duration::from_secs(50);
const IDLE_PER_HOST_MAX: usize = 64;

/// Sends what has a permit.
#[derive(Clone, Debug)]
pub struct Egress {
    client: Client<Dialer, OutBody>,
    dialer: Dialer,
}

impl Egress {
    /// Over this dialer; the pool is this value's own and never shared with another session's certificates.
    #[must_use]
    pub fn new(dialer: Dialer) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIME_MAX)
            .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .http2_adaptive_window(true)
            .build(dialer.clone());
        Self { client, dialer }
    }

    /// Sends the permitted request with these headers and this body. The answer's body closes the permit when it ends.
    ///
    /// # Errors
    /// Upstream cannot be reached or does not speak HTTP; the permit is closed with what is known.
    pub async fn send(
        &self,
        permit: Permit,
        headers: HeaderMap,
        body: OutBody,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let sent = body.sent();
        let request = match request(&permit, headers, body) {
            Ok(request) => request,
            Err(error) => return Err(permit.fail(Outcome::Unreachable { error: error.to_string() }, 502)),
        };
        match self.client.request(request).await {
            Ok(mut answer) => {
                // RFC 7838: an alternative service would lead the client around the gate.
                answer.headers_mut().remove(header::ALT_SVC);
                let status = answer.status().as_u16();
                Ok(answer.map(|body| AnswerBody::new(body, permit, status, sent)))
            }
            Err(error) if error.is_connect() => {
                Err(permit.fail(Outcome::Unreachable { error: innermost(&error) }, 502))
            }
            Err(error) => Err(permit.fail(Outcome::Broken { status: None, error: innermost(&error) }, 502)),
        }
    }

    /// Connects the permitted tunnel. Nothing has been sent when this returns.
    ///
    /// # Errors
    /// Upstream cannot be reached; the permit is closed.
    pub async fn tunnel(&self, permit: Permit) -> Result<Tunnel, Refusal> {
        let authority = permit.destination().authority.clone();
        match self.dialer.connect(&authority).await {
            Ok(stream) => Ok(Tunnel { stream, permit }),
            Err(error) => Err(permit.fail(Outcome::Unreachable { error: innermost(&error) }, 502)),
        }
    }
}

/// A connected tunnel that nothing has passed through yet.
#[derive(Debug)]
pub struct Tunnel {
    stream: tokio::net::TcpStream,
    permit: Permit,
}

impl Tunnel {
    /// Passes `first` (bytes already read from the agent), then both directions until both have ended.
    pub async fn splice<S: AsyncRead + AsyncWrite + Unpin>(mut self, mut agent: S, first: &[u8]) {
        let copied = async {
            tokio::io::AsyncWriteExt::write_all(&mut self.stream, first).await?;
            tokio::io::copy_bidirectional(&mut agent, &mut self.stream).await
        };
        let outcome = match copied.await {
            Ok((sent, received)) => {
                Outcome::Tunnelled { sent_bytes: sent + first.len() as u64, received_bytes: received }
            }
            Err(error) => Outcome::Broken { status: None, error: error.to_string() },
        };
        self.permit.close(outcome);
    }

    /// Gives the tunnel up before a byte has passed.
    pub fn abandon(self, why: String) {
        self.permit.close(Outcome::Unreachable { error: why });
    }
}

/// The wire request: its URI is the permit's destination.
fn request(permit: &Permit, headers: HeaderMap, body: OutBody) -> Result<Request<OutBody>, http::Error> {
    let destination = permit.destination();
    // The Host as received keeps signatures valid (`host` and `host:443` are signed differently); it has been checked to
    // name the permit's authority.
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let authority = host.unwrap_or_else(|| destination.wire_authority());
    let uri = Uri::builder()
        .scheme(destination.scheme.as_str())
        .authority(authority)
        .path_and_query(destination.target.clone())
        .build()?;
    let mut request = Request::builder().method(destination.method.clone()).uri(uri).body(body)?;
    *request.headers_mut() = headers;
    // The client writes Host (HTTP/1) or `:authority` (HTTP/2) from the URI.
    request.headers_mut().remove(header::HOST);
    Ok(request)
}

/// The cause in a chain of errors: what the dialler says, which names the server and the setting that helps, else the
/// bottom of it; the outer ones only say that something failed.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    loop {
        if let Some(dial) = error.downcast_ref::<DialError>() {
            return dial.to_string();
        }
        match error.source() {
            Some(source) => error = source,
            None => return error.to_string(),
        }
    }
}
