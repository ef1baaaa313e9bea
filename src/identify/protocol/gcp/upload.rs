//! Uploads: `/upload/...` and `/resumable/upload/...`. The bytes are never read; a document about them is.

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};

use super::batch::boundary;
use super::described::pairs;
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};

/// A document about the bytes stands within the first bytes of a body of two parts.
const DOCUMENT_MAX: usize = 128 * 1024;

/// An upload.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    kind: Kind,
    /// Its call came before.
    continues: bool,
    /// The head as the tables name it.
    pub(super) head: Head,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The body is the bytes.
    Bytes,
    /// A document, then the bytes.
    Multipart,
    /// The body is the document; the bytes follow in other requests.
    Document,
}

/// Whether a request is an upload that says how it is built.
pub(super) fn of(head: &Head) -> Option<Upload> {
    let path = head.path();
    if !path.starts_with("/upload/") && !path.starts_with("/resumable/upload/") {
        return None;
    }
    let query = pairs(head.query().unwrap_or_default());
    let value = |names: &[&str]| {
        query.iter().find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name))).map(|(_, value)| value)
    };
    // What continues an upload names it: the call that began it was judged.
    if value(&["upload_id"]).is_some() && matches!(head.method.as_str(), "PUT" | "POST" | "DELETE" | "GET") {
        return Some(Upload { kind: Kind::Bytes, continues: true, head: head.clone() });
    }
    let said = value(&["uploadType", "upload_protocol"]).map(|text| text.to_ascii_lowercase());
    let said = said.or_else(|| head.header("x-goog-upload-protocol").map(str::to_ascii_lowercase));
    let kind = match said.as_deref()? {
        "media" | "raw" => Kind::Bytes,
        "multipart" => Kind::Multipart,
        "resumable" => Kind::Document,
        _ => return None,
    };
    Some(Upload { kind, continues: false, head: head.clone() })
}

impl Upload {
    /// The heads that the call may have, as documents: what continues an upload does not tell the method that began it.
    pub(super) fn heads(&self) -> impl Iterator<Item = Head> {
        let methods = if self.continues && self.head.method != Method::GET {
            vec![Method::POST, Method::PATCH, Method::PUT]
        } else {
            vec![self.head.method.clone()]
        };
        let head = as_json(self.head.clone());
        methods.into_iter().map(move |method| Head { method, ..head.clone() })
    }

    /// How much body it takes, where the tables would take `plain`.
    pub(super) fn need(&self, plain: BodyNeed) -> BodyNeed {
        match (self.kind, plain) {
            (Kind::Bytes, _) | (_, BodyNeed::None) => BodyNeed::None,
            (Kind::Multipart, _) => BodyNeed::Prefix(DOCUMENT_MAX),
            (Kind::Document, need) => need,
        }
    }

    /// The document.
    ///
    /// # Errors
    /// The body says to have one, and has none that can be read.
    pub(super) fn document(&self, head: &Head, body: &Captured) -> Result<Captured, Unreadable> {
        match (self.kind, body) {
            (Kind::Bytes, _) | (_, Captured::Unread) => Ok(Captured::Unread),
            (Kind::Document, body) => Ok(body.clone()),
            (Kind::Multipart, Captured::Whole(bytes) | Captured::Prefix(bytes)) => {
                let boundary = boundary(head)?;
                let document = first_part(bytes, &boundary).ok_or_else(|| {
                    Unreadable::status(413, "the upload's first part is no document that can be read")
                })?;
                Ok(Captured::Whole(Bytes::copy_from_slice(document)))
            }
            (Kind::Multipart, _) => Err(Unreadable::status(413, "the upload's document cannot be read")),
        }
    }
}

/// The body of a multipart body's first part, when all of it is there and it is JSON.
fn first_part<'a>(bytes: &'a [u8], boundary: &str) -> Option<&'a [u8]> {
    let open = format!("--{boundary}");
    let rest = bytes.strip_prefix(b"\r\n").unwrap_or(bytes).strip_prefix(open.as_bytes())?;
    let (head, rest) = super::batch::split_blank(rest)?;
    let head = std::str::from_utf8(head).ok()?.to_ascii_lowercase();
    if !head.contains("json") || head.contains("content-encoding") || head.contains("base64") {
        return None;
    }
    let close = format!("\n--{boundary}");
    let at = rest.windows(close.len()).position(|window| window == close.as_bytes())?;
    rest.get(..at).map(<[u8]>::trim_ascii)
}

/// The head of a document: JSON, whatever the whole body is.
pub(super) fn as_json(mut head: Head) -> Head {
    _ = head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    head
}
