//! Sends what waits: one task for each channel, so that a server that does not answer holds up nobody else's notices.

use std::future::Future;
use std::time::Duration;

use rand::RngExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::channel::Channel;
use super::rows::{Claimed, Outcome};
use super::spool::Spool;
use crate::store::StoreError;

/// After the first attempt, which is made at once: Standard Webhooks' recommended schedule.
pub(super) const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(5 * 60 * 60),
    Duration::from_secs(10 * 60 * 60),
    Duration::from_secs(14 * 60 * 60),
    Duration::from_secs(20 * 60 * 60),
    Duration::from_secs(24 * 60 * 60),
];
/// Each pause is longer by up to so many percent, so that a server that comes back is not asked by all at once.
pub(super) const JITTER_PERCENT: u32 = 10;
/// How often it is looked for what others have written, and what is due again.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);
/// What is being sent when the gate ends has so long to arrive.
const PARTING_TIME_MAX: Duration = Duration::from_secs(3);

/// Sends what waits in a spool.
#[derive(Debug)]
pub struct Worker(Spool);

impl Worker {
    /// Of this spool.
    #[must_use]
    pub const fn new(spool: Spool) -> Self {
        Self(spool)
    }

    /// Sends until `shutdown` ends. What is not sent then waits for the next gate.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for channel in self.0.channels().all.iter().filter(|channel| channel.is_there()) {
            tasks.spawn(serve(self.0.clone(), channel.clone(), stopped.clone()));
        }
        if tasks.is_empty() {
            return;
        }
        tasks.spawn(clean(self.0.clone(), stopped));
        shutdown.await;
        let _ = stop.send(true);
        let parting = async { while tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(PARTING_TIME_MAX, parting).await;
    }

    /// Sends what is due now, on every channel; gives how many attempts were made.
    ///
    /// # Errors
    /// The state cannot be used.
    pub async fn round(&self) -> Result<u32, StoreError> {
        let mut attempts = 0;
        for channel in &self.0.channels().all {
            while attempt(&self.0, channel).await? {
                attempts += 1;
            }
        }
        Ok(attempts)
    }
}

async fn serve(spool: Spool, channel: Channel, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let mut woken = std::pin::pin!(spool.woken());
        // Before the look, so that a notice between the look and the wait is not missed.
        woken.as_mut().enable();
        match attempt(&spool, &channel).await {
            Ok(true) => continue,
            Ok(false) => spool.well(),
            Err(error) => spool.say(&error),
        }
        tokio::select! {
            _ = stopped.changed() => {}
            () = woken => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn clean(spool: Spool, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(error) = spool.tidy().await {
            spool.say(&error);
        }
        tokio::select! {
            _ = stopped.changed() => {}
            () = tokio::time::sleep(TIDY_EVERY) => {}
        }
    }
}

/// Sends one letter of this channel, if one is due.
async fn attempt(spool: &Spool, channel: &Channel) -> Result<bool, StoreError> {
    let name = channel.name();
    let Some(claimed) = spool.claim(name).await? else { return Ok(false) };
    let outcome = outcome(spool, channel, &claimed).await?;
    spool.finish(name, claimed, outcome).await?;
    Ok(true)
}

async fn outcome(spool: &Spool, channel: &Channel, claimed: &Claimed) -> Result<Outcome, StoreError> {
    if claimed.has_lapsed {
        return Ok(Outcome::Lapsed);
    }
    let post = &spool.channels().post;
    let setting = channel.setting(post).await;
    if let Some(why) = spool.disabled(channel.name(), setting.clone()).await? {
        return Ok(Outcome::Failed { error: format!("the channel is disabled: {why}") });
    }
    let failure = match channel.send(&claimed.letter, post).await {
        Ok(_) => return Ok(Outcome::Sent),
        Err(failure) => failure,
    };
    if failure.is_gone {
        spool.disable(channel.name(), setting, failure.said.clone()).await?;
        return Ok(Outcome::Failed { error: failure.said });
    }
    let pause = usize::try_from(claimed.attempts).ok().and_then(|attempts| PAUSES.get(attempts.checked_sub(1)?));
    let Some(pause) = pause else { return Ok(Outcome::Failed { error: failure.said }) };
    let jitter = pause.mul_f64(rand::rng().random_range(0.0..=f64::from(JITTER_PERCENT) / 100.0));
    let wait = (*pause + jitter).max(failure.not_before.unwrap_or_default());
    Ok(Outcome::Again { at: post.clock.now().after(wait), error: failure.said })
}
