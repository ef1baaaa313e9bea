//! Commands of the AWS command line that are no single operation: the catalog's table of them, and what that does not tell
//! about this machine.

use serde_json::Value;

use super::options::{self, Given};
use super::{Call, place, reads, storage, told};
use crate::catalog::aws as catalog;
use crate::catalog::aws::faces;
use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::identify::protocol::aws::declared;
use crate::model::{Count, Hazard, Impact, Scope};

/// Reads a command that the command line adds; `false` when it is a plain operation's.
pub(super) fn read(call: &Call, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let (service, command) = (call.service.as_str(), call.command.as_str());
    if service == "s3" {
        storage::aws(call, one, scene);
        return true;
    }
    let given = options::sort(&call.arguments);
    match (service, command) {
        ("configure", _) => configure(command, &given, one, scene),
        ("rds", "generate-db-auth-token")
        | ("dsql", "generate-db-connect-auth-token" | "generate-db-connect-admin-auth-token")
        | ("eks", "get-token")
        | ("codecommit", "credential-helper") => shows_secret(one, scene),
        ("sso" | "login" | "logout", "login" | "logout")
            if faces::cli_service(service).is_none() || service == "sso" =>
        {
            local(Impact::Update, "shell:exec:aws", one, scene);
        }
        ("deploy", "install" | "uninstall") => local(Impact::Execute, "shell:exec:aws", one, scene),
        ("emr", "ssh" | "put" | "socks") | ("opsworks", "register") | ("ecs", "deploy") => {
            let target = call.target(one, scene);
            let on = given.value("cluster-id").map_or_else(String::new, ToString::to_string);
            let id = format!("aws:{service}:{command}");
            let impact = if command == "put" { Impact::Update } else { Impact::Execute };
            table(call, given, one, scene);
            scene.effect(one, Effect::new(&id, impact, Scope::Resource).on(on).at(place(&target)));
        }
        ("eks", "update-kubeconfig") if given.has("dry-run") => reads(one, scene),
        ("eks", "update-kubeconfig") => {
            table(call, given, one, scene);
            local(Impact::Update, "shell:fs:write", one, scene);
        }
        _ => return table(call, given, one, scene),
    }
    true
}

/// An effect on this machine.
fn local(impact: Impact, operation: &str, one: &Invocation, scene: &mut Scene<'_>) {
    scene.effect(one, Effect::new(operation, impact, Scope::Local));
}

fn shows_secret(one: &Invocation, scene: &mut Scene<'_>) {
    scene.effect(one, Effect::new("shell:exec:aws", Impact::Read, Scope::Local).hazard(Hazard::SecretRead));
}

/// `aws configure …`: the settings in `~/.aws`.
fn configure(command: &str, given: &Given, one: &Invocation, scene: &mut Scene<'_>) {
    let name =
        given.operands.first().and_then(|word| word.text().map(std::borrow::Cow::into_owned)).unwrap_or_default();
    match command {
        "export-credentials" => shows_secret(one, scene),
        "get" if name.contains("secret") || name.contains("token") || name.is_empty() => shows_secret(one, scene),
        "get" | "list" | "list-profiles" => reads(one, scene),
        _ => {
            let home = scene.around().home().unwrap_or("~").to_owned();
            let effect = Effect::new("shell:fs:write", Impact::Update, Scope::Local).on(format!("{home}/.aws/config"));
            scene.effect(one, effect);
        }
    }
}

/// The operations of every row that holds.
fn table(call: &Call, given: Given, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let rows = faces::commands(&call.service, &call.command);
    if rows.is_empty() {
        return false;
    }
    let target = call.target(one, scene);
    let holds = |part: &str| match part.strip_prefix('!') {
        Some(flag) => flag.strip_prefix("--").is_some_and(|flag| !given.has(flag)) || given.open,
        None => part.is_empty() || part.strip_prefix("--").is_some_and(|flag| given.has(flag)) || given.open,
    };
    let mut is_any = false;
    for row in rows.iter().filter(|row| row.when.get().split(" & ").all(holds)) {
        for (service, name) in row.operations() {
            let Some(service) = catalog::service(service) else { continue };
            is_any = true;
            let Some(operation) = service.operation(name) else {
                match declared::unnamed(service, &target) {
                    Ok(reading) => scene.push(super::alone(reading)),
                    Err(unreadable) => scene.refuse(one, unreadable),
                }
                continue;
            };
            let mut read = options::read(service.name.get(), operation, options::sort(&call.arguments), (one, scene));
            fill(&mut read, &given, row.names.get());
            if row.is_unbounded() {
                many((service, operation), &read, &target, (one, scene));
            } else {
                told((service, operation), &read, &target, (one, scene));
            }
        }
    }
    if !is_any {
        reads(one, scene);
    }
    true
}

/// What a command names by other words than its operation's members.
fn fill(read: &mut Given, given: &Given, names: &str) {
    let first = given.operands.first().and_then(|word| word.text().map(std::borrow::Cow::into_owned));
    let member = match names {
        "group" => "logGroupName",
        "table" => "TableName",
        _ => return,
    };
    if let Some(first) = first {
        read.parameters.document.entry(member).or_insert(Value::from(first));
    }
}

/// As many as there are.
pub(super) fn many(
    twin: crate::identify::protocol::aws::Twin,
    given: &Given,
    target: &declared::Target,
    (one, scene): (&Invocation, &mut Scene<'_>),
) {
    match declared::readings(twin, &given.parameters, target) {
        Ok(readings) => readings.into_iter().for_each(|mut reading| {
            // Several small ones are no more than one where nothing is lost: see the classifier's `bulk`.
            let is_lost = ["Delete", "Terminate"].iter().any(|verb| twin.1.name.get().starts_with(verb));
            reading.count = if is_lost { Count::Unbounded } else { Count::AtLeast(1) };
            scene.push(super::alone(reading));
        }),
        Err(unreadable) => scene.refuse(one, unreadable),
    }
}

/// The word as text, or as it looks.
pub(super) fn shown(word: &Word) -> String {
    word.text().map_or_else(|| word.to_string(), std::borrow::Cow::into_owned)
}
