//! The other names of an operation: a command of the AWS CLI, a CloudFormation type (Cloud Control takes these names too), a
//! resource type of Terraform's AWS provider.
//!
//! A command's name is computed from the operation's; the tables hold what the rule does not give. No look-up reads more than
//! the operations of one service, and nothing is allocated for it.

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::table;
use super::types::{Operation, Service};
use crate::catalog::packed::Text;

/// A command of the AWS CLI that is no single operation: several, another's, or none at all.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Command {
    /// As the command line spells it; `*` for every service.
    pub service: Text,
    /// `rm`; `*` for every command of the service.
    pub command: Text,
    /// Empty: always. Else parts joined by ` & `: `--recursive`, `!--flag`, `s3>local`, `bucket`. All rows that hold count
    /// together.
    pub when: Text,
    operations: Text,
    count: Text,
    /// What the first word argument is: `s3-uri`, `path`; empty where nothing simple can be said.
    pub names: Text,
}

impl Command {
    /// Service and name of the operations that it carries out; none for what only signs, shows or configures.
    pub fn operations(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        self.operations.get().split(',').filter_map(|one| one.split_once(':'))
    }

    /// Whether it acts on as many resources as there are.
    #[must_use]
    pub fn is_unbounded(&self) -> bool {
        self.count.get() == "unbounded"
    }
}

/// A service or a command by another name than the rule gives.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct Renamed {
    pub(super) service: Text,
    /// Empty: `operation` is the service's name in the tables.
    pub(super) command: Text,
    pub(super) operation: Text,
}

/// What creates, changes and deletes the objects of a type; empty where no single operation does.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ResourceType {
    /// `AWS::RDS::DBInstance`, `AWS::S3::Bucket/VersioningConfiguration` (one property), `aws_db_instance`.
    pub name: Text,
    service: Text,
    create: Text,
    update: Text,
    delete: Text,
    /// The members that the parts of the primary identifier are, in order, joined by `|`; `-` for a part without one. Of a
    /// property: the member that it is, where it is called differently. Empty for Terraform's types.
    pub identifier: Text,
}

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It comes to be.
    Create,
    /// It changes in place.
    Update,
    /// It goes.
    Delete,
}

impl ResourceType {
    /// The service whose operations these are.
    #[must_use]
    pub fn service(&self) -> Option<&'static Service> {
        super::service(self.service.get())
    }

    /// The operation that does this.
    #[must_use]
    pub fn operation(&self, change: Change) -> Option<(&'static Service, &'static Operation)> {
        let name = match change {
            Change::Create => self.create,
            Change::Update => self.update,
            Change::Delete => self.delete,
        };
        let service = self.service()?;
        Some((service, service.operation(name.get())?))
    }

    /// Whether the row is about one property of a type.
    #[must_use]
    pub fn is_property(&self) -> bool {
        self.name.get().contains('/')
    }
}

/// The service that the AWS CLI calls by this name. `s3` has only commands of its own, `s3api` the operations.
#[must_use]
pub fn cli_service(name: &str) -> Option<&'static Service> {
    super::service(renamed(name, "").unwrap_or(name))
}

/// The operation behind `aws SERVICE COMMAND`; see [`commands`] for those that are more, or less, than one.
#[must_use]
pub fn by_command(service: &str, command: &str) -> Option<(&'static Service, &'static Operation)> {
    if service == "s3" {
        return None;
    }
    let service = cli_service(service)?;
    let named = renamed(service.name.get(), command).and_then(|name| service.operation(name));
    let plain = || service.operations().iter().find(|operation| kebab(operation.name.get()).eq(command.bytes()));
    Some((service, named.or_else(plain)?))
}

fn renamed(service: &str, command: &str) -> Option<&'static str> {
    let key = |row: &Renamed| (row.service.get(), row.command.get());
    let at = table::renamed().binary_search_by(|row| key(row).cmp(&(service, command))).ok()?;
    table::renamed().get(at).map(|row| row.operation.get())
}

/// The rows of a command that is no single operation: its own, or those of every command of the service or of every service.
#[must_use]
pub fn commands(service: &str, command: &str) -> &'static [Command] {
    let key = |row: &Command| (row.service.get(), row.command.get());
    let rows = |service, command| {
        let first = table::commands().partition_point(|row| key(row) < (service, command));
        let rest = table::commands().get(first..).unwrap_or_default();
        rest.get(..rest.partition_point(|row| key(row) == (service, command))).unwrap_or_default()
    };
    let order = [(service, command), (service, "*"), ("*", command)];
    order.into_iter().map(|(service, command)| rows(service, command)).find(|rows| !rows.is_empty()).unwrap_or_default()
}

/// How the AWS CLI calls the operation: `rds delete-db-instance`.
#[must_use]
pub fn command_of(service: &Service, operation: &Operation) -> String {
    let name = service.name.get();
    let own = table::renamed().iter().find(|row| row.operation.get() == name && row.command.get().is_empty());
    let own = own.filter(|row| name == "s3" && row.service.get() == "s3api").map_or(name, |row| row.service.get());
    let is_it = |row: &&Renamed| row.service.get() == name && row.operation.get() == operation.name.get();
    match table::renamed().iter().find(is_it) {
        Some(row) => format!("{own} {}", row.command.get()),
        None => {
            let bytes = kebab(operation.name.get()).map(char::from);
            format!("{own} {}", bytes.collect::<String>())
        }
    }
}

/// A CloudFormation type.
#[must_use]
pub fn cloudformation_type(name: &str) -> Option<&'static ResourceType> {
    find(table::cloudformation(), name).filter(|row| !row.is_property())
}

/// What changes this property of a CloudFormation type, where it is not the type's own update.
#[must_use]
pub fn property(of: &str, name: &str) -> Option<&'static ResourceType> {
    let parts = |row: &ResourceType| row.name.get().split_once('/').unwrap_or((row.name.get(), ""));
    let at = table::cloudformation().binary_search_by(|row| parts(row).cmp(&(of, name))).ok()?;
    table::cloudformation().get(at)
}

/// The properties of a CloudFormation type that operations of their own change.
pub fn properties(of: &str) -> impl Iterator<Item = &'static ResourceType> {
    let first = table::cloudformation().partition_point(|row| row.name.get() <= of);
    let rest = table::cloudformation().get(first..).unwrap_or_default();
    rest.iter().take_while(move |row| row.name.get().strip_prefix(of).is_some_and(|rest| rest.starts_with('/')))
}

/// A resource type of Terraform's AWS provider.
#[must_use]
pub fn terraform_type(name: &str) -> Option<&'static ResourceType> {
    find(table::terraform(), name)
}

fn find(rows: &'static [ResourceType], name: &str) -> Option<&'static ResourceType> {
    rows.get(rows.binary_search_by(|row| row.name.get().cmp(name)).ok()?)
}

/// Every CloudFormation and Terraform type whose objects this operation creates, changes or deletes. Reads both tables whole.
pub fn types_of(service: &str, operation: &str) -> impl Iterator<Item = (&'static ResourceType, Change)> {
    table::cloudformation().iter().chain(table::terraform()).filter_map(move |row| {
        let named = [(row.create, Change::Create), (row.update, Change::Update), (row.delete, Change::Delete)];
        let change = named.into_iter().find(|(name, _)| name.get() == operation)?.1;
        (row.service.get() == service).then_some((row, change))
    })
}

/// The names of all types, for one who mistyped one.
pub fn type_names() -> impl Iterator<Item = &'static str> {
    let rows = table::cloudformation().iter().filter(|row| !row.is_property());
    rows.chain(table::terraform()).map(|row| row.name.get())
}

/// A name as the AWS CLI spells it: a hyphen before every capital that begins a word, and before a plural of capitals at the
/// end (`ListARNs`). That is botocore's `xform_name` but for its list of exceptions, which stand in the table.
pub fn kebab(name: &str) -> impl Iterator<Item = u8> {
    let bytes = name.as_bytes();
    let capitals = bytes
        .strip_suffix(b"s")
        .map_or(0, |stem| stem.iter().rev().take_while(|byte| byte.is_ascii_uppercase()).count());
    let plural = if capitals > 1 { bytes.len() - 1 - capitals } else { bytes.len() };
    bytes.iter().enumerate().flat_map(move |(at, byte)| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let after = bytes.get(at + 1).filter(|_| at + 1 < plural);
        let begins = at < plural
            && byte.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase() || before.is_ascii_digit() || after.is_some_and(u8::is_ascii_lowercase)
            });
        let hyphen = (at == plural || begins).then_some(b'-');
        hyphen.into_iter().chain([byte.to_ascii_lowercase()])
    })
}

#[cfg(test)]
mod tests;
