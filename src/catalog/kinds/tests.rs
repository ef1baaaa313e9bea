use super::*;

#[track_caller]
fn same(operations: &[&str], expected: &str) {
    for operation in operations {
        assert_eq!(kind(&Operation::from_id(operation)).as_deref(), Some(expected), "{operation}");
    }
}

#[test]
fn a_kind_is_what_all_its_operations_are_about() {
    same(
        &[
            "aws:rds:DeleteDBInstance",
            "aws:rds:CreateDBInstance",
            "aws:rds:DescribeDBInstances",
            "aws:rds:RestoreDBInstanceFromDBSnapshot",
        ],
        "aws:rds: db instance",
    );
    same(&["aws:cloudformation:DeleteStack", "aws:cloudformation:CreateStack"], "aws:cloudformation: stack");
    same(&["aws:ec2:TerminateInstances", "aws:ec2:RunInstances", "aws:ec2:DescribeInstances"], "aws:ec2: instance");
    same(&["aws:kms:ScheduleKeyDeletion", "aws:kms:CreateKey", "aws:kms:ListKeys"], "aws:kms: key");
    same(
        &["kubernetes:core:pods.delete", "kubernetes:core:pods.create", "kubernetes:core:pods.list"],
        "kubernetes:core: pod",
    );
    same(&["gcp:sql:instances.delete", "gcp:sql:instances.insert", "gcp:sql:instances.list"], "gcp:sql: instance");
    same(
        &["gcp:memorystore:Memorystore.DeleteInstance", "gcp:memorystore:Memorystore.CreateInstance"],
        "gcp:memorystore: memorystore instance",
    );
    same(
        &[
            "github:rest:repos/delete",
            "github:rest:repos/create-in-org",
            "github:rest:repos/create-for-authenticated-user",
        ],
        "github:rest: repo",
    );
    same(
        &["azure:Microsoft.Sql:servers/databases.delete", "azure:Microsoft.Sql:servers/databases.write"],
        "azure:Microsoft.Sql: server database",
    );
    same(&["docker:container:ContainerDelete", "docker:container:ContainerCreate"], "docker:container: container");
    same(&["sql:postgres:drop_table", "sql:postgres:create_table"], "sql:postgres: table");
    same(&["heroku:app:delete", "heroku:app:create"], "heroku:app:");
}

#[test]
fn kinds_are_told_apart_and_what_has_no_name_has_none() {
    let kinds =
        ["aws:rds:DeleteDBInstance", "aws:rds:DeleteDBSnapshot", "aws:rds:DeleteDBCluster", "aws:ec2:DeleteVolume"];
    let mut found: Vec<_> = kinds.iter().map(|one| kind(&Operation::from_id(one))).collect();
    found.dedup();
    assert_eq!(found.len(), kinds.len());
    assert_eq!(kind(&Operation::from_id("aws:ec2:unidentified")), None);
    assert_eq!(kind(&Operation::from_id("kubernetes:unidentified:replace")), None);
}

#[test]
fn the_table_is_in_order_and_says_two_things() {
    let rows: Vec<(&str, &str)> = WORDS.lines().filter_map(|line| line.split_once('\t')).collect();
    assert!(
        rows.iter()
            .all(|(word, what)| word.bytes().all(|byte| byte.is_ascii_lowercase()) && ["done", "end"].contains(what))
    );
    assert!(rows.windows(2).all(|pair| (pair[0].1, pair[0].0) < (pair[1].1, pair[1].0)), "not sorted");
}
