//! From a policy's ARN patterns to patterns of the resources that requests name.

use crate::catalog::aws::{self as catalog, Role};

use super::action::Target;
use super::pattern::{carried, meet};
use super::{Fit, Note};

/// ARN patterns as the rules have them.
#[derive(Default)]
pub(super) struct Arns {
    /// Empty: any resource.
    pub(super) patterns: Vec<String>,
    pub(super) notes: Vec<Note>,
    /// What is no ARN.
    pub(super) wrong: Vec<String>,
}

/// Reads patterns that are to be matched: what cannot be said exactly becomes wider.
pub(super) fn matched(list: &[String]) -> Arns {
    let mut arns = Arns::default();
    if list.iter().any(|text| text == "*") {
        return arns;
    }
    for text in list {
        if !text.starts_with("arn:") && !text.starts_with('*') {
            arns.wrong.push(text.clone());
            continue;
        }
        let carried = carried(text, true);
        if let Some(why) = carried.wider {
            arns.notes.push(Note { fit: Fit::Wider, text: format!("resource `{text}`: {why}") });
        }
        spellings(text, &carried.text, &mut arns);
    }
    arns
}

/// Reads patterns that are to be excused: what cannot be said exactly is not excused.
pub(super) fn excused(list: &[String]) -> Arns {
    let mut arns = Arns::default();
    for text in list {
        let carried = carried(text, true);
        if let Some(why) = carried.wider {
            let text = format!("the exception for `{text}` is left out: {why}, which would excuse too much");
            arns.notes.push(Note { fit: Fit::Wider, text });
        } else {
            arns.patterns.push(carried.text);
        }
    }
    arns
}

/// A pattern, and how requests spell the same resource: without the account where nothing proves it, without what only
/// the service knows (a stack's id, a secret's suffix, a role's path).
fn spellings(original: &str, pattern: &str, arns: &mut Arns) {
    let mut found = vec![pattern.to_owned()];
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    if let [arn, partition, service, region, account, resource] = parts.as_slice() {
        let mut short = resource.to_string();
        match *service {
            "cloudformation" => short = short.trim_end_matches("/*").to_owned(),
            "logs" => short = short.trim_end_matches(":*").to_owned(),
            "secretsmanager" => {
                let cut = original.rsplit(':').next().and_then(|name| name.strip_suffix("-??????"));
                short = cut.map_or(short, |name| format!("secret:{name}"));
            }
            "iam" => short = without_path(&short, original, arns),
            _ => {}
        }
        // `*` covers nothing, too.
        let accounts = if *account == "*" { vec!["*"] } else { vec![*account, ""] };
        for account in accounts {
            for resource in [*resource, short.as_str()] {
                found.push([*arn, partition, service, region, account, resource].join(":"));
            }
        }
    }
    for one in found {
        if !arns.patterns.contains(&one) {
            arns.patterns.push(one);
        }
    }
}

/// `role/path/Name` → `role/Name`: requests name roles, users and policies without their path.
fn without_path(resource: &str, original: &str, arns: &mut Arns) -> String {
    let Some((kind, name)) = resource.split_once('/').zip(resource.rsplit_once('/')).map(|(a, b)| (a.0, b.1)) else {
        return resource.to_owned();
    };
    if resource.matches('/').count() < 2 {
        return resource.to_owned();
    }
    if name.trim_matches('*').is_empty() {
        let text = format!(
            "resource `{original}`: requests name a {kind} without its path, so that the path alone says nothing"
        );
        arns.notes.push(Note { fit: Fit::Narrower, text });
        return resource.to_owned();
    }
    format!("{kind}/{name}")
}

/// How an operation's resources compare with ARN patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fits {
    /// Some resource of it may be covered.
    Meets,
    /// Its requests name other kinds of resources.
    Other,
    /// Its requests name resources whose ARN the catalog does not know.
    Unknown,
    /// Its requests name no resource.
    Nameless,
}

pub(super) fn fits(target: &Target, patterns: &[String]) -> Fits {
    let service = target.service.judged_as.get();
    let named = target.operation.members().iter().filter(|member| member.roles.contains(Role::Resource));
    let mut fits = Fits::Nameless;
    for member in named {
        let name = member.name.get();
        let template = catalog::arn(service, target.operation.name.get(), name);
        let shape = match template {
            _ if name.to_ascii_lowercase().trim_end_matches("[]").trim_end_matches('s').ends_with("arn") => {
                "*".to_owned()
            }
            Some(template) => stars(template),
            None => {
                fits = if fits == Fits::Nameless { Fits::Unknown } else { fits };
                continue;
            }
        };
        if patterns.iter().any(|pattern| touch(pattern, &shape)) {
            return Fits::Meets;
        }
        fits = Fits::Other;
    }
    fits
}

/// Whether two ARN patterns have an ARN in common, part by part.
fn touch(one: &str, other: &str) -> bool {
    let (a, b): (Vec<&str>, Vec<&str>) = (one.splitn(6, ':').collect(), other.splitn(6, ':').collect());
    if a.len() != b.len() {
        return meet(one, other);
    }
    // Where a request does not prove region or account, the part is empty.
    a.iter().zip(b).all(|(a, b)| meet(a, b) || b == "*" && a.is_empty())
}

/// A template with `*` for its holes.
fn stars(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, (_, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        text.push_str(before);
        text.push('*');
        rest = after;
    }
    text + rest
}

/// Whether a pattern names a whole kind of resources: `arn:aws:ec2:*:*:instance/*`.
pub(super) fn is_kind(pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let [_, _, _, region, account, resource] = parts.as_slice() else { return false };
    let open = |part: &str| part.is_empty() || part == "*";
    open(region) && open(account) && resource.split_once(['/', ':']).is_none_or(|(_, name)| name == "*")
}
