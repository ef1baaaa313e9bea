use std::sync::atomic::{AtomicU64, Ordering};

use vec1::vec1;

use std::sync::Mutex;

use super::*;
use crate::model::{BlastRadius, Count, EnvironmentKind, Impact, Scope, SessionId, Timestamp};
use crate::rules::{Layer, Source};

mod kept;
mod keys;
mod laws;

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

/// Limits of these and no built-in ones' environment: `text` is the YAML below `limits:`.
fn rules(text: &str) -> Arc<RuleSet> {
    let source = Source { file: "us/limits.yaml".into(), text: format!("limits:\n{text}"), layer: Layer::Organisation };
    Arc::new(RuleSet::load(&[source]).unwrap_or_else(|wrong| panic!("{wrong}")))
}

/// One limit on everything that disrupts, which says these things.
fn one(says: &str) -> Arc<RuleSet> {
    rules(&format!(
        "  - {{ id: us/one, match: {{ impact: [disrupt] }}, {says}, message: So many., instead: Fewer. }}\n"
    ))
}

fn limits(clock: &Arc<Hand>) -> Limits {
    Limits::new(Arc::new(RuleSet::builtin()), Arc::clone(clock) as Arc<dyn Clock>)
}

fn destroy(count: Count) -> Action {
    let blast = BlastRadius { count, ..BlastRadius::new(Impact::Destroy, Scope::Resource) };
    Action::for_test("aws:ec2:TerminateInstances", blast, EnvironmentKind::Dev)
}

/// Nobody known, at no particular time.
fn context(session: SessionId) -> Context {
    let context = crate::prove::nobody(Timestamp::from_millis(0));
    Context { principal: crate::model::Principal { session, ..context.principal }, ..context }
}

fn take(limits: &Limits, session: SessionId, actions: &Vec1<Action>) -> Result<(), (String, Duration)> {
    let context = context(session);
    match limits.reserve(Taking { context: &context, standing: None, actions, lifted: &[] }) {
        Ok(reservation) => {
            reservation.commit();
            Ok(())
        }
        Err(exceeded) => {
            let first = exceeded.first();
            Err((first.limit.clone(), first.retry_after.unwrap_or(Duration::MAX)))
        }
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
    assert_eq!(take(&limits, session(1), &batch).unwrap_err().1, Duration::MAX, "eleven never fit");
    let batch = vec1![destroy(Count::Exact(3)), destroy(Count::Exact(7))];
    assert!(take(&limits, session(1), &batch).is_ok(), "and took nothing");
    assert!(take(&limits, session(1), &vec1![destroy(Count::ONE)]).is_err());
    assert!(
        take(&limits, session(2), &vec1![destroy(Count::Unbounded)]).is_ok(),
        "the built-in limit says what it counts as"
    );
    assert!(take(&limits, session(2), &vec1![destroy(Count::Unbounded)]).is_err());
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
        drop(
            limits
                .reserve(Taking { context: &context(session(1)), standing: None, actions: &actions, lifted: &[] })
                .unwrap(),
        );
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
    for (id, quantity) in [("us/loose", 100), ("base/destroy-burst", 10)] {
        assert_eq!(left(&limits, id, session(1)), quantity - 2, "{id} was charged");
    }
}

/// How many tokens of this limit the session has.
fn left(limits: &Limits, id: &str, session: SessionId) -> u32 {
    let (action, context) = (destroy(Count::ONE), context(session));
    let view = View { action: &action, context: &context, standing: None, past: None };
    let now = moment(limits.clock.now());
    let (spec, quota) = limits.rules.limits().iter().zip(&limits.quotas).find(|(spec, _)| spec.id == id).unwrap();
    let bucket = spec.claims([view].into_iter()).pop().unwrap().bucket;
    let full_at = limits.buckets.book.home(bucket).full_at(bucket);
    let fits = |n: &u32| quota.take(full_at, now, NonZeroU32::new(*n).unwrap()).is_ok();
    (1..=spec.burst).rev().find(fits).unwrap_or(0)
}

/// A clock that runs with tokio's, which the tests stop and wind.
#[derive(Debug)]
struct Wound(tokio::time::Instant);

impl Clock for Wound {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_312_800_000).after(self.0.elapsed())
    }
}

/// One limit of two a second, which says `decision`.
fn of_two(decision: &str) -> Arc<Limits> {
    let text = format!(
        "limits:\n  - {{ id: us/two, match: {{ impact: [disrupt] }}, key: [session], allow: 2 per 2s, decision: {decision}, \
         message: Two., instead: Fewer. }}\n"
    );
    let source = Source { file: "us/limits.yaml".into(), text, layer: Layer::Organisation };
    let rules = RuleSet::load(&[source]).unwrap_or_else(|wrong| panic!("{wrong}"));
    Arc::new(Limits::new(Arc::new(rules), Arc::new(Wound(tokio::time::Instant::now()))))
}

fn disrupt(n: u64) -> Vec1<Action> {
    let blast = BlastRadius { count: Count::Exact(n), ..BlastRadius::new(Impact::Disrupt, Scope::Resource) };
    vec1![Action::for_test("aws:ec2:StopInstances", blast, EnvironmentKind::Dev)]
}

async fn within(limits: &Limits, actions: &Vec1<Action>, hold: Duration) -> Result<(), Vec1<Exceeded>> {
    let context = context(session(1));
    let taking = Taking { context: &context, standing: None, actions, lifted: &[] };
    limits.reserve_within(taking, hold).await.map(Reservation::commit)
}

const HOLD: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn a_short_wait_is_spent_here_and_a_long_one_is_told() {
    for decision in ["throttle", "escalate"] {
        let limits = of_two(decision);
        let began = tokio::time::Instant::now();
        within(&limits, &disrupt(2), HOLD).await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
        within(&limits, &disrupt(1), HOLD).await.unwrap();
        let waited = began.elapsed();
        assert!(waited >= Duration::from_millis(990) && waited <= Duration::from_millis(1_100), "{waited:?}");
        let exceeded = within(&limits, &disrupt(2), Duration::from_millis(500)).await.unwrap_err();
        assert_eq!(began.elapsed(), waited, "what does not fit is told at once");
        assert!(exceeded.first().retry_after > Some(Duration::from_secs(1)));
    }
    let limits = of_two("deny");
    within(&limits, &disrupt(2), HOLD).await.unwrap();
    let began = tokio::time::Instant::now();
    assert!(within(&limits, &disrupt(1), HOLD).await.is_err());
    assert_eq!(began.elapsed(), Duration::ZERO, "waiting is no answer to a no");
}

#[tokio::test(start_paused = true)]
async fn who_comes_first_goes_first_and_who_goes_away_gives_the_place_up() {
    let limits = of_two("throttle");
    within(&limits, &disrupt(2), HOLD).await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for n in 0..4 {
        let (limits, order) = (Arc::clone(&limits), Arc::clone(&order));
        waiting.push(tokio::spawn(async move {
            let passed = within(&limits, &disrupt(1), Duration::from_secs(3)).await.is_ok();
            order.lock().unwrap().push((n, passed));
        }));
        tokio::task::yield_now().await;
    }
    waiting.remove(1).abort();
    // Somebody who comes when a token is just there does not overtake.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(!limits.room.is_empty());
    let read = BlastRadius::new(Impact::Read, Scope::Resource);
    let read = vec1![Action::for_test("aws:ec2:DescribeInstances", read, EnvironmentKind::Dev)];
    let began = tokio::time::Instant::now();
    within(&limits, &read, HOLD).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO, "what takes no tokens does not queue");
    for one in waiting {
        one.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [(0, true), (2, true), (3, true)]);
    assert!(limits.room.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_waiting_room_has_so_many_places() {
    let limits = of_two("throttle");
    within(&limits, &disrupt(2), HOLD).await.unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..300 {
        let limits = Arc::clone(&limits);
        waiting.spawn(async move { within(&limits, &disrupt(1), HOLD).await.is_ok() });
    }
    tokio::task::yield_now().await;
    let began = tokio::time::Instant::now();
    let passed = waiting.join_all().await.into_iter().filter(|passed| *passed).count();
    assert!((1..=2).contains(&passed), "{passed} passed in two seconds");
    assert!(began.elapsed() <= HOLD + Duration::from_millis(10));
}

#[test]
fn other_rules_are_no_way_to_fresh_tokens() {
    let clock = Arc::new(Hand::default());
    let old = limits(&clock);
    assert!(take(&old, session(1), &vec1![destroy(Count::Exact(10))]).is_ok());
    let text = "limits:\n  - { id: us/other, match: { impact: [disrupt] }, key: [session], allow: 2 per 1m, decision: throttle, message: Two., instead: Fewer. }\n";
    let source = Source { file: "us/limits.yaml".into(), text: text.into(), layer: Layer::Organisation };
    let new = old.succeeded_by(Arc::new(RuleSet::load(&[source]).unwrap_or_else(|wrong| panic!("{wrong}"))));
    assert_eq!(take(&new, session(1), &vec1![destroy(Count::ONE)]).unwrap_err().0, "base/destroy-burst");
    assert!(take(&new, session(1), &disrupt(2)).is_ok());
    let third = new.succeeded_by(Arc::new(RuleSet::builtin()));
    clock.forward(Duration::from_secs(60));
    assert!(take(&third, session(1), &vec1![destroy(Count::ONE)]).is_ok());
    assert!(take(&old, session(1), &vec1![destroy(Count::ONE)]).is_err(), "one state for all of them");
}

#[test]
fn a_lifted_limit_lets_pass_what_people_have_seen_and_no_other_does() {
    let clock = Arc::new(Hand::default());
    let limits = limits(&clock);
    assert!(take(&limits, session(1), &vec1![destroy(Count::Exact(10))]).is_ok());
    let actions = vec1![destroy(Count::ONE)];
    let lifted = |ids: &[&str]| {
        let lifted: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        limits
            .reserve(Taking { context: &context(session(1)), standing: None, actions: &actions, lifted: &lifted })
            .is_ok()
    };
    assert!(!lifted(&[]) && !lifted(&["us/other"]) && lifted(&["base/destroy-burst"]));
}
