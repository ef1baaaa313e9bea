use super::*;

fn origin(text: &str) -> Result<Framing, u16> {
    check(text.as_bytes(), Form::Origin).map(|checked| checked.framing).map_err(|unreadable| unreadable.status)
}

#[test]
fn what_real_clients_send_passes() {
    for (text, framing) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Framing::Empty),
        ("POST /x?y=%2F HTTP/1.1\r\nhost: a.example:443\r\nContent-Length: 0\r\n\r\n", Framing::Length(0)),
        (
            "PUT /b/k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nExpect: 100-continue\r\n\r\n",
            Framing::Chunked,
        ),
        (
            "GET /a HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive, TE\r\nTE: trailers\r\nX-Empty:\r\n\r\n",
            Framing::Empty,
        ),
        ("GET /{a}\"|b?d=^[1] HTTP/1.1\r\nHost: a\r\nX-Text: caf\u{e9} \tx\r\n\r\n", Framing::Empty),
        (
            "DELETE /a HTTP/1.1\r\nHost: a\r\nContent-Length: 123456789012345678\r\n\r\n",
            Framing::Length(123_456_789_012_345_678),
        ),
    ] {
        assert_eq!(origin(text), Ok(framing), "{text:?}");
    }
}

#[test]
fn disguises_are_refused() {
    let with = |lines: &str| format!("POST /a HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    for lines in [
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 1\r\nContent-Length: 1\r\n",
        "Content-Length: 1, 1\r\n",
        "Content-Length: +1\r\n",
        "Content-Length: 01\r\n",
        "Content-Length: 0x1\r\n",
        "Content-Length: \r\n",
        "Content-Length: 1234567890123456789\r\n",
        "Content-Length: -0\r\n",
        "Content-Length: 1 1\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: identity, chunked\r\n",
        "Transfer-Encoding: ,chunked\r\n",
        "Transfer-Encoding: chunked,\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding\r\n",
        "Host: b\r\n",
        " folded\r\n",
        "\tfolded\r\n",
        "X: a\r\n b\r\n",
        ": empty\r\n",
        "X Y: a\r\n",
        "X\u{0}: a\r\n",
        "X: a\u{0}b\r\n",
        "X: a\nY: b\r\n",
        "X: a\rY: b\r\n",
        "\r\r\n",
        "X: a\u{7f}\r\n",
        "Connection: authorization\r\n",
        "Connection: host\r\n",
        "Connection: \r\n",
        "Expect: 200-ok\r\n",
        "Upgrade: h2c\r\n",
        "Connection: upgrade\r\n",
        "X(: a\r\n",
    ] {
        assert!(origin(&with(lines)).is_err(), "{lines:?}");
    }
    for text in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / http/1.1\r\nHost: a\r\n\r\n",
        "GET /\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
    ] {
        assert!(origin(text).is_err(), "{text:?}");
    }
}

#[test]
fn proxy_requests() {
    let proxy = |text: &str| check(text.as_bytes(), Form::Proxy).map(|checked| checked.target.to_owned()).ok();
    assert_eq!(proxy("CONNECT a.example:443 HTTP/1.0\r\n\r\n").as_deref(), Some("a.example:443"));
    assert_eq!(
        proxy("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nProxy-Connection: Keep-Alive\r\n\r\n")
            .as_deref(),
        Some("a.example:443")
    );
    assert_eq!(
        proxy("GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n").as_deref(),
        Some("http://a.example/x")
    );
    for text in [
        "CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
        "CONNECT http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT 127.1:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a\u{0}.evil:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        assert_eq!(proxy(text), None, "{text:?}");
    }
}

#[test]
fn bounds_hold() {
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(HEADERS_MAX));
    assert_eq!(origin(&many), Err(431));
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(TARGET_BYTES_MAX));
    assert_eq!(origin(&long), Err(414));
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(HEAD_BYTES_MAX));
    assert_eq!(origin(&large), Err(431));
}

#[test]
fn the_end_is_found_once() {
    assert_eq!(end_of(b"GET / HTTP/1.1\r\n\r\nrest"), Some(18));
    assert_eq!(end_of(b"GET / HTTP/1.1\n\n"), None);
}

proptest::proptest! {
    /// What the check lets through, the HTTP library reads the same way: nothing more, nothing less.
    #[test]
    fn no_panic_and_httparse_agrees(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let mut text = b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec();
        text.extend(bytes);
        text.extend(b"\r\n\r\n");
        let _ = check(&text, Form::Origin);
        let _ = check(&text, Form::Proxy);
    }
}
