use std::str::FromStr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use super::*;
use crate::catalog::aws as catalog;
use crate::config::Inventory;
use crate::identify::{self, Dialect, Known};
use crate::model::Evidence;
use crate::model::Reversible;
use crate::model::http::{Authority, BodyNeed, Captured, Head, Scheme, Unreadable};

/// The request of one line of `recorded.jsonl`.
fn request(line: &Value) -> (Head, Vec<u8>) {
    let mut headers = HeaderMap::new();
    for pair in line["headers"].as_array().unwrap() {
        let name = HeaderName::from_str(pair[0].as_str().unwrap()).unwrap();
        headers.append(name, HeaderValue::from_str(pair[1].as_str().unwrap()).unwrap());
    }
    let url = line["url"].as_str().unwrap().strip_prefix("https://").unwrap();
    let (host, target) = url.split_at(url.find(['/', '?']).unwrap_or(url.len()));
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    let head = Head {
        scheme: Scheme::Https,
        authority: Authority { host: host.to_owned(), port: 443 },
        method: Method::from_str(line["method"].as_str().unwrap()).unwrap(),
        target: target.parse().unwrap(),
        headers,
        upgrade: None,
    };
    let body = match (line["body"].as_str(), line["body_b64"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (_, Some(text)) => data_encoding::BASE64.decode(text.as_bytes()).unwrap(),
        _ => vec![],
    };
    (head, body)
}

/// What was found, in the words of an expectation.
fn describe(key: &str, action: &crate::classify::Action, dialect: Dialect) -> String {
    let list = |words: Vec<String>| words.join(",");
    match key {
        "operation" => action.operation().to_string(),
        "impact" => action.blast().impact.to_string(),
        "scope" => action.blast().scope.to_string(),
        "reversible" => action.blast().reversible.to_string(),
        "hazards" => list(action.blast().hazards.iter().map(|hazard| hazard.to_string()).collect()),
        "resources" => list(action.resources().iter().map(|one| one.as_str().to_owned()).collect()),
        "account" => action.place().account.clone().unwrap_or_default(),
        "region" => action.place().region.clone().unwrap_or_default(),
        "count" => match action.blast().count {
            Count::Unbounded => "unbounded".to_owned(),
            count => count.to_string(),
        },
        "dialect" => match dialect {
            Dialect::AwsQuery => "query",
            Dialect::AwsEc2 => "ec2",
            Dialect::AwsJson => "json",
            Dialect::AwsRestJson => "rest-json",
            Dialect::AwsRestXml => "rest-xml",
            Dialect::S3 => "s3",
            Dialect::AwsCbor => "cbor",
            _ => "other",
        }
        .to_owned(),
        other => panic!("`{other}` is no expectation"),
    }
}

/// One line of `recorded.jsonl`, judged.
fn judge(line: &Value) -> Result<(Dialect, crate::classify::Action, Option<Seen>), Unreadable> {
    let (head, body) = request(line);
    let route = identify::route(&head, &Known::default())?;
    let body = if route.need() == BodyNeed::None { Captured::Unread } else { Captured::Whole(Bytes::from(body)) };
    let identified = identify::identify(&route, &head, &body)?;
    let seen = match &identified.first().reading().face {
        identify::Face::Aws(seen) => Some(seen.clone()),
        _ => None,
    };
    let actions = crate::classify::classify(identified, &Inventory::default(), Evidence::Observed);
    Ok((route.dialect(), actions.first().clone(), seen))
}

fn recorded() -> impl Iterator<Item = Value> {
    include_str!("../../catalog/aws/cases/recorded.jsonl").lines().map(|line| serde_json::from_str(line).unwrap())
}

#[test]
fn the_real_clients_requests_are_judged_as_recorded() {
    let (mut wrong, mut total) = (vec![], 0);
    for line in recorded() {
        total += 1;
        let call = line["call"].as_str().unwrap();
        let (dialect, action, _) = match judge(&line) {
            Ok(judged) => judged,
            Err(error) => {
                wrong.push(format!("{call}: refused: {error}"));
                continue;
            }
        };
        for (key, expected) in line["expect"].as_object().unwrap() {
            let found = describe(key, &action, dialect);
            if found != expected.as_str().unwrap() {
                wrong.push(format!("{call}: {key} is `{found}`, expected {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(total >= 4000, "{total}");
}

/// What the client cannot be made to send: its own checks hold it back, or its serialiser leaves it out.
const UNSENT: [&str; 7] = [
    "dynamodb:ExecuteStatement !Statement",
    "dynamodb:UpdateContinuousBackups !PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
    "ec2:ModifyInstanceAttribute DisableApiStop & !DisableApiStop.Value",
    "ec2:ModifyInstanceAttribute DisableApiTermination & !DisableApiTermination.Value",
    "eks:UpdateNodegroupConfig scalingConfig.maxSize=0",
    "logs:PutLogGroupDeletionProtection !deletionProtectionEnabled",
    "s3:DeleteObject !Key",
];

/// Every condition of the reviewed table is met by a labelled call, every impact and every scope but `local` has one.
#[test]
fn labelled_calls_meet_every_condition() {
    let mut met = std::collections::BTreeSet::new();
    let (mut impacts, mut scopes) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for line in recorded() {
        let Ok((_, action, Some(seen))) = judge(&line) else { continue };
        impacts.insert(action.blast().impact.to_string());
        scopes.insert(action.blast().scope.to_string());
        let (Some(service), Some(operation)) = (seen.service, seen.operation) else { continue };
        let through = seen.through.as_ref().map(|((service, operation), values)| (*service, *operation, values));
        for (service, operation, values) in std::iter::once((service, operation, &seen.values)).chain(through) {
            for row in operation.reviewed().iter().filter(|row| condition::holds(row.when.get(), values)) {
                met.insert(format!("{}:{} {}", service.judged_as.get(), operation.name.get(), row.when.get()));
            }
        }
    }
    let says = |row: &Reviewed| {
        let cells = [row.impact.get(), row.scope.get(), row.reversible.get(), row.hazards.get()];
        let silent = ["count ", "wide ", "dry ", "resource "].iter().any(|word| row.when.get().starts_with(word));
        !row.when.get().is_empty() && !silent && cells.iter().any(|cell| !cell.is_empty())
    };
    let mut unmet = vec![];
    for service in catalog::services().iter().filter(|service| service.judged_as.get() == service.name.get()) {
        for operation in service.operations() {
            for row in operation.reviewed().iter().filter(|row| says(row)) {
                let key = format!("{}:{} {}", service.name.get(), operation.name.get(), row.when.get());
                if !met.contains(&key) {
                    unmet.push(key);
                }
            }
        }
    }
    unmet.sort();
    assert_eq!(unmet, UNSENT);
    assert_eq!(
        impacts.into_iter().collect::<Vec<_>>(),
        ["create", "destroy", "disrupt", "execute", "permission", "read", "update"]
    );
    assert_eq!(
        scopes.into_iter().collect::<Vec<_>>(),
        ["account", "environment", "item", "organization", "region", "resource"]
    );
}

/// No operation of the tables is left without an impact, and none that is called a deletion is a read.
#[test]
fn every_name_of_the_tables_has_an_impact() {
    let mut wrong = vec![];
    for service in catalog::services() {
        for operation in service.operations() {
            let name = operation.name.get();
            let judged = |row: &Reviewed| row.when.get().is_empty() && !row.impact.get().is_empty();
            if operation.reviewed().iter().chain(service.reviewed()).any(judged) {
                continue;
            }
            let impact = name::blast_radius(service.judged_as.get(), operation).impact;
            let deletes = ["Delete", "Terminate", "Purge", "Remove"].iter().any(|verb| name.starts_with(verb));
            if impact == Impact::Unknown || deletes && impact == Impact::Read {
                wrong.push(format!("{}:{name} is {impact}", service.name.get()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every cell of the reviewed, verb and noun tables is a word that the program knows.
#[test]
fn tables_hold_known_words_only() {
    let known = |row: &Reviewed| {
        let cell = |text: &str, known: bool| text.is_empty() || known;
        let (impact, scope, reversible) = (row.impact.get(), row.scope.get(), row.reversible.get());
        cell(impact, impact.parse::<Impact>().is_ok())
            && cell(scope, scope.parse::<Scope>().is_ok())
            && cell(reversible, reversible.parse::<Reversible>().is_ok())
            && row.hazards.get().split(',').all(|word| cell(word, word.parse::<Hazard>().is_ok()))
    };
    for service in catalog::services() {
        let own = service.operations().iter().flat_map(|operation| operation.reviewed());
        for row in service.reviewed().iter().chain(own) {
            assert!(known(row), "{}: {row:?}", service.name.get());
        }
    }
}

#[test]
fn names_are_read_by_noun_before_verb() {
    for (service, name, expected) in [
        ("x", "DeletePolicy", "permission resource"),
        ("x", "DeleteScalingPolicy", "destroy resource"),
        ("x", "DeleteScalingPolicies", "destroy resource"),
        ("x", "DeleteThings", "destroy resource"),
        ("x", "ScheduleThingDeletion", "destroy resource"),
        ("x", "ScheduleThing", "update resource"),
        ("x", "StartThing", "execute resource"),
        ("x", "StartInsightsQuery", "read resource"),
        ("x", "StartThingFailover", "disrupt resource"),
        ("x", "RestoreThing", "create resource"),
        ("x", "CancelThing", "update resource"),
        ("x", "BatchGetThing", "read resource"),
        ("x", "BatchDeleteThing", "destroy resource"),
        ("x", "DeleteCluster", "destroy environment"),
        ("x", "TagResource", "update item"),
        ("x", "RemoveTags", "update item"),
        ("x", "GetThing", "read resource"),
        // A verb counts only as whole words: `Getaway` is none.
        ("x", "GetawayThing", "unknown resource"),
        ("x", "Frobnicate", "unknown resource"),
        ("x", "", "unknown resource"),
        ("x", "lower", "unknown resource"),
        ("iam", "CreateUser", "permission resource"),
        ("rds", "AddRoleToDBCluster", "permission resource"),
        ("rds", "DeleteGlobalCluster", "destroy environment"),
        ("rds", "DeleteCluster", "destroy resource"),
    ] {
        let blast = name::of_name(service, name);
        assert_eq!(format!("{} {}", blast.impact, blast.scope), expected, "{service} {name}");
    }
}

#[test]
fn what_is_not_understood_is_never_milder() {
    use crate::identify::protocol::aws::Values;
    let operation = |service: &str, name: &str| catalog::service(service).unwrap().operation(name).unwrap();
    let holds = |service: &str, name: &str, member: &str, value: &str, when: &str| {
        let member = operation(service, name).members().iter().find(|one| one.name.get() == member).unwrap();
        let mut values = Values::default();
        values.push(member, value);
        condition::holds(when, &values)
    };
    for (value, expected) in
        [("0", true), ("00", true), (" 0", true), ("x", true), ("", true), ("1", false), ("7", false)]
    {
        let found = holds("rds", "ModifyDBInstance", "BackupRetentionPeriod", value, "BackupRetentionPeriod=0");
        assert_eq!(found, expected, "{value:?}");
    }
    for (value, expected) in [("true", true), ("True", true), ("1", true), ("", true), ("false", false)] {
        let found = holds("rds", "DeleteDBInstance", "SkipFinalSnapshot", value, "SkipFinalSnapshot!=false");
        assert_eq!(found, expected, "{value:?}");
    }
    for (value, expected) in [
        ("not a policy", true),
        (r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":["x","*"]}}}"#, true),
        (r#"{"Statement":{"Effect":"Allow","NotPrincipal":{"AWS":"x"}}}"#, true),
        (r#"{"Statement":{"Effect":"Deny","Principal":"*"}}"#, false),
        (r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"x"}}]}"#, false),
    ] {
        assert_eq!(holds("s3", "PutBucketPolicy", "Policy", value, "Policy public"), expected, "{value}");
    }
}
