//! A check that is an endpoint: the JSON is posted to it, status 200 is a yes.
//!
//! It goes the way of the gate's own settings: checked addresses, the operator's proxy and roots. A redirection is a no, and
//! nobody goes where it leads.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};

use super::command::humane;
use super::{BYTES_MAX, Reply};
use crate::egress::Dialer;
use crate::head::authority;
use crate::head::request::wire_name;
use crate::model::http::Scheme;

pub(super) fn ask(way: &Dialer, url: &str, about: String, within: Duration) -> Reply {
    // Of its own: a hook that decides alone has none, and who asks here may block.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Reply::no(format!("it cannot be asked: {error}")),
    };
    let answered = runtime.block_on(async { tokio::time::timeout(within, post(way, url, about)).await });
    // A name that is still being resolved is nobody's to wait for.
    runtime.shutdown_background();
    match answered {
        Ok(Ok(reply)) => reply,
        Ok(Err(why)) => Reply::no(format!("it cannot be asked: {why}")),
        Err(_) => Reply::no(format!("no answer within {}", humane(within))),
    }
}

async fn post(way: &Dialer, url: &str, about: String) -> Result<Reply, String> {
    let uri: Uri = url.parse().map_err(|_| "its URL cannot be read")?;
    let named = uri.authority().filter(|_| uri.scheme_str() == Some("https")).ok_or("its URL names no HTTPS server")?;
    let target = authority::parse(named.as_str(), Scheme::Https).map_err(|unreadable| unreadable.why)?;
    let line = way.line(Scheme::Https, &target).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(line).await.map_err(|error| error.to_string())?;
    let connection = tokio::spawn(connection);
    let request = Request::post(uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str))
        .header(header::HOST, wire_name(Scheme::Https, &target))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "text/plain, */*")
        .header(header::USER_AGENT, concat!("blastgate/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(about)))
        .map_err(|error| error.to_string())?;
    let mut answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let mut said = Vec::new();
    while said.len() < BYTES_MAX
        && let Some(Ok(frame)) = answer.frame().await
    {
        said.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default());
    }
    connection.abort();
    said.truncate(BYTES_MAX);
    let why = match status {
        _ if status.is_redirection() => format!("it answered {}, and redirections are not followed", status.as_u16()),
        _ => format!("it answered {}", status.as_u16()),
    };
    // What stands in the body of a redirection speaks of somewhere else.
    let said = if status.is_redirection() { Vec::new() } else { said };
    Ok(Reply { passed: status == StatusCode::OK, said, why })
}
