//! Lists the tables of command lines under `src/catalog/commands`: which programs there are, and in which file each stands.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use super::writer::Result;

const FOLDER: &str = "src/catalog/commands";

/// Writes `commands.rs`: `TABLES`, the files' texts, and `PROGRAMS`, sorted names with the table of each.
pub(crate) fn list(out: &std::path::Path) -> Result<()> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let mut files: Vec<PathBuf> = fs::read_dir(FOLDER)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "tsv"));
    files.sort();
    let mut programs = BTreeMap::new();
    let mut tables = String::new();
    for (position, path) in files.iter().enumerate() {
        let text = fs::read_to_string(path)?;
        let names = text.lines().filter_map(|line| line.strip_prefix("@programs\t"));
        for name in names.flat_map(|line| line.split('\t')).filter(|name| !name.is_empty()) {
            if programs.insert(name.to_owned(), position).is_some() {
                return Err(format!("{}: the program `{name}` stands in two tables", path.display()).into());
            }
        }
        let name = path.file_stem().and_then(|name| name.to_str()).ok_or("a table's name is not text")?;
        writeln!(tables, "    ({name:?}, include_str!({:?})),", fs::canonicalize(path)?)?;
    }
    let mut text = format!("static TABLES: &[(&str, &str)] = &[\n{tables}];\nstatic PROGRAMS: &[(&str, usize)] = &[\n");
    for (name, position) in programs {
        writeln!(text, "    ({name:?}, {position}),")?;
    }
    text.push_str("];\n");
    fs::write(out.join("commands.rs"), text)?;
    Ok(())
}
