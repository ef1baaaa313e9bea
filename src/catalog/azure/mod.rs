//! Azure's tables: what calls do (`effects.tsv` for Resource Manager, `graph.tsv` for Microsoft Graph), and the one
//! spelling of every word (`words.txt`, `graph-words.tsv`).
//!
//! Azure tells no cases apart in paths, so every look-up ignores them and every id is spelt as the tables spell it. The
//! tables are read at the first call of Azure (a fraction of a millisecond); a look-up is a binary search.

use std::cmp::Ordering;
use std::sync::LazyLock;

/// What a call does, or, with a condition, what makes it stricter. The cells are the table's words; `-` is no word.
#[derive(Clone, Copy, Debug)]
pub struct Effect {
    /// `Microsoft.X/type/type`, the words of a path of Graph's, or `*`.
    pub kind: &'static str,
    /// `read`, `write`, `create`, `update`, `delete`, or the last word of a POST.
    pub verb: &'static str,
    /// The condition; `-` is the base.
    pub when: &'static str,
    /// A word of `Impact`.
    pub impact: &'static str,
    /// A word of `Scope`, or `where`.
    pub scope: &'static str,
    /// A word of `Reversible`.
    pub reversible: &'static str,
    /// Words of `Hazard`, joined by commas.
    pub hazards: &'static str,
}

/// What a word of a path of Graph's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// A name follows.
    Collection,
    /// The last word of a POST.
    Action,
    /// One thing, or a way to it.
    Property,
}

static EFFECTS: LazyLock<Vec<Effect>> = LazyLock::new(|| table(include_str!("effects.tsv")));
static GRAPH: LazyLock<Vec<Effect>> = LazyLock::new(|| table(include_str!("graph.tsv")));
static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("words.txt").lines().collect());
static GRAPH_WORDS: LazyLock<Vec<(&'static str, Word)>> = LazyLock::new(|| {
    let rows = include_str!("graph-words.tsv").lines().filter_map(|line| line.split_once('\t'));
    rows.map(|(word, kind)| {
        let kind = match kind {
            "collection" => Word::Collection,
            "action" => Word::Action,
            _ => Word::Property,
        };
        (word, kind)
    })
    .collect()
});

fn table(text: &'static str) -> Vec<Effect> {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        Some(Effect {
            kind: cells.next()?,
            verb: cells.next()?,
            when: cells.next()?,
            impact: cells.next()?,
            scope: cells.next()?,
            reversible: cells.next()?,
            hazards: cells.next()?,
        })
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
}

/// The order of all tables: by letters without regard to case.
fn order(one: &str, other: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    one.bytes().map(lower).cmp(other.bytes().map(lower))
}

fn rows(table: &'static [Effect], kind: &str, verb: &str) -> &'static [Effect] {
    let key = |row: &Effect| order(row.kind, kind).then_with(|| order(row.verb, verb));
    let first = table.partition_point(|row| key(row) == Ordering::Less);
    let rows = table.get(first..).unwrap_or_default();
    rows.get(..rows.partition_point(|row| key(row) == Ordering::Equal)).unwrap_or_default()
}

/// The rows of exactly this type of Resource Manager's (or `*`) and verb: the base first.
#[must_use]
pub fn effects(kind: &str, verb: &str) -> &'static [Effect] {
    rows(&EFFECTS, kind, verb)
}

/// The rows of Graph's that count for the words of a path (joined by `/`) and a verb: of the whole path, of its ends from
/// the longest, of its beginnings from the longest, of every path; each with the verb before `*`, which reads are not.
/// With `base`, rows that hold conditions only are passed over.
#[must_use]
pub fn graph_effects(words: &str, verb: &str, base: bool) -> &'static [Effect] {
    let counts = |rows: &&'static [Effect]| rows.first().is_some_and(|row| !base || row.when == "-");
    let found = |kind: &str| {
        let general = (verb != "read").then(|| rows(&GRAPH, kind, "*"));
        [Some(rows(&GRAPH, kind, verb)), general].into_iter().flatten().find(counts)
    };
    let ends = std::iter::successors(Some(words), |kind| kind.split_once('/').map(|(_, rest)| rest));
    let starts = std::iter::successors(Some(words), |kind| kind.rsplit_once('/').map(|(rest, _)| rest));
    let ends = ends.map(str::to_owned);
    let starts = starts.map(|kind| format!("{kind}/**"));
    ends.chain(starts).chain(["*".to_owned()]).find_map(|kind| found(&kind)).unwrap_or_default()
}

/// The one spelling of a namespace, a type or an action of Resource Manager's, where it is known.
#[must_use]
pub fn spelt(word: &str) -> Option<&'static str> {
    WORDS.binary_search_by(|known| order(known, word)).ok().and_then(|at| WORDS.get(at)).copied()
}

/// The one spelling of a word of a path of Graph's, and what it is.
#[must_use]
pub fn graph_word(word: &str) -> Option<(&'static str, Word)> {
    let at = GRAPH_WORDS.binary_search_by(|(known, _)| order(known, word)).ok()?;
    GRAPH_WORDS.get(at).copied()
}

/// Whether `azure:SERVICE:NAME` is an id that a call can have, in its one spelling. What Resource Manager does not list
/// (other companies' namespaces, previews) has an id in lower case.
#[must_use]
pub fn has_operation(service: &str, name: &str) -> bool {
    let (kind, verb) = match name.rsplit_once('.') {
        Some((kind, verb)) => (Some(kind), verb),
        None => (None, name),
    };
    let verb = verb.strip_suffix("/action").unwrap_or(verb);
    if service == "graph" {
        let known = |word: &str| graph_word(word).is_some_and(|(spelling, _)| spelling == word);
        // An action may have dots of its own (`microsoft.graph.security.purgeData`).
        let (kind, verb) = name.split_once('.').unwrap_or(("", name));
        let verb = verb.strip_suffix("/action").unwrap_or(verb);
        return matches!(name, "unidentified" | "query")
            || kind.split('/').all(known) && (matches!(verb, "read" | "create" | "update" | "delete") || known(verb));
    }
    let canonical = |word: &str| {
        !word.is_empty() && spelt(word).map_or_else(|| word == word.to_ascii_lowercase(), |known| known == word)
    };
    service.contains('.')
        && canonical(service)
        && kind.is_none_or(|kind| kind.split('/').all(canonical))
        && (matches!(verb, "read" | "write" | "delete" | "post") || canonical(verb))
}

#[cfg(test)]
mod tests;
