//! A TLS server over HTTP/1.1 and HTTP/2 with a handler; what all upstreams of the tests are made of.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ServerConfig;
use rustls_pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::runtime;

pub(crate) type Answer = Response<BoxBody<Bytes, io::Error>>;
pub(crate) type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;
pub(crate) type Handler = Arc<dyn Fn(Request<Incoming>, Peer) -> Answering + Send + Sync>;

/// What is known about the other side of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer {
    /// The certificate that the client presented.
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

/// Serves on a free loopback port for the rest of the process; `tls: None` is clear text.
pub(crate) fn serve(tls: Option<Arc<ServerConfig>>, handler: Handler) -> SocketAddr {
    runtime().block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection(stream, tls.clone(), Arc::clone(&handler)));
            }
        });
        address
    })
}

async fn connection(stream: TcpStream, tls: Option<Arc<ServerConfig>>, handler: Handler) {
    let Some(tls) = tls else {
        let service = service(handler, Peer::default());
        let _ = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
            .await;
        return;
    };
    let Ok(stream) = TlsAcceptor::from(tls).accept(stream).await else { return };
    let session = stream.get_ref().1;
    let is_http2 = session.alpn_protocol() == Some(b"h2");
    let certificate = session.peer_certificates().and_then(|chain| chain.first().cloned());
    let service = service(handler, Peer { certificate });
    let io = TokioIo::new(stream);
    if is_http2 {
        let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = builder.timer(TokioTimer::new()).adaptive_window(true).serve_connection(io, service).await;
    } else {
        let mut builder = hyper::server::conn::http1::Builder::new();
        let _ = builder.timer(TokioTimer::new()).serve_connection(io, service).with_upgrades().await;
    }
}

fn service(
    handler: Handler,
    peer: Peer,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Answer,
    Error = std::convert::Infallible,
    Future = Pin<Box<dyn Future<Output = Result<Answer, std::convert::Infallible>> + Send>>,
> {
    service_fn(move |request| {
        let answering = handler(request, peer.clone());
        Box::pin(async move { Ok(answering.await) }) as Pin<Box<dyn Future<Output = _> + Send>>
    })
}

/// A whole answer.
pub(crate) fn answer(status: u16, media: &str, body: impl Into<Bytes>) -> Answer {
    Response::builder()
        .status(status)
        .header("content-type", media)
        .body(Full::new(body.into()).map_err(|never| match never {}).boxed())
        .unwrap()
}

pub(crate) fn json(status: u16, value: &serde_json::Value) -> Answer {
    answer(status, "application/json", value.to_string())
}

/// An answer whose body comes piece by piece, and ends when the sender is dropped.
pub(crate) fn streaming(media: &str) -> (mpsc::Sender<Bytes>, Answer) {
    let (sender, receiver) = mpsc::channel(4);
    let body = Pieces(receiver).boxed();
    (sender, Response::builder().header("content-type", media).body(body).unwrap())
}

/// A body that is sent piece by piece.
pub(crate) struct Pieces(pub(crate) mpsc::Receiver<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
