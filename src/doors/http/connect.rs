//! A CONNECT: opened with our own certificate, read as it is where it carries plain HTTP to another port than 443, or, for
//! what an agent needs to live and what the operator names, passed unopened.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use http::Method;
use rustls::server::{Acceptor, ClientHello};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::callers::Caller;
use super::connection::{Joined, last_words, serve_http1, serve_http2};
use super::{HttpDoor, Visit};
use crate::approvals::Received;
use crate::enforce::{self, Carried, Destination, Refusal};
use crate::head::check::Form;
use crate::head::request::Origin;
use crate::identify;
use crate::model::http::{Authority, Captured, Scheme, Unreadable};
use crate::model::{Door, Evidence, Said};

const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
/// For the client's side of a TLS handshake.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(20);
/// A ClientHello is one or two records; post-quantum key shares make it large.
const HELLO_BYTES_MAX: usize = 64 * 1024;

/// A CONNECT: for whom, and what the agent says about it.
pub(super) struct Asked {
    pub(super) authority: Authority,
    pub(super) said: Said,
}

/// Carries out a CONNECT; `first` are bytes that came behind its head. What is said about it is said about a tunnel that
/// stays closed: in an opened one each request speaks for itself.
pub(super) async fn connect<S>(visit: Visit, stream: S, asked: Asked, first: BytesMut)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some(caller) = visit.caller.clone() else { return };
    if visit.is_unopened(&asked.authority.host) {
        pass_unopened(&visit, &caller, stream, asked, first).await;
    } else {
        let authority = asked.authority;
        let mut stream = Joined::new(first, stream);
        if stream.write_all(ESTABLISHED).await.is_err() {
            return;
        }
        // Most clients go to `ws://` through a tunnel, and some to `http://`.
        match tokio::time::timeout(HANDSHAKE_TIME_MAX, stream.peek()).await {
            Ok(Ok(Some(first))) if first.is_ascii_uppercase() && authority.port != Scheme::Https.default_port() => {
                let origin = Arc::new(Origin { scheme: Scheme::Http, ..Origin::tunnel(authority) });
                serve_http1(visit, stream, origin, Form::Origin, BytesMut::new()).await;
            }
            Ok(Ok(Some(_))) => open(visit, stream, authority).await,
            Ok(Ok(None) | Err(_)) | Err(_) => {}
        }
    }
}

/// Tells the agent no on a connection that speaks no TLS yet.
async fn say_no(mut stream: impl AsyncWrite + Unpin, refusal: &Refusal) {
    let _ = stream.write_all(&last_words(identify::Dialect::Problem, refusal)).await;
    let _ = stream.shutdown().await;
}

async fn pass_unopened<S>(door: &HttpDoor, caller: &Caller, mut stream: S, asked: Asked, first: BytesMut)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Asked { authority, said } = asked;
    let request = enforce::Request {
        identified: identify::tunnel(&authority),
        principal: caller.principal.clone(),
        door: Door::Http,
        evidence: Evidence::Observed,
        said,
    };
    let to = (Scheme::Https, authority.clone());
    let received = Received::Http { method: Method::CONNECT, to, target: None, body: Captured::Unread };
    let decided = door.gate.decide(request).received(received);
    let permit = match door.gate.clear(decided, Destination::tunnel(authority.clone()), Carried::Nothing).await {
        Ok(permit) => permit,
        Err(refusal) => return say_no(stream, &refusal).await,
    };
    let tunnel = match caller.reach.egress.tunnel(permit).await {
        Ok(tunnel) => tunnel,
        Err(refusal) => return say_no(stream, &refusal).await,
    };
    if let Err(error) = stream.write_all(ESTABLISHED).await {
        return tunnel.abandon(error.to_string());
    }
    // SECURITY: the name inside must be the name that was judged, else a lifeline's host would front for another.
    let hello = tokio::time::timeout(HANDSHAKE_TIME_MAX, hello_of(&mut stream, first, &authority)).await;
    match hello.unwrap_or_else(|_| Err(NoHello::Gone("no TLS handshake began".to_owned()))) {
        Ok(read) => tunnel.splice(stream, &read).await,
        // Clients open connections that they then do not need.
        Err(NoHello::Gone(why)) => tunnel.abandon(why),
        Err(NoHello::Wrong(why)) => {
            tunnel.abandon(why.clone());
            let target = Some(authority.to_string());
            let _ = door.gate.reject(&Unreadable::new(why), target, &caller.principal, Door::Http).await;
        }
    }
}

/// Why a tunnel that is not opened carries nothing.
enum NoHello {
    /// The client went away, or said nothing.
    Gone(String),
    /// What it said must not pass.
    Wrong(String),
}

/// Reads the ClientHello without answering it; gives back the bytes read.
async fn hello_of(
    stream: &mut (impl AsyncRead + Unpin),
    mut read: BytesMut,
    authority: &Authority,
) -> Result<BytesMut, NoHello> {
    let mut acceptor = Acceptor::default();
    let mut fed = 0;
    loop {
        while let Some(mut fresh) = read.get(fed..).filter(|fresh| !fresh.is_empty()) {
            fed += acceptor.read_tls(&mut fresh).map_err(|error| NoHello::Wrong(error.to_string()))?;
            match acceptor.accept() {
                Ok(Some(accepted)) => {
                    return check_name(&accepted.client_hello(), authority).map(|()| read).map_err(NoHello::Wrong);
                }
                Ok(None) => {}
                Err((error, _)) => {
                    return Err(NoHello::Wrong(format!("what came through the tunnel is not TLS: {error}")));
                }
            }
        }
        if read.len() > HELLO_BYTES_MAX {
            return Err(NoHello::Wrong("the ClientHello is larger than 64 KiB".to_owned()));
        }
        match stream.read_buf(&mut read).await {
            Ok(0) => return Err(NoHello::Gone("the agent closed before its TLS handshake".to_owned())),
            Ok(_) => {}
            Err(error) => return Err(NoHello::Gone(error.to_string())),
        }
    }
}

/// CONNECT name = server name. An address has no server name (RFC 6066, section 3).
fn check_name(hello: &ClientHello<'_>, authority: &Authority) -> Result<(), String> {
    match (hello.server_name(), authority.address()) {
        (None, Some(_)) => Ok(()),
        (Some(name), None) if name.eq_ignore_ascii_case(&authority.host) => Ok(()),
        (None, None) => Err("the TLS handshake names no server, the tunnel does".to_owned()),
        (Some(_), _) => Err("the TLS handshake and the tunnel do not name the same server".to_owned()),
    }
}

/// Opens the tunnel and serves what is inside.
async fn open<S>(visit: Visit, stream: Joined<S>, authority: Authority)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let tls = match tokio::time::timeout(HANDSHAKE_TIME_MAX, handshake(&visit, stream, &authority)).await {
        Ok(Ok(tls)) => tls,
        Ok(Err(Handshake::Unreadable(why))) => {
            let target = Some(authority.to_string());
            let _ = visit.gate.reject(&Unreadable::new(why), target, &visit.principal(), Door::Http).await;
            return;
        }
        Ok(Err(Handshake::Distrust)) => return visit.gate.distrusted(&authority.host),
        Ok(Err(Handshake::Gone)) | Err(_) => return,
    };
    let is_http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
    let origin = Arc::new(Origin::tunnel(authority));
    if is_http2 {
        serve_http2(visit, tls, origin).await;
    } else {
        serve_http1(visit, tls, origin, Form::Origin, BytesMut::new()).await;
    }
}

enum Handshake {
    Unreadable(String),
    /// The client ended the handshake when it saw our certificate.
    Distrust,
    Gone,
}

async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    door: &HttpDoor,
    stream: S,
    authority: &Authority,
) -> Result<TlsStream<S>, Handshake> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => {
            Handshake::Unreadable(format!("what came through the tunnel is not TLS: {error}"))
        }
        _ => Handshake::Gone,
    })?;
    check_name(&start.client_hello(), authority).map_err(Handshake::Unreadable)?;
    let now = door.gate.clock().now();
    let config = door.leaves.config(&authority.host, now).map_err(|_| Handshake::Gone)?;
    start.into_stream(config).await.map_err(|error| match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::AlertReceived(_)) => Handshake::Distrust,
        _ => Handshake::Gone,
    })
}
