//! Changes of the gate itself: what somebody might try to have taken up.

use std::collections::BTreeSet;

use super::people::{asks, key, of, people, word};
use super::*;
use crate::approvals::change::{Adoption, Proposal, Subject};

/// What `ana` wrote, of this content; two of `sre` must approve it.
fn change(after: &str) -> Proposal {
    Proposal {
        folder: "/etc/gate".into(),
        before: ("c_1".into(), "1111".into()),
        after: (format!("c_{after}"), after.into()),
        authors: BTreeSet::from(["ana_l".to_owned()]),
        shown: "  posture: strict → observe\n".into(),
        asks: asks(of(2, &["role:sre"]), vec![]),
    }
}

fn about(after: &str) -> Question {
    Question::of_change(change(after))
}

/// Proposed by `ana`, answered by these.
fn proposed(bench: &Bench, question: &Question, voters: &[&str]) -> Request {
    bench.approvals.know(people());
    let request = waiting(bench.approvals.propose(question).unwrap());
    for voter in voters {
        bench.approvals.say(word(bench, &request, voter, 0, Said::Approve)).unwrap();
    }
    request
}

fn is_due(approvals: &Approvals, question: &Question) -> bool {
    matches!(approvals.adopt(question).unwrap(), Adoption::Due(_))
}

fn state(bench: &Bench, request: &Request) -> State {
    bench.approvals.show(request.id).unwrap().unwrap().state
}

#[test]
fn a_change_is_taken_up_once_by_its_quorum() {
    let bench = bench();
    let request = proposed(&bench, &about("2"), &["bo"]);
    assert!(matches!(bench.approvals.adopt(&about("2")).unwrap(), Adoption::Waiting(id) if id == request.id));
    assert_eq!(bench.approvals.able(&request), ["bo", "cy", "dee"]);
    assert_eq!(waiting(bench.approvals.propose(&about("2")).unwrap()).id, request.id, "joined");
    bench.approvals.say(word(&bench, &request, "cy", 0, Said::Approve)).unwrap();
    let approvals = &bench.approvals;
    let due = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..32).map(|_| scope.spawn(|| is_due(approvals, &about("2")))).collect();
        tries.into_iter().map(|one| usize::from(one.join().unwrap())).sum::<usize>()
    });
    assert_eq!((due, state(&bench, &request)), (1, State::Used));
    let view = bench.approvals.view(&bench.approvals.show(request.id).unwrap().unwrap());
    assert_eq!((view.subject, view.decision), (Subject::Change("/etc/gate".into()), None));
    // Taken up, reverted, and written again: the same content needs its people again.
    let next = waiting(bench.approvals.propose(&about("2")).unwrap());
    assert!(next.id != request.id && !is_due(&bench.approvals, &about("2")));
    let steps: Vec<_> = bench.steps().iter().map(|entry| (entry.step.as_str(), entry.decision)).collect();
    assert_eq!(steps, ["opened", "voted", "approved", "used", "opened"].map(|step| (step, None)));
}

#[test]
fn who_wrote_it_never_counts() {
    let bench = bench();
    let both = Proposal { authors: BTreeSet::from(["ana_l".into(), "cy".into()]), ..change("2") };
    let request = proposed(&bench, &Question::of_change(both), &["bo"]);
    for author in ["ana", "cy"] {
        let said = bench.approvals.say(word(&bench, &request, author, 0, Said::Approve));
        assert!(matches!(said, Err(VoteError::Requester { .. } | VoteError::Author { .. })), "{author}: {said:?}");
    }
    let said = bench.approvals.say(word(&bench, &request, "eve", 0, Said::Approve));
    assert!(matches!(said, Err(VoteError::NotYours(_))), "{said:?}");
    assert_eq!(bench.approvals.able(&request), ["bo", "dee"]);
    // Rewritten by somebody else, it is another change.
    let cleared = proposed(&bench, &about("2"), &[]);
    assert!(cleared.id != request.id && state(&bench, &request) == State::Void);
}

#[test]
fn other_content_voids_what_was_asked() {
    let bench = bench();
    let request = proposed(&bench, &about("2"), &["bo", "cy"]);
    assert_eq!(state(&bench, &request), State::Approved);
    let elsewhere = Question::of_change(Proposal { folder: "/etc/other".into(), ..change("2") });
    assert!(!is_due(&bench.approvals, &elsewhere));
    assert_eq!(state(&bench, &request), State::Approved, "another folder is another gate's");
    let since = Question::of_change(Proposal { before: ("c_0".into(), "0000".into()), ..change("2") });
    assert!(!is_due(&bench.approvals, &since) && state(&bench, &request) == State::Void, "loosens something else now");
    assert!(!is_due(&bench.approvals, &about("2")), "nothing brings it back");
    let next = proposed(&bench, &about("2"), &["bo", "cy"]);
    bench.approvals.forgo("/etc/gate").unwrap();
    assert!(state(&bench, &next) == State::Void && !is_due(&bench.approvals, &about("2")));
}

#[test]
fn it_needs_at_its_use_what_counts_then() {
    let check = |expected: bool, meanwhile: &dyn Fn(&Bench, &Request) -> Question| {
        let bench = bench();
        let request = proposed(&bench, &about("2"), &["bo", "cy"]);
        let question = meanwhile(&bench, &request);
        let after_restart = bench.reopened();
        after_restart.know((**bench.approvals.people.load()).clone());
        assert_eq!(is_due(&after_restart, &question), expected, "{:?}", state(&bench, &request));
    };
    check(true, &|_, _| about("2"));
    check(false, &|bench, _| {
        bench.clock.forward(Settings::default().use_within);
        about("2")
    });
    check(false, &|bench, request| {
        bench.approvals.say(word(bench, request, "dee", 0, Said::Deny)).unwrap();
        assert!(matches!(bench.approvals.propose(&about("2")).unwrap(), Answer::Denied(_)));
        about("2")
    });
    check(false, &|bench, request| {
        bench.approvals.say(word(bench, request, "cy", 0, Said::Withdraw)).unwrap();
        about("2")
    });
    check(false, &|_, _| Question::of_change(Proposal { asks: asks(of(3, &["role:sre"]), vec![]), ..change("2") }));
    // Only `bo` is still listed.
    check(false, &|bench, _| {
        let text = format!("version: 1\npeople:\n  - {{ name: bo, roles: [sre], keys: [\"{}\"] }}\n", key(2));
        bench.approvals.know(People::parse("people.yaml", &text).unwrap());
        about("2")
    });
}

#[test]
fn no_emergency_turns_the_gate_down() {
    let bench = bench();
    let glass = crate::config::BreakGlass { role: "incident-commander".into(), expires: Duration::from_secs(60) };
    let settings = Settings { break_glass: Some(glass), ..Settings::default() };
    let store = Store::open(&bench.folder.path().join("state")).unwrap();
    let approvals = Approvals::new(store, bench.ledger.clone(), Arc::clone(&bench.clock) as Arc<dyn Clock>, settings);
    approvals.know(people());
    let request = waiting(approvals.propose(&about("2")).unwrap());
    let said = approvals.say(word(&bench, &request, "dee", 0, Said::BreakGlass));
    assert!(matches!(said, Err(VoteError::NotYours(_))), "{said:?}");
    assert!(!is_due(&approvals, &about("2")));
}
