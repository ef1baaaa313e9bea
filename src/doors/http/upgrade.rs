//! What a client's connection has become, between the answer that says so and the bytes that follow it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use http::header::{self, HeaderValue};
use http::{Request, StatusCode, Version};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Answer;
use super::connection::end;
use super::messages::{self, Talk};
use crate::egress::{Conversation, Switched};

/// Where a request that opened another protocol leaves upstream's end for its connection.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Next>>>);

/// What a connection goes on as.
pub(super) enum Next {
    /// Bytes that pass.
    Bytes(Switched),
    /// Messages that are judged one by one.
    Messages(Box<Talk>, Conversation),
}

impl Slot {
    pub(super) fn put(&self, next: Next) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
    }

    pub(super) fn take(&self) -> Option<Next> {
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
pub(super) async fn join<S: AsyncRead + AsyncWrite + Unpin>(next: Next, stream: S, read: BytesMut) {
    match next {
        Next::Bytes(switched) => {
            let mut stream = stream;
            if switched.splice(&mut stream, &read).await {
                end(stream).await;
            }
        }
        Next::Messages(talk, conversation) => messages::relay(*talk, conversation, stream, read).await,
    }
}

impl Next {
    /// Gives the connection up before a byte has passed.
    pub(super) fn abandon(self, why: String) {
        match self {
            Self::Bytes(switched) => switched.abandon(why),
            Self::Messages(_, conversation) => conversation.abandon(why),
        }
    }
}
