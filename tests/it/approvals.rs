//! What people are promised about escalated calls: exactly what they were shown passes once, and the agent cannot answer
//! for them.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::clients;
use crate::support::eventually;
use crate::support::kube::Kube;
use crate::support::moto::{Aws, credentials};
use crate::support::shared::{Agent, SharedGate, approval_in, json as told, operator};
use crate::support::stage::{PROD_ACCOUNT, Stage};
use crate::support::upstream::Upstream;

const DELETE: &str = "curl -sS -X DELETE https://shop.example/orders/7";

fn stage() -> Option<(Stage, Upstream)> {
    clients::optional("curl")?;
    let mut stage = Stage::new();
    let shop = Upstream::start(&stage.ca, &["shop.example"]);
    stage.resolve("shop.example", shop.address);
    Some((stage, shop))
}

#[track_caller]
fn state_of(stage: &Stage, id: &str) -> String {
    told(stage, &["approvals", "show", id])["state"].as_str().unwrap().to_owned()
}

/// The whole story, behind a private gate or a shared one.
fn is_approved_once(stage: &Stage, shop: &Upstream) {
    let mut agent = Agent::start(stage, &[], &[]);
    let (_, said) = agent.does(DELETE);
    let id = approval_in(&said);
    assert!(said.contains("Approval needed") && shop.record.len() == 0, "{said}");
    let listed = operator(stage, &["approvals"]).succeeded().stdout;
    assert!(listed.contains(&id) && listed.contains("http:shop.example:DELETE"), "{listed}");
    assert!(listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
    let shown = operator(stage, &["approvals", "show", &id]).succeeded().stdout;
    for part in ["pending until", "shop.example/orders/7", "asked by   sh", "because of"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let answered = operator(stage, &["approvals", "approve", &id, "--reason", "planned"]).succeeded().stdout;
    assert!(answered.contains("approved"), "{answered}");
    // Other parameters are another call.
    let (_, other) = agent.does("curl -sS -X DELETE https://shop.example/orders/8");
    assert!(approval_in(&other) != id && shop.record.len() == 0, "{other}");
    let (_, passed) = agent.does(DELETE);
    assert!(passed.contains("\"method\":\"DELETE\"") && shop.record.len() == 1, "{passed}");
    let (_, again) = agent.does(DELETE);
    assert!(approval_in(&again) != id && shop.record.len() == 1, "{again}");
    let shown = operator(stage, &["approvals", "show", &id]).succeeded().stdout;
    assert!(shown.contains("used") && shown.contains("planned") && shown.contains("used by    d_"), "{shown}");
    for part in [
        "As it came",
        "DELETE https://shop.example:443/orders/7",
        "safer ",
        "The last of what the session did",
        "forwarded, 200",
        "The same was refused",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let page = told(stage, &["approvals", "show", &id]);
    assert!(page["past"]["refusals"].as_u64() >= Some(1) && page["past"]["session"].as_array().is_some(), "{page}");
    let late = operator(stage, &["approvals", "approve", &id]);
    assert_eq!(late.code, Some(3), "{late:#?}");
    let unknown = operator(stage, &["approvals", "approve", "a_00000000000000000000000000"]);
    assert_eq!(unknown.code, Some(1), "{unknown:#?}");
    let (code, said) = agent.ends();
    assert_eq!(code, Some(0), "{said}");
    let steps: Vec<String> = stage
        .log()
        .entries()
        .iter()
        .filter_map(|entry| match entry {
            blastgate::record::Entry::Approval(step) if step.id.to_string() == id => {
                Some(step.step.as_str().to_owned())
            }
            _ => None,
        })
        .collect();
    assert_eq!(steps, ["opened", "approved", "used"]);
}

#[test]
fn what_was_approved_passes_exactly_once_behind_a_private_gate() {
    let Some((stage, shop)) = stage() else { return };
    is_approved_once(&stage, &shop);
}

#[test]
fn what_was_approved_passes_exactly_once_behind_a_shared_gate() {
    let Some((mut stage, shop)) = stage() else { return };
    let gate = SharedGate::on(&mut stage);
    is_approved_once(&stage, &shop);
    gate.stop();
}

#[test]
fn a_denial_tells_the_agent_who_and_why() {
    let Some((mut stage, shop)) = stage() else { return };
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    let id = approval_in(&agent.does(DELETE).1);
    operator(&stage, &["approvals", "deny", &id, "--reason", "wrong shop"]).succeeded();
    let (_, said) = agent.does(DELETE);
    assert!(said.contains("wrong shop") && said.contains(&whoami()), "{said}");
    assert_eq!(operator(&stage, &["approvals", "approve", &id]).code, Some(3));
    assert_eq!((state_of(&stage, &id).as_str(), shop.record.len()), ("denied", 0));
}

fn whoami() -> String {
    let output = std::process::Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn what_is_not_answered_or_not_used_in_time_is_void() {
    let Some((mut stage, shop)) = stage() else { return };
    stage.setting("approvals: { pending: 400ms, use_within: 400ms }");
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    let first = approval_in(&agent.does(DELETE).1);
    eventually("the end of the request", || (state_of(&stage, &first) == "expired").then_some(()));
    assert_eq!(operator(&stage, &["approvals", "approve", &first]).code, Some(3));
    // On a slow machine a request may run out before it is answered: then there is a next one.
    let second = eventually("an approval in time", || {
        let id = approval_in(&agent.does(DELETE).1);
        (operator(&stage, &["approvals", "approve", &id]).code == Some(0)).then_some(id)
    });
    assert_ne!(first, second);
    eventually("the end of the approval", || (state_of(&stage, &second) == "expired").then_some(()));
    assert_ne!(approval_in(&agent.does(DELETE).1), second);
    assert_eq!(shop.record.len(), 0);
}

#[test]
fn a_call_that_is_held_passes_without_another_try() {
    let Some((mut stage, shop)) = stage() else { return };
    stage.setting("approvals: { hold: 40s }");
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    agent.does(&format!("({DELETE} >held 2>&1; echo ended >>held) &"));
    let id = eventually("the request", || told(&stage, &["approvals", "list"])[0]["id"].as_str().map(str::to_owned));
    assert_eq!(shop.record.len(), 0);
    let began = Instant::now();
    operator(&stage, &["approvals", "approve", &id]).succeeded();
    let held = eventually("the held call", || {
        let text = std::fs::read_to_string(stage.path("work/held")).unwrap_or_default();
        text.contains("ended").then_some(text)
    });
    assert!(held.contains("\"method\":\"DELETE\"") && shop.record.len() == 1, "{held}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn a_restart_keeps_requests_and_approvals() {
    let Some((mut stage, shop)) = stage() else { return };
    let ports = crate::support::shared::listen(&mut stage, "");
    let gate = SharedGate::start(&stage, &ports, &[]);
    let mut agent = Agent::start(&stage, &[], &[]);
    let id = approval_in(&agent.does(DELETE).1);
    let next = SharedGate::start(&stage, &ports, &["--replace"]);
    assert_eq!(gate.ended().0, Some(0));
    assert_eq!(approval_in(&agent.does(DELETE).1), id, "a retry joins");
    operator(&stage, &["approvals", "approve", &id]).succeeded();
    next.kill();
    let _gate = SharedGate::start(&stage, &ports, &[]);
    let (_, said) = agent.does(DELETE);
    assert!(said.contains("\"method\":\"DELETE\"") && shop.record.len() == 1, "{said}");
    let (code, said) = agent.ends();
    assert!(code == Some(0) && said.contains("1 call · 1 passed"), "{said}");
}

const ESCALATING_RULE: &str = r#"id: own/orders
owner: "@orders"
severity: high
match:
  operation: ["http:shop.example:DELETE"]
decision: escalate
message: Orders are deleted with the shop's owners only.
instead: Ask in the orders channel.
"#;

#[test]
fn a_rule_that_was_added_meanwhile_voids_an_approval() {
    let Some((mut stage, shop)) = stage() else { return };
    let gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    let id = approval_in(&agent.does(DELETE).1);
    operator(&stage, &["approvals", "approve", &id]).succeeded();
    stage.write("config/rules/own/orders.yaml", ESCALATING_RULE);
    gate.signal(rustix::process::Signal::HUP);
    let is_told = |entry: &blastgate::record::Entry| matches!(entry, blastgate::record::Entry::Configuration(_));
    eventually("the new rule", || stage.log().entries().iter().any(is_told).then_some(()));
    let (_, said) = agent.does(DELETE);
    assert!(approval_in(&said) != id && shop.record.len() == 0, "{said}");
    assert_eq!(state_of(&stage, &id), "void");
}

/// Connects, and leaves a child behind that speaks when its parent is gone.
const LEFT_BEHIND: &str = r#"
import os, socket, sys, time
socket_path, target = sys.argv[1:3]
s = socket.socket(socket.AF_UNIX)
s.connect(socket_path)
parent = os.getpid()
if os.fork() == 0:
    while os.getppid() == parent:
        time.sleep(0.01)
    body = b'{"approve":true}'
    s.sendall(b"POST %s HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
              % (target.encode(), len(body), body))
    answer = b""
    while True:
        more = s.recv(65536)
        if not more: break
        answer += more
    open("left.new", "wb").write(answer)
    os.rename("left.new", "left")
"#;

#[test]
fn an_agent_cannot_answer_for_its_person_however_it_asks() {
    let Some((mut stage, shop)) = stage() else { return };
    let gate = SharedGate::on(&mut stage);
    refuses_the_agent(&stage, &stage.path("runtime/blastgate/control.sock").display().to_string(), &shop);
    // Behind a private gate the same.
    gate.stop();
    refuses_the_agent(&stage, "$(ls -d ../state/run/*/control.sock)", &shop);
}

fn refuses_the_agent(stage: &Stage, socket: &str, shop: &Upstream) {
    let mut agent = Agent::start(stage, &[], &[]);
    let id = approval_in(&agent.does(DELETE).1);
    let config = stage.path("config").display().to_string();
    let approve = format!("{} approvals approve {id} --yes --config {config}", env!("CARGO_BIN_EXE_blastgate"));
    for how in [
        approve.clone(),
        format!("sh -c 'true; sh -c \"true; {approve}\"'"),
        format!("env -i HOME=$HOME XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR {approve}"),
    ] {
        let (code, said) = agent.does(&how);
        assert_eq!(code, 3, "{how}: {said}");
        assert!(said.contains("an agent cannot do this for itself"), "{said}");
    }
    // Orphans: their parents are gone, and `run` has taken them over.
    for how in ["setsid sh", "nohup sh", "sh"] {
        let script =
            format!("while [ -e hold ]; do sleep 0.01; done; {approve}; echo code $? >out.new; mv out.new out");
        stage.write("work/script.sh", &script);
        agent.does(&format!("rm -f out; touch hold; ( {how} script.sh >/dev/null 2>&1 & ) ; rm hold"));
        let code = eventually("the orphan", || std::fs::read_to_string(stage.path("work/out")).ok());
        assert_eq!(code, "code 3\n", "{how}");
    }
    let target = format!("/v1/approvals/{id}");
    let (_, said) = agent.does(&format!(
        "curl -sS -w ' %{{http_code}}' --unix-socket {socket} -H 'Content-Type: application/json' -d '{{\"approve\":true}}' \
         http://gate{target}"
    ));
    assert!(said.ends_with(" 403"), "{said}");
    stage.write("work/left.py", LEFT_BEHIND);
    let _ = std::fs::remove_file(stage.path("work/left"));
    agent.does(&format!("python left.py {socket} {target}"));
    let said = eventually("who was left behind", || std::fs::read_to_string(stage.path("work/left")).ok());
    assert!(said.starts_with("HTTP/1.1 403"), "{said}");
    // Looking is not forbidden.
    let (code, said) =
        agent.does(&format!("{} approvals show {id} --config {config}", env!("CARGO_BIN_EXE_blastgate")));
    assert!(code == 0 && said.contains("pending"), "{said}");
    // What was left behind is taken care of: no zombies below `run`.
    let children = format!("cat /proc/{}/task/*/children", agent.pid().as_raw_nonzero());
    eventually("the end of the orphans", || {
        let (_, said) = agent.does(&children);
        (said.split_whitespace().count() == 1).then_some(())
    });
    assert_eq!((state_of(stage, &id).as_str(), shop.record.len()), ("pending", 0));
    // The person still can.
    operator(stage, &["approvals", "approve", &id]).succeeded();
    operator(stage, &["approvals", "deny", &id]).succeeded();
    assert_eq!(agent.ends().0, Some(0));
}

#[test]
fn the_aws_cli_deletes_a_stack_that_was_approved() {
    let mut stage = Stage::new();
    let cloud = Aws::on(&mut stage, &[]);
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &credentials(PROD_ACCOUNT));
    let delete = "aws cloudformation delete-stack --stack-name approved-billing";
    let (code, said) = agent.does(delete);
    let id = approval_in(&said);
    assert!(matches!(code, 254 | 255) && said.matches("Approval needed (a_").count() == 1, "{said}");
    let asked = cloud.asked_for("DeleteStack");
    operator(&stage, &["approvals", "approve", &id]).succeeded();
    let (code, said) = agent.does(delete);
    assert_eq!(code, 0, "{said}");
    assert_eq!(cloud.asked_for("DeleteStack"), asked + 1);
    let (code, said) = agent.does(delete);
    assert!(code != 0 && approval_in(&said) != id, "{said}");
    assert_eq!(cloud.asked_for("DeleteStack"), asked + 1);
    let (_, said) = agent.ends();
    assert!(said.contains("1 passed") && said.contains("2 stopped"), "{said}");
}

#[test]
fn kubectl_deletes_a_deployment_that_was_approved() {
    if clients::optional("kubectl").is_none() {
        return;
    }
    let mut stage = Stage::new();
    let kube = Kube::on(&mut stage, "prod-eu", "prod-eu.kube.example");
    kube.put("/api/v1/namespaces", "old", json!({ "kind": "Namespace", "apiVersion": "v1" }));
    let mut agent = Agent::start(&stage, &[], &[]);
    let delete = "kubectl delete namespace old --wait=false";
    let (code, said) = agent.does(delete);
    let id = approval_in(&said);
    assert!(code == 1 && kube.get("/api/v1/namespaces", "old").is_some(), "{said}");
    operator(&stage, &["approvals", "approve", &id]).succeeded();
    let (code, said) = agent.does(delete);
    let shown = operator(&stage, &["approvals", "list", "--all", "--json"]).stdout;
    assert!(code == 0 && kube.get("/api/v1/namespaces", "old").is_none(), "{said}\n{shown}");
    assert_eq!(agent.ends().0, Some(0));
}
