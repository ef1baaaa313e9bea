//! What clients are promised when a limit is used up: a short wait is the gate's, a longer one the client's own, and one
//! that is too long is told.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::child::Ended;
use crate::support::clients;
use crate::support::kube::Kube;
use crate::support::moto::{self, Aws};
use crate::support::stage::{DEV_ACCOUNT, Stage};
use crate::support::upstream::Upstream;

/// The organisation allows one of these in a while.
fn allow(stage: &Stage, operation: &str, per: &str) {
    let limits = format!(
        "limits:\n  - id: acme/slowly\n    match: {{ operation: [\"{operation}\"] }}\n    key: [session]\n    allow: 1 per \
         {per}\n    decision: throttle\n    message: One at a time, says the team.\n    instead: Come back later.\n"
    );
    stage.write("config/rules/acme/limits.yaml", limits);
}

const TEXT: &str = "One at a time, says the team.";

/// A script behind the gate; gives how long it took, too.
#[track_caller]
fn run(stage: &Stage, script: &str) -> (Ended, Duration) {
    let begun = Instant::now();
    (stage.run(&["sh", "-c", script]), begun.elapsed())
}

/// How many calls the gate refused, and passed.
#[track_caller]
fn counts(stage: &Stage, operation: &str) -> (usize, usize) {
    let log = stage.log();
    let all = log.of(operation).len();
    let stopped = log.stopped().iter().filter(|one| one.starts_with(operation)).count();
    (stopped, all - stopped)
}

#[test]
fn curl_does_not_see_a_short_wait_waits_out_a_longer_one_and_is_told_of_a_long_one() {
    if clients::optional("curl").is_none() {
        return;
    }
    const GET: &str = "http:api.dev.example:GET";
    let call = "curl -sS --retry 2 -w ' %{http_code}\n' https://api.dev.example/orders";
    let check = |per: &str, times: usize, (stopped, passed): (usize, usize), at_least: Duration| {
        let mut stage = Stage::new();
        let api = Upstream::start(&stage.ca, &["api.dev.example"]);
        stage.resolve("api.dev.example", api.address);
        allow(&stage, GET, per);
        let (ended, took) = run(&stage, &vec![call; times].join("; "));
        assert_eq!((counts(&stage, GET), api.record.len()), ((stopped, passed), passed), "{per}: {ended:#?}");
        assert!(took >= at_least, "{per}: {took:?}");
        ended
    };
    let ended = check("1s", 3, (0, 3), Duration::from_millis(1900));
    assert_eq!(ended.stdout.matches(" 200").count(), 3, "{ended:#?}");
    assert!(!ended.stdout.contains(TEXT), "{ended:#?}");
    let ended = check("7s", 2, (1, 2), Duration::from_secs(6));
    assert_eq!((ended.stdout.matches(" 200").count(), ended.stdout.matches(TEXT).count()), (2, 1), "{ended:#?}");
    let ended = check("10m", 2, (1, 1), Duration::ZERO);
    assert_eq!((ended.stdout.matches(" 403").count(), ended.stdout.matches(TEXT).count()), (1, 1), "{ended:#?}");
}

const DELETE: &str = "kubernetes:core:pods.delete";

/// A cluster with three pods, of which one may be deleted in a while.
fn cluster(per: &str) -> (Stage, Kube) {
    let mut stage = Stage::new();
    let kube = Kube::on(&mut stage, "kind-dev", "kind-dev.kube.example");
    for name in ["a", "b", "c"] {
        let pod = json!({ "kind": "Pod", "apiVersion": "v1", "metadata": {} });
        kube.put("/api/v1/namespaces/shop/pods", name, pod);
    }
    allow(&stage, DELETE, per);
    (stage, kube)
}

#[track_caller]
fn deleted(kube: &Kube) -> usize {
    kube.writes().iter().filter(|seen| seen.method == "DELETE").count()
}

#[test]
fn kubectl_waits_a_little_and_is_told_once_of_a_long_wait() {
    if clients::optional("kubectl").is_none() {
        return;
    }
    let script = "kubectl delete pod a --wait=false; kubectl delete pod b --wait=false";
    // kubectl says nothing while it waits.
    for (per, refused) in [("1s", 0), ("7s", 1)] {
        let (stage, kube) = cluster(per);
        let (ended, _) = run(&stage, script);
        let ended = ended.succeeded();
        assert_eq!(ended.stdout, "pod \"a\" deleted\npod \"b\" deleted\n", "{ended:#?}");
        assert!(!ended.stderr.contains("Error") && !ended.stderr.contains("server"), "{ended:#?}");
        assert_eq!((counts(&stage, DELETE), deleted(&kube)), ((refused, 2), 2), "{per}: {ended:#?}");
    }
    let (stage, kube) = cluster("10m");
    let (ended, took) = run(&stage, script);
    assert_eq!(ended.stderr.matches("Error from server (TooManyRequests): ").count(), 1, "{ended:#?}");
    assert!(ended.stderr.contains(TEXT) && took < Duration::from_secs(20), "{took:?} {ended:#?}");
    assert_eq!((counts(&stage, DELETE), deleted(&kube)), ((1, 1), 1), "{ended:#?}");
}

#[test]
fn python_s_client_for_kubernetes_does_as_kubectl() {
    const SCRIPT: &str = r#"
from kubernetes import client, config
config.load_kube_config()
pods = client.CoreV1Api()
for name in ["a", "b"]:
    try:
        pods.delete_namespaced_pod(name, "shop")
        print("deleted", name)
    except client.ApiException as error:
        print(error.status, error.body)
"#;
    let python = clients::kubernetes().join("bin/python").display().to_string();
    for (per, counted, status) in [("5s", (1, 2), "deleted b"), ("10m", (1, 1), "429 {")] {
        let (stage, kube) = cluster(per);
        let ended = stage.run(&[&python, "-c", SCRIPT]).succeeded();
        assert!(ended.stdout.starts_with("deleted a\n") && ended.stdout.contains(status), "{ended:#?}");
        assert_eq!(ended.stdout.matches(TEXT).count(), usize::from(per == "10m"), "{ended:#?}");
        assert_eq!((counts(&stage, DELETE), deleted(&kube)), (counted, counted.1), "{per}: {ended:#?}");
    }
}

/// A stage with AWS, and a program that speaks as the development account.
fn aws(operation: &str, per: &str, mode: &str, attempts: &str) -> (Stage, Aws) {
    let mut stage = Stage::new();
    let aws = Aws::on(&mut stage, &[]);
    for (name, value) in moto::credentials(DEV_ACCOUNT) {
        stage.variable(name, value);
    }
    stage.variable("AWS_RETRY_MODE", mode).variable("AWS_MAX_ATTEMPTS", attempts);
    allow(&stage, operation, per);
    (stage, aws)
}

#[test]
fn boto_repeats_as_its_mode_says_and_waits_as_told_where_it_listens() {
    const SCRIPT: &str = r#"
import boto3, botocore.exceptions
tables = boto3.client("dynamodb")
tables.list_tables()
try:
    tables.list_tables()
    print("listed again")
except botocore.exceptions.ClientError as error:
    print(error)
"#;
    const LIST: &str = "aws:dynamodb:ListTables";
    // `standard` waits for as long as `x-amz-retry-after` says and passes at its second try; `legacy` does not read it,
    // tries again within a second, and shows the text.
    let check = |mode: &str, per: &str, attempts: &str, counted: (usize, usize), said: &str| {
        let (stage, aws) = aws(LIST, per, mode, attempts);
        let ended = stage.run(&["python", "-c", SCRIPT]).succeeded();
        assert!(ended.stdout.contains(said), "{mode} {per}: {ended:#?}");
        assert_eq!(
            (counts(&stage, LIST), aws.asked_for("ListTables")),
            (counted, counted.1),
            "{mode} {per}: {ended:#?}"
        );
    };
    check("legacy", "1s", "2", (0, 2), "listed again");
    check("standard", "5s", "2", (1, 2), "listed again");
    check("legacy", "5s", "2", (2, 1), TEXT);
    // However long the wait is, `standard` adds five seconds to its own at most, and shows the text.
    check("standard", "10m", "2", (2, 1), TEXT);
    check("standard", "10m", "1", (1, 1), TEXT);
}

#[test]
fn the_aws_command_line_shows_the_text_of_a_long_wait() {
    const LIST: &str = "aws:s3:ListBuckets";
    let (stage, aws) = aws(LIST, "10m", "legacy", "2");
    let (ended, _) = run(&stage, "aws s3api list-buckets && aws s3api list-buckets");
    assert!(ended.code.is_some_and(|code| code != 0), "{ended:#?}");
    assert_eq!(ended.stderr.matches("(SlowDown)").count(), 1, "{ended:#?}");
    assert_eq!(ended.stderr.matches(TEXT).count(), 1, "{ended:#?}");
    assert_eq!((counts(&stage, LIST), aws.asked_for("GET /")), ((2, 1), 1), "{ended:#?}");
}
