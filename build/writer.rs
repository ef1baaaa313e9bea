//! What every table is packed with: one long text, rows of numbers, and the steps of path templates.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;
pub(crate) type Row = Vec<String>;
pub(crate) type Ranges = HashMap<Row, (usize, usize)>;

/// The rows of a text table: cells between tabs, `-` for an empty one, `#` before a comment.
pub(crate) fn read(path: &Path) -> Result<Vec<Row>> {
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(rows.map(|line| line.split('\t').map(|cell| if cell == "-" { "" } else { cell }.to_owned()).collect()).collect())
}

pub(crate) fn cell(row: &[String], column: usize) -> Result<&str> {
    row.get(column).map(String::as_str).ok_or_else(|| format!("a row has no column {column}: {row:?}").into())
}

/// First row and number of rows that share their first cells.
pub(crate) fn ranges(rows: &[Row], cells: usize) -> Ranges {
    let mut ranges = Ranges::new();
    for (number, row) in rows.iter().enumerate() {
        let key = row.iter().take(cells).cloned().collect();
        ranges.entry(key).or_insert((number, 0)).1 += 1;
    }
    ranges
}

pub(crate) fn range(ranges: &Ranges, key: &[&str]) -> (usize, usize) {
    let key: Row = key.iter().map(|cell| (*cell).to_owned()).collect();
    ranges.get(&key).copied().unwrap_or_default()
}

pub(crate) fn number(out: &mut Vec<u8>, value: usize) -> Result<()> {
    out.extend(u32::try_from(value)?.to_le_bytes());
    Ok(())
}

pub(crate) fn pair(out: &mut Vec<u8>, (first, count): (usize, usize)) -> Result<()> {
    number(out, first)?;
    number(out, count)
}

/// One step of path templates.
#[derive(Default)]
struct Node {
    literals: BTreeMap<String, usize>,
    label: Option<usize>,
    greedy: Option<usize>,
    leaves: Vec<usize>,
}

/// Collects all tables' texts and path steps.
#[derive(Default)]
pub(crate) struct Writer {
    folder: PathBuf,
    text: String,
    places: HashMap<String, usize>,
    nodes: Vec<Node>,
}

impl Writer {
    pub(crate) fn new(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, ..Self::default() })
    }

    /// Writes a packed table.
    pub(crate) fn keep(&self, name: &str, bytes: &[u8]) -> Result<()> {
        Ok(fs::write(self.folder.join(name), bytes)?)
    }

    /// Adds a text: its place in the one long text, and its length.
    pub(crate) fn text(&mut self, out: &mut Vec<u8>, text: &str) -> Result<()> {
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

    /// A new root, or step, of path templates.
    pub(crate) fn node(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    /// Adds a template below a root; `leaf` is the row that it leads to.
    pub(crate) fn template<'a>(&mut self, root: usize, segments: impl IntoIterator<Item = &'a str>, leaf: usize) {
        let mut at = root;
        for segment in segments {
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
        if let Some(node) = self.nodes.get_mut(at)
            && !node.leaves.contains(&leaf)
        {
            node.leaves.push(leaf);
        }
    }

    /// Writes what all tables share: path steps and the text.
    pub(crate) fn finish(mut self) -> Result<()> {
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
        self.keep("leaves", &leaves)?;
        self.keep("text", self.text.as_bytes())
    }
}
