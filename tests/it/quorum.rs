//! Approvals by several people, each with a key of their own: what they promise, and every way round them that was thought
//! of, through the real door with real signatures.

use std::path::PathBuf;

use blastgate::record::Entry;

use crate::support::child::{self, Ended};
use crate::support::moto::{Aws, credentials};
use crate::support::shared::{Agent, SharedGate, approval_in, json as told, operator};
use crate::support::stage::{PROD_ACCOUNT, Stage};
use crate::support::upstream::Upstream;
use crate::support::{PATIENCE, clients, eventually};

const DELETE: &str = "curl -sS -X DELETE https://shop.example/orders/7";

/// Two of the SREs; whoever owns the shop among them.
const RULE: &str = r#"id: own/orders
owner: "@orders"
severity: high
match:
  operation: ["http:shop.example:DELETE"]
decision: escalate
approval: { quorum: 2, from: [role:sre] }
message: Orders are deleted with two people's consent.
instead: Ask in the orders channel.
"#;

fn whoami() -> String {
    let output = std::process::Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A key of this person; the second one of the same is another.
fn key(stage: &Stage, name: &str) -> (PathBuf, String) {
    let file = stage.write(&format!("keys/{name}"), "");
    std::fs::remove_file(&file).unwrap();
    let mut make = stage.command("ssh-keygen");
    make.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(&file);
    child::run(make, PATIENCE).succeeded();
    let public = std::fs::read_to_string(file.with_extension("pub")).unwrap();
    (file, public.trim().to_owned())
}

/// `ana` starts the agents; `bo` has two keys, `cy` and `dee` one; `eve` is listed nowhere. All SREs but eve.
fn people(stage: &Stage) {
    let key = |name: &str| key(stage, name).1;
    let text = format!(
        "version: 1\npeople:\n\
         - {{ name: ana, os_user: {}, roles: [sre, admin], keys: [\"{}\"] }}\n\
         - {{ name: bo, roles: [sre, dba], keys: [\"{}\", \"{}\"] }}\n\
         - {{ name: cy, roles: [sre], keys: [\"{}\"] }}\n\
         - {{ name: dee, roles: [dba], keys: [\"{}\"] }}\n",
        whoami(),
        key("ana"),
        key("bo"),
        key("bo2"),
        key("cy"),
        key("dee")
    );
    key("eve");
    stage.write("config/people.yaml", text);
    stage.write("config/rules/own/orders.yaml", RULE);
}

fn stage() -> Option<(Stage, Upstream)> {
    clients::optional("curl")?;
    clients::optional("ssh-keygen")?;
    let mut stage = Stage::new();
    let shop = Upstream::start(&stage.ca, &["shop.example"]);
    stage.resolve("shop.example", shop.address);
    people(&stage);
    Some((stage, shop))
}

fn says(stage: &Stage, what: &str, id: &str, who: &str, key: &str) -> Ended {
    let key = stage.path(&format!("keys/{key}")).display().to_string();
    operator(stage, &["approvals", what, id, "--as", who, "--key", &key, "--reason", "CHG-7", "--yes"])
}

#[track_caller]
fn approves(stage: &Stage, id: &str, who: &str) -> String {
    says(stage, "approve", id, who, who).succeeded().stdout
}

fn state_of(stage: &Stage, id: &str) -> String {
    told(stage, &["approvals", "show", id])["state"].as_str().unwrap().to_owned()
}

fn steps(stage: &Stage, id: &str) -> Vec<String> {
    let entries = stage.log().entries().to_vec();
    let step = |entry: &Entry| match entry {
        Entry::Approval(step) if step.id.to_string() == id => Some(step.step.as_str().to_owned()),
        _ => None,
    };
    entries.iter().filter_map(step).collect()
}

#[test]
fn two_people_sign_and_it_passes_once() {
    let Some((mut stage, shop)) = stage() else { return };
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    let (_, said) = agent.does(DELETE);
    let id = approval_in(&said);
    assert!(said.contains("It takes 2 approvals of role:sre"), "{said}");
    let first = approves(&stage, &id, "bo");
    assert!(first.contains("1 more"), "{first}");
    assert_eq!(approval_in(&agent.does(DELETE).1), id, "one of two is none");
    let shown = operator(&stage, &["approvals", "show", &id]).succeeded().stdout;
    assert!(shown.contains("approved   bo") && shown.contains("signed with SHA256:"), "{shown}");
    assert!(approves(&stage, &id, "cy").contains("approved: what was shown passes once"));
    let (_, passed) = agent.does(DELETE);
    assert!(passed.contains("\"method\":\"DELETE\"") && shop.record.len() == 1, "{passed}");
    assert_ne!(approval_in(&agent.does(DELETE).1), id);
    assert_eq!(shop.record.len(), 1);
    assert_eq!(steps(&stage, &id), ["opened", "voted", "approved", "used"]);
    // The log holds what proves each of them, for whoever does not trust the gate.
    let proofs: Vec<(String, String)> = stage
        .log()
        .entries()
        .iter()
        .filter_map(|entry| match entry {
            Entry::Approval(step) => Some((step.statement.clone()?, step.signature.clone()?)),
            _ => None,
        })
        .collect();
    assert_eq!(proofs.len(), 2);
    for ((statement, signature), who) in proofs.iter().zip(["bo", "cy"]) {
        let public = std::fs::read_to_string(stage.path(&format!("keys/{who}.pub"))).unwrap();
        stage.write("keys/allowed", format!("{who} {public}"));
        stage.write("keys/vote.sig", signature);
        let text = stage.write("keys/vote", statement);
        let mut verify = stage.command("sh");
        let line = format!(
            "ssh-keygen -Y verify -f keys/allowed -I {who} -n blastgate-vote@blastgate.dev -s keys/vote.sig <{}",
            text.display()
        );
        verify.args(["-c", &line]).current_dir(stage.path(""));
        child::run(verify, PATIENCE).succeeded();
    }
}

#[test]
fn nobody_counts_twice_and_the_requester_never() {
    let Some((mut stage, shop)) = stage() else { return };
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    let id = approval_in(&agent.does(DELETE).1);
    let refused = |who: &str, key: &str, why: &str| {
        let ended = says(&stage, "approve", &id, who, key);
        assert!(matches!(ended.code, Some(2 | 3)) && ended.stderr.contains(why), "{who} {key}: {ended:#?}");
    };
    refused("ana", "ana", "whom the session acts for");
    refused("bo", "cy", "does not list the key");
    refused("eve", "eve", "names nobody");
    approves(&stage, &id, "bo");
    refused("bo", "bo2", "has answered already");
    let unsigned = r#"{"answer":"approve","reason":""}"#;
    let socket = stage.path("runtime/blastgate/control.sock");
    let mut curl = stage.command("curl");
    curl.args(["-sS", "-w", " %{http_code}", "-H", "Content-Type: application/json", "-d", unsigned, "--unix-socket"]);
    curl.arg(socket).arg(format!("http://gate/v1/approvals/{id}"));
    let ended = child::run(curl, PATIENCE).succeeded().stdout;
    assert!(ended.ends_with(" 403") && ended.contains("must be signed"), "{ended}");
    assert_eq!((state_of(&stage, &id).as_str(), shop.record.len()), ("pending", 0));
}

/// Signs what the gate would have this person say, elsewhere.
fn signed(stage: &Stage, id: &str, who: &str, key: &str, namespace: &str) -> (PathBuf, PathBuf) {
    let statement = operator(stage, &["approvals", "statement", id, "--as", who]).succeeded().stdout;
    let file = stage.write("keys/statement", statement);
    sign(stage, &file, key, namespace)
}

fn sign(stage: &Stage, file: &PathBuf, key: &str, namespace: &str) -> (PathBuf, PathBuf) {
    let _ = std::fs::remove_file(file.with_extension("sig"));
    let mut sign = stage.command("ssh-keygen");
    sign.args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(stage.path(&format!("keys/{key}"))).arg(file);
    child::run(sign, PATIENCE).succeeded();
    let signature = PathBuf::from(format!("{}.sig", file.display()));
    (file.clone(), signature)
}

fn cast(stage: &Stage, id: &str, (statement, signature): &(PathBuf, PathBuf)) -> Ended {
    let (statement, signature) = (statement.display().to_string(), signature.display().to_string());
    operator(stage, &["approvals", "cast", id, "--statement", &statement, "--signature", &signature])
}

const NAMESPACE: &str = "blastgate-vote@blastgate.dev";

#[test]
fn forged_and_borrowed_votes_do_not_count_and_are_recorded() {
    let Some((mut stage, shop)) = stage() else { return };
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    let id = approval_in(&agent.does(DELETE).1);
    let refused = |ballot: &(PathBuf, PathBuf), why: &str| {
        let ended = cast(&stage, &id, ballot);
        assert!(ended.code == Some(3) && ended.stderr.contains(why), "{why}: {ended:#?}");
    };
    refused(&signed(&stage, &id, "bo", "cy", NAMESPACE), "is `cy`'s, and the vote is `bo`'s");
    refused(&signed(&stage, &id, "bo", "eve", NAMESPACE), "nobody in people.yaml has the key");
    refused(&signed(&stage, &id, "bo", "bo", "git"), "signed for `git`");
    // What was signed says something else now.
    let honest = signed(&stage, &id, "bo", "bo", NAMESPACE);
    let text = std::fs::read_to_string(&honest.0).unwrap();
    let edited = stage.write("keys/edited", text.replace("answer: approve", "answer: deny"));
    refused(&(edited, honest.1.clone()), "the signature is not one of this vote");
    // A vote for one request, handed in for another.
    let mut other = Agent::start(&stage, &[], &[]);
    let elsewhere = approval_in(&other.does(DELETE).1);
    assert_ne!(elsewhere, id);
    let ended = cast(&stage, &elsewhere, &honest);
    assert!(ended.code == Some(3) && ended.stderr.contains(&format!("it is a vote for `{id}`")), "{ended:#?}");
    let relabelled = stage.write("keys/relabelled", text.replace(&id, &elsewhere));
    assert_eq!(cast(&stage, &elsewhere, &(relabelled, honest.1.clone())).code, Some(3));
    // What grew since it was looked at.
    agent.does("curl -sS -X DELETE https://shop.example/orders/8");
    refused(&honest, "has changed since it was shown");
    let now = signed(&stage, &id, "bo", "bo", NAMESPACE);
    cast(&stage, &id, &now).succeeded();
    // Taken back, and the old vote handed in again.
    says(&stage, "withdraw", &id, "bo", "bo").succeeded();
    refused(&now, "has answered already");
    approves(&stage, &id, "cy");
    assert_eq!((state_of(&stage, &id).as_str(), shop.record.len()), ("pending", 0));
    let refusals = steps(&stage, &id).iter().filter(|step| *step == "refused").count();
    assert_eq!(refusals, 6);
    // An agent that holds a good vote cannot hand it in either, and that it tried is in the log.
    let good = signed(&stage, &id, "bo", "bo", NAMESPACE);
    let config = stage.path("config").display().to_string();
    let (code, said) = agent.does(&format!(
        "{} approvals cast {id} --statement {} --signature {} --config {config}",
        env!("CARGO_BIN_EXE_blastgate"),
        good.0.display(),
        good.1.display()
    ));
    assert!(code == 3 && said.contains("an agent cannot do this for itself"), "{code} {said}");
    assert_eq!(steps(&stage, &id).iter().filter(|step| *step == "refused").count(), 7);
}

#[test]
fn of_many_retries_at_once_one_passes() {
    let Some((mut stage, shop)) = stage() else { return };
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    let id = approval_in(&agent.does(DELETE).1);
    approves(&stage, &id, "bo");
    approves(&stage, &id, "cy");
    let (_, said) = agent.does(&format!("seq 32 | xargs -P 32 -I{{}} {DELETE}"));
    assert_eq!(said.matches("\"method\":\"DELETE\"").count(), 1, "{said}");
    assert_eq!((shop.record.len(), state_of(&stage, &id).as_str()), (1, "used"));
}

#[test]
fn a_storm_of_calls_is_one_request_and_few_of_them_stay_open() {
    let Some((mut stage, shop)) = stage() else { return };
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    let storm = "seq 200 | xargs -P 8 -I{} curl -sS -o /dev/null -X DELETE https://shop.example/orders/{}";
    agent.does(storm);
    agent.does(storm);
    let open = told(&stage, &["approvals", "list"]);
    assert_eq!(open.as_array().unwrap().len(), 1, "{open:#}");
    assert_eq!(open[0]["actions"], 200);
    // Another agent is not kept waiting.
    let mut other = Agent::start(&stage, &[], &[]);
    assert_ne!(approval_in(&other.does(DELETE).1), open[0]["id"].as_str().unwrap());
    assert_eq!(shop.record.len(), 0);
}

#[test]
fn a_restart_between_any_two_steps_loses_nothing_and_sends_nothing_twice() {
    let Some((mut stage, shop)) = stage() else { return };
    let ports = crate::support::shared::listen(&mut stage, "");
    let mut gate = SharedGate::start(&stage, &ports, &[]);
    let mut agent = Agent::start(&stage, &[], &[]);
    let again = |gate: SharedGate| {
        gate.kill();
        SharedGate::start(&stage, &ports, &[])
    };
    let id = approval_in(&agent.does(DELETE).1);
    gate = again(gate);
    approves(&stage, &id, "bo");
    gate = again(gate);
    assert_eq!(approval_in(&agent.does(DELETE).1), id);
    approves(&stage, &id, "cy");
    gate = again(gate);
    let (_, said) = agent.does(DELETE);
    assert!(said.contains("\"method\":\"DELETE\""), "{said}");
    gate = again(gate);
    assert_ne!(approval_in(&agent.does(DELETE).1), id);
    assert_eq!(shop.record.len(), 1);
    gate.stop();
}

#[test]
fn a_rule_or_a_person_that_changes_between_vote_and_use_voids_it() {
    let Some((mut stage, shop)) = stage() else { return };
    let gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    let approved = |agent: &mut Agent| {
        let id = approval_in(&agent.does(DELETE).1);
        approves(&stage, &id, "bo");
        approves(&stage, &id, "cy");
        id
    };
    let taken_up = || stage.log().entries().iter().filter(|entry| matches!(entry, Entry::Configuration(_))).count();
    let id = approved(&mut agent);
    let before = taken_up();
    let stricter = RULE.replace("quorum: 2", "quorum: 3").replace("own/orders", "own/orders-of-three");
    stage.write("config/rules/own/orders-of-three.yaml", stricter);
    gate.signal(rustix::process::Signal::HUP);
    eventually("the stricter rule", || (taken_up() > before).then_some(()));
    assert_ne!(approval_in(&agent.does(DELETE).1), id);
    assert_eq!((state_of(&stage, &id).as_str(), shop.record.len()), ("void", 0));
}

#[test]
fn a_vote_after_the_end_is_none() {
    let Some((mut stage, shop)) = stage() else { return };
    stage.setting("approvals: { pending: 400ms }");
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    let id = approval_in(&agent.does(DELETE).1);
    let ballot = signed(&stage, &id, "bo", "bo", NAMESPACE);
    eventually("the end of the request", || (state_of(&stage, &id) == "expired").then_some(()));
    let ended = cast(&stage, &id, &ballot);
    assert!(ended.code == Some(3) && ended.stderr.contains("is expired"), "{ended:#?}");
    assert_eq!(shop.record.len(), 0);
}

#[test]
fn the_glass_is_broken_by_one_and_reviewed_by_another() {
    let Some((mut stage, shop)) = stage() else { return };
    stage.setting("approvals: { break_glass: { role: dba, expires: 10m } }");
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &[]);
    let id = approval_in(&agent.does(DELETE).1);
    assert_eq!(says(&stage, "break-glass", &id, "cy", "cy").code, Some(3), "not an administrator of databases");
    says(&stage, "break-glass", &id, "dee", "dee").succeeded();
    let (_, said) = agent.does(DELETE);
    assert!(said.contains("\"method\":\"DELETE\"") && shop.record.len() == 1, "{said}");
    let listed = operator(&stage, &["approvals", "list", "--unreviewed"]).succeeded().stdout;
    assert!(listed.contains(&id), "{listed}");
    assert_eq!(says(&stage, "review", &id, "dee", "dee").code, Some(3));
    says(&stage, "review", &id, "cy", "cy").succeeded();
    let listed = operator(&stage, &["approvals", "list", "--unreviewed"]).succeeded().stdout;
    assert!(!listed.contains(&id), "{listed}");
    assert_eq!(steps(&stage, &id), ["opened", "refused", "broken glass", "used", "refused", "reviewed"]);
}

const STACKS: &str = r#"id: own/stacks
owner: "@platform"
severity: high
match:
  operation: ["aws:cloudformation:DeleteStack"]
decision: escalate
approval: { quorum: 2, from: [role:sre] }
message: Stacks are deleted with two people's consent.
instead: Ask in the platform channel.
"#;

#[test]
fn the_aws_cli_deletes_once_what_two_people_signed_and_nothing_beside_it() {
    if clients::optional("ssh-keygen").is_none() {
        return;
    }
    let mut stage = Stage::new();
    people(&stage);
    stage.write("config/rules/own/stacks.yaml", STACKS);
    let cloud = Aws::on(&mut stage, &[]);
    let _gate = SharedGate::on(&mut stage);
    let mut agent = Agent::start(&stage, &[], &credentials(PROD_ACCOUNT));
    let delete = "aws cloudformation delete-stack --stack-name billing";
    let (code, said) = agent.does(delete);
    let id = approval_in(&said);
    assert!(matches!(code, 254 | 255) && said.contains("2 approvals of role:sre"), "{said}");
    let asked = cloud.asked_for("DeleteStack");
    approves(&stage, &id, "bo");
    approves(&stage, &id, "cy");
    for other in [
        "aws cloudformation delete-stack --stack-name billing2",
        "aws cloudformation delete-stack --stack-name billing --retain-resources Queue",
        "aws cloudformation delete-stack --stack-name billing --region eu-west-1",
    ] {
        let (code, said) = agent.does(other);
        assert!(code != 0 && approval_in(&said) != id, "{other}: {said}");
    }
    assert_eq!(cloud.asked_for("DeleteStack"), asked);
    let (code, said) = agent.does(delete);
    assert_eq!(code, 0, "{said}");
    assert_eq!(cloud.asked_for("DeleteStack"), asked + 1);
    let (code, said) = agent.does(delete);
    let next = approval_in(&said);
    assert!(code != 0 && next != id, "{said}");
    // A no at one door is a no at the others.
    says(&stage, "deny", &next, "dee", "dee").succeeded();
    let call = serde_json::json!({
        "session_id": "s1", "cwd": stage.path("work"), "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_input": { "command": delete }, "tool_use_id": "t1"
    });
    stage.write("work/call.json", call.to_string());
    let (_, said) = agent.does(&format!("{} hook claude-code <call.json", env!("CARGO_BIN_EXE_blastgate")));
    assert!(said.contains("dee said no"), "{said}");
    assert_eq!(cloud.asked_for("DeleteStack"), asked + 1);
}

/// An agent that reached the operator's SSH agent could have its own request signed there.
#[test]
fn what_signs_answers_is_not_handed_to_the_agent() {
    let Some((stage, _shop)) = stage() else { return };
    if clients::optional("ssh-agent").is_none() {
        return;
    }
    let starts = |name: &str| {
        let mut around = stage.command("ssh-agent");
        let run = stage.blastgate(["run", "--quiet", "--", "sh", "-c", "echo ${SSH_AUTH_SOCK:+handed}"]);
        let words: Vec<_> = std::iter::once(run.as_std().get_program()).chain(run.as_std().get_args()).collect();
        around.envs(run.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
        around.args(["sh", "-c", "ssh-add -q \"$0\" && exec \"$@\""]).arg(stage.path(&format!("keys/{name}")));
        around.args(words);
        child::run(around, PATIENCE).succeeded()
    };
    let listed = starts("bo");
    assert_eq!(listed.stdout.trim(), "", "{listed:#?}");
    assert!(listed.stderr.contains("SSH_AUTH_SOCK is not passed on: it holds a key that answers approvals (bo)"));
    let other = starts("eve");
    assert_eq!((other.stdout.trim(), other.stderr.as_str()), ("handed", ""));
}
