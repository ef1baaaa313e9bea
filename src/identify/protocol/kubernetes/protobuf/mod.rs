//! Just enough protobuf to read a Kubernetes object's name and the few members that decide what a write does.
//!
//! The envelope is `k8s\0` and a `runtime.Unknown` { 1: TypeMeta { 1: apiVersion, 2: kind }, 2: raw }. Field numbers are
//! those of the `generated.proto` files of `k8s.io/api` and `k8s.io/apimachinery`. The members come out as the JSON that
//! would say the same, so that one reading serves both encodings.

mod kinds;
mod message;

use serde_json::{Map, Value, json};

use super::path::{Object, Verb};
use message::Message;

/// Bytes that every Kubernetes protobuf body begins with.
pub(super) const MAGIC: &[u8] = b"k8s\0";

/// The members that matter, as JSON.
///
/// # Errors
/// For a person: it is not the envelope, or a field that may be there once is there twice.
pub(super) fn parse(target: &Object, bytes: &[u8]) -> Result<Value, String> {
    let envelope = bytes.strip_prefix(MAGIC).ok_or("the body is not Kubernetes protobuf")?;
    let unknown = Message::parse(envelope)?;
    let meta = unknown.message(1)?;
    // The API server takes what the envelope leaves out from the path.
    let told = meta.text(2)?.unwrap_or_default();
    let kind = match expected(target) {
        Some(kind) if told.is_empty() || told == kind => kind.to_owned(),
        Some(kind) => return Err(format!("the path takes a `{kind}` and the body says that it is another kind")),
        None => told,
    };
    let raw = unknown.message(2)?;
    let mut object = match kind.as_str() {
        "DeleteOptions" => delete_options(&raw)?,
        _ => object(&kind, &raw)?,
    };
    if let Value::Object(members) = &mut object {
        // A kind that is not read here may hold a pod; only aggregated servers take such kinds as protobuf.
        if expected(target).is_none() {
            members.insert("spec".into(), json!({ "hostPID": true }));
        }
        members.insert("kind".into(), Value::String(kind));
    }
    Ok(object)
}

/// The kind that a built-in path takes; none for custom resources, and for what only aggregated servers know.
pub(super) fn expected(target: &Object) -> Option<&'static str> {
    if matches!(target.verb, Verb::Delete | Verb::DeleteCollection) {
        return Some("DeleteOptions");
    }
    if target.group.contains('.') && !target.group.ends_with(".k8s.io") {
        return None;
    }
    match target.sub.as_deref() {
        Some("scale") => return Some("Scale"),
        Some("eviction") => return Some("Eviction"),
        Some("token") => return Some("TokenRequest"),
        Some("binding") => return Some("Binding"),
        _ => {}
    }
    let at = kinds::KINDS.binary_search_by(|(plural, _)| plural.cmp(&target.plural.as_str())).ok()?;
    kinds::KINDS.get(at).map(|(_, kind)| *kind)
}

fn delete_options(raw: &Message<'_>) -> Result<Value, String> {
    let mut all = Map::new();
    put(&mut all, "gracePeriodSeconds", raw.number(1)?.map(Value::from));
    put(&mut all, "orphanDependents", raw.flag(3)?);
    put(&mut all, "propagationPolicy", raw.text(4)?.map(Value::String));
    let dry_run: Vec<Value> = raw.texts(5)?.into_iter().map(Value::String).collect();
    put(&mut all, "dryRun", (!dry_run.is_empty()).then_some(Value::Array(dry_run)));
    Ok(Value::Object(all))
}

fn metadata(raw: &Message<'_>) -> Result<Map<String, Value>, String> {
    let mut all = Map::new();
    let meta = raw.message(1)?;
    let mut metadata = Map::new();
    put(&mut metadata, "name", meta.text(1)?.map(Value::String));
    put(&mut metadata, "generateName", meta.text(2)?.map(Value::String));
    put(&mut metadata, "namespace", meta.text(3)?.map(Value::String));
    metadata.insert("labels".into(), map(&meta, 11)?);
    metadata.insert("annotations".into(), map(&meta, 12)?);
    let finalizers = meta.texts(14)?;
    if !finalizers.is_empty() {
        metadata.insert("finalizers".into(), json!(finalizers));
    }
    all.insert("metadata".into(), Value::Object(metadata));
    Ok(all)
}

/// A map of texts.
fn map(raw: &Message<'_>, number: u64) -> Result<Value, String> {
    let entries = raw.messages(number)?;
    let entries = entries
        .iter()
        .map(|entry| Ok((entry.text(1)?.unwrap_or_default(), Value::String(entry.text(2)?.unwrap_or_default()))));
    Ok(Value::Object(entries.collect::<Result<_, String>>()?))
}

/// The keys of a map whose values are nobody's business here.
fn keys(raw: &Message<'_>, number: u64) -> Result<Value, String> {
    let entries = raw.messages(number)?;
    let entries = entries.iter().map(|entry| Ok((entry.text(1)?.unwrap_or_default(), Value::Null)));
    Ok(Value::Object(entries.collect::<Result<_, String>>()?))
}

/// The spec of what keeps pods running.
fn workload(kind: &str, spec: &Message<'_>) -> Result<Value, String> {
    let mut members = Map::new();
    if !matches!(kind, "DaemonSet" | "Job") {
        put(&mut members, "replicas", spec.number(1)?.map(Value::from));
    }
    let template = match kind {
        "DaemonSet" => 2,
        "Job" => 6,
        _ => 3,
    };
    if kind == "Job" {
        put(&mut members, "parallelism", spec.number(1)?.map(Value::from));
        put(&mut members, "suspend", spec.flag(10)?);
    }
    if kind == "StatefulSet" {
        let policy = spec.message(10)?;
        let policy = json!({ "whenDeleted": policy.text(1)?, "whenScaled": policy.text(2)? });
        members.insert("persistentVolumeClaimRetentionPolicy".into(), policy);
    }
    members.insert("template".into(), json!({ "spec": pod_spec(&spec.message(template)?.message(2)?)? }));
    Ok(Value::Object(members))
}

fn object(kind: &str, raw: &Message<'_>) -> Result<Value, String> {
    let mut all = metadata(raw)?;
    let spec = |field| raw.message(field);
    match kind {
        "Scale" => {
            let replicas = spec(2)?.number(1)?;
            all.insert("spec".into(), json!({ "replicas": replicas.unwrap_or(0) }));
        }
        "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController" | "DaemonSet" | "Job" => {
            all.insert("spec".into(), workload(kind, &spec(2)?)?);
        }
        "CronJob" => {
            let spec = spec(2)?;
            let template = spec.message(5)?.message(2)?.message(6)?;
            let job = json!({ "spec": { "template": { "spec": pod_spec(&template.message(2)?)? } } });
            let mut members = Map::from_iter([("jobTemplate".to_owned(), job)]);
            put(&mut members, "suspend", spec.flag(4)?);
            all.insert("spec".into(), Value::Object(members));
        }
        "PodTemplate" => {
            all.insert("template".into(), json!({ "spec": pod_spec(&spec(2)?.message(2)?)? }));
        }
        "Secret" => {
            put(&mut all, "type", raw.text(3)?.map(Value::String));
            all.insert("data".into(), keys(raw, 2)?);
            all.insert("stringData".into(), keys(raw, 4)?);
        }
        "ConfigMap" => {
            all.insert("data".into(), keys(raw, 2)?);
            all.insert("binaryData".into(), keys(raw, 3)?);
        }
        "PersistentVolume" | "NetworkPolicy" | "Service" | "HorizontalPodAutoscaler" => {
            let members = settings(kind, &spec(2)?)?;
            all.insert("spec".into(), members);
        }
        "Pod" => {
            all.insert("spec".into(), pod_spec(&spec(2)?)?);
        }
        "Node" => {
            let spec = spec(2)?;
            let effects: Vec<Value> = spec
                .messages(5)?
                .iter()
                .map(|taint| Ok(json!({ "effect": taint.text(3)? })))
                .collect::<Result<_, String>>()?;
            let mut members = Map::new();
            put(&mut members, "unschedulable", spec.flag(4)?);
            members.insert("taints".into(), Value::Array(effects));
            all.insert("spec".into(), Value::Object(members));
        }
        "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" => rights(kind, raw, &mut all)?,
        "Eviction" => {
            let options = raw.message(2)?;
            all.insert("deleteOptions".into(), delete_options(&options)?);
        }
        _ => {}
    }
    Ok(Value::Object(all))
}

/// The spec of what pods lean on.
fn settings(kind: &str, spec: &Message<'_>) -> Result<Value, String> {
    let mut members = Map::new();
    match kind {
        "PersistentVolume" => {
            put(&mut members, "persistentVolumeReclaimPolicy", spec.text(5)?.map(Value::String));
            let claim = spec.message(4)?;
            put(&mut members, "claimRef", claim.text(3)?.map(|name| json!({ "name": name })));
        }
        "NetworkPolicy" => {
            members.insert("ingress".into(), rules(spec, 2, "from")?);
            members.insert("egress".into(), rules(spec, 3, "to")?);
        }
        "Service" => {
            put(&mut members, "type", spec.text(4)?.map(Value::String));
            members.insert("externalIPs".into(), json!(spec.texts(5)?));
        }
        _ => {
            put(&mut members, "minReplicas", spec.number(2)?.map(Value::from));
            put(&mut members, "maxReplicas", spec.number(3)?.map(Value::from));
        }
    }
    Ok(Value::Object(members))
}

/// Rules of a role, subjects and role of a binding.
fn rights(kind: &str, raw: &Message<'_>, all: &mut Map<String, Value>) -> Result<(), String> {
    if kind.ends_with("Role") {
        let rules = raw.messages(2)?;
        let rules = rules.iter().map(|rule| {
            let (verbs, groups, resources) = (rule.texts(1)?, rule.texts(2)?, rule.texts(3)?);
            Ok(json!({ "verbs": verbs, "apiGroups": groups, "resources": resources }))
        });
        all.insert("rules".into(), Value::Array(rules.collect::<Result<_, String>>()?));
    } else {
        let subjects = raw.messages(2)?;
        let subjects = subjects.iter().map(|one| {
            let (kind, name, namespace) = (one.text(1)?, one.text(3)?, one.text(4)?);
            Ok(json!({ "kind": kind, "name": name, "namespace": namespace }))
        });
        all.insert("subjects".into(), Value::Array(subjects.collect::<Result<_, String>>()?));
        let role = raw.message(3)?;
        all.insert("roleRef".into(), json!({ "kind": role.text(2)?, "name": role.text(3)? }));
    }
    Ok(())
}

/// Rules of a network policy: how many ports and peers each has.
fn rules(spec: &Message<'_>, number: u64, peers: &str) -> Result<Value, String> {
    let rules = spec.messages(number)?;
    let rules = rules.iter().map(|rule| {
        let list = |number| Ok::<_, String>(vec![Value::Null; rule.messages(number)?.len()]);
        Ok(json!({ "ports": list(1)?, peers: list(2)? }))
    });
    Ok(Value::Array(rules.collect::<Result<_, String>>()?))
}

fn pod_spec(spec: &Message<'_>) -> Result<Value, String> {
    let mut members = Map::new();
    for (field, name) in [(11, "hostNetwork"), (12, "hostPID"), (13, "hostIPC")] {
        put(&mut members, name, spec.flag(field)?);
    }
    for (field, name) in [(2, "containers"), (20, "initContainers"), (34, "ephemeralContainers")] {
        let containers = spec.messages(field)?.into_iter().map(|container| {
            // An ephemeral container's own members stand one level deeper.
            let container = if field == 34 { container.message(1)? } else { container };
            let context = container.message(15)?;
            let add = context.message(1)?.texts(1)?;
            let windows = json!({ "hostProcess": context.message(10)?.flag(4)? });
            let capabilities = json!({ "add": add });
            let privileged = context.flag(2)?;
            let context = json!({ "privileged": privileged, "capabilities": capabilities, "windowsOptions": windows });
            Ok(json!({ "securityContext": context }))
        });
        members.insert(name.into(), Value::Array(containers.collect::<Result<_, String>>()?));
    }
    let volumes: Vec<Value> = spec
        .messages(1)?
        .iter()
        .map(|volume| {
            Ok(volume
                .message(2)?
                .message(1)?
                .text(1)?
                .map_or(json!({}), |path| json!({ "hostPath": { "path": path } })))
        })
        .collect::<Result<_, String>>()?;
    members.insert("volumes".into(), Value::Array(volumes));
    let process = spec.message(14)?.message(8)?.flag(4)?;
    members.insert("securityContext".into(), json!({ "windowsOptions": { "hostProcess": process } }));
    Ok(Value::Object(members))
}

fn put(members: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        members.insert(name.to_owned(), value);
    }
}
