//! What an agent's hook promises: an answer in the agent's own form, recorded, with a gate and without one, and no call
//! that goes on because something was broken.

use std::process::Stdio;

use serde_json::{Value, json};

use blastgate::model::{Disposition, Door};

use crate::support::child::Ended;
use crate::support::shared::{Agent, SharedGate, approval_in, json as told, open_session, operator};
use crate::support::stage::Stage;
use crate::support::{PATIENCE, runtime};

fn claude(tool: &str, input: &Value) -> Value {
    json!({"session_id": "s1", "cwd": "/srv/app", "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input})
}

fn destroys() -> Value {
    claude("mcp__shop__delete_everything", &json!({"name": "orders"}))
}

fn reads() -> Value {
    claude("WebFetch", &json!({"url": "https://shop.example/"}))
}

/// `blastgate hook ARGS…` with this input.
#[track_caller]
fn hook(stage: &Stage, arguments: &[&str], input: &str) -> Ended {
    let config = stage.path("config").display().to_string();
    let mut command = stage.command(env!("CARGO_BIN_EXE_blastgate"));
    command.arg("hook").args(arguments).args(["--within", "30s", "--config", &config]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = runtime().block_on(async {
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Who has said no already reads nothing.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stdin, input.as_bytes()).await;
        drop(stdin);
        tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("the hook's end").unwrap()
    });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The reason of a nested refusal.
#[track_caller]
fn denied(ended: &Ended) -> String {
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let said: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:#?}"));
    assert_eq!(said["hookSpecificOutput"]["permissionDecision"], "deny", "{ended:#?}");
    said["hookSpecificOutput"]["permissionDecisionReason"].as_str().unwrap().to_owned()
}

#[test]
fn alone_it_judges_by_the_same_rules_and_its_log_is_read_with_the_others() {
    let stage = Stage::new();
    let passed = hook(&stage, &["claude-code"], &reads().to_string());
    assert_eq!(
        (passed.code, passed.stdout.as_str(), passed.stderr.as_str()),
        (Some(0), "", ""),
        "no opinion is silence"
    );
    let reason = denied(&hook(&stage, &["claude-code"], &destroys().to_string()));
    for part in ["Approval needed (a_", "mcp:shop:delete_everything", "no gate is running"] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    let log = stage.log();
    let decisions = log.decisions();
    let found: Vec<_> = decisions.iter().map(|one| (one.door, one.disposition)).collect();
    assert_eq!(found, [(Door::Hook, Disposition::Forwarded), (Door::Hook, Disposition::Refused)]);
    let said = decisions[1].hook.as_ref().unwrap();
    assert_eq!((said.agent.as_str(), said.alone), ("claude-code", true));
    assert_eq!(said.agent_session.as_deref(), Some("s1"));
    assert_eq!(decisions[0].principal.session, decisions[1].principal.session);
    let listed = operator(&stage, &["log", "decision:escalate"]).succeeded().stdout;
    assert!(listed.contains("mcp:shop:delete_everything"), "{listed}");
}

#[test]
fn what_was_approved_passes_once_without_any_gate() {
    let stage = Stage::new();
    let id = approval_in(&denied(&hook(&stage, &["claude-code"], &destroys().to_string())));
    let listed = operator(&stage, &["approvals"]).succeeded().stdout;
    assert!(listed.contains(&id), "{listed}");
    operator(&stage, &["approvals", "approve", &id, "--reason", "planned"]).succeeded();
    let passed = hook(&stage, &["claude-code"], &destroys().to_string());
    assert_eq!((passed.code, passed.stdout.as_str()), (Some(0), ""), "{passed:#?}");
    let again = denied(&hook(&stage, &["claude-code"], &destroys().to_string()));
    assert_ne!(approval_in(&again), id, "once");
}

#[test]
fn a_command_is_judged_where_it_would_run() {
    let stage = Stage::new();
    let work = stage.path("home/project");
    std::fs::create_dir_all(&work).unwrap();
    let bash = |command: &str| {
        let mut call = claude("Bash", &json!({"command": command}));
        call["cwd"] = json!(work);
        hook(&stage, &["claude-code"], &call.to_string())
    };
    for command in ["echo rm -rf /", "ls && echo 'terraform destroy' > notes.txt", "git status"] {
        let ended = bash(command);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{command}: {ended:#?}");
    }
    for command in ["rm -rf /usr/lib", "bash -c 'cd / && rm -rf usr'", "sudo rm -rf /etc"] {
        let ended = bash(command);
        assert!(!ended.stdout.is_empty(), "{command}: {ended:#?}");
        denied(&ended);
    }
    // What cannot be read is stopped, and said to be so.
    let reason = denied(&bash("echo 'never closed"));
    assert!(reason.contains("blastgate"), "{reason}");
    let config = stage.path("home/project/.claude/settings.json").display().to_string();
    let mut write = claude("Write", &json!({"file_path": config}));
    write["cwd"] = json!(work);
    let reason = denied(&hook(&stage, &["claude-code"], &write.to_string()));
    assert!(reason.contains("guard"), "{reason}");
}

#[test]
fn each_form_stops_the_call() {
    let stage = Stage::new();
    let input =
        json!({"hook_event_name": "preToolUse", "cwd": "/srv/app", "tool_name": "@shop/delete_all", "tool_input": {}});
    let kiro = hook(&stage, &["kiro-cli"], &input.to_string());
    assert!(kiro.code == Some(2) && kiro.stderr.contains("Approval needed") && kiro.stdout.is_empty(), "{kiro:#?}");
    let input = json!({"session_id": "g", "cwd": "/srv/app", "hook_event_name": "BeforeTool", "tool_name": "mcp_shop_delete_all", "tool_input": {}});
    let gemini = hook(&stage, &["gemini-cli"], &input.to_string());
    assert_eq!(serde_json::from_str::<Value>(&gemini.stdout).unwrap()["decision"], "deny", "{gemini:#?}");
    let input = json!({"conversation_id": "c", "hook_event_name": "beforeMCPExecution", "workspace_roots": ["/srv/app"], "tool_name": "delete_all", "tool_input": "{}", "command": "shop"});
    let cursor = hook(&stage, &["cursor"], &input.to_string());
    assert_eq!(serde_json::from_str::<Value>(&cursor.stdout).unwrap()["permission"], "deny", "{cursor:#?}");
}

#[test]
fn the_person_at_the_agent_is_asked_where_the_operator_says_so() {
    let mut stage = Stage::new();
    stage.setting("hooks: { ask: true }");
    let ended = hook(&stage, &["claude-code"], &destroys().to_string());
    let said: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(said["hookSpecificOutput"]["permissionDecision"], "ask", "{ended:#?}");
    // Codex lets a call pass whose hook asks.
    denied(&hook(&stage, &["codex"], &destroys().to_string()));
    assert_eq!(stage.log().decisions()[0].disposition, Disposition::Pending);
}

#[test]
fn what_is_broken_stops_the_call() {
    let stage = Stage::new();
    for input in ["", "{", "[]", "{\"hook_event_name\":\"PreToolUse\"}"] {
        let ended = hook(&stage, &["claude-code"], input);
        assert!(ended.code == Some(2) && ended.stderr.contains("could not judge"), "{input}: {ended:#?}");
        let ended = hook(&stage, &["antigravity"], input);
        assert!(ended.code == Some(0) && ended.stdout.contains("\"deny\""), "{input}: {ended:#?}");
    }
    let ended = hook(&stage, &["nobody"], "{}");
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    // The log cannot be written.
    std::fs::remove_dir_all(stage.path("state")).unwrap();
    stage.write("state", "in the way");
    let ended = hook(&stage, &["claude-code"], &reads().to_string());
    assert!(ended.code == Some(2) && ended.stderr.contains("cannot write its log"), "{ended:#?}");
    // The configuration cannot be read.
    stage.write("config/config.yaml", "version: 1\nposture: frob\n");
    let ended = hook(&stage, &["codex"], &reads().to_string());
    assert!(ended.code == Some(2) && ended.stderr.contains("could not judge"), "{ended:#?}");
}

#[test]
fn without_a_configuration_the_defaults_judge() {
    let stage = Stage::new();
    let mut command = stage.command("sh");
    let call = format!("echo '{}' | {} hook claude-code", destroys(), env!("CARGO_BIN_EXE_blastgate"));
    // Nothing that the agent could set says how it is judged.
    command.args(["-c", &call]).env("BLASTGATE_CONFIG", "/nowhere");
    let reason = denied(&crate::support::child::run(command, PATIENCE));
    assert!(reason.contains("Approval needed"), "{reason}");
    assert!(stage.path("home/.local/state/blastgate/log/hooks").exists());
}

#[test]
fn behind_a_run_the_call_belongs_to_its_session() {
    for shared in [false, true] {
        let mut stage = Stage::new();
        let gate = shared.then(|| SharedGate::on(&mut stage));
        let mut agent = Agent::start(&stage, &[], &[]);
        let call = |input: Value| {
            format!("echo '{input}' | {} hook claude-code --within 30s", env!("CARGO_BIN_EXE_blastgate"))
        };
        let (code, said) = agent.does(&call(destroys()));
        assert!(code == 0 && said.contains("Decided by the running gate"), "{said}");
        let (code, said) = agent.does(&call(reads()));
        assert_eq!((code, said.as_str()), (0, ""));
        let session = stage.log().decisions()[0].principal.session;
        let decisions = stage.log();
        let decisions = decisions.decisions();
        assert!(decisions.iter().all(|one| one.principal.session == session && one.door == Door::Hook));
        assert_eq!(decisions[0].principal.agent.as_deref(), Some("sh"));
        assert!(decisions.iter().all(|one| one.hook.as_ref().is_some_and(|hook| !hook.alone)));
        // Nothing else is done for it there.
        let id = approval_in(&agent.does(&call(destroys())).1);
        let (code, said) = agent.does(&format!("{} approvals approve {id}", env!("CARGO_BIN_EXE_blastgate")));
        assert!(code != 0, "{said}");
        let (code, said) = agent.ends();
        assert_eq!(code, Some(0), "{said}");
        assert!(!stage.path("state/log/hooks").exists(), "the gate keeps its own log");
        drop(gate);
    }
}

#[test]
fn a_running_gate_is_asked_from_outside_too() {
    let mut stage = Stage::new();
    let gate = SharedGate::on(&mut stage);
    let reason = denied(&hook(&stage, &["claude-code"], &destroys().to_string()));
    assert!(reason.contains("Decided by the running gate"), "{reason}");
    assert!(told(&stage, &["approvals"]).as_array().unwrap().len() == 1);
    gate.stop();
    let reason = denied(&hook(&stage, &["claude-code"], &destroys().to_string()));
    assert!(reason.contains("no gate is running"), "{reason}");
    assert_eq!(approval_in(&reason), told(&stage, &["approvals"])[0]["id"], "the same session, the same request");
}

#[test]
fn over_http_a_session_must_be_proven() {
    let mut stage = Stage::new();
    let gate = SharedGate::on(&mut stage);
    let opened = open_session(&stage, "opencode");
    let ask = |credentials: &str| {
        use std::io::{Read, Write};
        let body = json!({"tool": "shop_delete_all", "sessionID": "o", "args": {}}).to_string();
        let mut stream = std::net::TcpStream::connect(gate.api).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "POST /v1/hook/opencode HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {credentials}\r\nContent-Length: \
             {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let refused = ask("s_00000000000000000000:x");
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    let answered = ask(&opened.credentials);
    assert!(answered.starts_with("HTTP/1.1 200") && answered.contains("\"decision\":\"deny\""), "{answered}");
    let log = stage.log();
    assert_eq!(log.decisions()[0].principal.session.to_string(), opened.session);
}

#[test]
fn alone_it_counts_on_where_the_last_one_stopped() {
    let stage = Stage::new();
    let limit = "limits:\n  - id: acme/looks\n    match: { impact: [read] }\n    allow: 2 per 1h\n    decision: deny\n    \
                 message: Two looks an hour.\n    instead: Think.\n";
    stage.write("config/rules/acme/limits.yaml", limit);
    for _ in 0..2 {
        let passed = hook(&stage, &["claude-code"], &reads().to_string());
        assert_eq!((passed.code, passed.stdout.as_str()), (Some(0), ""), "{passed:#?}");
    }
    assert!(
        denied(&hook(&stage, &["claude-code"], &reads().to_string())).contains("Limit acme/looks: Two looks an hour.")
    );
    let mut other = reads();
    other["session_id"] = json!("s2");
    assert_eq!(hook(&stage, &["claude-code"], &other.to_string()).stdout, "", "another session has its own");
}
