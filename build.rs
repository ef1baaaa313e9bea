//! Turns the sorted text tables of `src/catalog/aws` into static arrays, so that the program starts without reading them.
//!
//! Every text goes once into one long string; a row holds offsets into it. That needs no relocations at start-up, however
//! many operations there are. `src/catalog/aws/mod.rs` includes the result and describes the types.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Rows = Vec<Vec<String>>;

const TABLES: [&str; 7] = ["services", "operations", "reviewed", "verbs", "nouns", "arns", "partitions"];

fn main() -> Result<()> {
    let folder = Path::new("src/catalog/aws");
    let mut tables = HashMap::new();
    for name in TABLES {
        let path = folder.join(name).with_extension("tsv");
        println!("cargo::rerun-if-changed={}", path.display());
        tables.insert(name, read(&path)?);
    }
    println!("cargo::rerun-if-changed=build.rs");
    let code = Writer::default().write(&tables)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("aws.rs"), code)?;
    Ok(())
}

fn read(path: &Path) -> Result<Rows> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('\t').map(|cell| if cell == "-" { "" } else { cell }.to_owned()).collect())
        .collect())
}

fn cell(row: &[String], column: usize) -> Result<&str> {
    row.get(column).map(String::as_str).ok_or_else(|| format!("a row has no column {column}: {row:?}").into())
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
    text: String,
    spans: HashMap<String, usize>,
    nodes: Vec<Node>,
    code: String,
}

impl Writer {
    fn write(mut self, tables: &HashMap<&str, Rows>) -> Result<String> {
        let table = |name: &str| tables.get(name).ok_or_else(|| format!("no table `{name}`"));
        let (operations, reviewed) = (table("operations")?, table("reviewed")?);
        self.services(table("services")?, operations, reviewed)?;
        self.operations(operations, reviewed)?;
        self.array("REVIEWED", "Reviewed", reviewed, |this, row| {
            Ok(format!(
                "Reviewed{{when:{},impact:{},scope:{},reversible:{},hazards:{}}}",
                this.span(cell(row, 2)?),
                this.span(cell(row, 3)?),
                this.span(cell(row, 4)?),
                this.span(cell(row, 5)?),
                this.span(cell(row, 6)?)
            ))
        })?;
        self.array("VERBS", "Verb", table("verbs")?, |this, row| {
            Ok(format!(
                "Verb{{begins:{},ends:{},impact:{},scope:{}}}",
                this.span(cell(row, 0)?),
                this.span(cell(row, 1)?),
                this.span(cell(row, 2)?),
                this.span(cell(row, 3)?)
            ))
        })?;
        self.array("NOUNS", "Noun", table("nouns")?, |this, row| {
            Ok(format!(
                "Noun{{service:{},noun:{},impact:{},scope:{},hazards:{}}}",
                this.span(cell(row, 0)?),
                this.span(cell(row, 1)?),
                this.span(cell(row, 2)?),
                this.span(cell(row, 3)?),
                this.span(cell(row, 4)?)
            ))
        })?;
        self.array("ARNS", "Arn", table("arns")?, |this, row| {
            Ok(format!(
                "Arn{{service:{},member:{},template:{}}}",
                this.span(cell(row, 0)?),
                this.span(cell(row, 1)?),
                this.span(cell(row, 2)?)
            ))
        })?;
        self.array("PARTITIONS", "Partition", table("partitions")?, |this, row| {
            Ok(format!(
                "Partition{{name:{},suffix:{},dual_stack_suffix:{},region_prefixes:{}}}",
                this.span(cell(row, 0)?),
                this.span(cell(row, 1)?),
                this.span(cell(row, 2)?),
                this.span(cell(row, 3)?)
            ))
        })?;
        self.trie()?;
        writeln!(self.code, "pub(super) static TEXT: &str = {:?};", self.text)?;
        Ok(self.code)
    }

    fn services(&mut self, services: &Rows, operations: &Rows, reviewed: &Rows) -> Result<()> {
        let mut indexes: [(&str, Vec<(String, usize)>); 3] =
            [("BY_SIGNING", vec![]), ("BY_HOST", vec![]), ("BY_TARGET", vec![])];
        for (number, row) in services.iter().enumerate() {
            for (column, (_, index)) in [2, 3, 4].into_iter().zip(&mut indexes) {
                let words = cell(row, column)?.split(',').filter(|word| !word.is_empty());
                index.extend(words.map(|word| (word.to_owned(), number)));
            }
        }
        self.array("SERVICES", "Service", services, |this, row| {
            let name = cell(row, 0)?;
            let (first, count) = range(operations, |one| one.first().is_some_and(|service| service == name));
            let default = range(reviewed, |one| {
                one.first().is_some_and(|service| service == name) && one.get(1).is_some_and(|op| op == "*")
            });
            let root = this.node();
            for (number, operation) in operations.iter().enumerate().skip(first).take(count) {
                this.template(root, cell(operation, 3)?, number);
            }
            Ok(format!(
                "Service{{name:{},signing:{},hosts:{},targets:{},protocols:{},version:{},operations:({first},{count}),\
                 reviewed:({},{}),root:{root}}}",
                this.span(name),
                this.span(cell(row, 2)?),
                this.span(cell(row, 3)?),
                this.span(cell(row, 4)?),
                this.span(cell(row, 5)?),
                this.span(cell(row, 6)?),
                default.0,
                default.1
            ))
        })?;
        for (name, mut index) in indexes {
            index.sort();
            write!(self.code, "pub(super) static {name}: [(Text, u16); {}] = [", index.len())?;
            for (word, service) in index {
                let span = self.span(&word);
                writeln!(self.code, "({span},{service}),")?;
            }
            self.code.push_str("];\n");
        }
        Ok(())
    }

    fn operations(&mut self, operations: &Rows, reviewed: &Rows) -> Result<()> {
        let mut members: Vec<String> = vec![];
        self.array("OPERATIONS", "Operation", operations, |this, row| {
            let first = members.len();
            for text in cell(row, 8)?.split_whitespace() {
                members.push(this.member(text)?);
            }
            let same = |one: &Vec<String>| one.iter().take(2).eq(row.iter().take(2));
            let (review, reviews) = range(reviewed, same);
            let flags = cell(row, 6)?;
            let (path, query) = cell(row, 3)?.split_once('?').unwrap_or((cell(row, 3)?, ""));
            Ok(format!(
                "Operation{{name:{},method:{},path:{},query:{},host_prefix:{},required:{},deprecated:{},blob:{},compressed:{},\
                 members:({first},{}),reviewed:({review},{reviews})}}",
                this.span(cell(row, 1)?),
                this.span(cell(row, 2)?),
                this.span(path),
                this.span(query),
                this.span(cell(row, 4)?),
                this.span(cell(row, 5)?),
                flags.contains("deprecated"),
                flags.contains("blob"),
                flags.contains("compressed"),
                members.len() - first
            ))
        })?;
        writeln!(self.code, "pub(super) static MEMBERS: [Member; {}] = [{}];", members.len(), members.join(",\n"))?;
        Ok(())
    }

    /// `roles:path@location=wire`
    fn member(&mut self, text: &str) -> Result<String> {
        let bad = || format!("`{text}` is not `roles:path@location=wire`");
        let (roles, rest) = text.split_once(':').ok_or_else(bad)?;
        let (path, rest) = rest.split_once('@').ok_or_else(bad)?;
        let (location, wire) = rest.split_once('=').unwrap_or((rest, path));
        let location = match location {
            "u" => "Path",
            "q" => "Query",
            "h" => "Header",
            "b" => "Body",
            "p" => "Payload",
            _ => return Err(bad().into()),
        };
        let bits = roles.chars().try_fold(0u8, |bits, role| {
            "rdnwy".find(role).map(|bit| bits | 1 << bit).ok_or_else(|| format!("`{role}` is not a role"))
        })?;
        Ok(format!(
            "Member{{roles:Roles({bits}),name:{},path:{},location:Location::{location},wire:{}}}",
            self.span(&dotted(path)),
            self.span(path),
            self.span(wire)
        ))
    }

    fn array(
        &mut self,
        name: &str,
        kind: &str,
        rows: &Rows,
        mut row: impl FnMut(&mut Self, &[String]) -> Result<String>,
    ) -> Result<()> {
        let mut lines = vec![];
        for one in rows {
            lines.push(row(self, one)?);
        }
        writeln!(self.code, "pub(super) static {name}: [{kind}; {}] = [{}];", rows.len(), lines.join(",\n"))?;
        Ok(())
    }

    fn span(&mut self, text: &str) -> String {
        let at = match self.spans.get(text) {
            Some(at) => *at,
            None => {
                let at = self.text.find(text).unwrap_or_else(|| {
                    self.text.push_str(text);
                    self.text.len() - text.len()
                });
                self.spans.insert(text.to_owned(), at);
                at
            }
        };
        format!("Text({at},{})", text.len())
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

    fn trie(&mut self) -> Result<()> {
        let (mut nodes, mut edges, mut leaves) = (vec![], vec![], vec![]);
        for node in std::mem::take(&mut self.nodes) {
            nodes.push(format!(
                "Node{{literals:({},{}),label:{},greedy:{},leaves:({},{})}}",
                edges.len(),
                node.literals.len(),
                node.label.unwrap_or(0),
                node.greedy.unwrap_or(0),
                leaves.len(),
                node.leaves.len()
            ));
            for (word, next) in node.literals {
                edges.push(format!("({},{next})", self.span(&word)));
            }
            leaves.extend(node.leaves.iter().map(usize::to_string));
        }
        writeln!(self.code, "pub(super) static NODES: [Node; {}] = [{}];", nodes.len(), nodes.join(",\n"))?;
        writeln!(self.code, "pub(super) static EDGES: [(Text, u32); {}] = [{}];", edges.len(), edges.join(",\n"))?;
        writeln!(self.code, "pub(super) static LEAVES: [u32; {}] = [{}];", leaves.len(), leaves.join(","))?;
        Ok(())
    }
}

/// `Delete.Objects[].Key` is `Delete.Objects.Key`, `Attributes{Policy}` is `Attributes.Policy`.
fn dotted(path: &str) -> String {
    path.replace("[]", "").replace("{}", "").replace("{*}", "").replace('{', ".").replace('}', "")
}

/// Where the rows that match begin, and how many follow each other.
fn range(rows: &Rows, matches: impl Fn(&Vec<String>) -> bool) -> (usize, usize) {
    let first = rows.iter().position(&matches).unwrap_or(0);
    (first, rows.iter().skip(first).take_while(|row| matches(row)).count())
}
