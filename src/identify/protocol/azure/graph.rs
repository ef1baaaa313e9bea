//! A path of Microsoft Graph as words and a verb.
//!
//! `/v1.0/users/ID/messages/ID/send`: collections are followed by a name, other words are not; the catalog knows which is
//! which. `/me` is somebody of `users`. A name may stand in brackets (`applications(appId='…')`), and a file may be named by
//! its path between colons (`root:/a/b.txt:/content`).

use percent_encoding::percent_decode_str;

use crate::catalog::azure::{Word, graph_word};
use crate::model::http::Unreadable;

/// What a path addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `users/messages`, in the catalog's spelling; nothing where a word is not known.
    pub words: Option<String>,
    /// `read`, `create`, `update`, `delete`, or the last word of a POST.
    pub verb: String,
    /// The path without its version and the word of a POST.
    pub id: String,
    /// The path ends with a collection: every one of them.
    pub collection: bool,
}

impl Target {
    /// The name part of the operation's id.
    #[must_use]
    pub fn name(&self) -> String {
        self.words.as_ref().map_or_else(|| "unidentified".to_owned(), |words| format!("{words}.{}", self.verb))
    }
}

/// The version that a path of Graph's begins with.
pub(super) fn is_version(segment: &str) -> bool {
    segment.eq_ignore_ascii_case("v1.0") || segment.eq_ignore_ascii_case("beta")
}

/// Reads a path behind its version.
///
/// # Errors
/// The path has more than one reading.
pub(super) fn parse(method: &str, path: &str) -> Result<Target, Unreadable> {
    let mut segments = Vec::new();
    let path = path.strip_prefix('/').unwrap_or(path);
    for raw in path.strip_suffix('/').unwrap_or(path).split('/') {
        let decoded = percent_decode_str(raw).decode_utf8().map_err(|_| Unreadable::new("the path is no UTF-8"))?;
        let odd = |c: char| matches!(c, '/' | '\\' | '?' | '%') || c.is_control();
        if decoded.is_empty() || matches!(&*decoded, "." | "..") || decoded.chars().any(odd) {
            return Err(Unreadable::new("the path has an empty, dotted or doubly encoded segment"));
        }
        segments.push(decoded.into_owned());
    }
    let read = words(&segments);
    let (mut words, last) = (read.words, read.last);
    let mut named = segments.len();
    let mut complete = read.complete;
    let verb = match method {
        "GET" | "HEAD" | "OPTIONS" => "read".to_owned(),
        "DELETE" => "delete".to_owned(),
        "PATCH" | "PUT" => "update".to_owned(),
        "POST" => match last {
            _ if !complete => "post".to_owned(),
            Last::Word(Word::Action) => {
                named = named.saturating_sub(1);
                words.pop().map(|word| distinct(&word)).unwrap_or_default()
            }
            Last::Word(Word::Collection) | Last::Reference => "create".to_owned(),
            Last::Word(Word::Property) | Last::Name => {
                complete = false;
                "post".to_owned()
            }
        },
        _ => {
            complete = false;
            "unidentified".to_owned()
        }
    };
    // A read is one whatever the words are: it is named by those that are known.
    let known = (complete || verb == "read") && !words.is_empty();
    Ok(Target {
        words: known.then(|| words.join("/")),
        verb,
        id: segments.iter().take(named).map(|one| format!("/{one}")).collect(),
        collection: matches!(last, Last::Word(Word::Collection)),
    })
}

/// `POST …/delete` is not `DELETE …`.
fn distinct(word: &str) -> String {
    if matches!(word, "read" | "create" | "update" | "delete") { format!("{word}/action") } else { word.to_owned() }
}

/// What stands last in a path.
#[derive(Clone, Copy)]
enum Last {
    Word(Word),
    Name,
    Reference,
}

struct Read {
    words: Vec<String>,
    last: Last,
    /// Every word is known.
    complete: bool,
}

fn words(segments: &[String]) -> Read {
    let mut read = Read { words: vec![], last: Last::Name, complete: true };
    let mut name_is_next = false;
    let mut by_path = false;
    for segment in segments {
        // Between colons stands a file's path.
        if by_path {
            by_path = !segment.ends_with(':');
            continue;
        }
        // Some four hundred functions of a spreadsheet, which work something out from the values that are sent.
        if read.words.ends_with(&["workbook".to_owned(), "functions".to_owned()]) {
            read.words.push("calculate".to_owned());
            read.last = Last::Word(Word::Action);
            break;
        }
        let (text, opens) = segment.strip_suffix(':').map_or((segment.as_str(), false), |text| (text, true));
        by_path = opens;
        let (word, brackets) = text.split_once('(').map_or((text, false), |(word, _)| (word, true));
        let found = graph_word(word);
        let is_word = word.starts_with('$')
            || word.get(..16).is_some_and(|start| start.eq_ignore_ascii_case("microsoft.graph."))
            || brackets && found.is_some()
            || matches!(found, Some((_, Word::Action)));
        if name_is_next && !is_word {
            name_is_next = false;
            read.last = Last::Name;
            continue;
        }
        if read.words.is_empty() && word.eq_ignore_ascii_case("me") {
            read.words.push("users".to_owned());
            read.last = Last::Name;
            continue;
        }
        let Some((spelling, kind)) = found else {
            read.complete = false;
            break;
        };
        read.words.push(spelling.to_owned());
        name_is_next = kind == Word::Collection && !brackets;
        read.last = match kind {
            _ if spelling == "$ref" => Last::Reference,
            Word::Collection if brackets => Last::Name,
            kind => Last::Word(kind),
        };
    }
    read
}
