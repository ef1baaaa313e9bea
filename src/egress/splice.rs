//! Bytes on their way in both directions of a connection whose content is not read as messages: counted, held to what
//! was permitted, and recorded however it ends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::channels::Follower;
use crate::enforce::Permit;
use crate::record::Outcome;
use crate::wire::websocket::{self, Outline, POLICY};

/// How long a client may take to be told that its connection is ended.
const TELLING_TIME_MAX: Duration = Duration::from_secs(5);

/// How programs commonly leave a connection that has become a stream: without TLS's goodbye, or at once.
pub(super) fn is_goodbye(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof)
}

/// One connection's bytes, and the permit that they pass under.
///
/// Dropped at any moment (the agent's process ended and the gate with it), it records what had passed until then.
#[derive(Debug)]
pub(super) struct Splice<S> {
    agent: Counted<S>,
    permit: Option<Permit>,
    /// Bytes of the opening's body.
    opening_bytes: u64,
    broken: Option<String>,
}

impl<S> Splice<S> {
    pub(super) fn new(agent: S, permit: Permit, opening_bytes: u64, follower: Option<Box<Follower>>) -> Self {
        let outline = follower.as_ref().filter(|follower| follower.is_web_socket()).map(|_| Outline::default());
        let agent = Counted { inner: agent, read_bytes: 0, written_bytes: 0, follower, outline };
        Self { agent, permit: Some(permit), opening_bytes, broken: None }
    }

    /// Whether the agent was cut off for what it sent.
    pub(super) fn is_cut(&self) -> bool {
        self.agent.breach().is_some()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Splice<S> {
    /// Passes `first` (bytes already read from the agent), then both directions until both have ended.
    pub(super) async fn pass<U: AsyncRead + AsyncWrite + Unpin>(&mut self, first: &[u8], upstream: &mut U) {
        let passed = async {
            upstream.write_all(self.agent.take(first)?).await?;
            upstream.flush().await?;
            tokio::io::copy_bidirectional(&mut self.agent, upstream).await
        };
        let error = passed.await.err().filter(|error| !is_goodbye(error));
        self.broken = error.filter(|_| !self.is_cut()).map(|error| error.to_string());
    }

    /// Tells the agent why it was cut off, where there is a way to.
    pub(super) async fn tell(&mut self) {
        let _ = tokio::time::timeout(TELLING_TIME_MAX, self.agent.tell()).await;
    }
}

impl<S> Drop for Splice<S> {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        permit.close(Outcome::Tunnelled {
            sent_bytes: self.opening_bytes + self.agent.read_bytes,
            received_bytes: self.agent.written_bytes,
            streamed: self.agent.follower.as_deref().map(Follower::streamed),
            broken: self.broken.take(),
        });
    }
}

/// Counts what passes, so that the record knows it however the connection ends, and follows what the agent says.
#[derive(Debug)]
struct Counted<S> {
    inner: S,
    read_bytes: u64,
    written_bytes: u64,
    follower: Option<Box<Follower>>,
    /// Where upstream's messages end, for what is said between them.
    outline: Option<Outline>,
}

impl<S> Counted<S> {
    /// What of these bytes may pass.
    fn take<'a>(&mut self, bytes: &'a [u8]) -> io::Result<&'a [u8]> {
        let passes = self.follower.as_mut().map_or(bytes.len(), |follower| follower.follow(bytes));
        self.read_bytes += passes as u64;
        match self.breach() {
            Some(why) if passes == 0 => Err(io::Error::other(why)),
            _ => Ok(bytes.get(..passes).unwrap_or_default()),
        }
    }

    /// Why nothing more passes.
    fn breach(&self) -> Option<String> {
        Some(self.follower.as_ref()?.breach()?.to_string())
    }

    /// Follows what upstream has said so far; what cannot be followed leaves no place between.
    fn follow(&mut self, mut bytes: &[u8]) {
        while let Some(outline) = self.outline.as_mut().filter(|_| !bytes.is_empty()) {
            match outline.follow(bytes) {
                Ok(followed) => bytes = bytes.get(followed..).unwrap_or_default(),
                Err(_) => self.outline = None,
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> Counted<S> {
    /// Says why the connection ends, where there is a way and a place to.
    async fn tell(&mut self) -> io::Result<()> {
        if self.outline.as_ref().is_some_and(Outline::is_between) {
            let why = format!("blastgate: {}", self.breach().unwrap_or_default());
            self.inner.write_all(&websocket::close(POLICY, &why, None)).await?;
        }
        self.inner.flush().await
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(why) = self.breach() {
            return Poll::Ready(Err(io::Error::other(why)));
        }
        let before = out.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, out))?;
        let passes = self.take(out.filled().get(before..).unwrap_or_default())?.len();
        out.set_filled(before + passes);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
        self.written_bytes += written as u64;
        self.follow(bytes.get(..written).unwrap_or_default());
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
