use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

/// What the library would see of `sent`, written in pieces of `piece` bytes, and the reason if the rest was refused.
async fn pass(sent: &[u8], piece: usize) -> (Vec<u8>, Option<String>) {
    let (mut client, server) = duplex(64);
    let sent = sent.to_vec();
    let writer = tokio::spawn(async move {
        for part in sent.chunks(piece) {
            if client.write_all(part).await.is_err() {
                break;
            }
        }
    });
    let (mut sentry, verdict) = Sentry::new(server, Form::Origin, BytesMut::new());
    let mut seen = Vec::new();
    let _ = sentry.read_to_end(&mut seen).await;
    drop(sentry);
    writer.await.unwrap();
    (seen, verdict.take().map(|unreadable| unreadable.why))
}

const GOOD: &[u8] = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloPOST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn good_bytes_pass_unchanged_in_any_pieces() {
    for piece in [1, 2, 3, 7, 16, 61, 1000] {
        assert_eq!(pass(GOOD, piece).await, (GOOD.to_vec(), None), "pieces of {piece}");
    }
}

#[tokio::test]
async fn nothing_of_a_bad_message_passes() {
    let mut sent = GOOD.to_vec();
    sent.extend_from_slice(b"POST /5 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx");
    for piece in [1, 5, 64, 4096] {
        let (seen, why) = pass(&sent, piece).await;
        assert_eq!(seen, GOOD, "pieces of {piece}");
        assert_eq!(why.as_deref(), Some("both Content-Length and Transfer-Encoding"));
    }
}

#[tokio::test]
async fn a_smuggled_second_request_is_checked_too() {
    // The first body ends where Content-Length says; what follows is a head of its own.
    let sent = b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /admin HTTP/1.1\nHost: a\n\n";
    let (seen, why) = pass(sent, 1000).await;
    assert!(seen.ends_with(b"abc"), "{:?}", String::from_utf8_lossy(&seen));
    assert!(why.unwrap().contains("CRLF"));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_is_given_up() {
    let (mut client, server) = duplex(64);
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let (mut sentry, verdict) = Sentry::new(server, Form::Origin, BytesMut::new());
    let mut seen = Vec::new();
    assert_eq!(sentry.read_to_end(&mut seen).await.unwrap(), 0);
    assert_eq!(verdict.take().unwrap().status, 408);
}

const OPENING: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

#[tokio::test]
async fn nothing_behind_an_opening_passes_and_all_of_it_is_kept() {
    let hijack = b"POST /exec/a/start HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 5\r\n\r\nhello";
    let behind = b"DELETE /all HTTP/1.1\r\nHost: a\r\n\r\n";
    for opening in [OPENING, hijack] {
        for piece in [1, 7, 64, 4096] {
            let sent = [b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n", opening, behind].concat();
            let passing = sent.len() - behind.len();
            let (mut client, server) = duplex(4096);
            let writer = tokio::spawn(async move {
                for part in sent.chunks(piece) {
                    client.write_all(part).await.unwrap();
                }
            });
            let (mut sentry, verdict) = Sentry::new(server, Form::Origin, BytesMut::new());
            let mut seen = Vec::new();
            // The end of input is told; what came before it is not.
            sentry.read_to_end(&mut seen).await.unwrap();
            writer.await.unwrap();
            assert_eq!(seen.len(), passing, "pieces of {piece}: {:?}", String::from_utf8_lossy(&seen));
            assert!(verdict.take().is_none());
            assert_eq!(sentry.into_parts().1, &behind[..]);
        }
    }
}

#[tokio::test]
async fn what_waits_behind_an_opening_is_bounded() {
    let (mut client, server) = duplex(1024);
    client.write_all(OPENING).await.unwrap();
    let (mut sentry, _) = Sentry::new(server, Form::Origin, BytesMut::new());
    let mut seen = vec![0; OPENING.len()];
    sentry.read_exact(&mut seen).await.unwrap();
    {
        let mut flood = std::pin::pin!(async move { while client.write_all(&[b'x'; 1024]).await.is_ok() {} });
        let mut read = std::pin::pin!(sentry.read_u8());
        for _ in 0..1000 {
            std::future::poll_fn(|cx| {
                assert!(flood.as_mut().poll(cx).is_pending(), "the flood ended");
                assert!(read.as_mut().poll(cx).is_pending(), "a byte passed");
                Poll::Ready(())
            })
            .await;
            tokio::task::yield_now().await;
        }
    }
    let held = sentry.into_parts().1.len();
    assert!((HELD_BYTES_MAX..HELD_BYTES_MAX + READ_BYTES).contains(&held), "{held}");
}
