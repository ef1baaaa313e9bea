//! What a client of AWS is promised when it is refused: in every protocol one answer with the code and the text, and no
//! second try; and when a limit is used up, the slow-down that it knows, until it passes.
//!
//! All calls are made by one process, `support/aws_calls.py`, behind one gate.

use std::sync::Arc;

use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::support::PATIENCE;
use crate::support::child::{self, Ended};
use crate::support::log::Log;
use crate::support::moto::credentials;
use crate::support::server::{self, Answer, answer};
use crate::support::stage::{DEV_ACCOUNT, Stage};
use crate::support::upstream::{Record, Seen};

const MODES: [(&str, &str); 3] = [("legacy", "eu-north-1"), ("standard", "eu-west-1"), ("adaptive", "eu-central-1")];
const TEXT: &str = "Not this one, says the \"team\" & its <lead>.";
const SLOWER: &str = "One at a time, says the team.";

/// How a client is to hear of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// By code and text.
    Code(&'static str),
    /// An answer to HEAD has no body: the status is all that clients look at.
    Status,
    /// The same as `Code`, and the log holds a rejected request instead of a decision.
    Broken(&'static str),
}

struct Refused {
    what: &'static str,
    operation: &'static str,
    heard: Heard,
    call: Value,
}

fn refused(what: &'static str, operation: &'static str, heard: Heard, call: Value) -> Refused {
    Refused { what, operation, heard, call }
}

/// One operation for each protocol and each way to send it.
fn calls() -> Vec<Refused> {
    use Heard::{Broken, Code, Status};
    const DENIED: Heard = Code("AccessDenied");
    const EXCEPTION: Heard = Code("AccessDeniedException");
    let (role, token) = ("arn:aws:iam::444455556666:role/deploy", "t".repeat(20));
    let object = json!({ "Bucket": "reports", "Key": "a" });
    vec![
        refused(
            "query",
            "aws:sns:ListTopics",
            DENIED,
            json!({ "service": "sns", "call": "list_topics", "cli": ["sns", "list-topics"] }),
        ),
        refused(
            "ec2",
            "aws:ec2:DescribeVpcs",
            Code("UnauthorizedOperation"),
            json!({ "service": "ec2", "call": "describe_vpcs", "cli": ["ec2", "describe-vpcs"] }),
        ),
        refused(
            "json 1.0",
            "aws:dynamodb:ListBackups",
            EXCEPTION,
            json!({ "service": "dynamodb", "call": "list_backups", "cli": ["dynamodb", "list-backups"] }),
        ),
        refused(
            "json 1.1",
            "aws:ecs:ListTaskDefinitions",
            EXCEPTION,
            json!({ "service": "ecs", "call": "list_task_definitions", "cli": ["ecs", "list-task-definitions"] }),
        ),
        refused(
            "rest-json",
            "aws:lambda:ListLayers",
            EXCEPTION,
            json!({ "service": "lambda", "call": "list_layers", "cli": ["lambda", "list-layers"] }),
        ),
        refused(
            "rest-xml",
            "aws:route53:ListHealthChecks",
            DENIED,
            json!({ "service": "route53", "call": "list_health_checks", "cli": ["route53", "list-health-checks"] }),
        ),
        refused(
            "S3",
            "aws:s3:GetBucketTagging",
            DENIED,
            json!({ "service": "s3", "call": "get_bucket_tagging", "arguments": { "Bucket": "reports" },
                    "cli": ["s3api", "get-bucket-tagging", "--bucket", "reports"] }),
        ),
        refused(
            "CBOR",
            "aws:cloudwatch:GetMetricStream",
            EXCEPTION,
            json!({ "service": "cloudwatch", "call": "get_metric_stream", "arguments": { "Name": "a" },
                    "speak": "smithy-rpc-v2-cbor", "cli": ["cloudwatch", "get-metric-stream", "--name", "a"] }),
        ),
        refused(
            "json beside CBOR",
            "aws:cloudwatch:ListMetricStreams",
            EXCEPTION,
            json!({ "service": "cloudwatch", "call": "list_metric_streams", "speak": "json" }),
        ),
        refused(
            "query beside CBOR",
            "aws:cloudwatch:ListDashboards",
            DENIED,
            json!({ "service": "cloudwatch", "call": "list_dashboards", "speak": "query" }),
        ),
        refused(
            "head of an object",
            "aws:s3:HeadObject",
            Status,
            json!({ "service": "s3", "call": "head_object", "arguments": object }),
        ),
        refused(
            "head of a bucket",
            "aws:s3:HeadBucket",
            Status,
            json!({ "service": "s3", "call": "head_bucket", "arguments": { "Bucket": "reports" } }),
        ),
        refused(
            "an upload that asks first",
            "aws:s3:PutObject",
            DENIED,
            json!({ "service": "s3", "call": "put_object", "arguments": object, "as": "upload" }),
        ),
        refused(
            "an answer in events, rest-json",
            "aws:lambda:InvokeWithResponseStream",
            EXCEPTION,
            json!({ "service": "lambda", "call": "invoke_with_response_stream", "arguments": { "FunctionName": "f" } }),
        ),
        refused(
            "an answer in events, json",
            "aws:logs:StartLiveTail",
            EXCEPTION,
            json!({ "service": "logs", "call": "start_live_tail",
                    "arguments": { "logGroupIdentifiers": ["arn:aws:logs:us-east-1:444455556666:log-group:g"] } }),
        ),
        refused(
            "an answer in events, S3",
            "aws:s3:SelectObjectContent",
            DENIED,
            json!({ "service": "s3", "call": "select_object_content", "arguments": {
                "Bucket": "reports", "Key": "a", "Expression": "SELECT * FROM s3object", "ExpressionType": "SQL",
                "InputSerialization": { "CSV": {} }, "OutputSerialization": { "CSV": {} } } }),
        ),
        refused(
            "presigned S3",
            "aws:s3:DeleteObject",
            DENIED,
            json!({ "service": "s3", "call": "delete_object", "arguments": object, "as": "presigned",
                    "method": "DELETE" }),
        ),
        refused(
            "presigned query",
            "aws:sts:GetSessionToken",
            DENIED,
            json!({ "service": "sts", "call": "get_session_token", "as": "presigned" }),
        ),
        refused(
            "unsigned query",
            "aws:sts:AssumeRoleWithWebIdentity",
            DENIED,
            json!({ "service": "sts", "call": "assume_role_with_web_identity", "arguments":
                { "RoleArn": role, "RoleSessionName": "it", "WebIdentityToken": token } }),
        ),
        refused(
            "unsigned json",
            "aws:cognito-idp:InitiateAuth",
            EXCEPTION,
            json!({ "service": "cognito-idp", "call": "initiate_auth", "arguments":
                { "ClientId": "a", "AuthFlow": "USER_PASSWORD_AUTH" } }),
        ),
        refused(
            "unsigned rest-json",
            "aws:sso-oidc:RegisterClient",
            EXCEPTION,
            json!({ "service": "sso-oidc", "call": "register_client", "arguments":
                { "clientName": "a", "clientType": "public" } }),
        ),
        refused(
            "unsigned S3",
            "aws:s3:GetObjectTagging",
            DENIED,
            json!({ "service": "s3", "call": "get_object_tagging", "arguments": object, "as": "unsigned" }),
        ),
        refused(
            "broken query",
            "sns.",
            Broken("ValidationError"),
            json!({ "service": "sns", "call": "list_topics", "as": "broken" }),
        ),
        refused(
            "broken ec2",
            "ec2.",
            Broken("InvalidRequest"),
            json!({ "service": "ec2", "call": "describe_vpcs", "as": "broken" }),
        ),
        refused(
            "broken json",
            "dynamodb.",
            Broken("ValidationException"),
            json!({ "service": "dynamodb", "call": "list_tables", "as": "broken" }),
        ),
        refused(
            "broken rest-json",
            "lambda.",
            Broken("ValidationException"),
            json!({ "service": "lambda", "call": "list_layers", "as": "broken" }),
        ),
        refused(
            "broken rest-xml",
            "route53.",
            Broken("ValidationError"),
            json!({ "service": "route53", "call": "list_health_checks", "as": "broken" }),
        ),
        refused(
            "broken S3",
            "s3.",
            Broken("InvalidRequest"),
            json!({ "service": "s3", "call": "list_buckets", "as": "broken" }),
        ),
        refused(
            "broken CBOR",
            "monitoring.",
            Broken("ValidationException"),
            json!({ "service": "cloudwatch", "call": "list_metrics", "as": "broken" }),
        ),
    ]
}

/// One operation for each protocol whose limit is used up, and the host's name before the region.
fn slowed() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("aws:cloudformation:ListExports", "cloudformation", json!({ "call": "list_exports" })),
        ("aws:ec2:DescribeSubnets", "ec2", json!({ "call": "describe_subnets" })),
        ("aws:dynamodb:ListImports", "dynamodb", json!({ "call": "list_imports" })),
        ("aws:ecs:ListClusters", "ecs", json!({ "call": "list_clusters" })),
        ("aws:lambda:ListFunctions", "lambda", json!({ "call": "list_functions" })),
        (
            "aws:s3control:ListJobs",
            "444455556666.s3-control",
            json!({ "call": "list_jobs", "arguments": { "AccountId": DEV_ACCOUNT } }),
        ),
        ("aws:s3:ListBuckets", "s3", json!({ "call": "list_buckets" })),
        (
            "aws:s3:GetBucketLocation",
            "reports.s3",
            json!({ "call": "get_bucket_location",
            "arguments": { "Bucket": "reports" } }),
        ),
        ("aws:cloudwatch:DescribeAlarmHistory", "monitoring", json!({ "call": "describe_alarm_history" })),
        ("aws:cloudwatch:DescribeAlarms", "monitoring", json!({ "call": "describe_alarms", "speak": "json" })),
        (
            "aws:cloudwatch:DescribeAnomalyDetectors",
            "monitoring",
            json!({ "call": "describe_anomaly_detectors", "speak": "query" }),
        ),
        (
            "aws:bedrock-runtime:InvokeModelWithResponseStream",
            "bedrock-runtime",
            json!({ "call": "invoke_model_with_response_stream", "arguments": { "modelId": "m", "body": "{}" } }),
        ),
    ]
}

/// What AWS would answer, as short as its clients take it.
async fn done(record: Record, request: Request<Incoming>, peer: server::Peer) -> Answer {
    let seen = Seen::of(&request, &peer);
    record.push(seen.clone());
    let Ok(body) = request.into_body().collect().await else { return answer(400, "text/plain", "the body broke") };
    let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    let action = text.split('&').find_map(|pair| pair.strip_prefix("Action="));
    match (seen.header("smithy-protocol"), action) {
        (Some(protocol), _) => {
            let mut answer = answer(200, "application/cbor", vec![0xa0]);
            answer.headers_mut().insert("smithy-protocol", http::HeaderValue::from_str(protocol).unwrap());
            answer
        }
        (_, Some(action)) => answer(200, "text/xml", format!("<{action}Response><{action}Result/></{action}Response>")),
        _ if seen.host.contains("s3") => answer(200, "application/xml", "<Answer/>"),
        _ if seen.host.contains("bedrock") => answer(200, "application/vnd.amazon.eventstream", ""),
        _ => answer(200, "application/json", "{}"),
    }
}

/// The answers of the script, one for each call and mode.
fn lines(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_default()
}

/// What a client shows of a refusal.
#[track_caller]
fn is_heard(case: &Refused, line: &Value) {
    let (mode, message) = (text(line, "mode"), text(line, "message"));
    let code = match case.heard {
        Heard::Status => "403",
        Heard::Code(code) | Heard::Broken(code) => code,
    };
    if mode.starts_with("cli") {
        assert!(matches!(line["code"].as_i64(), Some(254 | 255)), "{line:#}");
        assert_eq!(message.matches(&format!("({code})")).count(), 1, "{line:#}");
        assert!(message.contains(TEXT) && !message.contains("reached max retries"), "{line:#}");
        return;
    }
    let status = if matches!(case.heard, Heard::Broken(_)) { 400 } else { 403 };
    assert_eq!((line["status"].as_i64(), text(line, "code")), (Some(status), code), "{line:#}");
    assert_eq!(line["retries"], 0, "{line:#}");
    match case.heard {
        Heard::Code(_) if case.what.starts_with("presigned") => {
            assert!(message.contains("Not this one, says the &quot;team&quot; &amp; its &lt;lead&gt;."), "{line:#}");
        }
        Heard::Code(_) => assert!(message.contains(TEXT), "{line:#}"),
        Heard::Status => assert!(text(line, "decision").starts_with("d_"), "{line:#}"),
        Heard::Broken(_) => assert!(message.contains("blastgate"), "{line:#}"),
    }
    assert!(line["sent"].as_i64().unwrap_or(0) < 64 * 1024, "the body was sent for nothing: {line:#}");
}

/// What the gate was asked for the case.
fn asked(log: &Log, case: &Refused) -> usize {
    match case.heard {
        Heard::Broken(_) => {
            let host = |one: &&&blastgate::record::RejectedEntry| {
                one.target.as_deref().is_some_and(|target| target.starts_with(case.operation))
            };
            log.rejected().iter().filter(host).count()
        }
        _ => log.of(case.operation).len(),
    }
}

/// The rule that refuses, and a limit of one call in six seconds for each slowed operation and region.
fn rules(stage: &Stage) {
    let operations = calls();
    let operations = operations.iter().filter(|case| !matches!(case.heard, Heard::Broken(_)));
    let operations: Vec<&str> = operations.map(|case| case.operation).collect();
    let rule = format!(
        "id: acme/refused\nowner: \"@acme\"\nseverity: low\nmatch: {{ operation: {operations:?} }}\ndecision: deny\nmessage: \
         {TEXT:?}\ninstead: Ask for another one.\n"
    );
    stage.write("config/rules/acme/refused.yaml", rule);
    let mut limits = String::from("limits:\n");
    for (n, (operation, ..)) in slowed().into_iter().enumerate() {
        for (mode, region) in MODES {
            limits.push_str(&format!(
                "  - id: acme/slowly-{n}-{mode}\n    match: {{ operation: [\"{operation}\"], region: [{region}] }}\n    key: \
                 [session]\n    allow: 1 per 6s\n    decision: throttle\n    message: {SLOWER}\n    instead: Come back \
                 later.\n"
            ));
        }
    }
    stage.write("config/rules/acme/limits.yaml", limits);
}

/// The script's work, made of both tables.
fn work() -> Value {
    let named = |mut call: Value, what: &str, service: Option<&str>| {
        call["what"] = what.into();
        if let Some(service) = service {
            call["service"] = service.into();
        }
        call
    };
    let refused: Vec<Value> = calls().into_iter().map(|case| named(case.call, case.what, None)).collect();
    let slowed = slowed().into_iter().map(|(operation, _, call)| {
        let service = operation.split(':').nth(1);
        named(call, operation, service)
    });
    json!({ "refused": refused, "slowed": slowed.collect::<Vec<_>>() })
}

#[test]
fn every_protocol_and_retry_mode_hears_of_a_refusal_once_and_obeys_a_limit() {
    let mut stage = Stage::new();
    let record = Record::default();
    let seen = record.clone();
    let handler: server::Handler = Arc::new(move |request, peer| Box::pin(done(seen.clone(), request, peer)));
    let hosts =
        slowed().into_iter().flat_map(|(_, host, _)| MODES.map(|(_, region)| format!("{host}.{region}.amazonaws.com")));
    let hosts: Vec<String> = hosts.collect();
    let names: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let address = server::serve(Some(stage.ca.server(&names, &["http/1.1"])), handler);
    for host in &hosts {
        stage.resolve(host, address);
    }
    rules(&stage);
    for (name, value) in credentials(DEV_ACCOUNT) {
        stage.variable(name, value);
    }
    let script = stage.write("work/calls.py", include_str!("support/aws_calls.py")).display().to_string();
    let work = stage.write("work/calls.json", work().to_string()).display().to_string();
    let ended = child::run(
        {
            let mut command = stage.blastgate(["run", "--", "python"]);
            command.args([&script, &work]);
            command
        },
        2 * PATIENCE,
    )
    .succeeded();

    let (lines, log) = (lines(&ended), stage.log());
    for case in calls() {
        let heard: Vec<&Value> = lines.iter().filter(|line| line["what"] == case.what).collect();
        let modes = if case.call.get("cli").is_some() { 4 } else { 3 };
        assert_eq!(heard.len(), modes, "{}: {heard:#?}", case.what);
        heard.into_iter().for_each(|line| is_heard(&case, line));
        assert_eq!(asked(&log, &case), modes, "{}: requests for {modes} refusals", case.what);
    }
    for (operation, ..) in slowed() {
        for (mode, region) in MODES {
            let mut heard = lines.iter().filter(|line| line["what"] == operation && line["mode"] == mode);
            let line = heard.next().unwrap_or_else(|| panic!("{operation} {mode}: {}", ended.stderr));
            assert_eq!((&line["first"]["status"], &line["second"]["status"]), (&json!(200), &json!(200)), "{line:#}");
            let of = log.of(operation);
            let here = || of.iter().filter(|one| one.actions[0].place.region.as_deref() == Some(region));
            let passed = here().filter(|one| crate::support::log::passed(one)).count();
            let slowed = here().count() - passed;
            assert_eq!(passed, 2, "{operation} {mode}");
            // `legacy` does not read how long it is to wait, and tries until it passes.
            let most = if mode == "legacy" { 9 } else { 1 };
            assert!((1..=most).contains(&slowed), "{operation} {mode}: slowed down {slowed} times");
        }
    }
    assert_eq!(record.len(), 2 * MODES.len() * slowed().len(), "a refused call reached AWS");
}
