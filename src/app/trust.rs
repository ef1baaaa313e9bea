//! The files that the agent's clients are pointed to, in a folder of this run's own.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::sandbox::{JAVA_STORE_PASSWORD, Trust};

/// A folder that only its owner can read, removed when dropped. Its name holds our process id, so that a later run can
/// remove what a killed one left.
#[derive(Debug)]
pub(super) struct RunFolder(PathBuf);

impl RunFolder {
    pub(super) fn create(parent: &Path, session: &str) -> io::Result<Self> {
        crate::wire::ca::private_folder(parent).map_err(io::Error::other)?;
        remove_leftovers(parent);
        let folder = parent.join(format!("{}-{session}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file that only its owner can read.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(bytes)?;
        Ok(path)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A run that was killed leaves its folder, and in it the user's tokens; its process is gone.
fn remove_leftovers(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.split('-').next()).and_then(|pid| pid.parse::<i32>().ok());
        let process = pid.and_then(rustix::process::Pid::from_raw);
        if process.is_some_and(|process| rustix::process::test_kill_process(process) == Err(rustix::io::Errno::SRCH)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Writes the bundle of everything that is trusted, for the clients that replace their trust store by it.
pub(super) fn write(folder: &RunFolder, extra: &[CertificateDer<'static>], ca_pem: &str) -> io::Result<Trust> {
    let mut roots = rustls_native_certs::load_native_certs().certs;
    roots.extend_from_slice(extra);
    let mut bundle = String::from(ca_pem);
    for certificate in &roots {
        push_pem(&mut bundle, certificate);
    }
    let bundle = folder.write("ca-bundle.pem", bundle.as_bytes())?;
    let wgetrc = folder.write("wgetrc", format!("ca_certificate = {}\n", bundle.display()).as_bytes())?;
    let java = match has_java().then(|| java_store(&roots, ca_pem)).flatten() {
        Some(store) => Some(folder.write("truststore.p12", &store)?),
        None => None,
    };
    Ok(Trust { bundle, wgetrc, java })
}

/// Whether there is a Java that could read a trust store: making one takes milliseconds that others need not wait for.
fn has_java() -> bool {
    let in_path = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("java").is_file()));
    in_path || std::env::var_os("JAVA_HOME").is_some()
}

/// A Java trust store. Its password is public: what protects it is the folder.
fn java_store(roots: &[CertificateDer<'static>], ca_pem: &str) -> Option<Vec<u8>> {
    let ca = CertificateDer::from_pem_slice(ca_pem.as_bytes()).ok()?;
    let mut store = KeyStore::new();
    for (index, root) in std::iter::once(&ca).chain(roots).enumerate() {
        if let Ok(certificate) = Certificate::from_der(root) {
            store.add_entry(&format!("root-{index}"), KeyStoreEntry::Certificate(certificate));
        }
    }
    store.writer(JAVA_STORE_PASSWORD).encryption_iterations(1000).mac_iterations(1000).write().ok()
}

/// Certificates as PEM.
pub(super) fn pem(certificates: &[CertificateDer<'_>]) -> String {
    let mut out = String::new();
    certificates.iter().for_each(|certificate| push_pem(&mut out, certificate));
    out
}

/// RFC 7468.
fn push_pem(out: &mut String, certificate: &CertificateDer<'_>) {
    out.push_str("-----BEGIN CERTIFICATE-----\n");
    let encoded = BASE64.encode(certificate);
    for line in encoded.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str("-----END CERTIFICATE-----\n");
}
