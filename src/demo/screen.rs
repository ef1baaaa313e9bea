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
const WIDTH: std::ops::RangeInclusive<usize> = 60..=104;

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
#[derive(Clone, Debug)]
pub struct Row {
    /// Position in the log.
    pub sequence: u64,
    /// `10:35:02`, UTC.
    pub time: String,
    /// What became of it.
    pub verdict: Verdict,
    /// The operation's id.
    pub operation: String,
    /// The environment's name.
    pub environment: String,
    /// The rule or cell that decided.
    pub rule: String,
}

/// Columns of an operation's id: the longest of the story has 41.
const OPERATION: usize = 41;
/// Columns of an environment's name.
const ENVIRONMENT: usize = 4;

impl<W: Write> Screen<W> {
    /// A screen of this many columns; `paced`: with pauses, for a person who reads along.
    pub fn new(out: W, width: usize, paced: bool) -> Self {
        Self { out, width: width.clamp(*WIDTH.start(), *WIDTH.end()), paced, seen: Vec::new() }
    }

    /// Gives a reader time.
    ///
    /// # Errors
    /// The output cannot be written, here and below.
    pub async fn pause(&mut self, millis: u64) -> io::Result<()> {
        if self.paced {
            self.out.flush()?;
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Ok(())
    }

    /// What this is, and what its marks mean.
    pub async fn open(&mut self, title: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{BOLD}{title}{BOLD:#}")?;
        self.paragraph("  ", Style::new(), text)?;
        writeln!(self.out)?;
        for (verdict, word) in [
            (Verdict::Passed, "passed"),
            (Verdict::ApprovalNeeded, "stopped, approval needed"),
            (Verdict::Denied, "denied"),
        ] {
            let (style, mark) = mark(verdict);
            write!(self.out, "  {style}{mark}{style:#} {word}")?;
        }
        writeln!(self.out)?;
        self.pause(LINE_MILLIS * 4).await
    }

    /// A heading.
    pub async fn act(&mut self, title: &str) -> io::Result<()> {
        writeln!(self.out, "\n{BOLD}{title}{BOLD:#}")?;
        self.pause(LINE_MILLIS * 2).await
    }

    /// The narrator.
    pub async fn say(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out)?;
        self.paragraph("  ", Style::new(), text)?;
        self.pause(LINE_MILLIS * 2).await
    }

    /// The agent's thoughts.
    pub async fn think(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out)?;
        self.paragraph("  ", CYAN, &format!("agent: {text}"))?;
        self.pause(LINE_MILLIS * 2).await
    }

    /// A call and its verdict.
    pub async fn call(&mut self, line: &Line<'_>) -> io::Result<()> {
        let (style, mark) = mark(line.verdict);
        let rest = self.width.saturating_sub(4 + OPERATION + 2 + 2 + ENVIRONMENT + 1);
        // What a wide terminal has beyond the names says what the call would do.
        let blast = if rest >= 48 { 23 } else { 0 };
        let target = rest.saturating_sub(if blast > 0 { blast + 2 } else { 0 });
        write!(self.out, "  {style}{mark}{style:#} {:<OPERATION$}", fit(line.operation, OPERATION))?;
        write!(self.out, "  {:<target$}", fit(line.target, target))?;
        if blast > 0 {
            write!(self.out, "  {DIM}{:<blast$}{DIM:#}", fit(line.blast, blast))?;
        }
        writeln!(self.out, "  {}", fit(line.environment, ENVIRONMENT))?;
        self.pause(LINE_MILLIS).await
    }

    /// What the agent's client prints. Lines of it that were shown before are left out.
    pub async fn refusal(&mut self, text: &str, verdict: Verdict) -> io::Result<()> {
        let (style, _) = mark(verdict);
        let mut left_out = false;
        for line in text.lines() {
            let label = line.split(' ').next().unwrap_or_default();
            // Target and environment stand in the call's own line; in full once is enough.
            let key = if matches!(label, "Target:" | "Environment:") { label } else { line };
            if self.seen.iter().any(|seen| seen == key) {
                left_out = true;
                continue;
            }
            self.seen.push(key.to_owned());
            for part in wrap(line, self.width.saturating_sub(7)) {
                writeln!(self.out, "    {style}│{style:#} {part}")?;
                self.pause(LINE_MILLIS).await?;
            }
        }
        if left_out {
            writeln!(self.out, "    {style}│{style:#} {DIM}…{DIM:#}")?;
        }
        Ok(())
    }

    /// The table of the log.
    pub async fn table(&mut self, rows: &[Row]) -> io::Result<()> {
        let wide = self.width >= 100;
        let (before, after) = if wide { ("   #  TIME (UTC)  ", "ENV   ") } else { ("", "") };
        writeln!(self.out, "\n  {DIM}{before}  {:<OPERATION$}  {after}DECIDED BY{DIM:#}", "OPERATION")?;
        for row in rows {
            let (style, mark) = mark(row.verdict);
            write!(self.out, "  ")?;
            if wide {
                write!(self.out, "{DIM}{:>4}  {:<10}{DIM:#}  ", row.sequence, row.time)?;
            }
            let rule = self.width.saturating_sub(4 + OPERATION + 2 + 1 + if wide { 24 } else { 0 });
            write!(self.out, "{style}{mark}{style:#} {:<OPERATION$}  ", fit(&row.operation, OPERATION))?;
            if wide {
                write!(self.out, "{:<ENVIRONMENT$}  ", fit(&row.environment, ENVIRONMENT))?;
            }
            writeln!(self.out, "{}", fit(&row.rule, rule))?;
            self.pause(LINE_MILLIS / 2).await?;
        }
        Ok(())
    }

    /// Something that the script did not foresee.
    pub fn surprise(&mut self, text: &str) -> io::Result<()> {
        self.paragraph("  ", RED, text)
    }

    /// A command and what it is for.
    pub async fn command(&mut self, command: &str, what: &str) -> io::Result<()> {
        writeln!(self.out, "  {BOLD}{command:<36}{BOLD:#}{what}")?;
        self.pause(LINE_MILLIS).await
    }

    /// Text that stands as it is.
    pub fn verbatim(&mut self, text: &str) -> io::Result<()> {
        text.lines().try_for_each(|line| writeln!(self.out, "    {DIM}{line}{DIM:#}"))
    }

    fn paragraph(&mut self, indent: &str, style: Style, text: &str) -> io::Result<()> {
        for line in wrap(text, self.width.saturating_sub(indent.len() + 1)) {
            writeln!(self.out, "{indent}{style}{line}{style:#}")?;
        }
        Ok(())
    }
}

/// A line's worth of reading.
const LINE_MILLIS: u64 = 160;

/// Identifiers stay whole where they fit: they are broken at spaces only.
fn wrap(text: &str, columns: usize) -> Vec<std::borrow::Cow<'_, str>> {
    let options = textwrap::Options::new(columns)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    textwrap::wrap(text, options)
}

const fn mark(verdict: Verdict) -> (Style, char) {
    match verdict {
        Verdict::Passed => (GREEN, '✓'),
        Verdict::ApprovalNeeded => (YELLOW, '■'),
        Verdict::Denied => (RED, '✗'),
        Verdict::Other => (RED, '?'),
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
