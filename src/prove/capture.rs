//! As much of a body that lies in memory as the gate would read of the same body on the wire.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{GzDecoder, ZlibDecoder};

use crate::config::Bodies;
use crate::model::http::{BodyNeed, Captured, Head};

/// What a connection commonly delivers in one piece.
const FIRST_PIECE: usize = 16 * 1024;

/// Reads what `need` asks for, within `limits`; Content-Encoding is undone.
#[must_use]
pub fn capture(head: &Head, body: &[u8], need: BodyNeed, limits: &Bodies) -> Captured {
    let (cap, is_prefix) = match need {
        BodyNeed::None => return Captured::Unread,
        // A prefix ends with the piece that fills it: at least what arrives at once.
        BodyNeed::Prefix(bytes) => (bytes.max(FIRST_PIECE).min(limits.capture_bytes_max), true),
        BodyNeed::Whole(bytes) => (bytes.min(limits.capture_bytes_max), false),
    };
    if body.len() > limits.capture_bytes_max && !is_prefix {
        return Captured::Overflow;
    }
    match decode(head, body, limits.decoded_bytes_max) {
        Err(refused) => refused,
        Ok(decoded) if decoded.len() <= cap => Captured::Whole(decoded),
        Ok(decoded) if is_prefix => Captured::Prefix(decoded.slice(..cap)),
        Ok(_) => Captured::Overflow,
    }
}

fn decode(head: &Head, body: &[u8], bytes_max: usize) -> Result<Bytes, Captured> {
    let coding = match head.header_count("content-encoding") {
        0 => "identity",
        1 => head.header("content-encoding").unwrap_or_default(),
        _ => return Err(Captured::Undecodable("more than one Content-Encoding")),
    };
    match coding.to_ascii_lowercase().as_str() {
        // `aws-chunked` is a framing of its own; the protocol that knows it undoes it.
        "identity" | "aws-chunked" => Ok(Bytes::copy_from_slice(body)),
        "gzip" | "x-gzip" => inflate(GzDecoder::new(body), bytes_max),
        "deflate" => inflate(ZlibDecoder::new(body), bytes_max),
        _ => Err(Captured::Undecodable("the Content-Encoding is not one that is read")),
    }
}

fn inflate(decoder: impl Read, bytes_max: usize) -> Result<Bytes, Captured> {
    let mut out = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    match decoder.take(limit).read_to_end(&mut out) {
        Err(_) => Err(Captured::Undecodable("the body is not what its Content-Encoding says")),
        Ok(_) if out.len() > bytes_max => Err(Captured::Overflow),
        Ok(_) => Ok(Bytes::from(out)),
    }
}
