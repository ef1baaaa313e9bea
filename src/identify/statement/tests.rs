//! Statements and what they would do.

use super::{SqlDialect, is_loopback, read, statement};
use crate::model::{Count, Hazard, Impact};

/// Each operation as `VERB impact scope`, parted by `; `.
fn said(dialect: &str, text: &str) -> String {
    let dialect: SqlDialect = dialect.parse().expect("a dialect");
    let one = |one: super::Statement| format!("{} {} {}", one.operation.name(), one.blast.impact, one.blast.scope);
    read(dialect, text).into_iter().map(one).collect::<Vec<_>>().join("; ")
}

fn check(dialect: &str, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(text, wanted)| {
            let found = said(dialect, text);
            (found != *wanted).then(|| format!("{text}\n    wanted {wanted}\n    found  {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{dialect}:\n{}", wrong.join("\n"));
}

const READ: &str = "select read resource";
const ROWS: &str = "delete destroy item";
const ALL_ROWS: &str = "delete destroy resource";
const TABLE: &str = "drop_table destroy resource";

#[test]
fn rows() {
    check(
        "postgres",
        &[
            ("SELECT 1", READ),
            ("select count(*) from poc_staging;", READ),
            ("TABLE users", READ),
            ("VALUES (1), (2)", READ),
            ("(SELECT 1) UNION (SELECT 2)", READ),
            ("SELECT * FROM t FOR UPDATE", READ),
            ("DELETE FROM users", ALL_ROWS),
            ("DELETE FROM users WHERE id = 42", ROWS),
            ("DELETE FROM ONLY public.users u USING x WHERE u.id = x.id", ROWS),
            ("DELETE FROM users WHERE true", ALL_ROWS),
            ("DELETE FROM users WHERE 1=1", ALL_ROWS),
            ("DELETE FROM users WHERE (2 > 1)", ALL_ROWS),
            ("DELETE FROM users WHERE id = id", ALL_ROWS),
            ("DELETE FROM users WHERE NOT false", ALL_ROWS),
            ("DELETE FROM users WHERE id = 3 OR 1 = 1", ALL_ROWS),
            ("DELETE FROM users WHERE id = 3 AND 1 = 1", ROWS),
            ("DELETE FROM users WHERE id > 0", ALL_ROWS),
            ("DELETE FROM users WHERE age > 0", ROWS),
            ("DELETE FROM users WHERE id IS NOT NULL", ALL_ROWS),
            ("DELETE FROM users WHERE email LIKE '%'", ALL_ROWS),
            ("DELETE FROM users WHERE EXISTS (SELECT 1)", ALL_ROWS),
            ("DELETE FROM users WHERE 'a' = 'a' RETURNING *", ALL_ROWS),
            ("DELETE FROM users WHERE CURRENT OF cursor_1", ROWS),
            ("DELETE FROM users WHERE id IN (SELECT id FROM x WHERE true)", ROWS),
            ("DELETE FROM users USING (SELECT id FROM x WHERE a = 1) y", ALL_ROWS),
            ("UPDATE users SET locale = 'de' WHERE id = 42", "update update item"),
            ("UPDATE orders SET status = 'cancelled'", "update destroy resource"),
            ("UPDATE orders SET total = (SELECT 1 FROM x WHERE x.id = 3)", "update destroy resource"),
            ("UPDATE orders SET a = 1 WHERE 1 = 1", "update destroy resource"),
            ("UPDATE users SET \"passwordHash\" = 'x' WHERE email = 'a@b'", "update permission item"),
            ("UPDATE users SET (name, encrypted_password) = ('a', 'b') WHERE id = 1", "update permission item"),
            ("UPDATE users SET password_reset_sent_at = NULL WHERE id = 1", "update update item"),
            ("UPDATE users SET name = 'password' WHERE id = 1", "update update item"),
            ("INSERT INTO notes(body) VALUES ('; DROP TABLE notes; --')", "insert create item"),
            ("INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1", "insert update item"),
            ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "insert create item"),
            ("INSERT INTO pg_catalog.pg_authid VALUES (1)", "insert permission resource"),
            (
                "MERGE INTO s USING f ON s.a = f.a WHEN MATCHED AND f.q = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET q = 1",
                "merge destroy item",
            ),
            ("MERGE INTO s USING f ON s.a = f.a WHEN MATCHED THEN UPDATE SET q = 1", "merge update item"),
            ("MERGE INTO s USING f ON s.a = f.a WHEN NOT MATCHED THEN INSERT VALUES (1)", "merge create item"),
            ("TRUNCATE sessions, carts RESTART IDENTITY", "truncate destroy resource"),
            (
                "WITH gone AS (DELETE FROM carts WHERE a < 1 RETURNING *) SELECT count(*) FROM gone",
                "select read resource; delete destroy item",
            ),
            (
                "WITH gone AS MATERIALIZED (DELETE FROM e RETURNING *) INSERT INTO f SELECT * FROM gone",
                "insert create item; delete destroy resource",
            ),
            ("WITH old AS (SELECT * FROM carts WHERE a < 1) SELECT count(*) FROM old", READ),
            ("WITH old AS (SELECT id FROM c) DELETE FROM carts USING old WHERE old.id = carts.id", ROWS),
            ("WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r) DELETE FROM carts", ALL_ROWS),
            ("WITH values AS (SELECT 1) DELETE FROM carts", ALL_ROWS),
            ("WITH a AS (SELECT 1), values AS (SELECT 1) DELETE FROM carts", ALL_ROWS),
            ("SELECT delete FROM t", READ),
            ("SELECT * INTO copy FROM users", "create_table create resource"),
            ("SELECT * INTO TEMP copy FROM users", "create_table create resource"),
        ],
    );
}

#[test]
fn strings_and_comments() {
    check(
        "postgres",
        &[
            ("SELECT 1; -- warm up\nDROP TABLE invoices;", "select read resource; drop_table destroy resource"),
            ("SELECT 1; -- DROP TABLE invoices;", READ),
            ("/* was: DELETE FROM invoices */ SELECT 1", READ),
            ("/* a /* b */ DROP TABLE t; */ SELECT 1", READ),
            ("SELECT * FROM audit_log WHERE statement ILIKE '%DROP TABLE%'", READ),
            (
                "INSERT INTO notes(body) VALUES ('it''s -- fine'); DROP TABLE notes",
                "insert create item; drop_table destroy resource",
            ),
            ("SELECT '\\'; DROP TABLE notes; --'", "select read resource; drop_table destroy resource"),
            ("SELECT E'\\'; DROP TABLE notes; --'", READ),
            ("SELECT $$; DROP TABLE notes; $$", READ),
            ("SELECT $a$ $$; DROP TABLE notes; $a$", READ),
            ("SELECT $1; DROP TABLE notes", "select read resource; drop_table destroy resource"),
            ("SELECT \"; DROP TABLE notes; \" FROM t", READ),
            ("SELECT 'DROP TABLE ' || tablename FROM pg_tables", READ),
            ("DR/**/OP TABLE t", "unidentified unknown resource"),
            ("DROP/**/TABLE/**/t", TABLE),
            ("SELECT 'never closed", "select read resource; unidentified unknown resource"),
            ("SELECT 1 /* never closed", "select read resource; unidentified unknown resource"),
            ("", ""),
            ("-- nothing\n;;", ""),
        ],
    );
    check(
        "mysql",
        &[
            ("/*!40000 DROP TABLE customers */", TABLE),
            ("/*!DROP TABLE customers */;", TABLE),
            ("/*M!100100 DROP TABLE customers */", TABLE),
            ("/* DROP TABLE customers */ SELECT 1", READ),
            ("SELECT /*+ NO_INDEX(t) */ 1", READ),
            ("SELECT 1 # DROP TABLE customers", READ),
            ("SELECT 1 # note\n; DROP TABLE customers", "select read resource; drop_table destroy resource"),
            ("SELECT 1 --DROP\n; DROP TABLE a", "select read resource; drop_table destroy resource"),
            ("SELECT 'a\\'; DROP TABLE t; --'", READ),
            ("SELECT \"; DROP TABLE t\"", READ),
            ("SELECT `; DROP TABLE t` FROM x", READ),
            ("DROP TABLE `a`, `b`", TABLE),
        ],
    );
    check(
        "generic",
        &[(
            "SELECT '\\'; DROP TABLE t; --'",
            "select read resource; drop_table destroy resource; select read resource",
        )],
    );
    check("mssql", &[("SELECT [; DROP TABLE t] FROM x", READ)]);
    check("bigquery", &[("SELECT '''it's; DROP TABLE t'''", READ), ("SELECT 1 # x; DROP TABLE t", READ)]);
}

#[test]
fn definitions() {
    check(
        "postgres",
        &[
            ("DROP TABLE IF EXISTS order_archive CASCADE", TABLE),
            ("drop foreign table t", TABLE),
            ("DROP TABLE :t", TABLE),
            ("DROP DATABASE IF EXISTS shop WITH (FORCE)", "drop_database destroy environment"),
            (
                "DROP SCHEMA public CASCADE; CREATE SCHEMA public;",
                "drop_schema destroy environment; create_schema create resource",
            ),
            ("DROP VIEW v", "drop_view destroy resource"),
            ("DROP MATERIALIZED VIEW daily_sales", "drop_materialized_view destroy resource"),
            ("DROP INDEX CONCURRENTLY idx", "drop_index destroy resource"),
            ("DROP OWNED BY app CASCADE", "drop_owned destroy environment"),
            ("DROP ROLE app", "drop_role permission resource"),
            ("DROP USER MAPPING FOR a SERVER b", "drop_user_mapping permission resource"),
            ("DROP TYPE order_status CASCADE", "drop_type destroy resource"),
            ("DROP FUNCTION f(int), g(text)", "drop_function destroy resource"),
            ("DROP POLICY p ON t", "drop_policy permission resource"),
            ("DROP EXTENSION postgis", "drop_extension destroy resource"),
            ("DROP", "drop destroy environment"),
            ("DROP :what", "drop destroy environment"),
            ("ALTER TABLE users DROP COLUMN legacy_token", "drop_column destroy resource"),
            ("ALTER TABLE users DROP legacy_token", "drop_column destroy resource"),
            (
                "ALTER TABLE IF EXISTS ONLY users ADD a int, DROP COLUMN IF EXISTS b CASCADE",
                "drop_column destroy resource",
            ),
            ("ALTER TABLE users ADD COLUMN nickname text", "alter_table update resource"),
            ("ALTER TABLE users ADD CONSTRAINT c CHECK (a IN (1, drop))", "alter_table update resource"),
            ("ALTER TABLE users DROP CONSTRAINT c", "alter_table update resource"),
            ("ALTER TABLE users ALTER COLUMN a DROP NOT NULL", "alter_table update resource"),
            ("ALTER TABLE users DISABLE ROW LEVEL SECURITY", "alter_table permission resource"),
            ("ALTER TABLE users OWNER TO app", "alter_table permission resource"),
            ("ALTER TABLE m DETACH PARTITION m1", "alter_table disrupt resource"),
            ("ALTER ROLE app WITH PASSWORD 'n3w'", "alter_role permission resource"),
            ("ALTER ROLE app SUPERUSER", "alter_role permission resource"),
            (
                "ALTER DEFAULT PRIVILEGES IN SCHEMA a GRANT ALL ON TABLES TO b",
                "alter_default_privileges permission resource",
            ),
            ("ALTER SYSTEM SET max_connections = 10", "alter_system update environment"),
            ("ALTER DATABASE a RENAME TO b", "alter_database disrupt resource"),
            ("ALTER INDEX a RENAME TO b", "alter_index update resource"),
            ("CREATE TABLE t (a int REFERENCES x ON DELETE CASCADE)", "create_table create resource"),
            ("CREATE TABLE t AS SELECT * FROM x", "create_table create resource"),
            ("CREATE INDEX CONCURRENTLY i ON orders(created_at)", "create_index create resource"),
            ("CREATE UNIQUE INDEX i ON orders(created_at)", "create_index create resource"),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", "create_view update resource"),
            ("CREATE ROLE app LOGIN", "create_role permission resource"),
            ("CREATE USER app", "create_user permission resource"),
            ("CREATE DATABASE x", "create_database create resource"),
            ("CREATE FUNCTION f() RETURNS int AS $$ DELETE FROM x $$ LANGUAGE sql", "create_function create resource"),
            ("CREATE POLICY p ON t USING (true)", "create_policy permission resource"),
            ("COMMENT ON TABLE t IS 'DROP TABLE'", "comment update item"),
            ("REFRESH MATERIALIZED VIEW v", "refresh update resource"),
        ],
    );
    check(
        "mysql",
        &[
            ("DROP SCHEMA shop", "drop_database destroy environment"),
            ("DROP TEMPORARY TABLE t", "drop_temporary_table update item"),
            ("ALTER TABLE t DROP PARTITION p0", "drop_partition destroy resource"),
            ("ALTER TABLE t TRUNCATE PARTITION ALL", "drop_partition destroy resource"),
            ("CREATE OR REPLACE TABLE t (a int)", "replace_table destroy resource"),
            (
                "CREATE DEFINER=`root`@`%` TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
                "create_trigger create resource",
            ),
            ("RENAME TABLE a TO b", "rename_table update resource"),
            ("DELETE c FROM carts c JOIN users u ON u.id = c.user_id", ALL_ROWS),
            ("DELETE FROM carts LIMIT 10", ALL_ROWS),
            ("DELETE FROM carts WHERE 1", ALL_ROWS),
            ("DELETE FROM carts WHERE id = 1 LIMIT 1", ROWS),
            ("REPLACE INTO t VALUES (1)", "insert update item"),
            ("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 1", "insert update item"),
            ("UPDATE mysql.user SET a = 1 WHERE user = 'x'", "update permission item"),
            ("LOAD DATA LOCAL INFILE 'x' INTO TABLE t", "load_data create resource"),
            ("SELECT 1 INTO OUTFILE '/tmp/x'", "select_into_file create resource"),
            ("SELECT 1 INTO @a", READ),
        ],
    );
    check(
        "snowflake",
        &[
            ("UNDROP TABLE t", "undrop create resource"),
            ("CREATE OR REPLACE TABLE t (a int)", "replace_table destroy resource"),
            ("CREATE OR REPLACE DATABASE t", "replace_database destroy environment"),
            ("INSERT OVERWRITE INTO t SELECT 1", "insert_overwrite destroy resource"),
            ("ALTER WAREHOUSE w SUSPEND", "alter_warehouse disrupt resource"),
            ("REMOVE @stage/x", "remove destroy item"),
            ("EXECUTE IMMEDIATE 'DROP TABLE t'", TABLE),
        ],
    );
    check(
        "clickhouse",
        &[
            ("ALTER TABLE t DELETE WHERE id = 1", ROWS),
            ("ALTER TABLE t DELETE WHERE 1 = 1", ALL_ROWS),
            ("ALTER TABLE t UPDATE a = 1 WHERE id = 2", "update update item"),
            ("DETACH TABLE t", "detach disrupt resource"),
            ("SYSTEM SHUTDOWN", "system disrupt resource"),
            ("SELECT count() FROM events FORMAT JSON", READ),
            ("TRUNCATE DATABASE d", "truncate destroy environment"),
        ],
    );
}

#[test]
fn servers_and_rights() {
    check(
        "postgres",
        &[
            ("GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC", "grant permission resource"),
            ("REVOKE CONNECT ON DATABASE shop FROM app", "revoke permission resource"),
            (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
                "select read resource; terminate_backend disrupt resource",
            ),
            ("SELECT \"pg_terminate_backend\"(1)", "select read resource; terminate_backend disrupt resource"),
            ("SELECT pid, state FROM pg_stat_activity", READ),
            ("SELECT pg_drop_replication_slot('a')", "select read resource; drop_replication_slot destroy resource"),
            ("SELECT lo_unlink(3)", "select read resource; delete_large_object destroy item"),
            ("SELECT dblink_exec('host=x', 'DROP TABLE t')", "select read resource; drop_table destroy resource"),
            ("SELECT dblink_exec('host=x', a)", "select read resource; call execute resource"),
            ("SELECT delete_everything()", "select read resource; call execute resource"),
            ("SELECT upper(name), coalesce(a, 1) FROM t", READ),
            ("COPY (SELECT 1) TO PROGRAM 'curl x'", "copy_program execute resource; select read resource"),
            ("COPY t FROM PROGRAM 'x'", "copy_program execute resource"),
            ("COPY (SELECT * FROM users LIMIT 100) TO STDOUT WITH CSV", "copy read resource; select read resource"),
            ("COPY t FROM STDIN", "copy create resource"),
            ("COPY t TO '/tmp/x'", "copy create resource"),
            ("VACUUM FULL t", "vacuum_full disrupt resource"),
            ("VACUUM t", "vacuum update resource"),
            ("LOCK TABLE t", "lock disrupt resource"),
            ("REINDEX TABLE t", "reindex disrupt resource"),
            ("CLUSTER t", "cluster disrupt resource"),
            ("SHOW max_connections", "show read resource"),
            ("SET search_path = x", "set read item"),
            ("BEGIN; SELECT 1; COMMIT;", "control read item; select read resource; commit read resource"),
            ("BEGIN; DROP TABLE t; ROLLBACK", "control read item; drop_table destroy resource; rollback read resource"),
            ("EXPLAIN DELETE FROM carts", "explain read resource"),
            ("EXPLAIN ANALYZE DELETE FROM carts", ALL_ROWS),
            ("EXPLAIN (ANALYZE true, BUFFERS) DELETE FROM carts", ALL_ROWS),
            ("EXPLAIN (ANALYZE false) DELETE FROM carts", "explain read resource"),
            ("EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM carts", READ),
            ("EXPLAIN WITH a AS (DELETE FROM t) SELECT 1", "explain read resource"),
            ("EXPLAIN ANALYZE WITH a AS (DELETE FROM t) SELECT 1", "select read resource; delete destroy resource"),
            ("DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'users'; END $$", TABLE),
            ("DO $$ BEGIN EXECUTE 'DROP TABLE ' || name; END $$", "unidentified unknown resource"),
            ("DO $$ BEGIN EXECUTE format('DROP TABLE %I', t); END $$", "unidentified unknown resource"),
            (
                "DO $$ DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP DELETE FROM t; END LOOP; END $$",
                "select read resource; delete destroy resource",
            ),
            (
                "DO $$ BEGIN IF NOT EXISTS (SELECT 1) THEN CREATE TABLE t(); END IF; END $$",
                "create_table create resource",
            ),
            ("DO $$ BEGIN RAISE NOTICE 'DROP TABLE'; END $$", "do read item"),
            ("DO $$ BEGIN PERFORM pg_terminate_backend(1); END $$", "terminate_backend disrupt resource"),
            ("DO LANGUAGE plpython3u $$ import os $$", "unidentified unknown resource"),
            ("CALL p()", "call execute resource"),
            ("PREPARE x AS DELETE FROM t; EXECUTE x", "delete destroy resource; execute_prepared read item"),
            ("EXECUTE x", "call execute resource"),
            ("SELECT 1 \\gexec", "select read resource; unidentified unknown resource"),
            ("\\! rm -rf /", "shell execute resource"),
            ("\\dt", "show read resource"),
            ("\\copy t TO 'x'", "copy read resource"),
            ("REASSIGN OWNED BY a TO b", "reassign_owned permission resource"),
            ("FROBNICATE ALL", "unidentified unknown resource"),
            ("SELECT 1 \\; DROP TABLE t", "select read resource; drop_table destroy resource"),
        ],
    );
    check(
        "mysql",
        &[
            ("KILL 4711", "kill disrupt resource"),
            ("SHOW PROCESSLIST", "show read resource"),
            ("PURGE BINARY LOGS BEFORE NOW()", "purge_logs destroy resource"),
            ("RESET MASTER", "reset_master destroy resource"),
            ("STOP REPLICA", "replication disrupt resource"),
            ("SET GLOBAL max_connections = 1", "set_global update environment"),
            ("SET PASSWORD FOR a = 'b'", "set_password permission resource"),
            ("FLUSH TABLES WITH READ LOCK", "flush disrupt environment"),
            ("SHUTDOWN", "shutdown disrupt environment"),
            (
                "DELIMITER //\nCREATE PROCEDURE p() BEGIN DELETE FROM t; END//\nDELIMITER ;\nSELECT 1;",
                "create_procedure create resource; select read resource",
            ),
            ("DELIMITER //\nSELECT 1; DROP TABLE t//", "select read resource; drop_table destroy resource"),
            (
                "DELIMITER //\nCREATE PROCEDURE p() BEGIN DELETE FROM t; END; DROP TABLE t//",
                "create_procedure create resource; drop_table destroy resource",
            ),
            ("PREPARE s FROM 'DROP TABLE t'; EXECUTE s", "drop_table destroy resource; execute_prepared read item"),
            ("PREPARE s FROM @a; EXECUTE s", "unidentified unknown resource; execute_prepared read item"),
        ],
    );
    check(
        "mssql",
        &[
            ("SELECT 1 DROP TABLE t", "select read resource; drop_table destroy resource"),
            ("DELETE FROM t SELECT * FROM x WHERE 1 = 2", "delete destroy resource; select read resource"),
            ("EXEC xp_cmdshell 'del x'", "xp_cmdshell execute resource"),
            ("EXEC sp_who2", "show read resource"),
            ("EXEC sp_executesql N'DROP TABLE t'", TABLE),
            ("EXEC('DROP TABLE t')", TABLE),
            ("EXEC(@sql)", "unidentified unknown resource"),
            ("ALTER TABLE t DROP COLUMN c", "drop_column destroy resource"),
            ("GRANT SELECT, DELETE ON t TO u", "grant permission resource"),
            ("IF EXISTS (SELECT 1) DROP TABLE t", "control read item; drop_table destroy resource"),
            ("DROP TABLE #tmp", "drop_temporary_table update item"),
            ("RESTORE DATABASE d FROM DISK = 'x'", "restore destroy environment"),
            ("BACKUP DATABASE d TO DISK = 'x'", "backup create resource"),
            ("ALTER DATABASE d SET SINGLE_USER WITH ROLLBACK IMMEDIATE", "alter_database disrupt resource"),
            ("CREATE PROCEDURE p AS DELETE FROM t", "create_procedure create resource"),
            ("DBCC CHECKDB", "dbcc read resource"),
        ],
    );
    check(
        "sqlite",
        &[
            ("PRAGMA table_info(orders)", "pragma read resource"),
            ("PRAGMA writable_schema = 1", "pragma update resource"),
            ("ATTACH 'x.db' AS x", "attach read resource"),
            (
                "CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM u; END; DELETE FROM t;",
                "create_trigger create resource; delete destroy resource",
            ),
            ("SELECT load_extension('x')", "select read resource; load_extension execute resource"),
            ("VACUUM", "vacuum update resource"),
        ],
    );
}

#[test]
fn numbers_and_hazards() {
    let one = |text: &str| read(SqlDialect::Postgres, text).remove(0);
    assert_eq!(one("DELETE FROM t").blast.count, Count::Unbounded);
    assert_eq!(one("DELETE FROM t WHERE id = 1").blast.count, Count::AtLeast(1));
    assert_eq!(one("TRUNCATE a, b").blast.count, Count::Exact(2));
    assert_eq!(one("DROP TABLE a, b.c").resources.len(), 2);
    assert_eq!(one("INSERT INTO t VALUES (1), (2), (f(3))").blast.count, Count::Exact(3));
    assert!(one("DROP TABLE a").blast.hazards.contains(Hazard::DataLoss));
    assert!(one("GRANT a TO b").blast.hazards.contains(Hazard::Privilege));
    assert!(one("SELECT * FROM pg_shadow").blast.hazards.contains(Hazard::SecretRead));
    // What decides is bound by a digest: other rows are another act.
    assert_ne!(one("DELETE FROM t WHERE id = 1").parameters, one("DELETE FROM t WHERE id = 2").parameters);
    assert!(
        one("UPDATE u SET password = 'hunter2' WHERE id = 1")
            .parameters
            .iter()
            .all(|one| !one.value.contains("hunter2"))
    );
}

#[test]
fn a_text_of_any_size_is_read_in_time() {
    let many = [
        "(".repeat(500_000),
        "SELECT 1;".repeat(80_000),
        "WITH a AS (DELETE ".repeat(40_000),
        "DO $a$ ".repeat(100_000),
    ];
    let more = [
        "BEGIN ".repeat(100_000),
        "/*".repeat(400_000),
        "DELETE FROM t WHERE ".to_owned() + &"(".repeat(900),
        "\\a".repeat(100_000),
    ];
    for text in many.iter().chain(&more) {
        for dialect in [SqlDialect::Postgres, SqlDialect::Mysql, SqlDialect::Mssql] {
            let began = std::time::Instant::now();
            let found = read(dialect, text);
            assert!(!found.is_empty());
            assert!(began.elapsed().as_secs() < 10, "{dialect:?} {:.20} took {:?}", text, began.elapsed());
        }
    }
    assert_eq!(read(SqlDialect::Generic, &" ".repeat(1 << 21)).remove(0).blast.impact, Impact::Unknown);
}

#[test]
fn a_text_by_itself() {
    let read = |dialect: &str, text: &str, target: Option<&str>| {
        let found = statement(dialect, text, target).map_err(|unreadable| unreadable.status)?;
        let place = &found.first().reading().place;
        Ok(format!("{} {:?} {:?} {}", found.first().reading().operation, place.host, place.database, place.loopback))
    };
    let local = r#"sql:postgres:drop_table Some("localhost") Some("localhost/shop") true"#;
    assert_eq!(read("postgres", "DROP TABLE t", Some("localhost/shop")).as_deref(), Ok(local));
    let unknown = r#"sql:mysql:select Some("unknown") None false"#;
    assert_eq!(read("mariadb", "SELECT 1", None).as_deref(), Ok(unknown));
    assert_eq!(read("cobol", "SELECT 1", None), Err(400));
    assert_eq!(read("sqlite", "", None), Err(400));
}

#[test]
fn loopback_by_its_names() {
    for host in
        ["localhost", "127.0.0.1", "127.0.0.2:5432", "::1", "[::1]:5432", "LOCALHOST", "db.localhost", "0.0.0.0"]
    {
        assert!(is_loopback(host), "{host}");
    }
    for host in ["", "db", "localhost.example", "10.0.0.1", "127.0.0.1.example", "::2", "unknown"] {
        assert!(!is_loopback(host), "{host}");
    }
}
