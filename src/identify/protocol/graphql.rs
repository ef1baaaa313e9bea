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

/// More than GraphQL servers take by default, so that nothing hides behind padding.
pub(super) const BODY_MAX: usize = 1024 * 1024;
/// Longer documents are not parsed: the parser takes some 130 bytes of memory for a byte of text.
const DOCUMENT_MAX: usize = 256 * 1024;
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

impl Root {
    /// Whether it only observes.
    #[must_use]
    pub const fn reads(&self) -> bool {
        matches!(self, Self::Query { .. })
    }
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

/// Whether a WebSocket's opening offers to speak GraphQL: the subprotocols of `graphql-ws` (`graphql-transport-ws`) and of
/// `subscriptions-transport-ws` (`graphql-ws`), and AppSync's own.
pub(super) fn is_spoken(head: &Head) -> bool {
    let offers = head.headers.get_all("sec-websocket-protocol").iter();
    offers
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|one| one.trim_ascii().get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"graphql")))
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
        if bytes.is_empty() && head.method != http::Method::POST {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let trimmed = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        // Nothing but blanks as far as was read, or JSON in an encoding that lenient servers detect.
        if trimmed.is_empty() && matches!(body, Captured::Prefix(_)) || in_wide_characters(bytes) {
            return self.unreadable = true;
        }
        if trimmed.starts_with("--") {
            let mut fields = multipart(trimmed).into_iter();
            match fields.find(|(name, _)| name == "operations" || name == "query") {
                Some((name, value)) if name == "operations" => return self.add_text(value.trim()),
                Some((_, value)) => return self.documents.push(value),
                None => {}
            }
        }
        if trimmed.starts_with(['{', '[']) && trimmed.contains('"') {
            return self.add_text(trimmed);
        }
        let before = self.documents.len();
        if trimmed.contains("query=") {
            self.add_query(trimmed);
        }
        if self.documents.len() == before {
            // `application/graphql`: the body is the document.
            let typed = head.header("content-type").is_some_and(|media| media.contains("graphql"));
            let document = || trimmed.len() > DOCUMENT_MAX || parse(trimmed).is_some();
            if self.marked || typed || hints_at_mutation(trimmed) && document() {
                self.documents.push(trimmed.to_owned());
            }
        }
    }

    /// A JSON text: one request or a batch of them.
    fn add_text(&mut self, text: &str) {
        if let Some(one) = members(text) {
            return self.add_members(Members(one));
        }
        let batch = if within_bounds(text) { serde_json::from_str::<Vec<Members>>(text).ok() } else { None };
        if let Some(batch) = batch {
            self.unreadable |= self.marked && batch.is_empty();
            return batch.into_iter().for_each(|one| self.add_members(one));
        }
        // Broken, cut or excessive JSON: a lenient server may still read it.
        self.unreadable |= self.marked || hints_at_document(text);
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
        let mut total = 0usize;
        for text in &self.documents {
            total = total.saturating_add(text.len());
            if total > BODY_MAX {
                // A batch that unfolds to more than any server takes.
                any = true;
                found.unreadable = true;
                break;
            }
            match parse(text) {
                Some(document) => {
                    any = true;
                    digest.update(text.as_bytes());
                    found.add(&document, &self.names, &self.variables);
                }
                None if self.marked || hints_at_mutation(text) || text.len() > DOCUMENT_MAX => {
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
    if text.len() > DOCUMENT_MAX {
        return None;
    }
    let text = &shortened(text);
    // The lexer takes U+0020 to U+FFFF and the three blanks below, and panics on others inside block texts. What lies
    // outside can stand in texts and comments only, which are not judged, or makes the document invalid.
    let odd = |c: char| c > '\u{ffff}' || c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    let basic: String = text.chars().map(|c| if odd(c) { '\u{fffd}' } else { c }).collect();
    // SECURITY: an assertion inside the parser must not end the request before it is recorded.
    std::panic::catch_unwind(|| cynic_parser::parse_executable_document(&basic).ok()).ok().flatten()
}

/// The text with number literals cut to what 64 bits hold: the parser would not survive longer ones, and how large a
/// number is decides nothing here.
fn shortened(text: &str) -> String {
    let mut digits = 0;
    let mut literal = false;
    let mut before = ' ';
    text.chars()
        .filter(|c| {
            if c.is_ascii_digit() {
                if digits == 0 {
                    literal = !(before.is_alphabetic() || before == '_' || before == '"');
                }
                digits += 1;
            } else {
                digits = 0;
            }
            before = *c;
            !(literal && digits > 18)
        })
        .collect()
}

/// Begins as a mutation does, or as a document that holds one.
fn hints_at_mutation(text: &str) -> bool {
    let mut text = text;
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '\u{feff}'));
        let Some(comment) = text.strip_prefix('#') else { break };
        text = comment.split_once(['\n', '\r']).map_or("", |(_, rest)| rest);
    }
    let begins = |word: &str| {
        text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    };
    let later = || text.contains("mutation") && ["fragment", "query", "subscription"].into_iter().any(begins);
    text.contains('{') && (begins("mutation") || later())
}

/// JSON in UTF-16 or UTF-32, or behind NUL bytes.
fn in_wide_characters(bytes: &[u8]) -> bool {
    let odd = |byte: &u8| matches!(byte, 0 | 0xfe | 0xff);
    let start = bytes.get(..16.min(bytes.len())).unwrap_or_default();
    let first = start.iter().find(|byte| !odd(byte) && !byte.is_ascii_whitespace());
    let before = start.iter().take_while(|byte| !matches!(byte, b'{' | b'[')).any(odd);
    let after = start.windows(2).any(|pair| matches!(pair, [b'{' | b'[', 0]));
    matches!(first, Some(b'{' | b'[')) && (before || after)
}

/// The most values that a JSON text may hold before it is built in memory.
const NODES_MAX: usize = 200_000;

/// Whether a JSON text holds no more values than are built; what stands in texts does not count.
fn within_bounds(text: &str) -> bool {
    let (mut nodes, mut quoted, mut escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' | b'[' | b'{' if !quoted => nodes += 1,
            _ => {}
        }
    }
    nodes <= NODES_MAX
}

/// The members of a JSON object in order, the repeated ones too; `None` for everything else and for excessive ones.
pub(super) fn members(text: &str) -> Option<Vec<(String, Value)>> {
    if !text.starts_with('{') || !within_bounds(text) {
        return None;
    }
    serde_json::from_str::<Members>(text).ok().map(|Members(all)| all)
}

/// The fields of a multipart form by their names in lower case.
pub(super) fn multipart(text: &str) -> Vec<(String, String)> {
    let boundary = text.lines().next().unwrap_or_default().trim_end();
    if boundary.len() < 3 {
        return Vec::new();
    }
    let part = |part: &str| {
        let (head, value) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n"))?;
        let lower = head.to_ascii_lowercase();
        let (_, name) = lower.replace(' ', "").split_once(";name=").map(|(a, b)| (a.to_owned(), b.to_owned()))?;
        let name = name.split([';', '\r', '\n']).next().unwrap_or_default().trim_matches('"').to_owned();
        Some((name, value.trim_end_matches(['\r', '\n']).to_owned()))
    };
    text.split(boundary).filter_map(part).collect()
}

/// JSON that breaks off or is not strict, but has a member `query` whose text begins as a document does.
fn hints_at_document(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("\"operationname\"")
        || lower.match_indices("\"query\"").any(|(at, found)| {
            let rest = lower.get(at + found.len()..).unwrap_or_default().trim_start();
            let value = rest.strip_prefix(':').map(str::trim_start).and_then(|rest| rest.strip_prefix('"'));
            value.is_some_and(begins_a_document)
        })
}

/// Whether a JSON text's value begins as a document does. It is read as far as its blanks go and no further, so that a
/// text full of such members is not read again for each.
fn begins_a_document(value: &str) -> bool {
    let mut start = value;
    loop {
        let next = start.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let escapes = ["\\n", "\\r", "\\t"].iter();
        let next = escapes.filter_map(|escape| next.strip_prefix(*escape)).next().unwrap_or(next);
        if next.len() == start.len() {
            break;
        }
        start = next;
    }
    ["mutation", "query", "subscription", "fragment", "{", "#"].iter().any(|word| start.starts_with(word))
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
