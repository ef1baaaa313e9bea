//! Whether anybody still waits at the other end.
//!
//! A client may shut down its sending side and wait for its answer (RFC 9112, section 9.6), and a client that went away
//! looks the same until something is written to it. So an answer that is being written goes on, and one that rests is
//! given up after a moment: else every interrupted watch would be kept open until its server says something.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// How long an answer may rest after the client has stopped sending.
const REST_TIME_MAX: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
struct Signs {
    ended: Notify,
    writes: AtomicU64,
}

/// Tells when nobody is there any more.
#[derive(Clone, Debug)]
pub struct Presence(Arc<Signs>);

impl Presence {
    /// Ends when the client has stopped sending and nothing has been written to it for a moment.
    pub async fn over(&self) {
        self.0.ended.notified().await;
        let mut writes = self.0.writes.load(Ordering::Relaxed);
        loop {
            tokio::time::sleep(REST_TIME_MAX).await;
            let now = self.0.writes.load(Ordering::Relaxed);
            if std::mem::replace(&mut writes, now) == now {
                return;
            }
        }
    }
}

/// A stream that is watched for its end.
#[derive(Debug)]
pub struct Watched<S> {
    inner: S,
    signs: Arc<Signs>,
}

impl<S> Watched<S> {
    /// Watches `inner`.
    pub fn new(inner: S) -> (Self, Presence) {
        let signs = Arc::<Signs>::default();
        (Self { inner, signs: Arc::clone(&signs) }, Presence(signs))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, out))?;
        if out.filled().len() == before && out.remaining() > 0 {
            self.signs.ended.notify_one();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.signs.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.signs.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_over_when_the_answer_rests() {
        let (near, mut far) = tokio::io::duplex(1024);
        let (mut near, presence) = Watched::new(near);
        assert!(tokio::time::timeout(Duration::from_secs(3600), presence.over()).await.is_err(), "a resting connection");
        far.shutdown().await.unwrap();
        assert_eq!(near.read(&mut [0; 8]).await.unwrap(), 0);
        let started = tokio::time::Instant::now();
        let writing = async {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(4)).await;
                near.write_all(b"piece").await.unwrap();
            }
        };
        tokio::join!(writing, presence.over());
        assert!((30..=40).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    }
}
