use std::io::Write;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;

use super::*;

const LIMITS: Bodies = Bodies {
    capture_bytes_max: 1000,
    decoded_bytes_max: 2000,
    total_bytes_max: 64 * 1024,
    idle: std::time::Duration::from_secs(5),
    total: std::time::Duration::from_secs(10),
};

/// Sends a real request through hyper's server and takes its body in.
async fn take(headers: &str, body: &[u8], need: BodyNeed) -> (Captured, Vec<u8>) {
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let mut request =
        format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    request.extend_from_slice(body);
    client.write_all(&request).await.unwrap();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let sender = Arc::new(std::sync::Mutex::new(Some(sender)));
    let service = service_fn(move |request: http::Request<Incoming>| {
        let sender = sender.lock().unwrap().take();
        async move {
            let (parts, body) = request.into_parts();
            let (captured, mut out) = Intake::new(LIMITS).take(body, &parts.headers, need).await.unwrap();
            let mut all = Vec::new();
            while let Some(frame) = out.frame().await {
                all.extend_from_slice(frame.unwrap().data_ref().unwrap());
            }
            sender.unwrap().send((captured, all)).unwrap();
            Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Empty::<Bytes>::new()))
        }
    });
    let serve =
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service));
    let result = receiver.await.unwrap();
    drop(client);
    let _ = serve.await;
    result
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn what_is_judged_is_what_is_sent() {
    for need in [BodyNeed::None, BodyNeed::Prefix(10), BodyNeed::Whole(100_000)] {
        for size in [0, 1, 10, 11, 999, 5000] {
            let body: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            let (captured, sent) = take("", &body, need).await;
            assert_eq!(sent, body, "{need:?} {size}");
            match (need, captured) {
                (BodyNeed::None, Captured::Unread) => {}
                (_, Captured::Whole(bytes)) => assert_eq!(bytes, body),
                (BodyNeed::Prefix(_), Captured::Prefix(bytes)) => assert!(body.starts_with(&bytes) && bytes.len() > 10),
                (BodyNeed::Whole(_), Captured::Overflow) => assert!(size > 1000),
                (need, captured) => panic!("{need:?} {size} {captured:?}"),
            }
        }
    }
}

#[tokio::test]
async fn content_encodings() {
    let plain = vec![b'a'; 900];
    let (captured, sent) = take("Content-Encoding: gzip\r\n", &gzip(&plain), BodyNeed::Whole(1000)).await;
    assert_eq!((captured, sent), (Captured::Whole(plain.clone().into()), gzip(&plain)));
    let bomb = gzip(&vec![0; 100_000]);
    assert_eq!(take("Content-Encoding: gzip\r\n", &bomb, BodyNeed::Whole(1000)).await.0, Captured::Overflow);
    // Telemetry is large and compressed: its beginning is enough where only a beginning is asked for.
    let mut seed = 7u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    })
    .take(50_000)
    .collect();
    let (captured, sent) = take("Content-Encoding: gzip\r\n", &gzip(&noise), BodyNeed::Prefix(800)).await;
    assert!(
        matches!(&captured, Captured::Prefix(start) if noise.starts_with(start) && start.len() == 800),
        "{captured:?}"
    );
    assert_eq!(sent, gzip(&noise));
    for (headers, body) in [
        ("Content-Encoding: gzip\r\n", b"not gzip".to_vec()),
        ("Content-Encoding: br\r\n", plain.clone()),
        ("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", gzip(&plain)),
        ("Content-Encoding: gzip, gzip\r\n", gzip(&plain)),
        ("Content-Encoding: gzip\r\n", [gzip(b"read"), gzip(b"delete")].concat()),
    ] {
        assert!(
            matches!(
                take(headers, &body[..body.len().min(1000)], BodyNeed::Whole(1000)).await.0,
                Captured::Undecodable(_)
            ),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn memory_is_bounded_over_all_requests() {
    let intake = Intake::new(Bodies { total_bytes_max: 8192, idle: std::time::Duration::from_millis(1), ..LIMITS });
    let first = intake.reserve(8000).await.unwrap();
    assert_eq!(intake.reserve(1).await.unwrap_err().status, 503);
    drop(first);
    assert!(intake.reserve(1).await.is_ok());
}
