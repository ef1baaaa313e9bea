//! What somebody who works with AWS is promised: reads and ordinary changes pass, what would hurt is stopped once, with a
//! text that the client shows.

use crate::support::child::{self, Ended};
use crate::support::clients;
use crate::support::moto::{Aws, access_key, account_of, credentials};
use crate::support::stage::{DEV_ACCOUNT, PROD_ACCOUNT, Stage};
use crate::support::{PATIENCE, log};

const TEMPLATE: &str = r#"{"Resources":{"Jobs":{"Type":"AWS::SQS::Queue"}}}"#;
const LARGER: &str = r#"{"Resources":{"Jobs":{"Type":"AWS::SQS::Queue"},"Mail":{"Type":"AWS::SQS::Queue"}}}"#;

/// `aws ARGS…` in `account`, behind the gate.
#[track_caller]
fn aws(stage: &Stage, account: &str, arguments: &[&str]) -> Ended {
    let mut command = stage.blastgate(["run", "--", "aws"]);
    command.args(arguments).envs(credentials(account));
    child::run(command, 2 * PATIENCE)
}

/// The same without the gate, to set the scene: straight to the stand-in.
#[track_caller]
fn aws_around_the_gate(stage: &Stage, account: &str, arguments: &[&str]) {
    let mut command = stage.blastgate(["run", "--observe", "--quiet", "--config"]);
    command.arg(stage.path("config")).args(["--", "aws"]).args(arguments).envs(credentials(account));
    child::run(command, 2 * PATIENCE).succeeded();
}

/// How an AWS client says that it was refused: its own exit code, the operation, our words, each once.
#[track_caller]
fn is_refused_once(ended: &Ended, operation: &str) {
    assert!(matches!(ended.code, Some(254 | 255)), "{ended:#?}");
    assert_eq!(ended.stderr.matches("Approval needed (a_").count(), 1, "{ended:#?}");
    assert!(ended.stderr.contains(&format!("when calling the {operation} operation")), "{ended:#?}");
    assert!(ended.stderr.contains("ask your person"), "{ended:#?}");
    assert!(!ended.stderr.contains("reached max retries"), "{ended:#?}");
}

#[test]
fn an_access_key_tells_its_account() {
    // Published with its account in Aidan Steele's "AWS access key id formats".
    assert_eq!(account_of("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
    for account in [DEV_ACCOUNT, PROD_ACCOUNT] {
        assert_eq!(account_of(&access_key(account)).as_deref(), Some(account));
    }
}

#[test]
fn stacks_are_described_anywhere_and_deleted_in_development_only() {
    let mut stage = Stage::new();
    let cloud = Aws::on(&mut stage, &[]);
    let template = stage.write("work/template.json", TEMPLATE).display().to_string();
    let larger = stage.write("work/larger.json", LARGER).display().to_string();
    let create = |body: &str| {
        ["cloudformation", "create-stack", "--stack-name", "billing", "--template-body", body].map(str::to_owned)
    };
    let from = format!("file://{template}");
    let create = create(&from);
    let create: Vec<&str> = create.iter().map(String::as_str).collect();
    aws_around_the_gate(&stage, PROD_ACCOUNT, &create);

    aws(&stage, DEV_ACCOUNT, &create).succeeded();
    let update = format!("file://{larger}");
    aws(
        &stage,
        DEV_ACCOUNT,
        &["cloudformation", "update-stack", "--stack-name", "billing", "--template-body", &update],
    )
    .succeeded();
    let describe = ["cloudformation", "describe-stacks", "--stack-name", "billing"];
    for account in [DEV_ACCOUNT, PROD_ACCOUNT] {
        let ended = aws(&stage, account, &describe).succeeded();
        assert!(ended.stdout.contains(&format!(":{account}:stack/billing/")), "{ended:#?}");
    }
    let delete = ["cloudformation", "delete-stack", "--stack-name", "billing"];
    let (asked, recorded) = (cloud.asked_for("DeleteStack"), stage.log().of("aws:cloudformation:DeleteStack").len());
    let refused = aws(&stage, PROD_ACCOUNT, &delete);
    is_refused_once(&refused, "DeleteStack");
    assert!(refused.stderr.contains("aws/delete-stack"), "{refused:#?}");
    assert!(refused.stderr.contains("1 call · 0 passed · 1 stopped"), "{refused:#?}");
    assert_eq!(cloud.asked_for("DeleteStack"), asked, "the refused call reached AWS");
    let log = stage.log();
    let recorded = log.of("aws:cloudformation:DeleteStack").split_off(recorded);
    assert_eq!(recorded.len(), 1, "the client repeated a refused call");
    assert_eq!(recorded[0].actions[0].place.account.as_deref(), Some(PROD_ACCOUNT));
    aws(&stage, PROD_ACCOUNT, &describe).succeeded();

    aws(&stage, DEV_ACCOUNT, &delete).succeeded();
    assert_eq!(cloud.asked_for("DeleteStack"), asked + 1);
}

#[test]
fn storage_tables_and_machines_of_development_are_worked_with_freely() {
    const BUCKET: &str = "blastgate-it-dev";
    let mut stage = Stage::new();
    let cloud = Aws::on(&mut stage, &[BUCKET]);
    let small = stage.write("work/small.txt", "hello").display().to_string();
    // Above the command line's threshold (8 MiB): three parts, each streamed and signed in chunks.
    let large_bytes: Vec<u8> = (0..5_000_000_u32).flat_map(|n| n.to_le_bytes()).collect();
    let large = stage.write("work/large.bin", &large_bytes).display().to_string();
    let back = stage.path("work/back.bin").display().to_string();
    let (bucket, key) = (format!("s3://{BUCKET}"), format!("s3://{BUCKET}/large.bin"));
    let table = [
        "--attribute-definitions",
        "AttributeName=id,AttributeType=S",
        "--key-schema",
        "AttributeName=id,KeyType=HASH",
        "--billing-mode",
        "PAY_PER_REQUEST",
    ];
    let steps: &[&[&str]] = &[
        &["s3", "mb", &bucket],
        &["s3", "cp", &small, &format!("{bucket}/small.txt")],
        &["s3", "cp", &large, &key, "--no-progress"],
        &["s3", "ls", &bucket],
        &["s3", "cp", &key, &back, "--no-progress"],
        &["s3", "rm", &format!("{bucket}/small.txt")],
        &[&["dynamodb", "create-table", "--table-name", "carts"], &table[..]].concat(),
        &["dynamodb", "put-item", "--table-name", "carts", "--item", r#"{"id":{"S":"1"}}"#],
        &["dynamodb", "get-item", "--table-name", "carts", "--key", r#"{"id":{"S":"1"}}"#],
        &["ec2", "run-instances", "--image-id", "ami-12c6146b", "--instance-type", "t3.nano"],
        &["ec2", "describe-instances"],
        &["rds", "describe-db-instances"],
        &["iam", "list-users"],
        &["sts", "get-caller-identity"],
    ];
    for step in steps {
        let ended = aws(&stage, DEV_ACCOUNT, step);
        assert_eq!(ended.code, Some(0), "aws {}: {ended:#?}", step.join(" "));
    }
    assert_eq!(std::fs::read(&back).unwrap(), large_bytes, "the object came back changed");
    assert!(cloud.record.all().iter().filter(|seen| seen.target.contains("partNumber=")).count() >= 2);
    stage.log().is_undisturbed();
}

#[test]
fn the_same_calls_in_production_are_stopped_where_they_hurt() {
    const BUCKET: &str = "blastgate-it-prod";
    let mut stage = Stage::new();
    let cloud = Aws::on(&mut stage, &[BUCKET]);
    let bucket = format!("s3://{BUCKET}");
    aws(&stage, PROD_ACCOUNT, &["s3", "mb", &bucket]).succeeded();
    let passing: &[&[&str]] = &[
        &["s3", "ls"],
        &["s3", "ls", &bucket],
        &["ec2", "describe-instances"],
        &["ec2", "run-instances", "--image-id", "ami-12c6146b", "--instance-type", "t3.nano"],
        &["ec2", "terminate-instances", "--instance-ids", "i-0123456789abcdef0", "--dry-run"],
        &["ec2", "delete-flow-logs", "--flow-log-ids", "fl-0123456789abcdef0", "--dry-run"],
        &["dynamodb", "list-tables"],
        &["iam", "list-users"],
    ];
    for step in passing {
        let ended = aws(&stage, PROD_ACCOUNT, step);
        assert!(
            !ended.stderr.contains("blastgate stopped") && !ended.stderr.contains("Approval needed"),
            "aws {}: {ended:#?}",
            step.join(" ")
        );
    }
    let stopped: &[(&str, &[&str])] = &[
        ("DeleteTable", &["dynamodb", "delete-table", "--table-name", "carts"]),
        ("TerminateInstances", &["ec2", "terminate-instances", "--instance-ids", "i-0123456789abcdef0"]),
        ("StopInstances", &["ec2", "stop-instances", "--instance-ids", "i-0123456789abcdef0"]),
        (
            "DeleteDBInstance",
            &[
                "rds",
                "delete-db-instance",
                "--db-instance-identifier",
                "orders",
                "--final-db-snapshot-identifier",
                "last",
            ],
        ),
        ("DeleteBucket", &["s3api", "delete-bucket", "--bucket", BUCKET]),
        (
            "AttachUserPolicy",
            &[
                "iam",
                "attach-user-policy",
                "--user-name",
                "a",
                "--policy-arn",
                "arn:aws:iam::aws:policy/AdministratorAccess",
            ],
        ),
    ];
    let before = cloud.record.len();
    for (operation, step) in stopped {
        let ended = aws(&stage, PROD_ACCOUNT, step);
        is_refused_once(&ended, operation);
    }
    assert_eq!(cloud.record.len(), before, "a refused call reached AWS");
    assert_eq!(stage.log().stopped().len(), stopped.len(), "{:#?}", stage.log().stopped());
}

const SCRIPT: &str = r#"
import boto3, io, sys
from botocore.exceptions import ClientError
s3, cf, ddb, ec2 = (boto3.client(n) for n in ("s3", "cloudformation", "dynamodb", "ec2"))
b = "blastgate-it-boto"
s3.create_bucket(Bucket=b)
s3.upload_fileobj(io.BytesIO(bytes(range(256)) * 65536), b, "big")
assert s3.get_object(Bucket=b, Key="big")["Body"].read() == bytes(range(256)) * 65536
s3.put_object(Bucket=b, Key="a b+c%/ü", Body=b"x")
assert [o["Key"] for o in s3.list_objects_v2(Bucket=b)["Contents"]] == ["a b+c%/ü", "big"]
ddb.create_table(TableName="t", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST")
ddb.put_item(TableName="t", Item={"id": {"S": "1"}})
assert ddb.query(TableName="t", KeyConditionExpression="id = :i", ExpressionAttributeValues={":i": {"S": "1"}})["Count"] == 1
ec2.describe_instances()
cf.create_stack(StackName="s", TemplateBody=sys.argv[1])
assert "s" in [stack["StackName"] for stack in cf.describe_stacks()["Stacks"]]
cf.delete_stack(StackName="s")
print("dev done")
prod = boto3.client("cloudformation", aws_access_key_id=sys.argv[2], aws_secret_access_key="x")
prod.describe_stacks()
try:
    prod.delete_stack(StackName="s")
    sys.exit("not refused")
except ClientError as error:
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, error.response
    assert error.response["ResponseMetadata"]["RetryAttempts"] == 0, error.response
    print(error.response["Error"]["Code"], error.response["Error"]["Message"])
"#;

#[test]
fn a_script_with_boto3_works_and_reads_its_refusal() {
    let mut stage = Stage::new();
    Aws::on(&mut stage, &["blastgate-it-boto"]);
    let script = stage.write("work/script.py", SCRIPT);
    let mut command = stage.blastgate(["run", "--", "python"]);
    command.arg(script).arg(TEMPLATE).arg(access_key(PROD_ACCOUNT)).envs(credentials(DEV_ACCOUNT));
    let ended = child::run(command, 2 * PATIENCE).succeeded();
    assert!(ended.stdout.contains("dev done"), "{ended:#?}");
    assert!(ended.stdout.contains("AccessDenied") && ended.stdout.contains("Approval needed (a_"), "{ended:#?}");
    assert_eq!(stage.log().stopped(), ["aws:cloudformation:DeleteStack escalate"]);
}

#[test]
fn signing_in_is_never_in_the_way() {
    let mut stage = Stage::new();
    let cloud = Aws::on(&mut stage, &[]);
    for arguments in [
        &["sts", "get-caller-identity"][..],
        &["sts", "get-session-token"],
        &["sts", "assume-role", "--role-arn", "arn:aws:iam::444455556666:role/deploy", "--role-session-name", "it"],
    ] {
        for account in [DEV_ACCOUNT, PROD_ACCOUNT] {
            aws(&stage, account, arguments).succeeded();
        }
    }
    // The calls of `aws sso login`: no signature, because there are no credentials yet.
    let before = cloud.record.len();
    for (host, path, body) in [
        ("oidc.us-east-1.amazonaws.com", "/client/register", r#"{"clientName":"botocore","clientType":"public"}"#),
        (
            "oidc.us-east-1.amazonaws.com",
            "/device_authorization",
            r#"{"clientId":"a","clientSecret":"b","startUrl":"https://x.awsapps.com/start"}"#,
        ),
        (
            "oidc.us-east-1.amazonaws.com",
            "/token",
            r#"{"clientId":"a","clientSecret":"b","grantType":"refresh_token"}"#,
        ),
    ] {
        let url = format!("https://{host}{path}");
        let code = format!(
            "import requests,sys; r = requests.post({url:?}, data={body:?}, headers={{'content-type':'application/json'}}); print(r.status_code)"
        );
        let ended = stage.run(&["python", "-c", &code]).succeeded();
        assert!(!ended.stdout.contains("403"), "{url}: {ended:#?}");
    }
    assert_eq!(cloud.record.len(), before + 3);
    stage.log().is_undisturbed();
}

#[test]
fn a_broken_or_disagreeing_signature_scope_is_refused_before_aws_sees_it() {
    let mut stage = Stage::new();
    let cloud = Aws::on(&mut stage, &[]);
    // The scope says EC2, the host says CloudFormation, the body says DeleteStack.
    let code = r#"
import requests
head = {"content-type": "application/x-www-form-urlencoded", "authorization":
  "AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=" + "0" * 64}
r = requests.post("https://cloudformation.us-east-1.amazonaws.com/", data="Action=DeleteStack&StackName=x", headers=head)
print(r.status_code)"#;
    let ended = stage.run(&["python", "-c", &code.replace("KEY", &access_key(DEV_ACCOUNT))]).succeeded();
    assert!(ended.stdout.starts_with("400") || ended.stdout.starts_with("403"), "{ended:#?}");
    assert_eq!(cloud.record.len(), 0);
    let log = stage.log();
    assert_eq!(log.rejected().len() + log.stopped().len(), 1, "{log:#?}");
    assert!(log.decisions().into_iter().all(|one| !log::passed(one)));
}

/// The committed tables are what the generator makes of the pinned models.
#[test]
fn the_catalog_is_what_its_generator_makes() {
    let mut command = std::process::Command::new(clients::python().join("bin/python"));
    let output = command.args(["src/catalog/aws/generate.py", "--check"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
