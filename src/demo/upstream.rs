//! The cloud's front: TLS on a free port of loopback, with a certificate authority that lives in memory. It answers to
//! every name, with a certificate for that name.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::LazyConfigAcceptor;

use super::cloud::Cloud;
use crate::model::Clock;
use crate::wire::ca::CertificateAuthority;
use crate::wire::leaf::Leaves;

/// Stops serving when dropped.
#[derive(Debug)]
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    /// What stands behind it.
    pub cloud: Arc<Cloud>,
    /// Its certificate authority, for whoever is to trust it.
    pub ca_pem: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Upstream {
    /// Starts serving.
    ///
    /// # Errors
    /// No certificate could be made, or no port is free.
    pub async fn start(clock: Arc<dyn Clock>) -> io::Result<Self> {
        let authority = CertificateAuthority::ephemeral(clock.now()).map_err(io::Error::other)?;
        let ca_pem = authority.pem().to_owned();
        let leaves = Arc::new(Leaves::new(authority).map_err(io::Error::other)?);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let cloud = Arc::new(Cloud::default());
        let serving = tokio::spawn(accept(listener, Arc::clone(&cloud), leaves, clock));
        Ok(Self { address, cloud, ca_pem, serving })
    }
}

async fn accept(listener: TcpListener, cloud: Arc<Cloud>, leaves: Arc<Leaves>, clock: Arc<dyn Clock>) {
    // Its connections end with it.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        connections.spawn(serve(stream, Arc::clone(&cloud), Arc::clone(&leaves), Arc::clone(&clock)));
        while connections.try_join_next().is_some() {}
    }
}

/// A connection that breaks is the gate's to notice, and then the demo's.
async fn serve(stream: TcpStream, cloud: Arc<Cloud>, leaves: Arc<Leaves>, clock: Arc<dyn Clock>) -> Option<()> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.ok()?;
    let name = start.client_hello().server_name()?.to_owned();
    let mut config = ServerConfig::clone(leaves.config(&name, clock.now()).ok()?.as_ref());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let tls = start.into_stream(Arc::new(config)).await.ok()?;
    let service = service_fn(|request| answer(&cloud, request));
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tls), service).await.ok()
}

async fn answer(cloud: &Cloud, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, mut incoming) = request.into_parts();
    let mut body = BytesMut::new();
    while let Some(frame) = incoming.frame().await.transpose()? {
        body.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default());
    }
    Ok(cloud.answer(&head, &body.freeze()).map(Full::new))
}
