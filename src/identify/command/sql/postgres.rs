//! PostgreSQL's clients.

use super::options::{Given, Taken, given};
use super::run::{Run, contents};
use super::target::{Target, variable};
use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::identify::statement::{Client, SqlDialect};
use crate::model::{Hazard, Impact, Scope};

const PSQL: Taken = Taken {
    values: "h=host p=port U=username d=dbname c=command f=file v=set set variable P=pset pset F=field-separator field-separator \
             R=record-separator record-separator T=table-attr table-attr o=output output L=log-file log-file host port username dbname command file",
    attached: "list help",
    single_dash: false,
    stops: false,
};
const TOOL: Taken = Taken {
    values: "h=host p=port U=username d=dbname f=file maintenance-db host port username dbname file F=format format j=jobs jobs n=schema schema \
             N=exclude-schema exclude-schema t=table table T=trigger exclude-table exclude-table-data D=template template E=encoding encoding \
             O=owner owner l=use-list S=superuser superuser role L=list-file section Z=compress compress connection-limit g=member member \
             I=index index lock-wait-timeout snapshot locale lc-collate lc-ctype tablespace strategy",
    attached: "list schema-only data-only help",
    single_dash: false,
    stops: false,
};

/// What names the server: options, the connection string, the environment.
fn target(given: &Given, database: Option<&Word>, at: &Invocation, scene: &Scene<'_>) -> Target {
    let mut target = Target::default();
    if let Some(name) = variable(at, scene, "PGSERVICE") {
        target = name.text().map_or(Target { is_unknown: true, ..Target::default() }, |name| service(&name, at, scene));
    }
    if let Some(host) = variable(at, scene, "PGHOST") {
        target.set_host(&host);
    }
    if let Some(name) = variable(at, scene, "PGDATABASE") {
        target.database = Some(name.to_string());
    }
    if let Some(host) = given.value("host") {
        target.set_host(host);
    }
    if let Some(database) = database {
        target.set_database(database, at, scene);
    }
    // The address is where it connects to, whatever host is named, unless the connection string has its own.
    let has_address = database.is_some_and(|word| word.to_string().contains("hostaddr"));
    if let Some(address) = variable(at, scene, "PGHOSTADDR").filter(|_| !has_address) {
        target.set_host(&address);
    }
    target
}

/// A service of `~/.pg_service.conf`.
pub(super) fn service(name: &str, at: &Invocation, scene: &Scene<'_>) -> Target {
    let unknown = Target { is_unknown: true, ..Target::default() };
    let file = variable(at, scene, "PGSERVICEFILE").and_then(|file| file.text().map(std::borrow::Cow::into_owned));
    let Some(text) = contents(at, scene, file.as_deref().unwrap_or("~/.pg_service.conf")) else { return unknown };
    let mut inside = false;
    let mut target = unknown;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            inside = section.trim_end_matches(']') == name;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| inside) {
            match key.trim() {
                "host" | "hostaddr" => (target.host, target.is_unknown) = (Some(value.trim().to_owned()), false),
                "dbname" => target.database = Some(value.trim().to_owned()),
                _ => {}
            }
        }
    }
    target
}

/// `psql` and what is used like it.
pub(super) fn psql(one: &Invocation, scene: &mut Scene<'_>) {
    let given = given(one, &PSQL);
    if given.has(&["help", "version", "?", "V"]) {
        return local(one, scene, "help");
    }
    let database = given.value("dbname").or_else(|| given.operands.first());
    let target = target(&given, database, one, scene);
    let mut run = Run::new(one, scene, SqlDialect::Postgres, Client::Psql);
    run.target = target;
    for pair in given.values("set").chain(given.values("variable")) {
        let shown = pair.to_string();
        let (name, value) = shown.split_once('=').unwrap_or((&shown, ""));
        run.variables.insert(name.to_owned(), value.to_owned());
    }
    for output in given.values("output").chain(given.values("log-file")) {
        if let Some(shell) = output.to_string().trim().strip_prefix('|') {
            run.shell(shell);
        }
    }
    if given.has(&["l", "list"]) {
        return run.says("show", Impact::Read, Scope::Resource);
    }
    let mut some = false;
    for (name, value) in &given.options {
        match name.as_str() {
            "command" => run.word(value),
            "file" => run.file(value),
            _ => continue,
        }
        some = true;
    }
    if !some {
        run.input();
    }
}

/// psql's own commands.
pub(super) fn own(run: &mut Run<'_, '_>, command: &str) {
    let (name, rest) = command.split_once(|c: char| c.is_whitespace()).unwrap_or((command, ""));
    let name = name.trim_start_matches('\\').trim_end_matches('+');
    let rest = rest.trim();
    if let Some(shell) = command.strip_prefix("\\!") {
        return run.shell(shell.trim());
    }
    for (at, inside) in rest.split('`').enumerate() {
        if at % 2 == 1 {
            run.shell(inside);
        }
    }
    match name {
        "c" | "connect" => connect(run, rest),
        "i" | "include" | "ir" | "include_relative" => {
            let path = unquoted(rest);
            run.file(&Word::known(path));
        }
        "gexec" => run.says("unidentified", Impact::Unknown, Scope::Resource),
        "copy" => copy(run, rest),
        "o" | "out" | "g" | "gx" | "w" | "write" => match rest.strip_prefix('|') {
            Some(shell) => run.shell(shell),
            None => run.says("show", Impact::Read, Scope::Resource),
        },
        "password" => run.says("set_password", Impact::Permission, Scope::Resource),
        "lo_unlink" => {
            let effect = Effect::new("sql:postgres:delete_large_object", Impact::Destroy, Scope::Item);
            run.add(effect.hazard(Hazard::DataLoss));
        }
        "lo_import" => run.says("create_large_object", Impact::Create, Scope::Item),
        _ => run.says("show", Impact::Read, Scope::Resource),
    }
}

/// `\c database user host port`, `\c "host=…"`; `-` keeps what there is.
fn connect(run: &mut Run<'_, '_>, rest: &str) {
    let text = unquoted(rest);
    if rest.starts_with(['"', '\'']) || text.contains("://") || text.contains('=') {
        run.target.host = None;
        let word = Word::known(text);
        let mut target = std::mem::take(&mut run.target);
        target.set_database(&word, run.at, run.scene);
        run.target = target;
    } else {
        let mut words = text.split_whitespace();
        if let Some(database) = words.next().filter(|name| *name != "-") {
            run.target.database = Some(database.to_owned());
        }
        if let Some(host) = words.nth(1).filter(|host| *host != "-") {
            run.target.set_host(&Word::known(host));
        }
        if text.contains(':') {
            // A variable of psql's may name another server.
            run.target = Target { is_unknown: true, ..Target::default() };
        }
    }
    run.says("connect", Impact::Read, Scope::Resource);
}

fn copy(run: &mut Run<'_, '_>, rest: &str) {
    let rest = &rest.replace(char::is_whitespace, " ");
    let lower = rest.to_ascii_lowercase();
    if let Some((_, program)) = lower.find(" program ").and_then(|at| rest.split_at_checked(at + 9)) {
        let shell = program.trim().trim_start_matches('\'');
        let shell = shell.rsplit_once('\'').map_or(shell, |(inside, _)| inside).replace("''", "'");
        run.shell(&shell);
    }
    let query = rest.starts_with('(');
    if query && let Some(end) = rest.rfind(')') {
        let inside = rest.get(1..end).unwrap_or_default().to_owned();
        run.text(&inside);
    }
    if !query && lower.contains(" from ") {
        run.says("copy", Impact::Create, Scope::Resource);
    } else if !query {
        run.says("copy", Impact::Read, Scope::Resource);
    }
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    for mark in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(mark) {
            return inside.split(mark).next().unwrap_or(inside).to_owned();
        }
    }
    text.to_owned()
}

/// Only prints, or does something to this machine alone.
pub(super) fn local(one: &Invocation, scene: &mut Scene<'_>, what: &str) {
    let program = one.program().unwrap_or_default();
    let effect = Effect::new(&format!("shell:exec:{program}"), Impact::Read, Scope::Local);
    scene.effect(one, effect.with("what", what));
}

/// The tools beside psql: `dropdb`, `createdb`, `pg_dump`, `pg_restore` and others.
pub(super) fn tool(one: &Invocation, scene: &mut Scene<'_>) {
    let given = given(one, &TOOL);
    let program = one.program().unwrap_or_default();
    if given.has(&["help", "version", "?", "V"]) {
        return local(one, scene, "help");
    }
    let names_database = matches!(
        program.as_str(),
        "pg_dump" | "pg_dumpall" | "pgbench" | "vacuumdb" | "reindexdb" | "clusterdb" | "pg_isready"
    );
    let connection = given.value("dbname").or_else(|| given.value("maintenance-db"));
    let connection = connection.or_else(|| given.operands.first().filter(|_| names_database));
    let mut target = target(&given, connection, one, scene);
    let operand = given.operands.first();
    if matches!(program.as_str(), "dropdb" | "createdb")
        && let Some(name) = operand
    {
        target.database = Some(name.to_string());
    }
    let shown = operand.map(ToString::to_string).unwrap_or_default();
    let mut run = Run::new(one, scene, SqlDialect::Postgres, Client::Psql);
    run.target = target;
    let effect = |name: &str, impact, scope| {
        let effect = Effect::new(&format!("sql:postgres:{name}"), impact, scope);
        if shown.is_empty() { effect } else { effect.on(shown.clone()) }
    };
    match program.as_str() {
        "dropdb" => run.add(effect("drop_database", Impact::Destroy, Scope::Environment).hazard(Hazard::DataLoss)),
        "createdb" => run.add(effect("create_database", Impact::Create, Scope::Resource)),
        "dropuser" => run.add(effect("drop_role", Impact::Permission, Scope::Resource)),
        "createuser" => run.add(effect("create_role", Impact::Permission, Scope::Resource).hazard(Hazard::Privilege)),
        "pg_restore" => restore(&mut run, &given),
        "vacuumdb" if given.has(&["full", "f"]) => run.add(effect("vacuum_full", Impact::Disrupt, Scope::Resource)),
        "vacuumdb" => run.add(effect("vacuum", Impact::Update, Scope::Resource)),
        "reindexdb" | "clusterdb" => run.add(effect("reindex", Impact::Disrupt, Scope::Resource)),
        "pgbench" if given.has(&["initialize", "i"]) => {
            run.add(effect("drop_table", Impact::Destroy, Scope::Resource).hazard(Hazard::DataLoss));
        }
        "pgbench" => run.add(effect("script", Impact::Execute, Scope::Resource)),
        _ => run.add(effect("dump", Impact::Read, Scope::Resource)),
    }
}

/// Without a database it prints; with one it writes, and `--clean` drops what is there first.
fn restore(run: &mut Run<'_, '_>, given: &Given) {
    // `-l` lists and takes no value here.
    let lists = given.has(&["list", "l", "use-list"]);
    if lists || given.value("dbname").is_none() {
        return run.says("dump", Impact::Read, Scope::Resource);
    }
    let cleans = given.has(&["clean", "c"]);
    if cleans {
        let scope = Scope::Environment;
        let effect = Effect::new("sql:postgres:restore", Impact::Destroy, scope);
        return run.add(effect.hazard(Hazard::DataLoss).hazard(Hazard::Replace).with("clean", "true"));
    }
    run.says("restore", Impact::Update, Scope::Resource);
}

/// `pg_ctl` and `initdb`, which are about this machine's own server.
pub(super) fn server(one: &Invocation, scene: &mut Scene<'_>) {
    let program = one.program().unwrap_or_default();
    let has = |wanted: &str| one.arguments().iter().any(|word| word.is(wanted));
    if has("--help") || has("--version") || has("-?") {
        return local(one, scene, "help");
    }
    let impact = match program.as_str() {
        "pg_ctl" if has("stop") || has("restart") || has("kill") || has("promote") => Impact::Disrupt,
        "pg_ctl" if has("status") => Impact::Read,
        "pg_resetwal" | "pg_resetxlog" => Impact::Destroy,
        "pg_ctlcluster" if has("stop") || has("restart") => Impact::Disrupt,
        "pg_dropcluster" => Impact::Destroy,
        _ => Impact::Create,
    };
    let effect = Effect::new(&format!("sql:postgres:{program}"), impact, Scope::Local);
    let loses = impact == Impact::Destroy;
    let effect = if loses { effect.hazard(Hazard::DataLoss) } else { effect };
    let effect = if loses {
        Effect { blast: crate::model::BlastRadius { scope: Scope::Resource, ..effect.blast }, ..effect }
    } else {
        effect
    };
    scene.effect(one, effect);
}

/// `wal-g` and `pgbackrest`: what they keep is the way back.
pub(super) fn backups(one: &Invocation, scene: &mut Scene<'_>) {
    let words: Vec<String> = one.arguments().iter().map(ToString::to_string).collect();
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    let loses = ["delete", "expire", "stanza-delete", "st", "repo-rm", "prune", "purge"].iter().any(|word| has(word));
    let is_dry = has("--dry-run")
        || (has("delete") && one.program().is_some_and(|program| program.starts_with("wal-g")) && !has("--confirm"));
    let restores = has("restore") || has("backup-fetch");
    let (name, impact) = match () {
        () if has("--help") || has("help") || has("-h") => return local(one, scene, "help"),
        () if loses && !is_dry => ("delete_backup", Impact::Destroy),
        () if restores => ("restore", Impact::Destroy),
        () if has("backup") || has("backup-push") => ("backup", Impact::Create),
        () => ("list_backups", Impact::Read),
    };
    let mut effect = Effect::new(&format!("sql:postgres:{name}"), impact, Scope::Resource);
    if name == "delete_backup" {
        effect = effect.hazard(Hazard::BackupLoss);
    }
    let place = Target { is_unknown: true, ..Target::default() }.place(one);
    scene.effect(one, effect.at(place));
}
