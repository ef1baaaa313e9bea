//! From the HTTP library's request to a [`Head`]: the second half of the strict check, for HTTP/1 and HTTP/2 alike.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Uri, Version};

use super::upgrade::{Message, Opening};
use super::{authority, check, said};
use crate::model::Said;
use crate::model::http::{Authority, Head, Scheme, Unreadable, Upgrade};

/// Hop-by-hop headers (RFC 9110, section 7.6.1): they end here. `te: trailers` is kept, gRPC needs it.
static HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHORIZATION,
    header::PROXY_AUTHENTICATE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    // Ours: it names a session on a reverse listener.
    HeaderName::from_static("x-blastgate-session"),
];

/// Where a request came in: what it may claim to be for.
#[derive(Clone, Debug)]
pub struct Origin {
    /// In clear or inside TLS.
    pub scheme: Scheme,
    /// The tunnel's name, or the reverse listener's upstream; `None` on the proxy listener itself, where the
    /// absolute-form target names it.
    pub authority: Option<Authority>,
    /// What clients may call a reverse listener in their Host; else it is the authority that they must name.
    pub listener: Option<ListenerName>,
}

/// How clients name a reverse listener.
#[derive(Clone, Debug)]
pub enum ListenerName {
    /// By its address, by `localhost` with its port, or by its upstream. Anything else may be a page in a browser whose
    /// name was made to lead here.
    Port(u16),
    /// Anyhow: only processes that may open the socket file come here.
    Any,
}

impl Origin {
    /// The forward proxy's own connections.
    #[must_use]
    pub const fn proxy() -> Self {
        Self { scheme: Scheme::Http, authority: None, listener: None }
    }

    /// Inside an opened tunnel.
    #[must_use]
    pub const fn tunnel(authority: Authority) -> Self {
        Self { scheme: Scheme::Https, authority: Some(authority), listener: None }
    }
}

/// Makes the head that is judged and forwarded.
///
/// # Errors
/// Tunnel name, target, `:authority` and Host do not all name the same host and port, or a header has no single reading.
pub fn head_of(parts: Parts, origin: &Origin) -> Result<Head, Unreadable> {
    head_and_said(parts, origin).map(|(head, _)| head)
}

/// The same, and what the agent says about it, which is not forwarded.
///
/// # Errors
/// The same.
pub fn head_and_said(parts: Parts, origin: &Origin) -> Result<(Head, Said), Unreadable> {
    let Parts { method, uri, version, mut headers, .. } = parts;
    check::check_method(method.as_str())?;
    check_headers(&headers, version)?;
    if version == Version::HTTP_2 {
        join_cookies(&mut headers);
    }
    if uri.scheme_str().is_some_and(|scheme| scheme != origin.scheme.as_str()) {
        return Err(Unreadable::new("the request's scheme is not its connection's"));
    }
    let authority = match (&origin.authority, &origin.listener) {
        (Some(upstream), Some(name)) => {
            check_listener(&uri, &headers, upstream, name)?;
            let host = HeaderValue::try_from(wire_name(origin.scheme, upstream));
            headers.insert(header::HOST, host.map_err(|_| Unreadable::new("the upstream's name"))?);
            upstream.clone()
        }
        _ => authority_of(&uri, &headers, origin)?,
    };
    let target = uri.path_and_query().cloned().ok_or_else(|| Unreadable::new("the request has no path"))?;
    check::check_path(target.as_str())?;
    let upgrade = upgrade_of(&headers, method.as_str(), target.path())?;
    let said = said::said_of(&headers)?;
    let headers = end_to_end(headers);
    Ok((Head { scheme: origin.scheme, authority, method, target, headers, upgrade }, said))
}

/// The headers that go on, in their order (removing one by one would reorder them).
fn end_to_end(headers: HeaderMap) -> HeaderMap {
    let keeps_te = headers.get(header::TE).is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"trailers"));
    let ends_here = |name: &HeaderName| {
        HOP_BY_HOP.contains(name) || said::HEADERS.contains(name) || (*name == header::TE && !keeps_te)
    };
    if !headers.keys().any(ends_here) {
        return headers;
    }
    let mut kept = HeaderMap::with_capacity(headers.len());
    let mut last = None;
    for (name, value) in headers {
        last = name.or(last);
        if let Some(name) = last.as_ref().filter(|name| !ends_here(name)) {
            kept.append(name, value);
        }
    }
    kept
}

/// RFC 9113, section 8.2.3: over HTTP/2 one cookie string may come as several fields; HTTP/1 knows one only.
fn join_cookies(headers: &mut HeaderMap) {
    let pieces: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if pieces.len() < 2 {
        return;
    }
    if let Ok(joined) = HeaderValue::from_bytes(&pieces.join(&b"; "[..])) {
        headers.insert(header::COOKIE, joined);
    }
}

/// What the connection is to become. Over HTTP/2 the headers that would say so were refused before.
fn upgrade_of(headers: &HeaderMap, method: &str, path: &str) -> Result<Option<Upgrade>, Unreadable> {
    if !headers.contains_key(header::UPGRADE) && !headers.contains_key(header::CONNECTION) {
        return Ok(None);
    }
    let mut opening = Opening::default();
    for (name, value) in headers {
        opening.take(name.as_str(), || value.to_str().map_or("\u{fffd}", str::trim));
    }
    let length = match headers.get(header::CONTENT_LENGTH) {
        _ if headers.contains_key(header::TRANSFER_ENCODING) => None,
        None => Some(0),
        Some(value) => value.to_str().ok().and_then(check::length),
    };
    opening.read(Message { method, path, length })
}

fn authority_of(uri: &Uri, headers: &HeaderMap, origin: &Origin) -> Result<Authority, Unreadable> {
    let read = |text: &str| authority::parse(text, origin.scheme);
    let host = match headers.get(header::HOST) {
        Some(value) => Some(read(value.to_str().map_err(|_| Unreadable::new("the Host is not ASCII"))?)?),
        None => None,
    };
    let in_target = uri.authority().map(|text| read(text.as_str())).transpose()?;
    let mut named = [origin.authority.clone(), in_target, host].into_iter().flatten();
    let first = named.next().ok_or_else(|| Unreadable::new("nothing names the host"))?;
    if named.any(|other| other != first) {
        return Err(Unreadable::new("the tunnel, the target and the Host header do not name the same host"));
    }
    Ok(first)
}

/// Host and port as they stand in a Host header: the port only where it is not the scheme's.
#[must_use]
pub fn wire_name(scheme: Scheme, authority: &Authority) -> String {
    let text = authority.to_string();
    let default = format!(":{}", scheme.default_port());
    text.strip_suffix(default.as_str()).map_or_else(|| text.clone(), str::to_owned)
}

/// On a reverse listener the Host names the listener; it is replaced by the upstream's.
fn check_listener(uri: &Uri, headers: &HeaderMap, upstream: &Authority, name: &ListenerName) -> Result<(), Unreadable> {
    let ListenerName::Port(port) = name else { return Ok(()) };
    let given = match (uri.authority(), headers.get(header::HOST)) {
        (Some(authority), _) => authority.as_str(),
        (None, Some(host)) => host.to_str().map_err(|_| Unreadable::new("the Host is not ASCII"))?,
        (None, None) => return Err(Unreadable::new("nothing names the host")),
    };
    let named = authority::parse(given, Scheme::Http)?;
    if named == *upstream || (named.port == *port && named.is_loopback()) {
        return Ok(());
    }
    Err(Unreadable::new(format!("`{named}` is not this listener's name: call it by its address, or as its upstream")))
}

/// What the byte check holds for HTTP/1, held for HTTP/2 too.
fn check_headers(headers: &HeaderMap, version: Version) -> Result<(), Unreadable> {
    if headers.len() > check::HEADERS_MAX {
        return Err(Unreadable::status(431, "more than 128 header lines"));
    }
    let count = |name: &HeaderName| headers.get_all(name).iter().count();
    if count(&header::HOST) > 1 || count(&header::CONTENT_LENGTH) > 1 {
        return Err(Unreadable::new("more than one Host or Content-Length"));
    }
    if let Some(length) = headers.get(header::CONTENT_LENGTH)
        && length.to_str().ok().and_then(check::length).is_none()
    {
        return Err(Unreadable::new("a Content-Length that is not a plain number"));
    }
    if headers.get_all(header::EXPECT).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(Unreadable::status(417, "an Expect other than 100-continue"));
    }
    let forbidden = [&header::TRANSFER_ENCODING, &header::CONNECTION, &header::UPGRADE];
    if version == Version::HTTP_2 && forbidden.iter().any(|name| headers.contains_key(*name)) {
        return Err(Unreadable::new("a connection header in HTTP/2"));
    }
    let odd =
        headers.iter().any(|(_, value)| value.as_bytes().iter().any(|byte| byte.is_ascii_control() && *byte != b'\t'));
    if odd { Err(Unreadable::new("a control byte in a header")) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
