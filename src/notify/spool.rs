//! Notices that wait to be sent, in the state that the gates of one user share.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Transaction;
use serde::Serialize;
use tokio::sync::Notify as Wake;

use super::channel::Channels;
use super::notice::Notice;
use super::rows::{self, Claimed, Outcome};
use crate::model::Timestamp;
use crate::store::{Store, StoreError};

/// Deliveries that a status shows of each channel.
const SHOWN_MAX: u32 = 10;

/// Notices that wait. Clones are one spool.
#[derive(Clone)]
pub struct Spool(Arc<Inner>);

struct Inner {
    store: Store,
    /// Whose settings: the configuration folder.
    scope: String,
    channels: Channels,
    wake: Wake,
    lost: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("scope", &self.0.scope).finish_non_exhaustive()
    }
}

/// How telling people goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Every channel of the settings.
    pub channels: Vec<ChannelStatus>,
}

/// How one channel goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelStatus {
    /// Its name.
    pub channel: String,
    /// Why it is told nothing, if it is not: until the settings change, or a test arrives.
    pub disabled: Option<String>,
    /// Since when.
    pub disabled_at: Option<Timestamp>,
    /// How many wait.
    pub waiting: u32,
    /// How many arrived, of the last days.
    pub sent: u32,
    /// How many were given up.
    pub failed: u32,
    /// The latest, the newest first.
    pub last: Vec<Delivery>,
}

/// One notice on one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The notice's id.
    pub notice: String,
    /// What it says.
    pub summary: String,
    /// `waiting`, `sent`, `failed` or `lapsed`.
    pub state: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was made.
    pub made_at: Timestamp,
    /// The last attempt.
    pub last_at: Option<Timestamp>,
    /// The next attempt, of those that wait.
    pub due_at: Option<Timestamp>,
    /// What the last failure was.
    pub error: Option<String>,
}

impl Spool {
    /// The spool of this state. `scope`: the configuration folder; gates with another one tell other people.
    #[must_use]
    pub fn new(store: Store, scope: String, channels: Channels) -> Self {
        Self(Arc::new(Inner {
            store,
            scope,
            channels,
            wake: Wake::new(),
            lost: AtomicU64::new(0),
            trouble: Mutex::new(None),
        }))
    }

    /// Writes a notice down for every channel that wants it. Never fails its caller: what cannot be written is counted and
    /// said by [`Self::trouble`]. Blocks for as long as a change of the state does; without a channel that wants it not at
    /// all. Not from within a change of the same state, which would wait for itself: see [`Self::put_within`].
    pub fn put(&self, notice: &Notice) {
        if let Some(names) = self.wanting(notice) {
            let (notice, now) = (notice.plain(), self.0.channels.post.clock.now());
            self.said_of(self.0.store.write(|change| rows::put(change, &self.0.scope, &names, &notice, now)));
        }
    }

    /// The same as a part of a change of the state: people are told exactly when the change stands. What fails is undone by
    /// itself and leaves the change as it was.
    pub fn put_within(&self, change: &Transaction<'_>, notice: &Notice) {
        if let Some(names) = self.wanting(notice) {
            let (notice, now) = (notice.plain(), self.0.channels.post.clock.now());
            let put = change.execute_batch("SAVEPOINT notice").and_then(|()| {
                let put = rows::put(change, &self.0.scope, &names, &notice, now);
                let end = if put.is_ok() { "RELEASE notice" } else { "ROLLBACK TO notice; RELEASE notice" };
                change.execute_batch(end).and(put)
            });
            self.said_of(put.map_err(StoreError::from));
        }
    }

    fn wanting(&self, notice: &Notice) -> Option<Vec<&'static str>> {
        let wanting = self.0.channels.all.iter().filter(|channel| channel.wants(notice.kind));
        let names: Vec<&str> = wanting.map(super::Channel::name).collect();
        (!names.is_empty()).then_some(names)
    }

    fn said_of(&self, put: Result<(), StoreError>) {
        match put {
            Ok(()) => self.0.wake.notify_waiters(),
            Err(error) => {
                self.0.lost.fetch_add(1, Ordering::Relaxed);
                self.say(&error);
            }
        }
    }

    /// What went wrong with the spool itself, for whoever asks how the gate is.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        Some(match self.0.lost.load(Ordering::Relaxed) {
            0 => format!("notices cannot be sent: {trouble}"),
            lost => format!("{lost} notices were lost: {trouble}"),
        })
    }

    /// How it goes.
    ///
    /// # Errors
    /// The state cannot be used.
    pub async fn status(&self) -> Result<Status, StoreError> {
        let mut channels = Vec::new();
        for channel in &self.0.channels.all {
            let setting = channel.setting(&self.0.channels.post).await;
            let (spool, name) = (self.clone(), channel.name());
            let asked = blocking(move || spool.channel_status(name, &setting)).await?;
            channels.push(asked);
        }
        Ok(Status { channels })
    }

    fn channel_status(&self, channel: &'static str, setting: &str) -> Result<ChannelStatus, StoreError> {
        let (store, scope) = (&self.0.store, self.0.scope.as_str());
        let counts = store.read(|ask| rows::counts(ask, scope, channel))?;
        let count = |state: &str| counts.iter().find(|(name, _)| name == state).map_or(0, |(_, count)| *count);
        let disabling = store.read(|ask| rows::disabling(ask, scope, channel))?;
        let disabling = disabling.filter(|(of, ..)| of == setting);
        let last = store.read(|ask| rows::standing(ask, scope, channel, SHOWN_MAX))?;
        let delivery = |one: rows::Standing| Delivery {
            summary: one.letter.title(),
            notice: one.letter.id,
            due_at: (one.state == "waiting").then_some(one.due_at),
            state: one.state,
            attempts: one.attempts,
            made_at: one.letter.at,
            last_at: one.last_at,
            error: one.error,
        };
        Ok(ChannelStatus {
            channel: channel.to_owned(),
            disabled_at: disabling.as_ref().map(|(_, at, _)| *at),
            disabled: disabling.map(|(.., why)| why),
            waiting: count("waiting"),
            sent: count("sent"),
            failed: count("failed"),
            last: last.into_iter().map(delivery).collect(),
        })
    }

    /// Tells a channel again that had been disabled: a test arrived there.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn enable(&self, channel: &str) -> Result<(), StoreError> {
        let scope = self.0.scope.as_str();
        if self.0.store.read(|ask| rows::disabling(ask, scope, channel))?.is_none() {
            return Ok(());
        }
        self.0.store.write(|change| rows::enable(change, scope, channel))
    }

    /// The channels.
    #[must_use]
    pub fn channels(&self) -> &Channels {
        &self.0.channels
    }

    /// Ends when a notice is put in this process.
    pub(super) fn woken(&self) -> tokio::sync::futures::Notified<'_> {
        self.0.wake.notified()
    }

    /// Takes the next letter of a channel.
    pub(super) async fn claim(&self, channel: &'static str) -> Result<Option<Claimed>, StoreError> {
        let spool = self.clone();
        blocking(move || {
            let (inner, now) = (&spool.0, spool.0.channels.post.clock.now());
            // Looking takes no lock that others wait for.
            if !inner.store.read(|ask| rows::is_due(ask, &inner.scope, channel, now))? {
                return Ok(None);
            }
            let claim = i64::from(rand::random::<u32>());
            inner.store.write(|change| rows::claim(change, &inner.scope, channel, now, claim))
        })
        .await
    }

    /// Writes down what became of it.
    pub(super) async fn finish(
        &self,
        channel: &'static str,
        claimed: Claimed,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let spool = self.clone();
        blocking(move || spool.0.store.write(|change| rows::finish(change, channel, &claimed, &outcome))).await
    }

    /// Why a channel is told nothing, if it is not.
    pub(super) async fn disabled(&self, channel: &'static str, setting: String) -> Result<Option<String>, StoreError> {
        let spool = self.clone();
        blocking(move || spool.0.store.read(|ask| rows::disabled(ask, &spool.0.scope, channel, &setting))).await
    }

    /// A channel is told nothing any more for as long as it leads there.
    pub(super) async fn disable(&self, channel: &'static str, setting: String, why: String) -> Result<(), StoreError> {
        let spool = self.clone();
        blocking(move || {
            let (inner, now) = (&spool.0, spool.0.channels.post.clock.now());
            inner.store.write(|change| rows::disable(change, (&inner.scope, channel), &setting, &why, now))
        })
        .await
    }

    pub(super) async fn tidy(&self) -> Result<(), StoreError> {
        let spool = self.clone();
        blocking(move || {
            let now = spool.0.channels.post.clock.now();
            spool.0.store.write(|change| rows::tidy(change, now))
        })
        .await
    }

    pub(super) fn say(&self, error: &StoreError) {
        *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
    }

    /// The state could be used: what was wrong is not any more; what was lost stays said.
    pub(super) fn well(&self) {
        if self.0.lost.load(Ordering::Relaxed) == 0 {
            *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(run).await {
        Ok(answer) => answer,
        // The runtime is shutting down.
        Err(_) => Err(StoreError::Sqlite(rusqlite::Error::QueryReturnedNoRows)),
    }
}
