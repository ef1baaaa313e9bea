//! `operations`: what the catalog knows of operations, found by any of their names. For people who write rules.

mod described;
mod text;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use crate::catalog::Reviewed;
use crate::catalog::aws::faces::{self, Change, Command, ResourceType};
use crate::catalog::aws::{self as catalog, AccessLevel, Location, Operation, Role, Service};
use crate::classify::aws::{at_most, by_name};
use crate::config::{Glob, nearest};
use crate::model::BlastRadius;

/// List operations with what they do.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  blastgate operations 'aws:rds:Delete*'          a pattern, as rules write it
  blastgate operations DeleteDBInstance           in every service
  blastgate operations 'github:rest:repos/*'      of another provider
  blastgate operations gcp                        all of one provider's
  blastgate operations netlify site               of one of its services
  blastgate operations rds delete-db-instance     a command of the AWS CLI
  blastgate operations s3 rm                      also one that is several
  blastgate operations aws_db_instance            a resource type of Terraform
  blastgate operations AWS::RDS::DBInstance       a type of CloudFormation

The blast radius is that of the operation without parameters; they can make it
larger, and --verbose says which.")]
pub(super) struct OperationsArgs {
    /// A pattern, a command of the AWS CLI, or a type; everything without one
    pattern: Vec<String>,
    /// Say everything of each, as for a single one
    #[arg(short, long)]
    verbose: bool,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// An operation, and when it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    service: &'static str,
    name: &'static str,
    /// `--recursive`, `delete`: empty where it is meant always.
    when: String,
}

/// What a pattern names.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// These operations: AWS's, and those of described APIs.
    Operations(Vec<Found>, Vec<described::Found>),
    /// A command of the AWS CLI that calls none.
    Local(String),
    /// Nothing; perhaps something else was meant.
    Nothing(Option<String>),
}

/// Runs the command; returns the exit code (0 found, 1 nothing matches, 2 a mistake in the pattern).
///
/// # Errors
/// The output cannot be written.
pub(super) fn run(
    args: &OperationsArgs,
    width: Option<usize>,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<u8> {
    let words: Vec<&str> = args.pattern.iter().flat_map(|word| word.split_whitespace()).collect();
    let found = match find(&words) {
        Ok(Answer::Operations(found, described)) => (found, described),
        Ok(Answer::Local(command)) => {
            writeln!(err, "`aws {command}` calls no operation by itself")?;
            return Ok(0);
        }
        Ok(Answer::Nothing(help)) => {
            let help = help.unwrap_or_else(|| "a pattern is written as `aws:rds:Delete*`".to_owned());
            writeln!(err, "no operation matches `{}`\n  help: {help}", words.join(" "))?;
            return Ok(1);
        }
        Err(wrong) => {
            writeln!(err, "{wrong}")?;
            return Ok(2);
        }
    };
    let (found, described) = found;
    let entries = found.iter().filter_map(Entry::of).chain(described.iter().map(|one| one.entry()));
    if args.json {
        for one in entries {
            writeln!(out, "{}", serde_json::to_string(&one)?)?;
        }
        return Ok(0);
    }
    let entries: Vec<Entry> = entries.collect();
    if args.verbose || entries.len() == 1 {
        text::describe(&entries, out)?;
    } else {
        text::list(&entries, width, out)?;
    }
    Ok(0)
}

fn find(words: &[&str]) -> Result<Answer, String> {
    let words = match words {
        ["aws", rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    match words {
        [] => by_pattern("*:*"),
        [name] if name.starts_with("AWS::") || name.starts_with("aws_") => Ok(by_type(name)),
        [one] if one.contains(':') => by_pattern(one),
        [one] if is_provider(one) => by_pattern(&format!("{one}:*")),
        [one] => match catalog::service(one) {
            Some(service) => by_pattern(&format!("aws:{}:*", service.name.get())),
            None => by_word(one),
        },
        [api, rest @ ..] if is_provider(api) => within(api, rest),
        [service, command, flags @ ..] => Ok(by_command(service, command, flags)),
    }
}

/// Operations of this name, or else of services of this name.
fn by_word(word: &str) -> Result<Answer, String> {
    if let Some(answer) = first([format!("*:*:{word}"), format!("*:{word}:*")])? {
        return Ok(answer);
    }
    let names = catalog::services().iter().flat_map(|service| {
        std::iter::once(service.name.get()).chain(service.operations().iter().map(|one| one.name.get()))
    });
    Ok(Answer::Nothing(nearest(word, names.chain(described::names()))))
}

/// Operations of one provider by the further parts of their ids: a service, or a name, or both.
fn within(api: &str, words: &[&str]) -> Result<Answer, String> {
    let [word] = words else { return by_pattern(&format!("{api}:{}", words.join(":"))) };
    if let Some(answer) = first([format!("{api}:{word}:*"), format!("{api}:*:{word}")])? {
        return Ok(answer);
    }
    let help = nearest(word, described::names_of(api));
    Ok(Answer::Nothing(help.map(|help| help.replacen('`', &format!("`{api} "), 1))))
}

/// What the first of the patterns names that names anything.
fn first(patterns: [String; 2]) -> Result<Option<Answer>, String> {
    for pattern in patterns {
        let answer = by_pattern(&pattern)?;
        if !matches!(answer, Answer::Nothing(_)) {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

fn by_pattern(pattern: &str) -> Result<Answer, String> {
    let provider = pattern.split(':').next().unwrap_or_default();
    let is_whole = provider.contains('*') || is_provider(provider);
    let whole = if is_whole { pattern.to_owned() } else { format!("aws:{pattern}") };
    let glob = Glob::parse(&whole)?;
    let mut found = vec![];
    for service in catalog::services() {
        for operation in service.operations() {
            if glob.matches(&id(service, operation)) {
                found.push(Found::new(service, operation, ""));
            }
        }
    }
    let described = described::find(&glob);
    if !found.is_empty() || !described.is_empty() {
        return Ok(Answer::Operations(found, described));
    }
    if is_whole && !whole.starts_with("aws:") && !provider.contains('*') {
        let ids: Vec<String> =
            described::all().map(described::Found::id).filter(|id| id.starts_with(provider)).collect();
        return Ok(Answer::Nothing(nearest(&whole, ids.iter().map(String::as_str))));
    }
    let mut parts = whole.split(':').skip(1);
    let (service, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let services = || catalog::services().iter().filter(|one| one.name.get() == service || service.contains('*'));
    let names: Vec<String> =
        services().flat_map(|service| service.operations().iter().map(move |one| id(service, one))).collect();
    Ok(Answer::Nothing(if names.is_empty() {
        nearest(service, catalog::services().iter().map(|one| one.name.get()))
    } else if service.contains('*') {
        let names = services().flat_map(|service| service.operations().iter().map(|one| one.name.get()));
        nearest(name, names.chain(described::names()))
    } else {
        nearest(&whole, names.iter().map(String::as_str))
    }))
}

/// Whether operations of this provider are listed.
fn is_provider(name: &str) -> bool {
    name == "aws" || described::providers().any(|api| api.id == name)
}

fn by_type(name: &str) -> Answer {
    let Some(row) = faces::cloudformation_type(name).or_else(|| faces::terraform_type(name)) else {
        return Answer::Nothing(nearest(name, faces::type_names()));
    };
    let mut found: Vec<Found> = vec![];
    for change in [Change::Create, Change::Update, Change::Delete] {
        if let Some((service, operation)) = row.operation(change) {
            found.push(Found::new(service, operation, word(change)));
        }
    }
    for property in faces::properties(name) {
        if let Some((service, operation)) = property.operation(Change::Update) {
            let of = property.name.get().split_once('/').map_or("", |(_, of)| of);
            found.push(Found::new(service, operation, &format!("update {of}")));
        }
    }
    Answer::Operations(found, vec![])
}

fn by_command(service: &str, command: &str, flags: &[&str]) -> Answer {
    let rows = faces::commands(service, command);
    if !rows.is_empty() {
        let given = |row: &&Command| {
            let wanted = row.when.get().split(" & ").filter(|part| part.starts_with("--"));
            flags.is_empty() || wanted.into_iter().all(|flag| flags.contains(&flag))
        };
        let mut found: Vec<Found> = vec![];
        for row in rows.iter().filter(given) {
            let operations = row.operations().filter_map(|(service, name)| {
                let service = catalog::service(service)?;
                Some(Found::new(service, service.operation(name)?, row.when.get()))
            });
            found.extend(operations);
        }
        return if found.is_empty() {
            Answer::Local(format!("{service} {command}"))
        } else {
            Answer::Operations(found, vec![])
        };
    }
    if let Some((service, operation)) = faces::by_command(service, command) {
        return Answer::Operations(vec![Found::new(service, operation, "")], vec![]);
    }
    let Some(found) = faces::cli_service(service) else {
        return Answer::Nothing(nearest(service, catalog::services().iter().map(|one| one.name.get())));
    };
    let names: Vec<String> = found.operations().iter().map(|one| faces::command_of(found, one)).collect();
    Answer::Nothing(nearest(&format!("{service} {command}"), names.iter().map(String::as_str)))
}

const fn word(change: Change) -> &'static str {
    match change {
        Change::Create => "create",
        Change::Update => "update",
        Change::Delete => "delete",
    }
}

fn id(service: &Service, operation: &Operation) -> String {
    format!("aws:{}:{}", service.name.get(), operation.name.get())
}

impl Found {
    fn new(service: &Service, operation: &Operation, when: &str) -> Self {
        Self { service: service.name.get(), name: operation.name.get(), when: when.to_owned() }
    }
}

/// Everything that the catalog says of an operation.
#[derive(Debug, Serialize)]
struct Entry {
    operation: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    when: String,
    #[serde(flatten)]
    blast: BlastRadius,
    /// With every parameter against it.
    at_most: BlastRadius,
    access: Option<&'static str>,
    method: &'static str,
    path: String,
    command: String,
    cloudformation: Vec<String>,
    terraform: Vec<String>,
    members: Vec<Named>,
    conditions: Vec<Condition>,
    docs: String,
}

/// A member that is read, and what for.
#[derive(Debug, Serialize)]
struct Named {
    name: &'static str,
    #[serde(rename = "in")]
    location: &'static str,
    roles: Vec<&'static str>,
}

/// What a parameter changes; cells that say nothing are empty.
#[derive(Debug, Serialize)]
struct Condition {
    when: &'static str,
    impact: &'static str,
    scope: &'static str,
    reversible: &'static str,
    hazards: &'static str,
}

impl Condition {
    fn of(row: &'static Reviewed) -> Self {
        Self {
            when: row.when.get(),
            impact: row.impact.get(),
            scope: row.scope.get(),
            reversible: row.reversible.get(),
            hazards: row.hazards.get(),
        }
    }
}

const ROLES: [(Role, &str); 5] = [
    (Role::Resource, "resource"),
    (Role::Deciding, "decides"),
    (Role::Counting, "counts"),
    (Role::Wide, "selects without bound"),
    (Role::DryRun, "dry run"),
];

impl Entry {
    fn of(found: &Found) -> Option<Self> {
        let service = catalog::service(found.service)?;
        let operation = service.operation(found.name)?;
        let command = faces::command_of(service, operation);
        let types = |is_terraform: bool| -> Vec<String> {
            let rows = faces::types_of(found.service, found.name);
            let named = |row: &ResourceType| row.name.get().starts_with("aws_") == is_terraform;
            rows.filter(|(row, _)| named(row))
                .map(|(row, change)| format!("{} {}", row.name.get(), word(change)))
                .collect()
        };
        let members = operation.members().iter().map(|member| Named {
            name: member.name.get(),
            location: match member.location() {
                Location::Path => "path",
                Location::Query => "query",
                Location::Header => "header",
                Location::Body | Location::Payload => "body",
            },
            roles: ROLES.iter().filter(|(role, _)| member.roles.contains(*role)).map(|(_, word)| *word).collect(),
        });
        let rows = operation.reviewed().iter().filter(|row| !row.when.get().is_empty());
        let says = |row: &&Reviewed| {
            [row.impact, row.scope, row.reversible, row.hazards].iter().any(|cell| !cell.get().is_empty())
        };
        let conditions = rows.filter(says).map(Condition::of);
        Some(Self {
            operation: id(service, operation),
            when: found.when.clone(),
            blast: by_name(service, operation),
            at_most: at_most(service, operation),
            access: operation.level().map(level),
            method: operation.method.get(),
            path: operation.path.get().to_owned(),
            cloudformation: types(false),
            terraform: types(true),
            members: members.collect(),
            conditions: conditions.collect(),
            docs: format!("https://docs.aws.amazon.com/cli/latest/reference/{}.html", command.replace(' ', "/")),
            command,
        })
    }
}

const fn level(level: AccessLevel) -> &'static str {
    match level {
        AccessLevel::Read => "Read",
        AccessLevel::List => "List",
        AccessLevel::Write => "Write",
        AccessLevel::Tagging => "Tagging",
        AccessLevel::Permissions => "Permissions management",
    }
}
