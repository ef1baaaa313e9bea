//! Just enough protobuf to read a Kubernetes object's name and the few members that decide what a write does.
//!
//! The envelope is `k8s\0` and a `runtime.Unknown` { 1: TypeMeta { 1: apiVersion, 2: kind }, 2: raw }. Field numbers are
//! those of the `generated.proto` files of `k8s.io/api` and `k8s.io/apimachinery`. The members come out as the JSON that
//! would say the same, so that one reading serves both encodings.

use serde_json::{Map, Value, json};

use super::path::{Object, Verb};

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

/// The kind that a built-in path takes; the plural itself stands for kinds whose bodies say nothing that decides.
fn expected(target: &Object) -> Option<&'static str> {
    if matches!(target.verb, Verb::Delete | Verb::DeleteCollection) {
        return Some("DeleteOptions");
    }
    if target.group.contains('.') && !target.group.ends_with(".k8s.io") {
        return None;
    }
    let kind = match (target.plural.as_str(), target.sub.as_deref()) {
        (_, Some("scale")) => "Scale",
        (_, Some("eviction")) => "Eviction",
        (_, Some("token")) => "TokenRequest",
        (_, Some("binding")) | ("bindings", _) => "Binding",
        ("pods", _) => "Pod",
        ("podtemplates", _) => "PodTemplate",
        ("replicationcontrollers", _) => "ReplicationController",
        ("deployments", _) => "Deployment",
        ("statefulsets", _) => "StatefulSet",
        ("replicasets", _) => "ReplicaSet",
        ("daemonsets", _) => "DaemonSet",
        ("jobs", _) => "Job",
        ("cronjobs", _) => "CronJob",
        ("nodes", _) => "Node",
        ("namespaces", _) => "Namespace",
        ("secrets", _) => "Secret",
        ("configmaps", _) => "ConfigMap",
        ("services", _) => "Service",
        ("serviceaccounts", _) => "ServiceAccount",
        ("events", _) => "Event",
        ("leases", _) => "Lease",
        ("endpoints", _) => "Endpoints",
        ("endpointslices", _) => "EndpointSlice",
        ("ingresses", _) => "Ingress",
        ("persistentvolumes", _) => "PersistentVolume",
        ("persistentvolumeclaims", _) => "PersistentVolumeClaim",
        ("networkpolicies", _) => "NetworkPolicy",
        ("roles", _) => "Role",
        ("clusterroles", _) => "ClusterRole",
        ("rolebindings", _) => "RoleBinding",
        ("clusterrolebindings", _) => "ClusterRoleBinding",
        // Reviews, quotas, classes, webhooks …: nothing in them decides beyond their path.
        (plural, _) => return OTHER_KINDS.iter().find(|(known, _)| *known == plural).map(|(_, kind)| *kind),
    };
    Some(kind)
}

/// Built-in kinds whose bodies add nothing to their path.
const OTHER_KINDS: &[(&str, &str)] = &[
    ("limitranges", "LimitRange"),
    ("resourcequotas", "ResourceQuota"),
    ("controllerrevisions", "ControllerRevision"),
    ("horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    ("poddisruptionbudgets", "PodDisruptionBudget"),
    ("certificatesigningrequests", "CertificateSigningRequest"),
    ("storageclasses", "StorageClass"),
    ("volumeattachments", "VolumeAttachment"),
    ("csidrivers", "CSIDriver"),
    ("csinodes", "CSINode"),
    ("priorityclasses", "PriorityClass"),
    ("ingressclasses", "IngressClass"),
    ("runtimeclasses", "RuntimeClass"),
    ("customresourcedefinitions", "CustomResourceDefinition"),
    ("apiservices", "APIService"),
    ("mutatingwebhookconfigurations", "MutatingWebhookConfiguration"),
    ("validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
    ("flowschemas", "FlowSchema"),
    ("prioritylevelconfigurations", "PriorityLevelConfiguration"),
    ("tokenreviews", "TokenReview"),
    ("subjectaccessreviews", "SubjectAccessReview"),
    ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ("localsubjectaccessreviews", "LocalSubjectAccessReview"),
];

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
    let labels = meta.messages(11)?;
    let labels = labels
        .iter()
        .map(|label| Ok((label.text(1)?.unwrap_or_default(), Value::String(label.text(2)?.unwrap_or_default()))));
    metadata.insert("labels".into(), Value::Object(labels.collect::<Result<_, String>>()?));
    all.insert("metadata".into(), Value::Object(metadata));
    Ok(all)
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
        "Secret" => put(&mut all, "type", raw.text(3)?.map(Value::String)),
        "PersistentVolume" => {
            all.insert("spec".into(), json!({ "persistentVolumeReclaimPolicy": spec(2)?.text(5)? }));
        }
        "NetworkPolicy" => {
            let rules = spec(2)?.messages(2)?;
            let rules = rules.iter().map(|rule| {
                let list = |number| Ok::<_, String>(vec![Value::Null; rule.messages(number)?.len()]);
                Ok(json!({ "ports": list(1)?, "from": list(2)? }))
            });
            all.insert("spec".into(), json!({ "ingress": rules.collect::<Result<Vec<_>, String>>()? }));
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
        "RoleBinding" | "ClusterRoleBinding" => {
            let role = raw.message(3)?;
            all.insert("roleRef".into(), json!({ "kind": role.text(2)?, "name": role.text(3)? }));
        }
        "Eviction" => {
            let options = raw.message(2)?;
            all.insert("deleteOptions".into(), delete_options(&options)?);
        }
        _ => {}
    }
    Ok(Value::Object(all))
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
            Ok(json!({ "securityContext": { "privileged": context.flag(2)?, "capabilities": { "add": add } } }))
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
    Ok(Value::Object(members))
}

fn put(members: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        members.insert(name.to_owned(), value);
    }
}

/// One message's fields, undecoded.
struct Message<'a>(Vec<(u64, Field<'a>)>);

#[derive(Clone, Copy)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

impl<'a> Message<'a> {
    fn parse(mut bytes: &'a [u8]) -> Result<Self, String> {
        let broken = || "the protobuf body is cut or broken".to_owned();
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes).ok_or_else(broken)?;
            let mut skip = |count: usize| {
                let (head, rest) = bytes.split_at_checked(count)?;
                bytes = rest;
                Some(head)
            };
            let field = match tag & 7 {
                1 => skip(8).map(|_| Field::Fixed),
                5 => skip(4).map(|_| Field::Fixed),
                0 => varint(&mut bytes).map(Field::Number),
                2 => {
                    let length = varint(&mut bytes).and_then(|n| usize::try_from(n).ok()).ok_or_else(broken)?;
                    let (head, rest) = bytes.split_at_checked(length).ok_or_else(broken)?;
                    bytes = rest;
                    Some(Field::Bytes(head))
                }
                _ => None,
            };
            fields.push((tag >> 3, field.ok_or_else(broken)?));
        }
        Ok(Self(fields))
    }

    /// The field, which may be there once: parsers merge or replace repeated ones.
    fn one(&self, number: u64) -> Result<Option<Field<'a>>, String> {
        let mut found = self.0.iter().filter(|(tag, _)| *tag == number).map(|(_, field)| *field);
        let first = found.next();
        if found.next().is_some() { Err("a protobuf field is there twice".to_owned()) } else { Ok(first) }
    }

    /// A message in a field; an empty one when it is absent.
    fn message(&self, number: u64) -> Result<Message<'a>, String> {
        match self.one(number)? {
            Some(Field::Bytes(bytes)) => Message::parse(bytes),
            None => Ok(Message(Vec::new())),
            Some(_) => Err("a protobuf field has another type".to_owned()),
        }
    }

    fn messages(&self, number: u64) -> Result<Vec<Message<'a>>, String> {
        self.0
            .iter()
            .filter(|(tag, _)| *tag == number)
            .map(|(_, field)| match field {
                Field::Bytes(bytes) => Message::parse(bytes),
                _ => Err("a protobuf field has another type".to_owned()),
            })
            .collect()
    }

    fn text(&self, number: u64) -> Result<Option<String>, String> {
        match self.one(number)? {
            Some(Field::Bytes(bytes)) => text(bytes).map(Some),
            None => Ok(None),
            Some(_) => Err("a protobuf field has another type".to_owned()),
        }
    }

    fn texts(&self, number: u64) -> Result<Vec<String>, String> {
        self.0
            .iter()
            .filter(|(tag, _)| *tag == number)
            .map(|(_, field)| match field {
                Field::Bytes(bytes) => text(bytes),
                _ => Err("a protobuf field has another type".to_owned()),
            })
            .collect()
    }

    fn number(&self, number: u64) -> Result<Option<u64>, String> {
        match self.one(number)? {
            Some(Field::Number(value)) => Ok(Some(value)),
            None => Ok(None),
            Some(_) => Err("a protobuf field has another type".to_owned()),
        }
    }

    fn flag(&self, number: u64) -> Result<Option<Value>, String> {
        Ok(self.number(number)?.map(|value| Value::Bool(value != 0)))
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "a protobuf text is not UTF-8".to_owned())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
