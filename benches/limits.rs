//! What one check of limits costs when 1, 10,000 and 1,000,000 buckets are live: one limit, four at once (of which one tells
//! resources apart), a refusal; and a call that no limit speaks of.
#![allow(clippy::expect_used, reason = "a bench that cannot be set up must stop")]

use std::sync::Arc;

use blastgate::classify::{Action, classify};
use blastgate::config::Inventory;
use blastgate::head::text::head_from_parts;
use blastgate::identify::{Known, identify, route};
use blastgate::limits::{Limits, Taking};
use blastgate::model::http::Captured;
use blastgate::model::{Clock, Context, Door, Evidence, Principal, SessionId, Timestamp};
use blastgate::rules::{Layer, RuleSet, Source};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use vec1::Vec1;

#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_312_800_000)
    }
}

const ONE: &str = "  - { id: bench/session, match: { impact: [read] }, allow: 1000000000 per 1d, decision: throttle, message: a, instead: b }\n";
const MORE: &str = "  - { id: bench/person, match: { impact: [read] }, by: [person, environment], allow: 1000000000 per 1d, decision: throttle, message: a, instead: b }
\x20 - { id: bench/operation, match: { impact: [read] }, by: [session, operation], allow: 1000000000 per 1d, decision: throttle, message: a, instead: b }
\x20 - { id: bench/names, match: { impact: [read] }, by: [session], distinct: true, allow: 20 per 1d, decision: throttle, message: a, instead: b }
";
const NONE_LEFT: &str =
    "  - { id: bench/none, match: { impact: [read] }, allow: 1 per 1d, decision: throttle, message: a, instead: b }\n";

fn limits(text: &str) -> Limits {
    let text = format!("limits:\n{text}");
    let source = Source { file: "bench/limits.yaml".into(), text, layer: Layer::Organisation };
    let rules = RuleSet::load(&[source]).expect("the limits load");
    Limits::new(Arc::new(rules), Arc::new(Still))
}

fn action(method: &str, url: &str) -> Vec1<Action> {
    let head = head_from_parts(method, url, &[]).expect("a request");
    let route = route(&head, &Known::default()).expect("a route");
    let identified = identify(&route, &head, &Captured::Unread).expect("a reading");
    classify(identified, &Inventory::default(), Evidence::Observed)
}

fn context(n: u64) -> Context {
    let at = Timestamp::from_millis(1_795_312_800_000);
    let session = SessionId::new(at, u128::from(n));
    let principal = Principal { session, agent: None, person: Some("ada".to_owned()), anonymous: false };
    Context { principal, door: Door::Http, at }
}

fn take(limits: &Limits, context: &Context, actions: &Vec1<Action>) -> bool {
    let taking = Taking { context, standing: None, actions, lifted: &[] };
    limits.reserve(taking).map(blastgate::limits::Reservation::commit).is_ok()
}

fn checks(criterion: &mut Criterion) {
    let look = action("GET", "https://host.example/x");
    let mut group = criterion.benchmark_group("limits");
    for (name, text) in [("one", ONE.to_owned()), ("four", format!("{ONE}{MORE}")), ("refused", NONE_LEFT.to_owned())] {
        for keys in [1u64, 10_000, 1_000_000] {
            let limits = limits(&text);
            let per_session = u64::from(name == "four") * 2 + 1;
            let contexts: Vec<Context> = (0..keys / per_session + 1).map(context).collect();
            assert!(contexts.iter().all(|context| take(&limits, context, &look)), "there is room for all");
            let mut next = 0usize;
            group.bench_with_input(BenchmarkId::new(name, keys), &contexts, |bencher, contexts| {
                bencher.iter(|| {
                    // Far apart, as calls of many sessions are.
                    next = (next + 7_919) % contexts.len();
                    contexts.get(next).map(|context| take(&limits, context, &look))
                });
            });
        }
    }
    let (limits, context) = (limits(&ONE.replace("read", "update")), context(0));
    group.bench_function("none", |bencher| bencher.iter(|| take(&limits, &context, &look)));
    group.finish();
}

criterion_group!(benches, checks);
criterion_main!(benches);
