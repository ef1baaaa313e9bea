//! What an agent says about its own request, in headers of the gate's own: why it wants this, the ticket, the way back. They
//! are for people and end at the gate. Nobody checks them, and nothing is decided by them.
//!
//! A header is read in one way or the request is refused: it stands once, and is UTF-8. What cannot stand in a header as it
//! is (line breaks, and everything beyond ASCII where a client sends no UTF-8) is written as RFC 8187, section 3.2, does
//! without a language: `UTF-8''` and then percent-encoded.

use http::header::{HeaderMap, HeaderName};

use crate::model::http::Unreadable;
use crate::model::{Obligation, Said};

/// One for each of [`Obligation::BROUGHT`].
pub(super) static HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("x-blastgate-reason"),
    HeaderName::from_static("x-blastgate-ticket"),
    HeaderName::from_static("x-blastgate-rollback-plan"),
];
/// What follows is percent-encoded.
const CODED: &str = "UTF-8''";

/// What these headers say.
///
/// # Errors
/// One of them stands twice, or is no text.
pub(super) fn said_of(headers: &HeaderMap) -> Result<Said, Unreadable> {
    let mut said = Said::default();
    for (name, obligation) in HEADERS.iter().zip(&Obligation::BROUGHT) {
        for value in headers.get_all(name) {
            take(&mut said, (name, obligation), value.as_bytes())?;
        }
    }
    Ok(said)
}

/// The same of the bytes of an HTTP/1 head that has passed the check.
///
/// # Errors
/// The same.
pub fn said_in(head: &[u8]) -> Result<Said, Unreadable> {
    let mut said = Said::default();
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        let Some(at) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at_checked(at).unwrap_or_default();
        let mut known = HEADERS.iter().zip(&Obligation::BROUGHT);
        if let Some(known) = known.find(|(known, _)| name.eq_ignore_ascii_case(known.as_str().as_bytes())) {
            take(&mut said, known, value.get(1..).unwrap_or_default().trim_ascii())?;
        }
    }
    Ok(said)
}

fn take(said: &mut Said, (name, obligation): (&HeaderName, &Obligation), value: &[u8]) -> Result<(), Unreadable> {
    if said.to(obligation).is_some() {
        return Err(Unreadable::new(format!("more than one {name} header")));
    }
    let wrong = |what: &str| Unreadable::new(format!("the {name} header {what}"));
    let text = std::str::from_utf8(value).map_err(|_| {
        wrong("is not UTF-8: what its client cannot send so is written as `UTF-8''` and then percent-encoded")
    })?;
    let text = text.trim();
    let coded = text.split_at_checked(CODED.len()).filter(|(start, _)| start.eq_ignore_ascii_case(CODED));
    match coded {
        None => said.say(obligation, text),
        Some((_, coded)) => {
            let text = decoded(coded).ok_or_else(|| wrong("is not percent-encoded UTF-8, as its beginning says"))?;
            said.say(obligation, &text);
        }
    }
    Ok(())
}

/// `None` where a `%` is not followed by two digits, or what comes out is no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let is_code = |after: &str| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !text.split('%').skip(1).all(is_code) {
        return None;
    }
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(lines: &[(&str, &[u8])], expected: Result<[Option<&str>; 3], &str>) {
        let mut headers = HeaderMap::new();
        let mut head = b"CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n".to_vec();
        for (name, value) in lines {
            let value_line = HeaderValue::from_bytes(value).unwrap();
            headers.append(HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes()).unwrap(), value_line);
            head.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        head.extend_from_slice(b"\r\n");
        let told = |said: Result<Said, Unreadable>| {
            said.map(|said| [said.reason, said.ticket, said.rollback_plan]).map_err(|unreadable| unreadable.why)
        };
        for found in [told(said_of(&headers)), told(said_in(&head))] {
            match &expected {
                Ok(texts) => assert_eq!(found, Ok(texts.map(|text| text.map(str::to_owned))), "{lines:?}"),
                Err(part) => assert!(found.as_ref().is_err_and(|why| why.contains(part)), "{lines:?}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_header_says_one_thing_or_the_request_is_refused() {
        check(&[("Accept", b"*/*")], Ok([None; 3]));
        check(
            &[
                ("X-Blastgate-Reason", b" the old stack is empty "),
                ("x-blastgate-ticket", b"CHG-42"),
                ("X-BLASTGATE-ROLLBACK-PLAN", b"UTF-8''restore%20snap-1%0Athen%20r%C3%A9p%C3%A9ter"),
            ],
            Ok([Some("the old stack is empty"), Some("CHG-42"), Some("restore snap-1\nthen répéter")]),
        );
        check(&[("X-Blastgate-Reason", "zurück".as_bytes())], Ok([Some("zurück"), None, None]));
        check(&[("X-Blastgate-Reason", b"100%25 sure, 50% done")], Ok([Some("100%25 sure, 50% done"), None, None]));
        check(&[("X-Blastgate-Reason", b"utf-8''a%20b")], Ok([Some("a b"), None, None]));
        check(&[("X-Blastgate-Reason", b"  ")], Ok([None; 3]));
        check(&[("X-Blastgate-Reason", b"one"), ("x-blastgate-reason", b"two")], Err("more than one"));
        check(&[("X-Blastgate-Reason", b"r\xe9p\xe9ter")], Err("is not UTF-8"));
        for coded in [&b"UTF-8''50%"[..], b"UTF-8''%zz", b"UTF-8''%C3", b"UTF-8''%4", b"UTF-8''a%e9b"] {
            check(&[("X-Blastgate-Ticket", coded)], Err("percent-encoded"));
        }
    }

    #[test]
    fn of_a_long_text_the_beginning_counts() {
        let long = "é".repeat(3 * Said::CHARS_MAX);
        let headers = HeaderMap::from_iter([(HEADERS[0].clone(), HeaderValue::from_bytes(long.as_bytes()).unwrap())]);
        assert_eq!(said_of(&headers).unwrap().reason.unwrap().chars().count(), Said::CHARS_MAX);
    }
}
