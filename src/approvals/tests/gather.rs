//! Several calls in one request, each usable once, and calls that came to no answer.

use super::*;

#[test]
fn what_a_session_is_refused_within_a_minute_is_one_request() {
    let bench = bench();
    let approvals = &bench.approvals;
    let first = waiting(approvals.ask(&question("a")).unwrap());
    let second = waiting(approvals.ask(&question("b")).unwrap());
    assert_eq!(first.id, second.id);
    assert_eq!((second.items.len(), second.operation().as_str()), (2, "aws:cloudformation:DeleteStack (+1)"));
    assert_ne!(first.content(), second.content(), "who saw one has not seen both");
    assert_eq!(waiting(approvals.ask(&question("a")).unwrap()).items.len(), 2, "a retry adds nothing");
    let more = requirement(&["aws/delete-stack", "aws/other"]);
    let third = Question::new(&principal(1), &vec1![action("c")], more, "r_1");
    assert!(waiting(approvals.ask(&third).unwrap()).requirement.names("aws/other"));
    bench.later();
    assert_ne!(waiting(approvals.ask(&question("d")).unwrap()).id, first.id, "a minute later it is another");
    approvals.answer(first.id, Said::Approve, ("bo", None), None).unwrap();
    for (n, resource) in ["b", "a"].into_iter().enumerate() {
        assert!(approvals.use_up(first.id, &question(resource), decision(n as u128)).unwrap());
        assert!(!approvals.use_up(first.id, &question(resource), decision(9)).unwrap(), "{resource} once");
    }
    let state = |approvals: &Approvals| approvals.show(first.id).unwrap().unwrap().state;
    assert_eq!(state(approvals), State::Approved, "one is left");
    assert!(!approvals.use_up(first.id, &question("d"), decision(9)).unwrap(), "not of this request");
    assert!(approvals.use_up(first.id, &third, decision(3)).unwrap());
    assert_eq!(state(approvals), State::Used);
    let told = bench.steps();
    let joined = |nth: usize| (told[nth].digests.len(), told[nth].shown.matches("DeleteStack would").count());
    assert_eq!([joined(0), joined(1), joined(2)], [(1, 1); 3], "each step tells what is new");
    let steps: Vec<_> = told.iter().map(|entry| entry.step.as_str()).collect();
    assert_eq!(steps, ["opened", "joined", "joined", "opened", "approved", "used", "used", "used"]);
}

#[test]
fn who_saw_less_than_it_is_now_has_not_approved_it() {
    let bench = bench();
    let approvals = &bench.approvals;
    let seen = waiting(approvals.ask(&question("a")).unwrap());
    let _ = waiting(approvals.ask(&question("b")).unwrap());
    let voted = approvals.answer(seen.id, Said::Approve, ("bo", None), Some(&seen.content()));
    assert!(matches!(voted, Err(VoteError::Changed(id)) if id == seen.id), "{voted:?}");
    let now = approvals.show(seen.id).unwrap().unwrap();
    approvals.answer(seen.id, Said::Approve, ("bo", None), Some(&now.content())).unwrap();
    // Nothing joins what somebody has answered.
    assert_ne!(waiting(approvals.ask(&question("c")).unwrap()).id, seen.id);
}

#[test]
fn a_batch_passes_only_where_all_of_it_was_asked_about() {
    let bench = bench();
    let approvals = &bench.approvals;
    let plan = ask_for(vec1![action("a"), action("b"), action("a")]);
    let request = waiting(approvals.ask(&plan).unwrap());
    approvals.answer(request.id, Said::Approve, ("bo", None), None).unwrap();
    let both = ask_for(vec1![action("a"), action("b")]);
    let too_many = ask_for(vec1![action("a"), action("a"), action("a")]);
    assert!(!approvals.use_up(request.id, &too_many, decision(1)).unwrap());
    assert!(approvals.use_up(request.id, &both, decision(2)).unwrap());
    assert!(!approvals.use_up(request.id, &both, decision(3)).unwrap(), "b was used");
    assert!(approvals.use_up(request.id, &question("a"), decision(4)).unwrap());
    assert!(!approvals.use_up(request.id, &question("a"), decision(5)).unwrap());
}

#[test]
fn a_no_to_one_of_them_is_a_no_to_what_carries_it() {
    let bench = bench();
    let approvals = &bench.approvals;
    let request = waiting(approvals.ask(&question("a")).unwrap());
    approvals.answer(request.id, Said::Deny, ("bo", None), None).unwrap();
    let with_more = ask_for(vec1![action("a"), action("b")]);
    assert!(matches!(approvals.ask(&with_more).unwrap(), Answer::Denied(_)));
    assert!(matches!(approvals.ask(&question("b")).unwrap(), Answer::Waiting(_)));
}

#[test]
fn a_call_without_an_answer_may_be_sent_again_for_a_minute_three_times_in_all() {
    let used = || {
        let bench = bench();
        let request = waiting(bench.approvals.ask(&question("a")).unwrap());
        bench.approvals.answer(request.id, Said::Approve, ("bo", None), None).unwrap();
        assert!(bench.approvals.use_up(request.id, &question("a"), decision(1)).unwrap());
        (bench, request.id)
    };
    let (bench, id) = used();
    assert!(!bench.approvals.use_up(id, &question("a"), decision(2)).unwrap(), "it may have arrived");
    for n in 1..3 {
        bench.approvals.unanswered(id, decision(n)).unwrap();
        assert!(matches!(bench.approvals.ask(&question("a")).unwrap(), Answer::Approved(one) if one.id == id));
        assert!(bench.approvals.use_up(id, &question("a"), decision(n + 1)).unwrap(), "{n}");
        assert!(!bench.approvals.use_up(id, &question("a"), decision(9)).unwrap());
    }
    bench.approvals.unanswered(id, decision(3)).unwrap();
    assert!(!bench.approvals.use_up(id, &question("a"), decision(9)).unwrap(), "three times is enough");
    let (bench, id) = used();
    bench.approvals.unanswered(id, decision(7)).unwrap();
    assert!(!bench.approvals.use_up(id, &question("a"), decision(2)).unwrap(), "another call's end");
    bench.approvals.unanswered(id, decision(1)).unwrap();
    assert!(!bench.approvals.use_up(id, &question("b"), decision(2)).unwrap(), "another call");
    bench.clock.forward(Duration::from_secs(60));
    assert!(!bench.approvals.use_up(id, &question("a"), decision(2)).unwrap(), "too late");
    // Not even when the clock is set back.
    let _ = bench.clock.wall.fetch_sub(120_000, Ordering::SeqCst);
    assert!(!bench.approvals.use_up(id, &question("a"), decision(2)).unwrap());
}

#[test]
fn after_a_crash_it_is_used_and_not_sent() {
    let bench = bench();
    let request = waiting(bench.approvals.ask(&question("a")).unwrap());
    bench.approvals.answer(request.id, Said::Approve, ("bo", None), None).unwrap();
    assert!(bench.approvals.use_up(request.id, &question("a"), decision(1)).unwrap());
    let again = bench.reopened();
    assert!(!again.use_up(request.id, &question("a"), decision(2)).unwrap());
    assert_ne!(waiting(again.ask(&question("a")).unwrap()).id, request.id);
}

#[test]
fn a_clock_that_is_set_back_revives_nothing_also_over_a_restart_of_the_machine() {
    let bench = bench();
    let request = waiting(bench.approvals.ask(&question("a")).unwrap());
    bench.approvals.answer(request.id, Said::Approve, ("bo", None), None).unwrap();
    bench.clock.forward(Settings::default().use_within * 2);
    // Another session looks, so that the time is known.
    let other = Question::new(&principal(2), &vec1![action("x")], requirement(&["r"]), "r_1");
    let _ = waiting(bench.approvals.ask(&other).unwrap());
    bench.clock.uptime.store(0, Ordering::SeqCst);
    bench.clock.wall.store(0, Ordering::SeqCst);
    let again = bench.reopened();
    assert!(!again.use_up(request.id, &question("a"), decision(1)).unwrap());
}

#[test]
fn what_must_be_said_first_is_asked_for_and_shown() {
    let bench = bench();
    let approvals = &bench.approvals;
    let demand = Demand { obligations: vec![Obligation::Reason, Obligation::RollbackPlan], ..Demand::default() };
    let asking = |said: &Words| {
        let mut requirement = Requirement::default();
        requirement.add("us/friction", ("words", ""), demand.clone());
        Question::new(&principal(1), &vec1![action("a")], requirement, "r_1").saying(said)
    };
    let mut said = Words::default();
    let Answer::Owing(owing) = approvals.ask(&asking(&said)).unwrap() else { panic!("it was not asked for") };
    assert_eq!(owing, [Obligation::Reason, Obligation::RollbackPlan]);
    said.say(&Obligation::Reason, "  CHG-7\u{202e} replaces it; password=hunter2hunter2 ");
    assert!(
        matches!(approvals.ask(&asking(&said)).unwrap(), Answer::Owing(left) if left == [Obligation::RollbackPlan])
    );
    let mut before = Words::default();
    before.say(&Obligation::RollbackPlan, "restore the snapshot");
    approvals.hear(principal(1).session, &before).unwrap();
    let request = waiting(approvals.ask(&asking(&said)).unwrap());
    let reason = request.said.reason.as_deref().unwrap();
    assert!(reason.starts_with("CHG-7\\u{202e}") && !reason.contains("hunter2"), "{reason}");
    assert_eq!(request.said.rollback_plan.as_deref(), Some("restore the snapshot"));
    let mut later = Words::default();
    later.say(&Obligation::Ticket, "CHG-8");
    approvals.hear(principal(1).session, &later).unwrap();
    let told = approvals.show(request.id).unwrap().unwrap();
    assert_eq!(told.said.ticket.as_deref(), Some("CHG-8"), "what waits is shown with it");
    assert!(told.said.reason == request.said.reason && told.content() != request.content());
    bench.clock.forward(Duration::from_secs(30 * 60));
    let other = Question::new(&principal(1), &vec1![action("b")], asking(&said).requirement, "r_1").saying(&said);
    assert!(matches!(approvals.ask(&other).unwrap(), Answer::Owing(_)), "said long ago");
}
