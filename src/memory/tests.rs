use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use vec1::vec1;

use super::*;
use crate::model::{BlastRadius, Count, Hazards, Place, Resource, Scope};

const BEGAN: u64 = 1_795_312_800_000;

#[derive(Debug, Default)]
struct Hand(AtomicU64);

impl Hand {
    fn forward(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(BEGAN + self.0.load(Ordering::SeqCst))
    }
}

struct Bench {
    memory: Arc<Memory>,
    clock: Arc<Hand>,
    folder: tempfile::TempDir,
}

fn bench() -> Bench {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(Hand::default()));
    let memory = open(&folder, &clock);
    Bench { memory, clock, folder }
}

fn open(folder: &tempfile::TempDir, clock: &Arc<Hand>) -> Arc<Memory> {
    let store = Store::open(&folder.path().join("state")).unwrap();
    Arc::new(Memory::new(store, Arc::clone(clock) as Arc<dyn Clock>))
}

fn principal(n: u128) -> Principal {
    let session = SessionId::new(Timestamp::from_millis(BEGAN), n);
    Principal { session, agent: Some("claude".into()), person: Some("ana".into()), anonymous: false }
}

fn aws(operation: &str, impact: Impact, region: &str) -> Action {
    let place = Place { account: Some("111122223333".into()), region: Some(region.into()), ..Place::default() };
    let resource = format!("arn:aws:lambda:{region}:111122223333:function:checkout");
    Action::for_test(operation, BlastRadius::new(impact, Scope::Resource), EnvironmentKind::Prod)
        .on([Resource::from(resource.as_str())])
        .at(place)
}

fn update(region: &str) -> Action {
    aws("aws:lambda:UpdateFunctionCode", Impact::Update, region)
}

/// What the memory says of it; it is let through where nothing is said.
fn does(bench: &Bench, who: &Principal, action: Action) -> Hazards {
    let mut actions = vec1![action];
    let entered = bench.memory.mark(who, &mut actions);
    let hazards = actions.first().blast().hazards;
    if let Some(mut entered) = entered.filter(|_| hazards.is_empty())
        && entered.let_through()
    {
        bench.memory.flush().unwrap();
    }
    hazards
}

fn is(hazards: Hazards, wanted: &[Hazard]) -> bool {
    hazards == wanted.iter().copied().collect()
}

#[test]
fn what_declared_nothing_stays_where_its_first_change_landed() {
    let bench = bench();
    let who = principal(1);
    assert!(
        is(does(&bench, &who, aws("aws:ec2:DescribeInstances", Impact::Read, "us-east-1")), &[]),
        "a read lands nowhere"
    );
    assert!(is(does(&bench, &who, update("eu-west-1")), &[]));
    let other = aws("aws:sqs:SetQueueAttributes", Impact::Update, "us-east-1");
    assert!(is(does(&bench, &who, other.clone()), &[Hazard::OutsideBoundary]));
    assert!(
        is(does(&bench, &who, other.clone()), &[Hazard::OutsideBoundary]),
        "what was stopped is not where it landed"
    );
    assert!(is(does(&bench, &principal(2), other.clone()), &[]), "another session's own");
    // Of another provider nothing is known yet; on this machine nobody minds.
    let place = Place { project: Some("shop".into()), region: Some("europe-west1".into()), ..Place::default() };
    let gcp = Action::for_test(
        "gcp:run:services.patch",
        BlastRadius::new(Impact::Update, Scope::Resource),
        EnvironmentKind::Prod,
    );
    assert!(is(does(&bench, &who, gcp.at(place)), &[]));
    let kind = |kind| {
        aws("aws:sqs:SetQueueAttributes", Impact::Update, "ap-south-1")
            .with_environment(crate::model::Environment::of(kind))
    };
    assert!(is(does(&bench, &who, kind(EnvironmentKind::Local)), &[]));
    assert!(is(does(&bench, &who, kind(EnvironmentKind::Dev)), &[Hazard::OutsideBoundary]));
    // A gate that starts anew knows it still.
    let again = Bench { memory: open(&bench.folder, &bench.clock), ..bench };
    assert!(is(does(&again, &who, other), &[Hazard::OutsideBoundary]));
    assert!(again.memory.of(who.session).landed.contains("aws/region=eu-west-1"));
}

#[test]
fn what_was_declared_holds_everywhere() {
    let bench = bench();
    let who = principal(1);
    let boundary = Boundary::parse(&["account=111122223333", "region=eu-*,us-east-1"]).unwrap();
    bench.memory.declare(who.session, Declared { task: Some("CHG-42".into()), boundary }).unwrap();
    for (action, outside) in [
        (update("eu-west-1"), false),
        (aws("aws:sqs:DeleteQueue", Impact::Destroy, "us-east-1"), false),
        (aws("aws:sqs:DeleteQueue", Impact::Destroy, "us-west-2"), true),
        (aws("aws:sqs:ListQueues", Impact::Read, "us-west-2"), false),
        (update("us-west-2").with_environment(crate::model::Environment::of(EnvironmentKind::Dev)), true),
        (update("eu-west-1").at(Place { region: Some("eu-west-1".into()), ..Place::default() }), true),
        (
            Action::for_test(
                "github:contents:repos.update",
                BlastRadius::new(Impact::Update, Scope::Item),
                EnvironmentKind::Dev,
            )
            .at(Place { repository: Some("shop/web".into()), ..Place::default() }),
            true,
        ),
    ] {
        let words = format!("{} {:?}", action.operation(), action.place());
        let hazards = does(&bench, &who, action);
        assert_eq!(hazards.contains(Hazard::OutsideBoundary), outside, "{words}: {hazards:?}");
    }
    // A global service has no region.
    let global = aws("aws:iam:CreateRole", Impact::Create, "x")
        .at(Place { account: Some("111122223333".into()), ..Place::default() });
    assert!(is(does(&bench, &who, global), &[]));
}

#[test]
fn a_boundary_is_read_or_told_what_is_wrong() {
    let read = |parts: &[&str]| Boundary::parse(parts).map(|boundary| boundary.to_string());
    assert_eq!(read(&["region=eu-west-1", "account=1,2", "region=us-*"]).unwrap(), "account=1,2 region=eu-west-1,us-*");
    for (part, said) in [
        ("eu-west-1", "`eu-west-1` is not a part of a boundary; write it as"),
        ("region=", "`region=` is not a part of a boundary"),
        ("acount=1", "a boundary knows no `acount`: did you mean `account`?"),
        ("zone=1", "a boundary knows no `zone`; it knows account, region,"),
        ("region={a,b}", "`{a` is not"),
    ] {
        match read(&[part]) {
            Err(error) => assert!(error.to_string().starts_with(said) || part.contains('{'), "{part}: {error}"),
            Ok(read) => assert!(part.contains('{'), "{part}: {read}"),
        }
    }
}

#[test]
fn one_change_goes_place_by_place() {
    let bench = bench();
    let who = principal(1);
    let boundary = Boundary::parse(&["account=111122223333"]).unwrap();
    bench.memory.declare(who.session, Declared { task: None, boundary }).unwrap();
    assert!(is(does(&bench, &who, update("eu-west-1")), &[]));
    assert!(is(does(&bench, &who, update("eu-west-1")), &[]), "the same place again");
    assert!(is(does(&bench, &who, update("us-east-1")), &[Hazard::Rollout]));
    let other = aws("aws:lambda:PublishVersion", Impact::Update, "us-east-1");
    assert!(is(does(&bench, &who, other), &[]), "another change");
    bench.clock.forward(BAKE);
    assert!(is(does(&bench, &who, update("us-east-1")), &[]), "it has held so long");
    assert!(is(does(&bench, &who, update("ap-south-1")), &[Hazard::Rollout]), "the second place is as fresh");
    // Where it fails, it goes no further, however long one waits; until it has gone well there.
    bench.clock.forward(BAKE);
    let mut actions = vec1![update("ap-south-1")];
    let mut entered = bench.memory.mark(&who, &mut actions).unwrap();
    let _ = entered.let_through();
    entered.ended(true);
    drop(entered);
    bench.clock.forward(BAKE * 3);
    let mut next = vec1![update("sa-east-1")];
    drop(bench.memory.mark(&who, &mut next));
    assert!(
        next.first().notes().iter().any(|note| note.contains("failed in") && note.contains("ap-south-1")),
        "{next:?}"
    );
    assert!(is(does(&bench, &who, update("ap-south-1")), &[]), "to mend it there is no step further");
    bench.clock.forward(BAKE);
    assert!(is(does(&bench, &who, update("sa-east-1")), &[]));
}

#[test]
fn a_burst_ends_in_quarantine_until_a_person_ends_it() {
    let bench = bench();
    let who = principal(1);
    let terminate = |n: u64| {
        aws("aws:ec2:TerminateInstances", Impact::Destroy, "eu-west-1").on([Resource::from(format!("i-{n}").as_str())])
    };
    let mut stopped_at = None;
    for n in 0..100 {
        bench.clock.forward(Duration::from_millis(500));
        if does(&bench, &who, terminate(n)).contains(Hazard::Quarantine) {
            stopped_at = Some(n);
            break;
        }
    }
    assert_eq!(stopped_at, Some(59), "three times the least, since nothing is known of its kind");
    let remembered = bench.memory.of(who.session).quarantine.unwrap();
    assert!(remembered.why.starts_with("60 resources destroyed within 5 minutes; 0.0 on average"), "{remembered}");
    bench.clock.forward(Duration::from_secs(7200));
    assert!(does(&bench, &who, update("eu-west-1")).contains(Hazard::Quarantine), "time alone ends nothing");
    assert!(is(does(&bench, &who, aws("aws:ec2:DescribeInstances", Impact::Read, "eu-west-1")), &[]), "it may read");
    // Nor does a gate that starts anew.
    bench.memory.flush().unwrap();
    let again = Bench { memory: open(&bench.folder, &bench.clock), ..bench };
    assert!(does(&again, &who, update("eu-west-1")).contains(Hazard::Quarantine));
    assert!(again.memory.quarantine(who.session, None).unwrap());
    assert!(!again.memory.quarantine(who.session, None).unwrap());
    assert!(is(does(&again, &who, update("eu-west-1")), &[]));
}

#[test]
fn steady_work_is_no_burst_and_one_ask_for_many_counts_as_many() {
    let bench = bench();
    // Many sessions of one kind, each some fifteen deletions in five minutes, for hours.
    for n in 0..20 {
        let who = principal(100 + n);
        for _ in 0..60 {
            bench.clock.forward(Duration::from_secs(20));
            assert!(is(does(&bench, &who, aws("aws:ec2:TerminateInstances", Impact::Destroy, "eu-west-1")), &[]));
        }
    }
    let many = |count| {
        let blast = BlastRadius { count: Count::Exact(count), ..BlastRadius::new(Impact::Destroy, Scope::Resource) };
        let place = Place { account: Some("1".into()), ..Place::default() };
        Action::for_test("aws:ec2:TerminateInstances", blast, EnvironmentKind::Prod).at(place)
    };
    assert!(is(does(&bench, &principal(1), many(15)), &[]), "as others do");
    let hazards = does(&bench, &principal(2), many(45));
    assert!(
        hazards.contains(Hazard::Quarantine),
        "three times what its kind does, at once: {:?}",
        bench.memory.of(principal(2).session)
    );
    // What was refused is not held against it.
    for _ in 0..20 {
        let mut actions = vec1![many(10)];
        drop(bench.memory.mark(&principal(3), &mut actions));
        assert!(actions.first().blast().hazards.is_empty());
    }
}

#[test]
fn state_that_cannot_be_read_lets_no_change_pass_unasked() {
    let bench = bench();
    let who = principal(1);
    bench.memory.flush().unwrap();
    let store = Store::open(&bench.folder.path().join("state")).unwrap();
    let broken = "INSERT INTO session_memory (session, written_at, document) VALUES (?1, ?2, '{')";
    let written = i64::try_from(BEGAN).unwrap();
    store.write(|change| change.execute(broken, rusqlite::params![who.session.to_string(), written])).unwrap();
    assert!(does(&bench, &who, update("eu-west-1")).contains(Hazard::OutsideBoundary));
    assert!(is(does(&bench, &principal(2), update("eu-west-1")), &[]));
}
