//! The forward proxy's listener: CONNECT, or a plain request in absolute form.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::connect::connect;
use super::serve::serve;
use super::{HttpDoor, answer};
use crate::enforce::Refusal;
use crate::head::authority;
use crate::head::check::{self, Form, HEAD_BYTES_MAX, HEADERS_MAX};
use crate::head::request::Origin;
use crate::identify::Dialect;
use crate::model::Door;
use crate::model::http::{Scheme, Unreadable};
use crate::wire::presence::Attended;
use crate::wire::sentry::Sentry;
use crate::wire::{peer, socket};

/// A connection must say what it wants in this time.
const FIRST_HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How long, and for how much, a closing connection is still read.
const LINGER_TIME_MAX: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// After an accept failed for want of something (file descriptors), give it time to come back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves the listener until the task is dropped.
pub async fn listen(door: Arc<HttpDoor>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // SECURITY: the listener speaks with its owner's identity; other users of this machine get nothing.
                let local = stream.local_addr().unwrap_or(peer);
                if !peer::is_ours(peer, local, rustix::process::getuid().as_raw()) {
                    continue;
                }
                let _ = socket::prepare(&stream);
                tokio::spawn(client(Arc::clone(&door), stream));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// One client connection.
async fn client(door: Arc<HttpDoor>, mut stream: TcpStream) {
    let mut read = BytesMut::new();
    let head = tokio::time::timeout(FIRST_HEAD_TIME_MAX, first_head(&mut stream, &mut read)).await;
    let unreadable = match head {
        Err(_) | Ok(Err(_)) => return,
        Ok(Ok(None)) => Unreadable::status(431, "the request head is larger than 64 KiB"),
        Ok(Ok(Some(end))) => match first(read.get(..end).unwrap_or_default()) {
            Ok(First::Connect(authority)) => {
                read.advance(end);
                return connect(door, stream, authority, read).await;
            }
            Ok(First::Plain) => {
                let origin = Arc::new(Origin { scheme: Scheme::Http, authority: None });
                return serve_http1(door, stream, origin, Form::Proxy, read).await;
            }
            Err(unreadable) => unreadable,
        },
    };
    let refusal = door.gate.reject(&unreadable, None, &door.principal, Door::Http).await;
    let _ = stream.write_all(&last_words(&refusal)).await;
    end(stream).await;
}

/// Reads until the first head is whole; `None` when it grows too large, and at once when it cannot become a head.
async fn first_head(stream: &mut TcpStream, read: &mut BytesMut) -> io::Result<Option<usize>> {
    loop {
        if let Some(end) = check::end_of(read) {
            return Ok(Some(end));
        }
        if read.len() > HEAD_BYTES_MAX {
            return Ok(None);
        }
        // A TLS handshake, or lines that end in a bare LF: answered now, not at the deadline.
        if check::looks_foreign(read) {
            return Ok(Some(read.len()));
        }
        if stream.read_buf(read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

enum First {
    Connect(crate::model::http::Authority),
    Plain,
}

fn first(head: &[u8]) -> Result<First, Unreadable> {
    let checked = check::check(head, Form::Proxy)?;
    if checked.method != "CONNECT" {
        return Ok(First::Plain);
    }
    let target = authority::parse(checked.target, Scheme::Https)?;
    // RFC 9112, section 3.2.3: the target of CONNECT always has a port. Host repeats it where it is sent.
    if !checked.target.ends_with(&format!(":{}", target.port)) {
        return Err(Unreadable::new("a CONNECT without a port"));
    }
    match checked.host.filter(|host| !host.is_empty()).map(|host| authority::parse(host, Scheme::Https)).transpose()? {
        // Some clients send the name alone, whatever the port.
        Some(host) if host.host != target.host => Err(Unreadable::new("CONNECT and Host do not name the same host")),
        _ => Ok(First::Connect(target)),
    }
}

/// Serves HTTP/1.1 behind the strict check; a message that fails it is answered here, after the library is done.
pub(super) async fn serve_http1<S>(door: Arc<HttpDoor>, stream: S, origin: Arc<Origin>, form: Form, read: BytesMut)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sentry, verdict) = Sentry::new(stream, form, read);
    let presence = sentry.presence();
    let claimed = origin.authority.as_ref().map(ToString::to_string);
    let service = {
        let (door, presence) = (Arc::clone(&door), presence.clone());
        service_fn(move |request| {
            let (door, origin, answering) = (Arc::clone(&door), Arc::clone(&origin), presence.answer());
            async move {
                let answer = serve(&door, &origin, request).await?;
                Ok::<_, Infallible>(answer.map(|body| Attended::new(body, answering)))
            }
        })
    };
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        // The sentry has its own deadline; the library's would also close connections that only rest.
        .header_read_timeout(None)
        .max_headers(HEADERS_MAX + 1)
        .preserve_header_case(true)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(sentry), service)
        .without_shutdown();
    let served = tokio::select! {
        served = serving => served,
        () = presence.over() => return,
    };
    let refusal = match verdict.take() {
        Some(unreadable) => Some(door.gate.reject(&unreadable, claimed, &door.principal, Door::Http).await),
        None => None,
    };
    if let Ok(parts) = served {
        let mut stream = parts.io.into_inner().into_inner();
        if let Some(refusal) = refusal {
            let _ = stream.write_all(&last_words(&refusal)).await;
        }
        end(stream).await;
    }
}

/// Says goodbye (inside TLS too, so that the client knows the answer is whole), and reads on for a moment: closing over
/// bytes that were not read resets the connection, and may take the answer with it (RFC 9112, section 9.6).
async fn end(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut unread = stream.take(LINGER_BYTES_MAX);
    let _ = tokio::time::timeout(LINGER_TIME_MAX, tokio::io::copy(&mut unread, &mut tokio::io::sink())).await;
}

/// A refusal as the bytes of a whole HTTP/1.1 response after which the connection closes.
pub(super) fn last_words(refusal: &Refusal) -> Vec<u8> {
    let (parts, body) = answer::answer(Dialect::Problem, &http::Method::GET, refusal).into_parts();
    let mut out = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    for (name, value) in &parts.headers {
        if name != http::header::CONTENT_LENGTH {
            out.extend_from_slice(name.as_str().as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()).as_bytes());
    out.extend_from_slice(&body);
    out
}

/// A stream with bytes that have been read from it already.
#[derive(Debug)]
pub(super) struct Joined<S> {
    first: BytesMut,
    rest: S,
}

impl<S> Joined<S> {
    pub(super) const fn new(first: BytesMut, rest: S) -> Self {
        Self { first, rest }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Joined<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.rest).poll_read(cx, out);
        }
        let here = self.first.len().min(out.remaining());
        out.put_slice(self.first.get(..here).unwrap_or_default());
        self.first.advance(here);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Joined<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.rest).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.rest).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.rest.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.rest).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.rest).poll_shutdown(cx)
    }
}
