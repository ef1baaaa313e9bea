//! A page of labelled lines: what is cut is cut to the terminal's width, and what is to be copied stands whole.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::table::visible;
use crate::model::{Effect, Timestamp};

/// Without a terminal to fit.
const WIDTH: usize = 100;
/// Lines longer than this are hard to read.
const WIDTH_MAX: usize = 120;
const WIDTH_MIN: usize = 40;
/// Where the words behind a label begin.
pub(crate) const INDENT: usize = 12;

/// `2026-11-22 06:00`.
pub(crate) fn minute(at: Timestamp) -> String {
    let text = at.to_string().replace('T', " ");
    text.get(..16).unwrap_or(&text).to_owned()
}

/// How wide a page is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sheet {
    /// Columns of the terminal; `None` for a file or a pipe.
    pub(crate) width: Option<usize>,
}

impl Sheet {
    /// Columns that are used.
    pub(crate) fn width(self) -> usize {
        self.width.unwrap_or(WIDTH).clamp(WIDTH_MIN, WIDTH_MAX)
    }

    /// A labelled text, wrapped. Nothing for an empty one.
    pub(crate) fn field(self, out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let text = visible(text);
        let indent = if text.starts_with("· ") { "  " } else { "" };
        for (index, line) in self.wrap(&text, INDENT, indent).iter().enumerate() {
            self.line(out, if index == 0 { label } else { "" }, line)?;
        }
        Ok(())
    }

    /// The text in lines, at spaces only: a rule's name or a command is not cut at its hyphens.
    pub(crate) fn wrap<'t>(self, text: &'t str, indent: usize, further: &'t str) -> Vec<std::borrow::Cow<'t, str>> {
        let options = textwrap::Options::new(self.width().saturating_sub(indent))
            .subsequent_indent(further)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        textwrap::wrap(text, options)
    }

    pub(crate) fn line(self, out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
        let dimmed = Style::new().dimmed();
        writeln!(out, "{dimmed}{label:<INDENT$}{dimmed:#}{text}")
    }
}

/// The colour of an answer.
pub(crate) fn effect_style(effect: Effect) -> Style {
    let colour = match effect {
        Effect::Allow | Effect::Throttle => AnsiColor::Cyan,
        Effect::Escalate => AnsiColor::Yellow,
        Effect::Deny => AnsiColor::Red,
    };
    Style::new().fg_color(Some(colour.into()))
}
