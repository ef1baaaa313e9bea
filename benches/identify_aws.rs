//! Calls of all of AWS as its real clients send them: what one costs by protocol, and whether it costs more because there
//! are other services.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that cannot be set up must stop, and says what it measured"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use blastgate::catalog::aws::{WireProtocol, service};
use blastgate::classify::classify;
use blastgate::config::Inventory;
use blastgate::head::text::head_from_parts;
use blastgate::identify::{Known, identify, route};
use blastgate::model::Evidence;
use blastgate::model::http::{Captured, Head};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;

/// One for each operation of a sample over all services, without the bodies of documents.
const OPERATIONS: &str = include_str!("../src/catalog/aws/cases/every-operation.tsv");
/// Calls with their bodies.
const RECORDED: &str = include_str!("../src/catalog/aws/cases/recorded.jsonl");

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIARTX3GSDSQAAAAAAA/20260101/SCOPE/aws4_request, \
                      SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=00";

struct Call {
    service: String,
    protocol: &'static str,
    head: Head,
    body: Captured,
}

/// A line of the table; `None` where the gate does not take it as it stands (its body is left out).
fn operation(line: &str) -> Option<Call> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [name, _, method, target, headers, form] = cells.as_slice() else { panic!("six cells: {line}") };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for header in headers.split('|').filter(|header| !header.is_empty()) {
        let (name, value) = header.split_once(": ").expect("a name and a value");
        if name == "scope" {
            pairs.push(("authorization".to_owned(), SIGNED.replace("SCOPE", value)));
        } else {
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }
    let has = |name: &str| pairs.iter().any(|(known, _)| known == name);
    let speaks = |protocol| service(name).is_some_and(|service| service.protocols().any(|one| one == protocol));
    let protocol = match *name {
        "s3" => "S3",
        "ec2" => "ec2",
        _ if has("smithy-protocol") => "CBOR",
        _ if has("x-amz-target") => "json",
        _ if !form.is_empty() => "query",
        _ if speaks(WireProtocol::RestXml) => "rest-xml",
        _ => "rest-json",
    };
    let body: &[u8] = match protocol {
        "CBOR" => &[0xa0],
        "json" => b"{}",
        "rest-json" if has("content-type") => b"{}",
        _ => form.as_bytes(),
    };
    let head = head_from_parts(method, &format!("https://{target}"), &pairs).ok()?;
    let call =
        Call { service: (*name).to_owned(), protocol, head, body: Captured::Whole(Bytes::copy_from_slice(body)) };
    read(&call).then_some(call)
}

fn recorded(line: &str) -> Option<Call> {
    let value: Value = serde_json::from_str(line).expect("a line of JSON");
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let pairs: Vec<(String, String)> = serde_json::from_value(value["headers"].clone()).expect("headers");
    let head = head_from_parts(&text("method"), &text("url"), &pairs).ok()?;
    let body = Captured::Whole(Bytes::from(text("body")));
    let call = Call { service: String::new(), protocol: "with bodies", head, body };
    read(&call).then_some(call)
}

/// Route, identify, classify; whether there is an operation.
fn read(call: &Call) -> bool {
    let Ok(route) = route(&call.head, &Known::default()) else { return false };
    let Ok(identified) = identify(&route, &call.head, &call.body) else { return false };
    black_box(classify(identified, &Inventory::default(), Evidence::Observed));
    true
}

fn calls() -> Vec<Call> {
    let lines = || OPERATIONS.lines().filter(|line| !line.starts_with('#'));
    let calls: Vec<Call> = lines().filter_map(operation).collect();
    println!("{} of {} calls are read without their bodies", calls.len(), lines().count());
    calls
}

fn by_protocol(criterion: &mut Criterion) {
    let mut groups: BTreeMap<&str, Vec<Call>> = BTreeMap::new();
    for call in calls().into_iter().chain(RECORDED.lines().filter_map(recorded)) {
        groups.entry(call.protocol).or_default().push(call);
    }
    let mut group = criterion.benchmark_group("identify_aws");
    group.throughput(Throughput::Elements(1)).measurement_time(Duration::from_secs(3));
    for (protocol, calls) in &groups {
        let mut next = calls.iter().cycle();
        group.bench_function(*protocol, |bencher| bencher.iter(|| next.next().map(read)));
    }
    // Not in the table's order: neighbours in it are of one service.
    let mut all: Vec<&Call> = groups.values().flatten().collect();
    all.sort_by_key(|call| call.head.path().len() * 7919 % 101);
    let mut next = all.iter().cycle();
    group.bench_function("mixed", |bencher| bencher.iter(|| next.next().map(|call| read(call))));
}

/// Nanoseconds of a call of each sequence: the median of rounds in which they take turns.
fn compare(sequences: [&[&Call]; 2]) -> [f64; 2] {
    const ROUNDS: usize = 31;
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (calls, times) in sequences.iter().zip(&mut rounds) {
            let began = Instant::now();
            calls.iter().for_each(|call| assert!(read(black_box(call))));
            times.push(began.elapsed().as_secs_f64() * 1e9 / calls.len() as f64);
        }
    }
    rounds.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    })
}

/// A search through the services would be shorter for the first ones of the tables, which stand in the order of their
/// names. The same calls, a tenth of the services at a time, show what the memory of all tables costs.
fn by_services(_: &mut Criterion) {
    const TIMES: usize = 10;
    let calls = calls();
    for protocol in ["json", "rest-json"] {
        let of: Vec<&Call> = calls.iter().filter(|call| call.protocol == protocol).collect();
        let tenth = of.len() / 10;
        let count = |calls: &[&Call]| {
            let mut names: Vec<&str> = calls.iter().map(|call| call.service.as_str()).collect();
            names.dedup();
            names.len()
        };
        let (first, last) = (&of[..tenth], &of[of.len() - tenth..]);
        let [one, other] = compare([&first.repeat(TIMES), &last.repeat(TIMES)]);
        let (a, b, ratio) = (count(first), count(last), other / one);
        println!("{protocol}: the first {a} services {one:.0} ns, the last {b} {other:.0} ns, ratio {ratio:.2}");
        let few: Vec<&Call> = of.chunks(tenth).flat_map(|tenth| tenth.repeat(TIMES)).collect();
        let [few, all] = compare([&few, &of.repeat(TIMES)]);
        let (a, ratio) = (count(&of), all / few);
        println!(
            "{protocol}: a tenth of {a} services at a time {few:.0} ns, all in turn {all:.0} ns, ratio {ratio:.2}"
        );
    }
}

criterion_group!(benches, by_protocol, by_services);
criterion_main!(benches);
