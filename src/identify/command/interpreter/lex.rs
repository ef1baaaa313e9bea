//! The words of a program's text: names, texts, signs. Enough to see which calls stand in it, whatever the language.

use crate::identify::command::{Part, Word};

/// Whose rules of quoting hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    JavaScript,
    Perl,
    Ruby,
    Php,
}

/// A piece of a program's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, with its sigil: `os`, `$path`, `@all`.
    Name(String),
    /// A text, with holes where values are filled in.
    Text(Word),
    /// A command in backquotes, or in `qx()`, `%x()`.
    Command(Word),
    /// Words in `qw()`, `%w[]`.
    Words(Vec<Word>),
    /// A number as written.
    Number(String),
    /// Anything else.
    Sign(char),
    /// A line's end.
    Line,
}

/// More are not read.
const TOKENS_MAX: usize = 60_000;

/// The tokens of a text.
pub(super) fn tokens(text: &str, language: Language) -> Vec<Token> {
    let mut lexer = Lexer { letters: text.chars().collect(), at: 0, language, out: Vec::new() };
    while lexer.at < lexer.letters.len() && lexer.out.len() < TOKENS_MAX {
        lexer.step();
    }
    lexer.out
}

struct Lexer {
    letters: Vec<char>,
    at: usize,
    language: Language,
    out: Vec<Token>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek(0)?;
        self.at += 1;
        Some(letter)
    }

    fn step(&mut self) {
        let Some(letter) = self.peek(0) else { return };
        match letter {
            '\n' => {
                self.at += 1;
                self.out.push(Token::Line);
            }
            letter if letter.is_whitespace() => self.at += 1,
            '#' if !matches!(self.language, Language::JavaScript) => self.skip_line(),
            '/' if self.peek(1) == Some('/') && matches!(self.language, Language::JavaScript | Language::Php) => {
                self.skip_line()
            }
            '/' if self.peek(1) == Some('*') && matches!(self.language, Language::JavaScript | Language::Php) => {
                self.skip_block()
            }
            '/' if self.begins_pattern() => self.pattern(),
            '"' | '\'' => self.quoted(letter, ""),
            '`' if self.language == Language::JavaScript => self.quoted(letter, ""),
            '`' => {
                self.at += 1;
                let word = self.until('`', None, true);
                self.out.push(Token::Command(word));
            }
            '%' if self.language == Language::Ruby && matches!(self.peek(1), Some('x' | 'w' | 'q' | 'Q')) => {
                self.percent()
            }
            letter if letter.is_alphabetic() || letter == '_' || self.is_sigil(letter) => self.name(),
            letter if letter.is_ascii_digit() => self.number(),
            letter => {
                self.at += 1;
                self.out.push(Token::Sign(letter));
            }
        }
    }

    fn is_sigil(&self, letter: char) -> bool {
        let named = self.peek(1).is_some_and(|next| next.is_alphabetic() || next == '_' || next == '{');
        match self.language {
            Language::Perl => matches!(letter, '$' | '@') && named,
            Language::Php => letter == '$' && named,
            Language::Ruby => matches!(letter, '@' | '$') && named,
            _ => false,
        }
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|letter| letter != '\n') {
            self.at += 1;
        }
    }

    fn skip_block(&mut self) {
        self.at += 2;
        while self.at < self.letters.len() && !(self.peek(0) == Some('*') && self.peek(1) == Some('/')) {
            self.at += 1;
        }
        self.at += 2;
    }

    /// A regular expression stands where a value may begin.
    fn begins_pattern(&self) -> bool {
        let may = !matches!(
            self.out.last(),
            Some(Token::Name(_) | Token::Number(_) | Token::Text(_) | Token::Sign(')' | ']' | '}'))
        );
        may && !matches!(self.language, Language::Python | Language::Php)
    }

    fn pattern(&mut self) {
        self.at += 1;
        while let Some(letter) = self.next() {
            match letter {
                '\\' => self.at += 1,
                '/' | '\n' => break,
                _ => {}
            }
        }
        self.out.push(Token::Number("0".to_owned()));
    }

    fn number(&mut self) {
        let mut text = String::new();
        while let Some(letter) =
            self.peek(0).filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_'))
        {
            text.push(letter);
            self.at += 1;
        }
        self.out.push(Token::Number(text));
    }

    fn name(&mut self) {
        let mut text = String::new();
        text.extend(self.next());
        while let Some(letter) = self.peek(0).filter(|letter| letter.is_alphanumeric() || *letter == '_') {
            text.push(letter);
            self.at += 1;
        }
        // Ruby's `delete!` and `empty?` end so.
        if self.language == Language::Ruby && matches!(self.peek(0), Some('!' | '?')) && self.peek(1) != Some('=') {
            self.at += 1;
        }
        match (self.language, self.peek(0), text.as_str()) {
            (Language::Python, Some(quote @ ('"' | '\'')), prefix)
                if prefix.len() <= 2 && prefix.chars().all(|one| "rRbBuUfF".contains(one)) =>
            {
                let prefix = prefix.to_ascii_lowercase();
                self.quoted(quote, &prefix);
            }
            (Language::Perl, Some(open), "q" | "qq" | "qw" | "qx")
                if !open.is_alphanumeric() && !matches!(open, ',' | ';' | '=') =>
            {
                self.at += 1;
                self.bracketed(open, &text);
            }
            _ => self.out.push(Token::Name(text)),
        }
    }

    fn percent(&mut self) {
        self.at += 1;
        let kind = self.next().unwrap_or('q');
        let Some(open) = self.next() else { return };
        let kind = match kind {
            'x' => "qx",
            'w' => "qw",
            'Q' => "qq",
            _ => "q",
        };
        self.bracketed(open, kind);
    }

    fn bracketed(&mut self, open: char, kind: &str) {
        let close = match open {
            '(' => ')',
            '[' => ']',
            '{' => '}',
            '<' => '>',
            other => other,
        };
        let word = self.until(close, (open != close).then_some(open), matches!(kind, "qq" | "qx"));
        self.out.push(match kind {
            "qx" => Token::Command(word),
            "qw" => Token::Words(word.to_string().split_whitespace().map(Word::known).collect()),
            _ => Token::Text(word),
        });
    }

    fn quoted(&mut self, quote: char, prefix: &str) {
        self.at += 1;
        let is_triple = self.language == Language::Python && self.peek(0) == Some(quote) && self.peek(1) == Some(quote);
        if is_triple {
            self.at += 2;
            let word = self.triple(quote, prefix);
            self.out.push(Token::Text(word));
            return;
        }
        let fills = match self.language {
            Language::Python => prefix.contains('f'),
            Language::JavaScript => quote == '`',
            _ => quote == '"',
        };
        let word = if prefix.contains('r') { self.raw(quote) } else { self.until(quote, None, fills) };
        self.out.push(Token::Text(word));
    }

    fn raw(&mut self, quote: char) -> Word {
        let mut text = String::new();
        while let Some(letter) = self.next().filter(|letter| *letter != quote) {
            text.push(letter);
        }
        Word::known(text)
    }

    fn triple(&mut self, quote: char, prefix: &str) -> Word {
        let mut text = String::new();
        while let Some(letter) = self.next() {
            if letter == quote && self.peek(0) == Some(quote) && self.peek(1) == Some(quote) {
                self.at += 2;
                break;
            }
            text.push(letter);
        }
        if prefix.contains('f') && text.contains('{') { Word::unknown(text, false) } else { Word::known(text) }
    }

    /// The text up to `close`; `open` nests. With `fills` the language fills in values: those are holes.
    fn until(&mut self, close: char, open: Option<char>, fills: bool) -> Word {
        let mut parts: Vec<Part> = Vec::new();
        let mut text = String::new();
        let mut depth = 0usize;
        while let Some(letter) = self.next() {
            if letter == close && depth == 0 {
                break;
            }
            if letter == close {
                depth -= 1;
            } else if Some(letter) == open {
                depth += 1;
            }
            if letter == '\\' {
                self.escape(&mut text);
            } else if let Some(hole) = fills.then(|| self.hole(letter)).flatten() {
                parts.extend((!text.is_empty()).then(|| Part::Text(std::mem::take(&mut text))));
                parts.push(Part::Unknown { shown: hole, splits: false });
            } else {
                text.push(letter);
            }
        }
        if !text.is_empty() || parts.is_empty() {
            parts.push(Part::Text(text));
        }
        Word { parts }
    }

    fn escape(&mut self, text: &mut String) {
        match self.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('0') => text.push('\0'),
            Some('\n') => {}
            Some('x') => {
                let digits: String = self.letters.get(self.at..self.at + 2).unwrap_or_default().iter().collect();
                if let Ok(code) = u8::from_str_radix(&digits, 16) {
                    text.push(char::from(code));
                    self.at += 2;
                }
            }
            Some(other) => text.push(other),
            None => {}
        }
    }

    /// A value that is filled in, as written; the letter that begins it is taken already.
    fn hole(&mut self, letter: char) -> Option<String> {
        let is_open = match self.language {
            Language::Python => letter == '{' && self.peek(0) != Some('{'),
            Language::JavaScript => letter == '$' && self.peek(0) == Some('{'),
            Language::Ruby => letter == '#' && self.peek(0) == Some('{'),
            Language::Perl | Language::Php => {
                matches!(letter, '$' | '@')
                    && self.peek(0).is_some_and(|next| next.is_alphabetic() || matches!(next, '_' | '{'))
            }
        };
        if !is_open {
            return None;
        }
        let mut shown = String::from(letter);
        if letter == '{' || self.peek(0) == Some('{') {
            let mut depth = usize::from(letter == '{');
            while let Some(next) = self.next() {
                shown.push(next);
                match next {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            while let Some(next) = self.peek(0).filter(|next| next.is_alphanumeric() || *next == '_') {
                shown.push(next);
                self.at += 1;
            }
        }
        Some(shown)
    }
}
