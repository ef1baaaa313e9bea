//! A first text for a rule: complete, commented, and proved by its own tests.

use std::fmt::Write as _;

use crate::catalog;
use crate::classify::Action;
use crate::config::{Bodies, Diagnostics, Inventory};
use crate::identify::command::{Shell, Stated};
use crate::model::{BlastRadius, Effect, EnvironmentKind, Impact, Operation, Posture, Scope, Timestamp};
use crate::rules::{Layer, RuleSet, Source};

use super::{Bench, Command, nobody, trials};

/// What the rule is about.
#[derive(Clone, Copy, Debug)]
pub enum Seed<'a> {
    /// Nothing yet: an example is written.
    Example,
    /// What this command line does.
    Command(&'a str),
    /// An operation by its id.
    Operation(&'a str),
}

/// Why there is no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkeletonError {
    /// The id is none.
    #[error("`{0}` is not an id\n  help: write `folder/name` in lower case, with hyphens: `acme/no-friday-deploys`")]
    Id(String),
    /// The command line has no one reading.
    #[error("the command cannot be read: {0}")]
    Unreadable(String),
    /// No catalog knows it.
    #[error("no catalog knows the operation `{operation}`\n  help: {help}")]
    Operation {
        /// The id.
        operation: String,
        /// What there is.
        help: String,
    },
    /// What was written does not load.
    #[error("no rule can be written from that: {0}")]
    Unloadable(Diagnostics),
    /// What was written does not prove itself.
    #[error("no rule can be written from that: {0}")]
    Unproved(String),
}

/// More of them show nothing more.
const RESOURCES_MAX: usize = 3;

/// What is known of what the rule is to match.
struct Subject {
    /// What `operation:` says, if it is known.
    operation: Option<String>,
    environment: &'static str,
    /// What it was done to, if that is known.
    resources: Vec<String>,
    /// What the rules say today.
    today: Option<String>,
    message: String,
    matches: String,
    not_match: String,
}

/// The text of a rule file for `id`. It loads beside the built-in rules, and its tests pass.
///
/// # Errors
/// See [`SkeletonError`].
pub fn skeleton(id: &str, seed: Seed<'_>, rules: &RuleSet) -> Result<String, SkeletonError> {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if id.split('/').count() != 2 || !id.split('/').all(is_word) {
        return Err(SkeletonError::Id(id.to_owned()));
    }
    let subject = match seed {
        Seed::Example => example(),
        Seed::Command(text) => of_command(text, rules)?,
        Seed::Operation(operation) => of_operation(operation)?,
    };
    let text = written(id, &subject);
    let source = Source { file: format!("rules/{id}.yaml"), text: text.clone(), layer: Layer::Organisation };
    let alone = RuleSet::only(&[source]).map_err(SkeletonError::Unloadable)?;
    match trials(&alone, |_| true).into_iter().find_map(|trial| trial.fault) {
        None => Ok(text),
        Some(fault) => Err(SkeletonError::Unproved(fault)),
    }
}

fn example() -> Subject {
    let action = |name: &str| {
        format!(
            "{{ action: {{ operation: \"aws:rds:DeleteDBInstance\", impact: destroy, scope: resource, environment: prod, \
             resources: [\"arn:aws:rds:eu-west-1:111122223333:db:{name}\"] }} }}"
        )
    };
    Subject {
        operation: None,
        environment: "prod",
        resources: Vec::new(),
        today: None,
        message: "Say here what would be lost, and why that matters.".to_owned(),
        matches: action("payments"),
        not_match: action("scratch"),
    }
}

fn of_command(text: &str, rules: &RuleSet) -> Result<Subject, SkeletonError> {
    let inventory = Inventory::default();
    let bench = Bench { rules, inventory: &inventory, bodies: &Bodies::default(), posture: Posture::Guarded };
    let around = Stated::in_workspace("/repo");
    let asked = Command { text, shell: Shell::Posix, around: &around };
    let heard = bench.hear(&asked, &nobody(Timestamp::from_millis(0)));
    let (judged, _) = heard.map_err(|unreadable| SkeletonError::Unreadable(unreadable.to_string()))?;
    // Of a pipeline or a script, what does most.
    let weight = |action: &&Action| (action.blast().impact.strictness(), action.blast().scope);
    let action = judged.actions.iter().max_by_key(weight).unwrap_or_else(|| judged.actions.first());
    let operation = action.operation().as_str();
    if operation.contains("unidentified") {
        return Err(SkeletonError::Unreadable(format!("all that is known of it is `{operation}`")));
    }
    let is_local = action.environment().kind == EnvironmentKind::Local;
    let line = quoted(text);
    let by = judged.decision.deciding().next().map(|finding| finding.rule.clone());
    let today = match (judged.decision.effect(), by) {
        (Effect::Allow, _) | (_, None) => "it passes".to_owned(),
        (effect, Some(by)) => format!("{effect}, by {by}"),
    };
    Ok(Subject {
        operation: Some(pattern(operation)),
        environment: if is_local { "local" } else { "prod" },
        resources: action.resources().iter().take(RESOURCES_MAX).map(|one| one.as_str().to_owned()).collect(),
        today: Some(today),
        message: message(operation),
        matches: format!("{{ command: {line}, operation: {} }}", quoted(operation)),
        not_match: if is_local {
            "{ command: \"git status\" }".to_owned()
        } else {
            format!("{{ command: {line}, environment: dev }}")
        },
    })
}

fn of_operation(operation: &str) -> Result<Subject, SkeletonError> {
    if !catalog::operation_exists(operation) {
        let help = "`blastgate operations PATTERN` lists them; or give the command line with --command";
        let help = catalog::nearest_operation(operation).unwrap_or_else(|| help.to_owned());
        return Err(SkeletonError::Operation { operation: operation.to_owned(), help });
    }
    let BlastRadius { impact, scope, .. } = blast(operation);
    let action = |environment: &str| {
        let operation = quoted(operation);
        format!(
            "{{ action: {{ operation: {operation}, impact: {impact}, scope: {scope}, environment: {environment} }} }}"
        )
    };
    Ok(Subject {
        operation: Some(operation.to_owned()),
        environment: "prod",
        resources: Vec::new(),
        today: None,
        message: message(operation),
        matches: action("prod"),
        not_match: action("dev"),
    })
}

/// What the catalog says of it, as far as it tells by the name alone.
fn blast(id: &str) -> BlastRadius {
    let operation = Operation::from_id(id);
    let name = id.splitn(3, ':').nth(2).unwrap_or_default();
    let aws = || {
        let service = catalog::aws::service(operation.service()).filter(|_| operation.provider() == "aws")?;
        Some(crate::classify::aws::by_name(service, service.operation(name)?))
    };
    let described = || {
        let books = catalog::providers_of(operation.provider()).filter_map(|api| catalog::described::book(api.folder));
        let mut rows = books.flat_map(|book| book.operations());
        let row = rows.find(|row| row.service.get() == operation.service() && row.name.get() == name)?;
        Some(crate::classify::described::by_row(row))
    };
    aws().or_else(described).unwrap_or_else(|| BlastRadius::new(Impact::Update, Scope::Resource))
}

/// Commands' operations follow a grammar; there a pattern stands for what no catalog lists.
fn pattern(operation: &str) -> String {
    if catalog::operation_exists(operation) { operation.to_owned() } else { format!("{operation}*") }
}

fn message(operation: &str) -> String {
    format!("This is {operation}: say here what would be lost, and why that matters.")
}

/// A YAML text in double quotes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn written(id: &str, subject: &Subject) -> String {
    let Subject { operation, environment, resources, today, message, matches, not_match } = subject;
    let mut out = String::new();
    if let Some(today) = today {
        let _ = writeln!(out, "# Without this rule: {today}.");
    }
    let operation = operation.as_ref().map_or_else(
        || "  impact: [destroy] # covers unknown too\n  resource: [\"*payments*\"] # any of the action's".to_owned(),
        |operation| format!("  operation: [{}] # `*` is any run of characters", quoted(operation)),
    );
    let resources: Vec<String> = resources.iter().map(|resource| quoted(resource)).collect();
    let narrower = match resources.is_empty() {
        true => "  #account: [\"111122223333\"]".to_owned(),
        false => format!("  #resource: [{}] # narrower", resources.join(", ")),
    };
    let covers = if *environment == "prod" { " # covers unknown too" } else { "" };
    let _ = write!(
        out,
        r#"id: {id} # the file's path: rules/{id}.yaml
owner: "@your-team" # who answers for it
severity: high # low | medium | high | critical: for people, decides nothing
mode: shadow # decided and recorded, stops nothing; take the line away when the log shows what you expect
#until: 2027-03-31 # the rule ends by itself

# Every key must match; of a list any value. `blastgate rules schema` has all keys.
match:
{operation}
  environment: [{environment}]{covers}
{narrower}
  #count: "> 10"

# The same keys; lifts the rule only where they certainly cover the whole action.
#unless: {{ resource: ["*:loadtest-*"] }}
decision: escalate # throttle | escalate | deny; there is no allow
#approval: {{ quorum: 2, from: [role:sre] }}
#obligations: [reason, rollback-plan]

# What a blocked agent and its person read; at most 300 characters each.
message: {message}
instead: Say here what the agent can do without danger.
#runbook: https://wiki.example/runbook
#references: [https://wiki.example/incident]
tests:
  match:
    - {matches}
  # Near misses, which the rule must leave alone.
  not_match:
    - {not_match}
  # What `instead` suggests: all rules together must allow it.
  #passes:
  #  - {{ command: "aws rds describe-db-instances" }}
"#,
        message = quoted(message),
    );
    out
}
