//! From a text to its statements, and to what stands between them for the client alone.

use std::collections::BTreeMap;

use super::SqlDialect;
use super::lex::{Kind, Lexer, Token, is_inside};

/// How often psql's variables are put into a text.
const SUBSTITUTIONS_MAX: usize = 200;
/// How many pieces are read; what follows is one that cannot be.
const PIECES_MAX: usize = 20_000;
/// The longest text that may come of it, in bytes.
const SUBSTITUTED_BYTES_MAX: usize = 1 << 20;

/// Whose own commands may stand between statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::identify) enum Client {
    /// Nobody's: the text goes to the server.
    None,
    /// psql: `\c`, `\i`, `\!`, `\gexec`.
    Psql,
    /// mysql: `source`, `system`, `\G`, `DELIMITER`.
    Mysql,
    /// sqlite3 and duckdb: `.shell`, `.read`.
    Dot,
    /// sqlcmd: `GO`, `:r`, `!!`.
    Sqlcmd,
}

/// A stretch of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identify) enum Piece {
    /// One statement.
    Statement(Tokens),
    /// A command of the client's own, to the end of its line.
    Own(String),
}

/// The words of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identify) struct Tokens {
    pub(super) words: Vec<Token>,
    /// A quote or a comment in it is never closed.
    pub(super) is_broken: bool,
}

/// What is known while a text is split.
pub(in crate::identify) struct Splitter<'a> {
    pub(in crate::identify) dialect: SqlDialect,
    pub(in crate::identify) client: Client,
    /// psql's variables.
    pub(in crate::identify) variables: BTreeMap<String, String>,
    pub(in crate::identify) text: &'a str,
}

struct Splitting {
    lexer: Lexer,
    dialect: SqlDialect,
    client: Client,
    delimiter: Option<String>,
    words: Vec<Token>,
    pieces: Vec<Piece>,
    substitutions: usize,
    body: Body,
}

/// How deep the body of a definition stands open.
#[derive(Default)]
struct Body {
    words: usize,
    begins: bool,
    is_definition: bool,
    depth: usize,
    has_ended: bool,
}

impl Body {
    fn push(&mut self, word: &Token) {
        let is_any = |words: &[&str]| words.iter().any(|one| word.is(one));
        self.begins |= self.words == 0 && word.is("CREATE");
        self.words += 1;
        if self.begins && self.words <= 8 {
            self.is_definition |= is_any(&["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"]);
        }
        if std::mem::take(&mut self.has_ended) && !is_any(&["IF", "LOOP", "WHILE", "REPEAT", "FOR"]) {
            self.depth = self.depth.saturating_sub(1);
            if word.is("CASE") {
                return;
            }
        }
        if word.is("BEGIN") || (self.depth > 0 && word.is("CASE")) {
            self.depth += 1;
        }
        self.has_ended = word.is("END");
    }

    fn is_open(&self) -> bool {
        self.is_definition && self.depth > usize::from(self.has_ended)
    }
}

impl Splitter<'_> {
    /// All pieces. Where a backslash before a quote has two readings, `escapes` chooses one.
    pub(in crate::identify) fn pieces(mut self, escapes: bool) -> Vec<Piece> {
        let mut splitting = Splitting {
            lexer: Lexer::new(self.text, self.dialect, escapes),
            dialect: self.dialect,
            client: self.client,
            delimiter: None,
            words: vec![],
            pieces: vec![],
            substitutions: 0,
            body: Body::default(),
        };
        splitting.run(&mut self.variables);
        splitting.pieces
    }
}

impl Splitting {
    fn run(&mut self, variables: &mut BTreeMap<String, String>) {
        loop {
            self.lexer.skip_blanks();
            if self.lexer.rest().is_empty() {
                break;
            }
            let is_own = self.own(variables) || self.delimited();
            let Some(token) = (if is_own { None } else { self.lexer.token() }) else {
                if is_own && self.pieces.len() < PIECES_MAX {
                    continue;
                }
                break;
            };
            if token.is_symbol(';') && self.delimiter.is_none() && !self.is_in_body() {
                self.end();
            } else {
                self.body.push(&token);
                self.words.push(token);
            }
            if self.pieces.len() >= PIECES_MAX {
                self.pieces.push(Piece::Statement(Tokens { words: vec![], is_broken: true }));
                return;
            }
        }
        self.lexer.is_broken |= self.pieces.len() >= PIECES_MAX;
        self.end();
    }

    fn end(&mut self) {
        let words = std::mem::take(&mut self.words);
        self.body = Body::default();
        let is_broken = std::mem::take(&mut self.lexer.is_broken);
        if !words.is_empty() || is_broken {
            self.pieces.push(Piece::Statement(Tokens { words, is_broken }));
        }
    }

    /// SQLite's own statement may hold others: `CREATE TRIGGER … BEGIN …; END;`.
    fn is_in_body(&self) -> bool {
        matches!(self.dialect, SqlDialect::Sqlite | SqlDialect::Postgres) && self.body.is_open()
    }

    /// The delimiter that `DELIMITER` set.
    fn delimited(&mut self) -> bool {
        let Some(length) =
            self.delimiter.as_ref().filter(|mark| self.lexer.rest().starts_with(mark.as_str())).map(String::len)
        else {
            return false;
        };
        self.lexer.skip(length);
        self.end();
        true
    }

    /// A command of the client's own, which begins here.
    fn own(&mut self, variables: &mut BTreeMap<String, String>) -> bool {
        match self.client {
            Client::Psql => self.psql(variables),
            Client::Mysql => self.mysql(),
            Client::Dot => self.dot(),
            Client::Sqlcmd => self.sqlcmd(),
            Client::None => self.dialect == SqlDialect::Mysql && self.delimiter_command(),
        }
    }

    fn push_own(&mut self, command: String) {
        self.pieces.push(Piece::Own(command.trim().to_owned()));
    }

    fn psql(&mut self, variables: &mut BTreeMap<String, String>) -> bool {
        let rest = self.lexer.rest();
        if rest.starts_with(':') {
            return self.substitute(variables);
        }
        if !rest.starts_with('\\') {
            return false;
        }
        if rest.starts_with("\\;") {
            // One message of several statements.
            self.lexer.skip(2);
            self.end();
            return true;
        }
        if rest.starts_with("\\\\") {
            self.lexer.skip(2);
            return true;
        }
        let line = rest.split('\n').next().unwrap_or_default();
        let whole = ["\\!", "\\copy", "\\set", "\\g", "\\o", "\\w"].iter().any(|name| line.starts_with(name));
        let length = if whole { line.len() } else { command_length(line) };
        let command = line.get(..length).unwrap_or(line).trim_end_matches('\r').to_owned();
        self.lexer.skip(length);
        if command.starts_with("\\g") || command.starts_with("\\watch") || command.starts_with("\\crosstab") {
            self.end();
        }
        if let Some(words) = command.strip_prefix("\\set ") {
            let (name, value) = words.trim().split_once(char::is_whitespace).unwrap_or((words.trim(), ""));
            variables.insert(name.to_owned(), bare(value));
        }
        self.push_own(command);
        true
    }

    /// `:name`, `:'name'`, `:"name"`.
    fn substitute(&mut self, variables: &BTreeMap<String, String>) -> bool {
        let after = self.lexer.rest().get(1..).unwrap_or_default();
        if after.starts_with(':') {
            // `::` casts.
            self.words.extend([':', ':'].map(|c| Token { kind: Kind::Symbol, text: c.to_string(), glued: true }));
            self.lexer.skip(2);
            return true;
        }
        let quote = after.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let inner = quote.map_or(after, |_| after.get(1..).unwrap_or_default());
        let length = inner.find(|c| !is_inside(c)).unwrap_or(inner.len());
        let Some(value) = inner.get(..length).and_then(|name| variables.get(name)) else { return false };
        self.substitutions += 1;
        if self.substitutions > SUBSTITUTIONS_MAX || value.len() + after.len() > SUBSTITUTED_BYTES_MAX {
            return false;
        }
        let value = match quote {
            Some(mark) => {
                let doubled: String = std::iter::repeat_n(mark, 2).collect();
                format!("{mark}{}{mark}", value.replace(mark, &doubled))
            }
            None => value.clone(),
        };
        self.lexer.splice(1 + length + quote.map_or(0, |_| 2), &value);
        true
    }

    fn delimiter_command(&mut self) -> bool {
        let rest = self.lexer.rest();
        let is_it = rest.get(..9).is_some_and(|word| word.eq_ignore_ascii_case("delimiter"))
            && rest.chars().nth(9).is_some_and(char::is_whitespace);
        if !is_it || !self.lexer.is_line_start() || !self.words.is_empty() {
            return false;
        }
        let line = self.lexer.line();
        let mark = line.split_whitespace().nth(1).unwrap_or(";").to_owned();
        self.delimiter = (mark != ";").then_some(mark);
        true
    }

    fn mysql(&mut self) -> bool {
        if self.delimiter_command() {
            return true;
        }
        let rest = self.lexer.rest();
        if let Some(after) = rest.strip_prefix('\\') {
            match after.chars().next() {
                Some('g' | 'G' | 'c') => {
                    self.lexer.skip(2);
                    self.end();
                }
                _ => {
                    let line = self.lexer.line();
                    self.push_own(line);
                }
            }
            return true;
        }
        let word: String =
            rest.chars().take_while(|c| c.is_ascii_alphabetic()).collect::<String>().to_ascii_lowercase();
        let is_own =
            matches!(word.as_str(), "source" | "system" | "connect" | "tee" | "pager" | "notee" | "nopager" | "edit");
        if is_own && self.words.is_empty() && self.lexer.is_line_start() {
            let line = self.lexer.line();
            self.push_own(line);
            return true;
        }
        false
    }

    fn dot(&mut self) -> bool {
        let is_own = self.lexer.rest().starts_with('.') && self.words.is_empty() && self.lexer.is_line_start();
        if is_own {
            let line = self.lexer.line();
            self.push_own(line);
        }
        is_own
    }

    fn sqlcmd(&mut self) -> bool {
        if !self.lexer.is_line_start() {
            return false;
        }
        let line = self.lexer.rest().split('\n').next().unwrap_or_default().trim();
        let is_go = line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("go"));
        let is_own = line.starts_with(':') || line.starts_with("!!");
        if !is_go && !is_own {
            return false;
        }
        let line = self.lexer.line();
        self.end();
        if is_own {
            self.push_own(line);
        }
        true
    }
}

/// How long psql's command is: to the next backslash outside quotes.
fn command_length(line: &str) -> usize {
    let mut quote = None;
    for (at, c) in line.char_indices().skip(1) {
        match quote {
            Some(mark) if c == mark => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None if c == '\\' => return at,
            None => {}
        }
    }
    line.len()
}

/// Words of psql's `\set`, joined, without quotes.
fn bare(value: &str) -> String {
    let mut out = String::new();
    let mut quote = false;
    let mut characters = value.trim().chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\'' if quote && characters.peek() == Some(&'\'') => {
                characters.next();
                out.push('\'');
            }
            '\'' => quote = !quote,
            c if c.is_whitespace() && !quote => {}
            c => out.push(c),
        }
    }
    out
}
