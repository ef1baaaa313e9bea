//! The words that names of mutations are made of, by what they mean.

pub(in crate::classify::graphql) const DESTROYS: &[&str] = &[
    "delete",
    "deletes",
    "remove",
    "removes",
    "destroy",
    "destroys",
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
    "obliterate",
    "expunge",
    "trash",
    "unprovision",
    "del",
    "deletion",
    "recreate",
    "reinstall",
    "reimage",
    "reprovision",
];
/// Destroying words that count inside words without capitals too.
pub(in crate::classify::graphql) const HIDDEN: &[&str] =
    &["delete", "destroy", "purge", "terminate", "truncate", "deletion"];
/// Words that hold one of the above and tell how something is.
pub(in crate::classify::graphql) const STATES: &[&str] =
    &["deleted", "undelete", "undeleted", "destroyed", "undestroy", "purged", "terminated", "truncated"];
pub(in crate::classify::graphql) const DISRUPTS: &[&str] = &[
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
    "failover",
    "drain",
    "hibernate",
    "halt",
    "poweroff",
    "abort",
];
/// What is closed and can be opened again without anybody noticing.
pub(in crate::classify::graphql) const CLOSABLE: &[&str] =
    &["issue", "pull", "request", "discussion", "ticket", "alert", "milestone", "thread", "comment"];
pub(in crate::classify::graphql) const PERMITS: &[&str] = &[
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
    "collaborators",
    "grant",
    "revoke",
    "policy",
    "policies",
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
    "public",
    "admin",
    "impersonate",
    "password",
    "mfa",
];
/// Who may do what: taking it away is a revocation.
pub(in crate::classify::graphql) const GRANTED: &[&str] = &[
    "member",
    "members",
    "membership",
    "role",
    "permission",
    "permissions",
    "access",
    "collaborator",
    "collaborators",
    "invitation",
    "invite",
];
pub(in crate::classify::graphql) const EXECUTES: &[&str] =
    &["execute", "exec", "run", "invoke", "trigger", "dispatch", "eval"];
/// Money that leaves is not undone by another call.
pub(in crate::classify::graphql) const PAYS: &[&str] =
    &["refund", "charge", "payout", "withdraw", "disburse", "purchase"];
pub(in crate::classify::graphql) const CREATES: &[&str] =
    &["create", "add", "insert", "new", "register", "generate", "clone", "duplicate", "copy", "fork", "import"];
pub(in crate::classify::graphql) const RESTORES: &[&str] =
    &["undelete", "unarchive", "restore", "recover", "untrash", "undestroy", "unremove", "revive"];
/// Verbs that leave in place what they name, unless the name goes on with *and* or *or*.
pub(in crate::classify::graphql) const KEEPS: &[&str] =
    &["update", "edit", "set", "change", "configure", "enable", "rename", "toggle", "create", "add", "upsert"];
/// Verbs that turn a state into a deed: `markAsDeleted`.
pub(in crate::classify::graphql) const MARKS: &[&str] = &["mark", "set", "flag", "soft"];
/// Verbs that order what a noun says: `scheduleDeletion`.
pub(in crate::classify::graphql) const CALLS_OFF: &[&str] =
    &["cancel", "abort", "revert", "undo", "prevent", "unschedule"];
/// What follows a destroying word that only names a thing: `updateDeletePolicy`, `createPurgeJob`.
pub(in crate::classify::graphql) const SETTINGS: &[&str] = &[
    "policy",
    "protection",
    "rule",
    "permission",
    "permissions",
    "setting",
    "settings",
    "template",
    "hook",
    "webhook",
    "reason",
    "message",
    "date",
    "at",
    "option",
    "options",
    "schedule",
];
/// Marks on a thing, and settings of a view: what is taken away is put back by another call.
pub(in crate::classify::graphql) const LIGHT: &[&str] = &[
    "reaction",
    "reactions",
    "upvote",
    "vote",
    "star",
    "like",
    "label",
    "labels",
    "assignee",
    "assignees",
    "watcher",
    "favorite",
    "favourite",
    "bookmark",
    "pin",
    "filter",
    "filters",
    "sort",
    "selection",
    "preference",
    "preferences",
    "layout",
    "highlight",
    "reminder",
    "snooze",
    "notification",
    "notifications",
    "unread",
    "badge",
    "search",
    "due",
    "status",
    "parent",
    "relation",
    "reviewer",
    "reviewers",
];
/// One element of something larger.
pub(in crate::classify::graphql) const ITEMS: &[&str] = &[
    "comment",
    "comments",
    "reply",
    "note",
    "message",
    "attachment",
    "reaction",
    "label",
    "tag",
    "column",
    "card",
    "field",
    "item",
    "vote",
    "notification",
    "draft",
    "emoji",
    "template",
    "link",
    "filter",
    "relation",
    "reminder",
    "milestone",
    "status",
    "record",
    "row",
    "entry",
];
/// One thing of its own, whatever stands before it in its name.
pub(in crate::classify::graphql) const SINGLE: &[&str] = &[
    "variable",
    "variables",
    "webhook",
    "hook",
    "domain",
    "token",
    "key",
    "deployment",
    "rule",
    "secret",
    "integration",
    "volume",
    "service",
    "plugin",
    "database",
    "bucket",
    "branch",
    "job",
    "build",
    "image",
    "file",
    "update",
    "member",
    "certificate",
    "record",
    "backup",
    "snapshot",
    "invitation",
    "trigger",
    "user",
    "role",
];
/// Things with data inside.
pub(in crate::classify::graphql) const HOLD_DATA: &[&str] = &[
    "volume",
    "volumes",
    "database",
    "databases",
    "bucket",
    "buckets",
    "table",
    "tables",
    "project",
    "projects",
    "environment",
    "environments",
    "disk",
    "cluster",
    "storage",
    "repository",
];
/// Copies that are kept for the worst.
pub(in crate::classify::graphql) const BACKUPS: &[&str] = &["backup", "backups", "snapshot", "snapshots"];
/// What a backup is laid over.
pub(in crate::classify::graphql) const OVERWRITTEN: &[&str] =
    &["backup", "backups", "snapshot", "snapshots", "database", "pitr", "cluster"];
/// Where the name of what is acted upon ends: `deleteUserById`, `removeItemFromCart`.
pub(in crate::classify::graphql) const ENDS: &[&str] =
    &["by", "from", "in", "of", "for", "to", "on", "with", "as", "at"];
