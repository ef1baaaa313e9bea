//! The operator's own traffic: what the gate itself tells or asks, where its settings say so. Never an agent's bytes, and
//! never where a setting's name was made to lead.
//!
//! A name is resolved once, every address is checked, and the checked address is dialled. Metadata services are refused
//! always; addresses that are not public only where the setting itself names the address, or the operator lists it. An answer
//! that leads elsewhere (a redirect) is an answer and is not followed.

pub(crate) mod proxy;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub use self::proxy::{Proxies, ProxyError};
use crate::config::{AddressKind, AddressRange, WebUrl};
use crate::model::http::{Authority, Scheme};

/// From the first look-up to the end of the answer.
pub const EXCHANGE_TIME_MAX: Duration = Duration::from_secs(15);
/// For connecting to one address.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// Of an answer's body; the rest is not read.
const REPLY_BYTES_MAX: usize = 4 * 1024;

/// Somebody could not be told.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Instance credentials live there; no setting lifts this.
    #[error("`{0}` is a metadata service, and the gate never connects to it")]
    Metadata(String),
    /// The name leads inside.
    #[error(
        "`{host}` leads to `{address}`, which is no public address; if it is meant, list it in `notify.allow_addresses`"
    )]
    Inside {
        /// The name.
        host: String,
        /// Where it leads.
        address: IpAddr,
    },
    /// The name does not resolve.
    #[error("`{host}` does not resolve: {source}")]
    Resolve {
        /// The name.
        host: String,
        /// Why not.
        source: io::Error,
    },
    /// No address answers.
    #[error("cannot connect to `{authority}`: {source}")]
    Connect {
        /// Whom.
        authority: String,
        /// Why not.
        source: io::Error,
    },
    /// The certificate cannot be verified, or TLS failed otherwise.
    #[error("TLS with `{authority}` failed: {source}")]
    Tls {
        /// Whom.
        authority: String,
        /// Why.
        source: io::Error,
    },
    /// The operator's proxy.
    #[error("the proxy `{proxy}` {why}")]
    Proxy {
        /// Which, without user and password.
        proxy: String,
        /// What it did.
        why: String,
    },
    /// In clear, and not to this machine.
    #[error("`{0}` would be told in clear")]
    Clear(String),
    /// The answer did not come.
    #[error("no answer from `{0}` in 15 s")]
    Late(String),
    /// The answer is not HTTP, or broke off.
    #[error("the answer of `{authority}` cannot be read: {why}")]
    Answer {
        /// Whose.
        authority: String,
        /// What is wrong with it.
        why: String,
    },
}

/// What the settings say about ways out.
#[derive(Debug, Default)]
pub struct OutboundParts {
    /// `host:port` → the address to dial instead; lifts the check for that target.
    pub resolve: BTreeMap<String, SocketAddr>,
    /// Addresses that are dialled although they are not public.
    pub allow: Vec<AddressRange>,
    /// The proxy on the way out. It resolves names itself: only the target's own text is checked then.
    pub proxies: Proxies,
    /// Trusted beside the system's roots.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

/// The operator's way out. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: OutboundParts,
    /// Made at the first use: reading the system's roots takes milliseconds.
    tls: OnceLock<Arc<ClientConfig>>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u64>,
    /// The beginning of its body.
    pub body: Bytes,
}

/// Bytes both ways.
trait Line: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

impl Outbound {
    /// Over these ways.
    #[must_use]
    pub fn new(parts: OutboundParts) -> Self {
        Self(Arc::new(Inner { parts, tls: OnceLock::new() }))
    }

    /// Posts JSON, and reads the answer's head and the beginning of its body.
    ///
    /// # Errors
    /// It was not answered. Whether it arrived is then not known.
    pub async fn post(&self, url: &WebUrl, headers: &[(&str, String)], body: Bytes) -> Result<Reply, OutboundError> {
        let late = |_| OutboundError::Late(url.authority.to_string());
        tokio::time::timeout(EXCHANGE_TIME_MAX, self.exchange(url, headers, body)).await.map_err(late)?
    }

    async fn exchange(&self, url: &WebUrl, headers: &[(&str, String)], body: Bytes) -> Result<Reply, OutboundError> {
        let target = &url.authority;
        let line: Box<dyn Line> = match url.scheme {
            Scheme::Https => Box::new(self.secure(target, self.tunnel(target).await?).await?),
            Scheme::Http if target.address().is_some_and(|address| address.is_loopback()) => {
                Box::new(self.connect(target).await?)
            }
            Scheme::Http => return Err(OutboundError::Clear(target.to_string())),
        };
        let wrong = |why: String| OutboundError::Answer { authority: target.to_string(), why };
        let mut request = Request::post(&url.path)
            .header(header::HOST, target.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("blastgate/", env!("CARGO_PKG_VERSION")))
            .header(header::CONNECTION, "close");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(body)).map_err(|error| wrong(error.to_string()))?;
        let started = hyper::client::conn::http1::handshake(TokioIo::new(line)).await;
        let (mut sender, connection) = started.map_err(|error| wrong(error.to_string()))?;
        let exchange = async {
            let mut response = sender.send_request(request).await.map_err(|error| wrong(error.to_string()))?;
            let retry_after = response.headers().get(header::RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
            let mut body = BytesMut::new();
            while body.len() < REPLY_BYTES_MAX
                && let Some(Ok(frame)) = response.frame().await
            {
                body.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
            }
            body.truncate(REPLY_BYTES_MAX);
            Ok(Reply { status: response.status().as_u16(), retry_after, body: body.freeze() })
        };
        let mut exchange = std::pin::pin!(exchange);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            answer = &mut exchange => answer,
            // The connection may end in the same moment in which its answer is complete.
            _ = &mut connection => exchange.await,
        }
    }

    /// Connects to the target, or through the operator's proxy.
    async fn tunnel(&self, target: &Authority) -> Result<Box<dyn Line>, OutboundError> {
        let is_named = self.0.parts.resolve.contains_key(&target.to_string());
        let via = self.0.parts.proxies.for_target(Scheme::Https, target).filter(|_| !is_named);
        let Some(via) = via else { return Ok(Box::new(self.connect(target).await?)) };
        match target.address() {
            Some(address) => self.check(target, address, false)?,
            None if AddressKind::is_metadata_name(&target.host) => {
                return Err(OutboundError::Metadata(target.host.clone()));
            }
            None => {}
        }
        let broken = |why: String| OutboundError::Proxy { proxy: via.to_string(), why };
        let cannot = |error: OutboundError| broken(format!("cannot be used: {error}"));
        // The operator named it: it may stand at a private address.
        let addresses = resolve(&via.authority).await.map_err(cannot)?;
        let stream = self.first(&via.authority, addresses, true).await.map_err(cannot)?;
        let mut line: Box<dyn Line> = match via.scheme {
            Scheme::Http => Box::new(stream),
            Scheme::Https => Box::new(self.secure(&via.authority, stream).await.map_err(cannot)?),
        };
        via.open(&mut line, target).await.map_err(|closed| broken(closed.why))?;
        Ok(line)
    }

    /// Connects to the first allowed address that answers, without any proxy.
    ///
    /// # Errors
    /// It does not resolve, no address may be dialled, or none answers.
    pub async fn connect(&self, target: &Authority) -> Result<TcpStream, OutboundError> {
        let named = self.0.parts.resolve.get(&target.to_string()).copied();
        let addresses = match named {
            Some(address) => vec![address],
            None => resolve(target).await?,
        };
        self.first(target, addresses, named.is_some()).await
    }

    /// SECURITY: all addresses are checked, and only checked ones are dialled; the name is not resolved again.
    async fn first(
        &self,
        target: &Authority,
        addresses: Vec<SocketAddr>,
        is_named: bool,
    ) -> Result<TcpStream, OutboundError> {
        let mut refused = None;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            if let Err(error) = self.check(target, address.ip(), is_named) {
                refused.get_or_insert(error);
                continue;
            }
            match connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        let failed = OutboundError::Connect { authority: target.to_string(), source: last };
        Err(refused.unwrap_or(failed))
    }

    /// Checks the address that would be dialled. `is_named`: the operator named this address for this target.
    fn check(&self, target: &Authority, address: IpAddr, is_named: bool) -> Result<(), OutboundError> {
        let (address, kind) = AddressKind::of(address);
        if kind == AddressKind::Metadata {
            return Err(OutboundError::Metadata(address.to_string()));
        }
        let is_literal = target.address().is_some_and(|own| AddressKind::of(own).0 == address);
        let is_listed = || self.0.parts.allow.iter().any(|range| range.contains(address));
        if kind == AddressKind::Public || is_named || is_literal || is_listed() {
            return Ok(());
        }
        Err(OutboundError::Inside { host: target.host.clone(), address })
    }

    /// TLS over what is connected, with the certificate of the target's own name verified.
    ///
    /// # Errors
    /// There is nothing to verify against, or it does not verify.
    pub async fn secure<S>(&self, target: &Authority, stream: S) -> Result<TlsStream<S>, OutboundError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let failed = |source| OutboundError::Tls { authority: target.to_string(), source };
        let name = ServerName::try_from(target.host.clone()).map_err(|error| failed(io::Error::other(error)))?;
        let config = self.tls().map_err(failed)?;
        let handshake = TlsConnector::from(config).connect(name, stream);
        let late = |_| failed(io::Error::new(io::ErrorKind::TimedOut, "no handshake in 15 s"));
        tokio::time::timeout(EXCHANGE_TIME_MAX, handshake).await.map_err(late)?.map_err(failed)
    }

    fn tls(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(made) = self.0.tls.get() {
            return Ok(Arc::clone(made));
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(self.0.parts.extra_roots.iter().cloned());
        if roots.is_empty() {
            return Err(io::Error::other("no trusted root certificates were found on this machine"));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::clone(self.0.tls.get_or_init(|| Arc::new(config))))
    }
}

async fn resolve(target: &Authority) -> Result<Vec<SocketAddr>, OutboundError> {
    let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
    Ok(found.map_err(|source| OutboundError::Resolve { host: target.host.clone(), source })?.collect())
}

#[allow(clippy::disallowed_methods, reason = "the operator's traffic is dialled here and nowhere else")]
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no answer in 10 s");
    let stream = tokio::time::timeout(CONNECT_TIME_MAX, TcpStream::connect(address)).await.map_err(late)??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests;
