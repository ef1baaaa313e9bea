//! The real client serialises and signs operations, nothing leaves the machine, and each is named: 100 %.
//!
//! Every service's own model decides the bytes (`src/catalog/aws/operations.py`): required members only, every member, other
//! partitions, dual-stack and FIPS hosts, a custom endpoint, every other protocol that a service declares, presigned.
//! `BLASTGATE_SOAK=1` takes all services and variants (some 150,000 requests) instead of every 24th service, and writes the
//! figures to `docs/soak/aws-operations.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use blastgate::catalog::aws as catalog;
use blastgate::classify::{aws::by_name, classify};
use blastgate::config::Inventory;
use blastgate::identify::{self, Known};
use blastgate::model::Evidence;
use blastgate::model::http::{Authority, BodyNeed, Captured, Head, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::support::clients;

/// What became of one variant's requests.
#[derive(Default)]
struct Tally {
    named: usize,
    aliased: usize,
    skipped: usize,
}

/// The answer of one request: whether it was named by its own service, or what went wrong: another name, or judged milder than
/// the operation is by its name.
fn name(line: &Value) -> Result<bool, String> {
    let text = |key: &str| line[key].as_str().unwrap();
    let head = head(line);
    let body = data_encoding::BASE64.decode(text("body").as_bytes()).unwrap();
    // A custom endpoint is a listener's, which says whose API it carries.
    let provider = (line["variant"] == "endpoint").then(|| "aws".to_owned());
    let found = identify::route(&head, &Known { provider, cluster: None })
        .and_then(|route| {
            let body = match route.need() {
                BodyNeed::None => Captured::Unread,
                _ => Captured::Whole(body.into()),
            };
            identify::identify(&route, &head, &body)
        })
        .map_err(|error| format!("refused: {error}"))?;
    let expected = format!("aws:{}:{}", text("service"), text("operation"));
    let service = catalog::service(text("service")).unwrap();
    let operation = service.operation(text("operation")).unwrap();
    let least = by_name(service, operation);
    let mut aliased = false;
    for action in &classify(found, &Inventory::default(), Evidence::Observed) {
        let own = action.operation().as_str() == expected;
        aliased |= !own;
        if !own && !action.aliases().iter().any(|alias| alias.as_str() == expected) {
            return Err(format!("named {} (aliases {:?})", action.operation(), action.aliases()));
        }
        // Whichever twin gave the name: what the operation itself does counts. An older name is the same operation, of which the
        // younger one's members tell more.
        let blast = action.blast();
        let milder = blast.impact.strictness() < least.impact.strictness() || blast.scope < least.scope;
        if milder && !operation.is_deprecated() {
            return Err(format!("judged {:?}, by its name {least:?}", action.blast()));
        }
    }
    Ok(!aliased)
}

fn head(line: &Value) -> Head {
    let url: http::Uri = line["url"].as_str().unwrap().parse().unwrap();
    let scheme = if url.scheme_str() == Some("http") { Scheme::Http } else { Scheme::Https };
    let port = url.port_u16().unwrap_or(if scheme == Scheme::Http { 80 } else { 443 });
    let mut headers = HeaderMap::new();
    for pair in line["headers"].as_array().unwrap() {
        let header: HeaderName = pair[0].as_str().unwrap().parse().unwrap();
        // As the doors give them: nothing that belongs to the connection.
        if !matches!(header.as_str(), "host" | "transfer-encoding" | "connection" | "expect") {
            headers.append(header, HeaderValue::from_str(pair[1].as_str().unwrap()).unwrap());
        }
    }
    Head {
        scheme,
        authority: Authority { host: url.host().unwrap().to_ascii_lowercase(), port },
        method: line["method"].as_str().unwrap().parse().unwrap(),
        target: url.path_and_query().unwrap().clone(),
        headers,
        upgrade: None,
    }
}

#[test]
fn every_operation_of_the_real_client_is_named() {
    let is_soak = std::env::var_os("BLASTGATE_SOAK").is_some_and(|value| !value.is_empty() && value != "0");
    let part = if is_soak { "1/1" } else { "1/24" };
    let mut child = Command::new(clients::python().join("bin/python"))
        .args(["src/catalog/aws/operations.py", "--part", part])
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
        let tally = tallies.entry(variant.to_owned()).or_default();
        if line["skipped"].is_string() {
            tally.skipped += 1;
            // The plain call of every operation can be made.
            if variant == "plain" {
                wrong.push(format!("{} {}: {}", line["service"], line["operation"], line["skipped"]));
            }
            continue;
        }
        match name(&line) {
            Ok(true) => tally.named += 1,
            Ok(false) => tally.aliased += 1,
            Err(why) => wrong.push(format!(
                "{variant} {} {}: {why}: {} {}",
                line["service"], line["operation"], line["method"], line["url"]
            )),
        }
    }
    assert!(child.wait().unwrap().success());
    let total: usize = tallies.values().map(|tally| tally.named + tally.aliased).sum();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), total + wrong.len(), wrong.join("\n"));
    assert_eq!(last["printed"].as_u64(), Some(total as u64));
    let table = table(&tallies);
    println!("{table}");
    if is_soak {
        std::fs::write("docs/soak/aws-operations.md", table).unwrap();
    }
}

fn table(tallies: &BTreeMap<String, Tally>) -> String {
    let mut text = "# Every operation of AWS, as the real client sends it\n\n\
        `just soak aws-operations`: botocore serialises and signs every operation of every service in each of these ways, and each\n\
        request is read back. Named: by its own service and name. Aliased: by a twin that is the same on the wire (DocumentDB and\n\
        Neptune are RDS). Skipped: the client itself makes no such request (no endpoint of that kind, a member that it cannot place).\n\
        A request that was named otherwise, or refused, or judged milder than the operation is by its name (a twin's effect would\n\
        show here), fails the run.\n\n\
        | variant | named | aliased | skipped |\n|---|---:|---:|---:|\n"
        .to_owned();
    for (variant, tally) in tallies {
        writeln!(text, "| {variant} | {} | {} | {} |", tally.named, tally.aliased, tally.skipped).unwrap();
    }
    text
}
