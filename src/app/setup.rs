//! Reads the configuration folder for the commands that judge or check.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::{Config, Diagnostic, Diagnostics, Inventory, Kind, People};
use crate::rules::{Layer, RuleSet, Source};

/// Configuration, inventory and rules, checked.
#[derive(Debug, Default)]
pub struct Setup {
    /// `config.yaml`, or the defaults.
    pub config: Config,
    /// `inventory.yaml`, or nothing.
    pub inventory: Inventory,
    /// `people.yaml`, or nobody.
    pub people: People,
    /// The built-in packs, the organisation's, the teams' and the repository's.
    pub rules: RuleSet,
}

impl Setup {
    /// Reads the folder, or the folder that the file stands in. A file that is not there means its default; a folder that
    /// is not there is an error, because it was asked for.
    ///
    /// # Errors
    /// Everything that is wrong in any of the files.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        Texts::read(path)?.check()
    }

    /// The same for work in a directory, whose repository may tighten. Without a path: what is compiled in.
    ///
    /// # Errors
    /// Everything that is wrong in any of the files.
    pub fn for_work(path: Option<&Path>, directory: &Path) -> Result<Self, Diagnostics> {
        Texts::for_work(path, directory)?.check()
    }

    /// The same, to judge by only; see [`RuleSet::judging`].
    ///
    /// # Errors
    /// Everything that is wrong in any of the files.
    pub fn judging(path: Option<&Path>, directory: &Path) -> Result<Self, Diagnostics> {
        Texts::for_work(path, directory)?.check_with(RuleSet::judging)
    }

    /// Only the files of the rules.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn sources(path: &Path) -> Result<Vec<Source>, Diagnostics> {
        let (folder, file) = places(path)?;
        let config = config(text_of(&file)?.as_ref())?;
        Ok(layers(&folder, &config)?.into_iter().map(Text::into_source).collect())
    }
}

/// One file as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Its path.
    pub file: String,
    /// What stands in it.
    pub text: String,
    /// Whose rules these are, where it holds rules.
    #[serde(default = "default_layer", skip_serializing_if = "is_default_layer")]
    pub layer: Layer,
}

/// What was kept before there were others.
const fn default_layer() -> Layer {
    Layer::Organisation
}

fn is_default_layer(layer: &Layer) -> bool {
    *layer == Layer::Organisation
}

impl Text {
    /// A file of the configuration folder.
    #[must_use]
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self { file: file.into(), text: text.into(), layer: Layer::Organisation }
    }

    fn into_source(self) -> Source {
        Source { file: self.file, text: self.text, layer: self.layer }
    }
}

/// What stands in a configuration folder, as a value that can be compared and kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// `config.yaml`.
    pub config: Option<Text>,
    /// `inventory.yaml`.
    pub inventory: Option<Text>,
    /// `people.yaml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<Text>,
    /// The rules of all layers but the built-in one, by path.
    pub rules: Vec<Text>,
}

impl Texts {
    /// Reads the folder, or the folder that the file stands in.
    ///
    /// # Errors
    /// A file cannot be read, or `config.yaml` does not say where the rules are.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        let (folder, file) = places(path)?;
        let config_text = text_of(&file)?;
        let inventory = text_of(&folder.join("inventory.yaml"))?;
        let people = text_of(&folder.join("people.yaml"))?;
        let rules = match config(config_text.as_ref()) {
            Ok(config) => layers(&folder, &config)?,
            // What is wrong with it is said by `check`, together with what is wrong elsewhere.
            Err(_) => layers(&folder, &Config::default())?,
        };
        Ok(Self { config: config_text, inventory, people, rules })
    }

    /// The same, and what the repository adds in which the work is done.
    fn for_work(path: Option<&Path>, directory: &Path) -> Result<Self, Diagnostics> {
        let mut texts = path.map_or_else(|| Ok(Self::default()), Self::read)?;
        if let Some(root) = repository_root(directory)
            && let Some(text) = text_of(&root.join(REPOSITORY))?
        {
            texts.rules.push(Text { layer: Layer::Repository, ..text });
        }
        Ok(texts)
    }

    /// Parses and checks all of it.
    ///
    /// # Errors
    /// Everything that is wrong in any of the files: nothing is half-applied.
    pub fn check(&self) -> Result<Setup, Diagnostics> {
        self.check_with(RuleSet::load)
    }

    fn check_with(&self, load: fn(&[Source]) -> Result<RuleSet, Diagnostics>) -> Result<Setup, Diagnostics> {
        let mut wrong = Vec::new();
        let mut keep = |Diagnostics(found)| wrong.extend(found);
        let config = config(self.config.as_ref()).map_err(&mut keep).unwrap_or_default();
        let inventory = match &self.inventory {
            Some(Text { file, text, .. }) => Inventory::parse(file, text).map_err(&mut keep).unwrap_or_default(),
            None => Inventory::default(),
        };
        let people = match &self.people {
            Some(Text { file, text, .. }) => People::parse(file, text).map_err(&mut keep).unwrap_or_default(),
            None => People::default(),
        };
        let sources: Vec<Source> = self.rules.iter().cloned().map(Text::into_source).collect();
        let rules = load(&sources).map_err(&mut keep);
        // Of settings that cannot be read nothing is said.
        if let (Ok(rules), true) = (&rules, wrong.is_empty()) {
            let known: Vec<&str> = config.approvals.checks.keys().map(String::as_str).collect();
            wrong.extend(rules.unknown_checks(&sources, &known));
        }
        match rules {
            Ok(rules) if wrong.is_empty() => Ok(Setup { config, inventory, people, rules }),
            _ => Err(Diagnostics(wrong)),
        }
    }

    /// Names this content: `c_` and 16 hexadecimal digits.
    #[must_use]
    pub fn revision(&self) -> String {
        format!("c_{}", self.digest().get(..16).unwrap_or_default())
    }

    /// SHA-256 of this content, lower-case hex.
    #[must_use]
    pub fn digest(&self) -> String {
        // Serialising texts cannot fail; an empty text would still have a digest of its own.
        data_encoding::HEXLOWER.encode(&Sha256::digest(serde_json::to_vec(self).unwrap_or_default()))
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

fn config(text: Option<&Text>) -> Result<Config, Diagnostics> {
    match text {
        Some(Text { file, text, .. }) => Config::parse(file, text),
        None => Ok(Config::default()),
    }
}

/// The files of the organisation's rules and of its teams'.
fn layers(folder: &Path, config: &Config) -> Result<Vec<Text>, Diagnostics> {
    let is_default = config.rule_folders == Config::default().rule_folders;
    let mut texts = Vec::new();
    for rules in config.rule_folders.iter().map(|rules| folder.join(rules)) {
        // The default folder need not be there; one that the file names must be.
        if !is_default || rules.exists() {
            texts.extend(rule_texts(&rules)?);
        }
    }
    for rules in config.rule_teams.values().map(|rules| folder.join(rules)) {
        texts.extend(rule_texts(&rules)?.into_iter().map(|text| Text { layer: Layer::Team, ..text }));
    }
    Ok(texts)
}

/// What a repository adds, at its root.
const REPOSITORY: &str = ".blastgate.yaml";

/// The root of the repository that the directory is in.
fn repository_root(directory: &Path) -> Option<&Path> {
    directory.ancestors().find(|folder| folder.join(".git").exists())
}

/// Every `.yaml` file of a folder (and the folders in it), or the one file; in the order of their names.
///
/// # Errors
/// One of them cannot be read.
pub fn rule_sources(path: &Path) -> Result<Vec<Source>, Diagnostics> {
    Ok(rule_texts(path)?.into_iter().map(Text::into_source).collect())
}

fn rule_texts(path: &Path) -> Result<Vec<Text>, Diagnostics> {
    let mut files = Vec::new();
    walk(path, &mut files, 0)?;
    files.sort();
    let text_of = |file: PathBuf| {
        let text = read(&file).map_err(|error| one(&file, &format!("cannot be read: {error}")))?;
        Ok(Text::new(file.display().to_string(), text))
    };
    files.into_iter().map(text_of).collect()
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

/// Longer than any file that a person wrote.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Reads a file, and nothing but a file: a pipe that somebody put in its place would be waited for.
fn read(file: &Path) -> io::Result<String> {
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(file)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut text = String::new();
    let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if read as u64 > FILE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 4 MiB"));
    }
    Ok(text)
}

/// What stands in a file; a file that is not there is `None`.
fn text_of(file: &Path) -> Result<Option<Text>, Diagnostics> {
    match read(file) {
        Ok(text) => Ok(Some(Text::new(file.display().to_string(), text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(one(file, &format!("cannot be read: {error}"))),
    }
}

fn one(path: &Path, message: &str) -> Diagnostics {
    Diagnostics(vec![Diagnostic::new(path.display().to_string(), message).kind(Kind::UnreadableFile)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_in_place_of_a_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = |name: &str| {
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            rustix::fs::mknodat(rustix::fs::CWD, folder.path().join(name), rustix::fs::FileType::Fifo, mode, 0)
                .unwrap();
        };
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        for name in ["rules/own.yaml", "inventory.yaml", "config.yaml"] {
            pipe(name);
            let wrong = Texts::read(folder.path()).expect_err(name).to_string();
            assert!(wrong.contains(name) && wrong.contains("not a file"), "{wrong}");
            std::fs::remove_file(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("inventory.yaml"), vec![b'#'; 5 << 20]).unwrap();
        assert!(Texts::read(folder.path()).unwrap_err().to_string().contains("larger than 4 MiB"));
    }
}
