//! Words of `oc` beside kubectl's, and plugins.

use serde_json::json;

use super::{COMMON, GLOBAL, Kube, Type, local, node};
use crate::identify::command::kubernetes::{context, pflag};
use crate::identify::command::{Invocation, Scene, Word};
use crate::model::{Impact, Scope};

/// Plugins that only show.
const SHOWING: [&str; 22] = [
    "neat",
    "tree",
    "images",
    "df-pv",
    "resource-capacity",
    "view-allocations",
    "view-utilization",
    "who-can",
    "access-matrix",
    "rbac-lookup",
    "score",
    "outdated",
    "get-all",
    "lineage",
    "stern",
    "tail",
    "graph",
    "sick-pods",
    "node-shell-list",
    "ktop",
    "deprecations",
    "konfig",
];

/// Reads a word that kubectl itself does not have.
pub(super) fn read(verb: &str, at: &Invocation, rest: &[Word], scene: &mut Scene<'_>) {
    let kube = Kube::new(at, pflag::parse(rest, &[GLOBAL, COMMON], true), scene);
    if kube.given.help {
        return local(at, scene, verb, Impact::Read);
    }
    let name = kube.given.operand(0).unwrap_or_default();
    match verb {
        "project" => {
            let _: () = local(at, scene, "project", Impact::Update);
        }
        "projects" | "extract" | "process" | "registry" | "observe" => {
            scene.effect(at, kube.effect(&format!("unidentified:{verb}"), Impact::Read, Scope::Resource));
        }
        "login" | "logout" => {
            context::choose(at, scene, &kube.chosen(), &Word::unknown("unknown", false));
            local(at, scene, verb, Impact::Update);
        }
        "new-project" => {
            let path = "/apis/project.openshift.io/v1/projectrequests";
            kube.send(scene, "POST", path, Some(json!({"metadata": {"name": name}})));
        }
        "new-app" | "new-build" | "start-build" | "import-image" | "tag" => {
            let impact = if verb == "tag" { Impact::Update } else { Impact::Create };
            scene.effect(at, kube.effect(&format!("unidentified:{verb}"), impact, Scope::Resource).on(name));
        }
        "cancel-build" | "idle" => {
            scene.effect(at, kube.effect(&format!("unidentified:{verb}"), Impact::Disrupt, Scope::Resource).on(name));
        }
        "ssh" | "console" | "vnc" | "virt" | "node-shell" | "sniff" | "trace" | "gadget" => {
            scene.effect(at, kube.effect(&format!("plugin:{verb}"), Impact::Execute, Scope::Resource).on(name));
        }
        "view-secret" | "modify-secret" => {
            let path = Type::of("secrets").path(Some(&kube.namespace()), Some(&name), None);
            kube.send(scene, "GET", &path, None);
            if verb == "modify-secret" {
                kube.blind(scene, "patch", Impact::Update, &name);
            }
        }
        shows if SHOWING.contains(&shows) => {
            scene.effect(at, kube.effect(&format!("plugin:{shows}"), Impact::Read, Scope::Environment));
        }
        _ => scene.unknown(at, "a plugin of kubectl that is not known"),
    }
}

/// `oc adm`, `oc policy`, `oc secrets`.
pub(super) fn nested(verb: &str, second: &str, rest: &[Word], kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let at = kube.at;
    match (verb, second) {
        ("adm", "drain" | "cordon" | "uncordon" | "taint") => {
            let given = pflag::parse(rest, &[node::OWN, GLOBAL, COMMON], true);
            node::read(second, &Kube::new(at, given, scene), scene);
        }
        ("adm", "policy" | "groups" | "certificate" | "pod-network" | "ocp-certificates")
        | ("policy" | "secrets", _) => {
            let third = kube.given.operand(0).unwrap_or_default();
            let reads = [second, third.as_str()].iter().any(|word| matches!(*word, "who-can" | "can-i" | "scc-review"));
            let impact = if reads { Impact::Read } else { Impact::Permission };
            scene.effect(at, kube.effect(&format!("{verb}:{second}"), impact, Scope::Environment).on(third));
        }
        ("adm", "top" | "inspect" | "must-gather" | "node-logs" | "release" | "verify-image-signature" | "") => {
            scene.effect(at, kube.effect(&format!("adm:{second}"), Impact::Read, Scope::Environment));
        }
        ("adm", "prune") => {
            // It only tells what it would do until it is told to do it.
            let impact = if kube.given.on("confirm") { Impact::Destroy } else { Impact::Read };
            scene.effect(at, kube.effect("adm:prune", impact, Scope::Environment));
        }
        ("adm", "upgrade") => {
            let changes = ["to", "to-latest", "to-image", "clear", "force"].iter().any(|option| kube.given.has(option));
            let impact = if changes { Impact::Disrupt } else { Impact::Read };
            scene.effect(at, kube.effect("adm:upgrade", impact, Scope::Account));
        }
        _ => scene.unknown(at, "a command of oc that is not known"),
    }
}
