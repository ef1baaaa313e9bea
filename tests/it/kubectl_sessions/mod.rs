//! Whole sessions of the real kubectl through the gate, in a cluster for development and in one for production: what is
//! harmless is not bothered, what is stopped is said once and never arrives, and the log tells what the server saw.
//!
//! The server is a real one where it has been built (`support/apiserver.rs`), whose audit log is the witness; else the
//! tests' own cluster, without the steps that need controllers. `just soak kubectl-sessions` requires the real one and
//! writes the figures to `docs/soak/kubectl-sessions.md`.

mod figures;
mod steps;

use std::collections::BTreeMap;

use blastgate::model::Disposition;
use blastgate::record::{Outcome, OutcomeEntry};
use serde_json::json;

use crate::kubectl::FORWARD;
use crate::support::child::Ended;
use crate::support::cluster::{Call, Cluster};
use crate::support::log::describe;
use crate::support::shared::{Agent, SharedGate, approval_in, operator};
use crate::support::stage::Stage;
use crate::support::{clients, eventually};
use steps::Step;

/// A stage with a cluster, and what stands in it.
struct Session {
    stage: Stage,
    cluster: Cluster,
    name: &'static str,
    namespace: String,
    is_production: bool,
}

impl Session {
    /// `None` without kubectl.
    fn start(name: &'static str, is_production: bool) -> Option<Self> {
        clients::optional("kubectl")?;
        clients::spdy()?;
        let mut stage = Stage::new();
        let (kind, context) = if is_production { ("prod", "prod-eu") } else { ("dev", "kind-dev") };
        let namespace = format!("{name}-{kind}");
        let cluster = Cluster::on(&mut stage, context, &namespace);
        for (file, text) in steps::FILES {
            stage.write(&format!("work/{file}"), text);
        }
        let session = Self { stage, cluster, name, namespace, is_production };
        session.furnish();
        Some(session)
    }

    /// A deployment of three, two pods of nobody's, and two nodes.
    fn furnish(&self) {
        let namespace = format!("/api/v1/namespaces/{}", self.namespace);
        let container = json!({ "name": "web", "image": "web:1", "stdin": true });
        let labels = json!({ "app": "web" });
        let web = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "labels": labels }, "spec": {
            "replicas": 3, "selector": { "matchLabels": labels }, "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [container], "terminationGracePeriodSeconds": 1 } } } });
        self.cluster.put(&self.collection("apps/v1", "deployments"), "web", web);
        let node = format!("{}-n1", self.namespace);
        self.cluster.add_node(&node);
        let release = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": {}, "type": "helm.sh/release.v1" });
        self.cluster.put(&format!("{namespace}/secrets"), "sh.helm.release.v1.shop.v1", release);
        let key = rcgen::KeyPair::generate().unwrap();
        let signing = rcgen::CertificateParams::new(Vec::new()).unwrap().serialize_request(&key).unwrap();
        let request = json!({
            "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {},
            "spec": { "request": data_encoding::BASE64.encode(signing.pem().unwrap().as_bytes()),
                      "signerName": "kubernetes.io/kube-apiserver-client", "usages": ["client auth"] },
        });
        self.cluster.put("/apis/certificates.k8s.io/v1/certificatesigningrequests", &self.namespace, request);
        for name in ["web-1", "web-2", "web-3"] {
            let pod = json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": { "labels": { "app": "solo" } },
                "spec": { "containers": [container], "nodeName": node, "terminationGracePeriodSeconds": 1 },
                "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] },
            });
            self.cluster.put(&format!("{namespace}/pods"), name, pod);
            eventually("a pod", || {
                (self.cluster.get(&format!("{namespace}/pods"), name)?["status"]["phase"] == "Running").then_some(())
            });
        }
    }

    /// The path of a collection in the session's namespace.
    fn collection(&self, group_version: &str, plural: &str) -> String {
        let base = if group_version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{group_version}") };
        format!("{base}/namespaces/{}/{plural}", self.namespace)
    }

    /// The command line with the session's own names.
    fn line(&self, command: &str) -> String {
        let validate = if self.cluster.is_real() { "" } else { "--validate=false" };
        let node = format!("{}-n1", self.namespace);
        let command = command.replace("{forward}", FORWARD);
        command.replace("{ns}", &self.namespace).replace("{node}", &node).replace("{unvalidated}", validate)
    }

    /// Takes the steps one after the other.
    fn takes(&self, steps: &[Step]) {
        let (mut taken, mut before, mut wrong) = (0, 0, Vec::new());
        let client = client();
        let is_possible = |step: &&Step| step.since <= client && (self.cluster.is_real() || !step.needs_controllers);
        for step in steps.iter().filter(is_possible) {
            let line = self.line(step.command);
            let ended = self.stage.run(&["sh", "-c", &line]);
            let mut stopped = self.stage.log().stopped().split_off(before);
            before += stopped.len();
            // An exec that is refused over WebSockets is tried once more over SPDY.
            stopped.dedup_by(|next, one| next == one && one.contains(".connect "));
            let expected = if self.is_production { step.production } else { step.development };
            let is_as_it_should = if expected.is_empty() {
                ended.code == Some(step.code)
            } else {
                ended.code == Some(step.refused) && is_told_once(&line, &ended, expected)
            };
            if stopped != expected || !is_as_it_should {
                wrong.push(format!("{line}: stopped {stopped:?}, {ended:#?}"));
            }
            taken += 1;
        }
        assert!(wrong.is_empty(), "in {}: {}", self.namespace, wrong.join("\n"));
        let log = self.stage.log();
        assert!(log.rejected().is_empty(), "unreadable: {:#?}", log.rejected());
        let is_cut = |one: &&&OutcomeEntry| match &one.outcome {
            Outcome::Tunnelled { streamed, .. } => streamed.as_ref().is_none_or(|streamed| streamed.cut.is_some()),
            _ => false,
        };
        let outcomes = log.outcomes();
        assert_eq!(outcomes.iter().find(is_cut), None, "a stream was cut, or not followed");
        let calls = self.log_tells_what_the_server_saw();
        let real = self.cluster.is_real();
        figures::meet(self.cluster.clients());
        figures::add(self.name, self.is_production, real, [taken, log.decisions().len(), calls, log.stopped().len()]);
    }

    /// Compares both, whichever order things came in; gives how many requests there were.
    fn log_tells_what_the_server_saw(&self) -> usize {
        let log = self.stage.log();
        let forwarded = log.decisions().into_iter().filter(|one| one.disposition == Disposition::Forwarded);
        let told: Vec<Call> = forwarded
            .map(|one| {
                assert_eq!(one.actions.len(), 1, "{}", describe(one));
                let action = &one.actions[0];
                let operation = action.operation.to_string();
                if operation.starts_with("kubernetes:server:") {
                    return Call { operation: "kubernetes:server".to_owned(), name: "*".to_owned() };
                }
                // The tests' own cluster does not look into bodies.
                if !self.cluster.is_real() && operation.ends_with(".create") && !operation.contains('/') {
                    return Call { operation, name: "*".to_owned() };
                }
                let name = action.resources.first().map_or("*".to_owned(), |one| one.0.clone());
                Call { operation, name: name.rsplit('/').next().unwrap_or("*").to_owned() }
            })
            .collect();
        let mut difference = Vec::new();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            let seen = self.cluster.calls();
            difference.clear();
            difference.extend(differences(&told, &seen));
            if difference.is_empty() {
                return seen.len();
            }
            assert!(std::time::Instant::now() < deadline, "log and server differ: {difference:#?}");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

/// The minor version of kubectl.
fn client() -> u32 {
    let said =
        std::process::Command::new("kubectl").args(["version", "--client", "-o", "json"]).output().unwrap().stdout;
    let said: serde_json::Value = serde_json::from_slice(&said).expect("kubectl's version");
    let minor = said["clientVersion"]["minor"].as_str().unwrap().trim_end_matches(|c: char| !c.is_ascii_digit());
    minor.parse().expect("a number")
}

/// What stands oftener in one than in the other.
fn differences(told: &[Call], seen: &[Call]) -> Vec<String> {
    let mut counts: BTreeMap<&Call, (usize, usize)> = BTreeMap::new();
    for call in told {
        counts.entry(call).or_default().0 += 1;
    }
    for call in seen {
        counts.entry(call).or_default().1 += 1;
    }
    let differ = counts.into_iter().filter(|(_, (told, seen))| told != seen);
    differ.map(|(call, (told, seen))| format!("{call:?}: {told} in the log, {seen} at the server")).collect()
}

/// Whether kubectl shows our text as the server's own, with whom to ask, once for each thing that was stopped.
fn is_told_once(line: &str, ended: &Ended, stopped: &[&str]) -> bool {
    let mut told: Vec<&str> = ended.stderr.split("Approval needed (").skip(1).collect();
    if line.starts_with("kubectl drain ") {
        // It repeats the error of an eviction for the node, and at its end. All of them wait for one answer.
        told.sort_unstable();
        told.dedup_by_key(|text| text.split("Environment:").next());
    }
    let is_whole = |text: &&str| text.contains("Stop and ask your person: `blastgate approvals approve a_");
    told.len() == stopped.len()
        && told.iter().all(is_whole)
        && stopped.iter().all(|one| ended.stderr.contains(one.split(' ').next().unwrap_or_default()))
}

/// Takes the steps in both clusters. What of `kept` (group and version, plural, name) stands in production afterwards is gone
/// in development.
fn takes_in_both(name: &'static str, steps: &[Step], kept: &[(&str, &str, &str)]) {
    for is_production in [false, true] {
        let Some(session) = Session::start(name, is_production) else { return };
        session.takes(steps);
        for (group_version, plural, name) in kept {
            let held = || session.cluster.get(&session.collection(group_version, plural), name);
            if is_production {
                let deleted = held().map(|object| object["metadata"]["deletionTimestamp"].is_string());
                assert_eq!(deleted, Some(false), "{plural}/{name}");
            } else {
                eventually("the end of what was deleted", || held().is_none().then_some(()));
            }
        }
    }
}

#[test]
fn looking_around_is_never_bothered() {
    takes_in_both("looking", steps::LOOKING, &[]);
}

#[test]
fn rolling_out_stops_where_a_service_would_suffer() {
    takes_in_both("deploying", steps::DEPLOYING, &[("v1", "secrets", "sh.helm.release.v1.shop.v1")]);
}

#[test]
fn working_in_pods_is_for_development() {
    takes_in_both("pods", steps::PODS, &[("v1", "pods", "web-2")]);
}

#[test]
fn deleting_stops_in_production_and_rehearsing_does_not() {
    takes_in_both(
        "deleting",
        steps::DELETING,
        &[("v1", "pods", "web-1"), ("v1", "pods", "web-2"), ("apps/v1", "deployments", "web")],
    );
}

#[test]
fn granting_rights_to_a_whole_cluster_is_asked_about_everywhere() {
    takes_in_both("granting", steps::GRANTING, &[]);
}

#[test]
fn draining_a_node_ends_at_the_first_word() {
    takes_in_both(
        "draining",
        steps::DRAINING,
        &[("v1", "pods", "web-1"), ("v1", "pods", "web-2"), ("v1", "pods", "web-3")],
    );
}

/// What a person approved passes once, and the same again is a new question.
#[test]
fn a_namespace_of_production_goes_when_a_person_says_so() {
    let Some(mut session) = Session::start("approved", true) else { return };
    let _gate = SharedGate::on(&mut session.stage);
    let mut agent = Agent::start(&session.stage, &[], &[]);
    let delete = session.line("kubectl delete namespace {ns} --wait=false");
    let deletions = |session: &Session| {
        let calls = session.cluster.calls().into_iter();
        calls.filter(|call| call.operation == "kubernetes:core:namespaces.delete").count()
    };
    let (code, said) = agent.does(&delete);
    let id = approval_in(&said);
    assert!(code == 1 && deletions(&session) == 0, "{said}");
    let shown = operator(&session.stage, &["approvals", "show", &id]).succeeded().stdout;
    assert!(shown.contains(&session.namespace) && shown.contains("prod-eu"), "{shown}");
    operator(&session.stage, &["approvals", "approve", &id, "--reason", "moved"]).succeeded();
    let other = agent.does("kubectl delete namespace kube-public --wait=false").1;
    assert!(approval_in(&other) != id, "{other}");
    let (code, said) = agent.does(&delete);
    assert!(code == 0 && said.contains("deleted"), "{said}");
    eventually("the deletion", || (deletions(&session) == 1).then_some(()));
    eventually("the namespace's end", || {
        let namespace = session.cluster.get("/api/v1/namespaces", &session.namespace);
        namespace.is_none_or(|left| left["status"]["phase"] == "Terminating").then_some(())
    });
    let (code, said) = agent.does(&delete);
    assert!(code == 1 && approval_in(&said) != id, "{said}");
    assert_eq!(deletions(&session), 1, "{said}");
    assert_eq!(agent.ends().0, Some(0));
    session.log_tells_what_the_server_saw();
}
