//! A Kubernetes API server of the tests' own: objects in memory, as much of the API as kubectl needs to discover, read,
//! apply, scale and delete. It judges nothing and remembers every request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::ca::TestCa;
use super::pod::{self, Pods};
use super::server::{self, Answer, answer, json, streaming};
use super::stage::Stage;
use super::upstream::{Record, Seen};

/// Group-version, plural, kind, namespaced, sub-resources.
const KINDS: &[(&str, &str, &str, bool, &[&str])] = &[
    ("v1", "namespaces", "Namespace", false, &[]),
    ("v1", "nodes", "Node", false, &[]),
    ("v1", "pods", "Pod", true, &["eviction"]),
    ("v1", "serviceaccounts", "ServiceAccount", true, &["token"]),
    ("v1", "services", "Service", true, &[]),
    ("v1", "configmaps", "ConfigMap", true, &[]),
    ("v1", "secrets", "Secret", true, &[]),
    ("apps/v1", "deployments", "Deployment", true, &["scale"]),
    ("apps/v1", "replicasets", "ReplicaSet", true, &[]),
    ("authorization.k8s.io/v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false, &[]),
    ("batch/v1", "cronjobs", "CronJob", true, &[]),
    ("certificates.k8s.io/v1", "certificatesigningrequests", "CertificateSigningRequest", false, &["approval"]),
    ("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", true, &[]),
    ("rbac.authorization.k8s.io/v1", "clusterrolebindings", "ClusterRoleBinding", false, &[]),
    ("rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole", false, &[]),
    ("rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding", true, &[]),
];

/// `/path/of/collection` → name → object.
type Objects = BTreeMap<String, BTreeMap<String, Value>>;

/// The server.
pub(crate) struct Kube {
    pub(crate) record: Record,
    pub(crate) ca: TestCa,
    objects: Arc<Mutex<Objects>>,
}

impl Kube {
    /// Starts a cluster `name` that the stage's kubeconfig names, with a client certificate, behind `host`.
    pub(crate) fn on(stage: &mut Stage, name: &str, host: &str) -> Self {
        let record = Record::default();
        let objects = Arc::new(Mutex::new(Objects::default()));
        let (seen, held) = (record.clone(), Arc::clone(&objects));
        std::fs::create_dir_all(stage.path("pod")).unwrap();
        let pods = Arc::new(Pods::new(stage.path("pod")));
        let handler: server::Handler = Arc::new(move |request, peer| {
            let (record, objects, pods) = (seen.clone(), Arc::clone(&held), Arc::clone(&pods));
            Box::pin(async move {
                let index = record.push(Seen::of(&request, &peer));
                if request.headers().contains_key("upgrade") {
                    let none = || failure(400, "BadRequest", "nothing is opened like that");
                    return pods.connect(request).unwrap_or_else(none);
                }
                take(record, index, objects, request).await
            })
        });
        // Its CA is its own: the kubeconfig names it, the gate's configuration does not.
        let ca = TestCa::new("cluster");
        let address = server::serve(Some(ca.server(&[host], &["h2", "http/1.1"])), handler);
        stage.resolve(&format!("{host}:6443"), address);
        write_kubeconfig(stage, &ca, name, host, "shop");
        let kube = Self { record, ca, objects };
        kube.put("/api/v1/namespaces", "shop", json!({ "kind": "Namespace", "apiVersion": "v1" }));
        kube
    }

    /// Puts an object there.
    pub(crate) fn put(&self, collection: &str, name: &str, mut object: Value) {
        object["metadata"]["name"] = name.into();
        object["metadata"]["resourceVersion"] = "1".into();
        object["metadata"]["uid"] = format!("uid-{name}").into();
        if let Some((_, rest)) = collection.split_once("/namespaces/") {
            object["metadata"]["namespace"] = rest.split('/').next().unwrap_or_default().into();
        }
        self.objects.lock().unwrap().entry(collection.to_owned()).or_default().insert(name.to_owned(), object);
    }

    pub(crate) fn get(&self, collection: &str, name: &str) -> Option<Value> {
        self.objects.lock().unwrap().get(collection)?.get(name).cloned()
    }

    /// Requests that were not reads.
    pub(crate) fn writes(&self) -> Vec<Seen> {
        self.record.all().into_iter().filter(|seen| seen.method != "GET").collect()
    }
}

/// A kubeconfig whose current context is a cluster and a client certificate of its CA for the user `namespace`.
pub(crate) fn write_kubeconfig(stage: &Stage, ca: &TestCa, name: &str, host: &str, namespace: &str) {
    let (certificate, key) = ca.client(namespace);
    let encode = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
    stage.write("home/.kube/ca.crt", ca.pem());
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": name,
        "clusters": [{ "name": name, "cluster": {
            "server": format!("https://{host}:6443"), "certificate-authority": "ca.crt",
        }}],
        "users": [{ "name": "alice", "user": {
            "client-certificate-data": encode(&certificate), "client-key-data": encode(&key),
        }}],
        "contexts": [{ "name": name, "context": { "cluster": name, "user": "alice", "namespace": namespace } }],
    });
    stage.write("home/.kube/config", config.to_string());
}

async fn take(record: Record, index: usize, objects: Arc<Mutex<Objects>>, request: Request<Incoming>) -> Answer {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return failure(400, "BadRequest", "the body broke") };
    let body = body.to_bytes();
    record.body(index, body.len() as u64, String::new());
    let path = parts.uri.path();
    if let Some(answer) = discovery(path) {
        return answer;
    }
    let query = parts.uri.query().unwrap_or_default();
    let Some(mut target) = Target::of(path) else { return failure(404, "NotFound", "the server could not find that") };
    target.node =
        query.split('&').find_map(|pair| pair.strip_prefix("fieldSelector=spec.nodeName%3D")).map(str::to_owned);
    if parts.method == Method::GET && query.split('&').any(|pair| pair == "watch=true" || pair == "watch=1") {
        // It ends after a moment: clients then look again. Who waits for one object sees nothing of it.
        let (sender, answer) = streaming("application/json");
        if !query.contains("fieldSelector") {
            let held = objects.lock().unwrap().get(&target.collection).cloned().unwrap_or_default();
            tokio::spawn(async move {
                for object in held.into_values() {
                    let event = json!({ "type": "MODIFIED", "object": object });
                    let _ = sender.send(format!("{event}\n").into()).await;
                }
            });
        }
        return answer;
    }
    if target.sub.as_deref() == Some("log") {
        let (sender, answer) = streaming("text/plain");
        tokio::spawn(async move { sender.send(pod::log()).await });
        return answer;
    }
    let sent: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let options = if sent["kind"] == "Eviction" { &sent["deleteOptions"] } else { &sent };
    let is_dry = query.contains("dryRun=All") || options["dryRun"][0] == "All";
    carry_out(&mut objects.lock().unwrap(), &parts.method, &target, sent, is_dry)
}

/// What a path names.
struct Target {
    collection: String,
    name: Option<String>,
    sub: Option<String>,
    /// Only what runs there is listed.
    node: Option<String>,
    kind: &'static str,
    group_version: &'static str,
}

impl Target {
    fn of(path: &str) -> Option<Self> {
        let (group_version, rest) = match path.strip_prefix("/api/") {
            Some(rest) => ("v1", rest.strip_prefix("v1/")?),
            None => KINDS.iter().find_map(|known| {
                let rest = path.strip_prefix("/apis/")?.strip_prefix(known.0)?.strip_prefix('/')?;
                Some((known.0, rest))
            })?,
        };
        let mut words: Vec<&str> = rest.split('/').collect();
        let mut length = 1;
        if words.first() == Some(&"namespaces") && words.len() > 2 {
            length = 3;
        }
        let plural = *words.get(length - 1)?;
        let known = KINDS.iter().find(|known| known.0 == group_version && known.1 == plural)?;
        let after: Vec<String> = words.split_off(length).into_iter().map(str::to_owned).collect();
        let base = path.strip_suffix(rest)?;
        Some(Self {
            collection: format!("{base}{}", words.join("/")),
            name: after.first().cloned(),
            sub: after.get(1).cloned(),
            node: None,
            kind: known.2,
            group_version,
        })
    }
}

fn carry_out(objects: &mut Objects, method: &Method, target: &Target, mut sent: Value, is_dry: bool) -> Answer {
    let held = objects.entry(target.collection.clone()).or_default();
    let name = target.name.clone().or_else(|| sent["metadata"]["name"].as_str().map(str::to_owned));
    let found = name.as_ref().and_then(|name| held.get(name)).cloned();
    let store = |held: &mut BTreeMap<String, Value>, object: Value| {
        if !is_dry {
            held.insert(name.clone().unwrap_or_default(), object);
        }
    };
    match (method.as_str(), &target.name, found) {
        ("POST", Some(pod), Some(object)) if target.sub.as_deref() == Some("eviction") => {
            if !is_dry {
                held.remove(pod);
            }
            json(201, &object)
        }
        ("POST", Some(_), _) if target.sub.as_deref() == Some("token") => json(
            201,
            &json!({ "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": {},
                               "spec": {}, "status": { "token": "a-token", "expirationTimestamp": null } }),
        ),
        ("POST", None, _) if target.kind == "SelfSubjectAccessReview" => {
            sent["status"]["allowed"] = true.into();
            json(201, &sent)
        }
        ("GET", None, _) => {
            let items = listed(objects, target);
            let kind = format!("{}List", target.kind);
            let list = json!({ "kind": kind, "apiVersion": target.group_version,
                               "metadata": { "resourceVersion": "1" }, "items": items });
            json(200, &list)
        }
        ("POST", None, None) => {
            sent["metadata"]["uid"] = format!("uid-{}", name.clone().unwrap_or_default()).into();
            sent["metadata"]["resourceVersion"] = "1".into();
            store(held, sent.clone());
            json(201, &sent)
        }
        ("POST", None, Some(_)) => failure(409, "AlreadyExists", "it exists already"),
        ("DELETE", None, _) => {
            if !is_dry {
                held.clear();
            }
            json(200, &json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success" }))
        }
        (_, Some(name), None) => failure(404, "NotFound", &format!("{} \"{name}\" not found", target.kind)),
        ("GET", Some(_), Some(object)) if target.sub.as_deref() == Some("scale") => json(200, &scale_of(&object)),
        ("GET", Some(_), Some(object)) => json(200, &object),
        ("PATCH" | "PUT", Some(_), Some(mut object)) if target.sub.as_deref() == Some("scale") => {
            object["spec"]["replicas"] = sent["spec"]["replicas"].clone();
            store(held, object.clone());
            json(200, &scale_of(&object))
        }
        ("PATCH", Some(_), Some(mut object)) => {
            merge(&mut object, sent);
            store(held, object.clone());
            json(200, &object)
        }
        ("PUT", Some(_), Some(_)) => {
            store(held, sent.clone());
            json(200, &sent)
        }
        ("DELETE", Some(name), Some(object)) => {
            if !is_dry {
                held.remove(name);
            }
            json(200, &object)
        }
        _ => failure(405, "MethodNotAllowed", "that is not done here"),
    }
}

/// A collection's objects; without a namespace those of all.
fn listed(objects: &Objects, target: &Target) -> Vec<Value> {
    let plural = target.collection.rsplit('/').next().unwrap_or_default();
    let is_one_of_many = |collection: &str| {
        let base = target.collection.strip_suffix(plural).unwrap_or_default();
        collection
            .strip_prefix(base)
            .and_then(|rest| rest.strip_prefix("namespaces/"))
            .is_some_and(|rest| rest.split_once('/').is_some_and(|(_, last)| last == plural))
    };
    let held = objects.iter().filter(|(collection, _)| **collection == target.collection || is_one_of_many(collection));
    let all = held.flat_map(|(_, held)| held.values());
    let is_there =
        |object: &&Value| target.node.as_ref().is_none_or(|node| object["spec"]["nodeName"] == node.as_str());
    all.filter(is_there).cloned().collect()
}

/// RFC 7386, which is what a strategic merge comes to where no lists are merged.
fn merge(into: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *into = patch;
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(&key);
        } else {
            merge(&mut into[key.as_str()], value);
        }
    }
}

fn scale_of(object: &Value) -> Value {
    json!({ "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": object["metadata"],
            "spec": { "replicas": object["spec"]["replicas"] }, "status": { "replicas": object["spec"]["replicas"] } })
}

fn failure(code: u16, reason: &str, message: &str) -> Answer {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                         "message": message, "reason": reason, "code": code });
    json(code, &status)
}

fn discovery(path: &str) -> Option<Answer> {
    let group_versions: BTreeSet<&'static str> = KINDS.iter().map(|known| known.0).collect();
    let known = |group_version: &str| group_versions.iter().find(|known| **known == group_version);
    let groups = group_versions.iter().filter_map(|group_version| {
        let (name, version) = group_version.split_once('/')?;
        let version = json!({ "groupVersion": group_version, "version": version });
        Some(json!({ "name": name, "versions": [version], "preferredVersion": version }))
    });
    Some(match path {
        "/version" => {
            json(200, &json!({ "major": "1", "minor": "32", "gitVersion": "v1.32.0", "platform": "linux/amd64" }))
        }
        "/api" => json(200, &json!({ "kind": "APIVersions", "versions": ["v1"] })),
        "/apis" => json(
            200,
            &json!({ "kind": "APIGroupList", "apiVersion": "v1",
                     "groups": groups.collect::<Vec<_>>() }),
        ),
        "/api/v1" => json(200, &resources("v1")),
        path if path.starts_with("/openapi") => answer(404, "text/plain", Bytes::from_static(b"404 page not found")),
        path => json(200, &resources(known(path.strip_prefix("/apis/")?)?)),
    })
}

fn resources(group_version: &str) -> Value {
    let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    let mut all = Vec::new();
    for (_, plural, kind, namespaced, subs) in KINDS.iter().filter(|known| known.0 == group_version) {
        all.push(json!({ "name": plural, "singularName": kind.to_lowercase(), "kind": kind,
                         "namespaced": namespaced, "verbs": verbs }));
        for sub in *subs {
            let (kind, group, version) = match *sub {
                "scale" => ("Scale", "autoscaling", "v1"),
                "eviction" => ("Eviction", "policy", "v1"),
                "token" => ("TokenRequest", "authentication.k8s.io", "v1"),
                _ => (*kind, group_version.split('/').next().unwrap_or_default(), "v1"),
            };
            all.push(json!({ "name": format!("{plural}/{sub}"), "singularName": "", "kind": kind,
                             "group": group, "version": version, "namespaced": namespaced,
                             "verbs": ["create", "get", "patch", "update"] }));
        }
    }
    json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": all })
}
