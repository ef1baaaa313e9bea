//! What a rule asks for beside people: texts that the agent brings through whichever door it uses, and checks of the
//! operator's. What is missing is named; what is brought is shown to people as nobody's but the agent's.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::clients;
use crate::support::eventually;
use crate::support::runtime;
use crate::support::shared::{Agent, SharedGate, approval_in, json as told, operator};
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;

const BLASTGATE: &str = env!("CARGO_BIN_EXE_blastgate");
const DELETE: &str = "curl -sS -X DELETE https://shop.example/orders/7";
const OWED: &str = "a reason, a rollback plan";

fn rule(name: &str, operation: &str, obligations: &str) -> String {
    format!(
        "id: own/{name}\nowner: \"@orders\"\nseverity: high\nmatch: {{ operation: [\"{operation}\"] }}\ndecision: escalate\n\
         obligations: [{obligations}]\nmessage: Orders are deleted with a reason only.\ninstead: Ask in the orders channel.\n"
    )
}

fn stage(obligations: &str) -> Option<(Stage, Upstream)> {
    clients::optional("curl")?;
    let mut stage = Stage::new();
    let shop = Upstream::start(&stage.ca, &["shop.example", "other.example"]);
    stage.resolve("shop.example", shop.address).resolve("other.example", shop.address);
    stage.write("config/rules/own/orders.yaml", rule("orders", "http:shop.example:DELETE", obligations));
    Some((stage, shop))
}

#[track_caller]
fn owes(stage: &Stage, shop: &Upstream, said: &str) {
    for part in [OWED, "blastgate reason", "X-Blastgate-Rollback-Plan"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!((shop.record.len(), told(stage, &["approvals"])), (0, json!([])), "{said}");
}

/// What a reviewer sees.
#[track_caller]
fn shown(stage: &Stage, id: &str) -> String {
    operator(stage, &["approvals", "show", id]).succeeded().stdout
}

#[test]
fn an_agent_brings_what_is_owed_in_headers_that_end_at_the_gate() {
    let Some((stage, shop)) = stage("reason, rollback-plan") else { return };
    let mut agent = Agent::start(&stage, &[], &[]);
    owes(&stage, &shop, &agent.does(DELETE).1);
    let (_, half) = agent.does(&format!("{DELETE} -H 'X-Blastgate-Reason: placed twice'"));
    assert!(half.contains("say a rollback plan:") && shop.record.len() == 0, "{half}");
    let brought = format!(
        "{DELETE} -H 'x-blastgate-REASON: placed twice, token=hunter2hunter2' -H \"X-Blastgate-Rollback-Plan: \
         utf-8''restore%20it%0Afrom r%C3%A9serve\" -H 'X-Blastgate-Ticket: CHG-42' -H 'X-Other: stays'"
    );
    let (_, said) = agent.does(&brought);
    let id = approval_in(&said);
    let shown = shown(&stage, &id);
    for part in ["nobody has checked it): placed twice, token=[masked", "checked it): CHG-42", "réserve"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    operator(&stage, &["approvals", "approve", &id]).succeeded();
    let (_, passed) = agent.does(&brought);
    assert!(passed.contains("\"method\":\"DELETE\""), "{passed}");
    let seen = shop.record.all();
    assert!(seen.len() == 1 && seen[0].header("x-other") == Some("stays"), "{seen:#?}");
    assert!(!seen[0].headers.iter().any(|(name, _)| name.starts_with("x-blastgate")), "{seen:#?}");
    // What asks for nothing is not bothered, and the headers end there too.
    agent.does("curl -sS https://shop.example/orders -H 'X-Blastgate-Reason: looks around'");
    assert!(shop.record.len() == 2 && shop.record.all()[1].header("x-blastgate-reason").is_none());
    let (_, twice) = agent.does(&format!("{DELETE} -H 'X-Blastgate-Reason: one' -H 'x-blastgate-reason: two'"));
    assert!(twice.contains("more than one x-blastgate-reason header") && shop.record.len() == 2, "{twice}");
    let (_, odd) = agent.does(&format!("{DELETE} -H \"$(printf 'X-Blastgate-Reason: r\\351serve')\""));
    assert!(odd.contains("is not UTF-8") && shop.record.len() == 2, "{odd}");
    assert_eq!(agent.ends().0, Some(0));
    assert!(!stage.state_holds("hunter2"));
    let log = operator(&stage, &["log", "show", &id]).succeeded().stdout;
    assert!(log.contains("the agent says (nobody has checked it): CHG-42"), "{log}");
}

#[test]
fn an_agent_says_it_by_command_where_its_client_sends_no_headers() {
    for shared in [false, true] {
        let Some((mut stage, shop)) = stage("reason, rollback-plan") else { return };
        let gate = shared.then(|| SharedGate::on(&mut stage));
        let mut agent = Agent::start(&stage, &[], &[]);
        let mut other = Agent::start(&stage, &[], &[]);
        owes(&stage, &shop, &agent.does(DELETE).1);
        let (code, said) = agent.does(&format!("{BLASTGATE} reason --show"));
        assert!(code == 0 && said.contains("has said nothing"), "{code} {said}");
        assert_eq!(agent.does(&format!("{BLASTGATE} reason")).0, 2);
        let (code, said) = agent.does(&format!("{BLASTGATE} reason placed twice --ticket CHG-42"));
        assert!(code == 0 && said.contains("placed twice"), "{code} {said}");
        let (code, said) = agent.does(&format!("{BLASTGATE} reason --rollback-plan 'restore it' --json"));
        let heard: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{code} {error}: {said}"));
        assert_eq!(heard["said"], json!({"reason": "placed twice", "ticket": "CHG-42", "rollback_plan": "restore it"}));
        // Another session has said nothing.
        owes(&stage, &shop, &other.does(DELETE).1);
        let id = approval_in(&agent.does(DELETE).1);
        let shown = shown(&stage, &id);
        assert!(shown.contains("placed twice") && shown.contains("restore it"), "{shown}");
        // What the call itself says counts for it.
        let (_, said) = agent
            .does("curl -sS -X DELETE https://shop.example/orders/8 -H 'X-Blastgate-Reason: this one is a test order'");
        let own = approval_in(&said);
        let view = told(&stage, &["approvals", "show", &own]);
        assert_eq!(view["said"]["reason"], "this one is a test order", "{view:#}");
        assert_eq!(view["said"]["ticket"], "CHG-42", "{view:#}");
        // Outside, nothing tells the session.
        if shared {
            let config = stage.path("config").display().to_string();
            let outside = operator(&stage, &["reason", "for somebody", "--config", &config]);
            assert!(outside.code == Some(1) && outside.stderr.contains("whose session"), "{outside:#?}");
        }
        assert_eq!((agent.ends().0, other.ends().0), (Some(0), Some(0)));
        drop(gate);
    }
}

#[test]
fn a_tunnel_that_stays_closed_is_asked_for_with_a_reason() {
    let Some((mut stage, shop)) = stage("reason") else { return };
    stage.egress("unopened: [\"shut.example\"]").resolve("shut.example", shop.address);
    stage.write("config/rules/own/tunnel.yaml", rule("tunnel", "net:tunnel:Open", "reason"));
    let mut agent = Agent::start(&stage, &[], &[]);
    agent.does("curl -sS https://shut.example/");
    assert_eq!(told(&stage, &["approvals"]), json!([]));
    agent.does("curl -sS https://shut.example/ --proxy-header 'X-Blastgate-Reason: its certificate is pinned'");
    let waiting = told(&stage, &["approvals"]);
    assert_eq!(waiting[0]["said"]["reason"], "its certificate is pinned", "{waiting:#}");
    assert_eq!((agent.ends().0, shop.record.len()), (Some(0), 0));
}

/// What `blastgate hook claude-code` says without a gate: the reason of its no.
#[track_caller]
fn hook(stage: &Stage, call: &Value) -> String {
    let mut command = stage.blastgate(["hook", "claude-code", "--config"]);
    command.arg(stage.path("config")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = runtime().block_on(async {
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stdin, call.to_string().as_bytes()).await.unwrap();
        drop(stdin);
        child.wait_with_output().await.unwrap()
    });
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    said["hookSpecificOutput"]["permissionDecisionReason"].as_str().unwrap().to_owned()
}

#[test]
fn a_hook_that_decides_alone_hears_reasons_too() {
    let stage = Stage::new();
    stage.write("config/rules/own/reset.yaml", rule("reset", "git:local:reset_hard", "reason"));
    stage.write("config/rules/own/shop.yaml", rule("shop", "mcp:shop:delete_everything", "reason"));
    let call = |session: &str, tool: &str, input: Value| json!({"session_id": session, "cwd": "/srv", "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input});
    let say = |arguments: &[&str]| {
        let config = stage.path("config").display().to_string();
        operator(&stage, &[&["reason", "--config", &config], arguments].concat())
    };
    let nobody = say(&["too early"]);
    assert!(nobody.code == Some(1) && nobody.stderr.contains("no gate is running"), "{nobody:#?}");
    // What most agents send with each command is a reason, where there is no better one.
    let reset = call("s1", "Bash", json!({"command": "git reset --hard", "description": "Start over"}));
    let id = approval_in(&hook(&stage, &reset));
    assert_eq!(told(&stage, &["approvals", "show", &id])["said"]["reason"], "Start over");
    let better = "git reset --hard # blastgate: reason=the branch was merged\n# blastgate: ticket=CHG-42";
    let reset = call("s2", "Bash", json!({"command": better, "description": "Start over"}));
    let id = approval_in(&hook(&stage, &reset));
    let said = told(&stage, &["approvals", "show", &id])["said"].clone();
    assert_eq!(said, json!({"reason": "the branch was merged", "ticket": "CHG-42"}));
    // An argument of a tool is none.
    let delete = call("s3", "mcp__shop__delete_everything", json!({"description": "an argument"}));
    let owed = hook(&stage, &delete);
    assert!(owed.contains("say a reason") && !owed.contains("a_0"), "{owed}");
    let several = say(&["moved to the new shop"]);
    assert!(several.code == Some(1) && several.stderr.contains("--for"), "{several:#?}");
    let at = owed.rfind("(d_").expect("the decision");
    let decision: String = owed[at + 1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    say(&["moved to the new shop", "--for", &decision]).succeeded();
    let id = approval_in(&hook(&stage, &delete));
    assert_eq!(told(&stage, &["approvals", "show", &id])["said"]["reason"], "moved to the new shop");
}

/// A check that does what stands in a file, and keeps what it is told.
const CHECK: &str = "cat >HERE/told.new; mv HERE/told.new HERE/told
case $(cat HERE/mode) in
  yes) echo 'the window is open' ;;
  hang) sleep 300 ;;
  *) echo 'the window is closed until noon'; exit 1 ;;
esac
";

/// The last decision about a deletion, as the log has it.
#[track_caller]
fn last_check(stage: &Stage) -> (String, blastgate::record::CheckEntry) {
    let log = stage.log();
    let decisions = log.decisions();
    let decision = decisions.iter().rev().find(|one| !one.checks.is_empty()).expect("a decision with checks");
    (decision.id.to_string(), decision.checks[0].clone())
}

#[test]
fn a_check_that_says_no_stops_an_approved_call_and_spends_nothing() {
    for shared in [false, true] {
        let Some((mut stage, shop)) = stage("check:window") else { return };
        let here = stage.path("checks").display().to_string();
        let script = stage.write("checks/check.sh", CHECK.replace("HERE", &here));
        stage.write("checks/mode", "no");
        let checks = format!("approvals: {{ checks: {{ window: {{ command: [/bin/sh, {script:?}], within: 3s }} }} }}");
        stage.setting(&checks);
        let gate = shared.then(|| SharedGate::on(&mut stage));
        let mut agent = Agent::start(&stage, &[], &[]);
        let id = approval_in(&agent.does(DELETE).1);
        assert!(!stage.path("checks/told").exists(), "only what people approved is checked");
        operator(&stage, &["approvals", "approve", &id]).succeeded();
        let state = || told(&stage, &["approvals", "show", &id])["state"].as_str().unwrap().to_owned();
        let (_, said) = agent.does(DELETE);
        for part in [id.as_str(), "the check `window` says no", "closed until noon"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!((state().as_str(), shop.record.len()), ("approved", 0));
        let about: Value = serde_json::from_slice(&std::fs::read(stage.path("checks/told")).unwrap()).unwrap();
        assert_eq!((&about["approval"], &about["operations"][0]), (&json!(id), &json!("http:shop.example:DELETE")));
        assert_eq!(about["digests"][0].as_str().unwrap().len(), 64, "{about:#}");
        stage.write("checks/mode", "hang");
        let (_, said) = agent.does(DELETE);
        assert!(said.contains("no answer within 3 s"), "{said}");
        assert_eq!((state().as_str(), shop.record.len()), ("approved", 0));
        stage.write("checks/mode", "yes");
        let (_, passed) = agent.does(DELETE);
        assert!(passed.contains("\"method\":\"DELETE\""), "{passed}");
        assert_eq!((state().as_str(), shop.record.len()), ("used", 1));
        let (decision, check) = last_check(&stage);
        assert_eq!((check.name.as_str(), check.passed), ("window", true));
        assert_eq!(check.said, "the window is open");
        let log = operator(&stage, &["log", "show", &decision]).succeeded().stdout;
        assert!(log.contains("window says yes after"), "{log}");
        let (_, again) = agent.does(DELETE);
        assert!(approval_in(&again) != id && shop.record.len() == 1, "{again}");
        assert_eq!(agent.ends().0, Some(0));
        drop(gate);
    }
}

#[test]
fn a_check_over_https_says_yes_with_200_and_nothing_else() {
    let Some((mut stage, shop)) = stage("check:away") else { return };
    let checks = Upstream::start(&stage.ca, &["checks.example"]);
    stage.resolve("checks.example", checks.address);
    stage.setting(
        "approvals:\n  checks:\n    away: { url: \"https://checks.example/status?code=302\" }\n    \
         window: { url: \"https://checks.example/window\" }\n    wrong: { url: \"https://unknown.example/\" }",
    );
    stage.resolve("unknown.example", checks.address);
    stage.write("config/rules/own/other.yaml", rule("other", "http:other.example:DELETE", "check:window"));
    stage.write("config/rules/own/put.yaml", rule("put", "http:other.example:PUT", "check:wrong"));
    let mut agent = Agent::start(&stage, &[], &[]);
    let mut approved = |call: &str| {
        let id = approval_in(&agent.does(call).1);
        operator(&stage, &["approvals", "approve", &id]).succeeded();
        agent.does(call).1
    };
    let said = approved(DELETE);
    assert!(said.contains("answered 302") && shop.record.len() == 0, "{said}");
    // Its certificate is for somebody else.
    let said = approved("curl -sS -X PUT https://other.example/orders/7");
    assert!(said.contains("`wrong` says no") && shop.record.len() == 0, "{said}");
    let said = approved("curl -sS -X DELETE https://other.example/orders/7");
    assert!(said.contains("\"method\":\"DELETE\"") && shop.record.len() == 1, "{said}");
    let asked: Vec<String> =
        checks.record.all().into_iter().map(|one| format!("{} {}", one.method, one.target)).collect();
    assert_eq!(asked, ["POST /status?code=302", "POST /window"]);
    eventually("the check's answer in the log", || {
        let (_, check) = last_check(&stage);
        (check.passed && check.name == "window" && check.said.starts_with('{')).then_some(())
    });
}

#[test]
fn a_check_that_the_settings_do_not_have_is_an_error_at_once() {
    let mut stage = Stage::new();
    stage.setting("approvals: { checks: { change-window: { command: [/bin/true] } } }");
    stage.write("config/rules/own/orders.yaml", rule("orders", "http:shop.example:DELETE", "\"check:chnge-window\""));
    let config = stage.path("config").display().to_string();
    let found = operator(&stage, &["rules", "check", "--config", &config]);
    assert_eq!(found.code, Some(1), "{found:#?}");
    let run = operator(&stage, &["run", "--", "true"]);
    assert_eq!(run.code, Some(2), "{run:#?}");
    for said in [found.stdout, run.stderr] {
        for part in ["own/orders", "no check `chnge-window`", "did you mean `change-window`"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}
