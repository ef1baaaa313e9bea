//! Whose tokens, how many, and of what.

use super::*;
use crate::model::{Environment, Place};

fn stop(n: u64) -> Action {
    disrupt(n).first().clone()
}

/// Somebody with a name.
fn somebody(session: SessionId, agent: &str, person: Option<&str>) -> Context {
    let context = context(session);
    let (agent, person) = (Some(agent.to_owned()), person.map(str::to_owned));
    Context { principal: crate::model::Principal { agent, person, ..context.principal }, ..context }
}

fn pass(limits: &Limits, context: &Context, actions: Vec1<Action>) -> bool {
    let taking = Taking { context, standing: None, actions: &actions, lifted: &[] };
    limits.reserve(taking).map(Reservation::commit).is_ok()
}

fn exceeded(limits: &Limits, context: &Context, actions: Vec1<Action>) -> Exceeded {
    limits.reserve(Taking { context, standing: None, actions: &actions, lifted: &[] }).unwrap_err().first().clone()
}

#[test]
fn every_key_counts_apart_what_differs_in_it_and_nothing_else() {
    let place = |change: &dyn Fn(&mut Place)| {
        let mut place = Place::default();
        change(&mut place);
        stop(1).at(place)
    };
    let env = |name: &str, tenant: Option<&str>| {
        let environment = Environment::of(EnvironmentKind::Dev);
        stop(1).within(Environment { name: name.into(), tenant: tenant.map(str::to_owned), ..environment })
    };
    let named =
        |id: &str| Action::for_test(id, BlastRadius::new(Impact::Disrupt, Scope::Resource), EnvironmentKind::Dev);
    let ada = |n| somebody(session(n), "claude", Some("ada"));
    let check = |by: &str, first: (Context, Action), same: (Context, Action), other: (Context, Action)| {
        let rules = one(&format!("by: [{by}], allow: 1 per 1h, decision: deny"));
        let limits = Limits::new(rules, Arc::new(Hand::default()));
        assert!(pass(&limits, &first.0, vec1![first.1]), "{by}");
        assert!(!pass(&limits, &same.0, vec1![same.1]), "{by}: the same");
        assert!(pass(&limits, &other.0, vec1![other.1]), "{by}: another");
    };
    check("session", (ada(1), stop(1)), (ada(1), env("x", None)), (ada(2), stop(1)));
    let bob = |n| somebody(session(n), "claude", Some("bob"));
    check("person", (ada(1), stop(1)), (somebody(session(2), "codex", Some("ada")), stop(1)), (bob(1), stop(1)));
    let nobody = |n| somebody(session(n), "x", None);
    check("person", (nobody(1), stop(1)), (nobody(2), stop(1)), (ada(1), stop(1)));
    check("principal", (ada(1), stop(1)), (ada(2), stop(1)), (somebody(session(1), "codex", Some("ada")), stop(1)));
    let (one, two) = ("aws:ec2:StopInstances", "aws:rds:StopDBInstance");
    check("operation", (ada(1), named(one)), (ada(2), named(one)), (ada(1), named(two)));
    check("provider", (ada(1), named(one)), (ada(1), named(two)), (ada(1), named("gcp:compute:instances.stop")));
    check("environment", (ada(1), env("shop", None)), (bob(2), env("shop", Some("a"))), (ada(1), env("pay", None)));
    check("tenant", (ada(1), env("a", Some("x"))), (ada(1), env("b", Some("x"))), (ada(1), env("a", None)));
    let region = |name: &str| place(&|place| place.region = Some(name.into()));
    check("region", (ada(1), region("eu")), (bob(2), region("eu")), (ada(1), region("us")));
    let account = |name: &str| place(&|place| place.account = Some(name.into()));
    check("account", (ada(1), account("1")), (bob(2), account("1")), (ada(1), account("2")));
    let cluster = |name: &str| place(&|place| place.cluster = Some(name.into()));
    check("cluster", (ada(1), cluster("a")), (bob(2), cluster("a")), (ada(1), cluster("b")));
    check("session, region", (ada(1), region("eu")), (ada(1), region("eu")), (ada(2), region("eu")));
    check("session, region", (ada(1), region("eu")), (ada(1), region("eu")), (ada(1), region("us")));
}

#[test]
fn a_batch_pays_in_every_bucket_that_it_touches() {
    let limits = Limits::new(one("by: [region], allow: 3 per 1h, decision: deny"), Arc::new(Hand::default()));
    let at = |region: &str, n| stop(n).at(Place { region: Some(region.into()), ..Place::default() });
    let context = context(session(1));
    assert!(!pass(&limits, &context, vec1![at("eu", 3), at("us", 2), at("us", 2)]), "four in one region");
    assert!(pass(&limits, &context, vec1![at("eu", 3), at("us", 2), at("us", 1)]), "nothing was taken before");
    assert!(!pass(&limits, &context, vec1![at("eu", 1)]) && !pass(&limits, &context, vec1![at("us", 1)]));
}

#[test]
fn what_never_fits_is_asked_about_and_not_made_to_wait_for_ever() {
    let clock = Arc::new(Hand::default());
    let context = context(session(1));
    let unbounded = || {
        vec1![Action::for_test(
            "aws:ec2:StopInstances",
            BlastRadius { count: Count::Unbounded, ..BlastRadius::new(Impact::Disrupt, Scope::Resource) },
            EnvironmentKind::Dev,
        )]
    };
    for (decision, answer) in [("throttle", Effect::Escalate), ("escalate", Effect::Escalate), ("deny", Effect::Deny)] {
        let limits = Limits::new(one(&format!("allow: 9 per 1m, burst: 3, decision: {decision}")), clock.clone());
        for (actions, says) in [
            (unbounded(), "Nothing bounds how many resources this call touches, so it fits no limit. So many."),
            (vec1![stop(4)], "This call alone touches 4, and 3 fit at once. So many."),
            (vec1![stop(2), stop(2)], "This call alone touches 4, and 3 fit at once. So many."),
        ] {
            let over = exceeded(&limits, &context, actions.clone());
            assert_eq!((over.decision, over.retry_after, over.message.as_str()), (answer, None, says), "{decision}");
            // People lift what is asked about, and nothing that denies; it takes what there is.
            let taking = Taking { context: &context, standing: None, actions: &actions, lifted: &["us/one".into()] };
            let reserved = limits.reserve(taking);
            assert_eq!(reserved.is_ok(), answer == Effect::Escalate, "{decision}");
            assert_eq!(pass(&limits, &context, vec1![stop(1)]), reserved.is_err(), "{decision}: all that there was");
            drop(reserved);
            clock.forward(Duration::from_secs(60));
        }
        assert!(pass(&limits, &context, vec1![stop(3)]));
        let over = exceeded(&limits, &context, vec1![stop(1)]);
        assert_eq!((over.decision.as_str(), over.retry_after.is_some()), (decision, true));
    }
    let limits = Limits::new(one("allow: 9 per 1m, unbounded: 4, decision: throttle"), clock);
    assert!(pass(&limits, &context, unbounded()) && pass(&limits, &context, unbounded()));
    assert!(exceeded(&limits, &context, unbounded()).retry_after.is_some(), "as four");
}

#[test]
fn a_burst_is_apart_from_the_rate() {
    let clock = Arc::new(Hand::default());
    let limits = Limits::new(one("allow: 60 per 1m, burst: 2, decision: deny"), clock.clone());
    let context = context(session(1));
    let mut passed = 0;
    for _ in 0..600 {
        passed += u32::from(pass(&limits, &context, vec1![stop(1)]));
        clock.forward(Duration::from_millis(100));
    }
    assert_eq!(passed, 61, "two at once, and one a second");
}

fn bucket_named(name: &str) -> Action {
    Action::for_test("aws:s3:DeleteBucket", BlastRadius::new(Impact::Disrupt, Scope::Resource), EnvironmentKind::Dev)
        .on([name])
}

fn named(n: u64, names: &[&str]) -> Action {
    stop(n).on(names.iter().copied())
}

#[test]
fn different_resources_are_counted_once_each_while_they_are_touched() {
    let clock = Arc::new(Hand::default());
    let limits = Limits::new(one("distinct: true, allow: 3 per 1d, decision: throttle"), clock.clone());
    let context = context(session(1));
    let go = |actions: Vec1<Action>| pass(&limits, &context, actions);
    for _ in 0..5 {
        assert!(go(vec1![bucket_named("a")]) && go(vec1![bucket_named("b")]));
    }
    clock.forward(Duration::from_secs(3600));
    assert!(go(vec1![bucket_named("a")]), "again");
    assert!(!go(vec1![bucket_named("c"), bucket_named("d")]), "the third and a fourth: neither is taken");
    assert!(go(vec1![bucket_named("c"), bucket_named("c")]), "one");
    let over = exceeded(&limits, &context, vec1![bucket_named("d")]);
    assert_eq!(
        (over.decision, over.retry_after),
        (Effect::Throttle, Some(Duration::from_secs(23 * 3600))),
        "then b ends"
    );
    clock.forward(Duration::from_secs(23 * 3600));
    assert!(go(vec1![bucket_named("d")]) && !go(vec1![bucket_named("b")]));
    // A resource of that name elsewhere is another.
    let elsewhere = bucket_named("a").at(Place { account: Some("2".into()), ..Place::default() });
    assert!(!go(vec1![elsewhere]));
}

#[test]
fn what_has_no_name_or_no_bound_fits_no_set() {
    let limits = Limits::new(one("distinct: true, allow: 3 per 1d, decision: throttle"), Arc::new(Hand::default()));
    let context = context(session(1));
    let counted = |count, names: &[&str]| {
        let blast = BlastRadius { count, ..BlastRadius::new(Impact::Disrupt, Scope::Resource) };
        Action::for_test("aws:ec2:StopInstances", blast, EnvironmentKind::Dev).on(names.iter().copied())
    };
    for action in [
        counted(Count::ONE, &[]),
        counted(Count::ONE, &[""]),
        counted(Count::Exact(3), &["a", "b"]),
        counted(Count::AtLeast(2), &["a"]),
        counted(Count::Unbounded, &["a"]),
        counted(Count::Exact(4), &["a", "b", "c", "d"]),
    ] {
        let over = exceeded(&limits, &context, vec1![named(1, &["x"]), action.clone()]);
        assert_eq!((over.decision, over.retry_after), (Effect::Escalate, None), "{action:?}");
    }
    assert!(pass(&limits, &context, vec1![named(3, &["a", "b", "c"])]), "nothing was taken");
    assert!(pass(&limits, &context, vec1![named(1, &["b"])]));
    assert!(!pass(&limits, &context, vec1![named(1, &["d"])]));
}

#[test]
fn a_set_gives_back_what_was_not_touched_and_keeps_what_was() {
    let limits = Limits::new(one("distinct: true, allow: 2 per 1d, decision: deny"), Arc::new(Hand::default()));
    let context = context(session(1));
    let (a, b) = (vec1![named(1, &["a"])], vec1![named(1, &["b"])]);
    let reserve = |actions| limits.reserve(Taking { context: &context, standing: None, actions, lifted: &[] });
    let (first, second) = (reserve(&a).unwrap(), reserve(&a).unwrap());
    drop(first);
    let held = reserve(&b).unwrap();
    assert!(reserve(&vec1![named(1, &["c"])]).is_err(), "held by calls that may yet go on");
    second.commit();
    drop(held);
    assert!(pass(&limits, &context, vec1![named(1, &["c"])]), "b was never touched");
    assert!(!pass(&limits, &context, b) && pass(&limits, &context, a));
}

#[test]
fn a_clock_that_was_set_back_empties_a_bucket_and_no_more() {
    let clock = Arc::new(Hand::default());
    clock.forward(Duration::from_secs(86_400));
    let limits = Limits::new(one("allow: 2 per 10m, decision: throttle"), clock.clone());
    let context = context(session(1));
    assert!(pass(&limits, &context, vec1![stop(1)]));
    clock.0.store(0, Ordering::SeqCst);
    let over = exceeded(&limits, &context, vec1![stop(1)]);
    assert_eq!(over.retry_after, Some(Duration::from_secs(300)));
    clock.forward(Duration::from_secs(86_400));
}
