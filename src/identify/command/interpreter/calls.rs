//! The calls that stand in a program's text, from above to below.

use super::lex::{Language, Token};
use super::names::{ARGV, FILE, SHELL, TREE};
use super::value::{Names, Value, arguments, closing, path};
use crate::identify::command::{Invocation, Scene};

/// A call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// `os.system`; of a chain all of it, with `()` for what was called before: `Path().unlink`.
    pub(super) path: String,
    /// Its arguments.
    pub(super) arguments: Vec<Vec<Token>>,
    /// The arguments of the calls before it in its chain, in order.
    pub(super) before: Vec<Vec<Vec<Token>>>,
}

impl Call {
    /// The name after the last dot.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }
}

/// Commands of languages that need no brackets around arguments.
const BARE: [&str; 18] = [
    "system",
    "exec",
    "unlink",
    "rmdir",
    "rmtree",
    "spawn",
    "sh",
    "rm_rf",
    "rm_r",
    "rm",
    "eval",
    "require",
    "use",
    "open",
    "rename",
    "truncate",
    "remove_tree",
    "print",
];

/// `getattr(client, "delete_bucket")` as the name that it stands for.
pub(super) fn plain(tokens: Vec<Token>, language: Language) -> Vec<Token> {
    let called = |token: &Token| matches!(token, Token::Name(name) if name == "getattr");
    if language != Language::Python || !tokens.iter().any(called) {
        return tokens;
    }
    let mut out = Vec::with_capacity(tokens.len());
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        if called(token)
            && tokens.get(place + 1) == Some(&Token::Sign('('))
            && let Some(close) = closing(&tokens, place + 1)
            && let [owner, name] = arguments(tokens.get(place + 2..close).unwrap_or_default()).as_slice()
            && let [Token::Text(name)] = name.as_slice()
            && let Some(name) = name.text()
        {
            out.extend(owner.iter().cloned());
            out.extend([Token::Sign('.'), Token::Name(name.into_owned())]);
            place = close + 1;
            continue;
        }
        out.push(token.clone());
        place += 1;
    }
    out
}

/// Reads the text's calls; assignments are kept in `names` on the way.
pub(super) fn calls(
    tokens: &[Token],
    language: Language,
    names: &mut Names,
    at: (&Invocation, &Scene<'_>),
    take: &mut dyn FnMut(Call, &Names),
) {
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        match token {
            Token::Command(word) => {
                let arguments = vec![vec![Token::Text(word.clone())]];
                take(Call { path: "`".to_owned(), arguments, before: vec![] }, names);
            }
            // Bun's and zx's shell.
            Token::Sign('$') if language == Language::JavaScript => {
                if let Some(Token::Text(word)) = tokens.get(place + 1) {
                    let arguments = vec![vec![Token::Text(word.clone())]];
                    take(Call { path: "Bun.$".to_owned(), arguments, before: vec![] }, names);
                }
            }
            Token::Name(_) => {
                if let Some((name, value)) = assignment(tokens, place, language) {
                    assign(name, value, names, at);
                }
                if let Some(found) = chain(tokens, place, language, names) {
                    let end = found.end;
                    for call in found.calls {
                        take(call, names);
                    }
                    place = end.max(place + 1);
                    continue;
                }
            }
            _ => {}
        }
        place += 1;
    }
}

struct Chain {
    calls: Vec<Call>,
    /// Where to go on: inside the first call's brackets, so that calls in arguments are seen as well.
    end: usize,
}

/// `a.b(c).d(e)`: each of its calls.
fn chain(tokens: &[Token], start: usize, language: Language, names: &Names) -> Option<Chain> {
    let mut at = start;
    let mut path = String::new();
    let mut before: Vec<Vec<Vec<Token>>> = Vec::new();
    let mut calls = Vec::new();
    let mut end = start + 1;
    loop {
        match tokens.get(at) {
            Some(Token::Name(name)) if path.is_empty() || joined(tokens, at) => {
                if path.is_empty() {
                    match names.known.get(name) {
                        // A name that stands for something made: the chain goes on from there.
                        Some(Value::Made(made, arguments)) => {
                            path.push_str(made);
                            path.push_str("()");
                            before.push(arguments.clone());
                        }
                        _ => path.push_str(names.imported.get(name).unwrap_or(name)),
                    }
                } else {
                    path.push('.');
                    path.push_str(name);
                }
                at += 1;
            }
            Some(Token::Sign('.' | '?' | '>' | '-' | ':' | '!')) if steps(tokens, at) > 0 => at += steps(tokens, at),
            Some(Token::Sign('(')) => {
                let close = closing(tokens, at)?;
                let arguments = arguments(tokens.get(at + 1..close)?);
                calls.push(Call { path: path.clone(), arguments: arguments.clone(), before: before.clone() });
                if calls.len() == 1 {
                    end = at + 1;
                }
                before.push(arguments);
                path.push_str("()");
                at = close + 1;
                if steps(tokens, at) == 0 && !matches!(tokens.get(at), Some(Token::Sign('('))) {
                    break;
                }
            }
            Some(Token::Text(_) | Token::Words(_) | Token::Name(_)) if is_bare(&path, language) => {
                let rest = tokens.get(at..)?;
                let length = rest
                    .iter()
                    .position(|token| matches!(token, Token::Line | Token::Sign(';' | '}')))
                    .unwrap_or(rest.len());
                let arguments = arguments(rest.get(..length)?);
                calls.push(Call { path: path.clone(), arguments, before: before.clone() });
                end = at;
                break;
            }
            _ => break,
        }
    }
    (!calls.is_empty()).then_some(Chain { calls, end })
}

fn is_bare(path: &str, language: Language) -> bool {
    let name = path.rsplit(['.', ':']).next().unwrap_or(path);
    matches!(language, Language::Perl | Language::Ruby | Language::Php) && BARE.contains(&name)
}

/// Whether the name at `at` belongs to what stands before it.
fn joined(tokens: &[Token], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|before| tokens.get(before))
        .is_some_and(|token| matches!(token, Token::Sign('.' | '>' | ':')))
        || at.checked_sub(1).and_then(|before| tokens.get(before)) == Some(&Token::Name("new".to_owned()))
}

/// How many tokens a member's sign takes: `.`, `?.`, `->`, `::`.
fn steps(tokens: &[Token], at: usize) -> usize {
    let sign = |ahead: usize| match tokens.get(at + ahead) {
        Some(Token::Sign(sign)) => Some(*sign),
        _ => None,
    };
    // A chain may go on in the next line.
    let lines = tokens.get(at..).unwrap_or_default().iter().take_while(|token| **token == Token::Line).count();
    let after = |count: usize| matches!(tokens.get(at + count), Some(Token::Name(_)));
    if lines > 0 {
        return if sign(lines) == Some('.') && after(lines + 1) { lines + 1 } else { 0 };
    }
    match (sign(0), sign(1)) {
        (Some('.'), _) if after(1) => 1,
        (Some('?'), Some('.')) | (Some('-'), Some('>')) | (Some(':'), Some(':')) if after(2) => 2,
        _ => 0,
    }
}

/// Names that the text imports under other ones: `import subprocess as s`, `from os import system`,
/// `import {rm} from 'node:fs/promises'`, `const {rmSync} = require('fs')`.
pub(super) fn imports(tokens: &[Token], language: Language, names: &mut Names) {
    for (place, token) in tokens.iter().enumerate() {
        let Token::Name(word) = token else { continue };
        let rest = tokens.get(place + 1..).unwrap_or_default();
        match (language, word.as_str()) {
            (Language::Python, "import") => python_import(tokens.get(..place).unwrap_or_default(), rest, names),
            (Language::JavaScript, "import" | "const" | "let" | "var") => script_import(rest, names),
            _ => {}
        }
    }
}

fn python_import(before: &[Token], rest: &[Token], names: &mut Names) {
    let line = before.iter().rposition(|token| matches!(token, Token::Line | Token::Sign(';'))).map_or(0, |at| at + 1);
    let module = match before.get(line..) {
        Some([Token::Name(from), module @ ..]) if from == "from" => Some(path(module)),
        _ => None,
    };
    let end = rest.iter().position(|token| matches!(token, Token::Line | Token::Sign(';'))).unwrap_or(rest.len());
    for one in arguments(rest.get(..end).unwrap_or_default()) {
        let words: Vec<&Token> = one.iter().filter(|token| !matches!(token, Token::Sign('(' | ')'))).collect();
        let (full, alias) = match words.as_slice() {
            [full @ .., Token::Name(word), Token::Name(alias)] if word == "as" => (full, Some(alias)),
            full => (full, None),
        };
        let full: Vec<Token> = full.iter().map(|token| (*token).clone()).collect();
        let full = path(&full);
        match (&module, alias) {
            (Some(module), alias) => {
                let name = alias.cloned().unwrap_or_else(|| full.clone());
                names.imported.insert(name, format!("{module}.{full}"));
            }
            (None, Some(alias)) => drop(names.imported.insert(alias.clone(), full)),
            (None, None) => {}
        }
    }
}

/// `{a, b as c} from 'm'`, `{a, b: c} = require('m')`, `m from 'm'`, `* as m from 'm'`.
fn script_import(rest: &[Token], names: &mut Names) {
    let end = rest.iter().position(|token| matches!(token, Token::Sign(';') | Token::Line)).unwrap_or(rest.len());
    let line = rest.get(..end).unwrap_or_default();
    let module = line.iter().rev().find_map(|token| match token {
        Token::Text(word) => word.text().map(std::borrow::Cow::into_owned),
        _ => None,
    });
    let comes = line.iter().any(|token| matches!(token, Token::Name(word) if word == "from" || word == "require"));
    let Some(module) = module.filter(|_| comes) else { return };
    let module = module.trim_start_matches("node:").trim_end_matches("/promises").to_owned();
    match line {
        [Token::Sign('{'), inner @ ..] => {
            let inner = inner.split(|token| *token == Token::Sign('}')).next().unwrap_or_default();
            for one in arguments(inner) {
                let words: Vec<&String> = one
                    .iter()
                    .filter_map(|token| match token {
                        Token::Name(word) if word != "as" => Some(word),
                        _ => None,
                    })
                    .collect();
                if let (Some(name), Some(alias)) = (words.first(), words.last()) {
                    names.imported.insert((*alias).clone(), format!("{module}.{name}"));
                }
            }
        }
        [Token::Name(alias), ..] | [Token::Sign('*'), Token::Name(_), Token::Name(alias), ..] if *alias != module => {
            names.imported.insert(alias.clone(), module);
        }
        _ => {}
    }
}

/// `name = …` up to the end of its line, or of its brackets.
fn assignment(tokens: &[Token], place: usize, language: Language) -> Option<(&str, &[Token])> {
    let Some(Token::Name(name)) = tokens.get(place) else { return None };
    let mut at = place + 1;
    // `const x: string = …`, `my $x = …`
    if language == Language::JavaScript && tokens.get(at) == Some(&Token::Sign(':')) {
        at += 2;
    }
    let is_assigned = tokens.get(at) == Some(&Token::Sign('='))
        && !matches!(tokens.get(at + 1), Some(Token::Sign('=' | '>' | '~')))
        && !place
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .is_some_and(|token| matches!(token, Token::Sign('.' | '(' | ',')));
    if !is_assigned {
        return None;
    }
    let mut depth = 0usize;
    let start = at + 1;
    let mut end = start;
    for token in tokens.get(start..)? {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') if depth == 0 => break,
            Token::Sign(')' | ']' | '}') => depth -= 1,
            Token::Line | Token::Sign(';') if depth == 0 => break,
            _ => {}
        }
        end += 1;
    }
    Some((name, tokens.get(start..end)?))
}

fn assign(name: &str, tokens: &[Token], names: &mut Names, at: (&Invocation, &Scene<'_>)) {
    let tokens: Vec<Token> = tokens.iter().filter(|token| **token != Token::Line).cloned().collect();
    let tokens = match tokens.as_slice() {
        [Token::Name(word), rest @ ..] if matches!(word.as_str(), "await" | "new") && !rest.is_empty() => rest,
        all => all,
    };
    if let Some(list) = names.list(tokens, at) {
        names.known.insert(name.to_owned(), Value::List(list));
        return;
    }
    // `f = os.system`: another name of a call that matters.
    if let Some(Token::Name(first)) = tokens.first()
        && tokens.iter().all(|token| matches!(token, Token::Name(_) | Token::Sign('.')))
    {
        let whole = path(tokens);
        let owner = names.imported.get(first).cloned().unwrap_or_else(|| first.clone());
        let whole = whole.strip_prefix(first.as_str()).map_or(whole.clone(), |rest| format!("{owner}{rest}"));
        if [SHELL, ARGV, TREE, FILE].iter().any(|list| list.contains(&whole.as_str())) {
            names.imported.insert(name.to_owned(), whole);
            return;
        }
    }
    let text = names.text(tokens, at);
    if !text.has_unknown() {
        names.known.insert(name.to_owned(), Value::Text(text));
        return;
    }
    let open = tokens.iter().position(|token| *token == Token::Sign('('));
    match open.and_then(|open| Some((open, closing(tokens, open)?))) {
        Some((open, close)) if close + 1 == tokens.len() => {
            let path = path(tokens.get(..open).unwrap_or_default());
            let inner = arguments(tokens.get(open + 1..close).unwrap_or_default());
            names.known.insert(name.to_owned(), Value::Made(path, inner));
        }
        _ => {
            names.known.insert(name.to_owned(), Value::Text(text));
        }
    }
}
