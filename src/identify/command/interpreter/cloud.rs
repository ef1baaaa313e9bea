//! Calls of the clouds' own libraries, as the command lines that do the same.

use super::calls::Call;
use super::meaning::{Program, named};
use super::value::Names;
use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::model::{Impact, Place, Scope};

/// Libraries that speak to somebody's infrastructure.
const LIBRARIES: &[&str] = &[
    "boto3",
    "aws-sdk",
    "@aws-sdk",
    "Aws::",
    "kubernetes",
    "google.cloud",
    "googleapiclient",
    "@google-cloud",
    "azure.",
    "@azure",
    "digitalocean",
    "octokit",
    "PyGithub",
    "from github",
    "supabase",
    "cloudflare",
    "stripe",
    "heroku",
    "pulumi",
    "linode",
    "hcloud",
];
/// First words of names that destroy.
const VERBS: &[&str] =
    &["delete", "destroy", "remove", "drop", "purge", "terminate", "truncate", "wipe", "begin_delete", "deregister"];

/// Reads one call, where the program uses such a library.
pub(super) fn read(call: &Call, names: &Names, program: &Program<'_>, (at, scene): (&Invocation, &mut Scene<'_>)) {
    if !LIBRARIES.iter().any(|library| program.text.contains(library)) {
        return;
    }
    let text = program.text;
    if text.contains("boto3") && call.path.contains("client()") && python_aws(call, names, (at, scene)) {
        return;
    }
    if text.contains("boto3") && call.path.contains("resource()") && resource(call, names, (at, scene)) {
        return;
    }
    if (text.contains("aws-sdk") || text.contains("Aws::")) && script_aws(call, names, text, (at, scene)) {
        return;
    }
    if text.contains("kubernetes") && kubernetes(call, names, (at, scene)) {
        return;
    }
    let name = call.name();
    let is_verb = |verb: &&&str| {
        name.strip_prefix(**verb)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', 'A', 'B', 'C', 'D', 'I', 'R', 'S', 'V']))
    };
    if VERBS.iter().find(is_verb).is_some() && call.path.contains('.') && !is_local(call) {
        let effect = Effect::new("shell:unidentified:library_call", Impact::Destroy, Scope::Resource);
        let place = Place { host: Some("unknown".to_owned()), ..Place::default() };
        scene.effect(at, effect.on(call.path.clone()).at(place));
    }
}

/// Lists, maps and paths have such calls too.
fn is_local(call: &Call) -> bool {
    let owner = call.path.rsplit_once('.').map_or("", |(owner, _)| owner);
    matches!(
        owner,
        "os" | "fs"
            | "list"
            | "map"
            | "set"
            | "cache"
            | "Map"
            | "headers"
            | "localStorage"
            | "args"
            | "items"
            | "result"
    )
}

fn kebab(name: &str) -> String {
    let mut out = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (place, letter) in letters.iter().enumerate() {
        if letter.is_ascii_uppercase() {
            let after_small = place
                .checked_sub(1)
                .and_then(|before| letters.get(before))
                .is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit());
            let before_small = letters.get(place + 1).is_some_and(char::is_ascii_lowercase);
            if place > 0 && (after_small || before_small) && !out.ends_with('-') {
                out.push('-');
            }
            out.push(letter.to_ascii_lowercase());
        } else if *letter == '_' {
            out.push('-');
        } else {
            out.push(*letter);
        }
    }
    out
}

fn aws(service: &str, operation: &str, parameters: &serde_json::Value, (at, scene): (&Invocation, &mut Scene<'_>)) {
    // What the command line calls `s3api`.
    let service = if service == "s3" { "s3api" } else { service };
    let words = vec![
        "aws".into(),
        service.into(),
        Word::known(operation),
        "--cli-input-json".into(),
        Word::known(parameters.to_string()),
    ];
    scene.invocation(&at.with_words(words));
}

/// `boto3.client("rds").delete_db_instance(DBInstanceIdentifier="x")`.
fn python_aws(call: &Call, names: &Names, (at, scene): (&Invocation, &mut Scene<'_>)) -> bool {
    let Some(service) = service(call, names, at, scene) else { return false };
    let name = call.name();
    if matches!(name, "get_waiter" | "get_paginator" | "close" | "can_paginate" | "client()" | "client") {
        return true;
    }
    if name == "generate_presigned_url" || call.path.ends_with("client()") {
        return true;
    }
    aws(&service, &kebab(name), &named(call, names, (at, scene)), (at, scene));
    true
}

fn service(call: &Call, names: &Names, at: &Invocation, scene: &Scene<'_>) -> Option<String> {
    let arguments = call.before.iter().find(|arguments| {
        arguments.first().is_some_and(|one| names.text(one, (at, scene)).text().is_some_and(|text| !text.is_empty()))
    })?;
    Some(names.text(arguments.first()?, (at, scene)).text()?.into_owned())
}

/// `boto3.resource("dynamodb").Table("x").delete()`.
fn resource(call: &Call, names: &Names, (at, scene): (&Invocation, &mut Scene<'_>)) -> bool {
    let Some(service) = service(call, names, at, scene) else { return false };
    let kinds: Vec<&str> = call.path.split("().").collect();
    let kind =
        kinds.iter().rev().skip(1).find(|part| part.starts_with(char::is_uppercase)).copied().unwrap_or_default();
    let id = call
        .before
        .get(1)
        .and_then(|arguments| arguments.first())
        .map_or_else(|| Word::unknown("its id", false), |one| names.text(one, (at, scene)));
    let word = |text: &str| Word::known(text);
    let words: Vec<Word> = match (service.as_str(), kind, call.name()) {
        ("s3", _, "delete") if call.path.contains("objects") => {
            let mut bucket = Word::known("s3://");
            bucket.parts.extend(id.parts);
            vec![word("aws"), word("s3"), word("rm"), bucket, word("--recursive")]
        }
        ("s3", "Bucket", "delete") => vec![word("aws"), word("s3api"), word("delete-bucket"), word("--bucket"), id],
        ("dynamodb", "Table", "delete") => {
            vec![word("aws"), word("dynamodb"), word("delete-table"), word("--table-name"), id]
        }
        ("ec2", "Instance", "terminate") => {
            vec![word("aws"), word("ec2"), word("terminate-instances"), word("--instance-ids"), id]
        }
        ("ec2", "Instance", "stop") => {
            vec![word("aws"), word("ec2"), word("stop-instances"), word("--instance-ids"), id]
        }
        (service, _, verb @ ("delete" | "terminate")) => {
            vec![word("aws"), word(service), word(&format!("{verb}-{}", kebab(kind))), id]
        }
        _ => return false,
    };
    scene.invocation(&at.with_words(words));
    true
}

/// `new DeleteTableCommand({…})` of `@aws-sdk/client-dynamodb`; `new AWS.RDS().deleteDBInstance({…})`; `Aws::RDS::Client.new.delete_db_instance(…)`.
fn script_aws(call: &Call, names: &Names, text: &str, (at, scene): (&Invocation, &mut Scene<'_>)) -> bool {
    let name = call.name();
    if let Some(operation) = name.strip_suffix("Command").filter(|operation| operation.starts_with(char::is_uppercase))
    {
        let Some((_, rest)) = text.split_once("@aws-sdk/client-") else { return false };
        let service = rest.split(['"', '\'', '`', '/']).next().unwrap_or_default();
        aws(service, &kebab(operation), &named(call, names, (at, scene)), (at, scene));
        return true;
    }
    let parts: Vec<&str> = call.path.split(['.', '(', ')']).filter(|part| !part.is_empty()).collect();
    let Some(service) = parts.iter().skip_while(|part| !matches!(**part, "AWS" | "Aws")).nth(1) else { return false };
    if parts.len() < 3 || matches!(name, "new" | "Client") || name == *service {
        return false;
    }
    aws(&service.to_ascii_lowercase(), &kebab(name), &named(call, names, (at, scene)), (at, scene));
    true
}

/// `v1.delete_namespaced_pod(name, namespace)`.
fn kubernetes(call: &Call, names: &Names, (at, scene): (&Invocation, &mut Scene<'_>)) -> bool {
    let name = call.name();
    let Some(rest) = name.strip_prefix("delete_") else { return false };
    let (collection, rest) = rest.strip_prefix("collection_").map_or((false, rest), |rest| (true, rest));
    let (namespaced, kind) = rest.strip_prefix("namespaced_").map_or((false, rest), |rest| (true, rest));
    let texts: Vec<Word> = call
        .arguments
        .iter()
        .map(|one| names.text(super::value::pair(one).map_or(one.as_slice(), |(_, value)| value), (at, scene)))
        .collect();
    let mut words: Vec<Word> = vec!["kubectl".into(), "delete".into(), Word::known(kind.replace('_', ""))];
    if collection {
        words.push("--all".into());
    } else {
        words.push(texts.first().cloned().unwrap_or_else(|| Word::unknown("its name", false)));
    }
    if namespaced && let Some(namespace) = texts.get(usize::from(!collection)) {
        words.push("-n".into());
        words.push(namespace.clone());
    }
    scene.invocation(&at.with_words(words));
    true
}
