//! A head from a method, a URL and headers, as `explain` and the tests of rules have them. They are written down as the
//! bytes a client would send and read back through the strict check: no second set of rules.

use http::header::{HeaderName, HeaderValue};
use http::{Method, Request, Version};

use super::check::Form;
use super::request::{Origin, head_of};
use super::{authority, check};
use crate::model::http::{Head, Scheme, Unreadable};

/// Builds the head that such a request would have at the gate.
///
/// # Errors
/// Any part has more than one reading, or none.
pub fn head_from_parts(method: &str, url: &str, headers: &[(String, String)]) -> Result<Head, Unreadable> {
    let (scheme, named, target) = split(url)?;
    let authority = authority::parse(named, scheme)?;
    let has_host = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
    let own_host = (!has_host).then(|| ("host".to_owned(), named.to_owned()));
    let headers = || own_host.iter().chain(headers);

    let mut bytes = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers() {
        if name.contains(['\r', '\n']) || value.contains(['\r', '\n']) {
            return Err(Unreadable::new("a line break in a header"));
        }
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    bytes.push_str("\r\n");
    check::check(bytes.as_bytes(), Form::Origin)?;

    let refused = |_| Unreadable::new("the request is not one that an HTTP client can send");
    let mut request = Request::builder().version(Version::HTTP_11).uri(target.as_str());
    request = request.method(Method::from_bytes(method.as_bytes()).map_err(|_| Unreadable::new("not a method"))?);
    for (name, value) in headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Unreadable::new("not a header's name"))?;
        let value = HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes());
        request = request.header(name, value.map_err(|_| Unreadable::new("not a header's value"))?);
    }
    let (parts, ()) = request.body(()).map_err(refused)?.into_parts();
    head_of(parts, &Origin { scheme, authority: Some(authority), listener: None })
}

/// Scheme, authority and target (at least a slash).
fn split(url: &str) -> Result<(Scheme, &str, String), Unreadable> {
    let (scheme, rest) = if let Some(rest) = url.strip_prefix("https://") {
        (Scheme::Https, rest)
    } else if let Some(rest) = url.strip_prefix("http://") {
        (Scheme::Http, rest)
    } else {
        return Err(Unreadable::new("the URL does not begin with http:// or https://"));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    Ok((scheme, authority, target))
}

#[cfg(test)]
mod tests;
