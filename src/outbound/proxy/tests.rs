use super::*;

fn environment(pairs: &'static [(&'static str, &'static str)]) -> Result<Proxies, ProxyError> {
    Proxies::of(&ProxyChoice::Env, move |name| {
        pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
    })
}

#[track_caller]
fn check(pairs: &'static [(&'static str, &'static str)], target: &str, expected: Option<&str>) {
    let (scheme, rest) = target.split_once("://").unwrap();
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let via = environment(pairs).unwrap().for_target(scheme, &authority::parse(rest, scheme).unwrap());
    assert_eq!(via.map(|via| via.to_string()).as_deref(), expected, "{pairs:?} {target}");
}

#[test]
fn the_environment_says_which_proxy() {
    const ONE: &[(&str, &str)] = &[("HTTPS_PROXY", "http://proxy.corp:3128")];
    check(&[], "https://api.example", None);
    check(ONE, "https://api.example", Some("http://proxy.corp:3128"));
    check(ONE, "http://api.example", None);
    check(&[("https_proxy", "proxy.corp:3128")], "https://api.example", Some("http://proxy.corp:3128"));
    check(&[("HTTPS_PROXY", "https://proxy.corp")], "https://api.example", Some("https://proxy.corp:443"));
    check(&[("ALL_PROXY", "http://all.corp:1")], "http://api.example", Some("http://all.corp:1"));
    check(
        &[("ALL_PROXY", "socks5://s:1"), ("HTTPS_PROXY", "h:2"), ("HTTP_PROXY", "h:3")],
        "http://a.example",
        Some("http://h:3"),
    );
    check(&[("HTTPS_PROXY", ""), ("https_proxy", "h:2")], "https://a.example", Some("http://h:2"));
    for loopback in ["https://127.0.0.1", "https://localhost", "https://[::1]:6443", "https://a.localhost"] {
        check(ONE, loopback, None);
    }
}

#[test]
fn exceptions_go_directly() {
    const SOME: &[(&str, &str)] =
        &[("ALL_PROXY", "http://p:1"), ("NO_PROXY", "corp.example, *.dev.example,10.0.0.0/8 192.0.2.7")];
    let through = Some("http://p:1");
    for direct in ["corp.example", "git.corp.example", "a.dev.example", "10.1.2.3:6443", "192.0.2.7"] {
        check(SOME, &format!("https://{direct}"), None);
    }
    for other in ["notcorp.example", "api.example", "11.1.2.3", "192.0.2.8"] {
        check(SOME, &format!("https://{other}"), through);
    }
    check(&[("ALL_PROXY", "http://p:1"), ("no_proxy", "*")], "https://api.example", None);
}

#[test]
fn what_cannot_be_used_is_said_without_its_password() {
    let error = |pairs| environment(pairs).unwrap_err();
    assert_eq!(error(&[("ALL_PROXY", "socks5h://u:secret@p:1")]), ProxyError::Socks("ALL_PROXY".into()));
    assert_eq!(error(&[("HTTPS_PROXY", "ftp://u:secret@p:1")]), ProxyError::Unusable("HTTPS_PROXY".into()));
    assert_eq!(error(&[("HTTP_PROXY", "http://u:se cret@p:1")]), ProxyError::Unusable("HTTP_PROXY".into()));
    assert_eq!(error(&[("HTTPS_PROXY", "http://p:99999")]), ProxyError::Unusable("HTTPS_PROXY".into()));
    let proxies = environment(&[("HTTPS_PROXY", "http://Aladdin:open%20sesame@p:1")]).unwrap();
    let via = proxies.for_target(Scheme::Https, &authority::parse("a.example", Scheme::Https).unwrap()).unwrap();
    assert_eq!(via.credentials.as_ref().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert!(!format!("{proxies:?} {via:?} {via}").contains("sesame") && !format!("{via:?}").contains("QWxh"));
}

#[tokio::test]
async fn a_proxy_s_answer_opens_or_says_why_not() {
    async fn ask(answer: &'static str) -> (Result<(), Closed>, String) {
        let (mut near, mut far) = tokio::io::duplex(64 * 1024);
        let credentials = Some(HeaderValue::from_static("Basic eDp5"));
        let via = Via { scheme: Scheme::Http, authority: authority::parse("p", Scheme::Http).unwrap(), credentials };
        let target = authority::parse("api.example", Scheme::Https).unwrap();
        let proxy = async {
            let mut asked = vec![0; 1024];
            let read = far.read(&mut asked).await.unwrap();
            far.write_all(answer.as_bytes()).await.unwrap();
            drop(far);
            String::from_utf8_lossy(&asked[..read]).into_owned()
        };
        tokio::join!(via.open(&mut near, &target), proxy)
    }
    let (opened, asked) = ask("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n").await;
    assert_eq!(opened, Ok(()));
    assert_eq!(
        asked,
        "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\nProxy-Authorization: Basic eDp5\r\n\r\n"
    );
    for (answer, part, is_final) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "wants a user", true),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!", "does not allow", true),
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "(503)", false),
        ("SSH-2.0-x\r\n\r\n", "not HTTP/1", false),
        ("HTTP/1.1 200 OK\r\n\r\nearly", "before the tunnel", false),
        ("", "without an answer", false),
    ] {
        let closed = ask(answer).await.0.unwrap_err();
        assert!(closed.why.contains(part) && closed.is_final == is_final, "{answer}: {closed:?}");
    }
}
