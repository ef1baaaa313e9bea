//! Command lines as data: one text table a program or a family of them, under this folder. The build lists them; a table is
//! read when a command first names one of its programs.
//!
//! `README.md` describes the form.

mod row;

use std::sync::{LazyLock, OnceLock};

pub use row::{Condition, Counted, Row, Test};

include!(concat!(env!("OUT_DIR"), "/commands.rs"));

static PARSED: LazyLock<Vec<OnceLock<Result<Table, String>>>> =
    LazyLock::new(|| TABLES.iter().map(|_| OnceLock::new()).collect());

/// How a program reads its options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// `-abc` is `-a -b -c`; `--name value` and `--name=value`.
    #[default]
    Gnu,
    /// The same, and a long option may be cut short where no other begins so (getopt, argparse).
    Abbreviated,
    /// `-name` and `--name` are the same (Go's `flag`).
    Go,
}

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// It stands alone; `=false` takes it back.
    Nothing,
    /// The next word, or what stands behind `=`.
    Value,
    /// Only what stands behind `=`.
    Attached,
}

/// An option of a program, or of one of its commands.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The words of the command that has it; empty for every command.
    pub command: Vec<&'static str>,
    /// Its spellings, with dashes.
    pub names: Vec<&'static str>,
    /// What rows call it: its last spelling without dashes.
    pub key: &'static str,
    /// Whether it takes a value.
    pub takes: Takes,
}

/// Where the targets of a program's commands stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Nobody knows.
    #[default]
    Unknown,
    /// The machine that the command runs on.
    Here,
    /// Behind this host.
    Host(&'static str),
}

/// The words of some programs.
#[derive(Debug, Default)]
pub struct Table {
    /// The programs; the first gives ids their name.
    pub programs: Vec<&'static str>,
    /// How they read options.
    pub style: Style,
    /// Their options.
    pub flags: Vec<Flag>,
    /// Options and first words that only print.
    pub help: Vec<&'static str>,
    /// Parts of a target's place, and the options or `$VARIABLES` that name each.
    pub place: Vec<(&'static str, Vec<&'static str>)>,
    /// Where the targets stand when no option names a place.
    pub target: Target,
    /// The commands, in the file's order.
    pub rows: Vec<Row>,
}

/// The table that holds this program.
#[must_use]
#[allow(clippy::panic, reason = "the tables are part of the program; a test loads every one of them")]
pub fn table(program: &str) -> Option<&'static Table> {
    let (_, position) = PROGRAMS.get(PROGRAMS.binary_search_by(|(name, _)| (*name).cmp(program)).ok()?)?;
    let (name, text) = TABLES.get(*position)?;
    match PARSED.get(*position)?.get_or_init(|| Table::parse(text)) {
        Ok(table) => Some(table),
        Err(wrong) => panic!("the table `{name}` of command lines does not parse: {wrong}"),
    }
}

/// Whether a table holds this program.
#[must_use]
pub fn has(program: &str) -> bool {
    PROGRAMS.binary_search_by(|(name, _)| (*name).cmp(program)).is_ok()
}

/// Whether an id in the tables begins with this provider. Looks through all of them: for checks of rules, not for requests.
#[must_use]
pub fn names_provider(provider: &str) -> bool {
    let cell = format!("\t{provider}:");
    has(provider) || TABLES.iter().any(|(_, text)| text.contains(&cell))
}

/// Whether this id stands in the tables, likewise.
#[must_use]
pub fn names_operation(id: &str) -> bool {
    let cell = format!("\t{id}\t");
    TABLES.iter().any(|(_, text)| text.contains(&cell))
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// A line that is none, with its number.
    pub fn parse(text: &'static str) -> Result<Self, String> {
        let mut table = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_end_matches('\t');
            if line.is_empty() || line.starts_with('#') || line.starts_with("command\twhen\t") {
                continue;
            }
            table.line(line).map_err(|wrong| format!("line {}: {wrong}", number + 1))?;
        }
        if table.programs.is_empty() { Err("no `@programs`".to_owned()) } else { Ok(table) }
    }

    fn line(&mut self, line: &'static str) -> Result<(), String> {
        if !line.starts_with('@') {
            self.rows.push(Row::parse(line)?);
            return Ok(());
        }
        let mut cells = line.split('\t').filter(|cell| !cell.is_empty());
        let word = cells.next().unwrap_or_default();
        match word {
            "@programs" => self.programs.extend(cells),
            "@style" => {
                self.style = match cells.next() {
                    Some("gnu") => Style::Gnu,
                    Some("abbrev") => Style::Abbreviated,
                    Some("go") => Style::Go,
                    other => return Err(format!("`{}` is no style", other.unwrap_or_default())),
                };
            }
            "@help" => self.help.extend(cells),
            "@here" => self.target = Target::Here,
            "@host" => self.target = Target::Host(cells.next().ok_or("`@host` names none")?),
            "@place" => {
                for cell in cells {
                    let (part, from) = cell.split_once('=').ok_or_else(|| format!("`{cell}` has no `=`"))?;
                    self.place.push((part, from.split(',').collect()));
                }
            }
            other => {
                let command = other.strip_prefix("@options").ok_or_else(|| format!("`{other}` is no directive"))?;
                let command: Vec<&str> = command.trim_start_matches(':').split_whitespace().collect();
                for cell in cells {
                    self.flags.push(Flag::parse(&command, cell)?);
                }
            }
        }
        Ok(())
    }

    /// The spelling's option, for a command that begins with these words.
    #[must_use]
    pub fn flag(&self, spelling: &str, command: &[String]) -> Option<&Flag> {
        let belongs = |flag: &&Flag| {
            flag.command.len() <= command.len()
                && flag.command.iter().zip(command).all(|(wanted, word)| wanted.split('|').any(|one| one == word))
        };
        let bare = |name: &str| name.trim_start_matches('-').to_owned();
        let same = |name: &str| match self.style {
            Style::Go => bare(name) == bare(spelling),
            _ => name == spelling,
        };
        // What belongs to the command hides what belongs to all.
        let exact = self.flags.iter().filter(belongs).filter(|flag| flag.names.iter().any(|name| same(name)));
        if let Some(found) = exact.max_by_key(|flag| flag.command.len()) {
            return Some(found);
        }
        if self.style != Style::Abbreviated || !spelling.starts_with("--") || spelling.len() < 3 {
            return None;
        }
        let mut longer =
            self.flags.iter().filter(belongs).filter(|flag| flag.names.iter().any(|name| name.starts_with(spelling)));
        let first = longer.next()?;
        longer.all(|other| other.key == first.key).then_some(first)
    }
}

impl Flag {
    fn parse(command: &[&'static str], cell: &'static str) -> Result<Self, String> {
        let (names, takes) = match (cell.strip_suffix("=?"), cell.strip_suffix('=')) {
            (Some(names), _) => (names, Takes::Attached),
            (None, Some(names)) => (names, Takes::Value),
            (None, None) => (cell, Takes::Nothing),
        };
        let names: Vec<&str> = names.split('/').collect();
        if names.iter().any(|name| !name.starts_with('-') || name.len() < 2) {
            return Err(format!("`{cell}` is no option"));
        }
        let key = names.last().map_or("", |name| name.trim_start_matches('-'));
        Ok(Self { command: command.to_vec(), names, key, takes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_parses() {
        let wrong: Vec<String> = TABLES
            .iter()
            .filter_map(|(name, text)| Table::parse(text).err().map(|wrong| format!("{name}: {wrong}")))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
