//! Commands that reach into a pod or a node.

use serde_json::json;

use super::{COMMON, GLOBAL, Kube, Type, local};
use crate::identify::command::kubernetes::pflag;
use crate::identify::command::{Input, Invocation, Machine, Scene, Word, wrapper};
use crate::model::{Impact, Scope};

const EXEC: &str = "container/c= filename/f= pod-running-timeout= quiet/q stdin/i tty/t no-tty/T shell=";
const COPY: &str = "container/c= no-preserve retries= delete exclude= include= progress strategy= watch/w quiet/q";
const DEBUG: &str = "arguments-only attach container/c= copy-to= custom= env= image= image-pull-policy= keep-annotations \
    keep-init-containers keep-labels keep-liveness keep-readiness keep-startup profile= quiet/q replace same-node set-image= \
    share-processes stdin/i target= tty/t as-root no-stdin/I one-container to-namespace= as-user= node-name=";
const PROXY: &str = "accept-hosts= accept-paths= address= api-prefix= append-server-path disable-filter keepalive= port/p= \
    reject-methods= reject-paths= unix-socket/u= www/w= www-prefix/P= pod-running-timeout=";

/// Reads one of them.
pub(super) fn read(verb: &str, at: &Invocation, rest: &[Word], scene: &mut Scene<'_>) {
    let own = match verb {
        "exec" | "rsh" | "attach" => EXEC,
        "cp" | "rsync" => COPY,
        "debug" => DEBUG,
        _ => PROXY,
    };
    // `oc rsh POD COMMAND` ends its options at the pod.
    let kube = Kube::new(at, pflag::parse(rest, &[own, GLOBAL, COMMON], verb != "rsh"), scene);
    if kube.given.help {
        return local(at, scene, verb, Impact::Read);
    }
    match verb {
        "exec" | "rsh" => exec(&kube, scene),
        "cp" | "rsync" => copy(&kube, scene),
        "debug" => debug(&kube, scene),
        "proxy" => {
            // Whoever speaks to the port afterwards is the one who is signed in here.
            let effect = kube.effect("server:proxy.connect", Impact::Execute, Scope::Environment);
            scene.effect(at, effect);
        }
        "attach" => connect("attach", &kube, scene),
        _ => connect("portforward", &kube, scene),
    }
}

/// The pod's name, or what stands for it (`deploy/web`).
fn pod(kube: &Kube<'_>) -> (Type, String) {
    let shown =
        kube.given.operand(0).or_else(|| kube.given.word("filename").map(ToString::to_string)).unwrap_or_default();
    match shown.split_once('/') {
        Some((_, name)) => (Type::of("pods"), name.to_owned()),
        None => (Type::of("pods"), shown),
    }
}

fn connect(sub: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let (kind, name) = pod(kube);
    kube.send(scene, "POST", &kind.path(Some(&kube.namespace()), Some(&name), Some(sub)), None);
}

/// The machine that a pod of this cluster is.
pub(super) fn machine(kube: &Kube<'_>, pod: &str) -> Machine {
    if kube.cluster.local {
        return Machine::Container(pod.to_owned());
    }
    // A server that the command names has no name in the kubeconfig.
    let host = || kube.cluster.server.split_once("://").map(|(_, rest)| rest.to_owned());
    Machine::Pod {
        cluster: kube.cluster.name.clone().or_else(host),
        namespace: Some(kube.namespace()),
        pod: pod.to_owned(),
    }
}

/// A shell that takes its commands from whoever types.
pub(super) fn is_bare_shell(words: &[Word]) -> bool {
    let Some(first) = words.first().and_then(Word::text) else { return false };
    let name = first.rsplit('/').next().unwrap_or_default();
    let shell = matches!(name, "sh" | "bash" | "ash" | "dash" | "zsh" | "fish" | "ksh" | "pwsh" | "powershell" | "cmd");
    let plain =
        |word: &Word| matches!(word.text().as_deref(), Some("-i" | "-l" | "-il" | "-li" | "--login" | "-x" | "-s"));
    shell && words.iter().skip(1).all(plain)
}

fn exec(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let start = usize::from(!kube.given.has("filename"));
    let words = kube.given.operands.get(start..).unwrap_or_default().to_vec();
    let typed = is_bare_shell(&words) && !matches!(kube.at.input, Input::Text(_));
    if words.is_empty() || typed {
        return connect("exec", kube, scene);
    }
    let (_, name) = pod(kube);
    wrapper::inside(words, machine(kube, &name), kube.at, scene);
}

/// From a pod it reads with `tar`; into a pod it writes with it.
fn copy(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let shown: Vec<String> = kube.given.operands.iter().take(2).map(ToString::to_string).collect();
    let is_remote =
        |path: &String| path.split_once(':').is_some_and(|(pod, _)| !pod.is_empty() && !pod.starts_with(['.', '/']));
    let Some(to) = shown.get(1) else {
        return local(kube.at, scene, "cp", Impact::Read);
    };
    let pod =
        shown.iter().find_map(|path| path.split_once(':').filter(|_| is_remote(path)).map(|(pod, _)| pod.to_owned()));
    let pod = pod.unwrap_or_default();
    let (namespace, name) =
        pod.split_once('/').map_or((kube.namespace(), pod.as_str()), |(ns, name)| (ns.to_owned(), name));
    if is_remote(to) {
        let path = Type::of("pods").path(Some(&namespace), Some(name), Some("exec"));
        kube.send(scene, "POST", &path, None);
    } else {
        let effect = kube.effect("core:pods/exec.connect", Impact::Read, Scope::Resource);
        scene.effect(kube.at, effect.on(pod.clone()).with("command", "tar cf -"));
    }
}

/// A container beside those of a pod, a copy of a pod, or a pod with a node's own rights.
fn debug(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let shown = kube.given.operand(0).unwrap_or_default();
    let (kind, name) = shown.split_once('/').unwrap_or(("pod", shown.as_str()));
    let pods = Type::of("pods");
    let words = kube.given.operands.get(1..).unwrap_or_default().to_vec();
    if matches!(kind, "node" | "nodes" | "no") {
        let spec = json!({"hostPID": true, "hostNetwork": true, "hostIPC": true, "nodeName": name, "containers": [],
            "volumes": [{"name": "host-root", "hostPath": {"path": "/"}}]});
        let body = json!({"metadata": {"name": format!("node-debugger-{name}")}, "spec": spec});
        kube.send(scene, "POST", &pods.path(Some(&kube.namespace()), None, None), Some(body));
    } else if let Some(copy) = kube.given.text("copy-to") {
        if kube.given.on("replace") {
            kube.send(scene, "DELETE", &pods.path(Some(&kube.namespace()), Some(name), None), None);
        }
        let body = json!({"metadata": {"name": copy}, "spec": {"containers": []}});
        kube.send(scene, "POST", &pods.path(Some(&kube.namespace()), None, None), Some(body));
    } else {
        let path = pods.path(Some(&kube.namespace()), Some(name), Some("ephemeralcontainers"));
        kube.send(scene, "PATCH", &path, Some(json!({"spec": {"ephemeralContainers": [{"name": "debugger"}]}})));
    }
    if !words.is_empty() && !is_bare_shell(&words) {
        wrapper::inside(words, machine(kube, name), kube.at, scene);
    }
}
