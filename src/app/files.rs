//! Where things live, and reading them: configuration, inventory, the organisation's rules.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::setup::Setup;
use crate::config::{Config, Diagnostics, People};

/// The folders of this user, after the XDG base directory specification.
#[derive(Clone, Debug)]
pub struct Places {
    /// The folder of `config.yaml`, `inventory.yaml`, `rules/`.
    pub config: PathBuf,
    /// The folder, or the file in it that was named.
    pub file: PathBuf,
    /// The configuration was named (an absent file is then an error).
    pub named: bool,
    /// `log/`, `ca/`, `run/`.
    pub state: PathBuf,
}

/// Configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is neither a home nor an XDG folder.
    #[error("there is no home directory; set HOME, or name the configuration with `--config`")]
    Homeless,
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What a person wrote is wrong.
    #[error(transparent)]
    Wrong(#[from] Diagnostics),
    /// The ways out for the operator's own traffic.
    #[error("{0}")]
    Outbound(String),
    /// A certificate file holds none.
    #[error("`{path}` holds no PEM certificate")]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
}

impl Places {
    /// From `--config` (a folder or its `config.yaml`) and the environment of the operator's command.
    ///
    /// # Errors
    /// There is no place to look at.
    pub fn of(named: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, LoadError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = || set("HOME").ok_or(LoadError::Homeless);
        let under = |name: &str, fallback: &str| match set(name).filter(|path| path.is_absolute()) {
            Some(path) => Ok(path.join("blastgate")),
            None => home().map(|home| home.join(fallback).join("blastgate")),
        };
        let named = named.map(Path::to_path_buf).or_else(|| set("BLASTGATE_CONFIG"));
        let config = match &named {
            Some(path) if path.is_dir() => path.clone(),
            Some(path) => path.parent().map(Path::to_path_buf).unwrap_or_default(),
            None => under("XDG_CONFIG_HOME", ".config")?,
        };
        if let Some(path) = named.as_ref().filter(|path| !path.exists()) {
            return Err(LoadError::Read { path: path.clone(), source: io::ErrorKind::NotFound.into() });
        }
        // The agent's clients are told these paths, and work in other folders.
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let config = absolute(config);
        let file = named.clone().map_or_else(|| config.clone(), absolute);
        Ok(Self { config, file, named: named.is_some(), state: under("XDG_STATE_HOME", ".local/state")? })
    }

    /// The root of all gates' logs.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.state.join("log")
    }
}

/// What the operator configured.
#[derive(Debug)]
pub struct Loaded {
    /// Where it was found; `state` is the configuration's, where it names one.
    pub places: Places,
    /// Settings, inventory and rules.
    pub setup: Setup,
}

/// Reads and checks everything. Absent files mean their defaults.
///
/// # Errors
/// What stands in a file is wrong, or it cannot be read: nothing is half-applied.
pub fn load(places: Places) -> Result<Loaded, LoadError> {
    let setup = if places.named || places.config.exists() { Setup::read(&places.file)? } else { Setup::default() };
    Ok(found(places, setup))
}

/// The same for work in a directory, whose repository may tighten.
///
/// # Errors
/// As [`load`].
pub fn load_for_work(places: Places, directory: &Path) -> Result<Loaded, LoadError> {
    let is_there = places.named || places.config.exists();
    let setup = Setup::for_work(is_there.then_some(places.file.as_path()), directory)?;
    Ok(found(places, setup))
}

/// The same for who judges one call in a directory and ends: what is not needed for that is not read.
///
/// # Errors
/// As [`load`].
pub fn load_judging(places: Places, directory: &Path) -> Result<Loaded, LoadError> {
    let is_there = places.named || places.config.exists();
    let setup = Setup::judging(is_there.then_some(places.file.as_path()), directory)?;
    Ok(found(places, setup))
}

fn found(mut places: Places, setup: Setup) -> Loaded {
    if let Some(state) = &setup.config.state {
        places.state = places.config.join(state);
    }
    Loaded { places, setup }
}

/// Where the state is, for whoever reads the log: rules and inventory may be wrong just then.
///
/// # Errors
/// What stands in `config.yaml` is wrong: the log may be somewhere else.
pub fn located(places: Places) -> Result<Places, LoadError> {
    configured(places).map(|(places, _)| places)
}

/// The same, with the settings.
///
/// # Errors
/// What stands in `config.yaml` is wrong, or it cannot be read.
pub(super) fn configured(mut places: Places) -> Result<(Places, Config), LoadError> {
    let file = config_file(&places);
    let config = match std::fs::read_to_string(&file) {
        Ok(text) => Config::parse(&file.display().to_string(), &text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Config::default(),
        Err(source) => return Err(LoadError::Read { path: file, source }),
    };
    if let Some(state) = &config.state {
        places.state = places.config.join(state);
    }
    Ok((places, config))
}

fn config_file(places: &Places) -> PathBuf {
    if places.file.is_dir() { places.file.join("config.yaml") } else { places.file.clone() }
}

/// Only `config.yaml`, for whoever asks a running gate: rules and inventory may be wrong just then, and so may this. What
/// cannot be read then counts as not written; the gate that answers says what is wrong.
#[must_use]
pub fn settings(mut places: Places) -> (Places, Config) {
    let file = config_file(&places);
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let config = Config::parse(&file.display().to_string(), &text).unwrap_or_default();
    if let Some(state) = &config.state {
        places.state = places.config.join(state);
    }
    (places, config)
}

/// The settings and the people, for who answers while no gate runs. Unlike [`settings`], what cannot be read is an error:
/// else the requests would be answered by nobody's keys and by the default quorum.
///
/// # Errors
/// What is wrong with one of them.
pub fn standing(places: Places) -> Result<(Places, Config, People), String> {
    let (places, _) = settings(places);
    let text_of = |file: &Path| match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot read `{}`: {error}", file.display())),
    };
    let file = config_file(&places);
    let config = match text_of(&file)? {
        Some(text) => Config::parse(&file.display().to_string(), &text).map_err(|wrong| wrong.to_string())?,
        None => Config::default(),
    };
    let file = places.config.join("people.yaml");
    let people = match text_of(&file)? {
        Some(text) => People::parse(&file.display().to_string(), &text).map_err(|wrong| wrong.to_string())?,
        None => People::default(),
    };
    Ok((places, config, people))
}

/// The certificates of a PEM file.
///
/// # Errors
/// It cannot be read, or holds none.
pub fn read_pem_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    let bytes = std::fs::read(path).map_err(|source| LoadError::Read { path: path.into(), source })?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok).collect();
    if certificates.is_empty() { Err(LoadError::NoCertificate { path: path.into() }) } else { Ok(certificates) }
}
