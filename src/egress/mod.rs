//! The only module that dials for an agent: resolve, check the address, connect, verify, send.
//!
//! Where a request goes and what it asks for come from its [`Permit`], never from the caller: a permit for one thing
//! cannot send another.
//!
//! Without a permit nothing is sent:
//! ```compile_fail,E0061
//! # async fn no_permit(egress: &blastgate::egress::Egress, head: http::HeaderMap, body: blastgate::wire::intake::OutBody) {
//! egress.send(head, http::Extensions::new(), body).await;
//! # }
//! ```
//! and a permit sends once:
//! ```compile_fail,E0382
//! # async fn twice(egress: &blastgate::egress::Egress, permit: blastgate::enforce::Permit, head: http::HeaderMap,
//! #   a: blastgate::wire::intake::OutBody, b: blastgate::wire::intake::OutBody) {
//! egress.send(permit, head.clone(), http::Extensions::new(), a).await;
//! egress.send(permit, head, http::Extensions::new(), b).await;
//! # }
//! ```

mod address;
mod channels;
mod conversation;
mod dial;
mod exchange;
mod splice;
mod stream;
mod tls;
mod upgrade;

pub use address::AddressRules;
pub use conversation::{Conversation, Heard, Listening, Opening, Own, Question, Speaking};
pub use dial::{DialError, Dialer};
pub use exchange::{AnswerBody, SendBody};
pub use stream::{Carrier, Line, Upstream};
pub use tls::{Identity, Registration, Servers, TlsError, server_key};
pub use upgrade::{Opened, Switched};

pub use crate::outbound::{Proxies, ProxyError};

use std::time::Duration;

use http::header::{self, HeaderName};
use http::{Extensions, HeaderMap, Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use self::exchange::Exchange;
use self::splice::Splice;
use crate::enforce::{Permit, Refusal};
use crate::head::authority;
use crate::record::Outcome;
use crate::wire::intake::OutBody;

/// An unused upstream connection is kept this long: shorter than what servers commonly allow (60–75 s).
const IDLE_TIME_MAX: Duration = Duration::from_secs(50);
const IDLE_PER_HOST_MAX: usize = 64;
/// How much of one HTTP/2 answer, and of all answers of a connection, may wait for their readers. Not sized by the library as
/// it goes: it takes a server for hostile when more small pieces wait than half of the latter has room for at 256 bytes each.
/// A model's answer comes in small pieces, and its reader may rest for a moment.
const WINDOW_BYTES: u32 = 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 64 * 1024 * 1024;

/// Sends what has a permit.
#[derive(Clone, Debug)]
pub struct Egress {
    client: Client<Dialer, SendBody>,
    /// For requests that carry credentials of their own: a client certificate beside them would speak for somebody else.
    anonymous: Client<Dialer, SendBody>,
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
                .http1_preserve_header_case(true)
                .http2_initial_stream_window_size(WINDOW_BYTES)
                .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
                .build(dialer)
        };
        Self { client: pool(dialer.clone()), anonymous: pool(dialer.anonymous()), dialer }
    }

    /// Sends the permitted request with these headers and this body. `extensions` are the received request's own: they hold
    /// how its headers were spelled. The permit is closed when both bodies have ended.
    ///
    /// # Errors
    /// Upstream cannot be reached or does not speak HTTP; the permit is closed with what is known.
    pub async fn send(
        &self,
        permit: Permit,
        headers: HeaderMap,
        extensions: Extensions,
        body: OutBody,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let client = if headers.contains_key(header::AUTHORIZATION) { &self.anonymous } else { &self.client };
        let (scheme, target) = (permit.destination().scheme, permit.destination().authority.clone());
        let request = match self.request(&permit, headers, extensions) {
            Ok(request) => request,
            Err(error) => return Err(permit.fail(Outcome::Unreachable { error: error.to_string() }, 502)),
        };
        let exchange = Exchange::begin(permit, body.sent());
        let request = request.map(|()| exchange.send(body));
        let broken = |status, error: String| exchange.fail(Outcome::Broken { status, error }, 502);
        match client.request(request).await {
            Ok(mut answer) => {
                let status = answer.status().as_u16();
                if let Some(error) = self.dialer.proxy_refusal(scheme, &target, status) {
                    return Err(exchange.fail(Outcome::Unreachable { error: error.to_string() }, 403));
                }
                match end_to_end(&mut answer) {
                    Ok(()) => Ok(answer.map(|body| exchange.answer(body, status))),
                    Err(why) => Err(broken(Some(status), why.to_owned())),
                }
            }
            Err(error) if error.is_connect() => Err(exchange.fail(unreachable(&error), repeatable(&error))),
            Err(error) => Err(broken(None, innermost(&error))),
        }
    }

    /// Connects the permitted tunnel. Nothing has been sent when this returns.
    ///
    /// # Errors
    /// Upstream cannot be reached; the permit is closed.
    pub async fn tunnel(&self, permit: Permit) -> Result<Tunnel, Refusal> {
        let authority = permit.destination().authority.clone();
        match self.dialer.tunnel(&authority).await {
            Ok(line) => Ok(Tunnel { line, permit }),
            Err(error) => Err(permit.fail(unreachable(&error), repeatable(&error))),
        }
    }

    /// The wire request: its URI is the permit's destination.
    fn request(
        &self,
        permit: &Permit,
        mut headers: HeaderMap,
        extensions: Extensions,
    ) -> Result<Request<()>, http::Error> {
        let destination = permit.destination();
        if let Some(credentials) = self.dialer.proxy_credentials(destination.scheme, &destination.authority) {
            headers.insert(header::PROXY_AUTHORIZATION, credentials);
        }
        // The Host as received keeps signatures valid (`host` and `host:443` are signed differently), as long as it names
        // whom the permit names.
        let names_it =
            |host: &&str| authority::parse(host, destination.scheme).is_ok_and(|host| host == destination.authority);
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).filter(names_it);
        let authority = host.map_or_else(|| destination.wire_authority(), str::to_owned);
        let uri = Uri::builder()
            .scheme(destination.scheme.as_str())
            .authority(authority)
            .path_and_query(destination.target.clone())
            .build()?;
        let mut request = Request::builder().method(destination.method.clone()).uri(uri).body(())?;
        *request.headers_mut() = headers;
        *request.extensions_mut() = extensions;
        Ok(request)
    }
}

/// Not a byte was sent.
fn unreachable(error: &(dyn std::error::Error + 'static)) -> Outcome {
    Outcome::Unreachable { error: innermost(error) }
}

/// The status for what could not be dialled: a no that stays a no is a refusal, which nobody should repeat.
fn repeatable(error: &(dyn std::error::Error + 'static)) -> u16 {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    if causes.any(|cause| cause.downcast_ref::<DialError>().is_some_and(DialError::is_final)) { 403 } else { 502 }
}

/// What speaks of one connection only (RFC 9110, section 7.6.1), and RFC 7838's alternative services, which would lead
/// the client around the gate.
static ENDS_HERE: [HeaderName; 6] = [
    header::ALT_SVC,
    header::CONNECTION,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Takes out of an answer what ends here; the rest stays in its order (removing one by one would reorder it).
fn end_to_end<B>(answer: &mut Response<B>) -> Result<(), &'static str> {
    if answer.status() == http::StatusCode::SWITCHING_PROTOCOLS {
        return Err("upstream switched protocols without being asked");
    }
    let headers = answer.headers_mut();
    if headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH) {
        return Err("upstream's answer has two lengths");
    }
    if !headers.keys().any(|name| ENDS_HERE.contains(name)) {
        return Ok(());
    }
    let mut last = None;
    for (name, value) in std::mem::take(headers) {
        last = name.or(last);
        if let Some(name) = last.as_ref().filter(|name| !ENDS_HERE.contains(name)) {
            headers.append(name, value);
        }
    }
    Ok(())
}

/// A connected tunnel that nothing has passed through yet.
#[derive(Debug)]
pub struct Tunnel {
    line: Line,
    permit: Permit,
}

impl Tunnel {
    /// Passes `first` (bytes already read from the agent), then both directions until both have ended.
    pub async fn splice<S: AsyncRead + AsyncWrite + Unpin>(self, agent: S, first: &[u8]) {
        let Self { mut line, permit } = self;
        Splice::new(agent, permit, 0, None).pass(first, &mut line).await;
    }

    /// Gives the tunnel up before a byte has passed.
    pub fn abandon(self, why: String) {
        self.permit.close(Outcome::Unreachable { error: why });
    }
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
