use super::*;
use crate::model::{DecisionId, Timestamp};

fn stopped(n: u128, decision: Effect, resource: &str) -> Stopped {
    Stopped {
        id: DecisionId::new(Timestamp::from_millis(1_795_312_800_000), n),
        decision,
        disposition: Disposition::Refused,
        operation: "aws:cloudformation:DeleteStack".into(),
        resource: resource.into(),
        rule: "aws/delete-stack".into(),
    }
}

fn tally(stops: Vec<Stopped>) -> Tally {
    let mut tally = Tally { stopped: stops, ..Tally::default() };
    tally.dispositions.insert(Disposition::Forwarded, 5);
    for stop in &tally.stopped {
        *tally.dispositions.entry(stop.disposition).or_insert(0) += 1;
    }
    tally
}

fn said(tally: &Tally, observing: bool, width: usize) -> String {
    summary(tally, SessionId::new(Timestamp::from_millis(0), 7), observing, Some(width))
}

#[test]
fn stops_of_a_kind_are_folded_and_say_what_to_type_next() {
    let tally = tally(vec![
        stopped(1, Effect::Escalate, "stack/a"),
        stopped(2, Effect::Escalate, "stack/b"),
        stopped(3, Effect::Deny, "stack/c"),
    ]);
    let text = said(&tally, false, 100);
    let session = SessionId::new(Timestamp::from_millis(0), 7);
    let expected = format!(
        "blastgate: 8 calls · 5 passed · 3 stopped\n  \
           needs approval  aws:cloudformation:DeleteStack  ×2\n                  \
                           stack/a and 1 more\n                  \
                           aws/delete-stack · blastgate log show 00000001\n  \
           denied          aws:cloudformation:DeleteStack\n                  \
                           stack/c\n                  \
                           aws/delete-stack · blastgate log show 00000003\n  \
           why, what to do blastgate report session:{session}\n  \
           every call      blastgate log session:{session}\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn a_narrow_terminal_gets_what_fits_and_commands_stand_whole() {
    let long = format!("arn:aws:cloudformation:eu-west-1:111122223333:stack/{}/end", "x".repeat(200));
    let mut one = stopped(1, Effect::Escalate, &long);
    one.rule = "a-very-long-pack-name/with-a-very-long-rule-name".into();
    let text = said(&tally(vec![one]), false, 80);
    for line in text.lines().filter(|line| !line.contains("session:")) {
        assert!(line.chars().count() <= 80, "{}: {line}", line.chars().count());
    }
    assert!(text.contains("/end") && text.contains("\n                  blastgate log show 00000001\n"), "{text}");
}

#[test]
fn observing_says_that_nothing_was_stopped() {
    let mut one = stopped(1, Effect::Deny, "x\u{1b}[2J");
    one.disposition = Disposition::Observed;
    let mut tally = tally(vec![one]);
    let text = said(&tally, true, 100);
    assert!(
        text.starts_with("blastgate: 6 calls · 6 passed · observing, 1 would have been stopped, none was\n"),
        "{text}"
    );
    assert!(text.contains("would deny") && !text.contains("denied") && !text.contains('\u{1b}'), "{text}");
    tally.rejected = 2;
    let text = said(&tally, true, 120);
    assert!(text.contains("2 unreadable (refused)") && text.contains("decision:rejected"), "{text}");
}

#[test]
fn a_limit_is_told_apart_from_a_stop() {
    let mut one = stopped(1, Effect::Allow, "x");
    one.disposition = Disposition::Throttled;
    let text = said(&tally(vec![one]), false, 100);
    assert!(
        text.starts_with("blastgate: 6 calls · 5 passed · 1 over a limit\n") && text.contains("over limit"),
        "{text}"
    );
    assert!(said(&tally(Vec::new()), false, 100).starts_with("blastgate: 5 calls · 5 passed · 0 stopped\n"));
    assert_eq!(said(&Tally::default(), false, 100), "blastgate: no calls went through the gate.\n");
}
