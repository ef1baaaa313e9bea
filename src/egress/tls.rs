//! What upstream certificates are verified against, and what is presented: the system's roots, the operator's extra
//! ones, and per server what the operator's kubeconfig names. Verification is never switched off.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use crate::model::http::Authority;

/// Upstream TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There is nothing to verify against.
    #[error("no trusted root certificates were found on this machine; install its `ca-certificates` package")]
    NoRoots,
    /// A certificate or key that the operator named cannot be used.
    #[error("the certificate or key for `{server}` cannot be used: {source}")]
    Unusable {
        /// Which server.
        server: String,
        /// Why not.
        source: rustls::Error,
    },
    /// TLS itself.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

/// Verification and client certificates, per server.
#[derive(Debug, Default)]
pub struct Servers {
    extra_roots: Vec<CertificateDer<'static>>,
    named: HashMap<String, Named>,
    /// Made at the first dial: reading the system's roots takes milliseconds that a start-up should not spend.
    common: OnceLock<Arc<ClientConfig>>,
}

/// One server of the operator's kubeconfig.
#[derive(Debug)]
struct Named {
    anonymous: Arc<ClientConfig>,
    identified: Option<Arc<ClientConfig>>,
    name: Option<ServerName<'static>>,
}

/// What is registered for one server.
#[derive(Debug, Default)]
pub struct Registration {
    /// Its own roots, instead of the system's.
    pub roots: Option<Vec<CertificateDer<'static>>>,
    /// The certificate to present to it, and only to it.
    pub identity: Option<Identity>,
    /// The name on its certificate, where that is not the host's.
    pub name: Option<String>,
}

/// How a server is named in [`Servers`] and in overrides: `host:port`.
#[must_use]
pub fn server_key(authority: &Authority) -> String {
    authority.to_string()
}

impl Servers {
    /// Trusting the system's roots and these.
    #[must_use]
    pub fn new(extra_roots: Vec<CertificateDer<'static>>) -> Self {
        Self { extra_roots, ..Self::default() }
    }

    /// Registers one server; the first registration of a server stands.
    ///
    /// # Errors
    /// The roots, the certificate or the name cannot be used.
    pub fn register(&mut self, authority: &Authority, with: Registration) -> Result<(), TlsError> {
        let unusable = |source| TlsError::Unusable { server: server_key(authority), source };
        let Registration { roots, identity, name } = with;
        let store = match roots {
            Some(roots) => {
                let mut store = RootCertStore::empty();
                for root in roots {
                    store.add(root).map_err(unusable)?;
                }
                store
            }
            None => self.system_roots()?,
        };
        let name = match name {
            Some(name) => Some(
                ServerName::try_from(name)
                    .map_err(|_| unusable(rustls::Error::General("`tls-server-name` is not a name".to_owned())))?,
            ),
            None => None,
        };
        let identified = match identity {
            Some(identity) => Some(Arc::new(config(store.clone(), Some(identity)).map_err(unusable)?)),
            None => None,
        };
        let anonymous = Arc::new(config(store, None).map_err(unusable)?);
        self.named.entry(server_key(authority)).or_insert(Named { anonymous, identified, name });
        Ok(())
    }

    /// How TLS with this server is spoken; `identified`: with the registered certificate.
    ///
    /// # Errors
    /// There are no roots to verify against.
    pub fn config(&self, authority: &Authority, identified: bool) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(named) = self.named.get(&server_key(authority)) {
            let own = named.identified.as_ref().filter(|_| identified);
            return Ok(Arc::clone(own.unwrap_or(&named.anonymous)));
        }
        if let Some(common) = self.common.get() {
            return Ok(Arc::clone(common));
        }
        let made = Arc::new(config(self.system_roots()?, None)?);
        Ok(Arc::clone(self.common.get_or_init(|| made)))
    }

    /// The name to verify, where it is not the host's.
    #[must_use]
    pub fn name(&self, authority: &Authority) -> Option<ServerName<'static>> {
        self.named.get(&server_key(authority))?.name.clone()
    }

    fn system_roots(&self) -> Result<RootCertStore, TlsError> {
        let mut store = RootCertStore::empty();
        // Single unreadable roots are common on real machines and only make verification stricter.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        store.add_parsable_certificates(self.extra_roots.iter().cloned());
        if store.is_empty() { Err(TlsError::NoRoots) } else { Ok(store) }
    }
}

/// The same, speaking HTTP/1.1 only.
pub(super) fn http1(config: &ClientConfig) -> Arc<ClientConfig> {
    let mut config = config.clone();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

/// A certificate chain and its key.
pub type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn config(roots: RootCertStore, identity: Option<Identity>) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match identity {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(1024);
    Ok(config)
}
