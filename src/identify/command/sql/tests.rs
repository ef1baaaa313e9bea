//! Clients and what they would send.

use crate::classify::{Action, classify};
use crate::config::Inventory;
use crate::identify::command::tests::{stated, words};
use crate::identify::command::{Input, Invocation, Scene, Stated, Word};
use crate::model::{EnvironmentKind, Evidence, Impact, Scope};

/// Programs that only run what follows them.
const WRAPPERS: &[&str] = &["npx", "pnpm", "bundle", "exec", "php", "python", "python3", "yarn", "bunx"];

/// One simple command with what stands before and after it: variables, and what it reads.
fn heard(command: &str, around: &Stated) -> Vec<Action> {
    let mut one = Invocation::bare(around);
    let mut line = command.to_owned();
    if let Some((head, document)) = command.split_once("<<<") {
        one.input = Input::Text(words(document).remove(0).to_string());
        line = head.to_owned();
    } else if let Some((head, document)) = command.split_once("<<") {
        let body = document.split_once('\n').expect("a here-document").1;
        one.input = Input::Text(body.rsplit_once('\n').map_or(body, |(inside, _)| inside).to_owned() + "\n");
        line = head.to_owned();
    } else if let Some((head, file)) = command.split_once(" < ") {
        one.input = Input::File(Word::known(file.trim()));
        line = head.to_owned();
    }
    for name in around.variables.keys() {
        line = line.replace(&format!("${name}"), around.variables.get(name).expect("a variable"));
    }
    let mut all = words(&line.replace('\n', " "));
    while let Some((name, value)) =
        all.first().and_then(|word| word.to_string().split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())))
    {
        one.variables.push((name, Word::known(value)));
        all.remove(0);
    }
    while all.len() > 1 && WRAPPERS.contains(&all.first().expect("a word").to_string().as_str()) {
        all.remove(0);
    }
    one.words = all;
    let mut scene = Scene::new(around);
    scene.invocation(&one);
    let heard = scene.finish().expect("read");
    classify(heard.identified, &Inventory::default(), Evidence::Parsed).into_vec()
}

/// What the matrix says in `guarded` with nothing in the inventory.
fn stops(action: &Action) -> bool {
    let blast = action.blast();
    if action.environment().kind == EnvironmentKind::Local || blast.scope == Scope::Local {
        return false;
    }
    match blast.impact {
        Impact::Read | Impact::Create => false,
        Impact::Update => blast.scope >= Scope::Environment,
        _ => true,
    }
}

fn verdict(command: &str, around: &Stated) -> String {
    let actions = heard(command, around);
    let shown: Vec<String> = actions
        .iter()
        .map(|one| {
            format!("{} {} {} {:?}", one.operation(), one.blast().impact, one.blast().scope, one.environment().kind)
        })
        .collect();
    format!("{} [{}]", if actions.iter().any(stops) { "stop" } else { "pass" }, shown.join("; "))
}

fn check(wanted: &str, cases: &[&str]) {
    check_in(wanted, &stated(), cases);
}

fn check_in(wanted: &str, around: &Stated, cases: &[&str]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|command| (command, verdict(command, around)))
        .filter(|(_, said)| !said.starts_with(wanted))
        .map(|(command, said)| format!("{command}\n    {said}"))
        .collect();
    assert!(wrong.is_empty(), "wanted {wanted}:\n{}", wrong.join("\n"));
}

fn with<const N: usize>(files: [(&str, &str); N]) -> Stated {
    let mut around = stated();
    around.files.extend(files.map(|(path, text)| (path.to_owned(), text.to_owned())));
    around
}

#[test]
fn where_a_server_stands() {
    check(
        "stop",
        &[
            "psql -h db.prod.example -d shop -c 'DROP TABLE t'",
            "psql -hdb.prod.example shop -c 'DROP TABLE t'",
            "psql --host=db.prod.example shop --command='DROP TABLE t'",
            "psql --comm='DROP TABLE t' -h db.prod.example",
            "psql -h 10.20.0.7 -c 'DROP DATABASE IF EXISTS shop_test'",
            "psql postgresql://app@db.prod.example:5432/shop -c 'DROP TABLE t'",
            "psql 'postgresql:///shop?host=db.prod.example' -c 'DROP TABLE t'",
            "psql postgresql://localhost,db.prod.example/shop -c 'DROP TABLE t'",
            "psql 'host=db.prod.example dbname=shop' -c 'DROP TABLE t'",
            "psql -d postgres://localhost@db.prod.example/shop -c 'DROP TABLE t'",
            "psql -h localhost.evil.example -c 'DROP TABLE t'",
            "psql -c 'DROP TABLE t'",
            "PGHOST=db.prod.example psql shop -c 'TRUNCATE a'",
            "PGSERVICE=shop psql -c 'TRUNCATE a'",
            "dropdb genesis_master",
            "mysql shop -e 'DROP TABLE t'",
            "mysql -hdb.prod.example -uroot -psecret shop -e 'DROP TABLE t'",
            "mysqladmin -h db.prod.example -u root -f drop shop",
            "sqlite3 /var/lib/app/prod.db 'DROP TABLE users;'",
            "sqlite3 /repo/../srv/app.db 'DROP TABLE users;'",
            "sqlite3 /tmp/a.db \"ATTACH '/srv/app.db' AS x; DROP TABLE x.users;\"",
            "psql -h localhost -o '|rm -rf /srv/app' -c 'DROP TABLE t' -h db.prod.example",
            "sqlcmd -S tcp:db.prod.example,1433 -Q 'DROP TABLE t'",
            "snowsql -a acme -q 'DROP TABLE t'",
            "cqlsh db.prod.example -e 'DROP KEYSPACE shop'",
            "clickhouse-client --host ch.prod.example -q 'TRUNCATE TABLE t'",
        ],
    );
    check(
        "pass",
        &[
            "psql -h localhost -c 'DROP TABLE t'",
            "psql -h 127.0.0.1 -c 'DROP TABLE t'",
            "psql -h /var/run/postgresql -c 'DROP TABLE t'",
            "psql postgresql://app@[::1]:5432/shop -c 'DROP TABLE t'",
            "psql -h db.prod.example --help",
            "psql -h db.prod.example -l",
            "psql -h db.prod.example -c 'SELECT 1'",
            "psql -c 'SELECT version()'",
            "PGHOST=localhost dropdb shop_test",
            "mysql -h 127.0.0.1 shop_test -e 'TRUNCATE TABLE t'",
            "mysql -S /tmp/mysql.sock shop -e 'DROP TABLE t'",
            "sqlite3 dev.db 'DROP TABLE t'",
            "sqlite3 /tmp/scratch.db 'DROP TABLE t'",
            "sqlite3 :memory: 'DROP TABLE t'",
            "sqlite3 -readonly /srv/app/app.db 'DELETE FROM users'",
            "sqlcmd -S . -Q 'DROP TABLE t'",
            "redis-cli FLUSHALL",
            "mongosh --eval 'db.dropDatabase()'",
        ],
    );
}

#[test]
fn what_a_client_runs() {
    let around = with([
        ("/repo/a.sql", "SELECT 1;\n\\i b.sql\n"),
        ("/repo/b.sql", "DROP TABLE t;\n"),
        ("/repo/read.sql", "-- DROP TABLE t;\nSELECT 1;\n"),
        ("/repo/ops/my.cnf", "[client]\nhost=127.0.0.1\n"),
        ("/home/dev/.pg_service.conf", "[local]\nhost=localhost\n[shop]\nhost=db.prod.example\n"),
        ("/repo/clear.lua", "redis.call('DEL', KEYS[1])"),
        ("/repo/stats.js", "// db.events.drop()\nprintjson(db.events.stats());\n"),
    ]);
    check_in(
        "stop",
        &around,
        &[
            "psql -h db.prod.example -f a.sql",
            "psql -h db.prod.example -f missing.sql",
            "psql -h db.prod.example < b.sql",
            "psql -h db.prod.example -v t=users <<SQL\nTRUNCATE :\"t\";\nSQL",
            "psql -h db.prod.example <<SQL\n\\set q 'DROP TABLE t'\n:q;\nSQL",
            "psql -h localhost <<SQL\n\\c \"host=db.prod.example dbname=shop\"\nDROP TABLE t;\nSQL",
            "psql -h localhost <<SQL\n\\c shop app db.prod.example\nDROP TABLE t;\nSQL",
            "psql -h db.prod.example <<SQL\nSELECT 'DROP TABLE t' \\gexec\nSQL",
            "psql service=shop -c 'DROP TABLE t'",
            "mysql -h db.prod.example shop -e 'source b.sql'",
            "redis-cli -h cache.prod.example --eval clear.lua",
            "redis-cli -h cache.prod.example DEL a b",
            "redis-cli -u redis://cache.prod.example:6379/0 flushdb async",
            "redis-cli -h cache.prod.example EXPIRE tokens 0",
            "redis-cli -h cache.prod.example FROBNICATE",
            "redis-cli -h cache.prod.example <<EOF\nSELECT 2\nFLUSHDB\nEOF",
            "mongosh mongodb://db.prod.example/shop --eval 'db[\"drop\" + \"Database\"]()'",
            "mongosh mongodb://db.prod.example/shop --eval 'db[\"users\"].drop()'",
            "mongosh mongodb://db.prod.example/shop --eval 'db[\"users\"][\"drop\"]()'",
            "mongosh mongodb://db.prod.example/shop --eval 'const d = db.users.drop; d()'",
            "mongosh mongodb://db.prod.example/shop --eval 'db.runCommand({dropDatabase: 1})'",
            "mongosh mongodb://db.prod.example/shop missing.js",
            "mongorestore --uri mongodb://db.prod.example --drop /tmp/dump",
            "pg_restore -c -d postgresql://postgres@db.prod.example/shop backup.dump",
            "wal-g delete everything --confirm",
            "pgbackrest --stanza=main expire",
        ],
    );
    check_in(
        "pass",
        &around,
        &[
            "psql -h db.prod.example -f read.sql",
            "psql service=local -c 'DROP TABLE t'",
            "mysql --defaults-file=ops/my.cnf shop -e 'DROP TABLE t'",
            "redis-cli -h cache.prod.example GET a",
            "redis-cli -h cache.prod.example SET a b",
            "redis-cli -h cache.prod.example --scan --pattern a",
            "mongosh mongodb://db.prod.example/shop stats.js",
            "mongosh mongodb://db.prod.example/shop --eval 'db[\"users\"].find().limit(3).toArray()'",
            "mongosh mongodb://db.prod.example/shop --eval 'db.runCommand({ping: 1})'",
            "mongodump --uri mongodb://db.prod.example/shop --out /tmp/dump",
            "pg_restore --list /tmp/shop.dump",
            "pg_dump --clean -h db.prod.example shop",
            "createdb -h db.prod.example copy",
        ],
    );
}

#[test]
fn migrations() {
    let remote = with([("/repo/.env", "DATABASE_URL=postgresql://app@db.prod.example/shop\n")]);
    let local = with([
        ("/repo/.env", "DATABASE_URL=\"postgresql://app@localhost:5432/shop\"\n"),
        ("/repo/alembic.ini", "sqlalchemy.url = postgresql://postgres@localhost/shop\n"),
    ]);
    let resets = [
        "npx prisma migrate reset --force",
        "npx prisma db push --accept-data-loss",
        "npx prisma db push <<< y",
        "npx drizzle-kit push --force",
        "rails db:drop db:create",
        "python manage.py flush --no-input",
        "python manage.py migrate billing zero",
        "alembic downgrade base",
        "npx sequelize db:migrate:undo:all --env production",
        "npx knex migrate:rollback --all",
        "npx typeorm schema:drop",
        "php artisan migrate:fresh --force --seed",
        "dbmate drop",
        "sqlx database drop -y",
        "diesel database reset",
    ];
    check("stop", &resets);
    check_in("stop", &remote, &resets);
    check_in("pass", &local, resets.get(..4).expect("some"));
    check_in("pass", &local, &["alembic downgrade base", "npx knex migrate:rollback", "dbmate drop"]);
    check(
        "stop",
        &[
            "flyway clean",
            "mix ecto.drop",
            "goose postgres postgres://db.prod.example/x reset",
            "rails runner 'User.delete_all'",
        ],
    );
    check(
        "pass",
        &[
            "DATABASE_URL=postgresql://localhost/app npx prisma migrate reset --force",
            "flyway -url=jdbc:postgresql://localhost:5432/shop clean migrate",
            "npx sequelize db:drop --url postgres://postgres@127.0.0.1/shop_test",
            "goose postgres postgres://localhost/x reset",
            "npx prisma migrate status",
            "npx prisma generate",
            "npx drizzle-kit generate",
            "rails routes",
            "rails db:migrate:status",
            "rails runner 'puts User.count'",
            "python manage.py sqlflush",
            "python manage.py migrate billing zero --plan",
            "alembic downgrade head:base --sql",
            "alembic revision --autogenerate -m 'drop table carts'",
            "php artisan migrate:status",
            "mix test",
            "mix help ecto.drop",
        ],
    );
}
