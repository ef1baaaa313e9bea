//! `inventory.yaml` and `config.yaml`.

use serde_json::{Value, json};

use super::rule::duration;
use super::{list_of, map_of, merged, object, spelled, text, word};
use crate::config::{MailTls, MatchKey, NoticeKind};
use crate::model::Posture;

fn version() -> Value {
    json!({ "const": 1, "description": "The version of the file's form." })
}

pub(super) fn inventory() -> Value {
    let alias = object(
        "What a name that the agent uses stands for.",
        &[
            ("aws_profile", text("A profile of the AWS command line.", &["prod"])),
            ("kube_context", text("A context of a kubeconfig.", &["prod"])),
            ("account", text("The account it stands for; in quotes.", &["111122223333"])),
            ("cluster", text("The cluster it stands for.", &["shop-prod"])),
        ],
        &[],
    );
    let mut keys: Vec<(&str, Value)> = MatchKey::ALL.iter().map(|key| (key.as_str(), text(about(*key), &[]))).collect();
    keys.push(("tag", map_of("Tags of the resource.", &json!({ "type": "string" }))));
    keys.push(("alias", alias.clone()));
    let entry = merged(object("Every key must match; `*` is any text.", &keys, &[]), &json!({ "minProperties": 1 }));
    let kinds = ["local", "dev", "staging", "prod"];
    let environment = object(
        "One environment, and what belongs to it.",
        &[
            ("name", text("local, dev, staging, prod, or a name of your own with `like`.", &kinds)),
            ("like", word("What a name of your own is judged as.", &kinds)),
            ("tier", json!({ "type": "integer", "minimum": 1, "description": "1 is the most critical." })),
            ("owner", text("Whose it is.", &["@payments"])),
            ("tenant", text("The tenant.", &["acme"])),
            ("match", list_of("What belongs to it; any entry.", &entry)),
            ("alias", list_of("Names that stand for targets.", &alias)),
        ],
        &["name"],
    );
    let all = list_of("The most specific entry wins; what nothing names is unknown.", &environment);
    object("", &[("version", version()), ("environments", all)], &["version"])
}

const fn about(key: MatchKey) -> &'static str {
    match key {
        MatchKey::Provider => "The first part of the operation's id.",
        MatchKey::Account => "Cloud account; in quotes.",
        MatchKey::Project => "Cloud project.",
        MatchKey::Subscription => "Azure subscription.",
        MatchKey::Cluster => "Kubernetes cluster.",
        MatchKey::Namespace => "Kubernetes namespace.",
        MatchKey::Region => "Cloud region.",
        MatchKey::Resource => "The resource's identifier.",
        MatchKey::Host => "The target's host.",
        MatchKey::Repository => "Source repository.",
        MatchKey::Database => "Database, `host/name`.",
        MatchKey::State => "Terraform state.",
        MatchKey::Tenant => "Tenant.",
    }
}

fn size(about: &str, example: &str) -> Value {
    merged(text(about, &[example]), &json!({ "pattern": "^[0-9]+[A-Za-z]+$" }))
}

fn flag(about: &str) -> Value {
    json!({ "type": "boolean", "description": about })
}

/// A section whose keys are all comments is null.
fn section(about: &str, keys: &[(&str, Value)]) -> Value {
    merged(object(about, keys, &[]), &json!({ "type": ["object", "null"] }))
}

/// A text, or null for the default.
fn place(about: &str, examples: &[&str]) -> Value {
    merged(text(about, examples), &json!({ "type": ["string", "null"] }))
}

fn at_least_one(about: &str) -> Value {
    json!({ "type": "integer", "minimum": 1, "description": about })
}

/// `approvals:` of the settings.
fn approvals() -> Value {
    let break_glass = object(
        "Who may let a call through alone in an emergency.",
        &[
            ("role", text("Whoever has this role.", &["incident-commander"])),
            ("expires", duration("It must be used within this time.", &["15m"])),
        ],
        &["role"],
    );
    let voters = |about: &str| list_of(about, &json!({ "type": "string" }));
    let changes = object(
        "Whose answers a change of the gate itself needs that does not only tighten; else as `quorum` and `from`.",
        &[
            ("quorum", at_least_one("How many different people.")),
            ("from", voters("Which ones: `role:…`, `level:…`, `team:…` or `person:…`.")),
        ],
        &[],
    );
    let check = object(
        "Something of yours that must say yes: exit code 0, or status 200.",
        &[
            ("command", list_of("A program by its whole path, and its arguments.", &json!({ "type": "string" }))),
            ("url", text("An HTTPS endpoint.", &["https://checks.shop.example/window"])),
            ("within", duration("No answer within this time is a no.", &["10s"])),
        ],
        &[],
    );
    section(
        "How approval requests are handled.",
        &[
            ("pending", duration("A request that nobody answers ends after this time.", &["8h"])),
            ("use_within", duration("An approval must be used within this time.", &["30m"])),
            ("hold", duration("How long the agent's call is held open for an answer, 50s at most.", &["0s"])),
            ("quorum", at_least_one("How many different people a rule without `approval:` asks.")),
            ("from", voters("Which ones: `role:…`, `level:…`, `team:…`, `owner` or `person:…`.")),
            ("changes", changes),
            ("denials", at_least_one("So many people must say no to end a request.")),
            ("break_glass", break_glass),
            (
                "checks",
                json!({ "type": "object", "additionalProperties": check, "description": "What rules may ask to be checked (`obligations: [check:NAME]`)." }),
            ),
        ],
    )
}

pub(super) fn config() -> Value {
    let bodies = section(
        "How much of a request's body is read.",
        &[
            ("capture_max", size("Of one body.", "16MiB")),
            ("decoded_max", size("What one body may become when it is unpacked.", "16MiB")),
            ("total_max", size("Over all requests.", "256MiB")),
            ("idle", duration("The longest pause within a body.", &["10s"])),
            ("total", duration("The longest time for a body.", &["2m"])),
        ],
    );
    let limits = section(
        "What holds for limits.",
        &[("hold", duration("How long a throttled call may wait inside the gate, 50s at most.", &["2s"]))],
    );
    let teams =
        map_of("Folders with rules of teams, by the team's name: they can only tighten.", &json!({ "type": "string" }));
    let folders = list_of("Folders beside this file.", &json!({ "type": "string" }));
    object(
        "",
        &[
            ("version", version()),
            ("posture", word("How strict the gate is.", &spelled!(Posture))),
            ("state", place("Where the log and the secrets live.", &["/var/lib/blastgate"])),
            ("listen", listen()),
            ("egress", egress()),
            ("sessions", section("Sessions.", &[("require", flag("A request without a session is refused."))])),
            ("bodies", bodies),
            ("approvals", approvals()),
            ("notify", notify()),
            ("limits", limits),
            ("rules", section("The organisation's rules.", &[("folders", folders), ("teams", teams)])),
            ("hooks", section("Agents' hooks.", &[("ask", flag("A hook may ask the person at the agent."))])),
        ],
        &["version"],
    )
}

fn notify() -> Value {
    let events = || list_of("Which notices; all when absent.", &json!({ "enum": spelled!(NoticeKind) }));
    let webhook = section(
        "A webhook, signed as Standard Webhooks says.",
        &[
            ("url", text("Where to.", &["https://hooks.example/blastgate"])),
            ("secret_file", text("A file with the secret, `whsec_…`; with several all sign.", &["webhook.secret"])),
            ("secret_env", text("A variable with the secret; counts where it is set.", &["BLASTGATE_WEBHOOK_SECRET"])),
            ("events", events()),
        ],
    );
    let slack = section(
        "An incoming webhook of Slack.",
        &[
            ("url_file", text("A file with its URL.", &["slack.url"])),
            ("url_env", text("A variable with its URL; counts where it is set.", &["BLASTGATE_SLACK_URL"])),
            ("events", events()),
        ],
    );
    let email = section(
        "Mail.",
        &[
            ("smtp", text("The server that takes it: host and port.", &["smtp.example:587"])),
            ("from", text("The sender.", &["blastgate@shop.example"])),
            ("to", list_of("The receivers.", &json!({ "type": "string" }))),
            ("tls", word("`none` only to a loopback address.", &spelled!(MailTls))),
            ("username", text("The user at the server.", &[])),
            ("password_file", text("A file with the password.", &["smtp.password"])),
            ("events", events()),
        ],
    );
    let desktop = json!({
        "description": "The operator's own terminal and desktop.",
        "anyOf": [{ "type": ["boolean", "null"] }, object("", &[("events", events())], &[])],
    });
    let allow = list_of("Addresses that may be told although a name leads there.", &json!({ "type": "string" }));
    section(
        "Who is told about approval requests.",
        &[("webhook", webhook), ("slack", slack), ("email", email), ("desktop", desktop), ("allow_addresses", allow)],
    )
}

fn listen() -> Value {
    let reverse = object(
        "A listener that leads to one upstream.",
        &[
            ("name", text("Its name.", &["shop"])),
            ("listen", text("Where it listens: an address and a port, or `unix:PATH`.", &["127.0.0.1:7881"])),
            ("upstream", text("Where it leads.", &["https://kubernetes.example:6443"])),
            ("provider", text("What speaks there.", &["kubernetes"])),
            ("cluster", text("The cluster's name.", &["shop"])),
        ],
        &["name", "listen", "upstream"],
    );
    section(
        "Where the gate listens.",
        &[
            ("proxy", text("For agents' proxy settings.", &["127.0.0.1:7878"])),
            ("reverse", list_of("Listeners that each lead to one upstream.", &reverse)),
            ("api", text("For programs that ask for decisions.", &["127.0.0.1:7879"])),
            ("control", place("The socket for the operator's commands.", &[])),
        ],
    )
}

fn egress() -> Value {
    let texts = |about: &str| list_of(about, &json!({ "type": "string" }));
    let cert = object(
        "A certificate that the gate shows to a server.",
        &[
            ("server", text("Host and port.", &["kubernetes.example:6443"])),
            ("cert", text("A file.", &[])),
            ("key", text("A file.", &[])),
        ],
        &["server", "cert", "key"],
    );
    section(
        "How the gate reaches the outside.",
        &[
            ("resolve", map_of("`host:port` and the address and port for it.", &json!({ "type": "string" }))),
            ("extra_ca", texts("Files with further roots that are trusted.")),
            ("proxy", text("A proxy on the way out.", &["env", "none", "http://proxy.example:3128"])),
            ("client_certs", list_of("Certificates that the gate shows.", &cert)),
            ("unopened", texts("Hosts whose connections are not opened.")),
            ("allow_addresses", texts("Private addresses that may be reached.")),
        ],
    )
}
