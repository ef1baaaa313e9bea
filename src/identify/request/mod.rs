//! A request head from its parts as text: the same strict check that the wire makes, for `explain` and the tests of rules.
//!
//! What two parsers could read differently is refused, never repaired: a second Host, white space in a name, a port that
//! is none, an address in an uncommon form, a path with characters that no client sends.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;

use crate::model::http::{Authority, Head, Scheme, Unreadable};

/// Headers that speak of one connection only (RFC 9110, section 7.6.1, and what older clients send).
pub const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Builds a head from a method, an absolute URL and headers.
///
/// # Errors
/// Any part has more than one reading, or none.
pub fn head_from_parts(method: &str, url: &str, headers: &[(String, String)]) -> Result<Head, Unreadable> {
    let method = method_of(method)?;
    let (scheme, authority, target) = url_of(url)?;
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let (name, value) = header_of(name, value)?;
        map.append(name, value);
    }
    check_host(&map, &authority, scheme)?;
    check_framing(&map)?;
    drop_hop_by_hop(&mut map)?;
    Ok(Head { scheme, authority, method, target, headers: map })
}

/// A method is a token in upper case; what `delete` means is up to the server. CONNECT and TRACE have no target of ours.
///
/// # Errors
/// It is another text.
pub fn method_of(text: &str) -> Result<http::Method, Unreadable> {
    if text.is_empty() || text.len() > 32 || !text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
        return Err(Unreadable::new("the method is not a token in upper case"));
    }
    if matches!(text, "CONNECT" | "TRACE") {
        return Err(Unreadable::status(501, format!("the method {text} is not forwarded")));
    }
    http::Method::from_bytes(text.as_bytes()).map_err(|_| Unreadable::new("the method is not a token"))
}

fn url_of(url: &str) -> Result<(Scheme, Authority, PathAndQuery), Unreadable> {
    let (scheme, rest) = if let Some(rest) = url.strip_prefix("https://") {
        (Scheme::Https, rest)
    } else if let Some(rest) = url.strip_prefix("http://") {
        (Scheme::Http, rest)
    } else {
        return Err(Unreadable::new("the URL does not begin with http:// or https://"));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let authority = authority_of(authority, scheme)?;
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    Ok((scheme, authority, target_of(&target)?))
}

/// A target in origin form, exactly as it will be sent.
///
/// # Errors
/// It holds characters that must be percent-encoded, or a fragment.
pub fn target_of(target: &str) -> Result<PathAndQuery, Unreadable> {
    if target.contains('#') {
        return Err(Unreadable::new("the target has a fragment"));
    }
    if !target.starts_with('/') {
        return Err(Unreadable::new("the target is not in origin form"));
    }
    if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return Err(Unreadable::new("the target has characters that must be percent-encoded"));
    }
    PathAndQuery::try_from(target).map_err(|_| Unreadable::new("the target is not a path and a query"))
}

/// `host`, `host:port` or `[address]:port`: a lower-case name without trailing dot, or an address in its usual form.
///
/// # Errors
/// It is anything else; among it names and numbers that resolvers read as addresses (`0x7f.1`, `2130706433`).
pub fn authority_of(text: &str, scheme: Scheme) -> Result<Authority, Unreadable> {
    if text.contains('@') {
        return Err(Unreadable::new("the authority holds credentials"));
    }
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or_else(|| Unreadable::new("the address has no end"))?;
        let address: Ipv6Addr = address.parse().map_err(|_| Unreadable::new("the host is not an address"))?;
        let port = match port {
            "" => None,
            port => Some(port.strip_prefix(':').ok_or_else(|| Unreadable::new("the authority has no single reading"))?),
        };
        (address.to_string(), port)
    } else {
        match text.split_once(':') {
            Some((host, port)) => (name_of(host)?, Some(port)),
            None => (name_of(text)?, None),
        }
    };
    let port = match port {
        None => scheme.default_port(),
        Some(port) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0') => {
            port.parse().map_err(|_| Unreadable::new("the port is not a port"))?
        }
        Some(_) => return Err(Unreadable::new("the port is not a port")),
    };
    Ok(Authority { host, port })
}

fn name_of(text: &str) -> Result<String, Unreadable> {
    let name = text.to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(Unreadable::new("the host is not a name"));
    }
    // Resolvers read a last label that is a number, also in hexadecimal, as part of an address (WHATWG URL, 3.5).
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_number && name.parse::<Ipv4Addr>().is_err() {
        return Err(Unreadable::new("the host is neither a name nor an address in its usual form"));
    }
    Ok(name)
}

fn header_of(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Unreadable> {
    let parsed =
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| Unreadable::new("a header's name is not a token"))?;
    if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return Err(Unreadable::new(format!("the header `{parsed}` holds control characters")));
    }
    let value = value.trim_matches([' ', '\t']);
    let value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| Unreadable::new(format!("the header `{parsed}` is not a header value")))?;
    Ok((parsed, value))
}

/// At most one Host, and it says what the URL says.
fn check_host(headers: &HeaderMap, authority: &Authority, scheme: Scheme) -> Result<(), Unreadable> {
    let mut hosts = headers.get_all("host").iter();
    let Some(host) = hosts.next() else { return Ok(()) };
    if hosts.next().is_some() {
        return Err(Unreadable::new("there is more than one Host"));
    }
    let text = host.to_str().map_err(|_| Unreadable::new("the Host is not text"))?;
    if authority_of(text, scheme)? != *authority {
        return Err(Unreadable::new("the Host is not the URL's host"));
    }
    Ok(())
}

/// One way to tell where the body ends.
fn check_framing(headers: &HeaderMap) -> Result<(), Unreadable> {
    let mut lengths = headers.get_all("content-length").iter();
    if let Some(length) = lengths.next() {
        let is_number = !length.is_empty() && length.as_bytes().iter().all(u8::is_ascii_digit);
        if !is_number || lengths.next().is_some() || headers.contains_key("transfer-encoding") {
            return Err(Unreadable::new("the body's length has more than one reading"));
        }
    }
    let mut codings = headers.get_all("transfer-encoding").iter();
    if let Some(coding) = codings.next()
        && (!coding.as_bytes().eq_ignore_ascii_case(b"chunked") || codings.next().is_some())
    {
        return Err(Unreadable::status(501, "only the transfer coding `chunked` is read"));
    }
    Ok(())
}

/// Removes what is for this connection only.
fn drop_hop_by_hop(headers: &mut HeaderMap) -> Result<(), Unreadable> {
    let mut named: Vec<HeaderName> = Vec::new();
    for value in headers.get_all("connection") {
        let text = value.to_str().map_err(|_| Unreadable::new("the header `connection` is not text"))?;
        for option in text.split(',').map(str::trim).filter(|option| !option.is_empty()) {
            let name = HeaderName::from_bytes(option.as_bytes())
                .map_err(|_| Unreadable::new("the header `connection` names no header"))?;
            // Somebody who has these dropped on the way wants two readings.
            let is_end_to_end = matches!(name.as_str(), "host" | "authorization" | "cookie" | "content-length")
                || name.as_str().starts_with("content-")
                || name.as_str().starts_with("x-");
            if is_end_to_end {
                return Err(Unreadable::new(format!("the header `connection` names `{name}`")));
            }
            named.push(name);
        }
    }
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(*name);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
