//! What `blastgate run` promises about the command that it runs.

use std::time::Duration;

use crate::support::ca::TestCa;
use crate::support::child;
use crate::support::clients;
use crate::support::gate::RunningGate;
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;
use crate::support::{PATIENCE, block_on, eventually};

/// A stage with an upstream on a host that nobody knows.
fn stage() -> (Stage, Upstream) {
    let mut stage = Stage::new();
    let unknown = Upstream::start(&stage.ca, &["shop.example"]);
    stage.resolve("shop.example", unknown.address);
    (stage, unknown)
}

#[test]
fn the_child_s_exit_code_and_output_are_its_own() {
    let stage = Stage::new();
    let ended = stage.run(&["sh", "-c", "echo out; echo err >&2; exit 42"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(42), "out\n"));
    assert!(ended.stderr.starts_with("err\n"), "{ended:#?}");
    assert_eq!(stage.run(&["sh", "-c", "kill -TERM $$"]).code, Some(128 + 15));
    assert_eq!(stage.run(&["no-such-program"]).code, Some(127));
    let wrong = child::run(stage.blastgate(["run"]), PATIENCE);
    assert_eq!(wrong.code, Some(2), "{wrong:#?}");
    stage.write("config/config.yaml", "version: 1\npostur: guarded\n");
    let wrong = stage.run(&["true"]);
    assert_eq!(wrong.code, Some(2), "{wrong:#?}");
    assert!(wrong.stderr.contains("config.yaml:2:1") && wrong.stderr.contains("posture"), "{wrong:#?}");
}

#[test]
fn observing_decides_and_stops_nothing() {
    let Some(curl) = clients::optional("curl") else { return };
    let (stage, unknown) = stage();
    let mut command = stage.blastgate(["run", "--observe", "--"]);
    command.arg(curl).args(["-sS", "-X", "DELETE", "https://shop.example/orders/7"]);
    let ended = child::run(command, PATIENCE).succeeded();
    assert!(ended.stderr.contains("1 would have been stopped"), "{ended:#?}");
    assert_eq!(unknown.record.len(), 1);
    assert_eq!(stage.log().stopped(), ["http:shop.example:DELETE escalate"]);
}

#[test]
fn a_client_that_does_not_trust_the_gate_is_named_at_the_end() {
    let Some(curl) = clients::optional("curl") else { return };
    let (stage, _) = stage();
    let other = stage.write("other.pem", TestCa::new("another").pem());
    let mut command = stage.blastgate(["run", "--"]);
    command.arg(curl).args(["-sS", "--cacert"]).arg(other).arg("https://shop.example/");
    let ended = child::run(command, PATIENCE);
    assert_eq!(ended.code, Some(60), "{ended:#?}");
    assert!(ended.stderr.contains("shop.example: a client did not accept the gate's certificate"), "{ended:#?}");
}

#[test]
fn a_signal_reaches_the_command_and_the_log_ends_in_order() {
    let stage = Stage::new();
    let script = "trap 'echo got it; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    let mut command = stage.blastgate(["run", "--", "sh", "-c", script]).into_std();
    let mut process = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(process.stdout.take().unwrap()));
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    rustix::process::kill_process(rustix::process::Pid::from_child(&process), rustix::process::Signal::TERM).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "got it");
    let status = eventually("the end of the run", || process.try_wait().unwrap());
    assert_eq!(status.code(), Some(7));
    let log = stage.log();
    assert!(matches!(log.entries().last(), Some(blastgate::record::Entry::Stop { .. })), "{log:#?}");
}

#[test]
fn exceptions_from_the_proxy_and_the_gate_s_own_variables_are_not_inherited() {
    let Some(curl) = clients::optional("curl") else { return };
    let (mut stage, unknown) = stage();
    stage.variable("NO_PROXY", "*").variable("no_proxy", "shop.example");
    let curl = curl.display().to_string();
    let script = format!("{curl} -sS https://shop.example/ && env");
    let ended = stage.run(&["sh", "-c", &script]).succeeded();
    assert_eq!(unknown.record.len(), 1);
    assert!(!ended.stdout.contains("BLASTGATE_") && !ended.stdout.to_lowercase().contains("no_proxy"), "{ended:#?}");
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    let (stage, _) = stage();
    let gate = stage.gate();
    let bundle = gate.bundle.clone();
    gate.kill();
    assert!(bundle.exists(), "a killed gate cannot clean up");
    stage.run(&["true"]).succeeded();
    assert!(!bundle.exists(), "the next run did");
    assert_eq!(std::fs::read_dir(stage.path("state/run")).unwrap().count(), 0);
}

#[test]
fn a_loop_over_a_listing_is_stopped_at_the_eleventh_deletion() {
    let mut stage = Stage::new();
    let api = Upstream::start(&stage.ca, &["api.dev.example"]);
    stage.resolve("api.dev.example", api.address);
    let gate = stage.gate();
    let statuses: Vec<String> = (0..12).map(|n| block_on(delete(&gate, n))).collect();
    assert_eq!(statuses.iter().filter(|status| *status == "200").count(), 10, "{statuses:?}");
    assert!(statuses[10..].iter().all(|status| status == "403" || status == "429"), "{statuses:?}");
    let said = gate.stop();
    assert!(said.contains("base/destroy-burst"), "{said}");
    assert_eq!(api.record.len(), 10);
}

async fn delete(gate: &RunningGate, n: u32) -> String {
    let head = format!("DELETE /things/{n} HTTP/1.1\r\nHost: api.dev.example\r\nConnection: close\r\n\r\n");
    let answer = tokio::time::timeout(Duration::from_secs(20), gate.raw("api.dev.example:443", head.as_bytes()));
    answer.await.expect("an answer")[9..12].to_owned()
}
