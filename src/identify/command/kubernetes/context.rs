//! Which cluster a command speaks with: its options, the kubeconfig, and what a command before it has chosen.
//!
//! A context's name proves nothing: where the kubeconfig says which server it stands for, the server counts. Without one,
//! the names that tools for clusters on this machine give stand for this machine.

use serde_json::Value;

use crate::identify::Known;
use crate::identify::command::surroundings::Contents;
use crate::identify::command::{Invocation, Machine, Scene, Word};
use crate::model::Place;

/// A cluster as a command would reach it.
#[derive(Clone, Debug, Default)]
pub(super) struct Cluster {
    /// Scheme, host and whatever stands before the API's own path.
    pub(super) server: String,
    /// Its name in the kubeconfig.
    pub(super) name: Option<String>,
    /// The context.
    pub(super) context: Option<String>,
    /// The context's namespace.
    pub(super) namespace: Option<String>,
    /// It runs on this machine.
    pub(super) local: bool,
}

/// What a command's own options say.
#[derive(Clone, Debug, Default)]
pub(super) struct Chosen {
    /// `--context`.
    pub(super) context: Option<Word>,
    /// `--cluster`.
    pub(super) cluster: Option<Word>,
    /// `--server`.
    pub(super) server: Option<Word>,
    /// `--kubeconfig`.
    pub(super) kubeconfig: Option<Word>,
}

/// What commands before have chosen as the current context: kind of what a scene remembers.
const CURRENT: &str = "kubernetes context";
/// The same of contexts that came into being.
const MADE: &str = "kubernetes context made";
/// Names in the kubeconfig were given to other clusters.
const MOVED: &str = "kubernetes names moved";

impl Cluster {
    /// What a request to it is known to be.
    pub(super) fn known(&self) -> Known {
        let cluster = self.name.clone().filter(|_| !self.local);
        Known { provider: Some("kubernetes".to_owned()), cluster }
    }

    /// Where it stands, for what is no request.
    pub(super) fn place(&self) -> Place {
        let host = self.server.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        Place { host: Some(host.to_owned()), namespace: self.namespace.clone(), ..self.names() }
    }

    /// What the request itself does not tell.
    pub(super) fn names(&self) -> Place {
        Place { cluster: self.name.clone(), context: self.context.clone(), loopback: self.local, ..Place::default() }
    }
}

/// The cluster that a command with these options speaks with.
pub(super) fn cluster(at: &Invocation, scene: &Scene<'_>, chosen: &Chosen) -> Cluster {
    if let Machine::Pod { cluster, namespace, .. } = &at.machine
        && chosen.context.is_none()
        && chosen.server.is_none()
    {
        let server = "https://kubernetes.default.svc".to_owned();
        return Cluster { server, name: cluster.clone(), namespace: namespace.clone(), ..Cluster::default() };
    }
    let files = files(at, scene, chosen);
    let config = Config::read(&files, at, scene);
    let shown = |word: &Word| word.to_string();
    let before = context_before(scene, &files, &config);
    let context = chosen.context.as_ref().map(shown).filter(|name| !name.is_empty());
    let context = context.or(before).or_else(|| config.current.clone());
    let entry = context.as_deref().and_then(|name| config.get("contexts", name));
    let text = |value: Option<&Value>, name: &str| value?.get(name)?.as_str().map(str::to_owned);
    let name = chosen.cluster.as_ref().map(shown).or_else(|| text(entry, "cluster"));
    let of_cluster = name.as_deref().and_then(|name| config.get("clusters", name));
    let server = match &chosen.server {
        Some(word) if word.text().is_some() => Some(word.to_string()),
        // Any server may stand there.
        Some(_) => Some("https://unknown.kubeconfig".to_owned()),
        None => text(of_cluster, "server"),
    };
    // A name that was given to something else stands for any server.
    let server = match scene.recalled(MOVED).next() {
        Some(_) if chosen.server.is_none() => Some("https://unknown.kubeconfig".to_owned()),
        _ => server,
    };
    let called = name.clone().or_else(|| context.clone());
    let here = matches!(at.machine, Machine::Own | Machine::Container(_));
    let is_known = chosen.context.as_ref().is_none_or(|word| word.text().is_some());
    let local = here
        && match &server {
            Some(server) => is_this_machine(server, called.as_deref().unwrap_or_default()),
            None => is_known && called.as_deref().is_some_and(is_local),
        };
    // A server that the command names stands for no cluster of the kubeconfig.
    let name = name.or_else(|| context.clone()).filter(|_| chosen.server.is_none());
    let server = server.and_then(|server| base(&server)).unwrap_or_else(|| match local {
        true => "https://localhost:6443".to_owned(),
        false => format!("https://{}.kubeconfig", label(called.as_deref().unwrap_or("current"))),
    });
    Cluster { server, name, namespace: text(entry, "namespace"), context, local }
}

/// What a command before has chosen. A context that is not there, nor made before, cannot be chosen.
fn context_before(scene: &Scene<'_>, files: &[String], config: &Config) -> Option<String> {
    let made = |name: &str| scene.recalled(MADE).any(|(known, _)| known == name);
    let exists = |name: &str| !config.is_known || config.get("contexts", name).is_some() || made(name);
    let list = files.join(":");
    scene.recalled(CURRENT).filter(|(file, _)| *file == list).map(|(_, name)| name.to_owned()).find(|name| exists(name))
}

/// Keeps that a cluster of this machine is made, whose context is the current one from then on.
pub(super) fn make(at: &Invocation, scene: &mut Scene<'_>, context: &str) {
    scene.remember(MADE, context, "");
    choose(at, scene, &Chosen::default(), &Word::known(context));
}

/// Keeps what `kubectl config use-context` chooses for the commands after it.
pub(super) fn choose(at: &Invocation, scene: &mut Scene<'_>, chosen: &Chosen, context: &Word) {
    let files = files(at, scene, chosen);
    let name = context.text().map_or_else(|| "unknown".to_owned(), std::borrow::Cow::into_owned);
    scene.remember(CURRENT, files.join(":"), name);
}

/// Keeps that names of clusters or contexts were given to others: what they stand for is not known from then on.
pub(super) fn moved(scene: &mut Scene<'_>) {
    scene.remember(MOVED, "", "");
}

/// Whether a server stands on this machine by its address.
pub(super) fn is_loopback(server: &str) -> bool {
    is_this_machine(server, "")
}

/// The kubeconfig's files, absolute.
fn files(at: &Invocation, scene: &Scene<'_>, chosen: &Chosen) -> Vec<String> {
    let absolute = |path: &str| super::absolute(path, at, scene);
    if let Some(word) = &chosen.kubeconfig {
        return vec![word.text().map_or_else(|| "unknown".to_owned(), |path| absolute(&path))];
    }
    match scene.variable(at, "KUBECONFIG").map(|word| word.text().map(std::borrow::Cow::into_owned)) {
        Some(Some(list)) if !list.is_empty() => list.split(':').filter(|path| !path.is_empty()).map(absolute).collect(),
        Some(None) => vec!["unknown".to_owned()],
        _ => vec![absolute("~/.kube/config")],
    }
}

/// Kubeconfigs, the first one that says something counts.
#[derive(Default)]
struct Config {
    documents: Vec<Value>,
    current: Option<String>,
    /// All of it was read.
    is_known: bool,
}

impl Config {
    fn read(files: &[String], at: &Invocation, scene: &Scene<'_>) -> Self {
        let mut config = Self::default();
        if at.machine != Machine::Own {
            return config;
        }
        for file in files {
            let Contents::Whole(bytes) = scene.contents(file) else { continue };
            let document = std::str::from_utf8(&bytes).ok().and_then(|text| serde_saphyr::from_str::<Value>(text).ok());
            let Some(document) = document else { continue };
            let current = document.get("current-context").and_then(Value::as_str).filter(|name| !name.is_empty());
            config.current = config.current.take().or(current.map(str::to_owned));
            config.documents.push(document);
        }
        config.is_known = config.documents.len() == files.len();
        config
    }

    /// What stands under this name in one of the lists.
    fn get(&self, list: &str, name: &str) -> Option<&Value> {
        let inner = list.trim_end_matches('s');
        self.documents.iter().find_map(|document| {
            let entries = document.get(list)?.as_array()?;
            entries.iter().find(|entry| entry.get("name").is_some_and(|known| known == name))?.get(inner)
        })
    }
}

/// Names that tools for clusters on this machine give.
pub(super) fn is_local(name: &str) -> bool {
    let exact =
        ["minikube", "docker-desktop", "docker-for-desktop", "rancher-desktop", "orbstack", "colima", "microk8s"];
    let begins = ["kind-", "k3d-", "colima-", "minikube-"];
    exact.contains(&name) || begins.iter().any(|start| name.starts_with(start))
}

/// Whether a server is this machine, or a virtual machine on it that minikube made.
fn is_this_machine(server: &str, called: &str) -> bool {
    let Some(base) = base(server) else { return false };
    let host = base.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    if host.starts_with("[::1]") {
        return true;
    }
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let address: Option<std::net::Ipv4Addr> = host.parse().ok();
    let loopback = address.is_some_and(|address| address.is_loopback() || address.is_unspecified());
    let named = matches!(host, "localhost" | "kubernetes.docker.internal" | "host.docker.internal");
    let minikube =
        called.starts_with("minikube") && address.is_some_and(|address| address.octets().starts_with(&[192, 168]));
    loopback || named || minikube
}

/// A server's URL without what ends it; `None` when it is none.
fn base(server: &str) -> Option<String> {
    let whole = if server.contains("://") { server.to_owned() } else { format!("https://{server}") };
    let (scheme, rest) = whole.split_once("://")?;
    let plain = !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/[]".contains(c));
    (plain && matches!(scheme, "https" | "http")).then(|| whole.trim_end_matches('/').to_owned())
}

/// A name as a part of a host name.
pub(super) fn label(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(60).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { "unknown".to_owned() } else { plain.to_owned() }
}
