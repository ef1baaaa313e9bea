//! The first configuration: every setting at its default with a word about it, an inventory, a folder of rules, a CA.
//!
//! Nothing that stands is overwritten unless that is asked for, and then a copy of it is kept. Nothing is sent anywhere.

mod aws;
mod kubernetes;
mod proposal;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use aws::aws_accounts;
pub use kubernetes::kubernetes_clusters;
pub use proposal::{Candidate, Named, SourceKind, entry_line, guess, inventory_text};

use super::base::StartError;
use super::clock::SystemClock;
use super::files::{LoadError, Places, load};
use crate::catalog::lifelines;
use crate::model::{Clock as _, Timestamp};
use crate::wire::ca::CertificateAuthority;

const CONFIG: &str = include_str!("files/config.yaml");
const RULES: &str = include_str!("files/rules.md");
const EXAMPLE_RULE: &str = include_str!("files/payments-database.yaml");

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedFile {
    /// Where.
    pub path: PathBuf,
    /// What it will hold.
    pub text: String,
}

/// What became of a planned file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Written {
    /// It is new.
    New,
    /// There was one, and it stands as it was.
    Kept,
    /// There was the same one.
    Unchanged,
    /// There was another one, which stands in `backup` now.
    Replaced {
        /// Where it is.
        backup: PathBuf,
    },
}

/// Where a configuration named `path` (or the user's own) has its folder and its `config.yaml`. Nothing need exist.
///
/// # Errors
/// There is no home directory.
pub fn target(
    named: Option<&Path>,
    variable: impl Fn(&str) -> Option<std::ffi::OsString>,
) -> Result<(PathBuf, PathBuf), LoadError> {
    let from_variable = variable("BLASTGATE_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from);
    let Some(path) = named.map(Path::to_path_buf).or(from_variable) else {
        let folder = Places::of(None, variable)?.config;
        return Ok((folder.clone(), folder.join("config.yaml")));
    };
    let path = std::path::absolute(&path).unwrap_or(path);
    let is_file = path.is_file() || path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    if is_file && !path.is_dir() {
        Ok((path.parent().map(Path::to_path_buf).unwrap_or_default(), path))
    } else {
        Ok((path.clone(), path.join("config.yaml")))
    }
}

/// The files of a first configuration; `inventory` is the text of the inventory.
#[must_use]
pub fn plan(folder: &Path, config_file: &Path, inventory: String) -> Vec<PlannedFile> {
    let file = |path: PathBuf, text: &str| PlannedFile { path, text: text.to_owned() };
    vec![
        file(config_file.to_owned(), CONFIG),
        PlannedFile { path: folder.join("inventory.yaml"), text: inventory },
        file(folder.join("rules/README.md"), RULES),
        file(folder.join("rules/own/payments-database.yaml.example"), EXAMPLE_RULE),
    ]
}

/// Writes one file, readable by its owner only: settings may hold the password of a proxy. `force` replaces what stands,
/// and keeps it beside.
///
/// # Errors
/// The file system refuses.
pub fn write(file: &PlannedFile, force: bool, now: Timestamp) -> io::Result<Written> {
    let path = &file.path;
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match create_new(path, &file.text) {
        Ok(()) => return Ok(Written::New),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    if fs::read(path).is_ok_and(|stands| stands == file.text.as_bytes()) {
        return Ok(Written::Unchanged);
    }
    if !force {
        return Ok(Written::Kept);
    }
    let backup = backup_path(path, now);
    // A hard link fails where a backup of this name stands already, so that none is lost.
    fs::hard_link(path, &backup)?;
    let fresh = path.with_extension("new");
    let _ = fs::remove_file(&fresh);
    create_new(&fresh, &file.text)?;
    fs::rename(&fresh, path)?;
    Ok(Written::Replaced { backup })
}

fn create_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// `config.yaml.20261122T091810.123Z.bak`: no command reads a file that ends so.
fn backup_path(path: &Path, now: Timestamp) -> PathBuf {
    let stamp: String = now.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{stamp}.bak"));
    path.with_file_name(name)
}

/// Reads the configuration as every other command will, and makes the certificate authority that it names, unless it
/// stands. The path of its certificate.
///
/// # Errors
/// The configuration is wrong, or the authority cannot be made.
pub fn make_ca(config_file: &Path) -> Result<PathBuf, StartError> {
    let places = Places::of(Some(config_file), |name| std::env::var_os(name))?;
    let folder = load(places)?.places.state.join("ca");
    CertificateAuthority::load_or_create(&folder, lifelines::unopened_patterns(), SystemClock.now())?;
    Ok(folder.join("ca.pem"))
}
