//! The AWS command line: its own syntax, read into the calls that it would send.
//!
//! An operation's command becomes the reading that its request would have (`protocol::aws::declared`). What the command
//! line adds of its own (`s3 rm`, `cloudformation deploy`) is described by the catalog's table of commands, and in code
//! where that does not say enough.

mod alias;
mod custom;
mod globals;
mod options;
mod rclone;
mod shorthand;
mod storage;
mod target;
mod tools;

use super::face::Reader;
use super::{Effect, Invocation, Scene, Word, alone};
use crate::catalog::aws::faces;
use crate::identify::protocol::aws::declared::{self, Target};
use crate::model::{Impact, Place, Scope};

use globals::Globals;
use options::Given;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[
    ("amplify", tools::read),
    ("aws", aws),
    ("aws-nuke", tools::read),
    ("awslocal", local),
    ("cdk", tools::read),
    ("cdklocal", tools::read),
    ("chalice", tools::read),
    ("cloud-nuke", tools::read),
    ("copilot", tools::read),
    ("eb", tools::read),
    ("eksctl", tools::read),
    ("rclone", rclone::read),
    ("s3cmd", storage::s3cmd),
    ("s5cmd", storage::s5cmd),
    ("sam", tools::read),
    ("samlocal", tools::read),
    ("serverless", tools::read),
    ("sls", tools::read),
    ("sst", tools::read),
    ("tflocal", tools::terraform),
    ("zappa", tools::read),
];

/// Where `LocalStack` answers.
const LOCALSTACK: &str = "http://localhost:4566";

/// `awslocal`: the same against `LocalStack`.
fn local(one: &Invocation, scene: &mut Scene<'_>) {
    let mut words = vec![Word::known("aws"), Word::known(format!("--endpoint-url={LOCALSTACK}"))];
    words.extend(one.arguments().iter().cloned());
    aws(&one.with_words(words), scene);
}

/// A command of the AWS command line.
fn aws(one: &Invocation, scene: &mut Scene<'_>) {
    let globals = globals::split(one.arguments());
    if globals.version {
        return reads(one, scene);
    }
    let mut rest = globals.rest.iter();
    let mut before: Vec<Word> = vec![];
    let mut command = |before: &mut Vec<Word>| {
        rest.by_ref().find(|word| {
            let is_option = matches!(globals::token(word), globals::Token::Option(..));
            if is_option {
                before.push((*word).clone());
            }
            !is_option
        })
    };
    let Some(service) = command(&mut vec![]).cloned() else { return reads(one, scene) };
    let operation = command(&mut before).cloned();
    let arguments: Vec<Word> = before.into_iter().chain(rest.cloned()).collect();
    let Some(service) = service.text().map(std::borrow::Cow::into_owned) else {
        return scene.unknown(one, "the service is not known");
    };
    if alias::runs(&service, operation.as_ref(), (&globals, one), scene) {
        return;
    }
    let Some(operation) = operation else { return reads(one, scene) };
    let Some(operation) = operation.text().map(std::borrow::Cow::into_owned) else {
        return unknown_operation(&service, &operation, (&globals, one), scene);
    };
    if service == "help" || operation == "help" || matches!(arguments.as_slice(), [word] if word.is("help")) {
        return reads(one, scene);
    }
    let call = Call { service, command: operation, arguments, globals };
    if !custom::read(&call, one, scene) {
        call.operation(one, scene);
    }
}

/// One command of a service.
struct Call {
    service: String,
    command: String,
    arguments: Vec<Word>,
    globals: Globals,
}

impl Call {
    fn target(&self, one: &Invocation, scene: &Scene<'_>) -> Target {
        target::of(&self.globals, &self.service, one, scene)
    }

    /// The command is an operation's.
    fn operation(&self, one: &Invocation, scene: &mut Scene<'_>) {
        let target = self.target(one, scene);
        let Some((service, operation)) = faces::by_command(&self.service, &self.command) else {
            return unnamed((&self.service, &self.command), &target, one, scene);
        };
        let given = options::sort(&self.arguments);
        let given = options::read(&self.service, operation, given, (one, scene));
        if given.skeleton {
            return reads(one, scene);
        }
        told((service, operation), &given, &target, (one, scene));
        // What a stream holds goes to the file that is named beside the options.
        if let Some(path) = given.operands.last().filter(|word| !word.is("-") && !word.has_unknown()) {
            super::files::written(one, &super::Written { path: path.clone(), appends: false }, scene);
        }
    }
}

/// Adds the readings of a call.
fn told(
    call: crate::identify::protocol::aws::Twin,
    given: &Given,
    target: &Target,
    (one, scene): (&Invocation, &mut Scene<'_>),
) {
    match declared::readings(call, &given.parameters, target) {
        Ok(readings) => readings.into_iter().for_each(|mut reading| {
            if one.repeats
                && let crate::model::Count::Exact(count) = reading.count
            {
                reading.count = crate::model::Count::AtLeast(count);
            }
            scene.push(alone(reading));
        }),
        Err(unreadable) => scene.refuse(one, unreadable),
    }
}

/// An operation that the tables do not hold, of a service that they do, or do not.
fn unnamed((service, command): (&str, &str), target: &Target, one: &Invocation, scene: &mut Scene<'_>) {
    match faces::cli_service(service).map(|service| declared::unnamed(service, target)) {
        Some(Ok(mut reading)) => {
            reading.resources = vec![crate::model::Resource::from(command)];
            scene.push(alone(reading));
        }
        Some(Err(unreadable)) => scene.refuse(one, unreadable),
        None => {
            let place = place(target);
            let effect = Effect::new("aws:unidentified:unidentified", Impact::Unknown, Scope::Resource);
            scene.effect(one, effect.on(format!("{service} {command}")).at(place));
        }
    }
}

/// Only a part of the operation's name is known: what begins like a reading one is one, everything else may be anything.
fn unknown_operation(service: &str, operation: &Word, (globals, one): (&Globals, &Invocation), scene: &mut Scene<'_>) {
    let target = target::of(globals, service, one, scene);
    let known = operation.leading();
    let reads_only = ["describe-", "list-"].iter().any(|verb| known.starts_with(verb)) && !operation.splits();
    if reads_only && let Some(found) = faces::cli_service(service) {
        let id = format!("aws:{}:unidentified", found.name.get());
        let effect = Effect::new(&id, Impact::Read, Scope::Resource).on(operation.to_string()).at(place(&target));
        return scene.effect(one, effect);
    }
    unnamed((service, &operation.to_string()), &target, one, scene);
}

/// The place of what is not read as a call.
fn place(target: &Target) -> Place {
    let named =
        |url: &String| url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).map(str::to_owned);
    let host = target.endpoint.as_ref().and_then(named);
    let loopback = host.as_deref().is_some_and(|host| host == "localhost" || host.starts_with("127."));
    let own = target.endpoint.is_none();
    Place {
        host: host.or_else(|| own.then(|| "amazonaws.com".to_owned())),
        account: target.account.clone().filter(|_| own),
        profile: target.profile.clone().filter(|_| own),
        region: target.region.clone(),
        loopback,
        ..Place::default()
    }
}

/// It shows something, and changes nothing.
fn reads(one: &Invocation, scene: &mut Scene<'_>) {
    let program = one.program().unwrap_or_default();
    scene.effect(one, Effect::new(&format!("shell:exec:{program}"), Impact::Read, Scope::Local));
}

/// A tool's call to AWS (`use_aws`: `service_name`, `operation_name`, `parameters`, `region`, `profile_name`), as the command
/// line that the tool makes of it.
pub(in crate::identify) fn used(call: &serde_json::Value, at: &Invocation, scene: &mut Scene<'_>) {
    let text = |name: &str| call.get(name).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    let mut words = vec![Word::known("aws")];
    for (option, name) in [("--region", "region"), ("--profile", "profile_name")] {
        if let Some(value) = text(name) {
            words.extend([Word::known(format!("{option}={value}"))]);
        }
    }
    let (Some(service), Some(operation)) = (text("service_name"), text("operation_name")) else {
        return scene.unknown(&at.with_words(words), "the call names no service or operation");
    };
    // The library calls `s3` what the command line calls `s3api`.
    const OBJECTS: [&str; 9] = ["ls", "cp", "mv", "rm", "sync", "mb", "rb", "presign", "website"];
    let operation = kebab(operation);
    let service = if service == "s3" && !OBJECTS.contains(&operation.as_str()) { "s3api" } else { service };
    words.extend([Word::known(service), Word::known(operation)]);
    let parameters = call.get("parameters").and_then(serde_json::Value::as_object);
    for (name, value) in parameters.into_iter().flatten() {
        let option = kebab(name.trim_start_matches('-'));
        match value {
            serde_json::Value::Bool(true) | serde_json::Value::Null => words.push(Word::known(format!("--{option}"))),
            serde_json::Value::Bool(false) => words.push(Word::known(format!("--no-{option}"))),
            serde_json::Value::String(text) if text.is_empty() => words.push(Word::known(format!("--{option}"))),
            serde_json::Value::String(text) => words.push(Word::known(format!("--{option}={text}"))),
            other => words.push(Word::known(format!("--{option}={other}"))),
        }
    }
    aws(&at.with_words(words), scene);
}

/// `DeleteDBInstance`, `delete_db_instance` and `delete-db-instance` are one name.
fn kebab(name: &str) -> String {
    if name.contains(['-', '_']) || !name.contains(|c: char| c.is_ascii_uppercase()) {
        return name.replace('_', "-").to_ascii_lowercase();
    }
    faces::kebab(name).map(char::from).collect()
}

#[cfg(test)]
mod tests;
