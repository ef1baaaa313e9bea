//! What is acted upon, as ARNs where their form is known, and the account that they stand in.

use std::collections::BTreeMap;

use crate::catalog::aws::{self as catalog, Member, Operation, Role, Service};
use crate::model::Resource;
use crate::model::http::{Head, Unreadable};

use super::call::Candidate;
use super::host::{is_account, is_region};
use super::members::Values;

/// Where a request goes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Where {
    /// `aws`, `aws-cn`.
    pub partition: &'static str,
    /// The region, where there is one.
    pub region: Option<String>,
    /// The account of the access point that the host names; its bucket and the caller may be of others.
    pub point_account: Option<String>,
    /// The account that the host names.
    pub host_account: Option<String>,
    /// The account that the access key belongs to.
    pub key_account: Option<String>,
}

impl Where {
    /// Whether nothing but the access key names an account.
    pub(super) const fn is_account_of_key(&self) -> bool {
        self.point_account.is_none() && self.host_account.is_none() && self.key_account.is_some()
    }
}

/// The resources by account. `None`: no resource names one, the caller's own account is meant.
pub(super) type ByAccount = BTreeMap<Option<String>, Vec<Resource>>;

/// Forms the resources of a call, grouped by the account they stand in.
///
/// An ARN of another account is legitimate (shared tables, buckets, keys): the resource stands in the ARN's account. A
/// host that names an account must name that one, or the caller's.
///
/// # Errors
/// The host's account is neither the resources' nor the caller's.
pub(super) fn by_account(
    (service, operation): (&Service, &Operation),
    values: &Values,
    place: &Where,
) -> Result<ByAccount, Unreadable> {
    let mut groups = ByAccount::new();
    let call = Call { service: service.name.get(), operation: operation.name.get(), values, place };
    for (member, value) in values.iter().filter(|(member, _)| member.roles.contains(Role::Resource)) {
        let is_queue = service.name.get() == "sqs" && member.name.get() == "QueueUrl";
        if call.is_part(member) || value.is_empty() && !is_queue {
            continue;
        }
        // What follows a URL's `?` may be a signature.
        let plain = value.split_once("://").map_or(value, |_| value.split('?').next().unwrap_or_default());
        let (account, id) = if is_queue && !value.starts_with("arn:") {
            let (account, name) = queue(value)?;
            let region = place.region.as_deref().unwrap_or_default();
            (Some(account.to_owned()), format!("arn:{}:sqs:{region}:{account}:{name}", place.partition))
        } else {
            call.resource(member.name.get(), plain)
        };
        let group = groups.entry(account).or_default();
        let id = Resource::from(id);
        if !group.contains(&id) {
            group.push(id);
        }
    }
    // What names no account stands in the caller's own.
    if let Some(own) = place.host_account.as_ref().or(place.key_account.as_ref())
        && groups.contains_key(&Some(own.clone()))
        && let Some(unnamed) = groups.remove(&None)
    {
        let group = groups.entry(Some(own.clone())).or_default();
        let more: Vec<Resource> = unnamed.into_iter().filter(|id| !group.contains(id)).collect();
        group.splice(0..0, more);
    }
    if let Some(host) = &place.host_account {
        let named: Vec<&String> = groups.keys().flatten().collect();
        let agrees = match named.as_slice() {
            [] => place.key_account.as_ref().is_none_or(|key| key == host),
            accounts => accounts.iter().all(|account| *account == host),
        };
        if !agrees {
            return Err(Unreadable::new("the host names another account than the request"));
        }
    }
    if groups.is_empty() {
        groups.insert(None, vec![]);
    }
    Ok(groups)
}

/// Account and rest of a partial ARN: `ACCOUNT:function:NAME`, `REGION:ACCOUNT:function:NAME`.
fn partial(value: &str) -> Option<(&str, &str)> {
    let (first, rest) = value.split_once(':')?;
    if is_account(first) {
        return Some((first, rest));
    }
    rest.split_once(':').filter(|(second, _)| is_region(first) && is_account(second))
}

/// What a call says of its resources.
struct Call<'a> {
    service: &'a str,
    operation: &'a str,
    values: &'a Values,
    place: &'a Where,
}

impl Call<'_> {
    /// One resource and the account that it names itself.
    fn resource(&self, member: &str, value: &str) -> (Option<String>, String) {
        let (service, place) = (self.service, self.place);
        if value.starts_with("arn:") {
            // Lambda takes ARNs without a region.
            let mut parts = value.split(':').skip(3).take(2);
            let account = parts.by_ref().filter(|part| is_account(part)).last().map(str::to_owned);
            return (account, value.to_owned());
        }
        if member == "AccountId" && is_account(value) {
            return (Some(value.to_owned()), format!("{service}/{member}/{value}"));
        }
        if service == "lambda"
            && let Some((account, function)) = partial(value)
        {
            let function = function.strip_prefix("function:").unwrap_or(function);
            let (partition, region) = (place.partition, place.region.as_deref().unwrap_or_default());
            let id = format!("arn:{partition}:lambda:{region}:{account}:function:{function}");
            return (Some(account.to_owned()), id);
        }
        let Some(template) = catalog::arn(service, self.operation, member) else {
            return (None, format!("{service}/{member}/{value}"));
        };
        // A KMS alias stands where a key id may.
        let template = if value.starts_with("alias/") { template.replace("key/{}", "{}") } else { template.to_owned() };
        let value = if service == "ssm" { value.trim_start_matches('/') } else { value };
        (None, self.fill(&template, value))
    }

    /// Fills a template: `{}` is the value, `{Member}` another member's, `*` where that is not there.
    fn fill(&self, template: &str, value: &str) -> String {
        let place = self.place;
        let account = place.host_account.as_deref().or(place.key_account.as_deref()).unwrap_or_default();
        let mut text = String::with_capacity(template.len() + value.len());
        let mut rest = template;
        while let Some((before, (name, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            text.push_str(before);
            text.push_str(match name {
                "" => value,
                "partition" => place.partition,
                "region" => place.region.as_deref().unwrap_or_default(),
                "account" => account,
                other => self.name_of(other),
            });
            rest = after;
        }
        text + rest
    }

    /// Another member's value; of an ARN its last part.
    fn name_of(&self, member: &str) -> &str {
        let value = self.values.first(member).unwrap_or("*");
        let last = value.starts_with("arn:").then(|| value.rsplit(['/', ':']).next()).flatten();
        last.unwrap_or(value)
    }

    /// Whether another member's ARN already holds this one: a bucket beside a key.
    fn is_part(&self, member: &Member) -> bool {
        let marker = format!("{{{}}}", member.name.get());
        self.values.iter().any(|(other, _)| {
            other.roles.contains(Role::Resource)
                && catalog::arn(self.service, self.operation, other.name.get())
                    .is_some_and(|template| template.contains(&marker))
        })
    }
}

/// Account and name in `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`, or only its path.
///
/// # Errors
/// It is not of that form, or holds what would have to be decoded or cut off first.
pub(super) fn queue(url: &str) -> Result<(&str, &str), Unreadable> {
    let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let parts: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
    match parts.as_slice() {
        // LocalStack also has the region in the path.
        [_, account, name] | [_, "queue", _, account, name]
            if is_account(account) && !name.is_empty() && is_plain(name) =>
        {
            Ok((account, name))
        }
        _ => Err(Unreadable::new("the queue is not named as `ACCOUNT/NAME`")),
    }
}

/// S3's operations without an expected owner: the header changes nothing for them.
pub(super) const OWNER_UNREAD: [&str; 6] =
    ["CreateBucket", "CreateSession", "ListBuckets", "ListDirectoryBuckets", "RenameObject", "WriteGetObjectResponse"];

/// The account that the bucket must stand in: S3 refuses the request when it is another's. It does so for a signed header, and
/// in a presigned URL for the name in lower case (aws-sdk-go-v2, issues 2358 and 2508); other spellings say nothing.
///
/// # Errors
/// The header is there twice, or unsigned, or names no account.
pub(super) fn bucket_owner(head: &Head, candidate: &Candidate) -> Result<Option<String>, Unreadable> {
    let wire = "x-amz-expected-bucket-owner";
    let in_head = head.headers.get_all(wire).iter().map(|value| value.to_str().unwrap_or_default());
    let in_query = candidate.query.iter().filter(|(name, _)| name == wire && candidate.presigned);
    let mut found = in_head.chain(in_query.map(|(_, value)| value.as_str()));
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(_), None) if head.header_count(wire) > 0 && !candidate.signed.iter().any(|name| name == wire) => {
            if candidate.signed.is_empty() {
                Ok(None)
            } else {
                Err(Unreadable::new(format!("`{wire}` is not signed")))
            }
        }
        (Some(owner), None) if is_account(owner) => Ok(Some(owner.to_owned())),
        _ => Err(Unreadable::new(format!("`{wire}` names no single account"))),
    }
}

/// Members that say whose registry, catalog or domain is meant; without them it is the caller's.
const OWNERS: [&str; 5] = ["registryId", "registryIds", "CatalogId", "domainOwner", "DomainOwner"];

/// The account that a member names for everything else in the call. A catalog may have a name behind the account.
pub(super) fn owner(values: &Values) -> Option<String> {
    let named = OWNERS.iter().find_map(|name| values.first(name))?;
    let account = named.split([':', '/']).next().unwrap_or(named);
    is_account(account).then(|| account.to_owned())
}

/// Path and `QueueUrl` must name the same queue: servers differ in which of them counts.
pub(super) fn check_queue(service: &Service, head: &Head, values: &Values) -> Result<(), Unreadable> {
    if service.name.get() != "sqs" || head.path().len() < 2 {
        return Ok(());
    }
    for url in values.of("QueueUrl") {
        if queue(head.path())? != queue(url)? {
            return Err(Unreadable::new("path and QueueUrl name two queues"));
        }
    }
    Ok(())
}
