//! What stands in for a scheduler and for the kubelets of the real API server's nodes: pods are placed, run and end at
//! once, and what is done in them is done by `support/pod.rs`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use serde_json::{Value, json};

use super::apiserver::{Apiserver, ask};
use super::pod::{self, Pods};
use super::runtime;
use super::server::{self, answer};

/// Where pods come that name no node.
pub(crate) const NODE: &str = "everywhere";

/// Begins to look after the pods of `server`.
pub(crate) fn start(server: &Apiserver) {
    let root = server.folder.join("pods");
    std::fs::create_dir(&root).unwrap();
    let pods = Arc::new(Pods::new(root));
    let handler: server::Handler = Arc::new(move |request, _| {
        let pods = Arc::clone(&pods);
        Box::pin(async move {
            if request.uri().path().starts_with("/containerLogs/") {
                return answer(200, "text/plain", pod::log());
            }
            let none = || answer(404, "text/plain", "nothing is opened like that");
            if request.headers().contains_key("upgrade") { pods.connect(request).unwrap_or_else(none) } else { none() }
        })
    });
    let address = server::serve(Some(server.ca.server(&["127.0.0.1"], &["http/1.1"])), handler);
    NODES.set(address.port()).expect("one kubelet");
    add_node(server, NODE);
    let (address, tls) = server.connection();
    runtime().spawn(async move {
        loop {
            let (_, list) = ask(address, Arc::clone(&tls), "GET", "/api/v1/pods", None).await;
            for pod in list["items"].as_array().into_iter().flatten() {
                look_after(address, &tls, pod).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}

/// The port of the kubelet.
static NODES: std::sync::OnceLock<u16> = std::sync::OnceLock::new();

/// Adds a node.
pub(crate) fn add_node(server: &Apiserver, name: &str) {
    server.create("/api/v1/nodes", json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": name } }));
    let status = json!({ "status": {
        "addresses": [{ "type": "InternalIP", "address": "127.0.0.1" }],
        "conditions": [{ "type": "Ready", "status": "True" }],
        "daemonEndpoints": { "kubeletEndpoint": { "Port": NODES.get() } },
    } });
    let (code, said) = server.ask("PATCH", &format!("/api/v1/nodes/{name}/status"), Some(status));
    assert_eq!(code, 200, "{said:#}");
}

async fn look_after(address: SocketAddr, tls: &Arc<ClientConfig>, pod: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (name, namespace) = (text(&pod["metadata"]["name"]), text(&pod["metadata"]["namespace"]));
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    let (method, path, body) = if pod["metadata"]["deletionTimestamp"].is_string() {
        ("DELETE", path, json!({ "gracePeriodSeconds": 0 }))
    } else if pod["spec"]["nodeName"].is_null() {
        let target = json!({ "apiVersion": "v1", "kind": "Node", "name": NODE });
        let binding = json!({ "apiVersion": "v1", "kind": "Binding", "metadata": { "name": name }, "target": target });
        ("POST", format!("{path}/binding"), binding)
    } else if pod["status"]["phase"] == "Running" {
        return;
    } else {
        let containers = pod["spec"]["containers"].as_array().into_iter().flatten().map(|container| {
            json!({ "name": container["name"], "image": container["image"], "imageID": "", "ready": true,
                    "restartCount": 0, "state": { "running": { "startedAt": pod["metadata"]["creationTimestamp"] } } })
        });
        let conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"]
            .map(|kind| json!({ "type": kind, "status": "True" }));
        let status = json!({ "status": { "phase": "Running", "conditions": conditions, "podIP": "10.0.0.1",
                                         "containerStatuses": containers.collect::<Vec<_>>() } });
        ("PATCH", format!("{path}/status"), status)
    };
    // It may be gone or changed meanwhile: the next look finds out.
    ask(address, Arc::clone(tls), method, &path, Some(body)).await;
}
