//! Real agents, from npm, with the hook that `install` wrote: a model on loopback asks for a command that loses work, then
//! for a harmless one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Program;

use tokio::process::Command;

use crate::support::PATIENCE;
use crate::support::child::{self, Ended};
use crate::support::clients;
use crate::support::model::ModelApi;
use crate::support::stage::Stage;

/// It loses what `work.txt` says; nothing outside of the stage is touched, whoever judges it.
const DANGEROUS: &str = "git reset --hard";
const HARMLESS: &str = "touch harmless.txt";

/// A repository with work in it that no commit holds.
fn stage() -> Stage {
    let stage = Stage::new();
    let git = |arguments: &[&str]| {
        let mut git = Program::new("git");
        git.args(["-c", "user.name=T", "-c", "user.email=t@shop.example"]).args(arguments);
        assert!(git.current_dir(stage.path("work")).env("HOME", stage.path("home")).status().unwrap().success());
    };
    git(&["init", "-q"]);
    stage.write("work/work.txt", "committed\n");
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    stage.write("work/work.txt", "hours of work\n");
    stage
}

/// Plays the script, without the hook and with it.
#[track_caller]
fn play(agent: &str, prepare: impl Fn(&Stage, &ModelApi), command: impl Fn(&Stage, &ModelApi) -> Command) {
    for is_hooked in [false, true] {
        let stage = stage();
        let model = ModelApi::plain(&[DANGEROUS, HARMLESS]);
        prepare(&stage, &model);
        if is_hooked {
            let config = stage.path("config").display().to_string();
            child::run(stage.blastgate(["install", agent, "--yes", "--config", &config]), PATIENCE).succeeded();
        }
        let ended = child::run(command(&stage, &model), 3 * PATIENCE);
        let told = model.results();
        let context = format!("{agent}, hooked: {is_hooked}: {told:#?}\n{ended:#?}");
        assert_eq!(told.len(), 2, "{context}\n{:#?}", model.record.all());
        assert!(stage.path("work/harmless.txt").exists(), "the harmless call did not run: {context}");
        let work = fs::read_to_string(stage.path("work/work.txt")).unwrap();
        if is_hooked {
            assert_eq!(work, "hours of work\n", "the dangerous call ran: {context}");
            assert!(told[0].contains("Approval needed (a_"), "the agent was not told why: {context}");
            assert_eq!(stage.log().stopped().len(), 1, "{context}");
        } else {
            assert_eq!(work, "committed\n", "the script asks for what is dangerous: {context}");
        }
    }
}

fn nothing(_: &Stage, _: &ModelApi) {}

#[test]
fn claude_code_asks_and_heeds() {
    let Some(claude) = clients::agent() else { return };
    play("claude-code", nothing, |stage, model| {
        let mut command = stage.command(claude);
        command.args(["-p", "clean up", "--allowedTools", "Bash", "--model", "claude-sonnet-4-5"]);
        command.env("ANTHROPIC_API_KEY", "sk-ant-test").env("ANTHROPIC_BASE_URL", format!("http://{}", model.address));
        command.env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1").env("DISABLE_AUTOUPDATER", "1");
        command
    });
}

fn codex(folder: &Path, stage: &Stage, model: &ModelApi, trust: bool) -> Command {
    let mut command = stage.command(folder.join("node_modules/.bin/codex"));
    let provider = format!(
        "model_providers.local={{name=\"local\",base_url=\"http://{}/v1\",wire_api=\"responses\",env_key=\"KEY\"}}",
        model.address
    );
    command.args(["exec", "--skip-git-repo-check", "-s", "danger-full-access"]);
    command.args(["-c", "check_for_update_on_startup=false", "-c", "analytics.enabled=false"]);
    if trust {
        command.arg("--dangerously-bypass-hook-trust");
    }
    command
        .args(["-c", "model_provider=local", "-c", &provider, "-m", "gpt-5.2-codex", "clean up"])
        .env("KEY", "sk-test");
    command
}

#[test]
fn codex_asks_and_heeds_once_it_trusts_the_hook() {
    let Some(folder) = clients::coding_agents() else { return };
    play("codex", nothing, |stage, model| codex(folder, stage, model, true));
}

/// As `install` and docs/hooks.md say: should Codex do otherwise one day, they must say otherwise.
#[test]
fn codex_skips_a_hook_that_is_not_trusted() {
    let Some(folder) = clients::coding_agents() else { return };
    let stage = stage();
    let model = ModelApi::plain(&[DANGEROUS, HARMLESS]);
    let written: Ended = child::run(stage.blastgate(["install", "codex", "--yes"]), PATIENCE).succeeded();
    assert!(written.stdout.contains("skips this hook until you trust it"), "{written:#?}");
    child::run(codex(folder, &stage, &model, false), 3 * PATIENCE).succeeded();
    assert_eq!(fs::read_to_string(stage.path("work/work.txt")).unwrap(), "committed\n");
}

#[test]
fn gemini_cli_asks_and_heeds() {
    let Some(folder) = clients::coding_agents() else { return };
    let settings = |stage: &Stage, _: &ModelApi| {
        let settings = serde_json::json!({
            "security": { "auth": { "selectedType": "gemini-api-key" } },
            "privacy": { "usageStatisticsEnabled": false },
            "general": { "enableAutoUpdate": false },
        });
        stage.write("home/.gemini/settings.json", settings.to_string());
    };
    play("gemini-cli", settings, |stage, model| {
        let mut command = stage.command(folder.join("node_modules/.bin/gemini"));
        command.args(["-y", "-m", "gemini-2.5-pro", "--skip-trust", "-p", "clean up"]);
        command.env("GEMINI_API_KEY", "test").env("GOOGLE_GEMINI_BASE_URL", format!("http://{}", model.address));
        command
    });
}

#[test]
fn opencode_asks_and_heeds() {
    let Some(folder) = clients::coding_agents() else { return };
    let settings = |stage: &Stage, model: &ModelApi| {
        let settings = serde_json::json!({
            "autoupdate": false, "share": "disabled", "model": "local/m", "small_model": "local/m",
            "permission": { "bash": "allow" },
            "provider": { "local": { "npm": "@ai-sdk/openai-compatible", "name": "local",
                "options": { "baseURL": format!("http://{}/v1", model.address), "apiKey": "test" },
                "models": { "m": { "name": "m", "tool_call": true } } } },
        });
        stage.write("home/.config/opencode/opencode.json", settings.to_string());
    };
    play("opencode", settings, |stage, _| {
        let mut command = stage.command(opencode(folder));
        command.args(["run", "clean up"]);
        for what in ["MODELS_FETCH", "LSP_DOWNLOAD", "AUTOUPDATE", "SHARE"] {
            command.env(format!("OPENCODE_DISABLE_{what}"), "1");
        }
        command
    });
}

/// The program itself: the package's own command needs a script that was not run.
fn opencode(folder: &Path) -> PathBuf {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let named =
        ["-baseline", ""].map(|kind| folder.join(format!("node_modules/opencode-linux-{arch}{kind}/bin/opencode")));
    named.into_iter().find(|file| file.is_file()).expect("opencode's program")
}
