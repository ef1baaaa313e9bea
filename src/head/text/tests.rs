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
fn what_has_two_readings_is_refused() {
    let url = "https://a.example/";
    for (method, url, headers, expected) in [
        ("delete", url, &[][..], "upper case"),
        ("GE T", url, &[], "single spaces"),
        ("", url, &[], "upper case"),
        ("TRACE", url, &[], "not forwarded"),
        ("GET", "ftp://a.example/", &[], "http://"),
        ("GET", "//a.example/", &[], "http://"),
        ("GET", "https://a.example/#f", &[], "0x23"),
        ("GET", "https://a.example/a b", &[], "single spaces"),
        ("GET", "https://a.example\\@b.example/", &[], "exactly one way"),
        ("GET", "https://a.example/a\\b", &[], "0x5c"),
        ("GET", "https://a.example/\u{e9}", &[], "not ASCII"),
        ("GET", url, &[("Host", "b.example")], "same host"),
        ("GET", url, &[("Host", "a.example:80")], "same host"),
        ("GET", url, &[("Host", "a.example"), ("host", "a.example")], "more than one Host"),
        ("GET", url, &[("Na me", "x")], "not a token"),
        ("GET", url, &[("Name ", "x")], "not a token"),
        ("GET", url, &[("A", "x\r\nB: y")], "line break"),
        ("GET", url, &[("A", "x\0")], "control byte"),
        ("POST", url, &[("Content-Length", "1"), ("Content-Length", "1")], "more than one Content-Length"),
        ("POST", url, &[("Content-Length", "+1")], "plain number"),
        ("POST", url, &[("Content-Length", "1"), ("Transfer-Encoding", "chunked")], "both"),
        ("POST", url, &[("Transfer-Encoding", "gzip, chunked")], "chunked"),
        ("POST", url, &[("Connection", "X-Amz-Target")], "Connection option"),
        ("POST", url, &[("Connection", "close, Authorization")], "Connection option"),
    ] {
        check_refused(method, url, headers, expected);
    }
    assert!(head("GET", url, &[("Host", "a.example:443")]).is_ok());
}
