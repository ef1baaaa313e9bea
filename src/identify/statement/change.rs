//! Statements that change rows.

use super::SqlDialect;
use super::condition::holds_always;
use super::lex::{Kind, Token};
use super::query::functions;
use super::reader::{Reader, closing, exactly, find, has, has_phrase, name, names, starts};
use crate::model::{Count, Hazard, Impact, Scope};

/// What ends a condition.
const AFTER_WHERE: &[&str] = &["RETURNING", "ORDER", "LIMIT", "OPTION", "SETTINGS", "RETURN"];
/// Schemas in which rows say who may do what.
const SYSTEM: &[&str] =
    &["mysql.", "pg_catalog.", "information_schema.", "performance_schema.", "pg_authid", "pg_auth_members", "pg_hba"];

/// Whether every row is meant: there is no condition, or it says nothing.
fn is_every_row(reader: &Reader, words: &[Token]) -> bool {
    let Some(at) = find(words, 1, &["WHERE", "PREWHERE"]) else { return true };
    let end = find(words, at + 1, AFTER_WHERE).unwrap_or(words.len());
    holds_always(reader.dialect, words.get(at + 1..end).unwrap_or_default())
}

/// `DELETE`.
pub(super) fn delete(reader: &mut Reader, words: &[Token]) {
    let every = is_every_row(reader, words);
    let from = find(words, 1, &["FROM"]).map_or(1, |at| at + 1);
    let (mut tables, _) = names(words, from);
    // `DELETE c FROM carts c JOIN …` names it before.
    if tables.is_empty() {
        tables = names(words, 1).0;
    }
    let is_system = tables.iter().any(|table| is_system(table));
    let one = if is_system {
        reader.says("delete", Impact::Permission, Scope::Resource)
    } else {
        let scope = if every { Scope::Resource } else { Scope::Item };
        let count = if every { Count::Unbounded } else { Count::AtLeast(1) };
        reader.says("delete", Impact::Destroy, scope).count(count).hazard(Hazard::DataLoss)
    };
    let one = if every { one.with("where", "none") } else { one };
    reader.push(one.on(tables));
    functions(reader, words);
}

fn is_system(table: &str) -> bool {
    let lower = table.to_ascii_lowercase();
    SYSTEM.iter().any(|name| {
        lower.starts_with(name) || lower.strip_prefix("pg_catalog.").is_some_and(|rest| rest.starts_with(name))
    })
}

/// `UPDATE`.
pub(super) fn update(reader: &mut Reader, words: &[Token]) {
    if words.get(1).is_some_and(|word| word.is("STATISTICS")) {
        let one = reader.says("update_statistics", Impact::Update, Scope::Resource);
        return reader.push(one);
    }
    let set = find(words, 1, &["SET"]).unwrap_or(words.len());
    let mut from = 1;
    let noise = ["LOW_PRIORITY", "IGNORE", "ONLY", "OR", "ROLLBACK", "ABORT", "REPLACE", "FAIL"];
    while from < set && words.get(from).is_some_and(|word| noise.iter().any(|one| word.is(one))) {
        from += 1;
    }
    let (tables, _) = names(words.get(..set).unwrap_or(words), from);
    let columns = columns(words, set);
    let every = is_every_row(reader, words);
    let is_credential = columns.iter().any(|column| is_credential(column));
    let one = if is_credential || tables.iter().any(|table| is_system(table)) {
        let scope = if every { Scope::Resource } else { Scope::Item };
        reader.says("update", Impact::Permission, scope).count(if every { Count::Unbounded } else { Count::AtLeast(1) })
    } else if every {
        // The old state of every row is gone.
        reader
            .says("update", Impact::Destroy, Scope::Resource)
            .count(Count::Unbounded)
            .hazard(Hazard::DataLoss)
            .with("where", "none")
    } else {
        reader.says("update", Impact::Update, Scope::Item).count(Count::AtLeast(1))
    };
    let one = if columns.is_empty() { one } else { one.with("set", columns.join(", ")) };
    reader.push(one.on(tables));
    functions(reader, words);
}

/// The columns that are set.
fn columns(words: &[Token], set: usize) -> Vec<String> {
    let end = find(words, set + 1, &["WHERE", "FROM", "RETURNING", "OUTPUT", "ORDER", "LIMIT"]).unwrap_or(words.len());
    let mut all = Vec::new();
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().take(end).skip(set + 1) {
        if word.is_symbol('(') {
            depth += 1;
        } else if word.is_symbol(')') {
            depth = depth.saturating_sub(1);
        }
        let before = words.get(at - 1);
        let begins =
            at == set + 1 || before.is_some_and(|one| one.is_symbol(',') || one.is_symbol('(') || one.is_symbol('.'));
        // `(a, b) = (…)` names columns in parentheses.
        let is_tuple = depth == 1 && words.get(set + 1).is_some_and(|one| one.is_symbol('('));
        // A column may be quoted as MySQL's strings are.
        if begins && (depth == 0 || is_tuple) && (word.is_name() || word.kind == Kind::Text) && all.len() < 32 {
            all.push(word.text.clone());
        }
    }
    all
}

/// Columns whose values say who somebody is, or what they may do.
fn is_credential(column: &str) -> bool {
    let plain: String = column.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    // When it was changed, not what it is.
    let is_about = ["at", "date", "count", "expires", "expiry", "sent", "hint", "attempts", "changed", "required"]
        .iter()
        .any(|end| plain.ends_with(end) && plain != *end);
    let is_secret =
        ["password", "passwd", "passphrase", "passhash", "pwdhash", "hashedpw", "totpsecret", "otpsecret", "mfasecret"]
            .iter()
            .any(|word| plain.contains(word));
    (is_secret && !is_about)
        || matches!(plain.as_str(), "pwd" | "isadmin" | "issuperuser" | "superuser" | "authenticationstring")
}

/// `INSERT` and `REPLACE`.
pub(super) fn insert(reader: &mut Reader, words: &[Token]) {
    let overwrites = has(words.get(..4).unwrap_or(words), &["OVERWRITE"]);
    let mut from = find(words, 1, &["INTO", "OVERWRITE"]).map_or(1, |at| at + 1);
    while words
        .get(from)
        .is_some_and(|word| ["INTO", "TABLE", "LOW_PRIORITY", "DELAYED", "IGNORE"].iter().any(|one| word.is(one)))
    {
        from += 1;
    }
    let (table, after) = name(words, from);
    let replaces = words.first().is_some_and(|word| word.is("REPLACE") || word.is("UPSERT"))
        || has_phrase(words.get(..4).unwrap_or(words), &["OR", "REPLACE"])
        || has_phrase(words, &["DO", "UPDATE"])
        || has_phrase(words, &["KEY", "UPDATE"]);
    let count = rows(words, after);
    let one = if overwrites {
        reader
            .says("insert_overwrite", Impact::Destroy, Scope::Resource)
            .count(Count::Unbounded)
            .hazard(Hazard::Replace)
    } else if is_system(&table) {
        reader.says("insert", Impact::Permission, Scope::Resource)
    } else if replaces {
        reader.says("insert", Impact::Update, Scope::Item).count(count)
    } else {
        reader.says("insert", Impact::Create, Scope::Item).count(count)
    };
    reader.push(one.on([table]));
    functions_of_values(reader, words, after);
    // T-SQL: `INSERT INTO t EXEC …`.
    if let Some(at) = find(words, after, &["EXEC", "EXECUTE"]) {
        reader.one(words.get(at..).unwrap_or_default());
    }
}

/// The table's own list of columns is no call.
fn functions_of_values(reader: &mut Reader, words: &[Token], after: usize) {
    let list = words.get(after).is_some_and(|word| word.is_symbol('('));
    let from = if list { after + 1 } else { after };
    functions(reader, words.get(from..).unwrap_or_default());
}

/// How many rows stand after `VALUES`.
fn rows(words: &[Token], from: usize) -> Count {
    let Some(at) = find(words, from, &["VALUES", "VALUE"]) else { return Count::AtLeast(1) };
    let mut depth = 0_usize;
    let mut rows = 0_u64;
    for word in words.iter().skip(at + 1) {
        if word.is_symbol('(') {
            rows += u64::from(depth == 0);
            depth += 1;
        } else if word.is_symbol(')') {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && !word.is_symbol(',') {
            break;
        }
    }
    Count::Exact(rows.max(1))
}

/// `MERGE`: the strictest of its branches.
pub(super) fn merge(reader: &mut Reader, words: &[Token]) {
    let from = if words.get(1).is_some_and(|word| word.is("INTO")) { 2 } else { 1 };
    let (table, _) = name(words, from);
    let one = if has_phrase(words, &["THEN", "DELETE"]) {
        reader.says("merge", Impact::Destroy, Scope::Item).count(Count::AtLeast(1)).hazard(Hazard::DataLoss)
    } else if has_phrase(words, &["THEN", "UPDATE"]) {
        reader.says("merge", Impact::Update, Scope::Item).count(Count::AtLeast(1))
    } else {
        reader.says("merge", Impact::Create, Scope::Item).count(Count::AtLeast(1))
    };
    reader.push(one.on([table]));
    functions(reader, words.get(1..).unwrap_or_default());
}

/// `TRUNCATE`.
pub(super) fn truncate(reader: &mut Reader, words: &[Token]) {
    let rest = words.get(1..).unwrap_or_default();
    let whole_database = starts(rest, &["DATABASE"]) || starts(rest, &["ALL", "TABLES"]);
    let mut from = 1;
    let noise = ["TABLE", "ONLY", "IF", "EXISTS", "DATABASE", "ALL", "TABLES", "FROM", "MATERIALIZED", "VIEW"];
    while words.get(from).is_some_and(|word| noise.iter().any(|one| word.is(one))) {
        from += 1;
    }
    let (tables, _) = names(words, from);
    let scope = if whole_database { Scope::Environment } else { Scope::Resource };
    let count = if has(words, &["CASCADE"]) || whole_database { Count::Unbounded } else { exactly(&tables) };
    let one = reader.says("truncate", Impact::Destroy, scope).count(count).hazard(Hazard::DataLoss).on(tables);
    reader.push(one);
}

/// Rows and files: `COPY`, `LOAD DATA`, `UNLOAD`, a stage's `PUT` and `REMOVE`.
pub(super) fn copy(reader: &mut Reader, words: &[Token]) {
    let Some(first) = words.first() else { return };
    if first.is("REMOVE") || first.is("RM") {
        let one = reader.says("remove", Impact::Destroy, Scope::Item).count(Count::Unbounded).hazard(Hazard::DataLoss);
        return reader.push(one);
    }
    if first.is("LIST") || first.is("LS") || first.is("GET") {
        let one = reader.says("list", Impact::Read, Scope::Resource);
        return reader.push(one);
    }
    if first.is("LOAD") {
        return load(reader, words);
    }
    let runs = has(words, &["PROGRAM"]);
    let to = find(words, 1, &["TO"]);
    let from = find(words, 1, &["FROM"]);
    let into = words.get(1).is_some_and(|word| word.is("INTO"));
    let (table, _) = name(words, if into { 2 } else { 1 });
    let target = to.and_then(|at| words.get(at + 1));
    let to_client = target.is_some_and(|word| word.is("STDOUT") || word.is("PSTDOUT"));
    let is_client = first.is("copy") && first.text == "copy" && reader.dialect == SqlDialect::Postgres;
    let one = if runs {
        reader.says("copy_program", Impact::Execute, Scope::Resource)
    } else if first.is("PUT") {
        reader.says("put", Impact::Update, Scope::Item)
    } else if first.is("UNLOAD") || (into && table.starts_with(['@', 's', 'S']) && from.is_some() && is_stage(&table)) {
        reader.says("unload", Impact::Create, Scope::Resource)
    } else if to.is_some()
        && (to_client || is_client || from.is_none_or(|from| to.is_some_and(|to| to < from)) || starts_query(words))
    {
        let impact = if to_client || is_client { Impact::Read } else { Impact::Create };
        reader.says("copy", impact, Scope::Resource)
    } else {
        reader.says("copy", Impact::Create, Scope::Resource).count(Count::AtLeast(1))
    };
    reader.push(one.on([table]));
    if starts_query(words) {
        let query = words.get(2..).unwrap_or_default();
        let query = query.get(..closing(query)).unwrap_or(query);
        reader.one(query);
    }
}

fn starts_query(words: &[Token]) -> bool {
    words.get(1).is_some_and(|word| word.is_symbol('('))
}

fn is_stage(name: &str) -> bool {
    name.starts_with('@') || name.contains("://")
}

/// MySQL's `LOAD DATA`, and libraries.
fn load(reader: &mut Reader, words: &[Token]) {
    let is_rows = words.get(1).is_some_and(|word| ["DATA", "XML", "INDEX", "TABLE"].iter().any(|one| word.is(one)));
    let one = if is_rows {
        let replaces = has(words, &["REPLACE", "OVERWRITE"]);
        let impact = if replaces { Impact::Update } else { Impact::Create };
        let table = find(words, 1, &["INTO", "OVERWRITE"]).map(|at| name(words, at + 2).0);
        reader.says("load_data", impact, Scope::Resource).count(Count::AtLeast(1)).on(table)
    } else if reader.dialect == SqlDialect::DuckDb {
        reader.says("load", Impact::Read, Scope::Resource)
    } else {
        reader.says("load", Impact::Execute, Scope::Resource)
    };
    reader.push(one);
}
