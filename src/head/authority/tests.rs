use super::*;

#[track_caller]
fn check(text: &str, expected: Option<&str>) {
    let got = parse(text, Scheme::Https).ok().map(|authority| authority.to_string());
    assert_eq!(got.as_deref(), expected, "{text}");
}

#[test]
fn one_reading_passes() {
    check("Api.Example.com", Some("api.example.com:443"));
    check("api.example.com:8443", Some("api.example.com:8443"));
    check("127.0.0.1:6443", Some("127.0.0.1:6443"));
    check("[::1]:6443", Some("[::1]:6443"));
    check("[0:0::1]", Some("[::1]:443"));
    check("localhost", Some("localhost:443"));
    check("my_bucket.s3.amazonaws.com", Some("my_bucket.s3.amazonaws.com:443"));
    check("xn--bcher-kva.example", Some("xn--bcher-kva.example:443"));
}

#[test]
fn two_readings_do_not() {
    for text in [
        "",
        ":443",
        "a:",
        "a:0443",
        "a:0",
        "a:65536",
        "a:+1",
        "a:443:443",
        "user@host",
        "a..b",
        "a.",
        ".a",
        "a b",
        "a\0b",
        "127.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "1.2.3.4.5",
        "127.0.0.01",
        "[::1",
        "[::1]x",
        "::1",
        "a/b",
        "-a.example",
        "a-.example",
        "a%2eb",
        "bücher.example",
        "[127.0.0.1]",
        "a#b",
        "a?b",
        "a\\b",
        "[fe80::1%25eth0]",
    ] {
        check(text, None);
    }
}
