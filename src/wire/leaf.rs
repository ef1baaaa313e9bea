//! Leaf certificates: one per CONNECT name, exactly that name, a day long, minted once and kept.
//!
//! A leaf carries exactly one name, so that no client can reuse an opened connection for another host.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use time::Duration;

use super::ca::{CaError, CertificateAuthority, offset, serial};
use crate::model::Timestamp;

/// A leaf's life.
const LIFETIME: Duration = Duration::hours(24);
/// Minted anew when less than this remains.
const RENEWAL_MILLIS: u64 = 60 * 60 * 1000;
/// Names kept at most; a client that opens more than this makes us start over, not grow.
const NAMES_MAX: usize = 10_000;

struct Leaf {
    config: Arc<ServerConfig>,
    renew_at: Timestamp,
}

/// Makes and keeps the TLS configuration for every name.
pub struct Leaves {
    authority: CertificateAuthority,
    /// One key for all leaves of this process: they live a day, and a P-256 key per host would buy nothing.
    key: KeyPair,
    kept: Mutex<HashMap<String, Leaf>>,
}

impl std::fmt::Debug for Leaves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Leaves")
    }
}

/// A leaf could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LeafError {
    /// Certificate.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// TLS configuration.
    #[error("cannot set up TLS for `{name}`: {source}")]
    Tls {
        /// For whom.
        name: String,
        /// Why not.
        source: rustls::Error,
    },
}

impl Leaves {
    /// Leaves of this authority.
    ///
    /// # Errors
    /// The key could not be made.
    pub fn new(authority: CertificateAuthority) -> Result<Self, CaError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        Ok(Self { authority, key, kept: Mutex::default() })
    }

    /// The authority.
    #[must_use]
    pub const fn authority(&self) -> &CertificateAuthority {
        &self.authority
    }

    /// The TLS configuration that answers as `name` (lower case, or an address).
    ///
    /// # Errors
    /// The certificate could not be made.
    pub fn config(&self, name: &str, now: Timestamp) -> Result<Arc<ServerConfig>, LeafError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = kept.get(name).filter(|leaf| leaf.renew_at > now) {
            return Ok(Arc::clone(&leaf.config));
        }
        let config = Arc::new(self.mint(name, now)?);
        if kept.len() >= NAMES_MAX {
            kept.clear();
        }
        let life = u64::try_from(LIFETIME.whole_milliseconds()).unwrap_or(0);
        let renew_at = Timestamp::from_millis(now.millis() + life.saturating_sub(RENEWAL_MILLIS));
        kept.insert(name.to_owned(), Leaf { config: Arc::clone(&config), renew_at });
        Ok(config)
    }

    fn mint(&self, name: &str, now: Timestamp) -> Result<ServerConfig, LeafError> {
        let tls = |source| LeafError::Tls { name: name.to_owned(), source };
        let mut params = CertificateParams::default();
        let subject = match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.try_into().map_err(CaError::Mint)?),
        };
        params.subject_alt_names = vec![subject];
        // RFC 5280, appendix A.1: a common name has at most 64 characters; the alternative name is what counts.
        params.distinguished_name.push(DnType::CommonName, name.get(..name.len().min(64)).unwrap_or("blastgate"));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let now = offset(now);
        params.not_before = now - Duration::hours(1);
        params.not_after = now + LIFETIME;
        params.serial_number = Some(serial());
        let leaf = params.signed_by(&self.key, self.authority.issuer()).map_err(CaError::Mint)?;
        let chain = vec![leaf.der().clone(), self.authority.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(tls)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(tls)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}
