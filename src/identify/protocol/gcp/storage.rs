//! Cloud Storage's XML API: the bucket in the host or first in the path, what is meant in the query. Brought to rows of the
//! tables whose paths begin with `/-xml`.

use http::Method;

use super::described::pairs;
use super::rewritten;
use crate::model::http::Head;

/// First segments of storage's hosts that are its JSON API, uploads, downloads and batches.
const JSON: [&str; 5] = ["storage", "upload", "resumable", "download", "batch"];
/// Hosts of both APIs.
const HOSTS: [&str; 6] = [
    "storage.googleapis.com",
    "storage.mtls.googleapis.com",
    "commondatastorage.googleapis.com",
    "content-storage.googleapis.com",
    "storage-download.googleapis.com",
    "storage-upload.googleapis.com",
];
/// Query parameters that a write may have beside those that the rows name.
const KNOWN: [&str; 14] = [
    "generation",
    "userproject",
    "partnumber",
    "uploadid",
    "uploads",
    "prettyprint",
    "expires",
    "googleaccessid",
    "signature",
    "upload_id",
    "name",
    "prefix",
    "upload_protocol",
    "key",
];
/// What the rows name.
const NAMED: [&str; 14] = [
    "acl",
    "defaultobjectacl",
    "lifecycle",
    "cors",
    "logging",
    "versioning",
    "website",
    "tagging",
    "billing",
    "encryption",
    "storageclass",
    "compose",
    "delete",
    "encryptionconfig",
];

/// The head as the rows name it; `None` where the call is no call of the XML API.
pub(super) fn as_listed(head: &Head) -> Option<Head> {
    let host = head.authority.host.as_str();
    let path = match host.strip_suffix(".storage.googleapis.com") {
        Some(bucket) => format!("/-xml/{bucket}{}", head.path()),
        None if HOSTS.contains(&host) => {
            let first = head.path().trim_start_matches('/').split('/').next().unwrap_or_default();
            // A bucket's name has nothing to escape: such a path could be another one once it is decoded.
            if JSON.contains(&first) || first.contains('%') {
                return None;
            }
            format!("/-xml{}", head.path())
        }
        None => return None,
    };
    let query = head.query().map(|query| format!("?{query}")).unwrap_or_default();
    let is_known = |key: &str| {
        let key = key.to_ascii_lowercase();
        KNOWN.contains(&key.as_str()) || NAMED.contains(&key.as_str()) || key.starts_with("x-goog-")
    };
    let observes = matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let path = if observes || pairs(head.query().unwrap_or_default()).iter().all(|(key, _)| is_known(key)) {
        path
    } else {
        // What nobody has described is no plain write.
        "/-xml-".to_owned()
    };
    rewritten(head, head.method.clone(), &format!("{}{query}", path.trim_end_matches('/')))
}
