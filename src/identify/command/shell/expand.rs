//! Expansion: braces, tildes, parameters, substitutions, splitting.

use std::borrow::Cow;

use brush_parser::word::{TildeExpr, WordPiece, WordPieceWithSource};

use super::super::{Machine, Part, Word};
use super::fields::{self, Atom};
use super::parse;
use super::walk::Walk;

/// How many words a word with braces may become.
const WORDS_MAX: usize = 256;

impl Walk<'_, '_> {
    /// The arguments that a word of the text becomes.
    pub(super) fn words(&mut self, text: &str) -> Vec<Word> {
        // What nobody writes specially stands for itself.
        if text.chars().all(|plain| plain.is_ascii_alphanumeric() || "-_./:=,@%+".contains(plain)) {
            return vec![Word::known(text)];
        }
        let Some(texts) = parse::braces(text, WORDS_MAX) else {
            return vec![Word::unknown(text, true)];
        };
        let separators = self.separators();
        let mut words = vec![];
        for text in texts {
            let atoms = self.atoms(&text, false);
            words.extend(fields::arguments(&atoms, &separators, self.scene));
        }
        words
    }

    /// The word as one text: of an assignment, a here-string, a `case`.
    pub(super) fn value(&mut self, text: &str) -> String {
        fields::joined(&self.atoms(text, true))
    }

    /// The word as a pattern: what is quoted in it stands for itself. `None` when nobody knows.
    pub(super) fn pattern(&mut self, text: &str) -> Option<String> {
        let mut pattern = String::new();
        for atom in self.atoms(text, true) {
            match atom {
                Atom::Literal(text) | Atom::Loose(text) => pattern.push_str(&text),
                Atom::Quoted(text) => {
                    for character in text.chars() {
                        if "*?[]\\()|!+@".contains(character) {
                            pattern.push('\\');
                        }
                        pattern.push(character);
                    }
                }
                Atom::Break => return None,
            }
        }
        fields::is_known(&pattern).then_some(pattern)
    }

    /// The text of a here-document whose mark is not quoted.
    pub(super) fn document(&mut self, text: &str) -> String {
        match parse::document(text) {
            Some(pieces) => {
                let atoms = self.pieces(&pieces, true);
                fields::joined(&atoms)
            }
            None => self.unreadable(text).to_string(),
        }
    }

    /// What it is split at.
    pub(super) fn separators(&self) -> String {
        match self.state.variables.get("IFS").map(|variable| &variable.value) {
            Some(super::state::Value::Scalar(text)) => text.clone(),
            _ => " \t\n".to_owned(),
        }
    }

    fn atoms(&mut self, text: &str, assigned: bool) -> Vec<Atom> {
        if !self.scene.step() {
            return vec![Atom::Loose(self.unknown(text).to_string())];
        }
        match parse::pieces(text, assigned) {
            Some(pieces) => self.pieces(&pieces, false),
            None => vec![Atom::Loose(self.unreadable(text).to_string())],
        }
    }

    /// A word that cannot be read: what it runs is not known.
    fn unreadable(&mut self, text: &str) -> char {
        if text.contains(['$', '`']) {
            self.scene.unknown(&self.at, "a word that cannot be read");
        }
        self.unknown(text)
    }

    /// A character for something that nobody knows.
    pub(super) fn unknown(&mut self, shown: impl Into<String>) -> char {
        self.scene.veil(Part::Unknown { shown: shown.into(), splits: true })
    }

    fn pieces(&mut self, pieces: &[WordPieceWithSource], quoted: bool) -> Vec<Atom> {
        let mut atoms = vec![];
        for WordPieceWithSource { piece, .. } in pieces {
            self.piece(piece, quoted, &mut atoms);
        }
        atoms
    }

    fn piece(&mut self, piece: &WordPiece, quoted: bool, atoms: &mut Vec<Atom>) {
        match piece {
            WordPiece::Text(text) if quoted => atoms.push(Atom::Quoted(text.replace("\\\n", ""))),
            WordPiece::Text(text) => atoms.push(Atom::Literal(text.clone())),
            WordPiece::SingleQuotedText(text) => atoms.push(Atom::Quoted(text.clone())),
            WordPiece::AnsiCQuotedText(text) => atoms.push(Atom::Quoted(ansi(text, false))),
            WordPiece::DoubleQuotedSequence(inner) | WordPiece::GettextDoubleQuotedSequence(inner) => {
                let inside = self.pieces(inner, true);
                // `"$@"` without arguments is nothing; any other empty quotes are an empty argument.
                let is_all = matches!(inner.as_slice(), [one] if is_all_arguments(&one.piece));
                if !is_all {
                    atoms.push(Atom::Quoted(String::new()));
                }
                atoms.extend(inside);
            }
            WordPiece::TildeExpansion(tilde) => {
                let text = self.tilde(tilde);
                atoms.push(Atom::Quoted(text));
            }
            WordPiece::ParameterExpansion(expression) => self.parameter(expression, quoted, atoms),
            WordPiece::CommandSubstitution(text) | WordPiece::BackquotedCommandSubstitution(text) => {
                let printed = self.substitution(text);
                atoms.push(if quoted { Atom::Quoted(printed) } else { Atom::Loose(printed) });
            }
            WordPiece::EscapeSequence(text) => {
                let plain = text.strip_prefix('\\').unwrap_or(text);
                if plain != "\n" {
                    atoms.push(Atom::Quoted(plain.to_owned()));
                }
            }
            WordPiece::ArithmeticExpression(expression) => {
                let text = match self.arithmetic(&expression.value) {
                    Some(number) => number.to_string(),
                    None => self.unknown(format!("$(({}))", expression.value)).to_string(),
                };
                atoms.push(Atom::Quoted(text));
            }
        }
    }

    /// Runs the commands of a substitution, and gives what they print.
    pub(super) fn substitution(&mut self, text: &str) -> String {
        let (_, printed) = self.aside(|walk| walk.text(text));
        match printed {
            Some(printed) => printed.trim_end_matches('\n').to_owned(),
            None => self.unknown(format!("$({text})")).to_string(),
        }
    }

    fn tilde(&mut self, tilde: &TildeExpr) -> String {
        let home = match &self.at.machine {
            Machine::Own => self.state.scalar("HOME", &self.at, self.scene).ok().flatten(),
            _ => None,
        };
        let known = match tilde {
            TildeExpr::Home => home,
            TildeExpr::WorkingDir => self.state.directory.clone(),
            TildeExpr::OldWorkingDir => self.state.earlier.clone(),
            TildeExpr::UserHome(user) if user == "root" => Some("/root".to_owned()),
            TildeExpr::UserHome(user) => Some(format!("/home/{user}")),
            _ => None,
        };
        known.unwrap_or_else(|| self.unknown("~").to_string())
    }
}

fn is_all_arguments(piece: &WordPiece) -> bool {
    use brush_parser::word::{Parameter, ParameterExpr, SpecialParameter};
    matches!(
        piece,
        WordPiece::ParameterExpansion(ParameterExpr::Parameter {
            parameter: Parameter::Special(SpecialParameter::AllPositionalParameters { concatenate: false })
                | Parameter::NamedWithAllIndices { concatenate: false, .. },
            ..
        })
    )
}

/// Undoes the escapes of `$'…'`, or of `echo -e` and `printf`, where an octal number may begin with another zero.
pub(super) fn ansi(text: &str, printed: bool) -> String {
    let mut bytes: Vec<u8> = vec![];
    let mut rest = text.chars().peekable();
    let push = |bytes: &mut Vec<u8>, character: char| {
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    };
    while let Some(character) = rest.next() {
        if character != '\\' {
            push(&mut bytes, character);
            continue;
        }
        let Some(escaped) = rest.next() else {
            bytes.push(b'\\');
            break;
        };
        let mut number = |radix: u32, most: usize, first: Option<char>| {
            let mut value = first.and_then(|digit| digit.to_digit(radix));
            let mut taken = usize::from(value.is_some());
            while taken < most
                && let Some(digit) = rest.peek().and_then(|digit| digit.to_digit(radix))
            {
                value = Some(value.unwrap_or(0) * radix + digit);
                rest.next();
                taken += 1;
            }
            value
        };
        match escaped {
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'e' | 'E' => bytes.push(27),
            'f' => bytes.push(12),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(11),
            '\\' => bytes.push(b'\\'),
            '\'' | '"' | '?' if !printed || escaped == '"' => push(&mut bytes, escaped),
            '0' if printed => bytes.push(number(8, 3, None).unwrap_or(0).to_le_bytes()[0]),
            '0'..='7' => bytes.push(number(8, 3, Some(escaped)).unwrap_or(0).to_le_bytes()[0]),
            'x' => match number(16, 2, None) {
                Some(value) => bytes.push(value.to_le_bytes()[0]),
                None => bytes.extend_from_slice(b"\\x"),
            },
            'u' | 'U' => {
                let most = if escaped == 'u' { 4 } else { 8 };
                let value = number(16, most.min(7), None).and_then(char::from_u32);
                push(&mut bytes, value.unwrap_or('\u{FFFD}'));
            }
            'c' if !printed => {
                let control = rest.next().map_or(0, |letter| u32::from(letter) & 0x1f);
                bytes.push(control.to_le_bytes()[0]);
            }
            other => {
                bytes.push(b'\\');
                push(&mut bytes, other);
            }
        }
    }
    match String::from_utf8_lossy(&bytes) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    }
}
