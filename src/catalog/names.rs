//! Whether an operation id can be one: rules that name an operation nobody can send are refused at load.

use super::{Manifest, ProtocolName};

/// Verbs of the Kubernetes API as ids spell them. `connect` stands for exec, attach, portforward and proxy, whichever
/// method carries them; `create` and `get` on those are its aliases, as RBAC spells them.
const KUBERNETES_VERBS: &[&str] =
    &["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "connect"];

/// GraphQL services with a name of their own: their ids are `NAME:graphql:FIELD`.
const GRAPHQL_SERVICES: &[(&str, &str)] =
    &[("backboard.railway.app", "railway"), ("backboard.railway.com", "railway"), ("api.linear.app", "linear")];

/// The name of a host's GraphQL service, where it has one of its own.
#[must_use]
pub fn graphql_service(host: &str) -> Option<&'static str> {
    let listed = GRAPHQL_SERVICES.iter().find(|(known, _)| *known == host).map(|(_, name)| *name);
    listed.or_else(|| super::by_host(host).filter(|api| !api.graphql.is_empty()).map(|api| api.id.as_str()))
}

/// What git does over HTTP, and to its own clone.
const GIT_REMOTE: &[&str] =
    &["fetch", "push", "push_force", "delete_ref", "lfs_download", "lfs_upload", "lfs_locks", "lfs_lock", "lfs_unlock"];

/// What is done to a Terraform state behind the `http` backend, and by Terraform's own commands to what a state holds.
const TERRAFORM_STATE: &[&str] = &[
    "lock",
    "unlock",
    "update",
    "delete",
    "apply",
    "bootstrap",
    "console",
    "destroy",
    "force-unlock",
    "import",
    "list",
    "migrate",
    "mv",
    "output",
    "plan",
    "pull",
    "push",
    "refresh",
    "replace",
    "replace-provider",
    "rm",
    "show",
    "taint",
    "test",
    "untaint",
    "workspace-delete",
    "workspace-new",
];

/// Whether `id` is the exact id of an operation that this catalog can name (no globs).
#[must_use]
pub fn operation_exists(id: &str) -> bool {
    if let Some(provider) = id.strip_suffix(":unidentified").filter(|provider| !provider.contains(':')) {
        return super::providers_of(provider).any(is_named);
    }
    let mut parts = id.splitn(3, ':');
    let (Some(provider), Some(service), Some(name)) = (parts.next(), parts.next(), parts.next()) else { return false };
    match provider {
        "aws" => super::aws::has_operation(service, name),
        "azure" if super::azure::has_operation(service, name) => true,
        "kubernetes" => kubernetes(service, name),
        "http" => is_host(service) && !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'-'),
        "graphql" => is_host(service) && is_field(name),
        // Whatever a server calls its tools.
        "mcp" => [service, name].iter().all(|part| !part.is_empty() && !part.contains(char::is_whitespace)),
        "net" => (service, name) == ("tunnel", "Open"),
        "terraform" if service == "state" => TERRAFORM_STATE.contains(&name),
        // A change that a plan holds, of a type that no catalog maps: `terraform:github_branch_protection:delete`.
        "terraform" if service.contains('_') => is_word(service) && is_word(name),
        "helm" => matches!(service, "release" | "client" | "chart") && is_word(name),
        "git" => match service {
            "remote" => GIT_REMOTE.contains(&name),
            "local" => is_word(name),
            _ => false,
        },
        _ if service == "http" => {
            let partial = |api: &Manifest| matches!(api.protocol, ProtocolName::Described | ProtocolName::Gcp);
            matches!(name, "GET" | "HEAD" | "OPTIONS") && super::providers_of(provider).any(partial)
        }
        _ if described(provider, service, name) => true,
        _ if service == "graphql" && GRAPHQL_SERVICES.iter().any(|(_, known)| *known == provider) => is_field(name),
        _ => super::commands::names_operation(id),
    }
}

/// Whether a call of this API that nobody can name is called `PROVIDER:unidentified`.
fn is_named(api: &Manifest) -> bool {
    !matches!(api.protocol, ProtocolName::Lifeline | ProtocolName::Rest | ProtocolName::Aws)
}

/// Whether a folder of this provider holds the operation, or its GraphQL API may have the field.
fn described(provider: &str, service: &str, name: &str) -> bool {
    super::providers_of(provider).any(|api| {
        let book = super::described::book(api.folder);
        service == "graphql" && !api.graphql.is_empty() && is_field(name)
            || book.is_some_and(|book| !book.named(service, name).is_empty())
    })
}

fn kubernetes(group: &str, name: &str) -> bool {
    let Some((resource, verb)) = name.rsplit_once('.') else { return false };
    let (plural, sub) = resource.split_once('/').map_or((resource, None), |(plural, sub)| (plural, Some(sub)));
    is_group(group) && is_word(plural) && sub.is_none_or(is_word) && KUBERNETES_VERBS.contains(&verb)
}

/// A Kubernetes API group: DNS labels; `core` and `server` are ours for the empty group and for non-resource paths.
fn is_group(text: &str) -> bool {
    !text.is_empty() && text.split('.').all(is_word)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b))
}

fn is_field(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
