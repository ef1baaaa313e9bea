//! `host:port`, read in exactly one way.

use std::net::IpAddr;

use crate::model::http::{Authority, Scheme, Unreadable};

/// RFC 1035, section 2.3.4.
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// Reads `host`, `host:port`, `[v6]` or `[v6]:port`; without a port it is the scheme's.
///
/// Names are lowered; addresses must stand in their canonical form, so that `0x7f.1`, `127.1` or `2130706433` cannot be
/// one thing here and another thing at the resolver.
///
/// # Errors
/// Anything that could be read in two ways: user information, an empty or long label, a trailing dot, characters outside
/// `[a-z0-9_-]`, a name whose last label is numeric, a port with leading zeros.
pub fn parse(text: &str, scheme: Scheme) -> Result<Authority, Unreadable> {
    let bad = |why: &str| Unreadable::new(format!("the host cannot be read in exactly one way: {why}"));
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (inner, after) = rest.split_once(']').ok_or_else(|| bad("an open bracket"))?;
            let port = match after {
                "" => None,
                _ => Some(after.strip_prefix(':').ok_or_else(|| bad("text after the bracket"))?),
            };
            let address: std::net::Ipv6Addr = inner.parse().map_err(|_| bad("not an IPv6 address"))?;
            (address.to_string(), port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (name(host).map_err(bad)?, Some(port)),
            None => (name(text).map_err(bad)?, None),
        },
    };
    let port = match port {
        None => scheme.default_port(),
        Some(digits) => port_number(digits).ok_or_else(|| bad("the port is not a number from 1 to 65535"))?,
    };
    Ok(Authority { host, port })
}

fn port_number(digits: &str) -> Option<u16> {
    let canonical = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| canonical)
}

fn name(text: &str) -> Result<String, &'static str> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return if address.to_string() == text { Ok(text.to_owned()) } else { Err("an address in an unusual form") };
    }
    if text.is_empty() || text.len() > NAME_BYTES_MAX {
        return Err("an empty or overlong name");
    }
    let labels_fit = text.split('.').all(|label| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    });
    if !labels_fit {
        return Err("a label that is empty, overlong or has characters of its own");
    }
    // A last label that is a number makes resolvers read the whole as an IPv4 address (WHATWG URL, "ends in a number").
    let last = text.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    if last.bytes().all(|byte| byte.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        return Err("a name that ends in a number");
    }
    Ok(text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
