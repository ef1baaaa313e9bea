//! A rule, and what other files share with it.

use serde_json::{Map, Value, json};

use super::{Form, list_of, map_of, merged, object, patterns, some_of, spelled, text, word};
use crate::model::{Door, EnvironmentKind, Evidence, Hazard, Impact, Level, Mode, Reversible, Scope};
use crate::rules::Severity;
use crate::rules::after::{COMPARABLE, StepOutcome};

const DURATION: &str = "^[0-9]+(ms|s|m|h|d)$";

pub(super) fn duration(about: &str, examples: &[&str]) -> Value {
    merged(text(about, examples), &json!({ "pattern": DURATION }))
}

pub(super) fn id(about: &str, example: &str) -> Value {
    merged(text(about, &[example]), &json!({ "pattern": "^[a-z0-9-]+(/[a-z0-9-]+)+$" }))
}

pub(super) fn owner() -> Value {
    text("Who answers for it; a blocked agent's person is sent there.", &["@payments", "@platform-security"])
}

pub(super) fn severity() -> Value {
    word("How bad it is when the rule is right. For people and reports: it decides nothing.", &spelled!(Severity))
}

pub(super) fn mode() -> Value {
    let about = "`enforce` counts, `shadow` is decided and recorded only, `off` is not evaluated. Default: enforce.";
    merged(word(about, &spelled!(Mode)), &json!({ "default": "enforce" }))
}

pub(super) fn decision() -> Value {
    word(
        "What the rule says: `throttle` passes while tokens last, `escalate` passes with an approval, `deny` never \
         passes. There is no allow rule: the strictest answer stands.",
        &["throttle", "escalate", "deny"],
    )
}

pub(super) fn message() -> Value {
    let about = "What would be lost and why that matters, for the agent and its person. At most 300 characters.";
    merged(text(about, &[]), &json!({ "minLength": 1 }))
}

pub(super) fn instead() -> Value {
    let about = "The safer way by which the agent may go on. At most 300 characters.";
    merged(text(about, &[]), &json!({ "minLength": 1 }))
}

pub(super) fn runbook() -> Value {
    text("What people read who answer the approval request.", &["https://wiki.example/payments"])
}

pub(super) fn references() -> Value {
    list_of("Where the danger is described.", &json!({ "type": "string" }))
}

pub(super) fn matches() -> Value {
    json!({ "$ref": "#/$defs/match", "description": "What it speaks of: every key must match; of a list any value." })
}

pub(super) fn unless() -> Value {
    json!({
        "$ref": "#/$defs/match",
        "description": "What it does not speak of: lifts it only where this certainly covers the whole action.",
    })
}

pub(super) fn rule() -> Value {
    let quorum = ("quorum", json!({ "type": "integer", "minimum": 1, "description": "How many different people." }));
    let about =
        "Who: `role:…`, `level:…` (that one or a higher), `team:…`, `owner` (of what would be changed) or `person:…`.";
    let from = ("from", patterns(about, &["role:sre", "level:senior"]));
    let part = object("So many of the same people must be such ones too.", &[quorum.clone(), from.clone()], &[]);
    let one = object(
        "Whose approval it takes. The person that the session acts for is never one of them.",
        &[
            quorum,
            from,
            ("including", one_or_more(&part)),
            ("exclude_requester", json!({ "const": true, "description": "Always so; may be left out." })),
            ("expires", duration("How long an approval may be used.", &["15m"])),
        ],
        &[],
    );
    let approval = one_or_more(&one);
    object(
        "One file is one rule, and its id is its path: `rules/acme/no-drop.yaml` holds `acme/no-drop`.",
        &[
            ("id", id("The file's folder and name.", "acme/payments-database")),
            ("owner", owner()),
            ("severity", severity()),
            ("mode", mode()),
            ("until", text("The rule counts until then: a date (to its end, UTC) or a moment.", &["2026-12-31"])),
            ("match", matches()),
            ("unless", unless()),
            ("when", text("A CEL expression that must hold beside `match`.", &["count.resources > 10"])),
            ("after", sequence()),
            ("decision", decision()),
            ("approval", approval),
            (
                "obligations",
                patterns(
                    "What else there must be: `reason`, `ticket`, `rollback-plan` of the agent, `check:NAME` of the settings, `snapshot-seen:24h` by the gate.",
                    &["reason", "check:change-window", "snapshot-seen:24h"],
                ),
            ),
            ("message", message()),
            ("instead", instead()),
            ("runbook", runbook()),
            ("references", references()),
            ("tests", json!({ "$ref": "#/$defs/tests" })),
        ],
        &["id", "owner", "severity", "match", "decision", "message", "instead"],
    )
}

/// What the session did before.
fn sequence() -> Value {
    let step = object(
        "One earlier call.",
        &[
            ("match", matches()),
            ("unless", unless()),
            ("within", duration("How long ago at most; a day is the longest.", &["30m"])),
            (
                "same",
                some_of(
                    "What must be equal in it and in the call; of several resources one in common is enough.",
                    &COMPARABLE.iter().map(|key| key.as_str()).collect::<Vec<_>>(),
                    &["account", "resource"],
                ),
            ),
            (
                "other",
                some_of(
                    "What must not be equal: the same effect by another operation, the same operation in another place.",
                    &COMPARABLE.iter().map(|key| key.as_str()).collect::<Vec<_>>(),
                    &["operation"],
                ),
            ),
            (
                "times",
                json!({ "type": "integer", "minimum": 2, "maximum": 20, "description": "How often at least. Default: once." }),
            ),
            ("outcome", some_of("What became of it. Default: any.", &spelled!(StepOutcome), &["refused", "failed"])),
        ],
        &["match", "within"],
    );
    let about = "What the same session did before, in the order of time: all of it must have happened.";
    merged(list_of(about, &step), &json!({ "minItems": 1, "maxItems": 8 }))
}

/// What the schema of this kind of file refers to.
pub(super) fn defs(form: Form) -> Map<String, Value> {
    let mut defs = Map::new();
    if matches!(form, Form::Config | Form::Inventory | Form::People | Form::Pack) {
        return defs;
    }
    // `true` and `false` are texts too; a number must be quoted, because leading zeros count.
    let one = json!({ "type": ["string", "boolean"] });
    let list = json!({ "type": "array", "items": one, "minItems": 1 });
    defs.insert("texts".to_owned(), json!({ "anyOf": [one, list] }));
    if form != Form::Sets {
        defs.insert("match".to_owned(), match_block());
    }
    if matches!(form, Form::Rule | Form::Repository) {
        defs.insert("tests".to_owned(), tests());
        defs.insert("case".to_owned(), case());
    }
    if form == Form::Repository {
        defs.insert("rule".to_owned(), rule());
    }
    defs
}

fn match_block() -> Value {
    let mut keys = what();
    keys.extend(blast());
    keys.extend(place());
    keys.extend(who());
    merged(object("", &keys, &[]), &json!({ "minProperties": 1 }))
}

/// The operation.
fn what() -> Vec<(&'static str, Value)> {
    vec![
        (
            "operation",
            patterns(
                "Ids of operations, `*` is any run of characters. `blastgate operations` lists them.",
                &["aws:cloudformation:DeleteStack", "aws:rds:Delete*"],
            ),
        ),
        ("provider", patterns("The operation's first part.", &["aws"])),
        ("service", patterns("The operation's second part.", &["rds"])),
    ]
}

/// Its blast radius, and how it came in.
fn blast() -> Vec<(&'static str, Value)> {
    let scope = format!("^((>=|>|<|<=) +)?({})$", spelled!(Scope).join("|"));
    let scope = json!({ "type": "string", "pattern": scope });
    let tier = json!({ "anyOf": [{ "type": "integer", "minimum": 1 }, { "type": "string", "pattern": "^(>=|>|<|<=|=)? *[0-9]+$" }] });
    vec![
        (
            "impact",
            some_of("What it does. `destroy` covers `unknown` too.", &spelled!(Impact), &["destroy", "permission"]),
        ),
        (
            "scope",
            json!({
                "description": "How far it reaches: a scope, or a comparison with one.",
                "anyOf": [scope, { "type": "array", "items": scope, "minItems": 1 }],
                "examples": [">= environment"],
            }),
        ),
        (
            "environment",
            some_of("Where. `prod` covers `unknown` too.", &spelled!(EnvironmentKind), &["staging", "prod"]),
        ),
        (
            "tier",
            json!({
                "description": "The environment's tier in the inventory, 1 being the most critical, or a comparison.",
                "anyOf": [tier, { "type": "array", "items": tier, "minItems": 1 }],
                "examples": [1, "<= 2"],
            }),
        ),
        ("owner", patterns("Whose the environment is, by the inventory.", &["@payments"])),
        ("tenant", patterns("The environment's tenant, by the inventory.", &["acme"])),
        ("hazards", some_of("Well-known dangers; any of them.", &spelled!(Hazard), &["data-loss", "backup-loss"])),
        (
            "resource",
            patterns(
                "Identifiers of resources with `*`, or `regex:…`; any of the action's (in `unless`: all of them).",
                &["*:db:payments-*"],
            ),
        ),
        (
            "count",
            json!({
                "type": "string", "pattern": "^(unbounded|(>=|>|<|<=|=) *[0-9]+)$", "examples": ["> 10", "unbounded"],
                "description": "How many resources. A count without bound is more than any number.",
            }),
        ),
        ("reversible", some_of("Whether it can be undone.", &spelled!(Reversible), &["no"])),
        (
            "parameter",
            merged(
                map_of(
                    "A parameter's name and its values, with `*` or `regex:…`.",
                    &json!({ "$ref": "#/$defs/texts" }),
                ),
                &json!({ "examples": [{ "SkipFinalSnapshot": "true" }] }),
            ),
        ),
        (
            "evidence",
            some_of("How it is known: on the wire, read from a command, or told.", &spelled!(Evidence), &["observed"]),
        ),
        ("door", some_of("The way it came in.", &spelled!(Door), &["hook"])),
    ]
}

/// Where the target stands.
fn place() -> Vec<(&'static str, Value)> {
    vec![
        ("account", patterns("Cloud accounts; in quotes.", &["111122223333"])),
        ("region", patterns("Regions.", &["eu-*"])),
        ("namespace", patterns("Kubernetes namespaces.", &["payments"])),
        ("cluster", patterns("Kubernetes clusters.", &["shop-prod"])),
        ("project", patterns("Cloud projects.", &["acme-prod"])),
        ("subscription", patterns("Azure subscriptions.", &["00000000-0000-0000-0000-000000000000"])),
        ("repository", patterns("Source repositories.", &["acme/shop"])),
        ("host", patterns("The target's host.", &["*.internal.example"])),
        ("database", patterns("Databases, `host/name`.", &["db.example/orders"])),
        ("state", patterns("Terraform states.", &["*prod*"])),
    ]
}

/// Who, and when.
fn who() -> Vec<(&'static str, Value)> {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let window = object(
        "",
        &[
            ("days", some_of("Days of the week.", &days, &["fri"])),
            ("hours", text("From and to, on the clock of the zone.", &["16:00-24:00"])),
            ("zone", text("A time zone by its IANA name. Default: UTC.", &["Europe/Berlin"])),
        ],
        &[],
    );
    vec![
        (
            "principal",
            merged(
                object(
                    "Who acts; every key must match.",
                    &[
                        ("person", patterns("The person that the session acts for.", &["ada@shop.example"])),
                        ("agent", patterns("The agent's product.", &["claude*"])),
                        ("level", patterns("junior, mid or senior of `people.yaml`, or a comparison.", &["< senior"])),
                        ("role", patterns("Roles of `people.yaml`.", &["sre"])),
                    ],
                    &[],
                ),
                &json!({ "minProperties": 1, "examples": [{ "level": "< senior" }] }),
            ),
        ),
        ("session", patterns("`named`, `anonymous`, or ids with `*`.", &["anonymous"])),
        (
            "time",
            json!({
                "description": "Times of the week; any of them.",
                "anyOf": [window, { "type": "array", "items": window, "minItems": 1 }],
                "examples": [{ "days": ["fri"], "hours": "16:00-24:00", "zone": "Europe/Berlin" }],
            }),
        ),
    ]
}

fn tests() -> Value {
    let cases = |about: &str| list_of(about, &json!({ "$ref": "#/$defs/case" }));
    object(
        "What proves the rule; run by `blastgate rules check` and `rules test`.",
        &[
            ("match", cases("The rule must match these.")),
            ("not_match", cases("Near misses: the rule must not match these.")),
            ("passes", cases("What `instead` suggests: all rules together must allow these.")),
        ],
        &[],
    )
}

fn case() -> Value {
    let texts = |about: &str| map_of(about, &json!({ "type": "string" }));
    let aws = object(
        "Signs it as an SDK would.",
        &[
            ("service", text("The service that it is signed for.", &["rds"])),
            ("region", text("The region.", &["eu-west-1"])),
            ("account", text("The account that the key belongs to; in quotes.", &["111122223333"])),
        ],
        &["service", "region"],
    );
    let http = object(
        "An HTTP request.",
        &[
            ("method", text("The method.", &["DELETE"])),
            ("url", text("The whole URL.", &["https://api.github.com/repos/acme/shop"])),
            ("headers", texts("Headers.")),
            ("body", text("The body as it is.", &[])),
            ("form", texts("The body as a form.")),
            ("json", json!({ "description": "The body as JSON." })),
            ("aws", aws),
        ],
        &["method", "url"],
    );
    let environment = || word("The environment of everything in it.", &spelled!(EnvironmentKind));
    let merged_case = object(
        "One request. Exactly one of `http`, `command` and `action`.",
        &[
            ("http", http),
            ("action", action()),
            ("command", text("A command line or a script, in a workspace at /repo.", &["terraform destroy"])),
            ("files", texts("Files that the command may read, by absolute path.")),
            ("operation", text("What it must be recognised as.", &["aws:rds:DeleteDBInstance"])),
            ("environment", environment()),
            (
                "tier",
                json!({ "description": "Of that environment; 1 is the most critical.", "type": "integer", "minimum": 0, "maximum": 255 }),
            ),
            ("owner", text("The team that owns that environment.", &["@payments"])),
            ("tenant", text("Whom that environment serves.", &["retail"])),
            ("principal", asking()),
            ("at", text("When it is asked; without it at the beginning of 1970.", &["2026-11-27T17:00Z"])),
            ("provider", text("What a listener would say of the host.", &["kubernetes"])),
            ("cluster", text("What a kubeconfig would say of the host.", &["shop"])),
            (
                "after",
                list_of("What the same session did before, in the order of time.", &json!({ "$ref": "#/$defs/case" })),
            ),
            (
                "outcome",
                word("Of a call under `after`: what became of it. Default: sent.", &["sent", "refused", "failed"]),
            ),
            (
                "ago",
                duration("Of a call under `after`: how long ago it was. Default: a minute before the next.", &["5m"]),
            ),
        ],
        &[],
    );
    let one = json!([{ "required": ["http"] }, { "required": ["command"] }, { "required": ["action"] }]);
    merged(merged_case, &json!({ "oneOf": one }))
}

/// Who asks, in a test.
fn asking() -> Value {
    object(
        "Who asks; without it nobody is known.",
        &[
            ("person", text("The person that the session acts for.", &["ada"])),
            ("agent", text("The agent.", &["claude"])),
            ("level", json!({ "description": "The person's level.", "enum": spelled!(Level) })),
            ("roles", json!({ "description": "The person's roles.", "type": "array", "items": { "type": "string" } })),
            ("anonymous", json!({ "description": "No session was named.", "type": "boolean" })),
        ],
        &[],
    )
}

fn action() -> Value {
    let texts = list_of("", &json!({ "type": "string" }));
    let number = json!({ "type": "integer", "minimum": 0 });
    let count = json!({
        "description": "How many resources.",
        "anyOf": [
            { "const": "unbounded" },
            { "type": "object", "properties": { "exact": number, "at_least": number }, "additionalProperties": false,
              "minProperties": 1, "maxProperties": 1 },
        ],
    });
    object(
        "An action as a caller would declare it: for what no door reads.",
        &[
            ("operation", text("The operation's id.", &["aws:rds:DeleteDBInstance"])),
            ("impact", word("What it does.", &spelled!(Impact))),
            ("scope", word("How far it reaches.", &spelled!(Scope))),
            ("environment", word("Where.", &spelled!(EnvironmentKind))),
            ("hazards", list_of("Dangers.", &json!({ "enum": spelled!(Hazard) }))),
            ("resources", merged(texts, &json!({ "description": "Identifiers." }))),
            ("account", text("The account; in quotes.", &["111122223333"])),
            ("region", text("The region.", &["eu-west-1"])),
            ("cluster", text("The cluster.", &["shop"])),
            ("namespace", text("The namespace.", &["payments"])),
            ("parameters", map_of("Parameters.", &json!({ "type": "string" }))),
            ("count", count),
            ("reversible", word("Whether it can be undone.", &spelled!(Reversible))),
        ],
        &["operation", "impact", "scope", "environment"],
    )
}

fn one_or_more(one: &Value) -> Value {
    json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
}
