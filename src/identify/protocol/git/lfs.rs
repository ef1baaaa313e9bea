//! git LFS (its `docs/api`): objects are asked for and announced in batches, files are locked.
//!
//! Only under LFS' own content type: any other JSON to such a path gets the generic reading.

use serde_json::Value;

use super::super::kubernetes::json;
use super::{Reading, Seen, Spoken};
use crate::model::http::{Captured, Head};
use crate::model::{Count, Parameter};

const MEDIA: &str = "application/vnd.git-lfs+json";

/// The reading of an LFS call.
pub(super) fn read(head: &Head, body: &Captured) -> Option<Reading> {
    let path = super::path(head);
    let (repository, call) = path.split_once("/info/lfs/")?;
    let media = head.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if head.method != http::Method::POST || media != MEDIA || repository.is_empty() || call.contains("..") {
        return None;
    }
    let value = json::parse(body.whole()?).ok()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let objects = value.get("objects").and_then(Value::as_array).map_or(0, Vec::len);
    let count = Count::Exact(u64::try_from(objects).unwrap_or(u64::MAX).max(1));
    let spoken = Spoken::of(head, "/info/lfs/");
    let parts: Vec<&str> = call.split('/').collect();
    let mut reading = match (parts.as_slice(), text("operation")) {
        (["objects", "batch"], Some("download")) => spoken.reading("lfs_download", Seen::Fetch, count),
        (["objects", "batch"], Some("upload")) => spoken.reading("lfs_upload", Seen::Create, count),
        (["locks", "verify"], _) => spoken.reading("lfs_locks", Seen::Fetch, Count::ONE),
        (["locks"], _) => spoken.reading("lfs_lock", Seen::Create, Count::ONE),
        // Somebody else's lock, or one's own.
        (["locks", id, "unlock"], _) if !id.is_empty() => spoken.reading("lfs_unlock", Seen::Forward, Count::ONE),
        _ => return None,
    };
    if value.get("force").and_then(Value::as_bool) == Some(true) {
        reading.parameters.push(Parameter::new("force", "true"));
    }
    Some(reading)
}
