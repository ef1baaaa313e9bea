//! One decision in full, for somebody who is woken by it.

use std::io::{self, Write};
use std::path::Path;

use anstyle::Style;

use super::list::{Line, effect_style, outcome_of, write_json};
use crate::approvals::no_session;
use crate::cli::table::visible;
use crate::model::{Disposition, Mode, Place, Reversible, Timestamp};
use crate::record::query::{ReadError, Reader, Stored};
use crate::record::{
    ActionEntry, ApprovalEntry, ConfigurationEntry, DecisionEntry, Entry, Outcome, RejectedEntry, Streamed,
};

/// The fewest characters of an id's end that are looked for.
const END_MIN: usize = 6;
/// An entry's time may lie this much before its id's, and a segment's before its entry's.
const SLACK_MILLIS: u64 = 3_600_000;

/// Shows the decision with this id, or whose id ends so; 1 when there is none, or more than one.
pub(super) fn show(id: &str, folder: &Path, json: bool, out: &mut dyn Write) -> anyhow::Result<u8> {
    let Some(found) = find(id, folder)? else {
        writeln!(out, "`{}` is too short: at least the last {END_MIN} characters of an id are needed", visible(id))?;
        return Ok(1);
    };
    match &found[..] {
        [] => {
            writeln!(out, "there is no decision `{}` in the log", visible(id))?;
            Ok(1)
        }
        [line] if json => write_json(out, &line.stored, Some(line.outcome.as_ref())).map(|()| 0).map_err(Into::into),
        [line] => write_line(out, line).map(|()| 0).map_err(Into::into),
        // The steps of one approval request have its id.
        [first, others @ ..] if others.iter().all(|line| line.stored.id() == first.stored.id()) => {
            for line in &found {
                if json {
                    write_json(out, &line.stored, None)?;
                } else {
                    write_line(out, line)?;
                }
            }
            Ok(0)
        }
        several => {
            writeln!(out, "`{}` is the end of several ids:", visible(id))?;
            for line in several {
                writeln!(out, "  {}  {}", line.stored.id().unwrap_or_default(), line.stored.at())?;
            }
            Ok(1)
        }
    }
}

/// The records with this id, or whose id ends so, oldest first, decisions with their outcomes; `None`: it is too short.
///
/// # Errors
/// The log cannot be read.
pub(in crate::cli) fn find(id: &str, folder: &Path) -> anyhow::Result<Option<Vec<Line>>> {
    let wanted = id.to_uppercase();
    let wanted = wanted.strip_prefix("D_").or_else(|| wanted.strip_prefix("A_")).unwrap_or(&wanted);
    if wanted.len() < END_MIN {
        return Ok(None);
    }
    let began = ulid::Ulid::from_string(wanted).ok();
    let since = began.map(|ulid| Timestamp::from_millis(ulid.timestamp_ms().saturating_sub(SLACK_MILLIS)));
    let mut found: Vec<Line> = Vec::new();
    for item in Reader::open_since(folder, since)? {
        let stored = match item {
            Ok(stored) => stored,
            // The list reports damage; here it must not hide what stands.
            Err(ReadError::Damage(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        if !stored.id().is_some_and(|id| id.ends_with(wanted)) {
            continue;
        }
        if stored.is("outcome") {
            let line = found.iter_mut().find(|line| line.stored.id() == stored.id());
            if let Some(line) = line {
                line.outcome = Some(stored);
            }
        } else {
            found.push(Line { stored, outcome: None });
        }
    }
    Ok(Some(found))
}

fn write_line(out: &mut dyn Write, line: &Line) -> io::Result<()> {
    match line.stored.entry() {
        Ok(Entry::Decision(entry)) => write_decision(out, &line.stored, &entry, line.outcome.as_ref()),
        Ok(Entry::Rejected(entry)) => write_rejected(out, &line.stored, &entry),
        Ok(Entry::Approval(entry)) => write_step(out, &line.stored, &entry),
        Ok(Entry::Configuration(entry)) => write_change(out, &line.stored, &entry),
        Ok(Entry::Session(entry)) => super::session::write(out, &line.stored, &entry),
        Ok(_) => Ok(()),
        Err(damage) => writeln!(out, "{damage}\n{}", visible(&String::from_utf8_lossy(line.stored.payload()))),
    }
}

fn write_step(out: &mut dyn Write, stored: &Stored, entry: &ApprovalEntry) -> io::Result<()> {
    head(out, stored)?;
    field(out, "approval", entry.step.as_str())?;
    field(out, "by", entry.by.as_deref().unwrap_or_default())?;
    field(out, "reason", entry.reason.as_deref().unwrap_or_default())?;
    field(out, "decision", &entry.decision.map(|decision| decision.to_string()).unwrap_or_default())?;
    field(out, "until", &entry.until.map(|until| until.to_string()).unwrap_or_default())?;
    if entry.session != no_session() {
        field(out, "session", &entry.session.to_string())?;
    }
    field(out, "person", entry.person.as_deref().unwrap_or("not known"))?;
    field(out, "for", if entry.shown.is_empty() { &entry.operation } else { &entry.shown })?;
    for (label, text) in
        [("reason", &entry.said.reason), ("ticket", &entry.said.ticket), ("rollback plan", &entry.said.rollback_plan)]
    {
        let text = text.as_ref().map(|text| format!("the agent says (nobody has checked it): {text}"));
        field(out, label, &text.unwrap_or_default())?;
    }
    field(out, "asked by", &entry.requirement.join(", "))?;
    field(out, "rules", &entry.revision)?;
    foot(out, stored)
}

fn write_change(out: &mut dyn Write, stored: &Stored, entry: &ConfigurationEntry) -> io::Result<()> {
    head(out, stored)?;
    field(out, "configuration", entry.step.as_str())?;
    field(out, "by", entry.by.as_deref().unwrap_or_default())?;
    field(out, "on ground of", &entry.ground.as_ref().map(ToString::to_string).unwrap_or_default())?;
    field(out, "files", &entry.files.join("\n"))?;
    field(out, "content", &format!("{} → {}", entry.before, entry.id))?;
    field(out, "rules", &format!("{} → {}, posture {}", entry.rules_before, entry.rules_after, entry.posture))?;
    field(out, "why", entry.why.as_deref().unwrap_or_default())?;
    foot(out, stored)
}

/// A labelled line; nothing for an empty text.
pub(super) fn field(out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
    let dimmed = Style::new().dimmed();
    let mut lines = text.lines().map(visible);
    let Some(first) = lines.next() else { return Ok(()) };
    writeln!(out, "{dimmed}{label:<15}{dimmed:#}{first}")?;
    lines.try_for_each(|line| writeln!(out, "{:15}{line}", ""))
}

pub(super) fn head(out: &mut dyn Write, stored: &Stored) -> io::Result<()> {
    let bold = Style::new().bold();
    let at = stored.at().to_string().replace('T', " ").replace('Z', " UTC");
    writeln!(out, "{bold}{}{bold:#}  {at}", stored.id().unwrap_or_default())
}

pub(super) fn foot(out: &mut dyn Write, stored: &Stored) -> io::Result<()> {
    writeln!(out)?;
    field(out, "record", &format!("{} of {}", stored.sequence(), stored.log()))
}

fn write_decision(
    out: &mut dyn Write,
    stored: &Stored,
    entry: &DecisionEntry,
    outcome: Option<&Stored>,
) -> io::Result<()> {
    head(out, stored)?;
    let style = effect_style(entry.decision);
    let dimmed = Style::new().dimmed();
    writeln!(out, "{dimmed}{:<15}{dimmed:#}{style}{}{style:#}, {}", "decision", entry.decision, entry.disposition)?;
    field(out, "outcome", &outcome_in_full(entry, outcome))?;
    field(out, "request", &format!("{} through the {} door", entry.request, entry.door))?;
    let principal = &entry.principal;
    field(out, "session", &principal.session.to_string())?;
    field(out, "agent", principal.agent.as_deref().unwrap_or("not known"))?;
    field(out, "person", principal.person.as_deref().unwrap_or("not known"))?;
    field(out, "rules", &format!("{}, posture {}", entry.revision, entry.posture))?;
    field(out, "approval", &entry.approval.map(|approval| approval.to_string()).unwrap_or_default())?;
    for check in &entry.checks {
        let said = if check.said.is_empty() { String::new() } else { format!(": {}", check.said) };
        let answer = if check.passed { "yes" } else { "no" };
        field(out, "check", &format!("{} says {answer} after {} ms{said}", check.name, check.took_ms))?;
    }
    field(out, "limit", entry.limit.as_deref().unwrap_or_default())?;
    field(out, "body sha256", entry.body_sha256.as_deref().unwrap_or_default())?;
    for (index, action) in entry.actions.iter().enumerate() {
        writeln!(out)?;
        write_action(out, index, action)?;
    }
    writeln!(out)?;
    write_findings(out, entry)?;
    foot(out, stored)
}

fn write_action(out: &mut dyn Write, index: usize, action: &ActionEntry) -> io::Result<()> {
    field(out, &format!("action {}", index + 1), action.operation.as_str())?;
    for alias in &action.aliases {
        field(out, "  or", alias.as_str())?;
    }
    let blast = &action.blast;
    let back = match blast.reversible {
        Reversible::Yes => "can be undone",
        Reversible::Partly => "can be undone in part",
        Reversible::No => "cannot be undone",
    };
    field(out, "  does", &format!("{}, reaches {} {}, {back}", blast.impact, blast.count, blast.scope))?;
    let hazards: Vec<&str> = blast.hazards.iter().map(|hazard| hazard.as_str()).collect();
    field(out, "  hazards", &hazards.join(", "))?;
    field(out, "  environment", &environment(action))?;
    field(out, "  so far", &action.notes.join("\n"))?;
    field(out, "  where", &place(&action.place))?;
    for resource in &action.resources {
        field(out, "  on", resource.as_str())?;
    }
    for parameter in &action.parameters {
        field(out, "  with", &format!("{} = {}", parameter.name, parameter.value))?;
    }
    field(out, "  known as", action.evidence.as_str())
}

fn environment(action: &ActionEntry) -> String {
    let environment = &action.environment;
    let mut text = environment.name.clone();
    if environment.name != environment.kind.as_str() {
        text.push_str(&format!(", counts as {}", environment.kind));
    }
    if let Some(tier) = environment.tier {
        text.push_str(&format!(", tier {tier}"));
    }
    if let Some(owner) = &environment.owner {
        text.push_str(&format!(", owned by {owner}"));
    }
    if let Some(tenant) = &environment.tenant {
        text.push_str(&format!(", serves {tenant}"));
    }
    text
}

fn place(place: &Place) -> String {
    let parts = [
        ("host", &place.host),
        ("account", &place.account),
        ("region", &place.region),
        ("cluster", &place.cluster),
        ("namespace", &place.namespace),
        ("project", &place.project),
        ("subscription", &place.subscription),
        ("repository", &place.repository),
    ];
    let mut known: Vec<String> =
        parts.iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?))).collect();
    if place.loopback {
        known.push("this machine".to_owned());
    }
    known.join(", ")
}

fn write_findings(out: &mut dyn Write, entry: &DecisionEntry) -> io::Result<()> {
    for finding in &entry.findings {
        let style = effect_style(finding.effect);
        let mut notes = Vec::new();
        if entry.actions.len() > 1 {
            notes.push(format!("action {}", finding.action + 1));
        }
        if finding.mode != Mode::Enforce {
            notes.push(format!("{}: does not count", finding.mode));
        }
        if let Some(after) = &finding.after {
            let follows: Vec<String> = finding.follows.iter().map(ToString::to_string).collect();
            notes.push(match follows.is_empty() {
                true => format!("follows {}", visible(after)),
                false => format!("after {} ({})", follows.join(", "), visible(after)),
            });
        }
        if let Some(exception) = &finding.lifted {
            notes.push(format!("lifted by the exception {}", visible(exception)));
        }
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
        writeln!(out, "{style}{:<15}{style:#}{}{notes}", finding.effect.as_str(), visible(&finding.rule))?;
        field(out, "", &finding.message)?;
        if !finding.instead.is_empty() {
            field(out, "", &format!("instead: {}", finding.instead))?;
        }
        if let Some(failed) = &finding.failed {
            field(out, "", &format!("could not be evaluated: {failed}"))?;
        }
    }
    Ok(())
}

fn outcome_in_full(entry: &DecisionEntry, outcome: Option<&Stored>) -> String {
    let Some(stored) = outcome else {
        return match entry.disposition {
            Disposition::Forwarded | Disposition::Observed => "none on record: it may have reached upstream".to_owned(),
            _ => "nothing was sent".to_owned(),
        };
    };
    let after = format!("after {} ms", stored.at().since(entry.at).as_millis());
    match outcome_of(stored) {
        Some(Outcome::Answered { status, sent_bytes, received_bytes }) => {
            format!("answered {status} {after}; {sent_bytes} bytes sent, {received_bytes} received")
        }
        Some(Outcome::Tunnelled { sent_bytes, received_bytes, streamed, broken }) => {
            let streamed = streamed.as_ref().map(streams).unwrap_or_default();
            let ended =
                broken.as_ref().map_or_else(|| format!("closed {after}"), |why| format!("broke {after}: {why}"));
            format!("the tunnel {ended}; {sent_bytes} bytes sent, {received_bytes} received{streamed}")
        }
        Some(Outcome::Unreachable { error }) => format!("not a byte was sent: {error}"),
        Some(Outcome::Broken { status, error }) => {
            let status = status.map_or_else(String::new, |status| format!(" (it had answered {status})"));
            format!("broken {after}{status}: {error}; it may have reached upstream")
        }
        Some(Outcome::Abandoned) => format!("the agent went away {after}; it may have reached upstream"),
        None => "not readable by this version".to_owned(),
    }
}

/// What was sent inside, and why it was ended.
fn streams(streamed: &Streamed) -> String {
    let sent = streamed.sent.iter().map(|(name, bytes)| format!("{bytes} to {name}")).collect::<Vec<_>>().join(", ");
    let ports = streamed.ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    let parts = [("inside: ", sent), ("ports ", ports), ("cut: ", streamed.cut.clone().unwrap_or_default())];
    let said = parts.iter().filter(|(_, text)| !text.is_empty());
    said.map(|(before, text)| format!("; {before}{text}")).collect()
}

fn write_rejected(out: &mut dyn Write, stored: &Stored, entry: &RejectedEntry) -> io::Result<()> {
    head(out, stored)?;
    field(out, "decision", &format!("rejected with {}: it could not be read in exactly one way", entry.status))?;
    field(out, "why", &entry.why)?;
    field(out, "target", entry.target.as_deref().unwrap_or("not known"))?;
    field(out, "door", entry.door.as_str())?;
    field(out, "session", &entry.principal.session.to_string())?;
    field(out, "agent", entry.principal.agent.as_deref().unwrap_or("not known"))?;
    field(out, "person", entry.principal.person.as_deref().unwrap_or("not known"))?;
    foot(out, stored)
}
