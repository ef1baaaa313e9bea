//! Whether anybody still waits at the other end.
//!
//! A client may shut down its sending side and wait for its answer (RFC 9112, section 9.6), and a client that went away
//! looks the same until something is written to it. So an end of input is held back while an answer is under way: one
//! that is being written goes on, one that rests is given up after a moment. Else every half-closed client would lose its
//! answer, or every interrupted watch would be kept open until its server says something.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;

/// How long an answer may rest after the client has stopped sending.
const REST_TIME_MAX: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
struct Signs {
    ended: Notify,
    writes: AtomicU64,
    answers: AtomicUsize,
    reader: Mutex<Option<Waker>>,
}

/// What is known about one connection's other end; shared by those who read, write and answer on it.
#[derive(Clone, Debug, Default)]
pub struct Presence(Arc<Signs>);

impl Presence {
    /// Ends when the client has stopped sending, and nothing of the answer under way has been written for a moment.
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

    /// Ends when nothing has been asked and answered for this long.
    pub async fn resting(&self, time: Duration) {
        let mut writes = self.0.writes.load(Ordering::Relaxed);
        loop {
            tokio::time::sleep(time).await;
            let now = self.0.writes.load(Ordering::Relaxed);
            let rested = std::mem::replace(&mut writes, now) == now;
            if rested && self.0.answers.load(Ordering::Acquire) == 0 {
                return;
            }
        }
    }

    /// An answer is under way for as long as what this gives is kept.
    #[must_use]
    pub fn answer(&self) -> Answering {
        self.0.answers.fetch_add(1, Ordering::AcqRel);
        Answering(Arc::clone(&self.0))
    }

    /// The input has ended between two messages: ready when nothing is under way any more.
    pub(super) fn poll_end(&self, cx: &Context<'_>) -> Poll<()> {
        // Before the count is read: whoever ends the last answer wakes what stands here.
        *self.0.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        if self.0.answers.load(Ordering::Acquire) == 0 {
            return Poll::Ready(());
        }
        self.0.ended.notify_one();
        Poll::Pending
    }

    /// Something is being written.
    pub(super) fn writes(&self) {
        self.0.writes.fetch_add(1, Ordering::Relaxed);
    }
}

/// One answer under way.
#[derive(Debug)]
pub struct Answering(Arc<Signs>);

impl Drop for Answering {
    fn drop(&mut self) {
        if self.0.answers.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(reader) = self.0.reader.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            reader.wake();
        }
    }
}

/// A body whose answer is under way until it is dropped.
#[derive(Debug)]
pub struct Attended<B> {
    body: B,
    _answering: Answering,
}

impl<B> Attended<B> {
    /// Joins the two.
    pub const fn new(body: B, answering: Answering) -> Self {
        Self { body, _answering: answering }
    }
}

impl<B: Body + Unpin> Body for Attended<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_end_waits_for_the_answer() {
        let presence = Presence::default();
        poll_fn(|cx| presence.poll_end(cx)).await;
        let answering = presence.answer();
        let later = async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            drop(answering);
        };
        let started = tokio::time::Instant::now();
        tokio::join!(poll_fn(|cx| presence.poll_end(cx)), later);
        assert_eq!(started.elapsed().as_secs(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_rests_when_nothing_is_asked() {
        let presence = Presence::default();
        let answering = presence.answer();
        let hour = Duration::from_secs(3600);
        let minute = Duration::from_secs(60);
        assert!(tokio::time::timeout(hour, presence.resting(minute)).await.is_err(), "a watch that says nothing");
        drop(answering);
        assert!(tokio::time::timeout(hour, presence.resting(minute)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_over_when_the_answer_rests() {
        let presence = Presence::default();
        let _answering = presence.answer();
        let hour = Duration::from_secs(3600);
        assert!(tokio::time::timeout(hour, presence.over()).await.is_err(), "a watch that rests");
        assert!(poll_fn(|cx| Poll::Ready(presence.poll_end(cx))).await.is_pending());
        let started = tokio::time::Instant::now();
        let writing = async {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(4)).await;
                presence.writes();
            }
        };
        tokio::join!(writing, presence.over());
        assert!((30..=40).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    }
}
