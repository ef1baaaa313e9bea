//! Resolve, check the address, connect to the checked address, verify the certificate; or through the operator's proxy, or
//! to a unix socket, where the operator said so.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Uri};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::address::{AddressError, AddressRules};
use super::stream::{Line, Upstream};
use super::tls::{self, Servers, server_key};
use crate::model::http::{Authority, Scheme};
use crate::outbound::Proxies;
use crate::outbound::proxy::{Closed, Via, refused};
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
    /// The operator's proxy cannot be reached, or does not connect.
    #[error("the proxy `{proxy}` {why}")]
    Proxy {
        /// Which, without user and password.
        proxy: String,
        /// What it did.
        why: String,
        /// Asking again changes nothing.
        is_final: bool,
    },
}

impl DialError {
    /// Whether the same call gets the same answer again: nobody should repeat it.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Address(_) | Self::Proxy { is_final: true, .. })
    }
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
    proxies: Proxies,
    sockets: Arc<HashMap<String, PathBuf>>,
    /// Whether registered client certificates are presented.
    identified: bool,
    /// HTTP/1.1 is spoken, whatever else the server offers.
    http1: bool,
}

/// The way to a target.
enum Way {
    Direct,
    Socket(PathBuf),
    Proxy(Via),
}

impl Dialer {
    /// Under these address rules, trusting what `servers` says.
    #[must_use]
    pub fn new(rules: AddressRules, servers: Servers) -> Self {
        Self {
            rules: Arc::new(rules),
            servers: Arc::new(servers),
            proxies: Proxies::default(),
            sockets: Arc::default(),
            identified: true,
            http1: false,
        }
    }

    /// The same, through these proxies. Loopback and what `egress.resolve` names are dialled directly all the same.
    #[must_use]
    pub fn through(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    /// The same, with what is for `authority` sent to a unix socket. The operator named the socket, so there is no address
    /// to check.
    #[must_use]
    pub fn with_socket(mut self, authority: &Authority, path: PathBuf) -> Self {
        Arc::make_mut(&mut self.sockets).insert(server_key(authority), path);
        self
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

    /// A connection for one exchange. In clear too it goes *through* a proxy and not *to* it: few proxies pass an upgrade
    /// on.
    pub(super) async fn line(&self, scheme: Scheme, target: &Authority) -> Result<Upstream, DialError> {
        match scheme {
            Scheme::Http => Ok(Upstream::clear(self.tunnel(target).await?, false)),
            Scheme::Https => self.tls(target).await,
        }
    }

    /// What a plain request to this target must show the proxy that it goes through.
    pub(super) fn proxy_credentials(&self, scheme: Scheme, target: &Authority) -> Option<HeaderValue> {
        self.proxy_of_clear(scheme, target)?.credentials
    }

    /// What a plain request's 407 means: the proxy's own no, which nobody behind the gate can do anything about.
    pub(super) fn proxy_refusal(&self, scheme: Scheme, target: &Authority, status: u16) -> Option<DialError> {
        let via = self.proxy_of_clear(scheme, target).filter(|_| status == 407)?;
        Some(DialError::Proxy { proxy: via.to_string(), why: refused(status, target), is_final: true })
    }

    fn proxy_of_clear(&self, scheme: Scheme, target: &Authority) -> Option<Via> {
        match (scheme, self.way(scheme, target)) {
            (Scheme::Http, Way::Proxy(via)) => Some(via),
            _ => None,
        }
    }

    fn way(&self, scheme: Scheme, target: &Authority) -> Way {
        if let Some(path) = self.sockets.get(&server_key(target)) {
            return Way::Socket(path.clone());
        }
        if self.rules.override_for(target).is_some() {
            return Way::Direct;
        }
        self.proxies.for_target(scheme, target).map_or(Way::Direct, Way::Proxy)
    }

    /// Connects for bytes that are passed as they come: a tunnel.
    ///
    /// # Errors
    /// It does not resolve, no address may be dialled, none answers, or the proxy says no.
    pub async fn tunnel(&self, target: &Authority) -> Result<Line, DialError> {
        match self.way(Scheme::Https, target) {
            Way::Direct => Ok(Box::new(self.direct(target).await?)),
            Way::Socket(path) => unix(&path).await,
            Way::Proxy(via) => {
                self.rules.check_name(target)?;
                let mut line = self.to_proxy(&via).await?;
                match via.open(&mut line, target).await {
                    Ok(()) => Ok(line),
                    Err(Closed { why, is_final }) => Err(DialError::Proxy { proxy: via.to_string(), why, is_final }),
                }
            }
        }
    }

    /// Connects in clear.
    async fn clear(&self, target: &Authority) -> Result<Upstream, DialError> {
        match self.way(Scheme::Http, target) {
            Way::Direct => Ok(Upstream::clear(Box::new(self.direct(target).await?), false)),
            Way::Socket(path) => Ok(Upstream::clear(unix(&path).await?, false)),
            // Proxies commonly refuse CONNECT to other ports than 443.
            Way::Proxy(via) => {
                self.rules.check_name(target)?;
                Ok(Upstream::clear(self.to_proxy(&via).await?, true))
            }
        }
    }

    /// Connects to the first allowed address that answers.
    async fn direct(&self, authority: &Authority) -> Result<TcpStream, DialError> {
        let overridden = self.rules.override_for(authority);
        let addresses: Vec<SocketAddr> = match overridden {
            Some(address) => vec![address],
            None => resolve(authority).await?,
        };
        self.first(authority, addresses, overridden.is_some()).await
    }

    /// SECURITY: all addresses are checked, and only checked ones are dialled; the name is not resolved again.
    async fn first(
        &self,
        authority: &Authority,
        addresses: Vec<SocketAddr>,
        named_by_operator: bool,
    ) -> Result<TcpStream, DialError> {
        let mut refused = None;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            if let Err(error) = self.rules.check(address, named_by_operator) {
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

    /// Connects to the proxy itself, which the operator named: it may stand at a private address.
    async fn to_proxy(&self, via: &Via) -> Result<Line, DialError> {
        let broken = |error: DialError| match error {
            error @ DialError::Address(_) => error,
            error => {
                DialError::Proxy { proxy: via.to_string(), why: format!("cannot be used: {error}"), is_final: false }
            }
        };
        let addresses = resolve(&via.authority).await.map_err(broken)?;
        let stream = self.first(&via.authority, addresses, true).await.map_err(broken)?;
        if via.scheme == Scheme::Http {
            return Ok(Box::new(stream));
        }
        let config = self.tls_config(&via.authority).map_err(broken)?;
        let mut config = ClientConfig::clone(&config);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Box::new(self.secure(&via.authority, Arc::new(config), Box::new(stream)).await.map_err(broken)?))
    }

    fn tls_config(&self, authority: &Authority) -> Result<Arc<ClientConfig>, DialError> {
        let failed = |error| DialError::Tls { authority: authority.to_string(), source: io::Error::other(error) };
        let config = self.servers.config(authority, self.identified).map_err(failed)?;
        Ok(if self.http1 { tls::http1(&config) } else { config })
    }

    async fn secure(
        &self,
        authority: &Authority,
        config: Arc<ClientConfig>,
        line: Line,
    ) -> Result<TlsStream<Line>, DialError> {
        let name = match self.servers.name(authority) {
            Some(name) => name,
            None => {
                ServerName::try_from(authority.host.clone()).map_err(|_| DialError::Target(authority.to_string()))?
            }
        };
        let tls = |source| DialError::Tls { authority: authority.to_string(), source };
        let handshake = TlsConnector::from(config).connect(name, line);
        tokio::time::timeout(HANDSHAKE_TIME_MAX, handshake)
            .await
            .map_err(|_| tls(io::Error::new(io::ErrorKind::TimedOut, "no handshake in 15 s")))?
            .map_err(tls)
    }

    async fn tls(&self, authority: &Authority) -> Result<Upstream, DialError> {
        let config = self.tls_config(authority)?;
        let line = self.tunnel(authority).await?;
        Ok(Upstream::tls(self.secure(authority, config, line).await?))
    }
}

async fn resolve(authority: &Authority) -> Result<Vec<SocketAddr>, DialError> {
    let found = tokio::net::lookup_host((authority.host.as_str(), authority.port)).await;
    Ok(found.map_err(|source| DialError::Resolve { host: authority.host.clone(), source })?.collect())
}

#[allow(clippy::disallowed_methods, reason = "this is the module that the ban points to")]
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no answer in 10 s");
    let stream = tokio::time::timeout(CONNECT_TIME_MAX, TcpStream::connect(address)).await.map_err(late)??;
    socket::prepare(&stream)?;
    Ok(stream)
}

async fn unix(path: &std::path::Path) -> Result<Line, DialError> {
    let failed = |source| DialError::Connect { authority: format!("unix:{}", path.display()), source };
    Ok(Box::new(UnixStream::connect(path).await.map_err(failed)?))
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
            match scheme {
                Scheme::Http => dialer.clear(&authority).await,
                Scheme::Https => dialer.tls(&authority).await,
            }
        })
    }
}

#[cfg(test)]
mod tests;
