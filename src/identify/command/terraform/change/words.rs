//! What the words of a resource type tell, where no API's own operation is known.

use serde_json::Value;

use crate::identify::command::Effect;
use crate::identify::command::terraform::plan::{Act, Change};
use crate::model::{Hazard, Impact, Scope};

/// Providers that do nothing beyond this machine. Their addresses, not the types' names, say so.
const LOCAL: [&str; 9] = [
    "hashicorp/archive",
    "hashicorp/cloudinit",
    "hashicorp/local",
    "hashicorp/null",
    "hashicorp/random",
    "hashicorp/template",
    "hashicorp/time",
    "hashicorp/tls",
    "builtin/terraform",
];

/// Words of a type, and how far what is called so reaches.
const SCOPES: &[(&str, Scope)] = &[
    ("organization", Scope::Organization),
    ("organizations", Scope::Organization),
    ("folder", Scope::Organization),
    ("account", Scope::Account),
    ("subscription", Scope::Account),
    ("tenant", Scope::Account),
    ("project", Scope::Account),
    ("crd", Scope::Account),
    ("vpc", Scope::Environment),
    ("vnet", Scope::Environment),
    ("network", Scope::Environment),
    ("cluster", Scope::Environment),
    ("namespace", Scope::Environment),
    ("environment", Scope::Environment),
    ("stack", Scope::Environment),
    ("zone", Scope::Environment),
    ("group", Scope::Resource),
    ("record", Scope::Item),
    ("object", Scope::Item),
    ("tag", Scope::Item),
];
/// Types as a whole that the words would tell too little of.
const WHOLE: &[(&str, Scope)] = &[
    ("azurerm_resource_group", Scope::Environment),
    ("azurerm_storage_account", Scope::Resource),
    ("azurerm_cosmosdb_account", Scope::Resource),
    ("azurerm_automation_account", Scope::Resource),
    ("azurerm_network_interface", Scope::Resource),
    ("azurerm_network_security_group", Scope::Resource),
    ("google_service_account", Scope::Resource),
    ("heroku_app", Scope::Environment),
    ("vercel_project", Scope::Environment),
    ("railway_project", Scope::Environment),
    ("kubernetes_manifest", Scope::Environment),
    ("kubernetes_service_account", Scope::Resource),
    ("kubernetes_service_account_v1", Scope::Resource),
];
/// Words of types and of attributes about who may do what.
const PERMISSIONS: [&str; 16] = [
    "acl",
    "binding",
    "collaborator",
    "credential",
    "credentials",
    "firewall",
    "grant",
    "iam",
    "member",
    "membership",
    "permission",
    "permissions",
    "policy",
    "privileges",
    "rbac",
    "role",
];
/// Words of types, and what is lost with what is called so.
const LOSSES: &[(&[&str], Hazard)] = &[
    (
        &[
            "bucket",
            "cluster",
            "cosmosdb",
            "database",
            "dataset",
            "datastore",
            "db",
            "disk",
            "dynamodb",
            "filesystem",
            "instance",
            "mongodbatlas",
            "mysql",
            "postgresql",
            "redis",
            "repository",
            "secret",
            "spanner",
            "sql",
            "storage",
            "table",
            "topic",
            "volume",
            "namespace",
            "app",
            "release",
        ],
        Hazard::DataLoss,
    ),
    (&["backup", "recovery", "snapshot", "vault"], Hazard::BackupLoss),
    (&["crypto", "key", "keyring", "kms"], Hazard::KeyLoss),
    (&["audit", "cloudtrail", "log", "logging", "trail"], Hazard::AuditOff),
    (&["balancer", "dns", "lb", "listener", "record", "route", "router", "zone"], Hazard::Traffic),
];

/// Whether the change's provider does nothing beyond this machine.
pub(super) fn is_machine_local(change: &Change) -> bool {
    let source = change.provider.split(['"', '[', ']']).find(|part| part.contains('/')).unwrap_or(&change.provider);
    let name = source.strip_prefix("registry.terraform.io/").or_else(|| source.strip_prefix("registry.opentofu.org/"));
    LOCAL.contains(&name.or_else(|| source.strip_prefix("terraform.io/")).unwrap_or(source))
}

/// The change as an operation of its type.
pub(super) fn effect(change: &Change, act: Act) -> Effect {
    let kind = change.kind.as_str();
    let words: Vec<&str> = kind.split('_').collect();
    let of_words = || SCOPES.iter().filter(|(word, _)| words.last() == Some(word)).map(|(_, scope)| *scope).max();
    let whole = WHOLE.iter().find(|(name, _)| *name == kind).map(|(_, scope)| *scope);
    let last = match words.as_slice() {
        // `kubernetes_namespace_v1`.
        [.., word, version] if is_version(version) => {
            SCOPES.iter().find(|(known, _)| known == word).map(|(_, scope)| *scope)
        }
        _ => of_words(),
    };
    let scope = whole.or(last).unwrap_or(Scope::Resource);
    let is_permission = words.iter().any(|word| PERMISSIONS.contains(word)) && whole.is_none();
    let (name, impact) = match act {
        Act::Create => ("create", if is_permission { Impact::Permission } else { Impact::Create }),
        Act::Update => ("update", if is_permission { Impact::Permission } else { Impact::Update }),
        Act::Replace => ("replace", Impact::Destroy),
        _ => ("delete", if is_permission { Impact::Permission } else { Impact::Destroy }),
    };
    // What is made or changed reaches no further than itself.
    let scope = if matches!(act, Act::Create | Act::Update) { scope.min(Scope::Resource) } else { scope };
    let mut effect = Effect::new(&format!("terraform:{kind}:{name}"), impact, scope).on(&change.address);
    if act == Act::Replace {
        effect = effect.hazard(Hazard::Replace);
    }
    if impact == Impact::Destroy {
        let lost = LOSSES.iter().filter(|(known, _)| words.iter().any(|word| known.contains(word)));
        effect = lost.fold(effect, |effect, (_, hazard)| effect.hazard(*hazard));
    }
    effect
}

fn is_version(word: &str) -> bool {
    word.strip_prefix('v').is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
}

/// Whether an attribute only labels.
pub(super) fn is_tag(name: &str) -> bool {
    matches!(name, "tags" | "tags_all" | "labels" | "effective_labels" | "terraform_labels" | "description")
}

/// Whether an attribute says who may do what.
pub(super) fn is_permission(name: &str) -> bool {
    name.split('_').any(|word| PERMISSIONS.contains(&word)) || matches!(name, "ingress" | "egress" | "cidr_blocks")
}

/// Whether this value opens what holds it to everybody.
pub(super) fn is_public(name: &str, value: &Value) -> bool {
    match value {
        Value::Bool(is) => {
            *is && matches!(name, "publicly_accessible" | "public_network_access_enabled" | "allow_blob_public_access")
                || !*is
                    && matches!(
                        name,
                        "block_public_acls" | "block_public_policy" | "restrict_public_buckets" | "ignore_public_acls"
                    )
        }
        Value::String(text) => match name {
            "acl" => text.starts_with("public-"),
            "visibility" => text == "public",
            "member" => matches!(text.as_str(), "allUsers" | "allAuthenticatedUsers"),
            "cidr_ipv4" | "cidr_ipv6" | "cidr_block" => matches!(text.as_str(), "0.0.0.0/0" | "::/0"),
            "policy" | "assume_role_policy" => {
                let plain: String = text.split_whitespace().collect();
                plain.contains(r#""Principal":"*""#) || plain.contains(r#""Principal":{"AWS":"*"}"#)
            }
            _ => false,
        },
        Value::Array(items) => match name {
            "cidr_blocks" | "ipv6_cidr_blocks" | "source_ranges" | "members" => items
                .iter()
                .any(|item| matches!(item.as_str(), Some("0.0.0.0/0" | "::/0" | "allUsers" | "allAuthenticatedUsers"))),
            "ingress" => items
                .iter()
                .flat_map(|item| item.as_object().into_iter().flatten())
                .any(|(name, value)| is_public(name, value)),
            _ => false,
        },
        _ => false,
    }
}
