//! The agent's clients: they know of the gate what every real client is told (a proxy, a certificate bundle, a kubeconfig)
//! and speak the APIs' own wire forms.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use data_encoding::{BASE64, HEXLOWER};
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::script::{Home, REGION, Wire};
use crate::app::PrivateGate;
use crate::model::{Clock, Timestamp};

/// What AWS's clients leave as it is in forms (RFC 3986, unreserved).
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Bytes,
}

/// A call could not be made at all.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {why}")]
pub struct AgentError {
    doing: &'static str,
    why: String,
}

fn failed<E: std::fmt::Display>(doing: &'static str) -> impl FnOnce(E) -> AgentError {
    move |error| AgentError { doing, why: error.to_string() }
}

/// The agent.
#[derive(Debug)]
pub struct Agent {
    proxy: SocketAddr,
    aws: Arc<ClientConfig>,
    clusters: BTreeMap<Home, Cluster>,
    clock: Arc<dyn Clock>,
}

/// What a kubeconfig says of a cluster.
#[derive(Debug)]
struct Cluster {
    tls: Arc<ClientConfig>,
    token: String,
}

impl Agent {
    /// An agent behind this gate.
    ///
    /// # Errors
    /// What the gate wrote for its clients cannot be used.
    pub fn new(gate: &PrivateGate, clock: Arc<dyn Clock>) -> Result<Self, AgentError> {
        let bundle = fs::read(&gate.trust.bundle).map_err(failed("cannot read the certificate bundle"))?;
        let path = gate.kubeconfig.as_deref().ok_or(AgentError { doing: "kubeconfig", why: "there is none".into() })?;
        let text = fs::read(path).map_err(failed("cannot read the kubeconfig"))?;
        let kubeconfig: Value = serde_json::from_slice(&text).map_err(failed("cannot read the kubeconfig"))?;
        let mut clusters = BTreeMap::new();
        for home in Home::ALL {
            let cluster = entry(&kubeconfig, "clusters", home, "/cluster/certificate-authority-data");
            let pem = BASE64.decode(cluster.as_bytes()).map_err(failed("cannot read the kubeconfig"))?;
            let token = entry(&kubeconfig, "users", home, "/user/token").to_owned();
            clusters.insert(home, Cluster { tls: trusting(&pem)?, token });
        }
        Ok(Self { proxy: gate.address, aws: trusting(&bundle)?, clusters, clock })
    }

    /// Makes one call, on a connection of its own.
    ///
    /// # Errors
    /// The gate could not be spoken to; a refusal is an answer.
    pub async fn call(&self, wire: &Wire) -> Result<Answer, AgentError> {
        let (request, tls) = match wire {
            Wire::Kube { home, method, path, media, body } => {
                let cluster =
                    self.clusters.get(home).ok_or(AgentError { doing: "kubeconfig", why: "no cluster".into() })?;
                let mut request = Request::builder()
                    .method(*method)
                    .uri(*path)
                    .header(header::AUTHORIZATION, format!("Bearer {}", cluster.token))
                    .header(header::ACCEPT, "application/json");
                if !media.is_empty() {
                    request = request.header(header::CONTENT_TYPE, *media);
                }
                (request.body(Bytes::from_static(body.as_bytes())), &cluster.tls)
            }
            aws => (self.aws_request(aws), &self.aws),
        };
        let mut request = request.map_err(failed("cannot make the request"))?;
        let authority = wire.authority();
        let host = authority.strip_suffix(":443").unwrap_or(&authority);
        request.headers_mut().insert(header::HOST, host.try_into().map_err(failed("cannot make the request"))?);
        self.send(&authority, tls, request).await
    }

    /// The request as AWS's own clients make it. The signature is one in form only: its reader here checks none.
    fn aws_request(&self, wire: &Wire) -> Result<Request<Bytes>, http::Error> {
        let (method, path, media, target, body) = match wire {
            Wire::Query { action, version, form, .. } => {
                let encoded = |text| utf8_percent_encode(text, FORM);
                let mut body = format!("Action={action}&Version={version}");
                for (name, value) in *form {
                    body.push_str(&format!("&{}={}", encoded(name), encoded(value)));
                }
                ("POST", "/".to_owned(), "application/x-www-form-urlencoded; charset=utf-8", "", Bytes::from(body))
            }
            Wire::Json { service, target, body, .. } => {
                let media =
                    if *service == "dynamodb" { "application/x-amz-json-1.0" } else { "application/x-amz-json-1.1" };
                ("POST", "/".to_owned(), media, *target, Bytes::from_static(body.as_bytes()))
            }
            Wire::Object { method, key, body, .. } => {
                (*method, format!("/{key}"), "text/csv", "", Bytes::from_static(body.as_bytes()))
            }
            Wire::Kube { method, path, media, .. } => (*method, (*path).to_owned(), *media, "", Bytes::new()),
        };
        let service = match wire {
            Wire::Query { service, .. } | Wire::Json { service, .. } => service,
            Wire::Object { .. } | Wire::Kube { .. } => "s3",
        };
        let stamp = stamp(self.clock.now());
        let day = stamp.split('T').next().unwrap_or_default();
        let hash = HEXLOWER.encode(&Sha256::digest(&body));
        let signature = HEXLOWER.encode(&Sha256::digest(format!("{stamp}{path}{hash}")));
        let (key, signed) = (wire.home().access_key(), if target.is_empty() { "" } else { ";x-amz-target" });
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, media)
            .header("x-amz-date", &stamp)
            .header("x-amz-content-sha256", &hash)
            .header(
                header::AUTHORIZATION,
                format!(
                    "AWS4-HMAC-SHA256 Credential={key}/{day}/{REGION}/{service}/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date{signed}, Signature={signature}"
                ),
            );
        if !target.is_empty() {
            request = request.header("x-amz-target", target);
        }
        request.body(body)
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "this is the agent's own side: it speaks to the gate, as every client does"
    )]
    async fn send(
        &self,
        authority: &str,
        tls: &Arc<ClientConfig>,
        request: Request<Bytes>,
    ) -> Result<Answer, AgentError> {
        let mut stream = TcpStream::connect(self.proxy).await.map_err(failed("cannot reach the gate"))?;
        stream.set_nodelay(true).map_err(failed("cannot reach the gate"))?;
        connect(&mut stream, authority).await?;
        let host = authority.split(':').next().unwrap_or_default().to_owned();
        let name = ServerName::try_from(host).map_err(failed("cannot name the server"))?;
        let tls = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.map_err(failed("TLS failed"))?;
        let broken = || failed::<hyper::Error>("the connection broke");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(tls)).await.map_err(broken())?;
        let connection = tokio::spawn(connection);
        let (head, mut incoming) = sender.send_request(request.map(Full::new)).await.map_err(broken())?.into_parts();
        let mut body = BytesMut::new();
        while let Some(frame) = incoming.frame().await.transpose().map_err(broken())? {
            body.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default());
        }
        drop(sender);
        let _ = connection.await;
        Ok(Answer { status: head.status.as_u16(), body: body.freeze() })
    }
}

/// Asks the proxy for a tunnel.
async fn connect(stream: &mut TcpStream, authority: &str) -> Result<(), AgentError> {
    let doing = "the gate opened no tunnel";
    let ask = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.map_err(failed(doing))?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // Byte by byte: what follows the head is TLS.
        head.push(stream.read_u8().await.map_err(failed(doing))?);
    }
    if head.starts_with(b"HTTP/1.1 200") {
        Ok(())
    } else {
        Err(AgentError { doing, why: String::from_utf8_lossy(&head).into_owned() })
    }
}

fn trusting(pem: &[u8]) -> Result<Arc<ClientConfig>, AgentError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).filter_map(Result::ok));
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(failed("TLS cannot be set up"))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// A member of the named entry of a kubeconfig's list.
fn entry<'a>(kubeconfig: &'a Value, list: &str, home: Home, pointer: &str) -> &'a str {
    let entries = kubeconfig.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let named = entries.iter().find(|entry| entry.get("name").and_then(Value::as_str) == Some(home.name()));
    named.and_then(|entry| entry.pointer(pointer)).and_then(Value::as_str).unwrap_or_default()
}

/// `20251213T091500Z`.
fn stamp(now: Timestamp) -> String {
    let text: String = now.to_string().chars().filter(|c| *c != '-' && *c != ':').collect();
    format!("{}Z", text.split('.').next().unwrap_or_default())
}
