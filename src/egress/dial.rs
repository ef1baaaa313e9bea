//! Resolve, check the address, connect to the checked address, verify the certificate.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::address::{AddressError, AddressRules};
use super::tls::{self, Servers};
use crate::model::http::{Authority, Scheme};
use crate::wire::socket;

/// For connecting to one address.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// For the TLS handshake.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(15);

/// Upstream could not be reached. Nothing of the request has been sent.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The request's own target cannot be dialled.
    #[error("`{0}` cannot be dialled")]
    Target(String),
    /// The name does not resolve.
    #[error("`{host}` does not resolve: {source}")]
    Resolve {
        /// The name.
        host: String,
        /// Why not.
        source: io::Error,
    },
    /// Every address it resolves to is forbidden.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No address answers.
    #[error("cannot connect to `{authority}`: {source}")]
    Connect {
        /// Whom.
        authority: String,
        /// Why not.
        source: io::Error,
    },
    /// The certificate cannot be verified, or TLS failed otherwise.
    #[error("TLS with `{authority}` failed: {source}{}", hint(.source))]
    Tls {
        /// Whom.
        authority: String,
        /// Why.
        source: io::Error,
    },
}

/// What to do about a certificate that cannot be verified.
fn hint(error: &io::Error) -> &'static str {
    let text = error.to_string();
    if text.contains("UnknownIssuer") || text.contains("NotValidForName") || text.contains("CaUsedAsEndEntity") {
        " (if this server has a private CA, name it in `egress.extra_ca`)"
    } else {
        ""
    }
}

/// Dials. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Dialer {
    rules: Arc<AddressRules>,
    servers: Arc<Servers>,
    /// Whether registered client certificates are presented.
    identified: bool,
    /// HTTP/1.1 is spoken, whatever else the server offers.
    http1: bool,
}

impl Dialer {
    /// Under these address rules, trusting what `servers` says.
    #[must_use]
    pub fn new(rules: AddressRules, servers: Servers) -> Self {
        Self { rules: Arc::new(rules), servers: Arc::new(servers), identified: true, http1: false }
    }

    /// The same, presenting no client certificate.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { identified: false, ..self.clone() }
    }

    /// The same, for connections that become another protocol: HTTP/2 has no upgrades.
    #[must_use]
    pub fn http1(&self) -> Self {
        Self { http1: true, ..self.clone() }
    }

    /// Connects in clear to the first allowed address that answers.
    ///
    /// # Errors
    /// It does not resolve, no address may be dialled, or none answers.
    pub async fn connect(&self, authority: &Authority) -> Result<TcpStream, DialError> {
        let overridden = self.rules.override_for(authority);
        let addresses: Vec<SocketAddr> = match overridden {
            Some(address) => vec![address],
            None => tokio::net::lookup_host((authority.host.as_str(), authority.port))
                .await
                .map_err(|source| DialError::Resolve { host: authority.host.clone(), source })?
                .collect(),
        };
        // SECURITY: all addresses are checked, and only checked ones are dialled; the name is not resolved again.
        let mut refused = None;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            if let Err(error) = self.rules.check(address, overridden.is_some()) {
                refused.get_or_insert(error);
                continue;
            }
            match connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        match refused {
            Some(error) => Err(error.into()),
            None => Err(DialError::Connect { authority: authority.to_string(), source: last }),
        }
    }

    async fn connect_tls(&self, authority: &Authority) -> Result<TlsStream<TcpStream>, DialError> {
        let name =
            ServerName::try_from(authority.host.clone()).map_err(|_| DialError::Target(authority.to_string()))?;
        let failed = |source| DialError::Tls { authority: authority.to_string(), source };
        let config =
            self.servers.config(authority, self.identified).map_err(|error| failed(io::Error::other(error)))?;
        let config = if self.http1 { tls::http1(&config) } else { config };
        let stream = self.connect(authority).await?;
        let handshake = TlsConnector::from(config).connect(name, stream);
        tokio::time::timeout(HANDSHAKE_TIME_MAX, handshake)
            .await
            .map_err(|_| failed(io::Error::new(io::ErrorKind::TimedOut, "no handshake in 15 s")))?
            .map_err(failed)
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the module that the ban points to")]
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no answer in 10 s");
    let stream = tokio::time::timeout(CONNECT_TIME_MAX, TcpStream::connect(address)).await.map_err(late)??;
    socket::prepare(&stream)?;
    Ok(stream)
}

/// The URI that `egress` itself built.
fn authority_of(uri: &Uri) -> Result<(Scheme, Authority), DialError> {
    let target = || DialError::Target(uri.to_string());
    let scheme = match uri.scheme_str() {
        Some("https") => Scheme::Https,
        Some("http") => Scheme::Http,
        _ => return Err(target()),
    };
    let text = uri.authority().ok_or_else(target)?;
    let authority = crate::head::authority::parse(text.as_str(), scheme).map_err(|_| target())?;
    Ok((scheme, authority))
}

impl tower_service::Service<Uri> for Dialer {
    type Response = Upstream;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Upstream, DialError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move {
            let (scheme, authority) = authority_of(&uri)?;
            Ok(match scheme {
                Scheme::Http => Upstream::Clear(TokioIo::new(dialer.connect(&authority).await?)),
                Scheme::Https => Upstream::Tls(Box::new(TokioIo::new(dialer.connect_tls(&authority).await?))),
            })
        })
    }
}

/// A connection to an API.
#[derive(Debug)]
pub enum Upstream {
    /// In clear.
    Clear(TokioIo<TcpStream>),
    /// Verified.
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection for Upstream {
    fn connected(&self) -> Connected {
        match self {
            Self::Tls(stream) if stream.inner().get_ref().1.alpn_protocol() == Some(b"h2") => {
                Connected::new().negotiated_h2()
            }
            _ => Connected::new(),
        }
    }
}

/// Hands a call on to whichever stream this is.
macro_rules! either {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Upstream::Clear($stream) => $call,
            Upstream::Tls($stream) => {
                let $stream = $stream.as_mut();
                $call
            }
        }
    };
}

impl hyper::rt::Read for Upstream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl hyper::rt::Write for Upstream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Clear(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
