//! The path grammar of the Kubernetes API: complete without a catalog, custom resources included.
//!
//! Follows `RequestInfo` of `k8s.io/apiserver`, which names verbs and resources for RBAC. A path that a server, a proxy
//! before it and this code could split differently has no reading here: escapes that hide a slash or a dot, empty and
//! dot segments, path parameters.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::model::http::Unreadable;

/// What a path addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A resource, a collection of resources or a subresource.
    Object(Object),
    /// A non-resource path that only observes: `version`, `openapi`, `health`, `metrics`, `discovery` …
    Server(&'static str),
    /// Not in the grammar.
    Unidentified,
}

/// A resource path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// API group; empty for the core group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Namespace; for the resource `namespaces` its own name.
    pub namespace: Option<String>,
    /// Plural resource name.
    pub plural: String,
    /// Object name; `None` for a collection.
    pub name: Option<String>,
    /// Subresource.
    pub sub: Option<String>,
    /// What is asked for.
    pub verb: Verb,
}

/// The verbs of the Kubernetes API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// One object is read.
    Get,
    /// A collection is read.
    List,
    /// Changes are followed.
    Watch,
    /// An object, or a subresource's request, is created.
    Create,
    /// An object is replaced.
    Update,
    /// An object is changed in part; a server-side apply may create it.
    Patch,
    /// One object is deleted.
    Delete,
    /// Every object that the selectors leave is deleted.
    DeleteCollection,
    /// A connection into a pod, service or node: exec, attach, portforward, proxy, whichever method carries it.
    Connect,
}

impl Verb {
    /// As operation ids spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
            Self::Connect => "connect",
        }
    }

    /// Whether it only observes.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self, Self::Get | Self::List | Self::Watch)
    }
}

/// Subresources that open a connection into something that runs; the last four are those of aggregated APIs (KubeVirt).
const CONNECTS: &[&str] = &["exec", "attach", "portforward", "proxy", "console", "vnc", "ssh", "shell"];

/// Resources of the core group that are not in a namespace.
const CORE_CLUSTER: &[&str] = &["nodes", "persistentvolumes", "componentstatuses"];
/// Resources of the core group that are.
const CORE_NAMESPACED: &[&str] = &[
    "pods",
    "services",
    "configmaps",
    "secrets",
    "events",
    "endpoints",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "serviceaccounts",
    "limitranges",
    "resourcequotas",
    "podtemplates",
    "bindings",
];

/// Reads a path.
///
/// # Errors
/// The path can be split in two ways.
pub(super) fn parse(method: &Method, path: &str, watching: bool) -> Result<Target, Unreadable> {
    let segments = segments(path)?;
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let parts = parts.get(prefix(&parts)..).unwrap_or_default();
    let (group, version, rest) = match parts {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return Ok(server_path(method, parts)),
    };
    // Custom groups may call their versions what they like, as long as it is a label.
    if !is_version(version) && (group.is_empty() || !is_label(version)) || !group.is_empty() && !is_name(group) {
        return Ok(Target::Unidentified);
    }
    if MEASURED.contains(&group) {
        return Ok(measured(method, group, version, rest));
    }
    let (watch_prefix, rest) = match rest {
        ["watch", rest @ ..] => (true, rest),
        // The oldest form of a connection; no living server routes it.
        ["proxy", ..] => return Ok(Target::Unidentified),
        _ => (false, rest),
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, "status" | "finalize", ..] => (Some(*namespace), rest),
        ["namespaces", namespace, _, ..] => (Some(*namespace), rest.get(2..).unwrap_or_default()),
        ["namespaces", namespace] => (Some(*namespace), rest),
        _ => (None, rest),
    };
    let (plural, name, sub, tail) = match rest {
        [plural] => (*plural, None, None, false),
        [plural, name] => (*plural, Some(*name), None, false),
        [plural, name, sub] => (*plural, Some(*name), Some(*sub), false),
        [plural, name, sub, ..] => (*plural, Some(*name), Some(*sub), true),
        [] => return Ok(Target::Unidentified),
    };
    let connects = sub.is_some_and(|sub| CONNECTS.contains(&sub));
    // Only a connection has a path of its own behind it: what is proxied, or a port of a virtual machine.
    let follows = sub == Some("proxy") || connects && group.contains('.');
    if tail && !follows || !is_label(plural) || !sub.is_none_or(is_label) {
        return Ok(Target::Unidentified);
    }
    let verb = match method.as_str() {
        _ if connects && !watch_prefix => Verb::Connect,
        "GET" if watch_prefix => Verb::Watch,
        _ if watch_prefix => return Ok(Target::Unidentified),
        "GET" | "HEAD" if name.is_some() => Verb::Get,
        "GET" if watching => Verb::Watch,
        "GET" | "HEAD" => Verb::List,
        "POST" if name.is_none() || sub.is_some() => Verb::Create,
        "PUT" if name.is_some() => Verb::Update,
        "PATCH" if name.is_some() => Verb::Patch,
        "DELETE" if name.is_some() => Verb::Delete,
        "DELETE" => Verb::DeleteCollection,
        _ => return Ok(Target::Unidentified),
    };
    Ok(Target::Object(Object {
        group: group.to_owned(),
        version: version.to_owned(),
        namespace: namespace.map(str::to_owned),
        plural: plural.to_owned(),
        name: name.map(str::to_owned),
        sub: sub.map(str::to_owned),
        verb,
    }))
}

/// Groups whose paths end in the name of a metric, which is no resource and may hold what no resource's name may.
const MEASURED: &[&str] = &["custom.metrics.k8s.io", "external.metrics.k8s.io"];

/// A measured value: whatever it is called, and of whatever, it is only read.
fn measured(method: &Method, group: &str, version: &str, rest: &[&str]) -> Target {
    if !matches!(method.as_str(), "GET" | "HEAD") {
        return Target::Unidentified;
    }
    let namespace = match rest {
        ["namespaces", namespace, _, ..] => Some((*namespace).to_owned()),
        _ => None,
    };
    Target::Object(Object {
        group: group.to_owned(),
        version: version.to_owned(),
        namespace,
        plural: "metrics".to_owned(),
        name: rest.last().map(|name| (*name).to_owned()),
        sub: None,
        verb: Verb::Get,
    })
}

/// How many segments stand before the API server's own path: Rancher (`/k8s/clusters/ID`), Teleport, Connect gateway and
/// dashboards serve many clusters from one host.
fn prefix(parts: &[&str]) -> usize {
    if let ["k8s", "clusters", _, ..] = parts {
        return 3;
    }
    let begins = |at: &usize| match parts.get(*at..).unwrap_or_default() {
        ["api", version, _, ..] | ["apis", _, version, _, ..] => is_version(version),
        _ => false,
    };
    (0..parts.len()).find(begins).unwrap_or(0)
}

/// The path's segments, each with its one decoding. One slash at the end is dropped, as the API server does.
fn segments(path: &str) -> Result<Vec<String>, Unreadable> {
    let path = path.strip_prefix('/').ok_or_else(|| Unreadable::new("the path does not begin with a slash"))?;
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    path.split('/').map(segment).collect()
}

fn segment(raw: &str) -> Result<String, Unreadable> {
    let bad =
        |what: &str| Unreadable::new(format!("the path has {what}, which API servers and proxies read differently"));
    if raw.is_empty() {
        return Err(bad("an empty segment"));
    }
    let decoded = percent_decode_str(raw).decode_utf8().map_err(|_| bad("an escape that is not UTF-8"))?;
    if decoded == "." || decoded == ".." {
        return Err(bad("a dot segment"));
    }
    if decoded.contains(|c: char| matches!(c, '/' | '\\' | '%' | ';' | '?' | '#') || c.is_control()) {
        return Err(bad("an escaped or ambiguous separator"));
    }
    // A letter, digit, dot, dash or underscore never needs an escape: only those that hide something use one.
    if raw.contains('%') && raw_hides_plain(raw) {
        return Err(bad("an escaped plain character"));
    }
    Ok(decoded.into_owned())
}

/// Whether an escape stands for a character that RFC 3986 calls unreserved.
fn raw_hides_plain(raw: &str) -> bool {
    raw.split('%').skip(1).any(|after| {
        let byte = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        byte.is_none_or(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    })
}

/// Non-resource paths, which are read-only.
fn server_path(method: &Method, parts: &[&str]) -> Target {
    if !matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS") {
        return Target::Unidentified;
    }
    Target::Server(match parts {
        [] | ["api" | "apis"] | ["api" | "apis", _] | ["apis", _, _] => "discovery",
        ["version"] => "version",
        ["logs", ..] => "logs",
        ["flagz" | "statusz"] => "status",
        ["openapi" | "swaggerapi", ..]
        | ["swagger.json" | "swagger-2.0.0.json" | "swagger-2.0.0.pb-v1" | "swagger-2.0.0.pb-v1.gz"] => "openapi",
        ["healthz" | "livez" | "readyz", ..] => "health",
        ["metrics", ..] => "metrics",
        [".well-known", "openid-configuration" | "oauth-authorization-server"] | ["openid", "v1", "jwks"] => "openid",
        _ => return Target::Unidentified,
    })
}

/// Whether a path on a host that nobody named is one of the Kubernetes API beyond doubt.
///
/// `/apis/GROUP/VERSION/…` needs a group (with a dot, or one of the old ones) and a Kubernetes version. `/api/v1/…` is
/// also the most common prefix of ordinary APIs, so there only what an ordinary API would hardly have counts:
/// `/api/v1/namespaces…`, `/api/v1/watch/…`, a core kind without a namespace (`/api/v1/nodes/web-1`), and the bare
/// collection of a namespaced core kind when it is read; the first two also behind a prefix. `POST /api/v1/users` stays an ordinary request, and so do
/// `/api`, `/apis` and `/version`, whose generic reading has the same impact. Headers take no part: the client chooses them.
pub(super) fn has_shape(method: &Method, path: &str) -> bool {
    let canonical = canonical(path);
    let mut parts: Vec<&str> = Vec::new();
    for part in canonical.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." { _ = parts.pop() } else { parts.push(part) }
    }
    let behind_a_prefix = (1..parts.len()).any(|at| match parts.get(at..).unwrap_or_default() {
        ["apis", group, version, _, ..] => is_group(group) && is_version(version),
        ["api", "v1", "namespaces", ..] => true,
        ["api", "v1", _, ..] => matches!(parts.as_slice(), ["k8s", "clusters", ..]),
        _ => false,
    });
    match parts.as_slice() {
        _ if behind_a_prefix => true,
        ["apis", group, version, _, ..] => is_group(group) && is_version(version),
        ["api", "v1", "namespaces", ..] | ["api", "v1", "watch", _, ..] => true,
        ["api", "v1", plural, ..] if CORE_CLUSTER.contains(plural) => true,
        ["api", "v1", plural] => matches!(method.as_str(), "GET" | "HEAD") && CORE_NAMESPACED.contains(plural),
        _ => false,
    }
}

/// The path decoded to a fixed point, for recognising the shape only: what hides its shape is refused by [`parse`].
fn canonical(path: &str) -> String {
    let mut text = path.to_owned();
    for _ in 0..4 {
        if !text.contains('%') {
            break;
        }
        text = percent_decode_str(&text).decode_utf8_lossy().into_owned();
    }
    text
}

fn is_group(text: &str) -> bool {
    matches!(text, "apps" | "batch" | "autoscaling" | "policy" | "extensions") || text.contains('.') && is_name(text)
}

/// `v1`, `v2beta3`.
fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else { return false };
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let stage = after.strip_prefix("alpha").or_else(|| after.strip_prefix("beta"));
    after.len() < rest.len()
        && (after.is_empty() || stage.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())))
}

/// A DNS label in lower case, as resources, subresources and versions are; a few of the latter hold underscores.
fn is_label(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// A DNS name in lower case, as groups are.
fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
}
