//! Where a character of a YAML scalar stands in its file.
//!
//! YAML changes a scalar on the way to its value: it folds lines, cuts indentation, doubles quotes, escapes. All but the
//! last two change white space only, so the value's other characters are found again by walking both texts side by side.

use std::str::Chars;

use super::diagnostic::Spot;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Plain, or a block (`|`, `>`), whose text begins on the line after.
    Bare,
    Single,
    Double,
}

/// The place of the character at byte `offset` of `value`, the scalar that begins `at`; an offset at its end is the place
/// after its last character. `None` where the two texts do not walk side by side: an alias, a rare escape.
pub(super) fn place(file: &str, at: Spot, value: &str, offset: usize) -> Option<Spot> {
    let line = file.split_inclusive('\n').nth(at.line().checked_sub(1)?)?;
    let skipped: usize = line.chars().take(at.column().checked_sub(1)?).map(char::len_utf8).sum();
    let before: usize = file.split_inclusive('\n').take(at.line() - 1).map(str::len).sum();
    let text = file.get(before + skipped..)?;
    [Style::Bare, Style::Single, Style::Double].into_iter().find_map(|style| {
        let mut walk = Walk { rest: text.chars(), line: at.line(), column: at.column() };
        let quote = match style {
            Style::Bare => None,
            Style::Single => Some('\''),
            Style::Double => Some('"'),
        };
        if quote.is_some_and(|quote| walk.step().is_none_or(|(c, _)| c != quote)) {
            return None;
        }
        walk.align(style, value, offset)
    })
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// The file from the scalar on.
struct Walk<'a> {
    rest: Chars<'a>,
    /// Of the next character, both from 1.
    line: usize,
    column: usize,
}

impl Walk<'_> {
    fn step(&mut self) -> Option<(char, Spot)> {
        let c = self.rest.next()?;
        let at = Spot::from((self.line, self.column));
        if c == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some((c, at))
    }

    /// The next character that is not white space, as the value has it.
    fn read(&mut self, style: Style) -> Option<(char, Spot)> {
        loop {
            let (c, at) = self.step()?;
            let c = match (style, c) {
                // Two quotes stand for one; one alone ends the scalar.
                (Style::Single, '\'') => self.step().map(|(c, _)| c).filter(|c| *c == '\'')?,
                (Style::Double, '"') => return None,
                (Style::Double, '\\') => self.escape()?,
                _ => c,
            };
            if !is_space(c) {
                return Some((c, at));
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let digits = match self.step()?.0 {
            'n' | 't' | 'r' | '\n' | '\r' | ' ' | '\t' => return Some(' '),
            c @ ('"' | '\\' | '/') => return Some(c),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return None,
        };
        let mut code = 0;
        for _ in 0..digits {
            code = code << 4 | self.step()?.0.to_digit(16)?;
        }
        char::from_u32(code)
    }

    fn align(&mut self, style: Style, value: &str, offset: usize) -> Option<Spot> {
        let mut found = None;
        let mut end = Spot::from((self.line, self.column));
        for (index, wanted) in value.char_indices().filter(|(_, c)| !is_space(*c)) {
            let (c, at) = self.read(style)?;
            if c != wanted {
                return None;
            }
            if index >= offset && found.is_none() {
                found = Some(at);
            }
            end = Spot::from((self.line, self.column));
        }
        found.or(Some(end))
    }
}
