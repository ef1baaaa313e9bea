use clap::Parser as _;

use super::*;

#[derive(clap::Parser)]
struct Command {
    #[command(flatten)]
    explain: Explain,
}

const RULE: &str = r#"
id: acme/no-rollout
owner: "@platform"
severity: high
match:
  operation: ["kubernetes:core:namespaces.delete"]
  environment: [prod]
unless:
  resource: ["namespaces/scratch-*"]
decision: deny
message: Namespaces of production stay.
instead: Delete the one deployment.
tests:
  match: [ { command: kubectl delete ns payments } ]
  not_match: [ { command: kubectl get ns } ]
"#;

fn explained(words: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("rules/acme")).unwrap();
    std::fs::write(folder.path().join("rules/acme/no-rollout.yaml"), RULE).unwrap();
    let config = folder.path().display().to_string();
    let words = ["explain", "--config", &config].into_iter().chain(words.iter().copied());
    let args = Command::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).explain;
    let mut out = anstream::StripStream::new(Vec::new());
    assert_eq!(explain(&args, &mut out).unwrap_or_else(|error| panic!("{error:#}")), 0);
    String::from_utf8(out.into_inner()).unwrap()
}

#[test]
fn a_rule_is_shown_value_by_value_with_what_would_have_passed() {
    let text = explained(&["--", "kubectl", "delete", "ns", "payments"]);
    // The rule names the operation, so it stops the server's dry run too; the client's sends nothing that it names.
    for part in [
        "acme/no-rollout  deny  matches\n",
        "  ✓ operation    kubernetes:core:namespaces.delete\n",
        "  ✗ resource     namespaces/payments — excused would be namespaces/scratch-*\n",
        "what would have passed",
        "    dry run      kubectl delete ns payments --dry-run=client\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(
        !text.contains("base/audit-off  ") && text.contains("base/bulk  escalate  does not match: count"),
        "{text}"
    );
    let text = explained(&["--rule", "acme/no-rollout", "--", "kubectl", "delete", "ns", "scratch-1"]);
    assert!(text.contains("acme/no-rollout  deny  does not match: its `unless` covers the whole action\n"), "{text}");
    let text = explained(&["--", "kubectl", "delete", "deployment", "web"]);
    assert!(!text.contains("acme/no-rollout"), "{text}");
    let text = explained(&["--all", "--", "kubectl", "delete", "deployment", "web"]);
    assert!(
        text.contains("acme/no-rollout  deny  does not match: operation\n") && !text.contains("--all shows"),
        "{text}"
    );
}

#[test]
fn every_claim_of_what_would_have_passed_holds() {
    let said: serde_json::Value =
        serde_json::from_str(&explained(&["--json", "--", "kubectl delete ns payments"])).unwrap();
    assert_eq!(said["decision"], "deny");
    let passes = said["would_pass"].as_array().unwrap();
    let dry = passes.iter().find(|one| one["key"] == "dry_run").unwrap()["value"].as_str().unwrap();
    let again: serde_json::Value = serde_json::from_str(&explained(&["--json", "--", dry])).unwrap();
    assert_eq!(again["decision"], "allow", "{again}");
    assert!(said["rules"][0]["keys"][0]["fits"] == "yes", "{said}");
}

#[test]
fn what_cannot_be_explained_is_said() {
    for (words, expected) in [
        (&["--jsonl"] as &[&str], "belongs to `blastgate explain`"),
        (&["--rule", "acme/no-rolout", "--", "ls"], "there is no rule"),
        (&["--log", "/nowhere", "d_01KAN0000000"], "there is no decision"),
    ] {
        let args = Command::try_parse_from(["explain"].iter().chain(words)).unwrap().explain;
        let error = explain(&args, &mut Vec::new()).unwrap_err();
        assert!(format!("{error:#}").contains(expected), "{words:?}: {error:#}");
    }
}
