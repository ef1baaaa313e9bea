//! A request as a terminal shows it.

use std::fmt::Write as _;

use crate::approvals::{State, Subject, View};
use crate::cli::moment;

pub(super) fn list(views: &[View]) -> String {
    if views.is_empty() {
        return "Nothing waits for an answer.\n".to_owned();
    }
    let mut out = String::new();
    for one in views {
        let who = one.agent.as_deref().unwrap_or("-");
        let _ = writeln!(out, "{}  {:<8}  {who:<12}  {}", one.id, one.state.as_str(), one.operation);
        let _ = writeln!(out, "    {}", shortened(&gist(one)));
        if !one.voters.is_empty() || one.who != "1 approval" {
            let by = if one.voters.is_empty() { "nobody yet".to_owned() } else { one.voters.join(", ") };
            let _ = writeln!(out, "    {}", shortened(&format!("needs {} · approved by {by}", one.who)));
        }
    }
    out.push_str("→ blastgate approvals show|approve|deny ID\n");
    out
}

/// On what, and what it would do: the operation stands in the line above.
fn gist(view: &View) -> String {
    let mut lines = view.shown.lines();
    let first = lines.next().unwrap_or_default();
    let operation = view.operation.split(' ').next().unwrap_or_default();
    let does = first.strip_prefix(operation).unwrap_or(first).trim();
    match lines.find_map(|line| line.trim().strip_prefix("on: ")) {
        Some(on) => format!("{on} · {does}"),
        None => does.to_owned(),
    }
}

/// As much of a line as fits beside its indent on the narrowest terminal.
fn shortened(line: &str) -> String {
    const CHARS_MAX: usize = 75;
    match line.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(line).trim_end()),
        None => line.to_owned(),
    }
}

/// Where it stands, in one line.
pub(super) fn standing(view: &View) -> String {
    match view.state {
        State::Pending | State::Approved => format!("{}  {} until {}", view.id, view.state, moment(view.until)),
        _ => format!("{}  {}", view.id, view.state),
    }
}

/// Everything that a person needs who answers.
pub(super) fn whole(view: &View) -> String {
    let mut out = format!("{}\n", standing(view));
    if view.actions > 1 {
        let used = if view.used > 0 { format!(", {} used", view.used) } else { String::new() };
        let _ = writeln!(out, "  {} actions{used}", view.actions);
    }
    for line in view.shown.lines() {
        let _ = writeln!(out, "  {line}");
    }
    let person = view.person.as_deref().map(|person| format!(" for {person}")).unwrap_or_default();
    let agent = view.agent.as_deref().unwrap_or("an agent");
    let _ = match &view.subject {
        Subject::Call => writeln!(out, "  asked by   {agent}{person}, session {}", view.session),
        Subject::Change(folder) => {
            let author = view.person.as_deref().unwrap_or("somebody");
            writeln!(out, "  written by {author}: a change of the gate itself, in {folder}")
        }
    };
    let _ = writeln!(out, "  asked at   {}", moment(view.opened_at));
    let said = [("reason", &view.said.reason), ("ticket", &view.said.ticket), ("rollback", &view.said.rollback_plan)];
    for (name, text) in said.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?))) {
        let _ = writeln!(out, "  {name:<10} the agent says (nobody has checked it): {text}");
    }
    let _ = writeln!(out, "  because of {}", view.because.join(", "));
    let _ = writeln!(out, "  needs      {}", view.who);
    for vote in &view.votes {
        let what = if vote.approves { "approved" } else { "denied" };
        let back = if vote.withdrawn { ", taken back" } else { "" };
        let key = vote.key.as_deref().map_or_else(|| "unsigned".to_owned(), |key| format!("signed with {key}"));
        let reason = vote.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let _ = writeln!(out, "  {what:<10} {} at {} ({key}{back}){reason}", vote.voter, moment(vote.at));
    }
    if let Some(broken) = &view.broken_glass {
        let reviewed = broken
            .reviewed_by
            .as_deref()
            .map_or_else(|| "nobody else has looked at it yet".to_owned(), |by| format!("reviewed by {by}"));
        let _ = writeln!(out, "  EMERGENCY  let through by {}: {} ({reviewed})", broken.by, broken.reason);
    }
    if view.state == State::Pending {
        for missing in &view.missing {
            let _ = writeln!(out, "  missing    {missing}");
        }
    }
    if let Some(why) = &view.voided {
        let _ = writeln!(out, "  void       {why}");
    }
    if let Some(decision) = &view.decision {
        let _ = writeln!(out, "  used by    {decision}");
    }
    out
}
