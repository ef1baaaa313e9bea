use super::action::{Actions, Use};
use super::pattern::{carried, covers, meet};
use super::*;
use crate::config::Glob;

fn from(actions: &[&str], purpose: Use) -> Actions {
    Actions::read(&actions.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>(), purpose)
}

#[test]
fn patterns_of_iam() {
    let check = |pattern: &str, text: &str, expected: bool| {
        assert_eq!(covers(pattern, text, false), expected, "{pattern} {text}")
    };
    check("*", "", true);
    check("Delete*", "DeleteBucket", true);
    check("delete*", "DeleteBucket", true);
    check("Delete?ucket", "DeleteBucket", true);
    check("Delete?", "Delete", false);
    check("*Bucket", "DeleteBuckets", false);
    check("D*t*s", "DeleteBuckets", true);
    check("", "a", false);
    for (one, other, expected) in [
        ("a*", "*b", true),
        ("a*", "b*", false),
        ("arn:aws:s3:::logs/*", "arn:*:s3:::*", true),
        ("arn:aws:s3:::logs/*", "arn:*:s3:::*/*", true),
        ("instance/*", "volume/*", false),
        ("a?c", "abc", true),
        ("abc", "ab", false),
        ("*", "", true),
    ] {
        assert_eq!(meet(one, other), expected, "{one} {other}");
        assert_eq!(meet(other, one), expected, "{other} {one}");
    }
    assert_eq!(carried("user/${aws:username}", true).text, "user/*");
    assert!(carried("user/${aws:username}", true).wider.is_some());
    assert_eq!(carried("a?b", true).text, "a*b");
    assert!(carried("a?b", true).wider.is_some());
    assert!(carried("a*b", true).wider.is_none());
    assert!(carried("a*b", false).wider.is_some());
}

#[test]
fn permissions_become_the_operations_that_they_guard() {
    let check = |action: &str, expected: &[&str]| {
        assert_eq!(from(&[action], Use::Deny).patterns, expected, "{action}");
    };
    check("rds:DeleteDBInstance", &["aws:rds:DeleteDBInstance"]);
    check("RDS:deletedbinstance", &["aws:rds:DeleteDBInstance"]);
    check("s3:*", &["aws:s3:*", "aws:s3control:*"]);
    check("ec2:Terminate*", &["aws:ec2:Terminate*"]);
    check("ec2:TerminateInstance?", &["aws:ec2:TerminateInstances"]);
    check("lambda:InvokeFunction", &["aws:lambda:Invoke", "aws:lambda:InvokeWithResponseStream"]);
    check("s3:DeleteObject", &["aws:s3:DeleteObject", "aws:s3:DeleteObjects"]);
    check("s3:ListAllMyBuckets", &["aws:s3:ListBuckets"]);
    check("monitoring:DeleteAlarms", &["aws:cloudwatch:DeleteAlarms"]);
    check("cloudwatch:DeleteAlarms", &["aws:cloudwatch:DeleteAlarms"]);
    check("elasticloadbalancing:DeleteTargetGroup", &["aws:elbv2:DeleteTargetGroup"]);
    check("states:DeleteStateMachine", &["aws:stepfunctions:DeleteStateMachine"]);
    check("tag:UntagResources", &["aws:resourcegroupstaggingapi:UntagResources"]);
    check("execute-api:Invoke", &["aws:execute-api:*"]);
    let writes = from(&["s3:PutObject"], Use::Deny).patterns;
    for operation in
        ["PutObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "CopyObject"]
    {
        assert!(writes.contains(&format!("aws:s3:{operation}")), "{operation}");
    }
    let methods = from(&["apigateway:DELETE"], Use::Deny).patterns;
    assert!(methods.contains(&"aws:apigateway:DeleteRestApi".to_owned()), "{methods:?}");
    assert!(!methods.iter().any(|one| one.contains(":Get")), "{methods:?}");
}

#[test]
fn permissions_without_an_operation_are_named() {
    for action in ["iam:PassRole", "sts:TagSession", "aws-portal:*", "ec2:NoSuchThing", "nonsense", "*:Delete*", "s3:"]
    {
        let actions = from(&[action], Use::Deny);
        assert_eq!(actions.unmapped.len(), 1, "{action}");
        assert!(actions.patterns.is_empty() && !actions.everything, "{action}");
    }
    let actions = from(&["s3:DeleteObject", "s3:DeleteObjectVersion"], Use::Deny);
    assert!(actions.unmapped.is_empty() && actions.conditional.is_empty());
    let actions = from(&["s3:DeleteObjectVersion"], Use::Deny);
    assert_eq!(actions.conditional.len(), 2);
}

/// An operation that needs two permissions is excused by both only; a pattern that reaches too far is spelt out.
#[test]
fn what_is_excused_is_no_more_than_said() {
    let some = from(&["s3:GetObject"], Use::Excuse).patterns;
    assert!(!some.contains(&"aws:s3:CopyObject".to_owned()), "{some:?}");
    let both = from(&["s3:*Object"], Use::Excuse).patterns;
    let is_covered = |one: &String| Glob::parse(one).unwrap().matches("aws:s3:CopyObject");
    assert!(both.iter().any(is_covered), "{both:?}");
    let puts = from(&["s3:Delete*"], Use::Excuse).patterns;
    assert!(!puts.iter().any(|one| one.contains('*')), "{puts:?}");
    assert!(!puts.contains(&"aws:s3:DeleteBucketCors".to_owned()), "{puts:?}");
}

#[test]
fn every_row_of_the_table_of_permissions_names_an_operation() {
    use crate::catalog::{aws, operation_exists};
    for row in aws::permission::guards() {
        if row.operation == "*" {
            let known = aws::service(row.service).is_some() || operation_exists(&format!("aws:{}:GET", row.service));
            assert!(known, "{row:?}");
        } else {
            assert!(operation_exists(&format!("aws:{}:{}", row.service, row.operation)), "{row:?}");
        }
    }
}

#[test]
fn other_regions_are_all_but_the_allowed() {
    let names = [
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "us-gov-west-1",
        "us-gov-east-1",
        "us-iso-east-1",
        "us-isob-east-1",
        "eu-isoe-west-1",
        "eusc-de-east-1",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-5",
        "ap-northeast-1",
        "ap-east-1",
        "ca-central-1",
        "ca-west-1",
        "sa-east-1",
        "me-south-1",
        "me-central-1",
        "il-central-1",
        "mx-central-1",
        "af-south-1",
        "cn-north-1",
        "cn-northwest-1",
        "zz-west-1",
        "us-west-12",
    ];
    for allowed in [
        &["eu-west-1", "eu-central-1"][..],
        &["us-east-1"],
        &["us-gov-west-1", "us-gov-east-1"],
        &["eu-*"],
        &["ap-south-1", "ap-southeast-1"],
        &["eusc-de-east-1", "eu-north-1"],
        &["eu-south-*", "us-west-2"],
        &["cn-north-1"],
    ] {
        let allowed: Vec<String> = allowed.iter().map(|one| (*one).to_owned()).collect();
        let others = region::others(&allowed).unwrap();
        let is = |list: &[String], name: &str| list.iter().any(|one| Glob::parse(one).unwrap().matches(name));
        for name in names {
            assert_ne!(is(&allowed, name), is(&others, name), "{name} beside {allowed:?}");
        }
    }
    assert_eq!(region::others(&["*-west-1".to_owned()]), None);
    assert_eq!(region::others(&[]), None);
}

#[test]
fn policies_are_found_wherever_they_stand() {
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#;
    let text = serde_json::Value::from(document).to_string();
    let encoded: String = document.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for (file, names) in [
        (document.to_owned(), &["guard"][..]),
        (format!("[{document},{document}]"), &["guard", "guard"]),
        (format!(r#"[{{"Name":"a","Content":{text}}},{{"PolicyName":"b","PolicyDocument":{document}}}]"#), &["a", "b"]),
        (format!(r#"{{"Policy":{{"PolicySummary":{{"Name":"c","Arn":"arn:x"}},"Content":{text}}}}}"#), &["c"]),
        (
            format!(r#"{{"PolicyVersion":{{"Document":"{encoded}","VersionId":"v1","IsDefaultVersion":true}}}}"#),
            &["guard"],
        ),
        (
            format!(
                r#"{{"Policies":[{{"PolicyName":"d","PolicyVersionList":[{{"Document":{document},"IsDefaultVersion":true}}]}}]}}"#
            ),
            &["d"],
        ),
    ] {
        let (found, left) = policies("dir/guard.json", &file, Kind::Iam).unwrap();
        let found: Vec<&str> = found.iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!((found.as_slice(), left.len()), (names, 0), "{file}");
    }
    let old = format!(
        r#"[{{"Document":{document},"VersionId":"v1","IsDefaultVersion":false}},{{"PolicyDocument":"{{broken"}}]"#
    );
    let (found, left) = policies("x.json", &old, Kind::Iam).unwrap();
    assert_eq!((found.len(), left.len()), (0, 2));
    for wrong in ["", "{}", "[]", "{\"Statement\":[],\"Statement\":[]}", "nonsense"] {
        assert!(policies("x.json", wrong, Kind::Iam).is_err(), "{wrong}");
    }
}

#[test]
fn names_become_parts_of_ids() {
    for (name, expected) in [
        ("DenyS3Delete", "deny-s3-delete"),
        ("`Bash(git push:*)`", "bash-git-push"),
        ("Deny_All Outside-EU", "deny-all-outside-eu"),
        ("ÄÖ", ""),
        ("p-i9j8", "p-i9j8"),
    ] {
        assert_eq!(slug(name), expected, "{name}");
    }
}
