//! Statements that change what there is: tables, schemas, roles.

use super::SqlDialect;
use super::lex::{Kind, Token};
use super::reader::{Reader, exactly, find, has, has_phrase, name, names, starts};
use crate::model::{Count, Hazard, Impact, Reversible, Scope};

/// Words that may stand before the kind of thing.
const MODIFIERS: &[&str] = &[
    "TEMP",
    "TEMPORARY",
    "LOCAL",
    "GLOBAL",
    "UNLOGGED",
    "TRANSIENT",
    "VOLATILE",
    "EXTERNAL",
    "FOREIGN",
    "DYNAMIC",
    "HYBRID",
    "UNIQUE",
    "CLUSTERED",
    "NONCLUSTERED",
    "FULLTEXT",
    "SPATIAL",
    "VECTOR",
    "SECURE",
    "RECURSIVE",
    "PUBLIC",
    "ICEBERG",
    "SNAPSHOT",
    "TRUSTED",
    "PERSISTENT",
    "CONSTRAINT",
    "DEFAULT",
    "AGGREGATE",
    "SEARCH",
    "LIVE",
    "WINDOW",
    "IF",
    "NOT",
    "EXISTS",
    "CONCURRENTLY",
    "NAMED",
    "OR",
    "REPLACE",
    "ALTER",
    "VIRTUAL",
    "DEFINER",
    "EDITIONABLE",
    "STORED",
    "COLUMNSTORE",
    "PRIMARY",
    "XML",
];
/// Kinds of two words and more.
const PHRASES: &[&[&str]] = &[
    &["MATERIALIZED", "VIEW"],
    &["EVENT", "TRIGGER"],
    &["OPERATOR", "CLASS"],
    &["OPERATOR", "FAMILY"],
    &["ACCESS", "METHOD"],
    &["USER", "MAPPING"],
    &["TEXT", "SEARCH"],
    &["ROW", "ACCESS", "POLICY"],
    &["ROW", "POLICY"],
    &["MASKING", "POLICY"],
    &["NETWORK", "POLICY"],
    &["NETWORK", "RULE"],
    &["SESSION", "POLICY"],
    &["PASSWORD", "POLICY"],
    &["AUTHENTICATION", "POLICY"],
    &["SECURITY", "POLICY"],
    &["SECURITY", "INTEGRATION"],
    &["APPLICATION", "ROLE"],
    &["DATABASE", "ROLE"],
    &["SERVER", "ROLE"],
    &["SERVER", "AUDIT"],
    &["DATABASE", "AUDIT"],
    &["MASTER", "KEY"],
    &["SYMMETRIC", "KEY"],
    &["ASYMMETRIC", "KEY"],
    &["DATABASE", "ENCRYPTION", "KEY"],
    &["DATABASE", "SCOPED", "CREDENTIAL"],
    &["COLUMN", "ENCRYPTION", "KEY"],
    &["RESOURCE", "MONITOR"],
    &["RESOURCE", "POOL"],
    &["SETTINGS", "PROFILE"],
    &["FILE", "FORMAT"],
    &["DEFAULT", "PRIVILEGES"],
];

/// Who may do what.
pub(super) const PERMISSION: &[&str] = &[
    "role",
    "user",
    "login",
    "group",
    "policy",
    "row_access_policy",
    "row_policy",
    "masking_policy",
    "network_policy",
    "network_rule",
    "session_policy",
    "password_policy",
    "authentication_policy",
    "security_policy",
    "security_integration",
    "application_role",
    "database_role",
    "server_role",
    "credential",
    "certificate",
    "user_mapping",
    "default_privileges",
    "quota",
    "settings_profile",
    "database_scoped_credential",
    "share",
    "integration",
    "secret",
];
/// What can be made again from its text, or from other data.
const DERIVED: &[&str] = &[
    "view",
    "index",
    "function",
    "procedure",
    "trigger",
    "event_trigger",
    "aggregate",
    "operator",
    "cast",
    "rule",
    "synonym",
    "macro",
    "event",
    "task",
    "alert",
    "statistics",
    "collation",
    "conversion",
    "dictionary",
    "file_format",
    "routine",
    "language",
    "transform",
];

/// The kind of thing that a statement names, as ids spell it, and where its name begins.
pub(super) fn kind(words: &[Token], from: usize) -> (String, usize) {
    let mut at = from;
    loop {
        let rest = words.get(at..).unwrap_or_default();
        if let Some(phrase) = PHRASES.iter().find(|phrase| starts(rest, phrase)) {
            return (phrase.join("_").to_ascii_lowercase(), at + phrase.len());
        }
        let Some(word) = rest.first() else { return (String::new(), at) };
        // MySQL's `DEFINER = user`, `ALGORITHM = …`.
        if word.is("DEFINER") || word.is("ALGORITHM") || word.is("SQL") {
            let next = find(rest, 1, &["VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"]);
            let Some(next) = next else { return (String::new(), at) };
            at += next;
            continue;
        }
        if !MODIFIERS.iter().any(|one| word.is(one)) {
            let kind = if word.kind == Kind::Word { word.text.to_ascii_lowercase() } else { String::new() };
            return (kind, at + 1);
        }
        at += 1;
    }
}

/// The names after a kind.
pub(super) fn targets(words: &[Token], mut from: usize) -> Vec<String> {
    while words
        .get(from)
        .is_some_and(|word| ["IF", "NOT", "EXISTS", "CONCURRENTLY", "FOR"].iter().any(|one| word.is(one)))
    {
        from += 1;
    }
    names(words, from).0
}

/// `DROP`.
pub(super) fn drop(reader: &mut Reader, words: &[Token]) {
    let (kind, after) = kind(words, 1);
    let modified = words.get(1..after).unwrap_or_default();
    let targets = targets(words, after);
    let is_temporary = has(modified, &["TEMP", "TEMPORARY"])
        || (!targets.is_empty()
            && targets
                .iter()
                .all(|name| name.starts_with("pg_temp.") || (name.starts_with('#') && !name.starts_with("##"))));
    let cascades = has(words, &["CASCADE"]);
    let count = if cascades { Count::AtLeast(targets.len().max(1) as u64) } else { exactly(&targets) };
    let dialect = reader.dialect;
    let destroys =
        |reader: &Reader, name: &str, scope| reader.says(name, Impact::Destroy, scope).hazard(Hazard::DataLoss);
    let one = match kind.as_str() {
        "prepare" => reader.says("deallocate", Impact::Read, Scope::Item),
        "table" if is_temporary => reader.says("drop_temporary_table", Impact::Update, Scope::Item),
        "database" | "catalog" | "keyspace" => destroys(reader, &format!("drop_{kind}"), Scope::Environment),
        "schema" if dialect == SqlDialect::Mysql => destroys(reader, "drop_database", Scope::Environment),
        "schema" | "dataset" => destroys(reader, "drop_schema", Scope::Environment),
        "owned" => destroys(reader, "drop_owned", Scope::Environment).count(Count::Unbounded),
        "tablespace" | "filegroup" | "disk" => destroys(reader, "drop_tablespace", Scope::Environment),
        "table" | "column" | "sequence" | "type" | "domain" | "extension" | "stage" | "stream" | "queue"
        | "partition" => destroys(reader, &format!("drop_{kind}"), Scope::Resource),
        kind if kind.ends_with("_key") => {
            reader.says(&format!("drop_{kind}"), Impact::Destroy, Scope::Resource).hazard(Hazard::KeyLoss)
        }
        kind if kind.contains("audit") => {
            reader.says(&format!("drop_{kind}"), Impact::Destroy, Scope::Resource).hazard(Hazard::AuditOff)
        }
        kind if kind.contains("backup") || has(modified, &["SNAPSHOT"]) => {
            destroys(reader, "drop_backup", Scope::Resource).hazard(Hazard::BackupLoss)
        }
        kind if PERMISSION.contains(&kind) => reader.says(&format!("drop_{kind}"), Impact::Permission, Scope::Resource),
        kind if DERIVED.contains(&kind) => {
            reader.says(&format!("drop_{kind}"), Impact::Destroy, Scope::Resource).reversible(Reversible::Yes)
        }
        "" => destroys(reader, "drop", Scope::Environment),
        kind if is_plain(kind) => {
            reader.says(&format!("drop_{kind}"), Impact::Destroy, Scope::Resource).reversible(Reversible::Partly)
        }
        _ => destroys(reader, "drop", Scope::Environment),
    };
    let one = if cascades { one.with("cascade", "true") } else { one };
    reader.push(one.count(count).on(targets));
}

/// Whether a word that is no kind we know may stand in an id.
pub(super) fn is_plain(kind: &str) -> bool {
    kind.len() <= 40 && kind.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// `CREATE`.
pub(super) fn create(reader: &mut Reader, words: &[Token]) {
    let (kind, after) = kind(words, 1);
    let head = words.get(1..after).unwrap_or_default();
    let replaces = starts(head, &["OR", "REPLACE"]) || has_phrase(head, &["OR", "REPLACE"]);
    let is_temporary = has(head, &["TEMP", "TEMPORARY"]);
    let targets: Vec<String> = targets(words, after).into_iter().take(1).collect();
    let one = match kind.as_str() {
        "" => return reader.unknown("what would be created is not known"),
        "table" | "database" | "schema" | "sequence" | "stage" | "stream" if replaces && !is_temporary => {
            let scope = if kind == "table" { Scope::Resource } else { Scope::Environment };
            reader
                .says(&format!("replace_{kind}"), Impact::Destroy, scope)
                .hazard(Hazard::Replace)
                .hazard(Hazard::DataLoss)
        }
        kind if PERMISSION.contains(&kind) => {
            reader.says(&format!("create_{kind}"), Impact::Permission, Scope::Resource)
        }
        kind if !is_plain(kind) => return reader.unknown("what would be created is not known"),
        kind if replaces => reader.says(&format!("create_{kind}"), Impact::Update, Scope::Resource),
        kind => reader.says(&format!("create_{kind}"), Impact::Create, Scope::Resource),
    };
    reader.push(one.on(targets));
    // `CREATE SCHEMA … CREATE TABLE …`, and a copy of rows, whose functions run.
    if kind == "table" || kind == "materialized_view" {
        super::query::functions(
            reader,
            words.get(find(words, after, &["AS"]).unwrap_or(words.len())..).unwrap_or_default(),
        );
    }
    rest_after_body(reader, words, &kind);
}

/// What follows the body of a definition, where a client sent both at once.
fn rest_after_body(reader: &mut Reader, words: &[Token], kind: &str) {
    if !matches!(kind, "procedure" | "function" | "trigger" | "event") || !words.iter().any(|word| word.is_symbol(';'))
    {
        return;
    }
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        let after_end = at > 0 && words.get(at - 1).is_some_and(|before| before.is("END"));
        if word.is("BEGIN") || (depth > 0 && word.is("CASE") && !after_end) {
            depth += 1;
        } else if word.is("END") {
            let next = words.get(at + 1);
            if !next.is_some_and(|next| ["IF", "LOOP", "WHILE", "REPEAT", "FOR"].iter().any(|one| next.is(one))) {
                depth = depth.saturating_sub(1);
            }
        } else if word.is_symbol(';') && depth == 0 {
            return super::block::multiple(reader, words.get(at + 1..).unwrap_or_default());
        }
    }
}

/// `RENAME`, `EXCHANGE`, `UNDROP`, `COMMENT`, `ATTACH`, `DETACH`, `REFRESH`.
pub(super) fn rename(reader: &mut Reader, words: &[Token]) {
    let Some(first) = words.first() else { return };
    let verb = first.text.to_ascii_lowercase();
    let (_, after) = kind(words, 1);
    let target: Vec<String> = if verb == "attach" {
        vec![name(words, usize::from(words.get(1).is_some_and(|word| word.is("DATABASE"))) + 1).0]
    } else {
        targets(words, after).into_iter().take(1).collect()
    };
    let one = match verb.as_str() {
        "rename" if has(words.get(..3).unwrap_or(words), &["USER"]) => {
            reader.says("rename_user", Impact::Permission, Scope::Resource)
        }
        "rename" | "exchange" => reader.says(&format!("{verb}_table"), Impact::Update, Scope::Resource),
        "undrop" | "undelete" => reader.says("undrop", Impact::Create, Scope::Resource),
        "comment" => reader.says("comment", Impact::Update, Scope::Item),
        "refresh" => reader.says("refresh", Impact::Update, Scope::Resource),
        "attach" if matches!(reader.dialect, SqlDialect::Sqlite | SqlDialect::DuckDb) => {
            reader.says("attach", Impact::Read, Scope::Resource)
        }
        "attach" => reader.says("attach", Impact::Create, Scope::Resource),
        _ if matches!(reader.dialect, SqlDialect::Sqlite | SqlDialect::DuckDb) => {
            reader.says("detach", Impact::Read, Scope::Resource)
        }
        _ if has(words, &["PERMANENTLY"]) => reader.says("detach", Impact::Destroy, Scope::Resource),
        _ => reader.says("detach", Impact::Disrupt, Scope::Resource),
    };
    reader.push(one.on(target));
}
