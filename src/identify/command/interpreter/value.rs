//! What an expression is worth, as far as its text says: texts put together, lists, what a decoder gives back.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::lex::Token;
use crate::identify::command::{Invocation, Part, Scene, Word};

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A text.
    Text(Word),
    /// Several.
    List(Vec<Word>),
    /// Something made by a call: its path, and its arguments.
    Made(String, Vec<Vec<Token>>),
}

/// What is known while a program is read from above to below.
#[derive(Default)]
pub(super) struct Names {
    pub(super) known: HashMap<String, Value>,
    /// What imported names are called in full.
    pub(super) imported: HashMap<String, String>,
}

impl Names {
    /// The text that the tokens are worth.
    pub(super) fn text(&self, tokens: &[Token], at: (&Invocation, &Scene<'_>)) -> Word {
        let unknown = || Word::unknown(shown(tokens), false);
        let mut parts: Vec<Part> = Vec::new();
        for piece in split(tokens, &['+', '.'], true) {
            match self.piece(&piece, at) {
                Some(Value::Text(word)) => parts.extend(word.parts),
                Some(Value::List(_) | Value::Made(..)) | None => {
                    return self.decoded(tokens, at).unwrap_or_else(unknown);
                }
            }
        }
        let filled = parts.into_iter().map(|part| self.filled(part));
        Word { parts: merged(filled.flatten()) }
    }

    /// A hole that holds only a known name.
    fn filled(&self, part: Part) -> Vec<Part> {
        let Part::Unknown { shown, .. } = &part else { return vec![part] };
        let name = shown.trim_matches(['$', '#', '{', '}', '@']).trim();
        match self.known.get(name).or_else(|| self.known.get(shown.trim_matches(['{', '}']))) {
            Some(Value::Text(word)) => word.parts.clone(),
            _ => match self.known.get(&format!("${name}")) {
                Some(Value::Text(word)) => word.parts.clone(),
                _ => vec![part],
            },
        }
    }

    /// Several texts, where the tokens are a list of them.
    pub(super) fn list(&self, tokens: &[Token], at: (&Invocation, &Scene<'_>)) -> Option<Vec<Word>> {
        match tokens {
            [Token::Words(words)] => Some(words.clone()),
            [Token::Name(name)] => match self.known.get(name)? {
                Value::List(words) => Some(words.clone()),
                _ => None,
            },
            [Token::Sign('[' | '('), inner @ .., Token::Sign(']' | ')')] => {
                Some(arguments(inner).iter().filter(|one| !one.is_empty()).map(|one| self.text(one, at)).collect())
            }
            [Token::Name(split), Token::Sign('.'), Token::Name(_), Token::Sign('('), inner @ .., Token::Sign(')')]
                if split == "shlex" =>
            {
                let text = self.text(inner, at).text()?.into_owned();
                Some(text.split_whitespace().map(Word::known).collect())
            }
            _ => None,
        }
    }

    fn piece(&self, tokens: &[Token], at: (&Invocation, &Scene<'_>)) -> Option<Value> {
        match tokens {
            [Token::Text(word)] => Some(Value::Text(word.clone())),
            [Token::Text(first), rest @ ..] if rest.iter().all(|token| matches!(token, Token::Text(_))) => {
                // Texts side by side are one.
                let mut parts = first.parts.clone();
                for token in rest {
                    if let Token::Text(word) = token {
                        parts.extend(word.parts.clone());
                    }
                }
                Some(Value::Text(Word { parts }))
            }
            [Token::Number(number)] => Some(Value::Text(Word::known(number.clone()))),
            [Token::Name(name)] => match self.known.get(name)? {
                Value::Text(word) => Some(Value::Text(word.clone())),
                _ => None,
            },
            [Token::Sign('('), inner @ .., Token::Sign(')')] => Some(Value::Text(self.text(inner, at))),
            _ => None,
        }
    }

    /// Calls whose result their arguments tell.
    fn decoded(&self, tokens: &[Token], at: (&Invocation, &Scene<'_>)) -> Option<Word> {
        let open = tokens.iter().position(|token| *token == Token::Sign('('))?;
        let path = path(tokens.get(..open)?);
        let close = closing(tokens, open)?;
        let inner = arguments(tokens.get(open + 1..close)?);
        let rest = tokens.get(close + 1..).unwrap_or_default();
        let first = || self.text(inner.first().map_or(&[], Vec::as_slice), at);
        let known = || first().text().map(std::borrow::Cow::into_owned);
        let base64 = |text: String| {
            let text: String = text.split_whitespace().collect();
            let bytes = data_encoding::BASE64.decode(text.as_bytes()).ok()?;
            String::from_utf8(bytes).ok().map(Word::known)
        };
        let last = path.rsplit('.').next().unwrap_or(&path);
        match last {
            "b64decode" | "atob" | "base64_decode" | "decode_base64" | "decode64" => base64(known()?),
            "from" if shown(inner.get(1)?).contains("base64") => base64(known()?),
            "fromhex" | "unhexlify" | "hex2bin" => {
                let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(known()?.as_bytes()).ok()?;
                String::from_utf8(bytes).ok().map(Word::known)
            }
            "expanduser" => Some(home(first(), at)),
            "str" | "abspath" | "resolve" | "normpath" | "Path" | "PurePath" | "String" | "bytes"
                if rest.is_empty() =>
            {
                Some(first())
            }
            "join" if path.contains("path") => {
                let parts: Vec<Word> = inner.iter().map(|one| self.text(one, at)).collect();
                let all = parts.into_iter().flat_map(|word| word.parts.into_iter().chain([Part::Text("/".to_owned())]));
                let mut word = Word { parts: merged(all) };
                if let Some(Part::Text(text)) = word.parts.last_mut() {
                    text.pop();
                }
                Some(word)
            }
            "getenv" | "get" if path.contains("env") => variable(&known()?, at),
            "home" | "homedir" | "HOME" => at.1.around().home().map(Word::known),
            "getcwd" | "cwd" => at.0.directory.clone().map(Word::known),
            _ => None,
        }
    }
}

fn variable(name: &str, (one, scene): (&Invocation, &Scene<'_>)) -> Option<Word> {
    scene.variable(one, name)
}

fn home(word: Word, (_, scene): (&Invocation, &Scene<'_>)) -> Word {
    let Some(text) = word.text().map(std::borrow::Cow::into_owned) else { return word };
    match (text.strip_prefix('~'), scene.around().home()) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => Word::known(format!("{home}{rest}")),
        _ => word,
    }
}

/// Texts side by side as one.
fn merged(parts: impl Iterator<Item = Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for part in parts {
        match (out.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => out.push(part),
        }
    }
    out
}

/// The arguments between brackets, parted at commas that stand in no further brackets.
pub(super) fn arguments(tokens: &[Token]) -> Vec<Vec<Token>> {
    split(tokens, &[','], false)
}

fn split(tokens: &[Token], at: &[char], needs_text: bool) -> Vec<Vec<Token>> {
    let mut out = vec![Vec::new()];
    let mut depth = 0usize;
    for token in tokens {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            // A dot joins texts in two languages, and parts names in all.
            Token::Sign(sign)
                if depth == 0
                    && at.contains(sign)
                    && (*sign != '.' || !needs_text || out.last().is_some_and(|last: &Vec<Token>| joins(last))) =>
            {
                out.push(Vec::new());
                continue;
            }
            Token::Line => continue,
            _ => {}
        }
        if let Some(last) = out.last_mut() {
            last.push(token.clone());
        }
    }
    out
}

fn joins(before: &[Token]) -> bool {
    match before {
        [Token::Text(_)] => true,
        [Token::Name(name)] => name.starts_with('$'),
        _ => false,
    }
}

/// Where the bracket that opens at `open` closes.
pub(super) fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (place, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(place);
                }
            }
            _ => {}
        }
    }
    None
}

/// Names parted by dots, as one path: `os.path.join`; what stands between in brackets is left out.
pub(super) fn path(tokens: &[Token]) -> String {
    let mut out = String::new();
    for token in tokens {
        if let Token::Name(name) = token {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(name);
        }
    }
    out
}

/// As a person would recognise it.
pub(super) fn shown(tokens: &[Token]) -> String {
    let one = |token: &Token| match token {
        Token::Name(text) | Token::Number(text) => text.clone(),
        Token::Text(word) | Token::Command(word) => word.to_string(),
        Token::Words(words) => words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        Token::Sign(sign) => sign.to_string(),
        Token::Line => " ".to_owned(),
    };
    tokens.iter().map(one).collect()
}

/// A literal as JSON: texts, numbers, lists, maps with `:`, `=>` or `=`; what is not known in it is left out.
pub(super) fn json(tokens: &[Token], names: &Names, at: (&Invocation, &Scene<'_>)) -> Option<Json> {
    match tokens {
        [Token::Number(number)] => serde_json::from_str(number).ok(),
        [Token::Name(word)] if matches!(word.as_str(), "True" | "true") => Some(Json::Bool(true)),
        [Token::Name(word)] if matches!(word.as_str(), "False" | "false") => Some(Json::Bool(false)),
        [Token::Name(word)] if matches!(word.as_str(), "None" | "null" | "nil" | "undefined") => Some(Json::Null),
        [Token::Sign('['), inner @ .., Token::Sign(']')] => {
            let items = arguments(inner).into_iter().filter(|one| !one.is_empty());
            Some(items.filter_map(|one| json(&one, names, at)).collect())
        }
        [Token::Sign('{'), inner @ .., Token::Sign('}')] => Some(members(&arguments(inner), names, at)),
        [Token::Name(path), Token::Sign('.'), Token::Name(call), Token::Sign('('), inner @ .., Token::Sign(')')]
            if path == "JSON" && call == "stringify" || path == "json" && call == "dumps" =>
        {
            json(inner, names, at)
        }
        other => Some(Json::String(names.text(other, at).to_string())),
    }
}

/// `name: value`, `"name" => value`, `name = value`, as one map.
pub(super) fn members(all: &[Vec<Token>], names: &Names, at: (&Invocation, &Scene<'_>)) -> Json {
    let mut map = serde_json::Map::new();
    for one in all {
        if let Some((name, value)) = pair(one)
            && let Some(value) = json(value, names, at)
        {
            map.insert(name, value);
        }
    }
    Json::Object(map)
}

/// A named argument, or a member of a map.
pub(super) fn pair(tokens: &[Token]) -> Option<(String, &[Token])> {
    let (first, rest) = tokens.split_first()?;
    let name = match first {
        Token::Name(name) => name.clone(),
        Token::Text(word) => word.text()?.into_owned(),
        _ => return None,
    };
    match rest {
        [Token::Sign('='), Token::Sign('>'), value @ ..] | [Token::Sign('=' | ':'), value @ ..]
            if !matches!(value.first(), None | Some(Token::Sign('='))) =>
        {
            Some((name, value))
        }
        _ => None,
    }
}
