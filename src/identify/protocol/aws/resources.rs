//! What is acted upon, as ARNs where their form is known, and the account that they stand in.

use std::collections::BTreeMap;

use crate::catalog::aws::{self as catalog, Member, Role, Service};
use crate::model::{Resource, http::Unreadable};

use super::host::is_account;
use super::members::Values;

/// Where a request goes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Where {
    /// `aws`, `aws-cn`.
    pub partition: &'static str,
    /// The region, where there is one.
    pub region: Option<String>,
    /// The account that the host names.
    pub host_account: Option<String>,
    /// The account that the access key belongs to.
    pub key_account: Option<String>,
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
pub(super) fn by_account(service: &Service, values: &Values, place: &Where) -> Result<ByAccount, Unreadable> {
    let mut groups = ByAccount::new();
    for (member, value) in values.iter().filter(|(member, _)| member.roles.contains(Role::Resource)) {
        if is_part(service, member, values) || value.is_empty() {
            continue;
        }
        // What follows a URL's `?` may be a signature.
        let value = value.split_once("://").map_or(value, |_| value.split('?').next().unwrap_or_default());
        let (account, id) = resource(service, member, value, values, place);
        let group = groups.entry(account).or_default();
        let id = Resource::from(id);
        if !group.contains(&id) {
            group.push(id);
        }
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

/// One resource and the account that it names itself.
fn resource(
    service: &Service,
    member: &Member,
    value: &str,
    values: &Values,
    place: &Where,
) -> (Option<String>, String) {
    let (name, member) = (service.name.get(), member.name.get());
    if value.starts_with("arn:") {
        let account = value.split(':').nth(4).filter(|part| is_account(part)).map(str::to_owned);
        return (account, value.to_owned());
    }
    if member == "AccountId" && is_account(value) {
        return (Some(value.to_owned()), format!("{name}/{member}/{value}"));
    }
    if name == "sqs" && member == "QueueUrl" {
        return queue(value, place).unwrap_or_else(|| (None, format!("{name}/{member}/{value}")));
    }
    let Some(template) = catalog::arn(name, member) else {
        return (None, format!("{name}/{member}/{value}"));
    };
    let account = place.host_account.as_deref().or(place.key_account.as_deref()).unwrap_or_default();
    let mut text = template
        .replace("{partition}", place.partition)
        .replace("{region}", place.region.as_deref().unwrap_or_default())
        .replace("{account}", account);
    if let Some((before, rest)) = text.clone().split_once('{')
        && let Some((other, after)) = rest.split_once('}')
        && !other.is_empty()
    {
        let found = values.of(other).next().unwrap_or("*");
        text = format!("{before}{found}{after}");
    }
    // A KMS alias stands where a key id may.
    let text = if value.starts_with("alias/") { text.replace("key/{}", "{}") } else { text };
    let value = if name == "ssm" { value.trim_start_matches('/') } else { value };
    (None, text.replacen("{}", value, 1))
}

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`, or only its path.
fn queue(url: &str, place: &Where) -> Option<(Option<String>, String)> {
    let mut parts = url.trim_end_matches('/').rsplit('/');
    let (name, account) = (parts.next()?, parts.next()?);
    let region = place.region.as_deref().unwrap_or_default();
    is_account(account)
        .then(|| (Some(account.to_owned()), format!("arn:{}:sqs:{region}:{account}:{name}", place.partition)))
}

/// Whether another member's ARN already holds this one: a bucket beside a key.
fn is_part(service: &Service, member: &Member, values: &Values) -> bool {
    let marker = format!("{{{}}}", member.name.get());
    values.iter().any(|(other, _)| {
        other.roles.contains(Role::Resource)
            && catalog::arn(service.name.get(), other.name.get()).is_some_and(|template| template.contains(&marker))
    })
}
