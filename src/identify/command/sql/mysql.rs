//! MySQL's and MariaDB's clients.

use super::options::{Given, Taken, given};
use super::postgres::local;
use super::run::{Run, contents};
use super::target::{Target, variable};
use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::identify::statement::{Client, SqlDialect};
use crate::model::{Hazard, Impact, Scope};

const MYSQL: Taken = Taken {
    values: "h=host P=port u=user D=database e=execute S=socket host port user database execute socket defaults-file defaults-extra-file \
             defaults-group-suffix init-command protocol delimiter default-character-set ssl-ca ssl-cert ssl-key ssl-mode plugin-dir \
             max-allowed-packet connect-timeout pager tee prompt login-path r=result-file result-file where ignore-table tables \
             i=sleep sleep c=count",
    attached: "p=password password V=verbose",
    single_dash: false,
    stops: false,
};

fn target(given: &Given, at: &Invocation, scene: &Scene<'_>) -> Target {
    let mut target = Target::default();
    let file = given.value("defaults-file").or_else(|| given.value("defaults-extra-file"));
    let path = file.map_or_else(|| "~/.my.cnf".to_owned(), ToString::to_string);
    match contents(at, scene, &path) {
        Some(text) => configured(&text, &mut target),
        None if file.is_some() => target.is_unknown = true,
        None => {}
    }
    if given.has(&["login-path"]) {
        target = Target { is_unknown: true, ..Target::default() };
    }
    if let Some(host) = variable(at, scene, "MYSQL_HOST") {
        target.set_host(&host);
    }
    if let Some(socket) = given.value("socket") {
        target.set_host(socket);
    }
    if let Some(host) = given.value("host") {
        target.set_host(host);
    }
    target
}

/// The host in an options' file.
fn configured(text: &str, target: &mut Target) {
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            inside = matches!(
                section.trim_end_matches(']'),
                "client" | "mysql" | "mysqldump" | "mysqladmin" | "mariadb-client" | "mariadb"
            );
        } else if let Some((key, value)) = line.split_once('=').filter(|_| inside) {
            match key.trim() {
                "host" | "socket" => target.set_host(&Word::known(value.trim().trim_matches(['"', '\'']))),
                "database" => target.database = Some(value.trim().to_owned()),
                _ => {}
            }
        }
    }
}

/// `mysql` and what is used like it.
pub(super) fn mysql(one: &Invocation, scene: &mut Scene<'_>) {
    let given = given(one, &MYSQL);
    if given.has(&["help", "version", "?", "verbose-version"]) || one.arguments().iter().any(|word| word.is("-V")) {
        return local(one, scene, "help");
    }
    let mut target = target(&given, one, scene);
    if let Some(database) = given.value("database").or_else(|| given.operands.first()) {
        target.set_database(database, one, scene);
    }
    let mut run = Run::new(one, scene, SqlDialect::Mysql, Client::Mysql);
    run.target = target;
    for text in given.values("init-command") {
        run.word(text);
    }
    if given.has(&["execute"]) {
        for text in given.values("execute") {
            run.word(text);
        }
    } else {
        run.input();
    }
}

/// Commands of the client's own.
pub(super) fn own(run: &mut Run<'_, '_>, command: &str) {
    let (name, rest) = match command.strip_prefix('\\') {
        Some(short) => (short.get(..1).unwrap_or_default(), short.get(1..).unwrap_or_default()),
        None => command.split_once(char::is_whitespace).unwrap_or((command, "")),
    };
    let rest = rest.trim().trim_end_matches(';').trim();
    match name.to_ascii_lowercase().as_str() {
        "source" | "." => run.file(&Word::known(rest)),
        "system" | "!" | "pager" | "p" if !rest.is_empty() => run.shell(rest),
        "connect" | "r" => {
            let mut words = rest.split_whitespace();
            if let Some(database) = words.next() {
                run.target.database = Some(database.to_owned());
            }
            if let Some(host) = words.next() {
                run.target.set_host(&Word::known(host));
            }
        }
        _ => run.says("show", Impact::Read, Scope::Resource),
    }
}

/// `mysqladmin`.
pub(super) fn admin(one: &Invocation, scene: &mut Scene<'_>) {
    let given = given(one, &MYSQL);
    if given.has(&["help", "version", "?"]) {
        return local(one, scene, "help");
    }
    let target = target(&given, one, scene);
    let mut run = Run::new(one, scene, SqlDialect::Mysql, Client::Mysql);
    run.target = target;
    let mut words = given.operands.iter();
    let mut some = false;
    while let Some(word) = words.next() {
        let name = word.to_string();
        let says = |name: &str, impact, scope| Effect::new(&format!("sql:mysql:{name}"), impact, scope);
        let effect = match name.as_str() {
            "drop" => {
                let database = words.next().map(ToString::to_string).unwrap_or_default();
                says("drop_database", Impact::Destroy, Scope::Environment).hazard(Hazard::DataLoss).on(database)
            }
            "create" => says("create_database", Impact::Create, Scope::Resource)
                .on(words.next().map(ToString::to_string).unwrap_or_default()),
            "shutdown" => says("shutdown", Impact::Disrupt, Scope::Environment),
            "kill" => says("kill", Impact::Disrupt, Scope::Resource)
                .on(words.next().map(ToString::to_string).unwrap_or_default()),
            "password" => {
                words.next();
                says("set_password", Impact::Permission, Scope::Resource)
            }
            "stop-slave" | "stop-replica" | "start-slave" | "start-replica" => {
                says("replication", Impact::Disrupt, Scope::Resource)
            }
            "flush-privileges" | "reload" | "refresh" | "flush-logs" | "flush-hosts" | "flush-tables"
            | "flush-status" | "flush-threads" => says("flush", Impact::Update, Scope::Resource),
            "ping" | "status" | "extended-status" | "processlist" | "variables" | "version" | "debug" => {
                says("show", Impact::Read, Scope::Resource)
            }
            _ if word.text().is_none() => says("unidentified", Impact::Unknown, Scope::Resource),
            _ => says("unidentified", Impact::Unknown, Scope::Resource).on(name),
        };
        some = true;
        run.add(effect);
    }
    if !some {
        run.says("show", Impact::Read, Scope::Resource);
    }
}

/// `mysqldump` reads, `mysqlimport` writes.
pub(super) fn dump(one: &Invocation, scene: &mut Scene<'_>) {
    let given = given(one, &MYSQL);
    if given.has(&["help", "version", "?"]) {
        return local(one, scene, "help");
    }
    let target = target(&given, one, scene);
    let imports = one.program().is_some_and(|program| program.ends_with("import"));
    let mut run = Run::new(one, scene, SqlDialect::Mysql, Client::Mysql);
    run.target = target;
    if imports && given.has(&["delete", "d"]) {
        let effect = Effect::new("sql:mysql:load_data", Impact::Destroy, Scope::Resource);
        return run.add(effect.hazard(Hazard::DataLoss));
    }
    if given.has(&["delete-master-logs", "delete-source-logs"]) {
        let effect = Effect::new("sql:mysql:purge_logs", Impact::Destroy, Scope::Resource);
        run.add(effect.hazard(Hazard::BackupLoss));
    }
    let (name, impact) = if imports { ("load_data", Impact::Create) } else { ("dump", Impact::Read) };
    run.says(name, impact, Scope::Resource);
}
