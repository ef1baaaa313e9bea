//! As much of Terraform's language as it takes to find blocks and their plain texts: where the state is kept, which account a
//! provider is bound to, which resources run commands. Expressions are skipped.

/// How deep blocks may stand in blocks.
const DEPTH_MAX: usize = 32;

/// `KIND "LABEL" { … }`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: String,
    pub(super) labels: Vec<String>,
    /// Attributes; `None` for what is no plain text, number or truth value.
    pub(super) attributes: Vec<(String, Option<String>)>,
    pub(super) blocks: Vec<Block>,
}

impl Block {
    /// The plain value of this attribute.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.as_deref())
    }

    /// The blocks of this kind in it.
    pub(super) fn inner<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Self> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }
}

/// The blocks of a file; `None` when it is not understood.
pub(super) fn read(text: &str) -> Option<Block> {
    let mut reader = Reader { rest: text };
    let mut file = Block::default();
    reader.body(&mut file, DEPTH_MAX, true)?;
    Some(file)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn body(&mut self, into: &mut Block, depth: usize, is_file: bool) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        loop {
            self.blank(true);
            match self.rest.chars().next() {
                None => return is_file.then_some(()),
                Some('}') => {
                    self.skip(1);
                    return (!is_file).then_some(());
                }
                Some('"') => {
                    // A quoted name, as JSON-minded people write them.
                    self.string()?;
                }
                Some(_) => {}
            }
            let name = self.word();
            self.blank(false);
            let mut labels = vec![];
            loop {
                match self.rest.chars().next()? {
                    '"' => labels.push(self.string()??),
                    '=' => {
                        self.skip(1);
                        let value = self.expression()?;
                        into.attributes.push((name, value));
                        break;
                    }
                    '{' => {
                        self.skip(1);
                        let mut block = Block { kind: name, labels, ..Block::default() };
                        self.body(&mut block, depth, false)?;
                        into.blocks.push(block);
                        break;
                    }
                    letter if is_letter(letter) => labels.push(self.word()),
                    _ => return None,
                }
                self.blank(false);
            }
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn word(&mut self) -> String {
        let end = self.rest.find(|letter| !is_letter(letter)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        word.to_owned()
    }

    /// Blanks and comments; line ends too where they mean nothing.
    fn blank(&mut self, lines: bool) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\u{feff}']);
            if self.rest.starts_with('#') || self.rest.starts_with("//") {
                self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.skip(self.rest.find("*/").map_or(self.rest.len(), |at| at + 2));
            } else if lines && self.rest.starts_with(['\n', '\r']) {
                self.skip(1);
            } else {
                return;
            }
        }
    }

    /// A quoted text; the inner `None` when something in it is computed.
    fn string(&mut self) -> Option<Option<String>> {
        self.skip(1);
        let (mut text, mut is_plain) = (String::new(), true);
        loop {
            let mut letters = self.rest.chars();
            let letter = letters.next()?;
            let (next, after) = (letters.next(), letters.as_str());
            match (letter, next) {
                ('"', _) => {
                    self.skip(1);
                    return Some(is_plain.then_some(text));
                }
                ('\n', _) => return None,
                ('\\', Some(escaped)) => {
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                    is_plain &= !matches!(escaped, 'u' | 'U');
                    self.rest = after;
                }
                ('$' | '%', Some('{')) => {
                    is_plain = false;
                    self.rest = after;
                    self.until('}')?;
                }
                _ => {
                    text.push(letter);
                    self.skip(letter.len_utf8());
                }
            }
        }
    }

    /// Behind the bracket that closes what is open.
    fn until(&mut self, close: char) -> Option<()> {
        let mut open = vec![close];
        while let Some(expected) = open.last().copied() {
            self.blank(true);
            match self.rest.chars().next()? {
                '"' => {
                    self.string()?;
                    continue;
                }
                '<' if self.rest.starts_with("<<") => {
                    self.heredoc()?;
                    continue;
                }
                '{' => open.push('}'),
                '[' => open.push(']'),
                '(' => open.push(')'),
                letter if letter == expected => drop(open.pop()),
                '}' | ']' | ')' => return None,
                _ => {}
            }
            let letter = self.rest.chars().next()?;
            self.skip(letter.len_utf8());
            if open.len() > 256 {
                return None;
            }
        }
        Some(())
    }

    fn heredoc(&mut self) -> Option<String> {
        let (first, mut rest) = self.rest.split_once('\n')?;
        let mark = first.trim_start_matches('<').trim_start_matches('-').trim();
        if mark.is_empty() || !mark.chars().all(is_letter) {
            self.skip(2);
            return Some(String::new());
        }
        let mut text = String::new();
        loop {
            let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
            if line.trim() == mark {
                // The end of its line ends the expression too.
                self.rest = rest.get(line.len()..)?;
                return Some(text);
            }
            if behind.is_empty() {
                return None;
            }
            text.push_str(line);
            text.push('\n');
            rest = behind;
        }
    }

    /// To the end of the line, brackets and texts whole; its value where it is one plain word or text.
    fn expression(&mut self) -> Option<Option<String>> {
        self.blank(false);
        let mut value = None;
        let mut pieces = 0usize;
        loop {
            self.blank(false);
            match self.rest.chars().next() {
                None | Some('\n' | '\r' | '}' | ',') => break,
                Some('"') => value = self.string()?,
                Some('<') if self.rest.starts_with("<<") => {
                    let text = self.heredoc()?;
                    value = (!text.contains("${") && !text.contains("%{")).then_some(text);
                }
                Some(open @ ('{' | '[' | '(')) => {
                    self.skip(1);
                    self.until(match open {
                        '{' => '}',
                        '[' => ']',
                        _ => ')',
                    })?;
                    value = None;
                }
                Some(letter) if is_letter(letter) => value = Some(self.word()),
                Some(letter) => {
                    self.skip(letter.len_utf8());
                    value = None;
                }
            }
            pieces += 1;
        }
        Some(value.filter(|_| pieces == 1))
    }
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '-'
}
