//! What somebody who works with Google Cloud is promised: work goes on, what is refused is said once and in the client's own
//! words.
//!
//! Storage's clients meet a real server (an emulator); the others a stand-in that knows the discovery documents. None has
//! met Google.

use serde_json::Value;

use crate::support::child::{self, Ended};
use crate::support::google::Google;
use crate::support::google_rpc::{INTERNAL, INVALID_ARGUMENT, UNIMPLEMENTED};
use crate::support::local::Local;
use crate::support::stage::Stage;
use crate::support::upstream::Seen;
use crate::support::{PATIENCE, clients};

const TEXT: &str = "Not this one, says the team.";
const SLOWER: &str = "One at a time, says the team.";
const APPROVAL: &str = "Approval needed (a_";
const NEVER: &str = "Nobody can approve this call.";

/// Storage's paths name no project.
const INVENTORY: &str = "version: 1
environments:
  - name: prod
    match: [{ provider: gcp, project: acme-prod }, { provider: gcp, resource: \"b/orders*\" }]
  - name: dev
    match: [{ provider: gcp, project: acme-dev }, { provider: gcp, resource: \"b/dev-*\" }]
";

/// A stage on which `denied` is denied, and `slowed` allowed once in a while.
fn stage(denied: &str, slowed: &str) -> Stage {
    let mut stage = Stage::new();
    stage.boundary("project=acme-*");
    stage.write("config/inventory.yaml", INVENTORY);
    let rule = format!(
        "id: acme/refused\nowner: \"@acme\"\nseverity: low\nmatch: {{ operation: [\"{denied}\"] }}\ndecision: deny\nmessage: \
         {TEXT}\ninstead: Ask for another one.\n"
    );
    stage.write("config/rules/acme/refused.yaml", rule);
    let limits = format!(
        "limits:\n  - id: acme/slowly\n    match: {{ operation: [\"{slowed}\"] }}\n    key: [session]\n    allow: 1 per 10m\n    \
         decision: throttle\n    message: {SLOWER}\n    instead: Come back later.\n"
    );
    stage.write("config/rules/acme/limits.yaml", limits);
    stage
}

/// The answers of a script, one for each step.
#[track_caller]
fn steps(ended: Ended) -> Vec<Value> {
    let ended = ended.succeeded();
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{ended:#?}"))).collect()
}

#[track_caller]
fn run(stage: &Stage, script: &str) -> Vec<Value> {
    let script = stage.write("work/calls.py", script).display().to_string();
    let python = clients::google_cloud().join("bin/python").display().to_string();
    steps(stage.run_within(&[&python, &script], 4 * PATIENCE))
}

/// The step ended with this status and, if it was refused, its client shows the text, once.
#[track_caller]
fn is(all: &[Value], what: &str, status: i64, text: &str) {
    let step = all.iter().find(|step| step["what"] == what).unwrap_or_else(|| panic!("no {what}: {all:#?}"));
    assert_eq!(step["status"].as_i64(), Some(status), "{step:#}");
    if !text.is_empty() {
        assert_eq!(step["shown"].as_str().unwrap_or_default().matches(text).count(), 1, "{step:#}");
    }
}

/// How often the gate was asked, and how often it said no.
#[track_caller]
fn asked(stage: &Stage, operation: &str, (all, stopped): (usize, usize)) {
    let log = stage.log();
    let said_no = log.stopped().iter().filter(|one| one.contains(operation)).count();
    assert_eq!((log.of(operation).len(), said_no), (all, stopped), "{operation}: {:#?}", log.stopped());
    assert!(log.rejected().is_empty(), "{:#?}", log.rejected());
}

#[test]
fn the_api_client_works_is_told_once_and_does_not_ask_again() {
    let mut stage = stage("gcp:compute:firewalls.insert", "gcp:compute:instances.start");
    let google = Google::on(&mut stage);
    let all = run(&stage, include_str!("support/google_calls.py"));
    for what in ["list", "create", "delete in dev", "batch", "start", "databases", "backup", "cluster", "rights"] {
        is(&all, what, 200, "");
    }
    for what in ["delete", "batch with a deletion", "delete cluster"] {
        is(&all, what, 403, APPROVAL);
    }
    is(&all, "delete database", 403, NEVER);
    is(&all, "delete project", 403, NEVER);
    is(&all, "firewall", 403, TEXT);
    is(&all, "start again", 403, SLOWER);
    // Alone in production and in development, and in a batch.
    asked(&stage, "gcp:compute:instances.delete", (3, 2));
    asked(&stage, "gcp:compute:instances.start", (2, 1));
    asked(&stage, "gcp:compute:firewalls.insert", (1, 1));
    asked(&stage, "gcp:sql:instances.delete", (1, 1));
    asked(&stage, "gcp:container:projects.locations.clusters.delete", (1, 1));
    asked(&stage, "gcp:cloudresourcemanager:projects.delete", (1, 1));
    google.was_called_as_described();
    let called = google.called();
    let count = |id: &str| called.iter().filter(|one| *one == id).count();
    assert_eq!(
        (count("compute.instances.delete"), count("compute.instances.get"), called.len()),
        (1, 1, 10),
        "{called:#?}"
    );
    // Two of the calls came in one batch.
    assert_eq!(google.requests(), 9);
}

#[test]
fn storage_s_library_works_with_a_server_is_told_once_and_does_not_ask_again() {
    let mut stage = stage("gcp:storage:buckets.patch", "gcp:storage:buckets.getIamPolicy");
    let storage = Local::google_storage(&mut stage);
    let all = run(&stage, include_str!("support/google_storage.py"));
    let work = ["create", "upload", "upload in pieces", "list", "download", "download in pieces"];
    for bucket in ["dev-logs", "orders"] {
        for what in work {
            is(&all, &format!("{bucket}: {what}"), 200, "");
        }
    }
    for what in ["delete several", "delete object", "delete bucket"] {
        is(&all, &format!("dev-logs: {what}"), 200, "");
        is(&all, &format!("orders: {what}"), 403, APPROVAL);
    }
    asked(&stage, "gcp:storage:buckets.delete", (2, 1));
    let calls = storage.calls();
    let deleted: Vec<&String> =
        calls.iter().filter(|call| call.starts_with("DELETE ") && !call.contains("/o/")).collect();
    assert_eq!(deleted, ["DELETE /storage/v1/b/dev-logs"], "{calls:#?}");
}

#[test]
fn grpc_s_libraries_are_told_once_and_do_not_ask_again() {
    let mut stage = stage("gcp:pubsub:projects.topics.create", "gcp:pubsub:projects.topics.publish");
    let google = Google::speaking_grpc(&mut stage);
    let all = run(&stage, include_str!("support/google_grpc.py"));
    is(&all, "list", 200, "");
    is(&all, "delete cluster", 403, APPROVAL);
    is(&all, "create topic", 403, TEXT);
    is(&all, "delete topic", 403, APPROVAL);
    is(&all, "publish", 200, "");
    // Its publisher repeats what a server calls exhausted for ten minutes.
    is(&all, "publish again", 403, SLOWER);
    is(&all, "list again", 200, "");
    asked(&stage, "gcp:container:projects.locations.clusters.delete", (1, 1));
    asked(&stage, "gcp:pubsub:projects.topics.create", (1, 1));
    asked(&stage, "gcp:pubsub:projects.topics.delete", (1, 1));
    asked(&stage, "gcp:pubsub:projects.topics.publish", (2, 1));
    let (list, publish) = ("/google.container.v1.ClusterManager/ListClusters", "/google.pubsub.v1.Publisher/Publish");
    google.was_called_as_described();
    assert_eq!(google.called(), [list, publish, list]);
}

/// A call of gRPC as it arrives.
fn rpc(host: &str, path: &str) -> Seen {
    let headers = [("content-type", "application/grpc"), ("te", "trailers")];
    Seen {
        method: "POST".to_owned(),
        host: host.to_owned(),
        target: path.to_owned(),
        version: "HTTP/2.0".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        ..Seen::default()
    }
}

#[test]
fn the_stand_in_refuses_grpc_that_is_not_published() {
    let mut stage = Stage::new();
    let google = Google::speaking_grpc(&mut stage);
    let (clusters, topics) = ("container.googleapis.com", "pubsub.googleapis.com");
    let (list, publish) = ("/google.container.v1.ClusterManager/ListClusters", "/google.pubsub.v1.Publisher/Publish");
    let status = |seen: &Seen, body: &[u8]| {
        let answer = google.rpc(seen, body);
        let status = answer.headers().get("grpc-status").map(|value| value.to_str().unwrap().parse::<u8>().unwrap());
        (status, google.wrong().len())
    };
    // `parent` is `a`; and of the topic `a` a message whose data is `b` with an attribute.
    let (listing, publishing) =
        (b"\0\0\0\0\x03\x22\x01a", b"\0\0\0\0\x10\x0a\x01a\x12\x0b\x0a\x01b\x12\x06\x0a\x01k\x12\x01v");
    assert_eq!(status(&rpc(clusters, list), listing), (None, 0));
    assert_eq!(status(&rpc(topics, publish), publishing), (None, 0));
    google.was_called_as_described();
    let with = |name: &str, value: &str| {
        let mut seen = rpc(clusters, list);
        seen.headers.retain(|(known, _)| known != name);
        seen.headers.push((name.to_owned(), value.to_owned()));
        seen
    };
    let listing_over = |change: fn(&mut Seen)| {
        let mut seen = rpc(clusters, list);
        change(&mut seen);
        seen
    };
    let bad: [(Seen, &[u8], u8); 16] = [
        (rpc(clusters, "/google.container.v1.ClusterManager/ListCluster"), listing, UNIMPLEMENTED),
        (rpc(clusters, "/google.container.v1.ClusterManager/ListClusters/"), listing, UNIMPLEMENTED),
        (rpc(topics, list), listing, UNIMPLEMENTED),
        (with("te", "gzip"), listing, INTERNAL),
        (with("content-type", "application/grpc-web"), listing, INTERNAL),
        (listing_over(|seen| seen.method = "GET".to_owned()), listing, INTERNAL),
        (listing_over(|seen| seen.version = "HTTP/1.1".to_owned()), listing, INTERNAL),
        (rpc(clusters, list), b"", INTERNAL),
        (rpc(clusters, list), b"\0\0\0", INTERNAL),
        (rpc(clusters, list), b"\0\0\0\0\x04\x22\x01a", INTERNAL),
        (rpc(clusters, list), b"\0\0\0\0\x03\x22\x01a\0\0\0\0\0", INTERNAL),
        (rpc(clusters, list), b"\x01\0\0\0\x03\x22\x01a", INTERNAL),
        // A length that is too long, a number where a text belongs, and no UTF-8.
        (rpc(clusters, list), b"\0\0\0\0\x03\x22\x7fa", INVALID_ARGUMENT),
        (rpc(clusters, list), b"\0\0\0\0\x02\x20\x0a", INVALID_ARGUMENT),
        (rpc(clusters, list), b"\0\0\0\0\x03\x22\x01\xff", INVALID_ARGUMENT),
        // Field 99, in the message of a list.
        (rpc(topics, publish), b"\0\0\0\0\x0c\x0a\x01a\x12\x07\x0a\x01b\x9a\x06\x01a", INVALID_ARGUMENT),
    ];
    for (count, (seen, body, code)) in bad.iter().enumerate() {
        assert_eq!(status(seen, body), (Some(*code), count + 1), "{seen:?} {body:?}: {:?}", google.wrong());
    }
    assert_eq!(google.called(), [list, publish]);
}

#[test]
fn grpc_s_client_hears_from_the_stand_in_what_is_not_published() {
    let mut stage = Stage::new();
    let google = Google::speaking_grpc(&mut stage);
    let script = stage.write("work/calls.py", include_str!("support/google_unpublished.py"));
    let authority = stage.write("work/authority.pem", stage.ca.pem());
    let mut command = stage.command(clients::google_cloud().join("bin/python"));
    command.arg(script).arg(google.address.to_string()).arg(authority);
    let all = steps(child::run(command, PATIENCE));
    assert_eq!(all, ["OK", "UNIMPLEMENTED", "UNIMPLEMENTED", "INVALID_ARGUMENT"], "{:?}", google.wrong());
    assert_eq!((google.called().len(), google.wrong().len()), (1, 3), "{:?}", google.wrong());
}

#[test]
fn gcloud_works_shows_why_and_stops() {
    if clients::optional("gcloud").is_none() {
        return;
    }
    let mut stage = stage("gcp:pubsub:projects.topics.create", "gcp:pubsub:projects.topics.publish");
    let google = Google::on(&mut stage);
    let storage = Local::google_storage(&mut stage);
    stage.variable("CLOUDSDK_AUTH_ACCESS_TOKEN", "an-invented-token").variable("CLOUDSDK_CORE_PROJECT", "acme-prod");
    stage.variable("CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK", "1");
    stage.variable("CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "1").variable("CLOUDSDK_CORE_DISABLE_PROMPTS", "1");
    let script = stage.write("work/calls.py", include_str!("support/gcloud_calls.py")).display().to_string();
    let all = steps(stage.run_within(&["python3", &script], 4 * PATIENCE));
    is(&all, "list", 0, "");
    is(&all, "create bucket", 0, "");
    is(&all, "delete", 1, APPROVAL);
    is(&all, "delete bucket", 1, APPROVAL);
    is(&all, "delete project", 1, NEVER);
    // Two instances, one batch.
    asked(&stage, "gcp:compute:instances.delete", (1, 1));
    asked(&stage, "gcp:storage:buckets.delete", (1, 1));
    asked(&stage, "gcp:cloudresourcemanager:projects.delete", (1, 1));
    google.was_called_as_described();
    assert!(!storage.calls().iter().any(|call| call.starts_with("DELETE")), "{:#?}", storage.calls());
}
