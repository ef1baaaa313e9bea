//! Turns the sorted text tables of `src/catalog/aws` into packed rows of numbers, which the program holds as they are and
//! reads in place: nothing is built when it starts, and the compiler has nothing to chew, however many operations there are.
//!
//! Every text goes once into one long string; a row holds offsets into it (`Text`: place and length). All numbers are little
//! endian without padding; `src/catalog/aws/types.rs` describes the rows field by field, in the order written here.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Row = Vec<String>;

/// Tables whose rows hold texts only, and the columns that are taken.
const TEXTS: [(&str, &[usize]); 10] = [
    ("reviewed", &[2, 3, 4, 5, 6]),
    ("verbs", &[0, 1, 2, 3]),
    ("nouns", &[0, 1, 2, 3, 4]),
    ("arns", &[0, 1, 2, 3]),
    ("partitions", &[0, 1, 2, 3]),
    ("planes", &[0, 1, 2, 3, 4, 5, 6, 7]),
    ("commands", &[0, 1, 2, 3, 4, 5]),
    ("renamed", &[0, 1, 2]),
    ("cloudformation", &[0, 1, 2, 3, 4, 5]),
    ("terraform", &[0, 1, 2, 3, 4, 5]),
];
/// The flags of an operation, from bit 0.
const FLAGS: [&str; 4] = ["deprecated", "blob", "compressed", "unsigned"];

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = PathBuf::from(env::var("OUT_DIR")?).join("aws");
    fs::create_dir_all(&folder)?;
    let mut writer = Writer { folder, ..Writer::default() };
    let (services, operations) = (read("services")?, read("operations")?);
    let mut reviewed = ranges(&read("reviewed")?, 2);
    let twins: HashMap<String, String> =
        read("twins")?.into_iter().filter_map(|row| Some((row.first()?.clone(), row.get(1)?.clone()))).collect();
    for row in &operations {
        let (service, name) = (cell(row, 0)?, cell(row, 1)?);
        if let Some(twin) = twins.get(service) {
            let found = range(&reviewed, &[twin, name]);
            reviewed.entry(vec![service.to_owned(), name.to_owned()]).or_insert(found);
        }
    }
    for (name, columns) in TEXTS {
        let mut out = vec![];
        for row in read(name)? {
            for column in columns {
                writer.text(&mut out, cell(&row, *column)?)?;
            }
        }
        writer.keep(name, &out)?;
    }
    writer.services(&services, &operations, &reviewed, &twins)?;
    writer.operations(&operations, &reviewed)?;
    writer.paths()?;
    let text = std::mem::take(&mut writer.text);
    writer.keep("text", text.as_bytes())
}

fn read(name: &str) -> Result<Vec<Row>> {
    let path = Path::new("src/catalog/aws").join(name).with_extension("tsv");
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(rows.map(|line| line.split('\t').map(|cell| if cell == "-" { "" } else { cell }.to_owned()).collect()).collect())
}

fn cell(row: &[String], column: usize) -> Result<&str> {
    row.get(column).map(String::as_str).ok_or_else(|| format!("a row has no column {column}: {row:?}").into())
}

type Ranges = HashMap<Row, (usize, usize)>;

/// First row and number of rows that share their first cells.
fn ranges(rows: &[Row], cells: usize) -> Ranges {
    let mut ranges = Ranges::new();
    for (number, row) in rows.iter().enumerate() {
        let key = row.iter().take(cells).cloned().collect();
        ranges.entry(key).or_insert((number, 0)).1 += 1;
    }
    ranges
}

fn range(ranges: &Ranges, key: &[&str]) -> (usize, usize) {
    let key: Row = key.iter().map(|cell| (*cell).to_owned()).collect();
    ranges.get(&key).copied().unwrap_or_default()
}

fn number(out: &mut Vec<u8>, value: usize) -> Result<()> {
    out.extend(u32::try_from(value)?.to_le_bytes());
    Ok(())
}

fn pair(out: &mut Vec<u8>, (first, count): (usize, usize)) -> Result<()> {
    number(out, first)?;
    number(out, count)
}

/// One step of a service's paths.
#[derive(Default)]
struct Node {
    literals: BTreeMap<String, usize>,
    label: Option<usize>,
    greedy: Option<usize>,
    leaves: Vec<usize>,
}

#[derive(Default)]
struct Writer {
    folder: PathBuf,
    text: String,
    places: HashMap<String, usize>,
    nodes: Vec<Node>,
}

impl Writer {
    fn keep(&self, name: &str, bytes: &[u8]) -> Result<()> {
        Ok(fs::write(self.folder.join(name), bytes)?)
    }

    fn text(&mut self, out: &mut Vec<u8>, text: &str) -> Result<()> {
        let at = match self.places.get(text) {
            Some(at) => *at,
            None => {
                let at = self.text.len();
                self.text.push_str(text);
                self.places.insert(text.to_owned(), at);
                at
            }
        };
        number(out, at)?;
        out.extend(u16::try_from(text.len())?.to_le_bytes());
        Ok(())
    }

    fn services(
        &mut self,
        services: &[Row],
        operations: &[Row],
        reviewed: &Ranges,
        twins: &HashMap<String, String>,
    ) -> Result<()> {
        let by_service = ranges(operations, 1);
        let mut out = vec![];
        for row in services {
            let name = cell(row, 0)?;
            let own = range(&by_service, &[name]);
            for column in [0, 2, 4, 5, 6] {
                self.text(&mut out, cell(row, column)?)?;
            }
            self.text(&mut out, twins.get(name).map_or(name, String::as_str))?;
            pair(&mut out, own)?;
            pair(&mut out, range(reviewed, &[name, "*"]))?;
            let root = self.node();
            number(&mut out, root)?;
            for (at, operation) in operations.iter().enumerate().skip(own.0).take(own.1) {
                self.template(root, cell(operation, 3)?, at);
            }
        }
        self.keep("services", &out)?;
        for (name, column) in [("by_signing", 2), ("by_host", 3), ("by_target", 4)] {
            let mut index = vec![];
            for (at, row) in services.iter().enumerate() {
                let words = cell(row, column)?.split(',').filter(|word| !word.is_empty());
                index.extend(words.map(|word| (word, at)));
                // Under no name: services with operations that are sent unsigned.
                let (first, count) = range(&by_service, &[cell(row, 0)?]);
                let mut own = operations.iter().skip(first).take(count);
                if name == "by_signing" && own.any(|operation| operation.iter().any(|cell| cell.contains("unsigned"))) {
                    index.push(("", at));
                }
            }
            index.sort_unstable();
            let mut out = vec![];
            for (word, at) in index {
                self.text(&mut out, word)?;
                number(&mut out, at)?;
            }
            self.keep(name, &out)?;
        }
        Ok(())
    }

    fn operations(&mut self, operations: &[Row], reviewed: &Ranges) -> Result<()> {
        let (mut out, mut members, mut count) = (vec![], vec![], 0);
        for row in operations {
            let (service, name) = (cell(row, 0)?, cell(row, 1)?);
            let (path, query) = cell(row, 3)?.split_once('?').unwrap_or((cell(row, 3)?, ""));
            for text in [name, cell(row, 2)?, path, query, cell(row, 4)?, cell(row, 5)?] {
                self.text(&mut out, text)?;
            }
            let first = count;
            for text in cell(row, 8)?.split_whitespace() {
                self.member(&mut members, text)?;
                count += 1;
            }
            pair(&mut out, (first, count - first))?;
            pair(&mut out, range(reviewed, &[service, name]))?;
            out.push(bits(cell(row, 6)?)?);
            out.push(cell(row, 7)?.bytes().next().unwrap_or(b'-'));
        }
        self.keep("operations", &out)?;
        self.keep("members", &members)
    }

    /// `roles:path@location=wire`
    fn member(&mut self, out: &mut Vec<u8>, text: &str) -> Result<()> {
        let bad = || format!("`{text}` is not `roles:path@location=wire`");
        let (roles, rest) = text.split_once(':').ok_or_else(bad)?;
        let (path, rest) = rest.split_once('@').ok_or_else(bad)?;
        let (location, wire) = rest.split_once('=').unwrap_or((rest, path));
        let location = "uqhbp".find(location).ok_or_else(bad)?;
        let roles = roles.chars().try_fold(0u8, |bits, role| {
            "rdnwy".find(role).map(|bit| bits | 1 << bit).ok_or_else(|| format!("`{role}` is not a role"))
        })?;
        self.text(out, &dotted(path))?;
        self.text(out, path)?;
        self.text(out, wire)?;
        out.extend([roles, u8::try_from(location)?]);
        Ok(())
    }

    fn node(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    fn template(&mut self, root: usize, uri: &str, operation: usize) {
        let path = uri.split('?').next().unwrap_or_default();
        let mut at = root;
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            let fresh = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            let next = if segment.ends_with("+}") {
                *node.greedy.get_or_insert(fresh)
            } else if segment.starts_with('{') {
                *node.label.get_or_insert(fresh)
            } else {
                *node.literals.entry(segment.to_owned()).or_insert(fresh)
            };
            if next == fresh {
                self.nodes.push(Node::default());
            }
            at = next;
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.leaves.push(operation);
        }
    }

    fn paths(&mut self) -> Result<()> {
        let (mut nodes, mut edges, mut leaves) = (vec![], vec![], vec![]);
        let (mut edge, mut leaf) = (0, 0);
        for node in std::mem::take(&mut self.nodes) {
            pair(&mut nodes, (edge, node.literals.len()))?;
            number(&mut nodes, node.label.unwrap_or(0))?;
            number(&mut nodes, node.greedy.unwrap_or(0))?;
            pair(&mut nodes, (leaf, node.leaves.len()))?;
            edge += node.literals.len();
            leaf += node.leaves.len();
            for (word, next) in node.literals {
                self.text(&mut edges, &word)?;
                number(&mut edges, next)?;
            }
            for operation in node.leaves {
                number(&mut leaves, operation)?;
            }
        }
        self.keep("nodes", &nodes)?;
        self.keep("edges", &edges)?;
        self.keep("leaves", &leaves)
    }
}

fn bits(flags: &str) -> Result<u8> {
    flags.split(',').filter(|flag| !flag.is_empty()).try_fold(0u8, |bits, flag| {
        let bit = FLAGS.iter().position(|known| *known == flag).ok_or_else(|| format!("`{flag}` is not a flag"))?;
        Ok(bits | 1 << bit)
    })
}

/// `Delete.Objects[].Key` is `Delete.Objects.Key`, `Attributes{Policy}` is `Attributes.Policy`.
fn dotted(path: &str) -> String {
    path.replace("[]", "").replace("{}", "").replace("{*}", "").replace('{', ".").replace('}', "")
}
