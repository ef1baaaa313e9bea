//! The AWS operation tables, generated from botocore's service models.
//!
//! `generate.py` writes the sorted text tables of this folder, the build script turns them into the packed rows that are
//! included in the program. Look-ups are binary searches; nothing is built when the program starts, and nothing here depends on how
//! many services there are. `README.md` explains the tables' columns.

pub mod faces;
pub mod permission;
mod table;
mod types;

#[cfg(test)]
mod tests;

pub use crate::catalog::packed::{Reviewed, Text};
pub use types::{
    AccessLevel, Arn, Location, Member, Noun, Operation, Partition, Plane, Role, Roles, Service, Verb, WireProtocol,
};

use crate::catalog::packed::{self, Entry};

/// The service that the AWS CLI calls by this name.
#[must_use]
pub fn service(name: &str) -> Option<&'static Service> {
    let at = table::services().binary_search_by(|service| service.name.get().cmp(name)).ok()?;
    table::services().get(at)
}

/// Whether the tables hold the operation `aws:SERVICE:NAME`.
#[must_use]
pub fn has_operation(service_name: &str, name: &str) -> bool {
    if PLANES.contains(&service_name) {
        let described = planes(service_name).iter().any(|row| row.name.get() == name);
        return described || !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase());
    }
    name == "unidentified" || service(service_name).is_some_and(|service| service.operation(name).is_some())
}

/// Every service, sorted by name.
#[must_use]
pub fn services() -> &'static [Service] {
    table::services()
}

/// The services that sign their requests under this name; under the empty one, those with unsigned operations.
pub fn by_signing(name: &str) -> impl Iterator<Item = &'static Service> + use<> {
    find_all(table::by_signing(), name)
}

/// The services that a host's service label (or labels, `portal.sso`) may stand for.
pub fn by_host(label: &str) -> impl Iterator<Item = &'static Service> + use<> {
    find_all(table::by_host(), label)
}

/// The services whose `X-Amz-Target` begins with this prefix.
pub fn by_target(prefix: &str) -> impl Iterator<Item = &'static Service> + use<> {
    find_all(table::by_target(), prefix)
}

fn find_all(index: &'static [Entry], key: &str) -> impl Iterator<Item = &'static Service> + use<> {
    let first = index.partition_point(|entry| entry.word.get() < key);
    let rest = index.get(first..).unwrap_or_default();
    let count = rest.partition_point(|entry| entry.word.get() == key);
    rest.iter().take(count).filter_map(|entry| table::services().get(entry.row()))
}

/// The ARN form of an operation's member: its own, else that of the service.
#[must_use]
pub fn arn(service: &str, operation: &str, member: &str) -> Option<&'static str> {
    let find = |operation: &str| {
        let key = |arn: &Arn| (arn.service.get(), arn.operation.get(), arn.member.get());
        let at = table::arns().binary_search_by(|arn| key(arn).cmp(&(service, operation, member))).ok()?;
        table::arns().get(at).map(|arn| arn.template.get())
    };
    find(operation).or_else(|| find(""))
}

/// What a noun of this service says.
#[must_use]
pub fn noun(service: &str, noun: &str) -> Option<&'static Noun> {
    let at = table::nouns().binary_search_by(|row| (row.service.get(), row.noun.get()).cmp(&(service, noun))).ok()?;
    table::nouns().get(at)
}

/// The calls of a data plane that the tables describe, the first that fits first.
#[must_use]
pub fn planes(kind: &str) -> &'static [Plane] {
    let rows = table::planes();
    let first = rows.iter().position(|row| row.kind.get() == kind).unwrap_or(rows.len());
    let rest = rows.get(first..).unwrap_or_default();
    rest.get(..rest.iter().take_while(|row| row.kind.get() == kind).count()).unwrap_or_default()
}

/// Kinds of data planes, which have no operations of their own but their methods.
const PLANES: [&str; 16] = [
    "airflow-web",
    "application",
    "appsync-api",
    "codeartifact-registry",
    "codecommit-git",
    "download",
    "ecr-registry",
    "execute-api",
    "grafana-workspace",
    "iot-credentials",
    "lambda-url",
    "metadata",
    "prometheus",
    "search",
    "search-collection",
    "website",
];

/// The rows of the verb table that begin with this text.
#[must_use]
pub fn verbs(begins: &str) -> &'static [Verb] {
    let first = table::verbs().partition_point(|verb| verb.begins.get() < begins);
    let rest = table::verbs().get(first..).unwrap_or_default();
    rest.get(..rest.partition_point(|verb| verb.begins.get() == begins)).unwrap_or_default()
}

/// The partitions: `aws`, `aws-cn` ….
#[must_use]
pub fn partitions() -> &'static [Partition] {
    table::partitions()
}

impl Service {
    /// Its operations, sorted by name.
    #[must_use]
    pub fn operations(&self) -> &'static [Operation] {
        self.operations.of(table::operations())
    }

    /// The operation of this name; case matters.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        let operations = self.operations();
        operations.get(operations.binary_search_by(|operation| operation.name.get().cmp(name)).ok()?)
    }

    /// What holds for every operation of the service that has no reviewed row of its own.
    #[must_use]
    pub fn reviewed(&self) -> &'static [Reviewed] {
        self.reviewed.of(table::reviewed())
    }

    /// The operations whose path template matches, in bands of falling specificity: a band is the operations of one
    /// template; literals come before labels, labels before greedy labels. Segments are as received, still encoded.
    #[must_use]
    pub fn by_path(&self, segments: &[&str]) -> Vec<Vec<&'static Operation>> {
        let rows = |band: Vec<usize>| band.into_iter().filter_map(|row| table::operations().get(row)).collect();
        packed::by_path(self.root(), segments).into_iter().map(rows).collect()
    }
}

impl Operation {
    /// The members that name resources, decide the effect, count, widen or make it a dry run.
    #[must_use]
    pub fn members(&self) -> &'static [Member] {
        self.members.of(table::members())
    }

    /// The reviewed effects: base row first.
    #[must_use]
    pub fn reviewed(&self) -> &'static [Reviewed] {
        self.reviewed.of(table::reviewed())
    }
}
