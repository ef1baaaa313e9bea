//! What an operator would have written for this story: a configuration, an inventory, a kubeconfig. They are files, so
//! that the demo's gate is loaded and started exactly as `run` does it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde_json::json;

use super::DemoError;
use super::script::{Home, authorities};
use super::upstream::Upstream;
use crate::app::Places;

/// What is prod and what is dev, as the demo's operator says it.
pub const INVENTORY: &str = r#"version: 1
environments:
  - name: prod
    tier: 1
    owner: "@cost-report"
    match:
      - { provider: aws, account: "111122223333" }
      - { provider: kubernetes, cluster: prod }
  - name: dev
    match:
      - { provider: aws, account: "444455556666" }
      - { provider: kubernetes, cluster: dev }
"#;

/// A folder that only its owner can read, removed when dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes it in the system's folder for temporary files.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create() -> io::Result<Self> {
        loop {
            // Short, because messages name files in it.
            let path = std::env::temp_dir().join(format!("blastgate-demo-{:04x}", rand::random::<u16>()));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Self(path)),
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Writes the files.
///
/// # Errors
/// The folder cannot be written to.
pub fn write(folder: &Path, upstream: &Upstream) -> Result<(Places, Vec<PathBuf>), DemoError> {
    let resolve: Vec<String> =
        authorities().iter().map(|authority| format!("    \"{authority}\": \"{}\"\n", upstream.address)).collect();
    let config =
        format!("version: 1\nposture: guarded\negress:\n  extra_ca: [cloud-ca.pem]\n  resolve:\n{}", resolve.concat());
    file(folder, "config.yaml", &config)?;
    file(folder, "inventory.yaml", INVENTORY)?;
    file(folder, "cloud-ca.pem", &upstream.ca_pem)?;
    let kubeconfig = file(folder, "kubeconfig", &kubeconfig(&upstream.ca_pem))?;
    let state = |name: &str| (name == "XDG_STATE_HOME").then(|| folder.as_os_str().to_owned());
    Ok((Places::of(Some(folder), state)?, vec![kubeconfig]))
}

fn kubeconfig(ca_pem: &str) -> String {
    let list = |inner: &str, value: &dyn Fn(Home) -> serde_json::Value| -> serde_json::Value {
        Home::ALL.into_iter().map(|home| json!({ "name": home.name(), inner: value(home) })).collect()
    };
    let ca = BASE64.encode(ca_pem.as_bytes());
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": list("cluster", &|home| {
            json!({ "server": format!("https://{}", home.kube_authority()), "certificate-authority-data": ca })
        }),
        "users": list("user", &|home| json!({ "token": format!("the-token-for-{}", home.name()) })),
        "contexts": list("context", &|home| {
            json!({ "cluster": home.name(), "user": home.name(), "namespace": "cost-report" })
        }),
        "current-context": "dev",
    })
    .to_string()
}

fn file(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let path = folder.join(name);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(text.as_bytes())?;
    Ok(path)
}
