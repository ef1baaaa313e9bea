//! The words of a mutation's name, and what they mean.

use crate::model::{Impact, Scope};

const DESTROYS: &[&str] = &[
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
const HIDDEN: &[&str] = &["delete", "destroy", "purge", "terminate", "truncate", "deletion"];
/// Words that hold one of the above and tell how something is.
const STATES: &[&str] =
    &["deleted", "undelete", "undeleted", "destroyed", "undestroy", "purged", "terminated", "truncated"];
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
    "failover",
    "drain",
    "hibernate",
    "halt",
    "poweroff",
    "abort",
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
const GRANTED: &[&str] = &[
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
const EXECUTES: &[&str] = &["execute", "exec", "run", "invoke", "trigger", "dispatch", "eval"];
/// Money that leaves is not undone by another call.
const PAYS: &[&str] = &["refund", "charge", "payout", "withdraw", "disburse", "purchase"];
const CREATES: &[&str] =
    &["create", "add", "insert", "new", "register", "generate", "clone", "duplicate", "copy", "fork", "import"];
const RESTORES: &[&str] =
    &["undelete", "unarchive", "restore", "recover", "untrash", "undestroy", "unremove", "revive"];
/// Verbs that leave in place what they name, unless the name goes on with *and* or *or*.
const KEEPS: &[&str] =
    &["update", "edit", "set", "change", "configure", "enable", "rename", "toggle", "create", "add", "upsert"];
/// Verbs that turn a state into a deed: `markAsDeleted`.
const MARKS: &[&str] = &["mark", "set", "flag", "soft"];
/// Verbs that order what a noun says: `scheduleDeletion`.
const CALLS_OFF: &[&str] = &["cancel", "abort", "revert", "undo", "prevent", "unschedule"];
/// What follows a destroying word that only names a thing: `updateDeletePolicy`, `createPurgeJob`.
const SETTINGS: &[&str] = &[
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
const LIGHT: &[&str] = &[
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
    "subscriber",
    "follower",
    "favorite",
    "favourite",
    "bookmark",
    "pin",
    "filter",
    "filters",
    "sort",
    "view",
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
const ITEMS: &[&str] = &[
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
    "view",
    "relation",
    "reminder",
    "milestone",
    "status",
    "record",
    "row",
    "entry",
];
/// One thing of its own, whatever stands before it in its name.
const SINGLE: &[&str] = &[
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
pub(super) const HOLD_DATA: &[&str] = &[
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
pub(super) const BACKUPS: &[&str] = &["backup", "backups", "snapshot", "snapshots"];
/// What a backup is laid over.
const OVERWRITTEN: &[&str] = &["backup", "backups", "snapshot", "snapshots", "database", "pitr", "cluster"];
/// Where the name of what is acted upon ends: `deleteUserById`, `removeItemFromCart`.
const ENDS: &[&str] = &["by", "from", "in", "of", "for", "to", "on", "with", "as", "at"];

/// A name as its words in lower case.
pub(super) struct Name {
    words: Vec<String>,
}

impl Name {
    pub(super) fn of(name: &str) -> Self {
        Self { words: split(name) }
    }

    pub(super) fn has(&self, list: &[&str]) -> bool {
        self.words.iter().any(|word| list.contains(&word.as_str()))
    }

    fn first(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    fn leads(&self, list: &[&str]) -> bool {
        list.contains(&self.first())
    }

    /// `delete`, `deleteProject`, `stop`, `revoke`, `run`: a deed, whatever it is done to.
    pub(super) fn begins_with_a_verb(&self) -> bool {
        let deeds = ["grant", "revoke", "invite", "transfer", "leave", "impersonate"];
        [DESTROYS, DISRUPTS, EXECUTES, PAYS, &deeds].iter().any(|list| self.leads(list))
    }

    /// What is acted upon: the words without verbs, up to `by`, `from` and their like.
    fn object(&self) -> impl DoubleEndedIterator<Item = &str> {
        let verb = |word: &str| {
            [DESTROYS, DISRUPTS, CREATES, RESTORES, KEEPS, EXECUTES].iter().any(|list| list.contains(&word))
                || matches!(
                    word,
                    "bulk" | "batch" | "force" | "hard" | "soft" | "many" | "all" | "v" | "one" | "schedule"
                )
        };
        let end = self
            .words
            .iter()
            .skip(1)
            .position(|word| ENDS.contains(&word.as_str()))
            .map_or(self.words.len(), |at| at + 1);
        self.words.iter().take(end).map(String::as_str).filter(move |word| !verb(word))
    }

    /// The strictest that any word says.
    pub(super) fn impact(&self) -> Impact {
        if self.signs_in() {
            return Impact::Update;
        }
        let destroys = self.destroys();
        let mut impact =
            if (self.leads(CREATES) || self.ends(CREATES)) && !destroys { Impact::Create } else { Impact::Update };
        if self.restores() {
            impact = Impact::Create;
        }
        let closes = self.has(&["close"]);
        for (holds, stricter) in [
            (self.has(EXECUTES) || self.moves_money(), Impact::Execute),
            (self.disrupts() || closes && !self.has(CLOSABLE), Impact::Disrupt),
            (self.permits(), Impact::Permission),
            (closes && self.has(&["account", "tenant", "organization"]), Impact::Destroy),
            (destroys || self.restores_over(), Impact::Destroy),
        ] {
            if holds {
                impact = impact.stricter(stricter);
            }
        }
        impact
    }

    fn ends(&self, list: &[&str]) -> bool {
        self.words.last().is_some_and(|word| list.contains(&word.as_str()))
    }

    /// Whether it removes, empties or replaces something.
    fn destroys(&self) -> bool {
        if self.restores() || self.calls_off() || self.revokes() {
            return false;
        }
        if self.leads(MARKS) && self.has(&["deleted", "deletion", "destroyed", "archived", "removed", "trashed"]) {
            return true;
        }
        let rebuilds = self.has(&["rebuild"])
            && self.has(&["cluster", "server", "instance", "droplet", "node", "database", "environment", "machine"]);
        let gentle = ["remove", "removes", "clear", "reset", "discard", "archive", "empty", "drop"];
        let light = self.object().next_back().is_some_and(|word| LIGHT.contains(&word));
        let loose = self.has(&["and", "or"]);
        let keeps = self.leads(KEEPS) && !loose;
        let says = self.words.iter().enumerate().any(|(at, word)| {
            let word = word.as_str();
            let listed = DESTROYS.contains(&word);
            let hidden = !STATES.contains(&word) && HIDDEN.iter().any(|known| word.contains(known));
            let next = self.words.get(at + 1).map_or("", String::as_str);
            let names_a_setting = keeps && at > 0 && SETTINGS.contains(&next);
            // `leaveArchive`, `removeLabel`: only the gentle verbs may be undone by the next call.
            (listed || hidden) && !names_a_setting && !(light && gentle.contains(&word))
        });
        let harmless_reset =
            self.leads(&["reset"]) && self.has(&["password", "token", "secret", "key", "counter", "cache"]);
        let words = self.words.iter().map(String::as_str).collect::<Vec<_>>();
        let protects = matches!(
            words.as_slice(),
            ["enable" | "disable" | "remove" | "set" | "update", "deletion" | "delete", "protection", ..]
        );
        rebuilds || says && !harmless_reset && !protects
    }

    /// It undoes a deletion, and lays nothing over what is there.
    fn restores(&self) -> bool {
        let undoes = self.first().starts_with("un") && HIDDEN.iter().any(|word| self.first().contains(word));
        (self.has(RESTORES) || undoes) && !self.has(&["and", "or"]) && !self.restores_over()
    }

    /// A backup that takes the place of what is there.
    pub(super) fn restores_over(&self) -> bool {
        self.has(&["restore", "recover"]) && self.has(OVERWRITTEN)
    }

    /// `cancelDeletion`, `preventDelete`.
    fn calls_off(&self) -> bool {
        self.leads(CALLS_OFF) && self.has(&["deletion", "delete", "archive", "removal"]) && !self.has(&["and", "or"])
    }

    /// `removeMember`, `revokeAccess`: taken away from somebody, not gone.
    fn revokes(&self) -> bool {
        let takes = self.leads(&["remove", "revoke"]) || self.ends(&["remove", "revoke"]);
        let last = self.object().filter(|word| !matches!(*word, "revoke")).next_back();
        takes && last.is_some_and(|word| GRANTED.contains(&word) || self.has(&["revoke"]))
    }

    fn disrupts(&self) -> bool {
        self.has(DISRUPTS) && !self.calls_off()
    }

    fn permits(&self) -> bool {
        let says = self.words.iter().any(|word| match word.as_str() {
            "leave" => !self.has(&["comment", "review", "feedback", "note", "reply"]),
            word => PERMITS.contains(&word),
        });
        let keys = self.has(&["key", "keys"])
            && self.has(&["api", "access", "ssh", "deploy", "signing", "secret", "service", "public", "private"]);
        says || keys || self.leads(&["share"]) || self.has(&["revoke"])
    }

    /// The caller's own way in: `login`, `tokenRefresh`, `verifyToken`.
    fn signs_in(&self) -> bool {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        matches!(
            words.as_slice(),
            ["login" | "signin" | "logout" | "signout" | "authenticate"]
                | ["sign", "in" | "out"]
                | ["refresh" | "verify" | "validate" | "check", "token"]
                | ["token", "refresh" | "verify" | "auth"]
                | ["refresh", "access", "token"]
        )
    }

    /// `refundTransaction`, `captureTransaction`, `createPayout`.
    pub(super) fn moves_money(&self) -> bool {
        let money = ["transaction", "payment", "funds", "invoice", "order", "balance"];
        self.has(PAYS) || self.has(&["capture", "void", "reverse", "transfer", "pay"]) && self.has(&money)
    }

    /// `archive`, `trash`, `markAsDeleted`: nothing is gone yet.
    pub(super) fn is_soft(&self) -> bool {
        self.has(&["archive", "trash", "soft", "unpublish"]) || self.leads(MARKS)
    }

    /// How far it reaches, by what it names. Only what takes the thing itself away or stops it reaches as far as the thing;
    /// `createProject` and `updateTeamMember` do not.
    pub(super) fn scope(&self, impact: Impact) -> Scope {
        if !matches!(impact, Impact::Destroy | Impact::Disrupt) {
            return Scope::Resource;
        }
        let last = self.object().next_back().unwrap_or_default();
        if impact == Impact::Destroy && ITEMS.contains(&last) {
            return Scope::Item;
        }
        if SINGLE.contains(&last) {
            return Scope::Resource;
        }
        if self.has(&["organization", "organizations", "organisation", "org", "enterprise"]) {
            Scope::Organization
        } else if self.has(&["account", "accounts", "tenant", "tenants"]) {
            Scope::Account
        } else if self.has(&[
            "project",
            "projects",
            "environment",
            "environments",
            "cluster",
            "clusters",
            "workspace",
            "workspaces",
            "stack",
            "stacks",
            "team",
            "teams",
            "namespace",
        ]) {
            Scope::Environment
        } else {
            Scope::Resource
        }
    }
}

/// The words of a name in camel case or with underscores, in lower case.
fn split(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    let mut letters = name.chars().peekable();
    while let Some(c) = letters.next() {
        // `deleteSSHKey`: the last capital of a run begins the next word.
        let ends_run =
            c.is_uppercase() && before.is_uppercase() && letters.peek().is_some_and(|next| next.is_lowercase());
        if c == '_' || c.is_ascii_digit() || c.is_uppercase() && !before.is_uppercase() || ends_run {
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
