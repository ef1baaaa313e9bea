//! What curl sends: `-d` and its relatives, forms, headers.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::identify::command::http::{Body, PLACEHOLDER, after, file, stand_in};
use crate::identify::command::{Invocation, Scene, Word};

/// What curl's `--data-urlencode` leaves as it is: RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Between the parts of a form.
pub(super) const BOUNDARY: &str = "------------------------blastgate";

/// A piece of a body.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// `-d`: text, or `@file` without its line breaks.
    Lines(Word),
    /// `--data-binary`, `--json`: text, or `@file` as it is.
    Bytes(Word),
    /// `--data-raw`: text.
    Raw(Word),
    /// `--data-urlencode`.
    Encoded(Word),
}

impl Piece {
    fn body(&self, one: &Invocation, scene: &Scene<'_>) -> Body {
        let whole = |word: &Word| match word.leading().starts_with('@') {
            true => file(&after(word, 1), one, scene),
            false => Body::word(word),
        };
        match self {
            Self::Raw(word) => Body::word(word),
            Self::Bytes(word) => whole(word),
            Self::Lines(word) => {
                let stripped = |bytes: Vec<u8>| bytes.into_iter().filter(|b| !matches!(b, b'\r' | b'\n' | 0)).collect();
                let body = whole(word);
                if word.leading().starts_with('@') { body.map(stripped) } else { body }
            }
            Self::Encoded(word) => encoded(word, one, scene),
        }
    }
}

/// `content`, `=content`, `name=content`, `@file`, `name@file`.
fn encoded(word: &Word, one: &Invocation, scene: &Scene<'_>) -> Body {
    let encode = |body: Body| body.map(|bytes| percent_encode(&bytes, RESERVED).to_string().into_bytes());
    let leading = word.leading();
    let Some(at) = leading.find(['=', '@']) else { return encode(Body::word(word)) };
    let (name, sign) = (leading.get(..at).unwrap_or_default(), leading.as_bytes().get(at));
    let rest = after(word, at + 1);
    let value = if sign == Some(&b'@') { file(&rest, one, scene) } else { Body::word(&rest) };
    let name = if name.is_empty() { String::new() } else { format!("{name}=") };
    Body::of(name).then(&encode(value))
}

/// The pieces as one body, parted as curl parts them.
pub(super) fn joined(pieces: &[Piece], by: &str, one: &Invocation, scene: &Scene<'_>) -> Body {
    pieces.iter().enumerate().fold(Body::default(), |body, (at, piece)| {
        let body = if at > 0 { body.then(&Body::of(by)) } else { body };
        body.then(&piece.body(one, scene))
    })
}

/// A form's parts as `multipart/form-data`; what a file holds matters only where it is known.
pub(super) fn form(fields: &[(Word, bool)], one: &Invocation, scene: &Scene<'_>) -> Body {
    let part = |body: Body, (field, literal): &(Word, bool)| {
        let leading = field.leading();
        let at = leading.find('=').unwrap_or(leading.len());
        let name = leading.get(..at).filter(|name| !name.is_empty()).unwrap_or(PLACEHOLDER);
        let value = after(field, at + 1);
        let sign = value.leading().chars().next().filter(|sign| !literal && matches!(sign, '@' | '<'));
        let (extra, content) = match sign {
            Some('@') => ("; filename=\"file\"", Body::of(PLACEHOLDER)),
            Some(_) => ("", file(&after(&value, 1), one, scene)),
            None => ("", Body::word(&value)),
        };
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{extra}\r\n\r\n");
        body.then(&Body::of(head)).then(&content).then(&Body::of("\r\n"))
    };
    fields.iter().fold(Body::default(), part).then(&Body::of(format!("--{BOUNDARY}--\r\n")))
}

/// What `-H` says: `Name: value`, `Name;` for an empty one, `Name:` for none at all, `@file`.
pub(super) fn headers(words: &[Word], one: &Invocation, scene: &Scene<'_>) -> Vec<(String, Word)> {
    let mut found = vec![];
    for word in words {
        if word.leading().starts_with('@') {
            let body = file(&after(word, 1), one, scene);
            if body.known {
                found
                    .extend(String::from_utf8_lossy(&body.bytes).lines().filter_map(|line| header(&Word::known(line))));
            }
        } else {
            found.extend(header(word));
        }
    }
    found
}

fn header(word: &Word) -> Option<(String, Word)> {
    let leading = word.leading();
    if let Some(at) = leading.find(':') {
        let blanks = leading.get(at + 1..)?.len() - leading.get(at + 1..)?.trim_start().len();
        let value = after(word, at + 1 + blanks);
        return (!value.parts.is_empty()).then(|| (leading.get(..at).unwrap_or_default().trim().to_owned(), value));
    }
    let name = stand_in(word);
    name.strip_suffix(';').map(|name| (name.trim().to_owned(), Word::default()))
}
