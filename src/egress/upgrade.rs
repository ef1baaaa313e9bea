//! An opening of another protocol on its way: a connection of its own, HTTP/1.1 only, that becomes what was permitted or
//! answers like any other.
//!
//! SECURITY: not a byte that the agent sent after its opening goes upstream before upstream has agreed to the very
//! protocol that was judged; [`Switched::splice`] is the only way there. Where the opening says what streams will carry,
//! the agent is held to it there ([`super::channels`]).

use http::header::{self, HeaderName, HeaderValue};
use http::{Extensions, HeaderMap, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::channels::Follower;
use super::conversation::Conversation;
use super::exchange::{AnswerBody, Exchange};
use super::splice::Splice;
use super::{Egress, end_to_end, innermost, repeatable, unreachable};
use crate::enforce::{Permit, Refusal};
use crate::identify::{Channels, Framing, Offer, Subprotocol};
use crate::model::http::Upgrade;
use crate::record::Outcome;
use crate::wire::intake::OutBody;

/// What came of an opening.
#[derive(Debug)]
pub enum Opened {
    /// Upstream agreed: its answer, without a body, and what the connection has become.
    Switched(Response<()>, Switched),
    /// The same, where every message needs a permit of its own.
    Conversing(Response<()>, Conversation),
    /// It answered as if nobody had asked.
    Answered(Response<AnswerBody>),
}

/// A connection that has become another protocol; nothing has passed through it yet.
#[derive(Debug)]
pub struct Switched {
    stream: TokioIo<Upgraded>,
    permit: Permit,
    sent_bytes: u64,
    /// Holds the client to what the opening asked for.
    follower: Option<Box<Follower>>,
}

impl Egress {
    /// Sends the permitted opening.
    ///
    /// # Errors
    /// Upstream cannot be reached, does not speak HTTP/1.1, or agreed to something else; the permit is closed.
    pub async fn upgrade(
        &self,
        permit: Permit,
        headers: HeaderMap,
        extensions: Extensions,
        body: OutBody,
    ) -> Result<Opened, Refusal> {
        let Some(upgrade) = permit.destination().upgrade else {
            return Err(permit.fail(Outcome::Unreachable { error: "no upgrade was permitted".to_owned() }, 502));
        };
        let (permit_offer, channels) = (permit.destination().offer, permit.destination().channels.clone());
        let sent = body.sent();
        let identified = !headers.contains_key(header::AUTHORIZATION);
        let dialer = if identified { self.dialer.clone() } else { self.dialer.anonymous() }.http1();
        let (scheme, target) = (permit.destination().scheme, permit.destination().authority.clone());
        let request = match request(&permit, headers, extensions, upgrade) {
            Ok(request) => request,
            Err(error) => return Err(permit.fail(Outcome::Unreachable { error: error.to_string() }, 502)),
        };
        let upstream = match dialer.line(scheme, &target).await {
            Ok(upstream) => upstream,
            Err(error) => return Err(permit.fail(unreachable(&error), repeatable(&error))),
        };
        let exchange = Exchange::begin(permit, sent.clone());
        let broken = |status, error: String| exchange.fail(Outcome::Broken { status, error }, 502);
        let client = hyper::client::conn::http1::Builder::new().preserve_header_case(true).handshake(upstream).await;
        let (mut sender, connection) = client.map_err(|error| broken(None, innermost(&error)))?;
        // It ends when the answer has been read, or nobody waits for it any more.
        tokio::spawn(connection.with_upgrades());
        let answer = sender.send_request(request.map(|()| exchange.send(body))).await;
        let mut answer = answer.map_err(|error| broken(None, innermost(&error)))?;
        let status = answer.status().as_u16();
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return match end_to_end(&mut answer) {
                Ok(()) => Ok(Opened::Answered(answer.map(|body| exchange.answer(body, status)))),
                Err(why) => Err(broken(Some(status), why.to_owned())),
            };
        }
        if !agrees(answer.headers(), upgrade) {
            let why = "upstream switched to another protocol than it was asked for".to_owned();
            return Err(broken(Some(status), why));
        }
        let spoken = match permit_offer.map(|offer| spoken(answer.headers(), offer)).transpose() {
            Ok(spoken) => spoken,
            Err(why) => return Err(broken(Some(status), why.to_owned())),
        };
        let framing = match &channels {
            Some(channels) if spoken.is_none() => framing(answer.headers(), channels, upgrade),
            _ => Ok(None),
        };
        let framing = framing.map_err(|why| broken(Some(status), why.to_owned()))?;
        let follower = channels.zip(framing).map(|(channels, framing)| Box::new(Follower::new(&channels, framing)));
        let (said, answer) = agreed(answer, upgrade);
        let stream = hyper::upgrade::on(answer).await.map_err(|error| broken(Some(status), innermost(&error)))?;
        let permit = exchange.permit().ok_or_else(|| broken(Some(status), "its record was closed".to_owned()))?;
        let stream = TokioIo::new(stream);
        Ok(match spoken {
            Some(subprotocol) => Opened::Conversing(said, Conversation::new(stream, permit, subprotocol)),
            None => Opened::Switched(said, Switched { stream, permit, sent_bytes: sent.get(), follower }),
        })
    }
}

/// The request as a connection of its own carries it: in origin-form, and with what it asks for.
fn request(
    permit: &Permit,
    mut headers: HeaderMap,
    extensions: Extensions,
    upgrade: Upgrade,
) -> Result<Request<()>, http::Error> {
    let destination = permit.destination();
    if !headers.contains_key(header::HOST) {
        headers.insert(header::HOST, HeaderValue::try_from(destination.wire_authority())?);
    }
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static(upgrade.as_str()));
    if destination.offer.is_some() || destination.channels.is_some() {
        // Compressed messages could not be read as they came.
        headers.remove(header::SEC_WEBSOCKET_EXTENSIONS);
    }
    let uri = Uri::from(destination.target.clone());
    let mut request = Request::builder().method(destination.method.clone()).uri(uri).body(())?;
    *request.headers_mut() = headers;
    *request.extensions_mut() = extensions;
    Ok(request)
}

/// Whether the answer names what was asked for, once and alone.
fn agrees(headers: &HeaderMap, upgrade: Upgrade) -> bool {
    let mut named = headers.get_all(header::UPGRADE).iter();
    let one =
        named.next().and_then(|value| value.to_str().ok()).is_some_and(|name| Upgrade::parse(name) == Some(upgrade));
    one && named.next().is_none()
}

/// The subprotocol that upstream picked out of the offer, where its messages can be read.
fn spoken(headers: &HeaderMap, offer: Offer) -> Result<Subprotocol, &'static str> {
    if headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS) {
        return Err(EXTENDED);
    }
    let mut named = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let one = named.next().and_then(|value| Subprotocol::parse(value.to_str().ok()?.trim()));
    one.filter(|one| offer.has(*one) && named.next().is_none())
        .ok_or("upstream picked no subprotocol of GraphQL, so that nothing said there could be judged")
}

const EXTENDED: &str = "upstream agreed to a WebSocket extension that it was not offered";

/// How the client's streams are followed, by what upstream picked.
fn framing(headers: &HeaderMap, channels: &Channels, upgrade: Upgrade) -> Result<Option<Framing>, &'static str> {
    if upgrade == Upgrade::WebSocket && headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS) {
        return Err(EXTENDED);
    }
    let named = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let named: Vec<&str> = named.map(|value| value.to_str().map_or("?", str::trim)).collect();
    channels.framing(&named)
}

/// The answer for the agent: its end-to-end headers, and that the connection switches.
fn agreed(answer: Response<Incoming>, upgrade: Upgrade) -> (Response<()>, Response<Incoming>) {
    let mut said = Response::new(());
    *said.status_mut() = answer.status();
    let here = [
        header::ALT_SVC,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::PROXY_AUTHENTICATE,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
    ];
    for (name, value) in answer.headers().iter().filter(|(name, _)| !here.contains(name)) {
        said.headers_mut().append(name, value.clone());
    }
    said.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    said.headers_mut().insert(header::UPGRADE, HeaderValue::from_static(upgrade.as_str()));
    (said, answer)
}

impl Switched {
    /// Passes `first` (bytes already read from the agent), then both directions until both have ended. Gives whether the
    /// agent was cut off, and may still be sending.
    pub async fn splice<S: AsyncRead + AsyncWrite + Unpin>(self, agent: S, first: &[u8]) -> bool {
        let Self { mut stream, permit, sent_bytes, follower } = self;
        let mut splice = Splice::new(agent, permit, sent_bytes, follower);
        splice.pass(first, &mut stream).await;
        let is_cut = splice.is_cut();
        if is_cut {
            // Upstream first: what it was told is not whole.
            drop(stream);
            splice.tell().await;
        }
        is_cut
    }

    /// Gives the connection up before a byte has passed.
    pub fn abandon(self, why: String) {
        self.permit.close(Outcome::Broken { status: Some(101), error: why });
    }
}
