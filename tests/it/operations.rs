//! `blastgate operations`: what the catalog knows, as the built program tells it.

use serde_json::Value;

use crate::support::PATIENCE;
use crate::support::child::{self, Ended};
use crate::support::stage::Stage;

fn ask(stage: &Stage, words: &[&str]) -> Ended {
    let mut command = stage.blastgate(["operations"]);
    command.args(words);
    child::run(command, PATIENCE)
}

#[test]
fn an_operation_is_told_by_any_of_its_names() {
    let stage = Stage::new();
    let one = ask(&stage, &["rds", "delete-db-instance"]).succeeded();
    for expected in ["aws:rds:DeleteDBInstance", "destroy / resource", "SkipFinalSnapshot", "aws_db_instance"] {
        assert!(one.stdout.contains(expected), "{expected}: {one:#?}");
    }
    for name in ["aws:rds:DeleteDBInstance", "aws_db_instance", "AWS::RDS::DBInstance"] {
        let found = ask(&stage, &["--json", name]).succeeded();
        let ids: Vec<String> = found
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["operation"].as_str().unwrap().to_owned())
            .collect();
        assert!(ids.contains(&"aws:rds:DeleteDBInstance".to_owned()), "{name}: {found:#?}");
    }
    let all = ask(&stage, &["aws:rds:Delete*"]).succeeded();
    assert!(all.stdout.lines().count() > 10 && !all.stdout.contains('\u{1b}'), "{all:#?}");
}

#[test]
fn what_is_not_there_ends_with_one() {
    let stage = Stage::new();
    let none = ask(&stage, &["aws:rds:DeleteDBInstanse"]);
    assert_eq!(none.code, Some(1), "{none:#?}");
    assert!(none.stdout.is_empty() && none.stderr.contains("did you mean `aws:rds:DeleteDBInstance`?"), "{none:#?}");
}
