//! What the HTTP door promises: one reading or none, nothing changed, nothing buffered, a readable no.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncWriteExt, BufWriter};

use crate::support::clients;
use crate::support::gate::{RunningGate, read_all, read_answer, read_head};
use crate::support::log::passed;
use crate::support::server::Pieces;
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;
use crate::support::{block_on, eventually};

const API: &str = "api.dev.example:443";
const MIB: usize = 1024 * 1024;

/// A stage with one upstream in the development environment, and one on a host that nobody knows.
fn stage() -> (Stage, Upstream, Upstream) {
    let mut stage = Stage::new();
    let api = Upstream::start(&stage.ca, &["api.dev.example"]);
    let unknown = Upstream::start(&stage.ca, &["shop.example"]);
    stage.resolve("api.dev.example", api.address).resolve("shop.example", unknown.address);
    (stage, api, unknown)
}

#[test]
fn curl_reads_over_both_versions_of_http() {
    if clients::optional("curl").is_none() {
        return;
    }
    let (stage, _, unknown) = stage();
    for (flag, version) in [("--http1.1", "HTTP/1.1"), ("--http2", "HTTP/2.0")] {
        let ended = stage.run(&["curl", "-sS", flag, "-w", "%{http_version}", "https://shop.example/orders?page=2"]);
        let ended = ended.succeeded();
        assert!(ended.stdout.contains("/orders"), "{ended:#?}");
        let spoken = if version == "HTTP/2.0" { "2" } else { "1.1" };
        assert!(ended.stdout.ends_with(spoken), "{ended:#?}");
        assert!(ended.stderr.contains("1 call · 1 passed"), "{ended:#?}");
    }
    let seen = unknown.record.all();
    assert_eq!(seen.iter().map(|one| one.target.as_str()).collect::<Vec<_>>(), ["/orders?page=2"; 2]);
    stage.log().is_undisturbed();
}

#[test]
fn a_delete_on_an_unknown_host_is_stopped_and_says_why() {
    if clients::optional("curl").is_none() {
        return;
    }
    let (stage, _, unknown) = stage();
    for flag in ["--http1.1", "--http2"] {
        let ended = stage
            .run(&[
                "curl",
                "-sS",
                flag,
                "--suppress-connect-headers",
                "-i",
                "-X",
                "DELETE",
                "https://shop.example/orders/7",
            ])
            .succeeded();
        let answer = ended.stdout.to_ascii_lowercase();
        assert!(answer.lines().next().is_some_and(|line| line.contains("403")), "{ended:#?}");
        assert!(answer.contains("content-type: application/problem+json"), "{ended:#?}");
        let body = ended.stdout.split("\r\n\r\n").nth(1).unwrap_or_default();
        let problem: serde_json::Value = serde_json::from_str(body).expect("problem details");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("http:shop.example:DELETE") && detail.contains("inventory"), "{detail}");
        assert!(ended.stderr.contains("1 stopped") && ended.stderr.contains("needs approval"), "{ended:#?}");
    }
    assert_eq!(unknown.record.len(), 0);
    assert_eq!(stage.log().stopped().len(), 2);
}

#[test]
fn a_head_with_more_than_one_reading_is_400_recorded_and_goes_nowhere() {
    let (stage, api, _) = stage();
    let gate = stage.gate();
    let heads: &[(&str, &str)] = &[
        ("two framings", "POST / HTTP/1.1\r\nHost: H\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"),
        ("two lengths", "POST / HTTP/1.1\r\nHost: H\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        ("a length with a sign", "POST / HTTP/1.1\r\nHost: H\r\nContent-Length: +3\r\n\r\nabc"),
        ("an unknown coding", "POST / HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("two codings", "POST / HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ("two hosts", "GET / HTTP/1.1\r\nHost: H\r\nHost: H\r\n\r\n"),
        ("no host", "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"),
        ("another host", "GET / HTTP/1.1\r\nHost: other.dev.example\r\n\r\n"),
        ("another port", "GET / HTTP/1.1\r\nHost: H:8443\r\n\r\n"),
        ("an absolute target for another host", "GET http://shop.example/ HTTP/1.1\r\nHost: H\r\n\r\n"),
        ("a folded header", "GET / HTTP/1.1\r\nHost: H\r\nX-A: 1\r\n 2\r\n\r\n"),
        ("a space before the colon", "GET / HTTP/1.1\r\nHost : H\r\n\r\n"),
        ("bare line feeds", "GET / HTTP/1.1\nHost: H\n\n"),
        ("a bare carriage return", "GET / HTTP/1.1\r\nHost: H\r\nX-A: 1\rX-B: 2\r\n\r\n"),
        ("a NUL in a header", "GET / HTTP/1.1\r\nHost: H\r\nX-A: 1\0\r\n\r\n"),
        ("a fragment", "GET /a#b HTTP/1.1\r\nHost: H\r\n\r\n"),
        ("a backslash", "GET /a\\b HTTP/1.1\r\nHost: H\r\n\r\n"),
        ("two spaces", "GET  / HTTP/1.1\r\nHost: H\r\n\r\n"),
        ("HTTP/0.9", "GET /\r\n\r\n"),
        ("HTTP/1.0", "GET / HTTP/1.0\r\nHost: H\r\n\r\n"),
        (
            "a chunk extension",
            "POST / HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n",
        ),
        (
            "a chunk size with a prefix",
            "POST / HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        ),
        ("a CONNECT inside", "CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n"),
    ];
    for (what, head) in heads {
        let head = head.replace("Host: H", "Host: api.dev.example");
        let (answer, body) = block_on(async {
            let mut tls = gate.tls(API, &["http/1.1"]).await;
            tls.write_all(head.as_bytes()).await.unwrap();
            read_answer(&mut tls).await
        });
        let status: u16 = answer.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        assert!((400..=505).contains(&status), "{what}: {answer}{body}");
        assert!(body.contains("exactly one way"), "{what}: {answer}{body}");
    }
    let summary = gate.stop();
    assert!(summary.contains(&format!("{} unreadable", heads.len())), "{summary}");
    assert_eq!(stage.log().rejected().len(), heads.len());
    // A chunked body that breaks in its middle may have begun to go out; nothing of any other may.
    let seen = api.record.all();
    assert!(seen.iter().all(|one| one.body_bytes.is_none() || one.body_bytes == Some(0)), "{seen:#?}");
    assert!(seen.len() <= 2, "{seen:#?}");
}

#[test]
fn the_tunnel_the_certificate_name_and_the_host_must_be_one() {
    let (stage, api, _) = stage();
    let gate = stage.gate();
    block_on(async {
        let stream = gate.tunnel(API).await.unwrap();
        assert!(gate.handshake(stream, "shop.example", &["http/1.1"]).await.is_err());
        let answer = gate.raw(API, b"GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        let mut stream = gate.connect().await;
        stream.write_all(b"CONNECT api.dev.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n").await.unwrap();
        let answer = read_all(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        let refused = gate.tunnel("api.dev.example").await.unwrap_err();
        assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
    });
    gate.stop();
    assert_eq!(api.record.len(), 0);
    let log = stage.log();
    assert_eq!(log.rejected().len(), 4, "{:#?}", log.rejected());
}

#[test]
fn over_http2_the_authority_must_be_the_tunnel_s() {
    let (stage, api, _) = stage();
    let gate = stage.gate();
    block_on(async {
        let tls = gate.tls(API, &["h2"]).await;
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.unwrap();
        tokio::spawn(connection);
        let ask = |uri: &str| Request::get(uri).body(Full::<Bytes>::default()).unwrap();
        let answer = sender.send_request(ask("https://shop.example/")).await.unwrap();
        assert_eq!(answer.status(), 400);
        let answer = sender.send_request(ask("https://api.dev.example/fine")).await.unwrap();
        assert_eq!(answer.status(), 200);
    });
    gate.stop();
    assert_eq!(api.record.len(), 1);
    assert_eq!(stage.log().rejected().len(), 1);
}

#[test]
fn bytes_arrive_as_they_were_sent() {
    let (stage, api, _) = stage();
    let gate = stage.gate();
    let body: Vec<u8> = (0..300_000_u32).flat_map(|n| n.to_le_bytes()).collect();
    let target = "/a%2Fb//c/./d?x=%41&y=a+b&z";
    block_on(async {
        let mut tls = gate.tls(API, &["http/1.1"]).await;
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: api.dev.example\r\nX-Case: a  b\r\nx-two: 1\r\nX-Two: 2\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        tls.write_all(head.as_bytes()).await.unwrap();
        tls.write_all(&body).await.unwrap();
        let (head, _) = read_answer(&mut tls).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    });
    let seen = &api.record.all()[0];
    assert_eq!(seen.target, target);
    assert_eq!(seen.body_bytes, Some(body.len() as u64));
    assert_eq!(seen.body_sha256, data_encoding::HEXLOWER.encode(&Sha256::digest(&body)));
    assert_eq!(seen.header("x-case"), Some("a  b"));
    let two: Vec<_> =
        seen.headers.iter().filter(|(name, _)| name == "x-two").map(|(_, value)| value.as_str()).collect();
    assert_eq!(two, ["1", "2"]);
    for ours in ["via", "forwarded", "x-forwarded-for", "user-agent", "proxy-connection"] {
        assert_eq!(seen.header(ours), None, "{ours}");
    }
}

#[test]
fn a_plain_request_in_absolute_form_goes_through() {
    let mut stage = Stage::new();
    let clear = Upstream::start_clear();
    stage.resolve("plain.dev.example:80", clear.address);
    let gate = stage.gate();
    let answers = block_on(async {
        let mut stream = gate.connect().await;
        let mut answers = Vec::new();
        // The connection is kept, and what follows may be for another path of the same host.
        for path in ["/one", "/two?x=1"] {
            let head = format!(
                "GET http://plain.dev.example{path} HTTP/1.1\r\nHost: plain.dev.example\r\nProxy-Connection: keep-alive\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            answers.push(read_answer(&mut stream).await.0);
        }
        stream.write_all(b"GET /origin-form HTTP/1.1\r\nHost: plain.dev.example\r\n\r\n").await.unwrap();
        answers.push(read_all(&mut stream).await);
        answers
    });
    assert!(answers[0].starts_with("HTTP/1.1 200") && answers[1].starts_with("HTTP/1.1 200"), "{answers:#?}");
    assert!(answers[2].starts_with("HTTP/1.1 400"), "{answers:#?}");
    let seen = clear.record.all();
    assert_eq!(seen.iter().map(|one| one.target.as_str()).collect::<Vec<_>>(), ["/one", "/two?x=1"]);
    assert_eq!(seen[0].header("proxy-connection"), None);
}

#[test]
fn kept_and_pipelined_connections_are_judged_request_by_request() {
    let (stage, api, unknown) = stage();
    let gate = stage.gate();
    block_on(async {
        let mut tls = gate.tls(API, &["http/1.1"]).await;
        for n in 0..3 {
            let head = format!("GET /kept/{n} HTTP/1.1\r\nHost: api.dev.example\r\n\r\n");
            tls.write_all(head.as_bytes()).await.unwrap();
            assert!(read_answer(&mut tls).await.1.contains(&format!("/kept/{n}")));
        }
        let pipelined: String =
            (0..5).map(|n| format!("GET /piped/{n} HTTP/1.1\r\nHost: api.dev.example\r\n\r\n")).collect();
        tls.write_all(pipelined.as_bytes()).await.unwrap();
        for n in 0..5 {
            assert!(read_answer(&mut tls).await.1.contains(&format!("/piped/{n}")));
        }
        // A refusal in the middle stops that request alone.
        let mut tls = gate.tls("shop.example:443", &["http/1.1"]).await;
        let three = "GET /1 HTTP/1.1\r\nHost: shop.example\r\n\r\nDELETE /2 HTTP/1.1\r\nHost: shop.example\r\n\r\nGET /3 HTTP/1.1\r\nHost: shop.example\r\n\r\n";
        tls.write_all(three.as_bytes()).await.unwrap();
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(read_answer(&mut tls).await.0[9..12].to_owned());
        }
        assert_eq!(statuses, ["200", "403", "200"]);
    });
    gate.stop();
    assert_eq!(api.record.len(), 8);
    assert_eq!(unknown.record.all().iter().map(|one| one.target.as_str()).collect::<Vec<_>>(), ["/1", "/3"]);
    assert_eq!(stage.log().decisions().len(), 11);
}

/// Sends `bytes` zero bytes as a body without a known length; gives the answer.
async fn stream_up(gate: &RunningGate, alpn: &str, bytes: usize) -> Response<Incoming> {
    let (pieces, receiver) = tokio::sync::mpsc::channel(4);
    let request = Request::put("https://api.dev.example/upload")
        .header("host", "api.dev.example")
        .header("content-type", "application/octet-stream")
        .body(Pieces(receiver))
        .unwrap();
    tokio::spawn(async move {
        let piece = Bytes::from(vec![0; 256 * 1024]);
        for _ in 0..bytes / piece.len() {
            if pieces.send(piece.clone()).await.is_err() {
                return;
            }
        }
    });
    let io = TokioIo::new(gate.tls(API, &[alpn]).await);
    if alpn == "h2" {
        let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        let mut request = request;
        *request.uri_mut() = "/upload".parse().unwrap();
        sender.send_request(request).await.unwrap()
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_large_upload_streams_and_memory_stays_flat() {
    const LENGTH: usize = 200 * MIB;
    let (stage, api, _) = stage();
    for alpn in ["http/1.1", "h2"] {
        let gate = stage.gate();
        let before = gate.memory_kib("VmRSS");
        let answer = block_on(stream_up(&gate, alpn, LENGTH));
        assert_eq!(answer.status(), 200);
        let grown = gate.memory_kib("VmHWM").saturating_sub(before);
        println!("{alpn}: {LENGTH} bytes up, resident memory grew by {grown} KiB at most");
        assert!(grown < 100 * 1024, "{alpn}: grew by {grown} KiB");
        gate.stop();
        let seen = api.record.all().pop().unwrap();
        assert_eq!(seen.body_bytes, Some(LENGTH as u64), "{alpn}");
    }
    stage.log().is_undisturbed();
}

#[test]
#[cfg(target_os = "linux")]
fn a_large_answer_streams_and_memory_stays_flat() {
    const LENGTH: usize = 64 * MIB;
    let (stage, _, _) = stage();
    let gate = stage.gate();
    let before = gate.memory_kib("VmRSS");
    let bytes = block_on(async {
        let mut tls = gate.tls(API, &["http/1.1"]).await;
        let head = format!("GET /answer?bytes={LENGTH} HTTP/1.1\r\nHost: api.dev.example\r\nConnection: close\r\n\r\n");
        tls.write_all(head.as_bytes()).await.unwrap();
        let head = read_head(&mut tls).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let mut sink = BufWriter::new(tokio::io::sink());
        tokio::io::copy(&mut tls, &mut sink).await.unwrap_or(0)
    });
    assert_eq!(bytes, LENGTH as u64);
    let grown = gate.memory_kib("VmHWM").saturating_sub(before);
    println!("{LENGTH} bytes down, resident memory grew by {grown} KiB at most");
    assert!(grown < 64 * 1024, "grew by {grown} KiB");
}

#[test]
fn pieces_of_an_answer_come_as_they_are_sent() {
    let (stage, _, _) = stage();
    let gate = stage.gate();
    block_on(async {
        let tls = gate.tls(API, &["h2"]).await;
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.unwrap();
        tokio::spawn(connection);
        let ask = Request::get("https://api.dev.example/pieces?count=20").body(Full::<Bytes>::default()).unwrap();
        let answer = sender.send_request(ask).await.unwrap();
        let all = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(all.iter().filter(|byte| **byte == b':').count(), 20);
    });
}

#[test]
fn an_answer_before_the_end_of_the_request_is_passed_on() {
    let (stage, _, _) = stage();
    let gate = stage.gate();
    let head = "PUT /early HTTP/1.1\r\nHost: api.dev.example\r\nContent-Type: application/octet-stream\r\nContent-Length: 100000000\r\n\r\n";
    let answer = block_on(async {
        let mut tls = gate.tls(API, &["http/1.1"]).await;
        tls.write_all(head.as_bytes()).await.unwrap();
        tls.write_all(&[0; 1000]).await.unwrap();
        tokio::time::timeout(Duration::from_secs(10), read_head(&mut tls)).await.expect("an early answer")
    });
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[test]
fn an_upstream_that_is_down_is_a_502_that_names_it() {
    let mut stage = Stage::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    stage.resolve("api.dev.example", free);
    let gate = stage.gate();
    let answer = block_on(gate.raw(API, b"GET / HTTP/1.1\r\nHost: api.dev.example\r\nConnection: close\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("api.dev.example"), "{answer}");
    gate.stop();
    let log = stage.log();
    assert_eq!(log.decisions().len(), 1);
    assert_eq!(log.outcomes().len(), 1, "{log:#?}");
}

#[test]
fn an_upstream_with_a_private_ca_is_a_502_that_names_the_setting() {
    let (mut stage, api, _) = stage();
    stage.distrust_servers();
    let gate = stage.gate();
    let answer = block_on(gate.raw(API, b"GET / HTTP/1.1\r\nHost: api.dev.example\r\nConnection: close\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("egress.extra_ca"), "{answer}");
    assert_eq!(api.record.len(), 0);
}

#[test]
fn metadata_services_and_the_gate_itself_are_never_dialled() {
    let mut stage = Stage::new();
    stage.resolve("meta.dev.example:80", "169.254.169.254:80".parse().unwrap());
    let gate = stage.gate();
    let own = format!("127.0.0.1:{}", gate.address.port());
    for target in ["169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "meta.dev.example", own.as_str()] {
        let head =
            format!("GET http://{target}/latest/meta-data/ HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n");
        let answer = block_on(async {
            let mut stream = gate.connect().await;
            stream.write_all(head.as_bytes()).await.unwrap();
            read_all(&mut stream).await
        });
        let status = answer.get(9..12).unwrap_or_default();
        assert!(matches!(status, "400" | "403" | "502"), "{target}: {answer}");
        assert!(
            answer.contains("metadata") || answer.contains("own listener") || answer.contains("exactly one way"),
            "{target}: {answer}"
        );
    }
    gate.stop();
}

#[test]
fn secrets_in_requests_do_not_reach_the_state_folder() {
    let (stage, api, _) = stage();
    let gate = stage.gate();
    let secrets = ["hunter2-in-a-query", "hunter2-in-a-header", "hunter2-in-a-body", "hunter2-in-a-password"];
    let body = r#"{"password":"hunter2-in-a-body"}"#;
    let head = format!(
        "POST /login?token=hunter2-in-a-query HTTP/1.1\r\nHost: api.dev.example\r\nAuthorization: Bearer hunter2-in-a-header\r\nCookie: s=hunter2-in-a-header\r\nX-Api-Key: hunter2-in-a-password\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let answer = block_on(gate.raw(API, head.as_bytes()));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let refused = head.replace("POST /login", "DELETE /login").replace("api.dev.example", "shop.example");
    let answer = block_on(gate.raw("shop.example:443", refused.as_bytes()));
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let said = gate.stop();
    assert_eq!(api.record.len(), 1);
    assert!(stage.log().decisions().iter().any(|one| passed(one)));
    for secret in secrets {
        assert!(!stage.state_holds(secret), "{secret} is on the disk");
        assert!(!answer.contains(secret) && !said.contains(secret), "{secret} was said");
    }
}

#[test]
fn trailers_pass_in_both_directions() {
    let (stage, api, _) = stage();
    let gate = stage.gate();
    block_on(async {
        let tls = gate.tls(API, &["h2"]).await;
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.unwrap();
        tokio::spawn(connection);
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-checksum", "abc".parse().unwrap());
        let body = Full::new(Bytes::from_static(b"streamed")).with_trailers(std::future::ready(Some(Ok(trailers))));
        let request = Request::post("https://api.dev.example/trailers")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(body)
            .unwrap();
        let answer = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap();
        assert_eq!(answer.trailers().and_then(|trailers| trailers.get("grpc-status")).unwrap(), "0");
    });
    let seen = &api.record.all()[0];
    assert_eq!(seen.header("te"), Some("trailers"));
    assert_eq!(seen.header("trailer: x-checksum"), Some("abc"));
}

#[test]
fn a_client_of_http2_reaches_a_server_of_http1() {
    let mut stage = Stage::new();
    let old = Upstream::start_http1(&stage.ca, &["api.dev.example"]);
    stage.resolve("api.dev.example", old.address);
    let gate = stage.gate();
    let answer = block_on(stream_up(&gate, "h2", 4 * MIB));
    assert_eq!(answer.status(), 200);
    block_on(async {
        let tls = gate.tls(API, &["h2"]).await;
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.unwrap();
        tokio::spawn(connection);
        // RFC 9113, section 8.2.3: one cookie may come in pieces, and is one line again in HTTP/1.
        let request = Request::get("https://api.dev.example/cookies").header("cookie", "a=1").header("cookie", "b=2");
        let answer = sender.send_request(request.body(Full::<Bytes>::default()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
    });
    let seen = old.record.all();
    assert_eq!(seen[0].body_bytes, Some(4 * MIB as u64));
    assert_eq!((seen[0].version.as_str(), seen[0].host.as_str()), ("HTTP/1.1", "api.dev.example"));
    let cookies: Vec<_> = seen[1].headers.iter().filter(|(name, _)| name == "cookie").collect();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    assert_eq!(cookies[0].1, "a=1; b=2");
}

#[test]
fn a_head_request_keeps_its_length_and_has_no_body() {
    let (stage, _, _) = stage();
    let gate = stage.gate();
    let answer = block_on(
        gate.raw(API, b"HEAD /answer?bytes=1234 HTTP/1.1\r\nHost: api.dev.example\r\nConnection: close\r\n\r\n"),
    );
    assert!(answer.to_ascii_lowercase().contains("content-length: 1234\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    gate.stop();
    assert_eq!(stage.log().outcomes().len(), 1);
}

#[test]
fn a_client_that_waits_for_leave_to_send_gets_it_or_its_refusal() {
    let (stage, api, unknown) = stage();
    let gate = stage.gate();
    block_on(async {
        let ask = |method: &str, host: &str| {
            format!("{method} /x HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        };
        let mut tls = gate.tls(API, &["http/1.1"]).await;
        tls.write_all(ask("PUT", "api.dev.example").as_bytes()).await.unwrap();
        assert!(read_head(&mut tls).await.starts_with("HTTP/1.1 100"));
        tls.write_all(b"data").await.unwrap();
        assert!(read_answer(&mut tls).await.0.starts_with("HTTP/1.1 200"));
        let mut tls = gate.tls("shop.example:443", &["http/1.1"]).await;
        tls.write_all(ask("DELETE", "shop.example").as_bytes()).await.unwrap();
        assert!(read_answer(&mut tls).await.0.starts_with("HTTP/1.1 403"));
    });
    assert_eq!(api.record.all()[0].body_bytes, Some(4));
    assert_eq!(unknown.record.len(), 0);
}

#[test]
fn a_client_that_goes_away_leaves_a_record_and_harms_nobody() {
    let (stage, api, _) = stage();
    let gate = stage.gate();
    let head = b"PUT /x HTTP/1.1\r\nHost: api.dev.example\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000000\r\n\r\nbeginning";
    block_on(async {
        let mut tls = gate.tls(API, &["http/1.1"]).await;
        tls.write_all(head).await.unwrap();
        tls.flush().await.unwrap();
        eventually("the beginning upstream", || (api.record.len() == 1).then_some(()));
        drop(tls);
        let answer = gate.raw(API, b"GET / HTTP/1.1\r\nHost: api.dev.example\r\nConnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    });
    gate.stop();
    let log = stage.log();
    assert_eq!((log.decisions().len(), log.outcomes().len()), (2, 2), "{log:#?}");
}

#[test]
fn a_body_that_is_too_large_to_judge_is_refused_with_413() {
    let (stage, _, unknown) = stage();
    let gate = stage.gate();
    // A GraphQL endpoint: the document decides, and this one is larger than what is read.
    let body = format!(r#"{{"query":"mutation {{ drop }}","variables":"{}"}}"#, "x".repeat(17 * MIB));
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let answer = block_on(async {
        let tls = gate.tls("shop.example:443", &["http/1.1"]).await;
        let (mut read, mut write) = tokio::io::split(tls);
        tokio::spawn(async move {
            let _ = write.write_all(head.as_bytes()).await;
            let _ = write.write_all(body.as_bytes()).await;
            let _ = write.flush().await;
            // Held open: what the gate answers must not depend on the client being done.
            std::future::pending::<()>().await;
        });
        read_answer(&mut read).await
    });
    assert!(answer.0.starts_with("HTTP/1.1 413") || answer.0.starts_with("HTTP/1.1 403"), "{answer:?}");
    assert_eq!(unknown.record.len(), 0);
}

#[test]
fn a_connection_that_is_opened_and_not_used_is_no_offence() {
    let mut stage = Stage::new();
    let both = Upstream::start(&stage.ca, &["api.anthropic.com", "api.dev.example"]);
    stage.resolve("api.anthropic.com", both.address).resolve("api.dev.example", both.address);
    let gate = stage.gate();
    block_on(async {
        for target in ["api.anthropic.com:443", API] {
            drop(gate.tunnel(target).await.unwrap());
        }
        drop(gate.tls(API, &["h2", "http/1.1"]).await);
        drop(gate.connect().await);
        let mut stream = gate.connect().await;
        stream.shutdown().await.unwrap();
        assert_eq!(read_all(&mut stream).await, "");
    });
    eventually("the tunnel's end", || (stage.log().outcomes().len() == 1).then_some(()));
    let said = gate.stop();
    stage.log().is_undisturbed();
    assert!(said.contains("1 call · 1 passed"), "{said}");
    assert!(!said.contains("unreadable") && !said.contains("did not accept"), "{said}");
}

#[test]
fn an_unopened_tunnel_carries_only_the_name_it_was_opened_for() {
    let mut stage = Stage::new();
    let model = Upstream::start(&stage.ca, &["api.anthropic.com", "api.dev.example"]);
    stage.resolve("api.anthropic.com", model.address);
    let gate = stage.gate();
    block_on(async {
        let stream = gate.tunnel("api.anthropic.com:443").await.unwrap();
        assert!(gate.handshake(stream, "api.dev.example", &["http/1.1"]).await.is_err());
        let mut stream = gate.tunnel("api.anthropic.com:443").await.unwrap();
        stream.write_all(b"DELETE / HTTP/1.1\r\nHost: api.anthropic.com\r\n\r\n").await.unwrap();
        read_all(&mut stream).await;
        let mut tls = gate.tls("api.anthropic.com:443", &["http/1.1"]).await;
        tls.write_all(b"POST /v1/messages HTTP/1.1\r\nHost: api.anthropic.com\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}").await.unwrap();
        assert!(read_answer(&mut tls).await.0.starts_with("HTTP/1.1 200"));
    });
    gate.stop();
    assert_eq!(model.record.len(), 1);
    let log = stage.log();
    assert_eq!(log.of("net:tunnel:Open").len(), 3);
    assert_eq!(log.rejected().len(), 2, "{:#?}", log.rejected());
}

#[test]
fn an_answer_comes_back_as_it_was_sent() {
    let (stage, _, _) = stage();
    let gate = stage.gate();
    let ask = b"GET /odd HTTP/1.1\r\nHost: api.dev.example\r\nConnection: close\r\n\r\n";
    let answer = block_on(gate.raw(API, ask));
    assert!(answer.starts_with("HTTP/1.1 418"), "{answer}");
    let lines: Vec<&str> = answer.lines().collect();
    assert!(lines.contains(&"set-cookie: a=1") && lines.contains(&"set-cookie: b=2"), "{answer}");
    // Encoded by the server, so the client decodes it; nobody between.
    assert!(lines.contains(&"content-encoding: gzip") && answer.ends_with("\r\nnot really gzip"), "{answer}");
    assert!(!answer.contains("alt-svc"), "it would lead the client around the gate: {answer}");
}

#[test]
fn many_at_once_are_all_answered_and_recorded() {
    const STREAMS: usize = 300;
    let (stage, api, _) = stage();
    let gate = stage.gate();
    block_on(async {
        let tls = gate.tls(API, &["h2"]).await;
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.unwrap();
        tokio::spawn(connection);
        let asked: Vec<_> = (0..STREAMS)
            .map(|n| {
                let mut sender = sender.clone();
                tokio::spawn(async move {
                    sender.ready().await.unwrap();
                    let ask = Request::put(format!("https://api.dev.example/many/{n}"));
                    let answer = sender.send_request(ask.body(Full::new(Bytes::from_static(b"x"))).unwrap()).await;
                    answer.unwrap().status().as_u16()
                })
            })
            .collect();
        for one in asked {
            assert_eq!(one.await.unwrap(), 200);
        }
    });
    gate.stop();
    assert_eq!(api.record.len(), STREAMS);
    let log = stage.log();
    assert_eq!((log.decisions().len(), log.outcomes().len()), (STREAMS, STREAMS));
}
