//! Long and large exchanges: half-closed clients, early answers, gigabytes, and curl with every framing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use blastgate::record::Outcome;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::clients;
use crate::support::gate::{RunningGate, read_all, read_head};
use crate::support::server;
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;
use crate::support::{block_on, eventually};

const HOST: &str = "api.dev.example";
const API: &str = "api.dev.example:443";
const MIB: u64 = 1024 * 1024;

fn stage() -> (Stage, Upstream) {
    let mut stage = Stage::new();
    let api = Upstream::start_http1(&stage.ca, &[HOST]);
    stage.resolve(HOST, api.address);
    (stage, api)
}

#[test]
fn a_client_that_has_said_all_still_gets_its_answer() {
    let mut stage = Stage::new();
    let clear = Upstream::start_clear();
    stage.resolve("plain.dev.example:80", clear.address);
    let (tls, _api) = self::stage();
    let (gate, tls_gate) = (stage.gate(), tls.gate());
    block_on(async {
        let mut stream = gate.connect().await;
        let head = "POST http://plain.dev.example/answer?bytes=300000 HTTP/1.1\r\nHost: plain.dev.example\r\nContent-Length: 3\r\n\r\nabc";
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = read_all(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.len() > 300_000, "{}", answer.len());
        let mut stream = tls_gate.tls(API, &["http/1.1"]).await;
        stream
            .write_all(format!("GET /answer?bytes=300000 HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes())
            .await
            .unwrap();
        stream.shutdown().await.unwrap();
        let answer = read_all(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.len() > 300_000, "{}", answer.len());
    });
    gate.stop();
    tls_gate.stop();
}

#[test]
fn a_client_that_went_away_does_not_keep_a_watch_open() {
    let (stage, _api) = stage();
    let gate = stage.gate();
    block_on(async {
        let mut stream = gate.tls(API, &["http/1.1"]).await;
        stream.write_all(format!("GET /endless HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
        read_head(&mut stream).await;
        stream.shutdown().await.unwrap();
    });
    eventually("the watch's end in the log", || {
        stage.log().outcomes().iter().any(|one| matches!(one.outcome, Outcome::Abandoned)).then_some(())
    });
    gate.stop();
}

#[test]
fn an_early_answer_reaches_the_client_and_the_record_says_what_went_out() {
    let mut stage = Stage::new();
    let api = Upstream::start(&stage.ca, &[HOST]);
    stage.resolve(HOST, api.address);
    let gate = stage.gate();
    let length = 4 * MIB;
    block_on(async {
        let mut stream = gate.tls(API, &["http/1.1"]).await;
        let head = format!(
            "PUT /early HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[0; 1000]).await.unwrap();
        let answer =
            tokio::time::timeout(Duration::from_secs(20), read_head(&mut stream)).await.expect("an early answer");
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        drop(stream);
    });
    gate.stop();
    let log = stage.log();
    let outcomes = log.outcomes();
    let [only] = outcomes.as_slice() else { panic!("one outcome: {outcomes:?}") };
    match &only.outcome {
        Outcome::Answered { status: 403, sent_bytes, .. } => assert!((1..=length).contains(sent_bytes), "{sent_bytes}"),
        other => panic!("{other:?}"),
    }
}

/// Sends `bytes` up and then down, and gives by how much the gate's resident memory grew (KiB).
fn through(gate: &RunningGate, bytes: u64) -> u64 {
    let before = gate.memory_kib("VmRSS");
    block_on_long(async {
        let mut stream = gate.tls(API, &["http/1.1"]).await;
        let head = format!(
            "PUT /upload HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/octet-stream\r\nContent-Length: {bytes}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        tokio::io::copy(&mut tokio::io::repeat(7).take(bytes), &mut stream).await.unwrap();
        stream.flush().await.unwrap();
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200"));
        drop(stream);
        let mut stream = gate.tls(API, &["http/1.1"]).await;
        let head = format!("GET /zeros?bytes={bytes} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200"));
        let mut stream = tokio::io::BufReader::with_capacity(256 * 1024, stream);
        let came = tokio::io::copy_buf(&mut stream, &mut tokio::io::sink()).await.unwrap_or(0);
        assert_eq!(came, bytes);
    });
    gate.memory_kib("VmHWM").saturating_sub(before)
}

fn block_on_long<T>(future: impl Future<Output = T>) -> T {
    let bounded = async { tokio::time::timeout(Duration::from_secs(1800), future).await };
    crate::support::runtime().block_on(bounded).expect("the transfer ends in its time")
}

#[test]
#[cfg(target_os = "linux")]
fn gigabytes_pass_in_flat_memory() {
    let is_soak = std::env::var_os("BLASTGATE_SOAK").is_some_and(|value| !value.is_empty() && value != "0");
    let bytes = if is_soak { 5 * 1024 * MIB } else { 64 * MIB };
    let (stage, api) = stage();
    let gate = stage.gate();
    let started = std::time::Instant::now();
    let grown = through(&gate, bytes);
    println!("{bytes} bytes up and down in {:?}, resident memory grew by {grown} KiB at most", started.elapsed());
    assert!(grown < 64 * 1024, "grew by {grown} KiB");
    gate.stop();
    assert_eq!(api.record.all()[0].body_bytes, Some(bytes));
}

#[test]
fn curl_with_every_framing() {
    if clients::optional("curl").is_none() {
        return;
    }
    let mut stage = Stage::new();
    let api = Upstream::start(&stage.ca, &[HOST]);
    stage.resolve(HOST, api.address);
    stage.write("work/file", vec![b'z'; 300_000]);
    let url = format!("https://{HOST}");
    let cases: &[(&str, &str, u64)] = &[
        ("a length", "--data-binary @file -H content-type:application/octet-stream URL/up", 300_000),
        ("chunks from stdin", "-T - URL/up < file", 300_000),
        ("a pipe", "-H content-type:application/octet-stream -T - URL/up", 300_000),
        (
            "leave to send",
            "-H 'Expect: 100-continue' -H content-type:application/octet-stream --data-binary @file URL/up",
            300_000,
        ),
        ("a form", "-F note=hello -F upload=@file URL/up", 300_000),
        ("a head", "-I URL/up", 0),
        ("a range", "-r 0-99 URL/up", 0),
    ];
    for version in ["--http1.1", "--http2"] {
        for (what, arguments, bytes) in cases {
            let before = api.record.len();
            let pipe = if *what == "a pipe" { "cat file | " } else { "" };
            let script = format!("{pipe}curl -fsS {version} -o out {}", arguments.replace("URL", &url));
            let ended = stage.run(&["sh", "-c", &script]);
            assert_eq!(ended.code, Some(0), "{what} {version}: {ended:#?}");
            let seen = api.record.all().split_off(before);
            assert_eq!(seen.len(), 1, "{what} {version}: {seen:#?}");
            let came = seen[0].body_bytes.unwrap_or(0);
            assert!(came == *bytes || *what == "a form" && came > *bytes, "{what} {version}: {came}");
            assert!(*what != "a range" || seen[0].header("range") == Some("bytes=0-99"), "{seen:#?}");
        }
    }
    stage.log().is_undisturbed();
}

#[test]
fn a_burst_of_small_pieces_does_not_end_their_connection() {
    const PIECES: usize = 20_000;
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let handler: server::Handler = Arc::new(move |_, _| {
        let counter = Arc::clone(&counter);
        Box::pin(async move {
            let (sender, answer) = server::streaming("text/event-stream");
            tokio::spawn(async move {
                while counter.fetch_add(1, Ordering::Relaxed) < PIECES {
                    if sender.send(Bytes::from_static(b"data: 1\n\n")).await.is_err() {
                        return;
                    }
                }
            });
            answer
        })
    });
    let mut stage = Stage::new();
    stage.resolve(HOST, server::serve(Some(stage.ca.server(&[HOST], &["h2"])), handler));
    let gate = stage.gate();
    let signal = |signal| rustix::process::kill_process(gate.pid(), signal).unwrap();
    let (mut tls, _) = block_on(async {
        let mut tls = gate.tls(API, &["http/1.1"]).await;
        let head = format!("GET /feed HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        tls.write_all(head.as_bytes()).await.unwrap();
        let head = read_head(&mut tls).await;
        (tls, head)
    });
    // Everything that the server may send waits when the gate goes on.
    signal(rustix::process::Signal::STOP);
    let mut last = 0;
    eventually("the server to rest", || {
        let now = sent.load(Ordering::Relaxed);
        (std::mem::replace(&mut last, now) == now && now > 1000).then_some(())
    });
    signal(rustix::process::Signal::CONT);
    let answer = block_on_long(read_all(&mut tls));
    assert!(answer.ends_with("0\r\n\r\n"), "cut after {} of {PIECES}", answer.matches("data: 1").count());
    assert_eq!(answer.matches("data: 1").count(), PIECES);
    gate.stop();
}
