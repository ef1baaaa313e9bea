//! The packed tables that the build script wrote, as slices of rows. They lie in the program as they are: a look-up reads
//! them in place.

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::faces::{Command, Renamed, ResourceType};
use super::types::{Arn, Entry, Member, Node, Noun, Operation, Partition, Plane, Reviewed, Service, Verb};

macro_rules! tables {
    ($($name:ident: $row:ty;)*) => {
        $(pub(super) fn $name() -> &'static [$row] {
            rows(include_bytes!(concat!(env!("OUT_DIR"), "/aws/", stringify!($name))))
        })*

        /// Every table holds whole rows, and at least one.
        #[cfg(test)]
        pub(super) fn lengths() -> Vec<(&'static str, usize)> {
            vec![$((stringify!($name), $name().len()),)*]
        }
    };
}

tables! {
    arns: Arn;
    by_host: Entry;
    by_signing: Entry;
    by_target: Entry;
    cloudformation: ResourceType;
    commands: Command;
    edges: Entry;
    leaves: U32;
    members: Member;
    nodes: Node;
    nouns: Noun;
    operations: Operation;
    partitions: Partition;
    planes: Plane;
    renamed: Renamed;
    reviewed: Reviewed;
    services: Service;
    terraform: ResourceType;
    verbs: Verb;
}

pub(super) static TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/aws/text"));

/// The rows of a table; none where the bytes are no whole rows, which a test excludes.
fn rows<T: FromBytes + KnownLayout + Immutable + Unaligned>(bytes: &'static [u8]) -> &'static [T] {
    <[T]>::ref_from_bytes(bytes).unwrap_or_default()
}
