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
}

/// Suffixes beside those of the partitions table, and their partition.
const MORE_SUFFIXES: [(&str, &str); 3] =
    [("on.aws", "aws"), ("on.amazonwebservices.com.cn", "aws-cn"), ("aws.amazon.com", "aws")];

impl Host {
    /// Reads a lower-case host without port; `None` when it is not one of AWS's.
    #[must_use]
    pub(super) fn read(host: &str) -> Option<Self> {
        if host == "signin.aws" || host.ends_with(".signin.aws") {
            return Some(Self::new("aws", None, "signin", ""));
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
        if endpoint && labels.len() > 1 && labels.first().is_some_and(|label| label.starts_with("vpce-")) {
            labels.remove(0);
        } else if endpoint {
            labels.retain(|label| !label.starts_with("vpce-"));
        }
        let partition = match region.as_deref() {
            Some(region) if partition == "aws" && region.starts_with("us-gov-") => "aws-us-gov",
            _ => partition,
        };
        Some(Self::of_labels(partition, region, &labels))
    }

    /// The longest label sequence from the right that the tables know; else the last label.
    fn of_labels(partition: &'static str, mut region: Option<String>, labels: &[&str]) -> Self {
        for count in [2, 1] {
            let Some(at) = labels.len().checked_sub(count) else { continue };
            let (before, service) = labels.split_at(at);
            let service = plain(&service.join("."));
            if catalog::by_host(&service).next().is_some() {
                // The oldest hosts of SQS and a few others have the region first: `eu-west-1.queue`.
                let before = match before {
                    [first] if region.is_none() && service != "s3" && is_region(first) => {
                        region = Some((*first).to_owned());
                        String::new()
                    }
                    _ => before.join("."),
                };
                return Self { partition, region, service, before };
            }
        }
        let (last, before) = labels.split_last().map_or(("", [].as_slice()), |(last, before)| (*last, before));
        let before = before.join(".");
        let last = plain(last);
        if last.starts_with("s3express-") {
            return Self::new(partition, region, "s3", &before);
        }
        match last.strip_prefix("s3-").filter(|rest| is_region(rest)) {
            Some(dashed) => Self::new(partition, Some(dashed.to_owned()), "s3", &before),
            None => Self { partition, region, service: last, before },
        }
    }

    fn new(partition: &'static str, region: Option<String>, service: &str, before: &str) -> Self {
        Self { partition, region, service: service.to_owned(), before: before.to_owned() }
    }

    /// The services of the tables that this host may be.
    pub(super) fn services(&self) -> impl Iterator<Item = &'static Service> + use<> {
        catalog::by_host(&self.service)
    }

    /// The account that the host names: `ACCOUNT.ddb.REGION`, `ACCOUNT.s3-control.REGION`.
    #[must_use]
    pub(super) fn account(&self) -> Option<&str> {
        (!self.is_s3()).then_some(self.before.as_str()).filter(|label| is_account(label))
    }

    /// The account of an access point: the end of its label, `NAME-ACCOUNT.s3-accesspoint.REGION`.
    #[must_use]
    pub(super) fn point_account(&self) -> Option<&str> {
        let point = matches!(self.service.as_str(), "s3-accesspoint" | "s3-object-lambda");
        let (_, account) = self.before.rsplit_once('-').filter(|_| point)?;
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

/// Hosts that hand out files to everybody.
const DOWNLOADS: [&str; 3] = ["awscli.amazonaws.com", "checkip.amazonaws.com", "ip-ranges.amazonaws.com"];

/// Whether the host serves a customer's own application, packages or plain files rather than an AWS API: what runs there is read as any other
/// HTTP service. Read from the right, so that a bucket or a domain cannot be named into it.
#[must_use]
pub fn is_customer_host(host: &str) -> bool {
    if DOWNLOADS.contains(&host) {
        return true;
    }
    let suffixes = [".amazonaws.com", ".amazonaws.com.cn", ".on.aws"];
    let Some(rest) = suffixes.iter().find_map(|suffix| host.strip_suffix(suffix)) else { return false };
    let mut labels = rest.rsplit('.');
    let (Some(last), Some(before)) = (labels.next(), labels.next()) else { return false };
    let is_region = |label: &str| label.split('-').count() >= 3 && label.ends_with(|c: char| c.is_ascii_digit());
    match last {
        "compute" | "compute-1" | "elb" => true,
        _ if last.starts_with("s3-website-") => true,
        _ if is_region(last) => {
            let more = labels.next();
            match before {
                "elb" | "execute-api" | "s3-website" | "lambda-url" => more.is_some(),
                // Registries speak their packages' protocols, not AWS's.
                "ecr" | "ecr-fips" => matches!(more, Some("dkr" | "dkr-fips")) && labels.next().is_some(),
                "codeartifact" => more == Some("d") && labels.next().is_some(),
                "git-codecommit" | "git-codecommit-fips" => more.is_none(),
                _ => false,
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod customer_tests {
    use super::is_customer_host;

    #[test]
    fn applications_are_told_from_apis() {
        for host in [
            "ec2-1-2-3-4.eu-west-1.compute.amazonaws.com",
            "ec2-1-2-3-4.compute-1.amazonaws.com",
            "shop-123.eu-west-1.elb.amazonaws.com",
            "shop-123.elb.eu-west-1.amazonaws.com",
            "a1b2c3.execute-api.us-east-1.amazonaws.com",
            "site.s3-website-eu-west-1.amazonaws.com",
            "site.s3-website.eu-central-1.amazonaws.com",
            "abc.lambda-url.us-east-1.on.aws",
            "awscli.amazonaws.com",
            "checkip.amazonaws.com",
            "ip-ranges.amazonaws.com",
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
            "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "shop-111122223333.d.codeartifact.eu-west-1.amazonaws.com",
            "git-codecommit.us-east-1.amazonaws.com",
        ] {
            assert!(is_customer_host(host), "{host}");
        }
        for host in [
            "elasticloadbalancing.us-east-1.amazonaws.com",
            "ec2.eu-west-1.amazonaws.com",
            "elb.s3.amazonaws.com",
            "x.elb.s3.eu-west-1.amazonaws.com",
            "execute-api.us-east-1.amazonaws.com",
            "compute.amazonaws.com.evil.example",
            "s3-website-x.s3.amazonaws.com",
            "codeartifact.eu-west-1.amazonaws.com",
            "codecommit.us-east-1.amazonaws.com",
            "ecr.eu-west-1.amazonaws.com",
            "api.ecr.eu-west-1.amazonaws.com",
            "d.codeartifact.eu-west-1.amazonaws.com",
            "awscli.s3.amazonaws.com",
            "x.awscli.amazonaws.com",
            "git-codecommit.s3.us-east-1.amazonaws.com",
            "checkip.amazonaws.com.evil.example",
        ] {
            assert!(!is_customer_host(host), "{host}");
        }
    }
}
