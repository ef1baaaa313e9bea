//! Findings for people: what, where, the line itself, and what to do about it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use crate::cli::count;
use crate::cli::table::visible;
use crate::config::{Diagnostic, Gravity};

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const BLUE: Style = AnsiColor::Blue.on_default().bold();
const BOLD: Style = Style::new().bold();

/// Longer lines are shown around the place.
const SNIPPET_CHARS: usize = 96;
/// How much of such a line stands before the place.
const BEFORE_CHARS: usize = 32;

/// All findings, those of one file together, in the order of its lines.
pub(super) fn write(found: &[Diagnostic], out: &mut impl Write) -> io::Result<()> {
    let mut sorted: Vec<&Diagnostic> = found.iter().collect();
    sorted.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    for one in sorted {
        write_one(one, out)?;
        writeln!(out)?;
    }
    Ok(())
}

fn write_one(found: &Diagnostic, out: &mut impl Write) -> io::Result<()> {
    let colour = match found.gravity {
        Gravity::Error => RED,
        Gravity::Warning => YELLOW,
    };
    let (gravity, kind, message) = (found.gravity, found.kind, visible(&found.message));
    writeln!(out, "{colour}{gravity}[{kind}]{colour:#}{BOLD}: {message}{BOLD:#}")?;
    let gutter = " ".repeat(found.line.max(1).to_string().len());
    if !found.file.is_empty() {
        write!(out, "{gutter}{BLUE}-->{BLUE:#} {}", visible(&found.file))?;
        if found.line > 0 {
            write!(out, ":{}:{}", found.line, found.column)?;
        }
        writeln!(out)?;
    }
    if let Some(snippet) = found.snippet.as_deref().filter(|_| found.line > 0) {
        let (line, before) = around(snippet, found.column.saturating_sub(1));
        writeln!(out, "{BLUE}{} |{BLUE:#} {line}", found.line)?;
        writeln!(out, "{BLUE}{gutter} |{BLUE:#} {}{colour}^{colour:#}", " ".repeat(before))?;
    }
    if let Some(suggestion) = &found.suggestion {
        writeln!(out, "{gutter} {BLUE}={BLUE:#} help: {}", visible(suggestion))?;
    }
    Ok(())
}

/// The part of a line around a place, and how many cells stand before the place.
fn around(line: &str, at: usize) -> (String, usize) {
    let chars: Vec<char> = line.chars().collect();
    let shown = |chars: &[char]| visible(&chars.iter().collect::<String>()).into_owned();
    if chars.len() <= SNIPPET_CHARS {
        let before = shown(chars.get(..at.min(chars.len())).unwrap_or_default());
        return (shown(&chars), before.width());
    }
    let start = at.saturating_sub(BEFORE_CHARS).min(chars.len() - SNIPPET_CHARS);
    let end = start + SNIPPET_CHARS;
    let head = if start > 0 { "…" } else { "" };
    let tail = if end < chars.len() { "…" } else { "" };
    let before = shown(chars.get(start..at.clamp(start, end)).unwrap_or_default());
    let part = shown(chars.get(start..end).unwrap_or_default());
    (format!("{head}{part}{tail}"), head.width() + before.width())
}

/// `2 errors and 1 warning in 2 files`.
pub(super) fn summary(found: &[Diagnostic]) -> String {
    let of = |gravity| found.iter().filter(|one| one.gravity == gravity).count() as u64;
    let (errors, warnings) = (of(Gravity::Error), of(Gravity::Warning));
    let counted = match (errors, warnings) {
        (errors, 0) => count(errors, "error"),
        (0, warnings) => count(warnings, "warning"),
        (errors, warnings) => format!("{} and {}", count(errors, "error"), count(warnings, "warning")),
    };
    let mut files: Vec<&str> = found.iter().map(|one| one.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    format!("{counted} in {}", count(files.len() as u64, "file"))
}
