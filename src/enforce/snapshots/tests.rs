use super::*;
use crate::model::{BlastRadius, EnvironmentKind, Impact, Scope};

fn at(hours: u64) -> Timestamp {
    Timestamp::from_millis(hours * 3_600_000)
}

fn action(operation: &str, resource: &str) -> Action {
    let blast = BlastRadius::new(Impact::Create, Scope::Resource);
    Action::for_test(operation, blast, EnvironmentKind::Prod).on([resource])
}

#[test]
fn a_thing_is_found_by_whatever_names_it() {
    #[track_caller]
    fn check(made: (&str, &str), destroyed: (&str, &str), expected: bool) {
        let mut snapshots = Snapshots::default();
        snapshots.see(made_by(&[action(made.0, made.1)]), DecisionId::new(at(0), 1), at(0));
        let (operation, resource) = (Operation::from_id(destroyed.0), Resource::from(destroyed.1));
        let found = snapshots.seen(sought(&operation, &resource), at(1), Duration::from_secs(7_200));
        assert_eq!(found.is_some(), expected, "{made:?} {destroyed:?}");
    }
    let whole = "arn:aws:rds:eu-west-1:111122223333:db:shop";
    let made = ("aws:rds:CreateDBSnapshot", whole);
    check(made, ("aws:rds:DeleteDBInstance", whole), true);
    check(made, ("aws:rds:DeleteDBInstance", "arn:aws:rds:::db:shop"), true);
    check(made, ("aws:rds:DeleteDBInstance", "arn:aws:rds:eu-west-1:444455556666:db:shop"), false);
    check(made, ("aws:rds:DeleteDBInstance", "arn:aws:rds:::db:orders"), false);
    check(("aws:rds:DeleteDBSnapshot", whole), ("aws:rds:DeleteDBInstance", whole), false);
    check(("aws:backup:StartBackupJob", whole), ("aws:rds:DeleteDBInstance", whole), true);
    let made = ("gcp:sql:backupRuns.insert", "projects/p/instances/shop/backupRuns");
    check(made, ("gcp:sql:instances.delete", "projects/p/instances/shop"), true);
    check(made, ("gcp:sql:instances.delete", "projects/p/instances/orders"), false);
    check(
        ("fly:machines:createVolumeSnapshot", "apps/a/volumes/v/snapshots"),
        ("fly:machines:VolumeDelete", "apps/a/volumes/v"),
        true,
    );
}

#[test]
fn only_what_was_answered_with_success_is_made() {
    let answered = |status| Outcome::Answered { status, sent_bytes: 0, received_bytes: 0 };
    for (outcome, expected) in [
        (answered(200), true),
        (answered(201), true),
        (answered(302), false),
        (answered(400), false),
        (answered(503), false),
        (Outcome::Abandoned, false),
        (Outcome::Broken { status: Some(200), error: String::new() }, false),
    ] {
        assert_eq!(is_made(&outcome), expected, "{outcome:?}");
    }
}

#[test]
fn it_is_bounded_and_forgets() {
    let mut snapshots = Snapshots::default();
    for thing in 0..40_000 {
        snapshots.see(vec![thing], DecisionId::new(at(0), 1), at(0));
    }
    assert_eq!(snapshots.0.len(), THINGS_MAX);
    let hour = Duration::from_secs(3600);
    assert!(snapshots.seen(7, at(1), hour).is_some() && snapshots.seen(7, at(2), hour).is_none());
    assert!(snapshots.seen(39_999, at(0), hour).is_none(), "what had no room was not seen");
    snapshots.see(vec![39_999], DecisionId::new(at(25), 1), at(25));
    assert_eq!(snapshots.0.len(), 1);
}
