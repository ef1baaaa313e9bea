//! A notice on its way: one id on every channel and at every attempt, so that receivers can tell a repetition.

use serde_json::{Value, json};

use super::notice::Notice;
use crate::config::NoticeKind;
use crate::model::{Clock, Timestamp};

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// `n_…`, the same at every attempt.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// What it says.
    pub content: Content,
}

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// One notice.
    Notice(Notice),
    /// So many more notices about whom this one is about.
    More(u32, Notice),
    /// That messages arrive.
    Test,
}

impl Letter {
    /// A letter of now that says that messages arrive.
    #[must_use]
    pub fn test(clock: &dyn Clock) -> Self {
        let at = clock.now();
        Self { id: id(at), at, content: Content::Test }
    }

    /// One line.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.content {
            Content::Notice(notice) => notice.verdict(),
            Content::More(more, notice) => format!("… and {more} more about {}", notice.who()),
            Content::Test => "A test of blastgate's notifications: this channel works".to_owned(),
        }
    }

    /// The command that shows the rest.
    #[must_use]
    pub fn command(&self) -> String {
        match &self.content {
            Content::Notice(notice) => notice.command(),
            Content::More(..) => "blastgate approvals list".to_owned(),
            Content::Test => "blastgate notify status".to_owned(),
        }
    }

    /// What stands below the line, as label and text.
    #[must_use]
    pub fn details(&self) -> Vec<(&'static str, String)> {
        let mut details = Vec::new();
        if let Content::Notice(notice) = &self.content {
            if let Some(request) = &notice.request {
                details.push(("request", request.to_string()));
            }
            if !notice.may_approve.is_empty() {
                details.push(("may approve", notice.may_approve.clone()));
            }
            if let Some(until) = notice.until {
                details.push(("until", minute(until)));
            }
            if let Some(session) = &notice.session {
                details.push(("session", session.to_string()));
            }
        }
        details.push(("look", self.command()));
        details
    }

    /// `approval.opened`: Standard Webhooks' event type.
    #[must_use]
    pub const fn event(&self) -> &'static str {
        match &self.content {
            Content::More(..) => "notices.more",
            Content::Test => "notices.test",
            Content::Notice(notice) => match notice.kind {
                NoticeKind::Opened => "approval.opened",
                NoticeKind::Approved => "approval.approved",
                NoticeKind::Denied => "approval.denied",
                NoticeKind::Expired => "approval.expired",
                NoticeKind::Withdrawn => "approval.withdrawn",
                NoticeKind::BreakGlass => "approval.break_glass",
                NoticeKind::BreakGlassUnreviewed => "approval.break_glass_unreviewed",
                NoticeKind::ChangePending => "change.pending",
            },
        }
    }

    /// The webhook's body: `docs/notifications.md` documents it.
    #[must_use]
    pub fn json(&self) -> Value {
        let (notice, more) = match &self.content {
            Content::Notice(notice) => (Some(notice), 0),
            Content::More(more, notice) => (Some(notice), *more),
            Content::Test => (None, 0),
        };
        let mut data = json!({ "notice": self.id, "summary": self.title(), "command": self.command() });
        if let (Some(data), Some(notice)) = (data.as_object_mut(), notice) {
            let mut set = |name: &str, value: Value| drop(data.insert(name.to_owned(), value));
            set("agent", json!(notice.agent));
            set("person", json!(notice.person));
            if more > 0 {
                set("more", json!(more));
            } else {
                set("request", json!(notice.request));
                set("operation", json!(notice.operation));
                set("environment", json!(notice.environment));
                set("by", json!(notice.by));
                set("may_approve", json!(notice.may_approve));
                set("until", json!(notice.until.map(|until| until.to_string())));
                set("session", json!(notice.session));
            }
        }
        json!({ "type": self.event(), "timestamp": self.at.to_string(), "data": data })
    }
}

/// A new letter's id.
pub(super) fn id(at: Timestamp) -> String {
    crate::model::ApprovalId::new(at, rand::random()).to_string().replacen("a_", "n_", 1)
}

/// `2026-11-22 06:00 UTC`.
fn minute(at: Timestamp) -> String {
    let text = at.to_string().replace('T', " ");
    format!("{} UTC", text.get(..16).unwrap_or(&text))
}
