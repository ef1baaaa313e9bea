//! Operations for a person: a table of several, everything of one.

use std::io::{self, Write};

use super::{Condition, Entry};
use crate::cli::table::{Cell, Column, widths, write_head, write_row};
use crate::model::Hazards;

const COLUMNS: [Column; 7] = [
    Column { heading: "OPERATION", narrowest: 24, middle: true },
    Column { heading: "IMPACT", narrowest: 6, middle: false },
    Column { heading: "SCOPE", narrowest: 8, middle: false },
    Column { heading: "AT MOST", narrowest: 7, middle: false },
    Column { heading: "REVERSIBLE", narrowest: 6, middle: false },
    Column { heading: "HAZARDS", narrowest: 8, middle: false },
    Column { heading: "WHEN", narrowest: 6, middle: false },
];

/// A line for each.
pub(super) fn list(entries: &[Entry], width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let has_when = entries.iter().any(|entry| !entry.when.is_empty());
    let columns = COLUMNS.get(..if has_when { 7 } else { 6 }).unwrap_or(&COLUMNS);
    let row = |entry: &Entry| -> Vec<Cell> {
        let blast = &entry.blast;
        let cells = [
            entry.operation.clone(),
            blast.impact.to_string(),
            blast.scope.to_string(),
            at_most(entry),
            blast.reversible.to_string(),
            hazards(blast.hazards),
            entry.when.clone(),
        ];
        cells.iter().take(columns.len()).map(|text| Cell::new(text)).collect()
    };
    let rows: Vec<Vec<Cell>> = entries.iter().map(row).collect();
    let widths = widths(columns, &rows, width);
    write_head(out, columns, &widths)?;
    rows.iter().try_for_each(|row| write_row(out, columns, &widths, row))
}

/// What parameters can make of it, where that is more.
fn at_most(entry: &Entry) -> String {
    let (blast, most) = (&entry.blast, &entry.at_most);
    match (most.impact != blast.impact, most.scope != blast.scope) {
        (false, false) => String::new(),
        (true, false) => most.impact.to_string(),
        (_, true) => format!("{} {}", most.impact, most.scope),
    }
}

fn hazards(hazards: Hazards) -> String {
    hazards.iter().map(|hazard| hazard.to_string()).collect::<Vec<_>>().join(", ")
}

/// Everything of each.
pub(super) fn describe(entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        one(entry, out)?;
    }
    Ok(())
}

fn one(entry: &Entry, out: &mut dyn Write) -> io::Result<()> {
    let blast = &entry.blast;
    let mut line = |name: &str, value: &str| match value {
        "" => Ok(()),
        value => writeln!(out, "{name:14} {value}"),
    };
    line("operation", &entry.operation)?;
    line("meant for", &entry.when)?;
    line("blast radius", &format!("{} / {} / reversible: {}", blast.impact, blast.scope, blast.reversible))?;
    line("hazards", &hazards(blast.hazards))?;
    for condition in &entry.conditions {
        line("  larger if", &in_words(condition))?;
    }
    for member in &entry.members {
        line("parameter", &format!("{} ({}): {}", member.name, member.location, member.roles.join(", ")))?;
    }
    line("IAM access", entry.access.unwrap_or_default())?;
    line("API", &format!("{} {}", entry.method, entry.path))?;
    if !entry.command.is_empty() {
        line("AWS CLI", &format!("aws {}", entry.command))?;
    }
    for name in &entry.cloudformation {
        line("CloudFormation", name)?;
    }
    for name in &entry.terraform {
        line("Terraform", name)?;
    }
    line("see", &entry.docs)
}

/// `SkipFinalSnapshot is not false: destroy, reversible: no`.
fn in_words(condition: &Condition) -> String {
    let parts: Vec<String> = condition.when.split(" & ").map(part).collect();
    let mut says: Vec<String> = vec![];
    let blast: Vec<&str> = [condition.impact, condition.scope].into_iter().filter(|cell| !cell.is_empty()).collect();
    if !blast.is_empty() {
        says.push(blast.join(" / "));
    }
    if !condition.reversible.is_empty() {
        says.push(format!("reversible: {}", condition.reversible));
    }
    if !condition.hazards.is_empty() {
        says.push(condition.hazards.replace(',', ", "));
    }
    format!("{}: {}", parts.join(" and "), says.join(", "))
}

fn part(text: &str) -> String {
    if let Some(member) = text.strip_prefix('!') {
        return format!("{member} is absent");
    }
    if let Some(member) = text.strip_suffix(" several") {
        return format!("{member} may be several statements");
    }
    if let Some(member) = text.strip_suffix(" calls") {
        return format!("{member} calls a function that nobody knows");
    }
    if let Some(member) = text.strip_suffix(" public") {
        return format!("{member} lets anybody in");
    }
    let end = text.find(['=', '!', '<', '>', '^', '~']).unwrap_or(text.len());
    let (member, rest) = text.split_at(end);
    let signs = [
        ("!=", "is not"),
        ("!^", "does not begin with"),
        ("!$", "does not end with"),
        ("=", "is"),
        ("<", "is below"),
        (">", "is above"),
        ("^", "begins with"),
        ("~", "contains"),
    ];
    let found = signs.iter().find_map(|(sign, words)| Some((words, rest.strip_prefix(sign)?)));
    match found {
        Some((words, value)) => format!("{member} {words} {}", value.replace('|', " or ")),
        None => format!("{member} is given"),
    }
}
