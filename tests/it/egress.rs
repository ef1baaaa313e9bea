//! How the gate reaches the outside: through the operator's proxy, and with the operator's certificates.

use tokio::io::AsyncWriteExt;

use crate::support::block_on;
use crate::support::gate::{RunningGate, read_all, read_answer};
use crate::support::squid::Squid;
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;

const HOSTS: &[&str] = &["api.dev.example", "plain.dev.example", "blocked.dev.example"];

/// A request inside a tunnel to `target`; gives the answer's head and body.
fn inside(gate: &RunningGate, target: &str, headers: &str) -> (String, String) {
    block_on(async {
        let mut tls = gate.tls(target, &["http/1.1"]).await;
        let head = format!("GET /items HTTP/1.1\r\nHost: {target}\r\n{headers}\r\n");
        tls.write_all(head.as_bytes()).await.unwrap();
        read_answer(&mut tls).await
    })
}

/// A plain request in absolute form.
fn plain(gate: &RunningGate, target: &str) -> String {
    block_on(async {
        let mut stream = gate.connect().await;
        let head = format!("GET http://{target}/items HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        read_all(&mut stream).await
    })
}

fn at(host: &str, upstream: &Upstream) -> String {
    format!("{host}:{}", upstream.address.port())
}

#[test]
fn everything_but_loopback_goes_through_the_operator_s_proxy() {
    let Some(squid) = Squid::start(HOSTS, false) else { return };
    let mut stage = Stage::new();
    let api = Upstream::start(&stage.ca, &["api.dev.example"]);
    let clear = Upstream::start_clear();
    stage.variable("HTTPS_PROXY", format!("http://{}", squid.address));
    stage.variable("http_proxy", format!("http://{}", squid.address));
    let gate = stage.gate();
    let target = at("api.dev.example", &api);
    let (head, body) = inside(&gate, &target, "");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}{body}");
    let other = at("plain.dev.example", &clear);
    let answer = plain(&gate, &other);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = plain(&gate, &format!("127.0.0.1:{}", clear.address.port()));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (head, body) = inside(&gate, &at("blocked.dev.example", &api), "");
    assert!(head.starts_with("HTTP/1.1 403"), "{head}{body}");
    assert!(body.contains(&format!("http://{}", squid.address)) && body.contains("does not allow"), "{body}");
    // What nobody may reach is not asked for.
    for target in ["169.254.169.254:80", "metadata.google.internal:80"] {
        let answer = plain(&gate, target);
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("metadata"), "{answer}");
    }
    gate.stop();
    // A tunnel stands in its log when it has ended.
    squid.saw(&format!("CONNECT {target}"));
    squid.saw(&format!("GET http://{other}/items"));
    let log = squid.log();
    assert!(!log.contains("127.0.0.1:") && !log.contains("169.254") && !log.contains("metadata"), "{log}");
    assert_eq!((api.record.len(), clear.record.len()), (1, 2));
}

#[test]
fn a_proxy_that_wants_a_password_gets_it_and_nobody_else_sees_it() {
    let Some(squid) = Squid::start(HOSTS, true) else { return };
    for (user, opens) in [("na%40me:pass%20word@", true), ("na%40me:wrong-secret@", false), ("", false)] {
        let mut stage = Stage::new();
        let api = Upstream::start(&stage.ca, &["api.dev.example"]);
        let clear = Upstream::start_clear();
        stage.egress(&format!("proxy: \"http://{user}{}\"", squid.address));
        let gate = stage.gate();
        let (head, body) = inside(&gate, &at("api.dev.example", &api), "");
        let answer = plain(&gate, &at("plain.dev.example", &clear));
        let said = gate.stop();
        if opens {
            assert!(head.starts_with("HTTP/1.1 200") && answer.starts_with("HTTP/1.1 200"), "{head}{body}{answer}");
            let seen = clear.record.all();
            assert!(seen.iter().all(|one| one.header("proxy-authorization").is_none()), "{seen:#?}");
        } else {
            for answer in [format!("{head}{body}"), answer] {
                assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
                assert!(answer.contains(&format!("http://{}", squid.address)) && answer.contains("(407)"), "{answer}");
                assert!(!answer.contains("secret") && !answer.contains("pass%20word"), "{answer}");
            }
            assert_eq!(api.record.len() + clear.record.len(), 0);
        }
        assert!(!said.contains("secret") && !said.contains("word"), "{said}");
        for secret in ["wrong-secret", "pass word", "pass%20word"] {
            assert!(!stage.state_holds(secret), "{secret}");
        }
    }
}

#[test]
fn what_no_proxy_lists_is_dialled_directly() {
    let mut stage = Stage::new();
    // Nothing listens there.
    stage.variable("ALL_PROXY", "http://user:secret@127.0.0.1:1").variable("NO_PROXY", "*.direct.dev.example");
    let gate = stage.gate();
    let (head, body) = inside(&gate, "api.direct.dev.example:443", "");
    assert!(head.starts_with("HTTP/1.1 502") && body.contains("does not resolve"), "{head}{body}");
    let (head, body) = inside(&gate, "api.dev.example:443", "");
    assert!(head.starts_with("HTTP/1.1 502") && body.contains("proxy `http://127.0.0.1:1`"), "{head}{body}");
    assert!(!body.contains("secret"), "{body}");
    gate.stop();
}

#[test]
fn a_proxy_that_cannot_be_used_is_an_error_at_the_start() {
    let mut stage = Stage::new();
    stage.variable("ALL_PROXY", "socks5://user:secret@127.0.0.1:1");
    let ended = stage.run(&["true"]);
    assert_ne!(ended.code, Some(0));
    assert!(ended.stderr.contains("`ALL_PROXY` names a SOCKS proxy") && !ended.stderr.contains("secret"), "{ended:#?}");
    stage.egress("proxy: none");
    stage.run(&["true"]).succeeded();
}

#[test]
fn a_client_certificate_is_for_its_server_only() {
    let mut stage = Stage::new();
    let api = Upstream::start(&stage.ca, &["api.dev.example"]);
    let other = Upstream::start(&stage.ca, &["other.dev.example"]);
    stage.resolve("api.dev.example", api.address).resolve("other.dev.example", other.address);
    let (chain, key) = stage.ca.client("gate");
    stage.write("config/gate.pem", chain);
    stage.egress("client_certs: [{ server: \"api.dev.example:443\", cert: gate.pem, key: gate-key.pem }]");
    let ended = stage.run(&["true"]);
    assert!(ended.code != Some(0) && ended.stderr.contains("gate-key.pem` cannot be read"), "{ended:#?}");
    stage.write("config/gate-key.pem", key);
    let gate = stage.gate();
    for (target, headers) in [
        ("api.dev.example:443", ""),
        ("other.dev.example:443", ""),
        ("api.dev.example:443", "Authorization: Bearer somebody-else\r\n"),
    ] {
        let (head, body) = inside(&gate, target, headers);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}{body}");
    }
    gate.stop();
    let presented =
        |upstream: &Upstream| -> Vec<bool> { upstream.record.all().iter().map(|one| one.client_certificate).collect() };
    assert_eq!((presented(&api), presented(&other)), (vec![true, false], vec![false]));
}

#[test]
fn a_host_that_the_operator_names_is_passed_unopened_and_is_an_action_all_the_same() {
    let mut stage = Stage::new();
    let vendor = Upstream::start(&stage.ca, &["api.vendor.example"]);
    stage.resolve("api.vendor.example", vendor.address);
    stage.egress("unopened: [\"*.vendor.example\"]");
    let gate = stage.gate();
    let body = block_on(async {
        let mut tls = gate.tls("api.vendor.example:443", &["http/1.1"]).await;
        tls.write_all(b"DELETE /everything HTTP/1.1\r\nHost: api.vendor.example\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        read_answer(&mut tls).await.0
    });
    assert!(body.starts_with("HTTP/1.1 200"), "{body}");
    gate.stop();
    assert_eq!(vendor.record.len(), 1);
    let log = stage.log();
    assert_eq!(log.of("net:tunnel:Open").len(), 1, "{:?}", log.entries());
    assert_eq!(log.decisions().len(), 1, "what is inside is not seen");
}
