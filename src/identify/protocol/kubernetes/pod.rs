//! Pods that run with their node's rights.

use serde_json::Value;

use super::facts::items;

/// Where built-in kinds keep the spec of their pods.
const PODS: &[&str] = &["/spec", "/template/spec", "/spec/template/spec", "/spec/jobTemplate/spec/template/spec"];

/// Whether a pod in this object reaches its node. A custom object may hold pods anywhere.
pub(super) fn reaches_host(object: &Value, custom: bool) -> bool {
    if custom { anywhere(object) } else { PODS.iter().any(|pointer| object.pointer(pointer).is_some_and(spec)) }
}

/// True, also as YAML 1.1 and sloppy templates spell it.
pub(super) fn is_true(flag: &Value) -> bool {
    match flag {
        Value::Bool(flag) => *flag,
        Value::String(text) => matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "y"),
        _ => false,
    }
}

fn anywhere(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            spec(value) || members.get("container").is_some_and(container) || members.values().any(anywhere)
        }
        Value::Array(items) => items.iter().any(anywhere),
        _ => false,
    }
}

fn spec(spec: &Value) -> bool {
    let Some(members) = spec.as_object() else { return false };
    let containers = ["containers", "initContainers", "ephemeralContainers"];
    ["hostPID", "hostNetwork", "hostIPC"].iter().any(|name| members.get(*name).is_some_and(is_true))
        || members.get("securityContext").is_some_and(is_host_process)
        || items(members.get("volumes")).any(|volume| volume.get("hostPath").is_some_and(|path| !path.is_null()))
        || containers.iter().flat_map(|name| items(members.get(*name))).any(container)
}

fn container(container: &Value) -> bool {
    let Some(context) = container.get("securityContext") else { return false };
    context.get("privileged").is_some_and(is_true)
        || is_host_process(context)
        || items(context.pointer("/capabilities/add")).filter_map(Value::as_str).any(is_host_capability)
}

/// A Windows container that is a process of its node.
fn is_host_process(context: &Value) -> bool {
    context.pointer("/windowsOptions/hostProcess").is_some_and(is_true)
}

/// Capabilities that lead out of a container, in whichever spelling a runtime takes.
fn is_host_capability(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    matches!(
        name.strip_prefix("CAP_").unwrap_or(&name),
        "ALL" | "SYS_ADMIN" | "SYS_PTRACE" | "SYS_MODULE" | "SYS_RAWIO" | "DAC_READ_SEARCH" | "BPF"
    )
}
