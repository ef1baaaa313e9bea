//! The page for a person: two to three lines of what it is, then rule by rule, then what would have passed.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::Asked;
use crate::cli::sheet::{Sheet, effect_style};
use crate::cli::table::visible;
use crate::decide::blast_words;
use crate::model::{Effect, Mode};
use crate::prove::{Alternative, Outcome, Traced};
use crate::record::redact;
use crate::rules::{Checked, Verdict};

/// Where a key's values begin.
const VALUES: usize = 17;
/// Of a value, no more is shown.
const VALUE_CHARS_MAX: usize = 400;

/// Everything that the page shows.
pub(super) struct Page<'a> {
    pub(super) asked: &'a Asked,
    pub(super) traced: &'a [Traced<'a>],
    pub(super) milder: &'a [Alternative],
    /// How many rules there are.
    pub(super) total: usize,
    pub(super) sheet: Sheet,
}

impl Page<'_> {
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for index in 0..self.asked.actions.len() {
            self.action(index, out)?;
            if self.asked.actions.len() > 1 {
                writeln!(out)?;
            }
        }
        self.decision(out)?;
        for one in self.traced {
            writeln!(out)?;
            self.rule(one, out)?;
        }
        writeln!(out)?;
        self.rest(out)?;
        self.otherwise(out)
    }

    fn action(&self, index: usize, out: &mut impl Write) -> io::Result<()> {
        let Some(action) = self.asked.actions.get(index) else { return Ok(()) };
        let label = if self.asked.actions.len() > 1 { format!("action {}", index + 1) } else { "operation".to_owned() };
        self.sheet.field(out, &label, action.operation().as_str())?;
        let resources: Vec<&str> = action.resources().iter().map(|one| one.as_str()).collect();
        self.sheet.field(out, "on", &shortened(&resources.join(", ")))?;
        self.sheet.field(out, "does", &blast_words(action))?;
        let environment = action.environment();
        let because = environment.because.as_deref().unwrap_or("nothing says what it is");
        let kind = match environment.kind.as_str() {
            kind if kind == environment.name => String::new(),
            kind => format!(" (as {kind})"),
        };
        self.sheet.field(out, "in", &format!("{}{kind}: {because}", environment.name))
    }

    fn decision(&self, out: &mut impl Write) -> io::Result<()> {
        let decision = &self.asked.decision;
        let said = |effect: Effect, revision: &str| format!("{effect} ({}, {revision})", decision.posture());
        let cells = decision.findings().iter().filter(|finding| finding.rule.starts_with("matrix:"));
        if let Some(entry) = &self.asked.recorded {
            self.sheet.field(out, "recorded", &said(entry.decision, &entry.revision))?;
            for finding in &entry.findings {
                if let Some(after) = &finding.after {
                    let text = format!("{} (for {}; only the record knows what went before)", after, finding.rule);
                    self.sheet.field(out, "followed", &visible(&text))?;
                }
            }
        }
        self.sheet.field(out, "decision", &said(decision.effect(), decision.revision()))?;
        for cell in cells {
            let lifted = cell.lifted.as_ref().map_or_else(String::new, |id| format!(", lifted by {id}"));
            let action = match self.asked.actions.len() {
                1 => String::new(),
                _ => format!(" (action {})", cell.action + 1),
            };
            self.sheet.field(out, "cell", &format!("{}: {}{lifted}{action}", cell.rule, cell.effect))?;
        }
        Ok(())
    }

    fn rule(&self, one: &Traced<'_>, out: &mut impl Write) -> io::Result<()> {
        let (bold, style) = (Style::new().bold(), effect_style(one.rule.decision));
        let mut notes = match one.outcome {
            Outcome::Matched => "matches".to_owned(),
            Outcome::Excused => "does not match: its `unless` covers the whole action".to_owned(),
            Outcome::Off => "is off".to_owned(),
            Outcome::Missed(_) => {
                let misses: Vec<&str> = one.misses().map(|checked| checked.key.as_str()).collect();
                format!("does not match: {}", misses.join(", "))
            }
        };
        if self.asked.actions.len() > 1 {
            notes.push_str(&format!(" (action {})", one.action + 1));
        }
        if one.rule.mode == Mode::Shadow {
            notes.push_str(" (shadow: does not count)");
        }
        writeln!(out, "{bold}{}{bold:#}  {style}{}{style:#}  {notes}", visible(&one.rule.id), one.rule.decision)?;
        if let Some(exception) = &one.lifted {
            self.line(out, Mark::None, "lifted", &format!("by the exception {exception}: it does not count"))?;
        }
        if let Some(why) = &one.failed {
            self.line(out, Mark::None, "counts", &format!("because it cannot be said that it does not match: {why}"))?;
        }
        let mut block = "match";
        for checked in &one.checked {
            if checked.block == "unless" && block != "unless" {
                writeln!(out, "  unless")?;
            }
            block = checked.block;
            self.key(checked, out)?;
        }
        Ok(())
    }

    fn key(&self, checked: &Checked, out: &mut impl Write) -> io::Result<()> {
        let found = shortened(&redact::mask(&checked.found));
        let wanted = shortened(&checked.wanted);
        let (mark, text) = match &checked.verdict {
            Verdict::Yes if found == wanted => (Mark::Yes, found),
            Verdict::Yes => (Mark::Yes, format!("{found} — as wanted: {wanted}")),
            Verdict::No if checked.block == "unless" => (Mark::No, format!("{found} — excused would be {wanted}")),
            Verdict::No => (Mark::No, format!("{found} — wanted {wanted}")),
            Verdict::Unsure(why) => (Mark::Unsure, format!("{found} — wanted {wanted}; {why}")),
        };
        self.line(out, mark, &checked.key, &text)
    }

    fn line(&self, out: &mut impl Write, mark: Mark, label: &str, text: &str) -> io::Result<()> {
        let (sign, style) = match mark {
            Mark::Yes => ("✓", AnsiColor::Green),
            Mark::No => ("✗", AnsiColor::Red),
            Mark::Unsure => ("?", AnsiColor::Yellow),
            Mark::None => (" ", AnsiColor::Cyan),
        };
        let (style, dimmed) = (Style::new().fg_color(Some(style.into())), Style::new().dimmed());
        let width = VALUES - 5;
        let text = visible(text);
        for (index, line) in self.sheet.wrap(&text, VALUES, "").iter().enumerate() {
            if index == 0 {
                writeln!(out, "  {style}{sign}{style:#} {dimmed}{label:<width$}{dimmed:#} {line}")?;
            } else {
                writeln!(out, "{:VALUES$}{line}", "")?;
            }
        }
        Ok(())
    }

    /// What is not shown.
    fn rest(&self, out: &mut impl Write) -> io::Result<()> {
        let mut shown: Vec<&str> = self.traced.iter().map(|one| one.rule.id.as_str()).collect();
        shown.sort_unstable();
        shown.dedup();
        match self.total.saturating_sub(shown.len()) {
            0 => Ok(()),
            1 => writeln!(out, "1 other rule does not match; --all shows it too"),
            n => writeln!(out, "{n} other rules do not match; --all shows them too"),
        }
    }

    fn otherwise(&self, out: &mut impl Write) -> io::Result<()> {
        let now = self.asked.decision.effect();
        if now == Effect::Allow {
            return Ok(());
        }
        let rehearsed = self.asked.rehearsals.iter().map(|one| ("dry run", one.text.as_str(), one.effect));
        let others = self.milder.iter().map(|one| (one.key, one.value.as_str(), one.effect));
        let all: Vec<_> = rehearsed.chain(others).collect();
        let bold = Style::new().bold();
        let passing: Vec<_> = all.iter().filter(|(.., effect)| *effect < Effect::Escalate).collect();
        let milder: Vec<_> = all.iter().filter(|(.., effect)| *effect == Effect::Escalate).collect();
        if passing.is_empty() {
            let text = "Nothing that was tried would have passed: another environment, a smaller scope or count, a person of a higher level, a later time, a dry run.";
            for line in self.sheet.wrap(text, 0, "") {
                writeln!(out, "{line}")?;
            }
        } else {
            writeln!(out, "{bold}what would have passed{bold:#} (one thing otherwise, and decided so)")?;
        }
        for (key, value, _) in &passing {
            self.line(out, Mark::None, key, &said(key, value))?;
        }
        if !milder.is_empty() && now == Effect::Deny {
            writeln!(out, "{bold}what would have needed an approval only{bold:#}")?;
            for (key, value, _) in &milder {
                self.line(out, Mark::None, key, &said(key, value))?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Mark {
    Yes,
    No,
    Unsure,
    None,
}

fn said(key: &str, value: &str) -> String {
    match key {
        "environment" => format!("{value}, if the inventory said so of the target"),
        "scope" => format!("{value} or narrower"),
        "count" if value == "1" => "1".to_owned(),
        "count" => format!("{value} or fewer"),
        "level" => format!("{value}: for a person of that level or a higher one"),
        "at" => format!("from {value} on"),
        _ => value.to_owned(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
