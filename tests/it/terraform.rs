//! What Terraform is promised about a state that a server keeps (its `http` backend).

use std::sync::{Arc, Mutex};

use http_body_util::BodyExt;

use crate::support::child::{self, Ended};
use crate::support::listeners::{SharedGate, free_port};
use crate::support::server::{self, answer};
use crate::support::stage::Stage;
use crate::support::{PATIENCE, clients};

/// A server for one state. It remembers what it was asked.
#[derive(Clone, Default)]
struct Backend(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    asked: Vec<String>,
    state: Option<Vec<u8>>,
    lock: Option<Vec<u8>>,
}

impl Backend {
    /// Puts it onto the stage as `host`.
    fn on(stage: &mut Stage, host: &str) -> Self {
        let backend = Self::default();
        let handler: server::Handler = {
            let backend = backend.clone();
            Arc::new(move |request, _| {
                let backend = backend.clone();
                Box::pin(async move {
                    let method = request.method().to_string();
                    let Ok(body) = request.into_body().collect().await else { return answer(400, "text/plain", "") };
                    backend.take(&method, body.to_bytes().to_vec())
                })
            })
        };
        let address = server::serve(Some(stage.ca.server(&[host], &["h2", "http/1.1"])), handler);
        stage.resolve(host, address);
        backend
    }

    fn take(&self, method: &str, body: Vec<u8>) -> server::Answer {
        let mut kept = self.0.lock().unwrap();
        kept.asked.push(method.to_owned());
        match (method, kept.lock.clone()) {
            ("GET", _) => match &kept.state {
                Some(state) => answer(200, "application/json", state.clone()),
                None => answer(404, "text/plain", ""),
            },
            ("POST", _) => {
                kept.state = Some(body);
                answer(200, "text/plain", "")
            }
            ("DELETE", _) => {
                kept.state = None;
                answer(200, "text/plain", "")
            }
            ("LOCK", Some(held)) => answer(423, "application/json", held),
            ("LOCK", None) => {
                kept.lock = Some(body);
                answer(200, "text/plain", "")
            }
            ("UNLOCK", _) => {
                kept.lock = None;
                answer(200, "text/plain", "")
            }
            _ => answer(405, "text/plain", ""),
        }
    }

    fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().asked.clone()
    }
}

/// Writes a configuration whose state is kept at `address`; `None` without terraform.
fn written(stage: &mut Stage, address: &str) -> Option<()> {
    clients::optional("terraform")?;
    let text = format!(
        "terraform {{\n  backend \"http\" {{\n    address = \"{address}/state\"\n    lock_address = \"{address}/lock\"\n    \
         unlock_address = \"{address}/lock\"\n  }}\n}}\nresource \"terraform_data\" \"one\" {{\n  input = \"a\"\n}}\n"
    );
    stage.write("work/main.tf", text);
    stage.variable("CHECKPOINT_DISABLE", "1").variable("TF_IN_AUTOMATION", "1");
    Some(())
}

/// A working day; what each step says.
const DAY: &[(&[&str], &str)] = &[
    (&["init", "-no-color"], "successfully initialized"),
    (&["apply", "-no-color", "-auto-approve"], "1 added, 0 changed, 0 destroyed"),
    (&["plan", "-no-color"], "No changes"),
    (&["state", "list"], "terraform_data.one"),
];

/// What a backend is asked on such a day.
#[track_caller]
fn is_a_day(backend: &Backend) {
    let asked = backend.asked();
    let count = |method: &str| asked.iter().filter(|one| *one == method).count();
    assert_eq!((count("LOCK"), count("UNLOCK"), count("POST")), (2, 2, 1), "{asked:?}");
    assert!(backend.0.lock().unwrap().lock.is_none());
}

#[test]
fn a_working_day_passes_through_run() {
    let mut stage = Stage::new();
    // The state is production's: locks, and a state that is written, are ordinary work there.
    let backend = Backend::on(&mut stage, "state.prod.example");
    if written(&mut stage, "https://state.prod.example").is_none() {
        return;
    }
    for (step, said) in DAY {
        let ended = stage.run(&[&["terraform"], *step].concat()).succeeded();
        assert!(ended.stdout.contains(said), "{step:?}: {ended:#?}");
    }
    is_a_day(&backend);
    stage.log().is_undisturbed();
    assert_eq!(stage.log().of("http:state.prod.example:LOCK").len(), 2);
}

/// Whatever was in it is destroyed by then or is forgotten: the document does not say which.
#[test]
fn an_emptied_state_waits_for_people_in_production_only() {
    for (host, code) in [("state.dev.example", 0), ("state.prod.example", 1)] {
        let mut stage = Stage::new();
        let backend = Backend::on(&mut stage, host);
        if written(&mut stage, &format!("https://{host}")).is_none() {
            return;
        }
        for (step, said) in &DAY[..2] {
            let ended = stage.run(&[&["terraform"], *step].concat()).succeeded();
            assert!(ended.stdout.contains(said), "{step:?}: {ended:#?}");
        }
        let ended = stage.run(&["terraform", "destroy", "-no-color", "-auto-approve"]);
        assert_eq!(ended.code, Some(code), "{ended:#?}");
        let kept = backend.0.lock().unwrap();
        let state: serde_json::Value = serde_json::from_slice(kept.state.as_deref().unwrap()).unwrap();
        assert_eq!(state["resources"].as_array().unwrap().len(), usize::from(code == 1), "{state}");
        // Terraform writes what it could not send into a file of its own, and lets go of the lock.
        assert_eq!(stage.path("work/errored.tfstate").exists(), code == 1);
        assert!(kept.lock.is_none());
        if code == 1 {
            assert_eq!(stage.log().stopped(), [format!("http:{host}:POST escalate")]);
        } else {
            stage.log().is_undisturbed();
        }
    }
}

#[test]
fn a_working_day_passes_through_a_reverse_listener() {
    let mut stage = Stage::new();
    let backend = Backend::on(&mut stage, "state.prod.example");
    let at = free_port();
    if written(&mut stage, &format!("http://{at}")).is_none() {
        return;
    }
    let listener = format!("{{ name: state, listen: \"{at}\", upstream: \"https://state.prod.example\" }}");
    let _gate = SharedGate::start(&stage, &[listener], "");
    for (step, said) in DAY {
        let mut command = stage.command("terraform");
        command.args(*step);
        let ended = child::run(command, PATIENCE).succeeded();
        assert!(ended.stdout.contains(said), "{step:?}: {ended:#?}");
    }
    is_a_day(&backend);
    stage.log().is_undisturbed();
}

const RULE: &str = "\
id: acme/state-freeze
owner: \"@acme\"
severity: high
match: { operation: [\"http:state.prod.example:LOCK\"] }
decision: deny
message: >
  The state is frozen until the migration is over.
instead: >
  Run `terraform plan -lock=false` to look at it.
tests:
  match:
    - { http: { method: LOCK, url: \"https://state.prod.example/lock\" } }
  not_match:
    - { http: { method: GET, url: \"https://state.prod.example/state\" } }
";

#[track_caller]
fn is_told(ended: &Ended) {
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let words: Vec<&str> = ended.stderr.split_whitespace().collect();
    let said = words.join(" ");
    assert_eq!(said.matches("The state is frozen until the migration is over.").count(), 1, "{ended:#?}");
    assert!(said.contains("acme/state-freeze") && said.contains("terraform plan -lock=false"), "{ended:#?}");
}

#[test]
fn a_refused_lock_is_told_once_and_nothing_is_written() {
    let mut stage = Stage::new();
    let backend = Backend::on(&mut stage, "state.prod.example");
    if written(&mut stage, "https://state.prod.example").is_none() {
        return;
    }
    stage.write("config/rules/acme/state-freeze.yaml", RULE);
    stage.run(&["terraform", "init", "-no-color"]).succeeded();
    is_told(&stage.run(&["terraform", "apply", "-no-color", "-auto-approve"]));
    assert_eq!(stage.log().stopped(), ["http:state.prod.example:LOCK deny"]);
    is_told(&stage.run(&["terraform", "plan", "-no-color"]));
    stage.run(&["terraform", "plan", "-no-color", "-lock=false"]).succeeded();
    assert_eq!(stage.log().stopped().len(), 2);
    // Who says to wait for a lock waits for this one too.
    is_told(&stage.run(&["terraform", "plan", "-no-color", "-lock-timeout=2s"]));
    assert_eq!(stage.log().stopped().len(), 4);
    assert!(backend.asked().iter().all(|method| method == "GET"), "{:?}", backend.asked());
    assert!(!stage.path("work/errored.tfstate").exists());
}
