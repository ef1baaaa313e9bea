//! Whole working sessions with AWS: a script with boto3 and the command line makes, reads, changes and deletes across
//! services. What the rules let through works, deletions of environments stop in production, and the log names every call as
//! the client does.

use blastgate::model::Disposition;
use blastgate::record::{ActionEntry, DecisionEntry};
use serde_json::Value;

use crate::support::PATIENCE;
use crate::support::child;
use crate::support::log::describe;
use crate::support::moto::{Aws, credentials};
use crate::support::stage::{DEV_ACCOUNT, PROD_ACCOUNT, Stage};

/// Makes the role that functions and clusters are made with, behind the gate's back: permissions are not what this is about.
fn make_role(stage: &Stage, account: &str, name: &str) {
    let code =
        "import boto3, sys; boto3.client('iam').create_role(RoleName=sys.argv[1], AssumeRolePolicyDocument='{}')";
    let mut command = stage.blastgate(["run", "--observe", "--quiet", "--", "python", "-c", code, name]);
    command.envs(credentials(account));
    child::run(command, PATIENCE).succeeded();
}

/// What one session said, step by step.
fn session(account: &str, name: &str, parts: &[&str]) -> (Stage, Vec<Value>) {
    let mut stage = Stage::new();
    let bucket = format!("blastgate-it-{name}");
    Aws::on(&mut stage, &[&bucket]);
    if parts.iter().any(|part| matches!(*part, "programs" | "environments")) {
        make_role(&stage, account, name);
    }
    let script = stage.write("work/session.py", include_str!("support/aws_session.py"));
    let mut command = stage.blastgate(["run", "--", "python"]);
    command.arg(script).args([name, &bucket, account]).args(parts).envs(credentials(account));
    let ended = child::run(command, 3 * PATIENCE).succeeded();
    let steps = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (stage, steps)
}

/// Whether the log holds the client's name of a call, or its twin's on the wire. A call that names resources of several
/// accounts is as many actions.
fn is_named(one: &DecisionEntry, operation: &str) -> bool {
    let is = |action: &ActionEntry| {
        std::iter::once(&action.operation).chain(&action.aliases).any(|name| name.as_str() == operation)
    };
    !one.actions.is_empty() && one.actions.iter().all(is)
}

/// Runs the parts of the session in both accounts. `stopped` is what production stops, in order.
#[track_caller]
fn check(name: &str, parts: &[&str], stopped: &[&str]) {
    for (account, place, stopped) in [(DEV_ACCOUNT, "dev", &[][..]), (PROD_ACCOUNT, "prod", stopped)] {
        let parts: Vec<&str> = parts.iter().copied().filter(|part| *part != "ending" || place == "prod").collect();
        let (stage, steps) = session(account, &format!("{name}-{place}"), &parts);
        let log = stage.log();
        assert!(log.rejected().is_empty(), "{:#?}", log.rejected());
        let decisions = log.decisions().into_iter().filter(|one| one.actions[0].operation.service() != "iam");
        let mut decisions = decisions;
        let mut seen = Vec::new();
        for step in &steps {
            let mut refused = false;
            for operation in step["called"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()) {
                let one = decisions.next().unwrap_or_else(|| panic!("{operation} is not in the log"));
                assert!(is_named(one, operation), "{operation} was taken for {}", describe(one));
                assert_eq!(one.actions[0].place.account.as_deref(), Some(account), "{one:#?}");
                if one.disposition != Disposition::Forwarded {
                    refused = true;
                    seen.push(operation.to_owned());
                }
            }
            let message = step["message"].as_str().unwrap();
            let says = message.contains("blastgate") || message.contains("Approval needed");
            assert_eq!(says, refused, "{place}: {step:#}");
            assert_eq!(step["code"] != "", refused, "{place}: {step:#}");
            assert!(step.get("retries").is_none_or(|retries| retries == 0), "{place}: {step:#}");
        }
        assert_eq!(decisions.map(describe).collect::<Vec<_>>(), Vec::<String>::new(), "calls that no client made");
        assert_eq!(seen, stopped, "{place}");
    }
}

#[test]
fn networks_machines_and_databases() {
    let stopped = [
        "aws:ec2:TerminateInstances",
        "aws:ec2:DeleteSubnet",
        "aws:ec2:DeleteVpc",
        "aws:rds:DeleteDBInstance",
        "aws:dynamodb:DeleteTable",
    ];
    check("rows", &["machines", "databases"], &stopped);
}

#[test]
fn files_messages_and_programs() {
    // A message makes its readers do something.
    let stopped = [
        "aws:s3:DeleteObjects",
        "aws:s3:DeleteBucket",
        "aws:sqs:SendMessage",
        "aws:sqs:SendMessage",
        "aws:sqs:DeleteQueue",
        "aws:sns:Publish",
        "aws:sns:DeleteTopic",
        "aws:lambda:DeleteFunction",
        "aws:ecs:DeleteService",
        "aws:ecs:DeleteCluster",
    ];
    check("files", &["storage", "messages", "programs"], &stopped);
}

#[test]
fn environments_and_names() {
    // An update of a stack may replace what is in it; a record that was not there disturbs nobody, one that goes does.
    let stopped = [
        "aws:cloudformation:UpdateStack",
        "aws:cloudformation:DeleteStack",
        "aws:eks:DeleteCluster",
        "aws:route53:ChangeResourceRecordSets",
        "aws:route53:DeleteHostedZone",
        "aws:elasticbeanstalk:TerminateEnvironment",
        "aws:elasticbeanstalk:TerminateEnvironment",
    ];
    check("whole", &["environments", "ending"], &stopped);
}

#[test]
fn alarms_logs_and_secrets() {
    let stopped = [
        "aws:cloudwatch:DeleteAlarms",
        "aws:logs:PutRetentionPolicy",
        "aws:logs:DeleteLogGroup",
        "aws:ssm:DeleteParameter",
        "aws:secretsmanager:DeleteSecret",
        "aws:kms:ScheduleKeyDeletion",
    ];
    check("watch", &["watching", "secrets"], &stopped);
}
