//! What upstream certificates are verified against, and what is presented: the system's roots, the operator's extra
//! ones, and per server what the operator's kubeconfig names. Verification is never switched off.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

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
    named: HashMap<String, Arc<ClientConfig>>,
    /// Made at the first dial: reading the system's roots takes milliseconds that a start-up should not spend.
    common: OnceLock<Arc<ClientConfig>>,
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

    /// Registers one server's own roots (instead of the system's) and the certificate to present to it, and only to it.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn register(
        &mut self,
        authority: &Authority,
        roots: Option<Vec<CertificateDer<'static>>>,
        identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    ) -> Result<(), TlsError> {
        let unusable = |source| TlsError::Unusable { server: server_key(authority), source };
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
        let config = config(store, identity).map_err(unusable)?;
        self.named.insert(server_key(authority), Arc::new(config));
        Ok(())
    }

    /// How TLS with this server is spoken.
    ///
    /// # Errors
    /// There are no roots to verify against.
    pub fn config(&self, authority: &Authority) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(named) = self.named.get(&server_key(authority)) {
            return Ok(Arc::clone(named));
        }
        if let Some(common) = self.common.get() {
            return Ok(Arc::clone(common));
        }
        let made = Arc::new(config(self.system_roots()?, None)?);
        Ok(Arc::clone(self.common.get_or_init(|| made)))
    }

    fn system_roots(&self) -> Result<RootCertStore, TlsError> {
        let mut store = RootCertStore::empty();
        // Single unreadable roots are common on real machines and only make verification stricter.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        store.add_parsable_certificates(self.extra_roots.iter().cloned());
        if store.is_empty() { Err(TlsError::NoRoots) } else { Ok(store) }
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

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
