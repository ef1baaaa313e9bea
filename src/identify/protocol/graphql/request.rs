//! What a request holds of GraphQL's parts: documents, chosen names, variables, and hashes of stored documents, from the
//! query, a form, JSON, a batch or a multipart form.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::document::{self, DOCUMENT_MAX};
use super::text::{self, Members};
use super::{BODY_MAX, Found};
use crate::identify::protocol::kubernetes::json;
use crate::model::http::Captured;

/// One request: everything that any server may take for a part of it.
#[derive(Clone, Debug, Default)]
struct One {
    texts: Vec<String>,
    names: BTreeSet<String>,
    variables: Vec<Value>,
    /// SHA-256 by which automatic persisted queries name a document.
    hashes: Vec<String>,
    /// Other names of stored documents.
    stored: Vec<String>,
    /// A query or form has `extensions`: without a text they may name a document in a way that is not known here.
    extended: bool,
}

/// Every request of an HTTP request.
#[derive(Debug)]
pub(super) struct Requests {
    marked: bool,
    certain: bool,
    unreadable: bool,
    all: Vec<One>,
    /// What the URL holds: servers may take each part from there or from the body.
    url: One,
}

/// What a form has of a request.
const PARTS: &[&str] = &["query", "operationname", "variables", "extensions"];
/// Members that hold a batch.
const BATCHES: &[&str] = &["batch", "queries", "requests", "operations"];

impl Requests {
    /// `marked`: the request went to a GraphQL endpoint.
    pub(super) fn new(marked: bool) -> Self {
        Self { marked, certain: marked, unreadable: false, all: vec![], url: One::default() }
    }

    /// The pairs of a URL's query.
    pub(super) fn add_query(&mut self, query: &str) {
        self.url = self.form(query);
    }

    fn form(&mut self, pairs: &str) -> One {
        let mut one = One::default();
        for (name, value) in text::form_pairs(pairs) {
            self.part(&mut one, &name, &value);
        }
        one
    }

    /// One part as a form has it.
    fn part(&mut self, one: &mut One, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "query" if !value.is_empty() => one.texts.push(value.to_owned()),
            "operationname" if !value.is_empty() => _ = one.names.insert(value.to_owned()),
            "variables" if !value.is_empty() => self.variables(one, value),
            "extensions" => {
                one.extended = true;
                self.extensions(one, value);
            }
            "queryid" | "documentid" | "doc_id" | "hash" | "queryhash" | "sha256hash" => {
                one.stored.push(value.to_owned())
            }
            _ => {}
        }
    }

    pub(super) fn add_body(&mut self, body: &Captured, is_post: bool, typed: bool) {
        let bytes = match body {
            Captured::Whole(bytes) | Captured::Prefix(bytes) => bytes,
            // What cannot be decoded cannot be ruled out.
            Captured::Undecodable(_) | Captured::Overflow => return self.unreadable = true,
            Captured::Unread => return self.unreadable |= self.marked && is_post,
        };
        if bytes.is_empty() && !is_post {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let trimmed = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        // Nothing but blanks as far as was read, or JSON in an encoding that lenient servers detect.
        if trimmed.is_empty() && matches!(body, Captured::Prefix(_)) || text::in_wide_characters(bytes) {
            return self.unreadable = true;
        }
        if trimmed.starts_with("--") && self.add_multipart(trimmed) {
            return;
        }
        if trimmed.starts_with(['{', '[']) && trimmed.contains('"') {
            return self.add_text(trimmed);
        }
        if trimmed.contains("query=") {
            let one = self.form(trimmed);
            if !one.texts.is_empty() {
                let known = |name: &str| PARTS.contains(&name.to_ascii_lowercase().as_str());
                self.certain &= text::form_pairs(trimmed).iter().all(|(name, _)| known(name));
                return self.all.push(one);
            }
        }
        // `application/graphql`: the body is the document.
        let document = || trimmed.len() > DOCUMENT_MAX || document::parse(trimmed).is_some();
        let empty = trimmed.is_empty() && !self.url.texts.is_empty();
        if (self.marked || typed) && !empty || text::hints_at_mutation(trimmed) && document() {
            self.all.push(One { texts: vec![trimmed.to_owned()], ..One::default() });
        }
    }

    /// GraphQL's multipart requests (`operations`, `map`, files), and its parts as the fields of a form. Whether it is one.
    fn add_multipart(&mut self, text: &str) -> bool {
        let (operations, parts): (Vec<_>, Vec<_>) =
            text::multipart(text).into_iter().partition(|(name, _)| name == "operations");
        let mut one = One::default();
        parts.iter().for_each(|(name, value)| self.part(&mut one, name, value));
        let is_one = !operations.is_empty() || !one.texts.is_empty();
        // Files come along, and say what they like.
        self.certain &= !is_one;
        operations.iter().for_each(|(_, value)| self.add_text(value.trim()));
        if !one.texts.is_empty() {
            self.all.push(one);
        }
        is_one
    }

    /// A JSON text: one request or a batch of them.
    pub(super) fn add_text(&mut self, text: &str) {
        if let Some(one) = text::object(text) {
            return self.add_members(one, true);
        }
        if let Some(batch) = text::list(text) {
            self.unreadable |= self.marked && batch.is_empty();
            return batch.into_iter().for_each(|one| self.add_members(one, false));
        }
        // Broken, cut or excessive JSON: a lenient server may still read it.
        self.unreadable |= self.marked || text::hints_at_document(text);
    }

    fn add_members(&mut self, Members(members): Members, outermost: bool) {
        let mut one = One::default();
        let mut strange = false;
        let mut batches = 0;
        for (name, raw) in members {
            let text = raw.get();
            // Go servers match member names without regard to case.
            let lower = name.to_ascii_lowercase();
            match lower.as_str() {
                "query" => match serde_json::from_str::<Value>(text) {
                    Ok(Value::String(text)) if !text.is_empty() => one.texts.push(text),
                    Ok(Value::Null | Value::String(_)) => {}
                    _ => strange = true,
                },
                "operationname" => match serde_json::from_str::<Value>(text) {
                    Ok(Value::String(name)) if !name.is_empty() => _ = one.names.insert(name),
                    Ok(Value::Null | Value::String(_)) => {}
                    _ => strange = true,
                },
                "variables" => self.variables(&mut one, text),
                "extensions" => self.extensions(&mut one, text),
                "id" | "doc_id" | "documentid" | "queryid" | "queryhash" | "documenthash" | "hash" | "sha256hash" => {
                    strange |= lower == "id";
                    one.stored.push(text.trim_matches('"').to_owned());
                }
                member if outermost && BATCHES.contains(&member) && text.starts_with('[') => match text::list(text) {
                    Some(batch) => {
                        batches += batch.len();
                        batch.into_iter().for_each(|one| self.add_members(one, false));
                    }
                    None => strange = true,
                },
                _ => strange = true,
            }
        }
        self.certain &= !strange;
        let texts = one.texts.len();
        self.unreadable |= texts == 0 && batches == 0 && (self.marked || !one.hashes.is_empty());
        // A member that is there twice has two readings, unless neither of them is GraphQL.
        self.unreadable |= texts > 1 && one.texts.iter().any(|text| document::parse(text).is_some());
        self.all.push(one);
    }

    /// Variables in JSON, or in JSON inside a text.
    fn variables(&mut self, one: &mut One, text: &str) {
        let value = match json::parse(text.as_bytes()) {
            Ok(Value::String(inner)) if !inner.trim().is_empty() => json::parse(inner.as_bytes()),
            read => read,
        };
        match value {
            Ok(value) => one.variables.push(value),
            // A member that is there twice, or broken JSON: which value counts is not known.
            Err(_) => {
                self.unreadable |= self.marked;
                self.certain = false;
            }
        }
    }

    fn extensions(&mut self, one: &mut One, text: &str) {
        let Ok(value) = json::parse(text.as_bytes()) else {
            self.unreadable |= self.marked;
            return;
        };
        if let Some(persisted) = value.get("persistedQuery") {
            let hash = persisted.get("sha256Hash").and_then(Value::as_str);
            one.hashes.push(hash.unwrap_or_default().to_owned());
        }
    }

    /// What all of it asks for; `None` when nothing in it is GraphQL.
    pub(super) fn judge(mut self) -> Option<Found> {
        self.share();
        let mut found = Found { unreadable: self.unreadable, certain: self.certain, ..Found::default() };
        let (mut digest, mut any, mut total) = (Sha256::new(), self.unreadable, 0usize);
        for one in &self.all {
            let mut read = 0;
            for text in &one.texts {
                total = total.saturating_add(text.len());
                if total > BODY_MAX {
                    // A batch that unfolds to more than any server takes.
                    any = true;
                    found.unreadable = true;
                    break;
                }
                match document::parse(text) {
                    Some(document) => {
                        read += 1;
                        digest.update(document::plain(text).as_bytes());
                        digest.update([0]);
                        document::Reading::new(&document, &one.variables).add(&mut found, &one.names);
                        one.compare(text, self.marked, &mut found);
                    }
                    None if self.marked || text::hints_at_mutation(text) || text.len() > DOCUMENT_MAX => {
                        any = true;
                        found.unreadable = true;
                    }
                    // A search text, a PromQL or an SQL query.
                    None => found.certain = false,
                }
            }
            any |= read > 0;
            let stored = !one.hashes.is_empty() || self.marked && (one.extended || !one.stored.is_empty());
            if one.texts.is_empty() && stored {
                any = true;
                found.unreadable = true;
            }
            digest.update(one.parts().as_bytes());
        }
        found.digest = HEXLOWER.encode(digest.finalize().get(..16).unwrap_or_default());
        any.then_some(found)
    }

    /// Lets every request have what the URL says, and what the URL asks for have what the bodies say.
    fn share(&mut self) {
        let mut url = std::mem::take(&mut self.url);
        for one in &mut self.all {
            one.names.extend(url.names.iter().cloned());
            one.variables.extend(url.variables.iter().cloned());
        }
        let only = self.all.is_empty();
        for one in &self.all {
            url.names.extend(one.names.iter().cloned());
            url.variables.extend(one.variables.iter().cloned());
        }
        if only || !url.texts.is_empty() || !url.hashes.is_empty() || !url.stored.is_empty() {
            self.all.push(url);
        }
    }
}

impl One {
    /// A text beside the name of a stored document: the same one, or two readings.
    fn compare(&self, text: &str, marked: bool, found: &mut Found) {
        let digest = HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
        let is_it = |hash: &str| hash.strip_prefix("sha256:").unwrap_or(hash).eq_ignore_ascii_case(&digest);
        if self.hashes.iter().any(|hash| !is_it(hash)) {
            found.twice = Some("a document beside the hash of another one (`extensions.persistedQuery`)");
        }
        // Relay names documents by MD5 or numbers: whether it is this one cannot be told.
        found.unreadable |= marked && self.stored.iter().any(|name| !is_it(name));
    }

    /// Everything beside the documents, for the digest.
    fn parts(&self) -> String {
        serde_json::to_string(&(&self.names, &self.variables, &self.hashes, &self.stored)).unwrap_or_default()
    }
}
