//! The AWS operation tables, generated from botocore's service models.
//!
//! `generate.py` writes the sorted text tables of this folder, the build script turns them into the static arrays that are
//! included here. Look-ups are binary searches; nothing is built when the program starts, and nothing here depends on how
//! many services there are. `README.md` explains the tables' columns.

mod types;

#[cfg(test)]
mod tests;

pub use types::{
    Arn, Location, Member, Noun, Operation, Partition, Reviewed, Role, Roles, Service, Text, Verb, WireProtocol,
};

use types::{Node, slice};

#[allow(clippy::large_const_arrays, reason = "statics, written by the build script")]
mod table {
    use super::types::{Arn, Location, Member, Node, Noun, Operation, Partition, Reviewed, Roles, Service, Text, Verb};
    include!(concat!(env!("OUT_DIR"), "/aws.rs"));
}

/// The service that the AWS CLI calls by this name.
#[must_use]
pub fn service(name: &str) -> Option<&'static Service> {
    let at = table::SERVICES.binary_search_by(|service| service.name.get().cmp(name)).ok()?;
    table::SERVICES.get(at)
}

/// Whether the tables hold the operation `aws:SERVICE:NAME`.
#[must_use]
pub fn has_operation(service_name: &str, name: &str) -> bool {
    name == "unidentified" || service(service_name).is_some_and(|service| service.operation(name).is_some())
}

/// Every service, sorted by name.
#[must_use]
pub fn services() -> &'static [Service] {
    &table::SERVICES
}

/// The services that sign their requests under this name.
pub fn by_signing(name: &str) -> impl Iterator<Item = &'static Service> + use<> {
    find_all(&table::BY_SIGNING, name)
}

/// The services that a host's service label (or labels, `portal.sso`) may stand for.
pub fn by_host(label: &str) -> impl Iterator<Item = &'static Service> + use<> {
    find_all(&table::BY_HOST, label)
}

/// The services whose `X-Amz-Target` begins with this prefix.
pub fn by_target(prefix: &str) -> impl Iterator<Item = &'static Service> + use<> {
    find_all(&table::BY_TARGET, prefix)
}

fn find_all(index: &'static [(Text, u16)], key: &str) -> impl Iterator<Item = &'static Service> + use<> {
    let first = index.partition_point(|(word, _)| word.get() < key);
    let count = index.get(first..).unwrap_or_default().partition_point(|(word, _)| word.get() == key);
    slice(index, (u32::try_from(first).unwrap_or(u32::MAX), u32::try_from(count).unwrap_or(0)))
        .iter()
        .filter_map(|(_, at)| table::SERVICES.get(usize::from(*at)))
}

/// The ARN form of a service's member.
#[must_use]
pub fn arn(service: &str, member: &str) -> Option<&'static str> {
    let key = |arn: &Arn| (arn.service.get(), arn.member.get());
    let at = table::ARNS.binary_search_by(|arn| key(arn).cmp(&(service, member))).ok()?;
    table::ARNS.get(at).map(|arn| arn.template.get())
}

/// What a noun of this service says.
#[must_use]
pub fn noun(service: &str, noun: &str) -> Option<&'static Noun> {
    let at = table::NOUNS.binary_search_by(|row| (row.service.get(), row.noun.get()).cmp(&(service, noun))).ok()?;
    table::NOUNS.get(at)
}

/// The rows of the verb table that begin with this text.
#[must_use]
pub fn verbs(begins: &str) -> &'static [Verb] {
    let first = table::VERBS.partition_point(|verb| verb.begins.get() < begins);
    let rest = table::VERBS.get(first..).unwrap_or_default();
    rest.get(..rest.partition_point(|verb| verb.begins.get() == begins)).unwrap_or_default()
}

/// The partitions: `aws`, `aws-cn` ….
#[must_use]
pub fn partitions() -> &'static [Partition] {
    &table::PARTITIONS
}

impl Service {
    /// Its operations, sorted by name.
    #[must_use]
    pub fn operations(&self) -> &'static [Operation] {
        slice(&table::OPERATIONS, self.operations)
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
        slice(&table::REVIEWED, self.reviewed)
    }

    /// The operations whose path template matches, in bands of falling specificity: a band is the operations of one
    /// template; literals come before labels, labels before greedy labels. Segments are as received, still encoded.
    #[must_use]
    pub fn by_path(&self, segments: &[&str]) -> Vec<Vec<&'static Operation>> {
        let mut bands = vec![];
        descend(self.root, segments, &mut bands);
        bands
    }
}

/// Depth is bounded by the templates; a greedy label tries every length, and no template holds more than one.
fn descend(at: u32, segments: &[&str], bands: &mut Vec<Vec<&'static Operation>>) {
    let Some(node) = table::NODES.get(at as usize) else { return };
    let Some((first, rest)) = segments.split_first() else {
        let leaves = slice(&table::LEAVES, node.leaves);
        if !leaves.is_empty() {
            bands.push(leaves.iter().filter_map(|leaf| table::OPERATIONS.get(*leaf as usize)).collect());
        }
        return;
    };
    let edges = slice(&table::EDGES, node.literals);
    if let Ok(found) = edges.binary_search_by(|(word, _)| word.get().cmp(first))
        && let Some((_, next)) = edges.get(found)
    {
        descend(*next, rest, bands);
    }
    if node.label != Node::NONE && !first.is_empty() {
        descend(node.label, rest, bands);
    }
    if node.greedy != Node::NONE {
        for taken in 1..=segments.len() {
            if let (Some(_), Some(left)) = (segments.get(..taken), segments.get(taken..)) {
                descend_after_greedy(node.greedy, left, bands);
            }
        }
    }
}

/// After a greedy label only its own literals may follow, so that the search stays linear.
fn descend_after_greedy(at: u32, left: &[&str], bands: &mut Vec<Vec<&'static Operation>>) {
    let Some(node) = table::NODES.get(at as usize) else { return };
    let follows = left.first().is_none_or(|word| {
        slice(&table::EDGES, node.literals).binary_search_by(|(edge, _)| edge.get().cmp(word)).is_ok()
    });
    if follows {
        descend(at, left, bands);
    }
}

impl Operation {
    /// The members that name resources, decide the effect, count, widen or make it a dry run.
    #[must_use]
    pub fn members(&self) -> &'static [Member] {
        slice(&table::MEMBERS, self.members)
    }

    /// The reviewed effects: base row first.
    #[must_use]
    pub fn reviewed(&self) -> &'static [Reviewed] {
        slice(&table::REVIEWED, self.reviewed)
    }
}
