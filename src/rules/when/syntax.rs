//! From text to a tree: a first look that makes the parser safe to call, the parser, and its errors in plain words.
//!
//! The first look bounds length and nesting (the parser calls itself for every bracket) and finds what can be told in
//! better words than "mismatched input". The tree is the `cel` crate's; what it means is decided by `check` alone.

use cel::IdedExpr;
use cel::common::ast::SourceInfo;
use cel::parser::{ParseErrors, Parser};

/// Longer than any expression that a person can judge.
pub(super) const CHARS_MAX: usize = 2_000;
/// Brackets within brackets, and conditions (`? :`) in one expression.
const NESTING_MAX: usize = 16;
/// What `has` is called on its way through the parser: CEL's own `has()` takes members only (`has(a.b)`), and here
/// `has(account)` is the question most worth asking. As long as `has`, so that places stay.
pub(super) const HAS: &str = "hAs";
/// The same for a name that CEL keeps for itself.
const NAMESPACE: &str = "nAmespace";

/// A name as it was written.
pub(super) fn written(name: &str) -> &str {
    if name == NAMESPACE { "namespace" } else { name }
}

/// What is wrong, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) offset: usize,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Wrong {
    pub(super) fn new(offset: usize, message: impl Into<String>, help: Option<&str>) -> Self {
        Self { offset, message: message.into(), help: help.map(str::to_owned) }
    }
}

/// Parses.
pub(super) fn parse(text: &str) -> Result<(IdedExpr, SourceInfo), Wrong> {
    let length = text.chars().count();
    if length > CHARS_MAX {
        let message = format!("the expression has {length} characters; at most {CHARS_MAX} are read");
        return Err(Wrong::new(0, message, Some("write two rules, or a `match:`")));
    }
    if text.trim().is_empty() {
        return Err(Wrong::new(0, "the expression is empty", Some("write a condition, or remove the key")));
    }
    let renamed = Look::at(text)?;
    Parser::new().parse_with_source_info(&renamed).map_err(|errors| in_words(text, &errors))
}

/// The first look.
struct Look<'a> {
    text: &'a str,
    /// The brackets that are open, with their places.
    open: Vec<(usize, char)>,
    conditions: usize,
    renamed: String,
}

impl<'a> Look<'a> {
    /// The text with `has` renamed.
    fn at(text: &'a str) -> Result<String, Wrong> {
        let mut look = Self { text, open: Vec::new(), conditions: 0, renamed: String::with_capacity(text.len()) };
        let mut offset = 0;
        while let Some(c) = look.rest(offset).chars().next() {
            let end = look.token(offset, c)?;
            let token = text.get(offset..end).unwrap_or_default();
            look.renamed.push_str(match token {
                "has" if look.is_call(offset, token) => HAS,
                "namespace" if !look.is_member(offset) => NAMESPACE,
                token => token,
            });
            offset = end;
        }
        match look.open.pop() {
            Some((at, bracket)) => Err(Wrong::new(at, format!("`{bracket}` is not closed"), None)),
            None => Ok(look.renamed),
        }
    }

    fn rest(&self, offset: usize) -> &'a str {
        self.text.get(offset..).unwrap_or_default()
    }

    fn is_member(&self, offset: usize) -> bool {
        self.text.get(..offset).is_some_and(|before| before.trim_end().ends_with('.'))
    }

    fn is_call(&self, offset: usize, token: &str) -> bool {
        !self.is_member(offset) && self.rest(offset + token.len()).trim_start().starts_with('(')
    }

    /// Where the token that begins here ends.
    fn token(&mut self, offset: usize, c: char) -> Result<usize, Wrong> {
        let rest = self.rest(offset);
        let wrong = |message: String, help: &str| Err(Wrong::new(offset, message, Some(help)));
        match c {
            '"' | '\'' => return self.quoted(offset, false),
            _ if c.is_ascii_alphabetic() || c == '_' => return self.word(offset),
            _ if c.is_ascii_whitespace() => {}
            _ if c.is_ascii_digit() => {
                return Ok(offset + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
            }
            '/' if rest.starts_with("//") => {
                return wrong(
                    "`//` would hide the rest of the expression".to_owned(),
                    "write comments with `#`, above the key",
                );
            }
            '{' | '}' => return wrong(format!("`{c}` has no meaning here"), "lists stand in `[…]`, groups in `(…)`"),
            '(' | '[' => {
                if self.open.len() == NESTING_MAX {
                    return wrong(format!("more than {NESTING_MAX} brackets within each other"), "write two rules");
                }
                self.open.push((offset, c));
            }
            ')' | ']' => self.close(offset, c)?,
            '?' => {
                self.conditions += 1;
                if self.conditions > NESTING_MAX {
                    return wrong(format!("more than {NESTING_MAX} conditions"), "write two rules");
                }
            }
            '=' | '!' | '<' | '>' | '&' | '|' => return self.operator(offset),
            '.' | ',' | ':' | '+' | '-' | '*' | '/' | '%' => {}
            '$' => {
                return wrong("`$` has no meaning here".to_owned(), "named sets stand in `match:` and `unless:`");
            }
            '“' | '”' | '„' | '‘' | '’' => {
                return wrong(format!("`{c}` is not a quote that begins a text"), "write `\"` or `'`");
            }
            _ => return Err(Wrong::new(offset, format!("`{}` has no meaning here", c.escape_debug()), None)),
        }
        Ok(offset + c.len_utf8())
    }

    fn close(&mut self, offset: usize, c: char) -> Result<(), Wrong> {
        let wanted = if c == ')' { '(' } else { '[' };
        match self.open.pop() {
            Some((_, open)) if open == wanted => Ok(()),
            Some((at, open)) => Err(Wrong::new(at, format!("`{open}` is not closed before `{c}`"), None)),
            None => Err(Wrong::new(offset, format!("`{c}` closes nothing"), None)),
        }
    }

    fn operator(&self, offset: usize) -> Result<usize, Wrong> {
        let run: &str = {
            let rest = self.rest(offset);
            let end = rest.find(|c: char| !"=!<>&|".contains(c)).unwrap_or(rest.len());
            rest.get(..end).unwrap_or_default()
        };
        let help = match run {
            "==" | "!=" | "<=" | ">=" | "&&" | "||" | "<" | ">" => return Ok(offset + run.len()),
            // Others may stand before it: `==!x`.
            _ if run.starts_with('!') && !run.starts_with("!=") => return Ok(offset + 1),
            _ if run.ends_with('!') => return self.operator_before_not(offset, run),
            "=" | "===" => "write `==`",
            "&" => "write `&&`",
            "|" => "write `||`",
            "!==" | "<>" => "write `!=`",
            "=>" => "write `>=`",
            "=<" => "write `<=`",
            _ => return Err(Wrong::new(offset, format!("`{run}` is not an operator"), None)),
        };
        Err(Wrong::new(offset, format!("`{run}` is not an operator"), Some(help)))
    }

    /// `&&!x`: the operator ends where the nots begin.
    fn operator_before_not(&self, offset: usize, run: &str) -> Result<usize, Wrong> {
        let operator = run.trim_end_matches('!');
        match operator {
            "==" | "!=" | "<=" | ">=" | "&&" | "||" | "<" | ">" => Ok(offset + operator.len()),
            _ => Err(Wrong::new(offset, format!("`{run}` is not an operator"), None)),
        }
    }

    /// A name, a word operator of other languages, or what stands before a quote.
    fn word(&self, offset: usize) -> Result<usize, Wrong> {
        let rest = self.rest(offset);
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        if rest.get(length..).is_some_and(|rest| rest.starts_with(['"', '\''])) {
            return match word {
                "r" | "R" => self.quoted(offset + length, true),
                _ => Err(Wrong::new(offset, format!("`{word}` before a text has no meaning here"), None)),
            };
        }
        let help = match word.to_ascii_lowercase().as_str() {
            _ if self.is_member(offset) => return Ok(offset + length),
            "and" => "write `&&`",
            "or" => "write `||`",
            "not" => "write `!`",
            "is" => "write `==`",
            "null" | "nil" | "none" => "write `has(…)` to ask whether something is known",
            "has" if word != "has" => "write `has`",
            "namespace" if word != "namespace" => "write `namespace`",
            _ => return Ok(offset + length),
        };
        Err(Wrong::new(offset, format!("`{word}` has no meaning here"), Some(help)))
    }

    /// A text in quotes; where it begins with three of them, it ends with three.
    fn quoted(&self, offset: usize, is_raw: bool) -> Result<usize, Wrong> {
        let rest = self.rest(offset);
        let quote = rest.chars().next().unwrap_or('"');
        let (one, three) = if quote == '"' { ("\"", "\"\"\"") } else { ("'", "'''") };
        let is_long = rest.starts_with(three);
        let closing = if is_long { three } else { one };
        let mut at = closing.len();
        while let Some(c) = rest.get(at..).and_then(|rest| rest.chars().next()) {
            let ahead = rest.get(at..).unwrap_or_default();
            if ahead.starts_with(closing) {
                return Ok(offset + at + closing.len());
            }
            if c == '\n' && !is_long {
                break;
            }
            if c == '\\' {
                let escaped = ahead.chars().nth(1).unwrap_or(' ');
                if !is_raw && !"abfnrtv?\"'`\\xXuU0123".contains(escaped) {
                    let help = format!("write `\\\\{escaped}`, or a text without escapes: r{closing}…{closing}");
                    let message = format!("`\\{escaped}` is not an escape");
                    return Err(Wrong::new(offset + at, message, Some(&help)));
                }
                at += escaped.len_utf8();
            }
            at += c.len_utf8();
        }
        Err(Wrong::new(offset, "the text is not closed", Some(&format!("end it with `{closing}`"))))
    }
}

/// How the parser begins what it says of a word that is kept for the language.
const RESERVED: &str = "reserved identifier: ";

/// The parser's first error.
fn in_words(text: &str, errors: &ParseErrors) -> Wrong {
    let begins = |with: &str| errors.errors.iter().find(|error| error.msg.starts_with(with));
    // Other errors of the tree follow from those of the syntax.
    let first = begins(RESERVED).or_else(|| begins("Syntax error")).or_else(|| errors.errors.first());
    let Some(first) = first else { return Wrong::new(0, "the expression cannot be read", None) };
    let offset = offset_of(text, first.pos);
    let (token, message) = (token_at(text, offset), first.msg.as_str());
    let end = text.trim_end().len();
    if offset >= end {
        let last = last_operator(text);
        return match last {
            Some(operator) => Wrong::new(end, format!("something must follow `{operator}`"), None),
            None => Wrong::new(end, "the expression ends too early", None),
        };
    }
    if let Some(word) = message.strip_prefix(RESERVED) {
        let help = (word == "if").then_some("write `condition ? one : other`");
        return Wrong::new(offset, format!("`{word}` is a word that CEL keeps for itself"), help);
    }
    if message == "argument must be a simple name" {
        let help = "write it as in `resources.exists(r, r.startsWith(\"…\"))`";
        return Wrong::new(offset, "a name for the elements must stand here", Some(help));
    }
    match message {
        "invalid int literal" => Wrong::new(offset, format!("`{token}` is too large"), None),
        _ if message.starts_with("unsupported syntax") || token == "?" => {
            Wrong::new(offset, "optional members have no use here", Some("ask with `has(…)`"))
        }
        _ => {
            let begins = token.starts_with(|c: char| c.is_ascii_alphanumeric() || "\"'(!_".contains(c));
            let help = begins.then_some("conditions are joined with `&&` or `||`");
            let help = help.filter(|_| message.contains("<EOF>") || message.contains("extraneous"));
            Wrong::new(offset, format!("`{token}` does not belong here"), help)
        }
    }
}

/// The byte of a line and column, both from 1, in characters.
fn offset_of(text: &str, (line, column): (isize, isize)) -> usize {
    let number = |n: isize| usize::try_from(n - 1).unwrap_or(0);
    let before: usize = text.split_inclusive('\n').take(number(line)).map(str::len).sum();
    let rest = text.get(before..).unwrap_or_default();
    before + rest.chars().take(number(column)).map(char::len_utf8).sum::<usize>()
}

/// A name, a number, or one character.
fn token_at(text: &str, offset: usize) -> &str {
    let rest = text.get(offset..).unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    let length = match name {
        0 if ["==", "!=", "<=", ">=", "&&", "||"].iter().any(|operator| rest.starts_with(operator)) => 2,
        0 => rest.chars().next().map_or(0, char::len_utf8),
        length => length,
    };
    rest.get(..length).unwrap_or_default()
}

/// The operator that the text ends with.
fn last_operator(text: &str) -> Option<&str> {
    let text = text.trim_end();
    let start = text.rfind(|c: char| c.is_ascii_alphanumeric() || c.is_whitespace() || "_\"')]".contains(c));
    let operator = text.get(start.map_or(0, |start| start + 1)..)?;
    let word = text.rsplit(|c: char| !c.is_ascii_alphanumeric()).next()?;
    match operator {
        "" if word == "in" => Some("in"),
        "" => None,
        operator => Some(operator),
    }
}
