//! The GraphQL floor: what a GraphQL document on any host would do, by its root fields.
//!
//! A mutation is a POST like any other and may come under any content type (the volume deletion that this project began
//! with was one, typed as a form). So every POST body and every `query` in a URL that parses as a GraphQL document is
//! read as one. Nothing here searches for text: the document is parsed, the operation picked, fragments at the root
//! resolved, aliases counted; `@skip` and `@include` are taken as executed. What looks like GraphQL and cannot be read
//! (a persisted query without its text, a cut body, two readings) is unknown, never a read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cynic_parser::common::OperationType;
use cynic_parser::executable::{ExecutableDocument, OperationDefinition, Selection};
use cynic_parser::values::Value as Argument;
use percent_encoding::percent_decode_str;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::catalog::graphql_service;
use crate::model::http::{Captured, Head};

/// Enough of a body to hold a document and its variables.
pub(super) const BODY_MAX: usize = 64 * 1024;
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
    /// One root field of a mutation.
    Mutation {
        /// Its name, as the schema has it.
        field: String,
    },
    /// It looks like GraphQL and cannot be read.
    Unreadable,
}

/// What a request holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Root fields and how often each is asked for, with the ids in their arguments.
    pub(super) mutations: BTreeMap<String, (u64, BTreeSet<String>)>,
    pub(super) query: bool,
    pub(super) unreadable: bool,
    pub(super) certain: bool,
    /// SHA-256 over documents and variables: what an approval is bound to.
    pub(super) digest: String,
}

/// Reads a request as GraphQL; `None` when nothing in it is.
pub(super) fn read(head: &Head, body: &Captured) -> Option<Found> {
    let marked = is_endpoint(head);
    let mut candidates = Candidates { marked, certain: marked, ..Candidates::default() };
    candidates.add_query(head.query().unwrap_or_default());
    if head.method != http::Method::GET && head.method != http::Method::HEAD {
        candidates.add_body(head, body);
    }
    candidates.judge()
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

#[derive(Debug, Default)]
struct Candidates {
    marked: bool,
    certain: bool,
    unreadable: bool,
    documents: Vec<String>,
    names: BTreeSet<String>,
    variables: Vec<Value>,
}

impl Candidates {
    fn add_query(&mut self, query: &str) {
        let before = self.documents.len();
        let mut persisted = false;
        for (name, value) in form_pairs(query) {
            match name.to_ascii_lowercase().as_str() {
                "query" if !value.is_empty() => self.documents.push(value),
                "operationname" => _ = self.names.insert(value),
                "variables" => self.variables.extend(serde_json::from_str::<Value>(&value)),
                "extensions" | "queryid" | "documentid" | "doc_id" | "hash" => persisted = true,
                _ => {}
            }
        }
        self.unreadable |= self.marked && persisted && self.documents.len() == before;
    }

    fn add_body(&mut self, head: &Head, body: &Captured) {
        let bytes = match body {
            Captured::Whole(bytes) | Captured::Prefix(bytes) => bytes,
            // What cannot be decoded cannot be ruled out.
            Captured::Undecodable(_) | Captured::Overflow => return self.unreadable = true,
            Captured::Unread => return self.unreadable |= self.marked && head.method == http::Method::POST,
        };
        let text = String::from_utf8_lossy(bytes);
        let trimmed = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        if let Ok(one) = serde_json::from_str::<Members>(trimmed) {
            return self.add_members(one);
        }
        if let Ok(batch) = serde_json::from_str::<Vec<Members>>(trimmed) {
            self.unreadable |= self.marked && batch.is_empty();
            return batch.into_iter().for_each(|one| self.add_members(one));
        }
        if trimmed.starts_with(['{', '[']) && trimmed.contains('"') {
            // Broken or cut JSON: a lenient server may still read it.
            self.unreadable |= self.marked || hints_at_document(trimmed);
            return;
        }
        let before = self.documents.len();
        if trimmed.contains("query=") {
            self.add_query(trimmed);
        }
        if self.documents.len() == before {
            // `application/graphql`: the body is the document.
            let typed = head.header("content-type").is_some_and(|media| media.contains("graphql"));
            if self.marked || typed || hints_at_mutation(trimmed) && parse(trimmed).is_some() {
                self.documents.push(trimmed.to_owned());
            }
        }
    }

    fn add_members(&mut self, Members(members): Members) {
        let mut texts = 0;
        let mut strange = false;
        let mut persisted = false;
        for (name, value) in members {
            // Go servers match member names without regard to case.
            match (name.to_ascii_lowercase().as_str(), value) {
                ("query", Value::String(text)) => {
                    texts += 1;
                    self.documents.push(text);
                }
                ("operationname", Value::String(text)) => _ = self.names.insert(text),
                ("operationname", Value::Null) => {}
                ("variables", value) => self.variables.push(value),
                ("extensions", value) => persisted |= value.get("persistedQuery").is_some(),
                _ => strange = true,
            }
        }
        self.certain &= !strange;
        self.unreadable |= texts == 0 && (self.marked || persisted);
        // A member that is there twice has two readings, unless neither of them is GraphQL.
        let twice = texts > 1 && self.documents.iter().rev().take(texts).any(|text| parse(text).is_some());
        self.unreadable |= twice;
    }

    fn judge(self) -> Option<Found> {
        let mut found = Found { unreadable: self.unreadable, certain: self.certain, ..Found::default() };
        let mut digest = Sha256::new();
        let mut any = self.unreadable;
        for text in &self.documents {
            match parse(text) {
                Some(document) => {
                    any = true;
                    digest.update(text.as_bytes());
                    found.add(&document, &self.names, &self.variables);
                }
                None if self.marked || hints_at_mutation(text) => {
                    any = true;
                    found.unreadable = true;
                }
                // A search text, a PromQL or an SQL query.
                None => found.certain = false,
            }
        }
        for value in &self.variables {
            digest.update(value.to_string().as_bytes());
        }
        found.digest = data_encoding::HEXLOWER.encode(digest.finalize().get(..16).unwrap_or_default());
        any.then_some(found)
    }
}

impl Found {
    fn add(&mut self, document: &ExecutableDocument, names: &BTreeSet<String>, variables: &[Value]) {
        let all: Vec<OperationDefinition<'_>> = document.operations().collect();
        let named: Vec<_> =
            all.iter().filter(|one| one.name().is_some_and(|name| names.contains(name))).copied().collect();
        // Without exactly one choice any of them might be executed: all are judged.
        let chosen = if names.len() == 1 && named.len() == 1 { named } else { all };
        self.unreadable |= chosen.is_empty();
        for operation in chosen {
            match operation.operation_type() {
                OperationType::Query | OperationType::Subscription => self.query = true,
                OperationType::Mutation => self.fields(document, operation, variables),
            }
        }
    }

    fn fields(&mut self, document: &ExecutableDocument, operation: OperationDefinition<'_>, variables: &[Value]) {
        let mut seen = BTreeSet::new();
        let mut open: Vec<Selection<'_>> = operation.selection_set().collect();
        let mut any = false;
        while let Some(selection) = open.pop() {
            match selection {
                Selection::Field(field) if field.name().starts_with("__") => any = true,
                Selection::Field(field) => {
                    any = true;
                    let (count, ids) = self.mutations.entry(field.name().to_owned()).or_default();
                    *count = count.saturating_add(1);
                    for argument in field.arguments() {
                        collect_ids(argument.name(), argument.value(), variables, ids);
                    }
                }
                Selection::InlineFragment(fragment) => open.extend(fragment.selection_set()),
                Selection::FragmentSpread(spread) if !seen.insert(spread.fragment_name().to_owned()) => {}
                Selection::FragmentSpread(spread) => {
                    match document.fragments().find(|one| one.name() == spread.fragment_name()) {
                        Some(fragment) => open.extend(fragment.selection_set()),
                        None => self.unreadable = true,
                    }
                }
            }
        }
        self.unreadable |= !any || self.mutations.len() > FIELDS_MAX;
    }
}

/// Values of arguments that name something: `id`, `volumeId`, `name`, `slug`, also inside `input: { … }`.
fn collect_ids(name: &str, value: Argument<'_>, variables: &[Value], ids: &mut BTreeSet<String>) {
    if let Some(fields) = value.as_fields() {
        return fields.for_each(|field| collect_ids(field.name(), field.value(), &[], ids));
    }
    if let Some(variable) = value.as_variable() {
        return variables.iter().filter_map(|all| all.get(variable)).for_each(|value| json_ids(name, value, ids));
    }
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_i32().map(|number| number.to_string()));
    ids.extend(text.filter(|_| names_something(name)).map(|text| super::rest::masked(&text)));
}

fn json_ids(name: &str, value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            if !value.is_object() {
                json_ids(name, value, ids);
            }
        }),
        Value::String(text) if names_something(name) => _ = ids.insert(super::rest::masked(text)),
        Value::Number(number) if names_something(name) => _ = ids.insert(number.to_string()),
        _ => {}
    }
}

fn names_something(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with("id") || matches!(lower.as_str(), "name" | "slug" | "key")
}

fn parse(text: &str) -> Option<ExecutableDocument> {
    if has_huge_number(text) {
        return None;
    }
    // The lexer takes U+0020 to U+FFFF and the three blanks below, and panics on others inside block texts. What lies
    // outside can stand in texts and comments only, which are not judged, or makes the document invalid.
    let odd = |c: char| c > '\u{ffff}' || c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    let basic: String = text.chars().map(|c| if odd(c) { '\u{fffd}' } else { c }).collect();
    // SECURITY: an assertion inside the parser must not end the request before it is recorded.
    std::panic::catch_unwind(|| cynic_parser::parse_executable_document(&basic).ok()).ok().flatten()
}

/// A number literal that 64 bits do not hold: the parser would not survive it, and no schema takes it.
fn has_huge_number(text: &str) -> bool {
    let mut digits = 0;
    let mut literal = false;
    let mut before = ' ';
    for c in text.chars() {
        if !c.is_ascii_digit() {
            digits = 0;
        } else {
            if digits == 0 {
                literal = !(before.is_alphabetic() || before == '_' || before == '"');
            }
            digits += 1;
            if literal && digits > 18 {
                return true;
            }
        }
        before = c;
    }
    false
}

/// Begins as a mutation does.
fn hints_at_mutation(text: &str) -> bool {
    let text = text.trim_start();
    text.strip_prefix("mutation").is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
        && text.contains('{')
}

/// JSON that breaks off or is not strict, but has a member `query` whose text begins as a document does.
fn hints_at_document(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.match_indices("\"query\"").any(|(at, found)| {
        let rest = lower.get(at + found.len()..).unwrap_or_default().trim_start();
        let value = rest.strip_prefix(':').map(str::trim_start).and_then(|rest| rest.strip_prefix('"'));
        value.is_some_and(|value| {
            let value = value.replace("\\n", " ").replace("\\r", " ").replace("\\t", " ");
            let start = value.trim_start();
            ["mutation", "query", "subscription", "fragment", "{", "#"].iter().any(|word| start.starts_with(word))
        })
    })
}

fn form_pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

/// A JSON object's members in order, the repeated ones too.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = members.next_entry()? {
                    all.push(entry);
                }
                Ok(Members(all))
            }
        }
        deserializer.deserialize_map(All)
    }
}
