use http_body_util::{BodyExt, Full};
use tower_service::Service;

use super::*;
use crate::config::ProxyChoice;

fn target(text: &str) -> Authority {
    crate::head::authority::parse(text, Scheme::Http).unwrap()
}

fn through(proxy: &str) -> Dialer {
    let proxies = Proxies::of(&ProxyChoice::Url(proxy.parse().unwrap()), |_| None).unwrap();
    let rules = AddressRules {
        resolve: [("named.example:80".to_owned(), "127.0.0.1:9".parse().unwrap())].into(),
        ..AddressRules::default()
    };
    Dialer::new(rules, Servers::default()).through(proxies)
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "a small answer of the test's own")]
async fn a_unix_socket_is_dialled_for_its_target_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = hyper::service::service_fn(|request: http::Request<hyper::body::Incoming>| async move {
            Ok::<_, std::convert::Infallible>(http::Response::new(Full::<bytes::Bytes>::from(
                request.uri().to_string(),
            )))
        });
        let io = hyper_util::rt::TokioIo::new(stream);
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
    });
    let mut dialer = through("http://127.0.0.1:1").with_socket(&target("docker.local:80"), path);
    let upstream = dialer.call("http://docker.local/".parse().unwrap()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(upstream).await.unwrap();
    tokio::spawn(connection);
    let ask =
        http::Request::get("/v1/info").header("host", "docker.local").body(Full::<bytes::Bytes>::default()).unwrap();
    let answer = sender.send_request(ask).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(answer.to_bytes(), "/v1/info");
    let error = dialer.call("http://other.local/".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, DialError::Proxy { .. }), "{error}");
}

#[tokio::test]
async fn what_goes_through_a_proxy_and_what_does_not() {
    let dialer = through("http://user:secret@proxy.corp:3128");
    let proxied = |host: &str| dialer.proxy_credentials(Scheme::Http, &target(host)).is_some();
    assert!(proxied("api.example") && proxied("10.0.0.5"));
    assert!(!proxied("localhost") && !proxied("127.0.0.1:9") && !proxied("named.example"));
    let refusal = dialer.proxy_refusal(Scheme::Http, &target("api.example"), 407).unwrap().to_string();
    assert!(refusal.contains("http://proxy.corp:3128") && !refusal.contains("secret"), "{refusal}");
    assert!(dialer.proxy_refusal(Scheme::Http, &target("localhost"), 407).is_none());
    for forbidden in ["http://169.254.169.254/", "http://metadata.google.internal/"] {
        let error = through("http://127.0.0.1:1").call(forbidden.parse().unwrap()).await.unwrap_err();
        assert!(matches!(error, DialError::Address(_)), "{forbidden}: {error}");
    }
}
