//! What a body says that its path does not: a dry run, a scale to zero, a cordon, a forced end of deletion.
//!
//! JSON, YAML (server-side apply) and protobuf give the same facts. Anything that cannot be read in exactly one way is an
//! error: the API server may read it otherwise.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::path::{Object, Verb};
use super::{json, protobuf};
use crate::model::Parameter;
use crate::model::http::{Captured, Head, Unreadable};

/// What a body adds to a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// `metadata.name`, or `metadata.generateName` followed by `*`.
    pub name: Option<String>,
    /// DeleteOptions say `dryRun: ["All"]`.
    pub dry_run: bool,
    /// The body is there, so that a DELETE's query does not count.
    pub present: bool,
    /// `spec.replicas` is there and not a positive number.
    pub scaled_to_zero: bool,
    /// The annotation that restarts every pod.
    pub restarted: bool,
    /// `spec.suspend: true`, or a job's parallelism of 0.
    pub suspended: bool,
    /// A node takes no new pods, or evicts those that it has.
    pub drained: bool,
    /// Finalizers are removed: a pending deletion completes without its cleaning up.
    pub unguarded: bool,
    /// Runs with the node's own rights: privileged, host namespaces, host paths.
    pub host_access: bool,
    /// Labels that switch pod security on or off for a namespace.
    pub pod_security: bool,
    /// A network policy that lets everything through.
    pub opened: bool,
    /// A secret that the control plane fills with a service account's token.
    pub token: bool,
    /// A volume whose data goes when its claim goes.
    pub reclaimed: bool,
    /// Owners change: what has none that lives is collected as garbage.
    pub disowned: bool,
    /// What else decides.
    pub parameters: Vec<Parameter>,
}

/// Larger than any body that an API server takes (3 MiB).
pub(super) const WRITE_MAX: usize = 4 * 1024 * 1024;
/// DeleteOptions are small.
pub(super) const DELETE_MAX: usize = 64 * 1024;

/// Reads a captured body.
///
/// # Errors
/// 413 when it is too large, 415 for an encoding that cannot be read here, 400 when it has no single reading.
pub(super) fn read(object: &Object, head: &Head, body: &Captured) -> Result<Written, Unreadable> {
    let bytes = match body {
        Captured::Whole(bytes) => bytes,
        Captured::Undecodable(why) => {
            return Err(Unreadable::status(415, format!("the body cannot be decoded: {why}")));
        }
        Captured::Overflow | Captured::Prefix(_) => {
            return Err(Unreadable::status(413, "the body is larger than an API server accepts"));
        }
        Captured::Unread => return Err(Unreadable::new("the body was not read")),
    };
    if bytes.is_empty() {
        return Ok(Written::default());
    }
    let media = media_type(head)?;
    let values = match media.as_str() {
        "application/json-patch+json" => json_patch(&parse_json(bytes)?)?,
        _ => vec![parse(object, &media, bytes)?],
    };
    let mut written = Written { present: true, ..Written::default() };
    for value in &values {
        written.take(object, &media, value);
    }
    // A Scale without `spec.replicas` is a Scale to zero: the member is left out when it is 0.
    if object.sub.as_deref() == Some("scale") && object.verb == Verb::Update && !written.has("replicas") {
        written.scaled_to_zero = true;
        written.parameters.push(Parameter::new("replicas", "0"));
    }
    Ok(written)
}

fn media_type(head: &Head) -> Result<String, Unreadable> {
    if head.header_count("content-type") > 1 {
        return Err(Unreadable::new("the header `Content-Type` is there more than once"));
    }
    let value = head.header("content-type").unwrap_or_default();
    Ok(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn parse(object: &Object, media: &str, bytes: &Bytes) -> Result<Value, Unreadable> {
    let protobuf = bytes.starts_with(protobuf::MAGIC);
    if protobuf != (media == "application/vnd.kubernetes.protobuf") {
        return Err(Unreadable::new("the body and its Content-Type disagree about protobuf"));
    }
    if protobuf {
        return protobuf::parse(object, bytes).map_err(Unreadable::new);
    }
    if media.contains("cbor") {
        return Err(Unreadable::status(415, "CBOR bodies are not read here; clients fall back to JSON or protobuf"));
    }
    if media.contains("yaml") { parse_yaml(bytes) } else { parse_json(bytes) }
}

fn parse_json(bytes: &Bytes) -> Result<Value, Unreadable> {
    json::parse(bytes).map_err(|why| {
        let status = if why == json::EXCESSIVE { 413 } else { 400 };
        Unreadable::status(status, format!("the body is not read: {why}"))
    })
}

/// YAML is JSON to most clients that send it. Merge keys and anchors are read differently by different parsers.
fn parse_yaml(bytes: &Bytes) -> Result<Value, Unreadable> {
    let bad = || Unreadable::new("the body is not one YAML document with one reading");
    if let Ok(value) = json::parse(bytes) {
        return Ok(value);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| bad())?;
    if text.contains("<<") {
        return Err(Unreadable::new("the YAML body has a merge key"));
    }
    serde_saphyr::from_str(text).map_err(|_| bad())
}

impl Written {
    fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == name)
    }

    fn take(&mut self, object: &Object, media: &str, value: &Value) {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
        self.name = text("/metadata/name")
            .map(str::to_owned)
            .or_else(|| text("/metadata/generateName").map(|prefix| format!("{prefix}*")))
            .or(self.name.take());
        let patch = object.verb == Verb::Patch;
        if matches!(object.verb, Verb::Delete | Verb::DeleteCollection) {
            self.delete_options(value);
        }
        if let Some(options) = value.get("deleteOptions").filter(|_| object.sub.as_deref() == Some("eviction")) {
            self.delete_options(options);
        }
        if let Some(replicas) = value.pointer("/spec/replicas") {
            let positive = replicas.as_u64().is_some_and(|n| n > 0);
            self.scaled_to_zero |= !positive;
            self.parameters.push(Parameter::new("replicas", short(replicas)));
        }
        let paused = value.pointer("/spec/suspend").is_some_and(|suspend| suspend != &Value::Bool(false));
        let idle = value.pointer("/spec/parallelism").is_some_and(|n| n.as_u64() == Some(0));
        self.suspended |= paused || idle;
        self.restarted |= patch
            && media != "application/apply-patch+yaml"
            && value.pointer("/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt").is_some();
        if object.plural == "nodes" {
            let cordoned = value.pointer("/spec/unschedulable").is_some_and(|flag| flag != &Value::Bool(false));
            let evicting =
                items(value.pointer("/spec/taints")).any(|taint| taint.get("effect").is_some_and(|e| e == "NoExecute"));
            self.drained |= cordoned || evicting;
        }
        if object.plural == "namespaces" {
            let labels = value.pointer("/metadata/labels").and_then(Value::as_object);
            let weakens = |(key, level): (&String, &Value)| {
                key.starts_with("pod-security.kubernetes.io/enforce")
                    && (object.verb != Verb::Create || level.as_str() == Some("privileged"))
            };
            self.pod_security |= labels.is_some_and(|labels| labels.iter().any(weakens));
        }
        let changes = patch || object.verb == Verb::Update;
        self.unguarded |= changes && drops_finalizers(value);
        self.disowned |= patch && value.pointer("/metadata/ownerReferences").is_some();
        self.kinds(object, changes, value);
        self.host_access |= ["/spec", "/template/spec", "/spec/template/spec", "/spec/jobTemplate/spec/template/spec"]
            .iter()
            .any(|pointer| value.pointer(pointer).is_some_and(reaches_host));
        for (pointer, name) in [("/roleRef/kind", "roleRef.kind"), ("/roleRef/name", "roleRef.name")] {
            if let Some(text) = text(pointer) {
                self.parameters.push(Parameter::new(name, text));
            }
        }
        for name in ["subjects", "rules"] {
            if let Some(list) = value.get(name).filter(|list| list.is_array()) {
                self.parameters.push(Parameter::new(name, list.to_string()));
            }
        }
    }

    /// What single kinds say.
    fn kinds(&mut self, object: &Object, changes: bool, value: &Value) {
        match (object.group.as_str(), object.plural.as_str()) {
            ("networking.k8s.io", "networkpolicies") if changes => {
                let open = |rules: &str, peers: &str| {
                    items(value.pointer(rules)).any(|rule| {
                        let none = |list: &Value| list.is_null() || list.as_array().is_some_and(Vec::is_empty);
                        rule.is_object() && [peers, "ports"].iter().all(|name| rule.get(*name).is_none_or(none))
                    })
                };
                self.opened |= open("/spec/ingress", "from");
                self.opened |= object.verb == Verb::Patch && open("/spec/egress", "to");
            }
            ("", "secrets") => {
                let of_account = Some("kubernetes.io/service-account-token");
                self.token |= object.verb == Verb::Create && value.get("type").and_then(Value::as_str) == of_account;
            }
            ("", "persistentvolumes") => {
                let policy = value.pointer("/spec/persistentVolumeReclaimPolicy");
                self.reclaimed |= changes && policy.is_some_and(|policy| policy == "Delete");
            }
            _ => {}
        }
    }

    fn delete_options(&mut self, options: &Value) {
        self.dry_run |= options.get("dryRun").is_some_and(|run| run == &serde_json::json!(["All"]));
        for name in ["propagationPolicy", "gracePeriodSeconds", "orphanDependents"] {
            if let Some(value) = options.get(name) {
                self.parameters.push(Parameter::new(name, short(value)));
            }
        }
    }
}

fn short(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The elements of a list, or, for what a JSON patch put at an index, the values of an object.
fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    let nested = value.and_then(Value::as_object).into_iter().flat_map(Map::values);
    list.chain(nested)
}

/// Writes that empty the finalizers, or delete from them.
fn drops_finalizers(value: &Value) -> bool {
    if value.get("$patch").is_some() || value.get("metadata").is_some_and(Value::is_null) {
        return true;
    }
    let Some(metadata) = value.get("metadata").and_then(Value::as_object) else { return false };
    let emptied = |list: &Value| list.is_null() || list.as_array().is_some_and(Vec::is_empty);
    metadata.get("finalizers").is_some_and(emptied)
        || metadata.contains_key("$deleteFromPrimitiveList/finalizers")
        || metadata.get("$patch").is_some()
}

/// A pod that runs with rights on its node.
fn reaches_host(spec: &Value) -> bool {
    let set = |name| spec.get(name).is_some_and(|flag| flag == &Value::Bool(true));
    let containers = ["containers", "initContainers", "ephemeralContainers"];
    ["hostPID", "hostNetwork", "hostIPC"].into_iter().any(set)
        || items(spec.get("volumes")).any(|volume| volume.get("hostPath").is_some_and(|path| !path.is_null()))
        || containers.iter().flat_map(|name| items(spec.get(name))).any(|container| {
            let context = container.get("securityContext");
            context.and_then(|c| c.get("privileged")).is_some_and(|flag| flag == &Value::Bool(true))
                || items(context.and_then(|c| c.pointer("/capabilities/add")))
                    .filter_map(Value::as_str)
                    .any(is_host_capability)
        })
}

/// Capabilities that lead out of a container, in whichever spelling a runtime takes.
fn is_host_capability(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    matches!(
        name.strip_prefix("CAP_").unwrap_or(&name),
        "ALL" | "SYS_ADMIN" | "SYS_PTRACE" | "SYS_MODULE" | "SYS_RAWIO" | "DAC_READ_SEARCH" | "BPF"
    )
}

/// A JSON patch as the objects that its operations would write: `/spec/replicas` ← 0 becomes `{"spec":{"replicas":0}}`.
fn json_patch(patch: &Value) -> Result<Vec<Value>, Unreadable> {
    let bad = || Unreadable::new("the body is not a JSON patch");
    let operations = patch.as_array().ok_or_else(bad)?;
    operations
        .iter()
        .map(|operation| {
            let member = |name| operation.get(name).and_then(Value::as_str);
            let (what, path) = (member("op").ok_or_else(bad)?, member("path").ok_or_else(bad)?);
            let value = match what {
                "test" => return Ok(Value::Object(Map::new())),
                // What is moved or copied is not in the request: null counts as zero and as emptied.
                "move" | "copy"
                    if member("from").is_some_and(|from| from.starts_with("/metadata")) || holds_finalizers(path) =>
                {
                    return Ok(nest("/metadata/finalizers", Value::Null));
                }
                "move" | "copy" => Value::Null,
                "remove" | "replace" if path.starts_with("/metadata/finalizers/") => {
                    return Ok(nest("/metadata/finalizers", Value::Null));
                }
                // A removed member takes its default, which is not zero, or was allowed to be absent.
                "remove" if path.starts_with("/spec") => return Ok(Value::Object(Map::new())),
                "remove" => Value::Null,
                "add" | "replace" if holds_finalizers(path) => {
                    without_finalizers(path, operation.get("value").cloned().ok_or_else(bad)?)
                }
                "add" | "replace" => operation.get("value").cloned().ok_or_else(bad)?,
                _ => return Err(bad()),
            };
            Ok(nest(path, value))
        })
        .collect()
}

/// Whether a value at this path takes the place of all finalizers.
fn holds_finalizers(path: &str) -> bool {
    matches!(path, "" | "/metadata")
}

/// The new value of what holds the finalizers: those that it does not name are gone.
fn without_finalizers(path: &str, mut value: Value) -> Value {
    let metadata = match (&mut value, path) {
        (Value::Object(members), "") => {
            Some(members.entry("metadata").or_insert_with(|| Value::Object(Map::new()))).and_then(Value::as_object_mut)
        }
        (Value::Object(members), _) => Some(members),
        _ => None,
    };
    if let Some(metadata) = metadata {
        metadata.entry("finalizers").or_insert(Value::Null);
    }
    value
}

/// `value` at the JSON pointer `path` of an otherwise empty object.
fn nest(path: &str, value: Value) -> Value {
    path.split('/')
        .skip(1)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .fold(value, |inner, key| Value::Object(Map::from_iter([(key.replace("~1", "/").replace("~0", "~"), inner)])))
}
