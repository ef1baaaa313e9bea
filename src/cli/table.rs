//! Texts and tables for a terminal: what cannot be seen is made visible, and columns fit the width.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use anstyle::Style;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Makes characters visible that would move the cursor, turn the direction of text, or hide: controls, ANSI, bidi,
/// zero width. They stand as `\u{202e}`, `\n`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hides) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if hides(char) { shown.extend(char.escape_default()) } else { shown.push(char) }
    }
    Cow::Owned(shown)
}

fn hides(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) heading: &'static str,
    /// The fewest cells it is narrowed to.
    pub(crate) narrowest: usize,
    /// Whether what does not fit is cut in the middle (identifiers differ at their end) instead of at the end.
    pub(crate) middle: bool,
}

/// One cell: a text, and how it looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) style: Style,
}

impl Cell {
    /// A cell of plain text; the text is made visible.
    pub(crate) fn new(text: &str) -> Self {
        Self { text: visible(text).into_owned(), style: Style::new() }
    }

    /// The same in another look.
    pub(crate) fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

const GAP: &str = "  ";

/// How wide each column is when the table is at most `width` wide; without a width every text stands whole.
pub(crate) fn widths(columns: &[Column], rows: &[Vec<Cell>], width: Option<usize>) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|column| column.heading.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.text.width());
        }
    }
    let Some(width) = width else { return widths };
    let room = width.saturating_sub(GAP.len() * columns.len().saturating_sub(1));
    // The widest column that can give way does, cell by cell.
    while widths.iter().sum::<usize>() > room {
        let widest = widths.iter_mut().zip(columns).filter(|(width, column)| **width > column.narrowest);
        let Some((width, _)) = widest.max_by_key(|(width, _)| **width) else { break };
        *width -= 1;
    }
    widths
}

/// Writes the headings.
pub(crate) fn write_head(out: &mut dyn io::Write, columns: &[Column], widths: &[usize]) -> io::Result<()> {
    let style = Style::new().dimmed();
    let cells: Vec<Cell> = columns.iter().map(|column| Cell { text: column.heading.to_owned(), style }).collect();
    write_row(out, columns, widths, &cells)
}

/// Writes one row.
pub(crate) fn write_row(
    out: &mut dyn io::Write,
    columns: &[Column],
    widths: &[usize],
    cells: &[Cell],
) -> io::Result<()> {
    let mut line = String::new();
    let last = cells.len().saturating_sub(1);
    for (index, ((cell, width), column)) in cells.iter().zip(widths).zip(columns).enumerate() {
        let text = fit(&cell.text, *width, column.middle);
        let padding = if index == last { 0 } else { width.saturating_sub(text.width()) };
        let (on, off) = (cell.style.render(), cell.style.render_reset());
        let gap = if index == 0 { "" } else { GAP };
        let _ = write!(line, "{gap}{on}{text}{off}{:padding$}", "");
    }
    writeln!(out, "{}", line.trim_end())
}

/// The text in at most `width` cells, with `…` for what was left out.
pub(crate) fn fit(text: &str, width: usize, middle: bool) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let room = width.saturating_sub(1);
    let front = if middle { room / 3 } else { room };
    let head: String = within(text.chars(), front).collect();
    let tail: Vec<char> = within(text.chars().rev(), room - front).collect();
    Cow::Owned(head + "…" + &tail.into_iter().rev().collect::<String>())
}

/// The first characters that fit into so many cells.
fn within(chars: impl Iterator<Item = char>, width: usize) -> impl Iterator<Item = char> {
    let mut used = 0;
    chars.take_while(move |char| {
        used += char.width().unwrap_or(0);
        used <= width
    })
}
