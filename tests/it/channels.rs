//! What is promised about streams inside connections into containers: what the opening did not ask for does not pass, the
//! client is told, and the log says so, without a byte of what was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use blastgate::record::{Outcome, Streamed};

use crate::support::child;
use crate::support::gate::{read_all, read_head};
use crate::support::stage::Stage;
use crate::support::{PATIENCE, block_on, eventually, runtime};

const HOST: &str = "kube.dev.example";
const POD: &str = "/api/v1/namespaces/shop/pods/web";
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Agrees to every opening as it is told, says one message of the server's, and keeps what comes.
#[derive(Clone, Default)]
struct Server {
    received: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    fn start(&self, agrees: String, says: &'static [u8]) -> SocketAddr {
        let received = Arc::clone(&self.received);
        runtime().block_on(async move {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let (received, agrees) = (Arc::clone(&received), agrees.clone());
                    tokio::spawn(async move {
                        let head = read_head(&mut stream).await;
                        assert!(!head.to_ascii_lowercase().contains("extensions"), "{head}");
                        let head = format!("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n{agrees}\r\n");
                        stream.write_all(&[head.as_bytes(), says].concat()).await.unwrap();
                        let mut chunk = [0; 1024];
                        while let Ok(length @ 1..) = stream.read(&mut chunk).await {
                            received.lock().unwrap().extend_from_slice(&chunk[..length]);
                        }
                    });
                }
            });
            address
        })
    }
}

/// A client's WebSocket message.
fn message(payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x82, 0x80 | u8::try_from(payload.len()).unwrap()];
    out.extend(MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

/// What came of it: the answer's head, what the client read behind it, what the server got, and what the log says.
struct Came {
    head: String,
    said: Vec<u8>,
    received: Vec<u8>,
    outcome: Outcome,
    shown: String,
}

impl Came {
    #[track_caller]
    fn streamed(&self) -> &Streamed {
        match &self.outcome {
            Outcome::Tunnelled { streamed: Some(streamed), .. } => streamed,
            other => panic!("{other:?}"),
        }
    }
}

/// Opens `call` with these lines, to a server that agrees with those, and sends `first` with it and `then` behind.
fn comes(call: &str, lines: &str, agrees: &str, first: &[u8], then: &[u8]) -> Came {
    let server = Server::default();
    let mut stage = Stage::new();
    // A message of the server's is on its way when the connection ends.
    let is_web_socket = agrees.contains("websocket");
    let says: &[u8] = if is_web_socket { b"\x82\x04\x01hey" } else { b"\x80\x03" };
    stage.resolve(&format!("{HOST}:80"), server.start(agrees.to_owned(), says));
    let gate = stage.gate();
    let (method, target) = call.split_once(' ').unwrap();
    let opening =
        format!("{method} http://{HOST}{target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\n{lines}\r\n");
    let (head, said) = block_on(async {
        let mut stream: TcpStream = gate.connect().await;
        stream.write_all(&[opening.as_bytes(), first].concat()).await.unwrap();
        let head = read_head(&mut stream).await;
        let mut said = vec![0; says.len()];
        if head.starts_with("HTTP/1.1 101") {
            stream.read_exact(&mut said).await.unwrap();
            let _ = stream.write_all(then).await;
            let _ = stream.shutdown().await;
            stream.read_to_end(&mut said).await.unwrap();
        } else {
            said = read_all(&mut stream).await.into_bytes();
        }
        (head, said)
    });
    eventually("the outcome", || (stage.log().outcomes().len() == 1).then_some(()));
    gate.stop();
    let log = stage.log();
    let (decision, outcome) = (log.decisions()[0].id.to_string(), log.outcomes()[0].outcome.clone());
    let shown = child::run(stage.blastgate(["log", "show", &decision]), PATIENCE).succeeded().stdout;
    let received = server.received.lock().unwrap().clone();
    Came { head, said, received, outcome, shown }
}

fn web_socket(offer: &str) -> String {
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    let extensions = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    format!("Upgrade: websocket\r\n{key}{extensions}Sec-WebSocket-Protocol: {offer}\r\n")
}

fn agreed(protocol: &str) -> String {
    format!("Upgrade: websocket\r\nSec-WebSocket-Protocol: {protocol}\r\n")
}

const V4: &str = "v4.channel.k8s.io";

#[test]
fn input_that_an_exec_did_not_ask_for_is_cut() {
    let call = format!("GET {POD}/exec?command=sh&stdout=true");
    let resize = message(b"\x04{}");
    let secret = message(b"\0cat /secret-word\n");
    for is_early in [true, false] {
        let all = [resize.clone(), secret.clone()].concat();
        let (first, then) = if is_early { (&all[..], &[][..]) } else { (&[][..], &all[..]) };
        let came = comes(&call, &web_socket("v5.channel.k8s.io, v4.channel.k8s.io"), &agreed(V4), first, then);
        assert!(came.head.starts_with("HTTP/1.1 101 "), "{}", came.head);
        assert!(
            came.received.len() <= resize.len() + 7
                && resize.starts_with(&came.received[..came.received.len().min(resize.len())])
        );
        // The code for what violates a policy, behind the server's message.
        let said = String::from_utf8_lossy(&came.said).into_owned();
        assert!(came.said.windows(2).any(|two| two == [0x03, 0xf0]), "{said:?}");
        assert!(said.contains("blastgate: input that the opening did not ask for"), "{said:?}");
        let streamed = came.streamed();
        assert_eq!(streamed.cut.as_deref(), Some("input that the opening did not ask for"));
        assert_eq!(streamed.sent.iter().collect::<Vec<_>>(), [(&"resize".to_owned(), &2)]);
        assert!(came.shown.contains("2 to resize") && came.shown.contains("cut: input"), "{}", came.shown);
        assert!(!came.shown.contains("secret-word"), "{}", came.shown);
    }
}

#[test]
fn input_that_was_asked_for_passes_and_is_counted() {
    let sent = [message(b"\0ls\n"), message(b"\0"), message(b"\x04{}")].concat();
    let came = comes(&format!("GET {POD}/exec?command=sh&stdin=true"), &web_socket(V4), &agreed(V4), &sent, b"");
    assert_eq!((&came.received, &came.said[..]), (&sent, &b"\x82\x04\x01hey"[..]));
    assert_eq!(came.streamed().cut, None);
    assert_eq!(came.streamed().sent.values().collect::<Vec<_>>(), [&2, &3]);
    assert!(came.shown.contains("2 to resize, 3 to stdin"), "{}", came.shown);
}

#[test]
fn a_server_that_picks_what_cannot_be_followed_is_not_joined() {
    for (offer, picked) in [("v4.channel.k8s.io, other", "other"), (V4, "v5.channel.k8s.io")] {
        let call = format!("GET {POD}/exec?command=sh");
        let came = comes(&call, &web_socket(offer), &agreed(picked), &message(b"\0rm"), b"");
        assert!(came.head.starts_with("HTTP/1.1 502 "), "{}", came.head);
        assert_eq!(came.received, b"");
        assert!(matches!(came.outcome, Outcome::Broken { status: Some(101), .. }), "{:?}", came.outcome);
    }
}

#[test]
fn ports_that_the_opening_did_not_name_are_cut() {
    let call = format!("GET {POD}/portforward?ports=8080");
    let sent = [message(b"\0GET"), message(b"\x02GET")].concat();
    let came = comes(&call, &web_socket(V4), &agreed(V4), &sent, b"");
    let streamed = came.streamed();
    assert_eq!((streamed.ports.as_slice(), streamed.sent.get("data")), (&[8080][..], Some(&3)));
    assert!(streamed.cut.as_deref().is_some_and(|cut| cut.contains("channel 2")), "{streamed:?}");
    assert!(came.shown.contains("ports 8080"), "{}", came.shown);
}

#[test]
fn a_stream_of_spdy_for_input_that_was_not_asked_for_is_cut() {
    // `streamtype: stdin`, stored behind zlib's head and the dictionary's checksum.
    let block = b"\0\0\0\x01\0\0\0\x0astreamtype\0\0\0\x05stdin";
    let length = u16::try_from(block.len()).unwrap();
    let mut content = vec![0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x78, 0xf9, 0xe3, 0xc6, 0xa7, 0xc2, 0];
    content.extend(length.to_le_bytes());
    content.extend((!length).to_le_bytes());
    content.extend(block);
    let opens = [&[0x80, 3, 0, 1, 0, 0, 0, u8::try_from(content.len()).unwrap()], &content[..]].concat();
    let writes = [&[0, 0, 0, 1, 1, 0, 0, 3][..], b"ls\n"].concat();
    let lines = "Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n";
    let agrees = "Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n";
    for stdin in [false, true] {
        let call = format!("POST {POD}/exec?command=sh&stdin={stdin}");
        let came = comes(&call, lines, agrees, b"", &[&opens[..], &writes].concat());
        let streamed = came.streamed();
        if stdin {
            assert_eq!((streamed.sent.get("stdin"), &streamed.cut), (Some(&3), &None));
            assert!(came.received.ends_with(b"ls\n"));
        } else {
            assert_eq!(streamed.cut.as_deref(), Some("input that the opening did not ask for"));
            assert!(came.received.len() < opens.len(), "{:?}", came.received);
        }
    }
}

#[test]
fn an_attachment_of_docker_that_is_a_read_takes_no_input() {
    let lines = "Upgrade: tcp\r\nContent-Length: 0\r\n";
    for (query, passes) in [("stream=1&stdout=1", false), ("stream=1&stdin=1", true)] {
        let call = format!("POST /v1.43/containers/web/attach?{query}");
        let came = comes(&call, lines, "Upgrade: tcp\r\n", b"", b"rm -rf /\n");
        let cut = match &came.outcome {
            Outcome::Tunnelled { streamed, .. } => streamed.as_ref().and_then(|streamed| streamed.cut.clone()),
            other => panic!("{other:?}"),
        };
        assert_eq!((came.received.is_empty(), cut.is_none()), (!passes, passes), "{:?} {cut:?}", came.received);
    }
    let came = comes("POST /v1.43/containers/web/attach?stream=1&stdout=1", lines, "Upgrade: tcp\r\n", b"", b"");
    assert_eq!(came.streamed(), &Streamed::default());
}
