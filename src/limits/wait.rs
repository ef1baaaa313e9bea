//! A short wait for tokens, spent inside the gate: first come, first served, and never more than so many at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Mutex as Turn, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};
use vec1::Vec1;

use super::{Exceeded, Limits, Reservation, Taking};
use crate::model::Effect;
use crate::rules::Bucket;

/// Calls that wait at once, of all sessions together; more are answered without waiting.
const WAITING_MAX: usize = 256;
/// The clock counts milliseconds: a shorter wait could end just before the token is there.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// Who competes for the same tokens: the buckets that a call takes from.
type Key = Vec<Bucket>;

/// Where calls wait for tokens.
#[derive(Debug)]
pub(super) struct WaitingRoom {
    places: Semaphore,
    /// A turn is given in the order in which it was asked for.
    queues: Mutex<HashMap<Key, Weak<Turn<()>>>>,
}

impl Default for WaitingRoom {
    fn default() -> Self {
        Self { places: Semaphore::new(WAITING_MAX), queues: Mutex::default() }
    }
}

impl WaitingRoom {
    pub(super) fn is_empty(&self) -> bool {
        self.places.available_permits() == WAITING_MAX
    }

    fn is_awaited(&self, key: &Key) -> bool {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.get(key).is_some_and(|queue| queue.strong_count() > 0)
    }

    fn queue(&self, key: Key) -> Arc<Turn<()>> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(&key).and_then(Weak::upgrade) {
            return queue;
        }
        queues.retain(|_, queue| queue.strong_count() > 0);
        let queue = Arc::new(Turn::new(()));
        queues.insert(key, Arc::downgrade(&queue));
        queue
    }
}

impl Limits {
    /// As [`Limits::reserve`], but waits up to `hold` for tokens that are certain to come in that time. Whoever came
    /// first gets them first. Dropping the future gives the place up.
    ///
    /// # Errors
    /// The limits that are used up, for longer than that, or denying ones.
    pub async fn reserve_within(&self, taking: Taking<'_>, hold: Duration) -> Result<Reservation, Vec1<Exceeded>> {
        let mut key = None;
        if !self.room.is_empty() && !hold.is_zero() {
            key = Some(self.concerned(taking)).filter(|key| self.room.is_awaited(key));
        }
        if key.is_none() {
            match self.reserve(taking) {
                Err(exceeded) if wait(&exceeded).is_some_and(|wait| wait <= hold) => {}
                settled => return settled,
            }
        }
        let Ok(_place) = self.room.places.try_acquire() else { return self.reserve(taking) };
        let deadline = Instant::now() + hold;
        let queue = self.room.queue(key.unwrap_or_else(|| self.concerned(taking)));
        let Ok(_turn) = timeout_at(deadline, queue.lock()).await else { return self.reserve(taking) };
        loop {
            let exceeded = match self.reserve(taking) {
                Ok(reservation) => return Ok(reservation),
                Err(exceeded) => exceeded,
            };
            match wait(&exceeded).map(|wait| wait.max(WAIT_MIN)) {
                Some(wait) if Instant::now() + wait <= deadline => sleep(wait).await,
                _ => return Err(exceeded),
            }
        }
    }
}

/// How long until all of them would let the call pass; `None` where waiting is no answer.
fn wait(exceeded: &Vec1<Exceeded>) -> Option<Duration> {
    let denied = exceeded.iter().any(|one| one.decision == Effect::Deny);
    let waits: Option<Vec<Duration>> = exceeded.iter().map(|one| one.retry_after).collect();
    waits?.into_iter().max().filter(|_| !denied)
}
