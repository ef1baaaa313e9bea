//! What the demo looks like: lines that fit the terminal, styles that whoever writes them out may strip, and the pace.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::script::Verdict;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// Narrower than this nobody's terminal is; wider than the other lines are hard to read.
const WIDTH: std::ops::RangeInclusive<usize> = 60..=120;

/// Where the demo is shown.
#[derive(Debug)]
pub struct Screen<W> {
    out: W,
    width: usize,
    paced: bool,
    /// Lines of refusals that were shown: they are not shown again.
    seen: Vec<String>,
}

/// One call, for its line.
#[derive(Debug)]
pub struct Line<'a> {
    /// What became of it.
    pub verdict: Verdict,
    /// The operation's id.
    pub operation: &'a str,
    /// The blast radius in three words.
    pub blast: &'a str,
    /// On what.
    pub target: &'a str,
    /// The environment's name.
    pub environment: &'a str,
}

/// One entry of the log, for its line.
#[derive(Debug)]
pub struct Row {
    /// Position in the log.
    pub sequence: u64,
    /// `10:35:02`.
    pub time: String,
    /// What became of it.
    pub verdict: Verdict,
    /// The operation's id.
    pub operation: String,
    /// The rule or cell that decided.
    pub rule: String,
}

impl<W: Write> Screen<W> {
    /// A screen of this many columns; `paced`: with pauses, for a person who reads along.
    pub fn new(out: W, width: usize, paced: bool) -> Self {
        Self { out, width: width.clamp(*WIDTH.start(), *WIDTH.end()), paced, seen: Vec::new() }
    }

    /// Gives a reader time.
    pub async fn pause(&mut self, millis: u64) -> io::Result<()> {
        if self.paced {
            self.out.flush()?;
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Ok(())
    }

    /// A heading.
    pub fn act(&mut self, title: &str) -> io::Result<()> {
        writeln!(self.out, "\n{BOLD}{title}{BOLD:#}\n")
    }

    /// The narrator.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        self.lines("  ", Style::new(), text)
    }

    /// The agent's thoughts.
    pub fn think(&mut self, text: &str) -> io::Result<()> {
        let text = format!("agent: {text}");
        writeln!(self.out)?;
        self.lines("  ", CYAN, &text)
    }

    /// A call and its verdict.
    pub fn call(&mut self, line: &Line<'_>) -> io::Result<()> {
        let (style, mark) = mark(line.verdict);
        // Mark and operation take 46 columns, the environment 5; what the terminal has beyond that goes to the middle.
        let rest = self.width.saturating_sub(46 + 2 + 5);
        let blast = if rest >= 52 { 25 } else { 0 };
        let target = rest.saturating_sub(blast);
        write!(self.out, "  {style}{mark}{style:#} {:<41}", fit(line.operation, 41))?;
        write!(self.out, "  {:<target$}", fit(line.target, target.saturating_sub(2)))?;
        if blast > 0 {
            write!(self.out, "{DIM}{:<blast$}{DIM:#}", fit(line.blast, blast.saturating_sub(2)))?;
        }
        writeln!(self.out, "{}", fit(line.environment, 5))
    }

    /// What the agent's client prints. Lines of it that were shown before are left out.
    pub fn refusal(&mut self, text: &str, verdict: Verdict) -> io::Result<()> {
        let (style, _) = mark(verdict);
        let bar = format!("    {style}│{style:#} ");
        for line in text.lines() {
            if self.seen.iter().any(|seen| seen == line) {
                continue;
            }
            self.seen.push(line.to_owned());
            for part in textwrap::wrap(line, self.width.saturating_sub(7)) {
                writeln!(self.out, "{bar}{part}")?;
            }
        }
        Ok(())
    }

    /// The table of the log.
    pub fn table(&mut self, rows: &[Row]) -> io::Result<()> {
        let operation = rows.iter().map(|row| row.operation.len()).max().unwrap_or(0).min(41);
        let time = self.width >= 100;
        for row in rows {
            let (style, _) = mark(row.verdict);
            write!(self.out, "  {DIM}{:>3}{DIM:#}  ", row.sequence)?;
            if time {
                write!(self.out, "{DIM}{}{DIM:#}  ", row.time)?;
            }
            let word = word(row.verdict);
            write!(self.out, "{style}{word:<8}{style:#}  {:<operation$}  ", fit(&row.operation, operation))?;
            let used = 2 + 3 + 2 + 10 + operation + 2 + if time { 10 } else { 0 };
            writeln!(self.out, "{}", fit(&row.rule, self.width.saturating_sub(used + 1)))?;
        }
        Ok(())
    }

    /// Something that the script did not foresee.
    pub fn surprise(&mut self, text: &str) -> io::Result<()> {
        self.lines("  ", RED, text)
    }

    /// A command and what it is for.
    pub fn command(&mut self, command: &str, what: &str) -> io::Result<()> {
        writeln!(self.out, "  {BOLD}{command:<36}{BOLD:#}{what}")
    }

    /// An empty line.
    pub fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    fn lines(&mut self, indent: &str, style: Style, text: &str) -> io::Result<()> {
        for line in textwrap::wrap(text, self.width.saturating_sub(indent.len() + 1)) {
            writeln!(self.out, "{indent}{style}{line}{style:#}")?;
        }
        Ok(())
    }
}

const fn mark(verdict: Verdict) -> (Style, char) {
    match verdict {
        Verdict::Passed => (GREEN, '✓'),
        Verdict::ApprovalNeeded => (YELLOW, '■'),
        Verdict::Denied => (RED, '✗'),
        Verdict::Other => (RED, '?'),
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::ApprovalNeeded => "approval",
        Verdict::Denied => "denied",
        Verdict::Other => "other",
    }
}

/// The text, its end replaced by `…` where it is longer than the column.
fn fit(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(columns.saturating_sub(1)).collect();
    cut.push('…');
    cut
}
