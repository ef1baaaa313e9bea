//! What one decision costs among 10 to 5,000 rules that name 200 operations, when none and when one of them matches.
#![allow(clippy::expect_used, reason = "a bench that cannot be set up must stop")]

use blastgate::classify::{Action, classify};
use blastgate::config::Inventory;
use blastgate::decide::{Facts, decide};
use blastgate::head::text::head_from_parts;
use blastgate::identify::{Known, identify, route};
use blastgate::model::http::Captured;
use blastgate::model::{Context, Door, Evidence, Posture, Principal, SessionId, Timestamp};
use blastgate::rules::{Layer, RuleSet, Source};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use vec1::Vec1;

fn rules(count: usize) -> RuleSet {
    let source = |n: usize| Source {
        file: format!("rules/bench/r{n}.yaml"),
        text: format!(
            "id: bench/r{n}\nowner: \"@bench\"\nseverity: low\nmatch: {{ operation: \"http:host{}.example:DELETE\", resource: [\"/prod-{n}/*\"] }}\ndecision: deny\nmessage: no\ninstead: other\n",
            n % 200
        ),
        layer: Layer::Organisation,
    };
    RuleSet::load(&(0..count).map(source).collect::<Vec<_>>()).expect("the rules load")
}

fn action(url: &str) -> Vec1<Action> {
    let head = head_from_parts("DELETE", url, &[]).expect("a request");
    let route = route(&head, &Known::default()).expect("a route");
    let identified = identify(&route, &head, &Captured::Unread).expect("a reading");
    classify(identified, &Inventory::default(), Evidence::Observed)
}

fn decisions(criterion: &mut Criterion) {
    let at = Timestamp::from_millis(0);
    let principal = Principal { session: SessionId::new(at, 0), agent: None, person: None, anonymous: false };
    let context = Context { principal, door: Door::Http, at };
    let facts = Facts::default();
    let mut group = criterion.benchmark_group("decide");
    for count in [10, 100, 1_000, 5_000] {
        let rules = rules(count);
        for (name, url) in [("miss", "https://host7.example/dev/x"), ("hit", "https://host7.example/prod-7/x")] {
            let actions = action(url);
            group.bench_with_input(BenchmarkId::new(name, count), &actions, |bencher, actions| {
                bencher.iter(|| decide(actions, &context, &rules, &facts, Posture::Guarded));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, decisions);
criterion_main!(benches);
