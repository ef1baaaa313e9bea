//! Statements about the server, sessions and rights, and whatever begins with no word that is known.

use super::SqlDialect;
use super::lex::{Kind, Token};
use super::query::functions;
use super::reader::{Reader, VERBS, find, has, has_phrase, name, names, starts};
use crate::model::{Count, Hazard, Impact, Reversible, Scope};

/// First words of statements that only show, or change nothing but the session.
const HARMLESS: &[&str] = &[
    "SHOW",
    "USE",
    "COMMIT",
    "ROLLBACK",
    "ABORT",
    "SAVEPOINT",
    "RELEASE",
    "START",
    "FETCH",
    "CLOSE",
    "MOVE",
    "LISTEN",
    "UNLISTEN",
    "DISCARD",
    "DEALLOCATE",
    "HELP",
    "PRINT",
    "UNLOCK",
    "CHECKSUM",
    "CHECK",
    "ANALYZE",
    "ANALYSE",
    "GO",
    "EXISTS",
    "OPEN",
    "USAGE",
    "CHECKPOINT",
    "HANDLER",
    "XA",
    "SIGNAL",
    "LEAVE",
    "ITERATE",
    "LET",
    "WAITFOR",
    "RAISERROR",
    "THROW",
    "SUGGEST",
    "INSTALL",
    "EXPORT",
    "WATCH",
    "CONSISTENCY",
    "PAGING",
    "TRACING",
    "EXPAND",
    "ASSERT",
    "NULL",
    "CONTINUE",
    "EXIT",
    "QUIT",
    "BATCH",
];

/// Reads a statement by its first word.
pub(super) fn read(reader: &mut Reader, words: &[Token]) {
    let Some(first) = words.first() else { return };
    let verb = first.text.to_ascii_uppercase();
    match verb.as_str() {
        "GRANT" | "REVOKE" | "DENY" => rights(reader, words, &verb.to_ascii_lowercase()),
        "SET" => set(reader, words),
        "PRAGMA" => pragma(reader, words),
        "START" | "STOP" | "CHANGE"
            if words.iter().skip(1).take(2).any(|word| REPLICATION.iter().any(|one| word.is(one))) =>
        {
            push(reader, "replication", Impact::Disrupt, Scope::Resource);
        }
        "ANALYZE" | "ANALYSE" if words.len() > 1 && starts_query(words) => super::query::explain(reader, words),
        word if HARMLESS.contains(&word) => {
            push(reader, &verb.to_ascii_lowercase(), Impact::Read, Scope::Resource);
            functions(reader, words);
        }
        _ => server(reader, words, &verb),
    }
}

const REPLICATION: &[&str] = &["REPLICA", "SLAVE", "GROUP_REPLICATION", "MASTER", "REPLICATION"];

fn starts_query(words: &[Token]) -> bool {
    words.get(1).is_some_and(|word| ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].iter().any(|one| word.is(one)))
}

fn push(reader: &mut Reader, name: &str, impact: Impact, scope: Scope) {
    let one = reader.says(name, impact, scope);
    reader.push(one);
}

/// `GRANT` and `REVOKE`.
fn rights(reader: &mut Reader, words: &[Token], verb: &str) {
    let mut one = reader.says(verb, Impact::Permission, Scope::Resource);
    if verb == "grant" {
        one = one.hazard(Hazard::Privilege);
        if has_phrase(words, &["TO", "PUBLIC"]) {
            one = one.hazard(Hazard::Exposure);
        }
    }
    let on = find(words, 1, &["ON"]);
    let granted: Vec<String> = words
        .get(1..on.unwrap_or(words.len()).min(12))
        .unwrap_or_default()
        .iter()
        .map(|word| word.text.clone())
        .collect();
    let whom = find(words, 1, &["TO", "FROM"]).map(|at| names(words, at + 1).0).unwrap_or_default();
    let target = on.map(|at| {
        let kinds = ["TABLE", "SCHEMA", "DATABASE", "SEQUENCE", "FUNCTION", "ALL", "TABLES", "IN", "WAREHOUSE", "ROLE"];
        let from =
            (at + 1..words.len()).find(|at| words.get(*at).is_some_and(|word| !kinds.iter().any(|kind| word.is(kind))));
        name(words, from.unwrap_or(words.len())).0
    });
    one = one.with("rights", granted.join(" ")).with("grantee", whom.join(", "));
    reader.push(one.on(target.into_iter().chain(whom)));
}

/// `SET`: most of it holds for the session alone.
fn set(reader: &mut Reader, words: &[Token]) {
    let is_any = |at: usize, all: &[&str]| words.get(at).is_some_and(|word| all.iter().any(|one| word.is(one)));
    if is_any(1, &["PASSWORD"]) {
        return push(reader, "set_password", Impact::Permission, Scope::Resource);
    }
    if is_any(1, &["DEFAULT"]) && is_any(2, &["ROLE"]) {
        return push(reader, "set_default_role", Impact::Permission, Scope::Resource);
    }
    let lasting = is_any(1, &["GLOBAL", "PERSIST", "PERSIST_ONLY", "CLUSTER"])
        || words.get(1).is_some_and(|word| {
            ["@@global", "@@persist"].iter().any(|start| word.text.to_ascii_lowercase().starts_with(start))
        });
    if lasting {
        let text = words.iter().map(|word| word.text.to_ascii_lowercase()).collect::<Vec<_>>();
        let stops = text.iter().any(|word| matches!(word.as_str(), "read_only" | "super_read_only" | "offline_mode"));
        let hides =
            text.iter().any(|word| word.contains("general_log") || word.contains("audit") || word == "sql_log_bin");
        let impact = if stops { Impact::Disrupt } else { Impact::Update };
        let one = reader.says("set_global", impact, Scope::Environment).on([name(words, 2).0]);
        return reader.push(if hides { one.hazard(Hazard::AuditOff) } else { one });
    }
    push(reader, "set", Impact::Read, Scope::Item);
    functions(reader, words);
}

/// SQLite's settings.
fn pragma(reader: &mut Reader, words: &[Token]) {
    let (pragma, _) = name(words, 1);
    let writes = ["writable_schema", "user_version", "application_id", "auto_vacuum", "journal_mode", "schema_version"];
    let assigns = words.iter().any(|word| word.is_symbol('='));
    let impact = if assigns && writes.iter().any(|one| pragma.eq_ignore_ascii_case(one)) {
        Impact::Update
    } else {
        Impact::Read
    };
    let one = reader.says("pragma", impact, Scope::Resource).on([pragma]);
    reader.push(one);
}

/// What is done to a server.
fn server(reader: &mut Reader, words: &[Token], verb: &str) {
    let is_any = |all: &[&str]| has(words, all);
    let backup = |reader: &mut Reader, name: &str| {
        let one =
            reader.says(name, Impact::Destroy, Scope::Resource).count(Count::Unbounded).hazard(Hazard::BackupLoss);
        reader.push(one);
    };
    match verb {
        "KILL" => {
            let one =
                reader.says("kill", Impact::Disrupt, Scope::Resource).on(words.last().map(|word| word.text.clone()));
            reader.push(one);
        }
        "SHUTDOWN" | "RESTART" => push(reader, "shutdown", Impact::Disrupt, Scope::Environment),
        "PURGE" if is_any(&["LOGS", "LOG", "BINARY"]) => backup(reader, "purge_logs"),
        "PURGE" => {
            let one = reader.says("purge", Impact::Destroy, Scope::Resource).hazard(Hazard::DataLoss);
            reader.push(one);
        }
        "RESET" if is_any(&["MASTER"]) || has_phrase(words, &["BINARY", "LOGS"]) => backup(reader, "reset_master"),
        "RESET" if is_any(REPLICATION) => push(reader, "replication", Impact::Disrupt, Scope::Resource),
        "RESET" if is_any(&["PERSIST"]) => push(reader, "set_global", Impact::Update, Scope::Environment),
        "RESET" => push(reader, "reset", Impact::Read, Scope::Item),
        "FLUSH" if is_any(&["LOCK", "EXPORT"]) => push(reader, "flush", Impact::Disrupt, Scope::Environment),
        "FLUSH" => push(reader, "flush", Impact::Update, Scope::Resource),
        "LOCK" => push(reader, "lock", Impact::Disrupt, Scope::Resource),
        "VACUUM" if is_any(&["FULL"]) => disrupts_table(reader, "vacuum_full", words),
        "VACUUM" => push(reader, "vacuum", Impact::Update, Scope::Resource),
        "CLUSTER" => disrupts_table(reader, "cluster", words),
        "REINDEX" if !is_any(&["CONCURRENTLY"]) && reader.dialect != SqlDialect::Sqlite => {
            disrupts_table(reader, "reindex", words)
        }
        "REINDEX" => push(reader, "reindex", Impact::Update, Scope::Resource),
        "OPTIMIZE" | "REPAIR" | "CACHE" | "UNCACHE" | "MSCK" | "INVALIDATE" => {
            push(reader, &verb.to_ascii_lowercase(), Impact::Update, Scope::Resource);
        }
        "NOTIFY" => push(reader, "notify", Impact::Update, Scope::Item),
        "REASSIGN" => push(reader, "reassign_owned", Impact::Permission, Scope::Resource),
        "SECURITY" => push(reader, "security_label", Impact::Permission, Scope::Resource),
        "BACKUP" => push(reader, "backup", Impact::Create, Scope::Resource),
        "RESTORE" => restore(reader, words),
        "BULK" => push(reader, "bulk_insert", Impact::Create, Scope::Resource),
        "IMPORT" => push(reader, "import", Impact::Create, Scope::Resource),
        "INSTALL" | "UNINSTALL" => push(reader, "install", Impact::Execute, Scope::Resource),
        "RECONFIGURE" => push(reader, "configure", Impact::Update, Scope::Environment),
        "DBCC" => dbcc(reader, words),
        "SYSTEM" => system(reader, words),
        "APPLY" | "SETUSER" | "REVERT" => push(reader, &verb.to_ascii_lowercase(), Impact::Read, Scope::Item),
        "BINLOG" => push(reader, "binlog", Impact::Execute, Scope::Resource),
        _ => unreadable(reader, words),
    }
}

fn disrupts_table(reader: &mut Reader, name_of_it: &str, words: &[Token]) {
    let from = words.iter().position(|word| {
        !["VACUUM", "FULL", "CLUSTER", "REINDEX", "TABLE", "VERBOSE", "ANALYZE", "DATABASE", "INDEX"]
            .iter()
            .any(|one| word.is(one))
    });
    let target = from.map(|from| name(words, from).0);
    let one = reader.says(name_of_it, Impact::Disrupt, Scope::Resource).on(target);
    reader.push(one);
}

fn restore(reader: &mut Reader, words: &[Token]) {
    let only_looks = ["HEADERONLY", "FILELISTONLY", "VERIFYONLY", "LABELONLY"].iter().any(|one| has(words, &[one]));
    let one = if only_looks {
        reader.says("restore", Impact::Read, Scope::Resource)
    } else {
        reader.says("restore", Impact::Destroy, Scope::Environment).hazard(Hazard::Replace).on([name(words, 2).0])
    };
    reader.push(one);
}

fn dbcc(reader: &mut Reader, words: &[Token]) {
    let what = words.get(1).map(|word| word.text.to_ascii_lowercase()).unwrap_or_default();
    let repairs = words.iter().any(|word| word.text.to_ascii_lowercase().starts_with("repair_"));
    let impact = match what.as_str() {
        _ if repairs => Impact::Destroy,
        "checkdb" | "checktable" | "showcontig" | "show_statistics" | "opentran" | "sqlperf" | "inputbuffer"
        | "help" | "useroptions" => Impact::Read,
        _ => Impact::Update,
    };
    push(reader, "dbcc", impact, Scope::Resource);
}

/// ClickHouse's `SYSTEM`.
fn system(reader: &mut Reader, words: &[Token]) {
    let rest = words.get(1..).unwrap_or_default();
    if starts(rest, &["DROP", "REPLICA"]) || starts(rest, &["DROP", "DATABASE"]) {
        let one = reader.says("system_drop", Impact::Destroy, Scope::Resource).reversible(Reversible::Partly);
        return reader.push(one);
    }
    let stops = ["SHUTDOWN", "KILL", "STOP", "SUSPEND", "RESTART"].iter().any(|word| starts(rest, &[word]));
    push(reader, "system", if stops { Impact::Disrupt } else { Impact::Update }, Scope::Resource);
}

/// A statement of which nothing but its words is known: never a read.
fn unreadable(reader: &mut Reader, words: &[Token]) {
    let shown = words.iter().find(|word| word.kind == Kind::Word && VERBS.iter().any(|verb| word.is(verb)));
    match shown {
        Some(word) => {
            let why = format!("what `{}` does here is not known", word.text.to_ascii_uppercase());
            reader.unknown(&why);
        }
        None => reader.unknown("nothing that is known begins like this"),
    }
}
