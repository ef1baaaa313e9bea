//! The labelled calls of every other provider: what one costs, and whether a large table costs more than a small one.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that cannot be set up must stop, and says what it measured"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use blastgate::catalog;
use blastgate::classify::classify;
use blastgate::config::Inventory;
use blastgate::head::text::head_from_parts;
use blastgate::identify::{Known, identify, route};
use blastgate::model::Evidence;
use blastgate::model::http::{Captured, Head};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::Deserialize;

/// What of a case makes its request.
#[derive(Deserialize)]
struct Case {
    call: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(rename = "type")]
    media: Option<String>,
    #[serde(default)]
    body: String,
    listener: Option<String>,
}

struct Call {
    head: Head,
    body: Captured,
    known: Known,
}

fn call(case: Case) -> Option<Call> {
    let (method, target) = case.call.split_once(' ')?;
    let kubernetes = target.starts_with('/').then(|| "kubernetes".to_owned());
    let url = if kubernetes.is_some() { format!("https://kube.example:6443{target}") } else { target.to_owned() };
    let mut pairs: Vec<(String, String)> = case.headers.into_iter().collect();
    pairs.extend(case.media.map(|media| ("content-type".to_owned(), media)));
    let head = head_from_parts(method, &url, &pairs).ok()?;
    let known = Known { provider: case.listener.or(kubernetes), cluster: None };
    let call = Call { head, body: Captured::Whole(Bytes::from(case.body)), known };
    read(&call).then_some(call)
}

/// Route, identify, classify; whether there is an operation.
fn read(call: &Call) -> bool {
    let Ok(route) = route(&call.head, &call.known) else { return false };
    let Ok(identified) = identify(&route, &call.head, &call.body) else { return false };
    black_box(classify(identified, &Inventory::default(), Evidence::Observed));
    true
}

fn calls(folder: &str) -> Vec<Call> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog").join(folder).join("cases.yaml");
    let Ok(text) = std::fs::read_to_string(path) else { return vec![] };
    let cases: Vec<Case> = serde_saphyr::from_str(&text).expect("cases");
    cases.into_iter().filter_map(call).collect()
}

fn by_provider(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("identify_described");
    group.throughput(Throughput::Elements(1)).measurement_time(Duration::from_secs(2));
    let mut all = vec![];
    for folder in catalog::providers().map(|api| api.folder) {
        let calls = calls(folder);
        if calls.is_empty() || folder.starts_with("azure-") {
            continue;
        }
        let rows = catalog::described::book(folder).map_or(0, |book| book.operations().len());
        let mut next = calls.iter().cycle();
        group.bench_function(format!("{folder} ({rows} rows)"), |bencher| bencher.iter(|| next.next().map(read)));
        all.extend(calls);
    }
    let mut next = all.iter().cycle();
    group.bench_function("all in turn", |bencher| bencher.iter(|| next.next().map(read)));
}

criterion_group!(benches, by_provider);
criterion_main!(benches);
