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
mod upgrade;

pub use address::AddressRules;
pub use answer::AnswerBody;
pub use dial::{DialError, Dialer};
pub use tls::{Identity, Registration, Servers, TlsError, server_key};
pub use upgrade::{Opened, Switched};

use std::time::Duration;

use http::{HeaderMap, Request, Response, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use self::address::AddressError;
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
    /// For requests that carry credentials of their own: a client certificate beside them would speak for somebody else.
    anonymous: Client<Dialer, OutBody>,
    dialer: Dialer,
}

impl Egress {
    /// Over this dialer; the pool is this value's own and never shared with another session's certificates.
    #[must_use]
    pub fn new(dialer: Dialer) -> Self {
        let pool = |dialer: Dialer| {
            Client::builder(TokioExecutor::new())
                .pool_idle_timeout(IDLE_TIME_MAX)
                .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
                .pool_timer(TokioTimer::new())
                .timer(TokioTimer::new())
                .http2_adaptive_window(true)
                .build(dialer)
        };
        Self { client: pool(dialer.clone()), anonymous: pool(dialer.anonymous()), dialer }
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
        let client = if headers.contains_key(header::AUTHORIZATION) { &self.anonymous } else { &self.client };
        let request = match request(&permit, headers, body) {
            Ok(request) => request,
            Err(error) => return Err(permit.fail(Outcome::Unreachable { error: error.to_string() }, 502)),
        };
        match client.request(request).await {
            Ok(mut answer) => {
                let status = answer.status().as_u16();
                match end_to_end(&mut answer) {
                    Ok(()) => Ok(answer.map(|body| AnswerBody::new(body, permit, status, sent))),
                    Err(why) => Err(permit.fail(Outcome::Broken { status: Some(status), error: why.to_owned() }, 502)),
                }
            }
            Err(error) if error.is_connect() => Err(unreachable(permit, &error)),
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
            Err(error) => Err(unreachable(permit, &error)),
        }
    }
}

/// Not a byte was sent. An address that must not be dialled is a refusal, which nobody should repeat.
fn unreachable(permit: Permit, error: &(dyn std::error::Error + 'static)) -> Refusal {
    let outcome = Outcome::Unreachable { error: innermost(error) };
    let mut cause = Some(error);
    while let Some(this) = cause {
        if this.is::<AddressError>() {
            return permit.fail(outcome, 403);
        }
        cause = this.source();
    }
    permit.fail(outcome, 502)
}

/// Takes out of an answer what speaks of one connection only (RFC 9110, section 7.6.1).
fn end_to_end<B>(answer: &mut Response<B>) -> Result<(), &'static str> {
    if answer.status() == http::StatusCode::SWITCHING_PROTOCOLS {
        return Err("upstream switched protocols without being asked");
    }
    let headers = answer.headers_mut();
    if headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH) {
        return Err("upstream's answer has two lengths");
    }
    // RFC 7838: an alternative service would lead the client around the gate.
    let here = [&header::ALT_SVC, &header::CONNECTION, &header::UPGRADE, &header::PROXY_AUTHENTICATE];
    for name in here {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
    Ok(())
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
