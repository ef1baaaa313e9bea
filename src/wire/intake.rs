//! The one place where bodies are read, bounded in bytes, in decoded bytes, over all requests, and in time.
//!
//! What is read for judging is a copy that shares its storage with what will be sent: the bytes judged are the bytes
//! sent. Nothing is cut: a body over its bound is `Overflow`, and the rest of it is never looked at.

use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Bodies;
use crate::model::http::{BodyNeed, Captured, Unreadable};

/// The memory that all bodies being judged may hold together is counted in pieces of this size.
const PIECE_BYTES: usize = 4096;
/// Bodies below this size are understood where they arrive.
pub const INLINE_BYTES_MAX: usize = 64 * 1024;
/// No real text becomes more than this under gzip; its limit is about 1,030.
const RATIO_MAX: usize = 100;

/// Reads bodies within the configured bounds.
#[derive(Clone, Debug)]
pub struct Intake {
    limits: Bodies,
    budget: Arc<Semaphore>,
    /// Large bodies are understood one after another.
    turns: Arc<Semaphore>,
}

/// A request body on its way upstream: what was read, then what was not.
#[derive(Debug)]
pub struct OutBody {
    read: Option<Bytes>,
    trailers: Option<HeaderMap>,
    rest: Option<Incoming>,
    exact: Option<u64>,
    sent: SentBytes,
    /// Its end has been told.
    is_over: bool,
    _held: Option<OwnedSemaphorePermit>,
}

/// How many bytes of a body have gone on; shared with whoever records the outcome.
#[derive(Clone, Debug, Default)]
pub struct SentBytes(Arc<AtomicU64>);

impl SentBytes {
    /// So far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Intake {
    /// With these bounds.
    #[must_use]
    pub fn new(limits: Bodies) -> Self {
        let pieces = (limits.total_bytes_max / PIECE_BYTES).clamp(1, Semaphore::MAX_PERMITS);
        Self { limits, budget: Arc::new(Semaphore::new(pieces)), turns: Arc::new(Semaphore::new(1)) }
    }

    /// Reads as much of `body` as `need` says.
    ///
    /// # Errors
    /// The body's framing broke, it did not arrive in time, or no memory became free in time.
    pub async fn take(
        &self,
        body: Incoming,
        headers: &HeaderMap,
        need: BodyNeed,
    ) -> Result<(Captured, OutBody), Unreadable> {
        let exact = body.size_hint().exact();
        let bytes_max = match need {
            BodyNeed::None => return Ok((Captured::Unread, OutBody::streaming(body, exact))),
            BodyNeed::Prefix(bytes) | BodyNeed::Whole(bytes) => bytes.min(self.limits.capture_bytes_max),
        };
        let whole = matches!(need, BodyNeed::Whole(_));
        if whole && exact.is_some_and(|exact| exact > bytes_max as u64) {
            return Ok((Captured::Overflow, OutBody::streaming(body, exact)));
        }
        let expected = exact.map_or(bytes_max, |exact| usize::try_from(exact).unwrap_or(usize::MAX).min(bytes_max));
        let held = self.reserve(expected).await?;
        let late = || Unreadable::status(408, "the request body did not arrive in time");
        let reading = self.read(body, bytes_max);
        let mut out = tokio::time::timeout(self.limits.total, reading).await.map_err(|_| late())??;
        out.exact = exact;
        out._held = Some(held);
        let read = out.read.clone().unwrap_or_default();
        let complete = out.rest.is_none();
        let captured = match (complete, whole) {
            (true, true) => self.decoded(read, headers, bytes_max, Extent::Whole),
            (true, false) => self.decoded(read, headers, bytes_max, Extent::Complete),
            (false, false) => self.decoded(read, headers, bytes_max, Extent::Cut),
            (false, true) => Captured::Overflow,
        };
        Ok((captured, out))
    }

    /// Waits until this body may be understood: small ones at once, large ones one after another, since what is made of
    /// them takes many times their size.
    pub async fn turn(&self, captured: &Captured) -> Option<OwnedSemaphorePermit> {
        self.turn_of(captured.len()).await
    }

    /// The same for what has this many bytes.
    pub async fn turn_of(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        if bytes < INLINE_BYTES_MAX { None } else { Arc::clone(&self.turns).acquire_owned().await.ok() }
    }

    /// Room for this many bytes among all that are being judged.
    ///
    /// # Errors
    /// None became free in time.
    pub async fn reserve(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Unreadable> {
        let pieces = u32::try_from(bytes.div_ceil(PIECE_BYTES).max(1)).unwrap_or(u32::MAX);
        let full = || Unreadable::status(503, "too many request bodies are being read at once");
        let permit = Arc::clone(&self.budget).acquire_many_owned(pieces);
        tokio::time::timeout(self.limits.idle, permit).await.ok().and_then(Result::ok).ok_or_else(full)
    }

    /// Reads until the end or until more than `bytes_max` are there.
    async fn read(&self, mut body: Incoming, bytes_max: usize) -> Result<OutBody, Unreadable> {
        let mut read = BytesMut::new();
        let mut trailers = None;
        loop {
            if body.is_end_stream() {
                return Ok(OutBody::whole(read.freeze(), trailers));
            }
            if read.len() > bytes_max {
                return Ok(OutBody { rest: Some(body), ..OutBody::whole(read.freeze(), trailers) });
            }
            let frame = tokio::time::timeout(self.limits.idle, body.frame()).await;
            match frame.map_err(|_| Unreadable::status(408, "the request body paused for too long"))? {
                None => return Ok(OutBody::whole(read.freeze(), trailers)),
                Some(Err(error)) => {
                    return Err(Unreadable::new(format!("the request body broke: {}", innermost(&error))));
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => read.extend_from_slice(&data),
                    Err(frame) => trailers = frame.into_trailers().ok().map(harmless),
                },
            }
        }
    }

    fn decoded(&self, raw: Bytes, headers: &HeaderMap, bytes_max: usize, extent: Extent) -> Captured {
        let as_read = |bytes| if extent == Extent::Cut { Captured::Prefix(bytes) } else { Captured::Whole(bytes) };
        let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
        let coding = match (codings.next(), codings.next()) {
            (None, _) => return as_read(raw),
            (Some(value), None) => value.to_str().unwrap_or_default().trim().to_ascii_lowercase(),
            (Some(_), Some(_)) => return Captured::Undecodable("more than one Content-Encoding"),
        };
        match coding.as_str() {
            // `aws-chunked` is framing inside the body that the identifier of S3 undoes where it needs to.
            "" | "identity" | "aws-chunked" => as_read(raw),
            "gzip" | "x-gzip" => match self.gunzip(&raw, bytes_max) {
                Captured::Overflow if extent == Extent::Complete => beginning(&raw, bytes_max),
                _ if extent == Extent::Cut => beginning(&raw, bytes_max),
                captured => captured,
            },
            _ => Captured::Undecodable("a Content-Encoding that the gate cannot undo"),
        }
    }

    /// Bounded in output by what the reading asked for, and in ratio; one gzip member (what follows one would be read by
    /// some servers and not by others).
    fn gunzip(&self, raw: &[u8], bytes_max: usize) -> Captured {
        let by_ratio = raw.len().saturating_mul(RATIO_MAX).saturating_add(PIECE_BYTES);
        let bound = self.limits.decoded_bytes_max.min(bytes_max).min(by_ratio) as u64;
        let mut decoded = Vec::new();
        let mut decoder = flate2::bufread::GzDecoder::new(raw);
        match decoder.by_ref().take(bound + 1).read_to_end(&mut decoded) {
            Err(_) => Captured::Undecodable("a broken gzip body"),
            Ok(_) if decoded.len() as u64 > bound => Captured::Overflow,
            Ok(_) if !decoder.into_inner().is_empty() => Captured::Undecodable("bytes after the gzip body"),
            Ok(_) => Captured::Whole(Bytes::from(decoded)),
        }
    }
}

/// What was read of a body, against what was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// All of it, and all of it is needed.
    Whole,
    /// All of it, though a beginning would do.
    Complete,
    /// Its beginning.
    Cut,
}

/// As much of a gzip body's beginning as a reading by prefix asks for.
fn beginning(raw: &[u8], bytes_max: usize) -> Captured {
    let mut decoded = Vec::new();
    let decoder = flate2::bufread::GzDecoder::new(raw);
    let read = decoder.take(bytes_max as u64).read_to_end(&mut decoded);
    // The cut ends the stream early; what came before it is the body's beginning.
    match read {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof || decoded.is_empty() => {
            Captured::Undecodable("a broken gzip body")
        }
        _ => Captured::Prefix(Bytes::from(decoded)),
    }
}

/// Trailers that some server could take for headers end here (RFC 9110, section 6.5.1): they come after the request was
/// judged. What is left are checksums and the like.
fn harmless(trailers: HeaderMap) -> HeaderMap {
    let is_harmless = |name: &HeaderName| {
        let name = name.as_str();
        name.starts_with("grpc-") || name.contains("checksum") || name.contains("digest") || name.ends_with("-bin")
    };
    let mut kept = HeaderMap::with_capacity(trailers.len());
    let mut last = None;
    for (name, value) in trailers {
        last = name.or(last);
        if let Some(name) = last.as_ref().filter(|name| is_harmless(name)) {
            kept.append(name, value);
        }
    }
    kept
}

/// The cause at the bottom: hyper's own texts say only "error reading a body".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

impl OutBody {
    fn streaming(body: Incoming, exact: Option<u64>) -> Self {
        Self {
            read: None,
            trailers: None,
            rest: Some(body),
            exact,
            sent: SentBytes::default(),
            is_over: false,
            _held: None,
        }
    }

    fn whole(read: Bytes, trailers: Option<HeaderMap>) -> Self {
        Self {
            read: Some(read),
            trailers,
            rest: None,
            exact: None,
            sent: SentBytes::default(),
            is_over: false,
            _held: None,
        }
    }

    /// A body that is known whole.
    #[must_use]
    pub fn of(bytes: Bytes) -> Self {
        Self { exact: Some(bytes.len() as u64), ..Self::whole(bytes, None) }
    }

    /// A view of how much has been sent.
    #[must_use]
    pub fn sent(&self) -> SentBytes {
        self.sent.clone()
    }

    /// The raw bytes that were read whole; `None` when the body streams.
    #[must_use]
    pub const fn raw(&self) -> Option<&Bytes> {
        if self.rest.is_none() { self.read.as_ref() } else { None }
    }
}

impl Body for OutBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Some(read) = this.read.take().filter(|read| !read.is_empty()) {
            this.sent.add(read.len());
            return Poll::Ready(Some(Ok(Frame::data(read))));
        }
        match &mut this.rest {
            Some(rest) => {
                let frame = std::task::ready!(Pin::new(rest).poll_frame(cx));
                if let Some(Ok(other)) = &frame
                    && other.is_trailers()
                {
                    let trailers = frame.and_then(Result::ok).and_then(|frame| frame.into_trailers().ok());
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(harmless(trailers)))));
                }
                if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref) {
                    this.sent.add(data.len());
                }
                Poll::Ready(frame)
            }
            None => {
                let trailers = this.trailers.take();
                this.is_over = trailers.is_none();
                Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        // A body of unknown length that turned out to be empty is sent as it came: in chunks, of which there are none.
        let is_told = self.exact.is_some() || self.rest.is_some() || self.is_over;
        is_told
            && self.read.as_ref().is_none_or(Bytes::is_empty)
            && self.trailers.is_none()
            && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.exact.map_or_else(SizeHint::default, |exact| SizeHint::with_exact(exact.saturating_sub(self.sent.get())))
    }
}

#[cfg(test)]
mod tests;
