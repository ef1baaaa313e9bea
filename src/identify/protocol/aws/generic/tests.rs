use std::str::FromStr;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::json;

use crate::classify::{Action, classify};
use crate::config::Inventory;
use crate::identify::{Known, identify, route};
use crate::model::Evidence;
use crate::model::http::{Authority, Captured, Head, Scheme, Unreadable};

/// A call to Cloud Control as the AWS CLI sends it, for the account 111122223333.
fn judge(name: &str, body: &serde_json::Value, more: &[(&'static str, &str)]) -> Result<Vec<Action>, Unreadable> {
    let mut headers = HeaderMap::new();
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIARTX3GSDSQAAAAAAA/20260101/eu-west-1/cloudcontrolapi/aws4_request, \
                         SignedHeaders=content-type;host;x-amz-target, Signature=0";
    headers.insert("authorization", HeaderValue::from_static(authorization));
    headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.0"));
    headers.insert("x-amz-target", HeaderValue::from_str(&format!("CloudApiService.{name}")).unwrap());
    for (name, value) in more {
        headers.insert(*name, HeaderValue::from_str(value).unwrap());
    }
    let head = Head {
        scheme: Scheme::Https,
        authority: Authority { host: "cloudcontrolapi.eu-west-1.amazonaws.com".to_owned(), port: 443 },
        method: Method::from_str("POST").unwrap(),
        target: "/".parse().unwrap(),
        headers,
        upgrade: None,
    };
    let route = route(&head, &Known::default())?;
    let identified = identify(&route, &head, &Captured::Whole(Bytes::from(body.to_string())))?;
    Ok(classify(identified, &Inventory::default(), Evidence::Observed).into_iter().collect())
}

fn describe(action: &Action) -> String {
    let resources: Vec<&str> = action.resources().iter().map(|one| one.as_str()).collect();
    let blast = action.blast();
    format!("{} {} {} {}", action.operation(), blast.impact, blast.scope, resources.join(",")).trim_end().to_owned()
}

fn check(name: &str, body: &serde_json::Value, expected: &[&str]) {
    let actions = judge(name, body, &[]).unwrap();
    let found: Vec<String> = actions.iter().map(describe).collect();
    assert_eq!(found, expected, "{name} {body}");
    for action in &actions {
        let alias = format!("aws:cloudcontrol:{name}");
        let is_alias = action.aliases().iter().any(|one| one.as_str() == alias);
        assert!(is_alias || action.operation().as_str() == alias, "{name} {body}");
    }
}

#[test]
fn a_known_type_is_its_own_operation() {
    let delete = |of: &str, id: &str| json!({ "TypeName": of, "Identifier": id });
    for (of, id, expected) in [
        (
            "AWS::RDS::DBInstance",
            "orders",
            "aws:rds:DeleteDBInstance destroy resource arn:aws:rds:eu-west-1:111122223333:db:orders",
        ),
        ("AWS::S3::Bucket", "logs", "aws:s3:DeleteBucket destroy resource arn:aws:s3:::logs"),
        (
            "AWS::EC2::Instance",
            "i-1",
            "aws:ec2:TerminateInstances destroy resource arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
        ),
        (
            "AWS::DynamoDB::Table",
            "orders",
            "aws:dynamodb:DeleteTable destroy resource arn:aws:dynamodb:eu-west-1:111122223333:table/orders",
        ),
        (
            "AWS::Nobody::Knows",
            "x",
            "aws:cloudcontrol:DeleteResource destroy resource cloudcontrol/Identifier/x,cloudcontrol/TypeName/AWS::Nobody::Knows",
        ),
        (
            "aws::rds::dbinstance",
            "x",
            "aws:cloudcontrol:DeleteResource destroy resource cloudcontrol/Identifier/x,cloudcontrol/TypeName/aws::rds::dbinstance",
        ),
    ] {
        check("DeleteResource", &delete(of, id), &[expected]);
    }
    // The roles of a table association are no resource that anybody names.
    let actions = judge("DeleteResource", &delete("AWS::IAM::RolePolicy", "inline|deployer"), &[]).unwrap();
    assert_eq!(actions[0].operation().as_str(), "aws:iam:DeleteRolePolicy");
    assert_eq!(actions[0].blast().impact.as_str(), "destroy", "never milder than a deletion");
}

#[test]
fn properties_that_decide_count() {
    let update = |of: &str, id: &str, patch: serde_json::Value| json!({ "TypeName": of, "Identifier": id, "PatchDocument": patch.to_string() });
    let group = "AWS::AutoScaling::AutoScalingGroup";
    for (of, patch, expected) in [
        (
            group,
            json!([{ "op": "replace", "path": "/MaxSize", "value": 0 }]),
            "aws:autoscaling:UpdateAutoScalingGroup disrupt",
        ),
        (
            group,
            json!([{ "op": "replace", "path": "/MaxSize", "value": "0" }]),
            "aws:autoscaling:UpdateAutoScalingGroup disrupt",
        ),
        (group, json!([{ "op": "remove", "path": "/MaxSize" }]), "aws:autoscaling:UpdateAutoScalingGroup disrupt"),
        (
            group,
            json!([{ "op": "copy", "from": "/MinSize", "path": "/MaxSize" }]),
            "aws:autoscaling:UpdateAutoScalingGroup disrupt",
        ),
        (
            group,
            json!([{ "op": "replace", "path": "/MaxSize", "value": 4 }]),
            "aws:autoscaling:UpdateAutoScalingGroup update",
        ),
        // A test changes nothing; that the text speaks of a zero counts all the same.
        (
            group,
            json!([{ "op": "test", "path": "/MaxSize", "value": 0 }]),
            "aws:autoscaling:UpdateAutoScalingGroup disrupt",
        ),
        (
            "AWS::S3::Bucket",
            json!([{ "op": "add", "path": "/PublicAccessBlockConfiguration", "value": { "BlockPublicAcls": false } }]),
            "aws:s3:PutPublicAccessBlock permission",
        ),
        (
            "AWS::S3::Bucket",
            json!([{ "op": "replace", "path": "/VersioningConfiguration/Status", "value": "Suspended" }]),
            "aws:s3:PutBucketVersioning destroy",
        ),
        (
            "AWS::S3::Bucket",
            json!([{ "op": "add", "path": "/LifecycleConfiguration/Rules/0", "value": { "ExpirationInDays": 1 } }]),
            "aws:s3:PutBucketLifecycleConfiguration destroy",
        ),
        (
            "AWS::IAM::Role",
            json!([{ "op": "replace", "path": "/AssumeRolePolicyDocument", "value": {} }]),
            "aws:iam:UpdateAssumeRolePolicy permission",
        ),
        (
            "AWS::S3::Bucket",
            json!([{ "op": "add", "path": "/Tags/0", "value": { "Key": "a", "Value": "b" } }]),
            "aws:cloudcontrol:UpdateResource update",
        ),
    ] {
        let actions = judge("UpdateResource", &update(of, "x", patch.clone()), &[]).unwrap();
        let found = format!("{} {}", actions[0].operation(), actions[0].blast().impact);
        assert_eq!(found, expected, "{of} {patch}");
    }
    let both = json!([
        { "op": "replace", "path": "/Description", "value": "x" },
        { "op": "replace", "path": "/AssumeRolePolicyDocument", "value": {} },
    ]);
    let actions = judge("UpdateResource", &update("AWS::IAM::Role", "x", both), &[]).unwrap();
    let mut found: Vec<&str> = actions.iter().map(|one| one.operation().as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, ["aws:iam:UpdateAssumeRolePolicy", "aws:iam:UpdateRole"]);
}

#[test]
fn no_password_reaches_the_record() {
    let state = json!({ "DBInstanceIdentifier": "a", "MasterUserPassword": "correct horse", "Engine": "mysql" });
    let create =
        |state: &serde_json::Value| json!({ "TypeName": "AWS::RDS::DBInstance", "DesiredState": state.to_string() });
    let parameters = |state| {
        let actions = judge("CreateResource", &create(state), &[]).unwrap();
        assert_eq!(actions[0].operation().as_str(), "aws:rds:CreateDBInstance");
        format!("{:?}", actions[0].parameters())
    };
    let first = parameters(&state);
    assert!(first.contains("DesiredState") && first.contains("sha256:") && !first.contains("horse"), "{first}");
    let other = json!({ "DBInstanceIdentifier": "a", "MasterUserPassword": "battery staple", "Engine": "mysql" });
    assert_eq!(first, parameters(&other));
    let third = json!({ "DBInstanceIdentifier": "b", "MasterUserPassword": "correct horse", "Engine": "mysql" });
    assert_ne!(first, parameters(&third));
    let unknown = json!({ "TypeName": "AWS::Nobody::Knows", "DesiredState": "{\"Password\":\"correct horse\"}" });
    let actions = judge("CreateResource", &unknown, &[]).unwrap();
    assert!(!format!("{:?}", actions[0].parameters()).contains("horse"));
}

#[test]
fn what_has_no_single_reading_is_refused() {
    for (name, document) in [
        ("PatchDocument", r#"[{"op":"replace","path":"/MaxSize","value":1,"value":0}]"#),
        ("PatchDocument", r#"[{"op":"frobnicate","path":"/MaxSize","value":0}]"#),
        ("PatchDocument", r#"[{"op":"replace","value":0}]"#),
        ("PatchDocument", r#"{"MaxSize":0}"#),
        ("PatchDocument", "MaxSize: 0"),
        ("DesiredState", r#"{"a":{"b":1,"b":2}}"#),
        ("DesiredState", "[]"),
        ("DesiredState", r#"{"a":1} {"a":2}"#),
    ] {
        let call = if name == "PatchDocument" { "UpdateResource" } else { "CreateResource" };
        let body = json!({ "TypeName": "AWS::AutoScaling::AutoScalingGroup", "Identifier": "x", name: document });
        assert!(judge(call, &body, &[]).is_err(), "{document}");
    }
    let body = json!({ "TypeName": "AWS::S3::Bucket", "Identifier": "x" });
    assert!(judge("DeleteResource", &body, &[("x-amz-expected-bucket-owner", "444455556666")]).is_err());
}
