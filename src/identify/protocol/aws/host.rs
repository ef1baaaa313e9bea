//! What an AWS host says: partition, region, service, and the labels that stand before the service (a bucket, an account).
//!
//! Hosts are read from the right, on label boundaries: a bucket may be called `cloudformation`, and
//! `amazonaws.com.evil.example` is no AWS host.

use crate::catalog::aws::{self as catalog, Service};

/// A host below one of AWS's suffixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// `aws`, `aws-cn`.
    pub partition: &'static str,
    /// The region, where the host names one.
    pub region: Option<String>,
    /// The service's label or labels without `-fips`: `ec2`, `s3`, `portal.sso`.
    pub service: String,
    /// What stands before it: a bucket (dots and all), an account, a cell.
    pub before: String,
    /// Shorter labels that are a service's too: `geo` of `routes.geo`, where an operation's own prefix may stand before it.
    pub shorter: Vec<String>,
}

/// Takes the endpoint's id out of a private endpoint's labels. S3's have a label before it that says which face they show:
/// `bucket.vpce-1a2b-3c.s3`. Source: docs.aws.amazon.com/AmazonS3, "AWS PrivateLink for Amazon S3".
fn private(labels: &mut Vec<&str>) {
    let Some(at) = labels.iter().rposition(|label| label.starts_with("vpce-")) else { return };
    labels.remove(at);
    let Some(before) = at.checked_sub(1).filter(|_| labels.get(at..) == Some(&["s3"])) else { return };
    let face = match labels.get(before) {
        Some(&"bucket") => "s3",
        Some(&"accesspoint") => "s3-accesspoint",
        Some(&"control") => "s3-control",
        _ => return,
    };
    labels.truncate(before);
    labels.push(face);
}

/// No service is named by more labels: `api.tunneling.iot`, and one before it.
const LABELS_MAX: usize = 4;

/// Where people and tools sign in: suffixes of their own, with or without a region before them. Source: botocore's
/// endpoint rules of `signin`.
const SIGN_IN: [(&str, &str); 4] = [
    ("signin.aws", "aws"),
    ("signin.amazonaws.cn", "aws-cn"),
    ("signin.amazonaws-us-gov.com", "aws-us-gov"),
    ("signin.amazonaws-eusc.eu", "aws-eusc"),
];

fn sign_in(host: &str) -> Option<(&'static str, Option<&str>)> {
    SIGN_IN.iter().find_map(|(name, partition)| {
        let before = host.strip_suffix(name)?;
        match before.strip_suffix('.') {
            Some(label) => Some((*partition, Some(label))),
            None => before.is_empty().then_some((*partition, None)),
        }
    })
}

/// Suffixes beside those of the partitions table, and their partition.
const MORE_SUFFIXES: [(&str, &str); 3] =
    [("on.aws", "aws"), ("on.amazonwebservices.com.cn", "aws-cn"), ("aws.amazon.com", "aws")];

impl Host {
    /// Reads a lower-case host without port; `None` when it is not one of AWS's.
    #[must_use]
    pub(super) fn read(host: &str) -> Option<Self> {
        if let Some((partition, before)) = sign_in(host) {
            return Some(Self::new(
                partition,
                before.filter(|label| is_region(label)).map(str::to_owned),
                "signin",
                "",
            ));
        }
        let (partition, rest) = split_suffix(host)?;
        let mut labels: Vec<&str> = rest.split('.').collect();
        let endpoint = labels.last() == Some(&"vpce");
        if endpoint {
            labels.pop();
        }
        let mut region = None;
        while let Some(last) = labels.last().copied() {
            // A service may be called like a variant only where nothing is left of it.
            if labels.len() == 1 {
                break;
            }
            if region.is_none() && is_region(last) {
                region = Some(last.to_owned());
            } else if !matches!(last, "dualstack" | "global" | "us-gov" | "fips" | "aws-global") {
                break;
            }
            labels.pop();
        }
        if endpoint {
            private(&mut labels);
        }
        let partition = match region.as_deref() {
            Some(region) if partition == "aws" && region.starts_with("us-gov-") => "aws-us-gov",
            _ => partition,
        };
        Some(Self::of_labels(partition, region, &labels))
    }

    /// The longest label sequence from the right that the tables know; else the last label.
    fn of_labels(partition: &'static str, mut region: Option<String>, labels: &[&str]) -> Self {
        let known = (1..=labels.len().min(LABELS_MAX)).rev().filter_map(|count| {
            let (before, service) = labels.split_at(labels.len() - count);
            let service = plain(&service.join("."));
            catalog::by_host(&service).next().map(|_| (service, before))
        });
        let mut known: Vec<(String, &[&str])> = known.collect();
        if !known.is_empty() {
            let (service, before) = known.remove(0);
            // Customers' endpoints and the oldest hosts of SQS have the region before the service: `eu-west-1.queue`.
            let before = match before.split_last() {
                Some((last, rest)) if region.is_none() && service != "s3" && is_region(last) => {
                    region = Some((*last).to_owned());
                    rest.join(".")
                }
                _ => before.join("."),
            };
            let shorter = known.into_iter().map(|(label, _)| label).collect();
            return Self { partition, region, service, before, shorter };
        }
        let (last, before) = labels.split_last().map_or(("", [].as_slice()), |(last, before)| (*last, before));
        let before = before.join(".");
        let last = plain(last);
        if last.starts_with("s3express-") {
            return Self::new(partition, region, "s3", &before);
        }
        match last.strip_prefix("s3-").filter(|rest| is_region(rest)) {
            Some(dashed) => Self::new(partition, Some(dashed.to_owned()), "s3", &before),
            None => Self::new(partition, region, &last, &before),
        }
    }

    fn new(partition: &'static str, region: Option<String>, service: &str, before: &str) -> Self {
        Self { partition, region, service: service.to_owned(), before: before.to_owned(), shorter: vec![] }
    }

    /// The services of the tables that this host may be.
    pub(super) fn services(&self) -> impl Iterator<Item = &'static Service> + use<> {
        catalog::by_host(&self.service)
    }

    /// Those that sign as `name`: of the longest label that has any.
    pub(super) fn signing_as(&self, name: &str) -> Vec<&'static Service> {
        let of =
            |label: &String| -> Vec<_> { catalog::by_host(label).filter(|service| service.signs_as(name)).collect() };
        let labels = std::iter::once(&self.service).chain(&self.shorter);
        labels.map(of).find(|services| !services.is_empty()).unwrap_or_default()
    }

    /// The account that the host names: `ACCOUNT.ddb.REGION`, `ACCOUNT.s3-control.REGION`.
    #[must_use]
    pub(super) fn account(&self) -> Option<&str> {
        (!self.is_s3()).then_some(self.before.as_str()).filter(|label| is_account(label))
    }

    /// The account of an access point: the end of its label, `NAME-ACCOUNT.s3-accesspoint.REGION`.
    #[must_use]
    pub(super) fn point_account(&self) -> Option<&str> {
        let point = matches!(self.service.as_str(), "s3-accesspoint" | "s3-object-lambda" | "s3-outposts");
        // `NAME-ACCOUNT.OUTPOST.s3-outposts`
        let label = self.before.split('.').next().unwrap_or_default();
        let (_, account) = label.rsplit_once('-').filter(|_| point)?;
        is_account(account).then_some(account)
    }

    /// The bucket (or access point) of a virtual host.
    #[must_use]
    pub(super) fn bucket(&self) -> Option<&str> {
        (self.is_s3() && !self.before.is_empty()).then_some(self.before.as_str())
    }

    fn is_s3(&self) -> bool {
        self.services().any(|service| service.name.get() == "s3")
    }
}

/// Twelve digits.
#[must_use]
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a label has the form of a region: `eu-west-1`, `us-gov-west-1`, `eusc-de-east-1`.
#[must_use]
pub(super) fn is_region(label: &str) -> bool {
    let mut words = label.split('-');
    let prefix = words.next().unwrap_or_default();
    let known = catalog::partitions().iter().any(|one| one.region_prefixes.get().split(',').any(|word| word == prefix));
    let rest: Vec<&str> = words.collect();
    let Some((number, middle)) = rest.split_last() else { return false };
    known
        && !middle.is_empty()
        && middle.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The partition that a region belongs to, where its name tells.
#[must_use]
pub(super) fn partition_of_region(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("us-isob-") => "aws-iso-b",
        _ if region.starts_with("us-isof-") => "aws-iso-f",
        _ if region.starts_with("us-iso-") => "aws-iso",
        _ if region.starts_with("eu-isoe-") => "aws-iso-e",
        _ if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

fn plain(label: &str) -> String {
    let label = label.strip_prefix("fips-").unwrap_or(label);
    label.strip_suffix("-fips").unwrap_or(label).replace("-fips.", ".")
}

fn split_suffix(host: &str) -> Option<(&'static str, &str)> {
    let known = catalog::partitions()
        .iter()
        .flat_map(|one| [(one.suffix.get(), one.name.get()), (one.dual_stack_suffix.get(), one.name.get())]);
    known
        .chain(MORE_SUFFIXES)
        .filter_map(|(suffix, partition)| {
            let rest = host.strip_suffix(suffix)?.strip_suffix('.')?;
            (!rest.is_empty()).then_some((suffix.len(), partition, rest))
        })
        // GovCloud shares its suffix with `aws`, which stands first; the region decides.
        .reduce(|best, other| if other.0 > best.0 { other } else { best })
        .map(|(_, partition, rest)| (partition, rest))
}
