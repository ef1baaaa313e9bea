//! Google's batches: a `multipart/mixed` body whose parts are requests. Every part is read like a request of its own, and
//! they are decided together. A part that can be read in two ways, or not at all, refuses the whole batch.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use vec1::Vec1;

use super::{Way, one, refuse_rewriting, way};
use crate::catalog::Manifest;
use crate::identify::{Known, Reading};
use crate::model::http::{Captured, Head, Unreadable};

/// A batch is read whole up to here: Google takes a thousand calls of some kilobytes.
pub(super) const BYTES_MAX: usize = 8 * 1024 * 1024;
/// Google's largest batches hold a thousand calls.
const PARTS_MAX: usize = 1000;

fn refuse(why: &str) -> Unreadable {
    Unreadable::new(format!("the batch {why}"))
}

/// Every part's operations.
///
/// # Errors
/// A part has more than one reading, or none.
pub(super) fn identify(
    api: &'static Manifest,
    known: &Known,
    head: &Head,
    body: &Captured,
) -> Result<Vec1<Reading>, Unreadable> {
    if head.method != Method::POST {
        return super::described::identify(api, known, head, body);
    }
    let Captured::Whole(bytes) = body else {
        return Err(Unreadable::status(413, "the batch is too large to be judged"));
    };
    let boundary = boundary(head)?;
    let parts = parts(bytes, &boundary)?;
    let mut readings = Vec::new();
    for part in parts {
        let (inner, body) = request(head, part)?;
        refuse_rewriting(&inner)?;
        let way = way(&inner);
        if !matches!(way, Way::Plain | Way::Xml(_)) {
            return Err(refuse("holds a batch, an upload or a stream"));
        }
        _ = super::described::route(api, &inner)?;
        readings.extend(one(api, known, &inner, &body, way)?);
    }
    Vec1::try_from_vec(readings).map_err(|_| refuse("holds no call"))
}

/// The boundary that the head names, once and plainly.
///
/// # Errors
/// There is none, or one that readers cut differently.
pub(super) fn boundary(head: &Head) -> Result<String, Unreadable> {
    let media = head.header("content-type").unwrap_or_default();
    let mut parts = media.split(';');
    let kind = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let named: Vec<&str> = parts
        .filter_map(|part| part.trim().split_once('='))
        .filter(|(name, _)| name.trim().to_ascii_lowercase().starts_with("boundary"))
        .map(|(_, value)| value.trim())
        .collect();
    let [value] = named.as_slice() else { return Err(refuse("names no boundary, or several")) };
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte);
    if !kind.starts_with("multipart/") || value.is_empty() || value.len() > 120 || !value.bytes().all(is_plain) {
        return Err(refuse("has a boundary that readers cut differently"));
    }
    Ok(value.to_owned())
}

/// Before and after the first empty line.
pub(super) fn split_blank(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let crlf = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| (at, 4));
    let lf = bytes.windows(2).position(|window| window == b"\n\n").map(|at| (at, 2));
    let (at, length) = [crlf, lf].into_iter().flatten().min()?;
    Some((bytes.get(..at)?, bytes.get(at + length..)?))
}

/// The parts between the boundary's lines.
fn parts<'a>(bytes: &'a [u8], boundary: &str) -> Result<Vec<&'a [u8]>, Unreadable> {
    let open = format!("--{boundary}");
    let close = format!("--{boundary}--");
    let mut found = vec![];
    let (mut start, mut at, mut ended) = (None, 0, false);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        let here = at;
        at += line.len();
        let is_line = text == open.as_bytes() || text == close.as_bytes();
        if !is_line {
            if line.trim_ascii_start().starts_with(open.as_bytes()) {
                return Err(refuse("has a line that begins like its boundary"));
            }
            if start.is_none() && !text.trim_ascii().is_empty() {
                return Err(refuse("has text outside its parts"));
            }
            continue;
        }
        if ended {
            return Err(refuse("goes on after its end"));
        }
        if let Some(start) = start {
            found.push(bytes.get(start..here).unwrap_or_default());
        }
        ended = text == close.as_bytes();
        start = (!ended).then_some(at);
    }
    match () {
        () if !ended => Err(refuse("has no end")),
        () if found.len() > PARTS_MAX => Err(refuse("holds more calls than can be judged")),
        () => Ok(found),
    }
}

/// The request that a part holds.
fn request(outer: &Head, part: &[u8]) -> Result<(Head, Captured), Unreadable> {
    let (about, rest) = split_blank(part).ok_or_else(|| refuse("has a part without a head"))?;
    let about = headers(about)?;
    let of = |headers: &HeaderMap, name: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).map(|text| text.trim().to_ascii_lowercase())
    };
    let is_http = of(&about, "content-type").is_some_and(|media| media.starts_with("application/http"));
    let is_plain = of(&about, "content-transfer-encoding")
        .is_none_or(|encoding| matches!(encoding.as_str(), "binary" | "8bit" | "7bit"));
    if !is_http || !is_plain {
        return Err(refuse("has a part that is no plain request"));
    }
    let rest = rest.trim_ascii_start();
    // A call without headers or body may end with its first line.
    let (head, body) = split_blank(rest).unwrap_or((rest, b""));
    let end = head.iter().position(|byte| *byte == b'\n').unwrap_or(head.len());
    let (line, lines) = head.split_at(end);
    let line = std::str::from_utf8(line).map_err(|_| refuse("has a request line that is no text"))?.trim();
    let words: Vec<&str> = line.split(' ').collect();
    let (method, target) = match words.as_slice() {
        [method, target] => (*method, *target),
        [method, target, version] if version.starts_with("HTTP/1.") => (*method, *target),
        _ => return Err(refuse("has a request line that cannot be read")),
    };
    let headers = headers(lines)?;
    let (host, target) = target_of(target, &outer.authority.host)?;
    let named = of(&headers, "host").map(|host| host.trim_end_matches(":443").to_owned());
    if host != outer.authority.host || named.is_some_and(|named| named != host) {
        return Err(refuse("has a call for another host"));
    }
    let body = body_of(method, &headers, body)?;
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| refuse("has a method that is none"))?;
    let target = target.parse().map_err(|_| refuse("has a target that cannot be read"))?;
    let head = Head { method, target, headers, upgrade: None, ..outer.clone() };
    Ok((head, body))
}

fn target_of<'a>(target: &'a str, own: &str) -> Result<(String, &'a str), Unreadable> {
    if target.starts_with('/') && !target.starts_with("//") {
        return Ok((own.to_owned(), target));
    }
    let rest = target.strip_prefix("https://").ok_or_else(|| refuse("has a target that cannot be read"))?;
    let at = rest.find('/').ok_or_else(|| refuse("has a target without a path"))?;
    let (host, path) = rest.split_at(at);
    Ok((host.trim_end_matches(":443").to_ascii_lowercase(), path))
}

fn headers(bytes: &[u8]) -> Result<HeaderMap, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| refuse("has headers that are no text"))?;
    let mut map = HeaderMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| refuse("has a header that cannot be read"))?;
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse("has a header that cannot be read"))?;
        let value = HeaderValue::from_str(value.trim()).map_err(|_| refuse("has a header that cannot be read"))?;
        if map.insert(name, value).is_some() {
            return Err(refuse("has a header twice"));
        }
    }
    Ok(map)
}

/// The part's body: a JSON document, or nothing. Anything else could be a further request behind the first.
fn body_of(method: &str, headers: &HeaderMap, body: &[u8]) -> Result<Captured, Unreadable> {
    let trimmed = body.trim_ascii();
    let length = headers.get("content-length").map(|value| value.to_str().ok().and_then(|text| text.parse().ok()));
    let fits = match length {
        None => true,
        Some(None) => false,
        Some(Some(length)) => {
            let length: usize = length;
            length >= trimmed.len() && length <= body.len()
        }
    };
    let is_document = trimmed.is_empty() || matches!(trimmed.first(), Some(b'{' | b'['));
    let has_none = matches!(method, "GET" | "HEAD" | "OPTIONS") && !trimmed.is_empty();
    if !fits
        || !is_document
        || has_none
        || headers.contains_key("transfer-encoding")
        || headers.contains_key("content-encoding")
    {
        return Err(refuse("has a part whose body cannot be read in one way"));
    }
    Ok(Captured::Whole(Bytes::copy_from_slice(trimmed)))
}
