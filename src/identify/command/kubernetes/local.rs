//! Clusters on this machine, and switches of the kubeconfig.

use super::kubectl;
use super::pflag;
use super::{Invocation, Scene, context};
use crate::identify::command::{Effect, Word};
use crate::model::{Impact, Scope};

fn effect(at: &Invocation, scene: &mut Scene<'_>, id: &str, impact: Impact) {
    scene.effect(at, Effect::new(id, impact, Scope::Local));
}

/// The command words, without options. Unknown words are shown.
fn said(words: &[Word]) -> Vec<String> {
    let given = pflag::parse(words, &["profile/p= name/n= config/c= image= kubeconfig= wait= driver= output/o="], true);
    let mut said: Vec<String> = given.operands.iter().map(ToString::to_string).collect();
    if given.help {
        said.insert(0, "help".to_owned());
    }
    said
}

/// `minikube`.
pub(super) fn minikube(at: &Invocation, scene: &mut Scene<'_>) {
    let words = at.arguments();
    let (verb, rest) = pflag::command(words, &["profile/p= v/v= alsologtostderr logtostderr"]).unwrap_or_default();
    let given = pflag::parse(&rest, &["profile/p= driver= output/o= node/n= user="], true);
    let profile = given.text("profile").unwrap_or_else(|| "minikube".to_owned());
    match verb.text().as_deref() {
        Some("kubectl") => {
            // Behind `--` everything is kubectl's; the profile is its context.
            let own = rest.iter().position(|word| word.is("--")).map_or(0, |at| at + 1);
            let mut all = vec![Word::known("--context"), Word::known(named(&profile, "minikube"))];
            all.extend(rest.get(own..).unwrap_or_default().iter().cloned());
            kubectl::words(at, &all, scene);
        }
        Some("ssh") if !given.help => {
            let words = given.operands.clone();
            if words.is_empty() {
                effect(at, scene, "minikube:ssh", Impact::Execute);
            } else {
                let machine = crate::identify::command::Machine::Container(profile);
                crate::identify::command::wrapper::inside(words, machine, at, scene);
            }
        }
        Some("start") if !given.help => {
            context::make(at, scene, &named(&profile, "minikube"));
            effect(at, scene, "minikube:cluster:start", Impact::Create);
        }
        Some(verb @ ("delete" | "stop" | "pause")) if !given.help => {
            let impact = if verb == "delete" { Impact::Destroy } else { Impact::Disrupt };
            effect(at, scene, &format!("minikube:cluster:{verb}"), impact);
        }
        Some(
            verb @ ("addons" | "cache" | "config" | "cp" | "image" | "mount" | "node" | "profile" | "tunnel"
            | "unpause" | "update-context" | "update-check" | "docker-env" | "podman-env"),
        ) => effect(at, scene, &format!("minikube:cluster:{verb}"), Impact::Update),
        Some(verb) => effect(at, scene, &format!("minikube:cluster:{verb}"), Impact::Read),
        None => effect(at, scene, "minikube:cluster:help", Impact::Read),
    }
}

/// A context of minikube: its profile's name, marked as one that tools of this machine give.
fn named(profile: &str, tool: &str) -> String {
    if context::is_local(profile) { profile.to_owned() } else { format!("{tool}-{profile}") }
}

/// `kind`.
pub(super) fn kind(at: &Invocation, scene: &mut Scene<'_>) {
    let words = said(at.arguments());
    let first = words.iter().map(String::as_str).collect::<Vec<_>>();
    let given = pflag::parse(at.arguments(), &["name/n= config= image= kubeconfig= wait="], true);
    match first.as_slice() {
        ["create", "cluster", ..] => {
            let name = given.text("name").unwrap_or_else(|| "kind".to_owned());
            context::make(at, scene, &format!("kind-{name}"));
            effect(at, scene, "kind:cluster:create", Impact::Create);
        }
        ["delete", ..] => effect(at, scene, "kind:cluster:delete", Impact::Destroy),
        ["load" | "build" | "export", ..] => effect(at, scene, "kind:cluster:update", Impact::Update),
        _ => effect(at, scene, "kind:cluster:get", Impact::Read),
    }
}

/// `k3d`.
pub(super) fn k3d(at: &Invocation, scene: &mut Scene<'_>) {
    let words = said(at.arguments());
    let first = words.iter().map(String::as_str).collect::<Vec<_>>();
    match first.as_slice() {
        ["cluster", "create", rest @ ..] => {
            let name = rest.first().copied().unwrap_or("k3s-default");
            context::make(at, scene, &format!("k3d-{name}"));
            effect(at, scene, "k3d:cluster:create", Impact::Create);
        }
        [_, "delete" | "rm" | "del", ..] => effect(at, scene, "k3d:cluster:delete", Impact::Destroy),
        [_, "stop", ..] => effect(at, scene, "k3d:cluster:stop", Impact::Disrupt),
        [_, "create" | "start" | "edit" | "import" | "merge", ..] => {
            effect(at, scene, "k3d:cluster:update", Impact::Update)
        }
        _ => effect(at, scene, "k3d:cluster:get", Impact::Read),
    }
}

/// `microk8s kubectl …`, `microk8s reset`.
pub(super) fn microk8s(at: &Invocation, scene: &mut Scene<'_>) {
    let (first, rest) =
        at.arguments().split_first().map_or((Word::default(), &[][..]), |(first, rest)| (first.clone(), rest));
    match first.text().as_deref() {
        Some(tool @ ("kubectl" | "helm" | "helm3")) => {
            let context = if tool == "kubectl" { "--context" } else { "--kube-context" };
            let mut all = vec![Word::known(tool), Word::known(context), Word::known("microk8s")];
            all.extend(rest.iter().cloned());
            scene.invocation(&at.with_words(all));
        }
        Some("reset") => effect(at, scene, "microk8s:cluster:reset", Impact::Destroy),
        Some(verb @ ("stop" | "leave" | "remove-node")) => {
            effect(at, scene, &format!("microk8s:cluster:{verb}"), Impact::Disrupt)
        }
        Some(verb @ ("status" | "inspect" | "config" | "version" | "help")) => {
            effect(at, scene, &format!("microk8s:cluster:{verb}"), Impact::Read);
        }
        Some(verb) => effect(at, scene, &format!("microk8s:cluster:{verb}"), Impact::Update),
        None => scene.unknown(at, "the command of microk8s is not known"),
    }
}

/// `k3s kubectl …`: the cluster of the machine, which may be one of several in a real one.
pub(super) fn k3s(at: &Invocation, scene: &mut Scene<'_>) {
    let (first, rest) =
        at.arguments().split_first().map_or((Word::default(), &[][..]), |(first, rest)| (first.clone(), rest));
    match first.text().as_deref() {
        Some("kubectl" | "kc") => kubectl::words(at, rest, scene),
        Some(tool @ ("crictl" | "ctr")) => {
            let all = std::iter::once(Word::known(tool)).chain(rest.iter().cloned()).collect();
            scene.invocation(&at.with_words(all));
        }
        Some("check-config" | "--version" | "-v" | "help" | "--help" | "status" | "version") => {
            effect(at, scene, "k3s:server:help", Impact::Read);
        }
        Some("etcd-snapshot" | "token" | "certificate" | "secrets-encrypt") => {
            scene.effect(at, Effect::new("k3s:server:update", Impact::Update, Scope::Local));
        }
        Some("reset") => scene.unknown(at, "the node is reset"),
        Some(_) => effect(at, scene, "k3s:server:start", Impact::Execute),
        None => scene.unknown(at, "the command of k3s is not known"),
    }
}

/// `kubectx`.
pub(super) fn kubectx(at: &Invocation, scene: &mut Scene<'_>) {
    kubectx_words(at, at.arguments(), scene);
}

/// `kubectx NAME`, `kubectx NEW=OLD`, `kubectx -d NAME`.
pub(super) fn kubectx_words(at: &Invocation, words: &[Word], scene: &mut Scene<'_>) {
    let given = pflag::parse(words, &["current/c unset/u delete/d help/h version/V"], true);
    let Some(first) = given.operands.first().filter(|_| !given.on("help") && !given.help) else {
        return effect(at, scene, "kubernetes:client:contexts", Impact::Read);
    };
    if !given.has("delete") {
        // `-` is the one before; a new name stands for any.
        let known = first.text().is_some_and(|name| name != "-" && !name.contains('='));
        let word = if known { first.clone() } else { Word::unknown("unknown", false) };
        context::choose(at, scene, &context::Chosen::default(), &word);
    }
    effect(at, scene, "kubernetes:client:config.use-context", Impact::Update);
}

/// `kubens`.
pub(super) fn kubens(at: &Invocation, scene: &mut Scene<'_>) {
    kubens_words(at, at.arguments(), scene);
}

/// `kubens NAME`.
pub(super) fn kubens_words(at: &Invocation, words: &[Word], scene: &mut Scene<'_>) {
    let given = pflag::parse(words, &["current/c unset/u help/h force/f"], true);
    let impact = if given.operands.is_empty() { Impact::Read } else { Impact::Update };
    effect(at, scene, "kubernetes:client:config.set-context", impact);
}
