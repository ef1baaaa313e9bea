use super::*;
use crate::classify::classify;
use crate::config::Inventory;
use crate::identify::command::{Shell, Stated, command};
use crate::model::{Evidence, Timestamp};
use crate::rules::View;

const WANTED: Wanted<'static> = Wanted { pack: None, owner: "@team", mode: None };

fn import(file: &str, text: &str) -> Import {
    let mut import = Import::default();
    import.add(file, text, form_of(text).unwrap(), &WANTED).unwrap();
    import
}

/// All rules together, beside the built-in ones, as `rules check` loads them.
fn set(import: &Import) -> RuleSet {
    let source = |rule: &Imported| Source {
        file: format!("rules/{}.yaml", rule.id),
        text: rule.text.clone(),
        layer: Layer::Organisation,
    };
    let rules = RuleSet::load(&import.rules.iter().map(source).collect::<Vec<_>>()).unwrap();
    let failed: Vec<String> = run(&rules).iter().map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    for rule in &import.rules {
        let rule = rules.rule(&rule.id).unwrap();
        assert!(!rule.tests().matches.is_empty() && !rule.tests().not_match.is_empty(), "{}", rule.id);
    }
    rules
}

/// Which imported rules speak of a command.
fn hits(rules: &RuleSet, text: &str) -> Vec<String> {
    let heard = command(text, Shell::Posix, &Stated::in_workspace("/repo")).unwrap();
    let actions = classify(heard.identified, &Inventory::default(), Evidence::Parsed);
    let context = crate::prove::nobody(Timestamp::from_millis(0));
    let mut found = vec![];
    for action in &actions {
        let view = View { action, context: &context, standing: None, past: None };
        rules.hits(view, |hit| {
            if hit.rule.layer != Layer::BuiltIn {
                found.push(hit.rule.id.split('/').next_back().unwrap().to_owned());
            }
        });
    }
    found.sort();
    found.dedup();
    found
}

fn check(rules: &RuleSet, text: &str, expected: &[&str]) {
    assert_eq!(hits(rules, text), expected, "{text}");
}

fn listed(import: &Import) -> Vec<(String, String)> {
    import.left.iter().map(|left| (left.origin.statement.clone(), left.what.clone())).collect()
}

/// The examples of AWS's documentation for service control policies.
#[test]
fn service_control_policies() {
    let import = import("scp.json", include_str!("tests/scp.json"));
    let rules = set(&import);
    check(&rules, "aws organizations leave-organization", &["deny-leave-organization", "only-in-the-south"]);
    check(&rules, "aws organizations list-accounts", &["only-in-the-south"]);
    check(&rules, "aws rds describe-db-instances --region us-east-1", &["deny-all-outside-eu", "only-in-the-south"]);
    check(&rules, "aws rds describe-db-instances --region eu-west-1", &["only-in-the-south"]);
    check(&rules, "aws rds describe-db-instances --region eu-south-1", &["deny-all-outside-eu"]);
    check(&rules, "aws iam list-roles --region us-east-1", &[]);
    check(&rules, "aws kms list-keys --region us-east-1", &["only-in-the-south"]);
    check(
        &rules,
        "aws cloudtrail stop-logging --name main --region eu-south-1",
        &["deny-all-outside-eu", "protect-the-trail"],
    );
    check(
        &rules,
        "aws guardduty delete-detector --detector-id d --region eu-west-1",
        &["only-in-the-south", "protect-guard-duty"],
    );
    check(
        &rules,
        "aws s3api delete-bucket --bucket audit-logs --region eu-west-1",
        &["keep-the-logs", "only-in-the-south"],
    );
    check(&rules, "aws s3 rm s3://audit-logs/2026/a.gz --region eu-west-1", &["keep-the-logs", "only-in-the-south"]);
    check(&rules, "aws s3api delete-bucket --bucket scratch --region eu-west-1", &["only-in-the-south"]);
    let run = |kind: &str| format!("aws ec2 run-instances --image-id ami-1 --instance-type {kind} --region eu-west-1");
    check(&rules, &run("m5.large"), &["only-in-the-south", "require-micro-instance-type"]);
    check(&rules, &run("t2.micro"), &["only-in-the-south"]);
    check(
        &rules,
        "aws ec2 modify-instance-metadata-options --instance-id i-1 --region eu-west-1",
        &["only-in-the-south", "statement-10"],
    );
    check(&rules, "aws ec2 stop-instances --instance-ids i-1 --region eu-west-1", &["no-stops", "only-in-the-south"]);
    let modes: Vec<(&str, Mode)> = import.rules.iter().map(|rule| (rule.id.as_str(), rule.mode)).collect();
    let shadow: Vec<&str> = modes.iter().filter(|(_, mode)| *mode == Mode::Shadow).map(|(id, _)| *id).collect();
    assert_eq!(shadow, ["scp/deny-all-outside-eu", "scp/no-stops"]);
    let left: Vec<String> = listed(&import).into_iter().map(|(statement, _)| statement).collect();
    assert_eq!(left, ["RestrictRootUser", "RequireImdsV2", "MaxImdsHopLimit", "statement 9", "FullAccess"]);
}

#[test]
fn what_the_aws_command_line_prints() {
    let import = import("describe-policy.json", include_str!("tests/describe-policy.json"));
    let rules = set(&import);
    check(
        &rules,
        "aws rds delete-db-instance --db-instance-identifier payments-1 --region eu-west-1",
        &["no-database-deletes"],
    );
    check(&rules, "aws rds delete-db-instance --db-instance-identifier scratch --region eu-west-1", &[]);
    assert_eq!(import.rules.first().unwrap().id, "protect-databases/no-database-deletes");
    assert!(import.rules.first().unwrap().notes.iter().any(|note| note.fit == crate::rules::import::Fit::Wider));
}

#[test]
fn iam_policies() {
    let import = import("policy-version.json", include_str!("tests/policy-version.json"));
    let rules = set(&import);
    check(&rules, "aws iam create-user --user-name somebody", &["boundary"]);
    check(&rules, "aws iam create-user --user-name ci-7", &[]);
    check(&rules, "aws s3 cp a.txt s3://releases/a.txt", &["buckets-of-others", "uploads"]);
    check(&rules, "aws s3api create-multipart-upload --bucket releases --key a", &["buckets-of-others", "uploads"]);
    check(&rules, "aws lambda invoke --function-name f --region us-east-1 out.json", &["old-regions"]);
    check(&rules, "aws lambda invoke --function-name f --region eu-west-1 out.json", &[]);
    check(
        &rules,
        "aws s3api delete-object --bucket releases --key a --version-id 7",
        &["buckets-of-others", "versions-stay-version-id"],
    );
    let url = |kind: &str| format!("aws lambda create-function-url-config --function-name f --auth-type {kind}");
    check(&rules, &url("NONE"), &["no-public-urls"]);
    check(&rules, &url("AWS_IAM"), &[]);
    let expected = [
        ("Boundary", "the action `iam:PassRole`"),
        ("Plain", "the statement"),
        ("Tagged", "the statement"),
        ("Typo", "the statement"),
    ];
    assert_eq!(listed(&import), expected.map(|(one, other)| (one.to_owned(), other.to_owned())));
}

#[test]
fn settings_of_claude_code() {
    let import = import("settings.json", include_str!("tests/settings.json"));
    let rules = set(&import);
    check(&rules, "rm -rf build", &["bash-rm-rf"]);
    check(&rules, "sudo rm -r build", &["bash-rm-rf"]);
    check(&rules, "git push origin main", &["bash-git-push"]);
    check(&rules, "git -C x push --force origin main", &["bash-git-push", "bash-git-push-force"]);
    check(&rules, "git push origin --delete main", &["bash-git-push"]);
    check(&rules, "aws s3 rm s3://b/k --recursive", &["bash-aws", "bash-aws-s3-rm"]);
    check(&rules, "git status", &[]);
    check(&rules, "terraform destroy -auto-approve", &["bash-terraform-destroy"]);
    check(
        &rules,
        "aws rds delete-db-instance --db-instance-identifier x",
        &["bash-aws", "bash-aws-rds-delete-db-instance"],
    );
    check(&rules, "aws s3 rm s3://b/k", &["bash-aws", "bash-aws-s3-rm"]);
    check(&rules, "kubectl delete deployment web", &["bash-kubectl-delete"]);
    check(&rules, "kubectl delete namespace shop", &["bash-kubectl-delete", "bash-kubectl-delete-namespace"]);
    check(&rules, "kubectl get pods", &[]);
    check(&rules, "gh repo delete acme/shop --yes", &["bash-gh-repo-delete"]);
    check(&rules, "docker volume rm data", &["bash-docker-volume-rm"]);
    check(&rules, "cat .env", &["read-env"]);
    check(&rules, "cat ~/.ssh/id_rsa", &["read-ssh"]);
    check(&rules, "cat README.md", &[]);
    check(&rules, "echo x > /etc/hosts", &["edit-etc"]);
    check(&rules, "git reset --hard HEAD~1", &["bash-git-reset-hard"]);
    let ask = rules.rule("claude-code/bash-git-reset-hard").unwrap();
    assert_eq!(ask.decision, crate::model::Effect::Escalate);
    let left: Vec<String> = import.left.iter().map(|left| left.what.clone()).collect();
    for what in [
        "`Bash(curl:*)`",
        "`Bash(sudo:*)`",
        "`Bash(rm -rf /)*`",
        "`Bash(* --force)`",
        "`Bash`",
        "`WebFetch(domain:api.github.com)`",
        "`WebFetch(https://x)`",
        "`WebSearch`",
        "`bash(ls)`",
        "1 entries",
    ] {
        assert!(left.contains(&what.to_owned()), "{what} is not listed: {left:?}");
    }
    let loud = import.left.iter().find(|left| left.what == "`Bash(rm -rf /)*`").unwrap();
    assert!(loud.why.starts_with("MALFORMED"), "{}", loud.why);
}

/// Whatever stands in a policy: each statement becomes rules that load and whose tests hold, or is listed.
#[test]
fn no_statement_is_lost() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7u64);
    println!("SEED={seed}");
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    let actions = [
        "*",
        "s3:*",
        "s3:Delete*",
        "ec2:RunInstances",
        "ec2:*Tags",
        "iam:PassRole",
        "iam:Create?ser",
        "apigateway:DELETE",
        "nope:*",
        "rds:DeleteDBInstance",
        "kms:ScheduleKeyDeletion",
        "sts:AssumeRole",
        "lambda:Invoke*",
        "s3:GetObjectVersion",
        "tag:*",
        "es:ESHttpPut",
        "",
    ];
    let resources = [
        "*",
        "arn:aws:s3:::logs/*",
        "arn:aws:ec2:*:*:instance/*",
        "arn:aws:iam::*:role/a/b/*",
        "arn:aws:rds:*:111122223333:db:p-?",
        "arn:aws:s3:::${aws:username}/*",
        "bucket",
        "arn:aws:cloudformation:*:*:stack/prod-*/*",
        "arn:aws:secretsmanager:*:*:secret:x-??????",
    ];
    let operators = [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLikeIfExists",
        "ArnNotLike",
        "Bool",
        "Null",
        "NumericGreaterThan",
        "ForAnyValue:StringLike",
        "ForAllValues:StringNotEquals",
        "DateLessThan",
        "NotIpAddress",
    ];
    let keys = [
        "aws:RequestedRegion",
        "aws:PrincipalArn",
        "aws:ResourceAccount",
        "ec2:InstanceType",
        "aws:ResourceTag/x",
        "aws:SecureTransport",
        "aws:ViaAWSService",
        "aws:SourceIp",
        "aws:CalledVia",
        "s3:VersionId",
        "aws:CurrentTime",
    ];
    let values = ["eu-west-1", "us-*", "true", "false", "111122223333", "t2.micro", "a?b", "${aws:x}"];
    let mut statements = vec![];
    for number in 0..60 {
        let mut one = serde_json::Map::new();
        one.insert("Sid".to_owned(), format!("S{number}").into());
        one.insert("Effect".to_owned(), "Deny".into());
        let list: Vec<&str> = (0..=next(2)).map(|_| actions[next(actions.len())]).collect();
        one.insert(if next(4) == 0 { "NotAction" } else { "Action" }.to_owned(), list.into());
        let key = if next(5) == 0 { "NotResource" } else { "Resource" };
        one.insert(key.to_owned(), resources[next(resources.len())].into());
        let mut block = serde_json::Map::new();
        for _ in 0..next(3) {
            let pair = serde_json::json!({keys[next(keys.len())]: [values[next(values.len())]]});
            block.insert(operators[next(operators.len())].to_owned(), pair);
        }
        if !block.is_empty() {
            one.insert("Condition".to_owned(), block.into());
        }
        statements.push(serde_json::Value::from(one));
    }
    let text = serde_json::json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let import = import("random.json", &text);
    set(&import);
    for (number, statement) in statements.iter().enumerate() {
        let name = format!("S{number}");
        let said = import.rules.iter().any(|rule| rule.origin.statement == name);
        let listed = import.left.iter().any(|left| left.origin.statement == name);
        assert!(said || listed, "SEED={seed}: {name} is lost: {statement}");
    }
    let broken: Vec<&Left> = import.left.iter().filter(|left| left.why.contains("would not load")).collect();
    assert!(broken.is_empty(), "SEED={seed}: {broken:?}");
    assert!(import.rules.len() > 10, "{}", import.rules.len());
}
