//! Blast radius of generic readings: method and path words, and the names of GraphQL mutations.

use super::effect;
use crate::catalog;
use crate::identify::Reading;
use crate::identify::protocol::graphql::Root;
use crate::identify::protocol::rest::{Described, Seen};
use crate::model::http::Upgrade;
use crate::model::{BlastRadius, Hazard, Impact, Scope};

/// What it would do.
pub(super) fn blast_radius(reading: &Reading, seen: &Seen) -> BlastRadius {
    let plain = by_method(seen);
    if let Some(described) = &seen.described {
        return by_row(reading, seen, described, plain);
    }
    let mut blast = match &seen.graphql {
        None => BlastRadius::new(plain, Scope::Resource),
        Some(Root::Unreadable) => BlastRadius::new(Impact::Unknown, Scope::Resource),
        // A `query` member beside others does not make an ordinary POST harmless.
        Some(Root::Query { certain }) if *certain && seen.word.is_none() && seen.methods.len() == 1 => {
            BlastRadius::new(Impact::Read, Scope::Resource)
        }
        Some(Root::Query { .. }) => BlastRadius::new(plain, Scope::Resource),
        Some(Root::Mutation { field }) => listed(reading, seen, plain).unwrap_or_else(|| mutation(field, seen, plain)),
    };
    blast.count = reading.count;
    blast
}

/// What the provider's table of mutations says.
fn listed(reading: &Reading, seen: &Seen, plain: Impact) -> Option<BlastRadius> {
    let row = catalog::mutation(reading.operation.provider(), reading.operation.name())?;
    let mut impact: Impact = row.impact.get().parse().ok()?;
    if seen.word.is_some() || seen.opaque || seen.methods.len() > 1 {
        impact = impact.stricter(plain);
    }
    let mut blast = BlastRadius::new(impact, row.scope.get().parse().ok()?);
    blast.reversible = row.reversible.get().parse().unwrap_or(blast.reversible);
    blast.hazards = effect::hazards(row.hazards.get());
    Some(blast)
}

/// What the table says of the call. It may say less than the method does, unless something else names another method.
fn by_row(reading: &Reading, seen: &Seen, described: &Described, plain: Impact) -> BlastRadius {
    let row = described.row;
    let mut impact = row.impact.get().parse().unwrap_or(Impact::Unknown);
    if let Some(told) = described.told {
        impact = told;
    }
    if seen.methods.len() > 1 || seen.upgrade.is_some() || seen.opaque {
        impact = impact.stricter(plain);
    }
    let scope = if described.wide { Scope::Environment } else { row.scope.get().parse().unwrap_or(Scope::Resource) };
    let mut blast = BlastRadius { count: reading.count, ..BlastRadius::new(impact, scope) };
    blast.hazards = row.hazards.get().split(',').filter_map(|word| word.parse::<Hazard>().ok()).collect();
    if described.told == Some(Impact::Destroy) {
        blast.hazards.insert(Hazard::DataLoss);
    }
    blast
}

/// The strictest of the request line's method and of every override.
fn by_method(seen: &Seen) -> Impact {
    let one = |method: &String| match method.as_str() {
        // WebDAV, and searches whose terms do not fit into a path.
        "GET" | "HEAD" | "OPTIONS" | "PROPFIND" | "REPORT" | "SEARCH" | "QUERY" => Impact::Read,
        "DELETE" => Impact::Destroy,
        // The last two lock a Terraform state.
        "POST" | "PUT" | "PATCH" | "LOCK" | "UNLOCK" if seen.opaque => Impact::Unknown,
        "POST" | "PUT" | "PATCH" | "LOCK" | "UNLOCK" => {
            seen.word.map_or(Impact::Update, |word| Impact::Update.stricter(word.impact))
        }
        _ => Impact::Unknown,
    };
    let opened = match seen.upgrade {
        None => Impact::Read,
        // Both sides say what they like: at least what a POST is.
        Some(Upgrade::WebSocket) => Impact::Update,
        Some(Upgrade::Tcp) => Impact::Execute,
        // Many requests in one connection, on a host that is no cluster.
        Some(Upgrade::Spdy) => Impact::Unknown,
    };
    seen.methods.iter().map(one).fold(opened, Impact::stricter)
}

const DESTROYS: &[&str] = &[
    "delete",
    "deletes",
    "remove",
    "removes",
    "destroy",
    "purge",
    "drop",
    "archive",
    "erase",
    "wipe",
    "truncate",
    "terminate",
    "clear",
    "reset",
    "discard",
    "uninstall",
    "prune",
    "nuke",
    "teardown",
    "empty",
    "decommission",
    "deprovision",
    "unpublish",
];
const DISRUPTS: &[&str] = &[
    "stop",
    "restart",
    "reboot",
    "suspend",
    "pause",
    "disable",
    "cancel",
    "rollback",
    "shutdown",
    "detach",
    "flush",
    "evict",
    "kill",
    "deactivate",
    "disconnect",
];
/// What is closed and can be opened again without anybody noticing.
const CLOSABLE: &[&str] =
    &["issue", "pull", "request", "discussion", "ticket", "alert", "milestone", "thread", "comment"];
const PERMITS: &[&str] = &[
    "member",
    "members",
    "membership",
    "role",
    "roles",
    "token",
    "tokens",
    "permission",
    "permissions",
    "access",
    "invite",
    "invitation",
    "collaborator",
    "grant",
    "revoke",
    "policy",
    "visibility",
    "sso",
    "ssh",
    "apikey",
    "credential",
    "credentials",
    "secret",
    "secrets",
    "transfer",
    "leave",
    "protection",
];
const EXECUTES: &[&str] = &["execute", "exec", "run", "invoke", "trigger", "dispatch"];
const CREATES: &[&str] = &["create", "add", "insert", "new", "undelete", "unarchive", "restore"];

/// A mutation by the words of its name; the scope by what it names.
fn mutation(field: &str, seen: &Seen, plain: Impact) -> BlastRadius {
    let words = words(field);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let lower = field.to_lowercase();
    let restores = has(&["undelete", "unarchive", "restore"]) || lower.starts_with("un") && lower.contains("delete");
    // Names without capitals hide their words: the strongest ones count anywhere.
    let hidden = ["delete", "destroy", "purge", "terminate"].iter().any(|word| lower.contains(word));
    let mut impact = if has(CREATES) && !has(DESTROYS) { Impact::Create } else { Impact::Update };
    for (holds, stricter) in [
        (has(EXECUTES), Impact::Execute),
        (has(DISRUPTS) || has(&["close"]) && !has(CLOSABLE), Impact::Disrupt),
        (has(&["close"]) && has(&["account", "tenant", "organization"]), Impact::Destroy),
        (has(PERMITS), Impact::Permission),
        ((has(DESTROYS) || hidden) && !restores, Impact::Destroy),
        (seen.word.is_some() || seen.opaque || seen.methods.len() > 1, plain),
    ] {
        if holds {
            impact = impact.stricter(stricter);
        }
    }
    let scope = if has(&["organization", "organisation", "org", "enterprise"]) {
        Scope::Organization
    } else if has(&["account", "tenant"]) {
        Scope::Account
    } else if has(&["project", "projects", "environment", "environments", "cluster", "workspace", "stack", "team"]) {
        Scope::Environment
    } else {
        Scope::Resource
    };
    // Only the removal of the thing itself reaches that far; `createProject` and `updateTeamMember` do not.
    let scope = if impact == Impact::Destroy { scope } else { Scope::Resource };
    let mut blast = BlastRadius::new(impact, scope);
    if impact == Impact::Destroy {
        for (nouns, hazard) in [
            (
                &[
                    "volume",
                    "volumes",
                    "database",
                    "databases",
                    "bucket",
                    "table",
                    "project",
                    "projects",
                    "environment",
                ][..],
                Hazard::DataLoss,
            ),
            (&["backup", "backups", "snapshot", "snapshots"], Hazard::BackupLoss),
        ] {
            if has(nouns) {
                blast = blast.hazard(hazard);
            }
        }
    }
    blast
}

/// The words of a name in camel case or with underscores, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for c in name.chars() {
        if c == '_' || c.is_ascii_digit() || (c.is_uppercase() && !before.is_uppercase()) {
            words.push(String::new());
        }
        if c.is_alphabetic()
            && let Some(last) = words.last_mut()
        {
            last.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}
