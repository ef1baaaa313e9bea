//! Commands about nodes.

use serde_json::{Value, json};

use super::change::pairs;
use super::{Kube, Type, local};
use crate::identify::command::{Scene, Word};
use crate::model::Impact;

/// Their own options.
pub(super) const OWN: &str = "chunk-size= delete-emptydir-data delete-local-data disable-eviction force grace-period= \
    ignore-daemonsets ignore-errors pod-selector= skip-wait-for-delete-timeout= timeout= selector/l= all overwrite";

/// Reads one of them.
pub(super) fn read(verb: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    if kube.given.help {
        return local(kube.at, scene, verb, Impact::Read);
    }
    if verb == "taint" {
        return taint(kube, scene);
    }
    let body = match verb {
        "uncordon" => json!({"spec": {"unschedulable": false}}),
        _ => json!({"spec": {"unschedulable": true}}),
    };
    for name in names(kube, &kube.given.operands) {
        let path = Type::of("nodes").path(None, Some(&name), None);
        kube.send(scene, "PATCH", &path, Some(body.clone()));
        if verb != "drain" {
            continue;
        }
        let pods = Type::of("pods");
        if kube.given.on("disable-eviction") {
            let body = json!({"kind": "DeleteOptions", "apiVersion": "v1"});
            kube.send(scene, "DELETE", &pods.path(Some("*"), Some("*"), None), Some(body));
        } else {
            let body = json!({"kind": "Eviction", "apiVersion": "policy/v1"});
            kube.send(scene, "POST", &pods.path(Some("*"), Some("*"), Some("eviction")), Some(body));
        }
    }
}

/// The nodes; `*` for those of a selector.
fn names(kube: &Kube<'_>, operands: &[Word]) -> Vec<String> {
    let bare = |word: &Word| {
        let shown = word.to_string();
        shown.split_once('/').map_or(shown.clone(), |(_, name)| name.to_owned())
    };
    let mut names: Vec<String> = operands.iter().map(bare).collect();
    if names.is_empty() || kube.given.has("selector") || kube.given.on("all") {
        names.push("*".to_owned());
    }
    names
}

/// `kubectl taint nodes NAME KEY=VALUE:EFFECT`, `KEY-`, `KEY:EFFECT-`.
fn taint(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let is_taint = |word: &Word| word.to_string().contains(':');
    let (mut operands, mut taints) = pairs(&kube.given.operands);
    if let Some(at) = operands.iter().position(is_taint) {
        let more = operands.split_off(at);
        taints = more.iter().map(ToString::to_string).chain(taints).collect();
    }
    let taints: Vec<Value> = taints
        .iter()
        .filter(|taint| !taint.ends_with('-'))
        .map(|taint| {
            let (key, effect) = taint.rsplit_once(':').unwrap_or((taint, "NoExecute"));
            // An effect that nobody knows may be the one that evicts.
            let known = matches!(effect, "NoSchedule" | "PreferNoSchedule");
            json!({"key": key, "effect": if known { effect } else { "NoExecute" }})
        })
        .collect();
    // The first operand is the type.
    for name in names(kube, operands.get(1..).unwrap_or_default()) {
        let path = Type::of("nodes").path(None, Some(&name), None);
        kube.send(scene, "PATCH", &path, Some(json!({"spec": {"taints": taints}})));
    }
}
