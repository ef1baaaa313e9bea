use super::*;

#[test]
fn the_list_is_sorted() {
    assert!(HARMLESS.is_sorted());
}

#[test]
fn statements_are_read_from_the_word_that_counts() {
    for (text, pattern, expected) in [
        ("select 1", "select", true),
        ("  \n select 1", "select", true),
        ("-- note\nselect 1", "select", true),
        ("/* note */ delete from t", "delete", true),
        ("/* note */ delete from t", "select", false),
        ("with a as (select 1) select * from a", "select", true),
        ("with a as (select 1) delete from t", "delete", true),
        ("with a as (delete from t returning *) select * from a", "select", false),
        ("alter table \"t\" add column x int", "alter table * add", true),
        ("alter table t drop column x", "alter table * add", false),
        ("begin", "begin", true),
        ("begin;", "begin", true),
        ("selection", "select", false),
        ("/*! drop table t */ select 1", "select", false),
        ("/* /* */ select 1 */ delete from users", "select", false),
        ("#'\nreplace into users /*'*/ select * from u", "select", false),
        ("/* open", "select", false),
        ("'text", "select", false),
        ("", "select", false),
    ] {
        assert_eq!(begins(text, pattern), expected, "{text}");
    }
}

#[test]
fn brackets_that_may_quote_are_not_read() {
    for text in [
        "SELECT 1 AS [']; DROP TABLE a; --']",
        "SELECT 1 AS [\"]; DROP TABLE a; --\"]",
        "SELECT 1 AS [`]; DROP TABLE a; --`]",
        "SELECT 1 AS [/*]; DROP TABLE a; --*/",
        "SELECT 1 AS [--]; DROP TABLE a",
        "SELECT 1 AS [-- ]\n; DROP TABLE a",
        "SELECT 1 AS [a;b]",
        "SELECT 1 AS [a''']; DROP TABLE a; --']",
        "SELECT 1 AS [a]], ']; DROP TABLE a; --']",
        "SELECT 1 AS [)], 2",
        "SELECT 1 AS [(], 2",
        "SELECT 1 AS [a",
    ] {
        assert!(is_several(text) && calls(text) && spaced(text).is_none() && !begins(text, "select"), "{text}");
    }
    for (text, pattern, expected) in [
        ("select [a b], array['x', 'y'] from [t]", "select", true),
        ("with [select] as (select 1) delete from t", "select", false),
        ("with [select] as (select 1) delete from t", "delete", true),
        ("alter table [t add] drop column c", "alter table * add", false),
        ("alter table [t] add c int", "alter table * add", true),
    ] {
        assert_eq!(begins(text, pattern), expected, "{text}");
    }
}

#[test]
fn a_word_is_held_whatever_stands_around_it() {
    for (text, expected) in [
        ("select * into x from a", true),
        ("SELECT *\nINTO\nx FROM a", true),
        ("select 1\tinto\tx", true),
        ("select */**/into/**/x", true),
        ("select *into x", true),
        ("select 'into' from points", false),
        ("select a -- into x\nfrom t", false),
    ] {
        assert_eq!(spaced(text).unwrap().contains(" into"), expected, "{text}");
    }
}

#[test]
fn several_statements_are_seen() {
    for (text, expected) in [
        ("select 1", false),
        ("select 1;", false),
        ("select 1; -- note\n", false),
        ("select 'a;b'", false),
        ("select 1; truncate users", true),
        ("select 1 # ;", true),
        ("select 1 /*/ ' */; drop table a -- '", true),
        ("select 1 /**/; -- note\n", false),
    ] {
        assert_eq!(is_several(text), expected, "{text}");
    }
}

#[test]
fn known_functions_and_tables_are_no_calls() {
    for (text, expected) in [
        ("select count(*) from t", false),
        ("SELECT Max (a), lower(b) FROM t WHERE c IN (1, 2)", false),
        ("insert into t (a, b) values (1, 2)", false),
        ("insert into s.t(a) values ('drop(x)')", false),
        ("create table t (a int)", false),
        ("select pg_terminate_backend(1)", true),
        ("select lo_import('/etc/passwd')", true),
        ("select * from dblink('x')", true),
        ("select f()", true),
        ("select \"f\"(1)", true),
        ("insert into \"t\" (a) values (1)", false),
        (r"select '\', f() -- '", true),
        ("/*! select f() */", true),
        ("select pg_terminate_backend/**/(1)", true),
        ("select pg_terminate_backend -- x\n(1)", true),
        ("select a.* from a join b on pg_terminate_backend(1)", true),
        ("create index i on t (a)", false),
        ("select $$'$$, lo_unlink(5), $$'$$", true),
        ("select 1--lambda_sync('arn','{}')", true),
        ("select 1 # '\n, lambda_sync('a','b') -- '", true),
        ("select a from t where b = $1 and c = :c", false),
        ("select array['a', 'b'], m['k'], a[1], a[1:2] from t", false),
        ("select [load_extension]('x')", true),
        ("select [a abs] (1)", true),
        ("select 1 [x into], f(1)", true),
        ("insert into [t] (a) values (1)", false),
        ("select a[pg_terminate_backend(1)]", true),
        ("select index from a join b on pg_terminate_backend(1)", true),
        ("select strftime('%Y', a), json_extract(b, '$.c'), datetime('now'), iif(a, 1, 2) from json_each(c)", false),
        ("select unixepoch(), julianday(a), instr(a, 'x'), typeof(a), printf('%d', a), total(a), changes()", false),
        ("select load_extension('x')", true),
        ("select writefile('a', 'b')", true),
        ("select readfile('a')", true),
        ("select edit('a')", true),
    ] {
        assert_eq!(calls(text), expected, "{text}");
    }
}
