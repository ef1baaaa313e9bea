//! The strict check as a stream: stands between the connection and the HTTP/1 library and lets a request's bytes pass
//! only after its head has been checked whole.
//!
//! The bytes are passed on unchanged. When a head fails, the library sees a clean end of input at a message boundary,
//! finishes the answers it owes, and the connection's owner finds the reason in the [`Verdict`] and answers itself.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::chunked::Chunked;
use super::presence::Presence;
use crate::head::check::{self as head, Form, Framing, HEAD_BYTES_MAX};
use crate::model::http::Unreadable;

/// A head must be complete this long after its first byte.
const HEAD_TIME_MAX: Duration = Duration::from_secs(20);
const READ_BYTES: usize = 16 * 1024;
/// So much is read ahead of upstream's answer to an opening; more waits in the socket.
const HELD_BYTES_MAX: usize = 64 * 1024;

/// Where the reason stands when a connection ended because of what was sent on it.
#[derive(Clone, Debug, Default)]
pub struct Verdict(Arc<Mutex<Option<Unreadable>>>);

impl Verdict {
    /// Takes the reason, if there is one.
    #[must_use]
    pub fn take(&self) -> Option<Unreadable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_set(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn set(&self, unreadable: Unreadable) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(unreadable);
    }
}

#[derive(Debug)]
enum State {
    /// Collecting a head in `held`.
    Head,
    /// Bytes up to this many of `held` have been checked and may pass; then the body follows.
    Passing {
        left: usize,
        body: Body,
    },
    Body(Body),
    /// A message that opens another protocol has passed whole: what follows is held back until upstream has agreed,
    /// and never read as HTTP.
    Upgrading,
    /// A head failed: nothing more passes.
    Refused,
}

#[derive(Debug)]
enum Body {
    Length(u64),
    Chunked(Chunked),
}

/// The checking stream.
#[derive(Debug)]
pub struct Sentry<S> {
    inner: S,
    form: Form,
    held: BytesMut,
    state: State,
    deadline: Option<Pin<Box<Sleep>>>,
    verdict: Verdict,
    presence: Presence,
    /// The message that is passing opens another protocol.
    opens: bool,
}

impl<S> Sentry<S> {
    /// Wraps `inner`; `read` is what has been read from it already.
    pub fn new(inner: S, form: Form, read: BytesMut) -> (Self, Verdict) {
        let verdict = Verdict::default();
        let (state, presence) = (State::Head, Presence::default());
        let held = read;
        let opens = false;
        let sentry = Self { inner, form, held, state, deadline: None, verdict: verdict.clone(), presence, opens };
        (sentry, verdict)
    }

    /// What tells whether the client still waits.
    #[must_use]
    pub fn presence(&self) -> Presence {
        self.presence.clone()
    }

    /// The connection, to write the last answer on it, or for what it has become; and the bytes of it that were read
    /// and held back.
    pub fn into_parts(self) -> (S, BytesMut) {
        (self.inner, self.held)
    }

    /// Checks the head at the start of `held`, if it is whole.
    fn take_head(&mut self) -> Result<bool, Unreadable> {
        let Some(end) = head::end_of(&self.held) else {
            return if self.held.len() > HEAD_BYTES_MAX {
                Err(Unreadable::status(431, "the request head is larger than 64 KiB"))
            } else if head::looks_foreign(&self.held) {
                Err(Unreadable::new("this is not an HTTP/1.1 request head with CRLF line ends"))
            } else {
                Ok(false)
            };
        };
        let bytes = self.held.get(..end).unwrap_or_default();
        let checked = head::check(bytes, self.form)?;
        self.opens = checked.upgrade.is_some();
        let body = match checked.framing {
            Framing::Empty => Body::Length(0),
            Framing::Length(length) => Body::Length(length),
            Framing::Chunked => Body::Chunked(Chunked::default()),
        };
        self.state = State::Passing { left: end, body };
        self.deadline = None;
        Ok(true)
    }

    /// What comes after a whole message.
    const fn after(&self) -> State {
        if self.opens { State::Upgrading } else { State::Head }
    }

    fn refuse(&mut self, unreadable: Unreadable) {
        self.verdict.set(unreadable);
        self.state = State::Refused;
        self.deadline = None;
    }
}

impl Body {
    /// How many of `bytes` belong to this body, and whether it ends there.
    fn take(&mut self, bytes: &[u8]) -> Result<(usize, bool), Unreadable> {
        match self {
            Self::Length(left) => {
                let here = u64::try_from(bytes.len()).unwrap_or(u64::MAX).min(*left);
                *left -= here;
                Ok((usize::try_from(here).unwrap_or(usize::MAX), *left == 0))
            }
            Self::Chunked(scanner) => {
                let taken = scanner.scan(bytes)?;
                Ok((taken, scanner.is_done()))
            }
        }
    }

    const fn is_empty(&self) -> bool {
        matches!(self, Self::Length(0))
    }
}

impl<S: AsyncRead + Unpin> Sentry<S> {
    /// Reads more of a head into `held`; `false` is the end of input.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if !self.held.is_empty() {
            let deadline =
                self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + HEAD_TIME_MAX)));
            if deadline.as_mut().poll(cx).is_ready() {
                self.refuse(Unreadable::status(408, "the request head did not arrive in time"));
                return Poll::Ready(Ok(false));
            }
        }
        let mut chunk = [0; READ_BYTES];
        let mut buffer = ReadBuf::new(&mut chunk);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buffer))?;
        self.held.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(!buffer.filled().is_empty()))
    }

    /// Lets bytes of a body pass: from `held` first, else straight from the connection into `out`.
    fn poll_body(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let State::Body(body) = &mut self.state else { return Poll::Ready(Ok(())) };
        let before = out.filled().len();
        let from_held = !self.held.is_empty();
        if from_held {
            let here = self.held.len().min(out.remaining());
            out.put_slice(self.held.get(..here).unwrap_or_default());
        } else {
            ready!(Pin::new(&mut self.inner).poll_read(cx, out))?;
        }
        let fresh = out.filled().get(before..).unwrap_or_default();
        let (taken, done) = match body.take(fresh) {
            Ok(result) => result,
            Err(unreadable) => {
                // The request that this body belongs to is being served: who reads the body answers and records it, and a
                // verdict here would be a second answer to one request.
                self.state = State::Refused;
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, unreadable.why)));
            }
        };
        if from_held {
            self.held.advance(taken);
        } else {
            // What follows this message is the next head: it is held back until it has been checked.
            self.held.extend_from_slice(fresh.get(taken..).unwrap_or_default());
        }
        out.set_filled(before + taken);
        if done {
            self.state = self.after();
        }
        Poll::Ready(Ok(()))
    }

    /// Notices that the client goes away. SECURITY: what it sends meanwhile goes to nobody: it is part of the new
    /// protocol if upstream agrees, and dropped with the connection if it does not (RUSTSEC-2026-0033 passed it on).
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.held.len() < HELD_BYTES_MAX {
            let mut chunk = [0; READ_BYTES];
            let mut buffer = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.held.extend_from_slice(buffer.filled());
        }
        // Whoever waits for upstream's answer wakes the connection.
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Sentry<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            match &mut this.state {
                State::Refused => return Poll::Ready(Ok(())),
                State::Head => match this.take_head() {
                    Ok(true) => {}
                    Ok(false) => {
                        if !ready!(this.poll_more(cx))? {
                            let is_between = this.held.is_empty() && matches!(this.state, State::Head);
                            return if is_between { this.presence.poll_end(cx).map(Ok) } else { Poll::Ready(Ok(())) };
                        }
                    }
                    Err(unreadable) => this.refuse(unreadable),
                },
                State::Passing { left, body } => {
                    let here = (*left).min(out.remaining());
                    out.put_slice(this.held.get(..here).unwrap_or_default());
                    this.held.advance(here);
                    *left -= here;
                    if *left == 0 {
                        let body = std::mem::replace(body, Body::Length(0));
                        this.state = if body.is_empty() { this.after() } else { State::Body(body) };
                    }
                    return Poll::Ready(Ok(()));
                }
                State::Body(_) => return this.poll_body(cx, out),
                State::Upgrading => return this.poll_gone(cx),
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Sentry<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.presence.writes();
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.presence.writes();
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The last answer is still to be written by the connection's owner.
        if self.verdict.is_set() {
            Pin::new(&mut self.inner).poll_flush(cx)
        } else {
            Pin::new(&mut self.inner).poll_shutdown(cx)
        }
    }
}

#[cfg(test)]
mod tests;
