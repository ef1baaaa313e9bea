//! The AWS command line's shorthand for structures: `Key=owner,Value=web`, `Name=tag:env,Values=a,b`, `a={b=[c,d]}`.
//! Grammar: awscli's `shorthand.py` (Apache License 2.0). What spells a truth value is one: which members are, only the model
//! knows.

use serde_json::{Map, Value};

/// Reads a parameter; `None` when it is no shorthand (the client refuses it), or takes its values from files (`key@=`).
pub(super) fn read(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text, depth: 0 };
    let mut found = Map::new();
    loop {
        let (key, value) = reader.pair()?;
        // The client refuses a second one of a name.
        if found.insert(key, value).is_some() {
            return None;
        }
        reader.blanks();
        if reader.rest.is_empty() {
            return Some(Value::Object(found));
        }
        reader.take(',')?;
    }
}

/// Deeper structures than any operation's.
const DEPTH_MAX: usize = 32;

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, wanted: char) -> Option<()> {
        self.blanks();
        self.rest = self.rest.strip_prefix(wanted)?;
        Some(())
    }

    fn starts(&self, wanted: char) -> bool {
        self.rest.trim_start().starts_with(wanted)
    }

    fn key(&mut self) -> Option<String> {
        self.blanks();
        let is_key = |c: char| c.is_ascii_alphanumeric() || "_-.#/:".contains(c);
        let end = self.rest.find(|c| !is_key(c)).unwrap_or(self.rest.len());
        let (key, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!key.is_empty()).then(|| key.to_owned())
    }

    fn pair(&mut self) -> Option<(String, Value)> {
        let key = self.key()?;
        self.take('=')?;
        Some((key, self.values()?))
    }

    /// One value, or several with commas between them, up to the next key.
    fn values(&mut self) -> Option<Value> {
        if self.starts('[') {
            return self.list();
        }
        if self.starts('{') {
            return self.map();
        }
        let first = scalar(self.value()?);
        let mut all = vec![];
        while self.starts(',') && !self.is_pair_next() {
            self.take(',')?;
            if self.rest.trim_start().is_empty() {
                break;
            }
            all.push(scalar(self.value()?));
        }
        if all.is_empty() {
            return Some(first);
        }
        all.insert(0, first);
        Some(Value::Array(all))
    }

    /// Whether `,key=` follows.
    fn is_pair_next(&self) -> bool {
        let mut ahead = Reader { rest: self.rest, depth: self.depth };
        ahead.take(',').and_then(|()| ahead.key()).is_some() && (ahead.starts('=') || ahead.starts('@'))
    }

    fn list(&mut self) -> Option<Value> {
        self.inside()?;
        self.take('[')?;
        let mut all = vec![];
        while !self.starts(']') {
            let one = if self.starts('{') {
                self.map()?
            } else if self.starts('[') {
                self.list()?
            } else {
                scalar(self.value()?)
            };
            all.push(one);
            if self.starts(',') {
                self.take(',')?;
            } else if !self.starts(']') {
                return None;
            }
        }
        self.take(']')?;
        self.depth -= 1;
        Some(Value::Array(all))
    }

    fn map(&mut self) -> Option<Value> {
        self.inside()?;
        self.take('{')?;
        let mut found = Map::new();
        while !self.starts('}') {
            let (key, value) = self.pair()?;
            if found.insert(key, value).is_some() {
                return None;
            }
            if self.starts(',') {
                self.take(',')?;
            } else if !self.starts('}') {
                return None;
            }
        }
        self.take('}')?;
        self.depth -= 1;
        Some(Value::Object(found))
    }

    fn inside(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth < DEPTH_MAX).then_some(())
    }

    /// A quoted value, or one that ends at a comma, and inside brackets at their end. `\,` is a comma.
    fn value(&mut self) -> Option<String> {
        self.blanks();
        for quote in ['\'', '"'] {
            if let Some(rest) = self.rest.strip_prefix(quote) {
                return self.quoted(rest, quote);
            }
        }
        let mut text = String::new();
        let mut characters = self.rest.char_indices().peekable();
        let mut end = self.rest.len();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' if characters.peek().is_some_and(|(_, next)| *next == ',') => {
                    text.push(',');
                    characters.next();
                }
                ',' => {
                    end = at;
                    break;
                }
                ']' | '}' if self.depth > 0 => {
                    end = at;
                    break;
                }
                other => text.push(other),
            }
        }
        self.rest = self.rest.get(end..)?;
        Some(text.trim_end().to_owned())
    }

    fn quoted(&mut self, rest: &'a str, quote: char) -> Option<String> {
        let mut text = String::new();
        let mut characters = rest.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => match characters.next() {
                    Some((_, next)) if next == quote || next == '\\' => text.push(next),
                    Some((_, next)) => text.extend(['\\', next]),
                    None => return None,
                },
                c if c == quote => {
                    self.rest = rest.get(at + c.len_utf8()..)?;
                    return Some(text);
                }
                other => text.push(other),
            }
        }
        None
    }
}

fn scalar(text: String) -> Value {
    match text.to_ascii_lowercase().as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::String(text),
    }
}
