use http::Request;

use super::*;

fn tunnel(host: &str) -> Origin {
    Origin::tunnel(authority::parse(host, Scheme::Https).unwrap())
}

fn parts(version: Version, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().version(version).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

#[test]
fn everything_names_the_same_host() {
    let origin = tunnel("a.example:443");
    let ok = |version, uri, headers: &[(&str, &str)]| head_of(parts(version, uri, headers), &origin).is_ok();
    assert!(ok(Version::HTTP_11, "/x", &[("host", "a.example")]));
    assert!(ok(Version::HTTP_11, "/x", &[("host", "A.example:443")]));
    assert!(ok(Version::HTTP_2, "https://a.example/x", &[]));
    assert!(ok(Version::HTTP_2, "https://a.example/x", &[("host", "a.example")]));
    assert!(!ok(Version::HTTP_11, "/x", &[("host", "b.example")]));
    assert!(!ok(Version::HTTP_11, "/x", &[("host", "a.example:8443")]));
    assert!(!ok(Version::HTTP_2, "https://b.example/x", &[]));
    assert!(!ok(Version::HTTP_2, "https://a.example/x", &[("host", "b.example")]));
    assert!(!ok(Version::HTTP_2, "https://a.example/x", &[("transfer-encoding", "chunked")]));
    assert!(!ok(Version::HTTP_11, "/x", &[("host", "a.example"), ("host", "a.example")]));
}

#[test]
fn hop_by_hop_headers_end_here_and_the_rest_goes_on() {
    let headers = [
        ("host", "a.example"),
        ("connection", "close"),
        ("proxy-authorization", "Basic x"),
        ("te", "trailers"),
        ("authorization", "Bearer x"),
        ("x-a", "1"),
        ("x-a", "2"),
    ];
    let head = head_of(parts(Version::HTTP_11, "/x?y", &headers), &tunnel("a.example")).unwrap();
    let names: Vec<_> = head.headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["host", "te", "authorization", "x-a"]);
    assert_eq!(head.header_count("x-a"), 2);
    assert_eq!(head.target.as_str(), "/x?y");
}
