//! A connection that has become a WebSocket which speaks GraphQL: every message of the client is judged before it passes.
//!
//! Three things happen at once: the client's messages are read, each question is decided and cleared by the gate, and
//! upstream's bytes stream back. A question that waits for people or for a limit holds nothing else up; a refusal is a
//! message of the subprotocol, put between two of upstream's. What cannot be read ends the connection.
//!
//! Bounded: one message that is being put together, [`WAITING_MAX`] that wait, [`TOLD_MAX`] refusals that the client does not
//! take; then the client is read no further.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use vec1::Vec1;

use super::callers::Caller;
use super::connection::end;
use super::serve::{is_only_read, understand};
use super::{Visit, answer};
use crate::approvals::Received;
use crate::egress::{Conversation, Heard, Listening, Own, Question, Speaking};
use crate::enforce::{Carried, Destination, Permit, Refusal, RefusalKind, Request};
use crate::identify::{Identified, Known};
use crate::model::http::{Captured, Head, Unreadable};
use crate::model::{Door, Evidence, Said};
use crate::wire::websocket::{self, Control, Message, Outline, POLICY, Piece, Reader};

/// Questions of one connection that wait for people or for a limit.
const WAITING_MAX: usize = 32;
/// Refusals that wait for their place between upstream's messages.
const TOLD_MAX: usize = 8;
/// Messages keep their order as long as none of them waits longer than this for its decision.
const ORDERLY_TIME_MAX: Duration = Duration::from_millis(500);
/// How long the other side may take to end what one side has ended.
const CLOSING_TIME_MAX: Duration = Duration::from_secs(5);
/// As much of the client's bytes as is taken at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// What it takes to judge the messages of a connection.
pub(super) struct Talk {
    pub(super) visit: Visit,
    pub(super) caller: std::sync::Arc<Caller>,
    /// The POST that each message stands for.
    pub(super) posted: Head,
    pub(super) known: Known,
    /// What the agent said when it opened the connection: it holds for each message.
    pub(super) said: Said,
}

/// Joins both ends. `first` are bytes that the agent sent before it had its answer.
pub(super) async fn relay<S>(talk: Talk, conversation: Conversation, client: S, first: BytesMut)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (speaking, listening, opening) = conversation.split();
    let (from_client, to_client) = tokio::io::split(client);
    let (tell, told) = mpsc::channel(TOLD_MAX);
    let (pending, waiting) = (JoinSet::new(), HashMap::new());
    let reader = Reader::new(first);
    let mut up = Upward { talk, speaking, client: from_client, reader, tell, pending, waiting };
    let mut down = Downward { listening, client: to_client, told, outline: Outline::default() };
    let error = {
        let (up, down) = (up.run(), down.run());
        tokio::pin!(up, down);
        tokio::select! {
            left = &mut up => {
                let answered = timeout(CLOSING_TIME_MAX, down).await.unwrap_or(Ok(()));
                left.and(answered)
            }
            answered = &mut down => answered,
        }
    };
    opening.close(&up.speaking, &down.listening, error.err());
    end(up.client.unsplit(down.client)).await;
}

/// A question that waits.
struct Waiting {
    id: String,
    is_wrapped: bool,
    task: AbortHandle,
}

/// A question with its answer from the gate, and its room among all that is being judged.
type Cleared = (Question, Result<Permit, Refusal>, OwnedSemaphorePermit);

/// From the client to upstream.
struct Upward<S> {
    talk: Talk,
    speaking: Speaking,
    client: ReadHalf<S>,
    reader: Reader,
    tell: mpsc::Sender<Told>,
    /// Dropped, whatever waits in it is given up, as when the client of a POST goes away.
    pending: JoinSet<Cleared>,
    waiting: HashMap<Id, Waiting>,
}

/// Something of ours for the client.
struct Told {
    frame: Bytes,
    is_last: bool,
}

impl<S: AsyncRead + Unpin> Upward<S> {
    /// Until the client has ended, or was cut off. What it asked for and still waits is given up then.
    async fn run(&mut self) -> io::Result<()> {
        let ended = self.read().await;
        self.pending.abort_all();
        ended
    }

    async fn read(&mut self) -> io::Result<()> {
        loop {
            while self.has_room() {
                match self.reader.piece() {
                    Ok(Some(Piece::Control(control))) if control.closes() => {
                        return self.speaking.control(control).await;
                    }
                    Ok(Some(piece)) => self.take(piece).await?,
                    Ok(None) => break,
                    Err(fault) => return self.cut(Unreadable::new(fault.to_string())).await,
                }
            }
            self.reader.unread().reserve(CHUNK_BYTES);
            let has_room = self.has_room();
            tokio::select! {
                read = self.client.read_buf(self.reader.unread()), if has_room => {
                    if read? == 0 {
                        return self.speaking.finish().await;
                    }
                }
                Some(done) = self.pending.join_next_with_id() => self.finish(done).await?,
            }
        }
    }

    fn has_room(&self) -> bool {
        self.pending.len() < WAITING_MAX
    }

    async fn take(&mut self, piece: Piece) -> io::Result<()> {
        match piece {
            Piece::Control(control) => self.control(control).await,
            Piece::Message(message) => match self.hear(message).await {
                Err(unreadable) => self.cut(unreadable).await,
                Ok((Heard::Own(own), _)) => self.pass(own).await,
                Ok((Heard::Asks(question, identified), room)) => self.ask(question, identified, room).await,
            },
        }
    }

    async fn control(&mut self, control: Control) -> io::Result<()> {
        self.speaking.control(control).await
    }

    /// Reads a message, while its session is open and there is room for it.
    async fn hear(&mut self, message: Message) -> Result<(Heard, OwnedSemaphorePermit), Unreadable> {
        if self.talk.caller.is_closed() {
            return Err(Unreadable::status(403, "the session of this connection was closed"));
        }
        let (intake, bytes) = (&self.talk.visit.intake, message.held_bytes());
        let room = intake.reserve(bytes).await?;
        let _turn = intake.turn_of(bytes).await;
        let heard = understand(bytes, || self.speaking.hear(message, &self.talk.posted, &self.talk.known))?;
        Ok((heard, room))
    }

    /// Passes what executes nothing. What ends a question that still waits ends here with it.
    async fn pass(&mut self, own: Own) -> io::Result<()> {
        let all = self.waiting.len();
        self.waiting.retain(|_, waiting| {
            let is_over = own.ends() == Some(waiting.id.as_str());
            if is_over {
                waiting.task.abort();
            }
            !is_over
        });
        if self.waiting.len() < all { Ok(()) } else { self.speaking.pass(own).await }
    }

    /// Has a question decided and cleared, and sends it or says why not.
    async fn ask(
        &mut self,
        question: Question,
        identified: Result<Vec1<Identified>, Unreadable>,
        room: OwnedSemaphorePermit,
    ) -> io::Result<()> {
        let Talk { visit, caller, posted, said, .. } = &self.talk;
        let principal = caller.principal.clone();
        let identified = match identified {
            Ok(identified) => identified,
            Err(unreadable) => {
                let target = Some(posted.authority.to_string());
                let refusal = visit.gate.reject(&unreadable, target, &principal, Door::Http).await;
                return self.refuse(&question.id, question.is_wrapped, &refusal).await;
            }
        };
        let said = said.clone();
        let request = Request { identified, principal, door: Door::Http, evidence: Evidence::Observed, said };
        let received = Received::http(posted, &Captured::Whole(question.payload.clone()));
        let decided = visit.gate.decide(request).received(received);
        let carried = match is_only_read(&decided) {
            true => Carried::Unread,
            false => Carried::Whole(HEXLOWER.encode(&Sha256::digest(&question.payload))),
        };
        let (gate, destination) = (std::sync::Arc::clone(&visit.gate), Destination::of(posted));
        let (id, is_wrapped) = (question.id.clone(), question.is_wrapped);
        let cleared = async move { (question, gate.clear(decided, destination, carried).await, room) };
        let task = self.pending.spawn(cleared);
        let key = task.id();
        self.waiting.insert(key, Waiting { id, is_wrapped, task });
        let late = sleep(ORDERLY_TIME_MAX);
        tokio::pin!(late);
        while self.waiting.contains_key(&key) {
            tokio::select! {
                Some(done) = self.pending.join_next_with_id() => self.finish(done).await?,
                () = &mut late => break,
            }
        }
        Ok(())
    }

    async fn finish(&mut self, done: Result<(Id, Cleared), JoinError>) -> io::Result<()> {
        match done {
            Ok((key, (question, cleared, _room))) => {
                match (self.waiting.remove(&key), cleared) {
                    // Its sender wants no more of it.
                    (None, _) => Ok(()),
                    (_, Ok(permit)) => self.speaking.send(permit, question).await,
                    (_, Err(refusal)) => self.refuse(&question.id, question.is_wrapped, &refusal).await,
                }
            }
            Err(error) => match self.waiting.remove(&error.id()) {
                Some(waiting) => self.refuse(&waiting.id, waiting.is_wrapped, &lost()).await,
                None => Ok(()),
            },
        }
    }

    async fn refuse(&mut self, id: &str, is_wrapped: bool, refusal: &Refusal) -> io::Result<()> {
        let text = answer::message(self.speaking.subprotocol(), is_wrapped, id, refusal);
        let told = Told { frame: websocket::text(&text), is_last: false };
        self.tell.send(told).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Ends the connection for what was said on it.
    async fn cut(&mut self, unreadable: Unreadable) -> io::Result<()> {
        let Talk { visit, caller, posted, .. } = &self.talk;
        let target = Some(posted.authority.to_string());
        visit.gate.reject(&unreadable, target, &caller.principal, Door::Http).await;
        let why = format!("blastgate: {}", unreadable.why);
        let told = Told { frame: websocket::close(POLICY, &why, None), is_last: true };
        let goodbyes = async {
            let _ = self.tell.send(told).await;
            let _ = self.speaking.leave().await;
        };
        let _ = timeout(CLOSING_TIME_MAX, goodbyes).await;
        Err(io::Error::other(unreadable.why))
    }
}

/// A question whose task failed.
fn lost() -> Refusal {
    Refusal {
        id: None,
        kind: RefusalKind::Unavailable { status: 503 },
        message: "blastgate lost track of this call".to_owned(),
        operation: None,
    }
}

/// From upstream to the client.
struct Downward<S> {
    listening: Listening,
    client: WriteHalf<S>,
    told: mpsc::Receiver<Told>,
    outline: Outline,
}

impl<S: AsyncWrite + Unpin> Downward<S> {
    /// Until upstream has ended, or the last word is said.
    async fn run(&mut self) -> io::Result<()> {
        let mut read = BytesMut::new();
        loop {
            tokio::select! {
                bytes = self.listening.read(&mut read) => {
                    if bytes? == 0 {
                        return Ok(());
                    }
                }
                Some(told) = self.told.recv(), if self.outline.is_between() => {
                    if self.say(told).await? {
                        return Ok(());
                    }
                }
            }
            while !read.is_empty() {
                let whole = self.follow(&read)?;
                self.client.write_all(&read.split_to(whole)).await?;
                self.client.flush().await?;
                while self.outline.is_between()
                    && let Ok(told) = self.told.try_recv()
                {
                    if self.say(told).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// How much of it may pass at once: all of it, but to the next place for what waits to be said.
    fn follow(&mut self, read: &[u8]) -> io::Result<usize> {
        let mut at = 0;
        loop {
            let rest = read.get(at..).unwrap_or_default();
            at += self.outline.follow(rest).map_err(io::Error::other)?;
            if at >= read.len() || self.outline.is_between() && !self.told.is_empty() {
                return Ok(at);
            }
        }
    }

    async fn say(&mut self, told: Told) -> io::Result<bool> {
        self.client.write_all(&told.frame).await?;
        self.client.flush().await?;
        Ok(told.is_last)
    }
}
