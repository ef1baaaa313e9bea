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
use crate::model::{Count, Operation};

use super::host::{is_account, is_region};

/// A search domain's bulk document: OpenSearch Service takes 10 MiB on small instances and 100 MiB on large ones.
const BULK_BYTES_MAX: usize = 16 << 20;

/// A host that AWS runs for a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
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
const METADATA: [&str; 5] = ["169.254.169.254", "fd00:ec2::254", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
const SUFFIXES: [&str; 5] =
    ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "on.aws", "on.amazonwebservices.com.cn"];

/// The plane that this host (lower case, no port) is; `None` for an AWS API and for every other host.
#[must_use]
pub(in crate::identify) fn of(host: &str) -> Option<Plane> {
    let plain = |kind| Some(Plane { kind, region: None, account: None });
    if METADATA.contains(&host) {
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
    let bulk = of(&head.authority.host)?.kind == "search" && head.path().trim_end_matches('/').ends_with("/_bulk");
    bulk.then_some(BodyNeed::Whole(BULK_BYTES_MAX))
}

/// Names a generic reading as the plane's own, where the host is one. Approvals and rules see its kind, region and account.
///
/// # Errors
/// A bulk document that was not read whole.
pub(in crate::identify) fn name(reading: &mut Reading, head: &Head, body: &Captured) -> Result<(), Unreadable> {
    let Some(plane) = of(&head.authority.host) else { return Ok(()) };
    let Face::Rest(seen) = &mut reading.face else { return Ok(()) };
    reading.place.region = plane.region;
    reading.place.account = plane.account;
    if seen.graphql.is_some() {
        return Ok(());
    }
    let segments: Vec<String> = segments(head.path());
    let kind = if plane.kind == "search-collection" { "search" } else { plane.kind };
    let row = catalog::planes(kind).iter().find(|row| fits(row, head.method.as_str(), &segments));
    let name = row.map_or(head.method.as_str(), |row| row.name.get());
    reading.operation = Operation::new("aws", plane.kind, name);
    if let Some(row) = row {
        let several = segments.first().is_some_and(|index| index == "_all" || index.contains(['*', ',']));
        reading.count = match row.count.get() {
            "unbounded" => Count::Unbounded,
            "least" | "bulk" => Count::AtLeast(1),
            "index" if several => Count::Unbounded,
            _ => Count::ONE,
        };
        let deletes = row.count.get() == "bulk" && deletes(body)?;
        seen.described = Some(rest::Described { row, wide: row.count.get() == "index" && several, deletes });
    }
    Ok(())
}

/// The path's segments, each decoded once; a last empty one is left out.
fn segments(path: &str) -> Vec<String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect()
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

/// Whether a bulk document (an action a line, most followed by a line with a document) holds a deletion.
fn deletes(body: &Captured) -> Result<bool, Unreadable> {
    let Some(bytes) = body.whole() else {
        return Err(Unreadable::status(413, "the bulk document is too large to be judged"));
    };
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::new("the bulk document is not UTF-8"))?;
    let is_deletion = |line: &str| {
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line)
            .is_ok_and(|action| action.contains_key("delete"))
    };
    Ok(text.lines().filter(|line| line.contains("delete") || line.contains('\\')).any(is_deletion))
}

#[cfg(test)]
mod tests;
