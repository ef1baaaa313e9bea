//! Uploads to S3 as its clients make them: in parts, in one stream of unknown checksum, and in signed chunks. They arrive
//! byte for byte, and the gate does not grow with them.
//!
//! `BLASTGATE_SOAK=1` sends 1 GiB in each way instead of 64 MiB and writes the figures to `docs/soak/uploads.md`.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use sha2::{Digest, Sha256};

use crate::support::child;
use crate::support::moto::credentials;
use crate::support::server::{self, Answer, answer};
use crate::support::stage::{DEV_ACCOUNT, Stage};

const BUCKET: &str = "blastgate-it-uploads";
const MIB: u64 = 1024 * 1024;
const PART: u64 = 8 * MIB;
const GROWTH_KIB_MAX: u64 = 32 * 1024;
const PATIENCE: Duration = Duration::from_secs(900);

/// How somebody uploads, and what the client says of its body.
const WAYS: [(&str, &str, &str); 4] = [
    ("parts", "boto3 `upload_file`, parts of 8 MiB, ten at a time", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
    ("stream", "boto3 `put_object` from a file", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
    ("signed-chunks", "chunks of 64 KiB, each signed", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
    ("signed-chunks-trailer", "the same, and a signed trailer", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
];

/// What S3 holds of an upload.
#[derive(Clone, Debug, Default)]
struct Stored {
    payload: String,
    raw_sha256: String,
    sha256: String,
    bytes: u64,
    trailers: String,
}

/// By part number; a whole object is part 1.
type Bucket = Arc<Mutex<BTreeMap<u32, Stored>>>;

/// S3's own framing of a body: `HEX[;EXTENSION] CR LF DATA CR LF …`, then trailers.
#[derive(Default)]
struct Framing {
    line: Vec<u8>,
    /// Of the chunk that is being read.
    left: u64,
    /// The line end after a chunk's data is to come.
    is_after_data: bool,
    is_over: bool,
    trailers: String,
}

impl Framing {
    fn take(&mut self, mut bytes: &[u8], mut data: impl FnMut(&[u8])) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let here = bytes.len().min(usize::try_from(self.left).unwrap());
                data(&bytes[..here]);
                bytes = &bytes[here..];
                self.left -= here as u64;
                self.is_after_data = self.left == 0;
                continue;
            }
            self.line.push(bytes[0]);
            bytes = &bytes[1..];
            if self.line.ends_with(b"\r\n") {
                let line = String::from_utf8(std::mem::take(&mut self.line)).unwrap();
                self.end_of_line(line.trim_end());
            }
        }
    }

    fn end_of_line(&mut self, line: &str) {
        if std::mem::take(&mut self.is_after_data) {
            assert_eq!(line, "", "a chunk is longer than it says");
        } else if self.is_over {
            self.trailers.push_str(line);
        } else {
            let length = line.split(';').next().unwrap();
            self.left = u64::from_str_radix(length, 16).unwrap();
            self.is_over = self.left == 0;
        }
    }
}

/// S3, as far as uploads need it.
async fn storage(bucket: Bucket, request: Request<Incoming>) -> Answer {
    let (parts, mut body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    if parts.method == Method::POST {
        let root = if query.starts_with("uploads") {
            "InitiateMultipartUploadResult"
        } else {
            "CompleteMultipartUploadResult"
        };
        let _ = body.collect().await;
        return answer(200, "application/xml", format!("<{root}><UploadId>u1</UploadId><ETag>\"e\"</ETag></{root}>"));
    }
    let payload = parts.headers.get("x-amz-content-sha256").map(|value| value.to_str().unwrap().to_owned());
    let mut stored = Stored { payload: payload.unwrap_or_default(), ..Stored::default() };
    let is_framed = stored.payload.starts_with("STREAMING-");
    let (mut raw, mut digest, mut framing) = (Sha256::new(), Sha256::new(), Framing::default());
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return answer(400, "text/plain", "the body broke") };
        let Ok(bytes) = frame.into_data() else { continue };
        raw.update(&bytes);
        let mut keep = |data: &[u8]| {
            digest.update(data);
            stored.bytes += data.len() as u64;
        };
        if is_framed { framing.take(&bytes, keep) } else { keep(&bytes) }
    }
    (stored.raw_sha256, stored.sha256) = (hex(raw), hex(digest));
    stored.trailers = framing.trailers;
    let number = query.split('&').find_map(|pair| pair.strip_prefix("partNumber=")?.parse().ok());
    bucket.lock().unwrap().insert(number.unwrap_or(1), stored);
    let mut answer = answer(200, "application/xml", Bytes::new());
    answer.headers_mut().insert("etag", http::HeaderValue::from_static("\"e\""));
    answer
}

fn hex(digest: Sha256) -> String {
    data_encoding::HEXLOWER.encode(&digest.finalize())
}

/// Bytes that do not repeat, and the digests of the whole and of each part of them.
struct Content {
    whole: String,
    parts: Vec<String>,
}

fn write_content(path: &Path, bytes: u64) -> Content {
    let mut file = std::fs::File::create(path).unwrap();
    let (mut whole, mut parts) = (Sha256::new(), Vec::new());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..bytes / PART {
        let part: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        })
        .take(usize::try_from(PART).unwrap() / 8)
        .flatten()
        .collect();
        whole.update(&part);
        parts.push(hex(Sha256::new_with_prefix(&part)));
        file.write_all(&part).unwrap();
    }
    Content { whole: hex(whole), parts }
}

struct Figures {
    what: &'static str,
    payload: &'static str,
    took: Duration,
    grown_kib: u64,
}

#[test]
fn uploads_arrive_byte_for_byte_in_flat_memory() {
    let is_soak = std::env::var_os("BLASTGATE_SOAK").is_some_and(|value| !value.is_empty() && value != "0");
    let bytes = if is_soak { 1024 * MIB } else { 64 * MIB };
    let mut stage = Stage::new();
    let host = format!("{BUCKET}.s3.eu-west-1.amazonaws.com");
    let bucket = Bucket::default();
    let held = Arc::clone(&bucket);
    let handler: server::Handler = Arc::new(move |request, _| Box::pin(storage(Arc::clone(&held), request)));
    stage.resolve(&host, server::serve(Some(stage.ca.server(&[&host], &["http/1.1"])), handler));
    for (name, value) in credentials(DEV_ACCOUNT) {
        stage.variable(name, value);
    }
    let script = stage.write("work/upload.py", include_str!("support/aws_upload.py"));
    let file = stage.path("work/object");
    let content = write_content(&file, bytes);

    let mut figures = Vec::new();
    for (way, what, payload) in WAYS {
        bucket.lock().unwrap().clear();
        let gate = stage.gate();
        let before = gate.memory_kib("VmRSS");
        let mut command = stage.command("python");
        command.arg(&script).args([way]).arg(&file).arg(BUCKET);
        command.env("HTTPS_PROXY", format!("http://{}", gate.address)).env("AWS_CA_BUNDLE", &gate.bundle);
        let began = Instant::now();
        let said = child::run(command, PATIENCE).succeeded().stdout;
        let took = began.elapsed();
        let grown_kib = gate.memory_kib("VmHWM").saturating_sub(before);
        gate.stop();

        let stored: Vec<Stored> = bucket.lock().unwrap().values().cloned().collect();
        assert!(stored.iter().all(|one| one.payload == payload), "{way}: {stored:#?}");
        assert_eq!(stored.iter().map(|one| one.bytes).sum::<u64>(), bytes, "{way}");
        let digests: Vec<&String> = stored.iter().map(|one| &one.sha256).collect();
        let expected = if way == "parts" { &content.parts } else { &vec![content.whole.clone()] };
        assert_eq!(digests, expected.iter().collect::<Vec<_>>(), "{way}: the object arrived changed");
        if way.starts_with("signed") {
            assert_eq!(said.trim(), stored[0].raw_sha256, "{way}: the chunks' signatures arrived changed");
        }
        let has_trailer = payload.ends_with("TRAILER");
        assert!(stored.iter().all(|one| one.trailers.contains("x-amz-checksum-crc32:") == has_trailer), "{stored:#?}");
        println!("{bytes} bytes as {way} in {took:?}, resident memory grew by {grown_kib} KiB at most");
        assert!(grown_kib < GROWTH_KIB_MAX, "{way}: grew by {grown_kib} KiB");
        figures.push(Figures { what, payload, took, grown_kib });
    }
    if is_soak {
        write(bytes, &figures);
    }
    let log = stage.log();
    log.is_undisturbed();
    assert_eq!(log.of("aws:s3:PutObject").len(), 3, "{log:#?}");
    assert_eq!(log.of("aws:s3:UploadPart").len() as u64, bytes / PART);
}

fn write(bytes: u64, figures: &[Figures]) {
    let rows: Vec<String> = figures
        .iter()
        .map(|one| {
            let (seconds, mib) = (one.took.as_secs_f64(), one.grown_kib as f64 / 1024.0);
            format!("| {} | `{}` | {seconds:.0} | {mib:.1} MiB |", one.what, one.payload)
        })
        .collect();
    let text = format!(
        "# Large uploads to S3\n\n\
         `just soak uploads` sends a file of {bytes} bytes to a stand-in for S3 in each way that clients have. The object's\n\
         digest (in parts: each part's) is compared with what arrived, and so are the bytes of signed chunks with their signatures. The\n\
         resident memory is the highest of a fresh gate, less what it had at the start.\n\n\
         Measured with {}; most of the time is the Python client's.\n\n\
         | upload | payload | seconds | resident memory grew by at most |\n\
         |---|---|---|---|\n{}\n",
        if cfg!(debug_assertions) { "an unoptimised build" } else { "an optimised build" },
        rows.join("\n")
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/soak");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("uploads.md"), text).unwrap();
}
