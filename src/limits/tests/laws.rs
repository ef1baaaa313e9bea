//! What must hold however many come at once, and however much there is to remember.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;
use crate::limits::book::CELLS_MAX;
use crate::rules::HOMES;

fn seeded(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn seed() -> u64 {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("SEED={seed}");
    seed
}

const FOUR: &str = "  - { id: us/session, match: { impact: [disrupt] }, allow: 500 per 1h, decision: throttle, message: a., instead: b. }
  - { id: us/person, match: { impact: [disrupt] }, by: [person], allow: 900 per 1h, burst: 700, decision: escalate, message: a., instead: b. }
  - { id: us/environment, match: { impact: [disrupt] }, by: [environment, region], allow: 1100 per 1h, decision: throttle, message: a., instead: b. }
  - { id: us/names, match: { impact: [disrupt] }, by: [person], distinct: true, allow: 40 per 1h, decision: escalate, message: a., instead: b. }
";

/// Sixteen tasks, a hundred thousand checks, four limits over two sessions of one person; some of what is taken is dropped.
/// What was committed is never more than any limit allows, and what it allows can be had: nothing leaks.
#[test]
fn never_more_than_the_quota_and_never_less() {
    let seed = seed();
    let limits = Arc::new(Limits::new(rules(FOUR), Arc::new(Hand::default())));
    let committed: Vec<(u64, u64, Vec<u32>)> = std::thread::scope(|scope| {
        let work = |task: u64| {
            let limits = Arc::clone(&limits);
            scope.spawn(move || {
                let mut random = seeded(seed ^ task);
                let (mut tokens, mut names) = (0, Vec::new());
                let who = task % 2;
                for _ in 0..100_000 / 16 {
                    let name: u32 = random.random_range(0..60);
                    let actions = vec1![disrupt(1).first().clone().on([format!("i-{name}")])];
                    let context = context(session(u128::from(who)));
                    let taking = Taking { context: &context, standing: None, actions: &actions, lifted: &[] };
                    if let Ok(reservation) = limits.reserve(taking) {
                        if random.random_bool(0.3) {
                            drop(reservation);
                        } else {
                            reservation.commit();
                            tokens += 1;
                            names.push(name);
                        }
                    }
                }
                (who, tokens, names)
            })
        };
        let tasks: Vec<_> = (0..16).map(work).collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    let of = |who: u64| committed.iter().filter(|one| one.0 == who).map(|one| one.1).sum::<u64>();
    let mut names: Vec<u32> = committed.iter().flat_map(|one| one.2.clone()).collect();
    names.sort_unstable();
    names.dedup();
    assert!(of(0) <= 500 && of(1) <= 500, "{} {}", of(0), of(1));
    assert_eq!((of(0) + of(1), names.len()), (700, 40), "the person's burst, and as many names as fit: no less");
}

/// Limits that refuse take nothing from the others, in any order of takings, drops and time.
#[test]
fn a_refusal_takes_nothing_and_a_drop_gives_all_back() {
    let mut random = seeded(seed());
    let clock = Arc::new(Hand::default());
    let limits = Limits::new(rules(FOUR), clock.clone());
    let state = |limits: &Limits| {
        let mut all: Vec<String> = Vec::new();
        for home in limits.buckets.book.each() {
            all.extend(home.shown());
        }
        all.sort();
        all
    };
    let (mut refused, mut dropped) = (0, 0);
    for _ in 0..3_000 {
        let n: u64 = random.random_range(1..900);
        let name = format!("i-{}", random.random_range(0..60));
        let actions = match random.random_bool(0.5) {
            true => vec1![disrupt(1).first().clone().on([name])],
            false => vec1![disrupt(n).first().clone()],
        };
        let context = context(session(random.random_range(0..3)));
        let before = state(&limits);
        match limits.reserve(Taking { context: &context, standing: None, actions: &actions, lifted: &[] }) {
            Ok(reservation) if random.random_bool(0.5) => {
                dropped += 1;
                drop(reservation);
            }
            Ok(reservation) => reservation.commit(),
            Err(_) => {
                refused += 1;
                assert_eq!(state(&limits), before, "a refusal");
            }
        }
        clock.forward(Duration::from_millis(random.random_range(0..20_000)));
    }
    assert!(refused > 100 && dropped > 100, "{refused} {dropped}");
}

/// A bucket that others took from between a taking and its drop never holds more than if the first had never been.
#[test]
fn giving_back_late_is_no_way_to_more() {
    let mut random = seeded(seed());
    for _ in 0..300 {
        let clock = Arc::new(Hand::default());
        let (with, without) = (of_ten(&clock), of_ten(&clock));
        let mut held = Vec::new();
        for _ in 0..30 {
            let actions = disrupt(random.random_range(1..4));
            let context = context(session(1));
            let taking = Taking { context: &context, standing: None, actions: &actions, lifted: &[] };
            match random.random_range(0..3) {
                0 => held.extend(with.reserve(taking)),
                1 if !held.is_empty() => drop(held.swap_remove(random.random_range(0..held.len()))),
                _ => {
                    if let Ok(passed) = with.reserve(taking) {
                        passed.commit();
                        let twin = without.reserve(taking);
                        assert!(twin.is_ok(), "passed where it would not have without those that were dropped");
                        twin.unwrap().commit();
                    }
                }
            }
            clock.forward(Duration::from_millis(random.random_range(0..900)));
        }
    }
}

fn of_ten(clock: &Arc<Hand>) -> Limits {
    Limits::new(one("allow: 10 per 10s, decision: throttle"), clock.clone())
}

/// A million buckets and not more; whoever is new then shares one, and gets no more than its quantity; what is full again is
/// forgotten.
#[test]
fn memory_has_an_end_and_so_has_what_is_remembered() {
    let clock = Arc::new(Hand::default());
    let limits = Limits::new(one("allow: 2 per 10m, decision: throttle"), clock.clone());
    let (actions, all, mut passed) = (disrupt(1), CELLS_MAX * HOMES, 0);
    assert!(take(&limits, session(0), &actions).is_ok());
    let now = moment(limits.clock.now());
    for n in 0..all as u128 {
        let bucket = Bucket::from_bytes((n << 122 | (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes());
        let mut home = limits.buckets.book.home(bucket);
        if home.settled(bucket, bucket, now) == bucket && home.len() < CELLS_MAX {
            home.write(Draft::Tokens { bucket, full_at: now + 300_000_000_000, cost: 300_000_000_000 }, now);
        }
    }
    assert_eq!(limits.buckets.len(), all);
    for n in 1..20_000 {
        passed += usize::from(take(&limits, session(n), &actions).is_ok());
    }
    assert_eq!(limits.buckets.len(), all + HOMES, "one overflow in each home");
    assert_eq!(passed, 2 * HOMES, "whoever is new shares it");
    // Whoever has a bucket keeps it.
    assert!(take(&limits, session(0), &actions).is_ok() && take(&limits, session(0), &actions).is_err());
    let all = all as u128;
    clock.forward(Duration::from_secs(300));
    let (one, twin) = (session(all + 5), session(all + 69));
    assert!(take(&limits, one, &actions).is_ok() && take(&limits, twin, &actions).is_err(), "still in the overflow");
    clock.forward(Duration::from_secs(601));
    assert!(take(&limits, session(all + 5), &actions).is_ok());
    limits.buckets.sweep();
    assert_eq!(limits.buckets.len(), 1);
    assert!(take(&limits, session(all + 5), &actions).is_ok() && take(&limits, session(all + 5), &actions).is_err());
}
