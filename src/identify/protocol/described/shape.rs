//! Described APIs on hosts that nobody named: what a path says that no other API has.
//!
//! The Docker Engine API (and Podman's), GitHub Enterprise Server and Terraform Enterprise stand on names of their owners'.
//! A shape is the caller's to choose, so it only adds a reading to the generic one, and the stricter counts; a path that any
//! API may have is left to that one.

use super::{Manifest, path, rest};
use crate::catalog;
use crate::catalog::described::book;
use crate::model::http::Head;

/// What Docker's calls end with that are about one container.
const OF_A_CONTAINER: [&str; 8] = ["attach", "exec", "kill", "pause", "restart", "start", "stop", "update"];
/// What Terraform's API has of its own.
const TERRAFORM: [&str; 3] = ["organizations", "runs", "workspaces"];
/// The ending of the hosts that stand for socket files.
const SOCKET: &str = ".socket";

/// The API that the request has the shape of, however its path is spelled; whether that has one reading is asked later.
pub(in crate::identify) fn of(head: &Head) -> Option<&'static Manifest> {
    let parts = parts(head.path());
    let words: Vec<&str> = parts.iter().map(String::as_str).collect();
    let folder = match words.as_slice() {
        [first, ..] if rest::is_engine_version(first) => "docker",
        [first, "libpod", ..] if is_version(first) => return podman(head),
        ["libpod", ..] => return podman(head),
        [first, rest @ ..] if is_version(first) && is_engine(rest, head) => return catalog::provider("docker"),
        words if head.authority.host.ends_with(SOCKET) || is_engine(words, head) => "docker",
        ["api", "v3", "repos" | "orgs" | "enterprises", ..] => "github",
        ["api", "v2", rest @ ..] if is_terraform(rest, head) => "terraform-cloud",
        _ => return None,
    };
    let api = catalog::provider(folder)?;
    path::is_listed(api, book(api.folder)?, head, &parts).then_some(api)
}

/// The path's segments as the most forgiving server sees them.
fn parts(path: &str) -> Vec<String> {
    let (path, _) = rest::canonical(path);
    let mut parts: Vec<String> = vec![];
    for part in path.split(['/', '\\']).map(|part| part.split(';').next().unwrap_or_default()) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}

/// Podman's own API is in no table: what is more than looking is unknown.
fn podman(head: &Head) -> Option<&'static Manifest> {
    let looks = matches!(head.method.as_str(), "GET" | "HEAD" | "OPTIONS") && head.upgrade.is_none();
    (!looks).then(|| catalog::provider("docker")).flatten()
}

/// `v4.0.0`: Podman takes any version before Docker's paths as before its own.
fn is_version(segment: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    segment.strip_prefix('v').is_some_and(|rest| rest.contains('.') && rest.split('.').all(digits))
}

/// A call without a version that is the Docker Engine's and hardly anybody else's.
fn is_engine(parts: &[&str], head: &Head) -> bool {
    let is_call = match parts {
        ["containers" | "volumes", "create"]
        | ["containers" | "volumes" | "images" | "networks" | "build", "prune"] => true,
        ["containers", _, verb] => OF_A_CONTAINER.contains(verb),
        ["exec", _, "start"] => true,
        _ => false,
    };
    is_call && head.method == http::Method::POST
}

/// A call to Terraform Enterprise: by its media type, or by a path that says so without (a DELETE has none, and servers take
/// JSON under its plain name).
fn is_terraform(parts: &[&str], head: &Head) -> bool {
    let media = head.header("content-type").unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    match parts {
        ["runs"] | ["organizations", _, "workspaces", ..] => true,
        ["runs", id, ..] => id.starts_with("run-"),
        ["workspaces", id, ..] if id.starts_with("ws-") => true,
        [first, ..] => TERRAFORM.contains(first) && media.eq_ignore_ascii_case("application/vnd.api+json"),
        [] => false,
    }
}
