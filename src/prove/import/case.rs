//! Tests for a rule that nobody wrote by hand: requests that it should match, and near misses. Whether they hold is for the
//! caller to see.

use serde_json::{Map, Value, json};

use crate::catalog::aws::{Role, faces};
use crate::classify::classify;
use crate::config::{Glob, Inventory};
use crate::identify::command::{Shell, Stated, command};
use crate::model::Evidence;
use crate::rules::import::{Block, Draft, Sample};

/// Regions to write tests with, the commonest first.
const REGIONS: [&str; 9] = [
    "eu-west-1",
    "us-east-1",
    "ap-southeast-2",
    "sa-east-1",
    "eu-central-1",
    "us-west-2",
    "ca-central-1",
    "us-gov-west-1",
    "cn-north-1",
];

/// Operations to try where a rule names none.
const ANY: [&str; 6] = [
    "ec2 describe-instances",
    "rds describe-db-instances",
    "sqs list-queues",
    "lambda list-functions",
    "dynamodb list-tables",
    "sns list-topics",
];

/// Where a test stands.
#[derive(Clone, Default)]
struct Scene {
    region: Option<String>,
    account: Option<String>,
    resource: Option<String>,
    parameters: Vec<(String, String)>,
}

/// Requests that the rule should match, the most telling first; each is one line of YAML.
pub(super) fn matching(draft: &Draft) -> Vec<String> {
    let elsewhere = first(draft.unless.of("resource")).map(|resource| beside(&resource));
    let scene = Scene {
        region: region(draft.matches.of("region"), draft.unless.of("region")),
        account: first(draft.matches.of("account"))
            .or_else(|| (!draft.unless.of("account").is_empty()).then(|| "999988887777".to_owned())),
        resource: first(draft.matches.of("resource")).or_else(|| elsewhere.into_iter().flatten().next()),
        parameters: parameters(&draft.matches),
    };
    let samples = draft.samples.iter().cloned().chain(anything(draft));
    samples.flat_map(|sample| cases(&sample, &scene)).collect()
}

/// Near misses: the same under what the rule excuses, elsewhere, upon something else; then other operations. Of a group
/// one is enough.
pub(super) fn missing(draft: &Draft) -> Vec<Vec<String>> {
    let (matches, unless) = (&draft.matches, &draft.unless);
    let here = region(matches.of("region"), unless.of("region"));
    let mut scenes = vec![];
    let base = Scene { region: here, resource: first(matches.of("resource")), ..Scene::default() };
    let base = Scene { parameters: parameters(matches), account: first(matches.of("account")), ..base };
    if let Some(region) = first(unless.of("region")) {
        scenes.push(Scene { region: Some(region), ..base.clone() });
    } else if !matches.of("region").is_empty() {
        scenes.push(Scene { region: region(&[], matches.of("region")), ..base.clone() });
    }
    if !unless.parameters.is_empty() {
        scenes.push(Scene { parameters: parameters(unless), ..base.clone() });
    } else if !matches.parameters.is_empty() {
        scenes.push(Scene { parameters: vec![], ..base.clone() });
    }
    if let Some(resource) = first(unless.of("resource")) {
        scenes.push(Scene { resource: Some(resource), ..base.clone() });
    } else if let Some(resource) = first(matches.of("resource")) {
        let others = beside(&resource).into_iter().map(|other| Scene { resource: Some(other), ..base.clone() });
        scenes.extend(others);
    }
    if let Some(account) = first(unless.of("account")) {
        scenes.push(Scene { account: Some(account), ..base.clone() });
    } else if !matches.of("account").is_empty() {
        scenes.push(Scene { account: Some("999988887777".to_owned()), ..base.clone() });
    }
    let sample = draft.samples.first();
    let near = scenes.iter().map(|scene| sample.map(|sample| cases(sample, scene)).unwrap_or_default());
    let plain = Scene { region: base.region.clone(), ..Scene::default() };
    let others = draft.misses.iter().map(|sample| cases(sample, &plain));
    let last = json!({"http": {"method": "GET", "url": "https://shop.example/"}}).to_string();
    near.chain(others).chain([vec![last]]).collect()
}

/// Other resources of the kind: beside it, and in another place.
fn beside(resource: &str) -> Vec<String> {
    let mut found = vec![];
    if let Some(at) = resource.rfind(['/', ':']) {
        found.extend(resource.get(..=at).map(|kept| format!("{kept}blastgate-other")));
    }
    let kept: Vec<&str> = resource.splitn(6, ':').collect();
    if let [kept @ .., _] = kept.as_slice() {
        found.push(format!("{}:blastgate-other", kept.join(":")));
    }
    found
}

fn anything(draft: &Draft) -> Vec<Sample> {
    let is_open =
        draft.matches.of("operation").is_empty() && draft.matches.of("provider").iter().any(|one| one == "aws");
    let samples =
        ANY.iter().map(|command| Sample { operation: String::new(), command: Some(format!("aws {command}")) });
    samples.filter(|_| is_open).collect()
}

/// The request as a command, else as a caller would declare it.
fn cases(sample: &Sample, scene: &Scene) -> Vec<String> {
    let mut found = vec![];
    let mut operation = sample.operation.clone();
    let mut blast = ("update".to_owned(), "resource".to_owned());
    if let Some(text) = &sample.command {
        for line in lines(text, scene) {
            found.push(json!({"command": line}).to_string());
        }
        if is_whole(text) {
            return found;
        }
        if let Some((name, impact, scope)) = heard(text) {
            blast = (impact, scope);
            if operation.is_empty() {
                operation = name;
            }
        }
    }
    if !operation.is_empty() && !operation.contains('*') {
        let mut action = Map::new();
        let mut set = |name: &str, value: Value| action.insert(name.to_owned(), value);
        set("operation", operation.as_str().into());
        set("impact", blast.0.into());
        set("scope", blast.1.into());
        set("environment", "prod".into());
        let named = [("region", &scene.region), ("account", &scene.account)];
        let is_aws = operation.starts_with("aws:");
        for (name, value) in
            named.into_iter().filter(|_| is_aws).filter_map(|(name, value)| Some((name, value.clone()?)))
        {
            set(name, value.into());
        }
        if let Some(resource) = &scene.resource {
            set("resources", json!([resource]));
        }
        if !scene.parameters.is_empty() {
            let named = scene.parameters.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
            set("parameters", Value::Object(named.collect()));
        }
        found.push(json!({"action": action}).to_string());
    }
    found
}

/// Whether a command says all by itself: it is more than the name of an AWS operation.
fn is_whole(text: &str) -> bool {
    !text.starts_with("aws ") || text.split(' ').count() > 3
}

/// The command line with what the scene says; nothing where the command cannot say it.
fn lines(text: &str, scene: &Scene) -> Vec<String> {
    let Some(rest) = text.strip_prefix("aws ").filter(|_| !is_whole(text)) else { return vec![text.to_owned()] };
    if scene.parameters.iter().any(|(name, _)| name.contains('.')) || scene.account.is_some() {
        return vec![];
    }
    let mut line = format!("aws {rest}");
    if let Some(region) = &scene.region {
        line = format!("{line} --region {region}");
    }
    for (name, value) in &scene.parameters {
        let option: String = faces::kebab(name).map(char::from).collect();
        line = format!("{line} --{option} {value}");
    }
    let Some(resource) = &scene.resource else { return vec![line] };
    let Some((_, name)) = resource.split_once(":::").filter(|_| resource.starts_with("arn:aws:s3:")) else {
        return named(rest, resource).map(|option| format!("{line} {option}")).collect();
    };
    match name.split_once('/') {
        Some((bucket, key)) => vec![format!("{line} --bucket {bucket} --key {key}")],
        None => vec![format!("{line} --bucket {name}")],
    }
}

/// Options that could name the resource.
fn named(command: &str, resource: &str) -> impl Iterator<Item = String> {
    let last = resource.rsplit([':', '/']).next().unwrap_or_default().to_owned();
    let mut words = command.split(' ');
    let found = words.next().zip(words.next()).and_then(|(service, command)| faces::by_command(service, command));
    let members = found.map(|(_, operation)| operation.members()).unwrap_or_default();
    members.iter().filter(|member| member.roles.contains(Role::Resource) && !member.name.get().contains('.')).map(
        move |member| {
            let option: String = faces::kebab(member.name.get()).map(char::from).collect();
            format!("--{option} {last}")
        },
    )
}

/// Operation, impact and scope of a command.
fn heard(text: &str) -> Option<(String, String, String)> {
    let heard = command(text, Shell::Posix, &Stated::in_workspace("/repo")).ok()?;
    let actions = classify(heard.identified, &Inventory::default(), Evidence::Parsed);
    let action = actions.first();
    let blast = action.blast();
    Some((action.operation().as_str().to_owned(), blast.impact.to_string(), blast.scope.to_string()))
}

fn region(wanted: &[String], unwanted: &[String]) -> Option<String> {
    let covers = |patterns: &[String], region: &str| {
        patterns.iter().any(|pattern| Glob::parse(pattern).is_ok_and(|glob| glob.matches(region)))
    };
    let is_it = |region: &&&str| (wanted.is_empty() || covers(wanted, region)) && !covers(unwanted, region);
    let found = REGIONS.iter().find(is_it).map(|region| (*region).to_owned());
    found.or_else(|| first(wanted)).or_else(|| (!unwanted.is_empty()).then(|| "eu-west-1".to_owned()))
}

/// The first pattern, with something for its stars.
fn first(patterns: &[String]) -> Option<String> {
    patterns.first().map(|pattern| concrete(pattern))
}

fn concrete(pattern: &str) -> String {
    match pattern.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        [arn, partition, service, region, account, resource] if *arn == "arn" => {
            let fill =
                |part: &str, with: &str| if part == "*" { with.to_owned() } else { part.replace('*', "example") };
            let parts = [
                (*arn).to_owned(),
                fill(partition, "aws"),
                fill(service, "s3"),
                fill(region, "eu-west-1"),
                fill(account, "111122223333"),
                resource.replace('*', "example"),
            ];
            parts.join(":")
        }
        _ => pattern.replace('*', "example"),
    }
}

fn parameters(block: &Block) -> Vec<(String, String)> {
    block.parameters.iter().filter_map(|(name, values)| Some((name.clone(), first(values)?))).collect()
}
