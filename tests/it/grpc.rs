//! gRPC through the gate: every kind of call, trailers, deadlines, and a no that its clients show once.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use http::Uri;
use http::uri::PathAndQuery;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_stream::{Stream, StreamExt};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status, Streaming};

use crate::support::block_on;
use crate::support::gate::RunningGate;
use crate::support::server::{self, Answer};
use crate::support::stage::Stage;
use crate::support::upstream::{Record, Seen};

/// Messages are bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = from.remaining();
        Ok(Some(from.copy_to_bytes(length)))
    }
}

type Messages = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// Echoes; by the request's path.
#[derive(Clone, Copy)]
struct Echo;

impl tonic::server::UnaryService<Bytes> for Echo {
    type Response = Bytes;
    type Future = std::future::Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        std::future::ready(match request.get_ref().as_ref() {
            b"fail" => Err(Status::with_details(Code::DataLoss, "100 % lost\nreally", Bytes::from_static(b"why"))),
            _ => {
                let mut answer = Response::new(request.into_inner());
                answer.metadata_mut().insert("x-head", "told".parse().unwrap());
                Ok(answer)
            }
        })
    }
}

impl tonic::server::StreamingService<Bytes> for Echo {
    type Response = Bytes;
    type ResponseStream = Messages;
    type Future = std::future::Ready<Result<Response<Messages>, Status>>;

    /// Answers each message as it comes.
    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        std::future::ready(Ok(Response::new(Box::pin(request.into_inner()))))
    }
}

impl tonic::server::ServerStreamingService<Bytes> for Echo {
    type Response = Bytes;
    type ResponseStream = Messages;
    type Future = std::future::Ready<Result<Response<Messages>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let asked = request.into_inner();
        let pieces = (0..100).map(move |n| Ok(Bytes::from(format!("{}-{n}", String::from_utf8_lossy(&asked)))));
        std::future::ready(Ok(Response::new(Box::pin(tokio_stream::iter(pieces)))))
    }
}

/// The library's bodies cannot be shared between threads, the test servers' can.
struct Synced(std::sync::Mutex<tonic::body::Body>);

impl http_body::Body for Synced {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        let frame = Pin::new(self.0.get_mut().unwrap()).poll_frame(cx);
        frame.map(|frame| frame.map(|frame| frame.map_err(std::io::Error::other)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap().is_end_stream()
    }
}

fn upstream(stage: &Stage) -> (std::net::SocketAddr, Record) {
    let record = Record::default();
    let seen = record.clone();
    let handler: server::Handler = Arc::new(move |request, peer| {
        seen.push(Seen::of(&request, &peer));
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Plain);
            let path = request.uri().path().to_owned();
            let answer = match path.rsplit('/').next() {
                Some("Stream") => grpc.server_streaming(Echo, request).await,
                Some("Both") => grpc.streaming(Echo, request).await,
                Some("Never") => std::future::pending().await,
                _ => grpc.unary(Echo, request).await,
            };
            let answer: Answer = answer.map(|body| Synced(body.into()).boxed());
            answer
        })
    });
    (server::serve(Some(stage.ca.server(&["api.dev.example", "shop.example"], &["h2"])), handler), record)
}

/// Hands the one connection through the gate to the library.
struct Once(Option<TlsStream<TcpStream>>);

impl tower_service::Service<Uri> for Once {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let gone = || std::io::Error::other("the connection was used up");
        std::future::ready(self.0.take().map(TokioIo::new).ok_or_else(gone))
    }
}

async fn client(gate: &RunningGate, host: &str) -> tonic::client::Grpc<Channel> {
    let tls = gate.tls(&format!("{host}:443"), &["h2"]).await;
    let endpoint = Endpoint::from_shared(format!("https://{host}")).unwrap();
    let channel = endpoint.connect_with_connector(Once(Some(tls))).await.expect("a channel");
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.expect("ready");
    client
}

fn path(text: &'static str) -> PathAndQuery {
    PathAndQuery::from_static(text)
}

#[test]
fn every_kind_of_call_passes() {
    let mut stage = Stage::new();
    let (address, record) = upstream(&stage);
    stage.resolve("api.dev.example", address);
    let gate = stage.gate();
    block_on(async {
        let mut client = client(&gate, "api.dev.example").await;
        let answer = client.unary(Request::new(Bytes::from("hello")), path("/echo.Echo/Say"), Plain).await.unwrap();
        assert_eq!(answer.metadata().get("x-head").unwrap(), "told");
        assert_eq!(answer.into_inner(), "hello");

        client.ready().await.unwrap();
        let error = client.unary(Request::new(Bytes::from("fail")), path("/echo.Echo/Say"), Plain).await.unwrap_err();
        assert_eq!(
            (error.code(), error.message(), error.details()),
            (Code::DataLoss, "100 % lost\nreally", &b"why"[..])
        );

        client.ready().await.unwrap();
        let answer = client.server_streaming(Request::new(Bytes::from("n")), path("/echo.Echo/Stream"), Plain).await;
        let mut messages = answer.unwrap().into_inner();
        let mut count = 0;
        while let Some(message) = messages.message().await.unwrap() {
            assert_eq!(message, format!("n-{count}"));
            count += 1;
        }
        assert_eq!(count, 100);
        assert!(messages.trailers().await.unwrap().is_some());

        // Each message is sent only after the one before has come back: nothing is held back on the way.
        client.ready().await.unwrap();
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        let outgoing = tokio_stream::wrappers::ReceiverStream::new(receiver);
        sender.send(Bytes::from("0")).await.unwrap();
        let answer = client.streaming(Request::new(outgoing), path("/echo.Echo/Both"), Plain).await.unwrap();
        let mut incoming = answer.into_inner();
        for n in 1..=50 {
            assert_eq!(incoming.next().await.unwrap().unwrap(), (n - 1).to_string());
            sender.send(Bytes::from(n.to_string())).await.unwrap();
        }
        drop(sender);
        assert_eq!(incoming.next().await.unwrap().unwrap(), "50");
        assert!(incoming.next().await.is_none());

        client.ready().await.unwrap();
        let mut late = Request::new(Bytes::new());
        late.set_timeout(Duration::from_millis(300));
        let error = client.unary(late, path("/echo.Echo/Never"), Plain).await.unwrap_err();
        assert!(matches!(error.code(), Code::DeadlineExceeded | Code::Cancelled), "{error}");
    });
    gate.stop();
    let seen = record.all();
    assert_eq!(seen.len(), 5);
    assert!(seen.iter().all(|one| one.header("te") == Some("trailers")), "{seen:#?}");
    assert!(seen.last().unwrap().header("grpc-timeout").is_some());
    stage.log().is_undisturbed();
}

#[test]
fn a_stopped_call_shows_why_and_is_not_repeated() {
    let mut stage = Stage::new();
    let (address, record) = upstream(&stage);
    stage.resolve("shop.example", address);
    let gate = stage.gate();
    block_on(async {
        let mut client = client(&gate, "shop.example").await;
        let error =
            client.unary(Request::new(Bytes::new()), path("/shop.v1.Orders/DeleteOrders"), Plain).await.unwrap_err();
        assert_eq!(error.code(), Code::PermissionDenied, "{error}");
        assert!(
            error.message().contains("Approval needed") && error.message().contains("host shop.example"),
            "{error}"
        );
    });
    gate.stop();
    assert_eq!(record.len(), 0);
    assert_eq!(stage.log().stopped().len(), 1);
}

#[test]
fn a_long_wait_for_a_limit_is_told_once() {
    let mut stage = Stage::new();
    let (address, record) = upstream(&stage);
    stage.resolve("api.dev.example", address);
    let limits = "limits:\n  - id: acme/slowly\n    match: { operation: [\"http:api.dev.example:POST\"] }\n    key: [session]\n    \
                  allow: 1 per 10m\n    decision: throttle\n    message: One at a time.\n    instead: Come back later.\n";
    stage.write("config/rules/acme/limits.yaml", limits);
    let gate = stage.gate();
    block_on(async {
        let mut client = client(&gate, "api.dev.example").await;
        client.unary(Request::new(Bytes::from("a")), path("/echo.Echo/Say"), Plain).await.unwrap();
        client.ready().await.unwrap();
        let error = client.unary(Request::new(Bytes::from("b")), path("/echo.Echo/Say"), Plain).await.unwrap_err();
        assert_eq!(error.code(), Code::PermissionDenied, "{error}");
        assert!(error.message().contains("One at a time."), "{error}");
    });
    gate.stop();
    assert_eq!((record.len(), stage.log().stopped().len()), (1, 1));
}

#[test]
fn an_upstream_that_is_down_is_unavailable() {
    let mut stage = Stage::new();
    stage.resolve("api.dev.example", "127.0.0.1:1".parse().unwrap());
    let gate = stage.gate();
    block_on(async {
        let mut client = client(&gate, "api.dev.example").await;
        let error = client.unary(Request::new(Bytes::new()), path("/echo.Echo/Say"), Plain).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable, "{error}");
        assert!(error.message().contains("cannot connect to `api.dev.example:443`"), "{error}");
    });
}
