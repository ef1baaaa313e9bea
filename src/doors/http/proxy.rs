//! A connection to the forward proxy: CONNECT, or plain requests in absolute form.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::Visit;
use super::callers::claimed;
use super::connect::{Asked, connect};
use super::connection::{end, last_words, serve_http1};
use crate::head::authority;
use crate::head::check::{self, Form, HEAD_BYTES_MAX};
use crate::head::request::Origin;
use crate::head::said::said_in;
use crate::identify::Dialect;
use crate::model::Door;
use crate::model::http::{Scheme, Unreadable};

/// A connection must say what it wants in this time.
const FIRST_HEAD_TIME_MAX: Duration = Duration::from_secs(30);

/// One client connection.
pub(super) async fn client<S>(visit: Visit, mut stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut read = BytesMut::new();
    let head = tokio::time::timeout(FIRST_HEAD_TIME_MAX, first_head(&mut stream, &mut read)).await;
    let unreadable = match head {
        Err(_) | Ok(Err(_)) => return,
        Ok(Ok(None)) => Unreadable::status(431, "the request head is larger than 64 KiB"),
        Ok(Ok(Some(end))) => match first(read.get(..end).unwrap_or_default(), &visit) {
            Ok(First::Connect(asked, visit)) => {
                read.advance(end);
                return connect(visit, stream, asked, read).await;
            }
            Ok(First::Plain) => {
                let origin = Arc::new(Origin::proxy());
                return serve_http1(visit, stream, origin, Form::Proxy, read).await;
            }
            Err(unreadable) => unreadable,
        },
    };
    let refusal = visit.gate.reject(&unreadable, None, &visit.principal(), Door::Http).await;
    let _ = stream.write_all(&last_words(Dialect::Problem, &refusal)).await;
    end(stream).await;
}

/// Reads until the first head is whole; `None` when it grows too large, and at once when it cannot become a head.
async fn first_head(stream: &mut (impl AsyncRead + Unpin), read: &mut BytesMut) -> io::Result<Option<usize>> {
    loop {
        if let Some(end) = check::end_of(read) {
            return Ok(Some(end));
        }
        if read.len() > HEAD_BYTES_MAX {
            return Ok(None);
        }
        // A TLS handshake, or lines that end in a bare LF: answered now, not at the deadline.
        if check::looks_foreign(read) {
            return Ok(Some(read.len()));
        }
        if stream.read_buf(read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

enum First {
    /// A tunnel, and the visit of whoever asked for it: what is inside is theirs.
    Connect(Asked, Visit),
    Plain,
}

fn first(head: &[u8], visit: &Visit) -> Result<First, Unreadable> {
    let checked = check::check(head, Form::Proxy)?;
    if checked.method != "CONNECT" {
        return Ok(First::Plain);
    }
    let target = authority::parse(checked.target, Scheme::Https)?;
    // RFC 9112, section 3.2.3: the target of CONNECT always has a port. Host repeats it where it is sent.
    if !checked.target.ends_with(&format!(":{}", target.port)) {
        return Err(Unreadable::new("a CONNECT without a port"));
    }
    match checked.host.filter(|host| !host.is_empty()).map(|host| authority::parse(host, Scheme::Https)).transpose()? {
        // Some clients send the name alone, whatever the port.
        Some(host) if host.host != target.host => {
            return Err(Unreadable::new("CONNECT and Host do not name the same host"));
        }
        _ => {}
    }
    let caller = visit.entrance.callers.receive(claimed(checked.proxy_authorization), visit.peer)?;
    let asked = Asked { authority: target, said: said_in(head)? };
    Ok(First::Connect(asked, Visit { caller: Some(caller), ..visit.clone() }))
}
