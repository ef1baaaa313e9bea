//! A git server: `git http-backend` as its authors ship it, behind TLS.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::server::{self, Answer, answer};
use super::stage::Stage;
use super::upstream::{Record, Seen};

/// The server.
pub(crate) struct GitServer {
    /// What reached it.
    pub(crate) record: Record,
    pub(crate) repository: PathBuf,
}

impl GitServer {
    /// Puts one empty repository, `/shop/orders.git`, onto the stage behind `host`.
    pub(crate) fn on(stage: &mut Stage, host: &str) -> Self {
        let (record, root) = (Record::default(), stage.path("repositories"));
        let repository = root.join("shop/orders.git");
        let git = |arguments: &[&str]| {
            let mut command = stage.command("git").into_std();
            assert!(command.args(arguments).status().unwrap().success(), "{arguments:?}");
        };
        let path = repository.display().to_string();
        git(&["init", "-q", "--bare", "-b", "main", &path]);
        git(&["-C", &path, "config", "http.receivepack", "true"]);
        let seen = record.clone();
        let handler: server::Handler = Arc::new(move |request, peer| {
            let (record, root) = (seen.clone(), root.clone());
            Box::pin(async move {
                let index = record.push(Seen::of(&request, &peer));
                take(record, index, &root, request).await
            })
        });
        let address = server::serve(Some(stage.ca.server(&[host], &["h2", "http/1.1"])), handler);
        stage.resolve(host, address);
        Self { record, repository }
    }
}

/// One request as CGI (RFC 3875) has it.
async fn take(record: Record, index: usize, root: &Path, request: Request<Incoming>) -> Answer {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return answer(400, "text/plain", "the body broke") };
    let body = body.to_bytes();
    record.body(index, body.len() as u64, String::new());
    let mut command = Command::new("git");
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", parts.uri.path())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    for (header, variable) in [
        ("content-type", "CONTENT_TYPE"),
        ("content-encoding", "HTTP_CONTENT_ENCODING"),
        ("git-protocol", "GIT_PROTOCOL"),
    ] {
        if let Some(value) = parts.headers.get(header) {
            command.env(variable, value.to_str().unwrap());
        }
    }
    let mut child = command.spawn().expect("git");
    let mut input = child.stdin.take().unwrap();
    let feeding = tokio::spawn(async move { drop(input.write_all(&body).await) });
    let output = child.wait_with_output().await.unwrap();
    feeding.await.unwrap();
    answered(output.stdout)
}

fn answered(said: Vec<u8>) -> Answer {
    let end = said.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let mut made = answer(200, "text/plain", Bytes::from(said[end + 4..].to_vec()));
    for line in String::from_utf8_lossy(&said[..end]).lines() {
        let (name, value) = line.split_once(": ").expect("a header");
        if name == "Status" {
            *made.status_mut() = value[..3].parse().unwrap();
        } else {
            made.headers_mut().insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
    }
    made
}
