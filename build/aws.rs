//! The AWS tables.

use std::collections::HashMap;
use std::path::Path;

use crate::writer::{Ranges, Result, Row, Writer, cell, number, pair, range, ranges};

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

pub(crate) fn pack(writer: &mut Writer) -> Result<()> {
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
        writer.keep(&format!("aws_{name}"), &out)?;
    }
    pack_services(writer, &services, &operations, (&reviewed, &twins))?;
    pack_operations(writer, &operations, &reviewed)
}

fn read(name: &str) -> Result<Vec<Row>> {
    crate::writer::read(&Path::new("src/catalog/aws").join(name).with_extension("tsv"))
}

fn pack_services(
    writer: &mut Writer,
    services: &[Row],
    operations: &[Row],
    (reviewed, twins): (&Ranges, &HashMap<String, String>),
) -> Result<()> {
    let by_service = ranges(operations, 1);
    let mut out = vec![];
    for row in services {
        let name = cell(row, 0)?;
        let own = range(&by_service, &[name]);
        for column in [0, 2, 4, 5, 6] {
            writer.text(&mut out, cell(row, column)?)?;
        }
        writer.text(&mut out, twins.get(name).map_or(name, String::as_str))?;
        pair(&mut out, own)?;
        pair(&mut out, range(reviewed, &[name, "*"]))?;
        let root = writer.node();
        number(&mut out, root)?;
        for (at, operation) in operations.iter().enumerate().skip(own.0).take(own.1) {
            let path = cell(operation, 3)?.split('?').next().unwrap_or_default();
            writer.template(root, path.split('/').filter(|segment| !segment.is_empty()), at);
        }
    }
    writer.keep("aws_services", &out)?;
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
            writer.text(&mut out, word)?;
            number(&mut out, at)?;
        }
        writer.keep(&format!("aws_{name}"), &out)?;
    }
    Ok(())
}

fn pack_operations(writer: &mut Writer, operations: &[Row], reviewed: &Ranges) -> Result<()> {
    let (mut out, mut members, mut count) = (vec![], vec![], 0);
    for row in operations {
        let (service, name) = (cell(row, 0)?, cell(row, 1)?);
        let (path, query) = cell(row, 3)?.split_once('?').unwrap_or((cell(row, 3)?, ""));
        for text in [name, cell(row, 2)?, path, query, cell(row, 4)?, cell(row, 5)?] {
            writer.text(&mut out, text)?;
        }
        let first = count;
        for text in cell(row, 8)?.split_whitespace() {
            pack_member(writer, &mut members, text)?;
            count += 1;
        }
        pair(&mut out, (first, count - first))?;
        pair(&mut out, range(reviewed, &[service, name]))?;
        out.push(bits(cell(row, 6)?)?);
        out.push(cell(row, 7)?.bytes().next().unwrap_or(b'-'));
    }
    writer.keep("aws_operations", &out)?;
    writer.keep("aws_members", &members)
}

/// `roles:path@location=wire`
fn pack_member(writer: &mut Writer, out: &mut Vec<u8>, text: &str) -> Result<()> {
    let bad = || format!("`{text}` is not `roles:path@location=wire`");
    let (roles, rest) = text.split_once(':').ok_or_else(bad)?;
    let (path, rest) = rest.split_once('@').ok_or_else(bad)?;
    let (location, wire) = rest.split_once('=').unwrap_or((rest, path));
    let location = "uqhbp".find(location).ok_or_else(bad)?;
    let roles = roles.chars().try_fold(0u8, |bits, role| {
        "rdnwy".find(role).map(|bit| bits | 1 << bit).ok_or_else(|| format!("`{role}` is not a role"))
    })?;
    writer.text(out, &dotted(path))?;
    writer.text(out, path)?;
    writer.text(out, wire)?;
    out.extend([roles, u8::try_from(location)?]);
    Ok(())
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
