//! The rows of the AWS tables, field by field as the build script writes them.

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::catalog::packed::{Range, Text};

/// AWS's wire protocols, as botocore spells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WireProtocol {
    /// `query`: a form with `Action` and `Version`.
    Query,
    /// `ec2`: a form too, with its own spelling of lists.
    Ec2,
    /// `json`: JSON 1.0 and 1.1, named by `X-Amz-Target`.
    Json,
    /// `rest-json`.
    RestJson,
    /// `rest-xml`.
    RestXml,
    /// `smithy-rpc-v2-cbor`: named by the path.
    Cbor,
}

impl WireProtocol {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "query" => Self::Query,
            "ec2" => Self::Ec2,
            "json" => Self::Json,
            "rest-json" => Self::RestJson,
            "rest-xml" => Self::RestXml,
            "smithy-rpc-v2-cbor" => Self::Cbor,
            _ => return None,
        })
    }

    /// Whether requests are forms with an `Action`.
    #[must_use]
    pub const fn is_form(self) -> bool {
        matches!(self, Self::Query | Self::Ec2)
    }

    /// Whether method and path name the operation.
    #[must_use]
    pub const fn is_rest(self) -> bool {
        matches!(self, Self::RestJson | Self::RestXml)
    }
}

/// A service.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Service {
    /// As the AWS CLI names it.
    pub name: Text,
    pub(super) signing: Text,
    pub(super) targets: Text,
    pub(super) protocols: Text,
    /// API version; `Version` of query requests.
    pub version: Text,
    /// The service by whose tables it is judged: its own name, or that of the one that it is a twin of.
    pub judged_as: Text,
    pub(super) operations: Range,
    pub(super) reviewed: Range,
    root: U32,
}

impl Service {
    pub(super) const fn root(&self) -> usize {
        self.root.get() as usize
    }

    /// The names that its requests are signed under.
    pub fn signing_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.signing.get().split(',')
    }

    /// Whether its requests are signed under this name.
    #[must_use]
    pub fn signs_as(&self, name: &str) -> bool {
        self.signing.get().split(',').any(|known| known == name)
    }

    /// Whether this is the part of `X-Amz-Target` before the operation. The prefix's last dotted part counts too: older
    /// SDKs send it without the package name.
    #[must_use]
    pub fn has_target(&self, prefix: &str) -> bool {
        let short = |target: &'static str| target.rsplit('.').next().unwrap_or_default();
        self.targets.get().split(',').any(|target| !target.is_empty() && (target == prefix || short(target) == prefix))
    }

    /// Every protocol that it declares, the preferred one first.
    pub fn protocols(&self) -> impl Iterator<Item = WireProtocol> + use<> {
        self.protocols.get().split(',').filter_map(WireProtocol::parse)
    }

    /// Whether it speaks this protocol.
    #[must_use]
    pub fn speaks(&self, protocol: WireProtocol) -> bool {
        self.protocols().any(|one| one == protocol)
    }
}

/// An operation.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Operation {
    /// Its name.
    pub name: Text,
    /// HTTP method of the REST protocols.
    pub method: Text,
    /// Path template of the REST protocols.
    pub path: Text,
    /// The query that belongs to the template: `policy`, `list-type=2`.
    pub query: Text,
    /// `{AccountId}.`, `data-`: stands before the host.
    pub host_prefix: Text,
    /// `q:uploadId,h:x-amz-copy-source`: required query and header members.
    pub required: Text,
    pub(super) members: Range,
    pub(super) reviewed: Range,
    flags: u8,
    level: u8,
}

impl Operation {
    /// Kept for old clients; a younger operation of the same form has the name.
    #[must_use]
    pub const fn is_deprecated(&self) -> bool {
        self.flags & 1 != 0
    }

    /// The body holds bytes that are not to be read: an upload, a model's prompt, code.
    #[must_use]
    pub const fn holds_bytes(&self) -> bool {
        self.flags & 2 != 0
    }

    /// The model lets clients send it with `Content-Encoding: gzip`.
    #[must_use]
    pub const fn may_be_compressed(&self) -> bool {
        self.flags & 4 != 0
    }

    /// Clients send it without a SigV4 signature: signing in, and what carries a token of its own.
    #[must_use]
    pub const fn is_unsigned(&self) -> bool {
        self.flags & 8 != 0
    }

    /// What the Service Authorization Reference calls it, where it does.
    #[must_use]
    pub const fn level(&self) -> Option<AccessLevel> {
        Some(match self.level {
            b'R' => AccessLevel::Read,
            b'L' => AccessLevel::List,
            b'W' => AccessLevel::Write,
            b'T' => AccessLevel::Tagging,
            b'P' => AccessLevel::Permissions,
            _ => return None,
        })
    }
}

/// IAM's access level of an action. It is no effect: `Write` holds creation, deletion and execution alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessLevel {
    /// Reads.
    Read,
    /// Lists.
    List,
    /// Changes something.
    Write,
    /// Changes tags.
    Tagging,
    /// "Permissions management".
    Permissions,
}

/// Where a member stands in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// A label of the path template.
    Path,
    /// The query.
    Query,
    /// A header.
    Header,
    /// In the body's document or form.
    Body,
    /// The body itself.
    Payload,
}

/// What a member is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Names what is acted upon.
    Resource,
    /// Decides what is done.
    Deciding,
    /// Says how many.
    Counting,
    /// Selects without bound.
    Wide,
    /// Makes it a dry run.
    DryRun,
}

/// A set of [`Role`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Roles(u8);

impl Roles {
    /// Whether the member has this role.
    #[must_use]
    pub const fn contains(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }
}

/// An input member that is read.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Member {
    /// Its dotted name, as rules and records spell it: `Delete.Objects.Key`.
    pub name: Text,
    /// Its path in member names: `Delete.Objects[].Key`, `RequestItems{}[].DeleteRequest`, `Attributes{Policy}`.
    pub path: Text,
    /// Its path as forms, REST documents, queries and headers spell it.
    pub wire: Text,
    /// What it is for.
    pub roles: Roles,
    location: u8,
}

impl Member {
    /// Where it stands.
    #[must_use]
    pub const fn location(&self) -> Location {
        match self.location {
            0 => Location::Path,
            1 => Location::Query,
            2 => Location::Header,
            3 => Location::Body,
            _ => Location::Payload,
        }
    }
}

/// What a name's first words say.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Verb {
    /// The first words.
    pub begins: Text,
    /// The last words; empty for any.
    pub ends: Text,
    /// Impact.
    pub impact: Text,
    /// Scope; empty: the noun's.
    pub scope: Text,
}

/// What a name's last words say.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Noun {
    pub(super) service: Text,
    pub(super) noun: Text,
    /// Impact; empty: the verb's.
    pub impact: Text,
    /// Scope.
    pub scope: Text,
    /// Hazards of destroying or disrupting it.
    pub hazards: Text,
}

/// How an ARN is made.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Arn {
    pub(super) service: Text,
    /// Empty: all of the service's.
    pub(super) operation: Text,
    pub(super) member: Text,
    pub(super) template: Text,
}

/// What a method and path do on a host that AWS runs for a customer.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Plane {
    pub(super) kind: Text,
    /// HTTP method, or `*`.
    pub method: Text,
    /// Path template.
    pub path: Text,
    /// Last part of the operation's id.
    pub name: Text,
    /// Impact.
    pub impact: Text,
    /// Scope.
    pub scope: Text,
    /// `one`, `least`, `unbounded`, `index` (a collection where the path names one); or what of the body or query says more:
    /// `bulk`, `script`, `aliases`, `settings`, `sql`, `console`.
    pub count: Text,
    /// Hazards, comma-separated.
    pub hazards: Text,
}

/// A partition of AWS.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Partition {
    /// `aws`, `aws-cn`.
    pub name: Text,
    /// `amazonaws.com`.
    pub suffix: Text,
    /// `api.aws`.
    pub dual_stack_suffix: Text,
    /// The first words of its regions: `us,eu`.
    pub region_prefixes: Text,
}
