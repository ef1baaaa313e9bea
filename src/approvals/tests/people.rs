//! Whose votes count.

use super::*;
use crate::approvals::votes::Word;
use crate::model::{Approval, Part, Voter};

/// A key that nobody has: enough for lists and fingerprints.
pub(super) fn key(n: u8) -> String {
    let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    blob.extend([n; 32]);
    format!("ssh-ed25519 {}", data_encoding::BASE64.encode(&blob))
}

/// `ana` asks; `bo`, `cy` and `dee` are seniors, `bo` and `dee` of the owning team; `eve` is a junior administrator.
pub(super) fn people() -> People {
    let text = format!(
        "version: 1\npeople:\n\
         - {{ name: ana, os_user: ana_l, level: senior, roles: [sre, admin], keys: [\"{}\"] }}\n\
         - {{ name: bo, level: senior, roles: [sre, dba], teams: [\"@core\"], keys: [\"{}\", \"{}\"] }}\n\
         - {{ name: cy, level: senior, roles: [sre], keys: [\"{}\"] }}\n\
         - {{ name: dee, level: senior, roles: [sre, incident-commander], teams: [\"@core\"], keys: [\"{}\"] }}\n\
         - {{ name: eve, level: junior, roles: [admin], keys: [\"{}\"] }}\n",
        key(1),
        key(2),
        key(3),
        key(4),
        key(5),
        key(6)
    );
    People::parse("people.yaml", &text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// A vote whose signature was verified.
pub(super) fn word(bench: &Bench, request: &Request, voter: &str, nth_key: usize, answer: Said) -> Word {
    let people = people();
    let key = people.named(voter).unwrap().keys[nth_key].fingerprint().to_owned();
    let proof = Proof { key, hardware: false, statement: String::new(), signature: String::new() };
    // The voter's words follow each other.
    bench.clock.forward(Duration::from_millis(1));
    Word {
        request: request.id,
        answer,
        voter: voter.to_owned(),
        at: bench.clock.now(),
        reason: Some("because".to_owned()),
        content: Some(request.content()),
        proof: Some(proof),
    }
}

pub(super) fn of(quorum: u32, from: &[&str]) -> Part {
    Part { quorum, from: from.iter().map(|one| one.parse::<Voter>().unwrap()).collect() }
}

pub(super) fn asks(part: Part, including: Vec<Part>) -> Approval {
    Approval { part, including, expires_ms: None }
}

pub(super) fn asking(id: &str, approvals: Vec<Approval>, owners: &[&str]) -> Requirement {
    let mut requirement = Requirement::default();
    requirement.add(id, ("words", ""), Demand { approvals, obligations: Vec::new() });
    let mut text = serde_json::to_value(&requirement).unwrap();
    text[id]["owners"] = serde_json::json!(owners);
    serde_json::from_value(text).unwrap()
}

#[track_caller]
fn check(requirement: Requirement, votes: &[&str], expected: bool) {
    let bench = bench();
    bench.approvals.know(people());
    let question = Question::new(&principal(1), &vec1![action("a")], requirement, "r_1");
    let request = waiting(bench.approvals.ask(&question).unwrap());
    for voter in votes {
        let _ = bench.approvals.say(word(&bench, &request, voter, 0, Said::Approve));
    }
    let now = bench.approvals.show(request.id).unwrap().unwrap();
    assert_eq!(now.state == State::Approved, expected, "{votes:?}: {:?}", bench.approvals.count(&now));
    let used = bench.approvals.use_up(request.id, &question, decision(1)).unwrap();
    assert_eq!(used, expected, "{votes:?}");
}

#[test]
fn votes_are_counted_by_person_then_by_what_is_asked() {
    let seniors = || asking("r/a", vec![asks(of(2, &["role:sre"]), vec![])], &[]);
    check(seniors(), &["bo"], false);
    check(seniors(), &["bo", "bo"], false);
    check(seniors(), &["bo", "ana"], false);
    check(seniors(), &["bo", "eve"], false);
    check(seniors(), &["bo", "cy"], true);
    // Two seniors, one of them of the team that owns it.
    let owned = |owners: &[&str]| asking("r/a", vec![asks(of(2, &["level:senior"]), vec![of(1, &["owner"])])], owners);
    check(owned(&["@core"]), &["bo", "cy"], true);
    check(owned(&["@other"]), &["bo", "cy"], false);
    check(owned(&[]), &["bo", "dee"], false);
    // One of each: one person with both roles is one person.
    let each = || asking("r/a", vec![asks(of(1, &["role:sre"]), vec![]), asks(of(1, &["role:dba"]), vec![])], &[]);
    check(each(), &["bo"], false);
    check(each(), &["bo", "cy"], true);
    check(each(), &["cy", "dee"], false);
    // Two rules: each has what it needs.
    let mut both = asking("r/a", vec![asks(of(1, &["role:sre"]), vec![])], &[]);
    both.unite(&asking("r/b", vec![asks(of(1, &["role:dba"]), vec![])], &[]));
    check(both.clone(), &["bo"], true);
    check(both, &["cy"], false);
    // Nothing said: anybody's one, but never the requester's; an administrator is a person like others.
    check(requirement(&["r/a"]), &["eve"], true);
    check(requirement(&["r/a"]), &["ana"], false);
    check(asking("r/a", vec![asks(of(1, &["person:cy", "team:@core"]), vec![])], &[]), &["dee"], true);
}

#[test]
fn one_person_with_two_keys_is_one_and_the_requester_is_known_by_login_too() {
    let bench = bench();
    bench.approvals.know(people());
    let demand = asking("r/a", vec![asks(of(2, &[]), vec![])], &[]);
    let ask = |who: Principal| Question::new(&who, &vec1![action("a")], demand.clone(), "r_1");
    let request = waiting(bench.approvals.ask(&ask(principal(1))).unwrap());
    let say = |request: &Request, voter, key, answer| bench.approvals.say(word(&bench, request, voter, key, answer));
    assert_eq!(say(&request, "bo", 0, Said::Approve).unwrap().state, State::Pending);
    assert!(matches!(say(&request, "bo", 1, Said::Approve), Err(VoteError::Twice { .. })));
    let by_login = Principal { person: Some("ana_l".into()), ..principal(2) };
    let other = waiting(bench.approvals.ask(&ask(by_login)).unwrap());
    assert!(matches!(say(&other, "ana", 0, Said::Approve), Err(VoteError::Requester { .. })));
    assert_eq!(say(&other, "ana", 0, Said::Deny).unwrap().state, State::Denied, "to stop one's own is allowed");
    let excepted = ask(principal(3)).without(["cy".to_owned()]);
    let third = waiting(bench.approvals.ask(&excepted).unwrap());
    assert!(matches!(say(&third, "cy", 0, Said::Approve), Err(VoteError::Author { .. })));
    let by_team = ask(principal(4)).without(["@core".to_owned()]);
    let fourth = waiting(bench.approvals.ask(&by_team).unwrap());
    assert!(
        matches!(say(&fourth, "dee", 0, Said::Approve), Err(VoteError::Author { .. })),
        "of the team that wrote it"
    );
    assert_eq!(say(&fourth, "cy", 0, Said::Approve).unwrap().state, State::Pending);
    let unsigned = bench.approvals.answer(request.id, Said::Approve, ("cy", None), None);
    assert!(matches!(unsigned, Err(VoteError::NotYours(_))), "{unsigned:?}");
    assert!(matches!(bench.approvals.answer(request.id, Said::Deny, ("cy", None), None), Err(VoteError::NotYours(_))));
}

#[test]
fn a_vote_can_be_taken_back_and_an_old_one_is_not_said_again() {
    let bench = bench();
    bench.approvals.know(people());
    let demand = asking("r/a", vec![asks(of(2, &["role:sre"]), vec![])], &[]);
    let question = Question::new(&principal(1), &vec1![action("a")], demand, "r_1");
    let request = waiting(bench.approvals.ask(&question).unwrap());
    let first = word(&bench, &request, "bo", 0, Said::Approve);
    bench.approvals.say(first.clone()).unwrap();
    assert_eq!(bench.approvals.say(word(&bench, &request, "cy", 0, Said::Approve)).unwrap().state, State::Approved);
    let back = word(&bench, &request, "bo", 0, Said::Withdraw);
    assert_eq!(bench.approvals.say(back.clone()).unwrap().state, State::Pending);
    assert!(!bench.approvals.use_up(request.id, &question, decision(1)).unwrap());
    assert!(matches!(bench.approvals.say(first), Err(VoteError::Twice { .. })), "replayed");
    let again = word(&bench, &request, "bo", 0, Said::Approve);
    assert_eq!(bench.approvals.say(again).unwrap().state, State::Approved);
    assert!(bench.approvals.say(back).is_err(), "the old withdrawal");
    let nothing = word(&bench, &request, "dee", 0, Said::Withdraw);
    assert!(matches!(bench.approvals.say(nothing), Err(VoteError::Nothing { .. })));
    assert!(bench.approvals.use_up(request.id, &question, decision(1)).unwrap());
}

#[test]
fn who_is_struck_off_the_list_has_no_say_any_more() {
    let bench = bench();
    bench.approvals.know(people());
    let demand = asking("r/a", vec![asks(of(2, &["role:sre"]), vec![])], &[]);
    let question = Question::new(&principal(1), &vec1![action("a")], demand, "r_1");
    let request = waiting(bench.approvals.ask(&question).unwrap());
    for voter in ["bo", "cy"] {
        bench.approvals.say(word(&bench, &request, voter, 0, Said::Approve)).unwrap();
    }
    let without = format!(
        "version: 1\npeople:\n- {{ name: bo, roles: [sre], keys: [\"{}\"] }}\n- {{ name: cy, roles: [sre], keys: [\"{}\"] }}\n",
        key(9),
        key(4)
    );
    bench.approvals.know(People::parse("p", &without).unwrap());
    assert!(!bench.approvals.use_up(request.id, &question, decision(1)).unwrap(), "bo's key is gone");
    assert_ne!(waiting(bench.approvals.ask(&question).unwrap()).id, request.id);
    assert_eq!(bench.approvals.show(request.id).unwrap().unwrap().state, State::Void);
}

#[test]
fn the_glass_is_broken_by_whom_the_settings_name_and_reviewed_by_another() {
    let bench = bench();
    let glass = crate::config::BreakGlass { role: "incident-commander".into(), expires: Duration::from_secs(60) };
    let settings = Settings { break_glass: Some(glass), ..Settings::default() };
    let store = Store::open(&bench.folder.path().join("state")).unwrap();
    let clock = Arc::clone(&bench.clock) as Arc<dyn Clock>;
    let approvals = Approvals::new(store, bench.ledger.clone(), clock, settings);
    approvals.know(people());
    let demand = asking("r/a", vec![asks(of(2, &["role:sre"]), vec![])], &[]);
    let question = Question::new(&principal(1), &vec1![action("a")], demand, "r_1");
    let request = waiting(approvals.ask(&question).unwrap());
    let say = |voter, answer| approvals.say(word(&bench, &request, voter, 0, answer));
    assert!(say("cy", Said::BreakGlass).is_err(), "does not have the role");
    let silent = Word { reason: None, ..word(&bench, &request, "dee", 0, Said::BreakGlass) };
    assert!(approvals.say(silent).is_err(), "gives no reason");
    assert_eq!(say("dee", Said::BreakGlass).unwrap().state, State::Approved);
    assert!(approvals.use_up(request.id, &question, decision(1)).unwrap());
    let unreviewed = Filter { unreviewed: true, ..Filter::default() };
    assert_eq!(approvals.list(&unreviewed).unwrap().len(), 1);
    assert!(say("dee", Said::Review).is_err(), "broke it");
    assert!(say("ana", Said::Review).is_err(), "it was done for her");
    // What was used is not forgotten before it was looked at.
    bench.clock.forward(Duration::from_secs(200 * 24 * 60 * 60));
    let other = Question::new(&principal(2), &vec1![action("x")], requirement(&["r"]), "r_1");
    let _ = waiting(approvals.ask(&other).unwrap());
    assert_eq!(say("cy", Said::Review).unwrap().glass.unwrap().reviewed.unwrap().voter, "cy");
    assert_eq!(approvals.list(&unreviewed).unwrap().len(), 0);
    // Nobody where the settings name no role.
    bench.approvals.know(people());
    let request = waiting(bench.approvals.ask(&question).unwrap());
    assert!(bench.approvals.say(word(&bench, &request, "dee", 0, Said::BreakGlass)).is_err());
}
