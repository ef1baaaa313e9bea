//! What `rules diff`, `rules shadow-report` and `rules explain` promise, over the logs of real runs.

use std::process::Stdio;

use serde_json::{Value, json};

use blastgate::report::Again;

use crate::support::child::{self, Ended};
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;
use crate::support::{PATIENCE, clients, runtime};

const SHADOW: &str = r#"id: acme/no-deletes
owner: "@platform"
severity: high
mode: shadow
match: { operation: ["http:*:DELETE"] }
decision: deny
message: Nothing is deleted over our own APIs.
instead: Mark it as obsolete.
tests:
  match: [ { http: { method: DELETE, url: "https://shop.example/orders/1" } } ]
  not_match: [ { http: { method: GET, url: "https://shop.example/orders/1" } } ]
"#;

fn rules(stage: &Stage, words: &[&str]) -> Ended {
    child::run(stage.blastgate(std::iter::once(&"rules").chain(words)), PATIENCE)
}

#[track_caller]
fn told(stage: &Stage, words: &[&str]) -> Value {
    let ended = rules(stage, words).succeeded();
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:#?}"))
}

/// A hook's question, as Claude Code asks it.
fn asks(stage: &Stage, text: &str) {
    let input = json!({"session_id": "s1", "cwd": stage.path("work"), "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_input": {"command": text}});
    let config = stage.path("config").display().to_string();
    let mut command = stage.blastgate(["hook", "claude-code", "--within", "30s", "--config", &config]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    runtime().block_on(async {
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stdin, input.to_string().as_bytes()).await.unwrap();
        drop(stdin);
        tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("the hook's end").unwrap()
    });
}

/// Calls through a gate that watches, one that enforces, and a hook.
fn played(curl: &str) -> (Stage, Upstream) {
    let mut stage = Stage::new();
    let shop = Upstream::start(&stage.ca, &["shop.example", "a.dev.example"]);
    stage.resolve("shop.example", shop.address);
    stage.resolve("a.dev.example", shop.address);
    stage.write("config/rules/acme/no-deletes.yaml", SHADOW);
    let work = format!("{curl} -sS -X DELETE https://shop.example/orders/7 && {curl} -sS https://shop.example/");
    let mut observed = stage.blastgate(["run", "--observe", "--"]);
    observed.args(["sh", "-c", &work]);
    child::run(observed, PATIENCE).succeeded();
    stage.run(&[curl, "-sS", "-X", "DELETE", "https://a.dev.example/orders/8"]);
    for text in [
        "kubectl delete namespace payments",
        "terraform destroy -auto-approve",
        "ls",
        "aws rds modify-db-instance --db-instance-identifier shop --master-user-password Xy7hunter2hunter2",
    ] {
        asks(&stage, text);
    }
    (stage, shop)
}

#[test]
fn what_was_decided_is_decided_so_again() {
    let Some(curl) = clients::optional("curl") else { return };
    let (stage, _shop) = played(&curl.display().to_string());
    let sources = blastgate::app::rule_sources(&stage.path("config/rules")).unwrap();
    let rules = blastgate::rules::RuleSet::load(&sources).unwrap();
    let log = stage.log();
    let decisions = log.decisions();
    assert_eq!(decisions.len(), 7);
    for entry in &decisions {
        assert_eq!(entry.revision, rules.revision());
        let again = Again { rules: &rules, posture: None, inventory: None }.decide(entry);
        let again = again.unwrap_or_else(|why| panic!("{why}: {entry:#?}"));
        assert_eq!((again.effect(), again.findings()), (entry.decision, &entry.findings[..]), "{entry:#?}");
    }
    let masked = decisions.iter().flat_map(|entry| &entry.actions).flat_map(|action| &action.parameters);
    assert!(masked.clone().any(|one| one.value.contains("[masked:")), "{:#?}", masked.collect::<Vec<_>>());
}

#[test]
fn what_would_flip_is_told_one_by_one() {
    let Some(curl) = clients::optional("curl") else { return };
    let (stage, _shop) = played(&curl.display().to_string());
    stage.write("drafts/acme/no-deletes.yaml", SHADOW.replace("mode: shadow", "mode: enforce"));
    let drafts = stage.path("drafts").display().to_string();
    let diff = told(&stage, &["diff", "--rules", &drafts, "--json"]);
    assert_eq!((&diff["decisions"], &diff["flips"], &diff["stricter"]), (&json!(7), &json!(2), &json!(2)), "{diff:#}");
    assert_eq!((&diff["unsaid"], &diff["unlike_record"]), (&json!([]), &json!([])), "{diff:#}");
    let flips: Vec<_> =
        diff["groups"].as_array().unwrap().iter().map(|one| (&one["from"], &one["environment"])).collect();
    assert_eq!(flips, [(&json!("allow"), &json!("dev")), (&json!("escalate"), &json!("unknown"))]);

    let page = rules(&stage, &["diff", "--rules", &drafts, "--exit-code"]);
    assert_eq!(page.code, Some(1), "{page:#?}");
    assert!(page.stdout.starts_with("2 of 7 decisions would flip in the last 7 days, all to something stricter\n"));
    assert!(
        page.stdout.contains("allow → deny  http:a.dev.example:DELETE in dev  ×1\nby          acme/no-deletes\n"),
        "{page:#?}"
    );
    assert!(!page.stdout.contains('\u{1b}'), "{page:#?}");

    // Without the rule nothing flips: it does not count.
    std::fs::create_dir(stage.path("empty")).unwrap();
    let empty = stage.path("empty").display().to_string();
    let same = rules(&stage, &["diff", "--against", &empty, "--exit-code"]).succeeded();
    assert!(same.stdout.starts_with("0 of 7 decisions would flip"), "{same:#?}");
    // Asked anew, the other folder's inventory knows nothing: what was dev counts as prod.
    let anew = told(&stage, &["diff", "--against", &empty, "--inventory", "--json"]);
    assert_eq!((&anew["flips"], &anew["groups"][0]["to"]), (&json!(1), &json!("escalate")), "{anew:#}");
    // A rule that looks at what was masked: that cannot be said.
    let looks = SHADOW.replace("[\"http:*:DELETE\"]", "[\"aws:rds:*\"], parameter: { MasterUserPassword: [\"X*\"] }");
    let looks = looks.split("tests:").next().unwrap().replace("acme/no-deletes", "acme/looks");
    stage.write("looks/acme/looks.yaml", looks);
    let looks = stage.path("looks").display().to_string();
    let doubt = told(&stage, &["diff", "--rules", &looks, "--json"]);
    assert_eq!(doubt["unsaid"][0]["count"], 1, "{doubt:#}");
}

#[test]
fn a_shadow_is_told_and_a_decision_explained() {
    let Some(curl) = clients::optional("curl") else { return };
    let (stage, _shop) = played(&curl.display().to_string());
    let report = told(&stage, &["shadow-report", "--json"]);
    let rule = &report["rules"][0];
    let counts = ["matched", "recorded", "stricter", "went_on"].map(|key| rule[key].as_u64());
    assert_eq!(counts, [Some(2); 4], "{report:#}");
    assert_eq!((&rule["promotion"], &report["observed"]), (&json!("stops"), &json!(1)), "{report:#}");
    let page = rules(&stage, &["shadow-report"]).succeeded().stdout;
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("1 rule in the mode `shadow` · 1 went on because the gate only watched"), "{page}");
    assert!(page.contains("if the 2 calls that went on should have been stopped"), "{page}");

    let log = stage.log();
    let decisions = log.decisions();
    let id = decisions.iter().find(|one| one.request.contains("shop.example")).unwrap().id.to_string();
    let said = told(&stage, &["explain", &id, "--json"]);
    assert_eq!(
        (&said["decision"], &said["recorded"]["decision"]),
        (&json!("escalate"), &json!("escalate")),
        "{said:#}"
    );
    assert!(said["would_pass"].as_array().unwrap().iter().any(|one| one["value"] == "dev"), "{said:#}");
    let page = rules(&stage, &["explain", &id]).succeeded().stdout;
    assert!(page.contains("acme/no-deletes  deny  matches (shadow: does not count)"), "{page}");
    assert!(
        page.contains("    environment  dev, if the inventory said so") && page.contains("what would have passed"),
        "{page}"
    );
}
