//! What `install` promises: a change that is shown first, nothing written unasked, and a way back.

use std::fs;

use blastgate::doors::hook::Agent;
use blastgate::install::AGENTS;
use serde_json::Value;

use crate::support::PATIENCE;
use crate::support::child::{self, Ended};
use crate::support::stage::Stage;

#[track_caller]
fn install(stage: &Stage, arguments: &[&str]) -> Ended {
    child::run(stage.blastgate(["install"].iter().chain(arguments)), PATIENCE)
}

#[test]
fn every_agent_with_a_hook_can_be_installed() {
    let known: Vec<&str> = AGENTS.iter().map(|facts| facts.agent).collect();
    assert_eq!(known, Agent::ALL.map(Agent::as_str));
}

#[test]
fn nothing_is_written_unasked_and_all_of_it_can_be_taken_back() {
    let stage = Stage::new();
    let settings = stage.write("home/.claude/settings.json", "{\n  // mine\n  \"model\": \"opus\"\n}\n");
    let before = fs::read_to_string(&settings).unwrap();

    let shown = install(&stage, &["--dry-run"]).succeeded();
    assert!(shown.stdout.contains("claude-code        missing"), "{shown:#?}");
    assert!(shown.stdout.contains("+            \"command\": "), "{shown:#?}");
    let unasked = install(&stage, &[]);
    assert_eq!(unasked.code, Some(2), "{unasked:#?}");
    assert!(unasked.stderr.contains("--yes"), "{unasked:#?}");
    let lacking = install(&stage, &["--check"]);
    assert_eq!(lacking.code, Some(1), "{lacking:#?}");
    assert!(lacking.stdout.contains("~/.claude/settings.json:1: the hook is not there"), "{lacking:#?}");
    assert_eq!(fs::read_to_string(&settings).unwrap(), before);

    install(&stage, &["--yes"]).succeeded();
    let own = env!("CARGO_BIN_EXE_blastgate");
    let written = fs::read_to_string(&settings).unwrap();
    assert!(written.contains(&format!("\"{own} hook claude-code\"")), "{written}");
    assert!(written.contains("// mine"), "{written}");
    install(&stage, &["--check"]).succeeded();
    let again = install(&stage, &["--yes"]).succeeded();
    assert!(!again.stdout.contains("wrote"), "{again:#?}");

    install(&stage, &["--uninstall", "--yes"]).succeeded();
    assert_eq!(fs::read_to_string(&settings).unwrap(), before);
}

#[test]
fn a_program_reads_what_was_done() {
    let stage = Stage::new();
    let ended = install(&stage, &["opencode", "codex", "--yes", "--json"]).succeeded();
    let said: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(said["written"].as_array().unwrap().len(), 2, "{said:#}");
    assert!(said["agents"][0]["plan"]["notes"].to_string().contains("/hooks"), "{said:#}");
    assert!(stage.path("home/.config/opencode/plugins/blastgate.ts").exists());
    assert!(stage.path("home/.codex/hooks.json").exists());
}

#[test]
fn what_would_be_a_lie_is_refused() {
    let stage = Stage::new();
    let check = |agent: &str, code: i32, why: &str| {
        let ended = install(&stage, &[agent, "--yes"]);
        assert_eq!(ended.code, Some(code), "{ended:#?}");
        assert!(format!("{}{}", ended.stdout, ended.stderr).contains(why), "{ended:#?}");
    };
    check("goose", 2, "blastgate run -- goose");
    check("aider", 2, "has no hooks");
    check("q-cli", 1, "by hand");
    check("claude-compatible", 1, "hook claude-compatible");
    check("nobody", 2, "claude-code, codex");
}

#[test]
fn an_agent_does_not_write_its_own_hooks() {
    let stage = Stage::new();
    let own = env!("CARGO_BIN_EXE_blastgate");
    let ended = stage.run(&[own, "install", "claude-code", "--uninstall", "--yes"]);
    assert_eq!(ended.code, Some(3), "{ended:#?}");
    assert!(ended.stderr.contains("behind the gate"), "{ended:#?}");
}
