//! Described APIs: what a method and a path mean, as tables. A folder of `src/catalog` holds one API's (`operations.tsv`,
//! `conditions.tsv`, `graphql.tsv`, `hosts.tsv`); `docs/adding-a-provider.md` explains the columns.

mod types;

#[cfg(test)]
mod tests;

pub use types::{Book, Mutation, Operation};

use super::packed::{self, Reviewed, tables};
use types::{HostServices, Root};

tables! {
    books: Book = "described_books";
    roots: Root = "described_roots";
    hosts: HostServices = "described_hosts";
    operations: Operation = "described_operations";
    conditions: Reviewed = "described_conditions";
    mutations: Mutation = "described_mutations";
}

/// The tables of a folder of the catalog.
#[must_use]
pub fn book(folder: &str) -> Option<&'static Book> {
    let at = books().binary_search_by(|book| book.folder.get().cmp(folder)).ok()?;
    books().get(at)
}

impl Book {
    /// Its operations, sorted by service, name and path.
    #[must_use]
    pub fn operations(&self) -> &'static [Operation] {
        self.operations.of(operations())
    }

    /// The operations of this name; they differ in method or path only.
    #[must_use]
    pub fn named(&self, service: &str, name: &str) -> &'static [Operation] {
        let key = |row: &Operation| (row.service.get(), row.name.get());
        let all = self.operations();
        let first = all.partition_point(|row| key(row) < (service, name));
        let rest = all.get(first..).unwrap_or_default();
        rest.get(..rest.partition_point(|row| key(row) == (service, name))).unwrap_or_default()
    }

    /// The mutations of its GraphQL API that are described.
    #[must_use]
    pub fn mutations(&self) -> &'static [Mutation] {
        self.mutations.of(mutations())
    }

    /// What is said of the mutation with this field.
    #[must_use]
    pub fn mutation(&self, field: &str) -> Option<&'static Mutation> {
        let all = self.mutations();
        all.get(all.binary_search_by(|row| row.field.get().cmp(field)).ok()?)
    }

    /// The patterns of the hosts that tell its services apart; none where nothing does.
    pub fn hosts(&self) -> impl Iterator<Item = &'static str> {
        self.hosts.of(hosts()).iter().map(|row| row.host.get())
    }

    /// The services that a host may stand for; one without a name where the API does not tell services by hosts.
    ///
    /// A pattern is a name, `*.suffix` for names below one, or `*-suffix` for one label before a common end.
    pub fn services(&self, host: &str) -> impl Iterator<Item = &'static str> {
        let rows = self.hosts.of(hosts());
        let whole = rows.is_empty().then_some("");
        let covers = |pattern: &str| match pattern.strip_prefix("*-") {
            Some(end) => host.strip_suffix(end).is_some_and(|rest| {
                rest.strip_suffix('-').is_some_and(|label| !label.is_empty() && !label.contains('.'))
            }),
            None => super::host_matches(pattern, host),
        };
        let exact = rows.binary_search_by(|row| row.host.get().cmp(host)).ok().and_then(|at| rows.get(at));
        let found = exact.or_else(|| rows.iter().find(|row| row.host.get().starts_with('*') && covers(row.host.get())));
        whole.into_iter().chain(found.into_iter().flat_map(|row| row.services.get().split(',')))
    }

    /// The operations of a service whose path template matches, in bands of falling specificity. The last segment may be
    /// split before a verb: `["instances", "5", ":stop"]`.
    #[must_use]
    pub fn by_path(&self, service: &str, segments: &[&str]) -> Vec<Vec<&'static Operation>> {
        let root = self.roots.of(roots()).iter().find(|root| root.service.get() == service);
        let rows = |band: Vec<usize>| band.into_iter().filter_map(|row| operations().get(row)).collect();
        root.map(|root| packed::by_path(root.node(), segments).into_iter().map(rows).collect()).unwrap_or_default()
    }
}

impl Operation {
    /// What its parameters decide: its own conditions, then its service's.
    pub fn conditions(&self) -> impl Iterator<Item = &'static Reviewed> + use<> {
        let all = conditions();
        self.own.of(all).iter().chain(self.common.of(all))
    }
}

impl Mutation {
    /// What its arguments decide.
    #[must_use]
    pub fn conditions(&self) -> &'static [Reviewed] {
        self.own.of(conditions())
    }
}
