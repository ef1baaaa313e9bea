//! The real client builds the request of every method of every Google API, nothing leaves the machine, and each is named: 100 %.
//!
//! The discovery documents decide the bytes (`src/catalog/gcp/serialise.py`): required parameters only, all of them, uploads, a
//! batch of every API. `BLASTGATE_SOAK=1` takes all documents (some 57,000 requests) instead of every 24th, and writes the
//! figures to `docs/soak/gcp-operations.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use blastgate::classify::classify;
use blastgate::config::Inventory;
use blastgate::identify::{self, Known};
use blastgate::model::http::{Authority, BodyNeed, Captured, Head, Scheme};
use blastgate::model::{Evidence, Impact};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::support::clients;

/// The requests of one variant: how many were named, and how many of these observe.
#[derive(Default)]
struct Tally {
    named: usize,
    reads: usize,
    lifelines: usize,
}

/// Whether every call of the request was named as what it is; what it does (nothing where it is a call that an agent needs to
/// live, which is passed by another name), or what went wrong.
fn name(line: &Value) -> Result<Option<Impact>, String> {
    let head = head(line);
    let body = data_encoding::BASE64.decode(line["body"].as_str().unwrap().as_bytes()).unwrap();
    let route = identify::route(&head, &Known::default()).map_err(|error| format!("refused: {error}"))?;
    if route.provider() != "gcp" {
        return Ok(None);
    }
    let body = match route.need() {
        BodyNeed::None => Captured::Unread,
        _ => Captured::Whole(body.into()),
    };
    let found = identify::identify(&route, &head, &body).map_err(|error| format!("refused: {error}"))?;
    let expected: Vec<String> = match &line["name"] {
        Value::Array(names) => names.iter().map(|name| format!("gcp:{}", name.as_str().unwrap())).collect(),
        name => vec![format!("gcp:{}:{}", line["service"].as_str().unwrap(), name.as_str().unwrap())],
    };
    let actions = classify(found, &Inventory::default(), Evidence::Observed);
    let named = actions.len() == expected.len()
        && actions.iter().zip(&expected).all(|(action, expected)| {
            let is = |operation: &blastgate::model::Operation| operation.as_str() == expected;
            is(action.operation()) || action.aliases().iter().any(is)
        });
    let impacts = actions.iter().map(|action| action.blast().impact);
    if named {
        Ok(impacts.max_by_key(|impact| impact.strictness()))
    } else {
        Err(format!("named {:?}", actions.iter().map(|action| action.operation().as_str()).collect::<Vec<_>>()))
    }
}

fn head(line: &Value) -> Head {
    let url: http::Uri = line["url"].as_str().unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for pair in line["headers"].as_array().unwrap() {
        let header: HeaderName = pair[0].as_str().unwrap().parse().unwrap();
        if !matches!(header.as_str(), "host" | "transfer-encoding" | "connection") {
            headers.append(header, HeaderValue::from_str(pair[1].as_str().unwrap()).unwrap());
        }
    }
    Head {
        scheme: Scheme::Https,
        authority: Authority { host: url.host().unwrap().to_ascii_lowercase(), port: 443 },
        method: line["method"].as_str().unwrap().parse().unwrap(),
        target: url.path_and_query().unwrap().clone(),
        headers,
        upgrade: None,
    }
}

#[test]
fn every_method_of_the_real_client_is_named() {
    let is_soak = std::env::var_os("BLASTGATE_SOAK").is_some_and(|value| !value.is_empty() && value != "0");
    let part = if is_soak { "1/1" } else { "1/24" };
    let mut child = Command::new(clients::google().join("bin/python"))
        .args(["src/catalog/gcp/serialise.py", "--part", part])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let (mut wrong, mut last) = (vec![], Value::Null);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let Some(variant) = line["variant"].as_str() else {
            last = line;
            continue;
        };
        let answer = match line["skipped"].as_str() {
            Some(why) => Err(why.to_owned()),
            None => name(&line),
        };
        match answer {
            Ok(impact) => {
                let tally = tallies.entry(variant.to_owned()).or_default();
                tally.named += usize::from(impact.is_some());
                tally.reads += usize::from(impact == Some(Impact::Read));
                tally.lifelines += usize::from(impact.is_none());
            }
            Err(why) => wrong.push(format!(
                "{variant} {} {}: {why}: {} {}",
                line["service"], line["name"], line["method"], line["url"]
            )),
        }
    }
    assert!(child.wait().unwrap().success());
    let total: usize = tallies.values().map(|tally| tally.named + tally.lifelines).sum();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), total + wrong.len(), wrong.join("\n"));
    assert_eq!(last["printed"].as_u64(), Some(total as u64));
    let table = table(&tallies);
    println!("{table}");
    if is_soak {
        std::fs::write("docs/soak/gcp-operations.md", table).unwrap();
    }
}

fn table(tallies: &BTreeMap<String, Tally>) -> String {
    let mut text = "# Every method of Google's APIs, as the real client sends it\n\n\
        `just soak gcp-operations`: google-api-python-client builds the request of every method of every discovery document in each of\n\
        these ways, and each request is read back. One that is named otherwise, or refused, fails the run. Lifelines: sign-in and\n\
        models, which are passed by the catalog of what agents need to live.\n\n\
        | variant | named | of these reads | lifelines |\n|---|---:|---:|---:|\n"
        .to_owned();
    for (variant, tally) in tallies {
        writeln!(text, "| {variant} | {} | {} | {} |", tally.named, tally.reads, tally.lifelines).unwrap();
    }
    text
}
