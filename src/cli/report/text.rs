//! The report as a page of text: what is cut is cut to the terminal's width, and what is to be copied stands whole.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use crate::cli::count;
use crate::cli::sheet::{INDENT, Sheet, effect_style, minute};
use crate::cli::table::{fit, visible};
use crate::model::Effect;
use crate::report::{Group, Report, RuleCount, Unreadable};

/// Everything that the page shows.
pub(super) struct Page<'a> {
    pub(super) report: &'a Report,
    /// `in the last day`.
    pub(super) period: &'a str,
    pub(super) top: usize,
    pub(super) width: Option<usize>,
    pub(super) is_filtered: bool,
}

impl Page<'_> {
    const fn sheet(&self) -> Sheet {
        Sheet { width: self.width }
    }

    fn width(&self) -> usize {
        self.sheet().width()
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let report = self.report;
        self.damage(out)?;
        if report.totals.calls == 0 {
            return self.nothing(out);
        }
        let bold = Style::new().bold();
        let head = self.head();
        for line in self.sheet().wrap(&head, 0, "  ") {
            writeln!(out, "{bold}{line}{bold:#}")?;
        }
        if report.groups.is_empty() && report.unreadable.is_empty() {
            return writeln!(out, "Nothing was stopped, and nothing would have been.");
        }
        for group in report.groups.iter().take(self.top) {
            writeln!(out)?;
            self.group(group, out)?;
        }
        let hidden = report.groups.iter().skip(self.top);
        let (kinds, calls) = hidden.fold((0, 0), |(kinds, calls), group| (kinds + 1, calls + group.count));
        if kinds > 0 {
            writeln!(
                out,
                "\n… and {} with {}; -n {} shows all",
                count(kinds, "more kind"),
                count(calls, "call"),
                report.groups.len()
            )?;
        }
        if report.ungrouped > 0 {
            writeln!(out, "\n… and {} of further kinds; a filter narrows the report", count(report.ungrouped, "call"))?;
        }
        self.unreadable(out)?;
        self.rules(out)?;
        self.foot(out)
    }

    /// `in the last day: 812 calls · 809 passed · 3 would have been stopped (observe)`.
    fn head(&self) -> String {
        let totals = &self.report.totals;
        let mut parts = vec![count(totals.calls, "call"), format!("{} passed", totals.passed)];
        let mut add = |n: u64, words: &str| {
            if n > 0 {
                parts.push(format!("{n} {words}"));
            }
        };
        add(totals.observed, "would have been stopped (observe)");
        add(totals.stopped, "stopped");
        add(totals.throttled, "over a limit");
        add(totals.unreadable, "unreadable");
        add(totals.approved, "approved");
        let which = if self.is_filtered { " (filtered)" } else { "" };
        format!("{}{which}: {}", self.period, parts.join(" · "))
    }

    fn nothing(&self, out: &mut dyn Write) -> io::Result<()> {
        let what = if self.is_filtered { "no call that fits the filter" } else { "no call" };
        writeln!(out, "{what} went through the gate {}.", self.period)?;
        if self.is_filtered || self.report.since.is_some() {
            writeln!(out, "`blastgate report --since all` looks at the whole log.")
        } else {
            writeln!(
                out,
                "`blastgate run --observe -- <your agent>` records what it does and stops nothing; then come back."
            )
        }
    }

    fn damage(&self, out: &mut dyn Write) -> io::Result<()> {
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        if self.report.damaged == 0 {
            return Ok(());
        }
        let places = count(self.report.damaged, "place");
        let text = format!("damaged: {places} of the log cannot be read, and what stood there is not counted");
        for line in self.sheet().wrap(&text, 0, "  ") {
            writeln!(out, "{red}{line}{red:#}")?;
        }
        Ok(())
    }

    fn group(&self, group: &Group, out: &mut dyn Write) -> io::Result<()> {
        let (style, bold) = (effect_style(group.effect), Style::new().bold());
        let word = match group.effect {
            _ if group.is_limit => "over limit",
            Effect::Escalate => "approval",
            effect => effect.as_str(),
        };
        let times = format!("×{}", group.count);
        let what = format!("{} in {}", visible(&group.operation), visible(&group.environment));
        let what = fit(&what, self.width().saturating_sub(INDENT + 2 + times.width()), true);
        writeln!(out, "{style}{word:<INDENT$}{style:#}{bold}{what}{bold:#}  {times}")?;
        let counts = group.counts;
        let mut became = Vec::new();
        for (n, words) in
            [(counts.observed, "only observed"), (counts.stopped, "stopped"), (counts.approved, "approved")]
        {
            if n > 0 && (n < group.count || words == "approved") {
                became.push(format!("{n} {words}"));
            }
        }
        if !became.is_empty() {
            self.sheet().field(out, "", &became.join(", "))?;
        }
        let others =
            if group.others.is_empty() { String::new() } else { format!(", also {}", group.others.join(", ")) };
        self.sheet().field(out, if group.is_limit { "limit" } else { "rule" }, &format!("{}{others}", group.rule))?;
        self.sheet().field(out, "why", &group.message)?;
        for (index, resource) in group.resources.iter().enumerate() {
            let room = self.width().saturating_sub(INDENT + 2);
            let label = if index == 0 { "on" } else { "" };
            let is_last = index + 1 == group.resources.len();
            let more = if is_last && group.has_more_resources { " …" } else { "" };
            self.sheet().line(out, label, &format!("{}{more}", fit(&visible(resource), room, true)))?;
        }
        let (first, last) = (minute(group.first), minute(group.last));
        let seen = if first == last { last } else { format!("{first} to {last}") };
        self.sheet().line(out, "seen", &seen)?;
        self.sheet().line(out, "example", &format!("blastgate log show {}", group.example))?;
        self.sheet().field(out, "to keep", &group.keep)?;
        for (index, advice) in group.allow.iter().enumerate() {
            self.sheet().field(out, if index == 0 { "to allow" } else { "" }, &format!("· {}", advice.text))?;
            for line in &advice.lines {
                writeln!(out, "{:INDENT$}    {}", "", visible(line))?;
            }
        }
        Ok(())
    }

    fn unreadable(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.report.unreadable.is_empty() {
            return Ok(());
        }
        writeln!(out, "\nNot readable in exactly one way, and refused in every posture")?;
        for Unreadable { why, status, count, example, target } in self.report.unreadable.iter().take(self.top) {
            let target = target.as_ref().map_or_else(String::new, |target| format!(" ({target})"));
            self.sheet().field(out, &format!("×{count}"), &format!("{status}: {why}{target}"))?;
            self.sheet().line(out, "", &format!("blastgate log show {example}"))?;
        }
        Ok(())
    }

    fn rules(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.report.rules.is_empty() {
            return Ok(());
        }
        writeln!(out, "\nRules, the most frequent first")?;
        for RuleCount { rule, effect, stopped, observed, shadow } in self.report.rules.iter().take(self.top) {
            let style = effect_style(*effect);
            let mut notes = Vec::new();
            for (n, words) in [(stopped, "stopped"), (observed, "only observed"), (shadow, "in shadow mode")] {
                if *n > 0 {
                    notes.push(format!("{n} {words}"));
                }
            }
            let room = self.width().saturating_sub(INDENT + 10);
            let rule = visible(rule);
            let rule = fit(&rule, room.saturating_sub(notes.join(", ").width() + 2).max(16), true);
            writeln!(
                out,
                "{:>8}    {style}{:<8}{style:#}  {rule}  {}",
                stopped + observed,
                effect.as_str(),
                notes.join(", ")
            )?;
        }
        Ok(())
    }

    fn foot(&self, out: &mut dyn Write) -> io::Result<()> {
        let sessions = self.report.sessions;
        let disturbed = sessions.total - sessions.undisturbed;
        let words = match (sessions.total, sessions.undisturbed) {
            (1, 0) => "one session".to_owned(),
            (n, 0) => format!("{}, something in each of them", count(n, "session")),
            (n, free) => format!("{}: in {free} nothing was stopped, in {disturbed} something", count(n, "session")),
        };
        writeln!(out)?;
        self.sheet().field(out, "sessions", &words)?;
        self.sheet().line(out, "one by one", "blastgate log disposition:refused,throttled,pending,observed")
    }
}
