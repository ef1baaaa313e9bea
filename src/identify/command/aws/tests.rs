use std::collections::HashMap;

use bytes::Bytes;
use serde_json::Value;

use crate::classify::{Action, classify};
use crate::config::Inventory;
use crate::head::text::head_from_parts;
use crate::identify::command::tests::{actions_in, said, said_in, stated};
use crate::identify::command::{Invocation, Scene, Word};
use crate::identify::{Known, identify, route};
use crate::model::Evidence;
use crate::model::http::{BodyNeed, Captured};

/// The recorded requests by call, in their order.
fn recorded() -> HashMap<String, Vec<Value>> {
    let mut found: HashMap<String, Vec<Value>> = HashMap::new();
    for line in include_str!("../../../catalog/aws/cases/recorded.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        found.entry(line["call"].as_str().unwrap().to_owned()).or_default().push(line);
    }
    found
}

fn sent(line: &Value) -> Vec<Action> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers: Vec<(String, String)> =
        line["headers"].as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
    let head = head_from_parts(line["method"].as_str().unwrap(), line["url"].as_str().unwrap(), &headers).unwrap();
    let body = match (line["body"].as_str(), line["body_b64"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (_, Some(text)) => data_encoding::BASE64.decode(text.as_bytes()).unwrap(),
        _ => vec![],
    };
    let route = route(&head, &Known::default()).unwrap();
    let body = if route.need() == BodyNeed::None { Captured::Unread } else { Captured::Whole(Bytes::from(body)) };
    let identified = identify(&route, &head, &body).unwrap();
    classify(identified, &Inventory::default(), Evidence::Observed).into_vec()
}

/// What must be the same, whichever way it comes.
fn effect(action: &Action) -> String {
    let mut resources: Vec<&str> = action.resources().iter().map(|one| one.as_str()).collect();
    resources.sort_unstable();
    let blast = action.blast();
    let hazards: Vec<String> = blast.hazards.iter().map(|hazard| hazard.to_string()).collect();
    format!(
        "{} {} {} {} {} [{}] [{}] {}",
        action.operation(),
        blast.impact,
        blast.scope,
        blast.count,
        blast.reversible,
        hazards.join(","),
        resources.join(","),
        action.place().account.as_deref().unwrap_or_default(),
    )
}

/// The labelled calls as command lines do what the requests do that the real client sends for them.
#[test]
fn a_command_is_judged_as_its_request() {
    let recorded = recorded();
    let mut around = stated();
    // The invented key of the recorded requests.
    around.variables.insert("AWS_ACCESS_KEY_ID".to_owned(), "AKIARTX3GSDSQAAAAAAA".to_owned());
    let (mut wrong, mut total) = (vec![], 0);
    for line in include_str!("../../../catalog/aws/cases/commands.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (call, nth) = (line["call"].as_str().unwrap(), line["nth"].as_u64().unwrap() as usize);
        let command = line["words"].to_string();
        let request = &recorded[call][nth];
        total += 1;
        let expected: Vec<String> = sent(request).iter().map(effect).collect();
        let words = line["words"].as_array().unwrap().iter().map(|word| Word::known(word.as_str().unwrap())).collect();
        let mut scene = Scene::new(&around);
        scene.invocation(&Invocation { words, ..Invocation::bare(&around) });
        let heard = scene.finish().map(|heard| heard.identified);
        let found = match heard.map(|all| classify(all, &Inventory::default(), Evidence::Parsed)) {
            Ok(actions) => actions.iter().map(effect).collect(),
            Err(error) => vec![format!("refused: {error}")],
        };
        if found != expected {
            wrong.push(format!("{command}\n  is       {}\n  expected {}", found.join("; "), expected.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {total}\n{}", wrong.len(), wrong.join("\n"));
    assert!(total >= 300, "{total}");
}

fn check(command: &str, expected: &str) {
    assert_eq!(said(command), expected, "{command}");
}

#[test]
fn options_count_as_the_client_takes_them() {
    const GOES: &str = "aws:ec2:TerminateInstances destroy resource";
    const DRY: &str = "aws:ec2:TerminateInstances read resource";
    let terminate = |rest: &str| said(&format!("aws ec2 terminate-instances --instance-ids i-1 {rest}"));
    for (rest, expected) in [
        ("", GOES),
        ("--dry-run", DRY),
        ("--dry-r", DRY),
        ("--no-dry-run", GOES),
        ("--dry-run --no-dry-run", GOES),
        ("--no-dry-run --dry-run", DRY),
        ("--dry-run --dry-run=false", GOES),
        ("--dry-run false", GOES),
        ("--output text --dry-run --region eu-west-1", DRY),
        ("--generate-cli-skeleton", "shell:exec:aws read local"),
        ("--generate-cli-skel output", "shell:exec:aws read local"),
        ("--version", "shell:exec:aws read local"),
        ("help", GOES),
        ("-- --dry-run", GOES),
    ] {
        assert_eq!(terminate(rest), expected, "{rest}");
    }
    check("aws ec2 terminate-instances help", "shell:exec:aws read local");
    check("aws help", "shell:exec:aws read local");
    check("aws ec2 --dry-run terminate-instances --instance-ids i-1", DRY);
    check("aws --pro dev --reg eu-west-1 ec2 terminate-instances --instance-ids i-1", GOES);
    check(
        "aws rds modify-db-instance --db-instance-identifier a --no-deletion",
        "aws:rds:ModifyDBInstance disrupt resource",
    );
    check("aws ec2 run-instances --image-id ami-1 --count 1", "aws:ec2:RunInstances create resource");
    check("aws emr terminate-clusters --cluster-ids j-1", "aws:emr:TerminateJobFlows destroy environment");
    check("aws frobnicate all", "aws:unidentified:unidentified unknown resource");
    check("aws ec2 frobnicate", "aws:ec2:unidentified unknown resource");
    check("aws ec2 wait instance-terminated --instance-ids i-1", "shell:exec:aws read local");
}

#[test]
fn what_nobody_knows_is_never_milder() {
    let unknown = |text: &str, splits: bool| Word::unknown(text, splits);
    let around = stated();
    let judged = |words: Vec<Word>| {
        let mut scene = Scene::new(&around);
        scene.invocation(&Invocation { words, ..Invocation::bare(&around) });
        let actions = classify(scene.finish().unwrap().identified, &Inventory::default(), Evidence::Parsed);
        effect(actions.first())
    };
    let words = |text: &str, more: Vec<Word>| text.split(' ').map(Word::known).chain(more).collect::<Vec<_>>();
    for (text, more, expected) in [
        ("aws", vec![unknown("$A", true)], "shell:unidentified:unidentified unknown"),
        ("aws ec2", vec![unknown("$A", true)], "aws:ec2:unidentified unknown"),
        ("aws ec2 terminate-instances --dry-run", vec![unknown("$A", true)], "aws:ec2:TerminateInstances destroy"),
        (
            "aws ec2 terminate-instances --dry-run --instance-ids",
            vec![unknown("$A", true)],
            "aws:ec2:TerminateInstances read resource at least 1",
        ),
        (
            "aws ec2 terminate-instances",
            vec![unknown("$A", true)],
            "aws:ec2:TerminateInstances destroy resource at least 1",
        ),
        (
            "aws rds modify-db-instance --db-instance-identifier a",
            vec![unknown("$A", true)],
            "aws:rds:ModifyDBInstance destroy",
        ),
        ("aws rds describe-db-instances", vec![unknown("$A", true)], "aws:rds:DescribeDBInstances read"),
        (
            "aws ec2 terminate-instances --cli-input-json",
            vec![unknown("$A", false)],
            "aws:ec2:TerminateInstances destroy",
        ),
        ("aws s3 rm s3://b/k --dryrun", vec![unknown("$A", true)], "aws:s3:DeleteObject destroy"),
    ] {
        let found = judged(words(text, more));
        assert!(found.starts_with(expected), "{text}: {found}");
    }
}

#[test]
fn documents_and_shorthand_are_read() {
    let mut around = stated();
    let mut file = |name: &str, text: &str| around.files.insert(name.to_owned(), text.to_owned());
    file("/repo/dry.json", r#"{"InstanceIds":["i-1"],"DryRun":true}"#);
    file("/repo/go.json", r#"{"InstanceIds":["i-1"],"DryRun":false}"#);
    file("/repo/svc.yaml", "cluster: shop\nservice: web\ndesiredCount: 0\n");
    for (command, expected) in [
        ("aws ec2 terminate-instances --cli-input-json file://dry.json", "aws:ec2:TerminateInstances read resource"),
        (
            "aws ec2 terminate-instances --cli-input-json file://dry.json --no-dry-run",
            "aws:ec2:TerminateInstances destroy resource",
        ),
        ("aws ec2 terminate-instances --cli-input-json file://go.json", "aws:ec2:TerminateInstances destroy resource"),
        (
            "aws ec2 terminate-instances --cli-input-json file://other.json",
            "aws:ec2:TerminateInstances destroy resource",
        ),
        ("aws ecs update-service --cli-input-yaml file://svc.yaml", "aws:ecs:UpdateService disrupt resource"),
        (
            "aws s3api put-bucket-versioning --bucket b --versioning-configuration Status=Enabled",
            "aws:s3:PutBucketVersioning update resource",
        ),
        (
            "aws s3api put-bucket-versioning --bucket b --versioning-configuration Status=Suspended,MFADelete=Disabled",
            "aws:s3:PutBucketVersioning disrupt resource",
        ),
    ] {
        assert_eq!(said_in(command, &around), expected, "{command}");
    }
    let read = |text: &str| super::shorthand::read(text).map(|value| value.to_string());
    for (text, expected) in [
        ("Key=owner,Value=web", Some(r#"{"Key":"owner","Value":"web"}"#)),
        ("Name=a,Values=b,c", Some(r#"{"Name":"a","Values":["b","c"]}"#)),
        ("a=[b,c],d={e=f,g={h=i}}", Some(r#"{"a":["b","c"],"d":{"e":"f","g":{"h":"i"}}}"#)),
        ("a=[{b=c},{d=true}]", Some(r#"{"a":[{"b":"c"},{"d":true}]}"#)),
        ("a='x, y=z',b=\"q\"", Some(r#"{"a":"x, y=z","b":"q"}"#)),
        (r"a=b\,c", Some(r#"{"a":"b,c"}"#)),
        ("a=b,a=c", None),
        ("a@=file://x", None),
        ("plain", None),
        ("a=[b", None),
        ("", None),
    ] {
        assert_eq!(read(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn where_a_call_goes() {
    let mut around = stated();
    let config = "[default]\nregion = eu-west-1\n[profile prod]\nsso_account_id = 111122223333\nsso_role_name = x\n\
        [profile role]\nrole_arn = arn:aws:iam::444455556666:role/x\nsource_profile = prod\n\
        [profile local]\nservices = dev\n[services dev]\ndynamodb =\n  endpoint_url = http://127.0.0.1:8000\n";
    around.files.insert("/home/dev/.aws/config".to_owned(), config.to_owned());
    let place = |command: &str, around: &crate::identify::command::Stated| {
        let actions = actions_in(command, around).unwrap();
        let place = actions.first().unwrap().place().clone();
        let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        format!("{} {} {} {}", text(place.account), text(place.region), text(place.profile), place.loopback)
    };
    let delete = "dynamodb delete-table --table-name orders";
    for (command, expected) in [
        (format!("aws {delete}"), "- eu-west-1 - false"),
        (format!("aws --profile prod --region us-east-1 {delete}"), "111122223333 us-east-1 prod false"),
        (format!("aws --profile dev --profile prod {delete}"), "111122223333 - prod false"),
        (format!("aws --profile role {delete}"), "444455556666 - role false"),
        (format!("aws --profile local {delete}"), "- - - true"),
        ("aws --profile local s3 rb s3://shop".to_owned(), "- - local false"),
        (format!("aws --endpoint-url http://localhost:4566 {delete}"), "- eu-west-1 - true"),
        (format!("aws --endpoint-url http://localhost.shop.example:4566 {delete}"), "- eu-west-1 - false"),
        (format!("awslocal {delete}"), "- eu-west-1 - true"),
        (
            "aws sqs purge-queue --queue-url https://sqs.eu-west-1.amazonaws.com/111122223333/a".to_owned(),
            "111122223333 eu-west-1 - false",
        ),
    ] {
        assert_eq!(place(&command, &around), expected, "{command}");
    }
    let mut keyed = around.clone();
    keyed.variables.insert("AWS_ACCESS_KEY_ID".to_owned(), "AKIARTX3GSDSQAAAAAAA".to_owned());
    keyed.variables.insert("AWS_PROFILE".to_owned(), "role".to_owned());
    assert_eq!(place(&format!("aws {delete}"), &keyed), "111122223333 - - false");
    assert_eq!(place(&format!("aws --profile role {delete}"), &keyed), "444455556666 - role false");
    keyed.variables.insert("AWS_ENDPOINT_URL".to_owned(), "http://127.0.0.1:4566".to_owned());
    assert_eq!(place(&format!("aws {delete}"), &keyed), "- - - true");
    keyed.variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), "https://db.shop.example".to_owned());
    assert_eq!(place(&format!("aws {delete}"), &keyed), "- - - false");
}

#[test]
fn commands_of_their_own() {
    for (command, expected) in [
        ("aws s3 ls", "aws:s3:ListBuckets read resource"),
        ("aws s3 cp a.txt s3://b/", "aws:s3:PutObject update item"),
        ("aws s3 mv s3://b/a s3://c/", "aws:s3:CopyObject update item; aws:s3:DeleteObject destroy item"),
        ("aws s3 rb s3://b", "aws:s3:DeleteBucket destroy resource"),
        ("aws s3 rm s3://b/a --dryr", "shell:exec:aws read local"),
        ("aws s3 rm s3://b/a --exclude --dryrun", "aws:s3:DeleteObject destroy item"),
        ("aws s3 frobnicate s3://b", "aws:s3:unidentified unknown resource"),
        ("aws configure set region eu-west-1", "shell:fs:write update local"),
        ("aws configure list", "shell:exec:aws read local"),
        ("aws eks get-token --cluster-name a", "shell:exec:aws read local"),
        ("aws ecs execute-command --cluster a --task b --command sh", "aws:ecs:ExecuteCommand execute resource"),
        ("cdk destroy Shop", "aws:cloudformation:DeleteStack destroy environment"),
        ("cdklocal destroy Shop", "aws:cloudformation:DeleteStack destroy environment"),
        ("eb terminate shop-prod", "aws:elasticbeanstalk:TerminateEnvironment destroy environment"),
        ("sam delete --stack-name a", "aws:cloudformation:DeleteStack destroy environment"),
        ("eksctl delete cluster --name a", "aws:eks:DeleteCluster destroy environment"),
        ("eksctl delete nodegroup -f a.yaml", "shell:exec:eksctl read local"),
        ("aws-nuke run --config a.yml", "shell:exec:aws-nuke read local"),
        ("aws-nuke run --config a.yml --no-dry-run", "aws-nuke:deploy:run destroy account"),
        ("cloud-nuke aws --region us-east-1", "cloud-nuke:deploy:aws destroy account"),
        ("rclone purge remote:bucket/a", "rclone:remote:purge destroy resource"),
        ("rclone purge remote:bucket/a --dry-run", "shell:exec:rclone read local"),
        ("rclone copy remote:bucket/a ./a", "rclone:remote:copy update local"),
        ("rclone sync ./a remote:bucket/a", "rclone:remote:sync destroy resource"),
        (
            "s5cmd rm s3://b/*",
            "aws:s3:DeleteObject destroy item; aws:s3:ListObjectsV2 read resource; aws:s3:DeleteObject destroy item",
        ),
        ("s3cmd del s3://b/a", "aws:s3:DeleteObject destroy item"),
        ("s3cmd ls", "aws:s3:ListBuckets read resource"),
    ] {
        check(command, expected);
    }
}

#[test]
fn a_name_of_a_persons_own_runs_what_stands_behind_it() {
    let mut around = stated();
    let alias = "[toplevel]\nwho = sts get-caller-identity\nkill = ec2 terminate-instances --instance-ids\n";
    around.files.insert("/home/dev/.aws/cli/alias".to_owned(), alias.to_owned());
    assert_eq!(said_in("aws who", &around), "aws:sts:GetCallerIdentity read account");
    assert_eq!(said_in("aws kill i-1", &around), "aws:ec2:TerminateInstances destroy resource");
}

#[test]
fn a_tools_call_is_its_command() {
    let around = stated();
    let judged = |call: Value| {
        let mut scene = Scene::new(&around);
        super::used(&call, &Invocation::bare(&around), &mut scene);
        let actions = classify(scene.finish().unwrap().identified, &Inventory::default(), Evidence::Parsed);
        effect(actions.first())
    };
    for name in ["delete-db-instance", "DeleteDBInstance", "delete_db_instance"] {
        let parameters = serde_json::json!({ "db-instance-identifier": "shop", "skip-final-snapshot": true });
        let call = serde_json::json!({ "service_name": "rds", "operation_name": name, "parameters": parameters, "region": "eu-west-1" });
        let expected = "aws:rds:DeleteDBInstance destroy resource 1 no [data-loss";
        assert!(judged(call.clone()).starts_with(expected), "{name} {}", judged(call));
    }
}
