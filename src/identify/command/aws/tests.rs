use std::collections::HashMap;

use bytes::Bytes;
use serde_json::Value;

use crate::classify::{Action, classify};
use crate::config::Inventory;
use crate::head::text::head_from_parts;
use crate::identify::command::testing::{actions_in, said, said_in, stated};
use crate::identify::{Known, identify, route};
use crate::model::Evidence;
use crate::model::http::{BodyNeed, Captured};

/// The recorded requests by call, in their order.
fn recorded() -> HashMap<String, Vec<Value>> {
    let mut found: HashMap<String, Vec<Value>> = HashMap::new();
    for line in include_str!("../../../catalog/aws/cases/recorded.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        found.entry(line["call"].as_str().unwrap().to_owned()).or_default().push(line);
    }
    found
}

fn sent(line: &Value) -> Vec<Action> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers: Vec<(String, String)> =
        line["headers"].as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
    let head = head_from_parts(line["method"].as_str().unwrap(), line["url"].as_str().unwrap(), &headers).unwrap();
    let body = match (line["body"].as_str(), line["body_b64"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (_, Some(text)) => data_encoding::BASE64.decode(text.as_bytes()).unwrap(),
        _ => vec![],
    };
    let route = route(&head, &Known::default()).unwrap();
    let body = if route.need() == BodyNeed::None { Captured::Unread } else { Captured::Whole(Bytes::from(body)) };
    let identified = identify(&route, &head, &body).unwrap();
    classify(identified, &Inventory::default(), Evidence::Observed).into_vec()
}

/// What must be the same, whichever way it comes.
fn effect(action: &Action) -> String {
    let mut resources: Vec<&str> = action.resources().iter().map(|one| one.as_str()).collect();
    resources.sort_unstable();
    let blast = action.blast();
    let hazards: Vec<String> = blast.hazards.iter().map(|hazard| hazard.to_string()).collect();
    format!(
        "{} {} {} {} {} [{}] [{}] {}",
        action.operation(),
        blast.impact,
        blast.scope,
        blast.count,
        blast.reversible,
        hazards.join(","),
        resources.join(","),
        action.place().account.as_deref().unwrap_or_default(),
    )
}

/// The labelled calls as command lines do what the requests do that the real client sends for them.
#[test]
fn a_command_is_judged_as_its_request() {
    let recorded = recorded();
    let mut around = stated();
    // The invented key of the recorded requests.
    around.variables.insert("AWS_ACCESS_KEY_ID".to_owned(), "AKIARTX3GSDSQAAAAAAA".to_owned());
    let (mut wrong, mut total) = (vec![], 0);
    let path = std::env::var("CLI_CASES").ok();
    let cases = path.map_or_else(String::new, |path| std::fs::read_to_string(path).unwrap());
    for line in cases.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (call, nth) = (line["call"].as_str().unwrap(), line["nth"].as_u64().unwrap() as usize);
        let command = line["command"].as_str().unwrap();
        let Some(request) = recorded.get(call).and_then(|all| all.get(nth)) else { continue };
        total += 1;
        let expected: Vec<String> = sent(request).iter().map(effect).collect();
        let found = match actions_in(command, &around) {
            Ok(actions) => actions.iter().map(effect).collect(),
            Err(error) => vec![format!("refused: {error}")],
        };
        if found != expected {
            wrong.push(format!("{command}\n  is       {}\n  expected {}", found.join("; "), expected.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {total}\n{}", wrong.len(), wrong.join("\n"));
}
