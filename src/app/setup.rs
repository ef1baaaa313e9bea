//! Reads the configuration folder for the commands that judge or check.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::{Config, Diagnostic, Diagnostics, Inventory};
use crate::rules::{Layer, RuleSet, Source};

/// Configuration, inventory and rules, checked.
#[derive(Debug, Default)]
pub struct Setup {
    /// `config.yaml`, or the defaults.
    pub config: Config,
    /// `inventory.yaml`, or nothing.
    pub inventory: Inventory,
    /// The built-in packs and the organisation's.
    pub rules: RuleSet,
}

impl Setup {
    /// Reads the folder, or the folder that the file stands in. A file that is not there means its default; a folder that
    /// is not there is an error, because it was asked for.
    ///
    /// # Errors
    /// Everything that is wrong in any of the files.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        let (folder, file) = places(path)?;
        let mut wrong = Vec::new();
        let config = match read_config(&file) {
            Ok(config) => config,
            Err(Diagnostics(found)) => {
                wrong.extend(found);
                Config::default()
            }
        };
        let inventory_file = folder.join("inventory.yaml");
        let inventory = match optional(&inventory_file).and_then(|text| match text {
            Some(text) => Inventory::parse(&inventory_file.display().to_string(), &text),
            None => Ok(Inventory::default()),
        }) {
            Ok(inventory) => inventory,
            Err(Diagnostics(found)) => {
                wrong.extend(found);
                Inventory::default()
            }
        };
        let sources = match organisation(&folder, &config) {
            Ok(sources) => sources,
            Err(Diagnostics(found)) => {
                wrong.extend(found);
                Vec::new()
            }
        };
        let rules = match RuleSet::load(&sources) {
            Ok(rules) => rules,
            Err(Diagnostics(found)) => {
                wrong.extend(found);
                RuleSet::builtin()
            }
        };
        if wrong.is_empty() { Ok(Self { config, inventory, rules }) } else { Err(Diagnostics(wrong)) }
    }

    /// Only the files of the organisation's rules.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn sources(path: &Path) -> Result<Vec<Source>, Diagnostics> {
        let (folder, file) = places(path)?;
        organisation(&folder, &read_config(&file)?)
    }
}

/// The configuration folder and its `config.yaml`.
fn places(path: &Path) -> Result<(PathBuf, PathBuf), Diagnostics> {
    if path.is_dir() {
        Ok((path.to_owned(), path.join("config.yaml")))
    } else if path.is_file() {
        Ok((path.parent().map(Path::to_owned).unwrap_or_default(), path.to_owned()))
    } else {
        Err(one(path, "there is no such file or folder"))
    }
}

fn read_config(file: &Path) -> Result<Config, Diagnostics> {
    match optional(file)? {
        Some(text) => Config::parse(&file.display().to_string(), &text),
        None => Ok(Config::default()),
    }
}

/// The files of the organisation's rules.
fn organisation(folder: &Path, config: &Config) -> Result<Vec<Source>, Diagnostics> {
    let is_default = config.rule_folders == Config::default().rule_folders;
    let mut sources = Vec::new();
    for rules in config.rule_folders.iter().map(|rules| folder.join(rules)) {
        // The default folder need not be there; one that the file names must be.
        if !is_default || rules.exists() {
            sources.extend(rule_sources(&rules)?);
        }
    }
    Ok(sources)
}

/// Every `.yaml` file of a folder (and the folders in it), or the one file; in the order of their names.
///
/// # Errors
/// One of them cannot be read.
pub fn rule_sources(path: &Path) -> Result<Vec<Source>, Diagnostics> {
    let mut files = Vec::new();
    walk(path, &mut files, 0)?;
    files.sort();
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).map_err(|error| one(&file, &format!("cannot be read: {error}")))?;
        Ok(Source { file: file.display().to_string(), text, layer: Layer::Organisation })
    };
    files.into_iter().map(read).collect()
}

/// Deeper than any pack; a loop of links ends here.
const DEPTH_MAX: usize = 8;

fn walk(path: &Path, files: &mut Vec<PathBuf>, depth: usize) -> Result<(), Diagnostics> {
    if depth > DEPTH_MAX {
        return Err(one(path, "the folders are nested too deep"));
    }
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = fs::read_dir(path).map_err(|error| one(path, &format!("cannot be read: {error}")))?;
    for entry in entries {
        let path = entry.map_err(|error| one(path, &format!("cannot be read: {error}")))?.path();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if path.is_dir() || is_yaml {
            walk(&path, files, depth + 1)?;
        }
    }
    Ok(())
}

fn optional(file: &Path) -> Result<Option<String>, Diagnostics> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(one(file, &format!("cannot be read: {error}"))),
    }
}

fn one(path: &Path, message: &str) -> Diagnostics {
    Diagnostics(vec![Diagnostic::new(path.display().to_string(), message)])
}
