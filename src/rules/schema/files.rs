//! Limits, exceptions, freezes, sets, packs, a repository's file, people.

use serde_json::{Value, json};

use super::rule::{decision, id, instead, matches, message, mode, owner, references, runbook, severity, unless};
use super::{list_of, map_of, merged, object, patterns, spelled, text, word};
use crate::model::Level;
use crate::rules::By;

fn version() -> Value {
    json!({ "const": 1, "description": "The version of the file's form." })
}

fn limit() -> Value {
    let allow = text("How many resources in which time.", &["5 per 10m"]);
    let by = "What is counted apart. Without it: each session.";
    let distinct = "Different resources are counted, each once as long as it was last touched within that time.";
    let few = json!({ "minItems": 1, "uniqueItems": true, "examples": [["person", "environment"]] });
    let number = |about: &str| json!({ "type": "integer", "minimum": 1, "description": about });
    object(
        "How much a session, a person, a tenant … may do in a while.",
        &[
            ("id", id("Begins with the folder's name.", "acme/restarts")),
            ("owner", owner()),
            ("match", matches()),
            ("unless", unless()),
            ("by", merged(list_of(by, &json!({ "enum": spelled!(By) })), &few)),
            ("key", merged(list_of("The older word for `by`.", &json!({ "enum": spelled!(By) })), &few)),
            ("allow", merged(allow, &json!({ "pattern": "^[0-9]+ +per +[0-9]+(ms|s|m|h|d)$" }))),
            ("burst", number("How many of them at once; without it the whole quantity.")),
            ("distinct", json!({ "type": "boolean", "description": distinct, "default": false })),
            ("unbounded", number("What a collection without bound counts as. Without it, it never fits.")),
            ("decision", decision()),
            ("message", message()),
            ("instead", instead()),
        ],
        &["id", "match", "allow", "decision", "message", "instead"],
    )
}

fn freeze() -> Value {
    object(
        "A window of time in which a decision is stricter.",
        &[
            ("id", id("Begins with the folder's name.", "acme/year-end")),
            ("owner", owner()),
            ("severity", severity()),
            ("mode", mode()),
            ("from", text("A date (from its beginning, UTC) or a moment.", &["2026-12-18"])),
            ("to", text("A date (to its end, UTC) or a moment.", &["2027-01-04T06:00:00Z"])),
            ("match", matches()),
            ("unless", unless()),
            ("decision", decision()),
            ("message", message()),
            ("instead", instead()),
            ("runbook", runbook()),
            ("references", references()),
        ],
        &["id", "owner", "from", "to", "match", "decision", "message", "instead"],
    )
}

fn exception() -> Value {
    object(
        "Lifts what a rule or a cell says, where `match` certainly covers the whole action.",
        &[
            ("id", id("Begins with the folder's name.", "acme/loadtest-stacks")),
            (
                "rule",
                patterns("What it lifts: rules, or cells as `matrix:destroy/environment/prod`.", &["aws/delete-stack"]),
            ),
            ("match", matches()),
            ("reason", text("Why.", &["nightly load test, CHG-881"])),
            ("owner", owner()),
            ("approved_by", patterns("Who agreed.", &["ada@shop.example"])),
            ("expires", text("When it ends: a date (to its end, UTC) or a moment.", &["2026-12-31"])),
        ],
        &["id", "rule", "match", "reason", "owner", "approved_by"],
    )
}

pub(super) fn limits() -> Value {
    object("", &[("limits", list_of("All limits of the pack.", &limit()))], &["limits"])
}

pub(super) fn freezes() -> Value {
    object("", &[("freezes", list_of("All freezes of the pack.", &freeze()))], &["freezes"])
}

pub(super) fn exceptions() -> Value {
    object("", &[("exceptions", list_of("All exceptions of the pack.", &exception()))], &["exceptions"])
}

pub(super) fn sets() -> Value {
    let about = "Names for lists of patterns: `$name` in a rule's list stands for all of them.";
    let sets = map_of(about, &json!({ "$ref": "#/$defs/texts" }));
    let example = json!({ "examples": [{ "payments-accounts": ["111122223333"] }] });
    object("", &[("sets", merged(sets, &example))], &["sets"])
}

pub(super) fn pack() -> Value {
    let name = merged(text("The folder's name.", &["acme"]), &json!({ "pattern": "^[a-z0-9-]+$" }));
    let version = json!({ "type": "integer", "minimum": 0, "description": "Counted up with every change of meaning." });
    object(
        "",
        &[
            ("id", name),
            ("version", version),
            ("maturity", word("Whether ids and meaning stay.", &["stable", "preview"])),
            ("owner", owner()),
            ("description", text("What it is about.", &[])),
        ],
        &["id", "version", "maturity", "owner"],
    )
}

pub(super) fn repository() -> Value {
    object(
        "What a repository adds. It can only tighten.",
        &[
            ("version", version()),
            ("rules", list_of("Rules.", &json!({ "$ref": "#/$defs/rule" }))),
            ("limits", list_of("Limits.", &limit())),
            ("freezes", list_of("Freezes.", &freeze())),
        ],
        &["version"],
    )
}

pub(super) fn people() -> Value {
    let role = json!({ "type": "string", "pattern": "^[a-z0-9-]+$" });
    let line = "The line of a `.pub` file of OpenSSH.";
    let key_line = json!({ "type": "string", "description": line, "pattern": "^(ssh|ecdsa|sk)-\\S+ \\S+" });
    let required = "Only signatures before which the security key asked for its PIN or a finger count.";
    let key_with_options = object(
        "A key with options.",
        &[
            ("key", key_line.clone()),
            ("verify_required", json!({ "type": "boolean", "description": required })),
            ("expires", text("The last day, or the moment, until which it votes.", &["2027-01-01"])),
        ],
        &["key"],
    );
    let key = json!({ "anyOf": [key_line, key_with_options] });
    let team = text("As the inventory's `owner`.", &["@retail-core"]);
    let person = object(
        "One person.",
        &[
            ("name", text("Like an e-mail address.", &["ada@shop.example"])),
            ("os_user", text("The login on the machines where agents run.", &["ada"])),
            ("level", word("How far the person's own hand reaches. Without it: the lowest.", &spelled!(Level))),
            ("roles", list_of("Roles, in lower case with hyphens.", &role)),
            ("teams", list_of("The teams that the person belongs to.", &team)),
            ("email", text("Where to write to, when the name is no address.", &["ada@shop.example"])),
            ("keys", list_of("SSH keys that sign the person's votes. One key is one person.", &key)),
        ],
        &["name"],
    );
    object("", &[("version", version()), ("people", list_of("Everybody.", &person))], &["version"])
}
