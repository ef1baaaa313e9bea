use super::*;

fn head(method: &str, url: &str, headers: &[(&str, &str)]) -> Result<Head, Unreadable> {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    head_from_parts(method, url, &headers)
}

fn check_refused(method: &str, url: &str, headers: &[(&str, &str)], expected: &str) {
    let refused = head(method, url, headers).expect_err(url);
    assert!(refused.why.contains(expected), "{method} {url} {headers:?}: {}", refused.why);
}

#[test]
fn a_plain_request_is_read_as_it_stands() {
    let head = head(
        "DELETE",
        "https://API.Example:8443/a//b/%2e%2e?x=1&x=2",
        &[("Host", "api.example:8443"), ("Accept", " */* "), ("Connection", "keep-alive"), ("Keep-Alive", "5")],
    )
    .unwrap();
    assert_eq!((head.scheme, head.authority.to_string().as_str()), (Scheme::Https, "api.example:8443"));
    assert_eq!((head.path(), head.query()), ("/a//b/%2e%2e", Some("x=1&x=2")));
    assert_eq!(head.header("accept"), Some("*/*"));
    assert!(!head.headers.contains_key("connection") && !head.headers.contains_key("keep-alive"));
}

#[test]
fn authorities_have_one_spelling() {
    for (text, expected) in [
        ("a.example", "a.example:443"),
        ("A.example:80", "a.example:80"),
        ("127.0.0.1:7000", "127.0.0.1:7000"),
        ("[::1]:7000", "[::1]:7000"),
        ("[0:0::1]", "[::1]:443"),
        ("my_bucket.s3.amazonaws.com", "my_bucket.s3.amazonaws.com:443"),
    ] {
        assert_eq!(authority_of(text, Scheme::Https).unwrap().to_string(), expected);
    }
    for text in [
        "",
        "a.example.",
        "a..example",
        "-a.example",
        "a b",
        "user@a.example",
        "a.example:",
        "a.example:0",
        "a.example:065",
        "a.example:65536",
        "a.example:8o",
        "2130706433",
        "0x7f.1",
        "127.1",
        "127.0.0.01",
        "1.2.3.4.5",
        "a.0x7f",
        "[::1",
        "[::1]x",
        "[fe80::1%25eth0]",
        "::1",
        "a.example:1:2",
        "\u{430}.example",
        "a%2eexample",
    ] {
        assert!(authority_of(text, Scheme::Https).is_err(), "{text}");
    }
}

#[test]
fn what_has_two_readings_is_refused() {
    let url = "https://a.example/";
    for (method, url, headers, expected) in [
        ("delete", url, &[][..], "upper case"),
        ("GE T", url, &[], "upper case"),
        ("", url, &[], "upper case"),
        ("TRACE", url, &[], "not forwarded"),
        ("GET", "ftp://a.example/", &[], "http://"),
        ("GET", "//a.example/", &[], "http://"),
        ("GET", "https://a.example/#f", &[], "fragment"),
        ("GET", "https://a.example/a b", &[], "percent-encoded"),
        ("GET", "https://a.example\\@b.example/", &[], "credentials"),
        ("GET", "https://a.example/a\\b", &[], "percent-encoded"),
        ("GET", "https://a.example/\u{e9}", &[], "percent-encoded"),
        ("GET", url, &[("Host", "b.example")], "not the URL's host"),
        ("GET", url, &[("Host", "a.example:80")], "not the URL's host"),
        ("GET", url, &[("Host", "a.example"), ("host", "a.example")], "more than one Host"),
        ("GET", url, &[("Na me", "x")], "not a token"),
        ("GET", url, &[("Name ", "x")], "not a token"),
        ("GET", url, &[("A", "x\r\nB: y")], "control characters"),
        ("GET", url, &[("A", "x\0")], "control characters"),
        ("POST", url, &[("Content-Length", "1"), ("Content-Length", "1")], "more than one reading"),
        ("POST", url, &[("Content-Length", "+1")], "more than one reading"),
        ("POST", url, &[("Content-Length", "1"), ("Transfer-Encoding", "chunked")], "more than one reading"),
        ("POST", url, &[("Transfer-Encoding", "gzip, chunked")], "chunked"),
        ("POST", url, &[("Connection", "X-Amz-Target")], "names `x-amz-target`"),
        ("POST", url, &[("Connection", "close, Authorization")], "names `authorization`"),
    ] {
        check_refused(method, url, headers, expected);
    }
    assert!(head("GET", url, &[("Host", "a.example:443")]).is_ok());
}
