//! A connection that speaks HTTP: the strict check, the library behind it, and how it ends.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::listen::Ending;
use super::serve::serve;
use super::upgrade::{self, Slot};
use super::{Visit, answer};
use crate::enforce::Refusal;
use crate::head::check::{Form, HEADERS_MAX};
use crate::head::request::Origin;
use crate::identify::Dialect;
use crate::model::Door;
use crate::wire::presence::{Attended, Presence};
use crate::wire::sentry::Sentry;

/// How long, and for how much, a closing connection is still read.
const LINGER_TIME_MAX: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// A connection on which nothing is asked for this long is closed: longer than clients commonly keep one for.
const IDLE_TIME_MAX: Duration = Duration::from_secs(600);
/// How often an HTTP/2 client is asked whether it is still there, and how long it may take to say so.
const PING_EVERY: Duration = Duration::from_secs(60);
const PONG_TIME_MAX: Duration = Duration::from_secs(20);
/// A connection that rests is closed this long after its gate began to drain: its client may be sending just now, and
/// the answer to that says that it is the last.
const RESTING_TIME_MAX: Duration = Duration::from_secs(3);
/// As Envoy's edge defaults.
const STREAMS_MAX: u32 = 100;
const HEADER_LIST_BYTES_MAX: u32 = 64 * 1024;
/// How much of one body, and of all bodies of a connection, may wait here. Not sized by the library as it goes: it takes a
/// connection for hostile when more small pieces wait than half of the latter has room for at 256 bytes each, and a window
/// that is too small ends honest streams of small messages when their reader is slow for a moment.
const WINDOW_BYTES: u32 = 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 64 * 1024 * 1024;

/// Serves HTTP/1.1 behind the strict check; a message that fails it is answered here, after the library is done.
pub(super) async fn serve_http1<S>(visit: Visit, stream: S, origin: Arc<Origin>, form: Form, read: BytesMut)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sentry, verdict) = Sentry::new(stream, form, read);
    let presence = sentry.presence();
    let target = origin.authority.clone();
    let slot = Slot::default();
    let service = {
        let (visit, presence, slot) = (visit.clone(), presence.clone(), slot.clone());
        service_fn(move |request| {
            let (visit, origin, slot) = (visit.clone(), Arc::clone(&origin), slot.clone());
            let answering = presence.answer();
            // On the heap: what is polled by hand must not move.
            Box::pin(async move {
                let answer = serve(&visit, &origin, &slot, request).await?;
                Ok::<_, Infallible>(answer.map(|body| Attended::new(body, answering)))
            })
        })
    };
    let mut connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        // The sentry has its own deadline; the library's would also close connections that only rest.
        .header_read_timeout(None)
        .max_headers(HEADERS_MAX + 1)
        .preserve_header_case(true)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(sentry), service);
    let mut ending = visit.entrance.ending.clone();
    let served = tokio::select! {
        served = poll_fn(|cx| connection.poll_without_shutdown(cx)) => served,
        () = presence.over() => return,
        () = enough(&mut ending, &presence) => {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|cx| connection.poll_without_shutdown(cx)).await
        }
    };
    if let Some(next) = slot.take() {
        return match served {
            Ok(()) => {
                let parts = connection.into_parts();
                let (stream, held) = parts.io.into_inner().into_parts();
                // The sentry gave the library nothing behind the opening.
                debug_assert!(parts.read_buf.is_empty(), "bytes behind an opening reached the library");
                upgrade::join(next, stream, held).await;
            }
            Err(error) => next.abandon(error.to_string()),
        };
    }
    let refusal = match verdict.take() {
        Some(unreadable) => {
            let principal = visit.principal();
            let claimed = target.as_ref().map(ToString::to_string);
            Some(visit.gate.reject(&unreadable, claimed, &principal, Door::Http).await)
        }
        None => None,
    };
    if served.is_ok() {
        let mut stream = connection.into_parts().io.into_inner().into_parts().0;
        if let Some(refusal) = refusal {
            let _ = stream.write_all(&last_words(visit.dialect(target.as_ref()), &refusal)).await;
        }
        end(stream).await;
    }
}

/// Ends when this connection should take nothing more: its gate drains, or its client asks for nothing.
async fn enough(ending: &mut Ending, presence: &Presence) {
    let drained = async {
        ending.near().await;
        tokio::time::sleep(RESTING_TIME_MAX).await;
    };
    tokio::select! {
        () = drained => {}
        () = presence.resting(IDLE_TIME_MAX) => {}
    }
}

/// Serves HTTP/2 inside an opened tunnel.
pub(super) async fn serve_http2<S>(visit: Visit, stream: S, origin: Arc<Origin>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut ending = visit.entrance.ending.clone();
    // HTTP/2 has no upgrades, and its extended CONNECT (RFC 8441) is not offered: nothing is ever put there.
    let slot = Slot::default();
    let service = service_fn(move |request| {
        let (visit, origin) = (visit.clone(), Arc::clone(&origin));
        let slot = slot.clone();
        async move { serve(&visit, &origin, &slot, request).await }
    });
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PONG_TIME_MAX)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_LIST_BYTES_MAX)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // What ends a connection (the client going away, a protocol error that the library answers) concerns nobody.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = ending.near() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Says goodbye (inside TLS too, so that the client knows the answer is whole), and reads on for a moment: closing over
/// bytes that were not read resets the connection, and may take the answer with it (RFC 9112, section 9.6).
pub(super) async fn end(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut unread = stream.take(LINGER_BYTES_MAX);
    let _ = tokio::time::timeout(LINGER_TIME_MAX, tokio::io::copy(&mut unread, &mut tokio::io::sink())).await;
}

/// A refusal as the bytes of a whole HTTP/1.1 response after which the connection closes.
pub(super) fn last_words(dialect: Dialect, refusal: &Refusal) -> Vec<u8> {
    let (parts, body) = answer::answer(dialect, &http::Method::GET, refusal).into_parts();
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

impl<S: AsyncRead + Unpin> Joined<S> {
    /// The next byte, which stays to be read; `None` at the end.
    pub(super) async fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.first.is_empty() {
            self.rest.read_buf(&mut self.first).await?;
        }
        Ok(self.first.first().copied())
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
