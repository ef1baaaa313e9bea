//! Google's APIs: the described tables, and the ways in which a call reaches them besides a plain request: batches, uploads
//! with a document before the bytes, gRPC, and Cloud Storage's XML API.
//!
//! Each way is brought to the form of the tables and read there; nothing here holds what an operation does. What Google's
//! front ends take for another method or other headers than the request line and the head say is refused.

mod batch;
mod rpc;
mod storage;
mod upload;

#[cfg(test)]
mod tests;

use http::uri::PathAndQuery;
use vec1::Vec1;

use super::described::{self, Call};
use super::{Dialect, Face, Known, Partial, Protocol, Reading, Routed};
use crate::catalog::Manifest;
use crate::model::Resource;
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};

/// The code behind the manifest's protocol `gcp`.
pub(crate) struct Gcp;

/// Names of query parameters that rewrite the request after its head was read: Google's front ends take method, headers
/// and body from them. Compared in lower case, decoded.
const REWRITING: [&str; 6] = ["$httpmethod", "$httpheaders", "$httpbody", "$req", "$ct", "_method"];

/// How a call is sent.
#[derive(Clone, Debug)]
enum Way {
    /// As the tables have it.
    Plain,
    /// Several calls in one body.
    Batch,
    /// One message, or a stream of them.
    Rpc,
    /// Bytes, with or without a document about them.
    Upload(upload::Upload),
    /// Cloud Storage's XML API: the head as the tables name it.
    Xml(Box<Head>),
}

fn way(head: &Head) -> Way {
    let first = head.path().trim_start_matches('/').split('/').next().unwrap_or_default();
    if is_rpc(head) {
        return Way::Rpc;
    }
    if let Some(xml) = storage::as_listed(head) {
        return Way::Xml(Box::new(xml));
    }
    if first == "batch" {
        return Way::Batch;
    }
    upload::of(head).map_or(Way::Plain, Way::Upload)
}

/// gRPC over HTTP/2, gRPC-web and Connect name a method the same way.
fn is_rpc(head: &Head) -> bool {
    let media = head.header("content-type").unwrap_or_default().to_ascii_lowercase();
    media.starts_with("application/grpc") || media.starts_with("application/connect+")
}

impl Protocol for Gcp {
    fn route(&self, api: &'static Manifest, head: &Head, _known: &Known) -> Result<Routed, Unreadable> {
        refuse_rewriting(head)?;
        let dialect = self.dialect(api, head);
        let need = match way(head) {
            Way::Plain => described::route(api, head)?.need,
            // One reading, whatever stands before it: a batch is judged by its parts.
            Way::Batch => described::route(api, head).map(|_| BodyNeed::Whole(batch::BYTES_MAX))?,
            Way::Rpc => rpc::need(described::route(api, head)?.need),
            Way::Upload(upload) => upload.need(described::route(api, &upload.head)?.need),
            Way::Xml(listed) => described::route(api, &listed).map(|_| BodyNeed::None)?,
        };
        Ok(Routed { need, dialect, partial: Partial::None })
    }

    fn identify(
        &self,
        api: &'static Manifest,
        _partial: &Partial,
        known: &Known,
        head: &Head,
        body: &Captured,
    ) -> Result<Vec1<Reading>, Unreadable> {
        match way(head) {
            Way::Batch => batch::identify(api, known, head, body),
            way => one(api, known, head, body, way),
        }
    }

    fn dialect(&self, api: &'static Manifest, head: &Head) -> Dialect {
        match way(head) {
            Way::Rpc => Dialect::Grpc,
            Way::Xml(_) => Dialect::S3,
            _ => described::dialect(api, head),
        }
    }
}

/// One call that is no batch.
fn one(
    api: &'static Manifest,
    known: &Known,
    head: &Head,
    body: &Captured,
    way: Way,
) -> Result<Vec1<Reading>, Unreadable> {
    let readings = match way {
        Way::Plain | Way::Batch => described::identify(api, known, head, body)?,
        Way::Rpc => rpc::identify(api, known, head, body)?,
        Way::Upload(upload) => {
            let body = upload.document(head, body)?;
            upload
                .heads()
                .map(|head| described::identify(api, known, &head, &body))
                .reduce(known_first)
                .unwrap_or_else(|| described::identify(api, known, head, &body))?
        }
        Way::Xml(listed) => described::identify(api, known, &listed, &Captured::Unread)?,
    };
    Ok(readings.mapped(named_without_version))
}

/// Of two readings the one that the tables hold.
fn known_first(
    one: Result<Vec1<Reading>, Unreadable>,
    other: Result<Vec1<Reading>, Unreadable>,
) -> Result<Vec1<Reading>, Unreadable> {
    let is_listed = |readings: &Vec1<Reading>| matches!(&readings.first().face, Face::Described(seen) if matches!(seen.call, Call::Listed(_)));
    match one {
        Ok(readings) if !is_listed(&readings) => other,
        one => one,
    }
}

/// What an API calls a thing has no version before it: the path below it.
fn named_without_version(mut reading: Reading) -> Reading {
    let Face::Described(seen) = &reading.face else { return reading };
    let Call::Listed(rows) = &seen.call else { return reading };
    if !rows.first().resource.get().is_empty() {
        return reading;
    }
    reading.resources.iter_mut().for_each(|resource| {
        let text = resource.as_str();
        let mut at = 0;
        for segment in text.split('/').take(6) {
            at += segment.len() + 1;
            if is_version(segment) {
                *resource = Resource::from(text.get(at..).filter(|rest| !rest.is_empty()).unwrap_or(text));
                break;
            }
        }
    });
    reading
}

/// `v1`, `v2beta1`, `alpha`: the segments that stand for an API's version.
fn is_version(segment: &str) -> bool {
    let digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    matches!(segment, "alpha" | "beta") || segment.strip_prefix('v').is_some_and(digits)
}

fn refuse_rewriting(head: &Head) -> Result<(), Unreadable> {
    let Some(query) = head.query() else { return Ok(()) };
    let found = described::pairs(query).into_iter().map(|(key, _)| key.to_ascii_lowercase());
    match found.into_iter().find(|key| REWRITING.contains(&key.as_str())) {
        Some(key) => Err(Unreadable::new(format!("the query's `{key}` can make another call of it"))),
        None => Ok(()),
    }
}

/// The same head with another method and target.
fn rewritten(head: &Head, method: http::Method, target: &str) -> Option<Head> {
    let target: PathAndQuery = target.parse().ok()?;
    Some(Head { method, target, ..head.clone() })
}
