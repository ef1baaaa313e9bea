//! Operations of described APIs: rows of their tables, and mutations of their GraphQL.

use super::{Condition, Entry, Named};
use crate::catalog::described::{Mutation, Operation, book};
use crate::catalog::{self, Condition as Asked, Manifest, Reviewed};
use crate::classify::described::{at_most, by_row};
use crate::config::Glob;

/// An operation of a described API.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    /// A method and a path.
    Row(&'static Manifest, &'static Operation),
    /// A root field.
    Mutation(&'static Manifest, &'static Mutation),
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}
impl Eq for Found {}

/// Every provider with tables of its own.
pub(super) fn providers() -> impl Iterator<Item = &'static Manifest> {
    catalog::providers().filter(|api| book(api.folder).is_some())
}

/// The operations whose ids the pattern matches, each once.
pub(super) fn find(glob: &Glob) -> Vec<Found> {
    let mut found: Vec<Found> = all().filter(|one| glob.matches(&one.id())).collect();
    found.dedup();
    found
}

/// Every operation, sorted within its provider.
pub(super) fn all() -> impl Iterator<Item = Found> {
    providers().filter_map(|api| Some((api, book(api.folder)?))).flat_map(|(api, book)| {
        let rows = book.operations().iter().map(|row| Found::Row(api, row));
        rows.chain(book.mutations().iter().map(|row| Found::Mutation(api, row)))
    })
}

/// What a single word can mean: providers, services, names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    providers().flat_map(|api| std::iter::once(api.id.as_str()).chain(names_of(&api.id)))
}

/// The services and names of one provider.
pub(super) fn names_of(id: &str) -> impl Iterator<Item = &'static str> {
    let id = id.to_owned();
    providers().filter(move |api| api.id == id).filter_map(|api| book(api.folder)).flat_map(|book| {
        let rows = book.operations().iter().flat_map(|row| [row.service.get(), row.name.get()]);
        rows.chain(book.mutations().iter().map(|row| row.field.get()))
    })
}

impl Found {
    /// The operation's id.
    pub(super) fn id(self) -> String {
        match self {
            Self::Row(api, row) => format!("{}:{}:{}", api.id, row.service.get(), row.name.get()),
            Self::Mutation(api, row) => format!("{}:graphql:{}", api.id, row.field.get()),
        }
    }

    /// Everything that the catalog says of it.
    pub(super) fn entry(self) -> Entry {
        let (api, blast, most, conditions) = match self {
            Self::Row(api, row) => (api, by_row(row), at_most(row), row.conditions().collect::<Vec<_>>()),
            Self::Mutation(api, row) => {
                let (blast, most) = crate::classify::described::of_mutation(row);
                (api, blast, most, row.conditions().iter().collect())
            }
        };
        let (method, path) = match self {
            Self::Row(_, row) => (row.method.get(), with_query(row)),
            Self::Mutation(..) => ("POST", api.graphql.first().cloned().unwrap_or_default()),
        };
        Entry {
            operation: self.id(),
            when: String::new(),
            blast,
            at_most: most,
            access: None,
            method,
            path,
            command: String::new(),
            cloudformation: vec![],
            terraform: vec![],
            members: members(&conditions),
            conditions: conditions
                .iter()
                .filter(|row| !Asked::is_silent(row.when.get()))
                .map(|row| Condition::of(row))
                .collect(),
            docs: api.docs.clone(),
        }
    }
}

fn with_query(row: &Operation) -> String {
    match row.query.get() {
        "" => row.path.get().to_owned(),
        query => format!("{}?{query}", row.path.get()),
    }
}

/// What the conditions look at, and what for.
fn members(conditions: &[&'static Reviewed]) -> Vec<Named> {
    let mut members: Vec<Named> = vec![];
    for row in conditions {
        let role = match Asked::silent(row.when.get()) {
            Some(("count", _)) => "counts",
            Some(("wide", _)) => "selects without bound",
            Some(("dry", _)) => "dry run",
            Some(_) => "resource",
            None => "decides",
        };
        for name in Asked::members(row.when.get()) {
            let (location, name) = name.split_once('.').unwrap_or((name, name));
            match members.iter_mut().find(|one| one.name == name && one.location == location) {
                Some(one) if one.roles.contains(&role) => {}
                Some(one) => one.roles.push(role),
                None => members.push(Named { name, location, roles: vec![role] }),
            }
        }
    }
    members
}
