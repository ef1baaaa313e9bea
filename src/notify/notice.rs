//! What people are told.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::config::NoticeKind;
use crate::model::{ApprovalId, SessionId, Timestamp};
use crate::record::redact;

const OPERATION_CHARS_MAX: usize = 160;
const NAME_CHARS_MAX: usize = 64;
const PEOPLE_CHARS_MAX: usize = 240;

/// What people are told. Only what is public: never arguments, what resources hold, or reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// The request; a change of the configuration has none.
    pub request: Option<ApprovalId>,
    /// The operation; with several the first and how many more; for a change, what changes.
    pub operation: String,
    /// Where; empty where that says nothing.
    pub environment: String,
    /// The agent.
    pub agent: Option<String>,
    /// The person that it acts for.
    pub person: Option<String>,
    /// Who answered, where that is what the notice is about.
    pub by: Option<String>,
    /// Who may answer, in words (`2 of senior-sre`); empty where that says nothing.
    pub may_approve: String,
    /// Until when: to be answered, to be used.
    pub until: Option<Timestamp>,
    /// The session.
    pub session: Option<SessionId>,
}

impl Notice {
    /// The same with texts as they may stand in messages: masked, bounded, in one line, nothing hidden in them.
    #[must_use]
    pub(super) fn plain(&self) -> Self {
        let name = |text: &Option<String>| text.as_deref().map(|text| plain(text, NAME_CHARS_MAX));
        Self {
            operation: plain(&self.operation, OPERATION_CHARS_MAX),
            environment: plain(&self.environment, NAME_CHARS_MAX),
            agent: name(&self.agent),
            person: name(&self.person),
            by: name(&self.by),
            may_approve: plain(&self.may_approve, PEOPLE_CHARS_MAX),
            ..self.clone()
        }
    }

    /// `claude for ada`, or as much of it as is known.
    #[must_use]
    pub fn who(&self) -> Cow<'_, str> {
        match (&self.agent, &self.person) {
            (Some(agent), Some(person)) => format!("{agent} for {person}").into(),
            (Some(one), None) => one.as_str().into(),
            (None, Some(person)) => format!("an agent for {person}").into(),
            (None, None) => "an agent".into(),
        }
    }

    /// One line that says all.
    #[must_use]
    pub fn verdict(&self) -> String {
        let place = if self.environment.is_empty() { String::new() } else { format!(" in {}", self.environment) };
        let what = format!("{}{place}", self.operation);
        let who = self.who();
        let by = self.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        match self.kind {
            NoticeKind::Opened => format!("{who} wants {what}"),
            NoticeKind::Approved => format!("Approved{by}: {what} ({who})"),
            NoticeKind::Denied => format!("Denied{by}: {what} ({who})"),
            NoticeKind::Expired => format!("Expired: {what} ({who})"),
            NoticeKind::Withdrawn => format!("Withdrawn{by}: {what} ({who})"),
            NoticeKind::BreakGlass => format!("BREAK-GLASS{by}: {what} ({who})"),
            NoticeKind::BreakGlassUnreviewed => format!("Break-glass{by} that nobody has reviewed: {what} ({who})"),
            NoticeKind::ChangePending => format!("A change of the configuration waits: {what}"),
        }
    }

    /// The command that shows the rest. It only shows.
    #[must_use]
    pub fn command(&self) -> String {
        match (self.kind, self.request) {
            (NoticeKind::ChangePending, _) => "blastgate changes show".to_owned(),
            (_, Some(id)) => format!("blastgate approvals show {id}"),
            (_, None) => "blastgate approvals list".to_owned(),
        }
    }

    /// Whom the flood bound counts by.
    pub(super) fn source(&self) -> String {
        let mut source = self.agent.clone().unwrap_or_default();
        let _ = write!(source, "\n{}", self.person.as_deref().unwrap_or_default());
        source
    }
}

/// In one line, at most so many characters; what hides or turns text is left out.
pub(super) fn plain(text: &str, chars_max: usize) -> String {
    // Enough to be masked whole, and not a megabyte.
    let end = text.char_indices().nth(chars_max * 4).map_or(text.len(), |(at, _)| at);
    let masked = redact::mask(text.get(..end).unwrap_or_default());
    let mut out = String::new();
    let mut count = 0;
    for c in masked.chars() {
        let c = if c.is_whitespace() || c.is_control() { ' ' } else { c };
        if hides(c) || (c == ' ' && (out.is_empty() || out.ends_with(' '))) {
            continue;
        }
        if count + 1 == chars_max {
            out.push('…');
            break;
        }
        out.push(c);
        count += 1;
    }
    out.truncate(out.trim_end().len());
    out
}

/// Zero width, direction, tags, fillers, variants.
fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
