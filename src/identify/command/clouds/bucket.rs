//! What options change of a bucket.

use serde_json::{Value, json};

use super::line::{Line, file};
use crate::identify::command::{Invocation, Scene};

/// What options of `gcloud storage buckets update` change.
pub(super) fn bucket_body(line: &Line, one: &Invocation, scene: &Scene<'_>) -> Value {
    let mut body = json!({});
    for (name, values) in &line.options {
        let given = values.last().map(ToString::to_string).unwrap_or_default();
        let (path, value) = match name.as_str() {
            "versioning" => ("versioning.enabled", json!(true)),
            "no-versioning" => ("versioning.enabled", json!(false)),
            "lifecycle-file" => ("lifecycle", document(&given, one, scene)),
            "clear-lifecycle" => ("lifecycle", json!({ "rule": [] })),
            "retention-period" | "clear-retention-period" | "lock-retention-period" => ("retentionPolicy", json!({})),
            "soft-delete-duration" | "clear-soft-delete" => {
                ("softDeletePolicy", json!({ "retentionDurationSeconds": given }))
            }
            "public-access-prevention" | "pap" => ("iamConfiguration.publicAccessPrevention", json!("enforced")),
            "no-public-access-prevention" | "no-pap" => ("iamConfiguration.publicAccessPrevention", json!("inherited")),
            "uniform-bucket-level-access" | "no-uniform-bucket-level-access" => {
                ("iamConfiguration.uniformBucketLevelAccess", json!({}))
            }
            "clear-log-bucket" => ("logging", Value::Null),
            "log-bucket" => ("logging.logBucket", json!(given)),
            "acl-file" | "add-acl-grant" | "remove-acl-grant" => ("acl", json!([{ "entity": entity(&given) }])),
            "default-object-acl-file" | "add-default-object-acl-grant" | "remove-default-object-acl-grant" => {
                ("defaultObjectAcl", json!([{}]))
            }
            _ => continue,
        };
        super::body::put(&mut body, path, value);
    }
    body
}

fn entity(text: &str) -> String {
    let all = ["allUsers", "AllUsers", "allAuthenticatedUsers", "AllAuthenticatedUsers"];
    if all.iter().any(|one| text.contains(one)) { "allUsers".to_owned() } else { text.to_owned() }
}

/// A lifecycle's document; one that nobody knows may delete.
pub(super) fn document(path: &str, one: &Invocation, scene: &Scene<'_>) -> Value {
    let known =
        file(path, one.directory.as_deref(), scene).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let value = known.unwrap_or_else(|| json!({ "rule": [{ "action": { "type": "Unknown" } }] }));
    value.get("lifecycle").cloned().unwrap_or(value)
}
