//! A connection that has become a WebSocket which speaks GraphQL: each message of the client goes on with a permit of its
//! own, and what executes nothing with the opening's.
//!
//! What a message says is read here, from the very bytes that are sent on: [`Own`] and [`Question`] can be made no other
//! way, and each is used up by sending it.
//!
//! Without a permit no question is sent:
//! ```compile_fail,E0061
//! # async fn no_permit(mut upstream: blastgate::egress::Speaking, question: blastgate::egress::Question) {
//! upstream.send(question).await;
//! # }
//! ```
//! and a question does not pass for a message that executes nothing:
//! ```compile_fail,E0308
//! # async fn disguised(mut upstream: blastgate::egress::Speaking, question: blastgate::egress::Question) {
//! upstream.pass(question).await;
//! # }
//! ```
//! nor can one be made of another:
//! ```compile_fail,E0451
//! fn forge(own: blastgate::egress::Own) -> blastgate::egress::Own {
//!     blastgate::egress::Own { ends: None, ..own }
//! }
//! ```

use std::io;

use bytes::{Bytes, BytesMut};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use vec1::Vec1;

use super::splice::is_goodbye;
use crate::enforce::{Destination, Permit};
use crate::identify::{self, Identified, Known, Said, Subprotocol};
use crate::model::http::{Head, Unreadable};
use crate::record::Outcome;
use crate::wire::websocket::{self, Control, GOING_AWAY, Message};

/// As much of upstream's bytes as is taken at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// A connection of which upstream has agreed that it speaks GraphQL; nothing has passed through it yet.
#[derive(Debug)]
pub struct Conversation {
    stream: TokioIo<Upgraded>,
    permit: Permit,
    subprotocol: Subprotocol,
}

impl Conversation {
    pub(super) const fn new(stream: TokioIo<Upgraded>, permit: Permit, subprotocol: Subprotocol) -> Self {
        Self { stream, permit, subprotocol }
    }

    /// Both directions, and what the opening was let through with.
    pub fn split(self) -> (Speaking, Listening, Opening) {
        let Self { stream, permit, subprotocol } = self;
        let destination = permit.destination().clone();
        let (read, write) = tokio::io::split(stream);
        let speaking = Speaking { upstream: write, subprotocol, destination, sent_bytes: 0 };
        (speaking, Listening { upstream: read, received_bytes: 0 }, Opening(permit))
    }

    /// Gives the connection up before a byte has passed.
    pub fn abandon(self, why: String) {
        self.permit.close(Outcome::Broken { status: Some(101), error: why });
    }
}

/// The opening's permit, which is closed when the connection is.
#[derive(Debug)]
#[must_use = "dropped, the connection is recorded as abandoned"]
pub struct Opening(Permit);

impl Opening {
    /// Records how the connection ended.
    pub fn close(self, speaking: &Speaking, listening: &Listening, error: Option<io::Error>) {
        let broken = error.filter(|error| !is_goodbye(error)).map(|error| error.to_string());
        let (sent_bytes, received_bytes) = (speaking.sent_bytes, listening.received_bytes);
        self.0.close(Outcome::Tunnelled { sent_bytes, received_bytes, streamed: None, broken });
    }
}

/// A message that executes nothing.
#[derive(Debug)]
pub struct Own {
    message: Message,
    ends: Option<String>,
}

impl Own {
    /// The request that its sender wants no more of.
    #[must_use]
    pub fn ends(&self) -> Option<&str> {
        self.ends.as_deref()
    }
}

/// A message that asks for something.
#[derive(Debug)]
pub struct Question {
    message: Message,
    /// What answers to it are marked with.
    pub id: String,
    /// It was wrapped as AppSync's clients do.
    pub is_wrapped: bool,
    /// What a POST would carry.
    pub payload: Bytes,
}

/// What a client said.
#[derive(Debug)]
pub enum Heard {
    /// Nothing that is executed.
    Own(Own),
    /// A request, with every operation that it asks for, or why there is more than one reading of it.
    Asks(Question, Result<Vec1<Identified>, Unreadable>),
}

/// The direction to upstream.
#[derive(Debug)]
pub struct Speaking {
    upstream: WriteHalf<TokioIo<Upgraded>>,
    subprotocol: Subprotocol,
    destination: Destination,
    sent_bytes: u64,
}

impl Speaking {
    /// What is spoken.
    #[must_use]
    pub const fn subprotocol(&self) -> Subprotocol {
        self.subprotocol
    }

    /// Reads a message. `posted`: the POST that each message stands for, see [`identify::posted`].
    ///
    /// # Errors
    /// It is no message of what is spoken, or has two readings.
    pub fn hear(&self, message: Message, posted: &Head, known: &Known) -> Result<Heard, Unreadable> {
        Ok(match identify::message(posted, known, message.text(), self.subprotocol)? {
            Said::Own { ends } => Heard::Own(Own { message, ends }),
            Said::Asks(asked) => {
                let identify::Asked { id, is_wrapped, payload, identified } = asked;
                Heard::Asks(Question { message, id, is_wrapped, payload }, identified)
            }
        })
    }

    /// Passes a frame that speaks of the connection only.
    ///
    /// # Errors
    /// Upstream does not take it.
    pub async fn control(&mut self, control: Control) -> io::Result<()> {
        self.write(control.into_raw()).await
    }

    /// Passes a message that executes nothing.
    ///
    /// # Errors
    /// Upstream does not take it.
    pub async fn pass(&mut self, own: Own) -> io::Result<()> {
        self.write(own.message.into_raw()).await
    }

    /// Sends a permitted question. What comes back comes among the answers to others; the permit is closed when the
    /// message is out.
    ///
    /// # Errors
    /// Upstream does not take it, or the permit is for something else.
    pub async fn send(&mut self, permit: Permit, question: Question) -> io::Result<()> {
        let (here, there) = (&self.destination, permit.destination());
        let leads_here = (here.scheme, &here.authority, here.target.path())
            == (there.scheme, &there.authority, there.target.path())
            && there.upgrade.is_none();
        if !leads_here {
            let error = "a permit for something else";
            permit.close(Outcome::Unreachable { error: error.to_owned() });
            return Err(io::Error::other(error));
        }
        let raw = question.message.into_raw();
        let sent_bytes = raw.len() as u64;
        let written = self.write(raw).await;
        permit.close(match &written {
            Ok(()) => Outcome::Tunnelled { sent_bytes, received_bytes: 0, streamed: None, broken: None },
            Err(error) => Outcome::Broken { status: Some(101), error: error.to_string() },
        });
        written
    }

    /// Says goodbye in the client's place.
    ///
    /// # Errors
    /// Upstream does not take it.
    pub async fn leave(&mut self) -> io::Result<()> {
        self.write(websocket::close(GOING_AWAY, "", Some(rand::random()))).await?;
        self.finish().await
    }

    /// Nothing follows.
    ///
    /// # Errors
    /// Upstream does not take it.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.upstream.shutdown().await
    }

    async fn write(&mut self, raw: Bytes) -> io::Result<()> {
        self.upstream.write_all(&raw).await?;
        self.upstream.flush().await?;
        self.sent_bytes += raw.len() as u64;
        Ok(())
    }
}

/// The direction from upstream.
#[derive(Debug)]
pub struct Listening {
    upstream: ReadHalf<TokioIo<Upgraded>>,
    received_bytes: u64,
}

impl Listening {
    /// Takes what has come, which may be nothing at its end.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn read(&mut self, out: &mut BytesMut) -> io::Result<usize> {
        out.reserve(CHUNK_BYTES);
        let bytes = self.upstream.read_buf(out).await?;
        self.received_bytes += bytes as u64;
        Ok(bytes)
    }
}
