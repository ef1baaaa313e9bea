//! Commands that only look, and those that change the kubeconfig.

use serde_json::json;

use super::super::context;
use super::{Kube, Type, change, local};
use crate::identify::command::{Effect, Scene, Word};
use crate::model::{Hazard, Impact, Scope};

/// Options of `kubectl logs`.
pub(super) const LOGS: &str = "all-containers all-pods container/c= follow/f ignore-errors insecure-skip-tls-verify-backend limit-bytes= \
    max-log-requests= pod-running-timeout= prefix previous/p since= since-time= tail= timestamps selector/l=";
/// Options of those that look.
pub(super) const OWN: &str = "client short api-group= api-version= cached categories= namespaced verbs= output-directory= namespaces= \
    containers sum use-protocol-buffers show-swap show-capacity types= for= enable-helm enable-alpha-plugins load-restrictor= \
    mount= network network-name= reorder= as-current-user env/e= helm-command= helm-kube-version= show-server show-context \
    show-token show-console diff-type= suggest";

/// Reads one of them.
pub(super) fn read(verb: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    if kube.given.help {
        return local(kube.at, scene, verb, Impact::Read);
    }
    match verb {
        "get" if kube.given.has("raw") => {
            if let Some(raw) = kube.given.word("raw") {
                change::raw_call("GET", raw, kube, scene);
            }
        }
        "get" | "describe" => objects(kube, scene),
        "wait" | "diff" => objects(kube, scene),
        "top" => {
            let nodes = matches!(kube.given.operand(0).as_deref(), Some("node" | "nodes" | "no"));
            let path = "/apis/metrics.k8s.io/v1beta1/";
            kube.send(scene, "GET", &format!("{path}{}", if nodes { "nodes" } else { "pods" }), None);
        }
        "events" => {
            let path = Type::of("events").path(kube.everywhere().as_deref(), None, None);
            kube.send(scene, "GET", &path, None);
        }
        "version" if kube.given.surely("client") => local(kube.at, scene, verb, Impact::Read),
        "version" => kube.send(scene, "GET", "/version", None),
        "api-resources" | "api-versions" | "explain" => kube.send(scene, "GET", "/apis", None),
        "cluster-info" | "status" => {
            let path = Type::of("services").path(Some("kube-system"), None, None);
            kube.send(scene, "GET", &path, None);
        }
        _ => local(kube.at, scene, verb, Impact::Read),
    }
}

/// The objects that operands and manifests name, as they are read.
pub(super) fn objects(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let mut any = false;
    for target in kube.targets(&kube.given.operands) {
        any = true;
        kube.send(scene, "GET", &target.path(None), None);
    }
    if let Some(manifests) = kube.manifests(scene) {
        for object in manifests.objects {
            any = true;
            let namespace = object.namespace.unwrap_or_else(|| kube.namespace());
            kube.send(scene, "GET", &object.kind.path(Some(&namespace), object.name.as_deref(), None), None);
        }
    }
    if !any {
        scene.effect(kube.at, kube.effect("unidentified:get", Impact::Read, Scope::Resource));
    }
}

/// `kubectl logs`.
pub(super) fn logs(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    if kube.given.help {
        return local(kube.at, scene, "logs", Impact::Read);
    }
    let shown = kube.given.operand(0).unwrap_or_else(|| "*".to_owned());
    let name = shown.split_once('/').map_or(shown.as_str(), |(_, name)| name);
    let path = Type::of("pods").path(Some(&kube.namespace()), Some(name), Some("log"));
    kube.send(scene, "GET", &path, None);
}

/// `kubectl config`: the kubeconfig, no cluster.
pub(super) fn config(second: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    match second {
        "view" => {
            let effect = Effect::new("kubernetes:client:config.view", Impact::Read, Scope::Local);
            let secret = kube.given.on("raw");
            scene.effect(kube.at, if secret { effect.hazard(Hazard::SecretRead) } else { effect });
        }
        "" | "current-context" | "get-contexts" | "get-clusters" | "get-users" => {
            local(kube.at, scene, "config", Impact::Read);
        }
        "use-context" | "use" | "set" | "set-cluster" | "set-context" | "set-credentials" | "unset"
        | "delete-context" | "delete-cluster" | "delete-user" | "rename-context" => {
            chosen(second, kube, scene);
            local(kube.at, scene, &format!("config.{second}"), Impact::Update);
        }
        _ => scene.unknown(kube.at, "a command about the kubeconfig that is not known"),
    }
}

/// What later commands use. Clusters and contexts that are changed are not followed: from there any server may be meant.
fn chosen(second: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let operand = |at: usize| kube.given.operands.get(at).cloned().unwrap_or_default();
    match second {
        "use-context" | "use" => context::choose(kube.at, scene, &kube.chosen(), &operand(0)),
        "set" if operand(0).is("current-context") => context::choose(kube.at, scene, &kube.chosen(), &operand(1)),
        "set-cluster" | "rename-context" => {
            let server = kube.given.text("server");
            if !server.is_some_and(|server| context::is_loopback(&server)) {
                context::moved(scene);
            }
            context::choose(kube.at, scene, &kube.chosen(), &Word::unknown("unknown", false))
        }
        "set" | "set-context" if kube.given.has("cluster") || operand(0).leading().starts_with("clusters") => {
            context::moved(scene);
            context::choose(kube.at, scene, &kube.chosen(), &Word::unknown("unknown", false));
        }
        _ => {}
    }
}

/// `kubectl auth`.
pub(super) fn auth(second: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let review = |kind: &str| format!("/apis/authorization.k8s.io/v1/{kind}");
    match second {
        "can-i" => kube.send(scene, "POST", &review("selfsubjectaccessreviews"), Some(json!({}))),
        "whoami" => kube.send(scene, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", Some(json!({}))),
        "reconcile" => {
            let Some(manifests) = kube.manifests(scene) else {
                return local(kube.at, scene, "auth", Impact::Read);
            };
            for object in manifests.objects {
                let namespace = object.namespace.unwrap_or_else(|| kube.namespace());
                let path = object.kind.path(Some(&namespace), Some(object.name.as_deref().unwrap_or("*")), None);
                kube.send(scene, "PUT", &path, Some(object.value));
            }
            for what in manifests.unknown {
                kube.blind(scene, "reconcile", Impact::Permission, &what);
            }
        }
        _ => scene.unknown(kube.at, "a question of rights that is not known"),
    }
}

/// Plugins and their index.
pub(super) fn plugin(second: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let impact = match second {
        "install" | "upgrade" => Impact::Execute,
        "uninstall" | "update" | "index" | "remove" => Impact::Update,
        _ => Impact::Read,
    };
    local(kube.at, scene, &format!("plugin.{}", if second.is_empty() { "list" } else { second }), impact);
}
