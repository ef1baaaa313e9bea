//! A gate that runs for as long as a test needs it, and clients of this process that speak through it.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{PATIENCE, eventually};

/// `blastgate run -- sh …`: its child says where the gate is, and ends when its input does.
pub(crate) struct RunningGate {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) bundle: PathBuf,
    roots: Arc<RootCertStore>,
}

const CHILD: &str = r#"echo "$HTTPS_PROXY"; echo "$SSL_CERT_FILE"; exec cat >/dev/null"#;

impl RunningGate {
    /// `command` is everything up to the child's own command.
    #[track_caller]
    pub(crate) fn start(command: tokio::process::Command) -> Self {
        let mut command = command.into_std();
        command.args(["sh", "-c", CHILD]);
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the gate");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut line = || lines.next().and_then(Result::ok);
        let (Some(proxy), Some(bundle)) = (line(), line()) else {
            let _ = process.kill();
            let mut said = String::new();
            let _ = process.stderr.take().unwrap().read_to_string(&mut said);
            panic!("the gate did not start: {said}");
        };
        let bundle = PathBuf::from(bundle);
        let mut roots = RootCertStore::empty();
        let pem = std::fs::read(&bundle).expect("the bundle");
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
        let address = proxy.strip_prefix("http://").and_then(|text| text.parse().ok()).expect("a proxy address");
        Self { process, address, bundle, roots: Arc::new(roots) }
    }

    pub(crate) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.process)
    }

    /// A line of `/proc/PID/status` in KiB (`VmRSS`, `VmHWM`).
    pub(crate) fn memory_kib(&self, line: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let found = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
        found.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap()
    }

    /// Kills it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Ends the child, and with it the gate in good order; gives what it said.
    #[track_caller]
    pub(crate) fn stop(mut self) -> String {
        drop(self.process.stdin.take());
        let status = eventually("the gate's end", || self.process.try_wait().unwrap());
        assert!(status.success(), "the gate ended with {status}");
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }

    /// A connection to the proxy.
    pub(crate) async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).await.expect("the gate listens");
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// A tunnel to `target` (`host:port`), still in clear.
    pub(crate) async fn tunnel(&self, target: &str) -> Result<TcpStream, String> {
        let mut stream = self.connect().await;
        stream.write_all(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        if head.starts_with("HTTP/1.1 200") { Ok(stream) } else { Err(head + &read_all(&mut stream).await) }
    }

    /// A tunnel with TLS inside it.
    pub(crate) async fn tls(&self, target: &str, alpn: &[&str]) -> TlsStream<TcpStream> {
        let stream = self.tunnel(target).await.expect("the tunnel opens");
        let name = target.split(':').next().unwrap_or_default().to_owned();
        self.handshake(stream, &name, alpn).await.expect("the handshake")
    }

    pub(crate) async fn handshake(
        &self,
        stream: TcpStream,
        name: &str,
        alpn: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        tls_over(stream, name, alpn, Arc::clone(&self.roots)).await
    }

    /// Sends bytes through a tunnel and reads until the gate closes; gives what came.
    pub(crate) async fn raw(&self, target: &str, bytes: &[u8]) -> String {
        let mut tls = self.tls(target, &["http/1.1"]).await;
        tls.write_all(bytes).await.unwrap();
        tls.flush().await.unwrap();
        read_all(&mut tls).await
    }
}

/// TLS with these roots over a stream.
pub(crate) async fn tls_over(
    stream: TcpStream,
    name: &str,
    alpn: &[&str],
    roots: Arc<RootCertStore>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

impl Drop for RunningGate {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One head, its empty line included.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    let reading = async {
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("a head in time");
    String::from_utf8_lossy(&head).into_owned()
}

/// One whole answer with a `content-length`.
pub(crate) async fn read_answer(stream: &mut (impl AsyncRead + Unpin)) -> (String, String) {
    let head = read_head(stream).await;
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut body)).await.expect("a body in time").expect("a whole body");
    (head, String::from_utf8_lossy(&body).into_owned())
}

/// Everything until the other side closes.
pub(crate) async fn read_all(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut all = Vec::new();
    // A close without TLS's own goodbye is an error that changes nothing about what came.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all)).await.expect("the connection closes in time");
    String::from_utf8_lossy(&all).into_owned()
}
