//! The JSON form of a plan: `terraform show -json PLAN`. (Format version 1: "JSON Output Format" of Terraform's documentation.)

use serde_json::Value;

use super::{Act, Change, Invoked, Plan};

/// Reads a document.
pub(super) fn read(bytes: &[u8]) -> Option<Plan> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    if !document.get("format_version")?.as_str()?.starts_with("1.") {
        return None;
    }
    let none = vec![];
    let list = |name: &str| document.get(name).and_then(Value::as_array).unwrap_or(&none);
    let changes = list("resource_changes").iter().map(change).collect::<Option<Vec<_>>>()?;
    let invoked = list("action_invocations").iter().map(invocation).collect::<Option<Vec<_>>>()?;
    let deletes = |change: &Change| matches!(change.act, Act::Delete | Act::Nothing);
    let is_destroy = changes.iter().all(deletes) && changes.iter().any(|change| change.act == Act::Delete);
    Some(Plan {
        changes,
        invoked,
        is_destroy: is_destroy && document.pointer("/planned_values/root_module/resources").is_none(),
        ..Plan::default()
    })
}

fn change(entry: &Value) -> Option<Change> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let address = text("address")?.to_owned();
    let change = entry.get("change")?;
    let actions: Vec<&str> = change.get("actions")?.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    let act = match actions.as_slice() {
        ["no-op"] => Act::Nothing,
        ["read"] => Act::Read,
        ["create"] => Act::Create,
        ["update"] => Act::Update,
        ["delete"] => Act::Delete,
        ["delete", "create"] | ["create", "delete"] => Act::Replace,
        ["forget"] => Act::Forget,
        ["create", "forget"] => Act::ForgetAndCreate,
        _ => return None,
    };
    let value = |name: &str| change.get(name).cloned().unwrap_or_default();
    Some(Change {
        kind: text("type").or_else(|| super::kind_of(&address))?.to_owned(),
        address,
        provider: text("provider_name").unwrap_or_default().to_owned(),
        act,
        importing: change.get("importing").is_some_and(|importing| !importing.is_null()),
        before: value("before"),
        after: value("after"),
    })
}

fn invocation(entry: &Value) -> Option<Invoked> {
    Some(Invoked { address: entry.get("address")?.as_str()?.to_owned() })
}
