use std::sync::atomic::{AtomicU64, Ordering};

use vec1::vec1;

use super::*;
use crate::model::{BlastRadius, Count, EnvironmentKind, Impact, Scope, Timestamp};
use crate::rules::{Layer, Source};

/// A clock that stands until it is moved.
#[derive(Debug, Default)]
struct Hand(AtomicU64);

impl Hand {
    fn forward(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_312_800_000 + self.0.load(Ordering::SeqCst))
    }
}

fn session(n: u128) -> SessionId {
    SessionId::new(Timestamp::from_millis(1), n)
}

fn limits(clock: &Arc<Hand>) -> Limits {
    Limits::new(Arc::new(RuleSet::builtin()), Arc::clone(clock) as Arc<dyn Clock>)
}

fn destroy(count: Count) -> Action {
    let blast = BlastRadius { count, ..BlastRadius::new(Impact::Destroy, Scope::Resource) };
    Action::for_test("aws:ec2:TerminateInstances", blast, EnvironmentKind::Dev)
}

fn take(limits: &Limits, session: SessionId, actions: &Vec1<Action>) -> Result<(), (String, Duration)> {
    match limits.reserve(Taking { session, actions, lifted: &[] }) {
        Ok(reservation) => {
            reservation.commit();
            Ok(())
        }
        Err(exceeded) => Err((exceeded.first().limit.clone(), exceeded.first().retry_after)),
    }
}

#[test]
fn resources_count_not_calls() {
    let clock = Arc::new(Hand::default());
    let limits = limits(&clock);
    assert!(take(&limits, session(1), &vec1![destroy(Count::Exact(6))]).is_ok());
    assert!(take(&limits, session(1), &vec1![destroy(Count::Exact(4))]).is_ok());
    let (limit, wait) = take(&limits, session(1), &vec1![destroy(Count::ONE)]).unwrap_err();
    assert_eq!(limit, "base/destroy-burst");
    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(60), "{wait:?}");
    assert!(take(&limits, session(2), &vec1![destroy(Count::Exact(10))]).is_ok(), "another session has its own");
    clock.forward(wait);
    assert!(take(&limits, session(1), &vec1![destroy(Count::ONE)]).is_ok(), "tokens come back with time");
}

#[test]
fn a_batch_is_one_taking_and_reads_are_free() {
    let limits = limits(&Arc::new(Hand::default()));
    let batch = vec1![destroy(Count::Exact(3)), destroy(Count::Exact(8))];
    assert!(take(&limits, session(1), &batch).is_ok(), "larger than the quantity takes all of it");
    assert!(take(&limits, session(1), &vec1![destroy(Count::ONE)]).is_err());
    let blast = BlastRadius { count: Count::Unbounded, ..BlastRadius::new(Impact::Read, Scope::Resource) };
    let read = Action::for_test("aws:ec2:DescribeInstances", blast, EnvironmentKind::Prod);
    for _ in 0..1000 {
        assert!(take(&limits, session(1), &vec1![read.clone()]).is_ok());
    }
}

#[test]
fn what_is_not_committed_is_given_back() {
    let limits = limits(&Arc::new(Hand::default()));
    for _ in 0..100 {
        let actions = vec1![destroy(Count::Exact(10))];
        drop(limits.reserve(Taking { session: session(1), actions: &actions, lifted: &[] }).unwrap());
    }
    assert!(take(&limits, session(1), &vec1![destroy(Count::Exact(10))]).is_ok());
    assert!(take(&limits, session(1), &vec1![destroy(Count::ONE)]).is_err());
}

#[test]
fn several_limits_are_taken_as_one() {
    let text = "limits:
  - { id: us/loose, match: { impact: [destroy] }, key: [session], allow: 100 per 10m, decision: escalate, message: Many., instead: Fewer. }
  - { id: us/tight, match: { impact: [destroy] }, key: [session], allow: 2 per 10m, decision: deny, message: Few., instead: Fewer. }
";
    let source = Source { file: "us/limits.yaml".into(), text: text.into(), layer: Layer::Organisation };
    let rules = RuleSet::load(&[source]).unwrap_or_else(|wrong| panic!("{wrong}"));
    let limits = Limits::new(Arc::new(rules), Arc::new(Hand::default()));
    assert!(take(&limits, session(1), &vec1![destroy(Count::Exact(2))]).is_ok());
    for _ in 0..50 {
        assert_eq!(take(&limits, session(1), &vec1![destroy(Count::ONE)]).unwrap_err().0, "us/tight");
    }
    let left = limits.rules.limits().iter().zip(&limits.limits).filter(|(spec, _)| spec.matches(&destroy(Count::ONE)));
    for (spec, limit) in left.filter(|(spec, _)| spec.quantity > 2) {
        let rest = NonZeroU32::new(spec.quantity - 2).unwrap();
        assert!(matches!(limit.limiter.check_key_n(&session(1), rest), Ok(Ok(()))), "{} was charged", spec.id);
    }
}
