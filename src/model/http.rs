//! One HTTP request as it was read: its head, and as much of its body as was needed.
//!
//! The `http` and `bytes` crates are data types only, so the core may use them. A [`Head`] is made from bytes that have
//! passed the strict check of `head::check` (or, for `explain`, from a line of JSON that has passed the same check).

use std::fmt;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

/// How the target is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// In clear.
    Http,
    /// Inside TLS.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// 80 or 443.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Whom a request is for: a lower-case name or a canonical address, and a port.
///
/// The name has no trailing dot; an IPv6 address stands without brackets. Made by `wire` from strictly checked text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    /// Name or address.
    pub host: String,
    /// Port, always explicit.
    pub port: u16,
}

impl Authority {
    /// The address, when the host is one.
    #[must_use]
    pub fn address(&self) -> Option<std::net::IpAddr> {
        self.host.parse().ok()
    }

    /// Whether the host is this machine by name or address (`localhost`, `127.0.0.0/8`, `::1`).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.address().is_some_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// What a connection becomes after a request, when upstream agrees: bytes that are no requests any more. The request is
/// judged as what it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upgrade {
    /// RFC 6455.
    WebSocket,
    /// Streams into a pod: `kubectl exec`, `attach`, `port-forward` before 1.31, and when the other way fails.
    Spdy,
    /// The Docker Engine API's own name for a raw stream (`containers/ID/attach`, `exec/ID/start`).
    Tcp,
    /// HTTP/2 inside the connection, as the Docker Engine API opens it for BuildKit (`session`, `grpc`).
    H2c,
}

impl Upgrade {
    /// The largest body of an opening, which is read whole: a Docker exec's start has some fifty bytes.
    pub const BODY_BYTES_MAX: usize = 64 * 1024;

    /// The protocol's name as it stands in `Upgrade`. Nothing else is accepted, but any case of `websocket` (RFC 6455,
    /// section 4.2.1).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "SPDY/3.1" => Some(Self::Spdy),
            "tcp" => Some(Self::Tcp),
            "h2c" => Some(Self::H2c),
            text if text.eq_ignore_ascii_case("websocket") => Some(Self::WebSocket),
            _ => None,
        }
    }

    /// `websocket`, `SPDY/3.1`, `tcp` or `h2c`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Spdy => "SPDY/3.1",
            Self::Tcp => "tcp",
            Self::H2c => "h2c",
        }
    }
}

/// A request head that has exactly one reading.
#[derive(Clone, Debug)]
pub struct Head {
    /// How the target is spoken to.
    pub scheme: Scheme,
    /// Whom it is for.
    pub authority: Authority,
    /// As received; case matters.
    pub method: Method,
    /// Path and query exactly as received (never decoded, never normalised).
    pub target: PathAndQuery,
    /// End-to-end headers as received; hop-by-hop headers are already removed.
    pub headers: HeaderMap,
    /// What the connection is to become.
    pub upgrade: Option<Upgrade>,
}

impl Head {
    /// The path as received.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.path()
    }

    /// The query as received, without the question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.target.query()
    }

    /// The header's value, when it is there exactly once and is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        if values.next().is_some() {
            return None;
        }
        value.to_str().ok()
    }

    /// How many times the header is there.
    #[must_use]
    pub fn header_count(&self, name: &str) -> usize {
        self.headers.get_all(name).iter().count()
    }
}

/// How much of a body must be read to name the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyNeed {
    /// Nothing: the body streams past.
    None,
    /// Its beginning, at most this many bytes; the rest streams past.
    Prefix(usize),
    /// All of it, at most this many bytes (the configured cap applies too).
    Whole(usize),
}

/// As much of a body as was read. Content-Encoding is already undone (within bounds).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Captured {
    /// Not read.
    Unread,
    /// The beginning; more may follow.
    Prefix(Bytes),
    /// All of it.
    Whole(Bytes),
    /// There is more than may be read.
    Overflow,
    /// It cannot be read: an unknown or broken Content-Encoding. Never harmless.
    Undecodable(&'static str),
}

impl Captured {
    /// How many bytes were read.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Prefix(bytes) | Self::Whole(bytes) => bytes.len(),
            Self::Unread | Self::Overflow | Self::Undecodable(_) => 0,
        }
    }

    /// Whether no bytes were read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole body, if it was read whole.
    #[must_use]
    pub fn whole(&self) -> Option<&Bytes> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// A request that cannot be read in exactly one way. It is refused and recorded, never guessed at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unreadable {
    /// The status that says so: 400, 413, 415, 501.
    pub status: u16,
    /// For a person: what could be read in two ways. Never holds a secret.
    pub why: String,
}

impl Unreadable {
    /// A 400.
    pub fn new(why: impl Into<String>) -> Self {
        Self { status: 400, why: why.into() }
    }

    /// With another status.
    pub fn status(status: u16, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }
}
