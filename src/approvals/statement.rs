//! The statement that a voter signs: what is answered to which request, by whom, when and why, in one text form.
//!
//! ```text
//! blastgate vote 1
//! request: a_01KAQ2V5C5M0Q8Z9F3T7W4XN6E
//! content: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//! answer: approve
//! voter: ada@shop.example
//! at: 2026-11-23T01:02:03.000Z
//! reason: CHG-42, checked with the owners
//! ```
//!
//! Each line ends with a newline, the last one too; `reason` is left out when there is none. One statement has one text:
//! [`Statement::parse`] takes these very bytes and no others, so that a signature over them cannot be read in two ways.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::model::{ApprovalId, Timestamp, blast_words as words};

/// The longest reason, in bytes before it is escaped.
pub const REASON_BYTES_MAX: usize = 4096;
/// The longest text that is read: each byte of a reason may be escaped as six.
const TEXT_BYTES_MAX: usize = 8 * REASON_BYTES_MAX;
/// Form and version.
const HEAD: &str = "blastgate vote 1";

words! {
    /// What a voter says.
    Answer {
        /// The actions of the request may be done.
        Approve = "approve",
        /// They may not.
        Deny = "deny",
        /// The voter's earlier approval does not count any more.
        Withdraw = "withdraw",
        /// They may be done now, on the voter's own responsibility.
        BreakGlass = "break-glass",
        /// The voter has looked at what was done by breaking the glass.
        Review = "review",
    }
}

/// What a voter signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Which request.
    pub request: ApprovalId,
    /// SHA-256 over all that the voter was shown and all that the request is bound to.
    pub content: [u8; 32],
    /// What the voter says.
    pub answer: Answer,
    /// The voter's name in `people.yaml`.
    pub voter: String,
    /// When the voter said it, by the voter's clock.
    pub at: Timestamp,
    /// Why; an empty one is none. At most [`REASON_BYTES_MAX`].
    pub reason: Option<String>,
}

/// Why a text is not a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Longer than any statement.
    #[error("the statement is too long")]
    TooLong,
    /// The first line is another.
    #[error("a statement begins with the line `{HEAD}`")]
    Head,
    /// A line is missing, doubled, unknown or not in its place.
    #[error("line `{0}` of the statement is missing or not in its place")]
    Line(&'static str),
    /// A line's value is none of its kind.
    #[error("line `{0}` of the statement holds no such thing")]
    Value(&'static str),
    /// Something stands behind the last line.
    #[error("something stands behind the statement's last line")]
    Behind,
    /// It says the same as a statement in other bytes.
    #[error("the statement is not written in its one form")]
    Form,
}

impl Statement {
    /// Reads a statement: exactly the text that [`Statement`] displays as.
    ///
    /// # Errors
    /// Any other text, also one that says the same.
    pub fn parse(text: &str) -> Result<Self, StatementError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(StatementError::TooLong);
        }
        let mut rest = text.strip_prefix(HEAD).and_then(|rest| rest.strip_prefix('\n')).ok_or(StatementError::Head)?;
        let request = line(&mut rest, "request")?;
        let content = line(&mut rest, "content")?;
        let answer = line(&mut rest, "answer")?;
        let voter = line(&mut rest, "voter")?;
        let at = line(&mut rest, "at")?;
        let reason = if rest.is_empty() { None } else { Some(line(&mut rest, "reason")?) };
        if !rest.is_empty() {
            return Err(StatementError::Behind);
        }
        let value = StatementError::Value;
        let content = HEXLOWER.decode(content.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        let at = at.parse::<jiff::Timestamp>().ok().and_then(|at| u64::try_from(at.as_millisecond()).ok());
        let unescape = |text| unescaped(text).filter(|text| !text.is_empty());
        let statement = Self {
            request: request.parse().map_err(|_| value("request"))?,
            content: content.ok_or(value("content"))?,
            answer: answer.parse().map_err(|_| value("answer"))?,
            voter: unescape(voter).ok_or(value("voter"))?,
            at: at.map(Timestamp::from_millis).ok_or(value("at"))?,
            reason: reason.map(|reason| unescape(reason).ok_or(value("reason"))).transpose()?,
        };
        if statement.reason.as_ref().is_some_and(|reason| reason.len() > REASON_BYTES_MAX) {
            return Err(StatementError::TooLong);
        }
        if statement.to_string() == text { Ok(statement) } else { Err(StatementError::Form) }
    }
}

impl fmt::Display for Statement {
    /// The text that is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        writeln!(f, "request: {}", self.request)?;
        writeln!(f, "content: {}", HEXLOWER.encode(&self.content))?;
        writeln!(f, "answer: {}", self.answer)?;
        writeln!(f, "voter: {}", escaped(&self.voter))?;
        writeln!(f, "at: {}", self.at)?;
        match self.reason.as_deref() {
            None | Some("") => Ok(()),
            Some(reason) => writeln!(f, "reason: {}", escaped(reason)),
        }
    }
}

/// Takes the next line, which must have this key.
fn line<'a>(rest: &mut &'a str, key: &'static str) -> Result<&'a str, StatementError> {
    let (line, after) = rest.split_once('\n').ok_or(StatementError::Line(key))?;
    let value = line.strip_prefix(key).and_then(|line| line.strip_prefix(": ")).ok_or(StatementError::Line(key))?;
    *rest = after;
    Ok(value)
}

/// On one line, and nothing in it that moves a cursor, turns the direction of reading or is not seen.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            c if c.is_control() || is_unseen(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Line separators, and what Unicode 16 calls `Default_Ignorable_Code_Point`: bidirectional controls, joiners, tags,
/// variation selectors.
const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// What was escaped; `None` for an escape that is none of ours.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        out.push_str(before);
        if let Some(after) = behind.strip_prefix('\\') {
            out.push('\\');
            rest = after;
        } else {
            let (digits, after) = behind.strip_prefix("u{")?.split_once('}')?;
            out.push(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?);
            rest = after;
        }
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests;
