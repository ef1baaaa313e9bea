//! The whole round trip over TLS on loopback, client and upstream in this process: direct, through the gate as a read
//! (recorded before it is forwarded), and through the gate as a change (recorded durably). Compare within one run.
#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench that cannot be set up must stop; it is a client, and no part of the gate"
)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use blastgate::app::{self, Options, Places, PrivateGate};
use blastgate::model::Timestamp;
use blastgate::wire::ca::CertificateAuthority;
use blastgate::wire::leaf::Leaves;
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use rustls_pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

const HOST: &str = "api.dev.example";
const ANSWER: &str = r#"{"items":[{"id":1,"name":"one"},{"id":2,"name":"two"}],"next":null,"total":2,"ok":true}"#;

/// An upstream that always answers the same 89 bytes.
async fn upstream(leaves: &Leaves, now: Timestamp) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let mut config = (*leaves.config(HOST, now).expect("a certificate")).clone();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                stream.set_nodelay(true).expect("a socket");
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = hyper::service::service_fn(|request: Request<hyper::body::Incoming>| async move {
                    let _ = request.into_body().collect().await;
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(ANSWER.as_bytes()))))
                });
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

type Sender = SendRequest<Empty<Bytes>>;

/// A keep-alive connection to `HOST`: direct, or by CONNECT.
async fn connect(address: SocketAddr, tunnel: bool, root: &str) -> Sender {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    if tunnel {
        stream
            .write_all(format!("CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n").as_bytes())
            .await
            .expect("sent");
        let mut answer = [0; 256];
        let read = stream.read(&mut answer).await.expect("an answer");
        assert!(answer.get(..read).is_some_and(|answer| answer.starts_with(b"HTTP/1.1 200")), "the tunnel is open");
    }
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls_pki_types::CertificateDer::from_pem_slice(root.as_bytes()).expect("a root")).expect("a root");
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(HOST).expect("a name");
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS");
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);
    sender
}

async fn call(sender: &mut Sender, method: &str) {
    sender.ready().await.expect("ready");
    let request =
        Request::builder().method(method).uri("/v1/items").header("host", HOST).body(Empty::new()).expect("a request");
    let answer = sender.send_request(request).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.into_body().collect().await.expect("a body");
}

struct Stage {
    runtime: Runtime,
    gate: PrivateGate,
    upstream: SocketAddr,
    upstream_root: String,
    gate_root: String,
    _folder: tempfile::TempDir,
}

fn stage() -> Stage {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let now = blastgate::model::Clock::now(&app::SystemClock);
    let authority = CertificateAuthority::ephemeral(now).expect("a CA");
    let upstream_root = authority.pem().to_owned();
    let leaves = Leaves::new(authority).expect("a key");
    let upstream = runtime.block_on(upstream(&leaves, now));
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("upstream.pem", &upstream_root);
    write(
        "inventory.yaml",
        &format!("version: 1\nenvironments:\n  - {{ name: dev, match: [ {{ host: {HOST} }} ] }}\n"),
    );
    write(
        "config.yaml",
        &format!(
            "version: 1\nstate: state\negress:\n  resolve: {{ \"{HOST}:443\": \"{upstream}\" }}\n  extra_ca: [upstream.pem]\n"
        ),
    );
    let places = Places::of(Some(folder.path()), |_| Some(folder.path().as_os_str().to_owned())).expect("places");
    let loaded = app::load(places).expect("a configuration");
    let gate = runtime.block_on(app::start(loaded, Options::default())).expect("a gate");
    let gate_root = std::fs::read_to_string(folder.path().join("state/ca/ca.pem")).expect("the gate's CA");
    Stage { runtime, gate, upstream, upstream_root, gate_root, _folder: folder }
}

fn round_trips(criterion: &mut Criterion) {
    let stage = stage();
    let mut group = criterion.benchmark_group("round trip");
    group.measurement_time(Duration::from_secs(6));
    let runtime = &stage.runtime;
    let mut direct = runtime.block_on(connect(stage.upstream, false, &stage.upstream_root));
    group.bench_function("direct", |bencher| bencher.iter(|| runtime.block_on(call(&mut direct, "GET"))));
    let mut gated = runtime.block_on(connect(stage.gate.address, true, &stage.gate_root));
    group.bench_function("gate, read", |bencher| bencher.iter(|| runtime.block_on(call(&mut gated, "GET"))));
    group.bench_function("gate, change", |bencher| bencher.iter(|| runtime.block_on(call(&mut gated, "PATCH"))));
    group.finish();
    stage.gate.close();
}

criterion_group!(benches, round_trips);
criterion_main!(benches);
