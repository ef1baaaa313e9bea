//! The files that the agent's clients are pointed to, in a folder of this run's own.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use rustls_pki_types::CertificateDer;

use crate::sandbox::Trust;

/// A folder that only its owner can read, removed when dropped. Its name holds our process id, so that a later run can
/// remove what a killed one left.
#[derive(Debug)]
pub(super) struct RunFolder(PathBuf);

impl RunFolder {
    pub(super) fn create(parent: &Path, session: &str) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        remove_leftovers(parent);
        let folder = parent.join(format!("{}-{session}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
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
    let mut bundle = String::from(ca_pem);
    for certificate in rustls_native_certs::load_native_certs().certs.iter().chain(extra) {
        push_pem(&mut bundle, certificate);
    }
    let bundle = folder.write("ca-bundle.pem", bundle.as_bytes())?;
    let wgetrc = folder.write("wgetrc", format!("ca_certificate = {}\n", bundle.display()).as_bytes())?;
    Ok(Trust { bundle, wgetrc, java: None })
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
