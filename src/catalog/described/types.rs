//! The rows of the described tables, field by field as the build script writes them.

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::catalog::packed::{Range, Text};

/// One folder's tables.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Book {
    /// The folder's name.
    pub folder: Text,
    pub(super) roots: Range,
    pub(super) operations: Range,
    pub(super) mutations: Range,
    pub(super) hosts: Range,
}

/// Where a service's path templates begin.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::catalog) struct Root {
    /// Empty: all of the book's.
    pub(super) service: Text,
    node: U32,
}

impl Root {
    pub(super) const fn node(&self) -> usize {
        self.node.get() as usize
    }
}

/// The services of a host.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::catalog) struct HostServices {
    pub(super) host: Text,
    /// Comma-separated.
    pub(super) services: Text,
}

/// A method and a path, and what they do.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Operation {
    /// Second part of the operation's id.
    pub service: Text,
    /// Last part of the operation's id.
    pub name: Text,
    /// HTTP method.
    pub method: Text,
    /// Path template.
    pub path: Text,
    /// The query that belongs to the template: `comp=acl&restype=container`.
    pub query: Text,
    /// Impact.
    pub impact: Text,
    /// Scope.
    pub scope: Text,
    /// Empty for one, `least` for one at least, `unbounded`.
    pub count: Text,
    /// Empty: as the impact usually is.
    pub reversible: Text,
    /// Hazards, comma-separated.
    pub hazards: Text,
    /// Template of what is acted upon; empty: the path.
    pub resource: Text,
    pub(super) own: Range,
    pub(super) common: Range,
    flags: u8,
}

impl Operation {
    /// Kept for old clients.
    #[must_use]
    pub const fn is_deprecated(&self) -> bool {
        self.flags & 1 != 0
    }

    /// The body holds bytes that are not to be read: an upload, an archive, code.
    #[must_use]
    pub const fn holds_bytes(&self) -> bool {
        self.flags & 2 != 0
    }

    /// The row says what the connection becomes: only the server speaks in it, or what is said there is what it names.
    #[must_use]
    pub const fn opens(&self) -> bool {
        self.flags & 4 != 0
    }
}

/// A root field of a GraphQL mutation, and what it does.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Mutation {
    /// Its name.
    pub field: Text,
    /// Impact.
    pub impact: Text,
    /// Scope.
    pub scope: Text,
    /// As an operation's.
    pub count: Text,
    /// As an operation's.
    pub reversible: Text,
    /// Hazards, comma-separated.
    pub hazards: Text,
    pub(super) own: Range,
}
