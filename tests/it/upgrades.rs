//! What is promised about connections that become something else: judged as what they open, then untouched; and nothing
//! that was not judged arrives anywhere.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::{WebSocketStream, accept_async, client_async};

use blastgate::record::Outcome;

use crate::support::gate::{RunningGate, read_all, read_answer, read_head};
use crate::support::log::passed;
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;
use crate::support::{block_on, eventually, runtime};

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const MIB: usize = 1024 * 1024;

/// A WebSocket opening in absolute form.
fn opening(url: &str) -> String {
    let host = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap();
    format!("GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{KEY}\r\n")
}

/// An upstream that reads bytes and keeps all of them: it says what it is told to after the first head, and nothing else.
struct Raw {
    address: SocketAddr,
    received: Arc<Mutex<Vec<u8>>>,
    connections: Arc<Mutex<usize>>,
    /// Answers are held until this is notified, where the test wants that.
    release: Arc<Notify>,
}

impl Raw {
    fn start(answer: &'static str, held: bool) -> Self {
        let (received, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let release = Arc::new(Notify::new());
        let (seen, open, gate) = (Arc::clone(&received), Arc::clone(&connections), Arc::clone(&release));
        let address = listen(move |mut stream| {
            let (seen, open, gate) = (Arc::clone(&seen), Arc::clone(&open), Arc::clone(&gate));
            async move {
                *open.lock().unwrap() += 1;
                let mut chunk = [0; 4096];
                let mut answered = false;
                while let Ok(length @ 1..) = stream.read(&mut chunk).await {
                    seen.lock().unwrap().extend_from_slice(&chunk[..length]);
                    let whole = seen.lock().unwrap().windows(4).any(|window| window == b"\r\n\r\n");
                    if whole && !std::mem::replace(&mut answered, true) {
                        if held {
                            gate.notified().await;
                        }
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                }
                *open.lock().unwrap() -= 1;
            }
        });
        Self { address, received, connections, release }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.received.lock().unwrap()).into_owned()
    }

    /// All that ever came, once nobody can send any more.
    fn all(&self) -> String {
        eventually("the gate's connection to end", || (*self.connections.lock().unwrap() == 0).then_some(()));
        self.text()
    }
}

/// Serves every connection with `serve`, on a free port, for the rest of the process.
fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    runtime().block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(serve(stream));
            }
        });
        address
    })
}

/// Says everything back, until it is told `close`.
async fn echo(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let Ok(mut socket) = accept_async(stream).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        let ends = message == Message::text("close");
        let said = match message {
            _ if ends => socket.close(None).await,
            Message::Text(_) | Message::Binary(_) => socket.send(message).await,
            _ => Ok(()),
        };
        if said.is_err() {
            return;
        }
    }
}

/// A stage with a WebSocket server behind TLS, in clear, and on a host that nobody knows.
fn sockets() -> Stage {
    let mut stage = Stage::new();
    let tls = TlsAcceptor::from(stage.ca.server(&["api.dev.example", "shop.example"], &["h2", "http/1.1"]));
    let secure = listen(move |stream| {
        let tls = tls.clone();
        async move {
            if let Ok(stream) = tls.accept(stream).await {
                // Upgrades are HTTP/1.1's, whatever else the server offers.
                assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
                echo(stream).await;
            }
        }
    });
    let clear = listen(echo);
    stage.resolve("api.dev.example", secure).resolve("shop.example", secure).resolve("api.dev.example:80", clear);
    stage
}

type Socket<S> = WebSocketStream<S>;

async fn secure(gate: &RunningGate, url: &str) -> Socket<tokio_rustls::client::TlsStream<TcpStream>> {
    let host = url.strip_prefix("wss://").and_then(|rest| rest.split('/').next()).unwrap();
    let stream = gate.tls(&format!("{host}:443"), &["http/1.1"]).await;
    client_async(url, stream).await.expect("the opening").0
}

async fn absolute(gate: &RunningGate, url: &str) -> Socket<TcpStream> {
    let mut stream = gate.connect().await;
    stream.write_all(opening(url).as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    WebSocketStream::from_raw_socket(stream, Role::Client, None).await
}

async fn says_back<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<S>, messages: Vec<Message>) {
    for message in messages {
        socket.send(message.clone()).await.unwrap();
        assert!(socket.next().await.unwrap().unwrap() == message, "another message came back");
    }
}

#[test]
fn a_web_socket_says_back_what_it_is_told_through_tunnels_and_in_absolute_form() {
    let stage = sockets();
    let gate = stage.gate();
    let large: Vec<u8> = (0..4 * MIB).map(|at| at.to_le_bytes()[0]).collect();
    let messages =
        || vec![Message::text("hello"), Message::binary(large.clone()), Message::binary(vec![]), Message::text("é")];
    block_on(async {
        let mut socket = secure(&gate, "wss://api.dev.example/chat?room=1").await;
        says_back(&mut socket, messages()).await;
        // The server ends it.
        socket.send(Message::text("close")).await.unwrap();
        assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
        assert!(socket.next().await.is_none_or(|end| end.is_err()));
        // In clear through a tunnel, as most clients do it.
        let stream = gate.tunnel("api.dev.example:80").await.expect("the tunnel opens");
        let mut socket = client_async("ws://api.dev.example/chat", stream).await.expect("the opening").0;
        says_back(&mut socket, messages()).await;
        drop(socket);
        let mut socket = absolute(&gate, "http://api.dev.example/chat").await;
        says_back(&mut socket, messages()).await;
        // The client ends it.
        socket.close(None).await.unwrap();
        assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
        assert!(socket.next().await.is_none());
    });
    eventually("the record of all ends", || (stage.log().outcomes().len() == 3).then_some(()));
    assert!(gate.stop().contains("3 calls · 3 passed"));
    let log = stage.log();
    log.is_undisturbed();
    let decisions = log.of("http:api.dev.example:GET");
    for one in &decisions {
        let action = &one.actions[0];
        assert_eq!(action.blast.impact.to_string(), "update");
        assert!(action.parameters.iter().any(|one| one.name == "upgrade" && one.value == "websocket"), "{action:?}");
    }
    for outcome in log.outcomes() {
        let Outcome::Tunnelled { sent_bytes, received_bytes, .. } = outcome.outcome else { panic!("{outcome:?}") };
        assert!(sent_bytes > 4 * MIB as u64 && received_bytes > 4 * MIB as u64, "{outcome:?}");
    }
    assert_eq!((decisions.len(), log.outcomes().len()), (3, 3));
}

#[test]
fn ten_web_sockets_at_once() {
    let stage = sockets();
    let gate = Arc::new(stage.gate());
    block_on(async {
        let talking = (0..10).map(|n| {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move {
                let mut socket = secure(&gate, "wss://shop.example/live").await;
                for turn in 0..20 {
                    says_back(&mut socket, vec![Message::text(format!("{n}/{turn}"))]).await;
                }
            })
        });
        for talk in talking.collect::<Vec<_>>() {
            talk.await.unwrap();
        }
    });
    drop(gate);
    assert_eq!(stage.log().decisions().iter().filter(|one| passed(one)).count(), 10);
}

#[test]
fn either_side_may_end_its_half_first() {
    // Raw bytes after the 101: reads to the end, then says how much it was.
    let counting = listen(|mut stream| async move {
        let _ = read_head(&mut stream).await;
        stream.write_all(SWITCHED.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        stream.write_all(format!("got {}", all.len()).as_bytes()).await.unwrap();
    });
    // Says its part, ends it, and goes on reading.
    let speaking = listen(|mut stream| async move {
        let _ = read_head(&mut stream).await;
        stream.write_all(SWITCHED.as_bytes()).await.unwrap();
        stream.write_all(b"that is all").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        assert_eq!(all.len(), MIB);
    });
    let mut stage = Stage::new();
    stage.resolve("count.dev.example:80", counting).resolve("speak.dev.example:80", speaking);
    let gate = stage.gate();
    block_on(async {
        for (url, reads_first, expected) in [
            ("http://count.dev.example/", false, format!("got {MIB}")),
            ("http://speak.dev.example/", true, "that is all".into()),
        ] {
            let mut stream = gate.connect().await;
            stream.write_all(opening(url).as_bytes()).await.unwrap();
            let _ = read_head(&mut stream).await;
            let mut said = String::new();
            if reads_first {
                said = read_all(&mut stream).await;
            }
            stream.write_all(&vec![b'x'; MIB]).await.unwrap();
            stream.shutdown().await.unwrap();
            if !reads_first {
                said = read_all(&mut stream).await;
            }
            assert_eq!(said, expected);
        }
    });
    eventually("the record of both ends", || (stage.log().outcomes().len() == 2).then_some(()));
    gate.stop();
    let sent: Vec<Outcome> = stage.log().outcomes().iter().map(|one| one.outcome.clone()).collect();
    assert!(
        sent.iter().all(|one| matches!(one, Outcome::Tunnelled { sent_bytes, .. } if *sent_bytes == MIB as u64)),
        "{sent:?}"
    );
}

#[test]
fn nothing_behind_an_opening_arrives_before_upstream_agrees() {
    let raw = Raw::start(SWITCHED, true);
    let other = Upstream::start_clear();
    let mut stage = Stage::new();
    stage.resolve("raw.dev.example:80", raw.address).resolve("other.dev.example:80", other.address);
    let gate = stage.gate();
    block_on(async {
        let mut stream = gate.connect().await;
        let smuggled = "DELETE /all HTTP/1.1\r\nHost: raw.dev.example\r\n\r\n";
        stream.write_all(format!("{}{smuggled}", opening("http://raw.dev.example/chat")).as_bytes()).await.unwrap();
        let mut barrier = gate.connect().await;
        eventually("the opening", || raw.text().ends_with("\r\n\r\n").then_some(()));
        for _ in 0..20 {
            let get = b"GET http://other.dev.example/ HTTP/1.1\r\nHost: other.dev.example\r\n\r\n";
            barrier.write_all(get).await.unwrap();
            let _ = read_answer(&mut barrier).await;
        }
        let before = raw.text();
        assert!(before.starts_with("GET /chat HTTP/1.1\r\n") && !before.contains("DELETE"), "{before}");
        raw.release.notify_one();
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // Upstream has agreed: the bytes belong to the protocol that was judged.
        eventually("what was held back", || raw.text().ends_with(smuggled).then_some(()));
    });
    gate.stop();
    assert_eq!(stage.log().decisions().len(), 21);
}

#[test]
fn an_opening_that_is_answered_otherwise_is_the_last_message_of_its_connection() {
    let other_token = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    let cases = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nno", 403),
        ("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n", 426),
        (other_token, 502),
        ("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n", 502),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nUpgrade: SPDY/3.1\r\n\r\n", 502),
        ("garbage\r\n\r\n", 502),
    ];
    for (answer, status) in cases {
        let raw = Raw::start(answer, false);
        let mut stage = Stage::new();
        stage.resolve("raw.dev.example:80", raw.address);
        let gate = stage.gate();
        let smuggled = "DELETE /all HTTP/1.1\r\nHost: raw.dev.example\r\n\r\n";
        let said = block_on(async {
            let mut stream = gate.connect().await;
            // Behind the opening at once, and again when the answer is there.
            stream.write_all(format!("{}{smuggled}", opening("http://raw.dev.example/chat")).as_bytes()).await.unwrap();
            let head = read_head(&mut stream).await;
            let _ = stream.write_all(smuggled.as_bytes()).await;
            head + &read_all(&mut stream).await
        });
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{answer:?}: {said}");
        assert!(said.to_ascii_lowercase().contains("connection: close"), "{answer:?}: {said}");
        assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{answer:?}: {said}");
        let all = raw.all();
        assert!(all.starts_with("GET /chat HTTP/1.1\r\n") && all.ends_with("\r\n\r\n"), "{answer:?}: {all}");
        assert_eq!((all.matches("\r\n\r\n").count(), all.contains("DELETE")), (1, false), "{answer:?}: {all}");
        gate.stop();
        assert_eq!(stage.log().decisions().len(), 1, "{answer:?}");
    }
}

#[test]
fn openings_that_are_not_understood_go_nowhere() {
    let raw = Raw::start(SWITCHED, false);
    let mut stage = Stage::new();
    stage.resolve("raw.dev.example:80", raw.address);
    let gate = stage.gate();
    let cases = [
        ("GET", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n", 400),
        ("GET", "Connection: Upgrade\r\nUpgrade: h2c\r\n", 501),
        ("GET", "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n", 501),
        ("GET", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\nKEY", 501),
        ("GET", "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: websocket\r\nKEY", 400),
        ("GET", "Upgrade: websocket\r\nKEY", 400),
        ("GET", "Connection: Upgrade\r\nKEY", 400),
        ("POST", "Connection: Upgrade\r\nUpgrade: websocket\r\nKEY", 400),
        ("GET", "Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\nKEY", 400),
        (
            "GET",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: a\r\n",
            400,
        ),
        ("POST", "Connection: Upgrade\r\nUpgrade: tcp\r\n", 501),
    ];
    for (method, lines, status) in cases {
        let lines = lines.replace("KEY", KEY);
        let head = format!("{method} http://raw.dev.example/x HTTP/1.1\r\nHost: raw.dev.example\r\n{lines}\r\n");
        let said = block_on(async {
            let mut stream = gate.connect().await;
            stream.write_all(head.as_bytes()).await.unwrap();
            read_all(&mut stream).await
        });
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{lines:?}: {said}");
    }
    gate.stop();
    assert_eq!(raw.text(), "");
    let log = stage.log();
    assert_eq!(log.rejected().iter().map(|one| one.status).collect::<Vec<_>>(), cases.map(|case| case.2));
    assert!(log.decisions().is_empty());
}

#[test]
fn graphql_over_a_web_socket_that_may_become_something_else_is_unknown_and_says_why() {
    let stage = sockets();
    let gate = stage.gate();
    for (path, lines) in [("/graphql", ""), ("/live", "Sec-WebSocket-Protocol: chat, graphql-transport-ws\r\n")] {
        let said = block_on(async {
            let mut tls = gate.tls("shop.example:443", &["http/1.1"]).await;
            let head = format!(
                "GET {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{lines}{KEY}\r\n"
            );
            tls.write_all(head.as_bytes()).await.unwrap();
            read_all(&mut tls).await
        });
        assert!(said.starts_with("HTTP/1.1 403 "), "{said}");
        assert!(said.contains("graphql:shop.example:websocket could not be named"), "{said}");
        assert!(said.contains("It opens a websocket connection, in which nothing is read or judged."), "{said}");
    }
    gate.stop();
    assert_eq!(stage.log().stopped(), ["graphql:shop.example:websocket escalate"; 2]);
}

#[test]
fn a_docker_exec_becomes_a_stream_after_its_whole_body() {
    let seen = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&seen);
    let engine = listen(move |mut stream| {
        let kept = Arc::clone(&kept);
        async move {
            let head = read_head(&mut stream).await;
            let mut body = [0; 29];
            stream.read_exact(&mut body).await.unwrap();
            *kept.lock().unwrap() = head + &String::from_utf8_lossy(&body);
            // As the Docker Engine says it.
            let said = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
            stream.write_all(said.as_bytes()).await.unwrap();
            let (mut from, mut to) = stream.split();
            tokio::io::copy(&mut from, &mut to).await.unwrap();
        }
    });
    let mut stage = Stage::new();
    stage.resolve("docker.dev.example:2375", engine);
    let gate = stage.gate();
    block_on(async {
        let mut stream = gate.connect().await;
        let body = r#"{"Detach":false,"Tty":false} "#;
        let head = format!(
            "POST http://docker.dev.example:2375/v1.43/exec/0a1b/start HTTP/1.1\r\nHost: docker.dev.example:2375\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(format!("{body}ls\n").as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 101 ") && head.contains("application/vnd.docker.raw-stream"), "{head}");
        let mut back = [0; 3];
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"ls\n");
    });
    gate.stop();
    let seen = seen.lock().unwrap().clone();
    assert!(seen.ends_with(r#"{"Detach":false,"Tty":false} "#) && !seen.contains("transfer-encoding"), "{seen}");
    let log = stage.log();
    assert_eq!(log.decisions()[0].actions[0].blast.impact.to_string(), "execute");
}

/// RFC 8441: the gate does not offer it, so a client that sends it anyway has broken the protocol.
#[test]
fn an_extended_connect_over_http_2_is_not_offered_and_not_taken() {
    let stage = sockets();
    let gate = stage.gate();
    let said = block_on(async {
        let mut tls = gate.tls("api.dev.example:443", &["h2"]).await;
        // HPACK literals without indexing, new names: no static table to get wrong.
        let mut block = Vec::new();
        for (name, value) in [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":path", "/chat"),
            (":authority", "api.dev.example"),
        ] {
            block.push(0);
            for text in [name, value] {
                block.push(u8::try_from(text.len()).unwrap());
                block.extend_from_slice(text.as_bytes());
            }
        }
        let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
        sent.extend_from_slice(&[0, 0, u8::try_from(block.len()).unwrap(), 1, 4, 0, 0, 0, 1]);
        sent.extend_from_slice(&block);
        tls.write_all(&sent).await.unwrap();
        let mut frames = Vec::new();
        loop {
            let mut head = [0; 9];
            tls.read_exact(&mut head).await.expect("a frame");
            let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let mut payload = vec![0; length];
            tls.read_exact(&mut payload).await.expect("a whole frame");
            frames.push((head[3], payload));
            if matches!(head[3], 1 | 3 | 7) {
                return frames;
            }
        }
    });
    let (_, settings) = said.iter().find(|(kind, _)| *kind == 4).expect("the gate's settings");
    assert!(settings.chunks(6).all(|one| one[..2] != [0, 8]), "SETTINGS_ENABLE_CONNECT_PROTOCOL was sent");
    let (kind, payload) = said.last().unwrap();
    assert_eq!((*kind, payload.as_slice()), (3, &[0, 0, 0, 1][..]), "RST_STREAM with PROTOCOL_ERROR");
    drop(gate);
    assert!(stage.log().decisions().is_empty());
}
