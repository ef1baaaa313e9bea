//! What is promised about single messages of GraphQL over a WebSocket: one that waits holds nothing else up, one that is
//! taken back never arrives, limits and the session's end hold for each, and a connection that cannot be read is none.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

use crate::support::gate::{RunningGate, read_head};
use crate::support::shared::{SharedGate, json as told, open_session, operator};
use crate::support::stage::Stage;
use crate::support::{block_on, eventually, runtime};

const RENAME: &str = "mutation { rename(name: \"x\") }";
const DELETE: &str = "mutation { volumeDelete(id: \"v\") }";
const DELETE_OTHER: &str = "mutation { volumeDelete(id: \"w\") }";

/// A server that answers every request with its end, and keeps what it was told.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Vec<String>>>);

impl Server {
    fn on(stage: &mut Stage, host: &str) -> Self {
        let server = Self::default();
        let kept = server.clone();
        let address = serve(move |stream| {
            let kept = kept.clone();
            async move {
                #[allow(clippy::result_large_err, reason = "the library's own signature")]
                let picks = |_: &Request, mut answer: Response| -> Result<Response, ErrorResponse> {
                    answer.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
                    Ok(answer)
                };
                let Ok(mut socket) = accept_hdr_async(stream, picks).await else { return };
                while let Some(Ok(message)) = socket.next().await {
                    let Message::Text(text) = message else { continue };
                    kept.0.lock().unwrap().push(text.to_string());
                    let said: Value = serde_json::from_str(&text).unwrap();
                    if said["type"] == "subscribe" {
                        let end = json!({ "type": "complete", "id": said["id"] }).to_string();
                        socket.send(Message::text(end)).await.unwrap();
                    }
                }
            }
        });
        stage.resolve(&format!("{host}:80"), address);
        server
    }

    /// How many messages with this text came.
    fn saw(&self, text: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|one| one.contains(text)).count()
    }
}

/// Serves every connection with `serve`, on a free port, for the rest of the process.
fn serve<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    runtime().block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
        address
    })
}

type Socket = WebSocketStream<TcpStream>;

/// A connection over an open tunnel to `host`.
async fn open(tunnel: TcpStream, host: &str) -> Socket {
    let mut request = format!("ws://{host}/graphql").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    request.headers_mut().insert("sec-websocket-extensions", "permessage-deflate".parse().unwrap());
    let (socket, answer) = client_async(request, tunnel).await.expect("the opening");
    assert_eq!(answer.headers().get("sec-websocket-extensions"), None);
    socket
}

async fn connect(gate: &RunningGate, host: &str) -> Socket {
    open(gate.tunnel(&format!("{host}:80")).await.expect("the tunnel opens"), host).await
}

async fn ask(socket: &mut Socket, id: &str, query: &str) {
    let message = json!({ "id": id, "type": "subscribe", "payload": { "query": query } });
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next message.
async fn heard(socket: &mut Socket) -> Value {
    match socket.next().await {
        Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
        Some(Ok(Message::Close(Some(end)))) => json!({ "code": u16::from(end.code), "reason": end.reason.as_str() }),
        other => panic!("{other:?}"),
    }
}

/// Asks, and waits for the end of it.
async fn passes(socket: &mut Socket, id: &str, query: &str) {
    ask(socket, id, query).await;
    assert_eq!(heard(socket).await, json!({ "type": "complete", "id": id }));
}

#[test]
fn what_waits_for_people_holds_nothing_up_and_can_be_taken_back() {
    let mut stage = Stage::new();
    stage.setting("approvals: { hold: 50s }");
    let server = Server::on(&mut stage, "api.prod.example");
    let gate = stage.gate();
    let mut socket = block_on(async {
        let mut socket = connect(&gate, "api.prod.example").await;
        ask(&mut socket, "held", DELETE).await;
        ask(&mut socket, "withdrawn", DELETE_OTHER).await;
        passes(&mut socket, "1", "{ hello }").await;
        socket
    });
    let open = || told(&stage, &["approvals", "list"]).as_array().cloned().unwrap_or_default();
    // What a session is refused within a minute is one request.
    let ids = eventually("both questions", || Some(open()).filter(|all| all.len() == 1 && all[0]["actions"] == 2));
    assert_eq!(server.saw("mutation"), 0);
    block_on(async {
        socket.send(Message::text(json!({ "type": "complete", "id": "withdrawn" }).to_string())).await.unwrap();
        passes(&mut socket, "2", "{ hello }").await;
    });
    for id in ids {
        operator(&stage, &["approvals", "approve", id["id"].as_str().unwrap()]).succeeded();
    }
    block_on(async {
        assert_eq!(heard(&mut socket).await, json!({ "type": "complete", "id": "held" }));
        passes(&mut socket, "3", "{ hello }").await;
        drop(socket);
    });
    assert_eq!((server.saw(r#"\"v\""#), server.saw(r#"\"w\""#), server.saw("withdrawn")), (1, 0, 0));
    gate.stop();
}

#[test]
fn a_limit_counts_messages_and_says_how_long() {
    let mut stage = Stage::new();
    let limits = "limits:\n  - id: acme/slowly\n    match: { operation: [\"graphql:api.dev.example:rename\"] }\n    key: \
                  [session]\n    allow: 1 per 10m\n    decision: throttle\n    message: One at a time, says the team.\n    \
                  instead: Come back later.\n";
    stage.write("config/rules/acme/limits.yaml", limits);
    let server = Server::on(&mut stage, "api.dev.example");
    let gate = stage.gate();
    block_on(async {
        let mut socket = connect(&gate, "api.dev.example").await;
        passes(&mut socket, "1", RENAME).await;
        ask(&mut socket, "2", RENAME).await;
        let refused = heard(&mut socket).await;
        let error = &refused["payload"][0];
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("2")), "{refused:#}");
        assert_eq!(error["extensions"]["code"], "RATE_LIMITED", "{refused:#}");
        let wait = error["extensions"]["retryAfter"].as_u64().unwrap();
        assert!((60..=600).contains(&wait), "{refused:#}");
        assert!(error["message"].as_str().unwrap().contains("One at a time, says the team."), "{refused:#}");
        passes(&mut socket, "3", "{ hello }").await;
    });
    assert_eq!(server.saw("rename"), 1);
    gate.stop();
}

#[test]
fn nothing_passes_once_the_session_is_closed() {
    let mut stage = Stage::new();
    let server = Server::on(&mut stage, "api.dev.example");
    let gate = SharedGate::on(&mut stage);
    let opened = open_session(&stage, "ci");
    let mut socket = block_on(async {
        let mut stream = TcpStream::connect(gate.proxy).await.unwrap();
        let proof = data_encoding::BASE64.encode(opened.credentials.as_bytes());
        let head = format!(
            "CONNECT api.dev.example:80 HTTP/1.1\r\nHost: api.dev.example:80\r\nProxy-Authorization: Basic {proof}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200"));
        let mut socket = open(stream, "api.dev.example").await;
        passes(&mut socket, "1", "{ hello }").await;
        socket
    });
    operator(&stage, &["sessions", "close", &opened.session]).succeeded();
    block_on(async {
        ask(&mut socket, "2", "{ again }").await;
        let end = heard(&mut socket).await;
        assert_eq!(end["code"], 1008, "{end:#}");
        assert!(end["reason"].as_str().unwrap().contains("the session of this connection was closed"), "{end:#}");
    });
    assert_eq!(server.saw("again"), 0);
    gate.stop();
}

/// A text message as a client sends it, masked with nothing.
fn frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    [&[0x81, 0xfe], &length[..], &[0; 4], text.as_bytes()].concat()
}

#[test]
fn what_stands_behind_the_opening_is_judged_too() {
    let mut stage = Stage::new();
    stage.setting("approvals: { hold: 0s }");
    let server = Server::on(&mut stage, "api.prod.example");
    let gate = stage.gate();
    let said = block_on(async {
        let mut stream = gate.connect().await;
        let opening = "GET http://api.prod.example/graphql HTTP/1.1\r\nHost: api.prod.example\r\nConnection: Upgrade\r\n\
                       Upgrade: websocket\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        let ask = |id: &str, query: &str| {
            // Longer than what needs no length of its own.
            let pad = " ".repeat(200);
            frame(
                &json!({ "id": id, "type": "subscribe", "payload": { "query": format!("{query}{pad}") } }).to_string(),
            )
        };
        // The last of them has no end: the connection's is the client's.
        let all =
            [opening.as_bytes(), &ask("1", DELETE), &ask("2", "{ hello }"), &ask("3", DELETE_OTHER)[..100]].concat();
        stream.write_all(&all).await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let mut said = vec![0; 4096];
        let mut have = 0;
        while !String::from_utf8_lossy(&said[..have]).contains("complete") {
            have += stream.read(&mut said[have..]).await.unwrap();
        }
        stream.shutdown().await.unwrap();
        String::from_utf8_lossy(&said[..have]).into_owned()
    });
    assert!(said.contains(r#""type":"error""#) && said.contains("Approval needed"), "{said}");
    eventually("the record of the end", || (stage.log().outcomes().len() == 2).then_some(()));
    assert_eq!((server.saw("hello"), server.saw("mutation")), (1, 0));
    gate.stop();
}

#[test]
fn a_connection_that_could_not_be_read_is_given_up() {
    const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    const OURS: &str = "Sec-WebSocket-Protocol: graphql-transport-ws\r\n";
    for (more, status) in [
        (OURS.to_owned(), 101),
        (String::new(), 502),
        ("Sec-WebSocket-Protocol: chat\r\n".to_owned(), 502),
        // It was not offered.
        ("Sec-WebSocket-Protocol: graphql-ws\r\n".to_owned(), 502),
        (format!("{OURS}{OURS}"), 502),
        ("Sec-WebSocket-Protocol: graphql-transport-ws, chat\r\n".to_owned(), 502),
        (format!("{OURS}Sec-WebSocket-Extensions: permessage-deflate\r\n"), 502),
    ] {
        let heads = Arc::new(Mutex::new(String::new()));
        let (answer, kept) = (format!("{SWITCHED}{more}\r\n"), Arc::clone(&heads));
        let address = serve(move |mut stream| {
            let (answer, kept) = (answer.clone(), Arc::clone(&kept));
            async move {
                *kept.lock().unwrap() = read_head(&mut stream).await;
                stream.write_all(answer.as_bytes()).await.unwrap();
                let _ = stream.read_to_end(&mut vec![]).await;
            }
        });
        let mut stage = Stage::new();
        stage.resolve("api.dev.example:80", address);
        let gate = stage.gate();
        let head = block_on(async {
            let mut stream = gate.connect().await;
            let opening = format!(
                "GET http://api.dev.example/graphql HTTP/1.1\r\nHost: api.dev.example\r\nConnection: Upgrade\r\n\
                 Upgrade: websocket\r\n{OURS}Sec-WebSocket-Extensions: permessage-deflate\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            );
            stream.write_all(opening.as_bytes()).await.unwrap();
            read_head(&mut stream).await
        });
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{more:?}: {head}");
        let forwarded = heads.lock().unwrap().to_ascii_lowercase();
        assert!(forwarded.contains("sec-websocket-protocol: graphql-transport-ws"), "{forwarded}");
        assert!(!forwarded.contains("sec-websocket-extensions"), "{forwarded}");
        gate.stop();
    }
}
