//! The ways on which people are told, and what a way may answer.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::letter::Letter;
use super::{desktop, email, secret, slack, webhook};
use crate::config::{Desktop, Email, Events, NoticeKind, Notify, SecretSource, Slack, Webhook};
use crate::model::Clock;
use crate::outbound::{Outbound, OutboundError};

/// A server that asks for patience is given at most so much.
const PATIENCE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// It arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What can be said about that.
    pub said: String,
}

/// It did not arrive. What is said holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why, for people.
    pub said: String,
    /// The other side wants nothing any more.
    pub is_gone: bool,
    /// The other side asks to be left alone for so long.
    pub not_before: Option<Duration>,
}

impl Failure {
    pub(super) const fn new(said: String) -> Self {
        Self { said, is_gone: false, not_before: None }
    }

    pub(super) const fn gone(said: String) -> Self {
        Self { said, is_gone: true, not_before: None }
    }

    /// Another status than 2xx.
    pub(super) fn answered(who: &str, status: u16, retry_after: Option<u64>) -> Self {
        let moved = if (300..400).contains(&status) { ", and redirects are not followed" } else { "" };
        let not_before = retry_after.map(|seconds| Duration::from_secs(seconds).min(PATIENCE_MAX));
        Self { said: format!("{who} answered {status}{moved}"), is_gone: false, not_before }
    }

    /// The same with what the other side said about it.
    pub(super) fn because(mut self, word: &str) -> Self {
        if !word.is_empty() {
            self.said = format!("{}: {word}", self.said);
        }
        self
    }
}

impl From<OutboundError> for Failure {
    fn from(error: OutboundError) -> Self {
        Self::new(error.to_string())
    }
}

/// What is needed to send.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) outbound: Outbound,
    pub(super) clock: Arc<dyn Clock>,
    /// What files of secrets are relative to.
    pub(super) folder: PathBuf,
    pub(super) variable: fn(&str) -> Option<OsString>,
}

impl Post {
    /// Reads a secret, on a thread that may wait for the disk.
    pub(super) async fn secret(&self, source: &SecretSource) -> Result<String, Failure> {
        let (source, folder, variable) = (source.clone(), self.folder.clone(), self.variable);
        let read = tokio::task::spawn_blocking(move || secret::read(&source, &folder, variable)).await;
        read.unwrap_or_else(|error| Err(Failure::new(error.to_string())))
    }
}

/// One way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A signed webhook.
    Webhook(Webhook),
    /// Slack.
    Slack(Slack),
    /// Mail.
    Email(Email),
    /// The operator's own terminal and desktop.
    Desktop(Desktop),
}

impl Channel {
    /// Its name in settings and commands.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Slack(_) => "slack",
            Self::Email(_) => "email",
            Self::Desktop(_) => "desktop",
        }
    }

    /// Whether notices of this kind go there.
    #[must_use]
    pub fn wants(&self, kind: NoticeKind) -> bool {
        self.events().holds(kind)
    }

    const fn events(&self) -> &Events {
        match self {
            Self::Webhook(webhook) => &webhook.events,
            Self::Slack(slack) => &slack.events,
            Self::Email(email) => &email.events,
            Self::Desktop(desktop) => &desktop.events,
        }
    }

    /// A digest of where it leads.
    pub(super) async fn setting(&self, post: &Post) -> String {
        let place = match self {
            Self::Webhook(webhook) => format!("{}{}", webhook.url, webhook.url.path),
            Self::Slack(slack) => post.secret(&slack.url).await.unwrap_or_default(),
            Self::Email(email) => format!("{} {} {}", email.server, email.from, email.to.join(" ")),
            Self::Desktop(_) => String::new(),
        };
        data_encoding::HEXLOWER.encode(&Sha256::digest(format!("{}\n{}", self.name(), place.trim())))
    }

    /// Whether this process can use it.
    pub(super) fn is_there(&self) -> bool {
        !matches!(self, Self::Desktop(_)) || desktop::is_there()
    }

    pub(super) async fn send(&self, letter: &Letter, post: &Post) -> Result<Sent, Failure> {
        match self {
            Self::Webhook(webhook) => webhook::send(webhook, letter, post).await,
            Self::Slack(slack) => slack::send(slack, letter, post).await,
            Self::Email(email) => email::send(email, letter, post).await,
            Self::Desktop(_) => desktop::send(letter).await,
        }
    }
}

/// All ways of one configuration, and what is needed to go them.
#[derive(Clone, Debug)]
pub struct Channels {
    pub(super) all: Vec<Channel>,
    pub(super) post: Post,
}

impl Channels {
    /// Those that the settings name. `folder`: what their files are relative to; `variable` reads the gate's own
    /// environment.
    #[must_use]
    pub fn new(
        settings: &Notify,
        folder: PathBuf,
        outbound: Outbound,
        clock: Arc<dyn Clock>,
        variable: fn(&str) -> Option<OsString>,
    ) -> Self {
        let all = [
            settings.webhook.clone().map(Channel::Webhook),
            settings.slack.clone().map(Channel::Slack),
            settings.email.clone().map(Channel::Email),
            settings.desktop.clone().map(Channel::Desktop),
        ];
        Self { all: all.into_iter().flatten().collect(), post: Post { outbound, clock, folder, variable } }
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(Channel::name)
    }

    /// Tells one channel now, past the spool.
    ///
    /// # Errors
    /// It did not arrive, or there is no such channel.
    pub async fn send(&self, name: &str, letter: &Letter) -> Result<Sent, Failure> {
        let channel = self.all.iter().find(|channel| channel.name() == name);
        let channel = channel.ok_or_else(|| Failure::new(format!("no `notify.{name}` stands in the settings")))?;
        channel.send(letter, &self.post).await
    }
}
