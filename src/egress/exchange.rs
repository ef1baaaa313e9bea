//! One request and its answer under way: both stream and count, and the permit is closed when both have ended.
//!
//! An answer may end before its request does (a server that says no to an upload): the record waits for the upload, so
//! that it says how much went out.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::enforce::{Permit, Refusal};
use crate::record::Outcome;
use crate::wire::intake::{OutBody, SentBytes};

/// Holds the permit for as long as either body is under way.
#[derive(Debug)]
pub(super) struct Exchange {
    state: Mutex<State>,
    sent: SentBytes,
}

#[derive(Debug)]
enum State {
    /// No answer yet, or one that has not ended. Dropped so, the permit is closed as abandoned.
    Open(Permit),
    /// The answer came whole: its status and size. What is missing is the end of the request.
    Answered(Permit, u16, u64),
    Closed,
}

impl Exchange {
    pub(super) fn begin(permit: Permit, sent: SentBytes) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State::Open(permit)), sent })
    }

    /// The request's body, which keeps the exchange open until it has gone out or was given up.
    pub(super) fn send(self: &Arc<Self>, body: OutBody) -> SendBody {
        SendBody { body, _exchange: Arc::clone(self) }
    }

    /// The answer's body. Dropped before its end, the exchange is closed as abandoned.
    pub(super) fn answer(self: Arc<Self>, inner: Incoming, status: u16) -> AnswerBody {
        let mut body = AnswerBody { inner, exchange: Some(self), status, received_bytes: 0 };
        // An answer without a body (HEAD, 204, 304) may never be polled.
        if body.inner.is_end_stream() {
            body.end();
        }
        body
    }

    /// Records that it could not be carried out, and says so to the agent.
    pub(super) fn fail(&self, outcome: Outcome, status: u16) -> Refusal {
        match self.take() {
            State::Open(permit) | State::Answered(permit, ..) => permit.fail(outcome, status),
            // The permit is taken once, by whoever ends the exchange; there is no second end.
            State::Closed => Refusal {
                id: None,
                kind: crate::enforce::RefusalKind::Unavailable { status },
                message: "blastgate lost track of this call".to_owned(),
                operation: None,
            },
        }
    }

    /// Takes the permit back: what answers is no HTTP any more.
    pub(super) fn permit(&self) -> Option<Permit> {
        match self.take() {
            State::Open(permit) | State::Answered(permit, ..) => Some(permit),
            State::Closed => None,
        }
    }

    fn take(&self) -> State {
        std::mem::replace(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner), State::Closed)
    }

    fn put(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let State::Answered(permit, status, received_bytes) = self.take() {
            permit.close(Outcome::Answered { status, sent_bytes: self.sent.get(), received_bytes });
        }
    }
}

/// A request body on its way upstream.
#[derive(Debug)]
pub struct SendBody {
    body: OutBody,
    _exchange: Arc<Exchange>,
}

impl Body for SendBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An upstream body on its way to the agent.
#[derive(Debug)]
pub struct AnswerBody {
    inner: Incoming,
    exchange: Option<Arc<Exchange>>,
    status: u16,
    received_bytes: u64,
}

impl AnswerBody {
    /// It came whole. Closes the permit, at once or with the end of the request.
    fn end(&mut self) {
        if let Some(exchange) = self.exchange.take()
            && let State::Open(permit) = exchange.take()
        {
            exchange.put(State::Answered(permit, self.status, self.received_bytes));
        }
    }

    fn broke(&mut self, error: String) {
        if let Some(exchange) = self.exchange.take()
            && let State::Open(permit) = exchange.take()
        {
            permit.close(Outcome::Broken { status: Some(self.status), error });
        }
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            // The agent went away. What is still going up is nobody's answer any more.
            drop(exchange.take());
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            None => self.end(),
            Some(Err(error)) => {
                let error = super::innermost(error);
                self.broke(error);
            }
            Some(Ok(frame)) => {
                self.received_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                // With a known length the library stops polling after the last byte.
                if self.inner.is_end_stream() {
                    self.end();
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
