//! A cluster to work in: a real one where there is one, else the tests' own; and what its server says it was asked.

use serde_json::{Value, json};

use super::apiserver::Apiserver;
use super::kube::{Kube, write_kubeconfig};
use super::kubelet;
use super::stage::Stage;

/// Who serves it.
enum Server {
    Real(&'static Apiserver),
    Own(Box<Kube>),
}

/// The cluster as one user and one namespace of the same name see it.
pub(crate) struct Cluster {
    server: Server,
    namespace: String,
}

/// One request, as its server understood it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    /// As the log writes it; what is no resource is `kubernetes:server`.
    pub(crate) operation: String,
    /// `*` where none is named.
    pub(crate) name: String,
}

impl Call {
    fn new(group: &str, resource: &str, sub: &str, verb: &str, name: &str) -> Self {
        let group = if group.is_empty() { "core" } else { group };
        let verb = if matches!(sub, "exec" | "attach" | "portforward" | "proxy") { "connect" } else { verb };
        let resource = if sub.is_empty() { resource.to_owned() } else { format!("{resource}/{sub}") };
        let name = if name.is_empty() { "*" } else { name };
        Self { operation: format!("kubernetes:{group}:{resource}.{verb}"), name: name.to_owned() }
    }

    fn other() -> Self {
        Self { operation: "kubernetes:server".to_owned(), name: "*".to_owned() }
    }

    /// By the server's own audit log.
    fn audited(event: &Value) -> Self {
        let text = |name: &str| event["objectRef"][name].as_str().unwrap_or_default();
        if text("resource").is_empty() {
            return Self::other();
        }
        let verb = event["verb"].as_str().unwrap_or_default();
        // A field selector of one name is a name to the server.
        let name = if matches!(verb, "list" | "watch" | "deletecollection") { "" } else { text("name") };
        Self::new(text("apiGroup"), text("resource"), text("subresource"), verb, name)
    }

    /// By method and target, for a server without an audit log.
    fn of(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let words: Vec<&str> = path.split('/').skip(1).collect();
        let (group, rest) = match words.as_slice() {
            ["api", _, rest @ ..] => ("", rest),
            ["apis", group, _, rest @ ..] => (*group, rest),
            _ => return Self::other(),
        };
        let rest = match rest {
            ["namespaces", _, "status" | "finalize"] | [_, _] | [_] => rest,
            ["namespaces", _, rest @ ..] => rest,
            _ => rest,
        };
        let (Some(resource), name, sub) = (rest.first(), rest.get(1), rest.get(2)) else { return Self::other() };
        let is_watch = query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1"));
        let verb = match (method, name) {
            ("GET", _) if is_watch => "watch",
            ("GET", Some(_)) => "get",
            ("GET", None) => "list",
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", Some(_)) => "delete",
            _ => "deletecollection",
        };
        let name = if verb == "watch" { None } else { name };
        Self::new(group, resource, sub.unwrap_or(&""), verb, name.unwrap_or(&""))
    }
}

impl Cluster {
    /// The cluster `name` in the stage's kubeconfig; `namespace` is there and no other test's.
    pub(crate) fn on(stage: &mut Stage, name: &str, namespace: &str) -> Self {
        let host = format!("{name}.kube.example");
        let server = match Apiserver::shared() {
            Some(server) => {
                stage.resolve(&format!("{host}:6443"), server.address);
                write_kubeconfig(stage, &server.ca, name, &host, namespace);
                Server::Real(server)
            }
            None => Server::Own(Box::new(Kube::on(stage, name, &host))),
        };
        let cluster = Self { server, namespace: namespace.to_owned() };
        cluster.put("/api/v1/namespaces", namespace, json!({ "apiVersion": "v1", "kind": "Namespace" }));
        match &cluster.server {
            Server::Real(server) => {
                let binding = json!({
                    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                    "metadata": { "name": namespace },
                    "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
                    "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": namespace }],
                });
                server.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding);
                let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
                super::eventually("the namespace", || server.get(&account)?["secrets"].is_array().then_some(()));
            }
            Server::Own(kube) => {
                write_kubeconfig(stage, &kube.ca, name, &host, namespace);
            }
        }
        cluster
    }

    pub(crate) fn is_real(&self) -> bool {
        matches!(self.server, Server::Real(_))
    }

    /// Puts an object there without the agent's help.
    pub(crate) fn put(&self, collection: &str, name: &str, mut object: Value) {
        match &self.server {
            Server::Real(server) => {
                object["metadata"]["name"] = name.into();
                server.create(collection, object);
            }
            Server::Own(kube) => kube.put(collection, name, object),
        }
    }

    /// Adds a node.
    pub(crate) fn add_node(&self, name: &str) {
        match &self.server {
            Server::Real(server) => kubelet::add_node(server, name),
            Server::Own(kube) => {
                kube.put("/api/v1/nodes", name, json!({ "apiVersion": "v1", "kind": "Node", "metadata": {} }));
            }
        }
    }

    pub(crate) fn get(&self, collection: &str, name: &str) -> Option<Value> {
        match &self.server {
            Server::Real(server) => server.get(&format!("{collection}/{name}")),
            Server::Own(kube) => kube.get(collection, name),
        }
    }

    /// Which clients the server has met, by their own word.
    pub(crate) fn clients(&self) -> Vec<String> {
        let Server::Real(server) = &self.server else { return Vec::new() };
        let events = server.audit(&self.namespace).into_iter();
        let agents = events.filter_map(|event| Some(event["userAgent"].as_str()?.split(' ').next()?.to_owned()));
        agents.collect()
    }

    /// What the agent has asked of it. Watches and connections count when they have ended.
    pub(crate) fn calls(&self) -> Vec<Call> {
        match &self.server {
            Server::Real(server) => server.audit(&self.namespace).iter().map(Call::audited).collect(),
            Server::Own(kube) => kube.record.all().iter().map(|seen| Call::of(&seen.method, &seen.target)).collect(),
        }
    }
}
