//! Words of a text in SQL, by the dialect's own rules of quotes and comments; comments are gone, and what only looks like one is not.

use super::SqlDialect;

/// What kind of word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a plain name.
    Word,
    /// A quoted name.
    Name,
    /// A string.
    Text,
    /// A string between dollar signs: most often code.
    Body,
    /// A number.
    Number,
    /// One other character.
    Symbol,
}

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// What kind.
    pub(super) kind: Kind,
    /// Without its quotes.
    pub(super) text: String,
    /// No blank stands before it.
    pub(super) glued: bool,
}

impl Token {
    /// Whether it is this keyword.
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this character.
    pub(super) fn is_symbol(&self, symbol: char) -> bool {
        self.kind == Kind::Symbol && self.text.starts_with(symbol)
    }

    /// Whether it may name something.
    pub(super) fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Name)
    }
}

/// Reads words from the front of a text.
pub(super) struct Lexer {
    text: String,
    position: usize,
    dialect: SqlDialect,
    /// A backslash in a plain string keeps the quote after it.
    escapes: bool,
    /// How many executable comments are open.
    executable: usize,
    /// A quote or comment was never closed.
    pub(super) is_broken: bool,
    blank: bool,
}

impl Lexer {
    pub(super) fn new(text: &str, dialect: SqlDialect, escapes: bool) -> Self {
        Self { text: text.to_owned(), position: 0, dialect, escapes, executable: 0, is_broken: false, blank: true }
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &str {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// Leaves so many bytes out.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.position = (self.position + bytes).min(self.text.len());
        self.blank = true;
    }

    /// Puts another text in the place of the next bytes.
    pub(super) fn splice(&mut self, bytes: usize, other: &str) {
        let rest = self.rest().get(bytes..).unwrap_or_default();
        self.text = format!("{other}{rest}");
        self.position = 0;
    }

    /// Whether the position is the first of its line, blanks aside.
    pub(super) fn is_line_start(&self) -> bool {
        let before = self.text.get(..self.position).unwrap_or_default();
        before.chars().rev().take_while(|c| *c != '\n').all(char::is_whitespace)
    }

    /// The rest of this line, which is left out.
    pub(super) fn line(&mut self) -> String {
        let line = self.rest().split('\n').next().unwrap_or_default().to_owned();
        self.skip(line.len());
        line.trim_end_matches('\r').to_owned()
    }

    /// Leaves blanks and comments out.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start().len();
            let next = if blanks > 0 { Some(blanks) } else { self.comment() };
            match next {
                Some(bytes) if bytes > 0 => self.skip(bytes),
                _ => return,
            }
        }
    }

    /// How long the comment is that begins here.
    fn comment(&mut self) -> Option<usize> {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let until_line_end = || Some(rest.find('\n').map_or(rest.len(), |at| at + 1));
        if let Some(after) = rest.strip_prefix("--") {
            // MySQL takes it as two signs when no blank follows.
            let is_comment = self.dialect != SqlDialect::Mysql
                || after.chars().next().is_none_or(|c| c.is_whitespace() || c.is_control());
            return if is_comment { until_line_end() } else { None };
        }
        if rest.starts_with('#') && self.dialect.has_hash_comments() {
            return until_line_end();
        }
        if rest.starts_with("//") && self.dialect == SqlDialect::Snowflake {
            return until_line_end();
        }
        if self.executable > 0 && rest.starts_with("*/") {
            self.executable -= 1;
            return Some(2);
        }
        if self.dialect.runs_comments() {
            let marked = rest.strip_prefix("/*!").or_else(|| rest.strip_prefix("/*M!"));
            if let Some(after) = marked {
                self.executable += 1;
                let code = after.trim_start_matches(|c: char| c.is_ascii_digit());
                return Some(rest.len() - code.len());
            }
        }
        if !rest.starts_with("/*") {
            return None;
        }
        let end = comment_end(rest, self.dialect.nests_comments());
        self.is_broken |= end.is_none();
        Some(end.unwrap_or(rest.len()))
    }

    /// The next word.
    pub(super) fn token(&mut self) -> Option<Token> {
        self.skip_blanks();
        let glued = !std::mem::take(&mut self.blank);
        let rest = self.rest();
        let first = rest.chars().next()?;
        let (kind, text, bytes) = self.word(rest, first);
        let is_open = bytes > rest.len();
        let token = Token { kind, text, glued };
        self.is_broken |= is_open;
        self.position = (self.position + bytes).min(self.text.len());
        Some(token)
    }

    fn word(&self, rest: &str, first: char) -> (Kind, String, usize) {
        use SqlDialect as D;
        match first {
            '\'' => {
                let prefix = self.text.get(..self.position).unwrap_or_default();
                quoted(Kind::Text, rest, '\'', self.escapes || is_escape_prefix(prefix), self.dialect)
            }
            '"' => {
                let is_text = matches!(self.dialect, D::Mysql | D::BigQuery);
                let kind = if is_text { Kind::Text } else { Kind::Name };
                quoted(kind, rest, '"', is_text && self.escapes, self.dialect)
            }
            '`' if self.dialect != D::Postgres => {
                quoted(Kind::Name, rest, '`', self.dialect == D::BigQuery, self.dialect)
            }
            '[' if matches!(self.dialect, D::Mssql | D::Sqlite) => quoted(Kind::Name, rest, ']', false, self.dialect),
            '$' if self.dialect.has_dollar_quotes() => dollar(rest).unwrap_or_else(|| plain(rest, first)),
            _ => plain(rest, first),
        }
    }
}

/// Where a comment ends; `None` when it does not.
fn comment_end(rest: &str, nests: bool) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (mut at, mut depth) = (2, 1_usize);
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            b"/*" if nests => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    None
}

/// Whether a string is written `E'…'`.
fn is_escape_prefix(before: &str) -> bool {
    let mut last = before.chars().rev();
    matches!(last.next(), Some('e' | 'E')) && last.next().is_none_or(|c| !is_inside(c))
}

/// Text between quotes; a length beyond the rest says that the quote is never closed.
fn quoted(kind: Kind, rest: &str, close: char, escapes: bool, dialect: SqlDialect) -> (Kind, String, usize) {
    let triple: String = std::iter::repeat_n(close, 3).collect();
    if dialect == SqlDialect::BigQuery && close != '`' && rest.starts_with(&triple) {
        let inner = rest.get(3..).unwrap_or_default();
        return match inner.find(&triple) {
            Some(end) => (Kind::Text, inner.get(..end).unwrap_or_default().to_owned(), end + 6),
            None => (Kind::Text, inner.to_owned(), rest.len() + 1),
        };
    }
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && escapes {
            if let Some((_, next)) = characters.next() {
                text.push(match next {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                });
            }
        } else if c == close {
            match characters.peek() {
                Some((_, next)) if *next == close => {
                    characters.next();
                    text.push(close);
                }
                _ => return (kind, text, at + c.len_utf8()),
            }
        } else {
            text.push(c);
        }
    }
    (kind, text, rest.len() + 1)
}

/// `$$…$$` or `$tag$…$tag$`.
fn dollar(rest: &str) -> Option<(Kind, String, usize)> {
    let tag = rest.get(1..)?.split('$').next()?;
    if !tag.chars().all(|c| c.is_alphanumeric() || c == '_') || tag.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mark = rest.get(..tag.len() + 2).filter(|mark| mark.ends_with('$'))?;
    let inner = rest.get(mark.len()..)?;
    Some(match inner.find(mark) {
        Some(end) => (Kind::Body, inner.get(..end)?.to_owned(), end + 2 * mark.len()),
        None => (Kind::Body, inner.to_owned(), rest.len() + 1),
    })
}

fn plain(rest: &str, first: char) -> (Kind, String, usize) {
    let (kind, length) = if first.is_ascii_digit() {
        let is_more = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
        (Kind::Number, rest.find(|c| !is_more(c)).unwrap_or(rest.len()))
    } else if is_inside(first) || matches!(first, '@' | '#') {
        let inner = rest.get(first.len_utf8()..).unwrap_or_default();
        let more = inner.find(|c| !is_inside(c) && c != '@' && c != '#').unwrap_or(inner.len());
        (Kind::Word, first.len_utf8() + more)
    } else {
        (Kind::Symbol, first.len_utf8())
    };
    (kind, rest.get(..length).unwrap_or_default().to_owned(), length)
}

/// Whether a character may stand in a plain name.
pub(super) fn is_inside(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || (!c.is_ascii() && !c.is_whitespace())
}

/// The words as a text again, for the parser of expressions.
pub(super) fn joined(tokens: &[Token]) -> String {
    let mut text = String::new();
    for token in tokens {
        if !token.glued && !text.is_empty() {
            text.push(' ');
        }
        match token.kind {
            Kind::Text | Kind::Body => text.push_str(&format!("'{}'", token.text.replace('\'', "''"))),
            Kind::Name => text.push_str(&format!("\"{}\"", token.text.replace('"', "\"\""))),
            Kind::Word | Kind::Number | Kind::Symbol => text.push_str(&token.text),
        }
    }
    text
}
