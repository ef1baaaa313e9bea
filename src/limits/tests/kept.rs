//! What was taken outlives the gate, and several gates know of each other.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;
use crate::store::Store;

const TWO: &str = "  - { id: us/tokens, match: { impact: [disrupt] }, by: [person], allow: 100 per 1h, decision: throttle, message: a., instead: b. }
  - { id: us/names, match: { impact: [disrupt] }, by: [person], distinct: true, allow: 10 per 1h, decision: throttle, message: a., instead: b. }
";

fn gate(folder: &std::path::Path, clock: &Arc<Hand>) -> Limits {
    let limits = Limits::new(rules(TWO), Arc::clone(clock) as Arc<dyn Clock>);
    limits.buckets().keep_in(Store::at(folder));
    limits
}

fn touch(limits: &Limits, name: u32) -> bool {
    let actions = vec1![disrupt(1).first().clone().on([format!("i-{name}")])];
    take(limits, session(1), &actions).is_ok()
}

fn tokens(limits: &Limits) -> u32 {
    left_of(limits, "us/tokens")
}

fn left_of(limits: &Limits, id: &str) -> u32 {
    let _ = limits.buckets.recall();
    let action = disrupt(1).first().clone().on(["x"]);
    let context = context(session(1));
    let view = View { action: &action, context: &context, standing: None, past: None };
    let (spec, quota) = limits.rules.limits().iter().zip(&limits.quotas).find(|(spec, _)| spec.id == id).unwrap();
    let bucket = spec.claims([view].into_iter()).pop().unwrap().bucket;
    let (full_at, now) = (limits.buckets.book.home(bucket).full_at(bucket), moment(limits.clock.now()));
    (1..=spec.burst).rev().find(|n| quota.take(full_at, now, NonZeroU32::new(*n).unwrap()).is_ok()).unwrap_or(0)
}

/// After any calls, a gate that starts anew answers like the one that went on.
#[test]
fn the_state_is_the_same_after_a_restart() {
    let seed: u64 = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hand::default());
        let mut limits = gate(folder.path(), &clock);
        // The same calls to limits that are never started anew.
        let twin = Limits::new(rules(TWO), Arc::clone(&clock) as Arc<dyn Clock>);
        for _ in 0..60 {
            let name = random.random_range(0..14);
            assert_eq!(touch(&limits, name), touch(&twin, name));
            clock.forward(Duration::from_secs(random.random_range(0..400)));
            if random.random_bool(0.2) {
                limits.buckets().save().unwrap();
            }
            if random.random_bool(0.2) {
                limits.buckets().save().unwrap();
                limits = gate(folder.path(), &clock);
                assert_eq!(tokens(&limits), left_of(&twin, "us/tokens"));
            }
        }
    }
}

#[test]
fn two_gates_spend_from_one_bucket() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    let (one, two) = (gate(folder.path(), &clock), gate(folder.path(), &clock));
    assert_eq!((tokens(&one), tokens(&two)), (100, 100));
    let spend = |limits: &Limits, n: u32| (0..n).for_each(|_| assert!(touch(limits, 1)));
    spend(&one, 30);
    spend(&two, 20);
    assert_eq!((tokens(&one), tokens(&two)), (70, 80), "not yet");
    one.buckets().save().unwrap();
    two.buckets().save().unwrap();
    one.buckets().save().unwrap();
    assert_eq!((tokens(&one), tokens(&two)), (50, 50));
    // What is given back is given back to both, and what ends, ends for both.
    let actions = vec1![disrupt(1).first().clone().on(["i-1"])];
    let context = context(session(1));
    let held = one.reserve(Taking { context: &context, standing: None, actions: &actions, lifted: &[] }).unwrap();
    one.buckets().save().unwrap();
    drop(held);
    one.buckets().save().unwrap();
    two.buckets().save().unwrap();
    assert_eq!((tokens(&one), tokens(&gate(folder.path(), &clock))), (50, 50));
    (2..=10).for_each(|name| assert!(touch(&one, name)));
    one.buckets().save().unwrap();
    two.buckets().save().unwrap();
    assert!(!touch(&two, 11) && touch(&two, 10), "ten different ones, wherever they were touched");
    clock.forward(Duration::from_secs(3601));
    assert!(touch(&two, 11));
    two.buckets().save().unwrap();
    let rows = Store::at(folder.path())
        .read(|ask| ask.query_row("SELECT count(*) FROM limit_buckets", [], |row| row.get::<_, u32>(0)))
        .unwrap();
    assert_eq!(rows, 2, "what has ended is forgotten there, too");
}

#[test]
fn nothing_is_opened_before_something_is_taken_and_trouble_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let clock = Arc::new(Hand::default());
    let limits = gate(&state, &clock);
    let read = BlastRadius::new(Impact::Read, Scope::Resource);
    let read = vec1![Action::for_test("aws:ec2:DescribeInstances", read, EnvironmentKind::Dev)];
    assert!(take(&limits, session(1), &read).is_ok());
    limits.buckets().save().unwrap();
    assert!(!state.exists());
    std::fs::write(&state, "in the way").unwrap();
    assert!(touch(&limits, 1) && limits.buckets().trouble().is_some_and(|text| text.contains("not known")));
    std::fs::remove_file(&state).unwrap();
    assert!(touch(&limits, 1) && limits.buckets().trouble().is_some(), "it is not tried at every call");
    clock.forward(Duration::from_secs(5));
    assert!(touch(&limits, 1) && limits.buckets().trouble().is_none());
    limits.buckets().save().unwrap();
    assert_eq!(tokens(&gate(&state, &clock)), 97, "what was taken before it could be read is kept, too");
}
