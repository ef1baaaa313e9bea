//! Commands that change or delete what is there.

use serde_json::{Map, Value, json};

use super::super::manifest::Object;
use super::{Kube, Target, local, pruning};
use crate::identify::command::{Scene, Word};
use crate::model::{Impact, Scope};

/// Reads one of them.
pub(super) fn read(verb: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    if kube.given.help {
        return local(kube.at, scene, verb, Impact::Read);
    }
    if let Some(raw) = kube.given.word("raw") {
        let method = if verb == "replace" { "PUT" } else { "DELETE" };
        return raw_call(method, raw, kube, scene);
    }
    match verb {
        "delete" => delete(kube, scene),
        "apply" => apply(kube, scene),
        "replace" => replace(kube, scene),
        "patch" => patch(kube, scene),
        "edit" => edit(kube, scene),
        "scale" => scale(kube, scene),
        other => mark(other, kube, scene),
    }
}

/// `--raw PATH`.
pub(super) fn raw_call(method: &str, raw: &Word, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    match raw.text() {
        Some(path) if path.starts_with('/') => kube.send(scene, method, &path, None),
        _ if method == "GET" => local(kube.at, scene, "get", Impact::Read),
        _ => kube.blind(scene, "raw", Impact::Destroy, &raw.to_string()),
    }
}

/// `DeleteOptions` as kubectl writes them.
fn options(kube: &Kube<'_>) -> Value {
    let policy = match kube.given.text("cascade").as_deref() {
        Some("orphan" | "false") => "Orphan",
        Some("foreground") => "Foreground",
        _ => "Background",
    };
    let mut options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": policy});
    let grace = kube.given.text("grace-period").and_then(|seconds| seconds.parse::<i64>().ok()).filter(|n| *n >= 0);
    let grace = if kube.given.on("now") { Some(1) } else { grace };
    if let (Some(grace), Some(members)) = (grace, options.as_object_mut()) {
        members.insert("gracePeriodSeconds".to_owned(), json!(grace));
    }
    options
}

fn delete(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let mut found = false;
    if let Some(manifests) = kube.manifests(scene) {
        found = true;
        for object in &manifests.objects {
            kube.send(scene, "DELETE", &path_of(object, kube), Some(options(kube)));
        }
        for what in &manifests.unknown {
            kube.blind(scene, "delete", Impact::Destroy, what);
        }
    }
    for target in kube.targets(&kube.given.operands) {
        if target.kind.is_none() {
            found = true;
            kube.blind(scene, "delete", Impact::Destroy, &kube.at.shown());
        } else if target.name.is_some() {
            found = true;
            kube.send(scene, "DELETE", &target.path(None), Some(options(kube)));
        } else if kube.selects() {
            found = true;
            let path = format!("{}{}", target.path(None), kube.selectors());
            kube.send(scene, "DELETE", &path, Some(options(kube)));
        }
    }
    if !found && kube.at.repeats {
        kube.blind(scene, "delete", Impact::Destroy, &kube.at.shown());
    } else if !found {
        // kubectl says that no name was given.
        local(kube.at, scene, "delete", Impact::Read);
    }
}

fn path_of(object: &Object, kube: &Kube<'_>) -> String {
    let namespace = object.namespace.clone().unwrap_or_else(|| kube.namespace());
    object.kind.path(Some(&namespace), Some(object.name.as_deref().unwrap_or("*")), None)
}

/// The path that objects of this type are created at.
pub(super) fn collection_of(object: &Object, kube: &Kube<'_>) -> String {
    let namespace = object.namespace.clone().unwrap_or_else(|| kube.namespace());
    object.kind.path(Some(&namespace), None, None)
}

/// A server-side apply and the older way by patches have the same effect; the former's body is the manifest.
fn apply(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let second = kube.given.operand(0).unwrap_or_default();
    let Some(manifests) = kube.manifests(scene) else {
        return local(kube.at, scene, "apply", Impact::Read);
    };
    if second == "view-last-applied" {
        return local(kube.at, scene, "apply", Impact::Read);
    }
    for object in &manifests.objects {
        if object.name.is_none() {
            kube.send(scene, "POST", &collection_of(object, kube), Some(object.value.clone()));
            continue;
        }
        let path = path_of(object, kube);
        if kube.given.on("force") {
            kube.send(scene, "DELETE", &path, Some(options(kube)));
        }
        kube.send_as(scene, ("PATCH", "application/apply-patch+yaml"), &path, Some(object.value.clone()));
    }
    for what in &manifests.unknown {
        kube.blind(scene, "apply", Impact::Update, what);
    }
    if kube.given.on("prune") {
        let effect = kube.effect("unidentified:prune", Impact::Destroy, Scope::Environment);
        scene.effect(kube.at, pruning(effect, "what the manifests do not hold"));
    }
}

fn replace(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let Some(manifests) = kube.manifests(scene) else {
        return local(kube.at, scene, "replace", Impact::Read);
    };
    let force = kube.given.on("force");
    for object in &manifests.objects {
        if force {
            kube.send(scene, "DELETE", &path_of(object, kube), Some(options(kube)));
            kube.send(scene, "POST", &collection_of(object, kube), Some(object.value.clone()));
        } else {
            kube.send(scene, "PUT", &path_of(object, kube), Some(object.value.clone()));
        }
    }
    for what in &manifests.unknown {
        kube.blind(scene, "replace", if force { Impact::Destroy } else { Impact::Update }, what);
    }
}

/// The objects that a command speaks of, those of its manifests among them.
fn subjects(kube: &Kube<'_>, operands: &[Word], scene: &mut Scene<'_>) -> Vec<Target> {
    let mut all = kube.targets(operands);
    if let Some(manifests) = kube.manifests(scene) {
        all.extend(manifests.objects.into_iter().map(|object| Target {
            kind: Some(object.kind),
            name: object.name,
            namespace: Some(object.namespace.unwrap_or_else(|| kube.namespace())),
        }));
        all.extend(manifests.unknown.into_iter().map(|what| Target {
            kind: None,
            name: Some(what),
            namespace: Some(kube.namespace()),
        }));
    }
    if all.is_empty() {
        local(kube.at, scene, "nothing", Impact::Read);
    }
    all
}

fn patch(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let file = || {
        let word = kube.given.word("patch-file")?;
        let path = super::super::absolute(&word.text()?, kube.at, scene);
        match scene.contents(&path) {
            crate::identify::command::surroundings::Contents::Whole(bytes) => String::from_utf8(bytes).ok(),
            _ => None,
        }
    };
    let text = kube.given.text("patch").or_else(file);
    let body = text.and_then(|text| serde_saphyr::from_str::<Value>(&text).ok());
    let media = match kube.given.text("type").as_deref() {
        Some("json") => "application/json-patch+json",
        Some("merge") => "application/merge-patch+json",
        _ => "application/strategic-merge-patch+json",
    };
    let sub = kube.given.text("subresource");
    for target in subjects(kube, &kube.given.operands.clone(), scene) {
        match (&body, &sub) {
            (Some(body), Some(sub)) => {
                kube.send_as(scene, ("PATCH", media), &target.path(Some(sub)), Some(body.clone()))
            }
            (Some(body), None) => kube.send_as(scene, ("PATCH", media), &target.object_path(), Some(body.clone())),
            (None, _) => kube.unclear(scene, &target, "patch"),
        }
    }
}

/// Whoever edits may write anything.
fn edit(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    for target in subjects(kube, &kube.given.operands.clone(), scene) {
        kube.unclear(scene, &target, "patch");
    }
}

fn scale(kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let word = kube.given.word("replicas").cloned().unwrap_or_default();
    let number = word.text().and_then(|text| text.trim().parse::<i64>().ok());
    let replicas = number.map_or_else(|| json!(word.to_string()), |number| json!(number));
    for target in subjects(kube, &kube.given.operands.clone(), scene) {
        let body = json!({"spec": {"replicas": replicas}});
        kube.send(scene, "PATCH", &target.path(Some("scale")), Some(body));
    }
}

/// Operands up to the first pair, and the pairs: `KEY=VALUE`, `KEY-`.
pub(super) fn pairs(operands: &[Word]) -> (Vec<Word>, Vec<String>) {
    let shown: Vec<String> = operands.iter().map(ToString::to_string).collect();
    let is_pair = |text: &String| text.contains('=') && !text.starts_with('$') || text.ends_with('-');
    let at = shown.iter().position(is_pair).unwrap_or(shown.len());
    (operands.get(..at).unwrap_or_default().to_vec(), shown.get(at..).unwrap_or_default().to_vec())
}

/// Labels and annotations.
fn mark(verb: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    if kube.given.on("list") || kube.given.surely("local") {
        return local(kube.at, scene, verb, Impact::Read);
    }
    let (operands, pairs) = pairs(&kube.given.operands);
    let mut map = Map::new();
    for pair in pairs {
        match pair.split_once('=') {
            Some((key, value)) => map.insert(key.to_owned(), json!(value)),
            None => map.insert(pair.trim_end_matches('-').to_owned(), Value::Null),
        };
    }
    let member = if verb == "label" { "labels" } else { "annotations" };
    for target in subjects(kube, &operands, scene) {
        kube.send(scene, "PATCH", &target.object_path(), Some(json!({"metadata": {member: map.clone()}})));
    }
}

/// `kubectl rollout`.
pub(super) fn rollout(second: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    let body = match second {
        "restart" => {
            json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}})
        }
        "undo" | "rollback" => json!([{"op": "replace", "path": "/spec/template", "value": {"spec": {}}}]),
        "pause" => json!({"spec": {"paused": true}}),
        "resume" => json!({"spec": {"paused": null}}),
        "status" | "history" => return super::look::objects(kube, scene),
        // OpenShift's.
        "latest" | "retry" => {
            json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}})
        }
        "cancel" => json!({"spec": {"paused": true}}),
        _ => return scene.unknown(kube.at, "a rollout that is not known"),
    };
    let media = match second {
        "undo" | "rollback" => "application/json-patch+json",
        _ => "application/strategic-merge-patch+json",
    };
    for target in subjects(kube, &kube.given.operands.clone(), scene) {
        kube.send_as(scene, ("PATCH", media), &target.object_path(), Some(body.clone()));
    }
}

/// `kubectl set`.
pub(super) fn set(second: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    if kube.given.on("list") || kube.given.surely("local") {
        return local(kube.at, scene, "set", Impact::Read);
    }
    let (operands, pairs) = pairs(&kube.given.operands);
    let named = |field: &str| -> Vec<Value> {
        let pair = |pair: &String| pair.split_once('=').map(|(name, value)| json!({"name": name, field: value}));
        pairs.iter().filter_map(pair).collect()
    };
    let (mut operands, template) = match second {
        "image" => (operands, json!({"spec": {"template": {"spec": {"containers": named("image")}}}})),
        "env" => {
            let env = json!([{"name": "*", "env": named("value")}]);
            (operands, json!({"spec": {"template": {"spec": {"containers": env}}}}))
        }
        "resources" => (operands, json!({"spec": {"template": {"spec": {"containers": [{"name": "*"}]}}}})),
        "selector" => (operands, json!({"spec": {"selector": {}}})),
        "serviceaccount" | "sa" => (operands, json!({"spec": {"template": {"spec": {"serviceAccountName": "set"}}}})),
        "subject" => {
            let named = ["serviceaccount", "user", "group"].iter().flat_map(|option| kube.given.all(option));
            let subjects: Vec<Value> = named.map(|word| json!({"name": word.to_string()})).collect();
            (operands, json!({"subjects": subjects}))
        }
        "volume" | "volumes" => (operands, json!({"spec": {"template": {"spec": {"volumes": []}}}})),
        "data" | "build-secret" | "deployment-hook" | "image-lookup" | "probe" | "route-backends" | "triggers"
        | "build-hook" | "last-applied" => (operands, json!({"metadata": {}})),
        _ => return scene.unknown(kube.at, "a setting that is not known"),
    };
    if matches!(second, "serviceaccount" | "sa" | "selector") && !kube.given.has("filename") {
        // The last operand is the value.
        operands.truncate(operands.len().saturating_sub(usize::from(operands.len() > 1)));
    }
    for target in subjects(kube, &operands, scene) {
        let media = "application/strategic-merge-patch+json";
        kube.send_as(scene, ("PATCH", media), &target.object_path(), Some(template.clone()));
    }
}

/// `kubectl certificate`.
pub(super) fn certificate(second: &str, kube: &Kube<'_>, scene: &mut Scene<'_>) {
    if !matches!(second, "approve" | "deny") {
        return scene.unknown(kube.at, "a certificate's fate that is not known");
    }
    let kind = super::Type::of("certificatesigningrequests");
    let names = kube.given.operands.iter().map(ToString::to_string).collect::<Vec<_>>();
    let files =
        kube.manifests(scene).map(|all| all.objects).unwrap_or_default().into_iter().filter_map(|object| object.name);
    for name in names.into_iter().chain(files) {
        let body = json!({"kind": "CertificateSigningRequest", "metadata": {"name": name}});
        let name = name.trim_start_matches("csr/").to_owned();
        kube.send(scene, "PUT", &kind.path(None, Some(&name), Some("approval")), Some(body));
    }
}
