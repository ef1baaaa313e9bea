//! What AWS hosts for its customers and no service model describes: user APIs, function URLs, search domains, registries,
//! instance metadata … Each is a kind of its own, `aws:KIND:…`, read like any other HTTP service by method and path words,
//! and by the rows of the catalog where those say more.
//!
//! Hosts are read from the right on label boundaries, so that no bucket or domain can be named into one of them. EKS' API
//! servers are Kubernetes, CodeCommit's repositories are git: they are read by those protocols.

use percent_encoding::percent_decode_str;

use crate::catalog::aws::{self as catalog, Plane as Row};
use crate::identify::Reading;
use crate::identify::protocol::{Face, rest};
use crate::model::http::{BodyNeed, Captured, Head, Unreadable};
use crate::model::{Count, Impact, Operation};

use super::host::{is_account, is_region};

/// A search domain's bodies: OpenSearch Service takes 10 MiB on small instances and 100 MiB on large ones.
const BODY_BYTES_MAX: usize = 16 << 20;

/// A host that AWS runs for a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identify) struct Plane {
    /// `execute-api`, `search`: the service part of its operations' ids.
    pub kind: &'static str,
    /// Where it stands, where the host tells.
    pub region: Option<String>,
    /// Whose it is, where the host tells.
    pub account: Option<String>,
}

/// Hosts that hand out files to everybody.
const DOWNLOADS: [&str; 3] = ["awscli.amazonaws.com", "checkip.amazonaws.com", "ip-ranges.amazonaws.com"];
/// The metadata services of instances, containers and pods. Source: docs.aws.amazon.com, "Instance metadata service",
/// "Task IAM role", "EKS Pod Identity".
const METADATA: [&str; 7] = [
    "169.254.169.254",
    "fd00:ec2::254",
    "169.254.170.2",
    "169.254.170.23",
    "fd00:ec2::23",
    "instance-data",
    "instance-data.ec2.internal",
];
const SUFFIXES: [&str; 7] = [
    "vpce.amazonaws.com",
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "on.aws",
    "api.aws",
    "on.amazonwebservices.com.cn",
];

/// The plane that this host (lower case, no port) is; `None` for an AWS API and for every other host.
#[must_use]
pub(in crate::identify) fn of(host: &str) -> Option<Plane> {
    let plain = |kind| Some(Plane { kind, region: None, account: None });
    let mapped = host.parse::<std::net::Ipv6Addr>().ok().and_then(|address| address.to_ipv4_mapped());
    if METADATA.contains(&host) || mapped.is_some_and(|address| METADATA.contains(&address.to_string().as_str())) {
        return plain("metadata");
    }
    if DOWNLOADS.contains(&host) {
        return plain("download");
    }
    let rest = SUFFIXES.iter().find_map(|suffix| host.strip_suffix(suffix)?.strip_suffix('.'))?;
    let labels: Vec<&str> = rest.rsplit('.').collect();
    match labels.as_slice() {
        ["compute-1", _, ..] => plain("application"),
        [site, _, ..] if site.starts_with("s3-website-") => plain("website"),
        [label, region, _, ..] if is_region(region) => Some(Plane { region: owned(region), ..before(label)? }),
        [region, label, names @ ..] if is_region(region) => {
            Some(Plane { region: owned(region), ..after(label, names)? })
        }
        ["elb", _, ..] => plain("application"),
        _ => None,
    }
}

/// Whether it is a document that AWS publishes for everybody: keys and configuration of identity providers, price lists. Nobody
/// signs for these.
pub(in crate::identify) fn is_public(head: &Head) -> bool {
    let path = head.path();
    let reads = matches!(head.method.as_str(), "GET" | "HEAD") && head.header_count("authorization") == 0;
    let prices = head.authority.host.starts_with("pricing.") && path.starts_with("/offers/v1.0/");
    let known = prices
        || path.contains("/.well-known/") && path.ends_with(".json")
        || path.ends_with("/.well-known/openid-configuration");
    let named = ["cognito-idp.", "oidc.eks.", "pricing."].iter().any(|start| head.authority.host.starts_with(start));
    reads && known && named && head.query().is_none() && head.authority.host.ends_with(".amazonaws.com")
}

fn owned(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// `NAME.REGION.LABEL.SUFFIX`
fn before(label: &str) -> Option<Plane> {
    let kind = match label {
        "es" | "aos" => "search",
        "aoss" => "search-collection",
        "compute" | "elb" => "application",
        _ => return None,
    };
    Some(Plane { kind, region: None, account: None })
}

/// `NAME.LABEL.REGION.SUFFIX`; names from the right.
fn after(label: &str, names: &[&str]) -> Option<Plane> {
    let plane = |kind, account: Option<&str>| {
        let account = account.filter(|account| is_account(account)).map(str::to_owned);
        Some(Plane { kind, region: None, account })
    };
    let named = |kind| if names.is_empty() { None } else { plane(kind, None) };
    match (label, names) {
        ("elb" | "compute", [_, ..]) => plane("application", None),
        ("execute-api" | "execute-api-fips", _) => named("execute-api"),
        ("s3-website", _) => named("website"),
        ("lambda-url", _) => named("lambda-url"),
        ("aos", _) => named("search"),
        ("aoss", _) => named("search-collection"),
        ("appsync-api" | "appsync-realtime-api", _) => named("appsync-api"),
        ("aps-workspaces" | "aps-workspaces-fips", []) => plane("prometheus", None),
        ("grafana-workspace", _) => named("grafana-workspace"),
        // `ID.c2.airflow`; the service's own hosts are `api.airflow` and `env.airflow`.
        ("airflow", [cell, _, ..]) if cell.starts_with('c') && cell.len() < 4 => plane("airflow-web", None),
        ("iot", ["credentials", _, ..]) => plane("iot-credentials", None),
        ("ecr" | "ecr-fips", ["dkr" | "dkr-fips", account, ..]) => plane("ecr-registry", Some(account)),
        ("dkr-ecr" | "dkr-ecr-fips", [account, ..]) => plane("ecr-registry", Some(account)),
        ("codeartifact", ["d", domain, ..]) => {
            plane("codeartifact-registry", domain.rsplit_once('-').map(|(_, account)| account))
        }
        ("git-codecommit" | "git-codecommit-fips", []) => plane("codecommit-git", None),
        _ => None,
    }
}

/// How much of the body the plane's own calls take.
pub(in crate::identify) fn need(head: &Head) -> Option<BodyNeed> {
    let row = described(&of(&head.authority.host)?, head)?.0;
    let says = matches!(row.count.get(), "bulk" | "script" | "aliases" | "settings" | "sql");
    says.then_some(BodyNeed::Whole(BODY_BYTES_MAX))
}

/// The row of a call, and its path's segments.
fn described(plane: &Plane, head: &Head) -> Option<(&'static Row, Vec<String>)> {
    let kind = if plane.kind == "search-collection" { "search" } else { plane.kind };
    let segments = segments(head.path(), plane.kind == "metadata");
    let row = catalog::planes(kind).iter().find(|row| fits(row, head.method.as_str(), &segments))?;
    Some((row, segments))
}

/// Names a generic reading as the plane's own, where the host is one. Approvals and rules see its kind, region and account.
///
/// # Errors
/// A body that says what is done, and was not read whole.
pub(in crate::identify) fn name(reading: &mut Reading, head: &Head, body: &Captured) -> Result<(), Unreadable> {
    let Some(plane) = of(&head.authority.host) else { return Ok(()) };
    let Face::Rest(seen) = &mut reading.face else { return Ok(()) };
    if seen.graphql.is_none() {
        let found = described(&plane, head);
        let name = found.as_ref().map_or(head.method.as_str(), |(row, _)| row.name.get());
        reading.operation = Operation::new("aws", plane.kind, name);
        if let Some((row, segments)) = found {
            let several = segments.iter().any(|part| part == "_all" || part.contains(['*', ',']));
            let wide = row.count.get() == "index" && several;
            reading.count = match row.count.get() {
                "one" | "index" if !wide => Count::ONE,
                "one" | "index" | "unbounded" | "script" => Count::Unbounded,
                _ => Count::AtLeast(1),
            };
            seen.described = Some(rest::Described { row, wide, told: told(row, head, body)? });
        }
    }
    reading.place.region = plane.region;
    reading.place.account = plane.account;
    Ok(())
}

/// What body or query make of a call, where they decide.
fn told(row: &Row, head: &Head, body: &Captured) -> Result<Option<Impact>, Unreadable> {
    let kind = row.count.get();
    if kind == "console" {
        // The dashboards' console carries another call in its query.
        let query = head.query().unwrap_or_default().to_ascii_lowercase();
        let reads = query.split('&').filter(|pair| pair.starts_with("method=")).collect::<Vec<_>>();
        return Ok(matches!(reads.as_slice(), ["method=get" | "method=head"]).then_some(Impact::Read));
    }
    if !matches!(kind, "bulk" | "script" | "aliases" | "settings" | "sql") {
        return Ok(None);
    }
    let bytes = body.whole().ok_or_else(|| Unreadable::status(413, "the body is too large to be judged"))?;
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::new("the body is not UTF-8"))?;
    let lower = text.to_ascii_lowercase();
    // What is escaped may be any word.
    let has = |word: &str| lower.contains(word) || lower.contains("\\u");
    Ok(match kind {
        "bulk" if deletes(text) => Some(Impact::Destroy),
        "bulk" | "script" if has("\"script\"") => Some(Impact::Execute),
        "aliases" if has("remove_index") => Some(Impact::Destroy),
        "settings" if has("blocks") => Some(Impact::Disrupt),
        "sql" if has("delete") => Some(Impact::Destroy),
        _ => None,
    })
}

/// The path's segments, each decoded once; empty ones at the end are left out, as servers do. The metadata service reads over
/// empty and dot segments.
fn segments(path: &str, loose: bool) -> Vec<String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let parts = path.trim_end_matches('/').split('/').filter(|part| !loose || !matches!(*part, "" | "."));
    parts.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect()
}

fn fits(row: &Row, method: &str, segments: &[String]) -> bool {
    if row.method.get() != "*" && row.method.get() != method {
        return false;
    }
    let template = row.path.get().trim_start_matches('/').split('/');
    let mut left = segments.iter();
    for part in template {
        let Some(segment) = left.next() else { return false };
        match part {
            "{x+}" => return !segment.is_empty(),
            "{x}" if segment.is_empty() => return false,
            "{x}" => {}
            literal if literal != segment => return false,
            _ => {}
        }
    }
    left.next().is_none()
}

/// Whether a bulk document (an action a line, most followed by a line with a document) holds a deletion. The server's reader
/// takes comments, and does not ask for a line's end: a line that is no object and speaks of deletion is one.
fn deletes(text: &str) -> bool {
    let is_deletion = |line: &str| {
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line)
            .map_or(true, |action| action.contains_key("delete"))
    };
    text.split(['\n', '\r']).filter(|line| line.contains("delete") || line.contains('\\')).any(is_deletion)
}

#[cfg(test)]
mod tests;
