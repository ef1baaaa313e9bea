//! The certificates that the operator lets the gate present: each to one server, and to no other.

use std::fs;
use std::path::Path;

use rustls_pki_types::pem::{Error as PemError, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::ClientCert;
use crate::egress::{Registration, Servers, TlsError};

/// A client certificate of `egress.client_certs` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file cannot be read, or is no PEM file of the right kind. Of a key nothing is repeated.
    #[error("the client certificate for `{server}`: `{file}` {why}")]
    File {
        /// Which server it is for.
        server: String,
        /// Which file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// Chain and key do not fit each other, or there is nothing to verify the server against.
    #[error("the client certificate `{cert}` with the key `{key}`: {source}")]
    Unusable {
        /// File of the chain.
        cert: String,
        /// File of the key.
        key: String,
        /// Why not.
        source: Box<TlsError>,
    },
}

/// Registers each certificate with its server. The server itself is verified as any other: by the system's roots and
/// `egress.extra_ca`.
///
/// # Errors
/// A file is missing or wrong. A gate that left a certificate out would be refused by its server without saying why.
pub(super) fn register(servers: &mut Servers, certs: &[ClientCert], folder: &Path) -> Result<(), CertificateError> {
    for cert in certs {
        let (chain_file, key_file) = (folder.join(&cert.cert), folder.join(&cert.key));
        let server = cert.server.to_string();
        let wrong = |file: &Path, why: String| CertificateError::File {
            server: server.clone(),
            file: file.display().to_string(),
            why,
        };
        let read = |file: &Path| fs::read(file).map_err(|error| wrong(file, format!("cannot be read: {error}")));
        let chain = CertificateDer::pem_slice_iter(&read(&chain_file)?)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| wrong(&chain_file, format!("is not a PEM file: {error}")))?;
        if chain.is_empty() {
            return Err(wrong(&chain_file, "holds no certificate".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(&read(&key_file)?).map_err(|error| {
            let why = match error {
                PemError::NoItemsFound => "holds no private key that can be used (is it encrypted?)",
                _ => "is not a PEM file",
            };
            wrong(&key_file, why.to_owned())
        })?;
        let with = Registration { identity: Some((chain, key)), ..Registration::default() };
        servers.register(&cert.server, with).map_err(|source| CertificateError::Unusable {
            cert: chain_file.display().to_string(),
            key: key_file.display().to_string(),
            source: Box::new(source),
        })?;
    }
    Ok(())
}
