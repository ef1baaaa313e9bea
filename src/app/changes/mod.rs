//! What changed in the configuration folder, and which of it a running gate takes up by itself.
//!
//! The agent often has the gate's own user, and can write these files. Only what tightens is taken up at once: a rule file
//! that was not there (adding a rule never loosens anything), a stricter posture, a key of people.yaml that is gone.
//! Everything else waits until the operator has seen and accepted it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::setup::{Text, Texts};
use crate::config::{Config, People, is_private};
use crate::decide::visible;
use crate::record::redact;

/// One file that differs from what was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which file.
    pub file: String,
    /// What happened to it.
    pub kind: ChangeKind,
    /// It was taken up, because it only tightens.
    pub taken: bool,
    /// The lines that were removed (`-`) and added (`+`), in order.
    pub lines: Vec<String>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// It says something else.
    Changed,
}

impl std::fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        })
    }
}

/// What a gate goes by, and what waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// What was accepted, with all that only tightens.
    pub effective: Texts,
    /// Every difference between what was accepted and what stands in the folder.
    pub changes: Vec<Change>,
}

impl Outlook {
    /// Whether anything waits for the operator.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.changes.iter().any(|change| !change.taken)
    }
}

/// Of one line, and of all that is shown to whoever must approve: the log has room for it.
const LINE_CHARS_MAX: usize = 32 * 1024;
const SHOWN_BYTES_MAX: usize = 128 * 1024;

/// What waits, file by file, for whoever must approve it: nothing that could move a cursor, hide, or be a secret; and
/// where it is too long, a line that says how much is not shown.
#[must_use]
pub fn shown(accepted: &Texts, found: &Texts, changes: &[Change]) -> String {
    let mut text = String::new();
    let posture = |texts: &Texts| match &texts.config {
        Some(Text { file, text, .. }) => Config::parse(file, text).map(|config| config.posture).ok(),
        None => Some(Config::default().posture),
    };
    if let (Some(before), Some(after)) = (posture(accepted), posture(found))
        && before != after
    {
        let _ = writeln!(text, "  posture: {before} → {after}");
    }
    for change in changes.iter().filter(|change| !change.taken) {
        let _ = writeln!(text, "  {} {}", visible(&change.file, LINE_CHARS_MAX), change.kind);
        for (at, line) in change.lines.iter().enumerate() {
            if text.len() > SHOWN_BYTES_MAX {
                let _ = writeln!(text, "    … and {} more lines: read the file", change.lines.len() - at);
                break;
            }
            let _ = writeln!(text, "    {}", visible(&redact::mask(line), LINE_CHARS_MAX));
            if line.chars().nth(LINE_CHARS_MAX).is_some() {
                text.push_str("    (of the line above a part is left out: read the file)\n");
            }
        }
    }
    text
}

/// Compares what was accepted with what stands in the folder now.
#[must_use]
pub fn compare(accepted: &Texts, found: &Texts) -> Outlook {
    let mut changes = Vec::new();
    let mut effective = accepted.clone();
    if let Some(change) = change(accepted.config.as_ref(), found.config.as_ref(), tightens_config) {
        if change.taken {
            effective.config.clone_from(&found.config);
        }
        changes.push(change);
    }
    changes.extend(change(accepted.inventory.as_ref(), found.inventory.as_ref(), |_, _| false));
    if let Some(change) = change(accepted.people.as_ref(), found.people.as_ref(), revokes) {
        if change.taken {
            effective.people.clone_from(&found.people);
        }
        changes.push(change);
    }
    let named = |texts: &[Text], file: &str| texts.iter().find(|text| text.file == file).cloned();
    let mut files: Vec<&str> = accepted.rules.iter().chain(&found.rules).map(|text| text.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    for file in files {
        let (before, after) = (named(&accepted.rules, file), named(&found.rules, file));
        // A new file holds rules, limits, freezes, sets or the name of a pack: none of them can loosen. Exceptions do.
        let tightens =
            |before: Option<&Text>, after: Option<&Text>| before.is_none() && after.is_some_and(only_tightens);
        let Some(change) = change(before.as_ref(), after.as_ref(), tightens) else { continue };
        if change.taken {
            effective.rules.extend(after);
        }
        changes.push(change);
    }
    effective.rules.sort_by(|a, b| a.file.cmp(&b.file));
    Outlook { effective, changes }
}

/// Whether a file that was not there can only tighten.
fn only_tightens(text: &Text) -> bool {
    std::path::Path::new(&text.file).file_name().is_none_or(|name| name != "exceptions.yaml")
}

fn change(
    before: Option<&Text>,
    after: Option<&Text>,
    tightens: impl Fn(Option<&Text>, Option<&Text>) -> bool,
) -> Option<Change> {
    let text = |text: Option<&Text>| text.map(|text| text.text.clone());
    let kind = match (before, after) {
        (None, None) => return None,
        (None, Some(_)) => ChangeKind::Added,
        (Some(_), None) => ChangeKind::Removed,
        (Some(before), Some(after)) if before.text == after.text => return None,
        (Some(_), Some(_)) => ChangeKind::Changed,
    };
    let file = after.or(before).map(|text| text.file.clone()).unwrap_or_default();
    let (was, is) = (text(before).unwrap_or_default(), text(after).unwrap_or_default());
    let lines = if is_private(&was) || is_private(&is) {
        vec!["? a private key stands in it, so its lines are not shown".to_owned()]
    } else {
        difference(&was, &is)
    };
    Some(Change { file, kind, taken: tightens(before, after), lines })
}

/// The same settings under a stricter posture.
fn tightens_config(before: Option<&Text>, after: Option<&Text>) -> bool {
    let parse = |text: Option<&Text>| match text {
        Some(text) => Config::parse(&text.file, &text.text).ok(),
        None => Some(Config::default()),
    };
    match (parse(before), parse(after)) {
        (Some(before), Some(after)) => {
            after.posture >= before.posture && after == Config { posture: after.posture, ..before }
        }
        _ => false,
    }
}

/// Whether keys are gone and nothing else.
fn revokes(before: Option<&Text>, after: Option<&Text>) -> bool {
    let parse = |text: Option<&Text>| text.and_then(|text| People::parse(&text.file, &text.text).ok());
    matches!((parse(before), parse(after)), (Some(before), Some(after)) if after.only_revokes(&before))
}

/// The lines between the common beginning and the common end.
fn difference(before: &str, after: &str) -> Vec<String> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let rest = before.len().min(after.len()) - head;
    let tail = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let middle = |lines: &[&str], sign: char| -> Vec<String> {
        lines.get(head..lines.len() - tail).unwrap_or_default().iter().map(|line| format!("{sign} {line}")).collect()
    };
    let mut lines = middle(&before, '-');
    lines.extend(middle(&after, '+'));
    lines
}

#[cfg(test)]
mod tests;
