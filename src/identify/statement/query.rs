//! Statements that ask: what they read, and what the functions in them change.

use super::SqlDialect;
use super::lex::{Kind, Token};
use super::reader::{Reader, closing, find, has, name, starts};
use crate::model::{Count, Hazard, Impact, Scope};

/// Functions that change something, with what the operation is called, its impact and scope.
///
/// Sources: PostgreSQL's manual, chapters "System Administration Functions" and "Sequence Manipulation Functions", and the
/// extensions `dblink`, `lo` and `pg_cron`; MySQL's and SQL Server's references; SQLite's `load_extension`.
const FUNCTIONS: &[(&str, &str, Impact, Scope)] = &[
    ("pg_terminate_backend", "terminate_backend", Impact::Disrupt, Scope::Resource),
    ("pg_cancel_backend", "cancel_backend", Impact::Disrupt, Scope::Item),
    ("pg_drop_replication_slot", "drop_replication_slot", Impact::Destroy, Scope::Resource),
    ("pg_create_physical_replication_slot", "create_replication_slot", Impact::Create, Scope::Resource),
    ("pg_create_logical_replication_slot", "create_replication_slot", Impact::Create, Scope::Resource),
    ("pg_promote", "promote", Impact::Disrupt, Scope::Environment),
    ("pg_reload_conf", "reload_configuration", Impact::Update, Scope::Resource),
    ("pg_rotate_logfile", "rotate_log", Impact::Update, Scope::Resource),
    ("pg_switch_wal", "switch_wal", Impact::Update, Scope::Resource),
    ("pg_switch_xlog", "switch_wal", Impact::Update, Scope::Resource),
    ("pg_wal_replay_pause", "pause_replay", Impact::Disrupt, Scope::Resource),
    ("pg_stat_reset", "reset_statistics", Impact::Update, Scope::Resource),
    ("pg_stat_statements_reset", "reset_statistics", Impact::Update, Scope::Resource),
    ("pg_resetwal", "reset_wal", Impact::Destroy, Scope::Environment),
    ("pg_file_write", "write_file", Impact::Execute, Scope::Resource),
    ("pg_file_unlink", "delete_file", Impact::Destroy, Scope::Item),
    ("pg_file_rename", "write_file", Impact::Execute, Scope::Resource),
    ("pg_notify", "notify", Impact::Update, Scope::Item),
    ("lo_unlink", "delete_large_object", Impact::Destroy, Scope::Item),
    ("lo_truncate", "delete_large_object", Impact::Destroy, Scope::Item),
    ("lo_export", "write_file", Impact::Execute, Scope::Resource),
    ("lo_import", "create_large_object", Impact::Create, Scope::Item),
    ("lo_put", "write_large_object", Impact::Update, Scope::Item),
    ("lo_from_bytea", "create_large_object", Impact::Create, Scope::Item),
    ("setval", "set_sequence", Impact::Update, Scope::Item),
    ("set_config", "set", Impact::Read, Scope::Item),
    ("drop_chunks", "drop_chunks", Impact::Destroy, Scope::Resource),
    ("drop_hypertable", "drop_table", Impact::Destroy, Scope::Resource),
    ("detach_hypertable", "alter_table", Impact::Update, Scope::Resource),
    ("citus_drop_all_shards", "drop_table", Impact::Destroy, Scope::Resource),
    ("master_remove_node", "remove_node", Impact::Disrupt, Scope::Resource),
    ("citus_remove_node", "remove_node", Impact::Disrupt, Scope::Resource),
    ("schedule", "schedule", Impact::Execute, Scope::Resource),
    ("unschedule", "unschedule", Impact::Disrupt, Scope::Resource),
    ("query_to_xml", "execute", Impact::Execute, Scope::Resource),
    ("load_extension", "load_extension", Impact::Execute, Scope::Resource),
    ("sys_exec", "shell", Impact::Execute, Scope::Resource),
    ("sys_eval", "shell", Impact::Execute, Scope::Resource),
    ("xp_cmdshell", "xp_cmdshell", Impact::Execute, Scope::Resource),
    ("writefile", "write_file", Impact::Execute, Scope::Resource),
    ("edit", "shell", Impact::Execute, Scope::Resource),
    ("system$abort_session", "terminate_backend", Impact::Disrupt, Scope::Resource),
    ("system$cancel_query", "cancel_backend", Impact::Disrupt, Scope::Item),
    ("system$cancel_all_queries", "terminate_backend", Impact::Disrupt, Scope::Resource),
];

/// Functions that run a text in SQL.
const RUNNING: &[&str] =
    &["dblink", "dblink_exec", "dblink_send_query", "exec", "query_to_xml", "run_sql", "exec_sql", "execute_sql"];

/// Beginnings of names that say what a function of somebody's own does.
const DANGEROUS: &[&str] =
    &["delete_", "drop_", "purge_", "truncate_", "remove_", "destroy_", "wipe_", "reset_", "clear_", "erase_"];

/// How many words of a call are looked at.
const ARGUMENTS_MAX: usize = 64;

/// Where passwords are kept.
const SECRETS: &[&str] =
    &["pg_shadow", "pg_authid", "pg_user_mapping", "mysql.user", "sys.sql_logins", "syslogins", "pg_user_mappings"];

/// `SELECT`, and what else only asks.
pub(super) fn select(reader: &mut Reader, words: &[Token]) {
    let into = find(words, 0, &["INTO"]).filter(|_| words.first().is_some_and(|word| !word.is("VALUES")));
    if let Some(at) = into {
        return into_something(reader, words, at);
    }
    let mut one = reader.says("select", Impact::Read, Scope::Resource).on(sources(words));
    if reads_secrets(words) {
        one = one.hazard(Hazard::SecretRead);
    }
    reader.push(one);
    functions(reader, words);
}

/// `SELECT … INTO t` makes a table, `INTO OUTFILE` a file on the server, `INTO @x` nothing.
fn into_something(reader: &mut Reader, words: &[Token], at: usize) {
    let next = words.get(at + 1);
    let is_file = next.is_some_and(|word| word.is("OUTFILE") || word.is("DUMPFILE"));
    let is_variable = next.is_some_and(|word| word.text.starts_with('@') || word.is_symbol(':') || word.is("STRICT"));
    let mut from = at + 1;
    while words.get(from).is_some_and(|word| ["TEMP", "TEMPORARY", "UNLOGGED", "TABLE"].iter().any(|one| word.is(one)))
    {
        from += 1;
    }
    let one = if is_file {
        reader.says("select_into_file", Impact::Create, Scope::Resource).on([name(words, at + 2).0])
    } else if is_variable {
        reader.says("select", Impact::Read, Scope::Resource).on(sources(words))
    } else {
        reader.says("create_table", Impact::Create, Scope::Resource).on([name(words, from).0])
    };
    reader.push(one);
    functions(reader, words);
}

/// Adds what the functions that are called here change.
pub(super) fn functions(reader: &mut Reader, words: &[Token]) {
    for (at, pair) in words.windows(2).enumerate() {
        let [called, open] = pair else { continue };
        if !called.is_name() || !open.is_symbol('(') {
            continue;
        }
        let lower = called.text.to_ascii_lowercase();
        let after_dot = at > 1 && words.get(at - 1).is_some_and(|word| word.is_symbol('.'));
        let qualifier = if after_dot { words.get(at - 2).map_or("", |word| word.text.as_str()) } else { "" };
        let arguments = words.get(at + 2..words.len().min(at + 2 + ARGUMENTS_MAX)).unwrap_or_default();
        let arguments = arguments.get(..closing(arguments)).unwrap_or(arguments);
        if RUNNING.contains(&lower.as_str()) {
            run_text(reader, &lower, arguments);
            continue;
        }
        if matches!(lower.as_str(), "schedule" | "unschedule") && !qualifier.eq_ignore_ascii_case("cron") {
            continue;
        }
        if matches!(lower.as_str(), "edit" | "writefile" | "load_extension") && reader.dialect != SqlDialect::Sqlite {
            continue;
        }
        if let Some((_, operation, impact, scope)) = FUNCTIONS.iter().find(|(function, ..)| *function == lower) {
            let mut one = reader.says(operation, *impact, *scope).on(first_text(arguments));
            if !matches!(arguments, [word] if matches!(word.kind, Kind::Number | Kind::Text)) && *impact != Impact::Read
            {
                one = one.count(Count::AtLeast(1));
            }
            if *impact == Impact::Destroy {
                one = one.hazard(Hazard::DataLoss);
            }
            reader.push(one);
        } else if DANGEROUS.iter().any(|beginning| lower.starts_with(beginning)) {
            let one = reader.says("call", Impact::Execute, Scope::Resource).on([called.text.clone()]);
            reader.push(one);
        }
    }
}

/// A function that runs the text it is given.
fn run_text(reader: &mut Reader, function: &str, arguments: &[Token]) {
    // `dblink('connection', 'text')` runs it on another server.
    let texts: Vec<&Token> = arguments.iter().filter(|word| matches!(word.kind, Kind::Text | Kind::Body)).collect();
    let before = reader.found.len();
    if let [.., last] = texts.as_slice()
        && !arguments.windows(2).any(|pair| matches!(pair, [a, b] if a.is_symbol('|') && b.is_symbol('|')))
    {
        let text = last.text.clone();
        reader.inner(&text);
    }
    if reader.found.len() == before {
        let one = reader.says("call", Impact::Execute, Scope::Resource).on([function.to_owned()]);
        reader.push(one);
    }
}

fn first_text(words: &[Token]) -> Option<String> {
    words.iter().find(|word| matches!(word.kind, Kind::Text | Kind::Number)).map(|word| word.text.clone())
}

/// What stands after `FROM` and `JOIN`.
fn sources(words: &[Token]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if !(word.is("FROM") || word.is("JOIN") || (at == 0 && word.is("TABLE"))) || all.len() >= 16 {
            continue;
        }
        let (source, _) = name(words, at + 1);
        let is_word =
            ["SELECT", "LATERAL", "UNNEST", "VALUES", "ONLY"].iter().any(|one| source.eq_ignore_ascii_case(one));
        if !source.is_empty() && !is_word && !all.contains(&source) {
            all.push(source);
        }
    }
    all
}

fn reads_secrets(words: &[Token]) -> bool {
    sources(words).iter().any(|source| SECRETS.iter().any(|secret| source.to_ascii_lowercase().ends_with(secret)))
}

/// `WITH a AS (…), b AS (…) VERB …`: what stands in the parentheses is read beside.
pub(super) fn with(reader: &mut Reader, words: &[Token]) {
    let verbs = ["SELECT", "DELETE", "UPDATE", "INSERT", "MERGE", "REPLACE", "VALUES", "TABLE", "FROM", "CREATE"];
    match main_verb(words, &verbs) {
        Some(at) => {
            let main = words.get(at..).unwrap_or_default();
            reader.one(main);
            if main.first().is_some_and(|word| word.is("SELECT") || word.is("VALUES") || word.is("TABLE")) {
                functions(reader, words.get(..at).unwrap_or_default());
            }
        }
        None => {
            // `WITH x AS (…) (SELECT …)`.
            if words.iter().any(|word| word.is("SELECT")) && !has(words, &["DROP", "TRUNCATE", "ALTER"]) {
                let one = reader.says("select", Impact::Read, Scope::Resource).on(sources(words));
                reader.push(one);
                functions(reader, words);
            } else {
                reader.unknown("what follows WITH is not known");
            }
        }
    }
}

/// Where the statement behind the parts begins; a part may itself be called `values`.
fn main_verb(words: &[Token], verbs: &[&str]) -> Option<usize> {
    let mut from = 1;
    while let Some(at) = find(words, from, verbs) {
        let before = words.get(at - 1);
        let is_part = before.is_some_and(|word| word.is("WITH") || word.is("RECURSIVE") || word.is_symbol(','))
            || words.get(at + 1).is_some_and(|word| word.is("AS"));
        if !is_part {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// `EXPLAIN` plans; `EXPLAIN ANALYZE` does it. `DESCRIBE t` shows.
pub(super) fn explain(reader: &mut Reader, words: &[Token]) {
    let mut at = 1;
    let mut runs = false;
    let mut ends_options = false;
    while let Some(word) = words.get(at) {
        if word.is_symbol('(') && !ends_options {
            let inside = words.get(at + 1..).unwrap_or_default();
            let length = closing(inside);
            let options = inside.get(..length).unwrap_or(inside);
            if starts(options, &["SELECT"]) || starts(options, &["WITH"]) {
                break;
            }
            for (index, option) in options.iter().enumerate() {
                if option.is("ANALYZE") || option.is("ANALYSE") {
                    let off = options.get(index + 1).is_some_and(|value| {
                        let text = value.text.to_ascii_lowercase();
                        matches!(text.as_str(), "false" | "off" | "0" | "no")
                    });
                    runs = !off;
                }
            }
            at += length + 2;
            ends_options = true;
        } else if word.is("ANALYZE") || word.is("ANALYSE") {
            runs = true;
            at += 1;
        } else if [
            "VERBOSE",
            "QUERY",
            "PLAN",
            "FOR",
            "EXTENDED",
            "PARTITIONS",
            "FORMAT",
            "FORMATTED",
            "COST",
            "LOGICAL",
            "CODEGEN",
        ]
        .iter()
        .any(|option| word.is(option))
        {
            at += 1;
        } else if word.is_symbol('=') {
            at += 2;
        } else if ["JSON", "TREE", "TRADITIONAL", "TEXT", "USING", "TABULAR"].iter().any(|option| word.is(option)) {
            at += 1;
        } else {
            break;
        }
    }
    let planned = words.get(at..).unwrap_or_default();
    if runs && !planned.is_empty() {
        return reader.one(planned);
    }
    // What is planned is not run, but its functions of constants may be; nothing known of them changes anything.
    let one = reader.says("explain", Impact::Read, Scope::Resource);
    reader.push(one);
}
