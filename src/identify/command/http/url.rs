//! URLs as clients take them: without a scheme, with user information, with patterns.

use std::net::IpAddr;

use super::PLACEHOLDER;
use crate::identify::command::word::{Part, Word};

/// Stands for an unknown piece while a URL is taken apart.
const GAP: char = '\u{fffc}';
/// How many requests a pattern is followed for; behind them the last one counts.
const EXPANSIONS_MAX: usize = 32;

/// Where a URL leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identify) enum Target {
    /// A request to this host.
    Http {
        /// `http` or `https`.
        scheme: String,
        /// Host and port.
        authority: String,
        /// Path and query; begins with a slash.
        rest: String,
    },
    /// Nobody knows the host.
    Unknown,
    /// A file of the machine.
    File(String),
    /// Another protocol.
    Other(String),
}

fn marked(word: &Word) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) | Part::Glob(text) => text.clone(),
        Part::Unknown { .. } => GAP.to_string(),
    };
    word.parts.iter().map(part).collect::<String>().trim().to_owned()
}

/// Takes a URL apart as curl does.
pub(super) fn read(word: &Word) -> Target {
    let text = marked(word);
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => (scheme.to_ascii_lowercase(), rest.to_owned()),
        _ => (guessed(&text).to_owned(), text.clone()),
    };
    let scheme = match scheme.as_str() {
        "http" | "ws" => "http",
        "https" | "wss" => "https",
        "file" => return Target::File(format!("/{}", rest.trim_start_matches('/')).replace(GAP, PLACEHOLDER)),
        scheme if scheme.contains(GAP) => return Target::Unknown,
        other => return Target::Other(other.to_owned()),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end).unwrap_or((&rest, ""));
    let Some(authority) = authority_of(authority) else { return Target::Unknown };
    Target::Http { scheme: scheme.to_owned(), authority, rest: rest_of(rest) }
}

/// What curl takes a URL without a scheme for, by the beginning of its host.
fn guessed(text: &str) -> &'static str {
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    match () {
        () if starts("ftp.") => "ftp",
        () if starts("dict.") => "dict",
        () if starts("ldap.") => "ldap",
        () if starts("imap.") => "imap",
        () if starts("smtp.") => "smtp",
        () if starts("pop3.") => "pop3",
        () => "http",
    }
}

/// Host and port without user information; `None` where the host is not known. An unknown port is none.
fn authority_of(text: &str) -> Option<String> {
    let text = text.rsplit('@').next().unwrap_or(text);
    let text = match text.rsplit_once(':') {
        Some((host, port)) if port.contains(GAP) || port.is_empty() => host,
        _ => text,
    };
    let text = text.trim_end_matches('.').to_ascii_lowercase();
    (!text.contains(GAP) && !text.is_empty()).then_some(text)
}

/// Path and query as they go over the wire.
fn rest_of(text: &str) -> String {
    let text = text.split('#').next().unwrap_or_default().replace(GAP, PLACEHOLDER);
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text.as_str(), None),
    };
    let path = without_dots(path);
    let whole = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    let mut out = String::with_capacity(whole.len());
    for byte in whole.bytes() {
        match byte {
            b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0..=0x1f | 0x7f.. => {
                out.push_str(&format!("%{byte:02X}"));
            }
            byte => out.push(char::from(byte)),
        }
    }
    out
}

/// RFC 3986, section 5.2.4, which clients carry out before they send.
fn without_dots(path: &str) -> String {
    if !path.split('/').any(|part| matches!(part, "." | "..")) {
        return if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    }
    let mut parts: Vec<&str> = vec![];
    let mut open = false;
    for part in path.split('/').skip(1) {
        open = matches!(part, "." | "..");
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}{}", parts.join("/"), if open && !parts.is_empty() { "/" } else { "" })
}

/// The host of any URL, without its port.
pub(super) fn host_of(word: &Word) -> Option<String> {
    let text = marked(word);
    let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let authority = authority_of(rest.split(['/', '?', '#']).next()?)?;
    Some(bare(&authority).to_owned())
}

/// A host without its port.
pub(super) fn bare(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => authority.split(':').next().unwrap_or(authority),
    }
}

/// Whether it is the machine that the command runs on.
pub(super) fn is_loopback(authority: &str) -> bool {
    let host = bare(authority);
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

/// The same URL on another host.
pub(super) fn with_host(url: &str, host: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    let fits = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
    fits.then(|| format!("{scheme}://{}{path}", host.to_ascii_lowercase()))
}

/// Every URL that curl's patterns stand for (`{a,b}`, `[1-9]`, `[a-z:2]`), as far as they are followed.
pub(super) fn globbed(word: &Word) -> Vec<Word> {
    let text = marked(word);
    let mut all = vec![String::new()];
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['{', '[']) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let close = if from.starts_with('{') { '}' } else { ']' };
        let Some((inner, behind)) = from.get(1..).and_then(|from| from.split_once(close)) else { break };
        let choices = if close == '}' { Some(inner.split(',').map(ToOwned::to_owned).collect()) } else { range(inner) };
        let choices = choices.unwrap_or_else(|| vec![from.get(..inner.len() + 2).unwrap_or_default().to_owned()]);
        all = crossed(&all, before, &choices);
        rest = behind;
    }
    all.into_iter().map(|head| unmarked(&format!("{head}{rest}"))).collect()
}

fn crossed(heads: &[String], before: &str, choices: &[String]) -> Vec<String> {
    let mut all: Vec<String> =
        heads.iter().flat_map(|head| choices.iter().map(move |one| format!("{head}{before}{one}"))).collect();
    let last = all.pop();
    all.truncate(EXPANSIONS_MAX - 1);
    all.extend(last);
    all
}

/// `1-9`, `01-10:2`, `a-z`; an IPv6 address is none.
fn range(text: &str) -> Option<Vec<String>> {
    let (from, to) = text.split_once('-')?;
    let to = to.split(':').next().unwrap_or(to);
    if let (Ok(low), Ok(high)) = (from.parse::<u64>(), to.parse::<u64>()) {
        let width = if from.starts_with('0') { from.len() } else { 0 };
        let mut all: Vec<u64> = (low..=high).take(EXPANSIONS_MAX).collect();
        all.extend(all.last().is_some_and(|last| *last < high).then_some(high));
        return Some(all.into_iter().map(|n| format!("{n:0width$}")).collect());
    }
    match (from.as_bytes(), to.as_bytes()) {
        ([a], [b]) if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            Some((*a..=*b).map(|byte| char::from(byte).to_string()).collect())
        }
        _ => None,
    }
}

/// The word that a marked text stands for.
pub(super) fn unmarked(text: &str) -> Word {
    let mut parts = vec![];
    for (at, piece) in text.split(GAP).enumerate() {
        if at > 0 {
            parts.push(Part::Unknown { shown: PLACEHOLDER.to_owned(), splits: false });
        }
        if !piece.is_empty() {
            parts.push(Part::Text(piece.to_owned()));
        }
    }
    Word { parts }
}

/// The word with this text behind it.
pub(super) fn with_query(word: &Word, query: &str) -> Word {
    let text = marked(word);
    let (text, _) = text.split_once('#').map_or((text.as_str(), ""), |(text, rest)| (text, rest));
    let sign = if text.contains('?') { '&' } else { '?' };
    unmarked(&format!("{text}{sign}{query}"))
}

/// The word with another path.
pub(super) fn with_path(word: &Word, path: &str) -> Word {
    let text = marked(word);
    let start = text.find("://").map_or(0, |at| at + 3);
    let end = text.get(start..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(text.len(), |at| start + at);
    unmarked(&format!("{}{path}", text.get(..end).unwrap_or_default()))
}

/// The word with this file's name behind a last slash, as curl names what it uploads.
pub(super) fn with_name(word: &Word, file: &str) -> Word {
    let text = marked(word);
    let after = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let sign = if after.contains('/') { "" } else { "/" };
    match sign.is_empty() && !text.ends_with('/') {
        true => word.clone(),
        false => unmarked(&format!("{text}{sign}{}", file.rsplit('/').next().unwrap_or(file))),
    }
}

/// The name that a download gets from its URL.
pub(super) fn file_name(word: &Word) -> Word {
    let text = marked(word);
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let after = text.split_once("://").map_or(text, |(_, rest)| rest);
    let name = after.split_once('/').map_or("", |(_, path)| path.rsplit('/').next().unwrap_or_default());
    unmarked(if name.is_empty() { "index.html" } else { name })
}
