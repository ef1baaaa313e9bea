//! The words of a mutation's name, and what they mean.

use super::lists::{
    CALLS_OFF, CLOSABLE, CREATES, DESTROYS, DISRUPTS, ENDS, EXECUTES, GRANTED, HIDDEN, ITEMS, KEEPS, LIGHT, MARKS,
    OVERWRITTEN, PAYS, PERMITS, RESTORES, SETTINGS, SINGLE, STATES,
};
use crate::model::{Impact, Scope};

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

    /// `updateOrDelete`: the first verb is not all of it.
    fn goes_on(&self) -> bool {
        self.has(&["and", "or", "then"])
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
        let gentle = ["remove", "removes", "clear", "reset", "discard", "archive", "empty"];
        let light = self.object().next_back().is_some_and(|word| LIGHT.contains(&word));
        let keeps = self.leads(KEEPS) && !self.goes_on();
        let says = self.words.iter().enumerate().any(|(at, word)| {
            let word = word.as_str();
            let listed = DESTROYS.contains(&word);
            let hidden = !STATES.contains(&word) && HIDDEN.iter().any(|known| word.contains(known));
            let next = self.words.get(at + 1).map_or("", String::as_str);
            let names_a_setting = keeps && at > 0 && SETTINGS.contains(&next);
            // `removeLabel`: only what the gentle verbs do is undone by the next call.
            (listed || hidden) && !names_a_setting && !(light && gentle.contains(&word))
        });
        let harmless_reset =
            self.leads(&["reset"]) && self.has(&["password", "token", "secret", "key", "counter", "cache", "view"]);
        let words = self.words.iter().map(String::as_str).collect::<Vec<_>>();
        let protects = matches!(
            words.as_slice(),
            ["enable" | "disable" | "remove" | "set" | "update", "deletion" | "delete", "protection", ..]
        );
        rebuilds || says && !harmless_reset && !protects
    }

    /// It undoes a deletion, and lays nothing over what is there.
    fn restores(&self) -> bool {
        let second = self.words.get(1).map_or("", String::as_str);
        let verb = if self.first() == "un" { Some(second) } else { self.first().strip_prefix("un") };
        let undoes = verb.is_some_and(|verb| HIDDEN.contains(&verb));
        // `deleteRestorePoint` and `restorePointDelete` undo nothing.
        let at_end = (self.leads(RESTORES) || self.ends(RESTORES)) && !self.leads(DESTROYS) && !self.ends(DESTROYS);
        (at_end || undoes) && !self.goes_on() && !self.restores_over()
    }

    /// A backup that takes the place of what is there.
    pub(super) fn restores_over(&self) -> bool {
        self.has(&["restore", "recover"]) && self.has(OVERWRITTEN)
    }

    /// `cancelDeletion`, `preventDelete`.
    fn calls_off(&self) -> bool {
        let alone =
            matches!(self.words.last().map(String::as_str), Some("delete" | "archive")) && self.words.len() == 2;
        self.leads(CALLS_OFF) && (alone || self.has(&["deletion", "removal"])) && !self.goes_on()
    }

    /// `removeMember`, `revokeAccess`: taken away from somebody, not gone.
    fn revokes(&self) -> bool {
        if self.goes_on() {
            return false;
        }
        let takes = self.leads(&["remove", "revoke"]) || self.ends(&["remove", "revoke"]);
        let last = self.object().rfind(|word| !matches!(*word, "revoke"));
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
        let soft = self.has(&["archive", "trash", "soft", "unpublish"]) || self.leads(MARKS);
        let empties = self.has(&["empty", "clear", "destroy", "purge", "erase", "wipe"]);
        soft && !empties && (self.has(&["soft"]) || !self.has(&["delete"]))
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
