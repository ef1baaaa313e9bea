//! Real servers as children of a test, and a front before each that remembers what reached it.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::listeners::free_port;
use super::server::{self, Answer, answer};
use super::stage::Stage;
use super::upstream::{Record, Seen};
use super::{clients, eventually};

/// Runs a program until standard input says a line or ends, so that it does not outlive its test.
const UNTIL_TOLD: &str = r#""$@" >&2 & child=$!; read -r _; kill $child; wait $child"#;

/// The storage emulator, on the port that its first argument names.
const GOOGLE_STORAGE: &str = "
import sys
from gcp_storage_emulator.server import create_server
create_server('127.0.0.1', int(sys.argv[1]), in_memory=True).run()";

/// The key of Azure's emulator.
pub(crate) const AZURE_KEY: &str = "aW52ZW50ZWQ=";

/// What a front speaks to its server with.
pub(crate) type Upstream = Client<HttpConnector, Full<Bytes>>;

/// A server that one test has for itself.
pub(crate) struct Local {
    process: Child,
    /// The front.
    pub(crate) address: SocketAddr,
    /// What reached it.
    pub(crate) record: Record,
}

impl Local {
    /// Google's storage emulator as `storage.googleapis.com`.
    pub(crate) fn google_storage(stage: &mut Stage) -> Self {
        const NAME: &str = "storage.googleapis.com";
        let at = free_port();
        let mut words = vec![clients::google_cloud().join("bin/python").display().to_string()];
        words.extend(["-c".to_owned(), GOOGLE_STORAGE.to_owned(), at.port().to_string()]);
        let local = Self::start(stage, &words, at, Some(NAME));
        stage.resolve(NAME, local.address);
        local
    }

    /// Azure's storage emulator, in clear; `None` without npm.
    pub(crate) fn azurite(stage: &mut Stage) -> Option<Self> {
        let at = free_port();
        let mut words = vec![clients::azurite()?.join("node_modules/.bin/azurite-blob").display().to_string()];
        let options =
            ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent", "--blobPort"];
        words.extend(options.map(str::to_owned));
        words.push(at.port().to_string());
        stage.variable("AZURITE_ACCOUNTS", format!("devstoreaccount1:{AZURE_KEY}"));
        Some(Self::start(stage, &words, at, None))
    }

    /// Behind TLS for `name`, or in clear.
    fn start(stage: &Stage, words: &[String], at: SocketAddr, name: Option<&str>) -> Self {
        let log = std::fs::File::create(stage.path("server.log")).unwrap();
        let mut command: Command = stage.command("sh").into_std();
        command.args(["-c", UNTIL_TOLD, "sh"]).args(words);
        let process = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).spawn().expect("sh");
        let record = Record::default();
        let (seen, client) = (record.clone(), Client::builder(TokioExecutor::new()).build_http());
        let is_tls = name.is_some();
        let handler: server::Handler = Arc::new(move |request, peer| {
            let seen_now = Seen::of(&request, &peer);
            seen.push(seen_now);
            Box::pin(take(client.clone(), at, request, is_tls))
        });
        let tls = name.map(|name| stage.ca.server(&[name], &["http/1.1"]));
        let local = Self { process, address: server::serve(tls, handler), record };
        eventually("the server", || TcpStream::connect(at).ok());
        local
    }

    /// `METHOD /path` of every call that reached it, without the query.
    pub(crate) fn calls(&self) -> Vec<String> {
        let path = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
        self.record.all().iter().map(|seen| format!("{} {}", seen.method, path(&seen.target))).collect()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(mut input) = self.process.stdin.take() {
            let _ = input.write_all(b"\n");
        }
        let _ = self.process.wait();
    }
}

async fn take(client: Upstream, to: SocketAddr, request: Request<Incoming>, is_tls: bool) -> Answer {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return answer(400, "text/plain", "the body broke") };
    let mut answer = relay(&client, to, parts, body.to_bytes()).await;
    // The emulator does not know of the TLS before it.
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some(rest) = location.as_deref().and_then(|text| text.strip_prefix("http://")).filter(|_| is_tls) {
        answer.headers_mut().insert("location", HeaderValue::try_from(format!("https://{rest}")).unwrap());
    }
    answer
}

/// Sends a request that was read whole to a server in clear.
pub(crate) async fn relay(client: &Upstream, to: SocketAddr, mut parts: Parts, body: Bytes) -> Answer {
    // The front has answered `Expect: 100-continue` already.
    parts.headers.remove("expect");
    parts.headers.remove("transfer-encoding");
    parts.headers.insert("content-length", HeaderValue::from(body.len()));
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = format!("http://{to}{path}").parse::<Uri>().unwrap();
    parts.version = http::Version::HTTP_11;
    match client.request(Request::from_parts(parts, Full::new(body))).await {
        Ok(response) => response.map(|body| body.map_err(std::io::Error::other).boxed()),
        Err(error) => answer(502, "text/plain", format!("the server: {error}")),
    }
}
