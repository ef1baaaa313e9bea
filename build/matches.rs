//! The words of a rule's `match:`, read from the plain forms of YAML that the packs are written in: maps and lists in
//! braces or in lines, plain and quoted scalars. Whatever else stands there is not guessed at.

use std::collections::{BTreeMap, BTreeSet};

/// The words of each key that has a list, or a single word.
pub(crate) type Words = BTreeMap<String, Vec<String>>;

/// The keys that are asked for. Others are passed over.
const ASKED: &[&str] = &["operation", "provider", "service", "impact", "scope", "environment", "hazards"];

/// The words of the text's `match:`; `None` where they cannot be told for certain.
pub(crate) fn words(text: &str) -> Option<Words> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("match:"));
    let first = lines.next()?.strip_prefix("match:")?.trim();
    let below: Vec<&str> =
        lines.take_while(|line| line.is_empty() || line.starts_with([' ', '#'])).filter(|line| says(line)).collect();
    if first.is_empty() {
        return block(&below);
    }
    let whole = format!("{first}\n{}", below.join("\n"));
    let mut flow = Flow { rest: &whole };
    let words = flow.eat("{").then(|| flow.map())??;
    flow.is_done().then_some(words)
}

/// Where an index of operations has the rule: under an operation, a service or a provider, or under everything (``).
pub(crate) fn keys(words: Option<&Words>) -> BTreeSet<String> {
    let of = |key: &str| words.and_then(|words| words.get(key)).map(Vec::as_slice).unwrap_or_default();
    let (operations, providers, services) = (of("operation"), of("provider"), of("service"));
    let is_exact =
        |words: &[String]| !words.is_empty() && words.iter().all(|word| !word.contains('*') && !is_set(word));
    if !operations.is_empty() {
        operations.iter().map(|one| key(one)).collect()
    } else if is_exact(providers) && is_exact(services) {
        let pairs = providers.iter().flat_map(|provider| services.iter().map(move |service| (provider, service)));
        pairs.map(|(provider, service)| format!("{provider}:{service}")).collect()
    } else if is_exact(providers) {
        providers.iter().cloned().collect()
    } else {
        BTreeSet::from([String::new()])
    }
}

/// A set's name stands for words that are not known here.
fn is_set(word: &str) -> bool {
    word.starts_with('$')
}

fn key(operation: &str) -> String {
    let Some((prefix, _)) = operation.split_once('*') else {
        return if is_set(operation) { String::new() } else { operation.to_owned() };
    };
    let parts: Vec<&str> = prefix.split(':').collect();
    match parts.as_slice() {
        [provider, service, _, ..] => format!("{provider}:{service}"),
        [provider, _] => (*provider).to_owned(),
        _ => String::new(),
    }
}

fn says(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#')
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A map in lines.
fn block(lines: &[&str]) -> Option<Words> {
    let wide = indent(lines.first()?);
    let mut words = Words::new();
    let mut lines = lines.iter().copied().peekable();
    while let Some(line) = lines.next() {
        let (key, value) = line.trim().split_once(':')?;
        if indent(line) != wide || !key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return None;
        }
        let is_below = |line: &&str| indent(line) > wide || indent(line) == wide && line.trim().starts_with("- ");
        let mut below = Vec::new();
        while let Some(line) = lines.next_if(is_below) {
            below.push(line.trim());
        }
        if !ASKED.contains(&key) {
            continue;
        }
        let listed = if value.trim().is_empty() {
            below.iter().map(|line| Flow::whole(line.strip_prefix("- ")?, Flow::scalar)).collect::<Option<_>>()?
        } else if below.is_empty() {
            Flow::whole(value, Flow::list)?
        } else {
            return None;
        };
        words.insert(key.to_owned(), listed);
    }
    Some(words)
}

/// What stands in braces, brackets and quotes.
struct Flow<'a> {
    rest: &'a str,
}

impl<'a> Flow<'a> {
    /// Reads all of a line, but the comment behind it.
    fn whole<T>(line: &'a str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut flow = Self { rest: line };
        let found = read(&mut flow)?;
        flow.is_done().then_some(found)
    }

    fn is_done(&self) -> bool {
        let rest = self.rest.trim_start();
        rest.is_empty() || rest.starts_with('#') && rest.len() < self.rest.len()
    }

    fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A map whose brace is already read; maps in it are passed over.
    fn map(&mut self) -> Option<Words> {
        let mut words = Words::new();
        while !self.eat("}") {
            let (key, rest) = self.rest.trim_start().split_once(':')?;
            self.rest = rest;
            if self.eat("{") {
                self.map()?;
            } else {
                let listed = self.list()?;
                if ASKED.contains(&key) {
                    words.insert(key.to_owned(), listed);
                }
            }
            if !self.eat(",") {
                return self.eat("}").then_some(words);
            }
        }
        Some(words)
    }

    /// A list in brackets, or one scalar.
    fn list(&mut self) -> Option<Vec<String>> {
        if !self.eat("[") {
            return Some(vec![self.scalar()?]);
        }
        let mut listed = Vec::new();
        while !self.eat("]") {
            listed.push(self.scalar()?);
            if !self.eat(",") {
                return self.eat("]").then_some(listed);
            }
        }
        Some(listed)
    }

    fn scalar(&mut self) -> Option<String> {
        for quote in ["\"", "'"] {
            if self.eat(quote) {
                let (text, rest) = self.rest.split_once(quote)?;
                self.rest = rest;
                // Escapes, and quotes inside quotes.
                return (!text.contains(['\\', '\n']) && !rest.starts_with(quote)).then(|| text.to_owned());
            }
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:$".contains(c);
        let text = self.rest.trim_start();
        let end = text.find(|c| !is_plain(c)).unwrap_or(text.len());
        let (plain, rest) = text.split_at(end);
        self.rest = rest;
        (!plain.is_empty() && !plain.starts_with('-') && !plain.ends_with(':')).then(|| plain.to_owned())
    }
}
