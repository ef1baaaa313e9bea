//! What somebody who works with Kubernetes is promised.

use serde_json::json;

use crate::support::child::Ended;
use crate::support::clients;
use crate::support::kube::Kube;
use crate::support::stage::Stage;

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/shop/deployments";
const MANIFEST: &str =
    r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"shop"},"data":{"a":"1"}}"#;

/// A stage with one cluster; `None` without kubectl.
fn stage(cluster: &str) -> Option<(Stage, Kube)> {
    clients::optional("kubectl")?;
    let mut stage = Stage::new();
    let kube = Kube::on(&mut stage, cluster, &format!("{cluster}.kube.example"));
    let web = json!({ "kind": "Deployment", "apiVersion": "apps/v1", "metadata": {}, "spec": { "replicas": 3 } });
    kube.put(DEPLOYMENTS, "web", web);
    kube.put("/api/v1/namespaces/shop/pods", "web-1", json!({ "kind": "Pod", "apiVersion": "v1", "metadata": {} }));
    Some((stage, kube))
}

#[track_caller]
fn kubectl(stage: &Stage, arguments: &[&str]) -> Ended {
    stage.run(&[&["kubectl"], arguments].concat())
}

/// kubectl shows our text once, as the server's own, and does not repeat the call.
#[track_caller]
fn is_refused_once(ended: &Ended) {
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert_eq!(ended.stderr.matches("Error from server (Forbidden): ").count(), 1, "{ended:#?}");
    assert_eq!(ended.stderr.matches("Approval needed (a_").count(), 1, "{ended:#?}");
}

#[test]
fn a_development_cluster_is_worked_with_freely() {
    let Some((stage, kube)) = stage("kind-dev") else { return };
    let manifest = stage.write("work/settings.json", MANIFEST).display().to_string();
    let changed = stage.write("work/changed.json", MANIFEST.replace(r#""a":"1""#, r#""a":"2""#)).display().to_string();
    let steps: &[&[&str]] = &[
        &["get", "pods"],
        &["get", "deployments", "-o", "json"],
        &["apply", "--validate=false", "-f", &manifest],
        &["apply", "--validate=false", "-f", &changed],
        &["scale", "deployment/web", "--replicas=5"],
        &["scale", "deployment/web", "--replicas=0"],
        &["create", "configmap", "other", "--from-literal=a=b", "--validate=false"],
        &["delete", "configmap", "settings", "--wait=false"],
        &["delete", "pod", "web-1", "--wait=false"],
        &["delete", "namespace", "shop", "--wait=false"],
    ];
    for step in steps {
        let ended = kubectl(&stage, step);
        assert_eq!(ended.code, Some(0), "kubectl {}: {ended:#?}", step.join(" "));
    }
    assert_eq!(kube.get(DEPLOYMENTS, "web").unwrap()["spec"]["replicas"], 0);
    assert_eq!(kube.get("/api/v1/namespaces", "shop"), None);
    stage.log().is_undisturbed();
}

#[test]
fn in_a_production_cluster_work_goes_on_and_deletions_stop() {
    let Some((stage, kube)) = stage("prod-eu") else { return };
    let manifest = stage.write("work/settings.json", MANIFEST).display().to_string();
    let passing: &[&[&str]] = &[
        &["get", "pods"],
        &["get", "namespaces"],
        &["apply", "--validate=false", "-f", &manifest],
        &["scale", "deployment/web", "--replicas=5"],
        &["delete", "deployment", "web", "--dry-run=server", "--wait=false"],
        &["delete", "namespace", "shop", "--dry-run=server", "--wait=false"],
        &["scale", "deployment/web", "--replicas=0", "--dry-run=server"],
    ];
    for step in passing {
        let ended = kubectl(&stage, step);
        assert_eq!(ended.code, Some(0), "kubectl {}: {ended:#?}", step.join(" "));
    }
    stage.log().is_undisturbed();
    let before = kube.writes().len();
    let stopped: &[&[&str]] = &[
        &["delete", "namespace", "shop"],
        &["delete", "deployment", "web"],
        &["scale", "deployment/web", "--replicas=0"],
    ];
    for step in stopped {
        let ended = kubectl(&stage, step);
        is_refused_once(&ended);
        assert!(ended.stderr.contains("1 stopped"), "{ended:#?}");
    }
    assert_eq!(kube.writes().len(), before, "a refused call reached the cluster");
    assert!(kube.get("/api/v1/namespaces", "shop").is_some());
    assert_eq!(kube.get(DEPLOYMENTS, "web").unwrap()["spec"]["replicas"], 5);
    let log = stage.log();
    assert_eq!(log.stopped().len(), stopped.len(), "{:#?}", log.stopped());
    let deleted = log.of("kubernetes:core:namespaces.delete");
    let cluster = deleted.iter().map(|one| one.actions[0].place.cluster.as_deref()).collect::<Vec<_>>();
    assert_eq!(cluster, [Some("prod-eu"); 2]);
}

#[test]
fn the_client_certificate_arrives_and_the_agent_never_holds_it() {
    let Some((stage, kube)) = stage("kind-dev") else { return };
    let ended = stage.run(&["sh", "-c", "kubectl get pods >/dev/null && cat \"$KUBECONFIG\""]).succeeded();
    let theirs: serde_json::Value = serde_json::from_str(&ended.stdout).expect("a kubeconfig");
    let seen = kube.record.all();
    assert!(!seen.is_empty() && seen.iter().all(|one| one.client_certificate), "{seen:#?}");
    let original = std::fs::read_to_string(stage.path("home/.kube/config")).unwrap();
    let original: serde_json::Value = serde_json::from_str(&original).unwrap();
    let key = original["users"][0]["user"]["client-key-data"].as_str().unwrap().to_owned();
    assert!(!ended.stdout.contains(&key));
    assert_ne!(theirs["users"][0]["user"]["client-key-data"], key);
    assert!(!stage.state_holds(&key), "the key is in the state folder");
    assert_eq!(std::fs::read_dir(stage.path("state/run")).unwrap().count(), 0, "the run's folder was left");
}
