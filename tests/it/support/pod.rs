//! What `exec`, `attach` and `port-forward` reach in the tests' cluster: programs of this machine in a folder of the test's,
//! over WebSockets (channels, `v5.channel.k8s.io`) or SPDY/3.1, which a real implementation of it serves.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::clients;
use super::server::Answer;

/// Every pod of a cluster.
pub(crate) struct Pods {
    root: PathBuf,
    spdy: Mutex<Option<(Child, u16)>>,
}

/// What a connection is for.
struct Asked {
    /// `None` is a port of the pod.
    command: Option<Vec<String>>,
    streams: Vec<&'static str>,
}

impl Asked {
    fn of(request: &Request<Incoming>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let decode =
            |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let words = pairs.filter(|(name, _)| *name == "command").map(|(_, word)| decode(word)).collect();
        // The API server's names, and a kubelet's.
        let streams = [("stdin", "input"), ("stdout", "output"), ("stderr", "error")];
        let streams = streams.into_iter().filter(|(name, kubelet)| {
            query.split('&').any(|pair| pair == format!("{name}=true") || pair == format!("{kubelet}=1"))
        });
        let streams = streams.map(|(name, _)| name);
        let path = request.uri().path();
        let is = |word: &str| path.ends_with(&format!("/{word}")) || path.starts_with(&format!("/{word}/"));
        let command = if is("exec") {
            Some(words)
        } else if is("attach") {
            Some(["sh", "-c", "echo attached; cat"].map(str::to_owned).to_vec())
        } else {
            None
        };
        Self { command, streams: streams.collect() }
    }
}

impl Pods {
    /// Their programs run in this folder.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, spdy: Mutex::new(None) }
    }

    /// Opens a connection into one of them; `None` when nothing of the kind is asked for.
    pub(crate) fn connect(&self, request: Request<Incoming>) -> Option<Answer> {
        let header = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
        let (protocol, asked, root) = (header("upgrade")?, Asked::of(&request), self.root.clone());
        let answer = Response::builder().status(101).header("connection", "Upgrade").header("upgrade", &protocol);
        let answer = if protocol == "websocket" {
            // The client's first choice, as the API server picks.
            let spoken = header("sec-websocket-protocol")?;
            let spoken = spoken.split(',').next()?.trim().to_owned();
            let answer = answer
                .header("sec-websocket-accept", derive_accept_key(header("sec-websocket-key")?.as_bytes()))
                .header("sec-websocket-protocol", spoken.as_str());
            let port = spoken.starts_with("SPDY").then(|| self.spdy());
            tokio::spawn(async move {
                let stream = TokioIo::new(hyper::upgrade::on(request).await.expect("the upgrade"));
                let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
                match port {
                    Some(port) => tunnel(socket, spdy(port, &asked, &root).await).await,
                    None => channels(socket, asked, &root).await,
                }
            });
            answer
        } else {
            let spoken = if asked.command.is_some() { "v4.channel.k8s.io" } else { "portforward.k8s.io" };
            let port = self.spdy();
            tokio::spawn(async move {
                let mut stream = TokioIo::new(hyper::upgrade::on(request).await.expect("the upgrade"));
                let mut server = spdy(port, &asked, &root).await;
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
            });
            answer.header("x-stream-protocol-version", spoken)
        };
        Some(answer.body(Empty::new().map_err(|never| match never {}).boxed()).unwrap())
    }

    /// The port of the SPDY server.
    fn spdy(&self) -> u16 {
        let mut server = self.spdy.lock().unwrap();
        if let Some((_, port)) = &*server {
            return *port;
        }
        let modules = clients::spdy().expect("npm, since SPDY is asked for").join("node_modules");
        let mut child = Command::new("node")
            .args(["-e", include_str!("spdy.js")])
            .env("NODE_PATH", modules)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node");
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next().expect("a port").unwrap();
        let port = line.parse().expect("a port");
        *server = Some((child, port));
        port
    }
}

impl Drop for Pods {
    fn drop(&mut self) {
        if let Some((mut child, _)) = self.spdy.lock().unwrap().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A connection to the SPDY server, which knows what it is for.
async fn spdy(port: u16, asked: &Asked, root: &Path) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let line = json!({ "command": asked.command, "streams": asked.streams, "root": root });
    stream.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    stream
}

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// SPDY inside a WebSocket (`SPDY/3.1+portforward.k8s.io`).
async fn tunnel(socket: Socket, server: TcpStream) {
    let (mut to, mut from) = socket.split();
    let (mut read, mut write) = server.into_split();
    let up = async move {
        while let Some(Ok(message)) = from.next().await {
            if message.is_binary() && write.write_all(&message.into_data()).await.is_err() {
                break;
            }
        }
    };
    let down = async move {
        let mut chunk = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = read.read(&mut chunk).await {
            if to.send(Message::binary(chunk[..length].to_vec())).await.is_err() {
                break;
            }
        }
    };
    tokio::select! { () = up => {}, () = down => {} }
}

/// Runs the program with its streams in channels: 0 to 2 as everywhere, 3 says how it ended, 255 closes another.
async fn channels(socket: Socket, asked: Asked, root: &Path) {
    let (mut to, mut from) = socket.split();
    let words = asked.command.unwrap_or_default();
    let spawned = tokio::process::Command::new(&words[0])
        .args(&words[1..])
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            let status = json!({ "metadata": {}, "status": "Failure", "message": error.to_string() });
            let _ = to.send(Message::binary([&[3], status.to_string().as_bytes()].concat())).await;
            let _ = to.send(goodbye()).await;
            return;
        }
    };
    let mut stdin = child.stdin.take().filter(|_| asked.streams.contains(&"stdin"));
    let (said, mut saying) = mpsc::channel::<Vec<u8>>(16);
    tokio::spawn(pump(1, child.stdout.take().unwrap(), said.clone()));
    tokio::spawn(pump(2, child.stderr.take().unwrap(), said));
    let hearing = tokio::spawn(async move {
        while let Some(Ok(message)) = from.next().await {
            let frame = message.into_data();
            let goes_on = match (&*frame, &mut stdin) {
                ([0, data @ ..], Some(open)) => open.write_all(data).await.is_ok(),
                ([255, 0], _) => false,
                _ => true,
            };
            if !goes_on {
                stdin = None;
            }
        }
    });
    while let Some(frame) = saying.recv().await {
        if to.send(Message::binary(frame)).await.is_err() {
            return;
        }
    }
    let code = child.wait().await.unwrap().code().unwrap_or(137);
    let _ = to.send(Message::binary([&[3], ended(code).to_string().as_bytes()].concat())).await;
    let _ = to.send(goodbye()).await;
    let _ = hearing.await;
}

/// Without a code kubectl takes the end for a fault.
fn goodbye() -> Message {
    Message::Close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() }))
}

async fn pump(channel: u8, mut from: impl AsyncRead + Unpin, to: mpsc::Sender<Vec<u8>>) {
    let mut chunk = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        if to.send([&[channel], &chunk[..length]].concat()).await.is_err() {
            return;
        }
    }
}

fn ended(code: i32) -> Value {
    if code == 0 {
        return json!({ "metadata": {}, "status": "Success" });
    }
    json!({ "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": format!("command terminated with non-zero exit code: exit status {code}"),
            "details": { "causes": [{ "reason": "ExitCode", "message": code.to_string() }] } })
}

/// What a container has said, and goes on saying until the test's server ends it.
pub(crate) fn log() -> Bytes {
    Bytes::from_static(b"first line\nsecond line\n")
}
