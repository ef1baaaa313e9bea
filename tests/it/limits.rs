//! What limits promise beside the wait: resources count and not calls, and what was taken outlives the gate.

use std::time::{Duration, Instant};

use crate::support::moto::{self, Aws};
use crate::support::shared::{Opened, SharedGate, listen, open_session};
use crate::support::stage::{DEV_ACCOUNT, Stage};
use crate::support::upstream::Upstream;
use crate::support::{PATIENCE, child, clients, eventually};

use rustix::process::Signal;

fn limit(stage: &Stage, says: &str) {
    let text = "message: Not so many, says the team.\n    instead: Fewer.";
    let limits = format!("limits:\n  - id: acme/bulk\n    {says}\n    {text}\n");
    stage.write("config/rules/acme/limits.yaml", limits);
}

/// Three instances in one call take three; the next three are made to wait as boto's `standard` mode waits, and six at once,
/// which would never fit, are asked about instead.
#[test]
fn a_bulk_is_throttled_by_what_it_touches() {
    const SCRIPT: &str = r#"
import boto3, botocore.exceptions, time
ec2 = boto3.client("ec2")
made = ec2.run_instances(ImageId="ami-12c6146b", MinCount=12, MaxCount=12)
ids = [one["InstanceId"] for one in made["Instances"]]
def stop(some):
    began = time.monotonic()
    try:
        answer = ec2.stop_instances(InstanceIds=some)
        print("stopped", len(answer["StoppingInstances"]), "late" if time.monotonic() - began > 3 else "at once")
    except botocore.exceptions.ClientError as error:
        print(error)
stop(ids[0:3])
stop(ids[3:6])
stop(ids[6:12])
"#;
    let mut stage = Stage::new();
    let aws = Aws::on(&mut stage, &[]);
    for (name, value) in moto::credentials(DEV_ACCOUNT) {
        stage.variable(name, value);
    }
    stage
        .variable("AWS_RETRY_MODE", "standard")
        .variable("AWS_MAX_ATTEMPTS", "3")
        .variable("AWS_DEFAULT_REGION", "us-east-1");
    limit(
        &stage,
        "match: { operation: [\"aws:ec2:StopInstances\"] }\n    by: [account, region]\n    allow: 4 per 10s\n    decision: throttle",
    );
    let began = Instant::now();
    let ended = stage.run(&["python", "-c", SCRIPT]).succeeded();
    let lines: Vec<&str> = ended.stdout.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.get(..2), Some(&["stopped 3 at once", "stopped 3 late"][..]), "{ended:#?}");
    let asked = "This call alone touches 6, and 4 fit at once. Not so many, says the team.";
    assert!(ended.stdout.contains(asked) && ended.stdout.contains("Approval needed (a_"), "{ended:#?}");
    assert_eq!(aws.asked_for("StopInstances"), 2, "what was asked about reached nobody, and once: {ended:#?}");
    assert!(began.elapsed() < Duration::from_secs(60));
    let log = stage.log();
    assert_eq!((log.of("aws:ec2:StopInstances").len(), log.stopped().len()), (4, 2), "{ended:#?}");
}

/// The status of a DELETE in this session.
fn delete(stage: &Stage, opened: &Opened, n: u32) -> String {
    let ca = stage.path("state/ca/ca.pem").display().to_string();
    let mut command = stage.command("curl");
    let url = format!("https://api.dev.example/things/{n}");
    command.args([
        "-sS",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-X",
        "DELETE",
        "--cacert",
        &ca,
        "-x",
        &opened.proxy,
        &url,
    ]);
    child::run(command, PATIENCE).succeeded().stdout
}

fn rows(stage: &Stage) -> u32 {
    let state = rusqlite::Connection::open(stage.path("state/state.db")).unwrap();
    state.query_row("SELECT count(*) FROM limit_buckets", [], |row| row.get(0)).unwrap_or(0)
}

/// An orderly end loses nothing; a kill nothing that was written down.
#[test]
fn a_gate_that_starts_again_knows_what_was_taken() {
    if clients::optional("curl").is_none() {
        return;
    }
    for signal in [Signal::TERM, Signal::KILL] {
        let mut stage = Stage::new();
        let api = Upstream::start(&stage.ca, &["api.dev.example"]);
        stage.resolve("api.dev.example", api.address);
        limit(&stage, "match: { impact: [destroy] }\n    distinct: true\n    allow: 2 per 1d\n    decision: deny");
        let ports = listen(&mut stage, "");
        let gate = SharedGate::start(&stage, &ports, &[]);
        let opened = open_session(&stage, "ci");
        assert_eq!([1, 1, 2, 3].map(|n| delete(&stage, &opened, n)), ["200", "200", "200", "403"]);
        if signal == Signal::KILL {
            // The session's own bucket, and the built-in limit's.
            eventually("what was taken is written down", || (rows(&stage) == 2).then_some(()));
            gate.kill();
        } else {
            gate.stop();
        }
        let _gate = SharedGate::start(&stage, &ports, &[]);
        assert_eq!([3, 2, 4].map(|n| delete(&stage, &opened, n)), ["403", "200", "403"], "{signal:?}");
        assert_eq!(api.record.len(), 4);
    }
}
