//! `ALTER`: what it changes, and what it loses.

use super::Statement;
use super::definition::{PERMISSION, is_plain, kind, targets};
use super::lex::Token;
use super::reader::{Reader, closing, exactly, find, has, has_phrase, name, starts};
use crate::model::{Count, Hazard, Impact, Scope};

/// `ALTER`.
pub(super) fn alter(reader: &mut Reader, words: &[Token]) {
    let (kind, after) = kind(words, 1);
    let targets: Vec<String> = targets(words, after).into_iter().take(1).collect();
    let one = match kind.as_str() {
        "table" => return table(reader, words, after),
        "system" | "instance" => reader.says("alter_system", Impact::Update, Scope::Environment),
        "account" | "organization" => reader.says("alter_account", Impact::Update, Scope::Account),
        "database" | "schema" | "warehouse" | "server" | "subscription" | "endpoint" | "session" => {
            container(reader, words, &kind)
        }
        kind if PERMISSION.contains(&kind) => {
            let one = reader.says(&format!("alter_{kind}"), Impact::Permission, Scope::Resource);
            if has(words, &["SUPERUSER", "CREATEROLE", "CREATEDB", "BYPASSRLS", "REPLICATION"]) {
                one.hazard(Hazard::Privilege)
            } else {
                one
            }
        }
        kind if kind.contains("audit") => {
            reader.says(&format!("alter_{kind}"), Impact::Update, Scope::Resource).hazard(Hazard::AuditOff)
        }
        kind if kind.ends_with("_key") => {
            reader.says(&format!("alter_{kind}"), Impact::Update, Scope::Resource).hazard(Hazard::KeyLoss)
        }
        kind if has_phrase(words, &["OWNER", "TO"]) && is_plain(kind) => {
            reader.says(&format!("alter_{kind}"), Impact::Permission, Scope::Resource)
        }
        kind if !kind.is_empty() && is_plain(kind) => {
            reader.says(&format!("alter_{kind}"), Impact::Update, Scope::Resource)
        }
        _ => return reader.unknown("what would be altered is not known"),
    };
    reader.push(one.on(targets));
}

fn container(reader: &Reader, words: &[Token], kind: &str) -> Statement {
    let impact = if has_phrase(words, &["OWNER", "TO"]) || has(words, &["AUTHORIZATION"]) {
        Impact::Permission
    } else if has(
        words,
        &["SINGLE_USER", "OFFLINE", "SUSPEND", "DISABLE", "ABORT", "RENAME", "READ_ONLY", "RESTRICTED_USER"],
    ) {
        Impact::Disrupt
    } else if kind == "session" {
        Impact::Read
    } else {
        Impact::Update
    };
    reader.says(&format!("alter_{kind}"), impact, Scope::Resource)
}

/// `ALTER TABLE`: one operation for what it drops, one for what it changes.
fn table(reader: &mut Reader, words: &[Token], after: usize) {
    let mut from = after;
    while words.get(from).is_some_and(|word| ["IF", "EXISTS", "ONLY"].iter().any(|one| word.is(one))) {
        from += 1;
    }
    let (table, next) = name(words, from);
    let actions = words.get(next..).unwrap_or_default();
    if let Some(one) = rows(reader, actions) {
        return reader.push(one.on([table]));
    }
    let mut dropped: Vec<String> = Vec::new();
    let mut drops_rows = false;
    for part in parts(actions) {
        match lost(part) {
            Some(Lost::Column(column)) => dropped.push(format!("{table}.{column}")),
            Some(Lost::Rows) => drops_rows = true,
            None => {}
        }
    }
    if !dropped.is_empty() {
        let count = exactly(&dropped);
        let one = reader.says("drop_column", Impact::Destroy, Scope::Resource).hazard(Hazard::DataLoss).count(count);
        reader.push(one.on(dropped));
    } else if drops_rows {
        let one = reader
            .says("drop_partition", Impact::Destroy, Scope::Resource)
            .hazard(Hazard::DataLoss)
            .count(Count::AtLeast(1));
        reader.push(one.on([table]));
    } else {
        let one = changed(reader, actions);
        reader.push(one.on([table]));
    }
}

/// ClickHouse changes rows by `ALTER TABLE`.
fn rows(reader: &Reader, actions: &[Token]) -> Option<Statement> {
    let every = |words: &[Token]| {
        let at = find(words, 0, &["WHERE"])?;
        Some(super::condition::holds_always(reader.dialect, words.get(at + 1..).unwrap_or_default()))
    };
    let first = actions.first()?;
    let is_delete = first.is("DELETE");
    if !(is_delete || first.is("UPDATE")) {
        return None;
    }
    let all = every(actions).unwrap_or(true);
    Some(match (is_delete, all) {
        (true, true) => {
            reader.says("delete", Impact::Destroy, Scope::Resource).count(Count::Unbounded).hazard(Hazard::DataLoss)
        }
        (true, false) => {
            reader.says("delete", Impact::Destroy, Scope::Item).count(Count::AtLeast(1)).hazard(Hazard::DataLoss)
        }
        (false, true) => {
            reader.says("update", Impact::Destroy, Scope::Resource).count(Count::Unbounded).hazard(Hazard::DataLoss)
        }
        (false, false) => reader.says("update", Impact::Update, Scope::Item).count(Count::AtLeast(1)),
    })
}

enum Lost {
    Column(String),
    Rows,
}

/// The actions of an `ALTER TABLE`, which commas part.
fn parts(actions: &[Token]) -> Vec<&[Token]> {
    let mut all = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(word) = actions.get(at) {
        if word.is_symbol('(') {
            at += closing(actions.get(at + 1..).unwrap_or_default()) + 1;
        } else if word.is_symbol(',') {
            all.extend(actions.get(from..at));
            from = at + 1;
        }
        at += 1;
    }
    all.extend(actions.get(from..));
    all
}

/// What an action of `ALTER TABLE` loses.
fn lost(part: &[Token]) -> Option<Lost> {
    let first = part.first()?;
    let is_any = |at: usize, words: &[&str]| part.get(at).is_some_and(|word| words.iter().any(|one| word.is(one)));
    if (first.is("TRUNCATE") || first.is("DISCARD") || first.is("CLEAR")) && part.len() > 1 {
        return Some(Lost::Rows);
    }
    if !first.is("DROP") {
        return None;
    }
    if is_any(1, &["PARTITION", "SUBPARTITION", "PART", "DETACHED"]) {
        return Some(Lost::Rows);
    }
    let kept = [
        "CONSTRAINT",
        "INDEX",
        "KEY",
        "PRIMARY",
        "FOREIGN",
        "CHECK",
        "DEFAULT",
        "NOT",
        "IDENTITY",
        "EXPRESSION",
        "PROJECTION",
        "CLUSTERING",
        "ROW",
        "SEARCH",
        "TAG",
        "STATISTICS",
        "PERIOD",
        "SYSTEM",
    ];
    if is_any(1, &kept) {
        return None;
    }
    let mut at = 1;
    while is_any(at, &["COLUMN", "IF", "EXISTS"]) {
        at += 1;
    }
    Some(Lost::Column(name(part, at).0))
}

/// What else an `ALTER TABLE` does.
fn changed(reader: &Reader, actions: &[Token]) -> Statement {
    let permission =
        has_phrase(actions, &["OWNER", "TO"]) || has_phrase(actions, &["ROW", "LEVEL"]) || has(actions, &["POLICY"]);
    if permission {
        let one = reader.says("alter_table", Impact::Permission, Scope::Resource);
        let opens = starts(actions, &["DISABLE"]) || starts(actions, &["NO"]);
        return if opens { one.hazard(Hazard::Exposure) } else { one };
    }
    let impact = if starts(actions, &["DETACH"]) { Impact::Disrupt } else { Impact::Update };
    reader.says("alter_table", impact, Scope::Resource)
}
