//! Which listed operations a pattern can mean, and which one a misspelt id was meant to be.

use super::{aws, described, providers_of};
use crate::config::{Glob, nearest};

/// Whether the pattern can match an operation of its provider's tables; `None` where its ids follow a grammar, or the pattern
/// does not say which service it means.
#[must_use]
pub fn lists_any(pattern: &Glob) -> Option<bool> {
    let mut parts = pattern.as_str().splitn(3, ':');
    let (provider, service, name) = (parts.next()?, parts.next()?, parts.next()?);
    if provider.contains('*') || service.contains('*') {
        return None;
    }
    let names = names(provider, service)?;
    // What nobody can name is called so in every service.
    let unnamed = ["unidentified"].into_iter();
    let name = Glob::parse(name).ok()?;
    Some(names.into_iter().chain(unnamed).any(|one| name.matches(one)))
}

/// "did you mean `aws:rds:DeleteDBInstance`?"
#[must_use]
pub fn nearest_operation(id: &str) -> Option<String> {
    let mut parts = id.splitn(3, ':');
    let (provider, service, name) = (parts.next()?, parts.next()?, parts.next()?);
    let services = services(provider);
    let near = |given: &str, known: &[&'static str]| {
        let help = nearest(given, known.iter().copied())?;
        Some(help.trim_start_matches("did you mean `").trim_end_matches("`?").to_owned())
    };
    let service = if services.contains(&service) { service.to_owned() } else { near(service, &services)? };
    let name = near(name, &names(provider, &service)?)?;
    Some(format!("did you mean `{provider}:{service}:{name}`?"))
}

/// The names of one service, where they are listed.
fn names(provider: &str, service: &str) -> Option<Vec<&'static str>> {
    if provider == "aws" {
        let listed = aws::service(service)?.operations();
        return Some(listed.iter().map(|operation| operation.name.get()).collect());
    }
    let books = providers_of(provider).filter_map(|api| described::book(api.folder));
    let rows = books.flat_map(|book| book.operations()).filter(|row| row.service.get() == service);
    let names: Vec<&'static str> = rows.map(|row| row.name.get()).collect();
    (!names.is_empty()).then_some(names)
}

fn services(provider: &str) -> Vec<&'static str> {
    if provider == "aws" {
        return aws::services().iter().map(|service| service.name.get()).collect();
    }
    let books = providers_of(provider).filter_map(|api| described::book(api.folder));
    let mut services: Vec<&'static str> =
        books.flat_map(|book| book.operations()).map(|row| row.service.get()).collect();
    services.sort_unstable();
    services.dedup();
    services
}
