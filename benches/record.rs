//! What an append costs: one writer and many, written and durable; what masking costs on ordinary entries; how fast a
//! log is read and opened. `TMPDIR` says which file system is measured.

#![allow(clippy::expect_used, reason = "a bench that cannot run has nothing to go on with")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use blastgate::decide::Finding;
use blastgate::model::{
    BlastRadius, DecisionId, Disposition, Door, Effect, Environment, EnvironmentKind, Evidence, Impact, Mode,
    Operation, Place, Posture, Principal, Resource, Scope, SessionId, Timestamp,
};
use blastgate::record::query::Reader;
use blastgate::record::{ActionEntry, DecisionEntry, Entry, Grade, Ledger, LedgerOptions, redact};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn decision(n: u64, impact: Impact) -> Entry {
    let at = Timestamp::from_millis(1_795_312_800_000 + n);
    Entry::Decision(Box::new(DecisionEntry {
        id: DecisionId::new(at, u128::from(n)),
        at,
        principal: Principal {
            session: SessionId::new(at, 7),
            agent: Some("claude".into()),
            person: Some("ada@example.com".into()),
            anonymous: false,
        },
        door: Door::Http,
        request: "POST cloudformation.us-east-1.amazonaws.com:443".into(),
        actions: vec![ActionEntry {
            operation: Operation::from_id("aws:cloudformation:DescribeStacks"),
            aliases: Vec::new(),
            resources: vec![Resource("arn:aws:cloudformation:us-east-1:111122223333:stack/shop".into())],
            place: Place { account: Some("111122223333".into()), ..Place::default() },
            parameters: Vec::new(),
            blast: BlastRadius::new(impact, Scope::Resource),
            environment: Environment::of(EnvironmentKind::Prod),
            evidence: Evidence::Observed,
            notes: vec![],
            digest: "5".repeat(64),
        }],
        decision: Effect::Allow,
        disposition: Disposition::Refused,
        findings: vec![Finding {
            follows: vec![],
            rule: "matrix:read/resource/prod".into(),
            effect: Effect::Allow,
            mode: Mode::Enforce,
            action: 0,
            message: String::new(),
            instead: String::new(),
            failed: None,
            lifted: None,
            demand: None,
            after: None,
        }],
        revision: "r1".into(),
        posture: Posture::Guarded,
        approval: None,
        limit: None,
        body_sha256: None,
        hook: None,
        checks: Vec::new(),
        standing: None,
    }))
}

fn append(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group("append");
    for (name, grade) in [("written", Grade::Written), ("durable", Grade::Durable)] {
        for writers in [1u32, 16, 128] {
            group.throughput(Throughput::Elements(1));
            group.bench_function(format!("{name}/{writers} writers"), |bencher| {
                let folder = tempfile::tempdir().expect("a folder");
                let (ledger, _) = Ledger::open(folder.path(), LedgerOptions::default()).expect("a ledger");
                let entry = decision(1, Impact::Read);
                bencher.iter_custom(|count| {
                    let each = count.div_ceil(u64::from(writers));
                    let began = Instant::now();
                    runtime.block_on(async {
                        let tasks: Vec<_> = (0..writers)
                            .map(|_| {
                                let (ledger, entry) = (ledger.clone(), entry.clone());
                                tokio::spawn(async move {
                                    for _ in 0..each {
                                        let _ = black_box(ledger.append(&entry, grade).await.expect("a receipt"));
                                    }
                                })
                            })
                            .collect();
                        for task in tasks {
                            task.await.expect("a writer");
                        }
                    });
                    began.elapsed()
                });
            });
        }
    }
    group.finish();
}

fn mask(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mask");
    let ordinary = serde_json::to_vec(&decision(1, Impact::Read)).expect("json");
    let secret = String::from_utf8(ordinary.clone()).expect("text").replace("stack/shop", "stack?password=hunter2");
    for (name, json) in [("ordinary entry", ordinary), ("entry with a secret", secret.into_bytes())] {
        group.throughput(Throughput::Bytes(json.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(|| json.clone(), redact::mask_json, criterion::BatchSize::SmallInput);
        });
    }
    group.bench_function("serialise an entry, for comparison", |bencher| {
        let entry = decision(1, Impact::Read);
        bencher.iter(|| serde_json::to_vec(black_box(&entry)));
    });
    group.finish();
}

fn read(criterion: &mut Criterion) {
    const ENTRIES: u64 = 100_000;
    let folder = tempfile::tempdir().expect("a folder");
    let (ledger, _) = Ledger::open(folder.path(), LedgerOptions::default()).expect("a ledger");
    (0..ENTRIES).for_each(|n| ledger.note(&decision(n, Impact::Read)));
    drop(ledger);
    let mut group = criterion.benchmark_group("read");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Elements(ENTRIES));
    group.bench_function("all records", |bencher| {
        bencher.iter(|| Reader::open(folder.path()).expect("a reader").filter(Result::is_ok).count());
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("open a log to go on with it", |bencher| {
        bencher.iter(|| Ledger::open(folder.path(), LedgerOptions::default()).expect("a ledger"));
    });
    group.finish();
}

criterion_group!(benches, append, mask, read);
criterion_main!(benches);
