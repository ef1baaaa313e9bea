//! Lists the packs of `rules/`: every file's text and digest, and of every rule what its `match:` could concern, so that the
//! program reads a rule only once a request comes that the rule could speak of.
//!
//! What cannot be read here for certain could concern everything: the program then reads that rule more often. A test
//! compares the whole table with the rules as the program reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::matches::{self, Words};
use super::writer::Result;

const FOLDER: &str = "rules";

/// Packs that take part only where somebody has exported them into a folder of rules: they ask for more than most want.
const OPTIONAL: &[&str] = &["controlled-friction"];

/// Files that are no rules.
const OTHERS: &[&str] = &["pack", "matrix", "limits", "exceptions", "freezes", "sets"];

/// The layer of what is compiled in, as `Layer` counts it: digests begin with it.
const BUILT_IN: u8 = 0;

/// One file of a pack.
struct File {
    pack: String,
    name: String,
    path: PathBuf,
    text: String,
}

/// Writes `rules.rs`: `FILES`, `OPTIONAL`, `RULES` by id, and `KEYS`, the rules that could concern an operation.
pub(crate) fn list(out: &Path) -> Result<()> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let (optional, files): (Vec<File>, Vec<File>) =
        files()?.into_iter().partition(|file| OPTIONAL.contains(&file.pack.as_str()));
    let mut text = table("FILES", &files)? + &table("OPTIONAL", &optional)?;
    // What a rule looks back at may be anything: such a rule is read with every set.
    let looking_back: Vec<usize> =
        files.iter().enumerate().filter(|(_, file)| looks_back(&file.text)).map(|(at, _)| at).collect();
    writeln!(text, "const LOOKING_BACK: &[usize] = &{looking_back:?};")?;
    let is_rule = |(_, file): &(usize, &File)| !OTHERS.contains(&file.name.as_str()) && !looks_back(&file.text);
    let rules: BTreeMap<String, (usize, &File)> = files
        .iter()
        .enumerate()
        .filter(is_rule)
        .map(|(at, file)| (format!("{}/{}", file.pack, file.name), (at, file)))
        .collect();
    writeln!(text, "static RULES: [Unread; {}] = [", rules.len())?;
    let mut keys: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (position, (id, (at, file))) in rules.iter().enumerate() {
        let words = matches::words(&file.text);
        for key in matches::keys(words.as_ref()) {
            keys.entry(key).or_default().insert(position);
        }
        writeln!(text, "    Unread::new({id:?}, &FILES[{at}], {}),", near(words.as_ref()))?;
    }
    writeln!(text, "];\nstatic KEYS: [(&str, &[usize]); {}] = [", keys.len())?;
    for (key, positions) in keys {
        writeln!(text, "    ({key:?}, &{:?}),", positions.into_iter().collect::<Vec<_>>())?;
    }
    text.push_str("];\n");
    fs::write(out.join("rules.rs"), text)?;
    Ok(())
}

/// Whether a rule asks what the session did before.
fn looks_back(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("after:"))
}

/// Every `.yaml` file of every pack, in the order of their paths.
fn files() -> Result<Vec<File>> {
    let mut files = Vec::new();
    for pack in sorted(Path::new(FOLDER))?.into_iter().filter(|path| path.is_dir()) {
        for path in sorted(&pack)? {
            let name = path.file_name().and_then(|name| name.to_str()).ok_or("a file's name is not text")?;
            let stem = name.strip_suffix(".yaml").ok_or_else(|| format!("{}: not a .yaml file", path.display()))?;
            let pack = pack.file_name().and_then(|name| name.to_str()).ok_or("a pack's name is not text")?;
            let (pack, name) = (pack.to_owned(), stem.to_owned());
            files.push(File { pack, name, text: fs::read_to_string(&path)?, path: fs::canonicalize(&path)? });
        }
    }
    Ok(files)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    Ok(paths)
}

fn table(name: &str, files: &[File]) -> Result<String> {
    let mut text = format!("static {name}: [File; {}] = [\n", files.len());
    for File { pack, name, path, text: content } in files {
        let digest: [u8; 32] =
            Sha256::new().chain_update([BUILT_IN]).chain_update(content.as_bytes()).finalize().into();
        let file = format!("{FOLDER}/{pack}/{name}.yaml");
        writeln!(text, "    File {{ path: {file:?}, text: include_str!({path:?}), digest: {digest:?} }},")?;
    }
    text.push_str("];\n");
    Ok(text)
}

/// The closed words of a `match:`.
fn near(words: Option<&Words>) -> String {
    let of = |key: &str| words.and_then(|words| words.get(key)).cloned().unwrap_or_default();
    format!(
        "Near {{ impact: &{:?}, scope: &{:?}, environment: &{:?}, hazards: &{:?} }}",
        of("impact"),
        of("scope"),
        of("environment"),
        of("hazards")
    )
}
