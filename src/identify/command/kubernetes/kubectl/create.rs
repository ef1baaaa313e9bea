//! Commands that make something new.

use serde_json::{Map, Value, json};

use super::change::{collection_of, raw_call};
use super::{Kube, Type, local};
use crate::identify::command::{Scene, Word, wrapper};
use crate::model::Impact;

/// `kubectl run`'s own options.
pub(super) const RUN: &str = "attach command expose image= image-pull-policy= labels/l= leave-stdin-open override-type= overrides= \
    pod-running-timeout= port= privileged quiet/q restart= rm stdin/i tty/t env= annotations=";

/// `kubectl run NAME --image=IMAGE [-- COMMAND]`.
pub(super) fn run(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let Some(name) = kube.given.operand(0).filter(|_| !kube.given.help) else {
        return local(kube.at, scene, "run", Impact::Read);
    };
    let image = kube.given.text("image").unwrap_or_default();
    let mut container = json!({"name": name, "image": image});
    if kube.given.on("privileged")
        && let Some(container) = container.as_object_mut()
    {
        container.insert("securityContext".to_owned(), json!({"privileged": true}));
    }
    let mut body = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]},
    });
    if let Some(word) = kube.given.word("overrides") {
        match word.text().and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
            Some(over) => merge(&mut body, over),
            None => kube.blind(scene, "create", Impact::Execute, "the pod's overrides"),
        }
    }
    kube.send(scene, "POST", &Type::of("pods").path(Some(&kube.namespace()), None, None), Some(body));
    let command = kube.given.operands.get(1..).unwrap_or_default().to_vec();
    if kube.dry != super::Dry::Live {
        return;
    }
    let command = match super::super::super::containers::entrypoint(&image).filter(|_| !kube.given.on("command")) {
        Some(program) => std::iter::once(Word::known(program)).chain(command).collect(),
        None => command,
    };
    if super::inside::is_bare_shell(&command) || kube.given.on("attach") && command.is_empty() {
        let path = Type::of("pods").path(Some(&kube.namespace()), Some(&name), Some("attach"));
        kube.send(scene, "POST", &path, None);
    } else if !command.is_empty() {
        wrapper::inside(command, super::inside::machine(kube, &name), kube.at, scene);
    }
}

fn merge(into: &mut Value, other: Value) {
    match (into, other) {
        (Value::Object(into), Value::Object(other)) => {
            for (name, value) in other {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, other) => *into = other,
    }
}

/// `kubectl expose`.
pub(super) fn expose(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let name = kube.given.text("name").or_else(|| kube.given.operand(1)).unwrap_or_else(|| "exposed".to_owned());
    let mut spec = Map::new();
    if let Some(kind) = kube.given.word("type") {
        spec.insert(
            "type".to_owned(),
            json!(kind.text().map_or_else(|| "LoadBalancer".into(), |text| text.into_owned())),
        );
    }
    if let Some(address) = kube.given.word("external-ip") {
        spec.insert("externalIPs".to_owned(), json!([address.to_string()]));
    }
    post("services", &name, json!({"spec": spec}), kube, scene);
}

/// `kubectl autoscale`.
pub(super) fn autoscale(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let number = |name: &str| kube.given.text(name).and_then(|text| text.parse::<i64>().ok());
    let mut spec = Map::new();
    for (option, member) in [("min", "minReplicas"), ("max", "maxReplicas")] {
        if let Some(number) = number(option) {
            spec.insert(member.to_owned(), json!(number));
        }
    }
    let name = kube.given.text("name").or_else(|| kube.given.operand(1)).unwrap_or_else(|| "scaled".to_owned());
    post("horizontalpodautoscalers", &name, json!({"spec": spec}), kube, scene);
}

fn post(plural: &str, name: &str, mut body: Value, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let kind = Type::of(plural);
    if let Some(members) = body.as_object_mut() {
        members.insert("metadata".to_owned(), json!({"name": name}));
    }
    kube.send(scene, "POST", &kind.path(Some(&kube.namespace()), None, None), Some(body));
}

/// `kubectl create`, with or without the word that says what.
pub(super) fn create(second: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    if let Some(raw) = kube.given.word("raw") {
        return raw_call("POST", raw, kube, scene);
    }
    if second.is_empty() || kube.given.has("filename") || kube.given.has("kustomize") {
        return files(kube, scene);
    }
    let name = kube.given.operand(0).unwrap_or_else(|| "unnamed".to_owned());
    let text = |option: &str| kube.given.word(option).map(ToString::to_string);
    let (plural, body) = match second {
        "namespace" | "ns" => ("namespaces", json!({})),
        "deployment" | "deploy" | "dep" => ("deployments", json!({"spec": {"template": {"spec": {"containers": []}}}})),
        "configmap" | "cm" => ("configmaps", json!({"data": {"given": "1"}})),
        "serviceaccount" | "sa" => ("serviceaccounts", json!({})),
        "secret" => return secret(kube, scene),
        "service" | "svc" => return service(kube, scene),
        "token" => {
            let path = Type::of("serviceaccounts").path(Some(&kube.namespace()), Some(&name), Some("token"));
            return kube.send(scene, "POST", &path, Some(json!({"kind": "TokenRequest"})));
        }
        "role" | "clusterrole" => {
            let rules = json!([{"verbs": list(kube, "verb"), "resources": list(kube, "resource")}]);
            (if second == "role" { "roles" } else { "clusterroles" }, json!({"rules": rules}))
        }
        "rolebinding" | "clusterrolebinding" => {
            let named = ["serviceaccount", "user", "group"].iter().flat_map(|option| kube.given.all(option));
            let subjects: Vec<Value> = named.map(|word| json!({"name": word.to_string()})).collect();
            let role = text("clusterrole").or_else(|| text("role")).unwrap_or_default();
            let kind = if kube.given.has("clusterrole") { "ClusterRole" } else { "Role" };
            let plural = if second == "rolebinding" { "rolebindings" } else { "clusterrolebindings" };
            (plural, json!({"roleRef": {"kind": kind, "name": role}, "subjects": subjects}))
        }
        "job" => return job(&name, kube, scene),
        "cronjob" | "cj" => ("cronjobs", json!({"spec": {}})),
        "ingress" | "ing" => ("ingresses", json!({"spec": {}})),
        "quota" | "resourcequota" => ("resourcequotas", json!({"spec": {}})),
        "poddisruptionbudget" | "pdb" => ("poddisruptionbudgets", json!({"spec": {}})),
        "priorityclass" | "pc" => ("priorityclasses", json!({})),
        "route" | "imagestream" | "is" | "imagestreamtag" | "deploymentconfig" | "dc" | "build" | "user"
        | "identity" => {
            return post(second, &name, json!({}), kube, scene);
        }
        _ => return kube.blind(scene, "create", Impact::Unknown, second),
    };
    post(plural, &name, body, kube, scene);
}

fn list(kube: &Kube<'_>, option: &str) -> Vec<String> {
    let all = kube.given.all(option).map(ToString::to_string);
    all.flat_map(|text| text.split(',').map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// `-f`, `-k`.
fn files(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let Some(manifests) = kube.manifests(scene) else {
        return local(kube.at, scene, "create", Impact::Read);
    };
    for object in &manifests.objects {
        kube.send(scene, "POST", &collection_of(object, kube), Some(object.value.clone()));
    }
    for what in &manifests.unknown {
        // A grant is the strictest of what may be new.
        kube.blind(scene, "create", Impact::Permission, what);
    }
}

/// The words behind `secret` and `service` say which, then the name.
fn secret(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let name = kube.given.operand(1).unwrap_or_else(|| "unnamed".to_owned());
    let kind = match kube.given.operand(0).as_deref() {
        Some("tls") => "kubernetes.io/tls".to_owned(),
        Some("docker-registry") => "kubernetes.io/dockerconfigjson".to_owned(),
        _ => kube.given.text("type").unwrap_or_else(|| "Opaque".to_owned()),
    };
    post("secrets", &name, json!({"type": kind, "data": {"given": "1"}}), kube, scene);
}

fn service(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let name = kube.given.operand(1).unwrap_or_else(|| "unnamed".to_owned());
    let kind = match kube.given.operand(0).as_deref() {
        Some("loadbalancer") => "LoadBalancer",
        Some("nodeport") => "NodePort",
        Some("externalname") => "ExternalName",
        _ => "ClusterIP",
    };
    post("services", &name, json!({"spec": {"type": kind}}), kube, scene);
}

/// What a job runs is as much a part of it as its making.
fn job(name: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    post("jobs", name, json!({"spec": {}}), kube, scene);
    let command = kube.given.operands.get(1..).unwrap_or_default().to_vec();
    if kube.dry == super::Dry::Live && !command.is_empty() {
        wrapper::inside(command, super::inside::machine(kube, name), kube.at, scene);
    }
}
