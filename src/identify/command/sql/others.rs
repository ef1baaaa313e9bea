//! Clients of which only the options differ: where the statements stand, and which server they go to.

use super::options::{Taken, given};
use super::postgres::local;
use super::run::Run;
use super::target::{Target, variable};
use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::identify::statement::{Client, SqlDialect};
use crate::model::{Hazard, Impact, Place, Scope};

const CLIENT: Taken = Taken {
    values: "h=host host u=user user username port database d=database dbname e=execute execute q=query query f=file file queries-file \
             S=host server i=file input-file Q=query U=user P=password password account a=account accountname w=warehouse warehouse r=role role rolename \
             s=schema schemaname n=database o=output k=keyspace keyspace connection c=connection config config-file org t=token token bucket \
             id b=bucket start stop predicate p=predicate output format multiline-query l=timeout connect-timeout request-timeout cqlversion \
             D=variable variable authenticator private-key-path",
    attached: "",
    single_dash: false,
    stops: false,
};

fn run_with(one: &Invocation, scene: &mut Scene<'_>, dialect: SqlDialect, client: Client, target: Target) {
    let given = given(one, &CLIENT);
    let mut run = Run::new(one, scene, dialect, client);
    run.target = target;
    let mut some = false;
    for (name, value) in &given.options {
        match name.as_str() {
            "execute" | "query" => run.word(value),
            "file" | "queries-file" => run.file(value),
            _ => continue,
        }
        some = true;
    }
    if !some {
        run.input();
    }
}

fn asks_help(one: &Invocation) -> bool {
    one.arguments().iter().any(|word| ["--help", "--version", "-?", "help"].iter().any(|help| word.is(help)))
}

/// `cqlsh [options] [host [port]]`.
pub(super) fn cqlsh(one: &Invocation, scene: &mut Scene<'_>) {
    if asks_help(one) {
        return local(one, scene, "help");
    }
    let given = given(one, &CLIENT);
    let mut target = Target::default();
    if let Some(host) = variable(one, scene, "CQLSH_HOST") {
        target.set_host(&host);
    }
    if let Some(host) = given.operands.first() {
        target.set_host(host);
    }
    target.database = given.value("keyspace").map(ToString::to_string);
    run_with(one, scene, SqlDialect::Generic, Client::None, target);
}

/// `clickhouse-client`, `clickhouse client`, `clickhouse-local`.
pub(super) fn clickhouse(one: &Invocation, scene: &mut Scene<'_>) {
    if asks_help(one) {
        return local(one, scene, "help");
    }
    let given = given(one, &CLIENT);
    let is_local = one.program().is_some_and(|program| program.ends_with("local"))
        || one.arguments().first().is_some_and(|word| word.is("local"));
    let mut target = if is_local { Target::host("localhost") } else { Target::default() };
    if let Some(uri) = given.operands.iter().find(|word| word.to_string().contains("://")) {
        target.set_database(uri, one, scene);
    }
    if let Some(host) = given.value("host") {
        target.set_host(host);
    }
    if let Some(database) = given.value("database") {
        target.database = Some(database.to_string());
    }
    run_with(one, scene, SqlDialect::ClickHouse, Client::None, target);
}

/// `sqlcmd`.
pub(super) fn sqlcmd(one: &Invocation, scene: &mut Scene<'_>) {
    if asks_help(one) {
        return local(one, scene, "help");
    }
    let given = given(one, &CLIENT);
    let mut target = Target::default();
    if let Some(host) = given.value("host").or(given.value("server")) {
        match host.text() {
            // `tcp:host,port`, `host\instance`, `.`.
            Some(text) => {
                let bare = text.strip_prefix("tcp:").unwrap_or(&text);
                let bare = bare.split([',', '\\']).next().unwrap_or(bare);
                target.host =
                    Some(if matches!(bare, "." | "(local)" | "(localdb)") { "localhost" } else { bare }.to_owned());
            }
            None => target.is_unknown = true,
        }
    }
    target.database = given.value("database").map(ToString::to_string);
    run_with(one, scene, SqlDialect::Mssql, Client::Sqlcmd, target);
}

/// sqlcmd's own commands.
pub(super) fn own(run: &mut Run<'_, '_>, command: &str) {
    if let Some(shell) = command.strip_prefix(":!!").or_else(|| command.strip_prefix("!!")) {
        return run.shell(shell.trim());
    }
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    match name.to_ascii_lowercase().as_str() {
        ":r" => run.file(&Word::known(rest.trim().trim_matches('"'))),
        ":connect" => run.target.set_host(&Word::known(rest.split_whitespace().next().unwrap_or_default())),
        _ => {}
    }
}

/// `snowsql` and `snow sql`.
pub(super) fn snowsql(one: &Invocation, scene: &mut Scene<'_>) {
    if asks_help(one) {
        return local(one, scene, "help");
    }
    let given = given(one, &CLIENT);
    let account = given.value("account").or(given.value("accountname")).map(ToString::to_string);
    let target = Target {
        is_unknown: account.is_none(),
        host: account.map(|account| format!("{account}.snowflakecomputing.com")),
        database: given.value("database").map(ToString::to_string),
    };
    run_with(one, scene, SqlDialect::Snowflake, Client::None, target);
}

/// InfluxDB's client.
pub(super) fn influx(one: &Invocation, scene: &mut Scene<'_>) {
    let given = given(one, &CLIENT);
    let verbs: Vec<String> = given.operands.iter().take(2).map(ToString::to_string).collect();
    let has = |word: &str| verbs.iter().any(|verb| verb == word);
    let target = match given.value("host") {
        Some(host) => {
            let mut target = Target::default();
            target.set_database(host, one, scene);
            if target.host.is_none() {
                target.set_host(host);
            }
            target
        }
        None => Target::default(),
    };
    let place = target.place(one);
    if let Some(text) = given.value("execute") {
        let mut run = Run::new(one, scene, SqlDialect::Generic, Client::None);
        run.target = target;
        return run.word(text);
    }
    let (impact, scope) = match () {
        () if asks_help(one) => return local(one, scene, "help"),
        () if has("auth") || has("user") || has("org") && has("members") => (Impact::Permission, Scope::Resource),
        () if has("delete") && has("bucket") => (Impact::Destroy, Scope::Resource),
        () if has("delete") => (Impact::Destroy, Scope::Resource),
        () if has("restore") => (Impact::Destroy, Scope::Environment),
        () if has("write") || has("create") || has("apply") => (Impact::Create, Scope::Resource),
        () if has("update") => (Impact::Update, Scope::Resource),
        () => (Impact::Read, Scope::Resource),
    };
    let reads = impact == Impact::Permission && verbs.iter().any(|verb| verb == "list" || verb == "ls");
    let impact = if reads { Impact::Read } else { impact };
    let effect = Effect::new(&format!("influxdb:cli:{}", verbs.join("_")), impact, scope);
    add(one, scene, &place, if impact == Impact::Destroy { effect.hazard(Hazard::DataLoss) } else { effect });
}

fn add(one: &Invocation, scene: &mut Scene<'_>, place: &Place, effect: Effect) {
    scene.effect(one, effect.at(place.clone()));
}
