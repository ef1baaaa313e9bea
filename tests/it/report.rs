//! What `blastgate report` promises, over the logs of several gates.

use serde_json::Value;

use crate::support::stage::Stage;
use crate::support::upstream::Upstream;
use crate::support::{PATIENCE, child, clients};

fn report(stage: &Stage, words: &[&str]) -> child::Ended {
    child::run(stage.blastgate(std::iter::once(&"report").chain(words)), PATIENCE)
}

#[test]
fn observing_then_enforcing_is_one_report_with_the_lines_that_allow_it() {
    let Some(curl) = clients::optional("curl") else { return };
    let mut stage = Stage::new();
    let unknown = Upstream::start(&stage.ca, &["shop.example"]);
    stage.resolve("shop.example", unknown.address);
    assert!(report(&stage, &[]).succeeded().stdout.starts_with("no call went through the gate in the last day."));

    let curl = curl.display().to_string();
    let work = format!(
        "{curl} -sS https://shop.example/ && {curl} -sS -X DELETE https://shop.example/orders/7 && \
         {curl} -sS -X DELETE https://shop.example/orders/8"
    );
    let mut observed = stage.blastgate(["run", "--observe", "--"]);
    observed.args(["sh", "-c", &work]);
    let ended = child::run(observed, PATIENCE).succeeded();
    assert!(ended.stderr.contains("2 would have been stopped, none was"), "{ended:#?}");
    assert!(ended.stderr.contains("http:shop.example:DELETE  ×2"), "{ended:#?}");
    stage.run(&[&curl, "-sS", "-X", "DELETE", "https://shop.example/orders/9"]);
    stage.run(&[&curl, "-sS", "https://shop.example/"]);

    let page = report(&stage, &[]).succeeded().stdout;
    let head = "in the last day: 5 calls · 2 passed · 2 would have been stopped (observe) · 1 stopped\n";
    assert!(page.starts_with(head), "{page}");
    assert!(page.contains("http:shop.example:DELETE in unknown  ×3"), "{page}");
    assert!(page.contains("- { host: shop.example }") && page.contains("base/rest-delete"), "{page}");
    assert!(page.contains("3 sessions: in 1 nothing was stopped, in 2 something"), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 100) && !page.contains('\u{1b}'), "{page}");

    let told: Value = serde_json::from_str(&report(&stage, &["--json", "--since", "all"]).succeeded().stdout).unwrap();
    assert_eq!((told["totals"]["calls"].as_u64(), told["groups"][0]["count"].as_u64()), (Some(5), Some(3)));
    assert_eq!(told["groups"][0]["allow"][0]["way"], "inventory");

    // The lines that it prints do what it says.
    let id = told["groups"][0]["example"].as_str().unwrap();
    assert!(child::run(stage.blastgate(["log", "show", id]), PATIENCE).succeeded().stdout.contains("orders/9"));
    let line = told["groups"][0]["allow"][0]["lines"][0].as_str().unwrap();
    stage.write(
        "config/inventory.yaml",
        format!("version: 1\nenvironments:\n  - name: dev\n    match:\n      {line}\n"),
    );
    stage.run(&[&curl, "-sS", "-X", "DELETE", "https://shop.example/orders/9"]).succeeded();
    assert_eq!(unknown.record.len(), 5, "two reads, two observed deletions, one that is allowed now");
}

#[test]
fn what_cannot_be_understood_is_a_usage_error() {
    let stage = Stage::new();
    for words in [&["--since", "soon"] as &[&str], &["outcome:none"], &["enf:prod"]] {
        let ended = report(&stage, words);
        assert_eq!(ended.code, Some(2), "{words:?} {ended:#?}");
        assert!(ended.stderr.contains("error:"), "{ended:#?}");
    }
}

#[test]
fn what_is_recorded_is_told_whatever_state_the_rules_are_in() {
    let stage = Stage::new();
    let ended = stage.run(&["true"]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    stage.write("config/rules/own/broken.yaml", "id: own/broken\nnonsense: 1\n");
    let report = report(&stage, &[]);
    assert!(report.code == Some(0) && report.stderr.contains("nonsense"), "{report:#?}");
    let log = child::run(stage.blastgate(["log"]), PATIENCE);
    assert!(log.code == Some(0) && log.stderr.is_empty(), "{log:#?}");
}
