//! What people are promised about a gate whose `people.yaml` lists keys: nobody turns it down alone, and what they approved
//! is exactly what it goes by.

use blastgate::record::{ConfigurationEntry, Entry, Ground};
use serde_json::Value;

use crate::support::child::Ended;
use crate::support::shared::{Agent, Ports, SharedGate, approval_in, json, listen, operator, status};
use crate::support::stage::Stage;
use crate::support::{clients, eventually};

const CONFIG: &str = "config/config.yaml";

struct Bench {
    stage: Stage,
    ports: Ports,
    gate: SharedGate,
    config: String,
}

impl Bench {
    /// Ada runs the gate and writes its files; two of the platform's people must approve what loosens.
    fn new() -> Option<Self> {
        clients::optional("ssh-keygen")?;
        let mut stage = Stage::new();
        let people =
            format!("version: 1\npeople:\n{}{}{}", person(&stage, "ada"), person(&stage, "bo"), person(&stage, "cy"));
        stage.write("config/people.yaml", people);
        let ports = listen(&mut stage, "");
        stage.setting("approvals: { changes: { quorum: 2, from: [\"role:platform\"] } }");
        let gate = SharedGate::start(&stage, &ports, &[]);
        let config = std::fs::read_to_string(stage.path(CONFIG)).unwrap();
        Some(Self { stage, ports, gate, config })
    }

    /// The configuration with these lines more, as the gate has seen it; what it calls it.
    #[track_caller]
    fn writes(&self, more: &str) -> String {
        self.stage.write(CONFIG, format!("{}{more}", self.config));
        eventually("the change", || {
            let changes = json(&self.stage, &["changes"]);
            let waits = changes["files"].as_array().unwrap().iter().any(|file| file["taken"] == false);
            waits.then(|| changes["revision"].as_str().unwrap().to_owned())
        })
    }

    /// Has it accepted, which opens a request.
    #[track_caller]
    fn asks(&self, revision: &str) -> String {
        let asked = operator(&self.stage, &["changes", "accept", revision]);
        assert_eq!(asked.code, Some(1), "{asked:#?}");
        for part in ["2 approvals of role:platform", "who can: bo, cy", "goes by it by itself"] {
            assert!(asked.stdout.contains(part), "{part}: {}", asked.stdout);
        }
        approval_in(&asked.stdout)
    }

    fn votes(&self, who: &str, id: &str) -> Ended {
        let key = self.stage.path(&format!("home/{who}")).display().to_string();
        operator(&self.stage, &["approvals", "approve", id, "--as", who, "--key", &key, "--yes"])
    }

    #[track_caller]
    fn is_refused(&self, who: &str, id: &str) {
        let said = self.votes(who, id);
        assert_eq!(said.code, Some(3), "{who}: {said:#?}");
    }

    fn posture(&self) -> Value {
        // Looked at twice: what would be taken up by itself has been.
        json(&self.stage, &["changes"]);
        json(&self.stage, &["changes"]);
        status(&self.stage).unwrap()["posture"].clone()
    }

    fn state(&self, id: &str) -> String {
        json(&self.stage, &["approvals", "show", id])["state"].as_str().unwrap().to_owned()
    }

    fn accepted(&self) -> Vec<ConfigurationEntry> {
        let log = self.stage.log();
        let told = log.entries().iter().filter_map(|entry| match entry {
            Entry::Configuration(change) if change.step.as_str() == "accepted" => Some((**change).clone()),
            _ => None,
        });
        told.collect()
    }
}

/// A person of `people.yaml`, with a key in the stage's home.
fn person(stage: &Stage, name: &str) -> String {
    std::fs::create_dir_all(stage.path("home")).unwrap();
    let key = stage.path(&format!("home/{name}"));
    let mut make = std::process::Command::new("ssh-keygen");
    make.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(&key);
    assert!(make.status().unwrap().success());
    let line = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    let login = if name == "ada" { format!("os_user: {}, ", whoami()) } else { String::new() };
    format!("  - {{ name: {name}, {login}roles: [platform], keys: [\"{}\"] }}\n", line.trim())
}

fn whoami() -> String {
    let output = std::process::Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_gate_is_turned_down_by_its_quorum_only_and_once() {
    let Some(mut bench) = Bench::new() else { return };
    let seen = bench.writes("posture: observe\n");
    let mut agent = Agent::start(&bench.stage, &[], &[]);
    let own = format!(
        "{} changes accept {seen} --config {}",
        env!("CARGO_BIN_EXE_blastgate"),
        bench.stage.path("config").display()
    );
    let (code, said) = agent.does(&own);
    assert!(code == 3 && said.contains("an agent cannot do this for itself"), "{said}");
    let id = bench.asks(&seen);
    let shown = operator(&bench.stage, &["approvals", "show", &id]).succeeded().stdout;
    for part in
        ["posture: guarded → observe", "config.yaml changed", "+ posture: observe", "a change of the gate itself"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    bench.is_refused("ada", &id);
    bench.votes("bo", &id).succeeded();
    bench.is_refused("bo", &id);
    assert_eq!((bench.posture().as_str(), bench.asks(&seen)), (Some("guarded"), id.clone()));
    // A start is no way around it, and forgets nothing.
    let (code, said) = SharedGate::begin(&bench.stage, &bench.ports, &["--replace", "--accept"]).ended();
    assert!(code == Some(2) && said.contains("lists keys"), "{said}");
    let next = SharedGate::start(&bench.stage, &bench.ports, &["--replace"]);
    assert_eq!(std::mem::replace(&mut bench.gate, next).ended().0, Some(0));
    assert_eq!(bench.posture(), "guarded");
    bench.votes("cy", &id).succeeded();
    eventually("what was approved", || (bench.posture() == "observe").then_some(()));
    assert_eq!((bench.state(&id).as_str(), bench.accepted().len()), ("used", 1));
    let told = bench.accepted().remove(0);
    let voters = vec!["bo".to_owned(), "cy".to_owned()];
    assert_eq!((told.ground, told.by), (Some(Ground::Approval { id: id.parse().unwrap(), voters }), None));
    let page = operator(&bench.stage, &["log", "configuration"]).succeeded().stdout;
    assert!(page.contains("approved by bo, cy"), "{page}");
    // Stricter by itself; back again is the same content, and another change.
    bench.stage.write(CONFIG, &bench.config);
    eventually("the posture", || (bench.posture() == "guarded").then_some(()));
    let again = bench.writes("posture: observe\n");
    assert_eq!((again == seen, bench.posture().as_str()), (true, Some("guarded")));
    assert_ne!(bench.asks(&again), id);
    assert_eq!(bench.posture(), "guarded");
}

#[test]
fn what_was_not_approved_is_not_taken_up() {
    let Some(bench) = Bench::new() else { return };
    let first = bench.asks(&bench.writes("posture: observe\n"));
    bench.votes("bo", &first).succeeded();
    // Other files than those that bo saw.
    let seen = bench.writes("posture: observe\nhooks: { ask: true }\n");
    eventually("the end of the request", || (bench.state(&first) == "void").then_some(()));
    bench.is_refused("cy", &first);
    let second = bench.asks(&seen);
    bench.votes("cy", &second).succeeded();
    assert_eq!(bench.posture(), "guarded");
    // A change has no say about who answers it.
    let people = std::fs::read_to_string(bench.stage.path("config/people.yaml")).unwrap();
    bench.stage.write("config/people.yaml", format!("{people}{}", person(&bench.stage, "eve")));
    let quorum = bench.config.replace("quorum: 2", "quorum: 1");
    bench.stage.write(CONFIG, format!("{quorum}posture: observe\n"));
    let seen = eventually("the change", || {
        let changes = json(&bench.stage, &["changes"]);
        (changes["files"].as_array()?.len() == 2).then(|| changes["revision"].as_str().unwrap().to_owned())
    });
    let third = bench.asks(&seen);
    bench.is_refused("eve", &third);
    bench.votes("bo", &third).succeeded();
    assert_eq!((bench.posture().as_str(), bench.state(&third).as_str()), (Some("guarded"), "pending"));
    // A no ends it.
    let key = bench.stage.path("home/cy").display().to_string();
    operator(&bench.stage, &["approvals", "deny", &third, "--as", "cy", "--key", &key, "--reason", "no"]).succeeded();
    let asked = operator(&bench.stage, &["changes", "accept", &seen]);
    assert!(asked.code == Some(3) && asked.stderr.contains("cy said no (no)"), "{asked:#?}");
    assert_eq!((bench.posture().as_str(), bench.accepted().len()), (Some("guarded"), 0));
}
