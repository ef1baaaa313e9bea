//! The tables of described APIs: one folder of `src/catalog` each.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::writer::{Ranges, Result, Row, Writer, cell, number, pair, range, ranges, read};

/// The flags of an operation, from bit 0.
const FLAGS: [&str; 3] = ["deprecated", "blob", "opens"];

/// All folders' rows so far.
#[derive(Default)]
struct Tables {
    books: Vec<u8>,
    roots: (Vec<u8>, usize),
    hosts: (Vec<u8>, usize),
    operations: (Vec<u8>, usize),
    conditions: (Vec<u8>, usize),
    mutations: (Vec<u8>, usize),
}

pub(crate) fn pack(writer: &mut Writer) -> Result<()> {
    println!("cargo::rerun-if-changed=src/catalog");
    let mut folders: Vec<PathBuf> =
        fs::read_dir("src/catalog")?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    folders.sort();
    let mut tables = Tables::default();
    let is_described = |folder: &&PathBuf| {
        !folder.ends_with("aws") && ["operations.tsv", "graphql.tsv"].iter().any(|name| folder.join(name).is_file())
    };
    for folder in folders.iter().filter(is_described) {
        let whose = |error| format!("{}: {error}", folder.display());
        book(writer, &mut tables, folder).map_err(whose)?;
    }
    writer.keep("described_books", &tables.books)?;
    writer.keep("described_roots", &tables.roots.0)?;
    writer.keep("described_hosts", &tables.hosts.0)?;
    writer.keep("described_operations", &tables.operations.0)?;
    writer.keep("described_conditions", &tables.conditions.0)?;
    writer.keep("described_mutations", &tables.mutations.0)
}

fn table(folder: &Path, name: &str) -> Result<Vec<Row>> {
    let path = folder.join(name);
    if path.is_file() { read(&path) } else { Ok(vec![]) }
}

fn book(writer: &mut Writer, tables: &mut Tables, folder: &Path) -> Result<()> {
    let mut operations = table(folder, "operations.tsv")?;
    operations.sort();
    let mut given = table(folder, "conditions.tsv")?;
    given.sort_by(|a, b| a.iter().take(2).cmp(b.iter().take(2)));
    let mut hosts = table(folder, "hosts.tsv")?;
    hosts.sort();
    let mut mutations = table(folder, "graphql.tsv")?;
    mutations.sort();
    let conditions = shifted(ranges(&given, 2), tables.conditions.1);
    for row in &given {
        texts(writer, &mut tables.conditions, row, &[2, 3, 4, 5, 6])?;
    }
    let by_service: BTreeSet<&str> =
        operations.iter().map(|row| cell(row, 0)).filter(|_| !hosts.is_empty()).collect::<Result<_>>()?;
    let names = if by_service.is_empty() { vec![""] } else { by_service.into_iter().collect() };
    let first = (tables.roots.1, tables.operations.1, tables.mutations.1, tables.hosts.1);
    for name in names {
        let root = writer.node();
        writer.text(&mut tables.roots.0, name)?;
        number(&mut tables.roots.0, root)?;
        tables.roots.1 += 1;
        for (at, row) in operations.iter().enumerate() {
            if name.is_empty() || cell(row, 0)? == name {
                for path in alternatives(cell(row, 3)?) {
                    let template = segments(&path);
                    writer.template(root, template.iter().map(String::as_str), first.1 + at);
                }
            }
        }
    }
    for row in &operations {
        operation(writer, &mut tables.operations, row, &conditions)?;
    }
    for row in &mutations {
        texts(writer, &mut tables.mutations, row, &[0, 1, 2, 3, 4, 5])?;
        pair(&mut tables.mutations.0, range(&conditions, &["graphql", cell(row, 0)?]))?;
    }
    for row in &hosts {
        texts(writer, &mut tables.hosts, row, &[0, 1])?;
    }
    writer.text(&mut tables.books, folder.file_name().and_then(|name| name.to_str()).unwrap_or_default())?;
    pair(&mut tables.books, (first.0, tables.roots.1 - first.0))?;
    pair(&mut tables.books, (first.1, operations.len()))?;
    pair(&mut tables.books, (first.2, mutations.len()))?;
    pair(&mut tables.books, (first.3, hosts.len()))
}

/// The same ranges in a table that holds other rows before.
fn shifted(mut ranges: Ranges, by: usize) -> Ranges {
    ranges.values_mut().for_each(|(first, _)| *first += by);
    ranges
}

fn texts(writer: &mut Writer, (out, count): &mut (Vec<u8>, usize), row: &Row, columns: &[usize]) -> Result<()> {
    for column in columns {
        writer.text(out, cell(row, *column)?)?;
    }
    *count += 1;
    Ok(())
}

fn operation(writer: &mut Writer, (out, count): &mut (Vec<u8>, usize), row: &Row, conditions: &Ranges) -> Result<()> {
    let (service, name) = (cell(row, 0)?, cell(row, 1)?);
    let (path, query) = cell(row, 3)?.split_once('?').unwrap_or((cell(row, 3)?, ""));
    let resource = row.get(10).map(String::as_str).unwrap_or_default();
    let cells = [4, 5, 6, 7, 8].map(|column| cell(row, column));
    for text in [service, name, cell(row, 2)?, path, query] {
        writer.text(out, text)?;
    }
    for text in cells {
        writer.text(out, text?)?;
    }
    writer.text(out, resource)?;
    pair(out, range(conditions, &[service, name]))?;
    pair(out, range(conditions, &[service, "*"]))?;
    let flags = row.get(9).map(String::as_str).unwrap_or_default();
    let bits = flags.split(',').filter(|flag| !flag.is_empty()).try_fold(0u8, |bits, flag| {
        let bit = FLAGS.iter().position(|known| *known == flag).ok_or_else(|| format!("`{flag}` is not a flag"))?;
        Ok::<u8, String>(bits | 1 << bit)
    })?;
    out.push(bits);
    *count += 1;
    Ok(())
}

/// A path for each choice of `{v1|v1beta1}`.
fn alternatives(path: &str) -> Vec<String> {
    let path = path.split('?').next().unwrap_or_default();
    let choice = path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).find(|(label, _)| label.contains('|'));
    let Some((choices, _)) = choice else { return vec![path.to_owned()] };
    choices.split('|').flat_map(|one| alternatives(&path.replacen(&format!("{{{choices}}}"), one, 1))).collect()
}

/// The steps of a template; a verb after the last colon is a step of its own.
fn segments(path: &str) -> Vec<String> {
    let mut all: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    if let Some(last) = all.pop() {
        match last.rsplit_once(':') {
            Some((before, verb)) if !verb.contains('}') => all.extend([before.to_owned(), format!(":{verb}")]),
            _ => all.push(last),
        }
    }
    // A segment of several labels, or of a label and text, is one label.
    for one in &mut all {
        let is_label = one.starts_with('{') && one.find('}') == Some(one.len() - 1);
        if one.contains('{') && !is_label {
            "{mixed}".clone_into(one);
        }
    }
    all
}
