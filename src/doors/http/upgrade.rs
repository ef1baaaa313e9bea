//! What a client's connection has become, between the answer that says so and the bytes that follow it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use http::header::{self, HeaderValue};
use http::{Request, StatusCode, Version};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Answer;
use crate::egress::Switched;

/// Where a request that opened another protocol leaves upstream's end for its connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Switched>>>);

impl Slot {
    pub(super) fn put(&self, switched: Switched) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(switched);
    }

    pub(super) fn take(&self) -> Option<Switched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Whether a request asks for something after which its connection carries no other request: the strict check has held
/// back all that follows.
pub(super) fn is_opening<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_11 && request.headers().contains_key(header::UPGRADE)
}

/// An opening that was answered otherwise is the connection's last message: what came behind it was neither judged nor
/// is it read.
pub(super) fn close_unless_switched(answer: &mut Answer) {
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

/// Joins both ends. `read` are bytes that the agent sent before it had its answer.
pub(super) async fn join<S: AsyncRead + AsyncWrite + Unpin>(switched: Switched, stream: S, read: BytesMut) {
    switched.splice(stream, &read).await;
}
