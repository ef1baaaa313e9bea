//! Which IAM permission guards which operation. Most are called alike; `permissions.tsv` holds the others.
//!
//! Read as text when it is asked for: only what imports policies does so, never a request.

use super::{Operation, Service, services};

static ROWS: &str = include_str!("permissions.tsv");

/// When an operation needs a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// At each call.
    Always,
    /// When this member is there.
    With(&'static str),
    /// At some calls; which ones cannot be told.
    Sometimes,
}

/// A permission that guards an operation of another name.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// The permission's prefix: `s3`.
    pub prefix: &'static str,
    /// The permission; `*` for any.
    pub permission: &'static str,
    /// The service as the AWS CLI names it.
    pub service: &'static str,
    /// The operation; `*` for any.
    pub operation: &'static str,
    /// When.
    pub needed: Needed,
}

/// Every row of the table.
pub fn guards() -> impl Iterator<Item = Guard> {
    ROWS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('\t');
        let mut next = || cells.next();
        let (prefix, permission, service, operation, when) = (next()?, next()?, next()?, next()?, next()?);
        let needed = match when {
            "-" => Needed::Always,
            "?" => Needed::Sometimes,
            member => Needed::With(member),
        };
        Some(Guard { prefix, permission, service, operation, needed })
    })
}

/// The services whose operations a prefix guards: those whose requests are signed under it first, and those of the table.
#[must_use]
pub fn guarded_services(prefix: &str) -> Vec<&'static Service> {
    let extra: Vec<&str> = guards()
        .filter(|row| row.prefix == prefix && row.permission == "*" && row.operation == "*")
        .map(|row| row.service)
        .collect();
    let is_its = |service: &&Service| {
        service.signing_names().next().is_some_and(|name| name == prefix) || extra.contains(&service.name.get())
    };
    services().iter().filter(is_its).collect()
}

/// The permissions that each call of the operation needs, without their prefix.
#[must_use]
pub fn permissions(service: &Service, operation: &'static Operation) -> Vec<&'static str> {
    let (name, own) = (service.name.get(), operation.name.get());
    if matches!(name, "apigateway" | "apigatewayv2") {
        return vec![operation.method.get()];
    }
    let rows = guards().filter(|row| {
        row.service == name && row.operation == own && row.permission != "*" && row.needed == Needed::Always
    });
    let listed: Vec<&str> = rows.map(|row| row.permission).collect();
    if listed.is_empty() { vec![own] } else { listed }
}
