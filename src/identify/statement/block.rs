//! Statements that hold or run others: blocks, prepared statements, procedures.

use super::SqlDialect;
use super::lex::{Kind, Token};
use super::query::functions;
use super::reader::{Reader, VERBS, closing, find, has, name, starts};
use crate::model::{Impact, Scope};

/// Procedures of SQL Server that only show.
const SHOWING: &[&str] = &[
    "sp_help",
    "sp_helptext",
    "sp_helpindex",
    "sp_helpdb",
    "sp_who",
    "sp_who2",
    "sp_columns",
    "sp_tables",
    "sp_spaceused",
    "sp_databases",
    "sp_depends",
    "sp_lock",
    "sp_helpuser",
    "sp_helprole",
    "sp_helplogins",
    "sp_stored_procedures",
    "sp_helpconstraint",
];
/// Procedures of SQL Server that run a text.
const RUNNING: &[&str] = &["sp_executesql", "sp_msforeachtable", "sp_msforeachdb", "sp_execute"];
/// Procedures of SQL Server that change who may do what.
const GRANTING: &[&str] = &[
    "sp_addrolemember",
    "sp_addsrvrolemember",
    "sp_droprolemember",
    "sp_dropsrvrolemember",
    "sp_addlogin",
    "sp_droplogin",
    "sp_adduser",
    "sp_dropuser",
    "sp_password",
    "sp_grantdbaccess",
    "sp_revokedbaccess",
    "sp_grantlogin",
    "sp_change_users_login",
    "sp_addlinkedsrvlogin",
];
/// What may begin a statement of T-SQL without anything before it.
const CUTS: &[&str] = &[
    "DROP",
    "DELETE",
    "TRUNCATE",
    "ALTER",
    "CREATE",
    "UPDATE",
    "INSERT",
    "EXEC",
    "EXECUTE",
    "GRANT",
    "REVOKE",
    "DENY",
    "MERGE",
    "BACKUP",
    "RESTORE",
    "SHUTDOWN",
    "KILL",
    "DBCC",
    "DECLARE",
    "RECONFIGURE",
    "BULK",
    "USE",
];
/// What a `DROP` of its own drops, where another statement has one too.
const DROPPED: &[&str] =
    &["TABLE", "DATABASE", "SCHEMA", "VIEW", "PROCEDURE", "PROC", "FUNCTION", "TRIGGER", "LOGIN", "SEQUENCE", "TYPE"];

/// A statement that begins with a word of a procedural language, or runs another.
pub(super) fn control(reader: &mut Reader, words: &[Token]) {
    let Some(first) = words.first() else { return };
    if first.is("DO") {
        return do_block(reader, words);
    }
    if first.is("PREPARE") {
        return prepare(reader, words);
    }
    if first.is("CALL") {
        let one = reader.says("call", Impact::Execute, Scope::Resource).on([name(words, 1).0]);
        reader.push(one);
        return functions(reader, words);
    }
    if first.is("EXEC") || first.is("EXECUTE") {
        return execute(reader, words);
    }
    let before = reader.found.len();
    part(reader, words);
    if reader.found.len() == before {
        let one = reader.says("control", Impact::Read, Scope::Item);
        reader.push(one);
    }
}

fn do_block(reader: &mut Reader, words: &[Token]) {
    let language =
        find(words, 1, &["LANGUAGE"]).and_then(|at| words.get(at + 1)).map_or("plpgsql", |word| word.text.as_str());
    let is_readable = ["plpgsql", "sql"].iter().any(|one| language.eq_ignore_ascii_case(one));
    let body =
        words.iter().skip(1).find(|word| matches!(word.kind, Kind::Body | Kind::Text)).map(|word| word.text.clone());
    let before = reader.found.len();
    match body {
        Some(body) if is_readable => reader.inner(&body),
        Some(_) => reader.unknown("a block in another language"),
        // MySQL: expressions.
        None => functions(reader, words),
    }
    if reader.found.len() == before {
        let one = reader.says("do", Impact::Read, Scope::Item);
        reader.push(one);
    }
}

fn prepare(reader: &mut Reader, words: &[Token]) {
    let before = reader.found.len();
    if let Some(at) = find(words, 1, &["AS"]) {
        reader.one(words.get(at + 1..).unwrap_or_default());
    } else if let Some(at) = find(words, 1, &["FROM"]) {
        match words.get(at + 1..) {
            Some([text]) if text.kind == Kind::Text => {
                let text = text.text.clone();
                reader.inner(&text);
            }
            _ => reader.unknown("what is prepared is not in the text"),
        }
    } else if words.get(1).is_some_and(|word| word.is("TRANSACTION")) {
        let one = reader.says("prepare_transaction", Impact::Update, Scope::Item);
        reader.push(one);
    }
    if reader.found.len() == before {
        reader.unknown("what is prepared is not known");
    } else {
        reader.has_prepared = true;
    }
}

/// `EXECUTE prepared`, `EXECUTE IMMEDIATE 'text'`, `EXEC procedure`, `EXECUTE 'text' || name` in a block.
fn execute(reader: &mut Reader, words: &[Token]) {
    let mut rest = words.get(1..).unwrap_or_default();
    if starts(rest, &["IMMEDIATE"]) {
        rest = rest.get(1..).unwrap_or_default();
    }
    if rest.first().is_some_and(|word| word.is_symbol('(')) {
        rest = rest.get(1..).unwrap_or_default();
        rest = rest.get(..closing(rest)).unwrap_or(rest);
    }
    if let Some(text) = folded(rest) {
        return reader.inner(&text);
    }
    if rest.iter().take(8).any(|word| matches!(word.kind, Kind::Text | Kind::Body))
        && !rest.first().is_some_and(Token::is_name)
    {
        return reader.unknown("a statement is put together when it runs");
    }
    // T-SQL: `EXEC @result = procedure`.
    if rest.first().is_some_and(|word| word.text.starts_with('@'))
        && rest.get(1).is_some_and(|word| word.is_symbol('='))
    {
        rest = rest.get(2..).unwrap_or_default();
    }
    let (called, after) = name(rest, 0);
    let last = called.rsplit('.').next().unwrap_or(&called).to_ascii_lowercase();
    let is_dynamic =
        called.is_empty() || called.starts_with('@') || matches!(last.as_str(), "format" | "concat" | "quote_ident");
    let one = match last.as_str() {
        _ if is_dynamic => return reader.unknown("a statement is put together when it runs"),
        "xp_cmdshell" => reader.says("xp_cmdshell", Impact::Execute, Scope::Resource),
        name if SHOWING.contains(&name) => reader.says("show", Impact::Read, Scope::Resource),
        name if GRANTING.contains(&name) => reader.says(name, Impact::Permission, Scope::Resource),
        name if RUNNING.contains(&name) => {
            let arguments = rest.get(after..).unwrap_or_default();
            let text = arguments.iter().find(|word| word.kind == Kind::Text).map(|word| word.text.clone());
            return match text {
                Some(text) if folded(arguments.get(..1).unwrap_or_default()).is_some() || arguments.len() <= 4 => {
                    reader.inner(&text)
                }
                _ => reader.unknown("a statement is put together when it runs"),
            };
        }
        "sp_configure" => reader.says("configure", Impact::Update, Scope::Environment),
        "sp_rename" | "sp_renamedb" => reader.says("rename_table", Impact::Update, Scope::Resource),
        _ if reader.has_prepared => reader.says("execute_prepared", Impact::Read, Scope::Item),
        _ => reader.says("call", Impact::Execute, Scope::Resource),
    };
    reader.push(one.on([called]));
}

/// A text that is all there: `'a'`, `'a' || 'b'`, `N'a' + 'b'`, and what is bound to it.
fn folded(words: &[Token]) -> Option<String> {
    let end = find(words, 0, &["USING", "INTO"]).unwrap_or(words.len());
    let mut text = String::new();
    let mut some = false;
    for word in words.get(..end)? {
        match word.kind {
            Kind::Text | Kind::Body => {
                text.push_str(&word.text);
                some = true;
            }
            Kind::Symbol if matches!(word.text.as_str(), "|" | "+") => {}
            Kind::Word if word.is("N") || word.is("E") || word.is("r") => {}
            _ => return None,
        }
    }
    some.then_some(text)
}

/// A piece of a block between two semicolons: what stands behind its words of control.
pub(super) fn part(reader: &mut Reader, words: &[Token]) {
    let mut rest = words;
    let mut steps = 0;
    while let Some(first) = rest.first() {
        steps += 1;
        if steps > 200 {
            return reader.unknown("more words of control than are read");
        }
        let is_any = |all: &[&str]| all.iter().any(|one| first.is(one));
        let skip = if first.is_symbol('<') {
            rest.iter().position(|word| word.is_symbol('>')).map(|at| at + 2)
        } else if is_any(&["BEGIN"]) {
            let next = rest.get(1);
            let is_transaction = [
                "TRANSACTION",
                "TRAN",
                "WORK",
                "ISOLATION",
                "READ",
                "DEFERRED",
                "IMMEDIATE",
                "EXCLUSIVE",
                "CONCURRENT",
            ];
            if next.is_none_or(|word| is_transaction.iter().any(|one| word.is(one))) {
                return;
            }
            Some(1)
        } else if is_any(&["ELSE", "LOOP", "THEN", "TRY", "CATCH", "REPEAT", "ATOMIC"]) {
            Some(1)
        } else if is_any(&["FOR", "FOREACH"]) {
            loop_over(reader, rest)
        } else if is_any(&["IF", "ELSIF", "ELSEIF", "WHILE", "WHEN", "CASE", "EXCEPTION"]) {
            let next = find(rest, 1, &["THEN", "LOOP", "DO"]);
            functions(reader, rest.get(..next.unwrap_or(rest.len())).unwrap_or_default());
            // T-SQL has no word between.
            next.or_else(|| find(rest, 1, &["BEGIN"]).map(|at| at.saturating_sub(1))).map(|at| at + 1)
        } else if first.is("RETURN") && rest.get(1).is_some_and(|word| word.is("QUERY")) {
            Some(2)
        } else if is_any(&["DECLARE"]) {
            find(rest, 1, &["BEGIN"])
        } else {
            return plain(reader, rest);
        };
        rest = match skip {
            Some(count) => rest.get(count..).unwrap_or_default(),
            None => return,
        };
    }
}

/// `FOR x IN query LOOP`: the query is run too.
fn loop_over(reader: &mut Reader, words: &[Token]) -> Option<usize> {
    let end = find(words, 1, &["LOOP", "DO"]);
    let from = find(words, 1, &["IN"]).map_or(words.len(), |at| at + 1);
    let query = words.get(from..end.unwrap_or(words.len())).unwrap_or_default();
    let query = match query.first() {
        Some(open) if open.is_symbol('(') => query.get(1..).unwrap_or_default(),
        _ => query,
    };
    if query.first().is_some_and(|word| word.is("SELECT") || word.is("WITH") || VERBS.iter().any(|verb| word.is(verb)))
    {
        reader.one(query);
    }
    end.map(|at| at + 1)
}

/// One statement in a block, without its words of control.
fn plain(reader: &mut Reader, words: &[Token]) {
    let Some(first) = words.first() else { return };
    let assigns = words.get(1).is_some_and(|word| word.is_symbol(':') || word.is_symbol('='));
    let is_verb = VERBS.iter().any(|verb| first.is(verb)) && !assigns && !first.is("PERFORM");
    if is_verb || first.is("SELECT") || first.is("WITH") {
        if first.is("SELECT") && find(words, 0, &["INTO"]).is_some() && reader.dialect != SqlDialect::Mssql {
            // Into a variable of the block.
            return functions(reader, words);
        }
        return reader.one(words);
    }
    if first.is("SET") {
        return super::administration::read(reader, words);
    }
    functions(reader, words);
    if has(words, &["DROP", "TRUNCATE"]) && !assigns && !first.is("RAISE") && !first.is("END") {
        reader.unknown("what this part of a block does is not known");
    }
}

/// Several statements in one message.
pub(super) fn multiple(reader: &mut Reader, words: &[Token]) {
    let mut rest = words;
    loop {
        if is_definition(rest) {
            // Its body has semicolons of its own; it says itself what follows it.
            return reader.one(rest);
        }
        let end = rest.iter().position(|word| word.is_symbol(';'));
        let one = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if one.first().is_some_and(|first| VERBS.iter().any(|verb| first.is(verb))) {
            reader.one(one);
        } else {
            part(reader, one);
        }
        match end.and_then(|end| rest.get(end + 1..)) {
            Some(next) if !next.is_empty() => rest = next,
            _ => return,
        }
    }
}

fn is_definition(words: &[Token]) -> bool {
    words.first().is_some_and(|word| word.is("CREATE"))
        && words
            .iter()
            .take(12)
            .any(|word| ["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"].iter().any(|kind| word.is(kind)))
}

/// T-SQL needs nothing between two statements.
pub(super) fn unseparated(reader: &mut Reader, words: &[Token]) {
    let mut from = 0;
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        if word.is_symbol('(') {
            depth += 1;
        } else if word.is_symbol(')') {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && at > from && is_cut(words, from, at) {
            segment(reader, words.get(from..at).unwrap_or_default());
            from = at;
        }
    }
    segment(reader, words.get(from..).unwrap_or_default());
}

fn segment(reader: &mut Reader, words: &[Token]) {
    if !words.is_empty() {
        reader.one(words);
    }
}

fn is_cut(words: &[Token], from: usize, at: usize) -> bool {
    let (Some(first), Some(word)) = (words.get(from), words.get(at)) else { return false };
    let before = words.get(at - 1);
    let begins = |all: &[&str]| all.iter().any(|one| first.is(one));
    let after_any = ["ON", "FOR", "THEN", "AFTER", "OF", "AS", "NOT", "INSTEAD", "OR"];
    let is_inside = before.is_some_and(|one| {
        after_any.iter().any(|other| one.is(other)) || one.is_symbol(',') || one.is_symbol('.') || one.is_symbol('=')
    });
    if is_inside {
        return false;
    }
    if word.is("SELECT") {
        return begins(&["DELETE", "UPDATE", "TRUNCATE", "DROP", "EXEC", "EXECUTE", "KILL", "USE", "SET"]);
    }
    if !CUTS.iter().any(|one| word.is(one)) {
        return false;
    }
    let drops_another = word.is("DROP") && words.get(at + 1).is_some_and(|kind| DROPPED.iter().any(|one| kind.is(one)));
    if begins(&["GRANT", "REVOKE", "DENY", "MERGE", "ALTER", "BACKUP", "RESTORE"]) {
        return drops_another || word.is("TRUNCATE") || (word.is("EXEC") && !begins(&["GRANT", "REVOKE", "DENY"]));
    }
    if begins(&["CREATE"]) {
        let is_body = words
            .iter()
            .skip(from)
            .take(5)
            .any(|one| ["PROCEDURE", "PROC", "FUNCTION", "TRIGGER"].iter().any(|kind| one.is(kind)));
        return !is_body;
    }
    if begins(&["WITH"]) {
        // Its own verb.
        return find(words.get(from..at).unwrap_or_default(), 0, CUTS).is_some() || word.is("DROP");
    }
    true
}
