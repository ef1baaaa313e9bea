//! GraphQL: what the documents of a request would do, by their root fields, on any host.
//!
//! A mutation is a POST like any other and may come under any content type (the volume deletion that this project began
//! with was one, typed as a form). So every body and every `query` in a URL that parses as a GraphQL document is read as
//! one. Nothing here searches for text: the document is parsed, the operation picked, fragments resolved, aliases counted,
//! arguments resolved; `@skip` and `@include` are taken as executed. What looks like GraphQL and cannot be read (a stored
//! document's hash without its text, a cut body) is unknown, never a read; a text beside the hash of another one is refused.

mod arguments;
mod document;
pub mod frames;
mod request;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::graphql_service;
use crate::model::http::{Captured, Head};
use crate::model::{Count, Parameter, Resource};

pub use arguments::Arguments;
pub(in crate::identify) use text::{members, multipart};

/// More than GraphQL servers take by default, so that nothing hides behind padding.
pub(super) const BODY_MAX: usize = 1024 * 1024;
/// More root fields than this are not listed one by one.
const FIELDS_MAX: usize = 64;

/// One thing that a GraphQL request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// A query or a subscription. `certain`: the request is plainly a GraphQL request, so that its other reading, by
    /// method and path, need not count.
    Query {
        /// Nothing but GraphQL's own members, on a path that is a GraphQL endpoint.
        certain: bool,
    },
    /// One root field of a mutation, with every call of it.
    Mutation(Mutation),
    /// A connection whose messages are judged one by one, and that can become nothing else.
    Messages,
    /// It looks like GraphQL and cannot be read.
    Unreadable,
    /// It has two readings, and is refused: what it says twice.
    TwoReadings(&'static str),
}

impl Root {
    /// Whether it only observes.
    #[must_use]
    pub const fn reads(&self) -> bool {
        matches!(self, Self::Query { .. })
    }
}

/// A root field of a mutation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// Its name, as the schema has it.
    pub field: String,
    /// The arguments of each call (an alias each), as far as [`arguments::CALLS_MAX`] reaches.
    pub calls: Vec<Arguments>,
    /// Names of fields further inside that have arguments or fields of their own (`mutation { project { delete(id: 1) } }`),
    /// or that stand below a root field without arguments.
    pub inner: BTreeSet<String>,
}

impl Mutation {
    /// Every value of an argument (`args.input.visibility`) over all calls; lists are passed through, and what is null or
    /// empty is not there.
    pub fn values<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        self.calls.iter().flat_map(move |call| call.of(path))
    }

    /// Whether there is more than the calls tell: conditions hold then.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.calls.iter().any(Arguments::is_cut)
    }
}

/// One thing that a request asks for, ready to become a reading.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The last part of the operation's id: the mutation's field, `query`, `unidentified`.
    pub name: String,
    /// What it is.
    pub root: Root,
    /// How many things.
    pub count: Count,
    /// The ids in its arguments.
    pub resources: Vec<Resource>,
    /// What decides, without texts that may hold a secret; what an approval is bound to.
    pub parameters: Vec<Parameter>,
}

/// What a request holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Root fields by name.
    mutations: BTreeMap<String, Field>,
    query: bool,
    unreadable: bool,
    twice: Option<&'static str>,
    /// Plainly a GraphQL request.
    pub(super) certain: bool,
    /// SHA-256 over documents, chosen names and variables, whatever their blanks and comments.
    digest: String,
}

/// What is known of a root field.
#[derive(Debug)]
struct Field {
    count: Count,
    ids: BTreeSet<String>,
    mutation: Mutation,
}

impl Found {
    /// Everything that is asked for; never empty.
    pub(super) fn asked(self) -> Vec<Asked> {
        let digest = Parameter::new("document.sha256", &*self.digest);
        let one = |name: &str, root, count| Asked {
            name: name.to_owned(),
            root,
            count,
            resources: vec![],
            parameters: vec![digest.clone()],
        };
        let mut all: Vec<Asked> = self
            .mutations
            .into_iter()
            .map(|(name, field)| {
                let mut parameters = vec![digest.clone()];
                parameters.extend(arguments::parameters(&field.mutation));
                let resources = field.ids.iter().map(|id| Resource::from(id.as_str())).collect();
                Asked { name, root: Root::Mutation(field.mutation), count: field.count, resources, parameters }
            })
            .collect();
        if let Some(why) = self.twice {
            all.push(one("unidentified", Root::TwoReadings(why), Count::Unbounded));
        } else if self.unreadable {
            all.push(one("unidentified", Root::Unreadable, Count::Unbounded));
        }
        if self.query || all.is_empty() {
            all.push(one("query", Root::Query { certain: self.certain }, Count::ONE));
        }
        all
    }
}

/// Reads a request as GraphQL; `None` when nothing in it is. `endpoint`: a request to this path is one.
pub(super) fn read(head: &Head, body: &Captured, endpoint: bool) -> Option<Found> {
    let mut requests = request::Requests::new(endpoint);
    requests.add_query(head.query().unwrap_or_default());
    if head.method != http::Method::GET && head.method != http::Method::HEAD {
        let typed = head.header("content-type").is_some_and(|media| media.contains("graphql"));
        requests.add_body(body, head.method == http::Method::POST, typed);
    }
    requests.judge()
}

/// Whether the path is where GraphQL servers live: `/graphql`, `/v1/graphql`, `/graphql/v2`, `/admin/api/…/graphql.json`.
pub(super) fn is_endpoint(head: &Head) -> bool {
    if graphql_service(&head.authority.host).is_some() {
        return true;
    }
    let path = super::rest::canonical(head.path()).0.to_ascii_lowercase();
    let mut last = path.split('/').filter(|segment| !segment.is_empty()).rev();
    let named = |segment: &str| matches!(segment, "graphql" | "gql" | "graphiql" | "graphql.json" | "graphql.php");
    let Some(end) = last.next() else { return false };
    let versioned = matches!(end, "internal" | "public" | "private" | "batch" | "query")
        || end.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    named(end) || versioned && last.next().is_some_and(named)
}

/// Whether a WebSocket's opening offers to speak GraphQL: the subprotocols of `graphql-ws` (`graphql-transport-ws`) and of
/// `subscriptions-transport-ws` (`graphql-ws`), and AppSync's own.
pub(super) fn is_spoken(head: &Head) -> bool {
    let offers = head.headers.get_all("sec-websocket-protocol").iter();
    offers
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|one| one.trim_ascii().get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"graphql")))
}

#[cfg(test)]
mod tests;
