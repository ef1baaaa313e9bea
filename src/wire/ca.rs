//! The gate's own certificate authority: ECDSA P-256, bounded in name and in time, its key readable by its owner only.
//!
//! It is trusted by the gate's clients alone (never put into the system's store). Its name constraints exclude the hosts
//! that the gate never opens, so that not even a stolen key can stand between an agent and its model API.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::model::Timestamp;

/// How long a CA lives, in days.
const LIFETIME_DAYS: i64 = 90;
/// It is made anew when fewer days than this remain.
const RENEWAL_DAYS: i64 = 14;
/// Certificates are valid from this long before they are made: clocks differ.
const BACKDATE: Duration = Duration::hours(1);

const CERTIFICATE_FILE: &str = "ca.pem";
const KEY_FILE: &str = "ca.key";
const ABOUT_FILE: &str = "ca.json";

/// Why there is no CA.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The file system refused.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Others may read or write the key.
    #[error(
        "`{path}` is open to others (mode {mode:o}): the key of a certificate authority must be its owner's alone; run `chmod {wanted:o} {path}`"
    )]
    Exposed {
        /// Which file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What they should be.
        wanted: u32,
    },
    /// What stands in the files is not a CA.
    #[error("`{path}` does not hold a usable key or certificate ({why}); remove the folder to have a new one made")]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The certificate is not the key's; a new authority is made.
    #[error("the certificate of the gate's authority does not belong to its key")]
    Mismatched,
    /// Making a certificate failed.
    #[error("cannot make a certificate: {0}")]
    Mint(#[from] rcgen::Error),
}

/// What was true when the CA was made, beside the certificate itself.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    not_after_unix: i64,
    /// SHA-256 over the excluded names: other names make another CA.
    excluded_sha256: String,
}

/// The certificate authority.
pub struct CertificateAuthority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

impl std::fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CertificateAuthority")
    }
}

impl CertificateAuthority {
    /// Loads the CA from its folder, or makes it there; makes a new one when the old is near its end or was made for
    /// other exclusions. `excluded` are host patterns (`a.example`, `*.b.example`).
    ///
    /// # Errors
    /// The folder or the key is open to others, cannot be read or written, or does not hold a CA.
    pub fn load_or_create(folder: &Path, excluded: &[String], now: Timestamp) -> Result<Self, CaError> {
        private_folder(folder)?;
        // Gates that start together must not mix the files of two authorities. Held until the file is closed.
        let _alone = lock(folder)?;
        let now = offset(now);
        let wanted = fingerprint(excluded);
        if let Some(about) = read_about(folder)
            && about.excluded_sha256 == wanted
            && about.not_after_unix > (now + Duration::days(RENEWAL_DAYS)).unix_timestamp()
        {
            match Self::load(folder) {
                Err(CaError::Mismatched) => {}
                other => return other,
            }
        }
        let not_after = now + Duration::days(LIFETIME_DAYS);
        let (made, key_pem) = Self::create(excluded, now, not_after)?;
        let about = About { not_after_unix: not_after.unix_timestamp(), excluded_sha256: wanted };
        replace(&folder.join(KEY_FILE), key_pem.as_bytes(), 0o600)?;
        replace(&folder.join(CERTIFICATE_FILE), made.pem.as_bytes(), 0o644)?;
        replace(&folder.join(ABOUT_FILE), &serde_json::to_vec(&about).unwrap_or_default(), 0o644)?;
        Ok(made)
    }

    /// A CA that lives in memory only.
    ///
    /// # Errors
    /// Making a key or certificate failed.
    pub fn ephemeral(now: Timestamp) -> Result<Self, CaError> {
        let now = offset(now);
        Ok(Self::create(&[], now, now + Duration::days(1))?.0)
    }

    fn load(folder: &Path) -> Result<Self, CaError> {
        let (key_path, pem_path) = (folder.join(KEY_FILE), folder.join(CERTIFICATE_FILE));
        closed_to_others(&key_path, 0o600)?;
        let read = |path: &Path| fs::read_to_string(path).map_err(|source| CaError::Io { path: path.into(), source });
        let (key, pem) = (read(&key_path)?, read(&pem_path)?);
        let unusable = |path: &Path, why: String| CaError::Unusable { path: path.into(), why };
        let key = KeyPair::from_pem(&key).map_err(|error| unusable(&key_path, error.to_string()))?;
        let certificate =
            CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| unusable(&pem_path, error.to_string()))?;
        if !holds_key(&certificate, &key) {
            return Err(CaError::Mismatched);
        }
        let issuer =
            Issuer::from_ca_cert_der(&certificate, key).map_err(|error| unusable(&pem_path, error.to_string()))?;
        Ok(Self { issuer, certificate, pem })
    }

    fn create(excluded: &[String], now: OffsetDateTime, not_after: OffsetDateTime) -> Result<(Self, String), CaError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("blastgate CA of {}", now.date()));
        params.distinguished_name.push(DnType::OrganizationName, "blastgate, on this machine only");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = now - BACKDATE;
        params.not_after = not_after;
        params.serial_number = Some(serial());
        if !excluded.is_empty() {
            // RFC 5280, section 4.2.1.10: a DNS name constraint covers the name and everything below it.
            let subtree = |name: &String| GeneralSubtree::DnsName(name.trim_start_matches("*.").to_owned());
            let excluded_subtrees = excluded.iter().map(subtree).collect();
            params.name_constraints = Some(NameConstraints { permitted_subtrees: vec![], excluded_subtrees });
        }
        let key_pem = key.serialize_pem();
        let certificate = params.self_signed(&key)?;
        let (pem, der) = (certificate.pem(), certificate.der().clone());
        Ok((Self { issuer: Issuer::new(params, key), certificate: der, pem }, key_pem))
    }

    /// The certificate, as clients are told to trust it.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The certificate in DER.
    #[must_use]
    pub const fn der(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub(super) const fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }
}

/// 20 octets at most (RFC 5280, section 4.1.2.2); random, so that no two certificates share one.
pub(super) fn serial() -> SerialNumber {
    let random: [u8; 16] = rand::random();
    SerialNumber::from_slice(&random)
}

pub(super) fn offset(now: Timestamp) -> OffsetDateTime {
    let seconds = i64::try_from(now.millis() / 1000).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn fingerprint(excluded: &[String]) -> String {
    let mut names: Vec<_> = excluded.iter().map(String::as_str).collect();
    names.sort_unstable();
    data_encoding::HEXLOWER.encode(&Sha256::digest(names.join("\n")))
}

fn read_about(folder: &Path) -> Option<About> {
    serde_json::from_slice(&fs::read(folder.join(ABOUT_FILE)).ok()?).ok()
}

/// Whether the certificate carries this key: its public part stands in the certificate as it is (RFC 5280, 4.1.2.7).
fn holds_key(certificate: &CertificateDer<'_>, key: &KeyPair) -> bool {
    let point = key.public_key_raw();
    certificate.as_ref().windows(point.len()).any(|window| window == point)
}

/// An advisory lock on the folder.
fn lock(folder: &Path) -> Result<fs::File, CaError> {
    let path = folder.join("lock");
    let io = |source| CaError::Io { path: path.clone(), source };
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(io)?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).map_err(|errno| io(errno.into()))?;
    Ok(file)
}

/// Makes a folder that only its owner can enter, and refuses one that others can, or a symbolic link.
///
/// # Errors
/// It cannot be made, or is open to others.
pub fn private_folder(folder: &Path) -> Result<(), CaError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| CaError::Io { path: folder.into(), source })?;
    closed_to_others(folder, 0o700)
}

/// SECURITY: a key that others can read is nobody's; a symbolic link may point anywhere.
fn closed_to_others(path: &Path, wanted: u32) -> Result<(), CaError> {
    let io = |source| CaError::Io { path: path.into(), source };
    let about = fs::symlink_metadata(path).map_err(io)?;
    if about.file_type().is_symlink() {
        return Err(CaError::Unusable { path: path.into(), why: "it is a symbolic link".into() });
    }
    let mode = about.permissions().mode() & 0o7777;
    let ours = about.uid() == rustix::process::geteuid().as_raw();
    if mode & 0o077 != 0 || !ours {
        return Err(CaError::Exposed { path: path.into(), mode, wanted });
    }
    Ok(())
}

/// Writes beside and renames: a reader sees the old file or the new one.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), CaError> {
    let io = |source| CaError::Io { path: path.into(), source };
    // One name: what a crash left is taken away by the next, and the lock keeps others out.
    let beside = path.with_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside).map_err(io)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io)?;
    fs::rename(&beside, path).map_err(io)
}

#[cfg(test)]
mod tests;
