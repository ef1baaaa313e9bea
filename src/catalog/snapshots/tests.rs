use super::*;
use crate::catalog::operation_exists;

#[test]
fn every_row_names_an_operation_that_is_known_and_a_command() {
    for line in ROWS.lines().filter(|line| !line.starts_with('#')) {
        assert_eq!(line.split('\t').count(), 3, "{line}");
    }
    for (kind, operation, command) in rows() {
        assert!(operation_exists(operation), "{operation}");
        assert!(kind == "-" || kind.contains(':'), "{kind}");
        assert!(command == "-" || command.contains("NAME"), "{command}");
    }
}

#[test]
fn the_command_is_that_of_the_kind() {
    #[track_caller]
    fn check(of: &str, name: Option<&str>, expected: Option<&str>) {
        assert_eq!(snapshot_command(&Operation::from_id(of), name).as_deref(), expected);
    }
    let orders = "aws dynamodb create-backup --table-name orders --backup-name orders-before";
    check("aws:dynamodb:DeleteTable", Some("orders"), Some(orders));
    check("gcp:sql:instances.delete", Some("a b"), Some("gcloud sql backups create --instance NAME"));
    check(
        "aws:ec2:TerminateInstances",
        Some("i-1"),
        Some("aws ec2 create-image --instance-id i-1 --name i-1-before --no-reboot"),
    );
    check("aws:sqs:DeleteQueue", Some("q"), None);
    check("aws:ec2:unidentified", None, None);
    assert!(makes_snapshot(&Operation::from_id("aws:rds:CreateDBSnapshot")));
    assert!(!makes_snapshot(&Operation::from_id("aws:rds:DeleteDBSnapshot")));
}
