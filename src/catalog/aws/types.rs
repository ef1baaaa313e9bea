//! The rows of the AWS tables. Texts are offsets into one string, so a table needs no relocation when the program starts.

use super::table::TEXT;

/// A text of the tables: where it begins in the one string, and its length in bytes.
#[derive(Clone, Copy)]
pub struct Text(pub(super) u32, pub(super) u16);

impl Text {
    /// The text.
    #[must_use]
    pub fn get(self) -> &'static str {
        let at = self.0 as usize;
        TEXT.get(at..at + usize::from(self.1)).unwrap_or_default()
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.get())
    }
}

/// First row and number of rows in another table.
pub(super) type Range = (u32, u32);

pub(super) fn slice<T>(table: &'static [T], (first, count): Range) -> &'static [T] {
    let first = first as usize;
    table.get(first..first + count as usize).unwrap_or_default()
}

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
#[derive(Debug)]
pub struct Service {
    /// As the AWS CLI names it.
    pub name: Text,
    pub(super) signing: Text,
    pub(super) hosts: Text,
    pub(super) targets: Text,
    pub(super) protocols: Text,
    /// API version; `Version` of query requests.
    pub version: Text,
    pub(super) operations: Range,
    pub(super) reviewed: Range,
    pub(super) root: u32,
}

impl Service {
    /// The name in credential scopes.
    #[must_use]
    pub fn signing(&self) -> &'static str {
        self.signing.get()
    }

    /// Whether a host's service label may stand for it.
    #[must_use]
    pub fn has_host(&self, label: &str) -> bool {
        self.hosts.get().split(',').any(|host| host == label)
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
#[derive(Debug)]
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
    /// Kept for old clients; a younger operation of the same form has the name.
    pub deprecated: bool,
    /// The body holds bytes that are not to be read: an upload, a model's prompt, code.
    pub blob: bool,
    /// The model lets clients send it with `Content-Encoding: gzip`.
    pub compressed: bool,
    pub(super) members: Range,
    pub(super) reviewed: Range,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles(pub(super) u8);

impl Roles {
    /// Whether the member has this role.
    #[must_use]
    pub const fn contains(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }
}

/// An input member that is read.
#[derive(Debug)]
pub struct Member {
    /// What it is for.
    pub roles: Roles,
    /// Its dotted name, as rules and records spell it: `Delete.Objects.Key`.
    pub name: Text,
    /// Its path in member names: `Delete.Objects[].Key`, `RequestItems{}[].DeleteRequest`, `Attributes{Policy}`.
    pub path: Text,
    /// Where it stands.
    pub location: Location,
    /// Its path as forms, REST documents, queries and headers spell it.
    pub wire: Text,
}

/// A reviewed effect; empty cells say nothing.
#[derive(Debug)]
pub struct Reviewed {
    /// Empty for the base row, else the condition.
    pub when: Text,
    /// Impact.
    pub impact: Text,
    /// Scope.
    pub scope: Text,
    /// Reversibility.
    pub reversible: Text,
    /// Hazards, comma-separated.
    pub hazards: Text,
}

/// What a name's first words say.
#[derive(Debug)]
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
#[derive(Debug)]
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
#[derive(Debug)]
pub struct Arn {
    pub(super) service: Text,
    pub(super) member: Text,
    pub(super) template: Text,
}

/// A partition of AWS.
#[derive(Debug)]
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

/// One step of the path templates.
pub(super) struct Node {
    pub(super) literals: Range,
    pub(super) label: u32,
    pub(super) greedy: u32,
    pub(super) leaves: Range,
}

impl Node {
    /// No such step: node 0 is a root, which nothing leads to.
    pub(super) const NONE: u32 = 0;
}
