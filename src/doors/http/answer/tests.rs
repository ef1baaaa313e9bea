use std::time::Duration;

use super::*;
use crate::model::{ApprovalId, DecisionId, Operation, Timestamp};

const TEXT: &str = "denied: \"delete\" <stack> & more\nsecond line \u{7}é";

/// What every format carries of it: no control characters but line breaks and tabs.
const CLEAN: &str = "denied: \"delete\" <stack> & more\nsecond line é";

fn refusal(kind: RefusalKind, operation: &str) -> Refusal {
    Refusal {
        id: Some(DecisionId::new(Timestamp::from_millis(1), 7)),
        kind,
        message: TEXT.into(),
        operation: Some(Operation::from_id(operation)),
    }
}

fn kinds() -> Vec<RefusalKind> {
    vec![
        RefusalKind::Denied,
        RefusalKind::ApprovalNeeded(ApprovalId::new(Timestamp::from_millis(2), 9)),
        RefusalKind::Throttled { retry_after: Duration::from_millis(1500) },
        RefusalKind::Unreadable { status: 413 },
        RefusalKind::Unavailable { status: 503 },
    ]
}

const ALL: &[Dialect] = &[
    Dialect::AwsQuery,
    Dialect::AwsEc2,
    Dialect::AwsJson,
    Dialect::AwsRestJson,
    Dialect::AwsRestXml,
    Dialect::S3,
    Dialect::AwsCbor,
    Dialect::Kubernetes,
    Dialect::Grpc,
    Dialect::Docker,
    Dialect::DockerStream,
    Dialect::StateLock,
    Dialect::GitRefs,
    Dialect::GitFetch,
    Dialect::GitPush,
    Dialect::Graphql,
    Dialect::Problem,
];

fn text(response: &Response<Bytes>) -> String {
    String::from_utf8(response.body().to_vec()).unwrap()
}

#[test]
fn every_refusal_has_an_id_a_length_and_never_a_401() {
    for dialect in ALL {
        for kind in kinds() {
            let refusal = refusal(kind, "aws:s3:DeleteBucket");
            let full = answer(*dialect, &Method::POST, &refusal);
            let head = answer(*dialect, &Method::HEAD, &refusal);
            assert_eq!(full.headers()["x-blastgate-decision"], refusal.id.unwrap().to_string());
            if *dialect == Dialect::Grpc {
                assert!(full.status() == 200 && full.body().is_empty());
                continue;
            }
            assert_eq!(full.headers()["content-length"], full.body().len().to_string());
            assert_eq!(head.headers()["content-length"], full.headers()["content-length"]);
            assert!(head.body().is_empty() && !full.body().is_empty());
            assert_ne!(full.status(), 401);
            if matches!(refusal.kind, RefusalKind::Denied | RefusalKind::ApprovalNeeded(_)) {
                let expected = match dialect {
                    Dialect::StateLock => 423,
                    Dialect::GitFetch | Dialect::GitPush => 200,
                    _ => 403,
                };
                assert_eq!(full.status(), expected, "{dialect:?}");
                assert!(!full.headers().contains_key("retry-after"), "{dialect:?}");
            }
        }
    }
}

#[test]
fn without_a_record_there_is_no_id() {
    let refusal = Refusal { id: None, ..refusal(RefusalKind::Unavailable { status: 503 }, "aws:s3:DeleteBucket") };
    for dialect in ALL {
        let response = answer(*dialect, &Method::GET, &refusal);
        assert_eq!(response.status(), if *dialect == Dialect::Grpc { 200 } else { 503 });
        assert!(!response.headers().contains_key("x-blastgate-decision"));
        assert!(!response.headers().contains_key("x-amzn-requestid"));
    }
}

#[test]
fn xml_dialects_hold_code_and_message() {
    let check = |dialect, kind: RefusalKind, status: u16, expected: &[&str]| {
        let response = answer(dialect, &Method::POST, &refusal(kind, "aws:ec2:TerminateInstances"));
        assert_eq!(response.status(), status);
        let body = text(&response);
        for part in expected {
            assert!(body.contains(part), "{dialect:?}: {part} in {body}");
        }
        let mut reader = quick_xml::Reader::from_str(&body);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
        assert!(!body.contains('\u{7}'));
    };
    let message = "<Message>denied: &quot;delete&quot; &lt;stack&gt; &amp; more\nsecond line é</Message>";
    let throttled = || RefusalKind::Throttled { retry_after: Duration::from_secs(3) };
    check(
        Dialect::AwsQuery,
        RefusalKind::Denied,
        403,
        &["<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>", message],
    );
    check(
        Dialect::AwsRestXml,
        RefusalKind::Denied,
        403,
        &["<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>", message],
    );
    check(
        Dialect::AwsEc2,
        RefusalKind::Denied,
        403,
        &["<Response><Errors><Error><Code>UnauthorizedOperation</Code>", message, "<RequestID>d_"],
    );
    check(Dialect::S3, RefusalKind::Denied, 403, &["<Error><Code>AccessDenied</Code>", message]);
    check(Dialect::AwsQuery, throttled(), 400, &["<Code>Throttling</Code>"]);
    check(Dialect::AwsEc2, throttled(), 503, &["<Code>RequestLimitExceeded</Code>"]);
    check(Dialect::S3, throttled(), 503, &["<Code>SlowDown</Code>"]);
    check(
        Dialect::AwsQuery,
        RefusalKind::Unavailable { status: 503 },
        503,
        &["<Type>Receiver</Type><Code>ServiceUnavailable</Code>"],
    );
    check(Dialect::S3, RefusalKind::Unreadable { status: 400 }, 400, &["<Code>InvalidRequest</Code>"]);
}

#[test]
fn json_dialects_hold_type_and_message() {
    for (dialect, media) in
        [(Dialect::AwsJson, "application/x-amz-json-1.1"), (Dialect::AwsRestJson, "application/json")]
    {
        let response = answer(dialect, &Method::POST, &refusal(RefusalKind::Denied, "aws:ecs:DeleteService"));
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!((&body["__type"], &body["message"]), (&json!("AccessDeniedException"), &json!(CLEAN)));
        assert_eq!(response.headers()["x-amzn-errortype"], "AccessDeniedException");
        assert_eq!(response.headers()["content-type"], media);
    }
    let throttled = refusal(RefusalKind::Throttled { retry_after: Duration::from_secs(3) }, "aws:ecs:DeleteService");
    let response = answer(Dialect::AwsRestJson, &Method::POST, &throttled);
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["x-amz-retry-after"], "3000");
    assert!(!response.headers().contains_key("retry-after"));
}

#[test]
fn cbor_is_a_map_of_two() {
    let response =
        answer(Dialect::AwsCbor, &Method::POST, &refusal(RefusalKind::Denied, "aws:cloudwatch:DeleteAlarms"));
    assert_eq!(response.headers()["smithy-protocol"], "rpc-v2-cbor");
    let body = response.body();
    assert!(body.starts_with(b"\xa2\x66__type\x75AccessDeniedException\x67message\x78"));
    assert!(body.ends_with(CLEAN.as_bytes()));
    let mut long = Vec::new();
    cbor_head(&mut long, 3, 0x1_0203);
    assert_eq!(long, [0x7a, 0, 1, 2, 3]);
}

#[test]
fn kubernetes_is_a_status() {
    let body = |kind, operation| {
        let response = answer(Dialect::Kubernetes, &Method::DELETE, &refusal(kind, operation));
        serde_json::from_slice::<Value>(response.body()).unwrap()
    };
    let denied = body(RefusalKind::Denied, "kubernetes:apps:deployments/scale.update");
    assert_eq!(denied["kind"], "Status");
    assert_eq!(
        (&denied["reason"], &denied["code"], &denied["message"]),
        (&json!("Forbidden"), &json!(403), &json!(CLEAN))
    );
    assert_eq!((&denied["details"]["group"], &denied["details"]["kind"]), (&json!("apps"), &json!("deployments")));
    let core = body(RefusalKind::Denied, "kubernetes:core:namespaces.delete");
    assert_eq!((&core["details"]["group"], &core["details"]["kind"]), (&Value::Null, &json!("namespaces")));
    let throttled =
        body(RefusalKind::Throttled { retry_after: Duration::from_millis(1200) }, "kubernetes:core:pods.delete");
    assert_eq!(
        (&throttled["reason"], &throttled["details"]["retryAfterSeconds"]),
        (&json!("TooManyRequests"), &json!(2))
    );
    let large = body(RefusalKind::Unreadable { status: 413 }, "kubernetes:unidentified");
    assert_eq!(large["reason"], "RequestEntityTooLarge");
}

#[test]
fn problem_details_name_decision_and_approval() {
    let approval = refusal(kinds().remove(1), "railway:graphql:volumeDelete");
    let response = answer(Dialect::Problem, &Method::POST, &approval);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!((&body["status"], &body["detail"]), (&json!(403), &json!(CLEAN)));
    assert_eq!(body["operation"], "railway:graphql:volumeDelete");
    assert!(body["approval"].as_str().unwrap().starts_with("a_"));
}

#[test]
fn who_is_told_to_wait_and_how() {
    let check = |dialect, millis, status: u16, retry_after: Option<&str>, amz: Option<&str>| {
        let kind = RefusalKind::Throttled { retry_after: Duration::from_millis(millis) };
        let response = answer(dialect, &Method::POST, &refusal(kind, "kubernetes:core:pods.delete"));
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(response.status(), status, "{dialect:?} {millis}");
        assert_eq!(header("retry-after"), retry_after, "{dialect:?} {millis}");
        assert_eq!(header("x-amz-retry-after"), amz, "{dialect:?} {millis}");
    };
    check(Dialect::Kubernetes, 1200, 429, Some("2"), None);
    check(Dialect::Kubernetes, 10_000, 429, Some("10"), None);
    check(Dialect::Kubernetes, 10_001, 429, None, None);
    check(Dialect::Problem, 0, 429, Some("1"), None);
    check(Dialect::Problem, 60_000, 403, None, None);
    check(Dialect::Grpc, 100, 200, None, None);
    check(Dialect::AwsQuery, 1500, 400, None, Some("1500"));
    check(Dialect::AwsJson, 60_000, 400, None, Some("60000"));
    check(Dialect::S3, 0, 503, None, Some("1"));
    check(Dialect::Docker, 100, 429, None, None);
    check(Dialect::StateLock, 100, 423, None, None);
    check(Dialect::Graphql, 100, 429, Some("1"), None);
    check(Dialect::GitRefs, 100, 403, None, None);
    check(Dialect::GitPush, 100, 200, None, None);
}

#[test]
fn clients_that_show_little_are_told_where_they_show_it() {
    let check = |dialect, expected: &str| {
        let response = answer(dialect, &Method::POST, &refusal(RefusalKind::Denied, "http:a:POST"));
        let body = text(&response);
        assert!(body.contains(expected), "{dialect:?}: {body:?}");
    };
    let quoted = serde_json::to_string(CLEAN).unwrap();
    check(Dialect::Docker, &format!("{{\"message\":{quoted}}}"));
    check(Dialect::StateLock, &format!("\"ID\":{quoted}"));
    check(Dialect::GitRefs, CLEAN);
    check(Dialect::GitFetch, &format!("{:04x}ERR {CLEAN}\n", CLEAN.len() + 9));
    check(Dialect::GitPush, &format!("{:04x}\u{2}{CLEAN}\n", CLEAN.len() + 6));
    check(Dialect::GitPush, "0029\u{1}0020unpack stopped by blastgate\n00000000");
}

#[test]
fn graphql_s_clients_read_errors_of_a_200_and_nobody_else_gets_one() {
    let said = |kind, operation| answer(Dialect::Graphql, &Method::POST, &refusal(kind, operation));
    for (operation, field) in
        [("github:graphql:deleteRef", "deleteRef"), ("graphql:a.example:volumeDelete", "volumeDelete")]
    {
        for (kind, code) in kinds().into_iter().zip(["FORBIDDEN", "FORBIDDEN", "RATE_LIMITED"]) {
            let response = said(kind, operation);
            assert_eq!(response.status(), 200);
            assert!(!response.headers().contains_key("retry-after"));
            let body: Value = serde_json::from_slice(response.body()).unwrap();
            let error = &body["errors"][0];
            assert!(body["data"].is_null() && body["errors"].as_array().unwrap().len() == 1);
            assert_eq!(
                (&error["message"], &error["path"], &error["type"]),
                (&json!(CLEAN), &json!([field]), &json!(code))
            );
            assert_eq!(error["extensions"]["code"], code);
        }
    }
    for operation in
        ["graphql:a.example:unidentified", "railway:graphql:websocket", "http:a.example:POST", "aws:s3:DeleteBucket"]
    {
        assert_eq!(said(RefusalKind::Denied, operation).status(), 403, "{operation}");
    }
    for kind in kinds().into_iter().skip(3) {
        assert!(said(kind, "github:graphql:deleteRef").status().as_u16() >= 400);
    }
}

#[test]
fn grpc_says_no_in_its_head() {
    let check = |kind, status: &str| {
        let response = answer(Dialect::Grpc, &Method::POST, &refusal(kind, "http:a:POST"));
        assert_eq!((response.status().as_u16(), response.body().len()), (200, 0));
        assert_eq!(response.headers()["content-type"], "application/grpc");
        assert_eq!(response.headers()["grpc-status"], status);
        let message = response.headers()["grpc-message"].to_str().unwrap().to_owned();
        assert_eq!(percent_encoding::percent_decode_str(&message).decode_utf8().unwrap(), CLEAN);
        assert!(message.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{message}");
    };
    for (kind, status) in kinds().into_iter().zip(["7", "7", "8", "3", "13"]) {
        check(kind, status);
    }
    check(RefusalKind::Unavailable { status: 502 }, "14");
    check(RefusalKind::Throttled { retry_after: Duration::from_mins(1) }, "7");
}

#[test]
fn described_apis_are_told_to_wait_as_their_manifests_say() {
    let check = |folder: &'static str, seconds: u64, status: u16, told: Option<&str>| {
        let kind = RefusalKind::Throttled { retry_after: Duration::from_secs(seconds) };
        let response =
            answer(Dialect::Described(folder), &Method::POST, &refusal(kind, "pagerduty:services:createService"));
        let header = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!((response.status().as_u16(), header), (status, told), "{folder} {seconds}");
    };
    // PagerDuty's own client repeats a 429 without end.
    check("pagerduty", 5, 429, Some("5"));
    check("pagerduty", 600, 403, None);
    check("datadog", 5, 429, None);
    check("datadog", 600, 429, None);
}
