//! The answer on its way back: it streams, counts, and closes the permit at its end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::enforce::Permit;
use crate::record::Outcome;
use crate::wire::intake::SentBytes;

/// An upstream body that holds its permit until it has ended. Dropped before, the permit is closed as abandoned.
#[derive(Debug)]
pub struct AnswerBody {
    inner: Incoming,
    permit: Option<Permit>,
    status: u16,
    sent: SentBytes,
    received_bytes: u64,
}

impl AnswerBody {
    pub(super) fn new(inner: Incoming, permit: Permit, status: u16, sent: SentBytes) -> Self {
        let mut body = Self { inner, permit: Some(permit), status, sent, received_bytes: 0 };
        // An answer without a body (HEAD, 204, 304) may never be polled.
        if body.inner.is_end_stream() {
            body.close(None);
        }
        body
    }

    fn close(&mut self, error: Option<String>) {
        let Some(permit) = self.permit.take() else { return };
        permit.close(match error {
            None => Outcome::Answered {
                status: self.status,
                sent_bytes: self.sent.get(),
                received_bytes: self.received_bytes,
            },
            Some(error) => Outcome::Broken { status: Some(self.status), error },
        });
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            None => self.close(None),
            Some(Err(error)) => self.close(Some(super::innermost(error))),
            Some(Ok(frame)) => {
                self.received_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                // With a known length the library stops polling after the last byte.
                if self.inner.is_end_stream() {
                    self.close(None);
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
