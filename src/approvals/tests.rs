use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use vec1::{Vec1, vec1};

mod change;
mod gather;
mod model;
mod people;

use super::*;
use crate::classify::Action;
use crate::model::{BlastRadius, Demand, EnvironmentKind, Impact, Place, Principal, Scope};
use crate::record::LedgerOptions;
use crate::record::query::Reader;

/// Clocks that stand until they are moved, each by itself.
#[derive(Debug, Default)]
struct Hands {
    wall: AtomicI64,
    uptime: AtomicU64,
}

impl Hands {
    fn forward(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap();
        self.wall.fetch_add(i64::try_from(millis).unwrap(), Ordering::SeqCst);
        self.uptime.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_312_800_000u64.saturating_add_signed(self.wall.load(Ordering::SeqCst)))
    }

    fn uptime(&self) -> Option<Uptime> {
        Some(Uptime { boot: 7, millis: self.uptime.load(Ordering::SeqCst) })
    }
}

struct Bench {
    approvals: Arc<Approvals>,
    clock: Arc<Hands>,
    ledger: Ledger,
    folder: tempfile::TempDir,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(&folder.path().join("log"), LedgerOptions::default()).unwrap();
    let clock = Arc::new(Hands::default());
    let approvals = open(folder.path(), &ledger, &clock);
    Bench { approvals, clock, ledger, folder }
}

fn open(folder: &Path, ledger: &Ledger, clock: &Arc<Hands>) -> Arc<Approvals> {
    let store = Store::open(&folder.join("state")).unwrap();
    Arc::new(Approvals::new(store, ledger.clone(), Arc::clone(clock) as Arc<dyn Clock>, Settings::default()))
}

impl Bench {
    fn reopened(&self) -> Arc<Approvals> {
        open(self.folder.path(), &self.ledger, &self.clock)
    }

    /// So much later that what is asked next is a request of its own.
    fn later(&self) {
        self.clock.forward(Duration::from_secs(61));
    }

    fn steps(&self) -> Vec<ApprovalEntry> {
        self.ledger.close();
        let entries = Reader::open(&self.folder.path().join("log")).unwrap();
        entries
            .filter_map(|stored| match stored.unwrap().entry().unwrap() {
                Entry::Approval(entry) => Some(*entry),
                _ => None,
            })
            .collect()
    }
}

const NOW: Now = Now { wall: Timestamp::from_millis(1_795_312_800_000), uptime: None };

fn principal(n: u128) -> Principal {
    let session = SessionId::new(Timestamp::from_millis(1), n);
    Principal { session, agent: Some("claude".into()), person: Some("ana".into()), anonymous: false }
}

fn action(resource: &str) -> Action {
    let blast = BlastRadius::new(Impact::Destroy, Scope::Environment);
    Action::for_test("aws:cloudformation:DeleteStack", blast, EnvironmentKind::Prod).on([resource])
}

fn requirement(ids: &[&str]) -> Requirement {
    let mut requirement = Requirement::default();
    ids.iter().for_each(|id| requirement.add(id, ("words", ""), Demand::default()));
    requirement
}

fn ask_for(actions: Vec1<Action>) -> Question {
    Question::new(&principal(1), &actions, requirement(&["aws/delete-stack"]), "r_1")
}

fn question(resource: &str) -> Question {
    ask_for(vec1![action(resource)])
}

fn decision(n: u128) -> DecisionId {
    DecisionId::new(Timestamp::from_millis(2), n)
}

#[track_caller]
fn waiting(answer: Answer) -> Request {
    match answer {
        Answer::Waiting(request) => *request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_session_asked_for_ends_with_it() {
    let bench = bench();
    let (one, other) = (waiting(bench.approvals.ask(&question("a")).unwrap()), {
        let other = Question::new(&principal(2), &vec1![action("a")], requirement(&["aws/delete-stack"]), "r_1");
        waiting(bench.approvals.ask(&other).unwrap())
    });
    bench.later();
    let two = waiting(bench.approvals.ask(&question("b")).unwrap());
    bench.approvals.answer(two.id, Said::Approve, ("bo", None), None).unwrap();
    bench.approvals.end_session(principal(1).session).unwrap();
    let state = |id| bench.approvals.show(id).unwrap().unwrap().state;
    assert_eq!((state(one.id), state(two.id), state(other.id)), (State::Void, State::Void, State::Pending));
    assert!(!bench.approvals.use_up(two.id, &question("b"), decision(1)).unwrap());
}

#[test]
fn an_approval_passes_exactly_one_call() {
    let bench = bench();
    let approvals = &bench.approvals;
    let request = waiting(approvals.ask(&question("shop")).unwrap());
    assert_eq!(waiting(approvals.ask(&question("shop")).unwrap()).id, request.id, "a retry joins");
    assert!(!approvals.use_up(request.id, &question("shop"), decision(1)).unwrap(), "nobody has answered");
    let approved = approvals.answer(request.id, Said::Approve, ("bo", Some("planned")), None).unwrap();
    assert_eq!((approved.state, approved.votes[0].voter.as_str()), (State::Approved, "bo"));
    assert!(matches!(approvals.answer(request.id, Said::Approve, ("bo", None), None), Err(VoteError::Closed { .. })));
    assert!(matches!(approvals.ask(&question("shop")).unwrap(), Answer::Approved(it) if it.id == request.id));
    assert!(!approvals.use_up(request.id, &question("other"), decision(2)).unwrap(), "bound to what was asked");
    assert!(approvals.use_up(request.id, &question("shop"), decision(3)).unwrap());
    assert!(!approvals.use_up(request.id, &question("shop"), decision(4)).unwrap());
    let next = waiting(approvals.ask(&question("shop")).unwrap());
    assert_ne!(next.id, request.id);
    assert_eq!(approvals.show(request.id).unwrap().unwrap().decision(), Some(decision(3)));
    assert_eq!(approvals.list(&Filter::default()).unwrap().len(), 2);
    let pending = Filter { state: Some(State::Pending), last: 1, ..Filter::default() };
    assert_eq!(approvals.list(&pending).unwrap()[0].id, next.id);
    let unknown = ApprovalId::new(Timestamp::from_millis(1), 1);
    assert!(matches!(approvals.answer(unknown, Said::Deny, ("bo", None), None), Err(VoteError::Unknown(_))));
    let steps: Vec<_> = bench.steps().iter().map(|entry| entry.step.as_str()).collect();
    assert_eq!(steps, ["opened", "approved", "used", "opened"]);
}

#[test]
fn a_no_is_remembered_for_a_while_and_takes_an_approval_back() {
    let bench = bench();
    let approvals = &bench.approvals;
    let request = waiting(approvals.ask(&question("shop")).unwrap());
    approvals.answer(request.id, Said::Approve, ("bo", None), None).unwrap();
    approvals.answer(request.id, Said::Deny, ("cy", Some("not on a Friday")), None).unwrap();
    assert!(!approvals.use_up(request.id, &question("shop"), decision(1)).unwrap());
    for _ in 0..3 {
        let Answer::Denied(denied) = approvals.ask(&question("shop")).unwrap() else { panic!("asked again") };
        let no = denied.refusal().unwrap();
        assert_eq!((denied.id, no.reason.as_deref()), (request.id, Some("not on a Friday")));
    }
    let _ = waiting(approvals.ask(&question("another")).unwrap());
    bench.clock.forward(DENIED_FOR);
    assert_ne!(waiting(approvals.ask(&question("shop")).unwrap()).id, request.id);
}

#[test]
fn time_ends_it_on_whichever_clock_comes_first() {
    let check = |moved: &dyn Fn(&Hands), expected: State| {
        let bench = bench();
        let request = waiting(bench.approvals.ask(&question("shop")).unwrap());
        bench.approvals.answer(request.id, Said::Approve, ("bo", None), None).unwrap();
        moved(&bench.clock);
        assert_eq!(bench.approvals.show(request.id).unwrap().unwrap().state, expected);
        let used = bench.approvals.use_up(request.id, &question("shop"), decision(1)).unwrap();
        assert_eq!(used, expected == State::Approved);
        let expired = bench.steps().iter().filter(|entry| entry.step == ApprovalStep::Expired).count();
        assert_eq!(expired, usize::from(expected == State::Expired));
    };
    let limit = i64::try_from(Settings::default().use_within.as_millis()).unwrap();
    check(&|clock| clock.forward(Settings::default().use_within - Duration::from_millis(1)), State::Approved);
    check(&|clock| clock.forward(Settings::default().use_within), State::Expired);
    check(
        &|clock| {
            let _ = clock.wall.fetch_add(limit, Ordering::SeqCst);
        },
        State::Expired,
    );
    check(
        &|clock| {
            clock.forward(Settings::default().use_within);
            clock.wall.fetch_sub(2 * limit, Ordering::SeqCst);
        },
        State::Expired,
    );
    let bench = bench();
    let request = waiting(bench.approvals.ask(&question("shop")).unwrap());
    bench.clock.forward(Settings::default().pending);
    assert!(matches!(
        bench.approvals.answer(request.id, Said::Approve, ("bo", None), None),
        Err(VoteError::Closed { .. })
    ));
}

#[test]
fn it_is_bound_to_every_field_the_session_and_the_person() {
    let bench = bench();
    let place = Place { account: Some("1".into()), region: Some("r".into()), ..Place::default() };
    let plain = || action("shop").at(place.clone()).with("Retain", "false");
    let asked = |actions| Question::new(&principal(1), &actions, requirement(&["r"]), "r_1");
    let request = waiting(bench.approvals.ask(&asked(vec1![plain(), action("b")])).unwrap());
    bench.approvals.answer(request.id, Said::Approve, ("bo", None), None).unwrap();
    let other_operation = |operation: &str, kind| {
        let blast = BlastRadius::new(Impact::Destroy, Scope::Environment);
        Action::for_test(operation, blast, kind).on(["shop"]).at(place.clone()).with("Retain", "false")
    };
    let mut others: Vec<Vec1<Action>> = vec![
        vec1![plain(), action("c")],
        vec1![plain(), action("b"), action("b")],
        vec1![plain().with("Force", "true"), action("b")],
        vec1![action("shop").at(place.clone()).with("Retain", "true"), action("b")],
        vec1![action("shop").at(place.clone()).with("retain", "false"), action("b")],
        vec1![plain().on(["shop", "more"]), action("b")],
        vec1![plain().on(["shop "]), action("b")],
        vec1![other_operation("aws:cloudformation:DeleteStackSet", EnvironmentKind::Prod), action("b")],
        vec1![other_operation("aws:cloudformation:DeleteStack", EnvironmentKind::Staging), action("b")],
    ];
    let places: [&dyn Fn(&mut Place); 9] = [
        &|place| place.host = Some("h".into()),
        &|place| place.account = None,
        &|place| place.region = Some("s".into()),
        &|place| place.cluster = Some("c".into()),
        &|place| place.namespace = Some("n".into()),
        &|place| place.project = Some("p".into()),
        &|place| place.subscription = Some("s".into()),
        &|place| place.repository = Some("o/r".into()),
        &|place| place.loopback = true,
    ];
    for change in places {
        let mut place = place.clone();
        change(&mut place);
        others.push(vec1![plain().at(place), action("b")]);
    }
    for (index, actions) in others.into_iter().enumerate() {
        let question = asked(actions);
        assert!(!matches!(bench.approvals.ask(&question).unwrap(), Answer::Approved(_)), "{index}");
        assert!(!bench.approvals.use_up(request.id, &question, decision(1)).unwrap(), "{index}");
    }
    let actions = vec1![plain(), action("b")];
    for who in [principal(2), Principal { person: None, ..principal(1) }] {
        let question = Question::new(&who, &actions, requirement(&["r"]), "r_1");
        assert!(!matches!(bench.approvals.ask(&question).unwrap(), Answer::Approved(_)), "{who:?}");
        assert!(!bench.approvals.use_up(request.id, &question, decision(1)).unwrap(), "{who:?}");
    }
    let twin = Principal { agent: Some("codex".into()), ..principal(1) };
    let reordered = Question::new(&twin, &vec1![action("b"), plain()], requirement(&["r"]), "r_2");
    assert!(matches!(bench.approvals.ask(&reordered).unwrap(), Answer::Approved(_)), "order and agent do not matter");
    assert!(bench.approvals.use_up(request.id, &reordered, decision(1)).unwrap());
}

#[test]
fn more_than_was_asked_about_voids_it() {
    let bench = bench();
    let with = |requirement| Question::new(&principal(1), &vec1![action("shop")], requirement, "r_1");
    let request = waiting(bench.approvals.ask(&with(requirement(&["a/b", "matrix:x"]))).unwrap());
    bench.approvals.answer(request.id, Said::Approve, ("bo", None), None).unwrap();
    let fewer = with(requirement(&["matrix:x"]));
    assert!(matches!(bench.approvals.ask(&fewer).unwrap(), Answer::Approved(_)), "less is needed");
    let more = with(requirement(&["a/b", "matrix:x", "c/d"]));
    let second = waiting(bench.approvals.ask(&more).unwrap());
    assert_ne!(second.id, request.id);
    assert_eq!(bench.approvals.show(request.id).unwrap().unwrap().state, State::Void);
    assert!(!bench.approvals.use_up(request.id, &more, decision(1)).unwrap());
    let mut other_words = requirement(&["matrix:x", "c/d"]);
    other_words.add("a/b", ("other words", ""), Demand::default());
    assert_ne!(waiting(bench.approvals.ask(&with(other_words)).unwrap()).id, second.id);
}

#[test]
fn five_are_open_at_most_and_the_anonymous_have_none() {
    let bench = bench();
    for n in 0..OPEN_MAX {
        let _ = waiting(bench.approvals.ask(&question(&format!("stack-{n}"))).unwrap());
        bench.later();
    }
    assert!(matches!(bench.approvals.ask(&question("one more")).unwrap(), Answer::Crowded));
    let _ = waiting(bench.approvals.ask(&question("stack-0")).unwrap());
    let other = Question::new(&principal(2), &vec1![action("x")], requirement(&["r"]), "r_1");
    let _ = waiting(bench.approvals.ask(&other).unwrap());
    let nobody = Principal { anonymous: true, ..principal(3) };
    let nobody = Question::new(&nobody, &vec1![action("x")], requirement(&["r"]), "r_1");
    assert!(matches!(bench.approvals.ask(&nobody).unwrap(), Answer::Anonymous));
    assert_eq!(bench.approvals.list(&Filter::default()).unwrap().len(), 6);
}

#[test]
fn of_many_that_race_one_passes() {
    for round in 0..10u128 {
        let bench = bench();
        let stores = [Arc::clone(&bench.approvals), bench.reopened()];
        let request = waiting(bench.approvals.ask(&question("shop")).unwrap());
        stores[1].answer(request.id, Said::Approve, ("bo", None), None).unwrap();
        let passed = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..64u128 {
                let (approvals, passed) = (&stores[usize::try_from(thread % 2).unwrap()], &passed);
                scope.spawn(move || {
                    if approvals.use_up(request.id, &question("shop"), decision(thread)).unwrap() {
                        passed.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(passed.load(Ordering::SeqCst), 1, "round {round}");
    }
}

#[test]
fn what_is_shown_is_what_is_bound_and_nothing_hides_in_it() {
    let hostile = "shop\u{1b}[2J\r\nalready approved\u{202e}\u{200b}\u{7}";
    let place = Place { account: Some("111122223333\n".into()), ..Place::default() };
    let question =
        ask_for(vec1![action(hostile).at(place).with("Retain", "false").with("Password", "hunter2"), action("b")]);
    let request = Request::open(ApprovalId::new(Timestamp::from_millis(1), 1), &question, NOW, DENIED_FOR);
    let shown = &request.shown();
    for part in ["DeleteStack would destroy", "account 111122223333", "Retain = false", "environment: prod", "on: b"] {
        assert!(shown.contains(part), "{part} is missing in {shown}");
    }
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    assert!(!shown.contains(['\u{202e}', '\u{200b}']) && !shown.contains("\nalready") && !shown.contains("hunter2"));
    assert_eq!(request.operation(), "aws:cloudformation:DeleteStack (+1)");
    let huge = ask_for(Vec1::try_from_vec(vec![action(&"x".repeat(1_000_000)); 300]).unwrap());
    let huge = Request::open(request.id, &huge, NOW, DENIED_FOR).shown();
    assert!(huge.len() < 1000 && huge.contains("300 times"), "{huge}");
}

#[tokio::test(start_paused = true)]
async fn a_held_call_hears_of_the_answer_here_and_elsewhere() {
    let bench = bench();
    let request = waiting(bench.approvals.ask(&question("shop")).unwrap());
    assert!(!bench.approvals.wait(request.id, Duration::from_secs(20)).await, "nobody answers");
    for elsewhere in [false, true] {
        let request = waiting(bench.approvals.ask(&question(&format!("{elsewhere}"))).unwrap());
        let voting = if elsewhere { bench.reopened() } else { Arc::clone(&bench.approvals) };
        let held = tokio::spawn({
            let approvals = Arc::clone(&bench.approvals);
            async move { approvals.wait(request.id, Duration::from_secs(20)).await }
        });
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(!held.is_finished());
        voting.answer(request.id, Said::Approve, ("bo", None), None).unwrap();
        assert!(held.await.unwrap(), "elsewhere: {elsewhere}");
    }
}
