use std::str::FromStr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::*;
use crate::catalog;
use crate::model::Parameter;
use crate::model::http::{Authority, Scheme};

/// `AKIA` and the account 111122223333 in base32, as ids since 2019 hold it.
const KEY: &str = "AKIARTX3GSDSQAAAAAAA";

/// A request for the tests: signed for `scope` (`REGION/SERVICE`, or nothing), all its headers signed.
#[derive(Clone, Default)]
struct Call {
    method: &'static str,
    url: String,
    scope: &'static str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    fn post(url: &str, scope: &'static str) -> Self {
        Self { method: "POST", url: url.into(), scope, ..Self::default() }
    }

    fn form(url: &str, scope: &'static str, body: &str) -> Self {
        Self::post(url, scope)
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(body.as_bytes())
    }

    fn json(url: &str, scope: &'static str, target: &str, body: &str) -> Self {
        Self::post(url, scope)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .body(body.as_bytes())
    }

    fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    fn head(&self) -> Head {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(HeaderName::from_str(name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        if let Some((region, service)) = self.scope.split_once('/') {
            let signed: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
            let value = format!(
                "AWS4-HMAC-SHA256 Credential={KEY}/20260101/{region}/{service}/aws4_request, \
                 SignedHeaders=host;{}, Signature=0",
                signed.join(";")
            );
            headers.insert("authorization", HeaderValue::from_str(&value).unwrap());
        }
        let (host, target) = self.url.split_at(self.url.find('/').unwrap_or(self.url.len()));
        Head {
            scheme: Scheme::Https,
            authority: Authority { host: host.to_owned(), port: 443 },
            method: Method::from_str(self.method).unwrap(),
            target: if target.is_empty() { "/" } else { target }.parse().unwrap(),
            headers,
            upgrade: None,
        }
    }

    fn read(&self) -> Result<Vec1<Reading>, Unreadable> {
        let head = self.head();
        let routed = Aws.route(catalog::aws(), &head, &Known::default())?;
        let body = match routed.need {
            BodyNeed::None => Captured::Unread,
            BodyNeed::Whole(max) if self.body.len() > max => Captured::Overflow,
            _ => Captured::Whole(Bytes::from(self.body.clone())),
        };
        Aws.identify(catalog::aws(), &routed.partial, &Known::default(), &head, &body)
    }

    /// The one reading.
    fn one(&self) -> Reading {
        let readings = self.read().unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.url));
        assert_eq!(readings.len(), 1, "{readings:?}");
        readings.first().clone()
    }

    fn is(&self, expected: &str) {
        assert_eq!(self.one().operation.as_str(), expected, "{} {}", self.method, self.url);
    }

    fn refused(&self, status: u16, part: &str) {
        match self.read() {
            Ok(readings) => panic!("{} {} passed as {:?}", self.method, self.url, readings.first().operation),
            Err(error) => {
                assert_eq!(error.status, status, "{error}");
                assert!(error.why.contains(part), "{} {}: {error}", self.method, self.url);
            }
        }
    }
}

const EC2: &str = "ec2.eu-west-1.amazonaws.com/";
const DDB: &str = "dynamodb.eu-west-1.amazonaws.com/";

#[test]
fn every_operation_as_the_real_client_sends_it_is_named() {
    let text = include_str!("../../../catalog/aws/cases/every-operation.tsv");
    let (mut wrong, mut total) = (vec![], 0);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let [service, name, method, url, headers, form] = cells.as_slice() else { panic!("{line}") };
        let mut call = Call { method, url: (*url).into(), body: form.as_bytes().to_vec(), ..Call::default() };
        for header in headers.split('|').filter(|header| !header.is_empty()) {
            match header.split_once(": ").unwrap() {
                ("scope", scope) => call.scope = scope,
                (name, value) => call = call.header(name, value),
            }
        }
        let head = call.head();
        total += 1;
        let expected = format!("aws:{service}:{name}");
        let got = Aws.route(catalog::aws(), &head, &Known::default()).and_then(|routed| {
            match (&routed.partial, routed.need) {
                (Partial::Aws(candidate), _) => match &candidate.named {
                    Named::One { service, found, .. } => {
                        let own = std::iter::once((*service, found.operation));
                        let all = own.chain(found.twins.iter().copied());
                        Ok(all.map(|(service, one)| format!("aws:{}:{}", service.name.get(), one.name.get())).collect())
                    }
                    _ => {
                        let body = Captured::Whole(Bytes::from_static(form.as_bytes()));
                        Aws.identify(catalog::aws(), &routed.partial, &Known::default(), &head, &body).map(|readings| {
                            let reading = readings.first();
                            let own = std::iter::once(&reading.operation);
                            own.chain(&reading.aliases).map(ToString::to_string).collect::<Vec<_>>()
                        })
                    }
                },
                _ => panic!("no candidate"),
            }
        });
        match got {
            Ok(names) if names.contains(&expected) => {}
            other => wrong.push(format!("{expected}: {other:?} {url}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {total}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(total > 1600, "{total}");
}

#[test]
fn account_of_an_access_key() {
    for (key, expected) in [
        ("ASIAQNZGKIQY56JQ7WML", Some("029608264753")),
        ("ASIAY34FZKBOKMUTVV7A", Some("609629065308")),
        (KEY, Some("111122223333")),
        // Of the old generation: the id holds no account.
        ("AKIAIOSFODNN7EXAMPLE", None),
        ("AKIAJ2QXAVHAGJS4NVBA", None),
        ("AROAQNZGKIQY56JQ7WML", None),
        ("AKIA", None),
        ("test", None),
        ("AKIA0000000000000000", None),
        ("ÄKIAÄÄÄÄ", None),
    ] {
        assert_eq!(scope::account_of_key(key).as_deref(), expected, "{key}");
    }
}

#[test]
fn hosts_are_read_from_the_right() {
    for (host, expected) in [
        ("ec2.eu-west-1.amazonaws.com", "aws eu-west-1 ec2 "),
        ("ec2-fips.us-gov-west-1.amazonaws.com", "aws-us-gov us-gov-west-1 ec2 "),
        ("ec2.cn-north-1.amazonaws.com.cn", "aws-cn cn-north-1 ec2 "),
        ("lambda.eu-west-1.api.aws", "aws eu-west-1 lambda "),
        ("iam.amazonaws.com", "aws - iam "),
        ("iam.global.api.aws", "aws - iam "),
        ("iam.us-gov.amazonaws.com", "aws - iam "),
        ("sts.amazonaws.com", "aws - sts "),
        ("s3.amazonaws.com", "aws - s3 "),
        ("s3-eu-west-1.amazonaws.com", "aws eu-west-1 s3 "),
        ("s3.dualstack.eu-west-1.amazonaws.com", "aws eu-west-1 s3 "),
        ("logs.s3.eu-west-1.amazonaws.com", "aws eu-west-1 s3 logs"),
        ("cloudformation.s3.eu-west-1.amazonaws.com", "aws eu-west-1 s3 cloudformation"),
        ("my.dotted.bucket.s3.amazonaws.com", "aws - s3 my.dotted.bucket"),
        ("eu-west-1.s3.amazonaws.com", "aws - s3 eu-west-1"),
        ("b.s3-accelerate.amazonaws.com", "aws - s3-accelerate b"),
        ("b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", "aws us-east-1 s3 b--use1-az4--x-s3"),
        ("111122223333.ddb.us-east-1.amazonaws.com", "aws us-east-1 ddb 111122223333"),
        ("111122223333.s3-control.us-east-1.amazonaws.com", "aws us-east-1 s3-control 111122223333"),
        ("vpce-1a2b-3c4d.ec2.us-east-1.vpce.amazonaws.com", "aws us-east-1 ec2 "),
        ("bucket.vpce-1a2b-3c4d.s3.us-east-1.vpce.amazonaws.com", "aws us-east-1 s3 "),
        ("eu-west-1.queue.amazonaws.com", "aws eu-west-1 queue "),
        ("queue.amazonaws.com", "aws - queue "),
        ("portal.sso.us-east-1.amazonaws.com", "aws us-east-1 portal.sso "),
        ("dynamodb.eusc-de-east-1.amazonaws.eu", "aws-eusc eusc-de-east-1 dynamodb "),
        ("ec2.us-iso-east-1.c2s.ic.gov", "aws-iso us-iso-east-1 ec2 "),
        ("amazonaws.com", ""),
        ("ec2.amazonaws.com.evil.example", ""),
        ("ec2.eu-west-1.evilamazonaws.com", ""),
        ("localhost", ""),
        ("", ""),
        (".amazonaws.com", ""),
    ] {
        let got = host::Host::read(host).map_or(String::new(), |host| {
            format!("{} {} {} {}", host.partition, host.region.as_deref().unwrap_or("-"), host.service, host.before)
        });
        assert_eq!(got, expected, "{host}");
    }
}

#[test]
fn query_protocol() {
    let cloudformation = "cloudformation.eu-west-1.amazonaws.com/";
    let body = "StackName=prod&Version=2010-05-15&Action=DeleteStack";
    Call::form(cloudformation, "eu-west-1/cloudformation", body).is("aws:cloudformation:DeleteStack");
    // By GET, in the query, and with a name that is encoded.
    let get = |query: &str| Call {
        method: "GET",
        url: format!("{cloudformation}?{query}"),
        ..Call::post("", "eu-west-1/cloudformation")
    };
    get(body).is("aws:cloudformation:DeleteStack");
    get("A%63tion=DeleteStack&StackName=prod").is("aws:cloudformation:DeleteStack");
    get("action=DeleteStack&StackName=prod").is("aws:cloudformation:unidentified");
    get("Action=DeleteStacks&StackName=prod").is("aws:cloudformation:unidentified");
    get("Action=DeleteStack;x&StackName=prod").refused(400, "`;`");
    get("Action=DescribeStacks&Action=DeleteStack").refused(400, "twice");
    get("Action=%zz").refused(400, "percent");
    get("Action=%ff").refused(400, "UTF-8");
    // In both places, or with a method that says otherwise.
    Call::form(&format!("{cloudformation}?Action=DescribeStacks"), "eu-west-1/cloudformation", body)
        .refused(400, "query and in its body");
    Call::form(cloudformation, "eu-west-1/cloudformation", "Action=DeleteStack&StackName=a&StackName=b")
        .refused(400, "twice");
    Call::form(cloudformation, "eu-west-1/cloudformation", "Action=DescribeStacks;Action=DeleteStack")
        .refused(400, "`;`");
    Call::form(cloudformation, "eu-west-1/cloudformation", body)
        .header("x-http-method-override", "GET")
        .refused(400, "method");
    Call::form(cloudformation, "eu-west-1/cloudformation", body)
        .header("x-amz-target", "DynamoDB_20120810.ListTables")
        .refused(400, "two protocols");
    Call::post(cloudformation, "eu-west-1/cloudformation")
        .header("content-type", "multipart/form-data; boundary=x")
        .body(body.as_bytes())
        .refused(415, "forms");
    Call::form(cloudformation, "eu-west-1/cloudformation", body)
        .header("content-encoding", "gzip")
        .refused(415, "Content-Encoding");
    Call::form(cloudformation, "eu-west-1/cloudformation", &"x".repeat(FORM_BYTES_MAX + 1)).refused(413, "large");
    Call::form(cloudformation, "eu-west-1/cloudformation", "").is("aws:cloudformation:unidentified");
    // An old Version is still taken.
    Call::form(EC2, "eu-west-1/ec2", "Action=TerminateInstances&Version=2010-08-31&InstanceId.1=i-1")
        .is("aws:ec2:TerminateInstances");
    Call::form(EC2, "eu-west-1/ec2", "Action=Frobnicate&Version=2016-11-15").is("aws:ec2:unidentified");
}

#[test]
fn json_protocol() {
    let delete = "DynamoDB_20120810.DeleteTable";
    let body = r#"{"TableName":"orders"}"#;
    Call::json(DDB, "eu-west-1/dynamodb", delete, body).is("aws:dynamodb:DeleteTable");
    // The path means nothing to a JSON service.
    Call::json("dynamodb.eu-west-1.amazonaws.com/service/x/operation/ListTables", "eu-west-1/dynamodb", delete, body)
        .is("aws:dynamodb:DeleteTable");
    Call::json(DDB, "eu-west-1/dynamodb", "DynamoDB_20120810.Nope", body).is("aws:dynamodb:unidentified");
    Call::json(DDB, "eu-west-1/dynamodb", "TrentService.ListKeys", body).is("aws:dynamodb:unidentified");
    Call::json(DDB, "eu-west-1/dynamodb", "x", body).is("aws:dynamodb:unidentified");
    Call::json(DDB, "eu-west-1/dynamodb", delete, r#"{"TableName":"a","TableName":"b"}"#).refused(400, "twice");
    Call::json(DDB, "eu-west-1/dynamodb", delete, r#"{"TableName":"a"} {}"#).refused(400, "parse");
    Call::json(DDB, "eu-west-1/dynamodb", delete, r#"{"TableName":"#).refused(400, "parse");
    Call::json(DDB, "eu-west-1/dynamodb", delete, body)
        .header("x-amz-target", "DynamoDB_20120810.ListTables")
        .refused(400, "more than one");
    Call::json(DDB, "eu-west-1/dynamodb", delete, body).method("GET").refused(400, "POST");
    Call::json("dynamodb.eu-west-1.amazonaws.com/?Action=ListTables", "eu-west-1/dynamodb", delete, body)
        .refused(400, "Action");
    Call::json(DDB, "eu-west-1/dynamodb", delete, body)
        .header("content-encoding", "gzip")
        .refused(415, "Content-Encoding");
    // Not signed although the request is.
    let mut head = Call::json(DDB, "eu-west-1/dynamodb", delete, body).head();
    let bare = format!(
        "AWS4-HMAC-SHA256 Credential={KEY}/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
    );
    head.headers.insert("authorization", bare.parse().unwrap());
    let error = Aws.route(catalog::aws(), &head, &Known::default()).unwrap_err();
    assert!(error.why.contains("not signed"), "{error}");
    // Without the package name, as older SDKs send it.
    Call::json(
        "cloudtrail.eu-west-1.amazonaws.com/",
        "eu-west-1/cloudtrail",
        "CloudTrail_20131101.StopLogging",
        r#"{"Name":"t"}"#,
    )
    .is("aws:cloudtrail:StopLogging");
}

#[test]
fn a_document_may_be_cbor() {
    let table = b"\xa1\x69TableName\x66orders";
    let call = Call::json(DDB, "eu-west-1/dynamodb", "DynamoDB_20120810.DeleteTable", "").body(table);
    let mut cbor = call.clone();
    cbor.headers.retain(|(name, _)| name != "content-type");
    let reading = cbor.header("content-type", "application/x-amz-cbor-1.1").one();
    assert_eq!(reading.resources[0].as_str(), "arn:aws:dynamodb:eu-west-1:111122223333:table/orders");
    call.refused(400, "parse");
    let twice = b"\xa2\x69TableName\x61a\x69TableName\x61b";
    let url = "monitoring.eu-west-1.amazonaws.com/service/GraniteServiceVersion20100801/operation/DeleteAlarms";
    let alarms = Call::post(url, "eu-west-1/monitoring").header("smithy-protocol", "rpc-v2-cbor");
    alarms.clone().body(b"\xa1\x6aAlarmNames\x82\x61a\x61b").is("aws:cloudwatch:DeleteAlarms");
    alarms.clone().body(twice).refused(400, "twice");
    alarms.clone().body(b"\xa1\x6aAlarmNames\x82\x61a\x61b\x00").refused(400, "parse");
    alarms.clone().header("x-amz-target", "GraniteServiceVersion20100801.ListMetrics").refused(400, "two protocols");
    alarms.clone().method("GET").refused(400, "POST");
    Call { url: "monitoring.eu-west-1.amazonaws.com/".into(), ..alarms.clone() }.refused(400, "path");
    // Nested without end: skipped, not descended.
    let mut deep = b"\xa1\x61x".to_vec();
    deep.extend(std::iter::repeat_n(0x81, 200_000));
    deep.push(0);
    alarms.body(&deep).is("aws:cloudwatch:DeleteAlarms");
}

#[test]
fn the_same_operation_in_every_protocol_of_cloudwatch_and_sqs() {
    let host = "monitoring.eu-west-1.amazonaws.com/";
    Call::form(host, "eu-west-1/monitoring", "Action=DeleteAlarms&Version=2010-08-01&AlarmNames.member.1=a")
        .is("aws:cloudwatch:DeleteAlarms");
    Call::json(host, "eu-west-1/monitoring", "GraniteServiceVersion20100801.DeleteAlarms", r#"{"AlarmNames":["a"]}"#)
        .is("aws:cloudwatch:DeleteAlarms");
    let expected = "arn:aws:sqs:eu-west-1:111122223333:q";
    let url = "https%3A%2F%2Fsqs.eu-west-1.amazonaws.com%2F111122223333%2Fq";
    for call in [
        Call::form(
            "sqs.eu-west-1.amazonaws.com/",
            "eu-west-1/sqs",
            &format!("Action=PurgeQueue&Version=2012-11-05&QueueUrl={url}"),
        ),
        Call::form(
            "sqs.eu-west-1.amazonaws.com/111122223333/q",
            "eu-west-1/sqs",
            "Action=PurgeQueue&Version=2012-11-05",
        ),
        Call {
            method: "GET",
            ..Call::post("eu-west-1.queue.amazonaws.com/111122223333/q?Action=PurgeQueue", "eu-west-1/sqs")
        },
        Call::json(
            "sqs.eu-west-1.amazonaws.com/",
            "eu-west-1/sqs",
            "AmazonSQS.PurgeQueue",
            r#"{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/111122223333/q"}"#,
        ),
    ] {
        let reading = call.one();
        assert_eq!(reading.operation.as_str(), "aws:sqs:PurgeQueue");
        assert_eq!(reading.resources[0].as_str(), expected);
    }
}

#[test]
fn s3_paths_hosts_and_sub_resources() {
    let s3 = |method: &'static str, url: &str| Call { method, ..Call::post(url, "eu-west-1/s3") };
    let host = "s3.eu-west-1.amazonaws.com";
    let virtual_host = "b.s3.eu-west-1.amazonaws.com";
    for (method, url, expected) in [
        ("GET", format!("{host}/"), "ListBuckets"),
        ("DELETE", format!("{host}/b"), "DeleteBucket"),
        ("DELETE", format!("{host}/b/"), "DeleteBucket"),
        ("DELETE", format!("{virtual_host}/"), "DeleteBucket"),
        ("DELETE", format!("{host}/b/k"), "DeleteObject"),
        ("DELETE", format!("{host}/b/folder/"), "DeleteObject"),
        ("DELETE", format!("{host}/b//k"), "DeleteObject"),
        ("DELETE", format!("{host}/b/../k"), "DeleteObject"),
        ("DELETE", format!("{virtual_host}/k/with/slashes"), "DeleteObject"),
        ("DELETE", format!("{virtual_host}/k?x-id=DeleteObject"), "DeleteObject"),
        ("DELETE", format!("{virtual_host}/k?tagging"), "DeleteObjectTagging"),
        ("DELETE", format!("{virtual_host}/k?tagging="), "DeleteObjectTagging"),
        ("DELETE", format!("{virtual_host}/k?Tagging"), "DeleteObject"),
        ("DELETE", format!("{virtual_host}/k?uploadId=1"), "AbortMultipartUpload"),
        ("DELETE", format!("{virtual_host}/?policy"), "DeleteBucketPolicy"),
        ("DELETE", format!("{virtual_host}/?%70olicy"), "DeleteBucketPolicy"),
        ("POST", format!("{virtual_host}/?delete"), "DeleteObjects"),
        ("POST", format!("{virtual_host}/?%64elete="), "DeleteObjects"),
        ("POST", format!("{virtual_host}/"), "unidentified"),
        ("PUT", format!("{virtual_host}/k"), "PutObject"),
        ("PUT", format!("{virtual_host}/k?partNumber=1&uploadId=x"), "UploadPart"),
        ("PUT", format!("{virtual_host}/?lifecycle"), "PutBucketLifecycleConfiguration"),
        ("GET", format!("{virtual_host}/?list-type=2"), "ListObjectsV2"),
        ("GET", format!("{virtual_host}/?analytics"), "ListBucketAnalyticsConfigurations"),
        ("GET", format!("{virtual_host}/?analytics&id=1"), "GetBucketAnalyticsConfiguration"),
        ("HEAD", format!("{virtual_host}/k"), "HeadObject"),
        ("PATCH", format!("{virtual_host}/k"), "unidentified"),
    ] {
        s3(method, &url).is(&format!("aws:s3:{expected}"));
    }
    s3("PUT", &format!("{virtual_host}/k")).header("x-amz-copy-source", "/a/b").is("aws:s3:CopyObject");
    s3("PUT", &format!("{virtual_host}/k?acl&tagging")).refused(400, "two operations");
    s3("DELETE", &format!("{virtual_host}/k?tagging&uploadId=1")).refused(400, "two operations");
    s3("DELETE", &format!("{virtual_host}/k?x-id=GetObject")).refused(400, "x-id");
    let reading = s3("DELETE", &format!("{virtual_host}/a%2Fb/c%20d")).one();
    assert_eq!(reading.resources, [Resource::from("arn:aws:s3:::b/a/b/c d")]);
    let twin = s3("PUT", &format!("{virtual_host}/?lifecycle")).one();
    assert_eq!(twin.aliases, [Operation::from_id("aws:s3:PutBucketLifecycle")]);
    // An upload is never read, and may be compressed.
    let put = s3("PUT", &format!("{virtual_host}/k")).header("content-encoding", "gzip");
    assert_eq!(Aws.route(catalog::aws(), &put.head(), &Known::default()).unwrap().need, BodyNeed::None);
}

#[test]
fn xml_bodies_have_one_reading() {
    let delete = |body: &str| Call::post("b.s3.eu-west-1.amazonaws.com/?delete", "eu-west-1/s3").body(body.as_bytes());
    let keys = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a &amp; b</Key></Object>\
                <Object><Key><![CDATA[c]]>&#100;</Key></Object></Delete>";
    let reading = delete(keys).one();
    assert_eq!(reading.count, Count::Exact(2));
    assert_eq!(reading.resources, ["arn:aws:s3:::b/a & b", "arn:aws:s3:::b/cd"].map(Resource::from));
    for (body, why) in [
        ("<Delete><Object><Key>a</Key></Delete>", "well-formed"),
        ("<!DOCTYPE x [<!ENTITY k 'v'>]><Delete/>", "document type"),
        ("<Delete><Object><Key>&k;</Key></Object></Delete>", "predefined"),
        ("<Delete xmlns:x='y'><x:Object/></Delete>", "prefix"),
        ("<Delete><Object xmlns='y'/></Delete>", "namespace"),
        ("<Delete/><Delete/>", "root"),
        ("<?xml version='1.0' encoding='utf-16'?><Delete/>", "encoding"),
    ] {
        delete(body).refused(400, why);
    }
}

#[test]
fn rest_paths() {
    let lambda = |method: &'static str, path: &str| Call {
        method,
        ..Call::post(&format!("lambda.eu-west-1.amazonaws.com{path}"), "eu-west-1/lambda")
    };
    lambda("DELETE", "/2015-03-31/functions/f").is("aws:lambda:DeleteFunction");
    lambda("DELETE", "/2015-03-31/functions/f/").is("aws:lambda:DeleteFunction");
    lambda("GET", "/2015-03-31/functions/").is("aws:lambda:ListFunctions");
    lambda("GET", "/2015-03-31/functions").is("aws:lambda:ListFunctions");
    lambda("DELETE", "/2015-03-31/functions").is("aws:lambda:unidentified");
    let arn =
        lambda("DELETE", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A444455556666%3Afunction%3Af").one();
    assert_eq!(arn.resources[0].as_str(), "arn:aws:lambda:eu-west-1:444455556666:function:f");
    assert_eq!(arn.place.account.as_deref(), Some("444455556666"));
    lambda("DELETE", "/2015-03-31/functions/x/../f").refused(400, "dot");
    lambda("DELETE", "/2015-03-31/functions/%2e%2E/f").refused(400, "dot");
    lambda("DELETE", "/2015-03-31//functions/f").refused(400, "empty");
    lambda("DELETE", "/2015-03-31/functions/f;x").refused(400, "`;`");
    lambda("DELETE", "/2015-03-31/functions/%2566").refused(400, "twice");
    lambda("DELETE", "/2015-03-31/functions/f")
        .header("x-amz-target", "AWSLambda.ListFunctions")
        .refused(400, "X-Amz-Target");
    let mut unsigned = lambda("POST", "/2015-03-31/functions/f/invocations").head();
    unsigned.headers.insert("x-amz-invocation-type", "DryRun".parse().unwrap());
    assert!(Aws.route(catalog::aws(), &unsigned, &Known::default()).is_err());
}

#[test]
fn host_and_scope_agree_or_the_call_is_refused() {
    let body = "Action=DeleteStack&StackName=x";
    Call::form("cloudformation.eu-west-1.amazonaws.com/", "eu-west-1/ec2", body).refused(400, "scope");
    Call::form("cloudformation.eu-west-1.amazonaws.com/", "us-east-1/cloudformation", body).refused(400, "scope");
    Call::form("iam.amazonaws.com/", "us-east-1/iam", "Action=ListUsers").is("aws:iam:ListUsers");
    Call::form("sts.cn-north-1.amazonaws.com.cn/", "cn-north-1/sts", "Action=GetCallerIdentity")
        .is("aws:sts:GetCallerIdentity");
    // A custom endpoint: the scope speaks alone.
    let local = Call::form("localhost/", "eu-west-1/cloudformation", body);
    let reading = local.one();
    assert_eq!(reading.operation.as_str(), "aws:cloudformation:DeleteStack");
    assert!(reading.place.loopback);
    assert!(has_shape(&local.head()));
    assert!(!has_shape(&Call { scope: "", ..local }.head()));
    // Services that the tables do not hold.
    Call { method: "GET", ..Call::post("nosuch.eu-west-1.amazonaws.com/", "eu-west-1/nosuch") }
        .is("aws:nosuch:unidentified");
    Call { method: "GET", ..Call::post("localhost/", "eu-west-1/nosuch") }.is("aws:nosuch:unidentified");
    Call { method: "GET", ..Call::post("localhost/", "") }.is("aws:unidentified:unidentified");
    let mut two = Call::form(EC2, "eu-west-1/ec2", "Action=DescribeInstances").head();
    two.headers.append("authorization", "x".parse().unwrap());
    assert!(Aws.route(catalog::aws(), &two, &Known::default()).is_err());
}

#[test]
fn presigned_queries() {
    let sign = |algorithm: &str, credential: &str| {
        format!(
            "X-Amz-Algorithm={algorithm}&X-Amz-Credential={KEY}%2F20260101%2F{credential}&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
        )
    };
    let url = |query: String| format!("b.s3.eu-west-1.amazonaws.com/k?{query}");
    let delete = |query| Call { method: "DELETE", ..Call::post(&url(query), "") };
    let call = delete(sign("AWS4-HMAC-SHA256", "eu-west-1%2Fs3%2Faws4_request"));
    assert_eq!(call.one().place.account.as_deref(), Some("111122223333"));
    call.is("aws:s3:DeleteObject");
    // On an unnamed host it is one of the readings.
    assert!(has_shape(&call.head()));
    Call { scope: "eu-west-1/s3", ..call.clone() }.refused(400, "signed in a header and in the query");
    delete(sign("AWS4-HMAC-SHA256", "eu-west-1%2Fec2%2Faws4_request")).refused(400, "scope");
    delete(sign("AWS4-ECDSA-P256-SHA256", "s3%2Faws4_request")).is("aws:s3:DeleteObject");
    delete(sign("AWS4-HMAC-SHA256", "s3%2Faws4_request")).refused(400, "form");
    call.header("x-amz-copy-source", "/a/b").refused(400, "not signed");
}

#[test]
fn accounts_regions_and_resources() {
    let delete = |host: &str, table: &str| {
        Call::json(
            host,
            "us-east-1/dynamodb",
            "DynamoDB_20120810.DeleteTable",
            &format!(r#"{{"TableName":"{table}"}}"#),
        )
    };
    let own = delete("dynamodb.us-east-1.amazonaws.com/", "orders").one();
    assert_eq!(own.place.account.as_deref(), Some("111122223333"));
    assert_eq!(own.place.region.as_deref(), Some("us-east-1"));
    let arn = "arn:aws:dynamodb:us-east-1:444455556666:table/orders";
    // Another account's ARN is legitimate; the resource stands there.
    let other = delete("444455556666.ddb.us-east-1.amazonaws.com/", arn).one();
    assert_eq!((other.place.account.as_deref(), other.resources[0].as_str()), (Some("444455556666"), arn));
    delete("111122223333.ddb.us-east-1.amazonaws.com/", "orders").is("aws:dynamodb:DeleteTable");
    delete("444455556666.ddb.us-east-1.amazonaws.com/", "orders").refused(400, "account");
    delete("111122223333.ddb.us-east-1.amazonaws.com/", arn).refused(400, "account");
    // Two accounts in one request are two readings.
    let both = Call::json(
        "dynamodb.us-east-1.amazonaws.com/",
        "us-east-1/dynamodb",
        "DynamoDB_20120810.BatchWriteItem",
        &format!(r#"{{"RequestItems":{{"mine":[{{"DeleteRequest":{{}}}}],"{arn}":[{{"DeleteRequest":{{}}}}]}}}}"#),
    );
    let accounts: Vec<_> = both.read().unwrap().iter().map(|one| one.place.account.clone().unwrap()).collect();
    assert_eq!(accounts, ["111122223333", "444455556666"]);
}

#[test]
fn long_parameters_stand_as_digests() {
    let policy = format!(r#"{{"Statement":[],"x":"{}"}}"#, "secret".repeat(100));
    let call = Call {
        method: "PUT",
        ..Call::post("b.s3.eu-west-1.amazonaws.com/?policy", "eu-west-1/s3").body(policy.as_bytes())
    };
    let reading = call.one();
    assert_eq!(reading.parameters[0].name, "Policy");
    assert!(reading.parameters[0].value.starts_with("sha256:") && !reading.parameters[0].value.contains("secret"));
}

#[test]
fn dialect_is_what_the_client_spoke() {
    for (call, expected) in [
        (Call::form(EC2, "eu-west-1/ec2", ""), Dialect::AwsEc2),
        (Call::form("iam.amazonaws.com/", "us-east-1/iam", ""), Dialect::AwsQuery),
        (Call::json(DDB, "eu-west-1/dynamodb", "x", ""), Dialect::AwsJson),
        (Call::form("sqs.eu-west-1.amazonaws.com/", "eu-west-1/sqs", ""), Dialect::AwsQuery),
        (Call::json("sqs.eu-west-1.amazonaws.com/", "eu-west-1/sqs", "AmazonSQS.ListQueues", ""), Dialect::AwsJson),
        (Call::post("b.s3.amazonaws.com/k", "us-east-1/s3"), Dialect::S3),
        (Call::post("route53.amazonaws.com/", "us-east-1/route53"), Dialect::AwsRestXml),
        (Call::post("lambda.eu-west-1.amazonaws.com/", "eu-west-1/lambda"), Dialect::AwsRestJson),
        (Call::post("lambda.eu-west-1.amazonaws.com//", "eu-west-1/s3"), Dialect::AwsRestJson),
        (
            Call::post("monitoring.eu-west-1.amazonaws.com/", "eu-west-1/monitoring").header("smithy-protocol", "x"),
            Dialect::AwsCbor,
        ),
    ] {
        assert_eq!(Aws.dialect(crate::catalog::aws(), &call.head()), expected, "{}", call.url);
    }
}

/// The calls that an agent on Amazon Q Developer or Kiro lives by: bearer tokens, both hosts, any of the targets, or a path.
#[test]
fn model_calls_of_amazon_q() {
    let call = |method: &'static str, url: &str| {
        Call { method, ..Call::post(url, "") }.header("authorization", "Bearer x").body(b"{}")
    };
    let (q, old) = ("q.us-east-1.amazonaws.com", "codewhisperer.us-east-1.amazonaws.com");
    let streaming = "AmazonCodeWhispererStreamingService.GenerateAssistantResponse";
    call("POST", &format!("{q}/generateAssistantResponse")).is("aws:q:GenerateAssistantResponse");
    call("POST", &format!("{q}/")).header("x-amz-target", streaming).is("aws:q:GenerateAssistantResponse");
    call("POST", &format!("{old}/generateAssistantResponse"))
        .header("x-amz-target", streaming)
        .is("aws:codewhisperer:GenerateAssistantResponse");
    call("POST", &format!("{q}/generateAssistantResponse"))
        .header("x-amz-target", "AmazonQDeveloperStreamingService.SendMessage")
        .is("aws:q:SendMessage");
    call("POST", &format!("{old}/SendMessageStreaming")).is("aws:codewhisperer:SendMessage");
    call("GET", &format!("{q}/getUsageLimits?origin=AI_EDITOR")).is("aws:q:GetUsageLimits");
    call("GET", &format!("{q}/ListAvailableModels?origin=AI_EDITOR")).is("aws:q:ListAvailableModels");
    // What changes something is not in the table.
    call("POST", &format!("{q}/")).is("aws:q:unidentified");
    call("POST", &format!("{q}/"))
        .header("x-amz-target", "AmazonCodeWhispererService.DeleteWorkspace")
        .is("aws:q:unidentified");
}

/// Bedrock also takes OpenAI's path.
#[test]
fn model_calls_of_bedrock() {
    let call = |path: &str| Call::post(&format!("bedrock-runtime.us-west-2.amazonaws.com{path}"), "us-west-2/bedrock");
    call("/openai/v1/chat/completions").is("aws:bedrock-runtime:CreateChatCompletion");
    call("/openai/v1/chat/completions/x").is("aws:bedrock-runtime:unidentified");
}

#[test]
fn what_may_hold_a_secret_is_not_printed() {
    for (name, value, expected) in [
        ("Statement", "DELETE FROM t WHERE k='hunter2'", "DELETE sha256:"),
        ("sql", "ALTER USER bob PASSWORD 'hunter2'", "ALTER sha256:"),
        ("Sqls", "select 'hunter2'", "select sha256:"),
        ("gremlinQuery", "g.V('hunter2')", "sha256:"),
        ("TemplateURL", "https://b.s3.amazonaws.com/t?X-Amz-Signature=1", "sha256:"),
        ("DeletionMode", "STANDARD", "STANDARD"),
        ("MasterUserPassword", "hunter2", "set"),
        ("Value", "hunter2", "set"),
        ("Value", "false", "false"),
        ("OptionSettings.Value", "hunter2", "set"),
        ("AuthToken", "hunter2hunter2", "set"),
        ("MinSize", "0", "0"),
        ("documents", "[{}]", "sha256:"),
        ("AuthToken", "a token that is long enough not to be guessed", "sha256:"),
        ("MasterUserPassword", "a password that is long and kept all the same", "set"),
    ] {
        use super::parameters::printable;
        assert!(printable(name, value).starts_with(expected), "{name}: {}", printable(name, value));
    }
}

#[test]
fn headers_in_a_presigned_query_count_but_never_as_a_dry_run() {
    let put =
        |query: &str| Call { method: "PUT", ..Call::post(&format!("b.s3.amazonaws.com/k?{query}"), "us-east-1/s3") };
    assert_eq!(put("X-Amz-Acl=public-read").one().parameters, [Parameter::new("ACL", "public-read")]);
    put("x-amz-acl=private").header("x-amz-acl", "public-read").refused(400, "twice");
    let url = "lambda.eu-west-1.amazonaws.com/2015-03-31/functions/f/invocations?X-Amz-Invocation-Type=DryRun";
    assert!(Call::post(url, "eu-west-1/lambda").one().parameters.is_empty());
    // A text is no truth value.
    let kms = |dry: &str| {
        let body = format!(r#"{{"KeyId":"k","GranteePrincipal":"p","DryRun":{dry}}}"#);
        Call::json("kms.eu-west-1.amazonaws.com/", "eu-west-1/kms", "TrentService.CreateGrant", &body).one().parameters
    };
    assert_eq!(kms("true"), [Parameter::new("DryRun", "true")]);
    assert_eq!(kms(r#""true""#), [Parameter::new("DryRun", r#""true""#)]);
    // Chunk signatures between the bytes of a document.
    Call::post("b.s3.amazonaws.com/?delete", "us-east-1/s3")
        .header("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
        .refused(415, "chunks");
    // A service's name cannot hold a part of another operation's id.
    Call::post("localhost/", "eu-west-1/ec2:DescribeInstances").is("aws:ec2-DescribeInstances:unidentified");
}

/// Random heads and bodies: a value or a refusal, never a panic, and never a read that nobody named.
#[test]
fn hostile_input_never_panics() {
    let mut random = fastrand_like(0x5eed_0001);
    let words = [
        "Action",
        "=",
        "&",
        "%",
        "DeleteStack",
        "{",
        "}",
        "[",
        "]",
        "\"TableName\"",
        ":",
        ",",
        "\u{0}",
        "<",
        ">",
        "Delete",
        "\u{fffd}",
        "%ff",
        "null",
        "1e999",
    ];
    for round in 0..3000u32 {
        let body: String = (0..random() % 30).map(|_| words[random() as usize % words.len()]).collect();
        let calls = [
            Call::form(EC2, "eu-west-1/ec2", &body),
            Call::json(DDB, "eu-west-1/dynamodb", "DynamoDB_20120810.DeleteTable", &body),
            Call::post("b.s3.eu-west-1.amazonaws.com/?delete", "eu-west-1/s3").body(body.as_bytes()),
            Call::post(
                "monitoring.eu-west-1.amazonaws.com/service/GraniteServiceVersion20100801/operation/DeleteAlarms",
                "eu-west-1/monitoring",
            )
            .header("smithy-protocol", "rpc-v2-cbor")
            .body(body.as_bytes()),
        ];
        let call = &calls[random() as usize % calls.len()];
        let read = std::panic::catch_unwind(|| call.read().is_ok());
        assert!(read.is_ok(), "seed 0x5eed0001 round {round}: {} {body:?}", call.url);
    }
}

/// xorshift: enough for noise, and repeatable.
fn fastrand_like(seed: u32) -> impl FnMut() -> u32 {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    }
}

/// Query and body, two protocols, two signatures: which of them the server takes is not known.
#[test]
fn what_says_two_things_is_refused() {
    let terminate = "Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-1";
    for (query, refused) in [
        ("?DryRun=true", true),
        ("?Action=DescribeInstances", true),
        ("?InstanceId.2=i-2", true),
        ("", false),
        ("?AWSAccessKeyId=x&SignatureVersion=2&SignatureMethod=HmacSHA256&Signature=x&Timestamp=x", false),
    ] {
        let call = Call::form(&format!("{EC2}{query}"), "", terminate);
        if refused {
            call.refused(400, "query and in its body");
        } else {
            call.is("aws:ec2:TerminateInstances");
        }
    }
    let url = "sqs.eu-west-1.amazonaws.com/111122223333/prod";
    Call::form(url, "eu-west-1/sqs", "Action=PurgeQueue")
        .header("x-amz-target", "AmazonSQS.ListQueues")
        .refused(400, "two protocols");
    let url = "monitoring.us-east-1.amazonaws.com/service/GraniteServiceVersion20100801/operation/ListMetrics";
    Call::form(url, "us-east-1/monitoring", "Action=DeleteAlarms")
        .header("smithy-protocol", "rpc-v2-cbor")
        .refused(400, "two protocols");
    let v4 = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY}%2F1%2Feu-west-1%2Fec2%2Faws4_request&X-Amz-SignedHeaders=host"
    );
    let get = |query: &str| Call::post(&format!("{EC2}?{query}"), "").method("GET");
    get(&format!("Action=DescribeInstances&{v4}&X-Amz-Signature=0")).is("aws:ec2:DescribeInstances");
    get(&format!("Action=DescribeInstances&{v4}")).refused(400, "part of a signature");
    get(&format!("Action=DescribeInstances&{v4}&X-Amz-Signature=0&AWSAccessKeyId=x&Signature=x")).refused(400, "twice");
    get(&format!("Action=DescribeInstances&{v4}&X-Amz-Signature=0"))
        .header("authorization", "AWS AKIAX:x")
        .refused(400, "in a header and in the query");
    Call::form(EC2, "eu-west-1/ec2", "Action=DescribeInstances&AWSAccessKeyId=x").refused(400, "twice");
}

#[test]
fn a_queue_is_named_once_and_plainly() {
    let host = "sqs.us-east-1.amazonaws.com";
    let form = |path: &str, body: &str| Call::form(&format!("{host}{path}"), "us-east-1/sqs", body);
    let account = |call: Call| call.one().place.account.unwrap();
    assert_eq!(account(form("/444455556666/prod", "Action=PurgeQueue")), "444455556666");
    let url = |account: &str| format!("Action=PurgeQueue&QueueUrl=https%3A%2F%2F{host}%2F{account}%2Fprod");
    assert_eq!(account(form("/444455556666/prod", &url("444455556666"))), "444455556666");
    form("/444455556666/prod", &url("111122223333")).refused(400, "two queues");
    form("/%3444455556666/prod", "Action=PurgeQueue").refused(400, "queue");
    form("/prod", "Action=PurgeQueue").refused(400, "queue");
    for (url, refused) in [
        ("https://sqs.us-east-1.amazonaws.com/444455556666/prod", false),
        ("https://sqs.us-east-1.amazonaws.com/444455556666/prod/", false),
        ("https://sqs.us-east-1.amazonaws.com/%3444455556666/prod", true),
        ("https://sqs.us-east-1.amazonaws.com/444455556666/prod?/111122223333/x", true),
        ("https://sqs.us-east-1.amazonaws.com/444455556666/prod#/111122223333/x", true),
        ("https://sqs.us-east-1.amazonaws.com/444455556666/prod/111122223333/x", true),
        ("http://localhost:4566/queue/us-east-1/444455556666/prod", false),
        ("prod", true),
        ("", true),
    ] {
        let body = format!(r#"{{"QueueUrl":"{url}"}}"#);
        let call = Call::json(&format!("{host}/"), "us-east-1/sqs", "AmazonSQS.PurgeQueue", &body);
        if refused {
            call.refused(400, "queue");
        } else {
            assert_eq!(account(call), "444455556666", "{url}");
        }
    }
    // An attribute without a number is the first.
    let policy = "Action=SetQueueAttributes&Attribute.Name=Policy&Attribute.Value=x";
    assert_eq!(form("/111122223333/q", policy).one().parameters, [Parameter::new("Attributes.Policy", "x")]);
}

#[test]
fn the_account_that_the_request_names_is_the_resources() {
    let account = |call: Call| call.one().place.account.unwrap();
    let lambda = |name: &str| {
        Call::post(&format!("lambda.us-east-1.amazonaws.com/2015-03-31/functions/{name}"), "us-east-1/lambda")
            .method("DELETE")
    };
    for (name, expected) in [
        ("prod", "111122223333"),
        ("prod:live", "111122223333"),
        ("444455556666:function:prod", "444455556666"),
        ("444455556666%3Afunction%3Aprod", "444455556666"),
        ("444455556666:prod", "444455556666"),
    ] {
        assert_eq!(account(lambda(name)), expected, "{name}");
    }
    let arn = "arn:aws:lambda:us-east-1:444455556666:function:prod";
    assert_eq!(lambda("444455556666:function:prod").one().resources[0].as_str(), arn);
    let s3 = |host: &str| Call::post(&format!("{host}.us-east-1.amazonaws.com/key"), "us-east-1/s3").method("DELETE");
    assert_eq!(account(s3("data-444455556666.s3-accesspoint")), "444455556666");
    assert_eq!(account(s3("data-444455556666.s3")), "111122223333");
    let owned = |owner: &str| s3("data.s3").header("x-amz-expected-bucket-owner", owner);
    assert_eq!(account(owned("444455556666")), "444455556666");
    owned("prod").refused(400, "single account");
    owned("444455556666").header("x-amz-expected-bucket-owner", "111122223333").refused(400, "single account");
    // S3 asks nobody about other spellings, and nothing in a query that it does not sign.
    for query in ["X-Amz-Expected-Bucket-Owner=444455556666", "x-amz-expected-bucket-owner=444455556666"] {
        let call = Call::post(&format!("data.s3.us-east-1.amazonaws.com/key?{query}"), "us-east-1/s3").method("DELETE");
        assert_eq!(account(call), "111122223333", "{query}");
    }
    assert_eq!(account(s3("data-444455556666.op-01ac5d28a6a232904.s3-outposts")), "444455556666");
    // Creating a bucket knows no expected owner.
    let create = Call::post("data.s3.us-east-1.amazonaws.com/", "us-east-1/s3").method("PUT");
    assert_eq!(account(create.header("x-amz-expected-bucket-owner", "444455556666")), "111122223333");
}

#[test]
fn on_an_unnamed_host_no_account_counts() {
    let read = |body: &str| {
        let call = Call::json("api.example/", "us-east-1/dynamodb", "DynamoDB_20120810.DeleteTable", body);
        let mut reading = call.one();
        forget_account(&mut reading);
        (reading.place.account, reading.resources[0].as_str().to_owned())
    };
    let own = read(r#"{"TableName":"orders"}"#);
    assert_eq!(own, (None, "arn:aws:dynamodb:us-east-1::table/orders".to_owned()));
    let arn = "arn:aws:dynamodb:us-east-1:444455556666:table/orders";
    let named = read(&format!(r#"{{"TableName":"{arn}"}}"#));
    assert_eq!(named, (None, arn.to_owned()));
}
