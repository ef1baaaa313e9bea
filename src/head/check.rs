//! The strict byte-level check of an HTTP/1 request head.
//!
//! Closed lists in the manner of RFC 9112, without any of its tolerances: CRLF only, token names, no folding, no
//! controls, one Host, one framing, known transfer codings, canonical lengths, bounded counts and sizes. What passes is
//! read in one way by every HTTP/1 parser; what does not is a 400. The bytes themselves go on to the HTTP library
//! unchanged.

use super::upgrade::{Message, Opening};
use crate::model::http::{Scheme, Unreadable, Upgrade};

/// The bounds of a head.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The longest request target: presigned URLs and label selectors are long, nothing real is longer than this.
pub const TARGET_BYTES_MAX: usize = 16 * 1024;
/// The most header lines.
pub const HEADERS_MAX: usize = 128;
/// The longest method: `UPDATEREDIRECTREF` (RFC 4437) has 17.
const METHOD_BYTES_MAX: usize = 24;
/// Digits of a length that fits 63 bits.
const LENGTH_DIGITS_MAX: usize = 18;

/// How the body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    Empty,
    /// This many bytes.
    Length(u64),
    /// Chunked.
    Chunked,
}

/// Which form of request target this connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// First message on a proxy connection: `CONNECT` (authority-form) or absolute-form.
    Proxy,
    /// Inside an opened tunnel, or on a listener bound to one upstream: origin-form.
    Origin,
}

/// What the check found out on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked<'a> {
    /// The method as received.
    pub method: &'a str,
    /// The target as received.
    pub target: &'a str,
    /// How the body is delimited.
    pub framing: Framing,
    /// The Host header, where there is one (only CONNECT may go without).
    pub host: Option<&'a str>,
    /// What the client says who it is.
    pub proxy_authorization: Option<&'a str>,
    /// What the connection is to become: no byte after this message is HTTP beyond doubt.
    pub upgrade: Option<Upgrade>,
}

/// Where the head ends in `bytes` (the index after its empty line), if it does. Only CRLF CRLF counts.
#[must_use]
pub fn end_of(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// A head that can never become one: a control byte before its end, or an empty first line. Without this a client that
/// uses bare LF would wait for the deadline instead of being told.
#[must_use]
pub fn looks_foreign(held: &[u8]) -> bool {
    held.first().is_some_and(|byte| !is_token(*byte))
        || held.windows(2).any(|pair| matches!(pair, [before, b'\n'] if *before != b'\r'))
}

/// Checks a whole head, its empty line included.
///
/// # Errors
/// It has more than one reading, or is over a bound.
pub fn check(head: &[u8], form: Form) -> Result<Checked<'_>, Unreadable> {
    if head.len() > HEAD_BYTES_MAX {
        return Err(Unreadable::status(431, "the request head is larger than 64 KiB"));
    }
    let lines = head.strip_suffix(b"\r\n\r\n").ok_or_else(|| Unreadable::new("the request head has no end"))?;
    let mut lines = Lines { rest: Some(lines) };
    let first = lines.next().unwrap_or(Err(no_line()))?;
    let (method, target, version) = request_line(first)?;
    check_target(method, target, form)?;
    let mut fields = Fields::default();
    for (index, line) in lines.enumerate() {
        if index == HEADERS_MAX {
            return Err(Unreadable::status(431, "more than 128 header lines"));
        }
        fields.take(line?)?;
    }
    let connect = method == "CONNECT";
    // Python's http.client up to 3.11 opens tunnels with HTTP/1.0 and without Host; a CONNECT means the same in both.
    if version == "HTTP/1.0" && !connect {
        return Err(Unreadable::status(505, "HTTP/1.0 requests are not accepted"));
    }
    if fields.host.is_none() && !connect {
        return Err(Unreadable::new("there is no Host header"));
    }
    let framing = fields.framing()?;
    if connect && framing != Framing::Empty && framing != Framing::Length(0) {
        return Err(Unreadable::new("a CONNECT with a body"));
    }
    let length = match framing {
        Framing::Empty => Some(0),
        Framing::Length(length) => Some(length),
        Framing::Chunked => None,
    };
    let upgrade = fields.opening.read(Message { method, path: path_of(target), length })?;
    if upgrade.is_some() && version != "HTTP/1.1" {
        return Err(Unreadable::status(505, "an upgrade in HTTP/1.0"));
    }
    let Fields { host, proxy_authorization, .. } = fields;
    Ok(Checked { method, target, framing, host, proxy_authorization, upgrade })
}

/// The path of a checked target, in origin-form or absolute-form.
fn path_of(target: &str) -> &str {
    let rest = target.strip_prefix("http://").unwrap_or(target);
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default();
    path.split('?').next().unwrap_or_default()
}

fn no_line() -> Unreadable {
    Unreadable::new("an empty request line")
}

/// Lines ended by CRLF; a CR or LF anywhere else is an error.
struct Lines<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<&'a [u8], Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let (line, after) = match end {
            None => (rest, None),
            Some(at) => (rest.get(..at)?, Some(rest.get(at..)?)),
        };
        self.rest = match after {
            None => None,
            Some(after) => match after.strip_prefix(b"\r\n") {
                Some(next) => Some(next),
                None => {
                    self.rest = None;
                    return Some(Err(Unreadable::new("a CR or LF that is not a line end")));
                }
            },
        };
        Some(Ok(line))
    }
}

fn request_line(line: &[u8]) -> Result<(&str, &str, &str), Unreadable> {
    let line = std::str::from_utf8(line).ok().filter(|text| text.is_ascii());
    let mut parts = line.ok_or_else(|| Unreadable::new("the request line is not ASCII"))?.split(' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Unreadable::new("the request line is not method, target and version with single spaces"));
    };
    check_method(method)?;
    if version != "HTTP/1.1" && version != "HTTP/1.0" {
        return Err(Unreadable::status(505, "the version is not HTTP/1.1"));
    }
    Ok((method, target, version))
}

/// Upper case, as every registered method is: what `delete` means is up to the server. TRACE answers with the request's
/// own headers.
pub(super) fn check_method(method: &str) -> Result<(), Unreadable> {
    let fits = !method.is_empty() && method.len() <= METHOD_BYTES_MAX;
    if !fits || !method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
        return Err(Unreadable::new("the method is not a token in upper case"));
    }
    if method == "TRACE" { Err(Unreadable::status(501, "TRACE is not forwarded")) } else { Ok(()) }
}

fn check_target(method: &str, target: &str, form: Form) -> Result<(), Unreadable> {
    if target.len() > TARGET_BYTES_MAX {
        return Err(Unreadable::status(414, "the request target is longer than 16 KiB"));
    }
    match form {
        Form::Proxy if method == "CONNECT" => super::authority::parse(target, Scheme::Https).map(drop),
        Form::Proxy => {
            let rest = target.strip_prefix("http://");
            let rest = rest.ok_or_else(|| Unreadable::new("a proxy request is CONNECT or has an http:// target"))?;
            let path_at = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(path_at).unwrap_or((rest, ""));
            super::authority::parse(authority, Scheme::Http)?;
            if path.is_empty() { Ok(()) } else { check_path(path) }
        }
        Form::Origin if method == "CONNECT" => Err(Unreadable::new("a CONNECT inside a tunnel")),
        Form::Origin => check_path(target),
    }
}

/// Path and query: begins with a slash, visible ASCII, no fragment, no backslash, and what the HTTP library takes too.
pub(super) fn check_path(path: &str) -> Result<(), Unreadable> {
    if !path.starts_with('/') {
        return Err(Unreadable::new("the target does not begin with a slash"));
    }
    if let Some(odd) = path.bytes().find(|byte| !byte.is_ascii_graphic() || matches!(byte, b'#' | b'\\' | b'<' | b'>'))
    {
        return Err(Unreadable::new(format!("byte {odd:#04x} in the target")));
    }
    match http::uri::PathAndQuery::try_from(path) {
        Ok(read) if read.as_str() == path => Ok(()),
        _ => Err(Unreadable::new("the target has characters that must be percent-encoded")),
    }
}

/// Header fields that the check keeps, each at most once.
#[derive(Default)]
struct Fields<'a> {
    host: Option<&'a str>,
    proxy_authorization: Option<&'a str>,
    length: Option<u64>,
    chunked: bool,
    opening: Opening<'a>,
}

impl<'a> Fields<'a> {
    fn take(&mut self, line: &'a [u8]) -> Result<(), Unreadable> {
        let at = line.iter().position(|byte| *byte == b':');
        let (name, value) = at.and_then(|at| Some((line.get(..at)?, line.get(at + 1..)?))).ok_or_else(colonless)?;
        if name.is_empty() || !name.iter().copied().all(is_token) {
            return Err(Unreadable::new("a header name that is not a token (or a folded line)"));
        }
        if let Some(odd) = value.iter().find(|byte| (byte.is_ascii_control() && **byte != b'\t') || **byte == 0x7f) {
            return Err(Unreadable::new(format!("control byte {odd:#04x} in a header")));
        }
        let name = std::str::from_utf8(name).unwrap_or_default();
        let text = || std::str::from_utf8(value).map(|text| text.trim_matches([' ', '\t'])).unwrap_or("\u{fffd}");
        self.special(name, text)
    }

    /// The headers that say how a message is read. `value` is only made for them.
    fn special(&mut self, name: &str, value: impl Fn() -> &'a str) -> Result<(), Unreadable> {
        self.opening.take(name, &value);
        if name.eq_ignore_ascii_case("host") {
            if self.host.replace(value()).is_some() {
                return Err(Unreadable::new("more than one Host header"));
            }
        } else if name.eq_ignore_ascii_case("content-length") {
            let length =
                length(value()).ok_or_else(|| Unreadable::new("a Content-Length that is not a plain number"))?;
            if self.length.replace(length).is_some() {
                return Err(Unreadable::new("more than one Content-Length"));
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if !value().eq_ignore_ascii_case("chunked") || self.chunked {
                return Err(Unreadable::new("a Transfer-Encoding that is not exactly `chunked`"));
            }
            self.chunked = true;
        } else if name.eq_ignore_ascii_case("connection") {
            connection(value(), &["keep-alive", "close", "te", "upgrade"])?;
        } else if name.eq_ignore_ascii_case("proxy-connection") {
            connection(value(), &["keep-alive", "close", "te"])?;
        } else if name.eq_ignore_ascii_case("proxy-authorization") {
            if self.proxy_authorization.replace(value()).is_some() {
                return Err(Unreadable::new("more than one Proxy-Authorization header"));
            }
        } else if name.eq_ignore_ascii_case("expect") && !value().eq_ignore_ascii_case("100-continue") {
            return Err(Unreadable::status(417, "an Expect other than 100-continue"));
        }
        Ok(())
    }

    fn framing(&self) -> Result<Framing, Unreadable> {
        match (self.length, self.chunked) {
            (Some(_), true) => Err(Unreadable::new("both Content-Length and Transfer-Encoding")),
            (Some(length), false) => Ok(Framing::Length(length)),
            (None, true) => Ok(Framing::Chunked),
            (None, false) => Ok(Framing::Empty),
        }
    }
}

fn colonless() -> Unreadable {
    Unreadable::new("a header line without a colon")
}

/// `0|[1-9][0-9]*`, at most 18 digits.
pub(super) fn length(text: &str) -> Option<u64> {
    let canonical = text == "0" || (!text.starts_with('0') && text.len() <= LENGTH_DIGITS_MAX);
    (canonical && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Connection may only say what cannot change a message's meaning: a listed name would be removed on the way, and with
/// it what was judged (`Connection: authorization`).
fn connection(value: &str, known: &[&str]) -> Result<(), Unreadable> {
    let fits = value.split(',').all(|option| known.iter().any(|known| option.trim().eq_ignore_ascii_case(known)));
    if fits { Ok(()) } else { Err(Unreadable::new("a Connection option other than keep-alive, close, te or upgrade")) }
}

/// RFC 9110, section 5.6.2.
pub(crate) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

#[cfg(test)]
mod tests;
